package pactfile

import (
	"net/http"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/openapi"
)

// A request is a step of a case with values filled in.
type request struct {
	method, path string
	header       http.Header
	body         []byte
}

// sample binds the first step of a case to example values.
func sample(suite *conformance.Suite, c *conformance.Case) (r request, err error) {
	op, step := operation(suite, c.Operation), c.Steps[0]
	values := map[string]string{
		httpfile.InvalidToken: "token-that-was-never-issued", "machine": Machine,
		httpfile.UnknownMachine: "28b82620de7ec9f1d50dbd714583fb79c582479e",
		httpfile.OtherMachine:   "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f",
		"operation":             op.ID, "path": op.PathFor(Machine),
	}
	for _, t := range TokenStates() {
		values[t.Variable] = t.Value
	}
	expand := func(text string) string {
		value, problem := httpfile.Expand(text, func(name string, _ []string) (string, error) {
			if value, ok := values[name]; ok {
				return value, nil
			}
			if strings.HasPrefix(name, "sha1") {
				return Sha1, nil
			}
			return Comment, nil
		})
		if err == nil {
			err = problem
		}
		return value
	}
	r = request{method: step.Method, path: expand(step.Path), header: http.Header{}, body: []byte(expand(step.Body))}
	for _, f := range step.Header {
		if f.Value != httpfile.None {
			r.header.Add(f.Name, expand(f.Value))
		}
	}
	return r, err
}

// A TokenState is the provider state for a token of the suite.
type TokenState struct {
	Variable  string // of the token in fixtures
	State     string
	Parameter string // that the state's handler returns
	Value     string // that stands in requests until then
}

// TokenStates returns the states of all tokens that Pact can express.
func TokenStates() []TokenState {
	return []TokenState{
		{"token", TokenOfActor, ParamToken, Token},
		{httpfile.UnprivilegedToken, TokenWithoutRoles, ParamUnprivileged, UnprivilegedToken},
		{httpfile.SecurityAdminToken, TokenOfSecurityAdmin, ParamSecurityAdmin, SecurityAdminToken},
		{httpfile.GlobalAdminToken, TokenOfGlobalAdmin, ParamGlobalAdmin, GlobalAdminToken},
	}
}

// operation returns the suite's operation with that ID.
func operation(suite *conformance.Suite, id string) openapi.Operation {
	for _, op := range suite.Operations {
		if op.ID == id {
			return op
		}
	}
	return openapi.Operation{}
}
