package traffic_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func zlibbed(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func zstded(t testing.TB, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll([]byte(text), nil)
}

// inText returns a string of JSON with bytes as they are, but for those that no string holds.
func inText(b []byte) string {
	out := []byte{'"'}
	for _, c := range b {
		switch {
		case c < ' ':
			out = fmt.Appendf(out, `\u%04x`, c)
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

func base(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// har returns a HAR of entries.
func har(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{},"entries":[` + strings.Join(entries, ",\n") + `]}}`
}

// got returns an entry of a GET with an answer, of which the members are given.
func got(response string) string {
	return `{"startedDateTime":"2024-01-01T00:00:00Z","time":1,"request":{"method":"GET","url":"http://x/",` +
		`"headers":[{"name":"A","value":"b"},{"name":"authorization","value":"Bearer t"}],"bodySize":0},"response":{` +
		response + `}}`
}

// posted returns an entry of a POST of which the members are given.
func posted(request string) string {
	return `{"startedDateTime":"2024-01-01T00:00:00Z","request":{"method":"POST","url":"http://x/",` + request +
		`},"response":{"status":204,"headers":[{"name":"a","value":"b"}]}}`
}

const someHeader = `"headers":[{"name":"authorization","value":"Bearer t"}]`

// only reads a HAR of one entry.
func only(t testing.TB, entry string) record.Exchange {
	t.Helper()
	entries, sum := read(t, har(entry))
	require.False(t, sum.Cut, entry)
	require.Len(t, entries, 1, entry)
	return whole(t, entries)[0]
}

func TestBodiesOfAnswersAreKnownOrLacking(t *testing.T) {
	const header = `"status":200,"headers":[{"name":"content-type","value":"application/json"}]`
	coded := func(coding string) string {
		return fmt.Sprintf(`"status":200,"headers":[{"name":"content-encoding","value":%q},{"name":"Content-Length",`+
			`"value":"9"},{"name":"transfer-encoding","value":"chunked"},{"name":"X","value":"y"}]`, coding)
	}
	const lacking = "lacking"
	quoted := func(b []byte) string { return fmt.Sprintf(`"text":%q,"encoding":"base64"`, base(b)) }
	for _, row := range []struct{ why, response, want string }{
		{"text", header + `,"content":{"text":"{}"}`, "{}"},
		{"text with its size", header + `,"content":{"text":"a€","size":4}`, "a€"},
		{"the beginning of a text, by its size", header + `,"content":{"text":"{\"a\":","size":9}`, lacking},
		{"the beginning of a text, by its length", `"status":200,"headers":[{"name":"content-length","value":"9"}]` +
			`,"content":{"text":"{\"a\":","size":-1}`, lacking},
		{"an empty text, size unknown", header + `,"content":{"text":"","size":-1},"bodySize":-1`, lacking},
		{"base64", header + `,"content":{"text":"e30=","encoding":"base64"}`, "{}"},
		{"base64 without padding, with line ends", header + `,"content":{"text":"e\r\n30","encoding":"BASE64"}`, "{}"},
		{"base64 of an URL", header + `,"content":{"text":"_-8","encoding":"base64"}`, "\xFF\xEF"},
		{"text that is no base64", header + `,"content":{"text":"{}","encoding":"base64"}`, lacking},
		{"an encoding that means nothing", header + `,"content":{"text":"{}","encoding":"nonsense"}`, lacking},
		{"an encoding that is none", header + `,"content":{"text":"{}","encoding":"utf-8"}`, "{}"},
		{"a null encoding", header + `,"content":{"text":"{}","encoding":null}`, "{}"},
		{"no text", header + `,"content":{"size":7}`, lacking},
		{"no text, size unknown", header + `,"content":{"size":-1}`, lacking},
		{"no text and no size", header + `,"content":{}`, lacking},
		{"no content", header, lacking},
		{"null content", header + `,"content":null`, lacking},
		{"content that is a list", header + `,"content":[{"text":"x"}]`, lacking},
		{"no text, size 0, length unknown", header + `,"content":{"size":0},"bodySize":-1`, lacking},
		{"no text, size 0, body 0", header + `,"content":{"size":0},"bodySize":0`, ""},
		{"no text, size 0, Content-Length 0", `"status":200,"headers":[{"name":"content-length","value":"0"}],` +
			`"content":{"size":0},"bodySize":-1`, ""},
		{"empty text", header + `,"content":{"size":0,"text":""}`, ""},
		{"empty text, not empty in truth", header + `,"content":{"size":9,"text":""}`, lacking},
		{"empty text, not empty by its header", `"status":200,"headers":[{"name":"content-length","value":"9"}],` +
			`"content":{"size":0,"text":""}`, lacking},
		{"a null text", header + `,"content":{"size":2,"text":null}`, lacking},
		{"a text that is a number", header + `,"content":{"size":2,"text":12}`, lacking},
		{"the beginning of a text", header + `,"content":{"size":20,"text":"{\"a\":"}`, lacking},
		{"a whole text, counted otherwise", header + `,"content":{"size":20,"text":"{\"a\":1}"}`, `{"a":1}`},
		{"bytes that were read as text", header + `,"content":{"size":3,"text":"a\uFFFDb"}`, lacking},
		{"a text with U+FFFD", header + `,"content":{"size":5,"text":"a\uFFFDb"}`, "a\uFFFDb"},
		{"half a surrogate", header + `,"content":{"text":"a\ud800b"}`, lacking},
		{"both halves of a surrogate", header + `,"content":{"text":"\ud83d\ude00"}`, "😀"},
		{"bytes that are not UTF-8", header + ",\"content\":{\"text\":\"a\xFFb\"}", lacking},
		{"packed bytes that are not UTF-8", coded("gzip") + `,"content":{"text":` + inText(gzipped("{}")) + `}`, "{}"},
		{"bytes that are not UTF-8, with an escape", header + ",\"content\":{\"text\":\"\\na\xFFb\"}", lacking},
		{"the last of two texts", header + `,"content":{"text":"a","text":"b"}`, "b"},
		{"the last of two contents", header + `,"content":{"text":"a"},"content":{"size":3}`, lacking},
		{"HEAD, as 304, has none", `"status":304,"headers":[{"name":"a","value":"b"}],"content":{"text":"cache"}`, ""},
		{"204 has none", `"status":204,"headers":[{"name":"a","value":"b"}],"content":{"size":-1}`, ""},

		{"decoded already", coded("gzip") + `,"content":{"text":"{}"}`, "{}"},
		{"decoded already, in base64", coded("gzip") + `,"content":{"text":"e30=","encoding":"base64"}`, "{}"},
		{"decoded already, of a coding that is not known here", coded("br") + `,"content":{"text":"{}"}`, "{}"},
		{"decoded already, of no coding at all", coded("nonsense") + `,"content":{"text":"{}"}`, "{}"},
		{"coded by gzip still", coded("gzip") + `,"content":{"size":6,` + quoted(gzipped("coded!")) + `}`, "coded!"},
		{"coded by deflate still", coded("deflate") + `,"content":{` + quoted(zlibbed("\xFFcoded!")) + `}`, "\xFFcoded!"},
		{"coded by zstd still", coded("zstd") + `,"content":{` + quoted(zstded(t, "coded!")) + `}`, "coded!"},
		{"coded twice", coded("zstd, gzip") + `,"content":{` + quoted(gzipped(string(zstded(t, "coded!")))) + `}`, "coded!"},
		{"coded twice, decoded once", coded("zstd, gzip") + `,"content":{` + quoted(zstded(t, "coded!")) + `}`, "coded!"},
		{"a gzip stream that is cut", coded("gzip") + `,"content":{` + quoted(gzipped("coded!")[:20]) + `}`, lacking},
		{"a gzip stream that was read as text", coded("gzip") + `,"content":{"text":"\u001f\ufffd\b\u0000","size":8}`,
			lacking},
		{"a gzip stream that was read as Latin-1", coded("gzip") + `,"content":{"text":"\u001f\u008b\b"}`, lacking},
		{"coded by brotli still", coded("br") + `,"content":{"text":"/wE=","encoding":"base64"}`, lacking},
	} {
		x := only(t, got(row.response))
		require.NotNil(t, x.Response, row.why)
		if row.want == lacking {
			require.Contains(t, x.Lacks, record.ResponseBody, row.why)
			require.Empty(t, x.Response.Body, row.why)
			continue
		}
		require.Equal(t, []record.Part{record.WireForm}, x.Lacks, row.why)
		require.Equal(t, row.want, string(x.Response.Body), row.why)
		for _, name := range []string{"Content-Encoding", "Transfer-Encoding"} {
			require.NotContains(t, x.Response.Header, name, row.why)
		}
		if strings.Contains(row.response, "content-encoding") {
			require.NotContains(t, x.Response.Header, "Content-Length", row.why)
			require.Equal(t, "y", x.Response.Header.Get("X"), row.why)
		}
	}
}

func TestBodiesOfRequestsAreKnownOrLacking(t *testing.T) {
	const lacking = "lacking"
	const form = `"mimeType":"application/x-www-form-urlencoded; charset=utf-8"`
	const length = `"headers":[{"name":"authorization","value":"Bearer t"},{"name":"content-length","value":"3"}]`
	for _, row := range []struct{ why, request, want string }{
		{"text", someHeader + `,"postData":{"text":"{}"}`, "{}"},
		{"text in base64", someHeader + `,"postData":{"text":"e30=","encoding":"base64"}`, "{}"},
		{"no data, a length", length, lacking},
		{"no data, a size", someHeader + `,"bodySize":3`, lacking},
		{"no data, size 0", someHeader + `,"bodySize":0`, ""},
		{"no data, size unknown", someHeader + `,"bodySize":-1`, lacking},
		{"null data", someHeader + `,"bodySize":0,"postData":null`, ""},
		{"empty data, size 0", someHeader + `,"bodySize":0,"postData":{"mimeType":"","text":""}`, ""},
		{"empty data, size unknown", someHeader + `,"bodySize":-1,"postData":{"mimeType":"","text":""}`, lacking},
		{"empty data, no size", someHeader + `,"postData":{"mimeType":"","text":""}`, lacking},
		{"empty data, a length", length + `,"postData":{"text":""}`, lacking},
		{"data without text, a length", length + `,"postData":{"mimeType":"application/json"}`, lacking},
		{"params", someHeader + `,"bodySize":8,"postData":{` + form + `,"params":[{"name":"a","value":"b c"},` +
			`{"name":"d","value":""}]}`, "a=b+c&d="},
		{"params that are escaped", someHeader + `,"bodySize":8,"postData":{` + form + `,"params":[{"name":"a",` +
			`"value":"b%20c"}]}`, lacking},
		{"params that are escaped, of the right length", someHeader + `,"bodySize":7,"postData":{` + form +
			`,"params":[{"name":"a","value":"b%20c"}]}`, "a=b%20c"},
		{"params, length unknown", someHeader + `,"postData":{` + form + `,"params":[{"name":"ä","value":"b"}]}`,
			"%C3%A4=b"},
		{"params with a text", someHeader + `,"postData":{"text":"a=%62",` + form + `,"params":[{"name":"a",` +
			`"value":"b"}]}`, "a=%62"},
		{"params with an empty text", someHeader + `,"postData":{"text":"",` + form + `,"params":[{"name":"a",` +
			`"value":"b"}]}`, "a=b"},
		{"params of another type", someHeader + `,"postData":{"mimeType":"multipart/form-data","params":[{"name":"a",` +
			`"value":"b"}]}`, lacking},
		{"a file among the params", someHeader + `,"postData":{` + form + `,"params":[{"name":"a","fileName":"b"}]}`,
			lacking},
		{"the beginning of a text", someHeader + `,"bodySize":20,"postData":{"text":"{\"a\":"}`, lacking},
		{"coded, recorded decoded", `"headers":[{"name":"authorization","value":"Bearer t"},{"name":"Content-Encoding",` +
			`"value":"gzip"}],"postData":{"text":"{}"}`, "{}"},
		{"bytes in the suite's own HAR", someHeader + `,"bodySize":1,"postData":{"text":"\uFFFD","_base64":"/w=="}`,
			"\xFF"},
	} {
		x := only(t, posted(row.request))
		if row.want == lacking {
			require.Contains(t, x.Lacks, record.RequestBody, row.why)
			require.Empty(t, x.Request.Body, row.why)
			continue
		}
		require.Equal(t, []record.Part{record.WireForm}, x.Lacks, row.why)
		require.Equal(t, row.want, string(x.Request.Body), row.why)
		require.False(t, record.HasHeader(x.Request.Header, "Content-Encoding"), row.why)
	}
}

func TestHeadersAreKnownOrLacking(t *testing.T) {
	x := only(t, posted(`"headers":null,"bodySize":0`))
	require.Equal(t, []record.Part{record.RequestHeader, record.Credentials, record.WireForm}, x.Lacks)
	x = only(t, posted(`"headers":[{"name":":method","value":"POST"},{"name":":authority","value":"h"},{"value":"v",`+
		`"name":"x-SMALL"},{"name":null},7,{"value":"x"},{"name":"n","value":5},{"name":"two","value":"a\nb"}],"bodySize":0`))
	require.Equal(t, []record.Field{{Name: "Host", Value: "h"}, {Name: "x-SMALL", Value: "v"}, {Name: "n", Value: "5"},
		{Name: "two", Value: "a"}, {Name: "two", Value: "b"}}, x.Request.Header)
	x = only(t, posted(`"headers":[{"name":"host","value":"h"},{"name":":authority","value":"other"}],"bodySize":0`))
	require.Equal(t, []record.Field{{Name: "host", Value: "h"}}, x.Request.Header)
	for _, headers := range []string{`[]`, `null`, `{"a":"b"}`, `"a: b"`} {
		x = only(t, got(`"status":200,"headers":`+headers+`,"content":{"text":"x"}`))
		require.Equal(t, []record.Part{record.ResponseHeader, record.WireForm}, x.Lacks, headers)
		require.NotNil(t, x.Response.Header)
	}
	x = only(t, got(`"status":200,"headers":[{"name":":status","value":"200"},{"name":"set-cookie","value":"a=b\nc=d"},`+
		`{"name":"x-a","value":"1"},{"name":"X-A","value":"2"}],"content":{"text":"x"}`))
	require.Equal(t, map[string][]string{"Set-Cookie": {"a=b", "c=d"}, "X-A": {"1", "2"}},
		map[string][]string(x.Response.Header))
}

func TestCredentialsThatWereStruckOutAreLacking(t *testing.T) {
	for value, struck := range map[string]bool{
		"Bearer abc.def": false, "Bearer": false, "": false, "Bearer ": false, "Basic eHg6eHg=": false,
		"Bearer $FMASPEC_TOKEN": false, "[redacted]": true, "Bearer REDACTED": true, "Bearer ****": true,
		"Bearer <token>": true, "Bearer xxxxxxxx": true, "Bearer [Filtered]": true, "token …": true,
	} {
		raw, err := json.Marshal(value)
		require.NoError(t, err)
		x := only(t, posted(`"headers":[{"name":"Authorization","value":`+string(raw)+`}],"bodySize":0`))
		want := []record.Part{record.WireForm}
		if struck {
			want = []record.Part{record.Credentials, record.WireForm}
		}
		require.Equal(t, want, x.Lacks, value)
	}
}

func TestARequestThatFailedHasNoAnswer(t *testing.T) {
	for _, row := range []struct{ response, want string }{
		{`"status":0,"_error":"net::ERR"`, "net::ERR"},
		{`"status":-1,"_failureText":"reset"`, "reset"},
		{`"status":null,"statusText":"blocked"`, "blocked"},
		{`"status":"0"`, "the recorder has no answer"},
		{`"status":[200]`, "the recorder has no answer"},
		{``, "the recorder has no answer"},
	} {
		x := only(t, got(row.response))
		require.Nil(t, x.Response, row.response)
		require.Equal(t, row.want, x.Error)
		require.Equal(t, record.Cancelled, x.ErrorKind)
	}
	for _, response := range []string{`null`, `[]`, `"x"`} {
		x := only(t, strings.Replace(got(""), `"response":{}`, `"response":`+response+`,"comment":"offline"`, 1))
		require.Nil(t, x.Response)
		require.Equal(t, "offline", x.Error)
	}
	require.Equal(t, 200, only(t, got(`"status":"200","headers":[]`)).Response.Status)
	require.Equal(t, 200, only(t, got(`"status":200.0,"headers":[]`)).Response.Status)
}

func TestInstantsInOddFormsAreRead(t *testing.T) {
	const want = "2024-02-03T04:05:06Z"
	for _, row := range []struct {
		text, want string
		exact      bool
	}{
		{`"2024-02-03T04:05:06Z"`, want, true},
		{`"2024-02-03T05:05:06.0000000+01:00"`, want, true},
		{`"2024-02-03T04:05:06.000+0000"`, want, true},
		{`"2024-02-03T04:05:06,000Z"`, want, true},
		{`"2024-02-03t04:05:06z"`, want, true},
		{`"2024-02-03 04:05:06+00:00"`, want, true},
		{`"2024-02-03T05:05:06+01"`, want, true},
		{`"Sat, 3 Feb 2024 04:05:06 GMT"`, want, true},
		{`"Sat Feb 03 2024 05:05:06 GMT+0100 (CET)"`, want, true},
		{`1706933106000`, want, true},
		{`1706933106`, want, true},
		{`1706933106000.0`, want, true},
		{`"1706933106000"`, want, true},
		{`"2024-02-03T04:05:06"`, want, false},
		{`"2024-02-03 04:05:06.0"`, want, false},
		{`null`, "0001-01-01T00:00:00Z", false},
		{`"yesterday"`, "0001-01-01T00:00:00Z", false},
		{`{}`, "0001-01-01T00:00:00Z", false},
		{`-1`, "0001-01-01T00:00:00Z", false},
		{`1e300`, "0001-01-01T00:00:00Z", false},
	} {
		entry := strings.Replace(posted(someHeader+`,"bodySize":0`), `"2024-01-01T00:00:00Z"`, row.text, 1)
		x := only(t, entry)
		require.Equal(t, row.want, x.Started.UTC().Format(time.RFC3339Nano), row.text)
		require.Equal(t, row.exact, len(x.Lacks) == 1, row.text)
	}
	for text, want := range map[string]time.Duration{"null": 0, "-1": 0, "1.5": 1500 * time.Microsecond, `"2"`: 2e6,
		"1e400": 0, "{}": 0, "1e18": 0} {
		x := only(t, strings.Replace(got(`"status":0`), `"time":1`, `"time":`+text, 1))
		require.Equal(t, want, x.Elapsed, text)
	}
}

func TestAFileOutsideTheFolderIsNotRead(t *testing.T) {
	entry := func(name string) string {
		raw, err := json.Marshal(name)
		require.NoError(t, err)
		return har(got(`"status":200,"headers":[{"name":"a","value":"b"}],"content":{"size":4,"_file":` + string(raw) + `}`))
	}
	var opened []string
	open := func(name string) (io.ReadCloser, error) {
		opened = append(opened, name)
		switch name {
		case "gone":
			return nil, fs.ErrNotExist
		case "long":
			return io.NopCloser(strings.NewReader(strings.Repeat("x", 2000))), nil
		case "broken":
			return io.NopCloser(io.MultiReader(strings.NewReader("x"), failing{})), nil
		}
		return io.NopCloser(strings.NewReader("text")), nil
	}
	for _, name := range []string{"../x", "a/../../x", "/etc/passwd", `..\x`, `C:\x`, "C:x", "a\x00b", ".", "..", "./", "a//b"} {
		entries, _ := readAll(t, strings.NewReader(entry(name)), traffic.Options{Name: "x", Open: open})
		require.Empty(t, opened, name)
		require.Contains(t, entries[0].Note, "not in the folder", name)
		require.Contains(t, whole(t, entries)[0].Lacks, record.ResponseBody)
	}
	for name, note := range map[string]string{"gone": "cannot be opened", "long": "longer", "broken": "to its end"} {
		entries, _ := readAll(t, strings.NewReader(entry(name)), traffic.Options{Name: "x", Open: open, Entry: 1000})
		require.Contains(t, entries[0].Note, note)
		require.Contains(t, whole(t, entries)[0].Lacks, record.ResponseBody)
	}
	opened = nil
	for _, name := range []string{"a.txt", "./a.txt", "sub/a.txt"} {
		entries, _ := readAll(t, strings.NewReader(entry(name)), traffic.Options{Name: "x", Open: open})
		require.Equal(t, "text", string(whole(t, entries)[0].Response.Body))
	}
	require.Equal(t, []string{"a.txt", "a.txt", "sub/a.txt"}, opened)
	entries, _ := read(t, entry("a.txt"))
	require.Contains(t, entries[0].Note, "cannot be read from here")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestBrokenEntriesDoNotEndAHAR(t *testing.T) {
	good := got(`"status":200,"headers":[]`)
	for _, row := range []struct{ why, entry, want string }{
		{"no object", `7`, "is no object"},
		{"null", `null`, "is no object"},
		{"nothing", `}`, "is no object"},
		{"no request", `{"response":{}}`, "has no request.method"},
		{"no URL", `{"request":{"method":"GET"},"response":{}}`, "has no request.url"},
		{"a comma too many", `{"request":{"method":"GET",}}`, "not JSON"},
		{"a string without an end", "{\"request\":{\"method\":\"GET\n\"url\":\"x\"}}", "not JSON"},
		{"a control character", "{\"request\":\"a\tb\"}", "not JSON"},
		{"brackets that do not match", `{"request":[}}`, "not JSON"},
		{"a number that is none", `{"time":01}`, "not JSON"},
	} {
		text := har(good, row.entry, good)
		entries, sum := read(t, text)
		require.False(t, sum.Cut, row.why)
		require.Len(t, entries, 3, row.why)
		require.NotNil(t, entries[0].Exchange, row.why)
		require.Contains(t, entries[1].Problem, row.want, row.why)
		require.Nil(t, entries[1].Exchange)
		require.NotNil(t, entries[2].Exchange, row.why)
		for i, e := range entries {
			require.Equal(t, i+1, e.Source.Entry, row.why)
		}
		require.EqualValues(t, strings.Index(text, ",\n"+row.entry)+2, entries[1].Source.Offset, row.why)
		require.Equal(t, 2, entries[1].Source.Line, row.why)
	}
	entries, sum := readAll(t, strings.NewReader(har(good, `{"x":"`+strings.Repeat("y", 5000)+`"}`, good)),
		traffic.Options{Entry: 4000})
	require.False(t, sum.Cut)
	require.Len(t, entries, 3)
	require.Contains(t, entries[1].Problem, "longer than 4000 bytes")
	require.NotNil(t, entries[2].Exchange)
	require.Equal(t, 3, entries[2].Source.Line)

	entries, sum = read(t, har(good)+"\n{\"a\":1}\n"+har(good))
	require.False(t, sum.Cut)
	require.Len(t, entries, 3)
	require.Contains(t, entries[1].Problem, "behind a HAR, has no object \"log\", and was not read")
	require.Equal(t, 2, entries[1].Source.Line)
	require.NotNil(t, entries[2].Exchange)

	entries, sum = read(t, `{"log":{"entries":[`+good+`] : }}`)
	require.True(t, sum.Cut)
	require.Len(t, entries, 2)
	require.Contains(t, entries[1].Problem, "want a member or the end of the object here; what follows was not read")
}

func TestMembersOfAHARMayStandInAnyOrder(t *testing.T) {
	good := got(`"status":200,"headers":[]`)
	for _, text := range []string{
		`{"log":{"entries":[` + good + `],"creator":{"name":"x","entries":[{}]},"version":"1.2"}}`,
		`{"x":{"log":{"entries":[1]}},"entries":[2],"log":{"pages":[{"entries":[3]}],"entries":[` + good + `]}}`,
		`{"log":{"entries":null,"entr\u0069es":[` + good + `]}}`,
		" \r\n\t{ \"log\" : { \"entries\" : [ " + good + " ] } } \n",
		`{"_x":"` + strings.Repeat("y", 1<<20) + `","log":{"entries":[` + good + `]}}`,
		`{"` + strings.Repeat("y", 1<<20) + `":1,"log":{"entries":[` + good + `]}}`,
	} {
		entries, sum := read(t, text)
		require.False(t, sum.Cut, text[:50])
		require.Len(t, whole(t, entries), 1, text[:50])
	}
	entries, _ := read(t, har(good)+har(good, good)) // one file after another
	require.Len(t, whole(t, entries), 3)
}
