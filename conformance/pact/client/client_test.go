package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/pact/client"
	"fmaspec/conformance/reference"
	"fmaspec/openapi"
)

const (
	token   = "client-test-token"
	machine = "fb9ab6be3965095a09c057be7c90f0a2"
	sha1    = "8d25682b3a82af25b42dc90291c35ff3293daa68"
)

func serve(t *testing.T, h http.Handler) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &client.Client{URL: server.URL, HTTP: server.Client(), Token: token}
}

func answering(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

func honest() http.Handler { return reference.New(reference.Config{Token: token}) }

// calls are both operations of a client, by name.
func calls(c *client.Client) map[string]func(ctx context.Context, machine, sha1,
	comment string) (*client.FileMachineAction, error) {
	return map[string]func(context.Context, string, string, string) (*client.FileMachineAction, error){
		"stopAndQuarantineFile": c.StopAndQuarantineFile,
		"requestSample":         c.RequestSample,
	}
}

func TestEachOperationOfTheDocumentCanBeCalled(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load()
	require.NoError(t, err)
	var got *http.Request
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r; honest().ServeHTTP(w, r) }))
	c.URL += "/"
	require.Len(t, calls(c), len(doc.Operations))
	for _, op := range doc.Operations {
		a, err := calls(c)[op.ID](t.Context(), machine, strings.ToUpper(sha1), "comment \"<&\u2028")
		require.NoError(t, err)
		if want := strings.Replace(op.Path, "{id}", machine, 1); got.Method != op.Method || got.URL.Path != want {
			t.Errorf("%s: want %s %s, got %s %s", op.ID, op.Method, want, got.Method, got.URL.Path)
		}
		if !strings.EqualFold(a.Type, op.ID) || !strings.EqualFold(a.Sha1, sha1) || a.ID == "" || a.Status == "" ||
			a.Created.IsZero() || a.LastUpdated.IsZero() {
			t.Errorf("%s: want an action, got %+v", op.ID, a)
		}
	}
}

func TestADocumentedActionIsReadWhole(t *testing.T) {
	t.Parallel()
	var a client.FileMachineAction
	require.NoError(t,
		json.Unmarshal(
			[]byte(
				`{"@odata.context":"c","id":"i","ID":"no","sha1":"s","type":"t","requestor":"r","requestorComment":"rc",
		"status":"st","fileId":"f","machineId":"m","creationDateTimeUtc":"2017-12-04T13:13:26.2106524Z","lastUpdateDateTimeUtc":"2016-12-31t23:59:60.5z",
		"fileInstances":[{"filePath":"p","status":"x","more":1},null],"more":{}}`), &a))
	want := client.FileMachineAction{Context: "c", ID: "i", Sha1: "s", Type: "t", Requestor: "r",
		RequestorComment: "rc", Status: "st", FileID: "f", MachineID: "m",
		Created: time.Date(2017, 12, 4, 13, 13, 26, 210652400, time.UTC), LastUpdated: time.Date(2017, 1, 1, 0, 0, 0,
			500000000, time.UTC),
		FileInstances: []client.FileInstance{{FilePath: "p", Status: "x"}, {}}}
	require.Equal(t, want, a)
}

func TestEveryHonestServerIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, v := range reference.Variants() {
		if v.Name == "zips-by-old-name" {
			continue // net/http undoes gzip by this name alone
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, v.Wrap(honest()))
			file := sha1
			for name, call := range calls(c) {
				// Another file each time: a server may refuse one that is under way.
				file = file[1:] + file[:1]
				if _, err := call(t.Context(), machine, file, "a comment"); err != nil {
					t.Errorf("%s: want an action from a server that %s, got %v", name, v.Says, err)
				}
			}
		})
	}
}

func TestEachUselessAnswerIsAnError(t *testing.T) {
	t.Parallel()
	good := `"id":"i","status":"s","type":"RequestSample","sha1":"` + sha1 + `"`
	for _, test := range []struct {
		why    string
		status int
		body   string
		want   string
	}{
		{"an OData error", 403, `{"error":{"code":"Forbidden","message":"no role"}}`, "requestSample: status 403: " +
			"Forbidden: no role; use the token of a Security administrator or Global admin"},
		{"plain text", 404, "nothing\n\there", "requestSample: status 404: nothing here; check the URL and the " +
			"machine id"},
		{"an empty body", 500, "", "requestSample: status 500; ask the operator of the service"},
		{"bytes that are no text", 500, "\xff\xfe", "requestSample: status 500; ask the operator of the service"},
		{"another success", 200, `{` + good + `}`, "requestSample: status 200: {" + good + "}; ask the operator of " +
			"the service"},
		{"an error that is no object", 400, `{"error":"bad"}`,
			`requestSample: status 400: {"error":"bad"}; correct the comment or the hash`},
		{"the token sent back", 401, `{"error":{"code":"` + token + `","message":"unknown ` + token + `"}}`,
			"requestSample: status 401: ***: unknown ***; get a new token"},
		{"a long text", 503, strings.Repeat("x", 600), "requestSample: status 503: " + strings.Repeat("x", 500) +
			"…; wait, and try again"},
		{"what a terminal obeys", 429, "a\x1b[31mb\u202ec", "requestSample: status 429: a [31mb c; wait, and " +
			"try again"},
		{"not JSON", 201, "<p>", "invalid character '<' looking for beginning of value"},
		{"no object", 201, "[]", "want an object"},
		{"null", 201, "null", "the action has no id"},
		{"nothing", 201, "", "unexpected end of JSON input"},
		{"two objects", 201, "{" + good + "}{}", "invalid character '{' after top-level value"},
		{"no id", 201, `{"ID":"i",` + good[9:] + `}`, "the action has no id"},
		{"an id that is null", 201, `{"id":null,` + good[9:] + `}`, "the action has no id"},
		{"an id that is a number", 201, `{"id":7,` + good[9:] + `}`, "id: json: cannot unmarshal number"},
		{"no status", 201, strings.Replace("{"+good+"}", `"status"`, `"state"`, 1), "the action has no status"},
		{"another type", 201, strings.Replace("{"+good+"}", "RequestSample", "StopAndQuarantineFile", 1),
			`the action is of type "StopAndQuarantineFile", want "RequestSample"`},
		{"another file", 201, strings.Replace("{"+good+"}", "8d", "9d", 1), "the action is on the file"},
		{"a time that is none", 201, "{" + good + `,"creationDateTimeUtc":"yesterday"}`,
			`creationDateTimeUtc: "yesterday" is not a time`},
		{"a time that is a number", 201, "{" + good + `,"creationDateTimeUtc":1}`, "creationDateTimeUtc: json"},
		{"instances that are no list", 201, "{" + good + `,"fileInstances":{}}`, "fileInstances: json"},
		{"an instance of another shape", 201, "{" + good + `,"fileInstances":[{"filePath":1}]}`, "filePath: json"},
		{"too long", 201, strings.Repeat(" ", 4<<20) + "{" + good + "}", "the answer is longer than 4194304 bytes"},
	} {
		c := serve(t, answering(test.status, test.body))
		_, err := c.RequestSample(t.Context(), machine, sha1, "a comment")
		var answer *client.Error
		if !errors.As(err, &answer) {
			t.Errorf("%s: want a client.Error, got %v", test.why, err)
			continue
		}
		if answer.Status != test.status || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(),
			token) {
			t.Errorf("%s: want status %d and %q, got %q", test.why, test.status, test.want, err)
		}
		if unknown := "the action may have been started"; (test.status == 201) != strings.Contains(err.Error(),
			unknown) {
			t.Errorf("%s: want %q for status 201 alone, got %q", test.why, unknown, err)
		}
	}
}

func TestWhatCannotBeAskedIsNotSent(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("want no request, got one") }))
	ask := func(c client.Client, machine, want string) {
		t.Helper()
		if _, err := c.RequestSample(t.Context(), machine, sha1, "a comment"); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		ask(*c, id, "requestSample: the machine id")
	}
	ask(client.Client{URL: c.URL}, machine, "there is no token; set Client.Token")
	ask(client.Client{URL: c.URL, Token: "a\nb"}, machine, "invalid header field value")
	ask(client.Client{URL: "http://%", Token: token}, machine, "invalid URL escape")
	ask(client.Client{URL: "ftp://127.0.0.1", Token: token}, machine, "it is unknown whether the action was started")
}

func TestAMachineIDStaysOneSegment(t *testing.T) {
	t.Parallel()
	got := ""
	c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }))
	c.RequestSample(t.Context(), "a/../b?c", sha1, "a comment")
	if want := "/testwdatppreview/machines/a%2F..%2Fb%3Fc/requestSample"; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("want no request elsewhere, got one")
	}))
	c := serve(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	_, err := c.RequestSample(t.Context(), machine, sha1, "a comment")
	var answer *client.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusTemporaryRedirect {
		t.Errorf("want status 307, got %v", err)
	}
}

// noticed are faults that a caller suffers from and the client reports.
var noticed = []string{
	"answers-200", "answers-202", "answers-204", "answers-302", "answers-500", "drops-id", "drops-status", "drops-type",
	"drops-sha1",
}

func TestTheClientSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, f := range reference.Faults() {
		if f.Waits {
			continue // a caller's context ends these; TestAnEndedContextEndsTheCall
		}
		server := httptest.NewServer(f.Wrap(honest()))
		c := &client.Client{URL: server.URL, HTTP: server.Client(), Token: token}
		for name, call := range calls(c) {
			a, err := call(t.Context(), machine, sha1, "a comment")
			if err == nil && (a == nil || a.ID == "" || !strings.EqualFold(a.Sha1, sha1)) {
				t.Errorf("%s, %s: want an error or an action with an id, got %+v", f.Name, name, a)
			}
			if err != nil && (a != nil || strings.Contains(err.Error(), token)) {
				t.Errorf("%s, %s: want an error without action or token, got %+v, %q", f.Name, name, a, err)
			}
			shown[f.Name] = shown[f.Name] || err != nil
		}
		server.Close()
	}
	for _, name := range noticed {
		if !shown[name] {
			t.Errorf("%s: want an error, got an action", name)
		}
	}
}

func TestAnEndedContextEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server see that the client is gone
		cancel()
		<-r.Context().Done()
	}))
	_, err := c.RequestSample(ctx, machine, sha1, "a comment")
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "requestSample: ") {
		t.Errorf("want the end of the context, got %v", err)
	}
}

func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"i"}`)
	}))
	_, err := c.RequestSample(t.Context(), machine, sha1, "a comment")
	var answer *client.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusCreated || !strings.Contains(err.Error(),
		"the answer is incomplete") {
		t.Errorf("want a 201 that broke off, got %v", err)
	}
}
