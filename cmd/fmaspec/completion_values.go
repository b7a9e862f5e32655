package main

import (
	"flag"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/client"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

// values say what a flag or an operand takes.
type values struct {
	kind string                             // "" where nothing can be offered
	all  func(line commandLine) []candidate // of values and parts
	then string                             // of parts: the kind of what follows =
}

// answer returns what completes a text of which some is there.
func (v values) answer(line commandLine, before, begun string) answer {
	switch v.kind {
	case "files", "folders":
		return answer{kind: v.kind, before: before}
	case "parts":
		if at := strings.IndexByte(begun, '='); at >= 0 {
			return answer{kind: v.then, before: before + begun[:at+1]}
		}
		return offered("parts", before, begun, v.all(line))
	case "":
		return answer{kind: "values"}
	}
	return offered(v.kind, before, begun, v.all(line))
}

// anything says that nothing can be offered.
func anything() values { return values{} }

func files() values { return values{kind: "files"} }

func folders() values { return values{kind: "folders"} }

func words(names ...string) values {
	var all []candidate
	for _, name := range names {
		all = append(all, candidate{name, ""})
	}
	return values{kind: "values", all: func(commandLine) []candidate { return all }}
}

// formatFiles are words such as json=FILE.
func formatFiles(formats []candidate) values {
	var all []candidate
	for _, f := range formats {
		all = append(all, candidate{f.word + "=", f.says})
	}
	return values{kind: "parts", all: func(commandLine) []candidate { return all }, then: "files"}
}

func reportFormats() (all []candidate) {
	for _, f := range report.Formats() {
		all = append(all, candidate{f.Name, glance(f.Doc)})
	}
	return all
}

func of(all func() []candidate) values {
	return values{kind: "values", all: func(commandLine) []candidate { return all() }}
}

// ofSuite are words of the suite, with the cases of -fixtures if they can be read.
func ofSuite(all func(*conformance.Suite) []candidate) values {
	return values{kind: "values", all: func(line commandLine) []candidate {
		suite, _, err := (&library{folders: line.folders, builtin: true}).load()
		if err != nil {
			suite, _, err = (&library{builtin: true}).load()
		}
		if err != nil {
			return nil
		}
		return all(suite)
	}}
}

func caseIDs(suite *conformance.Suite) (all []candidate) {
	for _, c := range suite.Cases {
		all = append(all, candidate{c.ID, glance(c.Title)})
	}
	return all
}

func faultNames() (all []candidate) {
	for _, f := range reference.Faults() {
		all = append(all, candidate{f.Name, glance(f.Says)})
	}
	return all
}

func variantNames() (all []candidate) {
	for _, v := range reference.Variants() {
		all = append(all, candidate{v.Name, glance(v.Says)})
	}
	return all
}

func troubleNames() (all []candidate) {
	for _, t := range reference.Troubles(nil) {
		all = append(all, candidate{t.Name, glance(t.Says)})
	}
	return all
}

func kindCandidates() (all []candidate) {
	for _, k := range kinds {
		all = append(all, candidate{k.name, k.says})
	}
	return all
}

// explainedIDs returns the ids that fmaspec explain knows.
func explainedIDs(suite *conformance.Suite) (all []candidate) {
	for _, r := range suite.Requirements {
		all = append(all, candidate{r.ID, glance(r.Says)})
	}
	all = append(all, caseIDs(suite)...)
	for _, c := range suite.Checks() {
		all = append(all, candidate{c.Name, glance(c.Doc)})
	}
	all = slices.Concat(all, faultNames(), variantNames())
	for _, r := range suite.ClientRules() {
		all = append(all, candidate{r.Name, glance(r.Says)})
	}
	for _, f := range client.Faults() {
		all = append(all, candidate{f.Name, glance(f.Says)})
	}
	for _, c := range suite.Contradictions {
		all = append(all, candidate{c.ID, ""})
	}
	return all
}

func levelNames() (names []string) {
	for _, l := range record.Levels() {
		names = append(names, l.String())
	}
	return names
}

func operationIDs(suite *conformance.Suite) (all []candidate) {
	for _, op := range suite.Operations {
		all = append(all, candidate{op.ID, ""})
	}
	return all
}

// operandValues say what the operands of a command are; the last row is that of all further ones.
func operandValues() map[string][]values {
	return map[string][]values{
		"compare":    {files(), files(), anything()},
		"report":     {files()},
		"verify":     {files(), anything()},
		"check":      {files()},
		"auth":       {words("check"), anything()},
		"journal":    {files(), anything()},
		"pact":       {words("write", "check"), files()},
		"lint":       {folders()},
		"list":       {of(kindCandidates), anything()},
		"explain":    {ofSuite(explainedIDs), anything()},
		"export":     {words("k6"), anything()},
		"completion": {words(shellNames()...), anything()},
		"help":       {of(commandCandidates), anything()},
		"man":        {of(commandCandidates), anything()},
	}
}

// flagValues say what flags take, by the name of a command and a flag, by that of a flag, or by the
// operand in its description.
func flagValues() map[string]values {
	out := map[string]values{
		"FILE": files(), "REPORT": files(), "FOLDER": folders(), "OPERATION": ofSuite(operationIDs),
		"LEVEL": words(levelNames()...), "PATTERN": ofSuite(caseIDs), "FORMAT=FILE": formatFiles(reportFormats()),
		"run -generate":  words(generateAuto, generateNone, generateCoverage, generateExplore),
		"run -record":    formatFiles([]candidate{{"ndjson", ""}}),
		"proxy -record":  formatFiles([]candidate{{"ndjson", ""}, {"har", ""}}),
		"report -format": of(reportFormats), "compare -format": words("text", "json", "markdown"),
		"contract -format": words("yaml", "json", "markdown"), "contract -openapi": words("3.1", "3.0"),
		"pact -spec": words("V4", "V3"), "selftest -phase": words("written", "coverage", "exploration", "all"),
		"fault": of(faultNames), "variant": of(variantNames), "trouble": of(troubleNames),
		"proxy":       words("env", "none"),
		"init -suite": folders(),
		"accept-less": words(lessNames()...),
	}
	for _, free := range strings.Fields("ADDRESS AUDIENCE BYTES CASES=WEIGHT DURATION FIELD HASH HOST:PORT:ADDRESS " +
		"I/N ID LINE N N/UNIT NAME PERCENT RESOURCE SCOPE SEED TEXT TIME URL") {
		out[free] = anything()
	}
	return out
}

// valuesOf returns what a flag takes. The values of a choice are those that it has.
func valuesOf(c command, f *flag.Flag) values {
	operand, _ := flag.UnquoteUsage(f)
	if is, ok := f.Value.(*choice); ok {
		return words(is.of...)
	}
	if isSwitch(f) {
		return words("true", "false")
	}
	table := flagValues()
	for _, key := range []string{c.name + " -" + f.Name, f.Name, operand} {
		if v, known := table[key]; known {
			return v
		}
	}
	return values{kind: "unknown"}
}
