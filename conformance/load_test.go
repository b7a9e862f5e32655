package conformance_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/openapi"
)

// own is a user's folder of one case.
func own(text string) conformance.Source {
	return conformance.Source{Name: "mine", Own: true, FS: fstest.MapFS{"area/x.http": {Data: []byte(text)}}}
}

const sound = `# Accepts a request of ours.
# operation: requestSample
# proves: request.json
# expect: accepted
POST {{path}}
Authorization: Bearer {{token}}
Content-Type: application/json

{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}
`

func TestLoadFindsNothingWrongWithTheBuiltInSuite(t *testing.T) {
	s, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(s.Cases), 200, "want cases for every requirement on both operations")
	require.Len(t, s.Contract, 64)
}

func TestLoadAddsAUsersCasesOrTakesThemAlone(t *testing.T) {
	both, err := conformance.Load(conformance.Contract{}, conformance.BuiltIn(), own(sound))
	require.NoError(t, err)
	mine := both.Case("requestSample/area/x")
	require.NotNil(t, mine)
	require.Equal(t, "mine/area/x.http", mine.File)
	require.Equal(t, 5, mine.Line)
	require.Nil(t, both.Case("stopAndQuarantineFile/area/x"), "want the case for the operation that it names alone")

	alone, err := conformance.Load(conformance.Contract{}, own(sound))
	require.NoError(t, err)
	require.Len(t, alone.Cases, 1)
	require.NotNil(t, alone.Requirement("request.json"), "want the catalogue under a user's cases too")
	require.NotEqual(t, both.Fixtures, alone.Fixtures)
	require.Equal(t, both.Contract, alone.Contract)
}

func TestLoadNamesFileLineAndRemedy(t *testing.T) {
	builtIn, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	title := builtIn.Cases[0].Title
	rows := []struct {
		why, text string
		want      []string
	}{
		{"an unknown requirement", strings.Replace(sound, "request.json", "request.jsn", 1),
			[]string{`mine/area/x.http:3: unknown requirement "request.jsn" (did you mean "request.json"?)`}},
		{"a misspelt field", strings.Replace(sound, "# proves", "# prove", 1),
			[]string{`mine/area/x.http:3: unknown field "prove"`, "proves"}},
		{"a broken variable", strings.Replace(sound, "{{sha1}}", "{{sha}}", 1),
			[]string{`mine/area/x.http:9: unknown variable {{sha}}`, "sha1"}},
		{"a variable that does not close", strings.Replace(sound, "{{sha1}}", "{{sha1}", 1),
			[]string{`mine/area/x.http:9: `, "add }}"}},
		{"an unknown operation", strings.Replace(sound, "requestSample", "requestSamples", 1),
			[]string{`mine/area/x.http:2: unknown operation "requestSamples" (did you mean "requestSample"?)`}},
		{"an unknown operation behind path", strings.Replace(sound, "{{path}}", "{{path stopFile}}", 1),
			[]string{`mine/area/x.http:5: unknown operation "stopFile" behind {{path}}`, "stopAndQuarantineFile"}},
		{"an unknown control", strings.Replace(sound, "# expect: accepted", "# expect: refused 400\n# control: "+
			"valid/accepts-plain-reqest", 1),
			[]string{`mine/area/x.http:6: the control "valid/accepts-plain-reqest" is no case (did you mean "valid/accepts-plain-request"?)`}},
		{"a control with its operation", strings.Replace(sound, "# expect: accepted",
			"# expect: refused 400\n# control: requestSample/valid/accepts-plain-request", 1),
			[]string{`mine/area/x.http:6: the control requestSample/valid/accepts-plain-request is named with its ` +
				`operation; write valid/accepts-plain-request, which is`}},
		{"a control that is refused", strings.Replace(sound, "# expect: accepted",
			"# expect: refused 400\n# control: body/refuses-missing-comment", 1),
			[]string{`mine/area/x.http:6: the control requestSample/body/refuses-missing-comment is not an accepted case`}},
		{"a title that is taken", strings.Replace(sound, "# Accepts a request of ours.", "# "+title, 1),
			[]string{`mine/area/x.http:1: the title is that of fixtures/cases/`}},
		{"two faults at once", strings.NewReplacer("request.json", "request.jsn", "requestSample", "nothing").Replace(
			sound),
			[]string{`mine/area/x.http:2: unknown operation`, `mine/area/x.http:3: unknown requirement`}},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{}, conformance.BuiltIn(), own(r.text))
			require.Error(t, err)
			for _, want := range r.want {
				require.Contains(t, err.Error(), want)
			}
		})
	}
}

func TestLoadNeedsACaseInAUsersFolder(t *testing.T) {
	_, err := conformance.Load(conformance.Contract{}, conformance.Source{Name: "mine", Own: true,
		FS: fstest.MapFS{"readme.txt": {}}})
	require.ErrorContains(t, err, "mine: no .http file in this folder")
}

func TestLoadRefusesACaseOfTheSameName(t *testing.T) {
	one, two := own(sound), own(strings.Replace(sound, "ours", "theirs", 1))
	two.Name = "theirs"
	_, err := conformance.Load(conformance.Contract{}, one, two)
	require.ErrorContains(t, err, "theirs/area/x.http:1: the case requestSample/area/x is in mine/area/x.http too")
}

// patched is the built-in source with some files replaced.
func patched(t *testing.T, replace map[string]func(string) string) conformance.Source {
	t.Helper()
	source := conformance.BuiltIn()
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(source.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(source.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	for name, change := range replace {
		require.Contains(t, files, name)
		before := string(files[name].Data)
		after := change(before)
		require.NotEqual(t, before, after, "want the change to %s to change it", name)
		files[name].Data = []byte(after)
	}
	return conformance.Source{FS: files, Name: source.Name}
}

func TestLoadHoldsTheCatalogueAgainstTheCases(t *testing.T) {
	const documented, standard, inferred, ledger = "requirements/documented.yaml", "requirements/standard.yaml",
		"requirements/inferred.yaml", "requirements/contradictions.yaml"
	const must, should = "  clauses: [{document: d, section: s, basis: MUST}]\n", "  clauses: [{document: d, " +
		"section: s, basis: SHOULD}]\n"
	add := func(text string) func(string) string { return func(s string) string { return s + text } }
	rows := []struct {
		why, file string
		change    func(string) string
		want      string
	}{
		{"a requirement without a case", standard, add("\n- id: operation.sings\n  level: standard\n  says: sings\n" +
			must),
			"no case proves operation.sings"},
		{"a waiver that is stale", documented, func(s string) string {
			return strings.Replace(s, "- id: response.created\n", "- id: response.created\n  waived: it "+
				"is not observable\n", 1)
		}, "response.created is waived, yet a case proves it"},
		{"an id used twice", standard, add("\n- id: response.created\n  level: standard\n  says: says\n" + must),
			"an id is used once"},
		{"an unknown member", standard, add("\n- id: x.y\n  level: standard\n  says: says\n  sorce: RFC\n" + must),
			"field sorce is unknown"},
		{"an unknown level", standard, add("\n- id: x.y\n  level: gospel\n  says: says\n" + must),
			`unknown level "gospel"`},
		{"no level", standard, add("\n- id: x.y\n  says: says\n" + must),
			"has no level"},
		{"an inference without a reason", inferred, add("\n- id: x.y\n  level: inferred\n  says: says\n" + should),
			"is inferred without a because"},
		{"no YAML", inferred, add("\n\t- x"), "requirements/inferred.yaml:"},
		{"a ruling that is pinned by no case", ledger, add("\n- id: odd\n  what: w\n  where: [x]\n  ruling: r\n  " +
			"pinned: [case body/refuses-nothing]\n"),
			`pinned by the case "body/refuses-nothing", which does not exist`},
		{"a ruling that is not pinned", ledger, add("\n- id: odd\n  what: w\n  where: [x]\n  ruling: r\n"),
			"has no pinned"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{},
				patched(t, map[string]func(string) string{r.file: r.change}))
			require.ErrorContains(t, err, r.want)
			require.Regexp(t, `^fixtures/requirements/\w+\.yaml:\d+: `, err.Error())
		})
	}
}

func TestLoadMakesAThirdOperationOfDataAlone(t *testing.T) {
	data, err := fs.ReadFile(openapi.FS(), "fmaspec.openapi.yaml")
	require.NoError(t, err)
	text := string(data)
	from := strings.Index(text, "  /testwdatppreview/machines/{id}/requestSample:\n")
	require.Positive(t, from)
	to := strings.Index(text[from:], "\ncomponents:")
	require.Positive(t, to)
	third := strings.ReplaceAll(text[from:from+to], "requestSample", "sweepFile")
	next := strings.Index(third[3:], "\n  /")
	if next > 0 {
		third = third[:next+4]
	}
	s, err := conformance.Load(
		conformance.Contract{OpenAPI: fstest.MapFS{"three.openapi.yaml": {Data: []byte(text[:from] + third +
			text[from:])}}})
	require.NoError(t, err)
	require.NotNil(t, s.Case("sweepFile/valid/accepts-plain-request"))
	require.Equal(t, "sweepFile/valid/accepts-plain-request", s.Case("sweepFile/body/refuses-missing-comment").Control)
}

func FuzzLoad(f *testing.F) {
	const entry = "- id: mine.requirement\n  level: inferred\n  says: an implementation does as I say\n  because: I " +
		"say so\n  clauses:\n    - {document: mine, section: mine, basis: plain sense}\n"
	for _, seed := range []string{entry, entry + entry, "", "- 7", "- id: [", "a: &a [*a]",
		"- id: mine\n  waived: not yet", "\xff\x00"} {
		f.Add(seed, sound)
	}
	f.Add(entry, strings.Replace(sound, "{{path}}", "{{repeat 9 {{path}}}}", 1))
	f.Fuzz(func(t *testing.T, catalogue, text string) {
		s, err := conformance.Load(conformance.Contract{}, conformance.Source{Name: "mine", Own: true, FS: fstest.MapFS{
			"requirements/mine.yaml": {Data: []byte(catalogue)}, "area/x.http": {Data: []byte(text)},
		}})
		if err == nil && s == nil || err != nil && s != nil {
			t.Fatalf("want a suite or an error, got %v and %v", s, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "mine/") && !strings.HasPrefix(err.Error(), "fixtures/") {
			t.Fatalf("want an error that begins with its place, got %v", err)
		}
	})
}
