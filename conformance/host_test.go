package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFieldOfTheUserStandsInPlaceOfTheOneThatIsMadeUp(t *testing.T) {
	s, err := remoteSuite()
	require.NoError(t, err)
	target := Target{Handler: http.NotFoundHandler(), Transport: Transport{Header: []Field{{"Host", "other.example"}, {"user-agent", "us"}, {"Accept", "text/plain"}}}}
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

func TestHTTP2AsksForTheHostOfTheCase(t *testing.T) {
	r, err := request2(t.Context(), sending{bytes: []byte("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")})
	require.NoError(t, err)
	require.Equal(t, "other.example", r.Host)
	_, err = request2(t.Context(), sending{bytes: []byte("GET / HTTP/1.1\r\n\r\n")})
	require.ErrorIs(t, err, errUnfit, "want a request without a host left to HTTP/1.1")
}

func TestCurlNamesTheHostWhereItIsNotThatOfTheURL(t *testing.T) {
	target := TargetInfo{URL: "http://tenant.example:8080/api"}
	line := func(header ...Field) string {
		text, why := curl(Request{Method: "GET", URL: target.URL + "/x", Header: header}, target, nil)
		require.Empty(t, why)
		return text
	}
	require.NotContains(t, line(Field{"Host", "tenant.example:8080"}), "Host")
	require.Contains(t, line(Field{"Host", "tenant.example"}), " -H 'Host: tenant.example' ")
	require.Contains(t, line(Field{"host", "other.example"}), " -H 'host: other.example' ")
	require.Contains(t, line(), " -H 'Host:' ")
}
