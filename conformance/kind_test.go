package conformance_test

import (
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
)

func TestLoadHoldsTheKindsToTheirTable(t *testing.T) {
	drop := func(kind string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, "  kind: "+kind+"\n", "") }
	}
	for _, row := range []struct {
		why    string
		change map[string]func(string) string
		want   string // a regular expression for the first line
	}{
		{"an unknown kind", map[string]func(string) string{inferredFile: swap("kind: isolation", "kind: isolatoin")},
			`^fixtures/requirements/inferred\.yaml:\d+: the requirement state\.isolated has the unknown kind "isolatoin" \(did you mean "isolation"\?\); leave "kind:" out, or give one of acceptance, existence, `},
		{"no acceptance", map[string]func(string) string{documentedFile: drop("acceptance")},
			`^fixtures/cases/\S+\.http:\d+: the case has a request that is to be accepted, and no requirement has the kind acceptance by which it is judged; give it to one in fixtures/requirements, "kind: acceptance"$`},
		{"no existence", map[string]func(string) string{documentedFile: drop("existence")},
			`^fixtures/cases/\S+\.http:\d+: the case has a request that is to be accepted, and no requirement has the kind existence`},
		{"no isolation", map[string]func(string) string{inferredFile: drop("isolation")},
			`^fixtures/cases/\S+\.http:\d+: the case has both requests to be accepted and requests to be refused, and no requirement has the kind isolation`},
		{"no status of a refusal", map[string]func(string) string{
			standardFile: func(s string) string {
				return regexp.MustCompile(`  kind: refusal-.*\n`).ReplaceAllString(s,
					"")
			},
			inferredFile: func(s string) string {
				return regexp.MustCompile(`  kind: (refusal-.*|milder-status)\n|  milder-of: .*\n`).ReplaceAllString(s,
					"")
			}},
			`^fixtures/cases/\S+\.http:\d+: the case has a request that is to be refused, and no requirement has the kind refusal-status`},
		{"milder than nothing", map[string]func(string) string{inferredFile: swap("  milder-of: {requirement: "+
			"refusal.method, statuses: [403]}\n", "")},
			`^fixtures/requirements/inferred\.yaml:\d+: the requirement refusal\.method-forbidden has the kind milder-status and does not say of what; add "milder-of: \{requirement: ID, statuses: \[403\]\}"$`},
		{"milder without the kind", map[string]func(string) string{inferredFile: drop("milder-status")},
			`^fixtures/requirements/inferred\.yaml:\d+: the requirement refusal\.method-forbidden has milder-of, which goes with the kind milder-status; add "kind: milder-status", or take milder-of away$`},
		{"milder than another", map[string]func(string) string{inferredFile: swap("{requirement: refusal.method,",
			"{requirement: http.date,")},
			`^fixtures/requirements/inferred\.yaml:\d+: the requirement refusal\.method-forbidden is milder than "http\.date", which is none on the status of a refusal; name one of the kinds refusal-…: refusal\.media-type, refusal\.status-auth, `},
	} {
		t.Run(row.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{}, patched(t, row.change))
			require.Error(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			require.Regexp(t, row.want, first)
			require.Less(t, strings.Count(err.Error(), "\n"), 10, "want the mistake, and not what follows from it: "+
				"%.2000s", err)
		})
	}
}

func TestEveryKindIsOfSomeRequirement(t *testing.T) {
	suite := load(t)
	for _, k := range conformance.Kinds() {
		require.NoError(t, suite.Needs(k.Kind))
		require.NotEmpty(t, suite.OfKind(k.Kind))
		require.Regexp(t, `^[A-Z].*\.$`, k.Doc)
	}
	require.ErrorContains(t, suite.Needs("refusal-tone"),
		`no requirement has the kind refusal-tone; give it to one, "kind: refusal-tone"`)
}

// renamed is the built-in source, in which each requirement that has a kind has another
// id, by the old one.
func renamed(t *testing.T, suite *conformance.Suite) (conformance.Source, map[string]string) {
	t.Helper()
	source := conformance.BuiltIn()
	ids := map[string]string{}
	for _, name := range []string{documentedFile, standardFile, inferredFile} {
		data, err := fs.ReadFile(source.FS, name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`- id: (\S+)\n  level: .*\n  kind: `).FindAllSubmatch(data, -1) {
			ids[string(m[1])] = "renamed." + strings.ReplaceAll(string(m[1]), ".", "-")
		}
	}
	require.Len(t, ids, 20)
	id := regexp.MustCompile(`[a-z]+\.[a-z0-9-]+`)
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(source.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(source.FS, name)
		if strings.HasPrefix(name, "requirements/") || strings.HasPrefix(name, "cases/") {
			data = id.ReplaceAllFunc(data, func(old []byte) []byte {
				if to, ok := ids[string(old)]; ok {
					return []byte(to)
				}
				return old
			})
		}
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	return conformance.Source{FS: files, Name: source.Name}, ids
}

func TestWhatIsChargedFollowsTheKindAndNotTheID(t *testing.T) {
	before := load(t)
	source, ids := renamed(t, before)
	after, err := conformance.Load(conformance.Contract{}, source)
	require.NoError(t, err)
	charged := func(suite *conformance.Suite, wrap func(http.Handler) http.Handler) (out []string) {
		target := conformance.Target{Handler: wrap(reference.New(reference.Config{Token: "t-of-a-user",
			UnprivilegedToken: "t-of-nobody"})), Token: "t-of-a-user", UnprivilegedToken: "t-of-nobody"}
		report, err := suite.Run(t.Context(), target, conformance.Options{Seed: "one", Strict: true})
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, c := range report.Cases {
			for _, f := range c.Findings {
				id := f.Requirement
				if to, ok := ids[id]; ok {
					id = to
				}
				seen[f.Check+" "+f.Case+" "+id+" "+f.Level.String()] = true
			}
		}
		return slices.Sorted(maps.Keys(seen))
	}
	for name, kind := range map[string]conformance.Kind{
		"answers-200":                   conformance.Acceptance,
		"refuses-method-with-403":       conformance.MilderStatus,
		"refuses-missing-role-with-401": conformance.RefusalRole,
		"fails-second-on-connection":    conformance.Isolation,
	} {
		f, ok := reference.FindFault(name)
		if !ok {
			t.Errorf("no fault %s", name)
			continue
		}
		want, got := charged(before, f.Wrap), charged(after, f.Wrap)
		require.Equal(t, want, got, name)
		require.True(t, slices.ContainsFunc(got, func(s string) bool {
			return strings.Contains(s,
				" "+after.OfKind(kind)+" ")
		}), "%s: want a charge of the kind %s, got %v", name, kind, got)
	}
}
