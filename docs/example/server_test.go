package example

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"fmaspec/conformance"
	"fmaspec/conformance/conformancetest"
)

const token = "a-token-that-the-server-issued"

// TestContract judges the handler in memory, without a port. Its result may be
// cached, for go test knows when the handler changes.
func TestContract(t *testing.T) {
	conformancetest.Run(t, conformance.Target{Handler: handler(), Token: token})
}

// TestContractByURL judges whatever listens at EXAMPLE_URL, or a server of its own.
// Say "go test -count=1 ./...": go test does not know when the server behind a URL
// changes, and would repeat an old result, so that this test fails without it.
func TestContractByURL(t *testing.T) {
	url := os.Getenv("EXAMPLE_URL")
	if url == "" {
		server := httptest.NewServer(handler())
		t.Cleanup(server.Close)
		url = server.URL
	}
	conformancetest.Run(t, conformance.Target{URL: url, Token: token})
}

// handler is the server under test. EXAMPLE_BUG=status breaks it, to show what
// a failure looks like.
func handler() http.Handler {
	good := Server{Token: token}.Handler()
	if os.Getenv("EXAMPLE_BUG") != "status" {
		return good
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { good.ServeHTTP(answers200{w}, r) })
}

// answers200 sends 200 in place of 201.
type answers200 struct{ http.ResponseWriter }

func (w answers200) WriteHeader(status int) {
	if status == http.StatusCreated {
		status = http.StatusOK
	}
	w.ResponseWriter.WriteHeader(status)
}
