package conformance_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
)

func TestEveryTokenHasOneRow(t *testing.T) {
	fields := map[string]bool{}
	for _, k := range conformance.Tokens() {
		var target conformance.Target
		*k.In(&target) = "x-" + k.Variable
		require.Equal(t, "x-"+k.Variable, reflect.ValueOf(target).FieldByName(k.Field).String(),
			"want the row of %s to reach Target.%s", k.Variable, k.Field)
		fields[k.Field] = true
		require.Equal(t, "FMASPEC_"+strings.ToUpper(strings.ReplaceAll(k.Name(), " ", "_")), k.Env())
		found, known := conformance.TokenNamed(k.Variable)
		require.True(t, known)
		require.Equal(t, k.Field, found.Field)
	}
	of := reflect.TypeFor[conformance.Target]()
	for i := range of.NumField() {
		if f := of.Field(i); strings.HasSuffix(f.Name, "Token") && f.Type.Kind() == reflect.String {
			require.True(t, fields[f.Name], "Target.%s has no row in Tokens, conformance/token.go", f.Name)
		}
	}
	_, known := conformance.TokenNamed("token-of-nobody")
	require.False(t, known)
}

// withoutRow lists the needs that cases may name and nothing supplies.
func withoutRow(needs []string) (out []string) {
	for _, need := range needs {
		if _, known := conformance.TokenNamed(need); !known && !httpfile.IsMachine(need) {
			out = append(out, need+" has no row in Tokens, conformance/token.go")
		}
	}
	return out
}

func TestEveryNeedOfCasesIsSupplied(t *testing.T) {
	require.Empty(t, withoutRow(httpfile.Needs()))
	require.Equal(t, []string{"reader-token has no row in Tokens, conformance/token.go"},
		withoutRow([]string{"invalid-token", "reader-token"}))
	require.Len(t, httpfile.Needs(), len(conformance.Tokens())+1, "want all tokens but the first, and two machines")
}
