package guard

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

const inertMachineID, inertFile = InertPrefix + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", InertPrefix +
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

// contract returns the operations and the schemas of their requests.
var contract = sync.OnceValues(func() ([]openapi.Operation, map[string]*schemas.Schema) {
	d, err := openapi.Load()
	if err != nil {
		panic(err)
	}
	requests := map[string]*schemas.Schema{}
	for _, op := range d.Operations {
		if requests[op.ID], err = schemas.Compile(op.RequestSchema); err != nil {
			panic(err)
		}
	}
	return d.Operations, requests
})

// fileOf reads the file that the body of a request names.
func fileOf(body []byte) string {
	var members map[string]any
	if strictjson.Check(body) != nil || json.Unmarshal(body, &members) != nil {
		return ""
	}
	file, _ := members["Sha1"].(string)
	return file
}

// guardOf returns a guard for a target, by the contract of the documents.
func guardOf(target Target, budget int, armed ...string) *Guard {
	operations, requests := contract()
	secrets := &redact.Secrets{}
	secrets.Add(redact.TokenVariable, target.Token)
	return New(Config{
		Target: target, Operations: operations, Requests: requests, File: fileOf, Secrets: secrets, Armed: armed,
		Budget:  budget,
		Journal: func(record.JournalEntry) error { return nil },
	})
}

// remoteGuard returns a guard for a target that is not loopback.
func remoteGuard(_ *testing.T, armed ...string) *Guard {
	return guardOf(Target{
		Endpoint: wire.Endpoint{URL: "http://tenant.example"}, Token: "token-0123456789",
		InvalidToken:      "invalid-0123456789",
		UnprivilegedToken: "reader-0123456789", SecurityAdminToken: "security-0123456789",
		GlobalAdminToken: "global-0123456789",
		Machine:          "machine-1", File: "87662bc3d60e4200ceaf7aae249d1c343f4b83c9",
	}, 9, armed...)
}

func request(method, path, fields, body string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: tenant.example\r\n%sContent-Length: %d\r\n\r\n%s", method, path,
		fields, len(body), body)
}

func TestTheGuardLooksAtTheBytesThatGoOut(t *testing.T) {
	const prefix = "/testwdatppreview/machines/"
	const bearer = "Authorization: Bearer token-0123456789\r\n"
	sound := func(file string) string { return `{"Comment": "c", "Sha1": "` + file + `"}` }
	inertPath := prefix + inertMachineID + "/requestSample"
	const file = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	rows := []struct {
		why     string
		request []byte
		can     bool
	}{
		{"all sound, all inert", request("POST", inertPath, bearer, sound(inertFile)), true},
		{"no credentials", request("POST", inertPath, "", sound(inertFile)), false},
		{"another scheme", request("POST", inertPath, "Authorization: Basic token-0123456789\r\n", sound(inertFile)),
			false},
		{"the token of a security administrator", request("POST", inertPath,
			"Authorization: Bearer security-0123456789\r\n", sound(inertFile)), true},
		{"the token of a global administrator in another field",
			request("POST", inertPath, "User-Agent: global-0123456789\r\n", sound(inertFile)), true},
		{"the token of a global administrator before the one that must not be accepted",
			request("POST", inertPath, "Authorization: Bearer global-0123456789invalid-0123456789\r\n",
				sound(inertFile)), false},
		{"a token that nobody knows", request("POST", inertPath, "Authorization: Bearer other\r\n", sound(inertFile)),
			true},
		{"the token that must not be accepted", request("POST", inertPath,
			"Authorization: Bearer invalid-0123456789\r\n", sound(inertFile)), false},
		{"the scheme in small letters", request("POST", inertPath, "authorization: bearer   token-0123456789\r\n",
			sound(inertFile)), true},
		{"two tokens", request("POST", inertPath, "Authorization: Bearer x\r\n"+bearer, sound(inertFile)), true},
		{"no body", request("POST", inertPath, bearer, ""), false},
		{"a body without Comment", request("POST", inertPath, bearer, `{"Sha1": "`+inertFile+`"}`), false},
		{"a body that is no JSON", request("POST", inertPath, bearer, sound(inertFile)+"}"), false},
		{"a body declared as something else", request("POST", inertPath, bearer+"Content-Type: text/plain\r\n",
			sound(inertFile)), false},
		{"a body declared as JSON in other letters", request("POST", inertPath, bearer+
			"Content-Type: Application/JSON;charset=x\r\n", sound(inertFile)), true},
		{"another method", request("GET", inertPath, bearer, ""), false},
		{"another method, replaced by a field", request("GET", inertPath, bearer+"X-HTTP-Method-Override: POST\r\n",
			sound(inertFile)), true},
		{"a machine of somebody's", request("POST", prefix+"machine-1/requestSample", "", ""), true},
		{"a machine behind escapes", request("POST", prefix+"%6Dachine-1/requestSample", "", ""), true},
		{"a machine behind a base path, in other letters", request("POST", "/api"+prefix+"machine-1/REQUESTSAMPLE", "",
			""), true},
		{"a machine, and another method", request("DELETE", prefix+"machine-1/requestSample", "", ""), true},
		{"a file of somebody's", request("POST", inertPath, "", sound(file)), true},
		{"a file of somebody's in a broken body", request("POST", inertPath, bearer, sound(file)+"}"), true},
		{"a file behind escapes", request("POST", inertPath, "", sound(`\u0038`+file[1:])), true},
		{"a file of somebody's in chunks", []byte("POST " + inertPath +
			" HTTP/1.1\r\nHost: tenant.example\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"Sha1\": " +
			"\"87662bc3d60\r\n1f\r\ne4200ceaf7aae249d1c343f4b83c9\"}\r\n0\r\n\r\n"), true},
		{"a body in chunks, all sound", fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: "+
			"tenant.example\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", inertPath, bearer,
			len(sound(inertFile)), sound(inertFile)), true},
		{"a length that leaves the body out", []byte("POST " + inertPath +
			" HTTP/1.1\r\nHost: tenant.example\r\nContent-Length: 0\r\n\r\n" + sound(file)), true},
		{"a member twice", request("POST", inertPath, bearer, `{"Comment": 7, "Comment": "c", "Sha1": "`+inertFile+
			`"}`), true},
		{"a byte order mark", request("POST", inertPath, bearer, "\xEF\xBB\xBF"+sound(inertFile)), true},
		{"the target's whole URL, without credentials", request("POST", "http://tenant.example"+inertPath, "",
			sound(inertFile)), false},
		{"the target's whole URL in other letters", request("POST", "http://TENANT.example"+inertPath, "",
			sound(inertFile)), true},
		{"the whole URL of another host", request("POST", "http://other.example"+inertPath, "", sound(inertFile)),
			true},
		{"the whole URL of a host whose name merely begins as the target's",
			request("POST", "http://tenant.example.other"+inertPath, "", sound(inertFile)), true},
		{"the whole URL with a user", request("POST", "http://x@tenant.example"+inertPath, "", sound(inertFile)), true},
		{"no Host, all sound", []byte("POST " + inertPath + " HTTP/1.1\r\n" + bearer +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", len(sound(inertFile))) + sound(inertFile)), true},
		{"two Hosts, without credentials", request("POST", inertPath, "Host: tenant.example\r\n", sound(inertFile)),
			true},
		{"a Host with blanks, without credentials", bytes.Replace(request("POST", inertPath, "", sound(inertFile)),
			[]byte("Host: tenant.example"), []byte("Host: not a host"), 1), true},
		{"a whole URL, as for a proxy", request("POST", "http://tenant.example"+prefix+"machine-1/requestSample", "",
			""), true},
		{"no operation, and a method that changes nothing", request("GET", "/", "", ""), false},
		{"a machine behind dots", request("POST", prefix+inertMachineID+"/../machine-1/requestSample", "", ""), true},
		{"a machine behind a machine", request("POST", prefix+inertMachineID+prefix+"machine-1/requestSample", "", ""),
			true},
		{"a machine behind an escaped slash", request("POST", prefix+inertMachineID+"%2F..%2Fmachine-1/requestSample",
			"", ""), true},
		{"no operation, and a field that replaces the method", request("GET", "//x", "X-HTTP-Method-Override: POST\r\n",
			""), true},
		{"no operation, and a method that may", request("POST", "/elsewhere", "", ""), true},
		{"no request at all", []byte("\x00\x01"), true},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			require.Equal(t, r.can, remoteGuard(t).Effect(r.request).Can)
		})
	}
}

func TestEachHarmlessShapeIsKnownByItsReason(t *testing.T) {
	const bearer, media = "Authorization: Bearer token-0123456789\r\n", "Content-Type: application/json\r\n"
	inertPath := "/testwdatppreview/machines/" + inertMachineID + "/requestSample"
	sound := `{"Comment": "c", "Sha1": "` + inertFile + `"}`
	bare := func(line, fields string) []byte {
		return []byte(line + " HTTP/1.1\r\nHost: tenant.example\r\n" + fields + "\r\n")
	}
	rows := map[string][][]byte{
		"safe method": {bare("GET /", ""), bare("HEAD /healthz", bearer),
			bare("OPTIONS /testwdatppreview/machines", "Connection: close\r\n")},
		"other method": {request("PUT", inertPath, bearer+media, sound), bare("DELETE "+inertPath, bearer),
			request("FROB", inertPath, bearer, sound)},
		"no credentials": {request("POST", inertPath, media, sound)},
		"bad credentials": {request("POST", inertPath, "Authorization: Basic x\r\n"+media, sound),
			request("POST", inertPath, "Authorization: Bearer\r\n", sound),
			request("POST", inertPath, "Authorization: Bearer reader-0123456789\r\n", sound),
			request("POST", inertPath, "Authorization: Bearertoken-0123456789\r\n", sound),
			request("POST", inertPath, "Authorization: Bearer token-0123456789invalid-0123456789\r\n", sound)},
		"other media type": {request("POST", inertPath, bearer+"Content-Type: text/plain; charset=utf-8\r\n", sound)},
		"no JSON": {request("POST", inertPath, bearer+media, ""), request("POST", inertPath, bearer+media,
			sound+"}"), request("POST", inertPath, bearer+media, "Comment=c")},
		"unusable JSON": {request("POST", inertPath, bearer+media, "{}"), request("POST", inertPath, bearer+media,
			`{"Comment": "c", "Sha1": 7}`), request("POST", inertPath, bearer+media, "[]")},
	}
	for _, shape := range harmlessShapes() {
		require.NotEmpty(t, rows[shape.name], "want an example of the shape %q", shape.name)
		require.NotEmpty(t, shape.reason)
		for _, r := range rows[shape.name] {
			e := remoteGuard(t).Effect(r)
			require.False(t, e.Can, "%+v: %q", e, r)
			require.Equal(t, shape.name, e.harmless, "%q", r)
		}
		delete(rows, shape.name)
	}
	require.Empty(t, rows, "want no example of a shape that does not exist")
}

func TestWhatIsOddIsNotHarmless(t *testing.T) {
	const media = "Content-Type: application/json\r\n"
	inertPath := "/testwdatppreview/machines/" + inertMachineID + "/requestSample"
	sound := `{"Comment": "c", "Sha1": "` + inertFile + `"}`
	const real = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	with := func(fields, body string) []byte { return request("POST", inertPath, fields, body) }
	for _, row := range []struct {
		request []byte
		why     string
	}{
		{[]byte(strings.Replace(string(with(media, sound)), "tenant.example", "other.example", 1)),
			"it names another host"},
		{with("Host: tenant.example\r\n", sound), "it names another host"},
		{with("X-Machine-Id: machine-1\r\n", sound), "its field X-Machine-Id is none of those"},
		{with("Accept: a\r\nAccept: b\r\n", sound), "it has the field Accept twice"},
		{with("Content_Type: text/plain\r\n", sound), "its field Content_Type is none of those"},
		{with("Content-Encoding: gzip\r\n", sound), "its field Content-Encoding is none of those"},
		{with("Accept: "+strings.Repeat("a", longField+1)+"\r\n", sound), "the value of its field Accept is none"},
		{with("User-Agent: POST /x HTTP/1.1\r\n", sound), "the value of its field User-Agent is none"},
		{with("Expect: 200-ok\r\n", sound), "the value of its field Expect is none"},
		{with("Content-Type: application/json; charset=utf-16\r\n", sound), "a charset in which it may name " +
			"something else"},
		{with("Content-Type: application/json; charset=\"utf-7\r\n", sound), "a charset in which it may name " +
			"something else"},
		{with(media, "\xff\xfe"+sound), "bytes that are not plain text"},
		{with(media, "{\x00}"), "bytes that are not plain text"},
		{with(media, "\xef\xbb\xbf"), "bytes that are not plain text"},
		{with(media, `{"Comment": "H4sIAAAAAAAAA6tWKs5ILTK0qgUALk0nHQwAAAA="}`), "packed data"},
		{with(media, `{"Comment": "h2Yrw9YOQgDOr3quJJ0cND9Lg8k="}`), "packed data"},
		{with(media, "POST /x HTTP/1.1"), "a second request"},
		{with(media, "x /requestSample"), "the path of an operation"},
		{with("Content-Type: text/xml\r\n", `<!DOCTYPE r [<!ENTITY a "8766">]><r/>`), "defines entities"},
		{with(media, `{"Sha1": "`+real+`"}`), "its body names " + real},
		{with(media, `{"Sha1": "`+real[:32]+`"}`), "its body names " + real[:32]},
		{with(media, `{"Sha1": ["`+real[:20]+`", "`+real[20:]+`"]}`), "its body names a1" + real},
		{with(media, `{"Sha1": "`+InertPrefix+strings.Repeat("a", 14)+real+`"}`), "its body names " + InertPrefix},
		{with(media, `{"Sha1": "`+strings.ReplaceAll(real, "a", "\U0001d41a")+`"}`), "different scripts"},
	} {
		e := remoteGuard(t).Effect(row.request)
		require.True(t, e.Can, "%q", row.request)
		require.Contains(t, e.Odd, row.why, "%q", row.request)
		require.Contains(t, remoteGuard(t).forbids(e), "requestSample is not armed")
		require.Contains(t, remoteGuard(t, "requestSample").forbids(e), "it is to have no effect, and may have one: ")
	}
}

func TestAnArmedRequestActsOnOneMachineAndOneFileOfTheTarget(t *testing.T) {
	const bearer = "Authorization: Bearer token-0123456789\r\n"
	const file, path = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "/testwdatppreview/machines/machine-1/requestSample"
	body := func(more string) string { return `{"Comment": "c", "Sha1": "` + file + `"` + more + `}` }
	for _, row := range []struct {
		request []byte
		why     string
	}{
		{request("POST", path, bearer, body("")), ""},
		{request("POST", path, bearer+"X-Client-Name: us\r\n", body(`, "Other": 7`)), ""},
		{[]byte(strings.Replace(string(request("POST", path, bearer, body(""))), "tenant.example", "other.example", 1)),
			"does not name the target's host"},
		{[]byte(strings.Replace(string(request("POST", path, bearer, body(""))), "Host: tenant.example\r\n", "", 1)),
			"does not name the target's host"},
		{[]byte(strings.Replace(string(request("POST", path, bearer, body(""))), "tenant.example", "TENANT.example:80",
			1)), ""},
		{request("POST", "http://other.example"+path, bearer, body("")), "does not name the target's host"},
		{request("POST", path+"?machine=machine-2", bearer, body("")), "not written as the contract writes it"},
		{request("POST", "/testwdatppreview/machines/machine%2d1/requestSample", bearer, body("")),
			"not written as the contract writes it"},
		{request("POST", path, bearer+"X-HTTP-Method-Override: DELETE\r\n", body("")),
			"its field X-HTTP-Method-Override"},
		{request("POST", path, bearer+"X-Original-URL: /x\r\n", body("")), "its field X-Original-URL"},
		{request("POST", path, bearer+"Content-Encoding: gzip\r\n", body("")), "its field Content-Encoding"},
		{request("POST", path, bearer+"Content-Type: application/json; charset=utf-16\r\n", body("")), "a charset"},
		{request("POST", path, bearer, body("")+"POST /x HTTP/1.1"), "a second request"},
		{request("POST", path, bearer, body(`, "MachineId": "machine-2"`)), `it names the machine "machine-2"`},
		{request("POST", path, bearer, body(`, "Sha1": "d9bc6a846d7863e7c58930a230e557e09d1ab259"`)),
			"it names the file d9bc6a846d7863e7c58930a230e557e09d1ab259"},
		{request("POST", path, bearer, body(`, "Other": "\u00649bc6a846d7863e7c58930a230e557e09d1ab259"`)),
			"d9bc6a846d7863e7c58930a230e557e09d1ab259"},
		{request("POST", path, bearer, `{"Comment": "c"}`), "in a way that cannot be read"},
		{request("POST", strings.Replace(path, "machine-1", "00ff", 1), bearer, body("")), ""},
		{request("POST", strings.Replace(path, "machine-1", "machine-2", 1), bearer, body("")),
			`it names the machine "machine-2"`},
	} {
		g := remoteGuard(t, "requestSample")
		g.target.UnknownMachine = "00ff"
		e := g.Effect(row.request)
		require.True(t, e.Can, "%q", row.request)
		if row.why == "" {
			require.Empty(t, g.forbids(e), "%q", row.request)
			continue
		}
		require.Contains(t, g.forbids(e), row.why, "%q", row.request)
	}

	// With an allow-list that alone counts, and what it has of several is named once.
	g := remoteGuard(t, "requestSample")
	var asked []string
	g.allow = func(target, machine, sha1 string) error {
		asked = append(asked, target+" "+machine+" "+sha1)
		if machine == "machine-3" {
			return errors.New("not listed")
		}
		return nil
	}
	require.Empty(t, g.forbids(g.Effect(request("POST", strings.Replace(path, "machine-1", "machine-2", 1), bearer,
		body("")))))
	require.Equal(t, []string{"http://tenant.example machine-2 " + file}, asked)
	require.Equal(t, "not listed", g.forbids(g.Effect(request("POST", strings.Replace(path, "machine-1", "machine-3",
		1), bearer, body("")))))
	require.Contains(t, g.forbids(g.Effect(request("POST", path, bearer, body(`, "MachineId": "machine-2"`)))),
		"it names 2 machines and 1 files")

	// An unknown machine of nothing but zeros is the user's all the same.
	g = remoteGuard(t, "requestSample")
	g.target.UnknownMachine = strings.Repeat("0", 40)
	e := g.Effect(request("POST", strings.Replace(path, "machine-1", g.target.UnknownMachine, 1), bearer, body("")))
	require.Empty(t, g.forbids(e))
	require.Equal(t, []string{g.target.UnknownMachine}, e.Machines)
}

func TestNoPathGoesAroundTheGuard(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	arrived := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(c).ReadString('\n')
			arrived <- line
			c.Close()
		}
	}()
	for _, http2 := range []bool{false, true} {
		for why, r := range map[string]struct {
			armed []string
			bytes []byte
			want  string
		}{
			"not armed": {nil, request("POST", "/testwdatppreview/machines/machine-1/requestSample", "", ""),
				"requestSample is not armed"},
			"another machine": {[]string{"requestSample"},
				request("POST", "/testwdatppreview/machines/machine-2/requestSample", "", ""),
				`it names the machine "machine-2", which is not the one of -machine`},
			"another file": {[]string{"requestSample"},
				request("POST", "/testwdatppreview/machines/machine-1/requestSample", "", `{"Sha1": "`+inertFile+`"}`),
				"which is not the one of -sha1"},
			"no operation": {[]string{"requestSample"}, request("POST", "/elsewhere", "", ""),
				"it calls no operation of the contract"},
			"two requests": {[]string{"requestSample"}, append(request("GET", "/healthz", "", ""),
				request("POST", "/testwdatppreview/machines/machine-1/requestSample", "", "")...),
				"it is not exactly one request"},
		} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", why, http2), func(t *testing.T) {
				g := remoteGuard(t, r.armed...)
				target := g.target
				target.Resolve = map[string]string{"tenant.example:80": l.Addr().String()}
				target.HTTP2 = http2
				d, stop, err := wire.NewDialer(wire.Config{Endpoint: target.Endpoint, Timeout: time.Minute, Gate: g,
					Secrets: g.secrets})
				require.NoError(t, err)
				defer stop()
				p := d.NewPool()
				defer p.Close()
				_, werr := p.Send(t.Context(), wire.Sending{Method: "POST", Bytes: r.bytes})
				require.NotNil(t, werr)
				require.Equal(t, record.Withheld, werr.Kind)
				require.Contains(t, werr.Msg, r.want)
			})
		}
	}
	require.Empty(t, arrived)
}

func TestARequestWithoutAValidHostIsWithheldElsewhere(t *testing.T) {
	g := remoteGuard(t, "requestSample")
	const line = "POST /testwdatppreview/machines/machine-1/requestSample HTTP/1.1\r\n"
	const sound = `{"Comment": "c", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`
	for hosts, want := range map[string]string{
		"Host: tenant.example\r\n": "",
		"":                         "it could have another effect than it seems to: it does not name the target's host",
		"Host: tenant.example\r\nHost: tenant.example\r\n": "it could have another effect than it seems to: it does " +
			"not name the target's host",
		"Host: not a host\r\n": "it could have another effect than it seems to: it does not name the " +
			"target's host",
		"Host: tenant.example/elsewhere\r\n": "it could have another effect than it seems to: it does not name the " +
			"target's host",
	} {
		sent := line + hosts + "Authorization: Bearer token-0123456789\r\nContent-Type: application/json\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", len(sound)) + sound
		got := g.withholds(g.Effect([]byte(sent)))
		require.True(t, strings.HasPrefix(got, want) && (got == "") == (want == ""), "%q: want %q, got %q", hosts, want,
			got)
	}
}

func TestWhatCouldTakeEffectNeedsAJournalAndABudget(t *testing.T) {
	const body = `{"Comment": "c", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`
	s := wire.Sending{Method: "POST", Bytes: request("POST", "/testwdatppreview/machines/machine-1/requestSample",
		"Authorization: Bearer token-0123456789\r\n", body)}
	g := remoteGuard(t, "requestSample")
	g.budget = 1
	permit, werr := g.Permit(s)
	require.Nil(t, werr)
	require.True(t, permit.Effective)
	_, werr = g.Permit(s)
	require.NotNil(t, werr)
	require.Contains(t, werr.Msg, "not sent: the budget of 1 requests that could take effect is used up")

	g = remoteGuard(t, "requestSample")
	g.journal = nil
	_, werr = g.Permit(s)
	require.NotNil(t, werr)
	require.Equal(t, "not sent: nothing records what it causes; pass -journal", werr.Msg)
	require.Zero(t, g.Info().Actions)

	g = New(Config{Target: Target{Endpoint: wire.Endpoint{URL: "http://tenant.example"}}})
	_, werr = g.Permit(s)
	require.NotNil(t, werr, "want a guard of which nothing is set to permit nothing that could take effect")
}
