package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// obeyed are texts that build servers and terminals obey, each in a form that works
// where it stands at the start of a line, and most also within one.
func obeyed() []string {
	return []string{
		"##vso[task.complete result=Succeeded;]done",
		"##[error]x",
		"##[command]x",
		"##teamcity[buildStatus status='SUCCESS']",
		"::set-output name=a::b",
		"::error file=a.go,line=1::x",
		"::stop-commands::x",
		"  ::add-mask::e",
		"section_start:1560896352:a[collapsed=true]\r\x1b[0Ka",
		"section_end:1560896352:a\r\x1b[0K",
		"travis_fold:start:a\r\x1b[0K",
		"[[ATTACHMENT|/etc/passwd]]",
		"[[PROPERTY|level=none]]",
		"\x1b[2J\x1b]0;owned\x07",
		"\u009b31mred",
		"\u202eright to left",
		"\x1b[8mha:////AAAA\x1b[0m",
		"a\r##vso[task.complete]",
		"a\n::set-output name=a::b",
		"a\r\n##[error]b",
		"\x00\b\v\f\x7f",
	}
}

// several are texts with several commands each, so that the commands are run fewer
// times.
func several() []string {
	return []string{
		"::set-output name=a::b ##[error]x section_start:1560896352:a\r\x1b[0Ka",
		"##vso[task.complete result=Succeeded;]\n::error::x\u202e travis_fold:start:a",
		"  ::add-mask::x ##teamcity[buildStatus] \u009b31m [[ATTACHMENT|/etc/passwd]] [[PROPERTY|level=none]]\x00",
	}
}

// commanding are the lines of output that something obeys.
var commanding = regexp.MustCompile(
	`(?m)##[A-Za-z]*\[|^\s*::|section_(start|end):[0-9]|travis_(fold|time):|\[\[ATTACHMENT\|`)

// annotating is a line of the format github, which is there to be obeyed.
var annotating = regexp.MustCompile(`(?m)^::(error|warning|notice) (file=[^:]*|line=[0-9]*|title=[^:]*)+::`)

// ownProperty is a line that fmaspec itself writes into the output of a test case.
var ownProperty = regexp.MustCompile(`(?m)^\[\[PROPERTY\|(proves|breaks|level|file|line|outcome)=.*\]\]$`)

// requireUnobeyed fails where a text holds a command or a control character, and
// shows the place.
func requireUnobeyed(t *testing.T, text, where string) {
	t.Helper()
	if found := obeyedIn(text, strings.Contains(where, "github")); found != "" {
		t.Fatalf("%s: %s", where, found)
	}
}

// obeyedIn returns the first command or control character in a text, with what
// stands around it, or "".
func obeyedIn(text string, annotates bool) string {
	if begin := strings.Index(text, "<style>"); begin >= 0 { // a page's own style and script are no text of anybody's
		_, rest, _ := strings.Cut(text, "</style>")
		text = text[:begin] + rest
		if head, rest, found := strings.Cut(text, "<script>"); found {
			_, rest, _ = strings.Cut(rest, "</script>")
			text = head + rest
		}
	}
	if annotates {
		text = annotating.ReplaceAllString(text, "")
	}
	text = ownProperty.ReplaceAllString(text, "")
	around := func(from, to int) string {
		return fmt.Sprintf("…%q…", text[max(from-200, 0):min(to+100, len(text))])
	}
	if at := strings.Index(text, "[[PROPERTY|"); at >= 0 {
		return "a property that is not its own: " + around(at, at)
	}
	if at := commanding.FindStringIndex(text); at != nil {
		return "a command: " + around(at[0], at[1])
	}
	if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !term.Printable(r) }); at >= 0 {
		return "a character that is not printable: " + around(at, at)
	}
	return ""
}

// hostileAnswers makes the server at $URL one that answers with what build servers
// and terminals obey: hostile
func hostileAnswers(ts *testscript.TestScript, _ bool, _ []string) {
	h := http.Handler(&commander{})
	ts.Value("counter").(*counter).handler.Store(&h)
}

// unobeyed fails where the output of the last command, or a file, holds a command or
// a control character: unobeyed stdout|stderr|FILE…
func unobeyed(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := ts.ReadFile(name)
		if text == "" {
			ts.Fatalf("%s is empty", name)
		}
		if found := obeyedIn(text, false); (found != "") != neg {
			ts.Fatalf("%s: want it unobeyed %v, got %q", name, !neg, found)
		}
	}
}

// A commander is a server that puts commands into every place of its answers that
// it controls, another place and another command in each answer.
type commander struct{ n atomic.Int64 }

func (s *commander) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	n := int(s.n.Add(1))
	all := obeyed()
	form := all[n/11%len(all)]
	raw := func(answer string) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, answer)
	}
	body := func(v any) string { text, _ := json.Marshal(v); return string(text) }
	// Each stands at the start of a line of the body, and in turn where a line of the
	// report is wrapped.
	var lines strings.Builder
	for i, f := range all {
		lines.WriteString(f + "\n" + strings.Repeat("x", 78+(n+i)%14) + f + "\n")
	}
	answer := func(status, header, body string) {
		raw(fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s", status, len(body), header,
			body))
	}
	oneLine := strings.NewReplacer("\r", "", "\n", "").Replace(form)
	switch n % 11 {
	case 0:
		answer("400 "+oneLine, "X-"+"Form: "+oneLine+"\r\nContent-Type: application/json\r\n",
			body(map[string]any{"error": map[string]string{"code": form, "message": form}}))
	case 1:
		answer("201 Created", "Content-Type: application/json\r\n", body(map[string]any{
			"@odata.context": form, "id": form, "type": form, "status": form, "requestor": form,
			"requestorComment": form, "machineId": form, "sha1": form,
			"creationDateTimeUtc": form, "lastUpdateDateTimeUtc": form, form: form,
			"fileInstances": []any{map[string]any{"filePath": form, "status": form, form: 1}},
		}))
	case 2:
		answer("307 "+oneLine, "Location: "+oneLine+"\r\n", "")
	case 3:
		raw("HTTP/1.1 401 " + form + "\r\n" + form + ": x\r\n\r\n")
	case 4:
		raw(form + "\r\n" + lines.String())
	case 5:
		answer("401 Unauthorized", "WWW-Authenticate: "+oneLine+"\r\nContent-Type: "+oneLine+"\r\n", lines.String())
	case 6:
		answer("400 Bad Request", "Content-Type: text/plain\r\n", lines.String())
	case 7:
		raw("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + form + "\r\n")
	case 8:
		answer("400 Bad Request", "Content-Encoding: "+oneLine+"\r\nAllow: "+oneLine+"\r\n", lines.String())
	case 9:
		answer("500 Internal Server Error", "Content-Type: text/html\r\n", "goroutine 1 [running]:\n"+lines.String())
	default:
		answer("201 Created", "Content-Type: application/json\r\n", `{"id": "a", "type": `+form+"\n"+lines.String())
	}
}

// hostileCase is a case of a user's whose every text is a command.
func hostileCase(form string) string {
	return "# " + form + "\n# operation: requestSample\n# proves: " + form + "\n# expect: accepted\n# because: " +
		form + "\n\n" +
		"POST " + form + " HTTP/1.1\n" + form + ": " + form + "\n\n" + form + "\n"
}

func TestNoBuildServerObeysWhatIsPrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes every form of output of many runs")
	}
	hostile := httptest.NewServer(&commander{})
	defer hostile.Close()
	good := httptest.NewServer(honest())
	defer good.Close()
	var asked atomic.Int64
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := obeyed()[int(asked.Add(1))%len(obeyed())]
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		json.NewEncoder(w).Encode(map[string]string{"error": form, "error_description": form, "error_uri": form})
	}))
	defer tokens.Close()
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	var said bytes.Buffer
	say := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		environ := []string{"PATH=" + os.Getenv("PATH"), "FMASPEC_TOKEN=" + testToken, "FMASPEC_TIMEOUT=2s",
			"FMASPEC_GENERATE=none"}
		run(t.Context(), &env{args, strings.NewReader(""), &stdout, &stderr, environ, noTerminal})
		require.NotZero(t, stdout.Len()+stderr.Len(), "%q wrote nothing", args)
		where := fmt.Sprintf("%.300q", args)
		requireUnobeyed(t, stdout.String(), where+" on stdout")
		requireUnobeyed(t, stderr.String(), where+" on stderr")
		said.WriteString(stdout.String() + stderr.String())
		return stdout.String()
	}

	say("run", "-url", hostile.URL, "-report", "json=hostile.json")
	say("run", "-url", hostile.URL, "-strict", "-v", "-baseline", "accepted.txt", "-baseline-update", "-run", "^stop")
	say("run", "-url", hostile.URL, "-http2", "-q", "-run", "/valid/", "-generate", "coverage")
	say("run", "-url", good.URL, "-report", "json=good.json")
	for _, f := range report.Formats() {
		say("report", "-format", f.Name, "hostile.json")
		say("run", "-url", hostile.URL, "-run", "^requestSample/(auth|valid)", "-report", f.Name+"=-")
	}
	say("report", "-v", "hostile.json")
	for _, format := range []string{"text", "json", "markdown"} {
		say("compare", "-format", format, "good.json", "hostile.json")
		say("compare", "-format", format, "-strict-shape", "-run", "/(auth|valid)/", "hostile.json", hostile.URL)
	}
	say("compare", "-v", "good.json", "hostile.json")

	// A report that says otherwise than its exchanges, in the words of commands.
	text, err := os.ReadFile("hostile.json")
	require.NoError(t, err)
	for i, form := range several() {
		quoted, _ := json.Marshal(form)
		name := fmt.Sprintf("edited-%d.json", i)
		edited := regexp.MustCompile(
			`"(want|got|curl|title|reason|version|value|name)": "(\\.|[^"\\])*"`).ReplaceAllFunc(text,
			func(m []byte) []byte {
				member, _, _ := bytes.Cut(m, []byte(": "))
				return append(append(bytes.Clone(member), ": "...), quoted...)
			})
		write(name, string(edited))
		say("verify", name)
		say("compare", "good.json", name)
		write(name, string(bytes.Replace(edited, []byte(`"verdict":`), append(quoted, []byte(`: 1, "verdict":`)...),
			1)))
		say("report", name)
		write(name, "{"+form)
		say("verify", name)
	}

	for i, form := range several() {
		quoted, _ := json.Marshal(form)
		ascii := strings.Trim(regexp.MustCompile(`[^ -~]`).ReplaceAllStringFunc(string(quoted),
			func(c string) string { return fmt.Sprintf(`\u%04x`, []rune(c)[0]) }), `"`)
		line := `{"run":"` + ascii + `","number":1,"case":"` + ascii + `","step":0,"operation":"` + ascii +
			`","target":"` + ascii + `","machine":"` + ascii + `","sha1":"` + ascii + `","phase":"` + ascii + `"}`
		write("journal.ndjson", line+"\n"+form+"\n")
		say("journal", "journal.ndjson")
		say("journal", "-json", "journal.ndjson")

		write("pact.json", `{"consumer":{"name":`+string(quoted)+`},"provider":{"name":`+string(quoted)+
			`},"metadata":{"pactSpecification":{"version":`+string(quoted)+`}},
			"interactions":[{"description":`+string(quoted)+`,"providerState":`+string(quoted)+`,"request":{"method":`+
			string(quoted)+`,"path":`+string(quoted)+`,"headers":{`+string(quoted)+`:`+string(quoted)+
			`}},"response":{"status":200,"body":{`+string(quoted)+`:`+string(quoted)+`}}}]}`)
		say("pact", "check", "pact.json")
		write("pact.json", form)
		say("pact", "check", "pact.json")

		dir := fmt.Sprintf("mine-%d", i)
		require.NoError(t, os.MkdirAll(dir, 0o700))
		write(dir+"/bad.http", hostileCase(form))
		say("list", "cases", "-fixtures", dir)
		require.NoError(t, os.Remove(dir+"/bad.http"))
		oneLine := strings.NewReplacer("\r", "", "\n", "").Replace(form)
		write(dir+"/accepts-mine.http", "# "+strings.NewReplacer("\x1b", "", "\x00", "").Replace(oneLine)+
			"\n# operation: requestSample\n# expect: accepted\n\nPOST {{path}}\nAuthorization: Bearer "+
			"{{token}}\nContent-Type: application/json\n\n{\"Comment\": \""+oneLine+"\",\n\"Sha1\":\n\"{{sha1}}\"}\n"+
			form+"\n")
		for _, args := range [][]string{{"list", "cases"}, {"list", "cases", "-json"}, {"explain", "accepts-mine"},
			{"run", "-run", "accepts-mine", "-dry-run", "-url", good.URL}, {"run", "-run", "accepts-mine", "-v"}} {
			say(append(args, "-fixtures", dir)...)
		}

		claim := jwt(claims{"aud": form, "iss": form, "tid": form, "upn": form, "roles": []string{form}, "scp": form,
			"appid": form})
		write("token.txt", claim)
		say("auth", "check", "-token-file", "token.txt")
		say("auth", "check", "-token-file", "token.txt", "-json")
		write("failing.txt", form)
		say("auth", "check", "-token-command", "cat failing.txt >&2; exit 3")
		say("auth", "check", "-token-command", "cat failing.txt")
		say("auth", "check", "-token-url", tokens.URL, "-client-id", "app")
		say("run", "-url", good.URL, "-token-url", tokens.URL, "-client-id", "app")

		for _, args := range [][]string{
			{"run", "-run", form}, {"run", "-url", form}, {"run", "-machine", form, "-run", "accepts-plain"}, {"run",
				"-seed", form, "-run", "accepts-plain"}, {"run", "-report", form},
			{"run", "-accept-risk", form}, {"run", "-baseline", form}, {"run", "-fixtures", form}, {"run", "-" + form},
			{form}, {"explain", form}, {"list", form},
			{"report", form}, {"verify", form}, {"compare", form, form}, {"journal", form}, {"pact", "check", form},
			{"serve", "-fault", form}, {"run", "-allow-list", form, "-accept-risk", "requestSample"},
		} {
			if args[0] != "run" && strings.ContainsRune(form, 0) {
				continue // no operating system has such a file
			}
			say(args...)
		}
		write("allowed.txt", form)
		say("run", "-url", "http://tenant.example", "-machine", "m", "-sha1", strings.Repeat("a", 40), "-allow-list",
			"allowed.txt", "-accept-risk", "requestSample", "-dry-run")
		write("accepted.txt", form+"\n")
		say("run", "-run", "accepts-plain", "-baseline", "accepted.txt")
	}
	// The commands came through to the place where they are made safe.
	for _, want := range []string{`#\x23vso[`, `\x3a:set-output`, `section\x5fstart:`, `#\u0023`, `\x1b[2J`} {
		require.Contains(t, said.String(), want)
	}
}
