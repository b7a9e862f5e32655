package conformance_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// No request for a path next to those of the operations leaves for a target that is not
// loopback, armed or not: what a server makes of it is anybody's guess.
func TestNoPathBesideAnOperationIsAskedForElsewhere(t *testing.T) {
	suite := load(t)
	var neighbours []string
	for _, c := range suite.Cases {
		if strings.Contains(c.ID, "/path/") {
			neighbours = append(neighbours, c.ID)
		}
	}
	for why, o := range map[string]conformance.Options{
		"not armed": {Run: "/path/|refuses-missing-authorization$"},
		"armed": {Run: "/path/|refuses-missing-authorization$", AcceptRisk: []string{"requestSample",
			"stopAndQuarantineFile"},
			MaxActions: 1000, Journal: func(record.JournalEntry) error { return nil }},
	} {
		plan, err := suite.Plan(t.Context(), conformance.Target{URL: "https://api.contoso.example", Token: token,
			Machine: "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", UnknownMachine: strings.Repeat("0", 40),
			File: strings.Repeat("ab", 20)}, o)
		require.NoError(t, err, why)
		require.NotEmpty(t, plan.Requests, why)
		for _, q := range plan.Requests {
			require.NotContains(t, q.Case, "/path/", "%s: %s", why, q.Request.URL)
		}
		var withheld []string
		for _, c := range plan.Withheld {
			if strings.Contains(c.ID, "/path/") {
				withheld = append(withheld, c.ID)
			}
		}
		require.ElementsMatch(t, neighbours, withheld, why)
	}
}

func TestAPathBesideAnOperationMayBeRedirectedFrom(t *testing.T) {
	h := honest()
	redirecting := func(status int, suffix string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, suffix) {
				http.Redirect(w, r, "/elsewhere", status)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	rows := []struct {
		why    string
		h      http.Handler
		broken []string
	}{
		{"308 from a slash at the end", redirecting(308, "/"), nil},
		{"301 from a slash at the end", redirecting(301, "/"), nil},
		{"302 from a slash at the end", redirecting(302, "/"), []string{"http.no-redirect"}},
		{"308 from an action that it does not know", redirecting(308, "noSuchAction"), []string{"http.no-redirect",
			"path.exact"}},
		{"308 from the path itself", redirecting(308, "/requestSample"), []string{"http.no-redirect",
			"operation.exists"}},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			r := run(t, target(row.h), conformance.Options{Run: "^requestSample/(path/answers-trailing-slash|" +
				"path/refuses-unknown-action|valid/accepts-plain-request)$"})
			for _, id := range row.broken {
				if id != "operation.exists" {
					require.Contains(t, broken(r), id)
				}
			}
			if row.broken == nil {
				require.Empty(t, broken(r))
			}
		})
	}
}
