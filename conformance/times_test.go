package conformance_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
)

// inNanoseconds is an honest server that writes times as Go does, with up to nine
// digits: every second time has zeros at its end, which are left out.
func inNanoseconds(seed uint64) http.Handler {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, seed))
	times := regexp.MustCompile(`("(?:creation|lastUpdate)DateTimeUtc":")[^"]*`)
	honest := honest()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		honest.ServeHTTP(answer, r)
		mu.Lock()
		at := time.Date(2020, 3, 14, 15, 9, 26, random.IntN(1e9), time.UTC)
		if random.IntN(2) == 0 {
			at = at.Truncate(time.Microsecond)
		}
		mu.Unlock()
		body := times.ReplaceAll(answer.Body.Bytes(), []byte("${1}"+at.Format(time.RFC3339Nano)))
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		w.Write(body)
	})
}

func keysOf(r *record.Report) (keys []string) {
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			keys = append(keys, f.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestFindingsOnTimesDoNotHangOnTheirDigits(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the suite against many servers")
	}
	options := conformance.Options{Run: "/valid/accepts-[a-i]", Skip: "long|huge", Strict: true}
	want := []string{ // the times of that server are not current
		"times-current requestSample/valid/accepts-plain-request#0 /creationDateTimeUtc",
		"times-current requestSample/valid/accepts-plain-request#0 /lastUpdateDateTimeUtc",
		"times-current stopAndQuarantineFile/valid/accepts-plain-request#0 /creationDateTimeUtc",
		"times-current stopAndQuarantineFile/valid/accepts-plain-request#0 /lastUpdateDateTimeUtc",
		"times-with-z requestSample/valid/accepts-plain-request#0 /creationDateTimeUtc",
		"times-with-z requestSample/valid/accepts-plain-request#0 /lastUpdateDateTimeUtc",
		"times-with-z stopAndQuarantineFile/valid/accepts-plain-request#0 /creationDateTimeUtc",
		"times-with-z stopAndQuarantineFile/valid/accepts-plain-request#0 /lastUpdateDateTimeUtc",
	}
	var first *record.Report
	for i := range 50 {
		r := run(t, target(inNanoseconds(uint64(i))), options)
		require.Equal(t, want, keysOf(r), "run %d", i)
		if first == nil {
			first = r
		}
		c := compare.Compare(first, r, compare.Options{StrictShape: true})
		require.Equal(t, compare.Same, c.Verdict, c.Reason)
	}
	require.Equal(t, record.NotConformant, first.Verdict)
	options.Strict = false
	lenient := run(t, target(inNanoseconds(0)), options)
	require.Equal(t, record.Conformant, lenient.Verdict, "no standard bounds the digits")
	options.Level = record.Standard
	require.Empty(t, keysOf(run(t, target(inNanoseconds(0)), options)))
}

func TestTimesOfOneOperationAreNotChargedToTheOther(t *testing.T) {
	r := run(t, target(faulty(t, "offsets-times-to-sample")), conformance.Options{Run: "valid/accepts-(plain|unicode)"})
	require.Equal(t, []string{
		"times-with-z requestSample/valid/accepts-plain-request#0 /creationDateTimeUtc",
		"times-with-z requestSample/valid/accepts-plain-request#0 /lastUpdateDateTimeUtc",
	}, keysOf(r))
}

// An answer that is too long for the record is judged by where there is no other,
// so that the record matches its exchanges in both cases.
func TestTimesOfLongAnswersAreBorneOut(t *testing.T) {
	long := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes())
			if answer.Code == http.StatusCreated {
				w.Write(bytes.Repeat([]byte(" "), 100<<10))
			}
		})
	}
	suite := load(t)
	r := run(t, target(long(inNanoseconds(1))),
		conformance.Options{Run: "valid/accepts-(plain|unicode|control|crlf|digits|json|markup|tabs)"})
	require.NotEmpty(t, keysOf(r))
	require.True(t, r.Cases[0].Exchanges[0].Response.Shortened)
	v, err := suite.Verify(r)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
}
