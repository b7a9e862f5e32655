package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type pkg struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string

	TestImports, XTestImports []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	// The rules apply to files with the tag pact too, which need no other module.
	cmd := exec.Command("go", "list", "-e", "-tags", "pact",
		"-json=ImportPath,Name,Imports,Deps,TestImports,XTestImports", "fmaspec/...")
	cmd.Dir, cmd.Env = "../../..", append(os.Environ(), "GOPROXY=off")
	out, err := cmd.Output()
	require.NoError(t, err)
	all := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all[p.ImportPath] = p
	}
	require.Greater(t, len(all), 8)
	return all
}

// A ban forbids imports of from in everything under of.
type ban struct {
	of   string   // a package, or with /... all below it
	but  []string // packages that are exempt
	from []string // forbidden imports, in the same form
	why  string
}

// leaves are the packages that every other one may import.
func leaves() []string {
	return []string{"fmaspec/conformance/record", "fmaspec/conformance/nearest"}
}

// renderers are the packages that work on records alone, and so do their tests: a change
// in a check reruns none of them.
func renderers() []string {
	return []string{"fmaspec/conformance/report", "fmaspec/conformance/compare", "fmaspec/conformance/baseline",
		"fmaspec/conformance/journal", "fmaspec/conformance/curl"}
}

func bans() []ban {
	return []ban{
		{"fmaspec/...", []string{"fmaspec/schemas"}, []string{"github.com/xeipuuv/gojsonschema"},
			"one engine judges bodies, behind one package"},
		{"fmaspec/...", []string{"fmaspec/openapi"}, []string{"github.com/getkin/kin-openapi/..."},
			"the OpenAPI document is read in one place"},
		{"fmaspec/...", []string{"fmaspec/conformance/internal/strictjson", "fmaspec/conformance/traffic"},
			[]string{"github.com/go-json-experiment/json/..."}, "the library's API changes; only two packages have " +
				"to follow: one that judges texts, and one that reads long ones part by part"},
		{"fmaspec/...", []string{"fmaspec/conformance/traffic"}, []string{"github.com/klauspost/compress/..."},
			"one package unpacks what the standard library cannot"},
		{"fmaspec/conformance/traffic", nil, []string{"fmaspec/...", "golang.org/...", "flag", "log", "net"},
			"traffic is read into records, and what is done with it is known above"},
		{"fmaspec/conformance/traffic/planted", nil, []string{"fmaspec/...", "github.com/...", "testing"},
			"what is planted does not depend on what reads it"},
		{"fmaspec/...", nil, []string{"fmaspec/cmd/..."}, "the command is not a library"},
		{"fmaspec/...", []string{"fmaspec/conformance/conformancetest", "fmaspec/conformance/pact"},
			[]string{"testing"}, "only the packages for go test import testing"},
		{"fmaspec/...", []string{"fmaspec/conformance/pact"}, []string{"github.com/pact-foundation/..."},
			"one package uses the native library, with a build tag"},
		{"fmaspec/...", []string{"fmaspec/cmd/fmaspec", "fmaspec/conformance/conformancetest"}, []string{"flag"},
			"only the command reads flags, and the package for go test those of go test"},
		{"fmaspec/...", []string{"fmaspec/cmd/fmaspec"}, []string{"log"}, "nothing below the command prints"},
		{"fmaspec/conformance", nil, []string{"os", "flag", "log", "testing", "fmaspec/conformance/..."},
			"the core gets its inputs as arguments, and returns its results"},
		{"fmaspec/conformance/reference", nil, []string{"fmaspec/conformance", "fmaspec/schemas", "fmaspec/fixtures"},
			"server and judge are independent"},
		{"fmaspec/conformance/tenant", nil, []string{"os", "fmaspec/...", "github.com/...", "golang.org/..."},
			"a tenant is played without the judge, and what is behind it is for the caller"},
		{"fmaspec/conformance/record", nil, []string{"fmaspec/...", "github.com/...", "golang.org/...",
			"go.yaml.in/..."}, "a record is data, and its readers need nothing else"},
		{"fmaspec/conformance/nearest", nil, []string{"fmaspec/...", "github.com/..."}, "it compares words"},
		{"fmaspec/conformance/compare", nil, []string{"fmaspec/conformance", "fmaspec/conformance/reference",
			"fmaspec/conformance/report", "fmaspec/conformance/mutate", "fmaspec/fixtures"},
			"two records are compared, and nothing is sent"},
		{"fmaspec/conformance/report", nil, []string{"fmaspec/conformance", "fmaspec/conformance/reference",
			"fmaspec/fixtures", "fmaspec/openapi"}, "a report is rendered from the record alone"},
		{"fmaspec/conformance/journal", nil, []string{"fmaspec/conformance", "fmaspec/conformance/reference"},
			"a journal holds records of any run"},
		{"fmaspec/conformance/curl", nil, []string{"fmaspec/conformance", "os", "net/http"},
			"a command is built from the record alone, and sends nothing"},
		{"fmaspec/conformance/baseline", nil, []string{"fmaspec/conformance", "os", "fmaspec/conformance/report",
			"fmaspec/conformance/reference", "fmaspec/fixtures", "fmaspec/openapi", "fmaspec/schemas"},
			"a baseline is compared with the record alone"},
		{"fmaspec/conformance/conformancetest", nil, []string{"fmaspec/conformance/mutate",
			"fmaspec/conformance/client",
			"fmaspec/cmd/..."}, "a user's test judges the user's server, or the user's client by the reference server"},
		{"fmaspec/conformance/client", nil, []string{"fmaspec/..."}, "clients and judge are independent"},
		{"fmaspec/conformance/pact", nil, []string{"fmaspec/conformance/reference", "fmaspec/conformance/report",
			"fmaspec/conformance/mutate"}, "a user's verification tests the user's server"},
		{"fmaspec/...", []string{"fmaspec/conformance/signature"}, []string{"github.com/hiddeco/sshsig",
			"golang.org/x/crypto/..."}, "one package makes and verifies signatures"},
		{"fmaspec/...", []string{"fmaspec/conformance/proxy"}, []string{"github.com/prometheus/..."},
			"one package has metrics, of what it counts itself"},
		{"fmaspec/conformance/proxy", nil, []string{"os", "fmaspec/conformance/reference",
			"fmaspec/conformance/report", "fmaspec/conformance/mutate", "fmaspec/schemas", "fmaspec/fixtures"},
			"a proxy passes on and has somebody judge; what is written of it is for the caller"},
		{"fmaspec/conformance/signature", nil, []string{"os", "net", "fmaspec/..."}, "a signature is over bytes of " +
			"any content"},
		{"fmaspec/conformance/pact/client", nil, []string{"fmaspec/..."}, "a consumer uses the documents, and " +
			"nothing of " +
			"the judge"},
		{"fmaspec/conformance/term", nil, []string{"fmaspec/...", "github.com/...", "golang.org/..."},
			"every package that prints can use it"},
		{"fmaspec/conformance/pactfile", nil, []string{"os", "fmaspec/conformance/reference",
			"fmaspec/conformance/mutate", "fmaspec/conformance/report", "github.com/..."},
			"a pact is built from the contract, not from a server"},
		{"fmaspec/conformance/k6", nil, []string{"os", "net", "fmaspec/conformance/reference",
			"fmaspec/conformance/mutate", "fmaspec/conformance/report", "github.com/..."},
			"a script is built from the contract, not from a server, and sends nothing itself"},
		{"fmaspec/fixtures", nil, []string{"fmaspec/...", "github.com/...", "go.yaml.in/..."}, "fixtures are data"},
		{"fmaspec/schemas", nil, []string{"fmaspec/conformance/...", "fmaspec/openapi", "fmaspec/fixtures"},
			"schemas depend on nothing else"},
		{"fmaspec/openapi", nil, []string{"fmaspec/conformance/...", "fmaspec/fixtures"},
			"the contract does not depend on the judge"},
	}
}

func under(path, pattern string) bool {
	if base, below := strings.CutSuffix(pattern, "/..."); below {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

// broken lists the imports that a ban forbids. Packages below internal are the
// core's own, and leaves are for all, so that neither is forbidden.
func broken(all map[string]pkg, b ban) (out []string) {
	for _, p := range all {
		if !under(p.ImportPath, b.of) || slices.Contains(b.but, p.ImportPath) {
			continue
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "fmaspec/conformance/internal/") || slices.Contains(leaves(), i) && b.of != i {
				continue
			}
			if slices.ContainsFunc(b.from, func(f string) bool { return under(i, f) }) && i != p.ImportPath {
				out = append(out, p.ImportPath+" imports "+i)
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestImportsKeepTheFloorPlan(t *testing.T) {
	all := list(t)
	for _, b := range bans() {
		for _, found := range broken(all, b) {
			t.Errorf("%s: %s", found, b.why)
		}
	}
}

// judging lists what the tests of a renderer import that judges.
func judging(p pkg) (out []string) {
	for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
		if slices.Contains([]string{"fmaspec/conformance", "fmaspec/conformance/reference",
			"fmaspec/conformance/mutate"}, i) {
			out = append(out, p.ImportPath+" imports "+i+" in a test")
		}
	}
	return out
}

func TestRenderersAreTestedOnRecordsAlone(t *testing.T) {
	all := list(t)
	for _, name := range renderers() {
		require.NotEmpty(t, all[name].ImportPath, "want the package %s to exist", name)
		require.Empty(t, judging(all[name]), "a change in a check must not rerun the tests of what renders records; "+
			"move the test to conformance/mutate")
	}
	require.NotEmpty(t, judging(pkg{XTestImports: []string{"fmaspec/conformance"}}))
}

func TestABrokenBanIsSeen(t *testing.T) {
	all := list(t)
	for _, b := range bans() {
		of := strings.TrimSuffix(b.of, "/...")
		if of+"/" == ours() {
			of = "fmaspec/conformance/mutate"
		}
		offender := all[of]
		require.NotEmpty(t, offender.ImportPath, "want the package %s to exist", of)
		offender.Imports = append(slices.Clone(offender.Imports), strings.Replace(b.from[0], "...", "x", 1))
		require.NotEmpty(t, broken(map[string]pkg{of: offender}, b), b.why)
	}
}
