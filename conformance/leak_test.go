package conformance_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// saying serves every connection of a loopback port: each request is answered with
// what say returns, and the connection is closed.
func saying(t *testing.T, say func(*http.Request) string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.Copy(io.Discard, r.Body)
					io.WriteString(c, say(r))
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// told is everything that the reports of a run say, in small letters: each format as
// it is written, and the strings of the JSON as a reader has them.
func told(t *testing.T, r *record.Report) string {
	t.Helper()
	var all strings.Builder
	for _, f := range report.Formats() {
		var out bytes.Buffer
		require.NoError(t, f.Write(&out, r, report.Style{Verbose: true}))
		all.Write(out.Bytes())
		all.WriteString(html.UnescapeString(out.String()))
		if f.Name == "json" {
			var read any
			require.NoError(t, json.Unmarshal(out.Bytes(), &read))
			fmt.Fprint(&all, read)
		}
	}
	return strings.ToLower(all.String())
}

// The secrets of the runs below. What an escape could be made for stands in them.
const (
	loudToken = "tok+en/of~one.who_may-0123456789abcdef=="
	loudOther = "other+token/0123456789"
	loudKey   = `key "of' <mine>&yours\0123456789`
)

func loudTarget(url string) conformance.Target {
	return conformance.Target{URL: url, Token: loudToken, UnprivilegedToken: loudOther, InvalidToken: "invalid/" +
		loudOther,
		Transport: conformance.Transport{Header: []record.Field{{Name: "X-Api-Key", Value: loudKey}}}}
}

// loudly spells every secret in many ways, one after the other.
func loudly(between string) string {
	var all []string
	for _, secret := range []string{loudToken, loudOther, loudKey} {
		quoted, _ := json.Marshal(secret)
		all = append(all, secret, strings.ToUpper(secret), url.QueryEscape(secret), url.PathEscape(secret),
			string(quoted), html.EscapeString(secret),
			base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte("Bearer "+secret)),
			strings.ReplaceAll(secret, "/", `\/`), strings.ReplaceAll(secret, "+", `\u002B`),
			strings.ToLower(url.QueryEscape(secret)))
	}
	return strings.Join(all, between)
}

// quiet fails where a report holds a secret.
func quiet(t *testing.T, r *record.Report) {
	t.Helper()
	text := told(t, r)
	for _, said := range append(strings.Split(loudly("\x00"), "\x00"), loudToken[:12], loudOther[:12], loudKey[:12]) {
		require.NotContains(t, text, strings.ToLower(said))
	}
}

func TestWhateverAServerGivesBackIsInNoReport(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes every report of many runs")
	}
	const created, length = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n", "Content-Length: %d\r\n\r\n%s"
	withBody := func(head, body string) string { return head + fmt.Sprintf(length, len(body), body) }
	inJSON, _ := json.Marshal(loudly(" "))
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
		return b.String()
	}
	rows := []struct{ why, says string }{
		{"in a field", withBody(created+"X-More: "+loudly(", ")+"\r\n", "{}")},
		{"in many fields", withBody(created+"X-More: "+loudly("\r\nX-More: ")+"\r\nWWW-Authenticate: Bearer "+loudToken+
			"\r\nRetry-After: "+loudToken+"\r\n", "{}")},
		{"as the name of a field", withBody(created+strings.NewReplacer("/", "", "=", "").Replace(loudToken)+": x\r\n",
			"{}")},
		{"in the media type", withBody("HTTP/1.1 201 Created\r\nContent-Type: "+loudToken+"\r\n", "{}")},
		{"in the parameters of the media type", withBody("HTTP/1.1 201 Created\r\nContent-Type: application/json; x=\""+
			loudOther+"\"\r\n", "[]")},
		{"in the content coding", withBody(created+"Content-Encoding: "+loudToken+"\r\n", "{}")},
		{"in the length", created + "Content-Length: " + loudToken + "\r\n\r\n{}"},
		{"in the transfer coding", created + "Transfer-Encoding: " + loudToken + "\r\n\r\n{}"},
		{"in a redirect", withBody("HTTP/1.1 307 Temporary Redirect\r\nLocation: https://x.example/"+loudly("/")+"\r\n",
			"")},
		{"in a cookie", withBody(created+"Set-Cookie: "+loudToken+"\r\nSet-Cookie: "+loudToken+"=1; Path=/"+loudOther+
			"\r\n", "{}")},
		{"in place of the status", withBody("HTTP/1.1 "+loudToken+"\r\n", "{}")},
		{"as the status", withBody("HTTP/1.1 20"+loudToken+" Created\r\n", "{}")},
		{"as the reason", withBody("HTTP/1.1 400 "+loudly(" ")+"\r\n", "{}")},
		{"in place of the version", withBody("HTTP/"+loudToken+" 201 Created\r\n", "{}")},
		{"in a line without a colon", withBody(created+loudToken+"\r\n", "{}")},
		{"in place of HTTP", loudToken + "\r\n" + loudly(" ")},
		{"in place of HTTP, all of it", loudly(" ")},
		{"in place of HTTP, cut off", "hello " + loudToken[:20]},
		{"in place of HTTP, cut off at once", loudToken[:20]},
		{"in an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: " + loudToken + "\r\n\r\n" +
			withBody(created, "{}")},
		{"in a string of the body", withBody(created, `{"id":`+string(inJSON)+`,"sha1":`+string(inJSON)+`}`)},
		{"as the name of a member", withBody(created, `{`+string(inJSON)+`:1,`+string(inJSON)+`:1}`)},
		{"as the body", withBody(created, loudly("\n"))},
		{"as the body of a refusal", withBody("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n",
			`{"error":{"code":"x","message":`+string(inJSON)+`}}`)},
		{"in HTML", withBody("HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\n", "<p>"+html.EscapeString(loudly(" "))+
			"</p>")},
		{"in a body that is cut off in the middle", created + "Content-Length: 999\r\n\r\n{\"id\":\"" + loudToken[:25]},
		{"in a body that its length cuts off", created + "Content-Length: 30\r\n\r\n{\"id\":\"" + loudToken + `"}`},
		{"behind the body", withBody(created, "{}") + loudToken},
		{"as the size of a chunk", created + "Transfer-Encoding: chunked\r\n\r\n" + loudToken + "\r\n{}\r\n0\r\n\r\n"},
		{"in the extension of a chunk", created + "Transfer-Encoding: chunked\r\n\r\n2;x=\"" + loudOther +
			"\"\r\n{}\r\n0\r\n\r\n"},
		{"in a trailer", created + "Trailer: X-More\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-More: " +
			loudToken + "\r\n\r\n"},
		{"across chunks", created + "Transfer-Encoding: chunked\r\n\r\n14\r\n" + loudToken[:20] + "\r\n14\r\n" +
			loudToken[20:] + "\r\n0\r\n\r\n"},
		{"packed", withBody(created+"Content-Encoding: gzip\r\n", packed(`{"id":`+string(inJSON)+`,"sha1":`+
			string(inJSON)+`}`))},
		{"packed, and cut off", withBody(created+"Content-Encoding: gzip\r\n",
			packed(`{"id":"` + loudToken + strings.Repeat("x", 300))[:60])},
		{"packed in the name alone", withBody(created+"Content-Encoding: gzip\r\n", loudly(" "))},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			r, err := load(t).Run(t.Context(), loudTarget(saying(t, func(*http.Request) string { return row.says })),
				conformance.Options{Timeout: 20 * time.Second, Run: "valid/(accepts-plain-request|accepts-gzip)$|" +
					"body/refuses-missing-comment|auth/refuses-missing-authorization|unprivileged"})
			require.NoError(t, err)
			require.Positive(t, r.Totals.Requests)
			quiet(t, r)
			require.Contains(t, told(t, r), "$fmaspec_token", "want the variable in the place of what was sent")
			require.Contains(t, told(t, r), "$header_x_api_key")
		})
	}
}

func TestALeakInAnyPlaceCountsAgainstARefusal(t *testing.T) {
	body := `{"error":{"code":"x","message":"y"}}`
	answer := func(field string) string {
		return fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n%sContent-Length: "+
			"%d\r\n\r\n%s", field, len(body), body)
	}
	const one = "^requestSample/body/refuses-missing-comment$"
	for field, leaks := range map[string]bool{
		"":                                     false,
		"X-More: Bearer " + loudToken + "\r\n": true,
		"X-More: " + url.QueryEscape(loudKey) + "\r\n":      true,
		"Set-Cookie: session=0123456789\r\n":                false,
		"X-More: eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x\r\n": false,
	} {
		r := run(t, loudTarget(saying(t, func(*http.Request) string { return answer(field) })),
			conformance.Options{Run: one})
		if leaks {
			require.Contains(t, broken(r), "error.inside", field)
		} else {
			require.NotContains(t, broken(r), "error.inside", field)
		}
	}
}

func TestATokenInAnyAnswerIsFound(t *testing.T) {
	body := `{"error":{"code":"x","message":"y"}}`
	part := loudToken[4:22]
	length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	const json = "Content-Type: application/json\r\n"
	for _, row := range []struct{ why, says, place string }{
		{"nowhere", "HTTP/1.1 201 Created\r\n" + json + length, ""},
		{"a header key of the user alone", "HTTP/1.1 201 Created\r\nX-Echo: " + loudKey + "\r\n" + json + length, ""},
		{"in a field of an acceptance", "HTTP/1.1 201 Created\r\nX-Echo: " + part + "\r\n" + json + length,
			"header X-Echo"},
		{"in the status line", "HTTP/1.1 201 " + part + "\r\n" + json + length, "status line"},
		{"in an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: " + part + "\r\n\r\nHTTP/1.1 201 Created\r\n" +
			json +
			length, "interim answer"},
		{"in a trailer", "HTTP/1.1 201 Created\r\n" + json +
			"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Echo: " +
			part + "\r\n\r\n", "trailer X-Echo"},
		{"in a redirect", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /x?" + part + "\r\n" + length,
			"header Location"},
		{"in place of HTTP", "hello " + part + "\r\n", "connection"},
		{"in a line without a colon", "HTTP/1.1 201 Created\r\n" + part + "\r\n" + length, "connection"},
	} {
		// Who answers nothing in HTTP is not judged.
		refused := "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n" + json + length
		r := run(t, loudTarget(saying(t, func(q *http.Request) string {
			if q.Header.Get("Authorization") == "" {
				return refused
			}
			return row.says
		})),
			conformance.Options{
				Run: "^requestSample/(valid/accepts-plain-request|auth/refuses-missing-authorization)$"})
		var places []string
		accepted := r.Cases[1]
		require.Equal(t, "requestSample/valid/accepts-plain-request", accepted.ID)
		for _, f := range accepted.Findings {
			if f.Requirement == "response.no-token" {
				places = append(places, f.Place)
			}
		}
		if row.place == "" {
			require.Empty(t, places, row.why)
			continue
		}
		require.Equal(t, []string{row.place}, places, row.why)
		require.NotContains(t, told(t, r), strings.ToLower(part), row.why)
		require.Equal(t, []string{row.place}, accepted.Exchanges[0].TokenIn, row.why)
	}
}

func TestCharsetsAreComparedWithTheJSON(t *testing.T) {
	const beyond, ascii = `{"error":{"code":"x","message":"Ungültig"}}`,
		`{"error":{"code":"x","message":"Ung\u00fcltig"}}`
	for _, row := range []struct {
		mediaType, body string
		breaks          bool
	}{
		{"application/json; charset=iso-8859-1", beyond, true},
		{`application/json; CharSet="US-ASCII"`, beyond, true},
		{"application/problem+json;charset=utf-16", beyond, true},
		{"application/json; charset=iso-8859-1", ascii, false},
		{"application/json; charset=us-ascii", ascii, false},
		{"application/json; charset=utf-8", beyond, false},
		{`application/json; charset="UTF-8"`, beyond, false},
		{"application/json; charset=utf8", beyond, false},
		{"application/json", beyond, false},
		{"text/html; charset=iso-8859-1", beyond, false},
	} {
		r := run(t, loudTarget(saying(t, func(*http.Request) string {
			return fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
				row.mediaType, len(row.body), row.body)
		})), conformance.Options{Run: "^requestSample/body/refuses-missing-comment$"})
		if row.breaks {
			require.Contains(t, broken(r), "json.encoding", row.mediaType)
		} else {
			require.NotContains(t, broken(r), "json.encoding", row.mediaType)
		}
	}
}

func TestStrikingOutChangesNoVerdict(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite several times")
	}
	honestly := func(it conformance.Target) {
		t.Helper()
		r := run(t, it, conformance.Options{Strict: true})
		require.Equal(t, record.Conformant, r.Verdict, r.Reason)
		require.Equal(t, r.Totals.Total, r.Totals.Passed)
	}
	// What a user sends as a matter of course is in every answer.
	it := target(honest())
	it.Transport.Header = []record.Field{{Name: "Accept-Language", Value: "application/json"},
		{Name: "X-Format", Value: "json"}, {Name: "X-Ring", Value: "prod"}, {Name: "X-Flag", Value: "true"},
		{Name: "X-Year", Value: "2026"}}
	honestly(it)

	h := honest()
	it = target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=0123456789; Path=/")
		w.Header().Set("Link", "<https://x.example/c?sv=1&sig=abcdef>; rel=\"describedby\"")
		w.Header().Set("X-More", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.")
		h.ServeHTTP(w, r)
	}))
	honestly(it)
}

func TestOldAndNewTokensAreStruckOut(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite several times")
	}
	var asked, echoed atomic.Int64
	tokenOf := func(n int64) string { return fmt.Sprintf("Rotating-Token-%04d-0123456789", n) }
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		echoed.Add(1)
		w.Header().Set("X-More", r.Header.Get("Authorization"))
		w.WriteHeader(400)
		fmt.Fprintf(w, "%s %s %s", strings.ToLower(r.Header.Get("Authorization")), tokenOf(1),
			r.Header.Get("Authorization"))
	})
	it := target(echo)
	it.Token, it.TokenSource = "", func(context.Context) (string, error) { return tokenOf(asked.Add(1)), nil }
	r := run(t, it, conformance.Options{Run: "requestSample/body/"})
	require.Greater(t, asked.Load(), int64(10), "want a token of its own for each")
	require.Positive(t, echoed.Load())
	text := told(t, r)
	require.NotContains(t, text, "rotating-token")
	require.Contains(t, text, "$fmaspec_token")
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			require.NotContains(t, command(r, &x), "Rotating")
		}
	}
}

func TestAnErrorOfATokenSourceTellsNoSecret(t *testing.T) {
	var asked atomic.Int64
	it := target(honest())
	it.Token, it.TokenSource = "", func(context.Context) (string, error) {
		if asked.Add(1) > 3 {
			return "", fmt.Errorf("the endpoint said %q", token+" and eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.x")
		}
		return token, nil
	}
	r := run(t, it, conformance.Options{Run: "requestSample/body/", Parallel: 1})
	require.Positive(t, r.Totals.Errored)
	require.Contains(t, told(t, r), "there is no token: the endpoint said")
	require.NotContains(t, told(t, r), token)
	require.NotContains(t, told(t, r), "eyjhbgcioijub25lin0")
}
