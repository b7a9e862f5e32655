package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oasdiff/oasdiff/checker"
	"github.com/stretchr/testify/require"
)

const (
	root       = "../.."
	actionFile = "schemas/file-machine-action.schema.json"
	sampleFile = "schemas/file-machine-action-request-sample.schema.json"
	askedFile  = "schemas/action-request.schema.json"
	placeFile  = "schemas/file-instance.schema.json"
	timeFile   = "schemas/instant.schema.json"
	errorFile  = "schemas/error.schema.json"

	sample = "POST /testwdatppreview/machines/{id}/requestSample"
	stop   = "POST /testwdatppreview/machines/{id}/stopAndQuarantineFile"
)

// An edit replaces the first text in a file.
type edit struct{ file, old, new string }

// checkout is a folder in which the current contract is released, and then edited.
func checkout(t *testing.T, edits ...edit) string {
	t.Helper()
	dir := t.TempDir()
	current, err := read(os.DirFS(root))
	require.NoError(t, err)
	require.NoError(t, replace(dir, current.files))
	require.NoError(t, replace(filepath.Join(dir, releasedDir), current.files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, recordFile), []byte(head), 0o644))
	for _, e := range edits {
		apply(t, dir, e)
	}
	return dir
}

func apply(t *testing.T, dir string, e edit) {
	t.Helper()
	at := filepath.Join(dir, e.file)
	data, err := os.ReadFile(at)
	require.NoError(t, err)
	require.Contains(t, string(data), e.old, "%s does not hold what is to be edited", e.file)
	require.NoError(t, os.WriteFile(at, []byte(strings.Replace(string(data), e.old, e.new, 1)), 0o644))
}

// recordIn appends to the record, which begins with the head.
func recordIn(t *testing.T, dir string, lines ...string) {
	t.Helper()
	apply(t, dir, edit{recordFile, head, head + "\n" + strings.Join(lines, "\n") + "\n"})
}

// breaks returns the keys of what breaks in a checkout.
func breaks(t *testing.T, dir string) (keys []string) {
	t.Helper()
	_, _, changes, err := load(dir)
	require.NoError(t, err)
	for _, c := range changes {
		keys = append(keys, c.key)
	}
	return keys
}

func TestTheContractPasses(t *testing.T) {
	t.Parallel()
	said, err := check(root)
	require.NoError(t, err)
	require.Contains(t, said, "what was released as ")
}

func TestWhatBreaksIsNamed(t *testing.T) {
	t.Parallel()
	inSample := func(rule, args string) []string { return []string{rule + " " + sample + " " + args} }
	inBoth := func(rule, args string) []string {
		return []string{rule + " " + sample + " " + args, rule + " " + stop + " " + args}
	}
	inRequest := `"type": "string",`
	for _, row := range []struct {
		why  string
		edit edit
		want []string
	}{
		{"a member of the answer is gone", edit{sampleFile, `"enum"`, `"x-enum"`},
			inSample("response-property-became-not-enum", `"type" "201"`)},
		{"a member of the answer is optional", edit{actionFile, "    \"sha1\",\n", ""},
			inBoth("response-property-became-optional", `"sha1" "201"`)},
		{"a member of the answer has another type", edit{placeFile, `"type": "string"`, `"type": "integer"`},
			inBoth("response-property-type-changed", `"fileInstances/items/filePath" "type" "string" "integer" "201"`)},
		{"a member of the answer may be null", edit{placeFile, `"type": "string"`, `"type": ["string", "null"]`},
			inBoth("response-property-became-nullable", `"fileInstances/items/filePath" "201"`)},
		{"a member of the answer may be empty", edit{releasedDir + "/" + placeFile, inRequest, inRequest +
			`"minLength": 1,`},
			inBoth("response-property-min-length-unset", `"fileInstances/items/filePath" 1 "201"`)},
		{"a value more in the answer", edit{sampleFile, `"RequestSample"
      ]`, `"RequestSample", "Other"]`}, inSample("response-property-enum-value-added", `"Other" "type" "201"`)},
		{"a pattern of the answer is another", edit{actionFile, `"/testwdatppreview/`, `"/preview/`},
			inBoth("response-property-pattern-changed",
				`"@odata.context" "/testwdatppreview/\\$metadata#FileMachineActions/\\$entity$" "/preview/\\$metadata#FileMachineActions/\\$entity$" "201"`)},
		{"a member of the request is asked for", edit{askedFile, "\"Sha1\"\n  ],", "\"Sha1\", \"Why\"],"},
			[]string{`schema-keyword-changed - ` + askedFile + ` "" "required" [] ["Why"]`}},
		{"a list of values in the request", edit{askedFile, inRequest, inRequest + `"enum": ["a"],`},
			inBoth("request-property-became-enum", `"Comment"`)},
		{"a single value in the request", edit{askedFile, inRequest, inRequest + `"const": "a",`},
			inBoth("request-property-const-added", `"Comment" "a"`)},
		{"a format in the request", edit{askedFile, inRequest, inRequest + `"format": "email",`},
			inBoth("request-property-type-changed", `"Comment" "format" "none" "email"`)},
		{"a least length in the request", edit{askedFile, inRequest, inRequest + `"minLength": 9,`},
			inBoth("request-property-min-length-set", `"Comment" 9`)},
		{"a greatest length in the request", edit{askedFile, inRequest, inRequest + `"maxLength": 9,`},
			inBoth("request-property-max-length-set", `"Comment" 9`)},
		{"a pattern in the request", edit{askedFile, inRequest, inRequest + `"pattern": "^[0-9a-f]{40}$",`},
			inBoth("request-property-pattern-added", `"^[0-9a-f]{40}$" "Comment"`)},
		{"more members in the request", edit{askedFile, `"type": "object",`, `"type": "object", "minProperties": 3,`},
			inBoth("request-body-min-properties-set", "3")},
		{"a success is gone", edit{description, "'201':", "'200':"}, inSample("response-success-status-removed",
			`"201"`)},
		{"a refusal is gone", edit{description, "        '422':\n          $ref: " +
			"'#/components/responses/unprocessable'\n", ""},
			inSample("response-non-success-status-removed", `"422"`)},
		{"the path is gone", edit{description, "machines/{id}/requestSample:", "machines/{id}/askSample:"},
			[]string{"api-path-removed-with-deprecation " + sample}},
		{"the method is gone", edit{description, "    post:\n      operationId: requestSample",
			"    put:\n      operationId: requestSample"},
			[]string{"api-removed-with-deprecation " + sample}},
		{"the operation has another name", edit{description, "operationId: requestSample", "operationId: askSample"},
			inSample("api-operation-id-removed", `"requestSample" "askSample"`)},
		{"the authentication is another", edit{description, "      scheme: bearer", "      scheme: basic"},
			[]string{`api-security-component-http-scheme-changed - - "bearer" "bearer" "basic"`}},
		{"a header of the answer is optional", edit{description, "Bearer.\n      required: true",
			"Bearer.\n      required: false"},
			inBoth("response-header-became-optional", `"WWW-Authenticate" "401"`)},
		{"the media type of the request is another", edit{description, "          application/json:",
			"          application/xml:"},
			inSample("request-body-media-type-removed", `"application/json"`)},
		{"the media type of the answer has another name", edit{description, "            application/json:",
			"            application/odata+json:"},
			inSample("response-media-type-name-specialized", `"application/json" "application/odata+json" "201"`)},
		{"a parameter has to be sent", edit{description, "    parameters:\n      - $ref: " +
			"'#/components/parameters/machine'\n",
			"    parameters:\n      - $ref: '#/components/parameters/machine'\n      - {name: q, in: query, " +
				"required: true, schema: {type: string}}\n"},
			inSample("new-required-request-parameter", `"query" "q"`)},
		{"the parameter of the path is of another type",
			edit{description, "      schema:\n        type: string\n      example: fb9ab6be3965095a09c057be7c90f0a2",
				"      schema:\n        type: integer\n      example: 7"},
			inBoth("request-parameter-type-changed", `"path" "id" "type" "string" "integer"`)},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, row.edit)
			slices.Sort(row.want)
			require.Equal(t, row.want, breaks(t, dir))
			_, err := check(dir)
			require.ErrorContains(t, err, row.want[0])
			require.ErrorContains(t, err, "write their keys into openapi/breaking.txt")
			require.NotContains(t, err.Error(), "\x1b")
			recordIn(t, dir, append([]string{"# It is meant."}, row.want...)...)
			said, err := check(dir)
			require.NoError(t, err)
			require.Contains(t, said, "breaks what was released")
		})
	}
}

func TestAMemberThatIsDeclaredAndAskedForIsNamedByOasdiff(t *testing.T) {
	t.Parallel()
	dir := checkout(t, edit{askedFile, `"Sha1"
  ],`, `"Sha1", "Why"],`}, edit{askedFile, `"properties": {`, `"properties": {"Why": {"type": "string"},`})
	require.Equal(t, []string{
		"new-required-request-property " + sample + ` "Why"`,
		"new-required-request-property " + stop + ` "Why"`,
	}, breaks(t, dir))
}

func TestAMemberThatIsGoneFromTheAnswerIsNamed(t *testing.T) {
	t.Parallel()
	dir := checkout(t, edit{actionFile, "    \"fileId\",\n", ""}, edit{actionFile, `"fileId": {`, `"fileKey": {`})
	require.Equal(t, []string{
		"response-required-property-removed " + sample + ` "fileId" "201"`,
		"response-required-property-removed " + stop + ` "fileId" "201"`,
	}, breaks(t, dir))
}

// Oasdiff reports none of these, or only as info. So each is reported as a keyword
// that differs.
func TestWhatOasdiffDoesNotSeeIsNamed(t *testing.T) {
	t.Parallel()
	object := `"type": "object",`
	for _, row := range []struct {
		why  string
		edit edit
		want string
	}{
		{"no further members in the request", edit{askedFile, object, object + `"additionalProperties": false,`},
			`"" "additionalProperties" null false`},
		{"what must not be", edit{askedFile, object, object + `"not": {"required": ["x"]},`},
			`"" "not" null {"required":["x"]}`},
		{"one of several", edit{askedFile, object, object + `"oneOf": [{"required": ["Sha1"]}],`},
			`"" "oneOf" null [{"required":["Sha1"]}]`},
		{"a condition in an allOf", edit{actionFile, object, object + `"if": {"required": ["x"]},`},
			`"" "if" null {"required":["x"]}`},
		{"names by pattern in an allOf", edit{actionFile, object, object + `"patternProperties": {"x": {}},`},
			`"" "patternProperties" null {"x":{}}`},
		{"items of any kind", edit{actionFile, "      \"items\": {\"$ref\": \"file-instance.schema.json\"},\n", ""},
			`"/properties/fileInstances" "items" {"$ref":"file-instance.schema.json"} null`},
		{"a member that is asked for, not declared, in an allOf", edit{sampleFile, "  \"allOf\": [\n",
			"  \"allOf\": [{\"required\": [\"x\"]},\n"}, `"/allOf/0" "required" [] ["x"]`},
		{"deep down", edit{errorFile, "          \"description\": \"An explanation", "          \"not\": {\"type\": " +
			"\"null\"}, \"description\": \"An explanation"},
			`"/properties/error/properties/message" "not" null {"type":"null"}`},
		{"a schema that is false", edit{askedFile, `"properties": {`, `"properties": {"a/~b": false,`},
			`"/properties/a~1~0b" "schema" {} false`},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, row.edit)
			key := "schema-keyword-changed - " + row.edit.file + " " + row.want
			require.Contains(t, breaks(t, dir), key)
			_, err := check(dir)
			require.ErrorContains(t, err, key)
		})
	}
}

// Each keyword that is left to oasdiff is seen by it, where the request asks for
// more and where the answer, whose schema is in an allOf, promises less.
func TestOasdiffSeesTheKeywordsLeftToIt(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"$ref": `"instant.schema.json"`, "type": `"array"`, "enum": `["a"]`, "const": `"a"`, "pattern": `"^a"`,
		"format":    `"email"`,
		"minLength": "9", "maxLength": "9", "minimum": "9", "maximum": "9", "multipleOf": "9",
		"minItems": "9", "maxItems": "9", "uniqueItems": "true", "minProperties": "9", "maxProperties": "9",
	}
	for _, keyword := range strings.Fields(seenKeywords) {
		t.Run(keyword, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, values, keyword)
			with := `{"Why": {"` + keyword + `": ` + values[keyword] + `},`
			for _, row := range []struct{ file, less, more string }{
				{askedFile, askedFile, releasedDir + "/" + askedFile},
				{placeFile, releasedDir + "/" + placeFile, placeFile},
			} {
				dir := checkout(t, edit{row.less, `"properties": {`, `"properties": ` + with},
					edit{row.more, `"properties": {`, `"properties": {"Why": {},`})
				keys := breaks(t, dir)
				require.NotEmpty(t, keys, row.file)
				for _, key := range keys {
					require.NotContains(t, key, "schema-keyword-changed", row.file)
				}
			}
		})
	}
}

func TestWhatKeepsTheContractPasses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		edit edit
	}{
		{"another text", edit{description, "Request a sample of a file", "Ask for a sample"}},
		{"another description of a member", edit{askedFile, "A comment to keep with the action.", "A comment."}},
		{"a rule's source", edit{askedFile, "what a SHA-1 is", "what a SHA-1 is made of"}},
		{"a member less in the request", edit{askedFile, "    \"Comment\",\n", ""}},
		{"a member more that may be sent", edit{askedFile, `"properties": {`,
			`"properties": {"Why": {"type": "string"},`}},
		{"a member more that is answered", edit{placeFile, `"properties": {`,
			`"properties": {"size": {"type": "integer"},`}},
		{"no pattern in the request", edit{releasedDir + "/" + askedFile, `"type": "string",`,
			`"type": "string", "pattern": "^[0-9a-f]{40}$",`}},
		{"another inference about the request", edit{askedFile, "^[0-9A-Fa-f]{40}$", "^[0-9a-f]{40}$"}},
		{"a length in the answer", edit{placeFile, `"type": "string",`, `"type": "string", "minLength": 2,`}},
		{"a refusal more", edit{description, "        '422':\n", "        '423':\n          $ref: " +
			"'#/components/responses/unprocessable'\n        '422':\n"}},
		{"a body that may be left out", edit{description, "        required: true\n        x-level",
			"        required: false\n        x-level"}},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, row.edit)
			require.Empty(t, breaks(t, dir))
			said, err := check(dir)
			require.NoError(t, err)
			require.Contains(t, said, "keeps what was released")
		})
	}
}

// A server's address is an example, and what is only next to a contract is not
// compared. If the gate detects one of these, remove it from the docs.
func TestWhatTheGateDoesNotSee(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		edit edit
	}{
		{"another server", edit{description, "https://graph.microsoft.com\n", "https://example.org\n"}},
		{"no authentication at all", edit{description, "security:\n  - bearer: []\n", ""}},
		{"another level", edit{description, "x-level: documented", "x-level: inferred"}},
		{"a wider example", edit{description, "Comment: Request Sample", "Comment: Sample"}},
	} {
		require.Empty(t, breaks(t, checkout(t, row.edit)), row.why)
	}
}

func TestARecordThatIsNotSoundIsRefused(t *testing.T) {
	t.Parallel()
	key := "response-property-became-optional " + sample + ` "sha1" "201"`
	optional := edit{actionFile, "    \"sha1\",\n", ""}
	for _, row := range []struct {
		why   string
		lines []string
		want  string
	}{
		{"one of two", []string{"# It is meant.", key}, stop + ": the response property `sha1` became optional for " +
			"the status `201`"},
		{"one that does not occur", []string{"# It is meant.", key, "api-removed-with-deprecation " + sample},
			"openapi/breaking.txt:7: api-removed-with-deprecation " + sample + ": no such change; remove the line"},
		{"no reason", []string{key}, "openapi/breaking.txt:5: nobody says why; put a comment right above the key"},
		{"a reason above an empty line", []string{"# It is meant.", "", key}, "openapi/breaking.txt:7: nobody " +
			"says why"},
		{"an empty reason", []string{"#", key}, "openapi/breaking.txt:6: nobody says why"},
		{"twice", []string{"# It is meant.", key, "# It is.", key}, "openapi/breaking.txt:8: the key stands in line " +
			"6 already; keep one"},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t, optional)
			recordIn(t, dir, row.lines...)
			_, err := check(dir)
			require.ErrorContains(t, err, row.want)
		})
	}
	dir := checkout(t, optional)
	apply(t, dir, edit{recordFile, head, head + key + "\n"})
	_, err := check(dir)
	require.ErrorContains(t, err, "nobody says why", "the head of the file is nobody's reason")
}

func TestReleaseReplacesTheContractAndEmptiesTheRecord(t *testing.T) {
	t.Parallel()
	dir := checkout(t, edit{actionFile, "    \"sha1\",\n", ""}, edit{description, "version: '2017-12-08'",
		"version: '2017-12-09'"})
	_, err := release(dir)
	require.ErrorContains(t, err, "response-property-became-optional", "want a breaking change that nobody recorded "+
		"to be refused")
	recordIn(t, dir, append([]string{"# It is meant."}, breaks(t, dir)...)...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, releasedDir, "schemas", "old.schema.json"), []byte("{}"), 0o644))

	said, err := release(dir)
	require.NoError(t, err)
	require.Equal(t, "2017-12-09 is released, after 2017-12-08; commit openapi/released and openapi/breaking.txt", said)
	require.NoFileExists(t, filepath.Join(dir, releasedDir, "schemas", "old.schema.json"))
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	require.NoError(t, err)
	require.Equal(t, head, string(text))
	said, err = check(dir)
	require.NoError(t, err)
	require.Equal(t, "2017-12-09 keeps what was released as 2017-12-09", said)
	released, current, _, err := load(dir)
	require.NoError(t, err)
	require.Equal(t, current.files, released.files)

	_, err = release(dir)
	require.ErrorContains(t, err, "openapi/fmaspec.openapi.yaml: info.version is 2017-12-09, and 2017-12-09 is "+
		"released; raise it")
}

func TestReleaseRefusesAVersionThatIsNotRaised(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ before, after, want string }{
		{"2017-12-08", "2017-12-08", "raise it"},
		{"2017-12-08", "2017-12-07", "raise it"},
		{"0.10.0", "0.9.9", "raise it"},
		{"1.0", "1", "raise it"},
		{"0.9.0", "0.10.0", ""},
		{"2017-12-08", "2017-12-08.1", ""},
		{"1.0.0", "1.1.0-rc.1", "write numbers with dots or hyphens in between"},
		{"one", "1", "openapi/released/openapi/fmaspec.openapi.yaml: info.version is \"one\""},
	} {
		dir := checkout(t, edit{description, "version: '2017-12-08'", "version: '" + row.after + "'"},
			edit{releasedDir + "/" + description, "version: '2017-12-08'", "version: '" + row.before + "'"})
		_, err := release(dir)
		if row.want == "" {
			require.NoError(t, err, "%s after %s", row.after, row.before)
			continue
		}
		require.ErrorContains(t, err, row.want, "%s after %s", row.after, row.before)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why, want string
		edit      edit
	}{
		{"no YAML", "openapi/fmaspec.openapi.yaml: ", edit{description, "openapi: 3.1.0", "openapi: ["}},
		{"no OpenAPI", "correct the description", edit{description, "operationId: requestSample",
			"operationId: stopAndQuarantineFile"}},
		{"a reference to the network", "leads out of openapi/ and schemas/",
			edit{description, "../schemas/error.schema.json", "https://example.org/error.schema.json"}},
		{"a reference to the disk", "leads out of openapi/ and schemas/",
			edit{description, "../schemas/error.schema.json", "/etc/passwd"}},
		{"a schema that is not there", "none.schema.json", edit{description, "../schemas/error.schema.json",
			"../schemas/none.schema.json"}},
		{"a keyword that OpenAPI does not have", "extra sibling fields: [dependencies]",
			edit{askedFile, `"type": "object",`, `"type": "object", "dependencies": {"Sha1": ["x"]},`}},
		{"the released one", "openapi/released: openapi/fmaspec.openapi.yaml: ", edit{releasedDir + "/" + description,
			"openapi: 3.1.0", "openapi: ["}},
		{"a schema that is no JSON", "schemas/action-request.schema.json: not JSON",
			edit{askedFile, "{\n", "{\n# a comment, as YAML has them\n"}},
	} {
		_, err := check(checkout(t, row.edit))
		require.ErrorContains(t, err, row.want, row.why)
	}
	for _, gone := range []string{recordFile, releasedDir, description} {
		dir := checkout(t)
		require.NoError(t, os.RemoveAll(filepath.Join(dir, gone)))
		_, err := check(dir)
		require.ErrorContains(t, err, gone)
	}
}

func TestRunReturnsTheExitCode(t *testing.T) {
	t.Parallel()
	valid, broken := checkout(t), checkout(t, edit{actionFile, "    \"sha1\",\n", ""})
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"check", valid}, 0, "contract: 2017-12-08 keeps what was released as 2017-12-08\n"},
		{[]string{"check", broken}, 1, "2 of the breaking changes"},
		{[]string{"release", valid}, 1, "raise it"},
		{[]string{"release", broken}, 1, "became optional"},
		{[]string{"check"}, 2, usage},
		{[]string{"judge", valid}, 2, usage},
		{nil, 2, usage},
	} {
		var out, said bytes.Buffer
		code := run(row.args, &out, &said)
		if code != row.code || !strings.Contains(out.String()+said.String(), row.want) {
			t.Errorf("contract %q: want exit code %d and %q\ngot  %d and\n%s%s", row.args, row.code, row.want, code,
				&out, &said)
		}
	}
}

// A rule that oasdiff no longer has would end the process without a word.
func TestTheRaisedRulesExist(t *testing.T) {
	t.Parallel()
	levels := checker.GetCheckLevels()
	for rule, why := range raised() {
		require.Contains(t, levels, rule)
		require.Equal(t, checker.INFO, levels[rule], "%s is no longer news to oasdiff; take it out", rule)
		require.NotEmpty(t, why)
	}
}

// The suite and the gate have to read one document alike.
func TestBothModulesReadWithTheSameLibrary(t *testing.T) {
	t.Parallel()
	suite, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	gate, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	library := regexp.MustCompile(`github.com/getkin/kin-openapi (\S+)`)
	require.Equal(t, library.FindString(string(suite)), library.FindString(string(gate)))
}
