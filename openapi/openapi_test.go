package openapi_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"fmaspec/openapi"
	"fmaspec/schemas"
)

func load(t *testing.T) *openapi.Document {
	t.Helper()
	d, err := openapi.Load()
	require.NoError(t, err)
	return d
}

func TestLoadReturnsTheTwoOperations(t *testing.T) {
	operations := load(t).Operations
	text, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	for i := range operations {
		o := &operations[i]
		require.NotEmpty(t, o.Undo, "want %s to say how it is undone", o.ID)
		require.Equal(t, "openapi/fmaspec.openapi.yaml", o.File)
		require.Equal(t, "    post:", strings.Split(string(text), "\n")[o.Line-1], "want the line of %s", o.ID)
		o.Undo, o.File, o.Line = "", "", 0
	}
	require.Equal(t, []openapi.Operation{
		{ID: "requestSample", Method: "POST", Path: "/testwdatppreview/machines/{id}/requestSample",
			Success: 201, RequestSchema: "action-request", FileMember: "Sha1", Scheme: "bearer",
			ResponseSchema: "file-machine-action-request-sample", ErrorSchema: "error"},
		{ID: "stopAndQuarantineFile", Method: "POST", Path: "/testwdatppreview/machines/{id}/stopAndQuarantineFile",
			Success: 201, RequestSchema: "action-request", FileMember: "Sha1", Scheme: "bearer",
			ResponseSchema: "file-machine-action-stop-and-quarantine-file", ErrorSchema: "error"},
	}, operations)
}

// Load does not validate the examples of the embedded description: here they are.
func TestTheExamplesOfTheEmbeddedDescriptionAreValid(t *testing.T) {
	text, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	_, err = openapi.LoadFS(fstest.MapFS{"x.openapi.yaml": {Data: text}}, "", nil)
	require.NoError(t, err)

	wrong := strings.Replace(string(text), "Sha1: '8d25682b3a82af25b42dc90291c35ff3293daa68'", "Sha1: 7", 1)
	require.NotEqual(t, string(text), wrong)
	_, err = openapi.LoadFS(fstest.MapFS{"x.openapi.yaml": {Data: []byte(wrong)}}, "", nil)
	require.ErrorContains(t, err, "example")
}

func TestPathForEscapesTheMachine(t *testing.T) {
	o := openapi.Operation{Path: "/machines/{id}/x"}
	for machine, want := range map[string]string{
		"fb9ab6be": "/machines/fb9ab6be/x",
		"a/b c?d":  "/machines/a%2Fb%20c%3Fd/x",
		"{id}":     "/machines/%7Bid%7D/x",
	} {
		require.Equal(t, want, o.PathFor(machine))
	}
}

// The documents' own examples, as the description holds them, keep the schemas.
func TestTheDocumentedExamplesConform(t *testing.T) {
	d := load(t)
	for _, o := range d.Operations {
		op := d.T.Paths.Value(o.Path).Post
		for schema, content := range map[string]openapi3.Content{
			o.RequestSchema:  op.RequestBody.Value.Content,
			o.ResponseSchema: op.Responses.Value("201").Value.Content,
		} {
			example := content.Get("application/json").Examples["documented"]
			require.NotNil(t, example, "%s: %s", o.ID, schema)
			body, err := json.Marshal(example.Value.Value)
			require.NoError(t, err)
			compiled, err := schemas.Compile(schema)
			require.NoError(t, err)
			violations, err := compiled.Validate(body)
			require.NoError(t, err)
			require.Empty(t, violations, "%s: %s", o.ID, schema)
		}
		require.Equal(t, o.RequestSchema, "action-request")
	}
}

// No shape is written twice: a body has a name in components, and is described
// there by a file of package schemas and by nothing else. Problem details are
// judged by nothing, and have no file.
func TestBodiesAreDescribedByReferenceOnly(t *testing.T) {
	doc := load(t).T
	eachContent(doc, func(at string, content openapi3.Content) {
		for media, m := range content {
			name, ok := strings.CutPrefix(m.Schema.Ref, "#/components/schemas/")
			require.True(t, ok, "%s: want a $ref to a name in components, got %q", at, m.Schema.Ref)
			if media == "application/problem+json" {
				require.Equal(t, "Problem", name, at)
				continue
			}
			require.Equal(t, "application/json", media, at)
			file, ok := strings.CutPrefix(doc.Components.Schemas[name].Ref, "../schemas/")
			require.True(t, ok, "%s: want a $ref into ../schemas, got %q", name, doc.Components.Schemas[name].Ref)
			require.Contains(t, schemas.Names(), strings.TrimSuffix(file, ".schema.json"), at)
		}
	})
}

func TestEveryAnswerHasAnExampleInEachOfItsForms(t *testing.T) {
	eachContent(load(t).T, func(at string, content openapi3.Content) {
		require.NotEmpty(t, content, at)
		for media, m := range content {
			require.NotEmpty(t, m.Examples, "%s: %s", at, media)
		}
	})
}

// RFC 9110, 9.3.3: a 201 SHOULD have a Location, so no client may count on one.
func TestTheLocationOfWhatWasCreatedIsOptional(t *testing.T) {
	d := load(t)
	for _, o := range d.Operations {
		op := d.T.Paths.Value(o.Path).Post
		require.True(t, op.Deprecated, o.ID)
		headers := op.Responses.Value("201").Value.Headers
		require.Equal(t, []string{"Location"}, slices.Collect(maps.Keys(headers)), "the documents show no header but "+
			"the media type")
		require.False(t, headers["Location"].Value.Required)
		require.Equal(t, "inferred", headers["Location"].Value.Extensions["x-level"])
	}
}

// A POST on the path of an operation cannot be answered 405, so that no operation
// has it: it stands with the paths.
func TestAnotherMethodIsDescribedWhereItCanOccur(t *testing.T) {
	d := load(t)
	answers, _ := d.T.Paths.Extensions["x-other-methods"].(map[string]any)
	answer, _ := answers["405"].(map[string]any)
	headers, _ := answer["headers"].(map[string]any)
	allow, _ := headers["Allow"].(map[string]any)
	require.Equal(t, true, allow["required"])
	for _, o := range d.Operations {
		require.Contains(t, d.T.Paths.Value(o.Path).Description, "x-other-methods", o.ID)
	}
}

func eachContent(doc *openapi3.T, visit func(at string, content openapi3.Content)) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			visit(method+" "+path, op.RequestBody.Value.Content)
			for status, r := range op.Responses.Map() {
				visit(method+" "+path+" "+status, r.Value.Content)
			}
		}
	}
}

// unsourced returns which parts of a description do not say at which level they
// stand, or where that is stated.
func unsourced(doc *openapi3.T) []string {
	var found []string
	check := func(at string, extensions map[string]any) {
		level, _ := extensions["x-level"].(string)
		if !slices.Contains([]string{"documented", "standard", "inferred"}, level) {
			found = append(found, fmt.Sprintf("%s: x-level %q", at, level))
		}
		if source, _ := extensions["x-source"].(string); source == "" {
			found = append(found, at+": no x-source")
		}
	}
	for _, s := range doc.Servers {
		check("server "+s.URL, s.Extensions)
	}
	for name, s := range doc.Components.SecuritySchemes {
		check("security "+name, s.Value.Extensions)
	}
	others, _ := doc.Paths.Extensions["x-other-methods"].(map[string]any)
	for status, answer := range others {
		answer, _ := answer.(map[string]any)
		check("other methods "+status, answer)
		headers, _ := answer["headers"].(map[string]any)
		for name, h := range headers {
			header, _ := h.(map[string]any)
			check("other methods "+status+" header "+name, header)
		}
	}
	for path, item := range doc.Paths.Map() {
		for _, p := range item.Parameters {
			check("parameter "+p.Value.Name, p.Value.Extensions)
		}
		for method, op := range item.Operations() {
			check(method+" "+path, op.Extensions)
			check(method+" "+path+" body", op.RequestBody.Value.Extensions)
			for status, r := range op.Responses.Map() {
				at := method + " " + path + " " + status
				check(at, r.Value.Extensions)
				if requirement, _ := r.Value.Extensions["x-requirement"].(string); requirement == "" {
					found = append(found, at+": no x-requirement")
				}
				if status != "201" && r.Value.Extensions["x-level"] == "documented" {
					found = append(found, at+": the documents state no refusal")
				}
				for name, h := range r.Value.Headers {
					check(at+" header "+name, h.Value.Extensions)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryPartSaysOnWhoseWordItStands(t *testing.T) {
	require.Empty(t, unsourced(load(t).T))
}

func TestTheSourceCheckRings(t *testing.T) {
	doc := load(t).T
	op := doc.Paths.Value("/testwdatppreview/machines/{id}/requestSample").Post
	delete(op.Extensions, "x-source")
	op.RequestBody.Value.Extensions["x-level"] = "rumour"
	op.Responses.Value("404").Value.Extensions["x-level"] = "documented"
	delete(op.Responses.Value("201").Value.Extensions, "x-requirement")
	delete(doc.Paths.Extensions["x-other-methods"].(map[string]any)["405"].(map[string]any), "x-level")
	const at = "POST /testwdatppreview/machines/{id}/requestSample"
	require.Equal(t, []string{
		"POST /testwdatppreview/machines/{id}/requestSample 201: no x-requirement",
		at + " 404: the documents state no refusal",
		at + " body: x-level \"rumour\"",
		at + ": no x-source",
		"other methods 405: x-level \"\"",
	}, slices.DeleteFunc(unsourced(doc), func(s string) bool { return strings.Contains(s, "stopAndQuarantineFile") }))
}

func TestRefusalsCarryTheHeadersOfTheirStatus(t *testing.T) {
	d := load(t)
	for _, o := range d.Operations {
		responses := d.T.Paths.Value(o.Path).Post.Responses
		require.Equal(t, []string{"201", "400", "401", "403", "404", "415", "422", "default"},
			slices.Sorted(maps.Keys(responses.Map())), o.ID)
		require.True(t, responses.Value("401").Value.Headers["WWW-Authenticate"].Value.Required, o.ID)
	}
}

// A third documented operation is data only: no line of Go knows the two.
func TestLoadFSTakesAThirdOperationAsData(t *testing.T) {
	data, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	const third = `paths:
  /testwdatppreview/files/{id}/forget:
    parameters:
      - $ref: '#/components/parameters/machine'
    delete:
      operationId: forgetFile
      responses:
        '201':
          description: Forgotten.
          content:
            application/json:
              schema:
                $ref: ../schemas/file-machine-action.schema.json
`
	before, _, _ := strings.Cut(string(data), "paths:\n")
	text := strings.Replace(string(data), "paths:\n", third, 1)
	d, err := openapi.LoadFS(fstest.MapFS{"three.yaml": {Data: []byte(text)}}, "three.yaml", nil)
	require.NoError(t, err)
	require.Len(t, d.Operations, 3)
	require.Equal(t, openapi.Operation{ID: "forgetFile", Method: "DELETE", Path: "/testwdatppreview/files/{id}/forget",
		Success: 201, ResponseSchema: "file-machine-action", Scheme: "bearer", File: "openapi/three.yaml",
		Line: strings.Count(before, "\n") + 5}, d.Operations[0])
	two := load(t).Operations
	for i := range two {
		two[i].Line += strings.Count(third, "\n") - 1
		two[i].File = "openapi/three.yaml"
	}
	require.Equal(t, two, d.Operations[1:])
}

func TestLoadFSRefusesADescriptionThatIsNotSound(t *testing.T) {
	data, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	for _, row := range []struct{ why, old, new, want string }{
		{"no YAML", "openapi: 3.1.0", "openapi: [", "correct the description"},
		{"an example that breaks its schema", "type: RequestSample", "type: 7", "correct the description"},
		{"an example without a member", "status: InProgress\n                    fileId", "fileId",
			"correct the description"},
		{"a schema that is not there", "../schemas/error.schema.json", "../schemas/none.schema.json",
			"none.schema.json"},
		{"a reference to the network", "../schemas/error.schema.json", "https://example.org/error.schema.json",
			"leads out of openapi/ and schemas/"},
		{"a reference to the disk", "../schemas/error.schema.json", "/etc/passwd", "leads out of openapi/ and " +
			"schemas/"},
		{"a reference above the project", "../schemas/error.schema.json", "../../error.schema.json",
			"leads out of openapi/ and schemas/"},
		{"one id for two operations", "operationId: requestSample", "operationId: stopAndQuarantineFile",
			"stopAndQuarantineFile"},
		{"no id", "      operationId: requestSample\n", "", "POST /testwdatppreview/machines/{id}/requestSample has " +
			"no operationId; give it one"},
		{"an undo that nobody can read", "      x-undo: |-\n", "      x-undo: [7]\n      x-undone: |-\n",
			"stopAndQuarantineFile has an x-undo that is no text; say in a sentence how it is undone"},
		{"no status of success", "'201':", "'301':", "POST /testwdatppreview/machines/{id}/requestSample documents 0 " +
			"statuses of success; give it one of the 2xx class"},
		{"two statuses of success", "        '400':\n", "        '200':\n          description: Done.\n          " +
			"x-level: inferred\n        '400':\n", "documents 2 statuses of success; give it one"},
		{"a parameter that nobody declares", "machines/{id}/requestSample", "machines/{machine}/requestSample",
			"correct the description"},
	} {
		text := strings.Replace(string(data), row.old, row.new, 1)
		require.NotEqual(t, string(data), text, row.why)
		_, err := openapi.LoadFS(fstest.MapFS{"x.yaml": {Data: []byte(text)}}, "x.yaml", nil)
		require.ErrorContains(t, err, "openapi/x.yaml: ", row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
	_, err = openapi.LoadFS(fstest.MapFS{}, "x.yaml", nil)
	require.ErrorContains(t, err, "openapi/x.yaml: ")
}

func TestAnOperationNamesTheSchemeOfItsCredentials(t *testing.T) {
	data, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	for _, row := range []struct{ from, to, want string }{
		{"", "", "bearer"},
		{"    scheme: bearer\n", "    scheme: Basic\n", "basic"},
		{"\n  - bearer: []\n", " []\n", ""},
		{"  - bearer: []\n", "  - bearer: []\n  - {}\n", ""}, // or none
	} {
		text := strings.Replace(string(data), row.from, row.to, 1)
		require.True(t, row.from == "" || text != string(data), "the row changes nothing")
		d, err := openapi.LoadFS(fstest.MapFS{"x.openapi.yaml": {Data: []byte(text)}}, "", nil)
		require.NoError(t, err)
		require.Equal(t, row.want, d.Operations[0].Scheme, "%q", row.to)
	}
}
