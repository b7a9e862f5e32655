//go:build pact

package pact_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pact-foundation/pact-go/v2/provider"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/pactfile"
)

const brokerToken = "the-token-of-the-broker"

// broker is the option that a provider's own test would have.
func broker(r *provider.VerifyRequest) {
	r.BrokerURL, r.BrokerToken = os.Getenv("BROKER"), brokerToken
	r.ProviderVersion, r.ProviderBranch = "1.2.3", "main"
	r.ConsumerVersionSelectors = []provider.Selector{&provider.ConsumerVersionSelector{MainBranch: true}}
	r.EnablePending, r.PublishVerificationResults = true, true
	r.FilterDescription = "requestSample accepts a plain request"
}

// A double is as much of a Pact Broker as a verification talks to.
type double struct {
	*httptest.Server
	mu      sync.Mutex
	pending bool
	none    bool // has no pact for the provider
	asked   []asked
}

type asked struct {
	what, token string
	body        map[string]any
}

func newDouble(t *testing.T, d *double) *double {
	t.Helper()
	committed, err := os.ReadFile("../../fixtures/pacts/fmaspec.v4.json")
	require.NoError(t, err)
	mux := http.NewServeMux()
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a := asked{what: r.Method + " " + r.URL.Path, token: r.Header.Get("Authorization")}
		json.Unmarshal(body, &a.body)
		d.mu.Lock()
		d.asked = append(d.asked, a)
		d.mu.Unlock()
		w.Header().Set("Content-Type", "application/hal+json")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	answer := func(pattern string, value func() any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(value()) })
	}
	link := func(path string) map[string]any {
		return map[string]any{"href": d.URL + path, "templated": strings.Contains(path, "{")}
	}
	answer("GET /{$}", func() any {
		return map[string]any{"_links": map[string]any{"pb:provider-pacts-for-verification": link("/for/{provider}")}}
	})
	answer("GET /for/{provider}", func() any {
		return map[string]any{"_links": map[string]any{"self": link("/for/" + pactfile.Provider)}}
	})
	answer("POST /for/{provider}", func() any {
		pacts := []any{}
		if !d.none {
			self := link("/pact")
			self["name"] = "the pact of the test"
			pacts = append(pacts, map[string]any{"shortDescription": "latest", "_links": map[string]any{"self": self},
				"verificationProperties": map[string]any{"pending": d.pending, "notices": []any{}}})
		}
		return map[string]any{"_embedded": map[string]any{"pacts": pacts},
			"_links": map[string]any{"self": link("/for")}}
	})
	answer("GET /pact", func() any {
		var pact map[string]any
		json.Unmarshal(committed, &pact)
		pact["_links"] = map[string]any{"self": link("/pact"), "pb:provider": link("/provider"),
			"pb:publish-verification-results": link("/results")}
		return pact
	})
	answer("GET /provider", func() any {
		return map[string]any{"name": pactfile.Provider,
			"_links": map[string]any{"pb:branch-version": link("/branches/{branch}/versions/{version}"),
				"pb:version-tag": link("/tags/{version}/{tag}")}}
	})
	answer("PUT /branches/{branch}/versions/{version}", func() any { return map[string]any{} })
	answer("POST /results", func() any { return map[string]any{"_links": map[string]any{"self": link("/results/1")}} })
	return d
}

// first is the first request of that method and path.
func (d *double) first(t *testing.T, what string) asked {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for _, a := range d.asked {
		if a.what == what {
			return a
		}
		all = append(all, a.what)
	}
	t.Errorf("want %s asked of the broker, got %s", what, strings.Join(all, ", "))
	return asked{}
}

func TestABrokersPactsAreVerifiedAndTheResultsPublished(t *testing.T) {
	for _, test := range []struct {
		why     string
		fault   string
		pending bool
		fails   bool
		success bool
	}{
		{"an honest server", "", false, false, true},
		{"a faulty server", "drops-id", false, true, false},
		{"a faulty server, and a pact that was never verified yet", "drops-id", true, false, false},
	} {
		d := newDouble(t, &double{pending: test.pending})
		said, failed := play(t, "broker", "BROKER="+d.URL, "FAULT="+test.fault)
		if failed != test.fails {
			t.Errorf("%s: want failed %v, got %v; it said\n%s", test.why, test.fails, failed, said)
		}
		query := d.first(t, "POST /for/"+pactfile.Provider)
		if got, want := fmt.Sprint(query.body), "map[consumerVersionSelectors:[map[mainBranch:true]] "+
			"includePendingStatus:true providerVersionBranch:main]"; got != want {
			t.Errorf("%s: want the pacts asked for with %s, got %s", test.why, want, got)
		}
		for _, what := range []string{"GET /", "GET /pact", "PUT /branches/main/versions/1.2.3"} {
			if got := d.first(t, what).token; got != "Bearer "+brokerToken {
				t.Errorf("%s: want the broker's token with %s, got %q", test.why, what, got)
			}
		}
		result := d.first(t, "POST /results").body
		if result["success"] != test.success || result["providerApplicationVersion"] != "1.2.3" {
			t.Errorf("%s: want success %v of version 1.2.3 published, got %v", test.why, test.success, result)
		}
		if strings.Contains(fmt.Sprint(d.asked), token) {
			t.Errorf("%s: want no token of the target at the broker, got one in %v", test.why, d.asked)
		}
	}
}

func TestABrokerWithoutPactsFailsTheVerification(t *testing.T) {
	d := newDouble(t, &double{none: true})
	said, failed := play(t, "broker", "BROKER="+d.URL)
	if !failed || !strings.Contains(said, "No pacts found") {
		t.Errorf("want a failure for want of pacts, got failed %v; it said\n%s", failed, said)
	}
}
