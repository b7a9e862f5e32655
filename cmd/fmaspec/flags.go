package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// parse sets flags and returns the operands. Flags may follow operands; "--" ends the flags.
func parse(set *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := set.Parse(args); err != nil {
			return nil, misread(set, err)
		}
		rest := set.Args()
		if len(rest) == 0 {
			return operands, nil
		}
		if at := len(args) - len(rest); at > 0 && args[at-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

// forbidden returns why there is no flag of a name that users may expect, or "".
func forbidden(name string) string {
	variables := map[string]string{"old-token": oldTokenVariable, "client-secret": clientSecretVariable,
		"client-key-password": keyPasswordVariable}
	for _, k := range conformance.Tokens() {
		variables[k.Variable] = k.Env()
	}
	if variables[name] == "" {
		return ""
	}
	return fmt.Sprintf("there is no -%s, because others on this machine can read arguments; set %s or pass -%[1]s-file",
		name, variables[name])
}

// misread rewrites an error of package flag in the style of this command.
func misread(set *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	help := "; see fmaspec help " + set.Name()
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if why := forbidden(name); unknown && why != "" && set.Lookup(name+"-file") != nil {
		return errors.New(why)
	}
	if unknown && slices.Contains([]string{"o", "out", "output"}, name) && set.Lookup("report") != nil {
		return fmt.Errorf("unknown flag -%s; -report FORMAT=FILE writes a report to a file, such as -report "+
			"badge=badge.svg%s", name, help)
	}
	if unknown {
		var names []string
		set.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		near := nearest.Nearest(name, names)
		if near != "" {
			near = fmt.Sprintf(" (did you mean -%s?)", near)
		}
		return fmt.Errorf("unknown flag -%s%s%s", name, near, help)
	}
	return errors.New(err.Error() + help)
}

// variable returns the name of the variable for a flag.
func variable(flag string) string {
	return "FMASPEC_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// alternatives returns groups of flags that set one thing: if the command line has one of a
// group, the variables of the others are ignored, and if the command line or a variable has one,
// those of the settings file.
func alternatives() [][][]string {
	return [][][]string{
		{{"token-file"}, {"token-command"}, {"token-url", "client-id", "client-secret-file", "scope", "resource",
			"audience"}},
		{{"unprivileged-token-file"}, {"unprivileged-token-command"}},
		{{"v"}, {"q"}},
	}
}

// overridden reports whether an alternative flag was given.
func overridden(name string, given map[string]bool) bool {
	isGiven := func(flag string) bool { return given[flag] }
	for _, ways := range alternatives() {
		own := slices.IndexFunc(ways, func(way []string) bool { return slices.Contains(way, name) })
		for i, way := range ways {
			if own >= 0 && i != own && slices.ContainsFunc(way, isGiven) && !slices.ContainsFunc(ways[own], isGiven) {
				return true
			}
		}
	}
	return false
}

// fill sets the flags that the command line does not set from the environment.
func (e *env) fill(set *flag.FlagSet) error {
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	set.VisitAll(func(f *flag.Flag) {
		value, ok := e.lookup(variable(f.Name))
		if remedy := neverEmpty()[f.Name]; remedy != "" && !given[f.Name] && !ok && e.defines(variable(f.Name)) {
			errs = append(errs, fmt.Errorf("the variable %s is set and empty; unset it%s", variable(f.Name), remedy))
		}
		if given[f.Name] || !ok || overridden(f.Name, given) {
			return
		}
		if err := set.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("the variable %s: invalid value %q: %w; correct or unset it",
				variable(f.Name), value, err))
		}
	})
	return errors.Join(errs...)
}

// neverEmpty returns the flags whose value, and whose variable if set, must not be empty. A
// shell turns an unset variable into an empty value, and without the flag another target is
// judged, or no allow-list applies. The text continues "leave the flag out" or "unset it".
func neverEmpty() map[string]string {
	return map[string]string{
		"url":        " to judge the embedded server, or name a target",
		"allow-list": " if there is no list, or name its file",
	}
}

// unnamed returns an error for each such flag of the command line that is empty.
func unnamed(set *flag.FlagSet) error {
	var errs []error
	set.Visit(func(f *flag.Flag) {
		if remedy := neverEmpty()[f.Name]; remedy != "" && f.Value.String() == "" {
			errs = append(errs, fmt.Errorf("-%s \"\": the value is empty, perhaps an unset shell variable; leave the "+
				"flag out%s", f.Name, remedy))
		}
	})
	return errors.Join(errs...)
}

// variables returns every variable that a command reads, sorted.
func variables() []string {
	all := secretVariables()
	for _, c := range commands() {
		set := flagSet(c)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) { all = append(all, variable(f.Name)) })
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// warn warns about variables with the prefix FMASPEC_ that no command reads.
func (e *env) warn() {
	known := variables()
	for _, entry := range e.environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "FMASPEC_") && value != "" && !slices.Contains(known, name) {
			io.WriteString(e.stderr, harmless(fmt.Sprintf("fmaspec: warning: the variable %s is not known%s; the "+
				"help of each command lists its variables\n", name, nearest.Hint(name, known))))
		}
	}
}

// A list is a flag that may be repeated, or given several values separated by line breaks, in
// which case a comma is part of a value, or by commas, in which case \, is a comma in a value.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	items := separated(text)
	if len(items) == 0 || slices.Contains(items, "") {
		return errors.New("want a name, or several with commas between them or one a line")
	}
	*l = append(*l, items...)
	return nil
}

// separated returns the values in a text, without surrounding blanks. An empty line is not a
// value; an empty text between commas is.
func separated(text string) (items []string) {
	if strings.ContainsAny(text, "\r\n") {
		for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
			if line = strings.TrimSpace(line); line != "" {
				items = append(items, line)
			}
		}
		return items
	}
	item := ""
	for rest := text; ; {
		at := strings.IndexByte(rest, ',')
		if at < 0 {
			return append(items, strings.TrimSpace(item+rest))
		}
		if strings.HasSuffix(rest[:at], `\`) {
			item += rest[:at-1] + ","
		} else {
			items, item = append(items, strings.TrimSpace(item+rest[:at])), ""
		}
		rest = rest[at+1:]
	}
}

// lines is a flag that may be repeated, or given several values separated by line breaks.
// Commas are part of a value.
type lines []string

func (l *lines) String() string { return strings.Join(*l, "\n") }

func (l *lines) Set(text string) error {
	before := len(*l)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			*l = append(*l, line)
		}
	}
	if len(*l) == before {
		return errors.New("want a text, or several with line breaks between them")
	}
	return nil
}

// A choice is a flag with a fixed set of values, of which the first is the default.
type choice struct {
	value string
	of    []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Set(text string) error {
	if !slices.Contains(c.of, text) {
		return fmt.Errorf("want one of %s", strings.Join(c.of, ", "))
	}
	c.value = text
	return nil
}

// explained is a flag value whose errors name the wanted form.
type explained struct{ flag.Value }

// explainErrors makes the errors of all flags name the wanted form.
func explainErrors(set *flag.FlagSet) {
	set.VisitAll(func(f *flag.Flag) { f.Value = explained{f.Value} })
}

func (v explained) Set(text string) error {
	err := v.Value.Set(text)
	getter, ok := v.Value.(flag.Getter)
	if err == nil || !ok {
		return err
	}
	switch getter.Get().(type) {
	case int:
		return errors.New("want a whole number")
	case bool:
		return errors.New("want true or false")
	case time.Duration:
		return errors.New("want a duration such as 10s or 500ms")
	}
	return err
}

// IsBoolFlag reports whether the flag needs no value.
func (v explained) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// levelFlag defines the flag of the weakest level that is judged.
func levelFlag(set *flag.FlagSet, to *record.Level) {
	set.TextVar(to, "level", record.Inferred, "judge by requirements of this `LEVEL` and every stronger one: "+
		"documented, standard, inferred")
}

// sendingFlags define which cases are sent, and how, for each command that sends them.
func sendingFlags(set *flag.FlagSet, o *conformance.Options) {
	set.StringVar(&o.Run, "run", "", "send only cases whose id matches the `PATTERN`, a regular expression, and "+
		"their control cases")
	set.StringVar(&o.Skip, "skip", "", "leave out cases whose id matches the `PATTERN`, and those that have one of "+
		"these as control")
	levelFlag(set, &o.Level)
	set.IntVar(&o.Parallel, "parallel", conformance.DefaultParallel, "run at most `N` cases at once")
	set.DurationVar(&o.Timeout, "timeout", conformance.DefaultTimeout, "give each exchange this `TIME`, from dialling "+
		"to the last byte")
	set.StringVar(&o.Seed, "seed", "", "repeat the values of an earlier run, whose header shows its `SEED`")
}
