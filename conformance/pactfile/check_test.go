package pactfile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	sample1 = "/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"
	valid   = `{"Comment": "x", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`

	// strict asks for more than the contract in every way that a file of V2 can.
	strict = `{"description": "strict", "request": {"method": "POST", "path": "` + sample1 +
		`", "headers": {"Authorization": "Bearer x", "Content-Type": "application/json"}, "body": ` + valid + `},
		"response": {"status": 201, "headers": {"Content-Type": "application/json; charset=utf-8", "Location": "x"},
		"body": {"machineId": "fb9ab6be3965095a09c057be7c90f0a2", "error": "None", "id": "c083f601-012f-4955-b4cc-fab50fb69d79", "status": "InProgress", "creationDateTimeUtc": "2017-12-04", "fileInstances": [{"filePath": "x", "status": "y"}]},
		"matchingRules": {"$.body.id": {"match": "regex", "regex": "^[0-9a-fA-F-]{36}$"}, "$.body.creationDateTimeUtc": {"match": "type"}, "$.body.fileInstances": {"min": 1}, "$.body.fileInstances[*].*": {"match": "type"}}}}`
)

// interactionOf is a valid request with this answer, and what else is said of it.
func interactionOf(response, more string) string {
	return `{"description": "x", ` + more + `"request": {"method": "POST", "path": "` + sample1 +
		`", "headers": {"Authorization": "Bearer x", "Content-Type": "application/json"}, "body": ` + valid +
		`}, "response": ` + response + `}`
}

func requestOf(method, path, header, body, response string) string {
	return fmt.Sprintf(
		`{"description": "x", "request": {"method": %q, "path": %q, "headers": {%s}, "body": %s}, "response": %s}`,
		method, path, header, body, response)
}

func checker(t testing.TB) *Checker {
	t.Helper()
	k, err := NewChecker(load(t))
	require.NoError(t, err)
	return k
}

func checked(t testing.TB, k *Checker, interactions ...string) *Checked {
	t.Helper()
	c, err := k.Check("a.json", []byte(`{"consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [`+
		strings.Join(interactions, ",")+`], "metadata": {"pactSpecification": {"version": "2.0.0"}}}`))
	require.NoError(t, err)
	return c
}

// shown writes problems as lines: pointer, what is assumed, requirement and level.
func shown(all []Problem) (out []string) {
	for _, p := range all {
		line := strings.TrimPrefix(p.Pointer, "/interactions/0") + ": " + p.Assumes
		if p.Requirement != "" {
			line += fmt.Sprintf(": %s (%v)", p.Requirement, p.Level)
		}
		out = append(out, line)
	}
	return out
}

func TestThePactsOfThisSuiteAreClean(t *testing.T) {
	t.Parallel()
	k := checker(t)
	for _, v := range []Version{V3, V4} {
		p, text := built(t, v)
		c, err := k.Check("own.json", text)
		require.NoError(t, err)
		require.Empty(t, c.Problems)
		require.Empty(t, c.Notes)
		require.Equal(t, len(p.Interactions), c.Judged)
		require.Equal(t, c.Judged, c.Interactions)
		require.Equal(t, []string{Consumer, Provider}, []string{c.Consumer, c.Provider})
	}
}

func TestCheckNamesEveryAssumption(t *testing.T) {
	t.Parallel()
	const json, bearer = `"Content-Type": "application/json"`, `"Authorization": "Bearer x"`
	state := `"providerState": "s", `
	body := func(members, rules string) string {
		return interactionOf(`{"status": 201, "body": {`+members+`}, "matchingRules": {`+rules+`}}`, "")
	}
	lacks := []string{"/response/body: an answer without"}
	rows := []struct {
		why, interaction string
		problems, notes  []string // the beginning of each
	}{
		{"201 and no more", interactionOf(`{"status": 201}`, ""), nil, nil},
		{"200 for an accepted request", interactionOf(`{"status": 200}`, ""),
			[]string{"/response/status: status 200: response.created (documented)"}, nil},
		{"no status is 200", interactionOf(`{}`, ""), []string{"/response/status: status 200: response.created " +
			"(documented)"}, nil},
		{"any success, which 201 is",
			interactionOf(
				`{"status": 200, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "success"}]}}}`, ""), nil, nil},
		{"403 by a state", interactionOf(`{"status": 403}`, state), nil, nil},
		{"403 without one", interactionOf(`{"status": 403}`, ""),
			[]string{"/response/status: status 403: response.created (documented)"}, nil},
		{"409, of which nobody speaks", interactionOf(`{"status": 409}`, state),
			[]string{"/response/status: status 409: response.created (documented)"}, nil},
		{"a status that no matcher lets pass", interactionOf(
			`{"status": 200, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "fine"}]}}}`,
			state), []string{"/response/matchingRules/status: status none: response.created (documented)"}, nil},

		{"a required member is missing from an accepted request", requestOf("POST", sample1, bearer+", "+json,
			`{"Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`, `{"status": 201}`), []string{"/response/status: " +
			"status 201: request.comment-required (documented)"}, nil},
		{"null for a required member of an accepted request", requestOf("POST", sample1, bearer+", "+json,
			`{"Comment": "x", "Sha1": null}`, `{"status": 201}`), []string{"/response/status: status 201: " +
			"request.sha1-string (documented)"}, nil},
		{"an accepted request without token", requestOf("POST", sample1, json, valid, `{"status": 201}`),
			[]string{"/response/status: status 201: auth.required (documented)"}, nil},
		{"an accepted web form", requestOf("POST", sample1, bearer+`, "Content-Type": "text/plain"`, valid,
			`{"status": 201}`), []string{"/response/status: status 201: refusal.media-type (inferred)"}, nil},
		{"one of several statuses of a refusal", requestOf("POST", sample1, bearer+", "+json,
			`{"Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`, `{"status": 400}`), []string{"/response/status: " +
			"status 400: refusal.status-body (standard)"}, nil},
		{"all of them", requestOf("POST", sample1, bearer+", "+json,
			`{"Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`,
			`{"status": 400, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "clientError"}]}}}`), nil, nil},
		{"none of them", requestOf("POST", sample1, bearer+", "+json,
			`{"Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`, `{"status": 500}`), []string{"/response/status: " +
			"status 500: refusal.status-body (standard)"}, nil},
		{"the one status of a refusal", requestOf("POST", sample1, json, valid, `{"status": 401}`), nil, nil},
		{"another for it", requestOf("POST", sample1, json, valid, `{"status": 403}`),
			[]string{"/response/status: status 403: refusal.status-auth (standard)"}, nil},
		{"what is refused by inference alone, accepted", requestOf("POST", sample1, bearer+", "+json,
			`{"Comment": "", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`, `{"status": 201}`),
			[]string{"/response/status: status 201: request.comment-blank (inferred)"}, nil},
		{"and refused", requestOf("POST", sample1, bearer+", "+json,
			`{"Comment": "", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`,
			`{"status": 400, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "clientError"}]}}}`), nil, []string{"/response/matchingRules/status: status 400 … 499: request.comment-blank (inferred)"}},
		{"a status of a fault that no case has", requestOf("POST", sample1, bearer+", "+json+
			`, "Content-Encoding": "gzip"`, valid,
			`{"status": 415, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "clientError"}]}}}`), nil, []string{"/response/matchingRules/status: status 400 … 499: refusal.media-type (inferred)"}},

		{"another method, refused", requestOf("GET", sample1, bearer, "null", `{"status": 405}`),
			[]string{"/response/status: status 405: refusal.method (standard)"}, nil},
		{"another method, accepted", requestOf("PUT", sample1, bearer, valid, `{"status": 201}`),
			[]string{"/response/status: status 201: operation.exists (documented)"}, nil},
		{"a path that comes near", requestOf("POST", "/api/machines/x/RequestSample", bearer, valid, `{"status": 201}`),
			[]string{"/request/path: the path \"/api/machines/x/RequestSample\": operation.exists (documented)"}, nil},
		{"another path", requestOf("POST", "/files", bearer, valid, `{"status": 201}`), nil,
			[]string{": the path \"/files\""}},

		{"machineId is the id of the path", body(`"machineId": "fb9ab6be3965095a09c057be7c90f0a2"`, ``),
			[]string{"/response/body/machineId: machineId is exactly \"fb9ab6be3965095a09c057be7c90f0a2\": " +
				"action.types (documented)"}, lacks},
		{"machineId by equality", body(`"machineId": "fb9ab6be3965095a09c057be7c90f0a2"`,
			`"body": {"$.machineId": {"matchers": [{"match": "equality"}]}}`),
			[]string{"/response/matchingRules/body/$.machineId: machineId is exactly"}, lacks},
		{"machineId of 40 digits", body(`"machineId": "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"`,
			`"$.body.machineId": {"match": "regex", "regex": "^[0-9a-f]{40}$"}`),
			[]string{"/response/matchingRules/$.body.machineId: machineId is a match of"}, lacks},
		{"the comment is echoed", body(`"requestorComment": "x"`, ``),
			[]string{"/response/body/requestorComment: requestorComment is exactly \"x\""}, lacks},
		{"one requestor", body(`"requestor": "Analyst@contoso.com "`, ``),
			[]string{"/response/body/requestor: requestor is exactly"}, lacks},
		{"one status", body(`"status": "InProgress"`, ``),
			[]string{"/response/body/status: status is exactly \"InProgress\""}, lacks},
		{"one id", body(`"id": "c083f601-012f-4955-b4cc-fab50fb69d79"`, ``),
			[]string{"/response/body/id: id is exactly"}, lacks},
		{"an id of the inferred form", body(`"id": "c083f601-012f-4955-b4cc-fab50fb69d79"`,
			`"$.body.id": {"match": "regex", "regex": "^[0-9a-fA-F-]{36}$"}`), nil, append(slices.Clone(lacks),
			"/response/matchingRules/$.body.id: id is a match of /^[0-9a-fA-F-]{36}$/: action.id (inferred)")},
		{"an id in small letters", body(`"id": "c083f601-012f-4955-b4cc-fab50fb69d79"`,
			`"$.body.id": {"match": "regex", "regex": "^[0-9a-f-]{36}$"}`),
			[]string{"/response/matchingRules/$.body.id: id is a match of"}, lacks},
		{"a hash in small letters", body(`"sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"`, ``),
			[]string{"/response/body/sha1: sha1 is exactly \"87662bc3d60e4200ceaf7aae249d1c343f4b83c9\": action.sha1 " +
				"(documented)"}, lacks},
		{"a time of one precision", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "timestamp", "timestamp": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSX"}`),
			[]string{"/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a timestamp of " +
				"the format"}, lacks},
		{"a time of one year", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "regex", "regex": "^2017-12-\\d\\dT.*Z$"}`),
			[]string{"/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a match of"}, lacks},
		{"a time of six or seven digits", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "regex", "regex": "T\\d\\d:\\d\\d:\\d\\d\\.\\d{6,7}Z$"}`),
			[]string{"/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a match of"}, lacks},
		{"a time of even precision", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "regex", "regex": "T[0-9:]{8}(\\.(\\d{3}|\\d{7}|\\d))?Z$"}`),
			[]string{"/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a match of"}, lacks},
		{"a time of the day", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "regex", "regex": "T1[0-9]:[0-9:]+(\\.\\d+)?Z$"}`),
			[]string{"/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a match of"}, lacks},
		{"a time of any precision", body(`"creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z"`,
			`"$.body.creationDateTimeUtc": {"match": "regex", "regex": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$"}`), nil, append(slices.Clone(lacks), "/response/matchingRules/$.body.creationDateTimeUtc: creationDateTimeUtc is a match of")},
		{"at least one instance", body(`"fileInstances": [{"filePath": "x", "status": "y"}]`,
			`"$.body.fileInstances": {"match": "type", "min": 1}`),
			[]string{"/response/matchingRules/$.body.fileInstances: fileInstances is an array of at least 1"}, lacks},
		{"one instance", body(`"fileInstances": [{"filePath": "x", "status": "y"}]`, ``),
			[]string{"/response/body/fileInstances: fileInstances is exactly 1 of the items: action.types (documented)",
				"/response/body/fileInstances/0/filePath: filePath is exactly \"x\": action.instances (documented)",
				"/response/body/fileInstances/0/status: status is exactly"}, lacks},
		{"an instance whose path may be empty", body(`"fileInstances": [{"filePath": "", "status": "y"}]`,
			`"$.body.fileInstances": {"match": "type"}, "$.body.fileInstances[*].filePath": {"match": "type"}, "$.body.fileInstances[*].status": {"match": "type"}`), nil, append(slices.Clone(lacks), "/response/body/fileInstances/0/filePath: an answer with \"\": action.instances-filled (inferred)")},
		{"an instance whose path is not empty", body(`"fileInstances": [{"filePath": "x", "status": "y"}]`,
			`"$.body.fileInstances": {"match": "type"}, "$.body.fileInstances[*].filePath": {"match": "regex", "regex": "^[\\s\\S]+$"}, "$.body.fileInstances[*].status": {"match": "type"}`), nil, append(slices.Clone(lacks), "/response/matchingRules/$.body.fileInstances[*].filePath: filePath is a match of /^[\\s\\S]+$/: action.instances-filled (inferred)")},
		{"any instances", body(`"fileInstances": [{"filePath": "x", "status": "y"}]`,
			`"$.body.fileInstances": {"match": "type"}`), nil, lacks},
		{"a member of an instance that nobody owes", body(
			`"fileInstances": [{"filePath": "x", "status": "y", "sha256": "z"}]`,
			`"$.body.fileInstances": {"match": "type"}`), []string{"/response/body/fileInstances/0/sha256: the " +
			"member \"sha256\": action.members (documented)"}, lacks},
		{"a member that nobody owes", body(`"error": "None"`, ``),
			[]string{"/response/body/error: the member \"error\": action.members (documented)"}, lacks},
		{"a number for a string", body(`"id": 7`, `"$.body.id": {"match": "type"}`),
			[]string{"/response/matchingRules/$.body.id: id is a number: action.types (documented)"}, lacks},
		{"an example that no server sends", body(`"creationDateTimeUtc": "yesterday"`,
			`"$.body.creationDateTimeUtc": {"match": "type"}`), []string{"/response/body/creationDateTimeUtc: an " +
			"answer with \"yesterday\": time.format (standard)"}, lacks},
		{"the type of the other operation", body(`"type": "StopAndQuarantineFile"`, ``),
			[]string{"/response/body/type: type is exactly"}, lacks},
		{"an array for the action", interactionOf(`{"status": 201, "body": []}`, ""),
			[]string{"/response/body: an array: response.json (documented)"}, nil},
		{"a text for the action", interactionOf(`{"status": 201, "body": "ok"}`, ""),
			[]string{`/response/body: exactly "ok"`}, nil},
		{"a fixed charset",
			interactionOf(`{"status": 201, "headers": {"Content-Type": "application/json; charset=utf-8"}}`, ""),
			[]string{`/response/headers/Content-Type: exactly "application/json; charset=utf-8": response.media-type (documented)`}, nil},
		{"a media type by a pattern",
			interactionOf(
				`{"status": 201, "headers": {"Content-Type": "application/json"}, "matchingRules": {"$.headers.Content-Type": {"match": "regex", "regex": "^application/json$"}}}`, ""), []string{"/response/matchingRules/$.headers.Content-Type: a match of /^application/json$/: response.media-type (documented)"}, nil},
		{"any parameters", interactionOf(`{"status": 201, "headers": {"Content-Type": "application/json"}}`, ""), nil,
			nil},
		{"a header field that nobody owes", interactionOf(`{"status": 201, "headers": {"Location": "/x"}}`, ""),
			[]string{"/response/headers/Location: the header field Location: response.created (documented)"}, nil},

		{"a body of a refusal", requestOf("POST", sample1, json, valid,
			`{"status": 401, "body": {"error": {"code": "x"}}}`), []string{"/response/body: a body: error.form " +
			"(inferred)"}, nil},
		{"a media type of a refusal", requestOf("POST", sample1, json, valid,
			`{"status": 401, "headers": {"Content-Type": "application/json"}}`),
			[]string{"/response/headers/Content-Type: the header field Content-Type: error.form (inferred)"}, nil},
		{"the challenge of a refusal", requestOf("POST", sample1, json, valid,
			`{"status": 401, "headers": {"WWW-Authenticate": "Bearer realm=\"x\""}, "matchingRules": {"$.headers.WWW-Authenticate": {"match": "regex", "regex": "Bearer"}}}`), nil, nil},
		{"its realm", requestOf("POST", sample1, json, valid,
			`{"status": 401, "headers": {"WWW-Authenticate": "Bearer realm=\"x\""}}`),
			[]string{"/response/headers/WWW-Authenticate: exactly \"Bearer realm=\\\"x\\\"\": refusal.status-auth " +
				"(standard)"}, nil},

		{"a matcher of a plugin", body(`"id": "x"`, `"$.body.id": {"match": "frob"}`), nil,
			append(slices.Clone(lacks), "/response/matchingRules/$.body.id: a matching rule")},
		{"a path that cannot be read", body(`"id": "x"`,
			`"$.body.id": {"match": "type"}, "$.body[": {"match": "type"}`), nil, append(slices.Clone(lacks),
			"/response/matchingRules/$.body[: a matching rule")},
	}
	k := checker(t)
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			c := checked(t, k, r.interaction)
			for _, list := range []struct {
				word      string
				want, got []string
			}{{"problems", r.problems, shown(c.Problems)}, {"notes", r.notes, shown(c.Notes)}} {
				if !slices.EqualFunc(list.want, list.got, func(w, g string) bool { return strings.HasPrefix(g, w) }) {
					t.Errorf("%s: want\n  %s\ngot\n  %s", list.word, strings.Join(list.want, "\n  "),
						strings.Join(list.got, "\n  "))
				}
			}
		})
	}
}

func TestProblemsAreInTheOrderOfTheFileWithTheirPlaces(t *testing.T) {
	t.Parallel()
	k := checker(t)
	c := checked(t, k, strict, strict)
	require.Greater(t, len(c.Problems), 12)
	before := 0
	for _, p := range c.Problems {
		require.GreaterOrEqual(t, p.Line*1000+p.Column, before)
		before = p.Line*1000 + p.Column
		require.Equal(t, "strict", p.Interaction)
		require.NotEmpty(t, p.Contract)
	}
	require.Equal(t, 2, c.Judged)
	require.Equal(t, "2.0.0", c.Version)
	again := checked(t, k, strict, strict)
	require.Equal(t, c, again)
}

// The words of a problem hold nothing that a terminal obeys raw, whatever the file
// says; names are left to who prints them.
func TestValuesOfAFileAreQuoted(t *testing.T) {
	t.Parallel()
	c := checked(t, checker(t), interactionOf(`{"status": 201, "body": {"id": "\u001b[31m\nx"}}`, ""))
	require.Len(t, c.Problems, 1)
	require.NotRegexp(t, regexp.MustCompile("[\x00-\x1f]"), c.Problems[0].Assumes)
}

func TestMessagesAreNoMatterOfThisContract(t *testing.T) {
	t.Parallel()
	k := checker(t)
	for _, text := range []string{`{"messages": [{}, {}]}`,
		`{"interactions": [{"type": "Asynchronous/Messages"}, {"type": "Synchronous/Messages"}]}`} {
		c, err := k.Check("a.json", []byte(text))
		require.NoError(t, err)
		require.Equal(t, []string{"/messages: 2 of its interactions are messages"}, shown(c.Notes))
		require.Zero(t, c.Judged)
		require.Zero(t, c.Interactions)
	}
}

func TestAFileOfFaultsIsCutShort(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(interactionOf(`{"status": 200}`, "")+",", problemLimit+5)
	c, err := checker(t).Check("a.json", []byte(`{"interactions": [`+strings.TrimSuffix(many, ",")+`]}`))
	require.NoError(t, err)
	require.Len(t, c.Problems, problemLimit)
}

// A pact of this suite that is made stricter or that asks for another status is
// found out: the check does not pass whatever it is given.
func TestAnOwnPactThatIsSpoiltIsFoundOut(t *testing.T) {
	t.Parallel()
	k := checker(t)
	p, err := Build(load(t), V4)
	require.NoError(t, err)
	p.Interactions = slices.DeleteFunc(p.Interactions, func(i Interaction) bool {
		return !slices.Contains([]string{"requestSample/valid/accepts-plain-request",
			"requestSample/body/refuses-missing-comment"}, i.Case)
	})
	var text bytes.Buffer
	require.NoError(t, p.Write(&text))
	for _, r := range []struct{ old, new string }{
		{`"min":0`, `"min":1`},
		{`"status": 201`, `"status": 200`},
		{`"$.machineId":{"combine":"AND","matchers":[{"match":"type"}]}`,
			`"$.machineId":{"combine":"AND","matchers":[{"match":"equality"}]}`},
		{`"status":[400,422]`, `"status":[400]`},
	} {
		flat := bytes.ReplaceAll(text.Bytes(), []byte(`"$.machineId": {`), []byte(`"$.machineId":{`))
		require.Contains(t, string(flat), r.old)
		c, err := k.Check("own.json", bytes.Replace(flat, []byte(r.old), []byte(r.new), 1))
		require.NoError(t, err)
		require.NotEmpty(t, c.Problems, r.new)
	}
}
