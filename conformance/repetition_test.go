package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// remembering is the honest server, but for what it answers to a request for the same
// file on the same machine as an earlier one.
func remembering(again func(http.ResponseWriter, []byte)) http.Handler {
	var mu sync.Mutex
	made := map[string][]byte{}
	h := honest()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		a := &kept{header: http.Header{}}
		h.ServeHTTP(a, r)
		if a.status == http.StatusCreated {
			var request struct{ Sha1 string }
			_ = json.Unmarshal(body, &request)
			key := r.URL.Path + " " + strings.ToLower(request.Sha1)
			mu.Lock()
			first := made[key]
			if first == nil {
				made[key] = a.body.Bytes()
			}
			mu.Unlock()
			if first != nil && again != nil {
				again(w, first)
				return
			}
		}
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		w.Write(a.body.Bytes())
	})
}

// kept is an answer that is held back.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

// says answers with a status and a text.
func says(status int, text string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/actions/1")
		w.WriteHeader(status)
		io.WriteString(w, text)
	}
}

func TestWhatARepetitionIsAnsweredMakesNoVerdictHangOnHistory(t *testing.T) {
	rows := map[string]func(http.ResponseWriter, []byte){
		"409": says(409,
			`{"error":{"code":"Conflict","message":"There is such an action."}}`),
		"303":                     says(303, ""),
		"202":                     says(202, `{"state":"running"}`),
		"208":                     says(208, `[]`),
		"200 with something else": says(200, `{"message":"is under way"}`),
		"200 with the action": func(w http.ResponseWriter, first []byte) {
			says(200, string(first))(w,
				first)
		},
		"400 that says so": says(400,
			`{"error":{"code":"ActiveRequestAlreadyExists","message":"Action is already in progress"}}`),
		"201 with the same action": func(w http.ResponseWriter, first []byte) {
			says(201, string(first))(w,
				first)
		},
		"201 with an action of its own": nil,
	}
	for name, again := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := remembering(again)
			var verdicts []string
			runs := 3
			if testing.Short() {
				runs = 1
			}
			for i := range runs {
				r := run(t, target(server), conformance.Options{Strict: true, Run: "/(valid|state)/|refuses-missing",
					Seed: fmt.Sprint("run ", i)})
				verdicts = append(verdicts, strings.TrimSpace(string(r.Verdict)+" "+r.Reason))
				require.Empty(t, broken(r))
				v, err := load(t).Verify(written(t, r))
				require.NoError(t, err)
				require.Empty(t, v.Differences)
			}
			require.Equal(t, slices.Repeat([]string{"conformant"}, runs), verdicts)
		})
	}
}

func TestAConflictOfAFreshFileIsAFinding(t *testing.T) {
	r := run(t, target(faulty(t, "answers-409")), conformance.Options{Run: "valid/accepts-plain-request"})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Equal(t, []string{"response.created"}, broken(r))
}

// Of a request that was refused came no action, which another could repeat.
func TestAConflictBehindARefusalIsAFinding(t *testing.T) {
	const text = `# Accepts a request for a file behind one that is refused.
# operation: requestSample
# proves: request.json, state.isolated
# expect: refused 401
POST {{path}}
Content-Type: application/json

{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}

### again
# expect: accepted
POST {{path}}
Authorization: Bearer {{token}}
Content-Type: application/json

{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}
`
	s, err := conformance.Load(conformance.Contract{}, own(text))
	require.NoError(t, err)
	honest, asked := honest(), false
	r, err := s.Run(t.Context(), target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked && r.Header.Get("Authorization") != "" {
			says(409, "")(w, nil)
			return
		}
		asked = true
		honest.ServeHTTP(w, r)
	})), conformance.Options{Parallel: 1, Run: "^requestSample/"})
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, r.Verdict, r.Reason)
}

func TestAConflictExcusesNothingElseInItsCase(t *testing.T) {
	const again = `

### again
# expect: accepted
POST {{path}}
Authorization: Bearer {{token}}
Content-Type: application/json

{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}

### another
# expect: accepted
POST {{path}}
Authorization: Bearer {{token}}
Content-Type: application/json

{"Comment": "{{comment.9}}", "Sha1": "{{sha1.9}}"}
`
	s, err := conformance.Load(conformance.Contract{}, own(strings.TrimRight(sound, "\n")+again))
	require.NoError(t, err)
	var n int
	h := remembering(says(409, ""))
	serve := func(spoils int) *record.Report {
		n = 0
		r, err := s.Run(t.Context(), target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n == spoils {
				says(500, "")(w, nil)
				return
			}
			h.ServeHTTP(w, r)
		})), conformance.Options{Parallel: 1, Run: "^requestSample/"})
		require.NoError(t, err)
		return r
	}
	r := serve(0)
	require.Equal(t, record.Inconclusive, r.Cases[0].Outcome, causes(r.Cases[0]))
	r = serve(3)
	require.Equal(t, record.Failed, r.Cases[0].Outcome, causes(r.Cases[0]))
	require.Equal(t, 2, r.Cases[0].Findings[0].Step)
}

func TestANamedFileThatIsActedOnAlreadyProvesNothing(t *testing.T) {
	named := target(remembering(says(409, "")))
	named.File = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	run(t, named, conformance.Options{Run: "valid/accepts-plain-request"})
	r := run(t, named, conformance.Options{Run: "valid/accepts-plain-request"})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Empty(t, broken(r))

	always := target(faulty(t, "answers-200"))
	always.File = named.File
	r = run(t, always, conformance.Options{})
	require.Equal(t, record.Unjudged, r.Verdict, "want no success where nothing was ever created")
	require.Contains(t, r.Reason, "no action was seen to be created")
	require.False(t, slices.ContainsFunc(r.Cases, func(c record.CaseResult) bool { return c.Outcome == record.Failed }))
}
