package conformance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// passed returns an exchange as a record of traffic holds it.
func passed(after time.Duration, status int, change ...func(*record.Exchange)) record.Exchange {
	var x record.Exchange
	x.Started, x.Elapsed = clientNoon.Add(after), time.Millisecond
	x.Request = record.Request{Method: "POST", URL: sampleURL, Body: record.Body(sampleBody), Header: []record.Field{
		{Name: "Authorization", Value: "Bearer 0123456789abcdef"}, {Name: "Content-Type", Value: "application/json"}}}
	x.Response = &record.Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{}}
	for _, f := range change {
		f(&x)
	}
	return x
}

func sending(body string) func(*record.Exchange) {
	return func(x *record.Exchange) { x.Request.Body = record.Body(body) }
}

func TestARecordedRequestThatIsAcceptedIsChargedForWhatItBreaks(t *testing.T) {
	s := load(t)
	const file = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	for _, row := range []struct{ body, want string }{
		{`{"Comment":"x"}`, "request.sha1-required"},
		{`{"Sha1":"` + file + `"}`, "request.comment-required"},
		{`{"Comment":"x","sha1":"` + file + `"}`, "request.name-case"},
		{`{"Comment":"x","SHA1":"` + file + `"}`, "request.name-case"},
		{`{"comment":"x","sha1":"` + file + `"}`, "request.name-case"},
		{`{"comment":"x"}`, "request.sha1-required"},
	} {
		got := ""
		for _, f := range s.Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusCreated,
			sending(row.body))).Server {
			if f.Place == "status" {
				got = f.Requirement
			}
		}
		require.Equal(t, row.want, got, row.body)
	}
}

func TestClientsOfRecordsAreToldApart(t *testing.T) {
	busy := func(x *record.Exchange) { x.Response.Header.Set("Retry-After", "60") }
	other := func(x *record.Exchange) { x.Request.Header[0].Value = "Bearer fedcba9876543210" }
	elsewhere := func(x *record.Exchange) { x.Request.URL = "https://elsewhere.example" + samplePath }
	for _, row := range []struct {
		why    string
		change func(*record.Exchange)
		want   string
	}{
		{"the same client on the same server", func(*record.Exchange) {}, "waits-after-429"},
		{"another token of the same length", other, ""},
		{"another server", elsewhere, ""},
	} {
		w := load(t).Watch(conformance.WatchOptions{})
		w.Note(passed(0, http.StatusTooManyRequests, busy))
		got := ""
		for _, f := range w.Note(passed(time.Second, http.StatusForbidden, row.change)).Client {
			got = f.Case[strings.LastIndexByte(f.Case, '/')+1:]
		}
		require.Equal(t, row.want, got, row.why)
	}
}

func TestFieldsWithCredentialsAreStruckOut(t *testing.T) {
	const secret = "8Zk3mXw7Lp2QvT5n"
	for _, name := range []string{"X-Api-Key", "x-functions-key", "X-Auth", "X-Auth-Key", "x-csrf", "X-XSRF-Token",
		"DPoP",
		"x-amz-security-token", "Proxy-Authentication-Info"} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusForbidden, func(x *record.Exchange) {
			x.Request.Header = append(x.Request.Header, record.Field{Name: name, Value: secret})
			x.Response.Header.Set(name, secret)
			x.Response.Body = record.Body("not " + secret)
		}))
		text := fmt.Sprint(v.Exchange.Request.Header, v.Exchange.Response.Header, string(v.Exchange.Response.Body))
		require.NotContains(t, text, secret, name)
	}
}

func TestVerifyRefusesAReportOnClients(t *testing.T) {
	s := load(t)
	w := s.Watch(conformance.WatchOptions{})
	w.Note(passed(0, http.StatusForbidden))
	_, err := s.Verify(w.Report().Client)
	var usage *conformance.UsageError
	require.ErrorAs(t, err, &usage)
	require.ErrorContains(t, err, "on clients")
}
