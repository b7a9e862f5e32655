package mutate

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/client"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// A fakeClock passes when somebody sleeps by it, and a millisecond whenever it is read.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *fakeClock) Sleep(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	return nil
}

// inMemory is a transport that asks a handler, and passes on fields that a real one would not
// send as they are.
type inMemory struct{ http.Handler }

func (h inMemory) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	if asked.Host == "" {
		asked.Host = asked.URL.Host
	}
	asked.URL.Scheme, asked.URL.Host = "", ""
	defer func() {
		if recover() == http.ErrAbortHandler {
			answer, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, asked)
	return w.Result(), nil
}

const (
	clientToken, clientOther = "token-of-a-client-0123456789", "token-without-role-0123456789"
	clientExpired            = "token-of-yesterday-0123456789"
	clientMachine            = "fb9ab6be3965095a09c057be7c90f0a2"
	clientUnknown            = "0000000000000000000000000000000000000000"
)

// judgeClient lets a client call the server that it needs, and returns the report on it.
func judgeClient(t *testing.T, suite *conformance.Suite, c client.Client) *record.Report {
	t.Helper()
	clock := &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	h := reference.New(reference.Config{Token: clientToken, UnprivilegedToken: clientOther,
		UnknownMachine: clientUnknown, Now: clock.Now})
	if c.Variant != "" {
		i := slices.IndexFunc(reference.Variants(), func(v reference.Variant) bool { return v.Name == c.Variant })
		require.GreaterOrEqual(t, i, 0, c.Variant)
		h = reference.Variants()[i].Wrap(h)
	}
	if c.Trouble != "" {
		all := reference.Troubles(clock.Sleep)
		i := slices.IndexFunc(all, func(v reference.Trouble) bool { return v.Name == c.Trouble })
		require.GreaterOrEqual(t, i, 0, c.Trouble)
		h = all[i].Wrap(h)
	}
	if c.Dates {
		h = withDates(h, clock)
	}
	judge := suite.JudgeClients(conformance.ClientOptions{AllPaths: true, Now: clock.Now})
	c.Run(t.Context(), client.Setting{URL: "http://127.0.0.1:8080", Token: clientToken, Unprivileged: clientOther,
		Expired: clientExpired, Machine: clientMachine, Unknown: clientUnknown, Now: clock.Now, Sleep: clock.Sleep,
		HTTP: &http.Client{Transport: inMemory{judge.Handler(h)}}})
	return judge.Report()
}

// withDates writes the seconds of Retry-After as a date.
func withDates(h http.Handler, clock *fakeClock) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := httptest.NewRecorder()
		h.ServeHTTP(inner, r)
		maps.Copy(w.Header(), inner.Header())
		if w.Header().Get("Retry-After") != "" {
			w.Header().Set("Retry-After", clock.Now().Add(2*time.Second).Format(http.TimeFormat))
		}
		w.WriteHeader(inner.Code)
		_, _ = w.Write(inner.Body.Bytes())
	})
}

// brokenBy returns the requirements that the findings of a report are against, and the rules.
func brokenBy(r *record.Report) (requirements, rules []string) {
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			requirements = append(requirements, f.Requirement)
			rules = append(rules, c.ID[strings.LastIndexByte(c.ID, '/')+1:])
		}
	}
	slices.Sort(requirements)
	slices.Sort(rules)
	return slices.Compact(requirements), slices.Compact(rules)
}

func TestEachFaultyClientIsFoundForItsOwnReason(t *testing.T) {
	suite := load(t)
	require.GreaterOrEqual(t, len(client.Faults()), 25)
	unbroken := map[string]bool{}
	for _, rule := range suite.ClientRules() {
		unbroken[rule.Name] = true
	}
	owed := map[string]bool{}
	for _, r := range suite.ClientRequirements {
		owed[r.ID] = true
	}
	names := map[string]bool{}
	for _, fault := range client.Faults() {
		require.False(t, names[fault.Name], "%s stands twice", fault.Name)
		names[fault.Name] = true
		t.Run(fault.Name, func(t *testing.T) {
			got := judgeClient(t, suite, fault)
			requirements, rules := brokenBy(got)
			want := slices.Sorted(slices.Values(fault.Breaks))
			if !slices.Equal(want, requirements) {
				t.Errorf("want findings against %v, got %v by %v", want, requirements, rules)
			}
			for _, name := range rules {
				delete(unbroken, name)
			}
			for _, id := range requirements {
				delete(owed, id)
			}
		})
	}
	if t.Failed() {
		return
	}
	require.Empty(t, slices.Sorted(maps.Keys(unbroken)), "rules that no faulty client breaks; add one")
	require.Empty(t, slices.Sorted(maps.Keys(owed)), "requirements on clients that no faulty client breaks; add one")
}

func TestHonestClientsHaveNoFinding(t *testing.T) {
	suite := load(t)
	for _, variant := range client.Variants() {
		t.Run(variant.Name, func(t *testing.T) {
			require.Empty(t, variant.Breaks)
			got := judgeClient(t, suite, variant)
			for _, c := range got.Cases {
				for _, f := range c.Findings {
					t.Errorf("%s: %s: want %s, got %s", c.ID, f.Place, f.Want, f.Got)
				}
			}
			require.Equal(t, record.Conformant, got.Verdict, got.Reason)
			require.Positive(t, got.Totals.Requests)
		})
	}
}
