package conformance_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

const (
	documentedFile = "requirements/documented.yaml"
	standardFile   = "requirements/standard.yaml"
	inferredFile   = "requirements/inferred.yaml"
	statementsFile = "requirements/statements.yaml"
	documentsFile  = "requirements/documents.yaml"
)

// swap replaces what has to be there once.
func swap(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

func TestLoadHoldsEachLevelToItsStrongestClause(t *testing.T) {
	if testing.Short() {
		t.Skip("it loads the suite many times")
	}
	for _, row := range []struct {
		why, file string
		change    func(string) string
		want      string
	}{
		{"a level that no clause carries", standardFile, swap(`section: "11.1", basis: syntax`,
			`section: "11.1", basis: SHOULD`),
			`the requirement auth.scheme-case is standard, and its strongest clause carries no more than inferred: SHOULD, RFC 9110, 11.1; give the requirement that level, or a clause that carries standard, whose bases are MUST, MUST NOT, SHALL, SHALL NOT, REQUIRED, syntax, definition`},
		{"a level beneath a clause", inferredFile, swap(`section: "15.4", basis: MAY`,
			`section: "15.4", basis: MUST NOT`),
			`the requirement http.no-redirect is inferred, and a clause carries standard: MUST NOT, RFC 9110, 15.4; give the requirement that level, or the clause a basis that carries inferred, which are SHOULD, `},
		{"a table that is no more than an example", documentedFile, swap("basis: table}\n  because: the only value",
			"basis: form of values}\n  because: the only value"),
			`the requirement auth.bearer is documented, and its strongest clause carries no more than inferred: form of values, both documents, "Request headers" (Stop and quarantine file API:42; Request sample API:39); give the requirement that level, or a clause that carries documented, whose bases are sentence, table, both examples`},
		{"no clauses", standardFile, func(s string) string {
			return regexp.MustCompile(`(- id: auth.scheme-case\n.*\n.*\n)  clauses:\n.*\n`).ReplaceAllString(s, "$1")
		},
			`the requirement auth.scheme-case has no clauses; add "clauses:" with the places that it stands on, each {document: RFC 9110, section: "11.1", basis: MUST} or the like`},
		{"an unknown basis", standardFile, swap("basis: syntax", "basis: syntaxx"),
			`a clause of refusal.challenge has the basis "syntaxx" (did you mean "syntax"?); the bases are sentence, table, both examples, MUST, `},
		{"no basis", standardFile, swap(", basis: syntax", ""),
			`a clause of refusal.challenge has the basis ""; the bases are `},
		{"no document", standardFile, swap(`document: RFC 9110, section: "11.1"`, `section: "11.1"`),
			`a clause of auth.scheme-case has no document; name what it stands in`},
		{"no section", standardFile, swap(`, section: "11.1"`, ""),
			`a clause of auth.scheme-case has no section; give the heading or the number`},
		{"a sentence of a standard", standardFile, swap(`section: "11.1", basis: syntax`,
			`section: "11.1", basis: sentence`),
			`a clause of auth.scheme-case has the basis sentence, which is in lines of Stop and quarantine file API, Request sample API and both documents, not in RFC 9110; name one of these, or another basis`},
		{"a keyword in a document", documentedFile, swap("basis: sentence", "basis: MUST"),
			`a clause of operation.exists has the basis MUST, which is of a standard, not of both documents; name the standard, or another basis`},
		{"both examples of one document", documentedFile,
			swap("document: both documents, section: Example (request), lines: {stop: 64, sample: 61}",
				"document: Request sample API, section: Example (request), lines: {sample: 61}"),
			`a clause of operation.exists has the basis both examples, and is of Request sample API; give the lines in both documents, or another basis`},
		{"lines of one document only", documentedFile, swap("lines: {stop: 42, sample: 39}", "lines: {stop: 42}"),
			`a clause of auth.required has lines of [stop]; give those of [sample stop], as in {sample: 7}`},
		{"no lines", documentedFile, swap("lines: {stop: 42, sample: 39}, ", ""),
			`a clause of auth.required has lines of []; give those of [sample stop], as in {sample: 7}`},
		{"lines of a standard", standardFile, swap(`section: "11.1", basis`,
			`section: "11.1", lines: {stop: 7}, basis`),
			`a clause of auth.scheme-case has lines, and is of no document that is cited by line; take them away`},
		{"a line that does not exist", documentedFile, swap("lines: {stop: 42, sample: 39}",
			"lines: {stop: 42, sample: 139}"),
			`a clause of auth.required has the line 139 of Request sample API, which has 100; give one that exists`},
		{"a line under another heading", documentedFile,
			swap("section: Example (response), lines: {stop: 81, sample: 79}", "section: Response, lines: {stop: 81, "+
				"sample: 79}"),
			`a clause of response.media-type has the section "Response" and line 79 of Request sample API, which is under "Example"; mend one of them`},
		{"lines that are none", documentedFile, swap("stop: 42,", "stop: 42-,"),
			`the lines "42-" is no list of lines; write numbers and ranges in their order, as in "7, 9-12"`},
		{"an unknown field of a clause", standardFile, swap("basis: syntax", "keyword: syntax"),
			`field keyword is unknown; write a list of mappings`},
		{"a document next to the clauses", standardFile,
			swap("- id: auth.scheme-case\n", "- id: auth.scheme-case\n  document: RFC 9110\n"),
			`field document is unknown; give it to each entry of "clauses:"`},
	} {
		t.Run(row.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{},
				patched(t, map[string]func(string) string{row.file: row.change}))
			require.Error(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			require.Contains(t, first, row.want)
			require.Less(t, strings.Count(err.Error(), "\n"), 10, "want the mistake, and not what follows from it: "+
				"%.2000s", err)
			require.Regexp(t, `^fixtures/`+row.file+`:\d+: `, first)
		})
	}
}

func TestLoadWantsEachLineInOneStatementWithItsRequirements(t *testing.T) {
	if testing.Short() {
		t.Skip("it loads the suite many times")
	}
	for _, row := range []struct {
		why, file string
		change    func(string) string
		want      string
	}{
		{"a gap", statementsFile, swap("{stop: 21-22, sample: 17-18}", "{stop: 21, sample: 17-18}"),
			`fixtures/requirements/documents.yaml:4: line 22 of Stop and quarantine file API is in no statement; add one that says what it asks, or that it asks nothing`},
		{"an overlap", statementsFile, swap("{stop: 21-22, sample: 17-18}", "{stop: 20-22, sample: 17-18}"),
			`line 20 of Stop and quarantine file API is in the statement at line `},
		{"another length of the text", documentsFile, swap("lines: 107", "lines: 108"),
			`line 108 of Stop and quarantine file API is in no statement`},
		{"an unknown requirement", statementsFile, swap("obliges: [auth.role, auth.either-role]",
			"obliges: [auth.rule, auth.either-role]"),
			`the statement obliges the unknown requirement "auth.rule" (did you mean "auth.role"?)`},
		{"a statement that no clause cites", statementsFile, swap("obliges: [auth.role, auth.either-role]",
			"obliges: [auth.role, auth.either-role, action.members]"),
			`the statement obliges action.members, which has no clause with any of the lines Stop and quarantine file API:31; add one there, or take the requirement away here`},
		{"a clause whose statement does not name it", statementsFile, swap("obliges: [auth.required, auth.bearer, ",
			"obliges: [auth.bearer, "),
			`a clause of auth.required has line 42 of Stop and quarantine file API, whose statement at fixtures/requirements/statements.yaml:`},
		{"nobody is obliged, and nobody says why", statementsFile, swap("  obliges: [auth.role, auth.either-role]\n",
			""), `the statement has 0 of obliges, unobservable and nothing; give one`},
		{"obliged and unobservable", statementsFile, swap("  obliges: [auth.role, auth.either-role]\n",
			"  obliges: [auth.role, auth.either-role]\n  unobservable: nobody looks\n"),
			`the statement has 2 of obliges, unobservable and nothing; give one`},
		{"no words", statementsFile, swap("  says: the heading, which calls the API deprecated\n", ""),
			`the statement has no says; write in your own words what the lines say`},
		{"no place", statementsFile, swap("- document: RFC 6750\n  section: \"5\"\n", "- document: RFC 6750\n"),
			`the statement has neither lines nor document and section of a standard; give one of them`},
		{"an unknown document", statementsFile, swap("{stop: 28}", "{halt: 28}"),
			`the statement has lines of "halt", which is the key of no document; keys are in documents.yaml`},
		{"an unknown field", statementsFile, swap("  nothing: ", "  noting: "), `field noting is unknown`},
		{"a line beyond the text", statementsFile, swap("{stop: 105-107,", "{stop: 105-108,"),
			`the statement has the line 108 of Stop and quarantine file API, which has 107; give one that exists`},
		{"a document without a hash", documentsFile, swap("  sha256: f60", "  sha256: 60"),
			`the document Stop and quarantine file API has no sha256; give it`},
		{"two documents of one key", documentsFile, swap("key: sample", "key: stop"),
			`the name or the key of the document Request sample API is used at fixtures/requirements/documents.yaml:4 too; give it its own`},
		{"headings out of order", documentsFile, swap("{name: Title, line: 21}", "{name: Title, line: 31}"),
			`has no headings that begin at line 1`},
	} {
		t.Run(row.why, func(t *testing.T) {
			_, err := conformance.Load(conformance.Contract{},
				patched(t, map[string]func(string) string{row.file: row.change}))
			require.ErrorContains(t, err, row.want)
			require.Regexp(t, `^fixtures/requirements/\w+\.yaml:\d+: `, err.Error())
		})
	}
}

func TestLoadHoldsAUsersRequirementsToTheirClausesToo(t *testing.T) {
	load := func(requirement string) (*conformance.Suite, error) {
		return conformance.Load(conformance.Contract{}, conformance.BuiltIn(),
			conformance.Source{Name: "mine", Own: true, FS: fstest.MapFS{
				"requirements/mine.yaml": {Data: []byte(requirement)}, "area/x.http": {Data: []byte(sound)},
			}})
	}
	suite, err := load("- id: mine.header\n  level: documented\n  says: answers\n  waived: nobody asks\n  clauses: " +
		"[{document: Request sample API, section: Response, lines: {sample: 51}, basis: sentence}]\n")
	require.NoError(t, err, "want a user's clause to need no statement")
	r := suite.Requirement("mine.header")
	require.Equal(t, "Request sample API", r.Document)
	require.Equal(t, "Response", r.Section)
	require.Equal(t, []string{`sentence, Request sample API, "Response" (Request sample API:51)`}, clauses(r))
	_, err = load("- id: mine.header\n  level: standard\n  says: answers\n  waived: nobody asks\n  clauses:\n    - " +
		"{document: RFC 9110, section: \"15.5.5\", basis: SHOULD}\n")
	require.EqualError(t, err, "mine/requirements/mine.yaml:6: the requirement mine.header is standard, and its "+
		"strongest clause carries no more than inferred: SHOULD, RFC 9110, 15.5.5; give the requirement that level, "+
		"or a clause that carries standard, whose bases are MUST, MUST NOT, SHALL, SHALL NOT, REQUIRED, syntax, "+
		"definition")
}

func clauses(r *record.Requirement) (out []string) {
	for _, c := range r.Clauses {
		out = append(out, c.String())
	}
	return out
}

func TestDocumentAndSectionFollowFromTheClauses(t *testing.T) {
	suite := load(t)
	for id, want := range map[string][2]string{
		"auth.required":       {"both documents", "Request headers"},
		"action.machine-id":   {"both documents", "Example (request) and Example (response)"},
		"refusal.status-body": {"RFC 9110", "15.5.1, 15.5.16, 15.5.21 and 2.2"},
		"refusal.status-auth": {"RFC 9110, RFC 6750", "RFC 9110 11.4, 11.6.1 and 15.5.2, RFC 6750 3 and 3.1"},
	} {
		r := suite.Requirement(id)
		require.Equal(t, want, [2]string{r.Document, r.Section})
	}
}

func TestAClauseIsTheSameBehindJSON(t *testing.T) {
	for _, r := range load(t).Requirements {
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var back record.Requirement
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, clauses(&r), clauses(&back))
	}
	for _, text := range []string{"no lines", "x:", "x:0", "x:9-7", "x:7, 3", "x:a"} {
		require.Error(t, new(record.Places).UnmarshalText([]byte(text)), text)
	}
}

func TestEveryDocumentedRequirementIsHeldByAStatement(t *testing.T) {
	suite := load(t)
	held := map[string]bool{}
	var unobservable []string
	for _, s := range suite.Statements {
		for _, id := range s.Obliges {
			held[id] = true
		}
		if s.Unobservable != "" {
			unobservable = append(unobservable, s.Places())
		}
	}
	for _, r := range suite.Requirements {
		require.True(t, held[r.ID] || r.Level != record.Documented, r.ID)
	}
	require.Equal(t, []string{"Stop and quarantine file API:28", "Request sample API:25", "RFC 6750, 5"}, unobservable)
}

// sources splits the places that a schema or the OpenAPI document
// names: "both documents, Example (response)", "RFC 9110, 11.6.1; RFC 6750, 3".
func sources(text string) (out [][2]string) {
	for part := range strings.SplitSeq(text, "; ") {
		document, section, _ := strings.Cut(part, ", ")
		heading, _, _ := strings.Cut(section, " (")
		for one := range strings.SplitSeq(heading, " and ") {
			out = append(out, [2]string{document, one})
		}
	}
	return out
}

// uncited returns the places of a text that the requirement does not stand on.
func uncited(suite *conformance.Suite, id, text string) (out []string) {
	r := suite.Requirement(id)
	if r == nil {
		return []string{"no requirement " + id}
	}
	names := map[string]string{"stop and quarantine file": record.BothDocuments, "request sample": record.BothDocuments}
	for _, s := range sources(text) {
		document := s[0]
		if name, short := names[document]; short {
			document = name
		}
		if !slices.ContainsFunc(r.Clauses, func(c record.Clause) bool {
			heading, _, _ := strings.Cut(c.Section, " (")
			heading, _, _ = strings.Cut(heading, ", ")
			return c.Document == document && (heading == s[1] || c.Section == s[1])
		}) {
			out = append(out, id+": "+s[0]+", "+s[1])
		}
	}
	return out
}

func TestSchemasAndTheOpenAPIDocumentCiteWhatTheCatalogueCites(t *testing.T) {
	suite := load(t)
	var found []string
	for _, name := range schemas.Names() {
		rules, err := schemas.Rules(name)
		require.NoError(t, err)
		for _, r := range rules {
			found = append(found, uncited(suite, r.Requirement, r.Section)...)
		}
	}
	doc, err := openapi.Load()
	require.NoError(t, err)
	data, err := json.Marshal(doc.T)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(data, &tree))
	seen := 0
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				walk(item)
			}
		case map[string]any:
			id, _ := node["x-requirement"].(string)
			if source, _ := node["x-source"].(string); id != "" {
				seen++
				found = append(found, uncited(suite, id, source)...)
			}
			for _, item := range node {
				walk(item)
			}
		}
	}
	walk(tree)
	require.Greater(t, seen, 10, "want the extensions found")
	slices.Sort(found)
	require.Empty(t, slices.Compact(found), "want each place among the clauses of its requirement")
	require.Equal(t, []string{"machine.unknown: RFC 9110, 15.5.5"},
		uncited(suite, "machine.unknown", "RFC 9110, 15.5.5"))
	require.Equal(t, []string{"action.types: both documents, Response"},
		uncited(suite, "action.types", "both documents, Response (example)"))
}

// TestTheDocumentsAreTheOnesThatAreCited needs the two texts, which are not in this
// repository: set the variable to a folder that has them.
func TestTheDocumentsAreTheOnesThatAreCited(t *testing.T) {
	folder := os.Getenv("CITED_DOCUMENTS")
	if folder == "" {
		t.Skip("CITED_DOCUMENTS names no folder with the two documents")
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.md"))
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		texts[hex.EncodeToString(sum[:])] = string(data)
	}
	suite := load(t)
	lines := map[string][]string{}
	for _, d := range suite.Documents {
		text, found := texts[d.SHA256]
		require.True(t, found, "no .md file in %s is the %s that is cited", folder, d.Name)
		all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, all, d.Lines)
		lines[d.Name] = all
		var headings []string
		for _, h := range d.Headings {
			headings = append(headings, all[h.Line-1])
		}
		require.Equal(t, "---", headings[0])
		require.Regexp(t, "^# "+d.Name, headings[1])
		for i, h := range d.Headings[2:] {
			require.Equal(t, "## "+h.Name, headings[i+2])
		}
	}
	for _, s := range suite.Statements {
		for _, p := range s.Lines {
			for _, span := range p.Spans {
				for _, line := range lines[p.Document][span.From-1 : span.To] {
					require.False(t, s.Nothing == "" && strings.TrimSpace(line) == "", "%s says something, and has "+
						"an empty line", s.Places())
				}
			}
		}
	}
}
