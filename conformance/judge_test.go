package conformance_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func example(t testing.TB, name string) string {
	t.Helper()
	data, err := fs.ReadFile(fixtures.FS(), "traffic/"+name+".json")
	require.NoError(t, err)
	return string(data)
}

// recorded is the documents' request for a sample with some answer to it.
func recorded(status int, contentType, body string) *conformance.Exchange {
	header := http.Header{}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return &conformance.Exchange{
		Sent: conformance.Sent{Started: noon, Request: record.Request{
			Method: "POST",
			URL:    "https://graph.microsoft.com/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample",
			Body: record.Body(
				`{"Comment": "Request Sample on machine due to alert 32123", "Sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68"}`),
		}},
		Response: &record.Response{Status: status, Header: header, Body: record.Body(body)},
	}
}

// lines writes findings as a table row does.
func lines(findings []record.Finding) (out []string) {
	for _, f := range findings {
		out = append(out, f.Requirement+" "+f.Check+" "+f.Place)
	}
	return out
}

func TestDocumentedExamplesHaveNoFinding(t *testing.T) {
	s := load(t)
	sample := recorded(201, "application/json", example(t, "request-sample"))
	require.Empty(t, s.Judge(sample).Findings)
	stop := recorded(201, "application/json", example(t, "stop-and-quarantine-file"))
	stop.Request.URL = strings.Replace(stop.Request.URL, "requestSample", "stopAndQuarantineFile", 1)
	stop.Request.Body = record.Body(
		`{"Comment": "Stop and quarantine file on machine due to alert 32123", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`)
	require.Empty(t, s.Judge(stop).Findings)
}

func TestRawExampleIsReportedAsBrokenJSON(t *testing.T) {
	stop := recorded(201, "application/json", example(t, "stop-and-quarantine-file.raw"))
	stop.Request.URL = strings.Replace(stop.Request.URL, "requestSample", "stopAndQuarantineFile", 1)
	findings := load(t).Judge(stop).Findings
	require.Equal(t, []string{"response.json one-json-object body"}, lines(findings))
	require.Contains(t, findings[0].Got, "near", "want the place of the comma shown")
	require.Contains(t, findings[0].Got, `},`)
}

// A broken answer is an answer with one thing wrong, and what it breaks.
type sin struct {
	why    string
	answer func() *conformance.Exchange
	breaks []string // "requirement check place"; empty where nothing is wrong
}

func TestJudgeNamesOneSinOnceAndForItsReason(t *testing.T) {
	s := load(t)
	good := example(t, "request-sample")
	body := func(old, new string) func() *conformance.Exchange {
		return func() *conformance.Exchange {
			changed := strings.Replace(good, old, new, 1)
			require.NotEqual(t, good, changed, "want %q in the example", old)
			return recorded(201, "application/json", changed)
		}
	}
	whole := func(text string) func() *conformance.Exchange {
		return func() *conformance.Exchange { return recorded(201, "application/json", text) }
	}
	typed := func(contentType string) func() *conformance.Exchange {
		return func() *conformance.Exchange { return recorded(201, contentType, good) }
	}
	refused := func(status int, contentType, body string, header ...string) func() *conformance.Exchange {
		return func() *conformance.Exchange {
			x := recorded(status, contentType, body)
			for i := 0; i < len(header); i += 2 {
				x.Response.Header.Add(header[i], header[i+1])
			}
			return x
		}
	}
	dated := func(values ...string) func() *conformance.Exchange {
		return func() *conformance.Exchange {
			x := recorded(201, "application/json", good)
			x.Response.Header["Date"] = values
			return x
		}
	}
	coded := func(coding string, text []byte, accepts string) func() *conformance.Exchange {
		return func() *conformance.Exchange {
			x := recorded(201, "application/json", string(text))
			x.Response.Header.Set("Content-Encoding", coding)
			x.Request.Header = []record.Field{{Name: "accept-encoding", Value: accepts}}
			return x
		}
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(good))
	w.Close()
	const oData = `{"error":{"code":"BadRequest","message":"no","innerError":{"date":"x"}}}`

	rows := []sin{
		// What the contract leaves open.
		{why: "the example", answer: whole(good)},
		{why: "a further member", answer: body(`"status"`, `"troubleshootInfo": null, "status"`)},
		{why: "another host in the context", answer: body("graph.microsoft.com", "api-eu.example:8443")},
		{why: "no fraction", answer: body("13:39:24.9399004Z", "13:39:24Z")},
		{why: "thirty digits of a second", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.939900412345678901234567890123Z"`)},
		{why: "an offset of zero", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004+00:00"`)},
		{why: "an offset of minus zero", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004-00:00"`)},
		{why: "a leap second with an offset of zero", answer: body(
			`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"lastUpdateDateTimeUtc": "2017-12-31t23:59:60.5+00:00"`)},
		{why: "a leap second", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"lastUpdateDateTimeUtc": "2017-12-31T23:59:60Z"`)},
		{why: "the status of the successor", answer: body(`"status": "InProgress"`, `"status": "Pending"`)},
		{why: "the hash in upper case", answer: body(`"sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68"`,
			`"sha1": "8D25682B3A82AF25B42DC90291C35FF3293DAA68"`)},
		{why: "an id in upper case", answer: body("c083f601-012f-4955-b4cc-fab50fb69d79",
			"C083F601-012F-4955-B4CC-FAB50FB69D79")},
		{why: "no comment echoed", answer: body(`"requestorComment": "test"`, `"requestorComment": ""`)},
		{why: "no instance", answer: func() *conformance.Exchange {
			i := strings.Index(good, `"fileInstances"`)
			return recorded(201, "application/json", good[:i]+`"fileInstances": []}`)
		}},
		{why: "parameters of OData", answer: typed("application/json;odata.metadata=minimal;odata.streaming=true")},
		{why: "the type in capitals", answer: typed("Application/JSON; charset=UTF-8")},
		{why: "a media type with a stray semicolon", answer: typed("application/json;")},
		{why: "gzip that was asked for", answer: coded("gzip", zipped.Bytes(), "deflate, GZIP;q=0.5")},
		{why: "identity said aloud", answer: coded("identity", []byte(good), "identity")},
		{why: "a refusal without a body", answer: refused(400, "", "")},
		{why: "a refusal with an OData error", answer: refused(422, "application/json; charset=utf-8", oData)},
		{why: "a refusal with problem details", answer: refused(409, "application/problem+json",
			`{"type":"about:blank","title":"Conflict"}`)},
		{why: "a page for people", answer: refused(400, "text/html", "<html>no</html>")},
		{why: "an error that is a word", answer: refused(400, "application/json", `{"error":"no"}`)},
		{why: "an error that is null", answer: refused(400, "application/json", `{"error":null}`)},
		{why: "null", answer: refused(400, "application/json", `null`)},
		{why: "an error of Spring", answer: refused(400, "application/json",
			`{"timestamp":"2026-01-01T00:00:00.000+00:00","status":400,"error":"Bad Request","path":"/testwdatppreview/machines/1/requestSample"}`)},
		{why: "what was asked for, repeated", answer: refused(400, "application/json",
			`{"sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68","fileId":"x","machineId":"y","requestor":"z","type":"InvalidRequest","id":"1"}`)},
		{why: "a date", answer: dated("Sun, 06 Nov 1994 08:49:37 GMT")},
		{why: "a date of long ago", answer: dated("Thu, 01 Jan 1970 00:00:00 GMT")},
		{why: "a leap day", answer: dated("Thu, 29 Feb 2024 23:59:59 GMT")},
		{why: "a leap second", answer: dated("Sat, 31 Dec 2016 23:59:60 GMT")},
		{why: "a date of RFC 850", answer: dated("Sunday, 06-Nov-94 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date of asctime", answer: dated("Sun Nov  6 08:49:37 1994"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date of ISO 8601", answer: dated("1994-11-06T08:49:37Z"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date with an offset", answer: dated("Sun, 06 Nov 1994 08:49:37 +0000"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date in UTC", answer: dated("Sun, 06 Nov 1994 08:49:37 UTC"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date with one digit for the day", answer: dated("Sun, 6 Nov 1994 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date with one digit for the hour", answer: dated("Sun, 06 Nov 1994 8:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date with a fraction", answer: dated("Sun, 06 Nov 1994 08:49:37.5 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date in capitals", answer: dated("SUN, 06 NOV 1994 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date with two blanks", answer: dated("Sun, 06 Nov 1994  08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a date of another day of the week", answer: dated("Mon, 06 Nov 1994 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a day that no month has", answer: dated("Thu, 30 Feb 2023 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a second that no minute has", answer: dated("Sun, 06 Nov 1994 08:49:60 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "an empty date", answer: dated(""), breaks: []string{"http.date date-form header Date"}},
		{why: "two dates", answer: dated("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
			breaks: []string{"http.date date-form header Date"}},
		{why: "a challenge that cannot be read, with a 401", answer: refused(401, "", "", "WWW-Authenticate",
			`Bearer realm="a`), breaks: []string{"refusal.challenge challenge-form header WWW-Authenticate"}},
		{why: "a challenge that cannot be read, with a 403", answer: refused(403, "", "", "WWW-Authenticate",
			`Bearer realm="a" error="b"`), breaks: []string{"refusal.challenge challenge-form header " +
			"WWW-Authenticate"}},
		{why: "a challenge that cannot be read and names no Bearer", answer: refused(401, "", "", "WWW-Authenticate",
			`Basic realm="a`), breaks: []string{"refusal.status-auth challenge header WWW-Authenticate",
			"refusal.challenge challenge-form header WWW-Authenticate"}},
		{why: "a challenge with a 403", answer: refused(403, "", "", "WWW-Authenticate",
			`Bearer error="insufficient_scope"`)},
		{why: "a challenge with a 403 that names another scheme", answer: refused(403, "", "", "WWW-Authenticate",
			"Negotiate")},
		{why: "a challenge among others", answer: refused(401, "", "", "WWW-Authenticate", `Basic realm="x, Bearer y"`,
			"WWW-Authenticate", `Negotiate, bearer realm="a", error="invalid_token"`)},
		{why: "a bare challenge", answer: refused(401, "", "", "WWW-Authenticate", "Bearer")},
		{why: "a list of methods", answer: refused(405, "", "", "Allow", "OPTIONS", "Allow", "GET , POST")},

		// Documented.
		{why: "text", answer: typed("text/plain"), breaks: []string{"response.media-type media-type header " +
			"Content-Type"}},
		{why: "no type", answer: typed(""), breaks: []string{"response.media-type media-type header Content-Type"}},
		{why: "a type that is none", answer: typed("json"),
			breaks: []string{"response.media-type media-type header Content-Type"}},
		{why: "a type built on JSON", answer: typed("application/hal+json"),
			breaks: []string{"response.media-type media-type header Content-Type"}},
		{why: "nothing", answer: whole(""), breaks: []string{"response.json one-json-object body"}},
		{why: "an array", answer: whole("[" + good + "]"), breaks: []string{"response.json one-json-object body"}},
		{why: "null", answer: whole("null"), breaks: []string{"response.json one-json-object body"}},
		{why: "an object in a string", answer: whole(`"{}"`), breaks: []string{"response.json one-json-object body"}},
		{why: "two objects", answer: whole(good + good), breaks: []string{"response.json one-json-object body"}},
		{why: "a syntax error behind a member twice", answer: body(`"status": "InProgress"`,
			`"id": "x", "status": InProgress`), breaks: []string{"response.json one-json-object body"}},
		{why: "UTF-16", answer: whole("\xFF\xFE{\x00}\x00"), breaks: []string{"json.encoding utf-8 body",
			"response.json one-json-object body"}},
		{why: "bytes that are no text", answer: whole("\x1F\x8B\x08\x00\xFF\xFE"),
			breaks: []string{"json.encoding utf-8 body", "response.json one-json-object body"}},
		{why: "a wrong type as the last of two", answer: body(`"status": "InProgress"`,
			`"status": "InProgress", "status": 7`), breaks: []string{"response.names-unique names-unique body",
			"action.types types /status"}},
		{why: "a wrong type as the first of two", answer: body(`"status": "InProgress"`,
			`"status": 7, "status": "InProgress"`), breaks: []string{"response.names-unique names-unique body",
			"action.types types /status"}},
		{why: "two wrong types", answer: body(`"status": "InProgress"`, `"status": 7, "status": 8`),
			breaks: []string{"response.names-unique names-unique body", "action.types types /status"}},
		{why: "another file as the first of two", answer: body(`"sha1"`,
			`"sha1": "0123456789012345678901234567890123456789", "sha1"`), breaks: []string{"response.names-unique " +
			"names-unique body", "action.sha1 sha1-echo /sha1", "action.file-id file-id /fileId"}},
		{why: "a member twice in text that is not UTF-8", answer: body(`"requestorComment": "test"`,
			"\"requestorComment\": null, \"requestorComment\": \"t\xE9st\""),
			breaks: []string{"json.encoding utf-8 body", "response.names-unique names-unique body",
				"action.types types /requestorComment"}},
		{why: "half of it", answer: whole(good[:300]), breaks: []string{"response.json one-json-object body"}},
		{why: "a member missing", answer: body(`"requestorComment": "test",`, ""),
			breaks: []string{"action.members members /requestorComment"}},
		{why: "a member in another letter case", answer: body(`"fileId"`, `"FileId"`),
			breaks: []string{"action.members members /fileId"}},
		{why: "the name of a sibling", answer: body(`"lastUpdateDateTimeUtc"`, `"lastUpdateTimeUtc"`),
			breaks: []string{"action.members members /lastUpdateDateTimeUtc"}},
		{why: "null for a string", answer: body(`"requestorComment": "test"`, `"requestorComment": null`),
			breaks: []string{"action.types types /requestorComment"}},
		{why: "a number for a time", answer: body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"creationDateTimeUtc": 1512394764`), breaks: []string{"action.types types /creationDateTimeUtc"}},
		{why: "a huge number for a string", answer: body(`"requestorComment": "test"`,
			`"requestorComment": 4E31322574`), breaks: []string{"action.types types /requestorComment"}},
		{why: "a long number for a string", answer: body(`"id": "c083f601-012f-4955-b4cc-fab50fb69d79"`, `"id": `+
			strings.Repeat("9", 100_000)), breaks: []string{"action.types types /id"}},
		{why: "a huge number for a time", answer: body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"creationDateTimeUtc": 1e-9999999999`), breaks: []string{"action.types types /creationDateTimeUtc"}},
		{why: "null for the instances", answer: func() *conformance.Exchange {
			i := strings.Index(good, `"fileInstances"`)
			return recorded(201, "application/json", good[:i]+`"fileInstances": null}`)
		}, breaks: []string{"action.types types /fileInstances"}},
		{why: "the context of another resource", answer: body("#FileMachineActions/", "#MachineActions/"),
			breaks: []string{"action.context context /@odata.context"}},
		{why: "the type of the other operation", answer: body(`"RequestSample"`, `"StopAndQuarantineFile"`),
			breaks: []string{"action.type type-name /type"}},
		{why: "the type as in the path", answer: body(`"RequestSample"`, `"requestSample"`),
			breaks: []string{"action.type type-name /type"}},
		{why: "another file", answer: func() *conformance.Exchange {
			return recorded(201, "application/json", strings.ReplaceAll(good, "8d25682b", "00000000"))
		}, breaks: []string{"action.sha1 sha1-echo /sha1"}},
		{why: "an instance without a path", answer: body(`"filePath"`, `"path"`),
			breaks: []string{"action.instances instances /fileInstances/0/filePath"}},
		{why: "an instance whose status is null", answer: func() *conformance.Exchange {
			i := strings.LastIndex(good, `"InProgress"`)
			return recorded(201, "application/json", good[:i]+`null`+good[i+len(`"InProgress"`):])
		}, breaks: []string{"action.instances instances /fileInstances/0/status"}},

		// Standard.
		{why: "Latin-1", answer: body(`"requestorComment": "test"`, "\"requestorComment\": \"t\xE9st\""),
			breaks: []string{"json.encoding utf-8 body"}},
		{why: "Latin-1 and a member missing", answer: body(`"requestorComment": "test"`, "\"comment\": \"t\xE9st\""),
			breaks: []string{"json.encoding utf-8 body", "action.members members /requestorComment"}},
		{why: "a byte order mark", answer: whole("\xEF\xBB\xBF" + good), breaks: []string{"json.encoding utf-8 body"}},
		{why: "a time without a zone", answer: body(`9399004Z",`, `9399004",`),
			breaks: []string{"time.format times /creationDateTimeUtc"}},
		{why: "a day that is not", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04`,
			`"lastUpdateDateTimeUtc": "2018-02-30`), breaks: []string{"time.format times /lastUpdateDateTimeUtc"}},
		{why: "an offset", answer: body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"creationDateTimeUtc": "2017-12-04T15:39:24.9399004+02:00"`), breaks: []string{"time.format times " +
			"/creationDateTimeUtc"}},
		{why: "gzip that nobody asked for", answer: coded("gzip", zipped.Bytes(), "identity"),
			breaks: []string{"http.framing coding-asked-for header Content-Encoding"}},
		{why: "gzip that was ruled out", answer: coded("gzip", zipped.Bytes(), "gzip;q=0, *"),
			breaks: []string{"http.framing coding-asked-for header Content-Encoding"}},
		{why: "gzip in name only", answer: coded("gzip", []byte(good), "gzip"),
			breaks: []string{"http.framing coding-asked-for body"}},
		{why: "a redirect", answer: refused(302, "", "", "Location", "/login"),
			breaks: []string{"http.no-redirect no-redirect status"}},
		{why: "the server's own error", answer: refused(500, "", ""),
			breaks: []string{"refusal.no-server-error no-server-error status"}},
		{why: "no challenge", answer: refused(401, "", ""),
			breaks: []string{"refusal.status-auth challenge header WWW-Authenticate"}},
		{why: "a challenge of another scheme", answer: refused(401, "", "", "WWW-Authenticate", `Basic realm="Bearer"`),
			breaks: []string{"refusal.status-auth challenge header WWW-Authenticate"}},
		{why: "no list of methods", answer: refused(405, "", ""),
			breaks: []string{"refusal.method allow header Allow"}},
		{why: "a list without POST", answer: refused(405, "", "", "Allow", "GET, post"),
			breaks: []string{"refusal.method allow header Allow"}},
		{why: "an error with a mark before it", answer: refused(400, "application/json", "\xEF\xBB\xBF"+oData),
			breaks: []string{"json.encoding utf-8 body"}},

		// Inferred.
		{why: "a member twice", answer: body(`"status"`, `"status": "Pending", "status"`),
			breaks: []string{"response.names-unique names-unique body"}},
		{why: "a member twice behind a mark", answer: whole("\xEF\xBB\xBF" + strings.Replace(good, `"status"`,
			`"status": "Pending", "status"`, 1)), breaks: []string{"json.encoding utf-8 body",
			"response.names-unique names-unique body"}},
		{why: "a member twice, once of another form", answer: body(`"status"`, `"id": "x", "status"`),
			breaks: []string{"response.names-unique names-unique body", "action.id id-form /id"}},
		{why: "a further member twice, deep inside", answer: body(`"status"`,
			`"further": [{"a": 1, "a": [2]}], "status"`), breaks: []string{"response.names-unique names-unique body"}},
		{why: "an instance with an empty status", answer: func() *conformance.Exchange {
			i := strings.LastIndex(good, `"InProgress"`)
			return recorded(201, "application/json", good[:i]+`""`+good[i+len(`"InProgress"`):])
		}, breaks: []string{"action.instances-filled instances-filled /fileInstances/0/status"}},
		{why: "the id and the type of an action with a refusal", answer: refused(400, "application/json",
			`{"id":"c083f601-012f-4955-b4cc-fab50fb69d79","type":"RequestSample"}`),
			breaks: []string{"refusal.no-action no-action body"}},
		{why: "an action with a refusal", answer: refused(400, "application/json", good),
			breaks: []string{"refusal.no-action no-action body"}},
		{why: "an action in which a member stands twice with a refusal", answer: refused(400, "application/json",
			strings.Replace(good, `"status"`, `"status": "Pending", "status"`, 1)),
			breaks: []string{"refusal.no-action no-action body"}},
		{why: "an id that is no UUID", answer: body("c083f601-012f-4955-b4cc-fab50fb69d79", "42"),
			breaks: []string{"action.id id-form /id"}},
		{why: "another file's id", answer: body(`"fileId": "8d`, `"fileId": "00`),
			breaks: []string{"action.file-id file-id /fileId"}},
		{why: "a host name for the machine", answer: body("f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f", "desktop-1"),
			breaks: []string{"action.machine-id machine-id /machineId"}},
		{why: "an unknown status", answer: body(`"status": "InProgress"`, `"status": "Canceled"`),
			breaks: []string{"action.status status-known /status"}},
		{why: "a blank requestor", answer: body("Analyst@contoso.com ", " \u00A0"),
			breaks: []string{"action.requestor requestor-named /requestor"}},
		{why: "an update before the creation", answer: body(`"lastUpdateDateTimeUtc": "2017`,
			`"lastUpdateDateTimeUtc": "2016`), breaks: []string{"time.order times-ordered /lastUpdateDateTimeUtc"}},
		{why: "a time long ago", answer: body(`"creationDateTimeUtc": "2017`, `"creationDateTimeUtc": "0001`),
			breaks: []string{"time.order times-ordered /creationDateTimeUtc"}},
		{why: "a time to come", answer: body(`"lastUpdateDateTimeUtc": "2017-12-04`,
			`"lastUpdateDateTimeUtc": "2026-11-23`), breaks: []string{"time.order times-ordered " +
			"/lastUpdateDateTimeUtc"}},
		{why: "a page for people that is declared as JSON", answer: refused(400, "application/json", "<html>no</html>"),
			breaks: []string{"error.form error-form body"}},
		{why: "a member twice in an error", answer: refused(400, "application/json", `{"a":1,"a":2}`),
			breaks: []string{"error.form error-form body"}},
		{why: "half an error", answer: refused(400, "application/problem+json", `{"title":`),
			breaks: []string{"error.form error-form body"}},
		{why: "an error without a code or a message", answer: refused(400, "application/json", `{"error":{}}`),
			breaks: []string{"error.form error-form /error/code", "error.form error-form /error/message"}},
		{why: "a huge number for a code", answer: refused(400, "application/json",
			`{"error":{"code":4E31322574,"message":"no"}}`), breaks: []string{"error.form error-form /error/code"}},
		{why: "a code that is a number", answer: refused(400, "application/json",
			`{"error":{"code":400,"message":"no"}}`), breaks: []string{"error.form error-form /error/code"}},
		{why: "a stack trace", answer: refused(400, "application/json",
			`{"error":{"code":"x","message":"panic: oops\ngoroutine 1 [running]:\nmain.main()"}}`),
			breaks: []string{"error.inside error-inside body"}},
		{why: "a member for the stack", answer: refused(400, "application/json",
			`{"error":{"code":"x","message":"y","innerError":{"stackTrace":"main"}}}`),
			breaks: []string{"error.inside error-inside body"}},
		{why: "a query", answer: refused(400, "application/json",
			`{"error":{"code":"x","message":"ERROR in SELECT id FROM machines"}}`), breaks: []string{"error.inside " +
			"error-inside body"}},
		{why: "a path of the server", answer: refused(400, "application/json",
			`{"error":{"code":"x","message":"open /var/lib/api/store.db: no such file"}}`),
			breaks: []string{"error.inside error-inside body"}},
		{why: "a path of a Windows server", answer: refused(400, "application/problem+json",
			`{"detail":"C:\\inetpub\\wwwroot\\api\\Startup.cs"}`), breaks: []string{"error.inside error-inside body"}},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			findings := s.Judge(r.answer()).Findings
			require.Equal(t, r.breaks, lines(findings), "%+v", findings)
			for _, f := range findings {
				require.NotEmpty(t, f.Want)
				require.NotEmpty(t, f.Got)
				require.Equal(t, s.Requirement(f.Requirement).Level, f.Level)
			}
		})
	}
}

func TestAFurtherMemberMayHoldWhatBreaksEngines(t *testing.T) {
	for _, extra := range []string{
		`"n": 1e1000001`, `"n": -0`, `"n": ` + strings.Repeat("9", 100_000),
		`"n": ` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		`"\ud800": "\udfff"`, `"": ""`, `"n": "\u0000"`,
	} {
		honest := honest()
		r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			honest.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.Code)
			io.WriteString(w, strings.Replace(answer.Body.String(), `"id"`, extra+`, "id"`, 1))
		})), conformance.Options{Run: "accepts-plain-request", Strict: true})
		require.Equal(t, record.Conformant, r.Verdict, "the further member %.40s: %s", extra, r.Reason)
	}
}

func FuzzJudge(f *testing.F) {
	s := load(f)
	good, err := fs.ReadFile(fixtures.FS(), "traffic/request-sample.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(201, "application/json", good)
	f.Add(400, "application/json", []byte(`{"error":{"code":"x","message":"y"}}`))
	f.Add(401, "text/html; charset", []byte("<html>"))
	f.Add(201, "application/json", []byte(`{"n":1e1000001}`))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		findings := s.Judge(recorded(status, contentType, string(body))).Findings
		engines := s.Thorough().Judge(recorded(status, contentType, string(body))).Findings
		if !reflect.DeepEqual(engines, findings) {
			t.Fatalf("want the findings of the engines, %+v, got %+v", engines, findings)
		}
		for _, finding := range findings {
			if s.Requirement(finding.Requirement) == nil || finding.Want == "" || finding.Place == "" {
				t.Fatalf("want a requirement, a place and what was wanted, got %+v", finding)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	s := load(b)
	good := example(b, "request-sample")
	for name, body := range map[string]string{"conforming": good, "faulty": strings.Replace(good, `"id"`, `"Id"`, 1)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Judge(recorded(201, "application/json", body))
			}
		})
	}
}
