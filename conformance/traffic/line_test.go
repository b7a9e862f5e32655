package traffic_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

func written(t testing.TB, exchanges ...record.Exchange) string {
	t.Helper()
	var b bytes.Buffer
	for _, x := range exchanges {
		require.NoError(t, traffic.Write(&b, x))
	}
	require.Equal(t, len(exchanges), strings.Count(b.String(), "\n"))
	return b.String()
}

// full is an exchange with every member set.
func full() record.Exchange {
	x := record.Exchange{Case: "requestSample/documented-example"}
	x.Step, x.Retries, x.Alone, x.Inert, x.Leaked = 3, 2, "because", true, true
	x.TokenIn, x.Action, x.Error, x.ErrorKind = []string{"body", "header A"}, "an-id", "cut <&> \u2028", record.Cut
	x.Started, x.Elapsed = time.Date(2024, 1, 2, 3, 4, 5, 678, time.UTC), 9*time.Second
	x.Lacks = []record.Part{record.WireForm, record.Times}
	x.Request = record.Request{Method: "POST", URL: "http://x/%zz?<&>#é", Absolute: true, Body: record.Body("\xFF\x00"),
		Header: []record.Field{{Name: "a", Value: "<&>\"\\"}, {Name: "A", Value: ""}}}
	x.Response = &record.Response{Status: 201, Proto: "HTTP/2.0", Body: record.Body("\u2028{}\r\n\x00"),
		Truncated: true, Shortened: true, Header: http.Header{"A": {"b", "c"}, "Date": {"x"}}}
	return x
}

func TestLinesAreReadAsTheyWereWritten(t *testing.T) {
	bare := record.Exchange{}
	bare.Request = record.Request{Method: "GET", URL: "http://x/", Header: []record.Field{}}
	bare.Started = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	sent := append(planting(), full(), bare)
	entries, sum := read(t, written(t, sent...))
	require.Equal(t, traffic.NDJSON, sum.Format)
	require.False(t, sum.Cut)
	got := whole(t, entries)
	require.Len(t, got, len(sent))
	for i, x := range got {
		require.Equal(t, i+1, x.Source.Line)
		x.Source = nil
		want, err := json.Marshal(sent[i])
		require.NoError(t, err)
		have, err := json.Marshal(x)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(have))
		// encoding/json reads the same.
		var other record.Exchange
		require.NoError(t, json.Unmarshal(want, &other))
		if len(other.Request.Body) == 0 {
			x.Request.Body = other.Request.Body
		}
		if x.Response != nil && len(x.Response.Body) == 0 {
			x.Response.Body = other.Response.Body
		}
		require.Equal(t, other, x)
	}
}

func TestABodyThatItsRecorderBrokeIsLacking(t *testing.T) {
	for _, row := range []struct {
		request, response string
		want              []record.Part
	}{
		{`"a"`, `{"base64":"/w=="}`, nil},
		{"\"\xFF\"", `"a"`, []record.Part{record.RequestBody}},
		{`"a"`, `"\ud800"`, []record.Part{record.ResponseBody}},
	} {
		entries, _ := read(t, `{"request":{"method":"GET","url":"x","header":[],"body":`+row.request+
			`},"started":"2024-01-01T00:00:00Z","response":{"status":200,"header":{},"body":`+row.response+`}}`)
		require.Equal(t, row.want, whole(t, entries)[0].Lacks)
	}
}

func TestTheReportBeforeTheLinesIsHandedOver(t *testing.T) {
	report := &record.Report{Suite: record.SuiteInfo{Name: "fmaspec", Seed: "7", Level: record.Inferred},
		Verdict: record.Conformant, Cases: []record.CaseResult{{ID: "dropped"}}}
	var b bytes.Buffer
	require.NoError(t, traffic.WriteHead(&b, report))
	require.Len(t, report.Cases, 1)
	require.NoError(t, traffic.Write(&b, full()))
	text := b.String()
	require.NotContains(t, text, "dropped")
	var heads []*record.Report
	entries, sum := readAll(t, strings.NewReader(text+text), traffic.Options{Head: func(r *record.Report) error {
		heads = append(heads, r)
		return nil
	}})
	require.Len(t, whole(t, entries), 2)
	require.Len(t, heads, 2)
	require.Equal(t, heads[0], sum.Head)
	require.Equal(t, "7", sum.Head.Suite.Seed)
	require.Equal(t, record.ReportSchema, sum.Head.Schema)
	stop := fmt.Errorf("another contract")
	_, err := traffic.Read(strings.NewReader(text), traffic.Options{Head: func(*record.Report) error { return stop }},
		func(traffic.Entry) error { return fmt.Errorf("reached") })
	require.Equal(t, stop, err)
	entries, _ = read(t, `{"$schema":"x","suite":{"cases":"many"}}`+"\n"+written(t, full()))
	require.Contains(t, entries[0].Problem, "the report: want one of this version of the suite")
	require.NotNil(t, entries[1].Exchange)
}

func TestABrokenLineDoesNotEndTheReading(t *testing.T) {
	good := written(t, full())
	request := `"request":{"method":"GET","url":"x","header":[]}`
	for _, row := range []struct{ why, line, want string }{
		{"no JSON", `{"step":0,`, "the line is not JSON at byte %d: it ends inside a value; repair or remove it, and write each exchange on one line"},
		{"text", `x`, "not JSON"},
		{"a number", `7`, "the line: want an object"},
		{"two objects", `{` + request + `,"response":null}{}`, "more follows the object"},
		{"no request", `{"response":null}`, "request: want an object, as each exchange has"},
		{"no answer", `{` + request + `}`, "response: want an object or null, as each exchange has"},
		{"no method", `{"request":{"url":"x"},"response":null}`, "request.method: want a string that is not empty"},
		{"no URL", `{"request":{"method":"x"},"response":null}`, "request.url: want a string that is not empty"},
		{"no status", `{` + request + `,"response":{}}`, "response.status: want a number that is not 0"},
		{"a status that is text", `{` + request + `,"response":{"status":"200"}}`, "response.status: want a number"},
		{"a status that is no whole number", `{` + request + `,"response":{"status":2e2}}`, "response.status: want a whole"},
		{"a negative status", `{` + request + `,"response":{"status":-1}}`, "response.status: want a number from 0"},
		{"a header that is an object", `{"request":{"method":"x","url":"x","header":{}},"response":null}`,
			"request.header: want a list of objects"},
		{"a header of text", `{"request":{"method":"x","url":"x","header":["a"]},"response":null}`,
			"request.header: want objects in the list"},
		{"a header of one text", `{` + request + `,"response":{"status":200,"header":{"a":"b"}}}`,
			"response.header: want a list of strings for each name"},
		{"a body that is a list", `{` + request + `,"response":{"status":200,"body":[1]}}`, "response.body: want a string, or"},
		{"a body of no base64", `{` + request + `,"response":{"status":200,"body":{"base64":"x"}}}`,
			"response.body: want base64 with padding"},
		{"a body of another object", `{` + request + `,"response":{"status":200,"body":{}}}`, "response.body: want a string"},
		{"no list", `{` + request + `,"response":null,"lacks":"times"}`, "lacks: want a list of strings"},
		{"no truth", `{` + request + `,"response":null,"inert":1}`, "inert: want true or false"},
	} {
		text := good + row.line + "\r\n \n" + good
		entries, sum := read(t, text)
		require.False(t, sum.Cut, row.why)
		require.Len(t, entries, 3, row.why)
		require.NotNil(t, entries[0].Exchange)
		require.Nil(t, entries[1].Exchange, row.why)
		want := row.want
		if strings.Contains(want, "%d") {
			want = fmt.Sprintf(want, len(good)+len(row.line)+len("\r\n"))
		}
		require.Contains(t, entries[1].Problem, want, row.why)
		require.Contains(t, entries[1].Problem, "; repair or remove it", row.why)
		require.Equal(t, record.Source{File: "x", Line: 2, Offset: int64(len(good))}, entries[1].Source)
		require.NotNil(t, entries[2].Exchange, row.why)
		require.Equal(t, 4, entries[2].Source.Line, row.why)
		if row.why == "text" || row.why == "no JSON" {
			entries, _ = read(t, row.line+"\n"+good) // the first line may be the rest of one
			require.Len(t, entries, 2, row.why)
			require.NotNil(t, entries[1].Exchange, row.why)
		}
	}
	long := strings.Replace(good, `"step":3`, `"x":"`+strings.Repeat("y", 1<<20)+`"`, 1)
	entries, sum := readAll(t, strings.NewReader(good+long+good+long), traffic.Options{Entry: 1 << 19})
	require.False(t, sum.Cut)
	require.Len(t, entries, 4)
	require.Contains(t, entries[1].Problem, "the line is longer than 524288 bytes, and was not read")
	require.NotNil(t, entries[2].Exchange)
	require.Equal(t, 3, entries[2].Source.Line)
	require.EqualValues(t, len(good)+len(long), entries[2].Source.Offset)
	require.Contains(t, entries[3].Problem, "the line is longer")
}

func TestWhatALineLeavesOutIsLacking(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{`{"request":{"method":"x","url":"x"},"response":null}`, "request-header times"},
		{`{"request":{"method":"x","url":"x","header":null},"response":{"status":1}}`,
			"request-header response-header times"},
		{`{"request":{"method":"x","url":"x","header":[]},"response":{"status":1,"header":{}},"started":` +
			`"2024-01-01T00:00:00Z","future":[{"a":{}}]}`, ""},
		{`{"lacks":["times","wire-form"],"request":{"method":"x","url":"x","header":[]},"response":null}`,
			"times wire-form"},
	} {
		entries, _ := read(t, row.line)
		require.Equal(t, strings.Fields(row.want), append([]string{}, texts(whole(t, entries)[0].Lacks)...), row.line)
	}
	entries, _ := read(t, `{"request":{"method":"x","url":"x","header":[]},"response":{"status":1,"header":{"x-a":["1"],`+
		`"X-A":["2"],"n":null}}}`)
	require.Equal(t, http.Header{"X-A": {"1", "2"}}, whole(t, entries)[0].Response.Header)
}

// A file is cut at each of its bytes: what stands before the cut is read.
func TestACutFileIsReadUpToTheCut(t *testing.T) {
	lines := written(t, planting()[1], full(), planting()[7])
	archive := "\xEF\xBB\xBF{\n  \"log\": {\n \"pages\": [{}], \"entries\": [\n" + got(`"status":200,"headers":[]`) +
		" ,\n" + posted(someHeader+`,"postData":{"text":"a \"b\" \\ \u00e9"}`) + "\n], \"creator\": {\"name\": \"x\"}}}\n"
	for _, row := range []struct {
		text string
		ends []int // of the entries
	}{
		{lines, ends(lines, "\n")},
		{archive, []int{strings.Index(archive, " ,\n"), strings.Index(archive, "\n], ")}},
	} {
		for n := range len(row.text) + 1 {
			before := 0
			for _, end := range row.ends {
				// The line feed at the end of a line may be missing.
				if n >= end || row.text[end-1] == '\n' && n == end-1 {
					before++
				}
			}
			entries, sum := read(t, row.text[:n])
			require.Len(t, whole(t, entries), before, "%d", n)
			rest := strings.TrimSpace(row.text[n:]) != "" && strings.Trim(row.text[:n], " \n\xEF\xBB\xBF") != ""
			if sum.Format == traffic.NDJSON {
				rest = rest && !(row.text[n-1] == '\n' || row.text[n] == '\n')
			}
			require.Equal(t, rest, sum.Cut, "%d", n)
		}
	}
}

func ends(text, of string) (out []int) {
	for i := range len(text) {
		if strings.HasPrefix(text[i:], of) {
			out = append(out, i+len(of))
		}
	}
	return out
}
