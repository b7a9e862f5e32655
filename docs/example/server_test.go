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

// TestContract judges the handler in memory, without a port.
func TestContract(t *testing.T) {
	conformancetest.Run(t, conformance.Target{Handler: handler(), Token: token})
}

// TestContractByURL judges whatever listens at a URL.
func TestContractByURL(t *testing.T) {
	server := httptest.NewServer(handler())
	t.Cleanup(server.Close)
	conformancetest.Run(t, conformance.Target{URL: server.URL, Token: token})
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
