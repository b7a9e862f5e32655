package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// echoedAlike compares a member of the answers with one of their requests, where the contract
// leaves open whether it is given back: an operation that gives some values back gives back all of
// them. It looks at the first answer about each action, for a further one may be answered with
// the action that is there.
type echoedAlike struct {
	check string
	firsts
	shown   map[string]map[string]bool // by the operation, values that were given back, at most enoughEchoes
	altered map[*Case]altered          // the first answer of each case that has another value than its request
}

// enoughEchoes is how many different values a server gives back that is taken to give them back
// by intention, and shortestEcho the least characters of each: a shorter one may be what the
// server would have written anyway.
const (
	enoughEchoes = 3
	shortestEcho = 8
	longestEcho  = 65_536 // bytes of a text that may be refused, and is taken to be given back whole
)

// An altered is an answer that has another value than its request.
type altered struct {
	ref
	operation string
	relation  *relation
	sent, got string // as findings show them
}

func newEchoedAlike(check string, limit room) *echoedAlike {
	return &echoedAlike{check, newFirsts(limit), map[string]map[string]bool{}, map[*Case]altered{}}
}

// stars are a part of what stands for a secret that was struck out.
const stars = "***"

// The first character of what [observed.values] keeps of a value: it was given back, or not.
const (
	givenBack    = "="
	notGivenBack = "!"
)

// echo returns what is kept of a value for an echoed-alike: of one that was given back its
// beginning, of another one what findings show of both.
func (x *observed) echo(r *relation, got string) string {
	sent := sentMember(unchunked(x.Request), r.Member)
	switch {
	case sent == "":
		return "" // the request cannot be read, or has nothing to give back
	case strings.Contains(sent, stars) != strings.Contains(got, stars) && (x.Leaked || strings.Contains(sent, stars) ||
		(&redact.Secrets{}).Text(sent) != sent):
		return "" // a secret was struck out of one of them, or what looks like one
	case strings.Contains(sent, stars) && sameText(withoutSecrets(sent), withoutSecrets(got)):
		return "" // of what was struck out the length depends on how it was escaped
	case sameText(sent, got):
		if utf8.RuneCountInString(sent) < shortestEcho {
			return ""
		}
		return givenBack + strings.Clone(sent[:min(len(sent), 2*markDigits)])
	}
	return notGivenBack + difference(sent, got) + "\x00" + difference(got, sent)
}

// withoutSecrets returns a text without what looks like a secret, of which asterisks may stand in it already.
func withoutSecrets(text string) string {
	text = (&redact.Secrets{}).Text(text)
	for strings.Contains(text, "**") {
		text = strings.ReplaceAll(text, "**", "*")
	}
	return text
}

// sameText reports whether two texts have the same words to a reader: white space around them,
// the form of line breaks, the form of composed characters, which are equal by Unicode's canonical
// equivalence, and what is not seen make no difference. In the place of what is not seen there may
// be nothing, the replacement character, or, in that of a control character, a blank.
func sameText(sent, got string) bool {
	if sent == got {
		return true
	}
	got = readable(got, nil)
	return slices.ContainsFunc([]func(rune) bool{nil, isControl, unicode.IsControl},
		func(blank func(rune) bool) bool { return readable(sent, blank) == got })
}

// readable returns a text in one form, without white space around it and without what is not seen,
// with a blank for each character of which the function says so.
func readable(text string, blank func(rune) bool) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return norm.NFC.String(strings.TrimFunc(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case blank != nil && blank(r):
			return ' '
		case unicode.IsControl(r) || r == '\ufeff' || r == unicode.ReplacementChar,
			unicode.Is(unicode.Bidi_Control, r):
			return -1 // joiners are kept: without them letters and pictures are others
		}
		return r
	}, text), unicode.IsSpace))
}

// isControl reports whether a character is a control character of ASCII.
func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// difference shows a text from shortly before where it differs from another one.
func difference(text, other string) string {
	const before, most = 16, 64
	at := 0
	for at < min(len(text), len(other)) && text[at] == other[at] {
		at++
	}
	from := max(at-before, 0)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	out := text[from:]
	if len(out) > most {
		out = strings.ToValidUTF8(out[:most], "") + "…"
	}
	if from > 0 {
		out = "…" + out
	}
	return fmt.Sprintf("%s, which has %d characters", show(out), utf8.RuneCountInString(text))
}

func (k *echoedAlike) note(at ref, x *Judged) (shows bool) {
	kept, r := x.value(k.check)
	if r == nil || x.Case == nil || x.Case.Recorded || x.expect() != Accepted && !isPlainlySaid(x, r) ||
		!k.created(at, x) {
		return false
	}
	if value, is := strings.CutPrefix(kept, givenBack); is {
		shown := k.shown[x.terms.ID]
		if shown == nil {
			shown = map[string]bool{}
			k.shown[x.terms.ID] = shown
		}
		if len(shown) < enoughEchoes {
			shown[value] = true
		}
		return false
	}
	if _, known := k.altered[x.Case]; known {
		return false
	}
	sent, got, _ := strings.Cut(kept[len(notGivenBack):], "\x00")
	k.altered[x.Case] = altered{at, x.terms.ID, r, sent, got}
	return true
}

// isPlainlySaid reports whether a request that a server may refuse leaves no doubt of the text that it
// has: no other request goes with it, which may be for the same file; its body is JSON by its
// Content-Type, and has this member and the file alone, each once, and the text has a letter or a digit. One that is
// accepted has its text given back like any other, such as NUL.
func isPlainlySaid(x *Judged, r *relation) bool {
	body := unchunked(x.Request)
	sent := sentMember(body, r.Member)
	var members map[string]json.RawMessage
	types := record.HeaderValues(x.Request.Header, "Content-Type")
	return x.expect() == Either && len(x.Case.Steps) == 1 && len(types) == 1 && types[0] == "application/json" &&
		!strings.Contains(x.Request.URL, "?") && len(sent) <= longestEcho &&
		!strings.ContainsRune(sent, unicode.ReplacementChar) &&
		strings.ContainsFunc(sent, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) &&
		json.Unmarshal(body, &members) == nil && len(members) == 2 && members[x.terms.FileMember] != nil
}

func (k *echoedAlike) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, a := range k.altered {
		if len(k.shown[a.operation]) < enoughEchoes {
			continue
		}
		out[a.ref] = a.relation.problem(fmt.Sprintf("the request's %s, %s, as others are given back",
			a.relation.Member, a.sent), a.got)
	}
	return out
}
