package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
)

const (
	servedPath   = "/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"
	testNoRole   = "test-unprivileged-9c1e"
	goodBody     = `{"Comment":"a comment","Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`
	authorized   = "Authorization: Bearer " + testToken
	declaredJSON = "Content-Type: application/json"
)

func testConfig() reference.Config {
	return reference.Config{Token: testToken, UnprivilegedToken: testNoRole, UnknownMachine: testMachine}
}

// handlerOf returns what the flags make of a server.
func handlerOf(t *testing.T, f serveFlags) http.Handler {
	t.Helper()
	h, _, err := f.handler(testConfig())
	require.NoError(t, err)
	return h
}

// asks sends a handler one request, with lines of "Name: value" for a header.
func asks(t *testing.T, h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// posts sends a good request with a further header.
func posts(t *testing.T, h http.Handler, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return asks(t, h, "POST", servedPath, goodBody, append(header, authorized, declaredJSON)...)
}

// logging returns a server and its log of requests.
func logging(t *testing.T, h http.Handler) (http.Handler, *bytes.Buffer) {
	t.Helper()
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	var out bytes.Buffer
	return (&requestLog{log.New(&out, "", 0), suite, testConfig(), false}).logged(h), &out
}

func TestServeTellsWhatIsWrongWithARequest(t *testing.T) {
	unknown := strings.Replace(servedPath, "fb9ab6be3965095a09c057be7c90f0a2", testMachine, 1)
	for _, row := range []struct {
		why, method, path, body string
		header                  []string
		want                    string
	}{
		{"a good request has its line alone", "POST", servedPath + "?q=secret-77", goodBody,
			[]string{authorized, declaredJSON}, "POST " + servedPath + " 201\n"},
		{"no Comment", "POST", servedPath, `{"Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`,
			[]string{authorized, declaredJSON}, "POST " + servedPath + " 400\n" +
				"  body /Comment: want the member \"Comment\", got no such member — request.comment-required " +
				"(documented, Request body)\n"},
		{"no body", "POST", servedPath, "", []string{authorized}, "POST " + servedPath + " 400\n" +
			"  body: want one JSON object, got byte 0: there is no JSON value — request.object (documented, Request " +
			"body)\n"},
		{"no credentials, and another type", "POST", servedPath, goodBody, []string{"Content-Type: text/plain"},
			"POST " + servedPath + " 401\n" +
				"  header Authorization: want Bearer and a token, got no such header — auth.required (documented, " +
				"Request headers)\n" +
				"  header Content-Type: want application/json, got \"text/plain\" — refusal.media-type (inferred, " +
				"Request headers)\n"},
		{"a token that nobody issued", "POST", servedPath, goodBody, []string{"Authorization: Bearer secret-77"},
			"POST " + servedPath + " 401\n" +
				"  header Authorization: want a token of this server, got another token — auth.token-known " +
				"(inferred, Request headers)\n"},
		{"the token of a user without the role", "POST", servedPath, goodBody,
			[]string{"Authorization: bearer  " + testNoRole}, "POST " + servedPath + " 403\n" +
				"  header Authorization: want the token of a user who may act, got the token of a user who may not " +
				"act — auth.role (documented, Permissions)\n"},
		{"the token in the place of the scheme", "POST", servedPath, goodBody, []string{"Authorization: " + testToken},
			"POST " + servedPath + " 401\n" +
				"  header Authorization: want Bearer and a token, got no scheme, or an unknown one — auth.bearer " +
				"(documented, Request headers)\n"},
		{"the unknown machine", "POST", unknown, goodBody, []string{authorized}, "POST " + unknown + " 404\n" +
			"  path: want a known machine, got the unknown machine — machine.unknown (inferred, the GET of a " +
			"machine)\n"},
		{"another method", "GET", servedPath, "", []string{authorized}, "GET " + servedPath + " 405\n" +
			"  method: want POST, got GET — operation.exists (documented, HTTP request)\n"},
		{"another path, with tokens in it", "GET", "/" + testToken + "/secret-77/x", "",
			[]string{"Authorization: Bearer secret-77"}, "GET /" + strings.Repeat("*", len(testToken)) +
				"/*********/x 404\n" +
				"  path: want /testwdatppreview/machines/{id}/requestSample or " +
				"/testwdatppreview/machines/{id}/stopAndQuarantineFile, got /" + strings.Repeat("*", len(testToken)) +
				"/*********/x — operation.exists (documented, HTTP request)\n"},
		{"a token in the body", "POST", servedPath, `{"Comment":["` + testNoRole +
			`","secret-77"],"Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`, []string{authorized}, "POST " +
			servedPath + " 400\n" +
			"  body /Comment: want a string, got [\"" + strings.Repeat("*", len(testNoRole)) + "\",\"secret-77\"] — " +
			"request.comment-string (documented, Request body, column Type)\n"},
		{"a token in the body, cut", "POST", servedPath, `{"Comment":"","Sha1":"` + strings.Repeat("x", 50) +
			testToken + `"}`, []string{authorized}, "POST " + servedPath + " 400\n" +
			"  body /Comment: want a string that is not blank, got \"\" — request.comment-blank (inferred, Request " +
			"body)\n" +
			"  body /Sha1: want 40 hexadecimal digits, got \"" + strings.Repeat("x", 50) +
			"*********… — request.sha1-format (inferred, Request body)\n"},
		{"what a terminal could obey", "POST", servedPath, `{"Comment":["\u001b[2J` + "\u202e" +
			`"],"Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`,
			[]string{authorized, "Content-Type: application/json\x1b[2J\n"}, "POST " + servedPath + " 415\n" +
				"  header Content-Type: want application/json, got \"application/json\\u001b[2J\\n\" — " +
				"refusal.media-type (inferred, Request headers)\n" +
				"  body /Comment: want a string, got [\"\\u001b[2J\\u202e\"] — request.comment-string (documented, " +
				"Request body, column Type)\n"},
		{"a body beyond what is looked at", "POST", servedPath, strings.Repeat(" ", judgedBody+1), []string{authorized},
			"POST " + servedPath + " 400\n" +
				"  body: longer than 1048576 bytes and not judged\n"},
		{"a long path", "GET", "/" + strings.Repeat("a", 5000), "", nil, "GET /" + strings.Repeat("a", 199) +
			"… 404\n" +
			"  path: want /testwdatppreview/machines/{id}/requestSample or " +
			"/testwdatppreview/machines/{id}/stopAndQuarantineFile, got /" + strings.Repeat("a", 199) +
			"… — operation.exists (documented, HTTP request)\n"},
	} {
		t.Run(row.why, func(t *testing.T) {
			h, out := logging(t, handlerOf(t, serveFlags{}))
			asks(t, h, row.method, row.path, row.body, row.header...)
			if got := out.String(); got != row.want {
				t.Errorf("want\n%s\ngot\n%s", row.want, got)
			}
			for _, secret := range []string{testToken, testNoRole} {
				require.NotContains(t, out.String(), secret)
			}
		})
	}
}

// A brokenBody is cut off by its client.
type brokenBody struct{ io.Reader }

func (brokenBody) Close() error { return nil }

func TestABodyThatIsBrokenOffIsToldAndNotJudged(t *testing.T) {
	h, out := logging(t, handlerOf(t, serveFlags{}))
	r := httptest.NewRequestWithContext(t.Context(), "POST", servedPath, nil)
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Body = brokenBody{io.MultiReader(strings.NewReader(goodBody[:20]), failing{io.ErrUnexpectedEOF})}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code, "the server sees the break as well")
	require.Equal(t, "POST "+servedPath+" 400\n  body: incomplete and not judged\n", out.String())
}

func TestTheLogJudgesTheRequestWhateverTheAnswerIs(t *testing.T) {
	h, out := logging(t, handlerOf(t, serveFlags{faults: list{"crashes-on-missing-comment"},
		troubles: list{"throttled"}}))
	asks(t, h, "POST", servedPath, `{}`, authorized)
	require.Contains(t, out.String(), " 429\n  body /Comment: want ")
	require.Contains(t, out.String(), "\n  body /Sha1: want ")
}

func TestATokenSuchAsTestLeavesThePathReadable(t *testing.T) {
	h, out := logging(t, handlerOf(t, serveFlags{}))
	asks(t, h, "POST", servedPath, goodBody, "Authorization: Bearer test")
	require.True(t, strings.HasPrefix(out.String(), "POST "+servedPath+" 401\n"), out)
}

func TestARequestChoosesItsFaults(t *testing.T) {
	h := handlerOf(t, serveFlags{allowHeader: true, wait: func(context.Context, time.Duration) error { return nil }})
	id := func(w *httptest.ResponseRecorder) any {
		var action map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &action))
		return action["id"]
	}
	for _, row := range []struct {
		why, header string
		status      int
		id          bool
	}{
		{"no header, no fault", "Accept: */*", 201, true},
		{"one fault", faultHeader + ": drops-id", 201, false},
		{"the request behind it is served well", "Accept: */*", 201, true},
		{"two faults", faultHeader + ": drops-id , answers-200", 200, false},
		{"each gets what those before it left, and drops-id minds no 200", faultHeader + ": answers-200, drops-id", 200,
			true},
		{"one twice is one", faultHeader + ": answers-200,answers-200", 200, true},
		{"an empty list", faultHeader + ":  , ", 201, true},
		{"a trouble that changes no answer", troubleHeader + ": late", 201, true},
	} {
		w := posts(t, h, row.header)
		if got := id(w) != nil; w.Code != row.status || got != row.id {
			t.Errorf("%s: want status %d and an id %v, got %d and %v", row.why, row.status, row.id, w.Code, got)
		}
	}
	w := posts(t, h, faultHeader+": drops-id", faultHeader+": answers-200")
	require.Equal(t, 200, w.Code, "two lines are one list")
	require.Nil(t, id(w))
	require.Equal(t, http.StatusTooManyRequests, posts(t, h, troubleHeader+": throttled", faultHeader+
		": drops-id").Code)
}

func TestChosenFaultsRemember(t *testing.T) {
	h := handlerOf(t, serveFlags{allowHeader: true})
	choose := func(names string) int { return posts(t, h, faultHeader+": "+names).Code }
	var got []int
	for _, names := range []string{"answers-200-every-second-time", "answers-200-every-second-time", "drops-id",
		"drops-id,answers-200-every-second-time", "answers-200-every-second-time,drops-id"} {
		got = append(got, choose(names))
		posts(t, h) // which counts for nothing
	}
	if want := []int{201, 200, 201, 201, 200}; !slices.Equal(got, want) {
		t.Errorf("want %v, got %v: one memory whatever else is chosen", want, got)
	}
	require.Equal(t, 503, posts(t, h, troubleHeader+": unavailable-once").Code)
	require.Equal(t, 201, posts(t, h, troubleHeader+": unavailable-once").Code)
}

func TestFlagsAndHeadersAddUp(t *testing.T) {
	h := handlerOf(t, serveFlags{allowHeader: true, faults: list{"drops-id"}, variant: "reversed-members"})
	w := posts(t, h, faultHeader+": answers-200")
	require.Equal(t, 200, w.Code)
	require.NotContains(t, w.Body.String(), `"id"`)
}

func TestAnUnknownChoiceIsAnswered400(t *testing.T) {
	h := handlerOf(t, serveFlags{allowHeader: true})
	var many []string
	for _, f := range reference.Faults()[:mostChosen+1] {
		many = append(many, f.Name)
	}
	for header, want := range map[string]string{
		faultHeader +
			": drop-id": `X-Fmaspec-Fault: drop-id: unknown fault (did you mean "drops-id"?); fmaspec list faults prints the names`,
		faultHeader +
			": drops-id, drop-id": `X-Fmaspec-Fault: drop-id: unknown fault (did you mean "drops-id"?); fmaspec list faults prints the names`,
		troubleHeader +
			": throtled": `X-Fmaspec-Trouble: throtled: unknown trouble (did you mean "throttled"?); troubles are throttled, throttled-every-third, throttled-every-hundredth, unavailable, unavailable-once, loses-every-third-answer, late`,
		faultHeader +
			": throttled": `X-Fmaspec-Fault: throttled: unknown fault; fmaspec list faults prints the names`,
		faultHeader + ": " +
			strings.Join(many, ","): `X-Fmaspec-Fault: more than 16 names; choose fewer per request`,
		faultHeader + ": " + strings.Repeat("\u00e4", 1000): `X-Fmaspec-Fault: ` + strings.Repeat("\u00e4", 200) +
			`…: unknown fault; fmaspec list faults prints the names`,
	} {
		w := posts(t, h, header)
		require.Equal(t, 400, w.Code)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		var body struct {
			Error struct{ Code, Message string }
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		require.Equal(t, "UnknownChoice", body.Error.Code)
		if body.Error.Message != want {
			t.Errorf("want %q, got %q", want, body.Error.Message)
		}
	}
}

func TestHeadersMeanNothingWithoutTheFlag(t *testing.T) {
	h := handlerOf(t, serveFlags{})
	for _, header := range []string{faultHeader + ": answers-200", faultHeader + ": drop-id", troubleHeader +
		": throttled"} {
		w := posts(t, h, header)
		require.Equal(t, 201, w.Code, header)
		require.Contains(t, w.Body.String(), `"id"`)
	}
}

func TestAHeaderWithoutTheFlagIsRemarkedOn(t *testing.T) {
	s := serve(t, []string{tokenVariable + "=" + testToken}, "-listen", "127.0.0.1:0")
	allowing := serve(t, []string{tokenVariable + "=" + testToken}, "-listen", "127.0.0.1:0", "-allow-fault-header")
	for _, server := range []*serving{s, allowing} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.url+servedPath, strings.NewReader(goodBody))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+testToken)
		r.Header.Set(faultHeader, "answers-200")
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 0, server.stop())
	}
	require.Contains(t, s.stderr.String(), "\nPOST "+servedPath+" 201\n  header X-Fmaspec-Fault: ignored; pass "+
		"-allow-fault-header to enable it\n")
	require.True(t, strings.HasSuffix(allowing.stderr.String(), "\nPOST "+servedPath+" 200\n"), allowing.stderr)
}

func TestLatencyDelaysEveryAnswer(t *testing.T) {
	var waited []time.Duration
	h := handlerOf(t, serveFlags{latency: 250 * time.Millisecond, allowHeader: true,
		wait: func(_ context.Context, d time.Duration) error {
			waited = append(waited, d)
			return nil
		}})
	require.Equal(t, 201, posts(t, h).Code)
	require.Equal(t, 404, asks(t, h, "GET", "/", "").Code)
	require.Equal(t, http.StatusTooManyRequests, posts(t, h, troubleHeader+": throttled").Code)
	require.Equal(t, 201, posts(t, h, troubleHeader+": late").Code)
	want := []time.Duration{250 * time.Millisecond, 250 * time.Millisecond, 250 * time.Millisecond,
		250 * time.Millisecond, 3 * time.Second}
	require.Equal(t, want, waited)
}

// waitingServer returns a server whose requests wait until their context ends,
// and a channel that reports when one begins to wait and when it is over.
func waitingServer(t *testing.T, flags serveFlags, base context.Context) (url string, waits chan struct{},
	out *lockedBuffer, stop func() error) {
	t.Helper()
	waits, out = make(chan struct{}, 2), &lockedBuffer{}
	flags.wait = func(ctx context.Context, _ time.Duration) error {
		waits <- struct{}{}
		<-ctx.Done()
		waits <- struct{}{}
		return ctx.Err()
	}
	flags.listen = "127.0.0.1:0"
	stdout, ready := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- flags.serve(base, &env{stdout: ready, stderr: out, environ: []string{tokenVariable + "=" + testToken}},
			nil)
		ready.Close()
	}()
	line := make([]byte, 200)
	n, err := stdout.Read(line)
	require.NoError(t, err)
	go io.Copy(io.Discard, stdout)
	return strings.TrimSpace(string(line[:n])), waits, out, func() error { return <-ended }
}

func TestAStoppingServerWaitsForNoLateAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	url, waits, out, stop := waitingServer(t, serveFlags{latency: time.Hour}, ctx)
	answered := make(chan error, 1)
	go func() {
		resp, err := http.Post(url+servedPath, "application/json", strings.NewReader(goodBody))
		if err == nil {
			resp.Body.Close()
		}
		answered <- err
	}()
	<-waits
	cancel()
	require.NoError(t, stop())
	require.Error(t, <-answered, "want no answer to a request that the end of the server met")
	require.Contains(t, out.String(), "\nPOST "+servedPath+" -\n")
}

func TestAClientThatGoesAwayIsNotWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	url, waits, out, stop := waitingServer(t, serveFlags{latency: time.Hour,
		judge: judgeFlags{layout: layout{quiet: true}}}, ctx)
	client, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		r, err := http.NewRequestWithContext(client, "POST", url+servedPath, strings.NewReader(goodBody))
		if err == nil {
			_, err = http.DefaultClient.Do(r)
		}
		if err != nil {
			close(gone)
		}
	}()
	<-waits
	leave()
	<-gone
	<-waits // ends while the server runs on
	cancel()
	require.NoError(t, stop())
	require.NotContains(t, out.String(), "POST ", "-q does not log requests")
}

func TestServeRefusesWhatItCannotServe(t *testing.T) {
	for _, row := range []struct {
		flags serveFlags
		want  string
	}{
		{serveFlags{faults: list{"drop-id"}},
			`-fault drop-id: unknown fault (did you mean "drops-id"?); fmaspec list faults prints the names`},
		{serveFlags{troubles: list{"nothing-known"}},
			`-trouble nothing-known: unknown trouble; troubles are throttled, throttled-every-third, throttled-every-hundredth, unavailable, unavailable-once, loses-every-third-answer, late`},
		{serveFlags{latency: -time.Second}, `-latency -1s: must not be negative; give 0s or more`},
	} {
		_, _, err := row.flags.handler(testConfig())
		require.EqualError(t, err, row.want)
	}
}
