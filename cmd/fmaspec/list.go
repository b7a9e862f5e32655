package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/client"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/term"
)

// listFlags are the settings of a listing.
type listFlags struct {
	library
	options  conformance.Options
	json     bool
	settings *settingsFlag
}

// A row is one entry of a listing. It is encoded as JSON, or printed as columns.
type row interface{ columns() []string }

// kinds are the kinds of entries that can be listed.
var kinds = []struct {
	name, says string
	rows       func(*conformance.Suite, conformance.Options) ([]row, error)
}{
	{"cases", "requests to a server, with the expected results", caseRows},
	{"groups", "kinds of requests that are generated from the contract", groupRows},
	{"generated", "the generated requests of these groups", generatedRows},
	{"requirements", "what the contract requires of a server, each with its level", requirementRows},
	{"checks", "what is checked in an answer", checkRows},
	{"faults", "ways in which \"fmaspec serve -fault\" can break the contract", faultRows},
	{"variants", "other ways in which \"fmaspec serve -variant\" can keep it", variantRows},
	{"client-rules", "what is judged in the requests of clients", clientRuleRows},
	{"client-faults", "clients that break the contract, each found by these rules", clientFaultRows},
	{"contradictions", "where the documents disagree, and the rulings", contradictionRows},
}

func kindNames() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func listCommand() command {
	return command{
		name: "list", operands: "[KIND]",
		short: "list cases, requirements, checks, faults and other tables",
		about: "KIND is one of " + strings.Join(kindNames(), ", ") + ". Without one: the number of entries of " +
			"each kind.\n" +
			"list cases prints what the suite has, without a target; fmaspec run -list prints the ids of the cases " +
			"that a run with the same flags would send to its target.\n" + levelTexts(),
		examples: []string{"fmaspec list", "fmaspec list cases -run '/auth/'", "fmaspec list requirements -level " +
			"documented -json"},
		flags: func(set *flag.FlagSet) work {
			f := &listFlags{}
			f.library.flags(set)
			set.StringVar(&f.options.Run, "run", "", "list only the cases that a run with this `PATTERN` sends")
			set.TextVar(&f.options.Level, "level", record.Inferred, "list only cases and requirements of this "+
				"`LEVEL` and every stronger one: documented, standard, inferred")
			set.BoolVar(&f.json, "json", false, "a JSON array of objects")
			return func(ctx context.Context, e *env, operands []string) error {
				f.settings = settingsOf(set)
				return f.list(ctx, e, operands)
			}
		},
	}
}

// levelTexts returns the meaning of each level, one per line.
func levelTexts() string {
	var all []string
	for _, l := range record.Levels() {
		text := levelText(l)
		all = append(all, strings.ToUpper(text[:1])+text[1:]+".")
	}
	return strings.Join(all, "\n")
}

func (f *listFlags) list(_ context.Context, e *env, operands []string) error {
	if len(operands) > 1 {
		return fmt.Errorf("unexpected argument %q; list one kind at a time", operands[1])
	}
	suite, _, err := f.load()
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return f.counts(e, suite)
	}
	for _, k := range kinds {
		if k.name == operands[0] {
			rows, err := k.rows(suite, f.options)
			if err != nil {
				return err
			}
			if k.name == "requirements" {
				addRules(rows, e.shownRules(suite, f.settings))
			}
			return f.print(e, rows)
		}
	}
	return fmt.Errorf("unknown kind %q%s; kinds are %s", operands[0], nearest.Hint(operands[0], kindNames()),
		strings.Join(kindNames(), ", "))
}

func (f *listFlags) print(e *env, rows []row) error {
	if !f.json {
		var text [][]string
		for _, r := range rows {
			text = append(text, r.columns())
		}
		return e.put("the list", term.Table(text))
	}
	var b strings.Builder
	if err := encode(&b, append([]row{}, rows...)); err != nil {
		return err
	}
	return e.put("the list", b.String())
}

// counts prints the number of entries of each kind.
func (f *listFlags) counts(e *env, suite *conformance.Suite) error {
	var rows []row
	for _, k := range kinds {
		all, err := k.rows(suite, f.options)
		if err != nil {
			return err
		}
		rows = append(rows, kindRow{k.name, len(all), k.says})
	}
	return f.print(e, rows)
}

type kindRow struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	Says  string `json:"says"`
}

func (r kindRow) columns() []string { return []string{r.Kind, fmt.Sprintf("%4d", r.Count), r.Says} }

type caseRow struct {
	ID        string                  `json:"id"`
	Title     string                  `json:"title"`
	Operation string                  `json:"operation"`
	Expect    conformance.Expectation `json:"expect"`
	Proves    []string                `json:"proves"`
	Control   string                  `json:"control,omitempty"`
	Needs     []string                `json:"needs,omitempty"`
	Because   string                  `json:"because,omitempty"`
	File      string                  `json:"file,omitempty"`
	Line      int                     `json:"line,omitempty"`
	Generator string                  `json:"generator,omitempty"`
}

func (r caseRow) columns() []string { return []string{r.ID, r.Expect.String(), r.Title} }

func caseRows(suite *conformance.Suite, o conformance.Options) (out []row, err error) {
	cases, err := suite.Select(o)
	for _, c := range cases {
		last := c.Steps[len(c.Steps)-1] // the step under test; earlier steps prepare it
		out = append(out, caseRow{c.ID, c.Title, c.Operation, last.Expect, c.Proves, c.Control, c.Needs, c.Because,
			c.File, c.Line, c.Generator})
	}
	return out, err
}

type groupRow struct {
	Name   string                  `json:"name"`
	Says   string                  `json:"says"`
	Expect conformance.Expectation `json:"expect"`
	Proves []string                `json:"proves"`
	Needs  []string                `json:"needs,omitempty"`
	File   string                  `json:"file"`
	Line   int                     `json:"line"`
}

func (r groupRow) columns() []string { return []string{r.Name, r.Expect.String(), r.Says} }

func groupRows(suite *conformance.Suite, _ conformance.Options) (out []row, err error) {
	for _, g := range generate.Groups() {
		for _, of := range suite.Groups {
			if of.Name == g.Name {
				out = append(out, groupRow{g.Name, g.Says, of.Expect, of.Proves, of.Needs, of.File, of.Line})
			}
		}
	}
	return out, nil
}

// generatedRows are the cases that are generated, of those that a run with these options sends.
func generatedRows(suite *conformance.Suite, o conformance.Options) (out []row, err error) {
	if suite, err = generated(suite, generate.Generator); err != nil {
		return nil, err
	}
	all, err := caseRows(suite, o)
	return slices.DeleteFunc(all, func(r row) bool { return r.(caseRow).Generator == "" }), err
}

type requirementRow struct {
	record.Requirement
	State  string   `json:"state"`
	Faults []string `json:"faults"` // that prove it
	// of the settings file, "" for none
	OwnRule string `json:"own_rule,omitempty"`
}

func (r requirementRow) columns() []string {
	says := r.Says
	if r.OwnRule != "" {
		says += " (" + r.OwnRule + ")"
	}
	return []string{r.ID, r.Level.String(), r.State, fmt.Sprintf("%4d", len(r.Faults)), says}
}

// addRules adds the rules of the settings file to the requirements that they are on.
func addRules(rows []row, rules []record.OwnRule) {
	for i := range rows {
		r, is := rows[i].(requirementRow)
		for _, rule := range rules {
			if is && rule.Requirement == r.ID {
				r.OwnRule = rule.Note()
				rows[i] = r
			}
		}
	}
}

// shownRules returns the rules of the settings file, to be shown with the requirements that they are on.
// Wrong ones are named and left out: the ids that they want are what is looked up here.
func (e *env) shownRules(suite *conformance.Suite, from *settingsFlag) []record.OwnRule {
	ruled, err := suite.WithRules(from.rules()...)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			e.note("%s\n", strings.TrimSuffix(line, "\n"))
		}
		return nil
	}
	return ruled.Rules()
}

// ruleOn returns what the rule on a requirement changes and why, or "".
func ruleOn(rules []record.OwnRule, id string) string {
	for _, rule := range rules {
		if rule.Requirement == id {
			return rule.Change() + "; " + strings.TrimPrefix(rule.Place+": "+rule.Reason, ": ")
		}
	}
	return ""
}

func requirementRows(suite *conformance.Suite, o conformance.Options) (out []row, err error) {
	proven := mutate.Proven()
	for _, r := range suite.Requirements {
		if r.Level <= o.Level {
			out = append(out, requirementRow{Requirement: r, State: state(suite, r.ID, proven),
				Faults: append([]string{}, proven[r.ID]...)})
		}
	}
	return out, nil
}

// state returns how far a requirement is traced: declared, if no case tests it; exercised, if
// a case judges it; proven, if it was also found broken at a server that breaks it.
func state(suite *conformance.Suite, id string, proven map[string][]string) string {
	switch {
	case !slices.ContainsFunc(suite.Cases, func(c *conformance.Case) bool { return slices.Contains(c.Proves, id) }):
		return "declared"
	case len(proven[id]) == 0:
		return "exercised"
	}
	return "proven"
}

type checkRow struct {
	Name         string   `json:"name"`
	Doc          string   `json:"doc"`
	Requirements []string `json:"requirements"`
}

func (r checkRow) columns() []string { return []string{r.Name, r.Doc} }

func checkRows(suite *conformance.Suite, _ conformance.Options) (out []row, err error) {
	for _, c := range suite.Checks() {
		out = append(out, checkRow{c.Name, c.Doc, append([]string{}, c.Requirements...)})
	}
	return out, nil
}

type faultRow struct {
	Name         string   `json:"name"`
	Says         string   `json:"says"`
	Level        string   `json:"level"`
	Breaks       []string `json:"breaks"`
	Waits        bool     `json:"waits,omitempty"`
	Intermittent bool     `json:"intermittent,omitempty"`
	Phase        string   `json:"phase,omitempty"` // whose cases have to find it; "" for the written ones
}

func (r faultRow) columns() []string { return []string{r.Name, r.Level, r.Says} }

func faultRows(suite *conformance.Suite, _ conformance.Options) (out []row, err error) {
	for _, f := range reference.Faults() {
		out = append(out, faultRow{f.Name, f.Says, mutate.Level(suite, f), f.Breaks, f.Waits, f.Intermittent, f.Phase})
	}
	return out, nil
}

type variantRow struct {
	Name     string   `json:"name"`
	Says     string   `json:"says"`
	Deviates []string `json:"deviates,omitempty"`
}

func (r variantRow) columns() []string { return []string{r.Name, r.Says} }

func variantRows(*conformance.Suite, conformance.Options) (out []row, err error) {
	for _, v := range reference.Variants() {
		out = append(out, variantRow{v.Name, v.Says, v.Deviates})
	}
	return out, nil
}

type clientRuleRow struct {
	Name        string `json:"name"`
	Says        string `json:"says"`
	Level       string `json:"level"`
	Requirement string `json:"requirement"`
}

func (r clientRuleRow) columns() []string { return []string{r.Name, r.Level, r.Says} }

func clientRuleRows(suite *conformance.Suite, o conformance.Options) (out []row, err error) {
	for _, r := range suite.ClientRules() {
		if level := suite.Requirement(r.Requirement).Level; level <= o.Level {
			out = append(out, clientRuleRow{r.Name, r.Says, level.String(), r.Requirement})
		}
	}
	return out, nil
}

type clientFaultRow struct {
	Name    string   `json:"name"`
	Says    string   `json:"says"`
	Breaks  []string `json:"breaks"`
	Trouble string   `json:"trouble,omitempty"` // of the server, under which it shows
}

func (r clientFaultRow) columns() []string { return []string{r.Name, r.Says} }

func clientFaultRows(*conformance.Suite, conformance.Options) (out []row, err error) {
	for _, c := range client.Faults() {
		out = append(out, clientFaultRow{c.Name, c.Says, c.Breaks, c.Trouble})
	}
	return out, nil
}

type contradictionRow struct{ conformance.Contradiction }

func (r contradictionRow) columns() []string { return []string{r.ID, r.Ruling} }

func contradictionRows(suite *conformance.Suite, _ conformance.Options) (out []row, err error) {
	for _, c := range suite.Contradictions {
		out = append(out, contradictionRow{c})
	}
	return out, nil
}
