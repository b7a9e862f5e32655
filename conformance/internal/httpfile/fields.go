package httpfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fmaspec/conformance/nearest"
)

// What a field belongs to.
const (
	OfCase    = "case"    // stands in the first head only
	OfRequest = "request" // stands in any head, for the request under it
)

// A FieldDoc documents a field of a head.
type FieldDoc struct {
	Key     string
	Of      string // OfCase or OfRequest
	Value   string // its form
	Default string // the default; "required" if there is none
	Says    string // one line
	check   func(value string) string
}

// The names that "needs" takes; each is also a variable.
const (
	UnprivilegedToken  = "unprivileged-token"
	SecurityAdminToken = "security-admin-token"
	GlobalAdminToken   = "global-admin-token"
	InvalidToken       = "invalid-token"
	UnknownMachine     = "unknown-machine"
	OtherMachine       = "other-machine"

	// made of the token of a user who may act, and not to be accepted in its place
	ShorterToken = "shorter-token"
	TailToken    = "tail-token"
	AlteredToken = "altered-token"
	SwappedToken = "swapped-token"
	MiddleToken  = "middle-token"
	FirstToken   = "first-token"
	SwitchToken  = "exchanged-token"
	ReverseToken = "reversed-token"
	Base64Token  = "base64-token"
	HexToken     = "hexadecimal-token"
	EscapedToken = "escaped-token"
	BasicToken   = "basic-token"
	UserToken    = "basic-user-token"
	// StrangerToken begins like it, and has other letters and digits from there on.
	StrangerToken = "stranger-token"
)

// Needs returns everything that "needs" takes.
func Needs() []string {
	return []string{UnprivilegedToken, SecurityAdminToken, GlobalAdminToken, InvalidToken, UnknownMachine,
		OtherMachine, ShorterToken, TailToken, AlteredToken, SwappedToken, MiddleToken, FirstToken,
		SwitchToken, ReverseToken, Base64Token, HexToken, EscapedToken, BasicToken, UserToken,
		StrangerToken}
}

// Fields returns every field that a head may hold: those of the case, then those
// of a request.
func Fields() []FieldDoc {
	return []FieldDoc{
		{"operation", OfCase, "`all`, or operation ids with commas", "`all`", "the operations that the case is for; " +
			"each gives a case of its own", isList},
		{"proves", OfCase, "requirement ids with commas", "required", "what the implementation would break by " +
			"answering otherwise", isList},
		{"control", OfCase, "the name of another case, without operation", "none", "the accepted case from which " +
			"this one differs in one thing; a refusal counts only if that one is accepted", isName},
		{"needs", OfCase, "`" + strings.Join(Needs(), "`, `") + "`, with commas", "none",
			"what the user has to name; without it the case does not apply", isOneOf(Needs()...)},
		{"because", OfCase, "one line", "none", "why the case is worth sending", isText},
		{"send", OfCase, "`in-turn`, `at-once` or `in-one-piece`", "`in-turn`", "whether a request waits for the " +
			"answer to the one before; in one piece, all go out over one connection before the first is answered, " +
			"where the target is on this machine", isWord("in-turn", "at-once", "in-one-piece")},
		{"expect", OfRequest, "`accepted`, `refused STATUS …` or `either`", "required",
			"what a conforming server does; `either` where nobody says, so that only what holds for every answer " +
				"is judged; statuses from 500 on that stand behind it are no errors", isExpectation},
		{"connection", OfRequest, "`shared` or `separate`", "`shared`", "whether the request goes over the case's " +
			"connection or one of its own", isWord("shared", "separate")},
		{"times", OfRequest, "1 to 64", "`1`", "how often the request is sent; `{{sha1.n}}` differs each time",
			isTimes},
		{"abort", OfRequest, "`mid-body`", "none", "where the connection is cut; the answer is not judged",
			isWord("mid-body")},
		{"target", OfRequest, "`origin-form` or `absolute-form`", "`origin-form`", "whether the request line names " +
			"the path alone, or the whole URL, as it does to a proxy", isWord("origin-form", "absolute-form")},
		{"cookies", OfRequest, "`returned`", "none", "whether the cookies go with it that the answers to the " +
			"requests before it have set; without any it is sent as it is", isWord("returned")},
		{"version", OfRequest, "`1.1` or `1.0`", "`1.1`", "the version of HTTP in the request line; one of 1.0 goes " +
			"over a connection of its own", isWord("1.1", "1.0")},
	}
}

// CheckField returns what is wrong with the value of a field of a head, "" where nothing is.
func CheckField(key, value string) string {
	if f := fieldNamed(key); f != nil {
		return f.check(value)
	}
	return fmt.Sprintf("%q is no field of a head", key)
}

// fieldsByKey finds a row of [Fields], made once: every line of a head is looked up in it.
var fieldsByKey = sync.OnceValue(func() map[string]*FieldDoc {
	out := map[string]*FieldDoc{}
	for _, f := range Fields() {
		out[f.Key] = &f
	}
	return out
})

func fieldNamed(key string) *FieldDoc { return fieldsByKey()[key] }

// fieldKeys lists what the first head may hold, or else a further one.
func fieldKeys(first bool) (keys []string) {
	for _, f := range Fields() {
		if first || f.Of == OfRequest {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// List splits a value of the form "a, b".
func List(value string) []string {
	items := strings.Split(value, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// The checks below return the problem of a value and its remedy, or "".

func isText(value string) string {
	if value == "" {
		return "the value is empty; give one, or take the line away"
	}
	return ""
}

func isList(value string) string {
	seen := map[string]bool{}
	for _, item := range List(value) {
		switch {
		case item == "" || strings.ContainsAny(item, " \t"):
			return fmt.Sprintf("%q is no list; write names with a comma between", value)
		case seen[item]:
			return fmt.Sprintf("%q is listed twice; name it once", item)
		}
		seen[item] = true
	}
	return ""
}

func isName(value string) string {
	if value == "" || strings.ContainsAny(value, " \t,") || strings.HasSuffix(value, ".http") {
		return fmt.Sprintf("%q is no case name; write its path under the cases without .http", value)
	}
	return ""
}

func isWord(words ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return fmt.Sprintf("%q is unknown%s; write %s", value, nearest.Hint(value, words), alternatives(words))
	}
}

// alternatives writes "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func isOneOf(words ...string) func(string) string {
	return func(value string) string {
		if problem := isList(value); problem != "" {
			return problem
		}
		for _, item := range List(value) {
			if problem := isWord(words...)(item); problem != "" {
				return problem
			}
		}
		return ""
	}
}

func isTimes(value string) string {
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > MaxTimes {
		return fmt.Sprintf("%q is no count; write a number from 1 to %d", value, MaxTimes)
	}
	return ""
}

func isExpectation(value string) string {
	const remedy = "write accepted, either, or refused and the statuses that count, such as \"refused 400 422\""
	words := strings.Fields(value)
	switch {
	case value == "accepted", value == "either":
		return ""
	case len(words) < 2 || words[0] != "refused" && words[0] != "either":
		return fmt.Sprintf("%q is no expectation; %s", value, remedy)
	}
	for i, word := range words[1:] {
		n, err := strconv.Atoi(word)
		switch {
		case err != nil || n < 400 || n > 599:
			return fmt.Sprintf("%q is no status of a refusal; %s", word, remedy)
		case words[0] == "either" && n < 500:
			return fmt.Sprintf("%s is open anyway; list behind either none but statuses from 500 on", word)
		case slices.Contains(words[1:1+i], word):
			return fmt.Sprintf("status %s is listed twice; name it once", word)
		}
	}
	return ""
}
