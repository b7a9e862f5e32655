package conformance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

const (
	tenantMachine = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	tenantFile    = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
)

// A tenant is a server that is not on this machine, as far as a run knows: its
// name leads to a listener by Transport.Resolve. It keeps what arrived.
type tenant struct {
	conformance.Target
	mu      sync.Mutex
	arrived []arrival
}

// An arrival is a request as the tenant's log has it.
type arrival struct {
	method, path, authorization, media, body string
	journalled                               int // entries that were in the journal when it arrived
}

// newTenant starts a tenant in front of a handler. journal is asked at each
// arrival how much it holds.
func newTenant(t *testing.T, h http.Handler, journal func() int) *tenant {
	out := &tenant{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		a := arrival{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body),
			journal()}
		out.mu.Lock()
		out.arrived = append(out.arrived, a)
		out.mu.Unlock()
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	out.Target = conformance.Target{
		URL: "http://tenant.example", Token: token, UnprivilegedToken: unprivileged, InvalidToken: invalid,
		UnknownMachine: unknownMachine,
		Transport: conformance.Transport{
			Resolve: map[string]string{"tenant.example:80": server.Listener.Addr().String()},
		},
	}
	return out
}

// failing ends a body as it ended before it was read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

func none() int { return 0 }

var hash = regexp.MustCompile(`\b[0-9A-Fa-f]{40}\b`)

// real tells, without asking the code under test, that a request names a machine
// or a file that somebody may have, or is one that a server would act on.
func (a arrival) real() bool {
	machine := regexp.MustCompile(`/machines/([^/]+)/`).FindStringSubmatch(a.path)
	if machine == nil || !strings.HasPrefix(machine[1], "0000000000") {
		return true
	}
	for _, h := range hash.FindAllString(a.body, -1) {
		if !strings.HasPrefix(h, "0000000000") {
			return true
		}
	}
	var body map[string]any
	broken := json.Unmarshal([]byte(a.body), &body) != nil
	comment, _ := body["Comment"].(string)
	file, _ := body["Sha1"].(string)
	// 40 blanks name no file
	sound := !broken && strings.TrimSpace(comment) != "" && len(file) == 40 && hash.MatchString(file)
	isJSON := a.media == "" || strings.HasPrefix(strings.ToLower(a.media), "application/json")
	return a.method == "POST" && a.authorization == "Bearer "+token && isJSON && sound
}

// lenient accepts whatever it is sent, as a server would that forgot every check.
func lenient() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		io.WriteString(w, `{"id":"6f1d364c-680c-499a-b30c-dd9265ad4c9d"}`)
	})
}

func TestUnarmedNothingThatCouldTakeEffectIsSentElsewhere(t *testing.T) {
	for name, h := range map[string]http.Handler{"honest": honest(), "lenient": lenient()} {
		t.Run(name, func(t *testing.T) {
			tenant := newTenant(t, h, none)
			r := run(t, tenant.Target, conformance.Options{})
			require.Greater(t, len(tenant.arrived), 150, "want what is harmless to be sent")
			for _, a := range tenant.arrived {
				require.False(t, a.real(), "this could take effect: %+v", a)
				require.NotContains(t, a.path, token)
			}
			require.Equal(t, record.SafetyInfo{Armed: []string{}}, r.Safety)
			for _, c := range r.Cases {
				if strings.Contains(c.ID, "/valid/") {
					require.Equal(t, record.Skipped, c.Outcome, c.ID)
					require.Regexp(t, "^not sent: it could take effect, and (requestSample|stopAndQuarantineFile) is "+
						"not armed; pass -accept-risk=", c.Reason)
				}
			}
			if name == "honest" {
				require.Equal(t, record.Unjudged, r.Verdict)
				require.Contains(t, r.Reason, "no acceptance was seen; arm an operation with -accept-risk")
				require.Zero(t, r.Totals.Findings)
			} else {
				require.Equal(t, record.NotConformant, r.Verdict, "want what is accepted without credentials to "+
					"be found")
				require.Contains(t, broken(r), "auth.required")
			}
		})
	}
}

// A ledger is a journal in memory.
type ledger struct {
	mu      sync.Mutex
	entries []record.JournalEntry
	refuses func(record.JournalEntry) error
}

func (l *ledger) record(e record.JournalEntry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuses != nil {
		if err := l.refuses(e); err != nil {
			return err
		}
	}
	l.entries = append(l.entries, e)
	return nil
}

func (l *ledger) sending() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Event == record.Sending {
			n++
		}
	}
	return n
}

func TestArmedExactlyTheBudgetTakesEffectAndIsOnRecordBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite at each budget")
	}
	rows := []struct {
		why    string
		armed  []string
		budget int
		repeat int
		want   int
	}{
		{"one operation, the default budget", []string{"requestSample"}, 0, 0, conformance.DefaultMaxActions},
		{"both operations", []string{"requestSample", "stopAndQuarantineFile"}, 7, 0, 7},
		{"one action", []string{"stopAndQuarantineFile"}, 1, 0, 1},
		{"twice each", []string{"requestSample"}, 5, 2, 4},
	}
	for _, r := range rows {
		for name, h := range map[string]http.Handler{"honest": honest(), "lenient": lenient()} {
			t.Run(r.why+", "+name, func(t *testing.T) {
				var l ledger
				tenant := newTenant(t, h, l.sending)
				tenant.Machine, tenant.File = tenantMachine, strings.ToUpper(tenantFile)
				report := run(t, tenant.Target, conformance.Options{AcceptRisk: r.armed, MaxActions: r.budget,
					Repeat: r.repeat, Journal: l.record})
				effective := 0
				for _, a := range tenant.arrived {
					if !a.real() {
						continue
					}
					effective++
					require.Contains(t, a.path, "/machines/"+tenantMachine+"/", "%+v", a)
					require.LessOrEqual(t, effective, a.journalled, "want the entry before the request: %+v", a)
					require.Contains(t, strings.ToLower(a.body), tenantFile)
				}
				require.Equal(t, r.want, effective)
				require.Equal(t, r.want, report.Safety.Actions)
				require.Equal(t, r.want, l.sending())
				require.Len(t, l.entries, 2*r.want, "want an answer for each")
				for _, e := range l.entries {
					require.Equal(t, "http://tenant.example", e.Target)
					require.Equal(t, tenantMachine, e.Machine)
					require.True(t, strings.EqualFold(tenantFile, e.File))
					require.Contains(t, r.armed, e.Operation)
					if e.Event == record.Answered {
						require.Equal(t, 201, e.Status)
						require.NotEmpty(t, e.Action)
					}
				}
				if name == "honest" {
					require.Equal(t, record.Conformant, report.Verdict, report.Reason)
					require.Greater(t, report.Totals.Passed, 50, "want refusals to be judged with the control")
				}
			})
		}
	}
}

func TestARefusalThatMayBeAboutTheMadeUpMachineProvesNothing(t *testing.T) {
	known := honest()
	only := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, tenantMachine) {
			w.WriteHeader(404)
			return
		}
		known.ServeHTTP(w, r)
	})
	var l ledger
	tenant := newTenant(t, only, none)
	tenant.Machine, tenant.File = tenantMachine, tenantFile
	r := run(t, tenant.Target, conformance.Options{AcceptRisk: []string{"requestSample"}, Journal: l.record,
		Run: "^requestSample/(body/refuses-missing-comment|machine)"})
	require.Zero(t, r.Totals.Findings)
	for _, c := range r.Cases {
		switch {
		case strings.HasSuffix(c.ID, "refuses-missing-comment"):
			require.Equal(t, record.Inconclusive, c.Outcome)
			require.Contains(t, c.Reason, "may be about the machine")
		case strings.HasSuffix(c.ID, "refuses-unknown-machine"):
			require.Equal(t, record.Passed, c.Outcome, "want the user's unknown machine to be asked for")
		}
	}
}

func TestWhatTheJournalDoesNotTakeIsNotSent(t *testing.T) {
	l := ledger{refuses: func(e record.JournalEntry) error {
		if e.Number > 1 {
			return errors.New("the disk is full")
		}
		return nil
	}}
	tenant := newTenant(t, honest(), none)
	tenant.Machine, tenant.File = tenantMachine, tenantFile
	r := run(t, tenant.Target, conformance.Options{AcceptRisk: []string{"requestSample"}, Journal: l.record,
		Run: "^requestSample/valid/accepts-(plain|unicode)"})
	effective := 0
	for _, a := range tenant.arrived {
		if a.real() {
			effective++
		}
	}
	require.Equal(t, 1, effective)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "not sent: the journal did not take it: the disk is full")
}

func TestASendingAgainCountsAgainstTheBudget(t *testing.T) {
	busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(429)
	})
	var l ledger
	tenant := newTenant(t, busy, l.sending)
	tenant.Machine, tenant.File = tenantMachine, tenantFile
	r := run(t, tenant.Target, conformance.Options{AcceptRisk: []string{"requestSample"}, MaxActions: 2, RetryTime: 1,
		Journal: l.record, Run: "^requestSample/valid/accepts-plain"})
	require.Equal(t, 2, len(tenant.arrived))
	require.Equal(t, 2, r.Safety.Actions)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the budget of 2 requests that could take effect is used up; raise -max-actions")
}

func TestArmingByHalvesIsRefused(t *testing.T) {
	both := []string{"requestSample", "stopAndQuarantineFile"}
	full := conformance.Target{URL: "https://example.invalid", Token: token, Machine: tenantMachine, File: tenantFile}
	without := func(change func(*conformance.Target)) conformance.Target {
		out := full
		change(&out)
		return out
	}
	rows := []struct {
		why  string
		t    conformance.Target
		o    conformance.Options
		want string
	}{
		{"no machine", without(func(t *conformance.Target) { t.Machine = "" }), conformance.Options{AcceptRisk: both},
			"no machine was named; pass -machine"},
		{"no file", without(func(t *conformance.Target) { t.File = "" }), conformance.Options{AcceptRisk: both},
			"no file was named; pass -sha1"},
		{"no journal", full, conformance.Options{AcceptRisk: both}, "nothing records what is caused there; pass " +
			"-journal"},
		{"nothing but what takes effect", full, conformance.Options{Run: "^requestSample/valid/"},
			"none may be sent: it could take effect, and requestSample is not armed"},
		{"the documents' own file", full, conformance.Options{AcceptRisk: both, Journal: (&ledger{}).record,
			Run: "accepts-request-sample-example"}, "which is not the one of -sha1"},
		{"more than the budget", full, conformance.Options{AcceptRisk: both, Journal: (&ledger{}).record, MaxActions: 1,
			Repeat: 2, Run: "accepts-plain-request$"}, "it could take effect, and the budget of 1 such requests does " +
			"not reach for it; raise -max-actions"},
		{"a token in the URL", full, conformance.Options{Run: "refuses-token-in-query",
			Only: []string{"requestSample/auth/refuses-token-in-query"}}, "none may be sent"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := load(t).Run(t.Context(), r.t, r.o)
			var safety *conformance.SafetyError
			require.ErrorAs(t, err, &safety)
			require.ErrorContains(t, err, r.want)
		})
	}
	_, err := load(t).Run(t.Context(), full, conformance.Options{AcceptRisk: []string{"requestSampel"}})
	var usage *conformance.UsageError
	require.ErrorAs(t, err, &usage)
	require.ErrorContains(t, err, `did you mean "requestSample"?`)
}

func TestPlanSaysWhatRunSends(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite several times")
	}
	var l ledger
	tenant := newTenant(t, honest(), none)
	tenant.Machine, tenant.File = tenantMachine, tenantFile
	o := conformance.Options{AcceptRisk: []string{"requestSample"}, Journal: l.record, Seed: "one"}
	p, err := load(t).Plan(t.Context(), tenant.Target, o)
	require.NoError(t, err)
	require.Empty(t, tenant.arrived, "want a plan to send nothing")
	require.Equal(t, conformance.DefaultMaxActions, p.Actions)
	effects := 0
	for _, q := range p.Requests {
		if q.Effect {
			effects++
			require.Equal(t, tenantMachine, q.Machine)
			require.Equal(t, tenantFile, q.File)
			require.Equal(t, "requestSample", q.Operation)
		}
		line, _ := curl.Line(q.Request, p.Target, p.Settings)
		require.NotContains(t, line, token)
	}
	require.Equal(t, p.Actions, effects)
	r := run(t, tenant.Target, o)
	require.Equal(t, r.Totals.Requests, len(p.Requests))
	require.Equal(t, r.Totals.Skipped+r.Totals.NotApplicable, len(p.Withheld))
	require.Equal(t, r.Totals.Total, p.Cases)
}

func TestAUsersFileIsNamedOnThisMachineToo(t *testing.T) {
	seen := map[string]bool{}
	h := honest()
	var mu sync.Mutex
	target := target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		for _, found := range hash.FindAllString(string(body), -1) {
			seen[strings.ToLower(found)] = true
		}
		mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	}))
	target.File = tenantFile
	r := run(t, target, conformance.Options{Run: "/(state/|valid/accepts-plain)"})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	delete(seen, tenantFile)
	require.Empty(t, seen, "want no other file in these cases")
}
