package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

func TestAFieldOfTheUserStandsInPlaceOfTheOneThatIsMadeUp(t *testing.T) {
	s := shared(t)
	target := Target{Handler: http.NotFoundHandler(), Transport: Transport{Header: []record.Field{{Name: "Host",
		Value: "other.example"}, {Name: "user-agent", Value: "us"}, {Name: "Accept", Value: "text/plain"}}}}
	p, err := s.Plan(t.Context(), target, Options{Run: "^requestSample/valid/accepts-plain-request$"})
	require.NoError(t, err)
	count := map[string]int{}
	for _, f := range p.Requests[0].Request.Header {
		count[strings.ToLower(f.Name)]++
		require.NotEqual(t, "in-memory", f.Value)
		require.NotEqual(t, "fmaspec/"+Version, f.Value)
	}
	for _, name := range []string{"host", "user-agent", "accept"} {
		require.Equal(t, 1, count[name], "%s: %v", name, count)
	}
}

func TestCurlNamesTheHostWhereItIsNotThatOfTheURL(t *testing.T) {
	target := record.TargetInfo{URL: "http://tenant.example:8080/api"}
	line := func(header ...record.Field) string {
		text, why := curl.Line(record.Request{Method: "GET", URL: target.URL + "/x", Header: header}, target, nil)
		require.Empty(t, why)
		return text
	}
	require.NotContains(t, line(record.Field{Name: "Host", Value: "tenant.example:8080"}), "Host")
	require.Contains(t, line(record.Field{Name: "Host", Value: "tenant.example"}), " -H 'Host: tenant.example' ")
	require.Contains(t, line(record.Field{Name: "host", Value: "other.example"}), " -H 'host: other.example' ")
	require.Contains(t, line(), " -H 'Host:' ")
}
