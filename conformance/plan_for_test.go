package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// One plan judges several handlers at once, as a run of each with its seed does.
func TestAPlanServesManyHandlers(t *testing.T) {
	s := load(t)
	broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		honest().ServeHTTP(answer, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		w.Write([]byte(strings.Replace(answer.Body.String(), `"id":`, `"ID":`, 1)))
	})
	handlers := []http.Handler{honest(), broken, honest()}
	options := conformance.Options{Seed: "plan", Run: "/valid/|/auth/"}
	p, err := s.Plan(t.Context(), target(handlers[0]), options)
	require.NoError(t, err)
	reports := make([]*record.Report, len(handlers))
	var all sync.WaitGroup
	for i, h := range handlers {
		all.Go(func() {
			own, err := p.For(h, "handler")
			if err == nil {
				reports[i], err = own.Run(t.Context())
			}
			require.NoError(t, err)
		})
	}
	all.Wait()
	for i, h := range handlers {
		alone := run(t, target(h), options)
		require.Equal(t, alone.Verdict, reports[i].Verdict)
		require.Equal(t, alone.Totals.Failed, reports[i].Totals.Failed)
		require.Equal(t, alone.Totals.Requests, reports[i].Totals.Requests)
		for n, c := range alone.Cases {
			require.Equal(t, c.Outcome, reports[i].Cases[n].Outcome, c.ID)
			require.Equal(t, c.Exchanges[0].Request, reports[i].Cases[n].Exchanges[0].Request, c.ID)
		}
		require.Equal(t, "handler", reports[i].Target.Name)
	}
	require.Equal(t, record.NotConformant, reports[1].Verdict)
}

func TestAPlanServesNoOtherTarget(t *testing.T) {
	s := load(t)
	p, err := s.Plan(t.Context(), target(honest()), conformance.Options{Run: "/valid/"})
	require.NoError(t, err)
	_, err = p.For(nil, "")
	require.EqualError(t, err, "plan: the target is no handler; make a plan of its own for each URL")
	_, err = p.Run(t.Context())
	require.NoError(t, err)
	_, err = p.For(honest(), "")
	require.EqualError(t, err, "plan: it was started before; call For on a plan that is not")

	byPort := target(nil)
	byPort.URL = "http://127.0.0.1:1"
	p, err = s.Plan(t.Context(), byPort, conformance.Options{Run: "/valid/"})
	require.NoError(t, err)
	_, err = p.For(honest(), "")
	require.ErrorContains(t, err, "the target is no handler")
}
