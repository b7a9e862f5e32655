package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/client"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/openapi"
)

func explainCommand() command {
	return command{
		name: "explain", operands: "ID",
		short: "explain a case, requirement, check, fault, variant or group",
		about: "ID is what \"fmaspec list\" and every report print: a case (with its operation, or without), a " +
			"requirement, a check, a fault, a variant, a contradiction or a level. Related entries are printed too: " +
			"its source, its reason, and the cases and checks that find it broken. For a group, which is the part of " +
			"a requirement's id before the dot, its requirements are listed.",
		examples: []string{
			"fmaspec explain action.members",
			"fmaspec explain body/refuses-missing-comment",
			"fmaspec explain drops-id",
			"fmaspec explain refusal",
		},
		flags: func(set *flag.FlagSet) work {
			from := &library{}
			from.flags(set)
			return func(_ context.Context, e *env, operands []string) error {
				if len(operands) != 1 {
					return fmt.Errorf("want one id, got %d; fmaspec list prints them", len(operands))
				}
				suite, sources, err := from.load()
				if err != nil {
					return err
				}
				x := &explainer{suite: suite, sources: sources, table: reference.Faults(),
					rules: e.shownRules(suite, settingsOf(set))}
				return x.explain(e, operands[0])
			}
		},
	}
}

// An explainer looks up an id.
type explainer struct {
	page
	suite   *conformance.Suite
	sources []conformance.Source
	table   []reference.Fault
	rules   []record.OwnRule // of the settings file
	known   []string         // the names that were compared
	found   int
}

// explain prints everything with that name.
func (x *explainer) explain(e *env, id string) error {
	if strings.Contains(id, generate.Generator+"/") && len(x.suite.Generators) == 0 {
		var err error
		if x.suite, err = generated(x.suite, generate.Generator); err != nil {
			return err
		}
	}
	for _, look := range []func(string){x.requirements, x.onClients, x.cases, x.groups, x.checks, x.faults, x.variants,
		x.clientRules, x.clientFaults, x.contradictions, x.levels, x.requirementGroups} {
		look(id)
	}
	if x.found == 0 {
		x.reported(id)
	}
	if x.found == 0 {
		return fmt.Errorf("unknown id %q%s; fmaspec list prints the ids", id, nearest.Hint(id, x.known))
	}
	return e.put("the explanation", x.String())
}

// is reports whether a name matches, and begins a new block of text if it does.
func (x *explainer) is(kind, name string, same bool) bool {
	x.known = append(x.known, name)
	if !same {
		return false
	}
	if x.found++; x.found > 1 {
		x.line("")
	}
	x.line("%s %s", kind, name)
	return true
}

// reported explains a case of a report on recorded traffic or on clients, which stands for a request that
// nobody wrote down.
func (x *explainer) reported(id string) {
	operation, name, _ := strings.Cut(id, "/")
	if !slices.ContainsFunc(x.suite.Operations, func(o openapi.Operation) bool { return o.ID == operation }) {
		return
	}
	group, name, _ := strings.Cut(name, "/")
	switch group {
	case "client":
		x.clientRules(name)
	case "recorded":
		x.recorded(operation, name)
	}
}

// recorded explains a case of recorded traffic, whose name lists what its request breaks.
func (x *explainer) recorded(operation, name string) {
	kinds := map[string]string{
		"accepted":         "a request that breaks nothing, and was accepted or is to be",
		"accepted-example": "a request for a file of the documents' examples, on which there may be an action already",
		"answered":         "a request that may be accepted or refused",
		"answered-hostile": "a request that a parser need not support",
	}
	if text := kinds[name]; text != "" {
		x.is("case of recorded traffic", operation+"/recorded/"+name, true)
		x.field("judges", "the answer to "+text)
		return
	}
	for part := range strings.SplitSeq(name, "+") {
		if breaks, is := strings.CutPrefix(part, "breaks-"); is {
			for _, r := range x.suite.Requirements {
				if strings.ReplaceAll(r.ID, ".", "-") == breaks {
					x.requirements(r.ID)
				}
			}
			continue
		}
		for _, c := range x.suite.Cases {
			if _, last, _ := strings.Cut(c.Name, "/"); c.Operation == operation && last == part && c.Generator == "" {
				x.cases(c.ID)
			}
		}
	}
}

// requirementGroups lists the requirements of a group, one per line.
func (x *explainer) requirementGroups(id string) {
	of := map[string][]string{}
	for _, r := range slices.Concat(x.suite.Requirements, x.suite.ClientRequirements) {
		group, _, _ := strings.Cut(r.ID, ".")
		of[group] = append(of[group], fmt.Sprintf("%s (%v): %s", r.ID, r.Level, r.Says))
	}
	for _, group := range slices.Sorted(maps.Keys(of)) {
		if x.is("group of requirements", group, group == id) {
			x.items("holds", of[group])
		}
	}
}

// onClients explains requirements on clients alone.
func (x *explainer) onClients(id string) {
	for _, r := range x.suite.ClientRequirements {
		if !x.is("requirement on clients", r.ID, r.ID == id) {
			continue
		}
		x.field("owes", "a client "+r.Says)
		x.field("level", levelText(r.Level))
		x.field("own rule", ruleOn(x.rules, r.ID))
		var clauses, rules, faults []string
		for _, c := range r.Clauses {
			clauses = append(clauses, c.String())
		}
		for _, rule := range x.suite.ClientRules() {
			if rule.Requirement == r.ID {
				rules = append(rules, rule.Name+": "+rule.Says)
			}
		}
		for _, c := range client.Faults() {
			if slices.Contains(c.Breaks, r.ID) {
				faults = append(faults, c.Name+": "+c.Says)
			}
		}
		x.fields("stated in", clauses)
		x.field("because", r.Because)
		x.field("defined", fmt.Sprintf("%s:%d", r.File, r.Line))
		x.items("rules", rules)
		x.items("broken by", faults)
	}
}

func (x *explainer) clientRules(id string) {
	for _, r := range x.suite.ClientRules() {
		if !x.is("rule for clients", r.Name, r.Name == id) {
			continue
		}
		x.field("says", "a client "+r.Says)
		x.field("reports", r.Requirement)
		var faults []string
		for _, c := range client.Faults() {
			if slices.Contains(c.Breaks, r.Requirement) {
				faults = append(faults, c.Name+": "+c.Says)
			}
		}
		x.items("broken by", faults)
	}
}

func (x *explainer) clientFaults(id string) {
	for _, c := range client.Faults() {
		if !x.is("faulty client", c.Name, c.Name == id) {
			continue
		}
		x.field("does", "a client that "+c.Says)
		x.fields("breaks", c.Breaks)
		x.field("trouble", c.Trouble)
	}
}

func (x *explainer) requirements(id string) {
	for _, r := range x.suite.Requirements {
		if !x.is("requirement", r.ID, r.ID == id) {
			continue
		}
		x.field("owes", "an implementation "+r.Says)
		x.field("level", levelText(r.Level))
		x.field("own rule", ruleOn(x.rules, r.ID))
		var clauses []string
		for _, c := range r.Clauses {
			clauses = append(clauses, c.String())
		}
		x.fields("stated in", clauses)
		x.field("because", r.Because)
		x.field("no case", r.Waived)
		x.field("defined", fmt.Sprintf("%s:%d", r.File, r.Line))
		var cases, pinned []string
		for _, c := range x.suite.Cases {
			if slices.Contains(c.Proves, r.ID) {
				cases = append(cases, c.ID)
				pinned = append(pinned, c.Name)
			}
		}
		x.items("cases", cases)
		x.items("checks", x.checksOf(r.ID))
		proven := mutate.Proven()
		x.field("state", map[string]string{
			"declared":  "declared: no case judges it",
			"exercised": "exercised: cases judge it, and no fault has shown that they detect a violation",
			"proven": fmt.Sprintf("proven: %d %s found to break it", len(proven[r.ID]),
				was(len(proven[r.ID]), "fault")),
		}[state(x.suite, r.ID, proven)])
		x.items("proven by", x.named(proven[r.ID]))
		var faults []string
		for _, f := range x.table {
			if slices.Contains(f.Breaks, r.ID) && !slices.Contains(proven[r.ID], f.Name) {
				faults = append(faults, f.Name)
			}
		}
		x.items("others", x.named(faults))
		x.rulings(pinned)
	}
}

// named adds to each name of a fault what it does.
func (x *explainer) named(faults []string) (out []string) {
	for _, f := range x.table {
		if slices.Contains(faults, f.Name) {
			out = append(out, f.Name+": "+f.Says)
		}
	}
	return out
}

// was counts things that something was done to: "fault was", "faults were".
func was(n int, word string) string {
	if n == 1 {
		return word + " was"
	}
	return word + "s were"
}

// levelText returns the meaning of a level, and the consequence of breaking its requirements.
func levelText(l record.Level) string {
	return fmt.Sprintf("%v: %s; %s", l, l.Meaning(), l.Consequence())
}

// levels explains a level by its name.
func (x *explainer) levels(id string) {
	for _, l := range record.Levels() {
		if !x.is("level", l.String(), l.String() == id) {
			continue
		}
		x.field("means", l.Meaning())
		x.field("broken", l.Consequence())
		var bases []string
		for _, b := range record.Bases() {
			if b.Level == l {
				bases = append(bases, b.Name+": "+b.Says)
			}
		}
		x.items("carried by", bases)
		x.field("list them", "fmaspec list requirements -level "+id)
	}
}

// checksOf returns the checks that report a requirement.
func (x *explainer) checksOf(id string) (out []string) {
	for _, c := range x.suite.Checks() {
		if slices.Contains(c.Requirements, id) {
			out = append(out, c.Name+": "+c.Doc)
		}
	}
	if len(out) == 0 {
		for _, c := range x.suite.Checks() {
			if len(c.Requirements) == 0 {
				out = append(out, c.Name+": "+c.Doc)
			}
		}
	}
	return out
}

// rulings adds the contradictions whose rulings the named cases test.
func (x *explainer) rulings(cases []string) {
	var out []string
	for _, c := range x.suite.Contradictions {
		if slices.ContainsFunc(c.Pinned, func(pin string) bool {
			name, ok := strings.CutPrefix(pin, "case ")
			return ok && slices.Contains(cases, name)
		}) {
			out = append(out, fmt.Sprintf("%s: %s; so %s", c.ID, c.What, c.Ruling))
		}
	}
	x.fields("rulings", out)
}

func (x *explainer) cases(id string) {
	var same []*conformance.Case // one, or a file's cases for several operations
	for _, c := range x.suite.Cases {
		x.known = append(x.known, c.ID, c.Name)
		if c.ID == id || c.Name == id {
			same = append(same, c)
		}
	}
	if len(same) == 0 || !x.is("case", id, true) {
		return
	}
	c := same[0]
	var operations, proves, expects []string
	for _, other := range same {
		operations = append(operations, other.Operation)
	}
	for _, p := range c.Proves {
		if r := x.suite.Requirement(p); r != nil {
			proves = append(proves, fmt.Sprintf("%s (%s): an implementation %s", r.ID, r.Level, r.Says))
		}
	}
	for i, s := range c.Steps {
		if i == 0 || s.Line != c.Steps[i-1].Line { // a request that is sent several times is printed once
			expects = append(expects, expectation(s))
		}
	}
	x.field("title", c.Title)
	if c.Generator == "" {
		x.field("file", fmt.Sprintf("%s:%d", c.File, c.Line))
	} else {
		x.field("generated", "from the contract, phase "+c.Generator)
	}
	x.field("operations", strings.Join(operations, ", "))
	x.fields("proves", proves)
	x.field("expects", strings.Join(expects, ", then "))
	x.field("control", strings.TrimPrefix(c.Control, c.Operation+"/"))
	var also []string
	for _, id := range c.Also {
		also = append(also, strings.TrimPrefix(id, c.Operation+"/"))
	}
	x.fields("and", append(also, c.Carries...))
	x.field("needs", strings.Join(c.Needs, ", "))
	x.field("because", c.Because)
	x.rulings([]string{c.Name})
	x.field("send it", "fmaspec run -run "+id)
	text := x.source(c)
	if c.Generator != "" {
		text = request(c)
	}
	if text != "" {
		x.line("")
		for line := range strings.Lines(text) {
			x.line("%s", strings.TrimSuffix(line, "\n"))
		}
	}
}

func (x *explainer) groups(id string) {
	for _, g := range generate.Groups() {
		if !x.is("group", g.Name, g.Name == id) {
			continue
		}
		x.field("holds", "generated requests in which "+g.Says)
		for _, of := range x.suite.Groups {
			if of.Name == g.Name {
				x.fields("proves", of.Proves)
				x.field("expects", expectation(conformance.Step{Expect: of.Expect, Statuses: of.Statuses}))
				x.field("needs", strings.Join(of.Needs, ", "))
				x.field("because", of.Because)
				x.field("defined", fmt.Sprintf("%s:%d", of.File, of.Line))
			}
		}
		x.field("list them", fmt.Sprintf("fmaspec list generated -run /%s/%s/", generate.Generator, g.Name))
	}
}

// request returns a generated request with its variables, indented.
func request(c *conformance.Case) string {
	var out strings.Builder
	for _, s := range c.Steps {
		fmt.Fprintf(&out, "  %s %s\n", s.Method, s.Path)
		for _, f := range s.Header {
			if f.Value != "{{none}}" {
				fmt.Fprintf(&out, "  %s: %s\n", f.Name, f.Value)
			}
		}
		fmt.Fprintf(&out, "\n  %s\n\n", strings.Trim(strings.ReplaceAll(fmt.Sprintf("%.1000q", s.Body), `\"`, `"`),
			`"`))
	}
	return out.String()
}

// expectation returns the expected result of a step.
func expectation(s conformance.Step) string {
	if s.Expect == conformance.Either {
		return "accepted or refused"
	}
	return fmt.Sprintf("%v with %s", s.Expect, strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Statuses), "[]"), " ",
		" or "))
}

// source returns the requests of a case as written in its file, indented.
func (x *explainer) source(c *conformance.Case) (text string) {
	for _, s := range x.sources {
		fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Join(s.Name, name) != c.File {
				return nil
			}
			data, _ := fs.ReadFile(s.FS, name) // it could be read a moment ago
			lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
			for _, line := range lines[min(c.Line-1, len(lines)):] {
				text += strings.TrimRight("    "+line, " ") + "\n"
			}
			return fs.SkipAll
		})
	}
	return text
}

func (x *explainer) checks(id string) {
	for _, c := range x.suite.Checks() {
		if !x.is("check", c.Name, c.Name == id) {
			continue
		}
		x.field("looks", c.Doc)
		charges := slices.Clone(c.Requirements)
		if len(charges) == 0 {
			charges = []string{"the requirement that the case tests"}
		}
		x.items("charges", charges)
		var faults []string
		for _, f := range x.table {
			if len(f.Breaks) > 0 && slices.Contains(c.Requirements, f.Breaks[0]) {
				faults = append(faults, f.Name+": "+f.Says)
			}
		}
		x.items("faults", faults)
	}
}

func (x *explainer) faults(id string) {
	for _, f := range x.table {
		if !x.is("fault", f.Name, f.Name == id) {
			continue
		}
		x.field("says", "it "+f.Says)
		x.field("level", mutate.Level(x.suite, f))
		var breaks []string
		for _, b := range f.Breaks {
			if r := x.suite.Requirement(b); r != nil {
				breaks = append(breaks, fmt.Sprintf("%s: an implementation %s", r.ID, r.Says))
			}
		}
		x.fields("breaks", breaks)
		if f.Waits {
			x.field("seen", "only by a client that times out: run with a short -timeout")
		}
		if f.Phase == reference.Unfound {
			x.field("phase", f.Phase+": no case finds it")
		} else if f.Phase != "" {
			x.field("phase", f.Phase+": its cases have to find it, and the written ones do not")
		}
		x.field("serve it", "fmaspec serve -fault "+f.Name)
	}
}

func (x *explainer) variants(id string) {
	for _, v := range reference.Variants() {
		if x.is("variant", v.Name, v.Name == id) {
			x.field("says", "it "+v.Says)
			x.items("deviates", v.Deviates)
			x.field("serve it", "fmaspec serve -variant "+v.Name)
		}
	}
}

func (x *explainer) contradictions(id string) {
	for _, c := range x.suite.Contradictions {
		if x.is("contradiction", c.ID, c.ID == id) {
			x.field("what", c.What)
			x.items("where", c.Where)
			x.field("ruling", c.Ruling)
			x.items("pinned by", c.Pinned)
			x.field("defined", fmt.Sprintf("%s:%d", c.File, c.Line))
		}
	}
}
