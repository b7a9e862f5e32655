package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

func TestTextsThatReadTheSame(t *testing.T) {
	for _, row := range []struct {
		sent, got string
		same      bool
	}{
		{"a b", "a b", true}, {"a b", " a b\t", true}, {"a\r\nb", "a\nb", true}, {"a\rb", "a\nb", true},
		{"a\u0001b", "ab", true}, {"pru\u0308fen", "prüfen", true}, {"\u00a0a", "a", true},
		{"a b", "a  b", false}, {"a b", "A b", false}, {"a\nb", "a b", false}, {"ü", "u", false},
		{"<b>", "&lt;b&gt;", false}, {"é", "Ã©", false}, {"😀", "", false}, {"a", "a...", false},
	} {
		require.Equal(t, row.same, sameText(row.sent, row.got), "%q %q", row.sent, row.got)
	}
}

func TestInstantsThatAreOneAsFarAsTheirDigitsGo(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"2020-03-14T15:09:26.1234567Z", "2020-03-14T15:09:26.1234567Z", true},
		{"2020-03-14T15:09:26.1234567Z", "2020-03-14T15:09:26.123Z", true},
		{"2020-03-14T15:09:26.1234567Z", "2020-03-14T15:09:26.1230000Z", true},
		{"2020-03-14T15:09:26.9999999Z", "2020-03-14T15:09:27Z", true},
		{"2020-03-14T15:09:26.1234567Z", "2020-03-14T16:09:26.1234567+01:00", true},
		{"2020-03-14T15:09:26.1234567Z", "2020-03-14T15:09:26.1239999Z", false},
		{"2020-03-14T15:09:26Z", "2020-03-14T15:09:36Z", false},
		{"no time", "2020-03-14T15:09:36Z", true},
	} {
		require.Equal(t, row.same, sameInstant(row.a, row.b), "%s %s", row.a, row.b)
		require.Equal(t, row.same, sameInstant(row.b, row.a), "%s %s", row.b, row.a)
	}
}

// sent is an exchange of a session at a time, with what a check keeps of its answer.
func sentAt(s *Suite, c *Case, round int, at time.Time, values map[string][]string) *Judged {
	x := made(s, c, round)
	x.values, x.Started, x.machine = slotted(x.terms, values), at, "m"
	x.Response.Header = http.Header{"Date": {at.UTC().Format(http.TimeFormat)}}
	return x
}

func TestFewCommentsThatComeBackShowNothing(t *testing.T) {
	s := shared(t)
	c := s.Case("requestSample/valid/accepts-plain-request")
	for echoes, want := range []int{0, 0, 0, 1} {
		k := newEchoedAlike("comment-intact", room{})
		for i := range echoes {
			k.note(ref{c, i}, sentAt(s, c, i, time.Now(),
				map[string][]string{"comment-intact": {"=" + strings.Repeat("c", i+8)}}))
		}
		k.note(ref{c, 9}, sentAt(s, c, 9, time.Now(), map[string][]string{"comment-intact": {"!\"a\"\x00\"b\""}}))
		require.Len(t, k.problems(), want, echoes)
	}
}

func TestATimeOfTheDateOrOfTheClockHereIsCurrent(t *testing.T) {
	s := shared(t)
	c := s.Case("requestSample/valid/accepts-plain-request")
	now := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	for name, row := range map[string]struct {
		shift, date time.Duration
		dates       int
		standing    bool
		want        int
	}{
		"now":                          {0, 0, 1, false, 0},
		"nine minutes ahead":           {9 * time.Minute, 0, 1, false, 0},
		"a zone":                       {-5 * time.Hour, 0, 1, false, 1},
		"half an hour":                 {30 * time.Minute, 0, 1, false, 1},
		"a slow machine":               {-time.Hour, -time.Hour, 1, false, 0},
		"a proxy that is slow":         {0, -time.Hour, 1, false, 0},
		"no Date":                      {-5 * time.Hour, 0, 0, false, 0},
		"two Dates":                    {-5 * time.Hour, 0, 2, false, 0},
		"one creation for all of them": {-5 * time.Hour, 0, 1, true, 0},
	} {
		k := newNearDate("times-current", room{})
		for i := range 3 {
			at := now.Add(time.Duration(i) * time.Millisecond)
			text := at.Add(row.shift).Format(time.RFC3339Nano)
			if row.standing {
				text = now.Add(row.shift).Format(time.RFC3339Nano)
			}
			x := sentAt(s, c, i, at, map[string][]string{"times-current": {text, text}})
			x.Response.Header["Date"] = nil
			for range row.dates {
				x.Response.Header.Add("Date", at.Add(row.date).Format(http.TimeFormat))
			}
			k.note(ref{c, i}, x)
		}
		require.Len(t, k.problems(), row.want, name)
	}
}

func TestAFractionThatLacksItsZerosIsOfAnotherMoment(t *testing.T) {
	s := shared(t)
	c := s.Case("requestSample/valid/accepts-plain-request")
	number := func(t time.Time) string {
		return fmt.Sprintf("%s.%dZ", t.Format("2006-01-02T15:04:05"), t.Nanosecond()/1000)
	}
	for name, row := range map[string]struct {
		text  func(i int, t time.Time) string
		shift func(i int) time.Duration
		want  int
	}{
		"padded": {text: func(_ int, t time.Time) string {
			return t.Format("2006-01-02T15:04:05.000000Z")
		}},
		"without zeros behind": {text: func(_ int, t time.Time) string { return t.Format(time.RFC3339Nano) }},
		"without those before": {text: func(_ int, t time.Time) string { return number(t) }, want: 1},
		"of a slow clock": {text: func(_ int, t time.Time) string { return number(t) }, want: 1,
			shift: func(int) time.Duration { return -40 * time.Second }},
		"of two clocks": {text: func(_ int, t time.Time) string { return number(t) },
			shift: func(i int) time.Duration { return time.Duration(i%2) * 700 * time.Millisecond }},
		"of two servers": {text: func(i int, t time.Time) string {
			return t.Format([]string{"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.0000000Z"}[i%2])
		}},
		"of seconds": {text: func(_ int, t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }},
	} {
		k := newNearDate("times-current", room{})
		for i := range 90 {
			at := time.Date(2026, 1, 2, 3, 4, 5, 7_000_000, time.UTC).Add(time.Duration(i) * 33_123_400)
			shifted := at
			if row.shift != nil {
				shifted = at.Add(row.shift(i))
			}
			text := row.text(i, shifted)
			x := sentAt(s, c, i, at, map[string][]string{"times-current": {text, text}})
			x.Response.Header.Set("Date", at.Format(http.TimeFormat))
			k.note(ref{c, i}, x)
		}
		require.Len(t, k.problems(), row.want, name)
	}
}

func TestProblemDetailsAreAnObjectOfTheirTypes(t *testing.T) {
	s := shared(t)
	for body, want := range map[string][]string{
		`{"type":"about:blank","title":"Refused","status":400,"detail":null}`: nil,
		`{}`: nil, ``: nil, `["Refused"]`: {"body"}, `"Refused"`: {"body"},
		`{"status":"400"}`: {"/status"}, `{"status":500}`: {"/status"}, `{"status":400.0}`: nil,
		`{"title":1,"detail":[]}`: {"/title", "/detail"},
	} {
		got := s.Judge(&Exchange{Sent: Sent{Operation: "requestSample", Request: record.Request{Method: "POST"}},
			Response: &record.Response{Status: 400, Header: http.Header{"Content-Type": {"application/problem+json"}},
				Body: record.Body(body)}})
		var places []string
		for _, f := range got.Findings {
			if f.Check == "problem-form" {
				places = append(places, f.Place)
			}
		}
		require.Equal(t, want, places, body)
	}
}

func TestWhatASecretIsStruckOutOfIsNoOtherText(t *testing.T) {
	s := shared(t)
	c := s.Case("requestSample/valid/accepts-plain-request")
	for _, row := range []struct {
		sent, got string
		leaked    bool
		kept      string // the first character
	}{
		{"card 4111 1111", "card ****", false, notGivenBack},
		{"card 4111 1111", "card ****", true, ""},
		{"Bearer 8Zk3mXw7Lp2QvT5n", "Bearer ****************", false, ""},
		{"a *** b", "a b", false, ""},
		{"card 4111 1111", "card 4111 1111", false, givenBack},
		{"password=****** x", "password=***** x", false, ""}, // one was escaped before
		{"password=****** x", "password=***** y", false, notGivenBack},
		{"token: abc123 x", "token: ****** x", false, ""},
	} {
		x := made(s, c, 0)
		x.Leaked = row.leaked
		x.Request.Body = []byte(`{"Comment":"` + row.sent + `","Sha1":"a"}`)
		v := s.observe(x.Exchange)
		kept := v.echo(x.terms.across["comment-intact"], row.got)
		require.Equal(t, row.kept, kept[:min(1, len(kept))], row)
	}
}

// A faulty server may give all machines one machineId: how much is looked at for one answer must not grow with their
// number.
func TestAnswersWithOneValueAreFoundWithoutLookingAtAll(t *testing.T) {
	common := func(n noted) string { return n.group }
	var l alike
	const many = 5000
	for round := range 2 {
		for i := range many {
			n := noted{group: fmt.Sprint("machine-", i)}
			at := l.find(n.group, common)
			if round > 0 {
				require.Equal(t, i, at)
				continue
			}
			require.Equal(t, -1, at)
			l.add(n, common)
		}
	}
	require.Len(t, l.all, many)
	require.LessOrEqual(t, l.looks, 2*fewAlike*fewAlike)
}
