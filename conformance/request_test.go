package conformance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

const samplePath = "/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"

// headerOf reads lines of "Name: value".
func headerOf(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

func TestJudgeRequestNamesEveryBreach(t *testing.T) {
	const (
		auth   = "Authorization: Bearer token-0123456789"
		asJSON = "Content-Type: application/json"
		sha1   = `"Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"`
		good   = `{"Comment":"a comment",` + sha1 + `}`
		paths  = "/testwdatppreview/machines/{id}/requestSample or " +
			"/testwdatppreview/machines/{id}/stopAndQuarantineFile"
	)
	typed := []string{auth, asJSON}
	rows := []struct {
		why, method, path string
		header            []string
		body              string
		want              []string // place, want, got, requirement and level of each finding
	}{
		{"nothing is wrong", "POST", samplePath, typed, good, nil},
		{"a query is left aside", "POST", samplePath + "?a=b", typed, good, nil},
		{"the documents do not require Content-Type", "POST", samplePath, []string{auth}, good, nil},
		{"parameters and letter case are free", "POST", samplePath, []string{"Authorization: bEARER  t",
			"Content-Type: Application/JSON; charset=utf-8"}, good, nil},
		{"a parameter that is none is no other type", "POST", samplePath,
			[]string{auth, "Content-Type: application/json; charset"}, good, nil},
		{"further members are allowed", "POST", samplePath, typed, `{"comment":1,"Comment":"a",` + sha1 + `}`, nil},
		{"a number beyond what can be judged is not forbidden", "POST", samplePath, typed, `{"n":1e9999,` + good[1:],
			nil},
		{"the coding identity is none", "POST", samplePath, append(typed, "Content-Encoding: identity"), good, nil},

		{"the path is no operation's, and nothing else is judged", "GET", "/machines/1/requestSample", nil, "",
			[]string{"path|" + paths + "|/machines/1/requestSample|operation.exists documented"}},
		{"an empty machine is none", "POST", "/testwdatppreview/machines//requestSample", typed, good,
			[]string{"path|" + paths + "|/testwdatppreview/machines//requestSample|operation.exists documented"}},
		{"another letter case is another path", "POST", strings.ToLower(samplePath), typed, good,
			[]string{"path|" + paths +
				"|/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/…|operation.exists documented"}},
		{"another method has no body to judge", "GET", samplePath, []string{auth}, "",
			[]string{"method|POST|GET|operation.exists documented"}},
		{"methods have a letter case", "post", samplePath, typed, good,
			[]string{"method|POST|post|operation.exists documented"}},

		{"no credentials", "POST", samplePath, []string{asJSON}, good,
			[]string{"header Authorization|Bearer and a token|no such header|auth.required documented"}},
		{"an empty header", "POST", samplePath, []string{"Authorization: ", asJSON}, good,
			[]string{"header Authorization|Bearer and a token|an empty header|auth.required documented"}},
		{"no token", "POST", samplePath, []string{"Authorization: Bearer ", asJSON}, good,
			[]string{"header Authorization|Bearer and a token|Bearer alone|auth.bearer documented"}},
		{"another scheme", "POST", samplePath, []string{"Authorization: basic dXNlcg==", asJSON}, good,
			[]string{"header Authorization|Bearer and a token|the scheme Basic|auth.bearer documented"}},
		{"no scheme", "POST", samplePath, []string{"Authorization: secret-7f3", asJSON}, good,
			[]string{"header Authorization|Bearer and a token|no scheme, or an unknown one|auth.bearer documented"}},
		{"a glued token", "POST", samplePath, []string{"Authorization: Bearersecret-7f3", asJSON}, good,
			[]string{"header Authorization|a blank between Bearer and the token|something else, or " +
				"nothing|auth.bearer documented"}},
		{"more behind the token", "POST", samplePath, []string{auth + " secret-7f3", asJSON}, good,
			[]string{"header Authorization|Bearer and a token|Bearer, a token, and more behind it|auth.bearer " +
				"documented"}},
		{"two fields", "POST", samplePath, []string{auth, auth, asJSON}, good,
			[]string{"header Authorization|one field|2 fields|auth.bearer documented"}},

		{"another media type", "POST", samplePath, []string{auth, "Content-Type: text/plain"}, good,
			[]string{`header Content-Type|application/json|"text/plain"|refusal.media-type inferred`}},
		{"two media types", "POST", samplePath, append(typed, asJSON), good,
			[]string{"header Content-Type|one field|2 fields|refusal.media-type inferred"}},
		{"a coding, whose bytes are no JSON yet", "POST", samplePath, append(typed, "Content-Encoding: gzip"),
			"\x1f\x8b",
			[]string{`header Content-Encoding|no such header, for no coding is documented|"gzip"|refusal.media-type inferred`}},

		{"no body", "POST", samplePath, typed, "", []string{"body|one JSON object|byte 0: there is no JSON " +
			"value|request.object documented"}},
		{"broken JSON", "POST", samplePath, typed, `{"Comment":`,
			[]string{"body|one JSON object|byte 11: the text ends inside the JSON value|request.object documented"}},
		{"a name that stands twice", "POST", samplePath, typed, `{"Comment":"b",` + good[1:],
			[]string{"body|each name once|byte 15: the member /Comment stands twice|client.names-unique inferred"}},
		{"a name that stands twice, and the last value is no string", "POST", samplePath, typed,
			`{"Comment":"b","Comment":7,` + sha1 + `}`,
			[]string{"body|each name once|byte 15: the member /Comment stands twice|client.names-unique inferred",
				"/Comment|a string|7|request.comment-string documented"}},
		{"a byte order mark", "POST", samplePath, typed, "\xEF\xBB\xBF" + good,
			[]string{"body|UTF-8 without a byte order mark|byte 0: a byte order mark stands before the JSON " +
				"text|json.encoding standard"}},
		{"Latin-1", "POST", samplePath, typed, "{\"Comment\":\"\xE4\"}",
			[]string{"body|UTF-8 without a byte order mark|byte 12: the bytes are not UTF-8|json.encoding standard"}},
		{"no object", "POST", samplePath, typed, "[]", []string{"body|an object|[]|request.object documented"}},
		{"no members", "POST", samplePath, typed, "{}", []string{
			`/Comment|the member "Comment"|no such member|request.comment-required documented`,
			`/Sha1|the member "Sha1"|no such member|request.sha1-required documented`}},
		{"names in another letter case", "POST", samplePath, typed, `{"COMMENT":"a","comment":"b",` + sha1 + `}`,
			[]string{
				`/Comment|the member "Comment"|no such member|request.comment-required documented`,
				"/COMMENT|the name Comment|another letter case|request.name-case inferred",
				"/comment|the name Comment|another letter case|request.name-case inferred"}},
		{"other types", "POST", samplePath, typed, `{"Comment":null,"Sha1":7}`, []string{
			"/Comment|a string|null|request.comment-string documented",
			"/Sha1|a string|7|request.sha1-string documented"}},
		{"values that say nothing", "POST", samplePath, typed, `{"Comment":" ","Sha1":"8d"}`, []string{
			`/Comment|a string that is not blank|" "|request.comment-blank inferred`,
			`/Sha1|40 hexadecimal digits|"8d"|request.sha1-format inferred`}},
		{"everything that is wrong is reported, not only the first", "POST", samplePath,
			[]string{"Content-Type: text/html"},
			"<p>", []string{
				"header Authorization|Bearer and a token|no such header|auth.required documented",
				`header Content-Type|application/json|"text/html"|refusal.media-type inferred`,
				"body|one JSON object|byte 0: invalid character '<' at start of value|request.object documented"}},
	}
	s := load(t)
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			findings := s.JudgeRequest(r.method, r.path, headerOf(r.header...), []byte(r.body))
			var got []string
			for _, f := range findings {
				got = append(got, strings.Join([]string{f.Place, f.Want, f.Got, f.Requirement + " " + f.Level.String()},
					"|"))
				require.Equal(t, f.Check+" "+f.Place, f.Key)
			}
			if !slices.Equal(got, r.want) {
				t.Errorf("want\n%s\ngot\n%s", strings.Join(r.want, "\n"), strings.Join(got, "\n"))
			}
			for _, f := range findings {
				require.NotContains(t, f.Got+f.Want, "secret-7f3")
			}
		})
	}
}

// A valid request has no finding and an invalid one has one, as the cases expect.
func TestJudgeRequestAgreesWithTheCases(t *testing.T) {
	report := run(t, target(honest()), conformance.Options{})
	suite := load(t)
	judged := 0
	for _, result := range report.Cases {
		c := suite.Case(result.ID)
		for i, x := range result.Exchanges {
			if c.Steps[i].Abort {
				continue
			}
			header := http.Header{}
			for _, f := range x.Request.Header {
				header.Add(f.Name, f.Value)
			}
			path := x.Request.URL
			if _, after, ok := strings.Cut(path, "://"); ok {
				path = after[strings.Index(after, "/"):]
			}
			findings := suite.JudgeRequest(x.Request.Method, path, header, x.Request.Body)
			sent := fmt.Sprint(c.Steps[i]) // of a request that only a server distinguishes from a good one
			silent := c.Proves[0] == "request.host" || strings.Contains(sent, "{{unprivileged-token}}") ||
				strings.Contains(sent, "{{invalid-token}}") || strings.Contains(sent, "unknown-machine}}")
			switch expect := c.Steps[i].Expect; {
			case expect == conformance.Accepted && len(findings) > 0:
				t.Errorf("%s: want no finding in a request that has to be accepted, got %v", c.ID, findings)
			case expect == conformance.Refused && len(findings) == 0 && !silent:
				t.Errorf("%s: want a finding in a request that has to be refused, got none", c.ID)
			case silent && len(findings) > 0 && !strings.HasSuffix(c.ID, "-written-otherwise") &&
				!strings.HasSuffix(c.ID, "-in-unusual-requests"): // of which there is more to say
				t.Errorf("%s: want no finding where only the server knows better, got %v", c.ID, findings)
			}
			judged++
		}
	}
	require.Greater(t, judged, 300)
}
