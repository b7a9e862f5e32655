package main

import (
	"flag"
	"fmt"
	"slices"
	"time"

	"fmaspec/conformance/record"
)

// A settingsReader is a command that reads the settings file. A key that it does not take is not
// used there, though a run uses it.
type settingsReader struct {
	command string
	only    []string // the flags that it takes from the file; nil for all
}

// settingsReaders returns the commands that judge a target, or use the cases and credentials of
// one. The others play a server, or print what does not depend on a target.
func settingsReaders() []settingsReader {
	library := []string{"fixtures", "builtin"}
	connection := []string{"ca", "client-cert", "client-key", "http2", "insecure", "proxy", "resolve"}
	judging, layout := []string{"level", "strict"}, []string{"color", "q", "v"}
	return []settingsReader{
		{"run", nil},
		{"compare", nil},
		{"auth", nil},
		{"proxy", slices.Concat(connection, judging, layout, []string{"body-limit", "fail-on", "forwarded", "mode",
			"preserve-host", "queue", "status", "tls-cert", "tls-key", "upstream", "via"})},
		{"check", slices.Concat(library, judging, layout, []string{"fail-on"})},
		{"report", slices.Concat(library, layout, []string{"baseline"})},
		{"verify", slices.Concat(library, []string{"baseline", "q"})},
		{"list", library},
		{"explain", library},
		{"lint", library},
	}
}

// readsSettings reports whether a command reads the settings file.
func readsSettings(command string) bool {
	return slices.ContainsFunc(settingsReaders(), func(r settingsReader) bool { return r.command == command })
}

// The flags that choose the settings file and a profile in it.
const (
	configFlag  = "config"
	profileFlag = "profile"
)

// notKept returns the flags of these commands that have no place in the file, with the remedy.
func notKept() map[string]string {
	once := func(name string) string {
		return "it is for one run, and would apply to each; pass -" + name + " to that run"
	}
	own := func(name string) string { return "it is for one call of a command; pass -" + name + " there" }
	out := map[string]string{
		configFlag: "a settings file cannot name another; pass -config",
		"shard":    "it would leave out cases in every run; pass -shard to the job that sends the part",
		"dry-run":  "nothing would ever be sent; pass -dry-run to one run",
		"yes":      "nobody would be asked before requests take effect; pass -yes to one run",
	}
	for _, name := range []string{"baseline-update", "list", "retry-failed", "watch"} {
		out[name] = once(name)
	}
	for _, name := range []string{"format", "json", "save-old", "save-new", "listen", "client-report", "key",
		"signature"} {
		out[name] = own(name)
	}
	return out
}

// A settingKind is the type of the value of a key.
type settingKind int

const (
	textSetting settingKind = iota
	boolSetting
	wholeSetting
	timeSetting
	choiceSetting
)

// A settingKey is one key of the settings file: the name of a flag.
type settingKey struct {
	name     string
	flag     *flag.Flag // of the first command that takes it
	kind     settingKind
	several  bool     // a list of values
	of       []string // the values of a choice
	commands []string // that take it from the file
}

// settingKeys returns every key, in the order of the commands and their flags.
func settingKeys() (keys []*settingKey) {
	byName := map[string]*settingKey{}
	skipped := notKept()
	for _, r := range settingsReaders() {
		c, err := findCommand(r.command)
		if err != nil {
			panic(err) // a test finds it
		}
		set := flagSet(c)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) {
			if skipped[f.Name] != "" || f.Name == profileFlag || !r.takes(f.Name) {
				return
			}
			k := byName[f.Name]
			if k == nil {
				k = &settingKey{name: f.Name, flag: f}
				k.kind, k.several, k.of = settingType(f.Value)
				byName[f.Name], keys = k, append(keys, k)
			}
			k.commands = append(k.commands, r.command)
		})
	}
	return keys
}

// takes reports whether the command takes a flag from the file.
func (r settingsReader) takes(name string) bool {
	return r.only == nil || slices.Contains(r.only, name)
}

// settingType returns the type of a flag's values.
func settingType(v flag.Value) (kind settingKind, several bool, of []string) {
	if wrapped, is := v.(explained); is {
		v = wrapped.Value
	}
	switch v := v.(type) {
	case *list, *lines, *mixFlag:
		return textSetting, true, nil
	case *choice:
		return choiceSetting, false, v.of
	case *phaseFlag:
		return choiceSetting, false, generatePhases()
	case *countFlag:
		return wholeSetting, false, nil
	}
	getter, is := v.(flag.Getter)
	if !is {
		return textSetting, false, nil
	}
	switch getter.Get().(type) {
	case bool:
		return boolSetting, false, nil
	case int:
		return wholeSetting, false, nil
	case time.Duration:
		return timeSetting, false, nil
	case *record.Level:
		for _, l := range record.Levels() {
			of = append(of, fmt.Sprint(l))
		}
		return choiceSetting, false, of
	}
	return textSetting, false, nil
}

// A pathForm is how a value of a flag names a file or a folder.
type pathForm int

const (
	wholePath   pathForm = iota + 1 // the value is a path, or - for standard input
	pathBehind                      // FORMAT=FILE
	neverAFile  = "-"
	noConfig    = "none"
	noProfile   = "none"
	configName  = "fmaspec.yaml"
	configLimit = 64 << 10
)

// pathSettings returns the keys whose values are paths. They are relative to the folder of the
// settings file there, and to the working directory on the command line.
func pathSettings() map[string]pathForm {
	return map[string]pathForm{
		"allow-list": wholePath, "baseline": wholePath, "ca": wholePath, "client-cert": wholePath,
		"client-key": wholePath, "client-key-password-file": wholePath, "client-secret-file": wholePath,
		"fixtures":                wholePath,
		"global-admin-token-file": wholePath, "header-file": wholePath,
		"history": wholePath, "invalid-token-file": wholePath,
		"journal": wholePath, "old-token-file": wholePath, "record": pathBehind, "report": pathBehind,
		"save": wholePath, "security-admin-token-file": wholePath, "sign-key": wholePath, "tls-cert": wholePath,
		"tls-key": wholePath, "token-file": wholePath, "unprivileged-token-file": wholePath,
	}
}

// settingExamples returns a value to show for each key that has no default to show, or one that
// says nothing. Values of lists are separated by line breaks.
func settingExamples() map[string]string {
	return map[string]string{
		"accept-less": "armed", "accept-risk": "requestSample", "allow-list": "allowed.txt",
		"audience": "https://graph.microsoft.com", "baseline": "accepted.baseline", "ca": "ca.pem",
		"client-cert": "client.pem", "client-id": "00000000-0000-0000-0000-000000000000", "client-key": "client.key",
		"client-key-password-file": "../secrets/client-key-password.txt",
		"client-secret-file":       "../secrets/client-secret.txt", "duration": "1m", "fixtures": "fmaspec-cases",
		"for": "30s", "global-admin-token-file": "../secrets/global-admin.txt", "header": "X-Request-Source: fmaspec",
		"header-file": "headers.txt", "history": "reports", "invalid-token-file": "../secrets/expired.txt",
		"machine": "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", "max-errors": "0", "max-flips": "0", "max-p99": "200ms",
		"min-coverage": "90", "min-throughput": "100/s", "mix": "accepted=9\nrefused=1", "n": "1000",
		"old-token-file": "../secrets/old-token.txt", "other-machine": "1e5bc9d7e413ddd7902c2932e418702b84d0cc08",
		"ramp": "10s", "rate": "100/m", "record": "ndjson=exchanges.ndjson",
		"report": "json=results.json\njunit=results.xml\nhtml=results.html", "request-id": "client-request-id",
		"resolve": "server.example:443:127.0.0.1:8443", "resource": "https://graph.microsoft.com",
		"run": "^requestSample/", "scope": "https://graph.microsoft.com/.default",
		"security-admin-token-file": "../secrets/security-admin.txt", "seed": "8f2fc3adf3433fc1",
		"sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "sign-key": "../secrets/id_ed25519", "skip": "/media/",
		"status": "127.0.0.1:9090", "tls-cert": "proxy.pem", "tls-key": "proxy.key", "token-command": "my-login",
		"token-file": "../secrets/token.txt", "token-url": "https://login.example/oauth2/v2.0/token",
		"unknown-machine":            "0000000000000000000000000000000000000000",
		"unprivileged-token-command": "my-login --as nobody", "unprivileged-token-file": "../secrets/nobody.txt",
		"upstream": "http://127.0.0.1:8080", "url": "http://127.0.0.1:8080", "user-agent": "my-pipeline/1.0",
		"wait": "30s", "warm-up": "10s", "workers": "16",
	}
}
