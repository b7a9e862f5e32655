package guard

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"fmaspec/conformance/internal/wire"
)

// FuzzEffect reads whatever may be about to go out: what is not known to be without
// effect is taken to have one.
func FuzzEffect(f *testing.F) {
	operations, _ := contract()
	g := guardOf(Target{Endpoint: wire.Endpoint{URL: "https://tenant.example"}, Token: "token-of-one-who-may"}, 0)
	const good = "POST /testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample HTTP/1.1\r\nHost: " +
		"tenant.example\r\nAuthorization: Bearer token-of-one-who-may\r\nContent-Type: application/json\r\n\r\n" +
		`{"Comment":"x","Sha1":"0123456789abcdef0123456789abcdef01234567"}`
	inertly := strings.NewReplacer("fb9ab6be3965095a09c057be7c90f0a2", InertPrefix+"abc", "0123456789abcdef",
		InertPrefix+"abcdef")
	f.Add([]byte(good), "fb9ab6be3965095a09c057be7c90f0a2")
	f.Add([]byte(inertly.Replace(good)), "real")
	for _, change := range [][2]string{{"POST", "GET"}, {"POST", "post"}, {" HTTP/1.1", ""}, {"\r\n\r\n", ""},
		{"Bearer", "bEARER"}, {"Authorization", "X-Http-Method-Override: POST\r\nX"}, {"/machines/", "/MACHINES//"},
		{"/machines/", "/%6dachines/"},
		{"/requestSample", "/requestSample?x=y"}, {"/requestSample", "/requestSample/"}, {"/requestSample",
			"/stopAndQuarantineFile"}, {"/testwdatppreview", "http://tenant.example/testwdatppreview"}, {"{", "["},
		{`"Sha1"`, `"sha1"`}, {"\r\n", "\n"}, {"POST /", "POST //"}} {
		f.Add([]byte(strings.Replace(good, change[0], change[1], 1)), "0000000000")
		f.Add([]byte(strings.Replace(inertly.Replace(good), change[0], change[1], 1)), "00000000001")
	}
	f.Add([]byte{}, "")
	f.Add([]byte("\r\n\r\n\r\n"), "../real")
	f.Add([]byte("POST"), "0000000000/../real")
	f.Fuzz(func(t *testing.T, request []byte, machine string) {
		e := g.Effect(request)
		if again := g.Effect(request); !reflect.DeepEqual(again, e) {
			t.Fatalf("want the same effect each time, got %+v and %+v", e, again)
		}
		if why := g.forbids(e); e.Can && why == "" {
			t.Fatalf("want nothing sent that can take effect, for nothing is armed: %+v", e)
		}
		if acted := allActions(request); !e.Can && len(acted) > 0 {
			t.Fatalf("want nothing sent that a lenient server acts on, got %+v: %q", acted, request)
		}
		line, _, _ := bytes.Cut(request, []byte("\r\n"))
		words := strings.Split(string(line), " ")
		if len(words) > 1 && !e.Can {
			path := words[1]
			if u, err := url.Parse(path); err == nil {
				path = u.Path
			}
			for _, op := range operations {
				before, after, _ := strings.Cut(strings.ToLower(op.Path), "{id}")
				if id, ok := strings.CutSuffix(strings.ToLower(path), after); ok && strings.HasPrefix(id, before) &&
					!inert(strings.TrimPrefix(id, before)) {
					t.Fatalf("want a request that names the machine %q to take effect: %q", id, request)
				}
			}
		}

		// The same request for a machine of its own.
		if machine == "" || machine != url.PathEscape(machine) || inert(strings.ToLower(machine)) {
			return
		}
		_, rest, _ := bytes.Cut(request, []byte("\r\n"))
		for _, op := range operations {
			for _, method := range []string{"POST", "GET", "DELETE", "post"} {
				text := fmt.Sprintf("%s %s HTTP/1.1\r\n%s", method, op.PathFor(machine), rest)
				if e := g.Effect([]byte(text)); !e.Can || e.Broken == "" &&
					(e.operation != op.ID || e.Machine != strings.ToLower(machine)) {
					t.Fatalf("want a request that names the machine %q to take effect, got %+v: %q", machine, e, text)
				}
			}
		}
	})
}
