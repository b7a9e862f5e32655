package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/hostile"
	"fmaspec/conformance/report"
)

// meet runs a selection of cases against a behaviour, and looks at what has to
// hold whatever the server does: the run ends, and in time; nothing of it is left;
// nobody else hears of it; and no report tells a secret.
func meet(t *testing.T, b hostile.Behaviour, o conformance.Options) *conformance.Report {
	t.Helper()
	var r *conformance.Report
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	pprof.Do(ctx, pprof.Labels("behaviour", t.Name()), func(ctx context.Context) {
		server, err := hostile.Start(b, honest())
		require.NoError(t, err)
		defer server.Stop()
		it := target(nil)
		it.URL, it.Transport = server.URL, conformance.Transport{RootCAs: server.Roots, HTTP2: b.HTTP2}
		r, err = load(t).Run(ctx, it, o)
		require.NoError(t, err)
		require.NoError(t, ctx.Err(), "want a run that ends by itself")
		server.Stop()
		require.Empty(t, server.Strayed(), "want nothing sent to another host")
		require.LessOrEqual(t, server.Requests(), r.Totals.Requests, "want no request beside those of the cases")
		require.LessOrEqual(t, r.Elapsed, o.Timeout*time.Duration(r.Totals.Requests+1))
	})
	require.Empty(t, leftOf(t), "want no goroutine left")
	for _, f := range report.Formats() {
		var out bytes.Buffer
		require.NoError(t, f.Write(&out, r, report.Style{Verbose: true}))
		for _, secret := range []string{token, unprivileged, invalid} {
			for _, spelling := range []string{secret, url.QueryEscape(secret)} {
				require.NotContains(t, strings.ToLower(out.String()), strings.ToLower(spelling), f.Name)
			}
		}
		at := strings.IndexFunc(out.String(), obeyed)
		require.Negative(t, at, "want nothing in the report %s that a terminal obeys, got %q", f.Name, excerpt(out.String(), at))
	}
	return r
}

// obeyed tells of characters that a terminal obeys.
func obeyed(c rune) bool {
	return c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c))
}

func excerpt(text string, at int) string { return text[max(at-40, 0):min(max(at+40, 0), len(text))] }

// leftOf returns the stacks of the goroutines that were started under the test's
// label and do not end.
func leftOf(t *testing.T) (stacks string) {
	t.Helper()
	for range 2000 {
		var all bytes.Buffer
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&all, 1))
		stacks = ""
		for one := range strings.SplitSeq(all.String(), "\n\n") {
			if strings.Contains(one, fmt.Sprintf(`"behaviour":%q`, t.Name())) {
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
		"silent": "connection", "closed": "connection", "malformed": "connection", "conflict": "header Content-Length",
		"cut": "body", "slow": "body", "endless": "body", "surplus": "body",
	}
	for _, b := range hostile.Behaviours() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			if b.HTTP2 {
				t.Skip("a run does not speak HTTP/2 yet")
			}
			o := conformance.Options{
				Run:     "/(valid/accepts-plain-request|body/refuses-missing-comment|auth/refuses-missing-authorization|" + b.Expect.Case + ")$",
				Timeout: 20 * time.Second,
			}
			if b.Waits {
				o.Timeout = time.Second
			}
			r := meet(t, b, o)

			shows := caseOf(t, r, hostile.Operation+"/"+b.Expect.Case)
			require.Equal(t, b.Expect.Outcome, shows.Outcome.String(), causes(shows))
			require.Regexp(t, regexp.MustCompile(b.Expect.Cause), causes(shows))
			if place := places[b.Expect.Kind]; b.Expect.Outcome == "failed" && place != "" {
				require.Contains(t, causes(shows), "answer-complete "+place)
			}
			for _, c := range r.Cases {
				if b.Expect.Outcome == "passed" || !b.Everywhere() && c.Operation != hostile.Operation {
					require.Equal(t, conformance.Passed, c.Outcome, "want the other cases judged: %s %s", c.ID, causes(c))
				}
			}
		})
	}
}

func caseOf(t *testing.T, r *conformance.Report, id string) conformance.CaseResult {
	t.Helper()
	for _, c := range r.Cases {
		if c.ID == id {
			return c
		}
	}
	require.Fail(t, "no case "+id)
	return conformance.CaseResult{}
}

// causes is all that is told of a case: each finding, and why there is none.
func causes(c conformance.CaseResult) string {
	text := c.Reason
	for _, f := range c.Findings {
		text += fmt.Sprintf("\n%s %s: want %s, got %s", f.Check, f.Place, f.Want, f.Got)
	}
	return text
}

func TestBehavioursAreToldApart(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range hostile.Behaviours() {
		require.Regexp(t, `^[a-z0-9]+([.-][a-z0-9]+)*$`, b.Name)
		require.False(t, seen[b.Name], "want one %s", b.Name)
		seen[b.Name] = true
		require.Regexp(t, `^[a-z].*[^.]$`, b.Says, "want what %s does, as a sentence without subject and full stop", b.Name)
		require.Contains(t, []string{"passed", "failed", "errored"}, b.Expect.Outcome, b.Name)
	}
	require.Greater(t, len(seen), 60)
}
