package main

import (
	"cmp"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// The keys of a settings file that are no flags.
const (
	profileKey  = "profile" // the default of -profile
	profilesKey = "profiles"
	rulesKey    = "rules"
)

// A settingsReading is the state of reading a settings file.
type settingsReading struct {
	*settingsText
	shown   string
	keys    map[string]*settingKey
	names   []string
	secrets map[int]bool // lines with a secret, whose text is never shown
}

// parseSettings reads the text of a settings file, and returns every problem, by line.
func parseSettings(shown string, data []byte) (*settingsFile, []settingsProblem) {
	r := &settingsReading{settingsText: readSettingsText(data), shown: shown, keys: map[string]*settingKey{},
		secrets: map[int]bool{}}
	for _, k := range settingKeys() {
		r.keys[k.name], r.names = k, append(r.names, k.name)
	}
	r.names = append(r.names, profileKey, profilesKey, rulesKey)
	forms := secretForms()
	for i, line := range strings.Split(string(data), "\n") {
		if what := cmp.Or(secretIn(line, forms), secretComment(line)); what != "" {
			r.secrets[i+1] = true
			r.fail(i+1, "%s", what)
		}
	}
	f := &settingsFile{shown: shown, profiles: map[string]settingsScope{}}
	if at := slices.IndexFunc(r.pairs, func(p settingsPair) bool { return p.key.Value == "openapi" }); at >= 0 {
		r.problems = []settingsProblem{{r.pairs[at].key.Line, "this is an OpenAPI description, and no settings file; " +
			"save it under another name, such as openapi.yaml"}}
		return f, r.problems
	}
	chosen := r.file(f)
	if chosen != nil {
		if _, known := f.profiles[f.byDefault]; !known {
			r.fail(chosen.Line, "%s %s: %s", profileKey, f.byDefault, f.unknownProfile(f.byDefault))
		}
	}
	slices.SortStableFunc(r.problems, func(a, b settingsProblem) int { return cmp.Compare(a.line, b.line) })
	return f, slices.Compact(r.problems)
}

// file reads the outermost keys. It returns the value of profile, or nil.
func (r *settingsReading) file(f *settingsFile) (chosen *yaml.Node) {
	f.top = r.scope(r.pairs, func(key, value *yaml.Node) bool {
		switch key.Value {
		case profileKey:
			if text, ok := r.text(&settingKey{name: profileKey}, value); ok && text != noProfile {
				f.byDefault, chosen = text, value
			}
			return true
		case profilesKey:
			r.profiles(f, value)
			return true
		}
		return false
	})
	return chosen
}

// profileForm matches the name of a profile.
var profileForm = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9._-]*\z`)

func (r *settingsReading) profiles(f *settingsFile, node *yaml.Node) {
	for _, p := range r.mapping(profilesKey, node, "the name of each profile with its settings") {
		name := p.key.Value
		if !profileForm.MatchString(name) || name == noProfile {
			r.fail(p.key.Line, "%s: %q cannot be the name of a profile; use letters, digits, dots and dashes, and "+
				"another word than %s", profilesKey, r.harmless(p.key), noProfile)
			continue
		}
		f.profiles[name] = r.scope(r.mapping("the profile "+name, p.value, "settings, as above"),
			func(key, value *yaml.Node) bool {
				if key.Value != profileKey && key.Value != profilesKey {
					return false
				}
				r.fail(key.Line, "%s: a profile holds no other profiles; move it to the outermost level", key.Value)
				return true
			})
	}
}

// mapping returns the pairs of a map whose keys differ. Nothing at all is an empty map: all that
// it has may be commented out.
func (r *settingsReading) mapping(what string, node *yaml.Node, holds string) (pairs []settingsPair) {
	if node.Kind == yaml.AliasNode || node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		r.fail(node.Line, "%s: want %s, indented below it", what, holds)
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		pairs = append(pairs, settingsPair{node.Content[i], node.Content[i+1]})
	}
	return r.distinct(pairs)
}

// distinct returns the pairs with a word as key, each word once.
func (r *settingsReading) distinct(pairs []settingsPair) (out []settingsPair) {
	first := map[string]int{}
	for _, p := range pairs {
		switch line, twice := first[p.key.Value]; {
		case p.key.Kind != yaml.ScalarNode || p.key.Tag == "!!merge" || p.key.Value == "":
			r.fail(p.key.Line, "a key that is no word; write key: value, with the name of a flag as key")
		case twice:
			r.fail(p.key.Line, "%s: it stands at line %d too; keep one of them", r.harmless(p.key), line)
		default:
			first[p.key.Value] = p.key.Line
			out = append(out, p)
		}
	}
	return out
}

// harmless returns the text of a node for a message, or a word in its place if its line has a
// secret.
func (r *settingsReading) harmless(n *yaml.Node) string {
	if r.secrets[n.Line] {
		return "(not shown)"
	}
	return brief(n.Value)
}

// scope reads settings and rules. section reads further keys, and reports whether one is its own.
func (r *settingsReading) scope(pairs []settingsPair, section func(key, value *yaml.Node) bool) (out settingsScope) {
	sets := map[string]*flag.FlagSet{}
	for _, p := range r.distinct(pairs) {
		name := p.key.Value
		k := r.keys[name]
		switch remedy := secretKey(name); {
		case section(p.key, p.value):
		case name == rulesKey:
			out.rules, out.unfinished = r.rules(p.value)
		case k != nil:
			if s, ok := r.setting(k, p, sets); ok {
				out.settings = append(out.settings, s)
			}
		case remedy != "":
			r.secrets[p.value.Line] = true
			r.fail(p.key.Line, "%s: a secret, which others could read here; %s", brief(name), remedy)
		default:
			r.fail(p.key.Line, "%s", r.unknown(p.key))
		}
	}
	return out
}

// unknown is the error text for a key that no command takes.
func (r *settingsReading) unknown(key *yaml.Node) string {
	name := r.harmless(key)
	if why := notKept()[key.Value]; why != "" {
		return name + ": " + why
	}
	for _, c := range commands() {
		set := flagSet(c)
		c.flags(set)
		if set.Lookup(key.Value) != nil {
			return fmt.Sprintf("%s: it is a flag of fmaspec %s, which takes none from this file; pass -%[1]s there",
				name, c.name)
		}
	}
	plain := strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(strings.TrimLeft(key.Value, "-")))
	plain = strings.TrimPrefix(plain, "fmaspec-")
	hint := fmt.Sprintf(" (did you mean %q?)", plain)
	if !slices.Contains(r.names, plain) {
		hint = nearest.Hint(plain, r.names)
	}
	return fmt.Sprintf("unknown key %q%s; the keys are the flags in fmaspec help run", name, hint)
}

// setting reads the value, or the values, of a key.
func (r *settingsReading) setting(k *settingKey, p settingsPair, sets map[string]*flag.FlagSet) (s setting, ok bool) {
	s = setting{key: k.name, line: p.key.Line}
	values := []*yaml.Node{p.value}
	if k.several && p.value.Kind == yaml.SequenceNode {
		if values = p.value.Content; len(values) == 0 {
			r.fail(p.key.Line, "%s: the list is empty; give a value, or put # before the key", k.name)
			return s, false
		}
	}
	ok = true
	for _, v := range values {
		text, is := r.text(k, v)
		if is {
			is = r.accepted(k, v, text, sets)
		}
		ok = ok && is
		s.texts, s.lines = append(s.texts, text), append(s.lines, v.Line)
	}
	return s, ok
}

// text returns the text of one value, which has to be of the type of the key.
func (r *settingsReading) text(k *settingKey, v *yaml.Node) (string, bool) {
	wanted := map[settingKind]string{textSetting: "a text", boolSetting: "true or false, without quotes",
		wholeSetting: "a whole number, without quotes", timeSetting: "a duration such as 10s or 500ms",
		choiceSetting: "one of " + strings.Join(k.of, ", ")}[k.kind]
	bad := func(format string, args ...any) (string, bool) {
		r.fail(v.Line, "%s: %s", k.name, fmt.Sprintf(format, args...))
		return "", false
	}
	plain := v.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch {
	case v.Kind == yaml.AliasNode || r.secrets[v.Line]: // reported
		return "", false
	case v.Kind == yaml.SequenceNode:
		return bad("a list; want %s", wanted)
	case v.Kind == yaml.MappingNode:
		return bad("a map; want %s", wanted)
	case v.Tag == "!!null" && plain:
		return bad("no value; give one, or put # before the key")
	case strings.ContainsAny(v.Value, "\r\n"):
		return bad("a value of several lines; write it on one line")
	case k.kind == boolSetting && (!plain || v.Value != "true" && v.Value != "false"):
		return bad("want true or false, without quotes")
	case k.kind == wholeSetting && (!plain || !isWhole(v.Value)):
		return bad("want a whole number, without quotes")
	case k.kind == textSetting && v.Tag == "!!bool":
		return bad("want a text; put %s in quotes", v.Value)
	}
	return v.Value, true
}

func isWhole(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// accepted reports whether the flag itself takes the value.
func (r *settingsReading) accepted(k *settingKey, v *yaml.Node, text string, sets map[string]*flag.FlagSet) bool {
	shown := fmt.Sprintf("invalid value %q", brief(text))
	if record.SettingKinds()[k.name] == record.Hidden {
		shown = "invalid value"
	}
	if remedy := neverEmpty()[k.name]; remedy != "" && text == "" {
		r.fail(v.Line, "%s: the value is empty; put # before the key%s", k.name, remedy)
		return false
	}
	if k.name == "header" {
		if what := secretHeader(text); what != "" {
			r.fail(v.Line, "%s: %s", k.name, what)
			return false
		}
	}
	if sets[k.commands[0]] == nil {
		c, err := findCommand(k.commands[0])
		if err != nil {
			panic(err) // the command has this key
		}
		set := flagSet(c)
		c.flags(set)
		explainErrors(set)
		sets[k.commands[0]] = set
	}
	if err := setSetting(sets[k.commands[0]], k.name, text); err != nil {
		r.fail(v.Line, "%s: %s: %v; correct it", k.name, shown, err)
		return false
	}
	if check := furtherChecks()[k.name]; check != nil {
		if err := check(text); err != nil {
			r.fail(v.Line, "%s: %v", k.name, err)
			return false
		}
	}
	if err := checkSetting(k, text); err != nil {
		r.fail(v.Line, "%s", inFile(k.name, err))
		return false
	}
	return true
}

// furtherChecks returns checks of values that a flag does not make until the command begins.
func furtherChecks() map[string]func(string) error {
	return map[string]func(string) error{
		"url": func(text string) error {
			_, err := conformance.TargetURL(text)
			return err
		},
		"report": func(text string) error {
			name, file, found := strings.Cut(text, "=")
			if !found || file == "" {
				return fmt.Errorf("%s: no file; give FORMAT=FILE, such as junit=report.xml", text)
			}
			_, err := report.Find(name)
			return err
		},
	}
}

// rules reads the rules of the file's own. What they say is checked when they are applied, or where the
// file has other errors: unfinished are those that lack a part.
func (r *settingsReading) rules(node *yaml.Node) (out, unfinished []record.OwnRule) {
	for _, p := range r.mapping(rulesKey, node, "the id of each requirement with statuses or level, and a reason") {
		id := p.key.Value
		before := len(r.problems)
		rule := record.OwnRule{Requirement: id, Place: fmt.Sprintf("%s:%d", r.shown, p.key.Line)}
		if p.value.Kind != yaml.MappingNode {
			r.fail(p.value.Line, "%s %s: want statuses or level, and a reason, %s", rulesKey, r.harmless(p.key),
				r.fullRule(p.value))
			continue
		}
		for _, m := range r.mapping(id, p.value, "") {
			r.member(&rule, m)
		}
		given := func(name string) bool {
			return slices.ContainsFunc(p.value.Content, func(n *yaml.Node) bool { return n.Value == name })
		}
		if !given("reason") {
			r.fail(p.key.Line, "%s %s: no reason; add reason: and why this rule is right for your server", rulesKey,
				r.harmless(p.key))
		}
		if !given("statuses") && !given("level") && before == len(r.problems) {
			r.fail(p.key.Line, "%s %s: it changes nothing; add statuses or level", rulesKey, r.harmless(p.key))
		}
		if before == len(r.problems) {
			out = append(out, rule)
		} else if rule, is := unfinishedRule(rule); is {
			unfinished = append(unfinished, rule)
		}
		if slices.ContainsFunc(append([]*yaml.Node{p.key}, p.value.Content...),
			func(n *yaml.Node) bool { return r.secrets[n.Line] }) {
			return nil, nil // no error is to show a part of them
		}
	}
	return out, unfinished
}

// fullRule returns how a rule of a value alone is written with its reason.
func (r *settingsReading) fullRule(value *yaml.Node) string {
	member := ""
	switch {
	case r.secrets[value.Line]:
	case value.Kind == yaml.SequenceNode && !slices.ContainsFunc(value.Content,
		func(n *yaml.Node) bool { return n.Tag != "!!int" }):
		var statuses []string
		for _, n := range value.Content {
			statuses = append(statuses, n.Value)
		}
		member = "statuses: [" + strings.Join(statuses, ", ") + "]"
	case value.Kind == yaml.ScalarNode && value.Tag == "!!int":
		member = "statuses: [" + value.Value + "]"
	case value.Kind == yaml.ScalarNode:
		if _, err := record.ParseOwnLevel(value.Value); err == nil {
			member = fmt.Sprintf("level: %q", value.Value)
		}
	}
	if member == "" {
		return "indented below it"
	}
	return "such as {" + member + ", reason: why it is right for your server}"
}

// member reads one member of a rule.
func (r *settingsReading) member(rule *record.OwnRule, m settingsPair) {
	place := rulesKey + " " + brief(rule.Requirement)
	switch m.key.Value {
	case "level":
		rule.Level, _ = r.text(&settingKey{name: place + ": level"}, m.value)
	case "reason":
		text, ok := r.text(&settingKey{name: place + ": reason"}, m.value)
		if rule.Reason = strings.TrimSpace(text); ok && rule.Reason == "" {
			r.fail(m.value.Line, "%s: the reason is empty; say why this rule is right for your server", place)
		}
	case "statuses":
		if m.value.Kind != yaml.SequenceNode || len(m.value.Content) == 0 {
			r.fail(m.value.Line, "%s: want statuses in brackets, such as [400, 422]", place)
			return
		}
		for _, v := range m.value.Content {
			n, err := strconv.Atoi(v.Value)
			if err != nil || v.Tag != "!!int" || n < 100 || n > 599 {
				r.fail(v.Line, "%s: %q is no status; give numbers from 100 to 599, such as [400, 422]", place,
					r.harmless(v))
				continue
			}
			rule.Statuses = append(rule.Statuses, n)
		}
	default:
		r.fail(m.key.Line, "%s: unknown member %q%s; a rule has statuses, level and reason", place, r.harmless(m.key),
			nearest.Hint(m.key.Value, []string{"statuses", "level", "reason"}))
	}
}
