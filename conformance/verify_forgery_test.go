package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// leaves calls visit with each value of a report that has no parts, and its path as
// in [conformance.ReportFields]. A value that cannot be set stands for one that an
// empty list, or a pointer to nothing, could hold.
func leaves(path string, v reflect.Value, visit func(string, reflect.Value)) {
	switch {
	case slices.Contains([]reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[record.Body](),
		reflect.TypeFor[record.Places]()}, v.Type()):
		visit(path, v)
	case path != "" && v.Type() == reflect.TypeFor[*record.Report](), // which has the same fields again
		v.Type() == reflect.TypeFor[*record.LoadInfo](): // a report with one is refused
		visit(path, v)
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			leaves(path, reflect.Zero(v.Type().Elem()), visit)
			return
		}
		leaves(path, v.Elem(), visit)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous {
				leaves(path, v.Field(i), visit)
				continue
			}
			if name == "-" { // it is not in the record
				continue
			}
			leaves(strings.TrimPrefix(path+"."+name, "."), v.Field(i), visit)
		}
	case v.Kind() == reflect.Slice && v.Len() == 0:
		leaves(path+"[]", reflect.Zero(v.Type().Elem()), visit)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			leaves(path+"[]", v.Index(i), visit)
		}
	case v.Kind() == reflect.Map:
		leaves(path+"{}", reflect.Zero(v.Type().Elem()), visit)
	default:
		visit(path, v)
	}
}

func TestEveryFieldOfAReportSaysHowItIsVerified(t *testing.T) {
	var listed, there []string
	for _, f := range conformance.ReportFields() {
		listed = append(listed, f.Path)
		if f.Source != conformance.Derived && f.Why == "" {
			t.Errorf("%s: want the reason why it is not derived", f.Path)
		}
	}
	leaves("", reflect.ValueOf(&record.Report{}), func(path string, _ reflect.Value) { there = append(there, path) })
	slices.Sort(listed)
	slices.Sort(there)
	require.Equal(t, slices.Compact(there), listed, "want a row of ReportFields for each field of Report")
}

// forged changes one value to another of its kind.
func forged(t *testing.T, path string, v reflect.Value) {
	if v.Type() == reflect.TypeFor[*record.Report]() {
		v.Set(reflect.ValueOf(&record.Report{}))
		return
	}
	if v.Type() == reflect.TypeFor[*record.LoadInfo]() {
		v.Set(reflect.ValueOf(&record.LoadInfo{}))
		return
	}
	t.Helper()
	if path == "suite.skip" { // a pattern that matches none of the cases that were chosen changes nothing
		v.SetString("accepts-plain")
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *record.Verdict:
		*x = map[record.Verdict]record.Verdict{record.Conformant: record.Unjudged,
			record.NotConformant: record.Conformant, record.Unjudged: record.Conformant}[*x]
	case *record.Body:
		*x = append(slices.Clone(*x), ' ')
	case *record.Places:
		x.Document += "0"
	case *time.Time:
		*x = x.Add(time.Hour)
	default:
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "0")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		default:
			t.Fatalf("%s: no way to forge a %s", path, v.Type())
		}
	}
}

// copies returns a function that returns a copy of a report that was written and read: it
// takes a third of the time that writing and reading take.
func copies(t *testing.T, r *record.Report) func() *record.Report {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	again := func() *record.Report {
		out := new(record.Report)
		require.NoError(t, json.Unmarshal(text, out))
		return out
	}
	require.Equal(t, written(t, r), again())
	return again
}

func TestVerifyNamesEachFieldThatIsForged(t *testing.T) {
	if testing.Short() {
		t.Skip("it forges each field of two long records")
	}
	t.Parallel()
	suite := load(t)
	o := conformance.Options{Run: "^requestSample/(valid/accepts-plain|auth/refuses-missing-auth|" +
		"auth/refuses-user|body/answers-chunked|machine/|state/accepts-request-on-other-machine)"}
	local := recordOf(t, suite, "answers-200", o)
	it := newTenant(t, honest(), func() int { return 0 })
	it.Machine, it.File, it.OtherMachine = tenantMachine, tenantFile, otherMachine
	o = armed(o)
	away, err := suite.Run(t.Context(), it.Target, o)
	require.NoError(t, err)
	require.Positive(t, away.Safety.Actions)
	away = written(t, away)
	for name, whole := range map[string]*record.Report{"on this machine": local, "elsewhere": away} {
		again := copies(t, whole)
		v, err := suite.Verify(whole)
		require.NoError(t, err)
		require.Empty(t, v.Differences, name)
		tried := map[string]int{}
		var paths []string
		leaves("", reflect.ValueOf(whole), func(path string, _ reflect.Value) { paths = append(paths, path) })
		for i, path := range paths {
			row := conformance.ReportFields()[slices.IndexFunc(conformance.ReportFields(),
				func(f conformance.ReportField) bool { return f.Path == path })]
			if row.Source != conformance.Derived || tried[path] == 2 {
				continue
			}
			r := again()
			n, is := 0, true
			leaves("", reflect.ValueOf(r), func(path string, v reflect.Value) {
				if n++; n != i+1 {
					return
				}
				if is = v.CanSet(); is {
					forged(t, path, v)
				}
			})
			if !is {
				continue
			}
			tried[path]++
			v, err := suite.Verify(r)
			if err == nil && len(v.Differences) == 0 {
				t.Errorf("%s: want the forged %s named", name, path)
			}
		}
	}
}

func TestVerifyTakesAnyValueOfAField(t *testing.T) {
	t.Parallel()
	suite := load(t)
	whole := recordOf(t, suite, "answers-200",
		conformance.Options{Run: "^requestSample/(valid/accepts-plain|auth/refuses-missing-auth)"})
	values, again := 0, copies(t, whole)
	leaves("", reflect.ValueOf(whole), func(_ string, v reflect.Value) {
		if v.CanSet() {
			values++
		}
	})
	step := 3 // the rest is more of the same kind
	if testing.Short() {
		step = 60
	}
	for i := 0; i < values; i += step {
		for _, extreme := range []int64{-1, 1 << 40} {
			r, n := again(), 0
			leaves("", reflect.ValueOf(r), func(_ string, v reflect.Value) {
				if !v.CanSet() {
					return
				}
				if n++; n != i+1 {
					return
				}
				switch v.Kind() {
				case reflect.String:
					v.SetString(map[int64]string{-1: "", 1 << 40: "\x00$HEADER_X://%zz\r\n"}[extreme])
				case reflect.Int, reflect.Int64:
					v.SetInt(extreme)
				default:
					v.SetZero()
				}
			})
			_, _ = suite.Verify(r) // whatever it says, it says something
		}
	}
}

func TestVerifyBearsOutATokenThatIsTooShortToBeStruckOut(t *testing.T) {
	suite := load(t)
	it := target(honest())
	it.Token = "abc"
	r := written(t, run(t, it, conformance.Options{Run: "^requestSample/(auth|valid/accepts-plain)"}))
	v, err := suite.Verify(r)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	of(r, "requestSample/valid/accepts-plain-request").Exchanges[0].Request.Header[4].Value = "Bearer somebody"
	v, err = suite.Verify(r)
	require.NoError(t, err)
	require.NotEmpty(t, v.Differences)
}

func TestVerifyNamesWholeForgeries(t *testing.T) {
	t.Parallel()
	suite := load(t)
	const plain, refused = "requestSample/valid/accepts-plain-request",
		"requestSample/auth/refuses-missing-authorization"
	run := conformance.Options{Run: "^requestSample/(valid/accepts-plain|auth/refuses-missing-auth|auth/refuses-user)"}
	silent := func(o record.Outcome, reason string) func(*record.Report) {
		return func(r *record.Report) {
			c := of(r, plain)
			c.Outcome, c.Reason, c.Findings, c.Exchanges = o, reason, []record.Finding{}, []record.ExchangeResult{}
		}
	}
	for _, row := range []struct {
		why, place string // "" where an exception is wanted
		except     string
		change     func(*record.Report)
	}{
		{"not sent, as in an outage", "case " + plain, "",
			silent(record.Skipped, "not sent: too many requests like this one got no answer")},
		{"not sent, as in a run that was stopped", "interrupted", "",
			silent(record.Skipped, "the run was interrupted")},
		{"not sent, as where nothing is armed", "case " + plain, "",
			silent(record.Skipped, "not sent: it could take effect, and requestSample is not armed; pass "+
				"-accept-risk=requestSample with -machine and -sha1")},
		{"not applicable, as by HTTP/2", "case " + plain, "", silent(record.NotApplicable, "HTTP/2 has no chunks")},
		{"errored, for no reason of a run", "case " + plain, "", silent(record.Errored, "the moon was full")},
		{"errored, as without a token", "", "1 case without an exchange",
			silent(record.Errored, "not sent: there is no token: none")},
		{"another protocol", "exchange " + plain + "#0 protocol", "",
			func(r *record.Report) { r.Target.Protocol = "HTTP/2" }},
		{"called local", "safety", "", func(r *record.Report) {
			r.Target.URL, r.Safety.Local = "http://tenant.example",
				true
		}},
		{"marked as shortened", "exchange " + plain + "#0 shortened", "", func(r *record.Report) {
			c := of(r, plain)
			c.Findings, c.Exchanges[0].Response.Shortened = nil, true
		}},
		{"marked as shortened, at the length to which a record cuts", "finding created " + plain + "#0 status", "",
			func(r *record.Report) {
				c := of(r, plain)
				c.Findings, c.Exchanges[0].Response.Shortened = nil, true
				c.Exchanges[0].Response.Body = record.Body(strings.Repeat(" ", 32<<10))
			}},
		{"a header that only one request has", "exchange " + plain + "#0 header", "", func(r *record.Report) {
			x := &of(r, refused).Exchanges[0]
			x.Request.Header = append(x.Request.Header, record.Field{Name: "X-More", Value: "1"})
		}},
		{"a header that the case alone decides", "exchange " + refused + "#0 header Authorization", "",
			func(r *record.Report) {
				x := &of(r, refused).Exchanges[0]
				x.Request.Header = append(x.Request.Header, record.Field{Name: "Authorization",
					Value: "Bearer $FMASPEC_TOKEN"})
			}},
		{"times out of order", "exchange " + plain + "#0 started", "", func(r *record.Report) {
			of(r, plain).Exchanges[0].Started = r.Started.Add(-time.Hour)
		}},
		{"a setting that was not kept", "setting level", "", func(r *record.Report) {
			r.Settings = append(r.Settings, record.Setting{Flag: "level", Value: "documented"})
		}},
		{"a setting that is none", "setting run", "", func(r *record.Report) {
			r.Settings = append(r.Settings, record.Setting{Flag: "run", Value: "x"})
		}},
		{"an environment that is none", "environment", "", func(r *record.Report) { r.Environment.Go = "" }},
		{"pace", "pace retries", "", func(r *record.Report) { r.Pace.Retries = 2 }},
		{"time that nobody waited", "pace waited", "", func(r *record.Report) { r.Pace.Waited = 2 }},
		{"cases in another order", "cases", "", func(r *record.Report) { slices.Reverse(r.Cases) }},
		{"said to be interrupted", "interrupted", "", func(r *record.Report) {
			r.Interrupted, r.Verdict, r.Reason = true, record.Unjudged, "the run was interrupted, when 1 of 3 cases "+
				"had failed"
		}},
		{"not permitted, on this machine", "exchange " + plain + "#0 error", "", func(r *record.Report) {
			x := &of(r, plain).Exchanges[0]
			x.Response, x.ErrorKind, x.Error = nil, record.Withheld, "not sent: the budget is used up"
		}},
		{"a state that passes, and that nobody asked about again", "", "why an answer of a state that passes was not " +
			"asked for once more", func(r *record.Report) {
			of(r, plain).Exchanges[0].Response.Status = 503
		}},
		{"a last request that got no answer", "", "what was tried last, which got no answer", func(r *record.Report) {
			r.LastLook = &record.LastLook{Asked: refused + "#0", Got: "no answer"}
		}},
		{"a last request that the target had not answered", "last_look", "", func(r *record.Report) {
			r.LastLook = &record.LastLook{Asked: "GET /", Got: "no answer"}
		}},
		{"a last answer that is none of the implementation's", "last_look", "", func(r *record.Report) {
			r.LastLook = &record.LastLook{Asked: refused + "#0", Answered: true, Got: "503"}
		}},
		{"accepted by nothing", "baseline", "", func(r *record.Report) {
			of(r, plain).Findings[0].Known = &record.Known{Reason: "so", Owner: "me"}
		}},
		{"accepted by a file", "", "what is accepted by mine.txt", func(r *record.Report) {
			r.Baseline = &record.BaselineResult{File: "mine.txt", Entries: 1, Known: 1, Verdict: record.Conformant,
				Problems: []record.BaselineProblem{}}
			of(r, plain).Findings[0].Known = &record.Known{Reason: "so", Owner: "me"}
		}},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			r := recordOf(t, suite, "answers-200", run)
			row.change(r)
			v, err := suite.Verify(r)
			require.NoError(t, err)
			if row.place != "" && !slices.ContainsFunc(v.Differences,
				func(d conformance.Difference) bool { return d.Place == row.place }) {
				t.Errorf("want a difference at %q, got %q", row.place, v.Differences)
			}
			if row.except != "" && !slices.ContainsFunc(v.Exceptions,
				func(e conformance.Exception) bool { return e.What == row.except }) {
				t.Errorf("want the exception %q, got %q and %q", row.except, v.Exceptions, v.Differences)
			}
		})
	}
}

func TestVerifyBearsOutRunsOfEveryKind(t *testing.T) {
	if testing.Short() {
		t.Skip("it records and verifies eight long runs")
	}
	t.Parallel()
	suite := load(t)
	throttled := func(h http.Handler) http.Handler {
		n := 0
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if n++; n%3 == 0 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(429)
				return
			}
			h.ServeHTTP(w, q)
		})
	}
	tenant := newTenant(t, honest(), func() int { return 0 })
	tenant.Machine, tenant.File = tenantMachine, tenantFile
	named := target(honest())
	named.Transport = conformance.Transport{Header: []record.Field{{Name: "X-Api-Key", Value: "a key of mine"}},
		UserAgent: "me", RequestID: "X-Id"}
	two := target(honest())
	two.Transport.HTTP2 = true
	hasty := conformance.Options{Run: "^requestSample/(valid|auth)", RetryTime: time.Minute, Parallel: 1,
		Sleep: func(context.Context, time.Duration) error { return nil }}
	for _, row := range []struct {
		why    string
		target conformance.Target
		o      conformance.Options
	}{
		{"with fields of the user's", named, conformance.Options{Repeat: 2, Run: "^requestSample/"}},
		{"over HTTP/2", two, conformance.Options{Run: "^requestSample/"}},
		{"put off now and then", target(throttled(honest())), hasty},
		{"armed", tenant.Target, armed(conformance.Options{})},
		{"elsewhere, not armed", tenant.Target, conformance.Options{}},
		{"of something that speaks no HTTP", target(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprint(c, "220 ready\r\n")
				c.Close()
			}
		})), conformance.Options{Run: "^requestSample/valid"}},
		{"of long answers", target(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("h", 3000))
			w.WriteHeader(201)
			fmt.Fprint(w, strings.Repeat("x", 50_000))
		})), conformance.Options{}},
		{"of many long answers", target(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, strings.Repeat("x", 50_000))
		})), conformance.Options{}},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			r, err := suite.Run(t.Context(), row.target, row.o)
			require.NoError(t, err)
			v, err := suite.Verify(written(t, r))
			require.NoError(t, err)
			require.Empty(t, v.Differences)
		})
	}
}

// What of HTTP/2 breaks its rules may come behind more than is judged of a body.
func TestVerifyTakesAnyFaultBehindWhatIsJudgedOfABody(t *testing.T) {
	suite := load(t)
	r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(201)
		w.Write(bytes.Repeat([]byte(" "), coding.Limit+9))
	})), conformance.Options{Run: "^requestSample/valid/accepts-plain"})
	require.True(t, r.Cases[0].Exchanges[0].Response.Truncated)
	for kind, refuted := range map[record.WireKind]bool{record.TooLong: false, record.Malformed: false,
		record.Surplus: false, record.Slow: false, "": true, record.Conflict: true} {
		r.Cases[0].Exchanges[0].ErrorKind = kind
		v, err := suite.Verify(r)
		require.NoError(t, err)
		require.Equal(t, refuted, slices.ContainsFunc(v.Differences, func(d conformance.Difference) bool {
			return strings.HasSuffix(d.Place, " truncated")
		}), "%q: %v", kind, v.Differences)
	}
}
