package redact

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"fmaspec/conformance/record"
)

// BenchmarkResponse strikes out of an answer of the usual size what the run of a user with
// five tokens of the usual form knows.
func BenchmarkResponse(b *testing.B) {
	s := &Secrets{}
	for _, name := range []string{"TOKEN", "UNPRIVILEGED", "SECURITY", "GLOBAL", "INVALID"} {
		claims := `{"aud":"https://api.contoso.com","sub":"` + strings.Repeat(name+"-", 60) + `"}`
		s.AddToken(name, "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9."+base64.RawURLEncoding.EncodeToString([]byte(claims))+
			"."+
			base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(name, 40))))
	}
	body := `{"@odata.context":"https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",` +
		`"id":"c083f601-012f-4955-b4cc-fab50fb69d79","sha1":"` + strings.Repeat("87662bc3", 5) +
		`","type":"RequestSample",` +
		`"requestor":"analyst@contoso.com","requestorComment":"fmaspec-0123456789","status":"InProgress",` +
		`"fileInstances":[{"filePath":"C:\\Users\\x\\AppData\\Local\\Temp\\tool.exe","status":"InProgress"}]}`
	b.ReportAllocs()
	for b.Loop() {
		s.Response(&record.Response{Status: 201, Body: record.Body(body), Header: http.Header{
			"Content-Type": {"application/json"}, "Date": {"Tue, 03 Mar 2026 10:00:00 GMT"},
			"Content-Length": {"700"}}}, record.Request{}, false)
	}
}
