//go:build pact

package pact_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/pact-foundation/pact-go/v2/provider"

	"fmaspec/conformance"
	"fmaspec/conformance/pact"
	"fmaspec/conformance/reference"
)

const (
	token        = "the-right-token"
	unprivileged = "the-token-of-a-reader"
)

func honest() http.Handler {
	return reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: "token-of-one-role", GlobalAdminToken: "token-of-the-other"})
}

func target(h http.Handler) conformance.Target {
	return conformance.Target{Handler: h, Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: "token-of-one-role", GlobalAdminToken: "token-of-the-other"}
}

// only narrows a verification to the interactions with the text in their names.
func only(text string) pact.Option {
	return func(r *provider.VerifyRequest) { r.FilterDescription = text }
}

func TestTheReferenceServerHonoursThePact(t *testing.T) {
	pact.Verify(t, target(honest()))
}

func TestAURLIsVerifiedBelowItsPath(t *testing.T) {
	server := httptest.NewTLSServer(http.StripPrefix("/below", honest()))
	defer server.Close()
	it := target(nil)
	it.URL, it.Transport = server.URL+"/below/",
		conformance.Transport{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	pact.Verify(t, it, only("requestSample accepts"))
}

const plain = "accepts a plain request$"

// sample are variants of the honest server, with the interactions that they are
// asked for. The whole pact takes twenty times as long as the plain requests.
var sample = map[string]string{
	"422-for-400": "", "empty-refusals": "", "documented-examples": "", "refuses-running-action": "",
	"extra-members": plain, "context-of-other-host": plain, "upper-case-hashes": plain, "short-machine-id": plain,
	"comment-empty":          plain,
	"times-without-fraction": plain, "times-in-mixed-precision": plain, "many-instances": plain, "no-instances": plain,
	"status-pending":               plain,
	"odata-parameters-and-charset": plain, "capital-media-type": plain, "chunked": plain,
	"upper-case-header-names": plain,
}

// unsuited are the variants that pact-go cannot verify, with the reason.
var unsuited = map[string]string{
	"one-connection-at-a-time": "pact-go asks on a second connection while it keeps the first open",
	"zips-by-old-name":         "pact-go undoes gzip by this name alone",
}

func TestThePactIsNoStricterThanTheContract(t *testing.T) {
	left := maps.Clone(sample)
	for _, v := range reference.Variants() {
		if unsuited[v.Name] != "" {
			continue
		}
		how, sampled := sample[v.Name]
		if !sampled && !*update {
			continue
		}
		delete(left, v.Name)
		if !sampled {
			how = plain
		}
		t.Run(v.Name, func(t *testing.T) { pact.Verify(t, target(v.Wrap(honest())), only(how)) })
	}
	if len(left) > 0 {
		t.Errorf("want each of the sample to be a variant, got %v that are none", slices.Sorted(maps.Keys(left)))
	}
}
