package report_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/har"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestHARTellsTheSampleAsAgreed(t *testing.T) {
	got := render(t, "har", sample(), report.Style{})
	golden(t, "report.har", got)
	if again := render(t, "har", sample(), report.Style{}); again != got {
		t.Error("want the same bytes for the same report, got others")
	}
}

// harSchema compiles the schemas of the npm package har-schema.
func harSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	files, err := filepath.Glob("testdata/schemas/har/*.json")
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource("https://schema.invalid/"+filepath.Base(file), decode(t, string(data))))
	}
	schema, err := compiler.Compile("https://schema.invalid/har.json")
	require.NoError(t, err)
	return schema
}

func TestHARKeepsTheSchemaThatReadersUse(t *testing.T) {
	schema := harSchema(t)
	for name, r := range odd() {
		if err := schema.Validate(decode(t, render(t, "har", r, report.Style{}))); err != nil {
			t.Errorf("%s: want a file that keeps the schema, got %v", name, err)
		}
	}
	text := render(t, "har", sample(), report.Style{})
	for _, row := range []struct{ from, to, why string }{
		{`"version": "1.2",`, ``, "a log has a version"},
		{`"startedDateTime": "2017-`, `"startedDateTime": "17-`, "a time has a whole year"},
		{`"url": "http`, `"url": "//http`, "a URL is absolute"},
		{`"wait": 3,`, ``, "a wait is written"},
		{`"status": 401`, `"status": "401"`, "a status is a number"},
		{`"cache": {},`, ``, "an entry has a cache"},
		{`"mimeType": "application/json",`, ``, "a body has a type"},
		{`"queryString": []`, `"queryString": {}`, "a query is a list"},
	} {
		broken := strings.Replace(text, row.from, row.to, 1)
		require.NotEqual(t, text, broken, "%s: the row changes nothing", row.why)
		if schema.Validate(decode(t, broken)) == nil {
			t.Errorf("want the schema to refuse %q: %s", row.to, row.why)
		}
	}
}

// ownMembers takes what begins with an underscore out of a document.
func ownMembers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if strings.HasPrefix(name, "_") {
				delete(v, name)
			} else {
				v[name] = ownMembers(v[name])
			}
		}
	case []any:
		for i := range v {
			v[i] = ownMembers(v[i])
		}
	}
	return v
}

// lost lists the members of a document that another one does not have, or has
// with another value.
func lost(at string, want, got any) (out []string) {
	switch want := want.(type) {
	case map[string]any:
		other, _ := got.(map[string]any)
		for _, name := range keys(want) {
			if at == "/content" && name == "text" && want["encoding"] == "base64" {
				continue // the second reader holds the bytes
			}
			v, known := other[name]
			if list, _ := want[name].([]any); !known && len(list) == 0 &&
				(list != nil || reflect.ValueOf(want[name]).IsZero()) {
				continue // it leaves empty members out
			}
			if !known {
				out = append(out, at+"/"+name)
				continue
			}
			next := at + "/" + name
			if name == "content" {
				next = "/content"
			}
			out = append(out, lost(next, want[name], v)...)
		}
	case []any:
		other, _ := got.([]any)
		if len(want) != len(other) {
			return append(out, at)
		}
		for i := range want {
			out = append(out, lost(at+"/*", want[i], other[i])...)
		}
	default:
		if !reflect.DeepEqual(want, got) {
			out = append(out, at)
		}
	}
	return out
}

// secondReader reads a HAR with the types that a browser's protocol has for it,
// and lists what those do not know or read as something else.
func secondReader(t *testing.T, text string) (har.HAR, []string) {
	t.Helper()
	var whole any
	require.NoError(t, json.Unmarshal([]byte(text), &whole))
	plain, err := json.Marshal(ownMembers(whole))
	require.NoError(t, err)
	var read har.HAR
	require.NoError(t, json.Unmarshal(plain, &read))
	for _, e := range read.Log.Entries {
		if e.Response.Content.Encoding == "" {
			continue
		}
		// Its own writer would take the bytes for text.
		e.Response.Content.Text = []byte(base64.StdEncoding.EncodeToString(e.Response.Content.Text))
	}
	again, err := json.Marshal(contentAsText(t, read))
	require.NoError(t, err)
	var got any
	require.NoError(t, json.Unmarshal(again, &got))
	return read, lost("", whole, got)
}

// contentAsText is the document of a HAR whose writer marshals bodies as bytes.
func contentAsText(t *testing.T, h har.HAR) any {
	t.Helper()
	data, err := json.Marshal(h)
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, json.Unmarshal(data, &document))
	entries, _ := document["log"].(map[string]any)["entries"].([]any)
	for i, e := range entries {
		content := e.(map[string]any)["response"].(map[string]any)["content"].(map[string]any)
		if _, there := content["text"]; there {
			content["text"] = string(h.Log.Entries[i].Response.Content.Text)
		}
	}
	return document
}

func TestHARIsReadByASecondReader(t *testing.T) {
	for name, r := range odd() {
		read, missed := secondReader(t, render(t, "har", r, report.Style{}))
		if len(missed) > 0 {
			t.Errorf("%s: want nothing that the second reader does not know, got %q", name, missed)
		}
		if want := len(exchangesOf(r)); len(read.Log.Entries) != want {
			t.Errorf("%s: want %d entries, got %d", name, want, len(read.Log.Entries))
		}
	}
	text := render(t, "har", sample(), report.Style{})
	for _, row := range []struct{ from, to, want string }{
		{`"headersSize": -1`, `"headerSize": -1`, "/log/entries/*/request/headerSize"},
		{`"pageref"`, `"pageRef"`, "/log/entries/*/pageRef"},
		{`"title"`, `"name"`, "/log/pages/*/name"},
	} {
		if _, missed := secondReader(t, strings.Replace(text, row.from, row.to, 1)); !slices.Contains(missed,
			row.want) {
			t.Errorf("want the test itself to miss %s, got %q", row.want, missed)
		}
	}
}

// exchangesOf lists the exchanges of a report as "case step".
func exchangesOf(r *record.Report) map[string]*record.ExchangeResult {
	out := map[string]*record.ExchangeResult{}
	for i := range r.Cases {
		for j := range r.Cases[i].Exchanges {
			x := &r.Cases[i].Exchanges[j]
			out[fmt.Sprint(asJSON(r.Cases[i].ID), " ", x.Step)] = x
		}
	}
	return out
}

// asJSON is text as JSON can hold it: each byte that is not UTF-8 is a U+FFFD.
func asJSON(text string) string { return string([]rune(text)) }

// harOwn is what a reader of the members with an underscore sees.
type harOwn struct {
	Log struct {
		Pages []struct {
			ID, Title, StartedDateTime string
		}
		Entries []struct {
			Pageref, StartedDateTime string
			Time                     float64
			Timings                  struct{ Send, Wait, Receive float64 }
			Case                     string   `json:"_case"`
			Step                     int      `json:"_step"`
			Outcome                  string   `json:"_outcome"`
			Findings                 []string `json:"_findings"`
			ErrorKind                string   `json:"_errorKind"`
			Retries                  int      `json:"_retries"`
			Inert                    bool     `json:"_inert"`
			Leaked                   bool     `json:"_leaked"`
			Action                   string   `json:"_action"`
			Request                  struct {
				Method, URL string
				RawURL      string `json:"_url"`
				Headers     []struct{ Name, Value string }
				Cookies     []struct{ Name, Value string }
				QueryString []struct{ Name, Value string }
				BodySize    int
				PostData    *struct {
					MimeType, Text, Comment string
					Base64                  []byte `json:"_base64"`
				}
			}
			Response struct {
				Status, BodySize        int
				StatusText, HTTPVersion string
				RedirectURL             string
				Headers                 []struct{ Name, Value string }
				Cookies                 []map[string]any
				Content                 struct {
					Size                              int
					MimeType, Text, Encoding, Comment string
				}
				Error     string `json:"_error"`
				Truncated bool   `json:"_truncated"`
				Shortened bool   `json:"_shortened"`
			}
		}
	}
}

func readHAR(t *testing.T, r *record.Report) harOwn {
	t.Helper()
	var h harOwn
	require.NoError(t, json.Unmarshal([]byte(render(t, "har", r, report.Style{})), &h))
	return h
}

func TestHARKeepsEveryExchange(t *testing.T) {
	for name, r := range map[string]*record.Report{"sample": sample(), "hostile": everywhere(hostile)} {
		want, h := exchangesOf(r), readHAR(t, r)
		pages := map[string]bool{}
		for _, p := range h.Log.Pages {
			if pages[p.ID] {
				t.Errorf("%s: want each page once, got %q again", name, p.ID)
			}
			pages[p.ID] = true
		}
		last := ""
		for _, e := range h.Log.Entries {
			key := fmt.Sprint(e.Case, " ", e.Step)
			x := want[key]
			if x == nil {
				t.Errorf("%s: want an exchange of the report, got %q", name, key)
				continue
			}
			delete(want, key)
			if !pages[e.Pageref] {
				t.Errorf("%s: %s: want a page of the log, got %q", name, key, e.Pageref)
			}
			if e.StartedDateTime < last {
				t.Errorf("%s: %s: want entries in the order in which they began, got %s behind %s", name, key,
					e.StartedDateTime, last)
			}
			last = e.StartedDateTime
			if sum := e.Timings.Send + e.Timings.Wait + e.Timings.Receive; sum != e.Time ||
				e.Time != float64(x.Elapsed)/1e6 || min(e.Timings.Send, e.Timings.Wait, e.Timings.Receive) < 0 {
				t.Errorf("%s: %s: want %s as the sum of the timings, got %+v and %v", name, key, x.Elapsed, e.Timings,
					e.Time)
			}
			sent := ""
			if p := e.Request.PostData; p != nil {
				sent = p.Text
				if p.Base64 != nil {
					if sent = string(p.Base64); p.Comment == "" {
						t.Errorf("%s: %s: want a word about the bytes, got none", name, key)
					}
				}
			}
			if sent != string(x.Request.Body) || e.Request.BodySize != len(x.Request.Body) {
				t.Errorf("%s: %s: want the body %q, got %q", name, key, x.Request.Body, sent)
			}
			if url := e.Request.RawURL; url != "" && url != asJSON(x.Request.URL) || url == "" &&
				e.Request.URL != x.Request.URL {
				t.Errorf("%s: %s: want the URL %q, got %q and %q", name, key, x.Request.URL, e.Request.URL, url)
			}
			for i, f := range x.Request.Header {
				if got := e.Request.Headers[i]; got.Name != f.Name || got.Value != f.Value {
					t.Errorf("%s: %s: want the field %v, got %v", name, key, f, got)
				}
			}
			if x.Response == nil {
				if e.Response.Status != 0 || e.Response.Error == "" {
					t.Errorf("%s: %s: want the status 0 and an error, got %+v", name, key, e.Response)
				}
				continue
			}
			came := []byte(e.Response.Content.Text)
			if e.Response.Content.Encoding == "base64" {
				var err error
				came, err = base64.StdEncoding.DecodeString(e.Response.Content.Text)
				require.NoError(t, err)
			}
			if string(came) != string(x.Response.Body) || e.Response.Content.Size != len(x.Response.Body) ||
				e.Response.Status != x.Response.Status {
				t.Errorf("%s: %s: want %d with %q, got %d with %q", name, key, x.Response.Status, x.Response.Body,
					e.Response.Status, came)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: want every exchange, missing are %v", name, want)
		}
	}
}

func TestHARTellsWhatItHasNoWordFor(t *testing.T) {
	h := readHAR(t, sample())
	seen := map[string]bool{}
	for _, e := range h.Log.Entries {
		switch fmt.Sprint(e.Case, " ", e.Step) {
		case "stopAndQuarantineFile/body/refuses-number-for-sha1 0":
			seen["0"] = true
			if !e.Inert || !e.Leaked || !e.Response.Truncated || e.Response.BodySize != -1 || len(e.Findings) != 2 ||
				e.Outcome != "failed" {
				t.Errorf("want what the record says of it, got %+v", e)
			}
		case "stopAndQuarantineFile/body/refuses-number-for-sha1 1":
			seen["1"] = true
			if !e.Response.Shortened || e.Action == "" || e.Inert ||
				!slices.Equal(e.Findings, []string{"types stopAndQuarantineFile/body/refuses-number-for-sha1#1 " +
					"/fileInstances/0/status"}) {
				t.Errorf("want what the record says of it, got %+v", e)
			}
		case "stopAndQuarantineFile/valid/accepts-plain-request 0":
			seen["cut"] = true
			if e.Response.Error != "the answer ended after 12 of 618 bytes" || e.ErrorKind != "cut" ||
				e.Response.Status != 201 || e.Response.BodySize != 12 {
				t.Errorf("want the answer as far as it came, got %+v", e)
			}
		case "stopAndQuarantineFile/valid/accepts-plain-request 1":
			seen["none"] = true
			if e.Response.Error != "connect: connection refused" || e.Response.Status != 0 ||
				e.Request.PostData != nil || e.ErrorKind != "unreachable" {
				t.Errorf("want the error, got %+v", e)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("want four exchanges looked at, got %v", seen)
	}
}

func TestHARReadsURLsCookiesAndHeaders(t *testing.T) {
	r := sample()
	r.Cases = r.Cases[:1]
	x := &r.Cases[0].Exchanges[0]
	x.Retries = 3
	x.Request.Header = []record.Field{{Name: "Cookie", Value: "a=1; b=2"}, {Name: "cookie", Value: "=broken"}}
	x.Response.Header = http.Header{"Set-Cookie": {"a=1; Path=/; Expires=Mon, 04 Dec 2017 13:13:26 GMT; Secure; " +
		"HttpOnly", "broken"}, "Location": {"/elsewhere"}, "Content-Encoding": {"gzip"}}
	for _, row := range []struct {
		url, want, raw string
		query          int
		why            string
	}{
		{"http://127.0.0.1:8080/a?b=c%20d&e&f=+g", "http://127.0.0.1:8080/a?b=c%20d&e&f=+g", "", 3, "a query"},
		{"http://127.0.0.1:8080/a b/é\x00", "http://127.0.0.1:8080/a%20b/%C3%A9%00", "http://127.0.0.1:8080/a b/é\x00",
			0, "characters that no URI has"},
		{"http://127.0.0.1:8080/100%/%zz/%4", "http://127.0.0.1:8080/100%25/%25zz/%254",
			"http://127.0.0.1:8080/100%/%zz/%4", 0, "percent signs that begin no escape"},
		{"http://127.0.0.1:8080/?a=%zz&b=c d&e=f", "http://127.0.0.1:8080/?a=%25zz&b=c%20d&e=f",
			"http://127.0.0.1:8080/?a=%zz&b=c d&e=f", 3, "the same in a query"},
		{"/only/a/path", "about:invalid", "/only/a/path", 0, "no host"},
		{"", "about:invalid", "", 0, "nothing"},
	} {
		x.Request.URL = row.url
		require.NoError(t, harSchema(t).Validate(decode(t, render(t, "har", r, report.Style{}))))
		got := readHAR(t, r).Log.Entries[0]
		if got.Request.URL != row.want || got.Request.RawURL != row.raw || len(got.Request.QueryString) != row.query {
			t.Errorf("%s: want %+v, got %+v", row.why, row, got.Request)
		}
		if strings.Contains(row.raw, "?a=") && (got.Request.QueryString[0].Value != "%zz" ||
			got.Request.QueryString[1].Value != "c d") {
			t.Errorf("want the query as it was meant, got %+v", got.Request.QueryString)
		}
		if row.raw == "" && row.query == 3 && (got.Request.QueryString[0].Value != "c d" ||
			got.Request.QueryString[2].Value != " g") {
			t.Errorf("want the query decoded, got %+v", got.Request.QueryString)
		}
	}
	got := readHAR(t, r).Log.Entries[0]
	if len(got.Request.Cookies) != 2 || len(got.Request.Headers) != 2 {
		t.Errorf("want the cookies that are some, and every header, got %+v", got.Request)
	}
	if want := []map[string]any{{"name": "a", "value": "1", "path": "/", "expires": "2017-12-04T13:13:26.000Z",
		"httpOnly": true, "secure": true}}; !reflect.DeepEqual(got.Response.Cookies, want) {
		t.Errorf("want %v, got %v", want, got.Response.Cookies)
	}
	if got.Response.RedirectURL != "/elsewhere" || got.Response.Content.Comment == "" ||
		len(got.Response.Headers) != 4 || got.Retries != 3 {
		t.Errorf("want the redirection, the coding and the retries written, got %+v", got)
	}
}

func TestHAROrdersExchangesByTheirBegin(t *testing.T) {
	r := sample()
	for i := range r.Cases {
		for j := range r.Cases[i].Exchanges {
			x := &r.Cases[i].Exchanges[j]
			x.Started = x.Started.Add(-time.Duration(i) * time.Second)
		}
	}
	h := readHAR(t, r)
	first, last := h.Log.Entries[0], h.Log.Entries[len(h.Log.Entries)-1]
	if first.Case != "stopAndQuarantineFile/valid/accepts-plain-request" ||
		last.Case != "requestSample/auth/refuses-missing-authorization" || h.Log.Pages[0].ID != first.Case {
		t.Errorf("want the oldest first, got %s … %s on the page %s", first.Case, last.Case, h.Log.Pages[0].ID)
	}
}
