package conformance

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const inertMachineID, inertFile = inertPrefix + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", inertPrefix + "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func remoteGuard(t *testing.T, armed ...string) *guard {
	s, err := Load()
	require.NoError(t, err)
	target := Target{URL: "http://tenant.example", Token: "token-0123456789", Machine: "machine-1", Sha1: "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}
	return &guard{
		target: target, operations: s.Operations, request: s.request, secrets: newSecrets(target), armed: armed, budget: 9,
		now: time.Now, journal: func(JournalEntry) error { return nil },
	}
}

func request(method, path, fields, body string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %d\r\n\r\n%s", method, path, fields, len(body), body)
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
		{"another scheme", request("POST", inertPath, "Authorization: Basic token-0123456789\r\n", sound(inertFile)), false},
		{"another's token", request("POST", inertPath, "Authorization: Bearer other\r\n", sound(inertFile)), false},
		{"the scheme in small letters", request("POST", inertPath, "authorization: bearer   token-0123456789\r\n", sound(inertFile)), true},
		{"two tokens", request("POST", inertPath, "Authorization: Bearer x\r\n"+bearer, sound(inertFile)), true},
		{"no body", request("POST", inertPath, bearer, ""), false},
		{"a body without Comment", request("POST", inertPath, bearer, `{"Sha1": "`+inertFile+`"}`), false},
		{"a body that is no JSON", request("POST", inertPath, bearer, sound(inertFile)+"}"), false},
		{"a body declared as something else", request("POST", inertPath, bearer+"Content-Type: text/plain\r\n", sound(inertFile)), false},
		{"a body declared as JSON in other letters", request("POST", inertPath, bearer+"Content-Type: Application/JSON;charset=x\r\n", sound(inertFile)), true},
		{"another method", request("GET", inertPath, bearer, ""), false},
		{"another method, replaced by a field", request("GET", inertPath, bearer+"X-HTTP-Method-Override: POST\r\n", sound(inertFile)), true},
		{"a machine of somebody's", request("POST", prefix+"machine-1/requestSample", "", ""), true},
		{"a machine behind escapes", request("POST", prefix+"%6Dachine-1/requestSample", "", ""), true},
		{"a machine behind a base path, in other letters", request("POST", "/api"+prefix+"machine-1/REQUESTSAMPLE", "", ""), true},
		{"a machine, and another method", request("DELETE", prefix+"machine-1/requestSample", "", ""), true},
		{"a file of somebody's", request("POST", inertPath, "", sound(file)), true},
		{"a file of somebody's in a broken body", request("POST", inertPath, bearer, sound(file)+"}"), true},
		{"a file behind escapes", request("POST", inertPath, "", sound(`\u0038`+file[1:])), true},
		{"a file of somebody's in chunks", []byte("POST " + inertPath + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"Sha1\": \"87662bc3d60\r\n1f\r\ne4200ceaf7aae249d1c343f4b83c9\"}\r\n0\r\n\r\n"), true},
		{"a body in chunks, all sound", fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: h\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", inertPath, bearer, len(sound(inertFile)), sound(inertFile)), true},
		{"a length that leaves the body out", []byte("POST " + inertPath + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n" + sound(file)), true},
		{"a member twice", request("POST", inertPath, bearer, `{"Comment": 7, "Comment": "c", "Sha1": "`+inertFile+`"}`), true},
		{"a byte order mark", request("POST", inertPath, bearer, "\xEF\xBB\xBF"+sound(inertFile)), true},
		{"a whole URL, as for a proxy", request("POST", "http://tenant.example"+prefix+"machine-1/requestSample", "", ""), true},
		{"no operation, and a method that changes nothing", request("GET", "/", "", ""), false},
		{"a machine behind dots", request("POST", prefix+inertMachineID+"/../machine-1/requestSample", "", ""), true},
		{"a machine behind a machine", request("POST", prefix+inertMachineID+prefix+"machine-1/requestSample", "", ""), true},
		{"a machine behind an escaped slash", request("POST", prefix+inertMachineID+"%2F..%2Fmachine-1/requestSample", "", ""), true},
		{"no operation, and a field that replaces the method", request("GET", "//x", "X-HTTP-Method-Override: POST\r\n", ""), true},
		{"no operation, and a method that may", request("POST", "/elsewhere", "", ""), true},
		{"no request at all", []byte("\x00\x01"), true},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			require.Equal(t, r.can, remoteGuard(t).effect(r.request).can)
		})
	}
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
			"not armed":       {nil, request("POST", "/testwdatppreview/machines/machine-1/requestSample", "", ""), "requestSample is not armed"},
			"another machine": {[]string{"requestSample"}, request("POST", "/testwdatppreview/machines/machine-2/requestSample", "", ""), `it names the machine "machine-2", which is not the one of -machine`},
			"another file":    {[]string{"requestSample"}, request("POST", "/testwdatppreview/machines/machine-1/requestSample", "", `{"Sha1": "`+inertFile+`"}`), "which is not the one of -sha1"},
			"no operation":    {[]string{"requestSample"}, request("POST", "/elsewhere", "", ""), "it calls no operation of the contract"},
		} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", why, http2), func(t *testing.T) {
				g := remoteGuard(t, r.armed...)
				target := g.target
				target.Transport.Resolve = map[string]string{"tenant.example:80": l.Addr().String()}
				target.Transport.HTTP2 = http2
				d, stop, err := newDialer(target, time.Minute, g)
				require.NoError(t, err)
				defer stop()
				p := &pool{d: d}
				defer p.close()
				_, werr := p.send(t.Context(), sending{method: "POST", bytes: r.bytes})
				require.NotNil(t, werr)
				require.Equal(t, Withheld, werr.Kind)
				require.Contains(t, werr.Msg, r.want)
			})
		}
	}
	require.Empty(t, arrived)
}
