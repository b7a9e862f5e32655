package httpfile

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fmaspec/conformance/nearest"
)

// A Variable is one "{{name args}}" of a text.
type Variable struct {
	Name string   // as written, such as "sha1", "sha1.n", "sha1.2", "path"
	Args []string // the words behind the name; of "repeat" the count, and the text as it stands
	Line int      // in the text, from 1
}

// A VariableDoc says what one variable stands for.
type VariableDoc struct {
	Name  string // as in Variable.Name; "sha1.2" stands for every number
	Form  string // how it is written
	Says  string // one line
	check func(args []string) string
}

// variables is the table of [VariablesDoc], made once: every value that is bound
// is looked up in it.
var variables = sync.OnceValue(func() []VariableDoc {
	return []VariableDoc{
		{"token", "{{token}}", "the bearer token of a user who may act", noArgs},
		{UnprivilegedToken, "{{unprivileged-token}}", "the token of a user without the role; say `needs: " +
			"unprivileged-token`", noArgs},
		{SecurityAdminToken, "{{security-admin-token}}", "the token of a user who is security administrator alone; " +
			"say `needs: security-admin-token`", noArgs},
		{GlobalAdminToken, "{{global-admin-token}}", "the token of a user who is global administrator alone; say " +
			"`needs: global-admin-token`", noArgs},
		{InvalidToken, "{{invalid-token}}", "a token that must not be accepted, such as an expired one; say `needs: " +
			"invalid-token`", noArgs},
		{ShorterToken, "{{shorter-token}}", "the token of a user who may act without its last character; say `needs: " +
			"shorter-token`, and so for all that are made of this token", noArgs},
		{TailToken, "{{tail-token}}", "the same token without its first character", noArgs},
		{AlteredToken, "{{altered-token}}", "the same token with another character near its end", noArgs},
		{SwappedToken, "{{swapped-token}}", "the same token with the other letter case of each letter", noArgs},
		{MiddleToken, "{{middle-token}}", "the same token with another character in its middle", noArgs},
		{FirstToken, "{{first-token}}", "the same token with another first character", noArgs},
		{SwitchToken, "{{exchanged-token}}", "the same token with two neighbours exchanged", noArgs},
		{ReverseToken, "{{reversed-token}}", "the same token from its last character to its first", noArgs},
		{Base64Token, "{{base64-token}}", "the same token in base64", noArgs},
		{HexToken, "{{hexadecimal-token}}", "the same token in hexadecimal digits", noArgs},
		{EscapedToken, "{{escaped-token}}", "the same token with each character as an escape of a URL", noArgs},
		{BasicToken, "{{basic-token}}", "the same token as the password of the user x, in base64 as Basic has it",
			noArgs},
		{UserToken, "{{basic-user-token}}", "the same token as a user without a password, in base64 as Basic has it",
			noArgs},
		{StrangerToken, "{{stranger-token}}", "a token that begins like it, and has other letters and digits from " +
			"there on", noArgs},
		{"machine", "{{machine}}", "the id of the machine under test", noArgs},
		{UnknownMachine, "{{unknown-machine}}", "the id of a machine that nobody has; say `needs: unknown-machine`",
			noArgs},
		{OtherMachine, "{{other-machine}}", "the id of a second machine that may be acted on; say `needs: " +
			"other-machine`", noArgs},
		{"authority", "{{authority}}", "the target's host, with its port where the URL has one, as the runner sends " +
			"it in `Host`", noArgs},
		{"operation", "{{operation}}", "the operation's id", noArgs},
		{"path", "{{path}}", "the operation's path for the machine; `{{path unknown-machine}}` and " +
			"`{{path other-machine}}` for these machines, `{{path requestSample}}` for the operation of that id, " +
			"`{{path requestSample other-machine}}` for both", pathWords},
		{"sha1", "{{sha1}}", "40 lower-case hexadecimal digits of this case alone, the same in all of it", noArgs},
		{"sha1.n", "{{sha1.n}}", "another such value at each sending of a request with `times`", noArgs},
		{"sha1.2", "{{sha1.2}}", "another such value under that number, the same in all of the case", noArgs},
		{"upper", "{{upper sha1}}", "one of the three above in upper case", isSHA1Name},
		{"mixed", "{{mixed sha1}}", "the same with every other letter in upper case", isSHA1Name},
		{"digits", "{{digits sha1}}", "another hash, made of it, that has no letter", isSHA1Name},
		{"letters", "{{letters sha1}}", "another one that has no digit", isSHA1Name},
		{"zeros", "{{zeros sha1}}", "another one that begins with 24 zeros", isSHA1Name},
		{"trailing", "{{trailing sha1}}", "another one that ends in 24 zeros", isSHA1Name},
		{"halves", "{{halves sha1}}", "the same with its first half in upper case", isSHA1Name},
		{"last-digit", "{{last-digit sha1}}", "another one that differs in its last digit alone", isSHA1Name},
		{"first-digit", "{{first-digit sha1}}", "another one that differs in its first digit alone", isSHA1Name},
		{"magic", "{{magic sha1}}", "another one that reads as zero with an exponent", isSHA1Name},
		{"exponent", "{{exponent sha1}}", "another one that reads as a number with an exponent", isSHA1Name},
		{"comment", "{{comment}}", "a short plain comment of this case alone", noArgs},
		{"comment.n", "{{comment.n}}", "another comment at each sending", noArgs},
		{"comment.2", "{{comment.2}}", "another comment under that number", noArgs},
		{"repeat", "{{repeat N TEXT}}", "TEXT, up to the closing braces, N times; all of a file come to at most " +
			"1,000,000 bytes", isRepeat},
		{"bytes", "{{bytes EF BB BF}}", "these bytes, in hexadecimal; `{{bytes 7B 7B}}` is two opening braces",
			isBytes},
		{"cr", "{{cr}}", "a carriage return", noArgs},
		{"lf", "{{lf}}", "a line feed", noArgs},
		{"tab", "{{tab}}", "a tab", noArgs},
		{"space", "{{space}}", "a blank, where one at a line's end would be lost", noArgs},
		{"none", None, "as the whole value of a header field: the field is not sent, not even the one that the " +
			"runner adds", noArgs},
	}
})

// variableNamed finds a row of the table by its name.
var variableNamed = sync.OnceValue(func() map[string]VariableDoc {
	named := map[string]VariableDoc{}
	for _, doc := range variables() {
		named[doc.Name] = doc
	}
	return named
})

// VariablesDoc returns every variable, in the order in which a reader needs them.
func VariablesDoc() []VariableDoc { return slices.Clone(variables()) }

// A piece is literal text, or a variable.
type piece struct {
	text     string
	variable *Variable
}

// split cuts a text into pieces. The error says what does not close, with its
// line in the text.
func split(text string) (pieces []piece, err error) {
	line := 1
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		for strings.HasPrefix(rest, "{") { // of "{{{cr}}" the first brace is text
			before, rest = before+"{", rest[1:]
		}
		if before != "" {
			pieces = append(pieces, piece{text: before})
		}
		line += strings.Count(before, "\n")
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}}")
		if !closed || strings.Contains(inside, "\n") {
			return pieces, &Error{Line: line, Msg: "{{ is not closed in its line; add }}, or write two braces as " +
				"{{bytes 7B 7B}}"}
		}
		name, arg, _ := strings.Cut(inside, " ")
		v := &Variable{Name: name, Line: line, Args: strings.Fields(arg)}
		if name == "repeat" {
			v.Args = strings.SplitN(arg, " ", 2)
		}
		pieces = append(pieces, piece{variable: v})
		text = after
	}
	return pieces, nil
}

// Variables returns the variables of a text, in order, and the first fault among
// them as an *Error without a name.
func Variables(text string) (found []Variable, err error) {
	pieces, err := split(text)
	for _, p := range pieces {
		if p.variable == nil {
			continue
		}
		found = append(found, *p.variable)
		if problem := p.variable.check(); problem != "" && err == nil {
			err = &Error{Line: p.variable.Line, Msg: problem}
		}
	}
	return found, err
}

// Expand returns the text with every variable replaced. What needs no run is
// known here (repeat, bytes, cr, lf, tab, space, upper); for the others it asks
// lookup, with the name as written ("sha1", "sha1.n", "sha1.2") and the words
// behind it ("path" with "unknown-machine"). A None has no value: look for it
// before expanding.
func Expand(text string, lookup func(name string, args []string) (string, error)) (string, error) {
	return ParseTemplate(text).Expand(lookup)
}

// ownVariables are those that need no run.
var ownVariables = []string{"repeat", "bytes", "cr", "lf", "tab", "space"}

// A Template is a text with variables that was read. Its zero value is the empty text.
type Template struct {
	pieces []piece
	err    error // of the first fault
}

// ParseTemplate reads a text with variables, and replaces those that need no run. A fault in it is an
// error of [Template.Expand].
func ParseTemplate(text string) Template {
	pieces, err := split(text)
	if err != nil {
		return Template{err: err}
	}
	for i, p := range pieces {
		if p.variable == nil || !slices.Contains(ownVariables, p.variable.Name) {
			continue
		}
		value, err := p.variable.value(nil)
		if err != nil {
			return Template{pieces[:i], err}
		}
		pieces[i] = piece{text: value}
	}
	return Template{pieces: pieces}
}

// Expand is the function [Expand] for the template.
func (t Template) Expand(lookup func(name string, args []string) (string, error)) (string, error) {
	var room [8]string
	values := room[:0]
	for _, p := range t.pieces {
		value := p.text
		if p.variable != nil {
			var err error
			if value, err = p.variable.value(lookup); err != nil {
				return "", err
			}
		}
		values = append(values, value)
	}
	if t.err != nil {
		return "", t.err
	}
	if len(values) == 1 {
		return values[0], nil
	}
	return strings.Join(values, ""), nil
}

func (v *Variable) value(lookup func(string, []string) (string, error)) (string, error) {
	if problem := v.check(); problem != "" {
		return "", &Error{Line: v.Line, Msg: problem}
	}
	switch v.Name {
	case "repeat":
		n, _ := strconv.Atoi(v.Args[0])
		return strings.Repeat(v.Args[1], n), nil
	case "bytes":
		raw, _ := hex.DecodeString(strings.Join(v.Args, ""))
		return string(raw), nil
	case "cr":
		return "\r", nil
	case "lf":
		return "\n", nil
	case "tab":
		return "\t", nil
	case "space":
		return " ", nil
	case "none":
		return "", &Error{Line: v.Line, Msg: "{{none}} has no value; use it as the whole value of a header field"}
	}
	if form := hashForms[v.Name]; form != nil {
		value, err := lookup(v.Args[0], nil)
		return form(value), err
	}
	return lookup(v.Name, v.Args)
}

// hashForms are the variables that make another hash, or another spelling, of one.
var hashForms = map[string]func(hash string) string{
	"upper": strings.ToUpper,
	"mixed": func(hash string) string {
		return eachDigit(hash, func(i int, c byte) byte {
			if i%2 == 0 && c >= 'a' {
				return c - 'a' + 'A'
			}
			return c
		})
	},
	"digits": func(hash string) string {
		return eachDigit(hash, func(_ int, c byte) byte { return '0' + hexValue(c)%10 })
	},
	"letters": func(hash string) string {
		return eachDigit(hash, func(_ int, c byte) byte { return 'a' + hexValue(c)%6 })
	},
	"zeros": func(hash string) string { return strings.Repeat("0", min(24, len(hash))) + hash[min(24, len(hash)):] },
	"trailing": func(hash string) string {
		return hash[:len(hash)-min(24, len(hash))] + strings.Repeat("0", min(24, len(hash)))
	},
	"halves":      func(hash string) string { return strings.ToUpper(hash[:len(hash)/2]) + hash[len(hash)/2:] },
	"last-digit":  func(hash string) string { return otherDigit(hash, len(hash)-1) },
	"first-digit": func(hash string) string { return otherDigit(hash, 0) },
	"magic": func(hash string) string {
		return eachDigit(hash, func(i int, c byte) byte {
			switch i {
			case 0:
				return '0'
			case 1:
				return 'e'
			}
			return '0' + hexValue(c)%10
		})
	},
	"exponent": func(hash string) string {
		return eachDigit(hash, func(i int, c byte) byte {
			if i == 1 {
				return 'e'
			}
			return '0' + hexValue(c)%10
		})
	},
}

// otherDigit returns a hash with another digit in one place.
func otherDigit(hash string, at int) string {
	return eachDigit(hash, func(i int, c byte) byte {
		switch {
		case i != at:
			return c
		case c == '0':
			return '1'
		}
		return '0'
	})
}

// eachDigit returns a hash with another digit in the place of each.
func eachDigit(hash string, digit func(i int, c byte) byte) string {
	out := []byte(hash)
	for i, c := range out {
		out[i] = digit(i, c)
	}
	return string(out)
}

// hexValue is what a hexadecimal digit counts.
func hexValue(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// check returns what is wrong with the variable, or "".
func (v *Variable) check() string {
	if doc, known := variableNamed()[generic(v.Name)]; known {
		return doc.check(v.Args)
	}
	if v.Name == "" {
		return "no name stands directly behind {{; write {{sha1}}, without blanks, or two braces as {{bytes 7B 7B}}"
	}
	if problem := editorVariable(v.Name); problem != "" {
		return problem
	}
	var names []string
	for _, doc := range variables() {
		names = append(names, doc.Name)
	}
	return fmt.Sprintf("unknown variable {{%s}}%s; variables are those that the file defines above, as @name = value "+
		"(environment files are not read), and %s", v.Name, nearest.Hint(v.Name, names), strings.Join(names, ", "))
}

// generic turns the numbers that a name may end in into the one that stands for
// all in the table: "sha1.17" is of the kind "sha1.2".
func generic(name string) string {
	base, number, found := strings.Cut(name, ".")
	if !found || number == "n" {
		return name
	}
	if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= MaxTimes && strconv.Itoa(n) == number {
		return base + ".2"
	}
	return name
}

// repeated returns how many bytes the variable comes to if it is a valid repeat.
func (v *Variable) repeated() int {
	if v.Name != "repeat" || v.check() != "" {
		return 0
	}
	n, _ := strconv.Atoi(v.Args[0])
	return n * len(v.Args[1])
}

// The checks below return what is wrong with a variable's words, or "".

func noArgs(args []string) string {
	if len(args) > 0 {
		return fmt.Sprintf("%q stands behind a variable that takes nothing; take it away", strings.Join(args, " "))
	}
	return ""
}

// pathWords lets the name of an operation or of a machine stand behind {{path}}, or one of
// each in this order. Which operations there are, the loader knows.
func pathWords(args []string) string {
	switch {
	case len(args) <= 1, len(args) == 2 && !IsMachine(args[0]) && IsMachine(args[1]):
		return ""
	}
	return fmt.Sprintf("%q stands behind {{path}}; write {{path}}, {{path %s}}, {{path %s}}, or {{path OPERATION}} "+
		"for another operation", strings.Join(args, " "), UnknownMachine, OtherMachine)
}

// IsMachine reports whether a word behind {{path}} names a machine rather than an operation.
func IsMachine(word string) bool { return word == UnknownMachine || word == OtherMachine }

func isSHA1Name(args []string) string {
	if len(args) == 1 {
		if name := generic(args[0]); name == "sha1" || name == "sha1.n" || name == "sha1.2" {
			return ""
		}
	}
	return fmt.Sprintf("%q is no hash; write sha1, sha1.n or sha1.2 behind the name, such as {{upper sha1}}",
		strings.Join(args, " "))
}

func isRepeat(args []string) string {
	const remedy = "write {{repeat N TEXT}}, such as {{repeat 1000 x}}"
	if len(args) != 2 || args[1] == "" {
		return "{{repeat}} lacks its count or its text; " + remedy
	}
	n, err := strconv.Atoi(args[0])
	switch {
	case err != nil || n < 1:
		return fmt.Sprintf("%q is no count; %s", args[0], remedy)
	case n > MaxRepeat/len(args[1]):
		return fmt.Sprintf("{{repeat %d …}} comes to more than %d bytes; repeat less", n, MaxRepeat)
	}
	return ""
}

func isBytes(args []string) string {
	for _, arg := range args {
		if _, err := hex.DecodeString(arg); err != nil || len(arg) != 2 {
			return fmt.Sprintf("%q is no byte; write two hexadecimal digits each, such as {{bytes EF BB BF}}", arg)
		}
	}
	if len(args) == 0 {
		return "{{bytes}} lacks its bytes; write two hexadecimal digits each, such as {{bytes EF BB BF}}"
	}
	return ""
}
