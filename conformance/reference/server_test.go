package reference_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
	"fmaspec/openapi"
)

// ask sends a probe to a handler without a connection.
func ask(t *testing.T, h http.Handler, p probe) *http.Response {
	t.Helper()
	r, err := p.request(t.Context(), "http://example.com")
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestServerAnswersWithTheDocumentsObject(t *testing.T) {
	resp := ask(t, reference.New(config()), probe{path: stopPath, body: `{"Sha1":"` + strings.ToUpper(hash) +
		`","Comment":"<J\u00fcrgen> & \"co\"","More":[1]}`})
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.Equal(t, int64(len(body)), resp.ContentLength)
	require.Equal(t,
		`{"@odata.context":"https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",`+
			`"id":"c083f601-012f-4955-b4cc-000000000001","sha1":"`+hash+`","type":"StopAndQuarantineFile",`+
			`"requestor":"analyst@contoso.com","requestorComment":"<Jürgen> & \"co\"","status":"InProgress","fileId":"`+
			hash+`",`+
			`"machineId":"f40faf0f421b286c533bc03ab4231da2f75fa31e",`+
			`"creationDateTimeUtc":"2020-03-14T15:09:26.5358970Z","lastUpdateDateTimeUtc":"2020-03-14T15:09:26.5358970Z",`+
			`"fileInstances":[{"filePath":"C:\\Users\\testUser\\Downloads\\8d25682b.exe","status":"InProgress"},`+
			`{"filePath":"C:\\Windows\\Temp\\8d25682b (2).partial","status":"InProgress"}]}`, string(body))
}

func TestServerDecidesByOneCause(t *testing.T) {
	const plain, invalid = `Bearer realm="fmaspec"`, `Bearer realm="fmaspec", error="invalid_token"`
	quoted := `"` + hash + `"`
	for _, row := range []struct {
		why    string
		probe  probe
		status int
		header string // WWW-Authenticate or Allow
	}{
		{"a good request", probe{}, 201, ""},
		{"the other operation", probe{path: stopPath}, 201, ""},
		{"an id of other form", probe{path: strings.Replace(samplePath, machine, "my%20machine", 1)}, 201, ""},
		{"a query is ignored", probe{path: samplePath + "?a=b"}, 201, ""},
		{"another path", probe{path: "/testwdatppreview/machines"}, 404, ""},
		{"a segment more", probe{path: samplePath + "/x"}, 404, ""},
		{"a slash more", probe{path: samplePath + "/"}, 404, ""},
		{"an empty id", probe{path: strings.Replace(samplePath, machine, "", 1)}, 404, ""},
		{"the root", probe{path: "/"}, 404, ""},
		{"an operation of the family that is not described",
			probe{path: strings.Replace(samplePath, "requestSample", "isolate", 1)}, 404, ""},
		{"the unknown machine", probe{path: strings.Replace(samplePath, machine, unknown, 1)}, 404, ""},
		{"GET", probe{method: "GET", body: "none"}, 405, "POST"},
		{"HEAD", probe{method: "HEAD", body: "none"}, 405, "POST"},
		{"PUT", probe{method: "PUT"}, 405, "POST"},
		{"DELETE without a token", probe{method: "DELETE", bare: true}, 405, "POST"},
		{"a method of nobody", probe{method: "BREW"}, 405, "POST"},
		{"methods know letter case", probe{method: "post"}, 405, "POST"},
		{"no credentials", probe{bare: true}, 401, plain},
		{"empty credentials", auth(""), 401, plain},
		{"another scheme", auth("Basic dTpw"), 401, plain},
		{"no token", auth("Bearer"), 401, plain},
		{"a blank for a token", auth("Bearer  "), 401, plain},
		{"a token without scheme", auth(token), 401, plain},
		{"a lookalike scheme", auth("Bearers " + token), 401, plain},
		{"a token of nobody", auth("Bearer nobody"), 401, invalid},
		{"a token in another letter case", auth("Bearer GOOD-TOKEN"), 401, invalid},
		{"a token and more", auth("Bearer " + token + " x"), 401, invalid},
		{"a scheme in small letters", auth("bearer " + token), 201, ""},
		{"a scheme in capitals", auth("BEARER " + token), 201, ""},
		{"two blanks behind the scheme", auth("Bearer  " + token), 201, ""},
		{"a security administrator alone", auth("Bearer " + securityAdmin), 201, ""},
		{"a global administrator alone", auth("Bearer " + globalAdmin), 201, ""},
		{"a user without the role", auth("Bearer " + unprivileged), 403, ""},
		{"no credentials count more than a bad body", probe{bare: true, body: "{"}, 401, plain},
		{"parameters", typed("application/json; charset=utf-8; odata.metadata=minimal"), 201, ""},
		{"a media type in capitals", typed("APPLICATION/JSON"), 201, ""},
		{"a malformed parameter", typed("application/json; charset"), 201, ""},
		{"no media type", probe{bare: true, header: []string{"Authorization: Bearer " + token}}, 201, ""},
		{"plain text", typed("text/plain"), 415, ""},
		{"an empty media type", typed(""), 415, ""},
		{"a media type that merely begins as JSON's does", typed("application/jsonx"), 415, ""},
		{"a compressed body", probe{header: []string{"Content-Encoding: gzip"}}, 415, ""},
		{"no body", probe{body: "none"}, 400, ""},
		{"blanks", probe{body: "  "}, 400, ""},
		{"broken JSON", probe{body: "{"}, 400, ""},
		{"trailing garbage", probe{body: good + "x"}, 400, ""},
		{"a byte order mark", probe{body: "\xEF\xBB\xBF" + good}, 400, ""},
		{"invalid UTF-8", body("\"\xFF\"", quoted), 400, ""},
		{"a member twice", probe{body: `{"Comment":"a","Comment":"a","Sha1":` + quoted + `}`}, 400, ""},
		{"an array", probe{body: "[" + good + "]"}, 400, ""},
		{"null", probe{body: "null"}, 400, ""},
		{"a string", probe{body: `"x"`}, 400, ""},
		{"no Comment", probe{body: `{"Sha1":` + quoted + `}`}, 400, ""},
		{"no Sha1", probe{body: `{"Comment":"a"}`}, 400, ""},
		{"comment for Comment", probe{body: `{"comment":"a","Sha1":` + quoted + `}`}, 400, ""},
		{"SHA1 for Sha1", probe{body: `{"Comment":"a","SHA1":` + quoted + `}`}, 400, ""},
		{"an escaped name", probe{body: `{"\u0043omment":"a","Sha1":` + quoted + `}`}, 201, ""},
		{"null for Comment", body(`null`, quoted), 400, ""},
		{"a number for Comment", body(`7`, quoted), 400, ""},
		{"null for Sha1", body(`"a"`, `null`), 400, ""},
		{"an array for Sha1", body(`"a"`, `[`+quoted+`]`), 400, ""},
		{"an empty Comment", body(`""`, quoted), 400, ""},
		{"a blank Comment", body(`" \t\u00a0"`, quoted), 400, ""},
		{"a Comment of one character", body(`"a"`, quoted), 201, ""},
		{"a Comment of 65,536 characters", body(`"`+strings.Repeat(`\u00fc`, 65536)+`"`, quoted), 201, ""},
		{"a Sha1 of 39 digits", body(`"a"`, quoted[:40]+`"`), 400, ""},
		{"a Sha1 of 41 digits", body(`"a"`, `"0`+quoted[1:]), 400, ""},
		{"a Sha1 with a letter beyond f", body(`"a"`, `"g`+quoted[2:]), 400, ""},
		{"a Sha1 with a digit of another script", body(`"a"`, `"`+strings.Repeat("٣", 20)+`"`), 400, ""},
		{"an upper-case Sha1", body(`"a"`, strings.ToUpper(quoted)), 201, ""},
		{"a body beyond the limit", body(`"`+strings.Repeat("c", 3<<20)+`"`, quoted), 413, ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			resp := ask(t, reference.New(config()), row.probe)
			require.Equal(t, row.status, resp.StatusCode)
			require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			require.Equal(t, row.header, resp.Header.Get("WWW-Authenticate")+resp.Header.Get("Allow"))
			if row.status == http.StatusCreated {
				return
			}
			var refused map[string]map[string]string
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&refused))
			require.Len(t, refused, 1)
			require.Len(t, refused["error"], 2)
			require.NotEmpty(t, refused["error"]["code"])
			require.NotEmpty(t, refused["error"]["message"])
		})
	}
}

func TestMachinesThatAreListedAreTheOnlyOnes(t *testing.T) {
	c := config()
	c.Machines, c.OfflineMachine = []string{machine, strings.Repeat("0f", 20)}, strings.Repeat("0f", 20)
	h := reference.New(c)
	there := func(id string) string { return strings.Replace(samplePath, machine, id, 1) }
	for _, row := range []struct {
		why, id, body string
		status        int
		says          string
	}{
		{"a listed machine", machine, good, 201, `"status":"InProgress"`},
		{"it in upper case", strings.ToUpper(machine), good, 201, `"status":"InProgress"`},
		{"one that is offline", strings.Repeat("0F", 20), good, 201, `"status":"Pending"`},
		{"any other", strings.Repeat("12", 20), good, 404, `"ResourceNotFound"`},
		{"any other, with a body that is refused before", strings.Repeat("12", 20), `{}`, 400, `"error"`},
	} {
		resp := ask(t, h, probe{path: there(row.id), body: row.body})
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, row.status, resp.StatusCode, row.why)
		require.Contains(t, string(body), row.says, row.why)
	}
}

func TestServerTakesARequestWithoutABodyForAnEmptyOne(t *testing.T) {
	r, err := probe{}.request(t.Context(), "http://example.com")
	require.NoError(t, err)
	r.Body = nil
	w := httptest.NewRecorder()
	reference.New(config()).ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
}

func TestServerWithoutADocumentSaysSo(t *testing.T) {
	resp := ask(t, reference.Broken, probe{})
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
}

func TestServerWithoutTokensRefusesEveryone(t *testing.T) {
	for _, value := range []string{"Bearer", "Bearer ", "Bearer x", ""} {
		require.Equal(t, 401, ask(t, reference.New(reference.Config{}), auth(value)).StatusCode, value)
	}
}

func TestServerGivesRandomIDsAndTheTimeByDefault(t *testing.T) {
	h := reference.New(reference.Config{Token: token})
	seen := map[string]bool{}
	for range 20 {
		var action struct {
			ID                  string `json:"id"`
			CreationDateTimeUtc string `json:"creationDateTimeUtc"`
		}
		require.NoError(t, json.NewDecoder(ask(t, h, probe{}).Body).Decode(&action))
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, action.ID)
		require.Regexp(t, `^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{7}Z$`,
			action.CreationDateTimeUtc)
		seen[action.ID] = true
	}
	require.Len(t, seen, 20)
}

func TestServerServesWhateverIsDescribed(t *testing.T) {
	c := config()
	c.Operations = []openapi.Operation{{ID: "collectLog", Method: "POST",
		Path: "/testwdatppreview/machines/{id}/collectLog"}}
	h := reference.New(c)
	resp := ask(t, h, probe{path: strings.Replace(samplePath, "requestSample", "collectLog", 1)})
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, 201, resp.StatusCode)
	require.Contains(t, string(b), `"type":"CollectLog"`)
	require.Equal(t, 404, ask(t, h, probe{}).StatusCode)
}

func TestServerKeepsTheConnectionThroughRefusals(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(reference.New(config()))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	s := &seer{server: server, client: server.Client(), timeout: longTimeout}
	for _, p := range probes() {
		if p.atOnce == 0 && !p.raw && p.wire == "" {
			s.see(p)
		}
	}
	require.Equal(t, int64(1), opened.Load())
}

func TestServerAnswersParallelRequestsFromTheirOwnInput(t *testing.T) {
	s := newSeer(t, reference.New(config()), longTimeout)
	require.NotContains(t, s.see(probe{atOnce: 32}), "false")
}

func FuzzServer(f *testing.F) {
	for _, p := range probes() {
		f.Add(p.path, "application/json", "Bearer "+token, []byte(p.body))
	}
	f.Add(samplePath, "application/json", "Bearer "+token, []byte(good))
	h := reference.New(config())
	f.Fuzz(func(t *testing.T, path, mediaType, authorization string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, samplePath, bytes.NewReader(body))
		r.URL.Path, r.URL.RawPath = path, ""
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.True(t, json.Valid(w.Body.Bytes()))
		require.Less(t, w.Code, 500)
		if w.Code == http.StatusCreated {
			require.True(t, json.Valid(body))
			require.Contains(t, authorization, token)
		}
	})
}
