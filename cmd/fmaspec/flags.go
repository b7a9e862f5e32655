package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fmaspec/internal/nearest"
)

// parse sets flags and returns what is left. Flags may stand behind operands;
// "--" ends them.
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

// forbidden are flags that one might look for, with the reason why there is
// no such flag.
var forbidden = map[string]string{
	"token":                "there is no -token, since others on this machine can read arguments; set " + tokenVariable + " or pass -token-file",
	"old-token":            "there is no -old-token, since others on this machine can read arguments; set " + oldTokenVariable + " or pass -old-token-file",
	"unprivileged-token":   "there is no -unprivileged-token, since others on this machine can read arguments; set " + unprivilegedVariable + " or pass -unprivileged-token-file",
	"security-admin-token": "there is no -security-admin-token, since others on this machine can read arguments; set " + securityAdminVariable + " or pass -security-admin-token-file",
	"global-admin-token":   "there is no -global-admin-token, since others on this machine can read arguments; set " + globalAdminVariable + " or pass -global-admin-token-file",
	"invalid-token":        "there is no -invalid-token, since others on this machine can read arguments; set " + invalidVariable + " or pass -invalid-token-file",
	"client-secret":        "there is no -client-secret, since others on this machine can read arguments; set " + clientSecretVariable + " or pass -client-secret-file",
}

// misread words an error of package flag as this command does.
func misread(set *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	help := "; see fmaspec help " + set.Name()
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if why := forbidden[name]; unknown && why != "" && set.Lookup(name+"-file") != nil {
		return errors.New(why)
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

// variable is the name of the variable that stands for a flag.
func variable(flag string) string {
	return "FMASPEC_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// alternatives are the ways to name one thing: where the command line takes one,
// the variables of the others do not count.
func alternatives() [][][]string {
	return [][][]string{
		{{"token-file"}, {"token-command"}, {"token-url", "client-id", "client-secret-file", "scope", "resource", "audience"}},
		{{"unprivileged-token-file"}, {"unprivileged-token-command"}},
	}
}

// outdone tells that another way than the flag's was taken.
func outdone(name string, given map[string]bool) bool {
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

// fill sets from the environment what the command line left unset.
func (e *env) fill(set *flag.FlagSet) error {
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	set.VisitAll(func(f *flag.Flag) {
		value, ok := e.lookup(variable(f.Name))
		if remedy := neverEmpty()[f.Name]; remedy != "" && !given[f.Name] && !ok && e.defines(variable(f.Name)) {
			errs = append(errs, fmt.Errorf("the variable %s is set and empty; unset it%s", variable(f.Name), remedy))
		}
		if given[f.Name] || !ok || outdone(f.Name, given) {
			return
		}
		if err := set.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("the variable %s: invalid value %q: %w; mend or unset it", variable(f.Name), value, err))
		}
	})
	return errors.Join(errs...)
}

// neverEmpty are the flags that must not be given with an empty value, which is what
// a shell makes of a variable that is not set, nor have a variable that is set and
// empty: what holds without them is another target, or nothing to keep to. The text
// goes on from "leave the flag out" or "unset it".
func neverEmpty() map[string]string {
	return map[string]string{
		"url":        " to judge the server of fmaspec's own, or name a target",
		"allow-list": " if there is no list, or name its file",
	}
}

// unnamed returns an error for each such flag of the command line.
func unnamed(set *flag.FlagSet) error {
	var errs []error
	set.Visit(func(f *flag.Flag) {
		if remedy := neverEmpty()[f.Name]; remedy != "" && f.Value.String() == "" {
			errs = append(errs, fmt.Errorf("-%s \"\": the value is empty, as that of a shell variable which is not set; leave the flag out%s", f.Name, remedy))
		}
	})
	return errors.Join(errs...)
}

// variables are all that some command reads, sorted.
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

// warn tells of variables that look like ours and are not.
func (e *env) warn() {
	known := variables()
	for _, entry := range e.environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "FMASPEC_") && value != "" && !slices.Contains(known, name) {
			io.WriteString(e.stderr, harmless(fmt.Sprintf("fmaspec: warning: the variable %s has no meaning%s; the help of each command lists those that have\n", name, nearest.Hint(name, known))))
		}
	}
}

// A list is a flag that may be repeated, and whose values may be parted: by line
// breaks where there is one, so that a comma belongs to the value, and else by commas,
// where \, is one that belongs to the value.
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

// separated returns the values of a text, without blanks around them. Empty lines are
// none, and what is empty between commas is one.
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

// lines is a flag that may be repeated, and whose values may be parted by line
// breaks: there may be commas in them.
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

// A choice is a flag with a few possible values, of which the first is the default.
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

// explained is a flag's value whose errors say what is wanted.
type explained struct{ flag.Value }

// explainErrors makes the errors of all flags say what is wanted.
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

// IsBoolFlag tells package flag that the flag needs no value.
func (v explained) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
