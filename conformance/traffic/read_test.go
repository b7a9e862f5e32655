package traffic_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
	"fmaspec/conformance/traffic/planted"
)

// readAll reads a file and requires that it is read without an error.
func readAll(t testing.TB, r io.Reader, o traffic.Options) ([]traffic.Entry, traffic.Summary) {
	t.Helper()
	var out []traffic.Entry
	sum, err := traffic.Read(r, o, func(e traffic.Entry) error {
		out = append(out, e)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, len(out), sum.Entries)
	return out, sum
}

func read(t testing.TB, text string) ([]traffic.Entry, traffic.Summary) {
	t.Helper()
	return readAll(t, strings.NewReader(text), traffic.Options{Name: "x"})
}

// whole requires that no entry is broken, and returns the exchanges.
func whole(t testing.TB, entries []traffic.Entry) (out []record.Exchange) {
	t.Helper()
	for _, e := range entries {
		require.Empty(t, e.Problem)
		require.NotNil(t, e.Exchange)
		require.Equal(t, &e.Source, e.Exchange.Source)
		out = append(out, *e.Exchange)
	}
	return out
}

func real(t testing.TB, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(planted.FS(), name)
	require.NoError(t, err)
	return b
}

func openReal(name string) (io.ReadCloser, error) { return planted.FS().Open(name) }

func TestRealFilesAreReadWithTheirTraps(t *testing.T) {
	type want struct {
		method, url, proto string
		status             int
		body               int // bytes of the answer
		sent               string
		lacks              string
		err                string
		started            string
		elapsed            time.Duration
	}
	const form = "name=NAME&introduced=2015-01-01&discontinued=&company=24"
	const kept = "credentials wire-form"
	const computers = "http://computer-database.gatling.io/computers"
	for _, row := range []struct {
		name string
		want []want
	}{
		{"charles", []want{
			{"POST", computers, "HTTP/1.1", 303, 0, form, kept, "", "2017-10-19T19:18:44.931Z", 101e6},
			{"GET", computers, "HTTP/1.1", 200, 7344, "", kept, "", "2017-10-19T19:18:45.084Z", 60e6},
		}},
		{"chrome", []want{
			{"GET", "https://mitmproxy.org/", "http/2.0", 304, 0, "", kept, "",
				"2023-03-30T00:00:54.25Z", 14666000},
			{"GET", "https://www.google.com/", "", 0, 0, "", kept,
				"net::ERR_INTERNET_DISCONNECTED", "2023-07-13T12:32:32.676Z", 4119000},
			{"GET", "https://www.google.com/images/branding/googlelogo/2x/googlelogo_light_color_272x92dp.png", "h3",
				200, 7108, "", kept, "", "2023-07-25T12:58:46.182Z", 58204999},
		}},
		{"fiddler", []want{
			{"POST", "http://host01.corp.example.com/agility.server.web/Services/SDK/ServerService.svc/json/" +
				"GetNavigationMenu2", "HTTP/1.1", 200, 39483, `{"sessionId":`, kept, "",
				"2020-06-23T11:44:02.596184Z", 1546e6},
		}},
		{"firefox", []want{
			{"POST", computers, "HTTP/1.1", 303, 0, form, "credentials response-body wire-form", "",
				"2017-10-19T19:17:19.081Z", 0},
			{"GET", computers, "HTTP/1.1", 200, 7344, "", kept, "", "2017-10-19T19:17:19.184Z", 59e6},
		}},
		{"insomnia", []want{
			{"GET", "http://mitm.it/", "HTTP/1.1", 200, 250, "", "request-header credentials wire-form", "",
				"2023-03-30T04:39:18.981Z", 70402000},
		}},
		{"mitmproxy", []want{
			{"GET", "http://163.com/", "", 0, 0, "", kept, "Multiple exceptions: [Errno 60] Connect " +
				"call failed ('203.0.113.1', 80), [Errno 60] Connect call failed ('203.0.113.2', 80)",
				"2023-07-25T11:03:15.216374Z", 2851247},
			{"POST", "https://httpbin.org/get", "HTTP/2.0", 405, 178, "key1=value1&key2=value2",
				kept, "", "2023-07-25T11:07:56.330959Z", 3712937831},
		}},
		{"playwright", []want{
			{"GET", "http://no.playwright/", "HTTP/1.1", 200, 12, "", kept, "",
				"2022-06-10T04:27:32.146Z", 8286000},
		}},
		{"proxyman", []want{
			{"GET", "https://source.mswjs.io/docs/?hello=world&userId=abc-123", "HTTP/1.1", 200, 11, "",
				kept, "", "2024-07-09T23:00:16.456Z", 133986950},
		}},
	} {
		file := row.name + ".har"
		text := real(t, file)
		entries, sum := readAll(t, bytes.NewReader(text), traffic.Options{Name: file, Open: openReal})
		require.Equal(t, traffic.HAR, sum.Format, file)
		require.False(t, sum.Cut, file)
		require.EqualValues(t, len(text), sum.Bytes)
		require.EqualValues(t, len(text), sum.End.Offset)
		got := whole(t, entries)
		require.Len(t, got, len(row.want), file)
		for i, x := range got {
			w := row.want[i]
			require.Equal(t, w.method, x.Request.Method, file)
			require.Equal(t, w.url, x.Request.URL, file)
			require.True(t, strings.HasPrefix(string(x.Request.Body), w.sent), file)
			require.Equal(t, w.sent == "", len(x.Request.Body) == 0, file)
			require.Equal(t, strings.Fields(w.lacks), texts(x.Lacks), file)
			require.Equal(t, w.err, x.Error, file)
			require.Equal(t, w.started, x.Started.UTC().Format(time.RFC3339Nano), file)
			require.Equal(t, w.elapsed, x.Elapsed, file)
			require.Equal(t, i+1, x.Source.Entry)
			require.Equal(t, byte('{'), text[x.Source.Offset])
			require.Equal(t, 1+bytes.Count(text[:x.Source.Offset], []byte("\n")), x.Source.Line)
			require.Equal(t, file, x.Source.File)
			for _, f := range x.Request.Header {
				require.False(t, strings.HasPrefix(f.Name, ":"), f.Name)
			}
			if w.status == 0 {
				require.Nil(t, x.Response)
				require.Equal(t, record.Cancelled, x.ErrorKind)
				continue
			}
			require.Equal(t, w.status, x.Response.Status, file)
			require.Equal(t, w.proto, x.Response.Proto, file)
			require.Len(t, x.Response.Body, w.body, file)
			for name := range x.Response.Header {
				require.Equal(t, http.CanonicalHeaderKey(name), name)
			}
		}
	}
}

func texts(parts []record.Part) (out []string) {
	for _, p := range parts {
		out = append(out, string(p))
	}
	return out
}

// planting are exchanges to plant: what a conforming and a violating client and server make.
func planting() []record.Exchange {
	at := time.Date(2024, 2, 29, 23, 59, 59, 123_456_700, time.UTC)
	const url = "https://api.example.com/api/machines/7b1f4967d9728e5aa3c06a9e617a22a4a5a17378/stopAndQuarantineFile"
	header := []record.Field{{Name: "Host", Value: "api.example.com"}, {Name: "Authorization", Value: "Bearer abc.def"},
		{Name: "Content-Type", Value: "application/json"}}
	body := `{"Comment":"naïve </script> \\ \"quoted\"","Sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}` + "\r\n"
	exchange := func(method, url string, header []record.Field, body string, answer *record.Response) record.Exchange {
		x := record.Exchange{}
		x.Request = record.Request{Method: method, URL: url, Header: header, Body: record.Body(body)}
		x.Response, x.Started, x.Elapsed = answer, at, 321*time.Millisecond
		if answer == nil {
			x.Error = "net::ERR_CONNECTION_RESET"
		}
		return x
	}
	answer := func(status int, body string, more ...string) *record.Response {
		h := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Date": {"Thu, 29 Feb 2024 23:59:59 GMT"}}
		for i := 0; i+1 < len(more); i += 2 {
			h.Add(more[i], more[i+1])
		}
		return &record.Response{Status: status, Proto: "HTTP/1.1", Header: h, Body: record.Body(body)}
	}
	return []record.Exchange{
		exchange("POST", url, header, body, answer(201, `{"id":"3dc88ce3","status":"Pending"}`)),
		exchange("POST", url, header, body, answer(201, `{"id":"3dc88ce3","status":`, "Set-Cookie", "a=b", "Set-Cookie",
			"c=d")),
		exchange("POST", url, header, body, answer(500, "not JSON")),
		exchange("POST", url, header, "name=NAME&empty=", answer(400, "\xFF\xFE\x00binary")),
		exchange("POST", url, header, "not JSON", answer(204, "")),
		exchange("POST", url, header[:1], body, answer(401, `{}`, "Www-Authenticate", "Bearer")),
		exchange("GET", url+"?a=b%20c&d", header, "", answer(200, strings.Repeat("€ long ", 10_000))),
		exchange("POST", url, header, body, nil),
		exchange("POST", url, append(slices.Clone(header[:2]), record.Field{Name: "Content-Type",
			Value: "application/x-www-form-urlencoded"}), "a=b+c&d=%C3%A9", answer(415, "{}")),
	}
}

func TestPlantedExchangesAreReadAsTheirProducerKeepsThem(t *testing.T) {
	for _, style := range planted.Styles() {
		sent := planting()
		made, err := style.Plant(sent...)
		require.NoError(t, err)
		entries, sum := readAll(t, bytes.NewReader(made.HAR), traffic.Options{Name: style.Name, Open: made.Open})
		require.False(t, sum.Cut)
		got := whole(t, entries)
		require.Len(t, got, style.Entries+len(sent), style.Name)
		for i, x := range got[style.Entries:] {
			want := style.Keeps(sent[i])
			require.ElementsMatch(t, want.Lacks, x.Lacks, "%s %d", style.Name, i)
			require.True(t, want.Started.Equal(x.Started), "%s %d", style.Name, i)
			require.Equal(t, want.Elapsed, x.Elapsed.Truncate(time.Millisecond), "%s %d", style.Name, i)
			require.Equal(t, string(want.Request.Body), string(x.Request.Body), "%s %d", style.Name, i)
			if want.Response != nil {
				require.Equal(t, string(want.Response.Body), string(x.Response.Body), "%s %d", style.Name, i)
				x.Response.Body = want.Response.Body
			}
			x.Lacks, x.Started, x.Elapsed, x.Source = want.Lacks, want.Started, want.Elapsed, nil
			x.Request.Body = want.Request.Body
			require.Equal(t, want, x, "%s %d", style.Name, i)
		}
	}
}

func TestTheSuitesOwnHARIsReadAsItsReport(t *testing.T) {
	const dir = "../report/testdata/"
	raw, err := os.ReadFile(dir + "report.json")
	require.NoError(t, err)
	var report record.Report
	require.NoError(t, json.Unmarshal(raw, &report))
	file, err := os.Open(dir + "report.har")
	require.NoError(t, err)
	defer file.Close()
	entries, _ := readAll(t, file, traffic.Options{Name: "report.har"})
	got := map[string]record.Exchange{}
	for _, x := range whole(t, entries) {
		got[fmt.Sprint(x.Case, "#", x.Step)] = x
	}
	n := 0
	for _, c := range report.Cases {
		for _, want := range c.Exchanges {
			n++
			at := fmt.Sprint(c.ID, "#", want.Step)
			x := got[at]
			require.Equal(t, want.Request.Method, x.Request.Method, at)
			require.Equal(t, want.Request.URL, x.Request.URL, at)
			require.Equal(t, want.Request.Header, x.Request.Header, at)
			require.Equal(t, string(want.Request.Body), string(x.Request.Body), at)
			require.Equal(t, []any{want.Retries, want.Inert, want.Action, want.ErrorKind},
				[]any{x.Retries, x.Inert, x.Action, cmp.Or(want.ErrorKind, x.ErrorKind)}, at)
			require.True(t, want.Started.Truncate(time.Millisecond).Equal(x.Started.Truncate(time.Millisecond)), at)
			require.Equal(t, want.Response == nil, x.Response == nil, at)
			if want.Response == nil {
				continue
			}
			require.Equal(t, want.Response.Status, x.Response.Status, at)
			require.Equal(t, []bool{want.Response.Truncated, want.Response.Shortened},
				[]bool{x.Response.Truncated, x.Response.Shortened}, at)
			if !slices.Contains(x.Lacks, record.ResponseBody) && want.Response.Header.Get("Content-Encoding") == "" {
				require.Equal(t, string(want.Response.Body), string(x.Response.Body), at)
			}
		}
	}
	require.Len(t, entries, n)
}
