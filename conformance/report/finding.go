package report

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

// A problem is what several findings have in common: the same violation, in whatever case and
// answer it was found. An accepted finding is another problem than one that is not accepted,
// or that is accepted for another reason.
type problem struct{ check, requirement, place, want, accepted string }

func problemOf(f record.Finding) problem {
	p := problem{check: f.Check, requirement: f.Requirement, place: f.Place, want: f.Want}
	if f.Known != nil {
		p.accepted = acceptance(f.Known)
	}
	return p
}

// reasonOf returns the problem of a case that could not be judged.
func reasonOf(c *record.CaseResult) problem { return problem{want: c.Reason} }

// problemsOf returns the problems of a case, each once.
func problemsOf(c *record.CaseResult) []problem {
	var all []problem
	for _, f := range c.Findings {
		all = append(all, problemOf(f))
	}
	if c.Outcome == record.Errored {
		all = append(all, reasonOf(c))
	}
	var once []problem
	for _, p := range all {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	return once
}

// groups maps each problem to the cases that have it, in the order of the report, but
// written cases before generated ones: a problem is shown by a case that somebody explained.
type groups map[problem][]string

func groupsOf(cases []*record.CaseResult) groups {
	g := groups{}
	for _, generated := range []bool{false, true} {
		for _, c := range cases {
			if (c.File == "") != generated {
				continue
			}
			for _, p := range problemsOf(c) {
				g[p] = append(g[p], c.ID)
			}
		}
	}
	return g
}

// others returns the other cases with a problem of the case id, and the first case with the
// problem, if that is another one.
func (g groups) others(p problem, id string) (rest []string, first string) {
	ids := g[p]
	if len(ids) == 0 {
		return nil, ""
	}
	if ids[0] != id {
		return nil, ids[0]
	}
	return ids[1:], ""
}

// isFirst reports whether the case is the first one with one of its problems.
func (g groups) isFirst(c *record.CaseResult) bool {
	return slices.ContainsFunc(problemsOf(c), func(p problem) bool {
		_,
			first := g.others(p, c.ID)
		return first == ""
	})
}

// labels are the headings of the findings of a case, by outcome.
var labels = map[record.Outcome]span{
	record.Failed:        {red, "FAIL"},
	record.Deviated:      {yellow, "DEV"},
	record.Errored:       {red, "ERROR"},
	record.Passed:        {green, "ok"},
	record.Inconclusive:  {yellow, "INCONCLUSIVE"},
	record.Skipped:       {dim, "SKIP"},
	record.NotApplicable: {dim, "N/A"},
}

// known reports whether a case fails only by accepted findings.
func known(c *record.CaseResult, r *record.Report) bool {
	return r != nil && c.Outcome == record.Failed && allKnown(c, r) != ""
}

// labelOf returns the heading of a case of a report.
func labelOf(c *record.CaseResult, r *record.Report) span {
	if known(c, r) {
		return span{yellow, "KNOWN"}
	}
	return labels[c.Outcome]
}

// FindingText returns the description of one case: its findings with the requirement that each
// breaks, the request, the response, and how to reproduce it. The report supplies the text of
// the requirements; it may be nil. All lines but the last end in "\n".
func FindingText(c record.CaseResult, r *record.Report, style Style) string {
	p := &page{Style: style}
	p.caseText(&c, r, nil)
	return strings.TrimSuffix(p.String(), "\n")
}

// caseText adds the block of a case. A problem that g has in an earlier case is only referred
// to, and of a known finding among others the block has who accepted it, not the exchange.
func (p *page) caseText(c *record.CaseResult, r *record.Report, g groups) {
	label := labelOf(c, r)
	brief := g != nil && !p.Verbose
	if head := []span{label, {bold, " " + c.ID}}; c.File == "" {
		p.line(head...)
	} else {
		p.bothEnds(fmt.Sprintf("%s:%d", c.File, c.Line), head...)
	}
	if c.Title != "" {
		p.line(span{dim, "  " + c.Title})
	}
	var steps []int // to be shown
	shown := map[problem]bool{}
	for _, f := range c.Findings {
		key := problemOf(f)
		if shown[key] && !p.Verbose {
			continue
		}
		shown[key] = true
		rest, first := g.others(key, c.ID)
		code := label.code
		if f.Known != nil {
			code = yellow
		}
		p.findingLine(c, f, code)
		if first != "" && !p.Verbose {
			p.line(span{dim, "     as in " + first})
			continue
		}
		p.source(r, f)
		if again := repeats(c, f); again > 0 && (!p.Verbose || f.Times > 1) {
			what := "more answer"
			if isTraffic(r) { // it is about requests too
				what = "more exchange"
			}
			p.line(span{dim, fmt.Sprintf("     … and the same in %s of this case", count(again, what))})
		}
		p.acceptedBy(r, f.Known)
		p.same(rest)
		if !slices.Contains(steps, f.Step) && !(brief && f.Known != nil) {
			steps = append(steps, f.Step)
		}
	}
	if c.Reason != "" {
		p.line(span{"", "  because "}, span{label.code, c.Reason})
		if c.Outcome == record.Errored {
			rest, _ := g.others(reasonOf(c), c.ID)
			p.same(rest)
			if at := troubled(c); at >= 0 && !slices.Contains(steps, at) {
				steps = append(steps, at)
			}
		}
	}
	for i, step := range steps {
		if i == 3 && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("  … and %s", count(len(steps)-i, "more exchange"))})
			break
		}
		if x := c.Exchange(step); x != nil {
			p.exchange(r, c, x)
		}
	}
	if command := again(r, c); command != "" && !(brief && known(c, r)) {
		p.uncut("  again   ", command)
	}
}

// again returns the command that runs the case again, or "" if there is none: a handler in
// memory cannot be reached, and an escaped id would be another one. The report may be nil.
func again(r *record.Report, c *record.CaseResult) string {
	command := "fmaspec run"
	switch {
	case r == nil:
	case r.Target.URL == record.InMemory, r.Traffic != nil, r.Subject != "":
		return ""
	case r.Target.URL != "" && r.Target.Name == r.Target.URL: // else it is the embedded server
		command += " -url " + curl.ShellWord(r.Target.URL)
	}
	explored := strings.HasPrefix(c.ID, c.Operation+"/"+record.Explored+"/")
	switch only := " -run " + inQuotes("^"+regexp.QuoteMeta(c.ID)+"$"); {
	case r == nil:
		command += only
	case !explored:
		command += settings(r.Settings) + only
	case c.File != "": // it is a case of the suite by now
		command += settings(without(r.Settings, "generate")) + only
	case r.Exploration == nil:
		return ""
	default: // it is found again where as many are drawn from the same seed
		command += settings(without(r.Settings, "seed")) + " -seed " + curl.ShellWord(r.Suite.Seed) +
			fmt.Sprintf(" -n %d -save ''", r.Exploration.Drawn)
		for _, pattern := range []record.Setting{{Flag: "run", Value: r.Suite.Run}, {Flag: "skip",
			Value: r.Suite.Skip}} {
			if pattern.Value != "" {
				command += " -" + pattern.Flag + " " + inQuotes(pattern.Value)
			}
		}
	}
	if safe(command) != command {
		return ""
	}
	return command
}

// without leaves out a flag.
func without(of []record.Setting, flag string) []record.Setting {
	return slices.DeleteFunc(slices.Clone(of), func(s record.Setting) bool { return s.Flag == flag })
}

// settings returns the flags that the user set, quoted for a shell.
func settings(of []record.Setting) string {
	var b strings.Builder
	kinds := record.SettingKinds()
	for _, s := range of {
		if kind := kinds[s.Flag]; kind != record.Carried && kind != record.Hidden {
			continue // not a flag of run, or added elsewhere
		}
		b.WriteString(" -" + s.Flag)
		switch isSwitch := slices.Contains([]string{"builtin", "http2", "insecure", "strict"}, s.Flag); {
		case isSwitch && s.Value == "true":
		case isSwitch:
			b.WriteString("=" + curl.ShellWord(s.Value))
		default:
			b.WriteString(" " + curl.ShellWord(s.Value))
		}
	}
	return b.String()
}

// inQuotes returns text as one quoted word of a POSIX shell.
func inQuotes(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// directness orders cases by how directly they show a problem: first those that test a
// requirement which they break, of these the ones without a control, of these the ones with
// the fewest exchanges.
func directness(c *record.CaseResult) int {
	if len(c.Findings) == 0 {
		return -len(c.Proves) // the simplest requests test the most
	}
	aside := 2
	if slices.ContainsFunc(c.Findings, func(f record.Finding) bool {
		return slices.Contains(c.Proves,
			f.Requirement)
	}) {
		aside = 0
		if c.Control != "" {
			aside = 1
		}
	}
	return aside*1000 + len(c.Exchanges)
}

// findingLine adds check, place, want and got: on one line if they fit, else below each other.
func (p *page) findingLine(c *record.CaseResult, f record.Finding, code string) {
	place := f.Place
	switch {
	case f.Source != nil:
		place += ", at " + f.Source.String()
	case len(c.Exchanges) > 1:
		place += fmt.Sprintf(" (answer %d of %d)", f.Step+1, len(c.Exchanges))
	}
	head := []span{{code, "  " + f.Check}, {"", "   " + place}}
	want, got := span{"", "   want " + f.Want}, span{"", "   got " + f.Got}
	if columns(safe("  "+f.Check+"   "+place+want.text+got.text)) <= p.width() {
		p.line(append(head, want, got)...)
		return
	}
	p.line(head...)
	p.line(span{"", "     want " + f.Want})
	p.line(span{"", "     got  " + f.Got})
}

// source adds the requirement of a finding, and where it is stated.
func (p *page) source(r *record.Report, f record.Finding) {
	req := requirement(r, f.Requirement)
	line := "     " + f.Level.String() + "   " + f.Requirement
	if req == nil {
		p.line(span{dim, line})
		return
	}
	if source := cite(req.Document, req.Section); source != "" {
		line += "   " + source
	}
	p.line(span{dim, line})
	if rule := ownRuleOf(r, f.Requirement); rule != nil {
		p.line(span{yellow, "     own rule: "}, span{dim, rule.Change() + "; " + ruleReason(*rule)})
	}
	if req.Says != "" {
		p.line(span{dim, "     " + subjectOf(r) + " " + req.Says})
	}
	if req.Because != "" {
		p.line(span{dim, "     because " + req.Because})
	}
}

// subjectOf returns the subject of the requirements of a report, which may be nil.
func subjectOf(r *record.Report) string {
	if r != nil && r.Subject == record.ClientSubject {
		return "a client"
	}
	return "an implementation"
}

// acceptedBy adds who accepted a finding, until when, in which line, and why.
func (p *page) acceptedBy(r *record.Report, k *record.Known) {
	if k == nil {
		return
	}
	line := "     known   " + k.Owner
	if k.Expires != "" {
		line += ", until " + k.Expires
	}
	if r != nil && r.Baseline != nil {
		line += fmt.Sprintf("   %s:%d", r.Baseline.File, k.Line)
	}
	p.line(span{yellow, line})
	p.line(span{dim, "     accepted because " + k.Reason})
}

// same adds a line that counts the other cases of a group, and names as many as fit into it.
func (p *page) same(rest []string) {
	if len(rest) == 0 || p.Verbose {
		return
	}
	text := "     … and the same in " + count(len(rest), "more case")
	for named := min(3, len(rest)); named > 0; named-- {
		list := text + ": " + strings.Join(rest[:named], ", ")
		if others := len(rest) - named; others > 0 {
			list += fmt.Sprintf(" … (+%d)", others)
		}
		if columns(safe(list)) <= p.width() {
			text = list
			break
		}
	}
	p.line(span{dim, text})
}

// exchange adds request and response.
func (p *page) exchange(r *record.Report, c *record.CaseResult, x *record.ExchangeResult) {
	rows := 8
	if p.Verbose {
		rows = 60
	}
	lead := "  sent    "
	if len(c.Exchanges) > 1 {
		lead = fmt.Sprintf("  sent %-2d ", x.Step+1)
	}
	if x.Source != nil {
		p.line(span{dim, "  at      " + x.Source.String()})
	}
	p.line(span{dim, lead}, span{"", x.Request.Method + " " + target(x.Request)})
	p.block("          ", string(x.Request.Body), rows)
	lead = "  came    "
	if x.Response != nil {
		status := fmt.Sprintf("%d %s", x.Response.Status, http.StatusText(x.Response.Status))
		about := []string{strings.TrimSpace(status)}
		if types := x.Response.Header.Values("Content-Type"); len(types) > 0 {
			about = append(about, strings.Join(types, ", "))
		}
		about = append(about, count(len(x.Response.Body), "byte")+" in "+x.Elapsed.Round(time.Microsecond).String())
		if x.Response.Truncated {
			about = append(about, "the rest is beyond the limit")
		}
		if x.Response.Shortened {
			about = append(about, "the rest was judged and is not in the report")
		}
		p.line(span{dim, lead}, span{"", strings.Join(about, "   ")})
		p.block("          ", string(x.Response.Body), rows)
		lead = "          "
	}
	switch {
	case x.Error != "":
		p.line(span{dim, lead}, span{red, x.Error})
	case x.Response == nil:
		p.line(span{dim, lead}, span{"", "no answer"})
	}
	switch command, why := replayCommand(r, x); {
	case p.commands > 0 && len(command) > p.commands:
		p.line(span{dim, "  replay  (the curl command is too long for this report; that of the console has it)"})
	case command != "":
		p.uncut("  replay  ", command)
	case why != "":
		p.line(span{dim, "  replay  (no curl command: " + why + ")"})
	}
}

// replayCommand returns [curl.Command], but no command that would be shown escaped and so
// would send something else.
func replayCommand(r *record.Report, x *record.ExchangeResult) (command, why string) {
	command, why = curl.Command(r, x)
	if safe(command) != command {
		return "", "it has characters that are not shown here"
	}
	return command, why
}

// path returns a URL without scheme and host, so that the operation at its end is not cut off.
// The run's header and the curl command show scheme and host.
func path(url string) string {
	_, rest, found := strings.Cut(url, "://")
	slash := strings.IndexByte(rest, '/')
	if !found || slash < 0 {
		return url
	}
	return rest[slash:]
}

// target returns the request target: the path, or the whole URL if the request has the
// absolute form.
func target(r record.Request) string {
	if r.Absolute {
		return r.URL + version(r)
	}
	return path(r.URL) + version(r)
}

// version returns what the request line says behind the target, where it is not as usual.
func version(r record.Request) string {
	if r.Version == "" {
		return ""
	}
	return " HTTP/" + r.Version
}

// repeats returns the number of further findings of a case with the same problem.
func repeats(c *record.CaseResult, f record.Finding) int {
	n := -1
	for _, other := range c.Findings {
		if problemOf(other) == problemOf(f) {
			n += other.Count()
		}
	}
	return n
}

// isTraffic reports whether a report, which may be nil, is of exchanges that somebody else made.
func isTraffic(r *record.Report) bool { return r != nil && (r.Traffic != nil || r.Subject != "") }

// troubled returns the step that failed on the wire, or the last one, or -1 if there is none.
func troubled(c *record.CaseResult) int {
	step := -1
	for _, x := range c.Exchanges {
		if step = x.Step; x.Error != "" {
			break
		}
	}
	return step
}

// requirement returns the requirement of that id, or nil.
func requirement(r *record.Report, id string) *record.Requirement {
	if r == nil {
		return nil
	}
	for i := range r.Requirements {
		if r.Requirements[i].ID == id {
			return &r.Requirements[i].Requirement
		}
	}
	return nil
}

// cite returns the source of a requirement: RFC 9110, 15.5.6 – or a heading in quotes.
func cite(document, section string) string {
	switch {
	case document == "" || section == "":
		return document + section
	case strings.Contains(section, "RFC ") || namesEach(document, section):
		return section
	case strings.ContainsAny(section, `"“”`) || section[0] >= '0' && section[0] <= '9':
		return document + ", " + section
	}
	return document + `, "` + section + `"`
}

// namesEach reports whether a section is of several documents, and names each.
func namesEach(documents, section string) bool {
	names := strings.Split(documents, ", ")
	return len(names) > 1 && !slices.ContainsFunc(names, func(n string) bool { return !strings.Contains(section, n) })
}
