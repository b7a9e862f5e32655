package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/credential"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// checkSetting returns what is wrong with the value of a flag by itself, by the rules of the command that
// takes it: no file is looked at, and nothing of what else is set.
func checkSetting(k *settingKey, text string) error {
	if pathSettings()[k.name] == wholePath && text != "" {
		return nil
	}
	set := flag.NewFlagSet(k.commands[0], flag.ContinueOnError)
	var valid func() error
	switch k.commands[0] {
	case "run":
		f := &runFlags{layout: newLayout()}
		f.define(set)
		valid = f.values
	case "proxy":
		f := newProxyFlags(set)
		valid = f.values
	case "compare":
		var less list
		set.Var(&less, "accept-less", "")
		valid = func() error { return validLess(less) }
	}
	if set.Lookup(k.name) == nil {
		return nil
	}
	for name, value := range needed(k.name) {
		if err := set.Set(name, value); err != nil {
			return fmt.Errorf("-%s: %w", name, err)
		}
	}
	if err := setSetting(set, k.name, text); err != nil {
		return err
	}
	return valid()
}

// needed returns the flags without which a flag has no effect.
func needed(name string) map[string]string {
	switch {
	case slices.Contains(strings.Fields("n for save"), name):
		return map[string]string{"generate": generateExplore}
	case slices.Contains(strings.Fields("workers ramp warm-up mix stop-on-failure max-p99 max-errors max-flips "+
		"min-throughput"), name):
		return map[string]string{"duration": "1m"}
	}
	return nil
}

// values checks each flag by itself. It looks at no file.
func (f *runFlags) values() error {
	target := conformance.Target{Machine: f.machine, File: f.safety.sha1, OtherMachine: f.otherMachine,
		UnknownMachine: f.credentials.unknownMachine}
	return cmp.Or(f.validate(), f.connection.values(), target.ValidIDs(), validPattern("run", f.options.Run),
		validPattern("skip", f.options.Skip), validOperations(f.safety.risks), validEndpoint(f.credentials.url),
		validRecords(f.record.records))
}

// values checks each flag by itself. It looks at no file.
func (f *proxyFlags) values() error {
	upstream := f.upstream
	f.upstream = cmp.Or(f.upstream, "http://127.0.0.1")
	if err := cmp.Or(f.validate(), f.connection.values()); err != nil {
		return err
	}
	if upstream != "" {
		if _, err := conformance.TargetURL(upstream); err != nil {
			return fmt.Errorf("-upstream: %w", err)
		}
	}
	if _, port, err := net.SplitHostPort(f.status); f.status != "" && (err != nil || port == "") {
		return fmt.Errorf("-status %s: want a host and a port, such as 127.0.0.1:9090", f.status)
	}
	return nil
}

// values checks each flag by itself. It looks at no file.
func (c *connectionFlags) values() error {
	if _, err := c.addresses(); err != nil {
		return err
	}
	if _, err := c.proxies(&env{}); err != nil {
		return err
	}
	alone := connectionFlags{headers: c.headers}
	fields, err := alone.fields()
	return cmp.Or(err, c.identified(fields))
}

// validPattern returns an error for a text that is no pattern.
func validPattern(flag, text string) error {
	if _, err := regexp.Compile(text); err != nil {
		return fmt.Errorf("-%s %q: %s; give a regular expression over case ids", flag, text,
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}

// validOperations returns an error for an operation that the contract does not have.
func validOperations(names []string) error {
	if len(names) == 0 {
		return nil
	}
	doc, err := openapi.Load()
	if err != nil {
		return err
	}
	var known []string
	for _, op := range doc.Operations {
		known = append(known, op.ID)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-accept-risk %s: unknown operation%s; operations are %s", name,
				nearest.Hint(name, known), strings.Join(known, ", "))
		}
	}
	return nil
}

// validEndpoint returns an error for a URL that no token endpoint can have.
func validEndpoint(url string) error {
	if url == "" {
		return nil
	}
	if _, err := credential.ClientCredentials(credential.Config{TokenURL: url, ID: "-", Secret: "-"}); err != nil {
		return fmt.Errorf("-token-url: %w", err)
	}
	return nil
}

// validRecords returns an error for a form that no exchange is recorded in by a run.
func validRecords(all []string) error {
	for _, text := range all {
		switch format, file, _ := strings.Cut(text, "="); {
		case file == "":
			return fmt.Errorf("-record %s: no file; give FORMAT=FILE, such as ndjson=traffic.ndjson", text)
		case format != "ndjson":
			return fmt.Errorf("-record %s: a run records ndjson; give ndjson=FILE", text)
		}
	}
	return nil
}

// inFile returns the text of an error in a flag as that of its key in the file.
func inFile(key string, err error) string {
	text := err.Error()
	switch found := flagInError.FindStringSubmatch(text); {
	case found == nil:
		return key + ": " + text
	case found[1] == key:
		return text[1:]
	}
	if _, rest, found := strings.Cut(text, ": "); found { // an error of a flag that it needs
		text = rest
	}
	return key + ": " + text
}

// further returns the problems that a command finds only where it uses a setting: in a file that is named,
// or in a rule. They are looked for where there is an error already, so that all are given at once.
func (s *settingsFlag) further(e *env, set *flag.FlagSet) (problems []settingsProblem) {
	here, err := os.Getwd()
	if err != nil {
		return nil
	}
	from := &library{builtin: true} // which may have requirements of the user's own
	if f := set.Lookup("fixtures"); f != nil && !s.gave("fixtures") {
		from.folders = separated(f.Value.String())
		from.folders = slices.DeleteFunc(from.folders, func(name string) bool { return name == "" })
	}
	for _, v := range s.taken(e, set) {
		if v.key == "builtin" {
			from.builtin = slices.Contains(v.texts, "true")
		}
		for i, text := range v.texts {
			if err := checkFile(v.key, s.file.path(v.key, text, here)); err != nil {
				problems = append(problems, settingsProblem{v.lines[i], inFile(v.key, err)})
			}
			if v.key == "fixtures" {
				from.folders = append(from.folders, s.file.path(v.key, text, here))
			}
		}
	}
	return append(problems, s.file.wrongRules(from)...)
}

// checkFile returns what is wrong with the file or folder that a setting names.
func checkFile(key, name string) (err error) {
	switch form := pathSettings()[key]; {
	case form == 0 || name == "" || name == neverAFile:
		return nil
	case key == "ca":
		_, err = (&connectionFlags{ca: name}).roots()
	case key == "header-file":
		_, err = (&connectionFlags{headerFile: name}).fields()
	case key == "fixtures":
		_, err = (&library{folders: list{name}}).sources()
	case key == "allow-list":
		err = (&safetyFlags{allowList: name}).allow(&conformance.Options{})
	case key == "report":
		_, err = reportFlags{name}.outputs()
	case key == "record":
		_, err = recordFlags{name}.outputs(nil)
	case key == "journal" || key == "save":
		return nil // which the run makes
	case key == "history":
		if info, failed := os.Stat(name); failed == nil && !info.IsDir() {
			err = fmt.Errorf("-history %s: not a directory; name a folder, or one that can be made", name)
		}
	default:
		if _, failed := os.Stat(name); failed != nil { // without the name, which may be a secret itself
			err = fmt.Errorf("-%s: %w; name a readable file", key, reason(failed))
		}
	}
	return err
}

// wrongRules returns what is wrong with the rules of the file and of each profile. Where the folders of the
// user cannot be read, a rule may be on a requirement that is in them.
func (f *settingsFile) wrongRules(from *library) (problems []settingsProblem) {
	scopes := []settingsScope{f.top}
	for _, name := range f.profileNames() {
		scopes = append(scopes, f.profiles[name])
	}
	var rules []record.OwnRule
	for _, scope := range scopes {
		rules = slices.Concat(rules, scope.rules, scope.unfinished)
	}
	if len(rules) == 0 {
		return nil
	}
	suite, _, err := from.load()
	whole := err == nil
	if !whole {
		if suite, err = conformance.Load(conformance.Contract{}); err != nil {
			return nil
		}
	}
	for _, rule := range rules {
		if !whole && suite.Requirement(rule.Requirement) == nil {
			continue
		}
		if _, err := suite.WithRules(rule); err != nil {
			problems = append(problems, f.placedAt(err)...)
		}
	}
	return problems
}

// placedAt returns the lines of an error that begin with a place in the file.
func (f *settingsFile) placedAt(err error) (problems []settingsProblem) {
	for line := range strings.Lines(err.Error()) {
		n, text := 0, ""
		rest, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), f.shown+":")
		if number, said, found := strings.Cut(rest, ": "); is && found {
			if _, err := fmt.Sscanf(number, "%d", &n); err == nil {
				text = said
			}
		}
		if text != "" {
			problems = append(problems, settingsProblem{n, text})
		}
	}
	return problems
}

// errorOf returns the error that holds these problems, one a line.
func (f *settingsFile) errorOf(problems []settingsProblem) error {
	slices.SortStableFunc(problems, func(a, b settingsProblem) int { return cmp.Compare(a.line, b.line) })
	problems = slices.Compact(problems)
	var errs []error
	for i, p := range problems {
		if i == mostProblems {
			errs = append(errs, fmt.Errorf("%s:%d: there are more errors from here on; correct those above first",
				f.shown, p.line))
			break
		}
		errs = append(errs, fmt.Errorf("%s:%d: %s", f.shown, p.line, p.text))
	}
	return &settingsError{errors.Join(errs...)}
}

// complete returns an error of a command with the place of the setting that it is about. Where it is
// misuse, it has all other errors in the file with it.
func (s *settingsFlag) complete(e *env, set *flag.FlagSet, err error) error {
	placed := s.placed(err)
	if s == nil || s.file == nil || err == nil || exitCode(err) != exitMisuse {
		return placed
	}
	var own *settingsError
	if placed == err && !errors.As(err, &own) {
		return err
	}
	known := s.file.placedAt(placed)
	if len(known) == 0 {
		return placed
	}
	all := slices.Clone(known)
	for i := range all {
		all[i].text = strings.TrimPrefix(all[i].text, "-")
	}
	for _, p := range s.further(e, set) {
		if !slices.ContainsFunc(known, func(k settingsProblem) bool { return k.line == p.line }) {
			all = append(all, p)
		}
	}
	if len(all) == len(known) {
		return placed
	}
	return s.file.errorOf(all)
}

// unfinishedRule completes a rule that lacks a part, so that what else is wrong with it can be told.
func unfinishedRule(rule record.OwnRule) (record.OwnRule, bool) {
	rule.Reason = cmp.Or(rule.Reason, "none is given yet")
	return rule, rule.Level != "" || len(rule.Statuses) > 0
}
