package conformance_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/hostile"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// A meeting is a run against a behaviour.
type meeting struct {
	label   string // of its goroutines
	suite   *conformance.Suite
	of      hostile.Behaviour
	options conformance.Options

	report   *record.Report
	err      error
	requests int
	strayed  []string
	ended    chan struct{}
}

// hold runs the cases, and ends the meeting.
func (m *meeting) hold(ctx context.Context) *meeting {
	defer close(m.ended)
	pprof.Do(ctx, pprof.Labels("behaviour", m.label), func(ctx context.Context) {
		server, err := hostile.Start(m.of, honest())
		if err != nil {
			m.err = err
			return
		}
		defer server.Stop()
		it := target(nil)
		it.URL, it.Transport = server.URL, conformance.Transport{RootCAs: server.Roots, HTTP2: m.of.HTTP2}
		m.report, m.err = whole(ctx, m.suite, it, m.options)
		server.Stop()
		m.requests, m.strayed = server.Requests(), server.Strayed()
	})
	return m
}

// idle reports whether a behaviour only waits, so that many of them can at once: it
// neither sends without end nor leaves goroutines that do not end.
func idle(b hostile.Behaviour) bool {
	return b.Waits && !b.Stuck && !strings.Contains(b.Name, "endless")
}

// meetings begins those with idle behaviours, a few at once, while the test goes on; the
// others are held when they are asked for. A test that begins meetings and calls t.Parallel
// lets them wait while other tests run.
func meetings(t *testing.T, all []hostile.Behaviour, options func(hostile.Behaviour) conformance.Options) func(
	*testing.T, string) *record.Report {
	t.Helper()
	suite, ctx := load(t), t.Context()
	begun := map[string]*meeting{}
	turns := make(chan struct{}, 8)
	for _, b := range all {
		m := &meeting{label: t.Name() + "/" + b.Name, suite: suite, of: b, options: options(b),
			ended: make(chan struct{})}
		begun[b.Name] = m
		if idle(b) {
			go func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				m.hold(ctx)
			}()
			t.Cleanup(func() { <-m.ended }) // where a pattern left the test out that asks for it
		}
	}
	return func(t *testing.T, name string) *record.Report {
		t.Helper()
		m := begun[name]
		require.NotNil(t, m, name)
		if !idle(m.of) {
			m.hold(ctx)
		}
		<-m.ended
		return m.look(t)
	}
}

// look looks at what has to hold whatever the server does: the run ends, and in time;
// nothing of it is left; nobody else hears of it; and no report tells a secret.
func (m *meeting) look(t *testing.T) *record.Report {
	t.Helper()
	require.NoError(t, m.err)
	r, s, b := m.report, m.suite, m.of
	require.Empty(t, m.strayed, "want nothing sent to another host")
	sent := sendings(r)
	require.LessOrEqual(t, m.requests, sent, "want no request but those of the cases")
	require.LessOrEqual(t, r.Elapsed, m.options.Timeout*time.Duration(sent+1))
	if !b.Stuck {
		require.Empty(t, leftOf(t, m.label), "want no goroutine left")
	}
	for _, c := range r.Cases {
		require.Less(t, len(c.Reason), 1000, "%s: want a reason that can be read", c.ID)
		for _, f := range c.Findings {
			require.Less(t, len(f.Place+f.Want+f.Got), 1000, "%s: want a finding that can be read: %s", c.ID, f.Check)
		}
	}
	if sampled() { // the rest starts nothing that runs at once
		return r
	}
	v, err := s.Thorough().Verify(written(t, r))
	require.NoError(t, err)
	require.Empty(t, v.Differences, "want a record that matches its exchanges")
	for _, f := range report.Formats() {
		var out bytes.Buffer
		require.NoError(t, f.Write(&out, r, report.Style{Verbose: true}))
		text := out.String()
		for _, secret := range []string{token, unprivileged, invalid} {
			at := strings.Index(strings.ToLower(text), secret)
			require.Negative(t, at, "want no secret in the report %s, got %q", f.Name, excerpt(text, at))
		}
		at := strings.IndexFunc(text, obeyed)
		require.Negative(t, at, "want nothing in the report %s that a terminal obeys, got %q", f.Name,
			excerpt(text, at))
	}
	return r
}

// sendings is how many requests a run may have sent: those of its cases, those of
// them that were sent again, and those that ask whether the target still answers.
func sendings(r *record.Report) int {
	n := r.Totals.Requests + 4
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			n += x.Retries
			if x.Alone != "" {
				n++
			}
			// It was sent twice, and one that is answered up to twice behind each.
			if x.Response != nil && x.Alone == strconv.Itoa(x.Response.Status) {
				n += 5
			}
		}
	}
	return n
}

// whole is a run that ends by itself, long before its context does.
func whole(ctx context.Context, s *conformance.Suite, it conformance.Target, o conformance.Options) (r *record.Report,
	err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r, err = s.Run(ctx, it, o)
	}()
	select {
	case <-ended:
		return r, cmp.Or(err, ctx.Err())
	case <-ctx.Done():
		return nil, errors.New("the run does not end")
	}
}

// obeyed returns the characters in a text that a terminal obeys.
func obeyed(c rune) bool {
	return c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c))
}

func excerpt(text string, at int) string { return text[max(at-40, 0):min(max(at+40, 0), len(text))] }

// leftOf returns the stacks of the goroutines that were started under a label and do not
// end.
func leftOf(t *testing.T, label string) (stacks string) {
	t.Helper()
	for range 2000 {
		var all bytes.Buffer
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&all, 1))
		stacks = ""
		for one := range strings.SplitSeq(all.String(), "\n\n") {
			if strings.Contains(one, fmt.Sprintf(`"behaviour":%q`, label)) {
				stacks += one + "\n\n"
			}
		}
		if stacks == "" {
			return ""
		}
		<-time.After(time.Millisecond) // what was closed is given the processor
	}
	return stacks
}

func TestARunNamesWhatAHostileServerDoes(t *testing.T) {
	places := map[string]string{ // where the finding on a wire kind is
		"silent": "answer-in-time connection", "closed": "answer-complete connection",
		"malformed": "answer-complete connection", "conflict": "answer-complete header Content-Length",
		"cut": "answer-complete body", "slow": "answer-in-time body", "endless": "answer-complete body",
		"surplus": "answer-complete body",
	}
	var all []hostile.Behaviour
	for i, b := range hostile.Behaviours() {
		if !testing.Short() || i%9 == 0 { // a sample
			all = append(all, b)
		}
	}
	meet := meetings(t, all, func(b hostile.Behaviour) conformance.Options {
		o := conformance.Options{
			Run: "/(valid/accepts-plain-request|body/refuses-missing-comment|" + b.Expect.Case +
				")$|^stopAndQuarantineFile/auth/refuses-missing-authorization$",
			Timeout: 20 * time.Second,
		}
		switch {
		case idle(b):
			o.Timeout = 2 * time.Second
		case b.Waits:
			o.Timeout = time.Second
		}
		if b.Everywhere() {
			o.Parallel = 1 // or else patience may end before the case that shows it
		}
		return o
	})
	t.Parallel()
	for _, b := range all {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			r := meet(t, b.Name)

			shows := caseOf(t, r, hostile.Operation+"/"+b.Expect.Case)
			require.Contains(t, strings.Split(b.Expect.Outcome, " or "), shows.Outcome.String(), causes(shows))
			require.Regexp(t, regexp.MustCompile(b.Expect.Cause), causes(shows))
			if place := places[b.Expect.Kind]; b.Expect.Outcome == "failed" && place != "" {
				require.Contains(t, causes(shows), place)
			}
			for _, c := range r.Cases {
				if b.Expect.Outcome == "passed" || !b.Everywhere() && c.Operation != hostile.Operation {
					require.Equal(t, record.Passed, c.Outcome, "want the other cases judged: %s %s", c.ID, causes(c))
				}
			}
		})
	}
}

func caseOf(t *testing.T, r *record.Report, id string) record.CaseResult {
	t.Helper()
	for _, c := range r.Cases {
		if c.ID == id {
			return c
		}
	}
	require.Fail(t, "no case "+id)
	return record.CaseResult{}
}

// causes returns everything that is reported of a case: each finding, and why there is none.
func causes(c record.CaseResult) string {
	text := c.Reason
	for _, f := range c.Findings {
		text += fmt.Sprintf("\n%s %s: want %s, got %s", f.Check, f.Place, f.Want, f.Got)
	}
	return text
}

func TestTheWholeSuiteLosesPatienceWithTheWorst(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	verdicts := map[string]record.Verdict{"says-nothing": record.Unjudged, "drips-body": record.NotConformant}
	all := slices.DeleteFunc(hostile.Behaviours(), func(b hostile.Behaviour) bool { return verdicts[b.Name] == "" })
	require.Len(t, all, len(verdicts))
	meet := meetings(t, all, func(hostile.Behaviour) conformance.Options {
		return conformance.Options{Timeout: 2 * time.Second, Skip: "/host/"} // it takes any Host
	})
	t.Parallel()
	for _, b := range all {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			r := meet(t, b.Name)
			require.Equal(t, verdicts[b.Name], r.Verdict)
			inVain := 0
			for _, c := range r.Cases {
				for _, x := range c.Exchanges {
					if x.Error != "" {
						inVain++
					}
				}
				if c.Operation != hostile.Operation && len(c.Exchanges) == 1 && !b.Everywhere() {
					require.Equal(t, record.Passed, c.Outcome, "want the other cases judged: %s %s", c.ID, causes(c))
				}
			}
			require.Positive(t, inVain)
			require.Less(t, inVain, r.Totals.Total/5, "want the rest not sent when so many were waited for in vain")
			require.Positive(t, r.Totals.Skipped)
		})
	}
}
