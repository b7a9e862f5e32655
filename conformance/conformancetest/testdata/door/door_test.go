// Package door holds tests of a user's own, good and bad ones. The tests of
// conformancetest build it as a module of its own and run them one by one.
package door

import (
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"fmaspec/conformance"
	"fmaspec/conformance/conformancetest"
	"fmaspec/conformance/reference"
)

const token = "door-token"

// server is the honest one, or one with the fault that DOOR_FAULT names.
func server(t *testing.T) http.Handler {
	h := reference.New(reference.Config{Token: token})
	name := os.Getenv("DOOR_FAULT")
	if name == "" {
		return h
	}
	f, ok := reference.FindFault(name)
	if !ok {
		t.Fatalf("no fault %q; fmaspec list faults prints them", name)
	}
	return f.Wrap(h)
}

// TestPanics judges a handler that panics at requests without a body, and where
// DOOR_PANICS says so at every one.
func TestPanics(t *testing.T) {
	h := server(t)
	var seen map[string]int
	conformancetest.RunWith(t, conformance.Target{Token: token,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength == 0 || os.Getenv("DOOR_PANICS") != "" {
				seen[r.Method]++
			}
			h.ServeHTTP(w, r)
		})}, conformance.Options{Seed: "door"})
}

// TestTwoBugs judges a handler with two faults.
func TestTwoBugs(t *testing.T) {
	h := server(t)
	for _, name := range []string{"drops-id", "answers-200"} {
		f, ok := reference.FindFault(name)
		if !ok {
			t.Fatal(name)
		}
		h = f.Wrap(h)
	}
	conformancetest.RunWith(t, conformance.Target{Handler: h, Token: token}, conformance.Options{Seed: "door"})
}

func TestHandler(t *testing.T) {
	conformancetest.Run(t, conformance.Target{Handler: server(t), Token: token})
}

func TestStrict(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token},
		conformance.Options{Strict: true, Seed: "door"})
}

func TestNarrowed(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token},
		conformance.Options{Run: "^requestSample/method/", Skip: "/refuses-(get|put)$"})
}

// TestCovered asks for all of the coverage. The target has no token but one, so that some places
// are not met.
func TestCovered(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token},
		conformance.Options{Run: "^requestSample/(valid|method)/", MinCoverage: 100})
}

// TestCoveredEnough asks for as much as is met.
func TestCoveredEnough(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token},
		conformance.Options{MinCoverage: 80})
}

func TestURL(t *testing.T) {
	s := httptest.NewServer(server(t))
	defer s.Close()
	conformancetest.Run(t, conformance.Target{URL: s.URL, Token: token})
}

func TestTokenOfTheEnvironment(t *testing.T) {
	t.Setenv("FMASPEC_TOKEN", token)
	conformancetest.Run(t, conformance.Target{Handler: server(t)})
}

func TestInParallel(t *testing.T) {
	t.Parallel()
	conformancetest.Run(t, conformance.Target{Handler: server(t), Token: token})
}

// TestCounted logs how many requests came.
func TestCounted(t *testing.T) {
	var requests atomic.Int64
	h := server(t)
	conformancetest.Run(t, conformance.Target{Token: token,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			h.ServeHTTP(w, r)
		})})
	t.Logf("requests: %d", requests.Load())
}

func TestWithoutToken(t *testing.T) {
	t.Setenv("FMASPEC_TOKEN", "")
	conformancetest.Run(t, conformance.Target{URL: "http://192.0.2.1"})
}

func TestUnarmed(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{URL: "http://192.0.2.1", Token: token, Machine: "some-machine"},
		conformance.Options{AcceptRisk: []string{"requestSample"}})
}

func TestUnloadableCases(t *testing.T) {
	mine := conformance.Source{Name: "mine", Own: true, FS: fstest.MapFS{"broken.http": {Data: []byte("no title\n")}}}
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token}, conformance.Options{}, mine)
}

func TestUnknownPattern(t *testing.T) {
	conformancetest.RunWith(t, conformance.Target{Handler: server(t), Token: token},
		conformance.Options{Run: "refuses-mising-comment"})
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(server(t))
	s.Close()
	conformancetest.Run(t, conformance.Target{URL: s.URL, Token: token})
}

// TestNothingProven is refused all over, so that no refusal proves anything.
func TestNothingProven(t *testing.T) {
	conformancetest.Run(t, conformance.Target{Handler: server(t), Token: "not-" + token})
}
