package reference_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

// body returns a probe with these values, written as JSON.
func body(comment, sha1 string) probe {
	return probe{body: `{"Comment":` + comment + `,"Sha1":` + sha1 + `}`}
}

// probes returns requests of which each fault answers one otherwise than the
// reference server. Their order matters to faults that remember.
func probes() []probe {
	quoted := `"` + hash + `"`
	comments := []string{
		`"a"`, `"` + strings.Repeat("c", 101) + `"`, `"` + strings.Repeat("c", 65536) + `"`, `"J\u00fcrgen"`,
		`"Jürgen"`, `"\ud83d\udc4d"`,
		`"👍"`, `"<a&b>"`, `"it's"`, `"a\/b"`, `"a\"b"`, `"a\nb"`, `"a\\b"`, `" a "`, `""`, `"  "`, `"\t"`,
		`null`, `7`, `true`, `["x"]`, `{"x":1}`,
	}
	hashes := []string{
		strings.ToUpper(quoted), `"8D25682b3a82af25b42dc90291c35ff3293daa68"`, `""`, `"8d"`, quoted[:33] + `"`,
		quoted[:40] + `"`, quoted[:41] + `0"`,
		`"` + hash + `0"`, `"` + hash + hash[:24] + `"`, `"z` + hash[1:] + `"`, `" ` + hash + `"`, `null`, `7`, `true`,
		`["x"]`, `{"x":1}`,
	}
	bodies := []string{
		`{"Sha1":` + quoted + `,"Comment":"a comment"}`, `{"Sha1":` + quoted + `}`, `{"Comment":"a comment"}`, `{}`,
		"{\n\t\"Comment\": \"a comment\",\r\n\t\"Sha1\": " + quoted + "\n}", " " + good, good + "\n",
		`{"\u0043omment":"a comment","Sha1":` + quoted + `}`, good[:len(good)-1] + `,"Extra":{"a":null}}`,
		`{"comment":"a comment","sha1":` + quoted + `}`, `{"comment":"a comment","Sha1":` + quoted + `}`,
		`{"Comment":"a comment","sha1":` + quoted + `}`,
		`[` + good + `]`, `"text"`, `null`, `7`, `true`, `none`, ` `, `{`, `word`, good + ` x`, good[:len(good)-1] +
			`,}`,
		strings.ReplaceAll(good, `"`, `'`), good[:len(good)-1], "Comment=a&Sha1=" + hash,
		"/* a */" + good, `{Comment:"a",Sha1:` + quoted + `}`, good[:len(good)-1] + `,"n":NaN}`,
		strings.Replace(good, "look at", "look\nat", 1),
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), good[:len(good)-1] + `,"x":` +
			strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "}",
		strings.Replace(good, "look at", `look \ud83d at`, 1), strings.Replace(good, "look at", `look \u0000 at`, 1),
		strings.Replace(good, "look at", "look \xFF at", 1),
		"\uFEFF" + good, `{"Comment":"b",` + good[1:], strings.Replace(good, "look at", strings.Repeat("x", 150000), 1),
	}
	list := []probe{
		{}, {path: stopPath, body: strings.Replace(good, "8d", "9d", 1)}, {body: strings.Replace(good, "8d", "7d", 1)},
		{}, {}, {}, {raw: true},
		{bare: true, header: []string{"Content-Type: application/json"}},
		{bare: true, path: stopPath, header: []string{"Content-Type: application/json"}},
		auth(""), auth("Basic dTpw"), auth("Digest a=b"), auth("Negotiate abcd"), auth("Token x"),
		auth("BearerX " + token), auth("Bearer"), auth("Bearer "),
		auth(token), auth("Bearer nobody"), auth("Bearer nobody-issued-this-long-token"), auth("Bearer a.b.c"),
		auth("Bearer " + unprivileged),
		auth("bearer " + token), auth("BEARER " + token),
		typed("application/json; charset=utf-8"), typed(`application/json; charset="utf-8"`),
		typed("application/json;odata.metadata=minimal"), typed("Application/JSON"), typed("APPLICATION/JSON"),
		typed("application/json; charset=UTF-8"),
		typed("text/plain"), typed("text/json"), typed("application/xml"), typed("application/x-www-form-urlencoded"),
		typed("application/octet-stream"), typed("image/png"),
		declared("application/x-www-form-urlencoded", "Comment=a&Sha1="+hash),
		declared("multipart/form-data; boundary=a",
			"--a\r\nContent-Disposition: form-data; name=\"Sha1\"\r\n\r\n"+hash+"\r\n--a--\r\n"),
		declared("application/xml", "<Sha1>"+hash+"</Sha1>"), declared("application/yaml", "Sha1: "+hash),
		{bare: true, header: []string{"Authorization: Bearer " + token}},
		auth("Bearer " + securityAdmin), auth("Bearer " + globalAdmin),
		{path: stopPath, bare: true, header: []string{"Authorization: Bearer " + globalAdmin,
			"Content-Type: application/json"}},
		{raw: true, instead: []string{"Host: HOST\r\n", ""}}, {raw: true, instead: []string{"Host: HOST\r\n",
			"Host: HOST\r\nHost: HOST\r\n"}}, {raw: true, instead: []string{"Host: HOST\r\n", "Host: not a host\r\n"}},
		{raw: true, instead: []string{"POST /", "POST http://HOST/"}},
		chunkedBody(chunkOf(hexOf(len(good)), good)), headed("Expect: 100-continue"), {method: "TRACE", body: "none"},
		{path: "/" + strings.Repeat("a", 1500)}, {method: "GET", body: "none"}, {method: "PUT"},
		{method: "PATCH"}, {method: "DELETE"}, {method: "BREW"},
		{path: strings.Replace(samplePath, machine, unknown, 1)},
		{path: samplePath + "/more"},
		{path: strings.Replace(samplePath, machine, otherMachine, 1)}, {path: strings.Replace(stopPath, machine,
			otherMachine, 1)},
	}
	for _, path := range besidePaths() {
		list = append(list, probe{path: path})
	}
	for _, path := range []string{samplePath + "/", strings.Replace(samplePath, "/requestSample", "//requestSample", 1),
		strings.Replace(samplePath, "/machines/", "/Machines/", 1), strings.Replace(samplePath, "/machines/",
			"/machines/./", 1), strings.Replace(samplePath, machine, machine+";a=b", 1), "/%74" + samplePath[2:],
		strings.Replace(samplePath, machine, "none/../"+machine, 1), samplePath + ".json",
		strings.Replace(samplePath, "/requestSample", "%2FrequestSample", 1), "/%2574" + samplePath[2:],
		samplePath + "?a=b.png"} {
		list = append(list, probe{path: path, bare: true, header: []string{"Content-Type: application/json"}},
			probe{path: path, bare: true, header: []string{"Content-Type: application/json",
				"Authorization: Bearer " + unprivileged}})
	}
	long := `{"Comment":"` + strings.Repeat("c", 9000) + `","Sha1":` + quoted + `}`
	for _, who := range []string{"X-Nobody: a", "Authorization: Bearer " + unprivileged} {
		list = append(list, probe{bare: true, header: []string{who}},
			probe{bare: true, header: []string{who, "Content-Type: application/json"}, body: long},
			probe{bare: true, header: []string{who, "Content-Type: application/json", "Upgrade: a"}},
			probe{bare: true, header: []string{who, "Content-Type: application/json", "X-HTTP-Method: POST"}},
			probe{bare: true, header: []string{who, "Content-Type: application/json"}, body: "none"})
	}
	for _, c := range comments {
		list = append(list, body(c, quoted))
	}
	for _, h := range hashes {
		list = append(list, body(`"a comment"`, h))
	}
	for _, b := range bodies {
		list = append(list, probe{body: b})
	}
	list = append(list, inOnePiece()...)
	return append(list, probe{}, probe{atOnce: 8}, probe{atOnce: 8, machines: true},
		probe{atOnce: 8, oneFile: true})
}

// inOnePiece are two requests each that are sent in one piece.
func inOnePiece() (out []probe) {
	line := func(method, body string, fields ...string) string {
		return wired(method+" "+samplePath+" HTTP/1.1", append(fields, "Host: HOST", "Content-Type: application/json",
			"Content-Length: "+length(body)), body).wire
	}
	authorized := "Authorization: Bearer " + token
	second := posted().wire
	for _, first := range []string{
		line("POST", good, authorized), line("POST", "{}", authorized), line("DELETE", "", authorized),
		line("POST", `{"Comment":"`+strings.Repeat("c", 70_000)+`"}`, authorized),
		strings.Replace(line("POST", good, authorized), samplePath, "/none-such", 1),
		wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST", authorized, "Content-Type: application/json",
			"Transfer-Encoding: chunked", "Trailer: X-Digest"}, chunkOf(hexOf(len(good)), good)).wire,
	} {
		out = append(out, probe{wire: first + second})
	}
	return append(out, probe{wire: line("POST", good, authorized) + line("POST", good, "Connection: close")})
}

// besidePaths are next to the paths of the operations.
func besidePaths() (out []string) {
	base := strings.TrimSuffix(samplePath, machine+"/requestSample")
	for _, path := range []string{"M/noSuchAction", "M/requestSampleX", "M/requestSamples", "M/requestSampl",
		"M/requestSample/",
		"M/requestSample/requestSample", "requestSample", "M", "M//requestSample", "./M/requestSample",
		"/requestSample",
		"U0/requestSample", "%22U%22/requestSample", "U;v=1/requestSample", "..%2fU/requestSample",
		"..%2fmachines/requestSample", "null/requestSample", "0/requestSample", "%27/requestSample",
		"%00/requestSample",
		"c083f601-012f-4955-b4cc-fab50fb69d79/requestSample", "%C3%BC/requestSample", "%FF/requestSample",
		strings.Repeat("a", 39) + "/requestSample", strings.Repeat("a", 1000) + "/requestSample",
		"fb9ab6be39%2065095a09c057be7c90f0a2/requestSample", strings.Repeat("9", 20) + "/requestSample"} {
		out = append(out, base+strings.NewReplacer("M", machine, "U", unknown).Replace(path))
	}
	return append(out, strings.Replace(samplePath, "/machines/", "/machine/", 1),
		strings.Replace(samplePath, "/machines/", "/Machines/", 1),
		strings.Replace(samplePath, "/machines/", "2/machines/", 1))
}

// remembers reports whether a fault has to do with what a server keeps between requests.
func remembers(f reference.Fault) bool {
	return f.Intermittent ||
		slices.ContainsFunc(f.Breaks, func(id string) bool { return strings.HasPrefix(id, "state.") })
}

// sampled returns all faults; with -short under the race detector every ninth, and all that
// remember.
func sampled(all []reference.Fault) (out []reference.Fault) {
	for i, f := range all {
		if !raceEnabled || !testing.Short() || i%9 == 0 || remembers(f) {
			out = append(out, f)
		}
	}
	return out
}

func TestEachFaultIsSeenByAProbe(t *testing.T) {
	probes := probes()
	honest := newSeer(t, reference.New(config()), longTimeout).look(probes)
	known := witnesses()
	for _, fault := range sampled(reference.Faults()) {
		if known[fault.Name] != nil || fault.Phase != "" {
			continue // TestEachConditionalFaultIsSeenByItsWitness
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			timeout := longTimeout
			if fault.Waits {
				timeout = shortTimeout
			}
			s := newSeer(t, fault.Wrap(reference.New(config())), timeout)
			for i, p := range probes {
				if s.see(p) != honest[i] {
					return
				}
			}
			t.Errorf("want a probe that shows that it %s, got the reference server's answers to all %d; add one to "+
				"probes in conformance/reference/fault_test.go", fault.Says, len(probes))
		})
	}
}

func TestEachFaultIsOneThingWrong(t *testing.T) {
	refused := []probe{{bare: true}, auth("Bearer nobody"), auth("Bearer " + unprivileged), {method: "GET"},
		typed("text/plain"), {body: "{"},
		{path: strings.Replace(samplePath, machine, unknown, 1)}, {path: "/"}}
	accepted := []probe{{}}
	honestly := map[bool][]string{}
	for _, good := range []bool{true, false} {
		honestly[good] = newSeer(t, reference.New(config()), longTimeout).look(map[bool][]probe{true: accepted,
			false: refused}[good])
	}
	spoilsGood := regexp.MustCompile(`^(operation|response|action|time|json)\.|^http\.|^state\.`)
	exceptions := map[string]string{ // by name of the fault
		"refuses-lower-case-sha1": "every plain request has a Sha1 in small letters",
		"never-refuses":           "it breaks the framing of refusals",

		"closes-each-connection-unsaid": "answers of both kinds end their connection",

		"digests-refusals-wrongly":     "it is about fields of refusals",
		"types-refusals-twice":         "it is about fields of refusals",
		"forgets-allow-beside-path":    "it is about fields of refusals",
		"errs-beyond-declared-charset": "it breaks the encoding of refusals",

		"sends-second-type-with-refusal": "it is about fields of refusals",
		"sends-type-of-401-twice":        "it is about fields of refusals",
		"fails-at-own-cookie":            "answers of both kinds set a cookie",
		"forbids-own-cookie":             "answers of both kinds set a cookie",
		"takes-session-for-token":        "an acceptance sets the cookie that is accepted",
		"keeps-role-in-session":          "an acceptance sets the cookie that is accepted",
		"keeps-refusal-in-session":       "a refusal sets the cookie that is refused",
	}
	for _, fault := range sampled(reference.Faults()) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			if why, ok := exceptions[fault.Name]; ok {
				t.Skip(why)
			}
			if strings.HasPrefix(fault.Breaks[0], "http.date") {
				t.Skip("Date stands in answers of both kinds")
			}
			s := newSeer(t, fault.Wrap(reference.New(config())), longTimeout)
			if spoilsGood.MatchString(fault.Breaks[0]) {
				same(t, fault, "refusals", "onAccepted", honestly[false], s.look(refused))
				return
			}
			same(t, fault, "acceptances", "onRefused", honestly[true], s.look(accepted))
		})
	}
}

// same asserts that a fault leaves the answers of one kind as they are. The first requirement
// in its Breaks says which kind that is.
func same(t *testing.T, fault reference.Fault, kind, wrap string, want, got []string) {
	t.Helper()
	require.Equal(t, want, got, "the fault %s breaks %s first, so want the %s of the reference server; "+
		"limit its row in conformance/reference/faults_*.go to the other answers (%s), put another requirement first, "+
		"or add it to the exceptions in conformance/reference/fault_test.go", fault.Name, fault.Breaks[0], kind, wrap)
}

func TestFaultsWaitOnlyWhereTheySayThatTheyWait(t *testing.T) {
	for _, fault := range reference.Faults() {
		if !fault.Waits {
			continue
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			s := newSeer(t, fault.Wrap(reference.New(config())), shortTimeout)
			for _, p := range append([]probe{{raw: true}, {raw: true, body: "{}"},
				{raw: true, instead: []string{"Connection: close", "Connection: Close"}}}, inOnePiece()...) {
				if strings.HasPrefix(s.see(p), "true") {
					return
				}
			}
			t.Error("want a connection that stays open until the client gives up, got none")
		})
	}
}

func TestFaultsAreWellFormed(t *testing.T) {
	slug := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	names, sayings := map[string]bool{}, map[string]bool{}
	for _, f := range reference.Faults() {
		require.Regexp(t, slug, f.Name)
		require.False(t, names[f.Name], "two faults are named %s", f.Name)
		require.False(t, sayings[f.Says], "two faults say that it %s", f.Says)
		names[f.Name], sayings[f.Says] = true, true
		require.NotEmpty(t, f.Says, f.Name)
		require.NotEmpty(t, f.Breaks, f.Name)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(f.Breaks))), len(f.Breaks),
			"%s names a requirement twice", f.Name)
	}
	require.Greater(t, len(names), 130)
}

func TestFindFaultGoesByTheWholeName(t *testing.T) {
	all := reference.Faults()
	for _, f := range []reference.Fault{all[0], all[len(all)/2], all[len(all)-1]} {
		found, ok := reference.FindFault(f.Name)
		require.True(t, ok, f.Name)
		require.Equal(t, f.Says, found.Says)
		_, ok = reference.FindFault(f.Name[:len(f.Name)-1])
		require.False(t, ok, "want no fault by a part of the name of %s", f.Name)
	}
	_, ok := reference.FindFault("is-honest")
	require.False(t, ok)
}

func TestTheSampleHoldsAllThatRemember(t *testing.T) {
	all := reference.Faults()
	some := sampled(all)
	if !raceEnabled || !testing.Short() {
		require.Len(t, some, len(all))
		return
	}
	require.Less(t, len(some), len(all)/3)
	for _, f := range all {
		if remembers(f) {
			require.True(t, slices.ContainsFunc(some, func(s reference.Fault) bool { return s.Name == f.Name }), f.Name)
		}
	}
}
