package conformance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// unchargeable lists the requirements that checks charge and the catalogue does not have.
func unchargeable(suite *conformance.Suite, checks []conformance.Check) (out []string) {
	for _, c := range checks {
		for _, id := range c.Requirements {
			if suite.Requirement(id) == nil {
				out = append(out, fmt.Sprintf("the check %s charges %q, which is no requirement; add it to "+
					"fixtures/requirements, or correct the check's row in conformance/checks_*.go", c.Name, id))
			}
		}
	}
	return out
}

func TestEveryCheckChargesARequirementThatThereIs(t *testing.T) {
	suite := load(t)
	require.Empty(t, unchargeable(suite, suite.Checks()))
	require.Equal(t,
		[]string{`the check hums charges "action.song", which is no requirement; add it to fixtures/requirements, or correct the check's row in conformance/checks_*.go`},
		unchargeable(suite, []conformance.Check{{Name: "hums", Requirements: []string{"action.id", "action.song"}}}))
}

func TestAMissingRowOfTheCatalogueNamesTheFileToEdit(t *testing.T) {
	requirement := func(clause string) func(string) string {
		return func(s string) string {
			return s + "\n- id: action.song\n  level: documented\n  says: sings\n  clauses:\n    - " + clause + "\n"
		}
	}
	for _, row := range []struct {
		why    string
		change map[string]func(string) string
		want   string
	}{
		{"no case", map[string]func(string) string{standardFile: func(s string) string {
			return s + "\n- id: action.song\n  level: standard\n  says: sings\n  clauses: [{document: RFC 9110, " +
				"section: \"1\", basis: MUST}]\n"
		}},
			`fixtures/requirements/standard\.yaml:\d+: no case proves action\.song; write one in fixtures/cases that names it under proves, or say here under waived why there is none`},
		{"no statement", map[string]func(string) string{documentedFile: requirement("{document: Request sample API, " +
			"section: Response, lines: {sample: 51}, basis: sentence}")},
			`fixtures/requirements/documented\.yaml:\d+: a clause of action\.song has line 51 of Request sample API, whose statement at fixtures/requirements/statements\.yaml:\d+ does not name it; add it there under obliges`},
		{"no requirement for a case", map[string]func(string) string{"cases/valid/accepts-plain-request.http": swap(
			"# proves: ", "# proves: action.song, ")},
			`fixtures/cases/valid/accepts-plain-request\.http:\d+: unknown requirement "action\.song".*; the catalogue is in fixtures/requirements`},
	} {
		t.Run(row.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{}, patched(t, row.change))
			require.Error(t, err)
			require.Regexp(t, row.want, err.Error())
		})
	}
}
