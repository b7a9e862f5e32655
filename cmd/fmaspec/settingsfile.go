package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// settingsError holds all errors in a settings file, one a line, each with its place.
type settingsError struct{ error }

// A settingsFlag is the flag -config, with what was taken from the file.
type settingsFlag struct {
	name string         // as given; "" to look for the file
	file *settingsFile  // nil if none is used
	from map[string]int // the flags that the file set, and their lines
}

func (s *settingsFlag) String() string { return s.name }

func (s *settingsFlag) Set(text string) error {
	s.name = text
	return nil
}

// settingsFlags defines the flags that choose the file and a profile.
func settingsFlags(set *flag.FlagSet) {
	set.Var(&settingsFlag{}, configFlag, "take the settings that no flag and no variable sets from a `FILE`, in place "+
		"of "+configName+" in this folder or the nearest one above; "+noConfig+" for no file")
	set.String(profileFlag, "", "of the settings file, use the profile of this `NAME`; "+noProfile+" for no profile")
}

// settingsOf returns the flag -config of a command, or nil if it has none.
func settingsOf(set *flag.FlagSet) *settingsFlag {
	f := set.Lookup(configFlag)
	if f == nil {
		return nil
	}
	value := f.Value
	if wrapped, is := value.(explained); is {
		value = wrapped.Value
	}
	s, _ := value.(*settingsFlag)
	return s
}

// gave reports whether the file set a flag.
func (s *settingsFlag) gave(name string) bool {
	if s == nil {
		return false
	}
	_, is := s.from[name]
	return is
}

// onlyHere reports whether a flag was given for this call alone: it is set, and neither by its
// variable nor by the settings file, which are of every command.
func (e *env) onlyHere(set *flag.FlagSet, name string) bool {
	given := false
	set.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	value, _ := e.lookup(variable(name))
	return given && value == "" && !settingsOf(set).gave(name)
}

// title names the file and the profile for the header of a run, or is "".
func (s *settingsFlag) title() string {
	switch {
	case s == nil || s.file == nil:
		return ""
	case s.file.profile != "":
		return s.file.shown + ", profile " + s.file.profile
	}
	return s.file.shown
}

// announce names the file on stderr, where a command has no header.
func (s *settingsFlag) announce(e *env) {
	if title := s.title(); title != "" {
		io.WriteString(e.stderr, harmless("settings "+title+"\n"))
	}
}

// rules returns the rules of the file's own.
func (s *settingsFlag) rules() []record.OwnRule {
	if s == nil || s.file == nil {
		return nil
	}
	return s.file.rules
}

// settle sets the flags that neither the command line nor a variable sets from the settings file.
func (e *env) settle(set *flag.FlagSet) error {
	s := settingsOf(set)
	if s == nil {
		return nil
	}
	profile := set.Lookup(profileFlag).Value.String()
	path, err := e.findSettings(s.name)
	if err != nil {
		return err
	}
	if path == "" {
		if profile != "" && profile != noProfile {
			return fmt.Errorf("-profile %s: there is no %s in this folder or above it; write one with fmaspec init, "+
				"or name it with -config", profile, configName)
		}
		return nil
	}
	file, problems, err := loadSettings(path)
	if err != nil {
		return err
	}
	s.file = file
	unknown := s.file.choose(profile)
	if len(problems) > 0 {
		return s.file.errorOf(append(problems, s.further(e, set)...))
	}
	return cmp.Or(unknown, s.apply(e, set))
}

// taken returns the settings of the chosen layers that the command takes from the file, the stronger ones
// first: those that nothing nearer sets.
func (s *settingsFlag) taken(e *env, set *flag.FlagSet) (out []setting) {
	given := e.tokensGiven()
	_, hasSecret := e.lookup(clientSecretVariable) // which names no source of a token by itself
	set.Visit(func(f *flag.Flag) {
		if !s.gave(f.Name) {
			given[f.Name] = true
		}
	})
	reader := settingsReaders()[slices.IndexFunc(settingsReaders(),
		func(r settingsReader) bool { return r.command == set.Name() })]
	for _, layer := range s.file.layers {
		for _, v := range layer {
			if !given[v.key] && !overridden(v.key, given) && set.Lookup(v.key) != nil && reader.takes(v.key) &&
				(v.key != "client-secret-file" || !hasSecret) {
				out = append(out, v)
			}
		}
		for _, v := range layer {
			given[v.key] = true
		}
	}
	return out
}

// apply sets flags from the layers of the file, the stronger one first.
func (s *settingsFlag) apply(e *env, set *flag.FlagSet) error {
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("the working directory: %w; go to one that exists", err)
	}
	taken := s.taken(e, set)
	s.from = map[string]int{}
	for _, v := range taken {
		s.from[v.key] = v.line
		for i, text := range v.texts {
			if err := setSetting(set, v.key, s.file.path(v.key, text, here)); err != nil {
				return &settingsError{fmt.Errorf("%s:%d: %s: %w; correct it", s.file.shown, v.lines[i], v.key, err)}
			}
		}
	}
	judged := s.gave("url")
	set.Visit(func(f *flag.Flag) { judged = judged || f.Name == "url" })
	if set.Name() == "run" && s.file.profile == "" && !s.file.noProfile && len(s.file.profiles) > 0 && !judged {
		return fmt.Errorf("%s has profiles, and none is chosen, so that the embedded server would be judged; pass "+
			"-profile with one of %s, or -profile %s", s.file.shown, strings.Join(s.file.profileNames(), ", "),
			noProfile)
	}
	return nil
}

// setSetting sets a flag to one value, in which a comma does not separate.
func setSetting(set *flag.FlagSet, name, text string) error {
	f := set.Lookup(name)
	value := f.Value
	if wrapped, is := value.(explained); is {
		value = wrapped.Value
	}
	if _, is := value.(*list); is {
		text = strings.ReplaceAll(text, ",", `\,`)
	}
	return set.Set(name, text)
}

// tokensGiven returns the flags whose tokens a variable holds.
func (e *env) tokensGiven() map[string]bool {
	out := map[string]bool{}
	for _, k := range conformance.Tokens() {
		if _, is := e.lookup(k.Env()); is {
			out[k.Flag()] = true
		}
	}
	if _, is := e.lookup(oldTokenVariable); is {
		out["old-token-file"] = true
	}
	return out
}

// flagInError matches the flag that an error begins with.
var flagInError = regexp.MustCompile(`\A-([a-z][a-z0-9-]*)`)

// flagInList matches a flag in a text that names several.
var flagInList = regexp.MustCompile(`-[a-z][a-z0-9-]*`)

// flagsInError matches the flags that an error begins with, where it is about several.
var flagsInError = regexp.MustCompile(`\A-[a-z][a-z0-9-]*(?:(?:, | and | or )-[a-z][a-z0-9-]*)*`)

// placed puts the place in the file before an error in a flag that the file set. Where the error is about
// several flags, the place is that of the first in the file.
func (s *settingsFlag) placed(err error) error {
	if err == nil || s == nil || s.file == nil {
		return err
	}
	var lines []int
	for _, name := range flagInList.FindAllString(flagsInError.FindString(err.Error()), -1) {
		if name = name[1:]; s.gave(name) {
			lines = append(lines, s.lineOf(name, err.Error()))
		}
	}
	if len(lines) == 0 {
		return err
	}
	return fmt.Errorf("%s:%d: %w", s.file.shown, slices.Min(lines), err)
}

// lineOf returns the line of a flag that the file set, and of the value that a text has, if it has one.
func (s *settingsFlag) lineOf(name, said string) int {
	line := s.from[name]
	for _, layer := range s.file.layers {
		for _, v := range layer {
			for i, text := range v.texts {
				if v.key == name && v.line == line && text != "" && strings.Contains(said, text) {
					return v.lines[i]
				}
			}
		}
	}
	return line
}

// findSettings returns the path of the settings file, or "" for none: the one that -config names,
// or else fmaspec.yaml in the working directory or the nearest folder above it that has one. The
// search ends at the root of a repository, a folder with .git in it.
func (e *env) findSettings(named string) (string, error) {
	if named == noConfig {
		return "", nil
	}
	if named != "" {
		return named, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", nil // nothing is found from nowhere
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, configName)
		if _, err := os.Lstat(path); err == nil {
			return shownPath(path, here), ownSettings(path, here)
		}
		other := filepath.Join(dir, strings.TrimSuffix(configName, ".yaml")+".yml")
		if _, err := os.Lstat(other); err == nil {
			io.WriteString(e.stderr, harmless(fmt.Sprintf("fmaspec: warning: %s is not read; rename it to %s, or "+
				"pass it to -config\n", shownPath(other, here), configName)))
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || filepath.Dir(dir) == dir {
			return "", nil
		}
	}
}

// ownSettings returns an error for a file that another user may have put there: settings choose
// the server that gets the token, and commands that are run.
func ownSettings(path, here string) error {
	file, err := os.Stat(path)
	if err != nil {
		return nil // reading it says why
	}
	if folder, err := os.Stat(filepath.Dir(path)); err == nil && planted(file, folder) {
		return fmt.Errorf("%s: another user owns it, and anybody may write to its folder, so it is not read; pass "+
			"-config with its name to use it, or -config %s", shownPath(path, here), noConfig)
	}
	return nil
}

// shownPath returns a path as it is shown to a user in a folder.
func shownPath(path, here string) string {
	if rel, err := filepath.Rel(here, path); err == nil {
		path = rel
	}
	return path
}

// A setting is a key of the file with its values.
type setting struct {
	key   string
	line  int
	texts []string
	lines []int // of each value
}

// A settingsScope is what the file or one of its profiles sets.
type settingsScope struct {
	settings []setting
	rules    []record.OwnRule
	// with an error that hides no other: a reason in place of the one that is missing
	unfinished []record.OwnRule
}

// A settingsFile is a settings file that was read.
type settingsFile struct {
	shown, folder string // its path as shown, and its folder
	top           settingsScope
	profiles      map[string]settingsScope
	byDefault     string // the profile that the file chooses

	profile   string // the chosen one; "" for none
	noProfile bool   // none was asked for
	layers    [][]setting
	rules     []record.OwnRule
}

// mostProblems is the maximum number of errors in one file that are shown.
const mostProblems = 100

// loadSettings reads a settings file, and returns all problems in it.
func loadSettings(path string) (*settingsFile, []settingsProblem, error) {
	data, err := settingsBytes(path)
	if err != nil {
		return nil, nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w; name it by its whole path", path, err)
	}
	f, problems := parseSettings(filepath.ToSlash(path), data)
	f.folder = folder
	return f, problems, nil
}

// settingsBytes returns the bytes of the file.
func settingsBytes(path string) ([]byte, error) {
	remedy := fmt.Sprintf("name a readable file with -config, or pass -config %s", noConfig)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such settings file; write one with fmaspec init, or %s", path, remedy)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; %s", path, reason(err), remedy)
	case info.IsDir():
		return nil, fmt.Errorf("%s: it is a folder, not a settings file; rename it, or %s", path, remedy)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; %s", path, reason(err), remedy)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, configLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w; %s", path, reason(err), remedy)
	case len(data) > configLimit:
		return nil, fmt.Errorf("%s: longer than %d KiB, so it is no settings file; %s", path, configLimit>>10, remedy)
	}
	return data, nil
}

func (f *settingsFile) profileNames() []string { return slices.Sorted(maps.Keys(f.profiles)) }

// choose chooses a profile, "" for the default of the file.
func (f *settingsFile) choose(name string) error {
	f.noProfile = name == noProfile
	if name == "" {
		name = f.byDefault
	}
	if name == noProfile {
		name = ""
	}
	f.layers, f.rules = [][]setting{f.top.settings}, f.top.rules
	if name == "" {
		return nil
	}
	chosen, known := f.profiles[name]
	if !known {
		return fmt.Errorf("-profile %s: %s", name, f.unknownProfile(name))
	}
	f.profile, f.layers = name, [][]setting{chosen.settings, f.top.settings}
	f.rules = slices.Clone(chosen.rules)
	for _, r := range f.top.rules {
		if !slices.ContainsFunc(chosen.rules,
			func(c record.OwnRule) bool { return c.Requirement == r.Requirement }) {
			f.rules = append(f.rules, r)
		}
	}
	return nil
}

// unknownProfile is the error text for a profile that the file does not have.
func (f *settingsFile) unknownProfile(name string) string {
	names := f.profileNames()
	if len(names) == 0 {
		return f.shown + " has no profiles; add it there under profiles"
	}
	return fmt.Sprintf("%s has no such profile%s; its profiles are %s", f.shown, nearest.Hint(name, names),
		strings.Join(names, ", "))
}

// path returns a value for the working directory: one that is a path is relative to the folder of
// the settings file.
func (f *settingsFile) path(key, text, here string) string {
	before, name := "", text
	switch pathSettings()[key] {
	case wholePath:
	case pathBehind:
		format, file, found := strings.Cut(text, "=")
		if !found {
			return text
		}
		before, name = format+"=", file
	default:
		return text
	}
	if name == "" || name == neverAFile || filepath.IsAbs(name) || f.folder == here {
		return text
	}
	path := filepath.Join(f.folder, filepath.FromSlash(name))
	if rel, err := filepath.Rel(here, path); err == nil {
		path = rel
	}
	return before + path
}
