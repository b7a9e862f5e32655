package conformance

// A FieldSource says where [Suite.Verify] has the value of a report's field from.
type FieldSource string

// The sources.
const (
	Derived  FieldSource = "derived"  // from the exchanges, the settings and the suite; any other value is a difference
	Bounded  FieldSource = "bounded"  // it is taken as recorded, and a value that cannot be is a difference
	Recorded FieldSource = "recorded" // it is taken as recorded
)

// A ReportField is a field of [record.Report], and how it is verified.
type ReportField struct {
	Path   string // member names as in JSON, [] for an item of a list, {} for a member of any name
	Source FieldSource
	Why    string // why it is not derived, or from what it is
}

// ReportFields returns every field of a report. Those that are not derived are what
// a report is evidence of: what came and when, and how the run was set.
func ReportFields() []ReportField {
	const (
		setting  = "how the run was set; requests and selection follow from it"
		came     = "what came"
		when     = "when it came; the order of times is compared"
		machine  = "what the run ran on"
		baseline = "derived with the file of accepted findings, an exception without it"
	)
	return []ReportField{
		{"$schema", Derived, ""},
		{"suite.name", Derived, ""},
		{"suite.version", Derived, "another is of another suite, which cannot know"},
		{"suite.contract", Derived, "another is of another suite, which cannot know"},
		{"suite.fixtures", Derived, "another is of another suite, which cannot know"},
		{"suite.cases", Derived, ""},
		{"suite.run", Derived, setting},
		{"suite.skip", Derived, setting},
		{"suite.generated[]", Derived, "the generators make the same cases again"},
		{"suite.only[]", Derived, setting},
		{"suite.level", Bounded, setting},
		{"suite.strict", Bounded, setting},
		{"suite.seed", Derived, setting},
		{"suite.repeat", Derived, setting},
		{"suite.parallel", Bounded, setting},
		{"suite.timeout", Bounded, setting},
		{"environment.go", Bounded, machine},
		{"environment.os", Bounded, machine},
		{"environment.arch", Bounded, machine},
		{"environment.processors", Bounded, machine},
		{"target.url", Derived, setting},
		{"target.name", Recorded, "what the user calls the target"},
		{"target.machine", Derived, setting},
		{"target.unknown_machine", Derived, setting},
		{"target.other_machine", Derived, setting},
		{"target.sha1", Derived, setting},
		{"target.protocol", Derived, "from the answers"},
		{"target.insecure", Bounded, setting},
		{"target.proxy", Bounded, setting},
		{"target.resolve{}", Bounded, setting},
		{"target.made_up_token", Recorded, "whether the user gave a token"},
		{"settings[].flag", Bounded, "what the user set; compared with what was done"},
		{"settings[].value", Bounded, "what the user set; compared with what was done"},
		{"safety.local", Derived, "from URL, proxy and the addresses that were dialled"},
		{"safety.armed[]", Derived, setting},
		{"safety.max_actions", Bounded, setting},
		{"safety.actions", Derived, "an exception where the run was interrupted"},
		{"pace.retries", Derived, ""},
		{"pace.waited_ns", Bounded, when},
		{"last_look.tls", Bounded, "an exception where a request got no answer; only what this run tries is taken"},
		{"last_look.asked", Bounded, "an exception where a request got no answer; only what this run tries is taken"},
		{"last_look.answered", Bounded, "an exception where a request got no answer; only what this run tries " +
			"is taken"},
		{"last_look.got", Bounded, "an exception where a request got no answer; only what this run tries is taken"},
		{"started", Bounded, when},
		{"elapsed_ns", Bounded, when},
		{"verdict", Derived, ""},
		{"reason", Derived, ""},
		{"interrupted", Derived, "an exception where it was"},
		{"totals.total", Derived, ""},
		{"totals.passed", Derived, ""},
		{"totals.deviated", Derived, ""},
		{"totals.failed", Derived, ""},
		{"totals.errored", Derived, ""},
		{"totals.inconclusive", Derived, ""},
		{"totals.skipped", Derived, ""},
		{"totals.not_applicable", Derived, ""},
		{"totals.requests", Derived, ""},
		{"totals.findings", Derived, ""},
		{"panics[].value", Recorded, came},
		{"panics[].stack[]", Recorded, came},
		{"panics[].requests", Recorded, came},
		{"panics[].case", Recorded, came},
		{"baseline.file", Bounded, baseline},
		{"baseline.entries", Bounded, baseline},
		{"baseline.known", Bounded, baseline},
		{"baseline.verdict", Bounded, baseline},
		{"baseline.reason", Bounded, baseline},
		{"baseline.problems[].kind", Bounded, baseline},
		{"baseline.problems[].key", Bounded, baseline},
		{"baseline.problems[].line", Bounded, baseline},
		{"baseline.problems[].text", Bounded, baseline},
		{"operations[].id", Derived, ""},
		{"operations[].method", Derived, ""},
		{"operations[].path", Derived, ""},
		{"operations[].file", Derived, ""},
		{"operations[].line", Derived, ""},
		{"requirements[].id", Derived, ""},
		{"requirements[].level", Derived, ""},
		{"requirements[].document", Derived, ""},
		{"requirements[].section", Derived, ""},
		{"requirements[].clauses[].document", Derived, ""},
		{"requirements[].clauses[].section", Derived, ""},
		{"requirements[].clauses[].basis", Derived, ""},
		{"requirements[].clauses[].lines[]", Derived, ""},
		{"requirements[].says", Derived, ""},
		{"requirements[].because", Derived, ""},
		{"requirements[].waived", Derived, ""},
		{"requirements[].file", Derived, ""},
		{"requirements[].line", Derived, ""},
		{"requirements[].state", Derived, `an exception where it is "proven" and nothing completes the derived report`},
		{"requirements[].outcome", Derived, ""},
		{"requirements[].cases", Derived, ""},
		{"requirements[].findings", Derived, ""},
		{"cases[].id", Derived, ""},
		{"cases[].title", Derived, ""},
		{"cases[].operation", Derived, ""},
		{"cases[].proves[]", Derived, ""},
		{"cases[].control", Derived, ""},
		{"cases[].file", Derived, ""},
		{"cases[].line", Derived, ""},
		{"cases[].outcome", Derived, "an exception where exchanges are missing"},
		{"cases[].reason", Derived, "an exception where exchanges are missing"},
		{"cases[].findings[].key", Derived, "an exception where the answer is kept in part"},
		{"cases[].findings[].case", Derived, ""},
		{"cases[].findings[].step", Derived, ""},
		{"cases[].findings[].check", Derived, ""},
		{"cases[].findings[].requirement", Derived, ""},
		{"cases[].findings[].level", Derived, ""},
		{"cases[].findings[].place", Derived, ""},
		{"cases[].findings[].want", Derived, ""},
		{"cases[].findings[].got", Derived, ""},
		{"cases[].findings[].known.reason", Recorded, baseline},
		{"cases[].findings[].known.owner", Recorded, baseline},
		{"cases[].findings[].known.expires", Recorded, baseline},
		{"cases[].findings[].known.line", Recorded, baseline},
		{"cases[].dropped", Derived, "a report with one cannot be derived from its exchanges, and is refused"},
		{"cases[].exchanges[].step", Derived, ""},
		{"cases[].exchanges[].request.method", Derived, ""},
		{"cases[].exchanges[].request.url", Derived, ""},
		{"cases[].exchanges[].request.absolute", Derived, ""},
		{"cases[].exchanges[].request.header[].name", Derived, "a field that a setting adds has to stand in all " +
			"requests"},
		{"cases[].exchanges[].request.header[].value", Derived, "a field that a setting adds has to stand in all " +
			"requests"},
		{"cases[].exchanges[].request.body", Derived, ""},
		{"cases[].exchanges[].response.status", Recorded, came},
		{"cases[].exchanges[].response.proto", Bounded, came},
		{"cases[].exchanges[].response.header{}[]", Recorded, came},
		{"cases[].exchanges[].response.body", Bounded, came},
		{"cases[].exchanges[].response.truncated", Bounded, came},
		{"cases[].exchanges[].response.shortened", Bounded, "an exception; only a body of certain lengths is"},
		{"cases[].exchanges[].error", Bounded, came},
		{"cases[].exchanges[].error_kind", Bounded, came},
		{"cases[].exchanges[].retries", Bounded, came},
		{"cases[].exchanges[].alone", Bounded, "an exception where an answer of a state that passes has none"},
		{"cases[].exchanges[].inert", Derived, ""},
		{"cases[].exchanges[].leaked", Bounded, came},
		{"cases[].exchanges[].token_in[]", Bounded, came},
		{"cases[].exchanges[].action", Bounded, "an exception; only an answer that is kept in part has one"},
		{"cases[].exchanges[].started", Bounded, when},
		{"cases[].exchanges[].elapsed_ns", Bounded, when},
	}
}
