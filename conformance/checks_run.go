package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fmaspec/schemas"
)

func runChecks() []Check {
	return []Check{
		{Name: "ids-fresh", Requirements: []string{"action.id"},
			Doc:    "Actions on different files have different ids.",
			across: idsFresh},
		{Name: "times-with-z", Requirements: []string{"time.utc-z"},
			Doc:    "Over all answers of an operation, both times end in Z and have at most 7 fraction digits; charged to the plainest answer.",
			across: timesWithZ},
		{Name: "own-input", Requirements: []string{"state.isolated"},
			Doc:    "An answer holds nothing of another request.",
			across: ownInput},
	}
}

func idsFresh(all []*Exchange) map[*Exchange][]Problem {
	out := map[*Exchange][]Problem{}
	first := map[string]*Exchange{}
	for _, x := range plainestFirst(all) {
		if x.id == "" || x.sha1 == "" {
			continue
		}
		other := first[x.id]
		if other == nil {
			first[x.id] = x
		} else if !strings.EqualFold(other.sha1, x.sha1) {
			out[x] = problem("/id", "an id of its own", fmt.Sprintf("%q, which %s got for another file", x.id, other.Case.ID))
		}
	}
	return out
}

// timeWithZ is the form in which the documents' examples show a time.
var timeWithZ = regexp.MustCompile(`^[^.]*(\.[0-9]{1,7})?[Zz]$`)

// oddTimes returns, for each of the times of a readable answer, what it is where
// it is a time of another form than that of the examples, else "".
func oddTimes(x *Exchange) []string {
	out := make([]string, len(timeMembers()))
	for i, name := range timeMembers() {
		text, ok := x.view().member(name)
		bad := slices.ContainsFunc(x.view().violations, func(v schemas.Violation) bool { return v.Pointer == "/"+name })
		if _, err := instant(text); ok && !bad && err == nil && !timeWithZ.MatchString(text) {
			out[i] = strings.Clone(show(text))
		}
	}
	return out
}

// timesWithZ judges the form of times once for each operation and member: whether
// one answer has more than seven digits hangs on chance, where trailing zeros are
// left out. It is charged to the plainest answer. One that the record holds in
// part is passed over where there is another, for it cannot be judged again.
func timesWithZ(all []*Exchange) map[*Exchange][]Problem {
	answers := map[string][]*Exchange{} // by operation
	for _, x := range all {
		if x.odd != nil && x.reason == "" {
			operation := x.Case.Steps[x.Step].operation(x.Case)
			answers[operation] = append(answers[operation], x)
		}
	}
	out := map[*Exchange][]Problem{}
	order := plainness(all)
	for _, of := range answers {
		whole := slices.DeleteFunc(slices.Clone(of), func(x *Exchange) bool { return x.Response.Shortened })
		if len(whole) > 0 {
			of = whole
		}
		slices.SortFunc(of, order)
		for i, name := range timeMembers() {
			at := slices.IndexFunc(of, func(x *Exchange) bool { return x.odd[i] != "" })
			if at < 0 {
				continue
			}
			got := of[at].odd[i]
			if at > 0 {
				got += ", in " + of[at].Case.ID
			}
			out[of[0]] = append(out[of[0]], Problem{Place: "/" + name, Want: "a time with Z and at most 7 fraction digits, in every answer", Got: got})
		}
	}
	return out
}

// traces returns what in a text has the form of a value of {{sha1}} or
// {{comment}}, in lower case. It is a scan by hand, for it reads every answer of
// a run: a regular expression here took a third of the run's time.
func traces(text []byte) (out []string) {
	run := 0 // hexadecimal digits up to here
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isHex(text[i]) {
			run++
			continue
		}
		from := i - run
		switch {
		case run == sha1Digits:
			out = append(out, strings.ToLower(string(text[from:i])))
		case run == markDigits && bytes.HasSuffix(text[:from], []byte(markPrefix)):
			out = append(out, markPrefix+string(text[from:i]))
		}
		run = 0
	}
	return out
}

const sha1Digits, markDigits = 40, 16

// allHex tells that a text is hexadecimal digits and nothing else.
func allHex(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F || !isHex(byte(r)) })
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// plainestFirst returns the exchanges with those first that differ from no
// control, so that an odd request is told to repeat a plain one.
func plainestFirst(all []*Exchange) []*Exchange {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b *Exchange) int { return cmp.Compare(oddness(a), oddness(b)) })
	return out
}

func oddness(x *Exchange) int {
	switch {
	case x.expect() != Accepted:
		return 2
	case x.Case.Control != "":
		return 1
	}
	return 0
}

// plainness returns an order of exchanges in which the plainest is the first, which
// a problem of many answers is charged to: those of controls, then by oddness.
func plainness(all []*Exchange) func(a, b *Exchange) int {
	controls := map[string]bool{}
	for _, x := range all {
		controls[x.Case.Control] = true
	}
	return func(a, b *Exchange) int {
		if c, d := controls[a.Case.ID], controls[b.Case.ID]; c != d {
			return map[bool]int{true: -1, false: 1}[c]
		}
		return cmp.Or(cmp.Compare(oddness(a), oddness(b)), cmp.Compare(a.Case.ID, b.Case.ID), cmp.Compare(a.step(), b.step()))
	}
}

func ownInput(all []*Exchange) map[*Exchange][]Problem {
	owners := map[string][]*Exchange{}
	for _, x := range all {
		for _, m := range x.marks {
			owners[m] = append(owners[m], x)
		}
	}
	out := map[*Exchange][]Problem{}
	for _, x := range all {
		for _, m := range x.traces {
			if other := stranger(x, owners[m]); other != nil {
				out[x] = problem("body", "nothing of another request", fmt.Sprintf("%q, which %s sent", m, other.Case.ID))
				break
			}
		}
	}
	return out
}

// stranger returns an owner of a value where x is none: neither sent it, nor
// asked for the same file as one that did (an implementation may answer equal
// calls with one action).
func stranger(x *Exchange, owners []*Exchange) *Exchange {
	for _, o := range owners {
		if o == x || x.sha1 != "" && strings.EqualFold(o.sha1, x.sha1) {
			return nil
		}
	}
	if len(owners) > 0 {
		return owners[0]
	}
	return nil
}
