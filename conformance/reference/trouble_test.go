package reference_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

// statuses asks a server so often and returns what it answered.
func statuses(t *testing.T, h http.Handler, times int) (got []int, last *httptest.ResponseRecorder) {
	t.Helper()
	for range times {
		r, err := probe{body: good}.request(t.Context(), "http://127.0.0.1")
		require.NoError(t, err)
		last = httptest.NewRecorder()
		got = append(got, answered(h, last, r))
	}
	return got, last
}

// answered serves a request and returns the status, 0 where the connection is closed.
func answered(h http.Handler, w *httptest.ResponseRecorder, r *http.Request) (status int) {
	defer func() {
		if recover() != nil {
			status = 0
		}
	}()
	h.ServeHTTP(w, r)
	return w.Code
}

func atOnce(context.Context, time.Duration) error { return nil }

func TestTroublesAnswerAsTheyAreNamed(t *testing.T) {
	rows := map[string][]int{
		"throttled":                 {429, 429, 429, 429},
		"throttled-every-third":     {201, 201, 429, 201, 201, 429},
		"throttled-every-hundredth": append(slices.Repeat([]int{201}, 99), 429, 201),
		"unavailable":               {503, 503, 503},
		"unavailable-once":          {503, 201, 201},
		"loses-every-third-answer":  {201, 201, 0, 201, 201, 0},
		"late":                      {201, 201},
	}
	slug := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, trouble := range reference.Troubles(atOnce) {
		require.Regexp(t, slug, trouble.Name)
		require.NotEmpty(t, trouble.Says)
		_, fault := reference.FindFault(trouble.Name)
		require.False(t, fault, "%s is a fault too", trouble.Name)
		require.False(t, slices.ContainsFunc(reference.Variants(),
			func(v reference.Variant) bool { return v.Name == trouble.Name }), "%s is a variant too", trouble.Name)
		want := rows[trouble.Name]
		require.NotEmpty(t, want, "give %s a row", trouble.Name)
		for range 2 { // each Wrap starts with new state
			if got, _ := statuses(t, trouble.Wrap(reference.New(config())), len(want)); !slices.Equal(got, want) {
				t.Errorf("%s: want %v, got %v", trouble.Name, want, got)
			}
		}
		delete(rows, trouble.Name)
	}
	require.Empty(t, rows, "want a trouble for each row")
}

func TestATurnedAwayClientIsToldWhenToComeBack(t *testing.T) {
	codes := map[int]string{429: "TooManyRequests", 503: "ServiceUnavailable"}
	for _, trouble := range reference.Troubles(atOnce) {
		for times, seconds := range map[int]string{1: "2", 3: "2", 100: "1"} {
			_, answer := statuses(t, trouble.Wrap(reference.New(config())), times)
			want, away := codes[answer.Code]
			if !away {
				continue
			}
			if trouble.Name != "throttled-every-hundredth" {
				seconds = "2"
			}
			require.Equal(t, seconds, answer.Header().Get("Retry-After"), trouble.Name)
			require.Equal(t, "application/json", answer.Header().Get("Content-Type"), trouble.Name)
			var body struct {
				Error struct{ Code, Message string }
			}
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
			require.Equal(t, want, body.Error.Code)
			require.NotEmpty(t, body.Error.Message)
		}
	}
}

func TestALostAnswerIsOfARequestThatWasCarriedOut(t *testing.T) {
	i := slices.IndexFunc(reference.Troubles(nil),
		func(t reference.Trouble) bool { return t.Name == "loses-every-third-answer" })
	var status []int
	lost := reference.Troubles(nil)[i].Wrap(reference.New(config()))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusSeen{ResponseWriter: w}
		defer func() { status = append(status, seen.status) }()
		lost.ServeHTTP(seen, r)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for n := 1; n <= 3; n++ {
		r, err := probe{body: good}.request(t.Context(), server.URL)
		require.NoError(t, err)
		answer, err := client.Do(r)
		if n == 3 {
			require.Error(t, err, "want no byte of the answer to arrive")
			continue
		}
		require.NoError(t, err)
		answer.Body.Close()
	}
	server.Close()
	require.Equal(t, []int{201, 201, 201}, status)
}

// statusSeen keeps the status of an answer.
type statusSeen struct {
	http.ResponseWriter
	status int
}

func (w *statusSeen) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func TestLateWaitsAsLongAsItIsToldAndKeepsTheBody(t *testing.T) {
	var waited []time.Duration
	late := reference.Late(250*time.Millisecond, func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	})
	got, _ := statuses(t, late(reference.New(config())), 2)
	require.Equal(t, []int{201, 201}, got)
	require.Equal(t, []time.Duration{250 * time.Millisecond, 250 * time.Millisecond}, waited)

	tooLong := httptest.NewRequest("POST", samplePath, strings.NewReader(strings.Repeat(" ", 3<<20)))
	tooLong.Header.Set("Authorization", "Bearer "+token)
	tooLong.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	late(reference.New(config())).ServeHTTP(answer, tooLong)
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.Code, "a body beyond the limit is still beyond it")
}

func TestLateBreaksOffWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	asked := false
	h := reference.Late(time.Hour, nil)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", samplePath, nil))
	})
	require.False(t, asked, "nobody is there to answer")
}

func TestLateGoesByTheClock(t *testing.T) {
	got, _ := statuses(t, reference.Late(time.Nanosecond, nil)(reference.New(config())), 1)
	require.Equal(t, []int{201}, got)
}
