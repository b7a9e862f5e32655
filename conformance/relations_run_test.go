package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// A told answer is what a relation between answers is tried with.
type told struct {
	name     string
	machine  string
	by       string // the operation; requestSample where empty
	file     string // of the request alone where it is no number of another answer
	token    string // the variable; token where empty
	expect   Expectation
	literal  bool          // the case writes the file out
	shared   bool          // the file is one that the user named, so that it marks none
	start    time.Duration // since the first
	took     time.Duration
	again    bool // it was sent twice
	partial  bool // the record holds a part of the answer
	unjudged bool
	made     bool           // the case is a generated one that writes the machine out
	answer   map[string]any // members in place of those of a good one
}

// the start of the exchanges that the tests make
func beginning() time.Time { return time.Date(2020, 3, 14, 15, 9, 26, 500_000_000, time.UTC) }

// judged returns the exchange of an answer as a run keeps it.
func (a told) judged(t testing.TB, s *Suite, n int) *Judged {
	t.Helper()
	by := a.by
	if by == "" {
		by = "requestSample"
	}
	token := a.token
	if token == "" {
		token = "token"
	}
	mark := fmt.Sprintf("%040x", n+1)
	file, marks := mark, []string{mark}
	if a.file != "" {
		file = strings.Repeat(a.file, 40)
		marks = []string{file}
	}
	if a.shared {
		marks = nil
	}
	step := Step{Expect: max(a.expect, Accepted), Statuses: []int{201}, Index: 1, Method: "POST", Path: "{{path}}",
		Header: []record.Field{{Name: "Authorization", Value: "Bearer {{" + token + "}}"}},
		Body:   `{"Comment": "c", "Sha1": "{{sha1}}"}`}
	if a.literal {
		step.Body = `{"Comment": "c", "Sha1": "` + file + `"}`
	}
	generator := ""
	if a.made {
		generator, step.Path = "coverage", "/testwdatppreview/machines/"+a.machine+"/"+by
	}
	c := &Case{ID: by + "/" + a.name, Name: a.name, Operation: by, Steps: []Step{step}}
	c.Generator = generator
	started := beginning().Add(a.start)
	created := started.Format("2006-01-02T15:04:05.0000000Z")
	action := map[string]any{
		"@odata.context": "https://x/testwdatppreview/$metadata#FileMachineActions/$entity", "id": fmt.Sprintf(
			"00000000-0000-4000-8000-%012x", n), "sha1": file, "type": strings.ToUpper(by[:1]) + by[1:],
		"requestor": "analyst", "requestorComment": "c", "status": "InProgress", "fileId": file,
		"machineId": strings.Repeat("ab", 20), "creationDateTimeUtc": created, "lastUpdateDateTimeUtc": created,
		"fileInstances": []any{},
	}
	maps.Copy(action, a.answer)
	body, err := json.Marshal(action)
	require.NoError(t, err)
	x := &Exchange{
		Sent: Sent{Case: c, Operation: by, Marks: marks, Started: started, Request: record.Request{Method: "POST",
			URL:    "http://127.0.0.1/testwdatppreview/machines/" + a.machine + "/" + by,
			Header: []record.Field{{Name: "Authorization", Value: "Bearer $FMASPEC_TOKEN"}},
			Body:   record.Body(`{"Comment": "c", "Sha1": "` + file + `"}`)}},
		Response: &record.Response{Status: 201, Header: map[string][]string{"Content-Type": {"application/json"}},
			Body: body},
		Elapsed: a.took,
	}
	if a.again {
		x.Alone = "503"
	}
	found := s.Judge(x)
	require.NotNil(t, found.values, "%s: want a readable answer", a.name)
	if a.unjudged {
		found.Unjudged = "why"
	}
	x.Response.Shortened = a.partial
	return &Judged{x, found}
}

// found returns what a check between answers finds in answers, as "CASE: want W, got G".
func found(t testing.TB, s *Suite, check string, answers ...told) (out []string) {
	t.Helper()
	row := slices.IndexFunc(s.checks, func(c Check) bool { return c.Name == check })
	require.GreaterOrEqual(t, row, 0, check)
	state := s.checks[row].across(room{})
	for n, a := range answers {
		x := a.judged(t, s, n)
		state.note(x.ref(), x)
	}
	for at, problems := range state.problems() {
		for _, p := range problems {
			require.Contains(t, s.checks[row].Requirements, p.Requirement)
			out = append(out, fmt.Sprintf("%s: %s: want %s, got %s", at.c.ID, p.Place, p.Want, p.Got))
		}
	}
	slices.Sort(out)
	return out
}

func answers(name string, value any) map[string]any { return map[string]any{name: value} }

// Each row is a relation, and what is found in some answers.
func TestRelationsBetweenAnswers(t *testing.T) {
	s := shared(t)
	id := func(n int) map[string]any { return answers("id", fmt.Sprintf("00000000-0000-4000-8000-a%011x", n)) }
	one, other := answers("machineId", strings.Repeat("1", 40)), answers("machineId", strings.Repeat("2", 40))
	at := func(d time.Duration) map[string]any {
		return answers("creationDateTimeUtc", beginning().Add(d).Format("2006-01-02T15:04:05.0000000Z"))
	}
	second := time.Second
	rows := []struct {
		why, check string
		answers    []told
		want       []string // the beginning of what is found
	}{
		{"one id of one call", "ids-fresh", []told{{name: "a", machine: "m", file: "1", answer: id(1)},
			{name: "b", machine: "M", file: "1", answer: id(1)}}, nil},
		{"one id of two files", "ids-fresh", []told{{name: "a", machine: "m", file: "1", answer: id(1)},
			{name: "b", machine: "m", file: "2", answer: id(1)}},
			[]string{`requestSample/b: /id: want an id of its own, got "00000000-0000-4000-8000-a00000000001", which ` +
				`requestSample/a got for another file`}},
		{"one id of two machines", "ids-fresh", []told{{name: "a", machine: "m", file: "1", answer: id(1)},
			{name: "b", machine: "n", file: "1", answer: id(1)}},
			[]string{`requestSample/b: /id: want an id of its own, got "00000000-0000-4000-8000-a00000000001", which ` +
				`requestSample/a got for another machine`}},
		{"one id of two operations", "ids-fresh", []told{{name: "a", machine: "m", file: "1", answer: id(1)},
			{name: "b", machine: "m", file: "1", by: "stopAndQuarantineFile", answer: id(1)}},
			[]string{`stopAndQuarantineFile/b: /id: want an id of its own, got ` +
				`"00000000-0000-4000-8000-a00000000001", which requestSample/a got for another operation`}},

		{"one machine in two letter cases", "machine-same", []told{
			{name: "a", machine: "m", answer: answers("machineId", strings.Repeat("a", 40))},
			{name: "b", machine: "M", answer: answers("machineId", strings.Repeat("A", 40))}}, nil},
		{"two machineIds of one machine", "machine-same", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "n", answer: other}, {name: "c", machine: "m", answer: other}},
			[]string{`requestSample/c: /machineId: want "` + strings.Repeat("1", 40) + `", as requestSample/a got ` +
				`for the same machine, got "` + strings.Repeat("2", 40) + `"`}},
		{"by the two operations", "machine-same", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "m", by: "stopAndQuarantineFile", answer: other}},
			[]string{"stopAndQuarantineFile/b: /machineId: want "}},
		{"the answer to an example", "machine-same", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "m", file: "2", literal: true, answer: other}}, nil},
		{"a part of an answer, and none", "machine-same", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "m", partial: true, answer: other}, {name: "c", machine: "m", unjudged: true,
				answer: other}}, nil},
		{"one machineId of two machines", "machine-differs", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "n", answer: one}},
			[]string{`requestSample/b: /machineId: want another value than for another machine, got "` +
				strings.Repeat("1", 40) + `", which requestSample/a got for the machine m`}},
		{"two machineIds", "machine-differs", []told{{name: "a", machine: "m", answer: one},
			{name: "b", machine: "n", answer: other}, {name: "c", machine: "M", answer: one}}, nil},
		{"one machineId of made-up machines", "machine-differs", []told{{name: "a", machine: "1", answer: one},
			{name: "b", machine: "2", made: true, answer: one}, {name: "c", machine: "3", made: true, answer: one},
			{name: "d", machine: "44", made: true, answer: other}, {name: "e", machine: "55", made: true,
				answer: answers("machineId", strings.Repeat("3", 40))}}, nil},
		{"made-up machines that are kept apart", "machine-differs", []told{{name: "a", machine: "1", answer: one},
			{name: "b", machine: "2", made: true, answer: one}, {name: "c", machine: "3", made: true, answer: other},
			{name: "d", machine: "4", made: true, answer: answers("machineId", strings.Repeat("3", 40))},
			{name: "e", machine: "5", made: true, answer: other},
			{name: "f", machine: "66", made: true, answer: other}},
			[]string{`requestSample/e: /machineId: want another value than for another machine, got "` +
				strings.Repeat("2", 40) + `", which requestSample/c got for the machine 3`}},

		{"two requestors of one token", "requestor-same", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", answer: answers("requestor", "another")}},
			[]string{`requestSample/b: /requestor: want "analyst", as requestSample/a got for the same token, ` +
				`got "another"`}},
		{"two tokens", "requestor-same", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", token: "security-admin-token", answer: answers("requestor", "another")}}, nil},
		{"an action that is there", "requestor-same", []told{{name: "a", machine: "m", file: "1"},
			{name: "b", machine: "m", file: "1", answer: answers("requestor", "another")}}, nil},
		{"a file that the user named", "requestor-same", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", shared: true, answer: answers("requestor", "another")}}, nil},
		{"a request that may be refused", "requestor-same", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", expect: Either, answer: answers("requestor", "another")}},
			[]string{"requestSample/b: /requestor: want "}},

		{"a time that goes back", "times-monotone", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", start: second, answer: at(-5001 * time.Millisecond)}},
			[]string{`requestSample/a: /creationDateTimeUtc: want a time that is no more than five seconds before ` +
				`those of the answers that had come before, such as "2020-03-14T15:09:26.5000000Z" in requestSample/a, in ` +
				`every answer, got "2020-03-14T15:09:21.4990000Z", in requestSample/b`}},
		{"by five seconds", "times-monotone", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", start: second, answer: at(-5 * second)}}, nil},
		{"a clock that stands still", "times-monotone", []told{{name: "a", machine: "m", answer: at(0)},
			{name: "b", machine: "m", start: time.Hour, answer: at(0)}}, nil},
		{"noted in the other order", "times-monotone", []told{
			{name: "b", machine: "m", start: second, answer: at(-time.Minute)}, {name: "a", machine: "m"}},
			[]string{`requestSample/a: /creationDateTimeUtc: want `}},
		{"by another operation", "times-monotone", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", by: "stopAndQuarantineFile", start: second, answer: at(-time.Minute)}},
			[]string{`stopAndQuarantineFile/b: /creationDateTimeUtc: want `}},
		{"side by side", "times-monotone", []told{{name: "a", machine: "m", took: 2 * second},
			{name: "b", machine: "m", start: second, answer: at(-time.Minute)}}, nil},
		{"begun when the other ended", "times-monotone", []told{{name: "a", machine: "m", took: second},
			{name: "b", machine: "m", start: second, answer: at(-time.Minute)}}, nil},
		{"an action that is there already", "times-monotone", []told{{name: "a", machine: "m", file: "1"},
			{name: "b", machine: "m", start: second},
			{name: "c", machine: "m", file: "1", start: time.Hour, answer: at(0)}},
			nil},
		{"a file that others may have named", "times-monotone", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", shared: true, start: second, answer: at(-time.Hour)}}, nil},
		{"a request that was sent twice", "times-monotone", []told{{name: "a", machine: "m"},
			{name: "b", machine: "m", again: true, start: second, answer: at(-time.Hour)}}, nil},
		{"whole seconds", "times-monotone", []told{{name: "a", machine: "m", answer: at(400 * time.Millisecond)},
			{name: "b", machine: "m", start: second, answer: answers("creationDateTimeUtc", "2020-03-14T15:09:21Z")}},
			nil},
		{"whole seconds that go back", "times-monotone", []told{{name: "a", machine: "m", answer: at(second)},
			{name: "b", machine: "m", start: second, answer: answers("creationDateTimeUtc", "2020-03-14T15:09:21Z")}},
			[]string{`requestSample/a: /creationDateTimeUtc: want `}},
	}
	for _, row := range rows {
		got := found(t, s, row.check, row.answers...)
		require.Len(t, got, len(row.want), "%s, %s: %q", row.check, row.why, got)
		for i, want := range row.want {
			require.True(t, strings.HasPrefix(got[i], want), "%s, %s: want %s, got %s", row.check, row.why, want,
				got[i])
		}
	}
}

// What is found does not hang on the order in which exchanges are noted.
func TestTimesGoBackInWhateverOrderTheyAreNoted(t *testing.T) {
	s := shared(t)
	var all []told
	for i := range 6 {
		back := time.Duration(i) * time.Minute
		if i == 3 {
			back = -time.Minute
		}
		all = append(all, told{name: string(rune('a' + i)), machine: "m", start: time.Duration(i) * time.Minute,
			answer: answers("creationDateTimeUtc", beginning().Add(back).Format("2006-01-02T15:04:05.0000000Z"))})
	}
	want := found(t, s, "times-monotone", all...)
	require.Len(t, want, 1)
	require.Contains(t, want[0], "in requestSample/d")
	for range all {
		all = append(all[1:], all[0])
		got := found(t, s, "times-monotone", all...)
		require.Equal(t, want, got)
	}
}

// A session without end keeps the latest answers, and notices what goes back among these. What it
// has noticed it charges as a run does that keeps all of them.
func TestTimesOfASessionAreKeptInPart(t *testing.T) {
	for _, back := range []int{7, 500, 999} {
		t.Run(strconv.Itoa(back), func(t *testing.T) { timesOfASession(t, back) })
	}
}

func timesOfASession(t *testing.T, back int) {
	s := shared(t)
	all := newNotBefore("times-monotone", room{})
	k := newNotBefore("times-monotone", room{values: 16 * lately})
	x := told{name: "a", machine: "m"}.judged(t, s, 0)
	for n := range 1000 {
		more, sent := *x, *x.Exchange
		sent.Round, sent.Started = n, x.Started.Add(time.Duration(n)*time.Second)
		sent.Marks = []string{fmt.Sprintf("%040x", n)}
		more.Exchange, more.File = &sent, sent.Marks[0]
		created := sent.Started
		if n == back {
			created = x.Started
		}
		more.values = slotted(x.terms, map[string][]string{"times-monotone": {created.Format(time.RFC3339Nano)}})
		require.Equal(t, n == back, k.note(more.ref(), &more), n)
		all.note(more.ref(), &more)
	}
	require.LessOrEqual(t, len(k.kept), 16)
	require.LessOrEqual(t, len(k.front), 16)
	require.LessOrEqual(t, len(k.firsts.of), 16)
	require.Len(t, k.problems(), 1)
	require.Equal(t, all.problems(), k.problems())
}

// A second relation of a kind compares its own member, not the one that identifies actions.
func TestASecondFreshRelationComparesItsOwnMember(t *testing.T) {
	s, err := Load(Contract{})
	require.NoError(t, err)
	first := s.terms["requestSample"].across["ids-fresh"]
	second := *first
	second.Check, second.slot = "comments-fresh", s.terms["requestSample"].slots
	second.At = []string{"/requestorComment"}
	second.at = pointersOf(second.At)
	for _, o := range s.terms {
		o.across["comments-fresh"], o.kept = &second, append(o.kept, &second)
		o.slots++
	}
	k := &idsFresh{"comments-fresh", newLatest[*sameID](room{})}
	for n, a := range []told{{name: "a", machine: "m", answer: answers("requestorComment", "one")},
		{name: "b", machine: "m", answer: answers("requestorComment", "two")},
		{name: "c", machine: "m", answer: answers("requestorComment", "One")}} {
		x := a.judged(t, s, n)
		require.Equal(t, n == 2, k.note(x.ref(), x))
	}
	require.Len(t, k.problems(), 1)
}

func TestTheTokenOfAStep(t *testing.T) {
	field := func(value string) record.Field { return record.Field{Name: "Authorization", Value: value} }
	for _, row := range []struct {
		header []record.Field
		want   string
	}{
		{nil, ""}, {[]record.Field{field("Bearer abc")}, ""},
		{[]record.Field{field("Bearer {{token}}")}, "token"},
		{[]record.Field{field("bearer {{global-admin-token}}")}, "global-admin-token"},
		{[]record.Field{field("Bearer {{token}}"), field("Bearer {{global-admin-token}}")}, ""},
	} {
		require.Equal(t, row.want, (&Step{Header: row.header}).token())
	}
}

func TestTheActionInAnAnswerIsTheMemberThatIdentifiesIt(t *testing.T) {
	s, err := Load(Contract{})
	require.NoError(t, err)
	require.Equal(t, "x", s.actionIn("requestSample", []byte(`{"id": "x"}`)))
	require.Equal(t, "x", s.actionIn("nothing", []byte(`{"id": "x"}`)))
	s.terms["requestSample"].identity = "/number"
	require.Equal(t, "y", s.actionIn("requestSample", []byte(`{"id": "x", "number": "y"}`)))
	for _, body := range []string{``, `[]`, `{"id": "x"}`, `{"number": 7}`, `{"number": "y"} x`} {
		require.Empty(t, s.actionIn("requestSample", []byte(body)), body)
	}
}

// Whether an answer is about another action than one of those before does not depend on how many
// of these there are, nor on what is not known of them.
func TestAnIDIsComparedWithEveryAnswerThatHasIt(t *testing.T) {
	subject := func(file, operation, machine string) identified {
		return identified{mention: mention{file: file}, operation: operation, machine: machine}
	}
	var all []identified
	for i := range 12 {
		all = append(all, subject("f", "o", fmt.Sprint("M", i)))
	}
	all = append(all, subject("g", "o", ""), subject("F", "o", ""), subject("f", "", "m1"), subject("f", "p", ""))
	for _, shape := range [][]identified{all, all[:1], all[:2], all[12:], all[13:15], {all[13], all[15]}} {
		s := &sameID{}
		for _, n := range append(slices.Clone(shape), all...) {
			want := slices.ContainsFunc(s.all, func(o identified) bool { return !o.same(n) })
			require.Equal(t, want, s.differs(n), "%+v behind %d", n, len(s.all))
			s.add(n)
		}
	}
}
