package conformance_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

const (
	lintAccepts = "# Accepts mine.\n# operation: requestSample\n# proves: response.created\n# expect: accepted\nPOST " +
		"{{path}}\nAuthorization: Bearer {{token}}\nContent-Type: application/json\n\n{\"Comment\": \"{{comment}}\", " +
		"\"Sha1\": \"{{sha1}}\"}\n"
	lintRefuses = "# Refuses mine.\n# operation: all\n# proves: request.comment-required\n# expect: refused 400\n# " +
		"control: valid/accepts-plain-request\nPOST {{path}}\nAuthorization: Bearer {{token}}\nContent-Type: " +
		"application/json\n\n{\"Sha1\": \"{{sha1}}\"}\n"
)

func lintLoad(t *testing.T, files map[string]string) (*conformance.Suite, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return conformance.Load(conformance.Contract{}, conformance.BuiltIn(), conformance.Source{FS: fsys, Name: "mine",
		Own: true})
}

func TestLintNamesEachRefusalThatProvesNothing(t *testing.T) {
	for _, row := range []struct{ why, old, new, want string }{
		{"one difference", "", "", ""},
		{"two differences", "Bearer {{token}}", "bearer {{token}}", "mine/refuses.http:6: it differs from its " +
			"control valid/accepts-plain-request in 2 things: body, header authorization; so that its refusal does " +
			"not show which of them counts; change one thing, or name a control that is nearer"},
		{"no difference", "{\"Sha1\"", "{\"Comment\": \"{{comment}}\", \"Sha1\"", "mine/refuses.http:6: it does not " +
			"differ from its control valid/accepts-plain-request, which is to be accepted; change the one thing that " +
			"it is about"},
		{"no control", "# control: valid/accepts-plain-request\n", "", "mine/refuses.http:5: a refusal proves " +
			"nothing without an accepted request to compare it with; add \"# control: \" and the name " +
			"of a case that differs in one thing"},
		{"a control of several requests", "valid/accepts-plain-request", "twice", "mine/refuses.http:6: its control " +
			"twice has several requests; name a case of one accepted request"},
	} {
		t.Run(row.why, func(t *testing.T) {
			suite, err := lintLoad(t, map[string]string{
				"refuses.http": strings.Replace(lintRefuses, row.old, row.new, 1), "accepts.http": lintAccepts,
				"twice.http": strings.NewReplacer("Accepts mine", "Accepts it twice", "requestSample", "all",
					"# expect", "# times: 2\n# expect").Replace(lintAccepts),
			})
			require.NoError(t, err)
			var got []string
			for _, f := range suite.Lint() {
				got = append(got, f.String())
			}
			require.Equal(t, row.want, strings.Join(got, "\n"))
		})
	}
}

func TestTheSuitesOwnCasesPassTheLint(t *testing.T) {
	suite := load(t)
	found := suite.Lint()
	require.Len(t, found, 1, "%v", found)
	require.Equal(t, "auth/refuses-token-in-query", found[0].Case, "the token moves, so that it goes in one place "+
		"and comes in another")
}

func TestLoadRefusesControlsInACircle(t *testing.T) {
	second := strings.NewReplacer("Accepts mine", "Accepts yours", "# expect", "# control: first\n# expect").Replace(
		lintAccepts)
	first := strings.Replace(lintAccepts, "# expect", "# control: second\n# expect", 1)
	_, err := lintLoad(t, map[string]string{"first.http": first, "second.http": second})
	require.EqualError(t, err, "mine/first.http:6: the controls go round in a circle, first → second → first; name "+
		"an accepted case that needs none\n"+
		"mine/second.http:6: the controls go round in a circle, second → first → second; name an accepted case that "+
		"needs none")
	_, err = lintLoad(t, map[string]string{"first.http": first, "second.http": strings.Replace(second, "first",
		"second", 1)})
	require.ErrorContains(t, err, "mine/second.http:6: the case is its own control; name another")
	_, err = lintLoad(t, map[string]string{"first.http": first})
	require.ErrorContains(t, err, `mine/first.http:6: the control "second" is no case`)
}

func TestLoadOpensNothingButPlainFiles(t *testing.T) {
	fsys := fstest.MapFS{
		"x.http": {Mode: fs.ModeNamedPipe}, "y.http": {Mode: fs.ModeDevice}, "z.http": {Data: []byte("nowhere"),
			Mode: fs.ModeSymlink},
		"notes": {Mode: fs.ModeNamedPipe}, "requirements/x.yaml": {Mode: fs.ModeNamedPipe},
	}
	_, err := conformance.Load(conformance.Contract{}, conformance.BuiltIn(), conformance.Source{FS: neverOpened{fsys},
		Name: "mine", Own: true})
	require.EqualError(t, err, "mine/requirements/x.yaml: it is a named pipe, not a plain file; put a plain file in "+
		"its place, or take it away\n"+
		"mine/x.http:1: it is a named pipe, not a plain file; put a plain file in its place, or take it away\n"+
		"mine/y.http:1: it is a device, not a plain file; put a plain file in its place, or take it away\n"+
		"mine/z.http:1: file does not exist; make the file readable")
}

// neverOpened fails where something else than a folder is opened, as a named pipe
// would keep its reader waiting.
type neverOpened struct{ fstest.MapFS }

func (f neverOpened) Open(name string) (fs.File, error) {
	info, err := fs.Stat(f.MapFS, name)
	if err == nil && !info.IsDir() {
		panic(name + " was opened")
	}
	return f.MapFS.Open(name)
}

func (f neverOpened) ReadFile(name string) ([]byte, error) { panic(name + " was read") }
