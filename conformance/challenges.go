package conformance

import (
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"

	"fmaspec/conformance/record"
)

// A challengeRead is one challenge of a WWW-Authenticate field (RFC 9110 11.3).
type challengeRead struct {
	scheme  string
	token68 string
	params  []record.Field // names as they are written, values without quotes and backslashes
}

// readChallenges reads the field WWW-Authenticate, whose lines are one list
// (RFC 9110 5.3), by the grammar that every recipient has to parse. So it takes
// empty list elements and white space around "=", both of which a recipient has
// to take although a sender is not to write them (5.6.1.2, 5.6.3). The error says
// what stands in the place of what the grammar asks for.
func readChallenges(lines []string) ([]challengeRead, error) {
	r := &challengeReader{text: strings.Join(lines, ", ")}
	for {
		r.skip(" \t")
		switch {
		case r.text == "":
			return r.all, nil
		case r.text[0] == ',':
			r.text = r.text[1:]
			continue
		}
		if err := r.element(); err != nil {
			return nil, err
		}
		r.skip(" \t")
		if r.text != "" && r.text[0] != ',' {
			return nil, fmt.Errorf("a comma is missing before %s", r.rest())
		}
	}
}

// A challengeReader is a field that is read from the left.
type challengeReader struct {
	text string // what is left of the field
	all  []challengeRead
	open bool // the last challenge may have a further parameter
}

// element reads what stands between two commas: the beginning of a challenge, or a
// further parameter of the last one.
func (r *challengeReader) element() error {
	if is, err := r.param(); is || err != nil {
		return err
	}
	scheme := r.token()
	if scheme == "" {
		return fmt.Errorf("no scheme and no parameter begins with %s", r.rest())
	}
	r.all = append(r.all, challengeRead{scheme: scheme})
	r.open = strings.HasPrefix(r.text, " ")
	if r.skip(" "); !r.open || r.text == "" || r.text[0] == ',' {
		return nil
	}
	if at := token68(r.text); at > 0 {
		r.all[len(r.all)-1].token68, r.text, r.open = r.text[:at], r.text[at:], false
		return nil
	}
	is, err := r.param()
	if !is && err == nil {
		err = fmt.Errorf("behind the scheme %s stands no parameter, which is a name, = and a value, but %s", scheme,
			r.rest())
	}
	return err
}

// param reads a parameter, where the text begins with one.
func (r *challengeReader) param() (is bool, err error) {
	ahead := *r
	name := ahead.token()
	ahead.skip(" \t")
	if name == "" || !strings.HasPrefix(ahead.text, "=") {
		return false, nil
	}
	if !r.open {
		return true, fmt.Errorf("the parameter %s belongs to no scheme", brief(name))
	}
	ahead.text = ahead.text[1:]
	ahead.skip(" \t")
	value, err := ahead.value(name)
	if err != nil {
		return true, err
	}
	last := &r.all[len(r.all)-1]
	if record.HasHeader(last.params, name) {
		return true, fmt.Errorf("the parameter %s is there twice in one challenge", brief(name))
	}
	last.params = append(last.params, record.Field{Name: name, Value: value})
	r.text = ahead.text
	return true, bearerValue(last.scheme, name, value)
}

// value reads what stands behind the = of a parameter.
func (r *challengeReader) value(name string) (string, error) {
	if !strings.HasPrefix(r.text, `"`) {
		value := r.token()
		switch {
		case value == "":
			return "", fmt.Errorf("the parameter %s has no value: behind its = stands %s", brief(name), r.rest())
		case strings.EqualFold(name, "realm"): // RFC 9110 11.5
			return "", fmt.Errorf("the value of realm is not in quotes")
		}
		return value, nil
	}
	var value strings.Builder
	for i := 1; i < len(r.text); i++ {
		c := r.text[i]
		switch {
		case c == '"':
			r.text = r.text[i+1:]
			return value.String(), nil
		case c == '\\' && i+1 < len(r.text):
			i++
			c = r.text[i]
		}
		if c < ' ' && c != '\t' || c == 0x7F {
			return "", fmt.Errorf("the value of %s has the byte %#02x", brief(name), c)
		}
		value.WriteByte(c)
	}
	return "", fmt.Errorf("the quotes of %s do not end", brief(name))
}

// bearerValue returns what is wrong with a value that RFC 6750 3 narrows.
func bearerValue(scheme, name, value string) error {
	if !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	least := byte(' ')
	switch strings.ToLower(name) {
	case "error", "error_description", "scope":
	case "error_uri":
		least = '!'
	default:
		return nil
	}
	for i := range len(value) {
		if c := value[i]; c < least || c == '"' || c == '\\' || c >= 0x7F {
			return fmt.Errorf("the value of %s has a character that RFC 6750 3 leaves out: %q", name, string(rune(c)))
		}
	}
	return nil
}

// token takes a token from the front of the text, "" where there is none.
func (r *challengeReader) token() string {
	n := 0
	for n < len(r.text) && httpguts.IsTokenRune(rune(r.text[n])) {
		n++
	}
	out := r.text[:n]
	r.text = r.text[n:]
	return out
}

func (r *challengeReader) skip(blanks string) { r.text = strings.TrimLeft(r.text, blanks) }

// rest shows the place that was reached.
func (r *challengeReader) rest() string {
	if r.text == "" {
		return "the end"
	}
	return show(r.text)
}

// token68 returns how long the token68 is that a text begins with and that is all
// there is up to the comma, 0 where there is none. An asterisk stands for a byte of a
// secret that was struck out.
func token68(text string) int {
	end := strings.IndexByte(text, ',')
	if end < 0 {
		end = len(text)
	}
	word := strings.TrimRight(text[:end], " \t")
	digits := strings.TrimRight(word, "=")
	if digits == "" || strings.ContainsFunc(digits, func(c rune) bool {
		return c > 0x7E || !(httpguts.IsTokenRune(c) && strings.IndexByte("!#$%&'^`|", byte(c)) < 0 || c == '/')
	}) {
		return 0
	}
	return len(word)
}
