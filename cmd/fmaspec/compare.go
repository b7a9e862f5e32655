package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/compare"
	"fmaspec/conformance/credential"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// compareFlags are the settings of a comparison: those of a run, and those of the comparison.
type compareFlags struct {
	runFlags
	oldTokenFile, format string
	saveOld, saveNew     string
	strictShape          bool
	acceptLess           list
	given                map[string]bool // flags that were set, by a variable too
}

func compareCommand() command {
	return command{
		name: "compare", operands: "OLD NEW",
		short: "report regressions between two reports or two servers",
		about: "OLD and NEW are files that -report json=FILE wrote, or - for standard input, or the URLs of targets. " +
			"Targets are judged now, OLD first, with the same seed, options and cases; if the other side is a file, " +
			"with the settings of its report unless a flag overrides them. Nothing is sent to NEW before OLD has " +
			"been judged.\n" +
			"A regression is a case that fails in NEW and not in OLD; that was judged in OLD and not in NEW; that is " +
			"missing in NEW; or that fails with another finding. If there is no regression, but NEW was judged less " +
			"thoroughly than OLD, there is no verdict: with another suite, contract or fixtures, a narrower level, " +
			"without -strict, with fewer repetitions, a longer timeout, another protocol, an unverified certificate, " +
			"fewer armed operations, or weaker requirements. To accept such a difference, name it with -accept-less. " +
			"If neither side has a finding, answers are compared by status, header fields, members and their types, " +
			"and values of closed sets: this shows how a mock differs from its original, and fails only with " +
			"-strict-shape. Values that vary between requests (times, ids, comments, hashes) are never a " +
			"difference.\n" +
			"The token, the other credentials and the fields of -header are for NEW. OLD is sent them too if both " +
			"are on this machine or have the same scheme, host and port; else OLD needs its own token in " +
			oldTokenVariable + " or -old-token-file, and cases that need the other credentials are not applicable. " +
			"Which requests may take effect on a target is decided as in fmaspec run.\n" +
			"Exits with 0 if there is no regression, 1 on a regression, 2 for misuse and for files that cannot be " +
			"read, 3 if a side was not judged, or not completely, or NEW less thoroughly than OLD, and 4 if the " +
			"comparison is refused for safety.",
		examples: []string{
			"fmaspec compare old.json new.json",
			"fmaspec compare -strict-shape http://127.0.0.1:4010 http://127.0.0.1:8080",
			"fmaspec compare -accept-less armed mock.json https://tenant.example",
			"fmaspec compare released.json http://127.0.0.1:8080 -save-new new.json",
			"fmaspec compare -format markdown old.json new.json",
		},
		flags: func(set *flag.FlagSet) work {
			f := &compareFlags{runFlags: runFlags{layout: newLayout(), pause: timer}}
			f.library.flags(set)
			f.credentials.flags(set)
			set.StringVar(&f.oldTokenFile, "old-token-file", "", "read the bearer token for OLD from a `FILE`, in "+
				"place of "+oldTokenVariable+"; - is standard input")
			f.connection.flags(set)
			set.StringVar(&f.machine, "machine", "", "the `ID` of the machine in requests to both; for a target on "+
				"this machine, the documents' example is the default")
			otherMachineFlag(set, &f.otherMachine)
			sendingFlags(set, &f.options)
			set.BoolVar(&f.options.Strict, "strict", false, "let inferred requirements fail a case too")
			set.IntVar(&f.options.Repeat, "repeat", 1, "send each case `N` times, each time with other values, to "+
				"find intermittent behaviour")
			f.safety.flags(set)
			f.pace.flags(set)
			set.StringVar(&f.saveOld, "save-old", "", "write the report on OLD, if it is a target, as JSON into "+
				"a `FILE`")
			set.StringVar(&f.saveNew, "save-new", "", "write the report on NEW, if it is a target, as JSON into "+
				"a `FILE`")
			set.BoolVar(&f.strictShape, "strict-shape", false, "count answers of another shape as a regression too")
			set.Var(&f.acceptLess, "accept-less", "compare although NEW was judged less thoroughly than OLD in "+
				"`WHAT`: "+strings.Join(lessNames(), ", ")+"; may be repeated")
			set.StringVar(&f.format, "format", "text", "write the comparison as `FORMAT`: text, json or markdown")
			f.layout.flags(set)
			return func(ctx context.Context, e *env, operands []string) error {
				f.given = map[string]bool{}
				from := settingsOf(set) // a report is nearer than the settings file
				set.Visit(func(g *flag.Flag) { f.given[g.Name] = !from.gave(g.Name) })
				maps.DeleteFunc(f.given, func(_ string, own bool) bool { return !own })
				f.layout.settings = from.title()
				f.options.Settings = settings(set)
				f.options.Rules = from.rules()
				return f.compare(ctx, e, operands)
			}
		},
	}
}

// lessNames returns the values that -accept-less takes.
func lessNames() (names []string) {
	for _, less := range compare.Lesses() {
		names = append(names, less.Name)
	}
	return names
}

// validLess returns an error for a value that -accept-less does not take.
func validLess(all []string) error {
	for _, what := range all {
		if !slices.Contains(lessNames(), what) {
			return fmt.Errorf("-accept-less %s: unknown value%s; give one of %s", what, nearest.Hint(what, lessNames()),
				strings.Join(lessNames(), ", "))
		}
	}
	return nil
}

// A side is one of the two operands.
type side struct {
	name, operand string
	save          string
	report        *record.Report // of a file, or of the run when it is done
	target        conformance.Target
	plan          *conformance.Plan
	apart         bool // it is not sent the credentials of the other side
	local         bool // nothing sent to the target leaves this machine
	budget        int  // how many requests may take effect there
}

func (s *side) isTarget() bool { return strings.Contains(s.operand, "://") }

// hostAndPort matches a target whose scheme was left out, rather than a file.
var hostAndPort = regexp.MustCompile(`\A([\pL\pN.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}(/.*)?\z`)

// compare compares the two operands. It reports errors in flags and files before anything is sent.
func (f *compareFlags) compare(ctx context.Context, e *env, operands []string) error {
	if len(operands) != 2 {
		return fmt.Errorf("want two operands, OLD and NEW, got %d; each is a file that -report json=FILE wrote, or "+
			"the URL of a target", len(operands))
	}
	old, current := &side{name: "OLD", operand: operands[0], save: f.saveOld}, &side{name: "NEW", operand: operands[1],
		save: f.saveNew}
	for _, s := range []*side{old, current} {
		if s.operand == "" {
			return fmt.Errorf("%s \"\": the operand is empty, perhaps an unset shell variable; name a file that "+
				"-report json=FILE wrote, or the URL of a target", s.name)
		}
		if _, err := os.Stat(s.operand); err != nil && hostAndPort.MatchString(s.operand) {
			return fmt.Errorf("%s %s: http:// is missing; give http://%s, or https:// if it uses TLS", s.name,
				s.operand, s.operand)
		}
		if s.isTarget() {
			var err error
			if s.operand, err = conformance.TargetURL(s.operand); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	write, err := f.writer(e)
	if err != nil {
		return err
	}
	if err := validLess(f.acceptLess); err != nil {
		return err
	}
	if err := f.files(e, old, current); err != nil {
		return err
	}
	if err := f.validate(); err != nil {
		return err
	}
	if !old.isTarget() && !current.isTarget() {
		if err := f.idle(e); err != nil {
			return err
		}
	} else {
		if done, err := f.judge(ctx, e, old, current); err != nil || done {
			return err
		}
	}
	result := compare.Compare(old.report, current.report, compare.Options{StrictShape: f.strictShape,
		AcceptLess: f.acceptLess})
	out := bufio.NewWriter(e.stdout)
	if err := cmp.Or(write(out, result), out.Flush()); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the comparison was not written: %v\nits result was: %s", err,
			result.Verdict)}
	}
	switch result.Verdict {
	case compare.Regression:
		return &exit{code: exitNotConformant}
	case compare.Unjudged:
		return &exit{code: exitUnjudged}
	}
	return nil
}

// idle returns an error for a flag that configures sending or judging if both operands are
// reports. A variable may be set for other commands.
func (f *compareFlags) idle(e *env) error {
	reading := []string{"format", "strict-shape", "accept-less", "color", "q", "v"}
	for _, flag := range slices.Sorted(maps.Keys(f.given)) {
		if !slices.Contains(reading, flag) && (e.names(flag) || !e.defines(variable(flag))) {
			return fmt.Errorf("-%s: both operands are reports, so nothing is sent or judged; leave the flag out, or "+
				"give it to the run that writes the report", flag)
		}
	}
	return nil
}

// writer returns the writer of the format that -format names.
func (f *compareFlags) writer(e *env) (func(io.Writer, *compare.Comparison) error, error) {
	switch f.format {
	case "text":
		style := f.style(e, e.stdout)
		return func(w io.Writer, c *compare.Comparison) error {
			return compare.Console(w, c, compare.Style{Color: style.Color, Width: style.Width, Verbose: style.Verbose,
				Quiet: style.Quiet})
		}, nil
	case "json":
		return compare.JSON, nil
	case "markdown":
		return compare.Markdown, nil
	}
	return nil, fmt.Errorf("-format %s: unknown format%s; formats are text, json, markdown", f.format,
		nearest.Hint(f.format, []string{"text", "json", "markdown"}))
}

// files reads the reports that the operands name, and takes the settings for targets from them.
func (f *compareFlags) files(e *env, sides ...*side) error {
	var inputs []named
	for _, s := range sides {
		if s.operand == "-" {
			inputs = append(inputs, named{s.name, s.operand})
		}
	}
	c := &f.credentials
	for _, file := range append(c.allInputs(), named{"old-token-file", f.oldTokenFile}) {
		if file.value == "-" {
			inputs = append(inputs, named{"-" + file.flag, file.value})
		}
	}
	if len(inputs) > 1 {
		return fmt.Errorf("%s and %s both read standard input; name a file for one of them", inputs[0].flag,
			inputs[1].flag)
	}
	for _, s := range sides {
		if err := s.savable(); err != nil {
			return err
		}
		if s.isTarget() {
			continue
		}
		var err error
		if s.report, err = s.read(e); err != nil {
			return err
		}
		if sides[0].isTarget() || sides[1].isTarget() {
			f.like(s.report)
		}
	}
	if save := sides[0].save; save != "" && filepath.Clean(save) == filepath.Clean(sides[1].save) {
		return fmt.Errorf("-save-new %s: the report on OLD goes there too; name another file", sides[1].save)
	}
	return nil
}

// savable checks -save-old or -save-new.
func (s *side) savable() error {
	flag := "-save-" + strings.ToLower(s.name)
	switch info, err := os.Stat(filepath.Dir(s.save)); {
	case s.save == "":
		return nil
	case !s.isTarget():
		return fmt.Errorf("%s: %s is a report already; drop the flag", flag, s.name)
	case s.save == "-":
		return fmt.Errorf("%s -: the comparison goes to stdout; name a file", flag)
	case err != nil || !info.IsDir():
		return fmt.Errorf("%s %s: there is no folder %s; make it, or name a file in another", flag, s.save,
			filepath.Dir(s.save))
	}
	if info, err := os.Stat(s.save); err == nil && info.IsDir() {
		return fmt.Errorf("%s %s: it is a folder; name a file", flag, s.save)
	}
	return nil
}

// read returns the report in a file.
func (s *side) read(e *env) (*record.Report, error) {
	if info, err := os.Stat(s.operand); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s %s: it is a folder; name a file that -report json=FILE has written", s.name,
			s.operand)
	}
	r, err := e.readReport(s.operand)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return r, nil
}

// like takes the settings for the other side, a target, from a report, unless a flag overrides
// them.
func (f *compareFlags) like(r *record.Report) {
	o, s := &f.options, r.Suite
	for flag, take := range map[string]func(){
		"run":    func() { o.Run = s.Run },
		"skip":   func() { o.Skip = s.Skip },
		"level":  func() { o.Level = s.Level },
		"strict": func() { o.Strict = s.Strict },
		"repeat": func() { o.Repeat = max(s.Repeat, 1) },
		"timeout": func() {
			if limit, err := time.ParseDuration(s.Timeout); err == nil && limit >= time.Millisecond {
				o.Timeout = limit
			}
		},
		"seed":  func() { o.Seed = s.Seed },
		"http2": func() { f.connection.http2 = r.Target.Protocol == "HTTP/2" },
	} {
		if !f.given[flag] {
			take()
		}
	}
	o.Rules = s.OwnRules
	for _, row := range []record.Setting{
		{Flag: "level", Value: fmt.Sprint(o.Level)}, {Flag: "strict", Value: fmt.Sprint(o.Strict)},
		{Flag: "repeat", Value: fmt.Sprint(o.Repeat)}, {Flag: "http2", Value: fmt.Sprint(f.connection.http2)},
	} {
		if !f.given[row.Flag] {
			o.Settings = slices.DeleteFunc(o.Settings, func(s record.Setting) bool { return s.Flag == row.Flag })
			o.Settings = append(o.Settings, row)
		}
	}
}

// judge fills in the reports of the sides that are targets, one after the other, so that
// neither slows the other and nothing takes effect on NEW if OLD could not be judged. done is
// true for a dry run.
func (f *compareFlags) judge(ctx context.Context, e *env, old, current *side) (done bool, err error) {
	suite, _, err := f.load()
	if err != nil {
		return false, err
	}
	o := &f.options
	o.AcceptRisk, o.MaxActions, o.Rate, o.RetryTime = f.safety.risks, f.safety.maxActions, f.pace.rate.Rate,
		f.pace.retry
	if err := f.safety.allow(o); err != nil {
		return false, err
	}
	if err := f.targets(ctx, e, suite, old, current); err != nil {
		return false, err
	}
	if err := f.share(old, current); err != nil {
		return false, err
	}
	hide(old, current)
	sides := slices.DeleteFunc([]*side{old, current}, func(s *side) bool { return !s.isTarget() })
	for _, s := range sides {
		o.MaxActions = s.budget
		if s.plan, err = suite.Plan(ctx, s.target, *o); err != nil {
			return false, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := checkSize(s.plan, o.Repeat); err != nil {
			return false, err
		}
		o.Seed = s.plan.Suite.Seed
	}
	for _, s := range sides {
		if err := f.begin(ctx, e, s, len(suite.Cases)); err != nil {
			return false, err
		}
		if hint := suite.DoubledHint(s.plan.Target.URL); hint != "" {
			fmt.Fprintf(e.stderr, "%s: %s\n\n", s.name, hint)
		}
	}
	if f.safety.dryRun {
		return true, nil
	}
	for _, s := range sides {
		if f.pace.wait > 0 {
			if err := conformance.Await(ctx, s.target, *o, f.pace.wait); err != nil {
				return false, &exit{exitUnjudged, fmt.Sprintf("%s: %v; nothing else was sent", s.name, err)}
			}
		}
	}
	for i, s := range sides {
		if err := f.run(ctx, e, suite, s); err != nil {
			return false, err
		}
		t := s.report.Totals
		if i+1 < len(sides) && (s.report.Interrupted || t.Passed+t.Deviated+t.Failed == 0) {
			return false, &exit{exitUnjudged, fmt.Sprintf("%s %s could not be judged: %s; nothing was sent to NEW",
				s.name, s.target.URL, cmp.Or(s.report.Reason, "no case was conclusive"))}
		}
	}
	return false, nil
}

// share divides the budget between the sides: equally, so that both are sent the same cases,
// or all of it to one side if nothing can take effect on the other.
func (f *compareFlags) share(old, current *side) error {
	old.budget, current.budget = f.safety.maxActions, f.safety.maxActions
	if len(f.safety.risks) == 0 || !old.isTarget() || !current.isTarget() || old.local || current.local {
		return nil
	}
	if f.safety.maxActions < 2 {
		return fmt.Errorf("-max-actions %d: OLD and NEW share it, so nothing could take effect on one of them; give "+
			"2 or more", f.safety.maxActions)
	}
	old.budget, current.budget = f.safety.maxActions/2, f.safety.maxActions/2
	return nil
}

// targets sets the targets of the sides and their credentials: NEW gets the named ones, and
// OLD the same only if that discloses nothing to another server.
func (f *compareFlags) targets(ctx context.Context, e *env, suite *conformance.Suite, old, current *side) error {
	transport, err := f.connection.transport(e)
	if err != nil {
		return err
	}
	given, err := f.credentials.sources(e, f.connection.client(transport))
	if err != nil {
		return err
	}
	oldToken, err := e.secret("old-token-file", f.oldTokenFile, oldTokenVariable)
	if err != nil {
		return err
	}
	if err := valid(credential.Token{Value: oldToken, From: oldTokenVariable}, "token of OLD", time.Now()); err != nil {
		return err
	}
	base := conformance.Target{Machine: f.machine, File: f.safety.sha1, UnknownMachine: f.credentials.unknownMachine,
		OtherMachine: f.otherMachine,
		Transport:    transport}
	for _, s := range []*side{old, current} {
		s.target = base
		s.target.URL = s.operand
		if !s.isTarget() {
			continue
		}
		if s.local, err = f.isLocal(ctx, suite, s.target); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	owned := func(t *conformance.Target) error {
		t.InvalidToken = given.invalid
		return cmp.Or(given.valid(ctx, time.Now()), given.fill(ctx, t))
	}
	if current.isTarget() {
		if err := owned(&current.target); err != nil {
			return err
		}
	}
	if !old.isTarget() {
		return nil
	}
	if !current.isTarget() || old.local && current.local || origin(old.operand) == origin(current.operand) {
		if err := owned(&old.target); err != nil {
			return err
		}
		if oldToken != "" {
			old.target.Token, old.target.TokenSource = oldToken, nil
		}
		return nil
	}
	if oldToken == "" && !old.local {
		return fmt.Errorf("OLD %s: no token, and the token of NEW is not sent to another server; set %s or pass "+
			"-old-token-file", printed(old.operand), oldTokenVariable)
	}
	old.target.Token, old.apart = oldToken, true
	old.target.Transport.Header = nil
	if kept := keptBack(given, transport); kept != "" && !f.quiet {
		io.WriteString(e.stderr, harmless(fmt.Sprintf("OLD is another server than NEW, so these are not sent to "+
			"it: %s\n\n", kept)))
	}
	return nil
}

// hide keeps the secrets of each side out of the record of the other: one server may know both.
func hide(old, current *side) {
	for _, pair := range [][2]*side{{old, current}, {current, old}} {
		t := &pair[1].target
		pair[0].target.Hidden = slices.Clone(t.Transport.Header)
		for _, k := range conformance.Tokens() {
			pair[0].target.Hidden = append(pair[0].target.Hidden, record.Field{Name: "other-" + k.Variable,
				Value: *k.In(t)})
		}
	}
}

// keptBack lists the settings besides the token that are sent only to NEW, or returns "".
func keptBack(given credentials, t conformance.Transport) string {
	var parts []string
	if given.unprivileged != nil {
		parts = append(parts, "the unprivileged token")
	}
	if given.securityAdmin != nil {
		parts = append(parts, "the security admin token")
	}
	if given.globalAdmin != nil {
		parts = append(parts, "the global admin token")
	}
	if given.invalid != "" {
		parts = append(parts, "the invalid token")
	}
	if len(t.Header) > 0 {
		parts = append(parts, "the fields of -header and -header-file")
	}
	return strings.Join(parts, ", ")
}

// isLocal reports whether everything sent to a target stays on this machine, as the guard
// decides it.
func (f *compareFlags) isLocal(ctx context.Context, suite *conformance.Suite, t conformance.Target) (bool, error) {
	t.Token = "a-token-that-is-not-sent"
	plan, err := suite.Plan(ctx, t, f.options)
	if err != nil {
		return false, err
	}
	return plan.Safety.Local, nil
}

// origin returns scheme, host and port of a URL in normal form.
func origin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)])
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}

// printed returns a URL without parts that may be secret.
func printed(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(a URL that cannot be read)"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// begin announces what will be sent to a target, or prints it in a dry run.
func (f *compareFlags) begin(ctx context.Context, e *env, s *side, cases int) error {
	if !f.quiet {
		fmt.Fprintln(e.stderr, s.name)
	}
	if err := f.header(e, s.plan, cases); err != nil {
		return err
	}
	if s.target.Token == "" && !f.quiet {
		fmt.Fprintf(e.stderr, "no token was given for %s, so a generated one is sent\n\n", s.name)
	}
	if f.safety.dryRun {
		return f.safety.rehearsal(e, s.plan)
	}
	return f.safety.announce(ctx, e, s.plan)
}

// run judges a target, and saves its report.
func (f *compareFlags) run(ctx context.Context, e *env, suite *conformance.Suite, s *side) error {
	clear := f.progress(ctx, e)
	defer clear()
	o := f.options
	if s.apart {
		o.Settings = slices.DeleteFunc(slices.Clone(o.Settings),
			func(s record.Setting) bool { return slices.Contains(ownFlags(), s.Flag) })
	}
	o.MaxActions = s.budget
	done, err := f.safety.record(&o, s.plan)
	if err != nil {
		return err
	}
	defer done()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit(s.plan, o.Repeat)))
	s.report, err = suite.Run(ctx, s.target, o)
	clear()
	if err != nil {
		return err
	}
	mutate.Prove(s.report)
	if s.save == "" {
		return nil
	}
	format, err := report.Find("json")
	if err != nil {
		return err
	}
	if err := f.layout.write(e, s.report, []output{{format, s.save}}); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	return nil
}
