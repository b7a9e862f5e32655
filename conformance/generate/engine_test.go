package generate_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

// secondEngine validates by santhosh-tekuri/jsonschema, with what is inferred as a constraint
// too. It returns the error's text.
func secondEngine(t *testing.T, name string) func(body []byte) string {
	t.Helper()
	text, err := fs.ReadFile(schemas.FS(), name+".schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	for _, member := range doc.(map[string]any)["properties"].(map[string]any) {
		member := member.(map[string]any)
		inferred, _ := member["x-inferred"].([]any)
		for _, entry := range inferred {
			member["pattern"] = entry.(map[string]any)["pattern"]
		}
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, compiler.AddResource("schema.json", doc))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return func(body []byte) string {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return err.Error()
		}
		if err := compiled.Validate(value); err != nil {
			return err.Error()
		}
		return ""
	}
}

// failsFor answers 500 to requests whose body is of a kind.
func failsFor(h http.Handler, kind func(body string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if kind(string(body)) {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	})
}
