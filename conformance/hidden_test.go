package conformance_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

func TestNoRecordHoldsWhatIsHidden(t *testing.T) {
	t.Parallel()
	const of = "the-secret-of-another-server"
	it := target(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { http.Error(w, "I know "+of, 400) }))
	it.Hidden = []record.Field{{Name: "other-token", Value: of}, {Name: "short", Value: "know"}}
	r, err := load(t).Run(t.Context(), it, conformance.Options{Run: "^requestSample/valid/accepts-plain"})
	require.NoError(t, err)
	require.Equal(t, "I know "+strings.Repeat("*", len(of))+"\n", string(r.Cases[0].Exchanges[0].Response.Body))
	require.True(t, r.Cases[0].Exchanges[0].Leaked)
}
