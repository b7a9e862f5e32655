package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// settingsSchemaFile is the schema of settings files, which is made of the flags.
const settingsSchemaFile = "../../schemas/settings.schema.json"

// made is a part of a schema.
type made map[string]any

// durationForm is the form of a duration of Go.
const durationForm = `^[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

// valueSchema is the schema of one value of a key.
func valueSchema(t *testing.T, k *settingKey) made {
	t.Helper()
	switch k.kind {
	case boolSetting:
		return made{"type": "boolean"}
	case wholeSetting:
		out := made{"type": "integer", "minimum": 0}
		for name, value := range wholeLimits()[k.name] {
			out[name] = value
		}
		return out
	case timeSetting:
		return made{"anyOf": []made{{"type": "string", "pattern": durationForm}, {"enum": []int{0}}}}
	case choiceSetting:
		return made{"enum": k.of}
	}
	switch k.name {
	case "accept-risk":
		return made{"enum": operationsOf(t)}
	case "accept-less":
		return made{"enum": lessNames()}
	case "report":
		var names, examples []string
		for _, f := range report.Formats() {
			names = append(names, f.Name)
			examples = append(examples, f.Name+"=results."+cmp.Or(extensions()[f.Name], f.Name))
		}
		return made{"type": "string", "pattern": `^(` + strings.Join(names, "|") + `)=.`, "examples": examples}
	case "record":
		return made{"type": "string", "pattern": `^ndjson=.`, "examples": []string{"ndjson=exchanges.ndjson"}}
	}
	return made{"type": []string{"string", "number"}}
}

// wholeLimits are the limits of whole numbers that are not 0 and more.
func wholeLimits() map[string]map[string]int {
	return map[string]map[string]int{
		"parallel": {"minimum": 1}, "repeat": {"minimum": 1, "maximum": conformance.MaxRepeat},
		"min-coverage": {"maximum": 100}, "max-actions": {"minimum": 1}, "body-limit": {"minimum": 1},
		"queue": {"minimum": 1}, "workers": {"maximum": load.MaxWorkers},
	}
}

// extensions are those of files of reports that are not the names of the formats.
func extensions() map[string]string {
	return map[string]string{"badge": "svg", "console": "txt", "github": "txt", "junit": "xml", "markdown": "md",
		"xunit": "xunit.xml"}
}

// operationsOf returns the ids of the operations of the contract.
func operationsOf(t *testing.T) (ids []string) {
	t.Helper()
	doc, err := openapi.Load()
	require.NoError(t, err)
	for _, op := range doc.Operations {
		ids = append(ids, op.ID)
	}
	return ids
}

// keySchema is the schema of a key.
func keySchema(t *testing.T, k *settingKey) made {
	t.Helper()
	_, usage := flag.UnquoteUsage(k.flag)
	out := valueSchema(t, k)
	if k.several {
		out = made{"anyOf": []made{out, {"type": "array", "items": out}}}
	}
	out["description"] = usage
	if len(k.commands) > 0 && k.commands[0] != "run" {
		out["description"] = usage + " (fmaspec " + strings.Join(k.commands, ", ") + " alone)"
	}
	var value any = k.flag.DefValue
	switch k.kind {
	case boolSetting:
		value = k.flag.DefValue == "true"
	case wholeSetting:
		n, err := strconv.Atoi(k.flag.DefValue)
		if value = n; err != nil {
			return out
		}
	}
	if value != "" {
		out["default"] = value
	}
	return out
}

func makeSettingsSchema(t *testing.T) []byte {
	t.Helper()
	text := func(description string) made {
		return made{"description": description, "type": "string", "minLength": 1}
	}
	definitions := made{
		"rules": made{
			"description": "rules of your own, by the ids of requirements; fmaspec list requirements prints them",
			"type":        []string{"object", "null"},
			"additionalProperties": made{
				"type": "object", "required": []string{"reason"}, "additionalProperties": false,
				"anyOf": []made{{"required": []string{"statuses"}}, {"required": []string{"level"}}},
				"properties": made{
					"statuses": made{"description": "the statuses that a refusal may have", "type": "array",
						"items": made{"type": "integer", "minimum": 100, "maximum": 599}},
					"level": made{"description": "judge by the requirement at this level, or not at all",
						"enum": []string{"documented", "standard", "inferred", "off"}},
					"reason": text("why this rule is right for your server; reports show it"),
				},
			},
		},
	}
	both := func() made { return made{rulesKey: made{"$ref": "#/definitions/rules"}} }
	top, profile := both(), both()
	for _, k := range settingKeys() {
		definitions["key-"+k.name] = keySchema(t, k)
		reference := made{"$ref": "#/definitions/key-" + k.name}
		top[k.name], profile[k.name] = reference, reference
	}
	definitions["profile"] = made{"type": []string{"object", "null"}, "additionalProperties": false,
		"properties": profile}
	top[profileKey] = text("the profile that is used where no -profile is given")
	top[profilesKey] = made{
		"description": "settings for several targets, by names of your own; they beat those of the outermost level",
		"type":        []string{"object", "null"}, "propertyNames": made{"pattern": `^[A-Za-z0-9][A-Za-z0-9._-]*$`},
		"additionalProperties": made{"$ref": "#/definitions/profile"},
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(made{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"$id":     "https://fmaspec.invalid/schemas/settings.schema.json",
		"title":   "Settings of fmaspec",
		"description": "The file fmaspec.yaml, which docs/settings.md describes. It is made of the flags of the " +
			"commands: go test ./cmd/fmaspec -run SettingsSchema -update.",
		"type": []string{"object", "null"}, "additionalProperties": false, "properties": top,
		"definitions": definitions,
	}))
	return out.Bytes()
}

func TestTheSettingsSchemaIsThatOfTheFlags(t *testing.T) {
	want := makeSettingsSchema(t)
	if *update {
		require.NoError(t, os.WriteFile(settingsSchemaFile, want, 0o644))
	}
	got, err := os.ReadFile(settingsSchemaFile)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "schemas/settings.schema.json is stale; run go test ./cmd/fmaspec -run "+
		"SettingsSchema -update")
}

// asJSON is a settings file as a schema sees it.
func asJSON(t *testing.T, text string) []byte {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(text), &value))
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return data
}

// switchedOn is the file that fmaspec init writes with every setting on.
func switchedOn(t *testing.T) string {
	t.Helper()
	text, err := starterSettings()
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^#( *[a-z-]|  - )`).ReplaceAllStringFunc(string(text), func(line string) string {
		if strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "#  ") {
			return line // prose
		}
		return line[1:]
	})
}

func TestWhatInitWritesIsValidToTheSchemaAndTheReader(t *testing.T) {
	text, err := starterSettings()
	require.NoError(t, err)
	schema, err := schemas.Compile("settings")
	require.NoError(t, err)
	for what, text := range map[string]string{"as written": string(text), "everything on": switchedOn(t)} {
		violations, err := schema.Validate(asJSON(t, text))
		require.NoError(t, err, what)
		require.Empty(t, violations, what)
		_, problems := parseSettings(configName, []byte(text))
		require.Empty(t, problems, "%s\n%s", what, text)
	}
}

func TestInitWritesEverySetting(t *testing.T) {
	f, problems := parseSettings(configName, []byte(switchedOn(t)))
	require.Empty(t, problems)
	var got, want []string
	for _, s := range f.top.settings {
		got = append(got, s.key)
	}
	for _, k := range settingKeys() {
		want = append(want, k.name)
	}
	slices.Sort(got)
	slices.Sort(want)
	require.Equal(t, want, got, "want each key once in settingsGroups")
	require.Len(t, f.profiles, 2)
	require.Len(t, f.top.rules, 1)
	examples := settingExamples()
	for _, name := range want {
		delete(examples, name)
	}
	require.Empty(t, examples, "examples of what is no key")
}

// The schema and the reader agree on what is a setting, one key at a time.
func TestTheSchemaAndTheReaderAgree(t *testing.T) {
	schema, err := schemas.Compile("settings")
	require.NoError(t, err)
	agree := func(text string, want bool) {
		t.Helper()
		violations, err := schema.Validate(asJSON(t, text))
		require.NoError(t, err, text)
		_, problems := parseSettings(configName, []byte(text))
		require.Equal(t, want, len(violations) == 0, "the schema, of %q: %v", text, violations)
		require.Equal(t, want, len(problems) == 0, "the reader, of %q: %v", text, problems)
	}
	for _, k := range settingKeys() {
		wrong := []string{"{a: 1}", "null", "[[a]]"}
		switch k.kind {
		case boolSetting:
			wrong = append(wrong, `"true"`, "3", "[true]")
		case wholeSetting:
			wrong = append(wrong, `"3"`, "many", "3.5", "[3]", "-1")
			for name, value := range wholeLimits()[k.name] {
				wrong = append(wrong, strconv.Itoa(value+map[string]int{"minimum": -1, "maximum": 1}[name]))
			}
		case timeSetting:
			wrong = append(wrong, "5", "soon", "true", "[5s]")
		case choiceSetting:
			wrong = append(wrong, "another", "3", "["+k.of[0]+"]")
		default:
			wrong = append(wrong, "true")
		}
		for _, value := range wrong {
			agree(k.name+": "+value+"\n", false)
			agree("profiles:\n  a:\n    "+k.name+": "+value+"\n", false)
		}
	}
	for text, want := range map[string]bool{
		"":                            true,
		"# nothing\n":                 true,
		"profiles:\n":                 true,
		"profiles:\n  a:\n":           true,
		"rules:\n":                    true,
		"retry: 0\n":                  true,
		"fixtures: mine\n":            true,
		"fixtures: [mine, yours]\n":   true,
		"machine: 17\n":               true,
		"generate: all\n":             false,
		"accept-risk: [all]\n":        false,
		"accept-less: everything\n":   false,
		"report: [html]\n":            false,
		"report: pdf=x.pdf\n":         false,
		"record: har=x.har\n":         false,
		"repeat: 1000\n":              true,
		"paralel: 3\n":                false,
		"parallel: 3\nx: 1\n":         false,
		"profiles:\n  a:\n    x: 1\n": false,
		"profiles:\n  a b:\n":         false,
		"profiles: [a]\n":             false,
		"rules:\n  a: [400]\n":        false,
		"rules:\n  a: {reason: b}\n":  false,
		"rules:\n  a: {level: off}\n": false,
		"rules:\n  a: {statuses: [400], reason: b, x: 1}\n": false,
		"rules:\n  a: {statuses: [4], reason: b}\n":         false,
		"rules:\n  a: {statuses: [400], reason: b}\n":       true,
		"- a\n": false,
		"a\n":   false,
	} {
		agree(text, want)
	}
}

func TestEachKeyHasOneTypeForAllCommands(t *testing.T) {
	for _, k := range settingKeys() {
		for _, name := range k.commands {
			c, err := findCommand(name)
			require.NoError(t, err)
			set := flagSet(c)
			c.flags(set)
			kind, several, of := settingType(set.Lookup(k.name).Value)
			if kind != k.kind || several != k.several || !slices.Equal(of, k.of) {
				t.Errorf("%s: it is of another type for fmaspec %s than for %s; leave it out of settingsReaders",
					k.name, name, k.commands[0])
			}
		}
	}
}

func TestEveryReaderAndItsFlagsExist(t *testing.T) {
	for _, r := range settingsReaders() {
		c, err := findCommand(r.command)
		require.NoError(t, err)
		set := flagSet(c)
		c.flags(set)
		require.NotNil(t, set.Lookup(configFlag), r.command)
		for _, name := range r.only {
			require.NotNil(t, set.Lookup(name), "fmaspec %s has no flag -%s", r.command, name)
		}
	}
	all := variables()
	for name := range notKept() {
		require.Contains(t, all, variable(name), "no command has a flag -%s", name)
	}
}

// The operand of a flag says whether it is a path.
func TestEveryPathAmongTheKeysIsKnown(t *testing.T) {
	paths := pathSettings()
	for _, k := range settingKeys() {
		operand, _ := flag.UnquoteUsage(k.flag)
		want := pathForm(0)
		switch {
		case strings.HasSuffix(operand, "=FILE"):
			want = pathBehind
		case operand == "FILE" || operand == "FOLDER":
			want = wholePath
		}
		if paths[k.name] != want {
			t.Errorf("%s: want the form %d in pathSettings for the operand %s, got %d", k.name, want, operand,
				paths[k.name])
		}
		delete(paths, k.name)
	}
	require.Empty(t, paths, "paths that are no keys")
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	here := t.TempDir()
	f := &settingsFile{folder: filepath.Dir(here)}
	absolute := filepath.Join(here, "x")
	for _, row := range []struct{ key, text, want string }{
		{"fixtures", "mine", filepath.Join("..", "mine")},
		{"report", "json=out/a.json", "json=" + filepath.Join("..", "out", "a.json")},
		{"report", "json=-", "json=-"},
		{"report", "json", "json"},
		{"token-file", "-", "-"},
		{"token-file", absolute, absolute},
		{"save", "", ""},
		{"machine", "mine", "mine"},
	} {
		require.Equal(t, row.want, f.path(row.key, row.text, here), row.key)
	}
	f.folder = here
	require.Equal(t, "mine", f.path("fixtures", "mine", here))
}

func TestNoSettingThatIsASecretIsShown(t *testing.T) {
	const secret = "Zq9-secret-7781xyz"
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJabyJ9." + secret
	var texts []string
	for key := range secretKeys() {
		texts = append(texts, key+": "+secret, strings.ReplaceAll(key, "-", "_")+": "+secret)
	}
	for _, name := range secretHeaders() {
		texts = append(texts, "header: '"+name+": "+secret+"'")
	}
	texts = append(texts, "machine: "+jwt, "# "+jwt, jwt+": x", "header: 'X-A: Bearer "+secret+"'",
		"profiles:\n  a:\n    token: "+secret, "profiles:\n  a:\n    header: [X-A: b, 'Cookie: "+secret+"']",
		"proxy: http://me:"+secret+"@proxy:8080", "url: https://a/?access_token="+secret,
		"token-command: login --password "+secret, "token-command: PASSWORD="+secret+" login",
		"token-url: https://a/?client_secret="+secret, "header: 'X-Client-Secret: "+secret+"'",
		"#token: "+secret, "# password: "+secret, "  # FMASPEC_TOKEN="+secret, "# client-secret = '"+secret+"'",
		"FMASPEC_TOKEN: "+secret, "# FMASPEC_CLIENT_KEY_PASSWORD: "+secret, "client-key-password: "+secret,
		"token-command: curl -s -u user:"+secret+" https://x/", "token-command: MY_TOKEN="+secret+" my-login",
		"token-command: curl --user 'me:"+secret+"' https://x/", "user-agent: ghp_"+strings.Repeat("a1", 18)+secret,
		"machine: Abc8Q~"+strings.Repeat("b", 31)+secret, "user-agent: AKIA"+strings.Repeat("Z", 16)+" "+secret,
		"header: ['x-authorization: "+secret+"']", "header: 'X-Session-Token: "+secret+"'",
		"rules: {a: {reason: Bearer "+secret+"}}", "token: [\n"+secret+"]", "profile: "+jwt)
	for _, text := range texts {
		_, problems := parseSettings(configName, []byte(text+"\n"))
		require.NotEmpty(t, problems, text)
		all := ""
		for _, p := range problems {
			all += p.text + "\n"
		}
		require.Contains(t, all, "others could read", text)
		if strings.Contains(all, secret) {
			t.Errorf("%s: want the secret nowhere, got %s", text, all)
		}
	}
	for _, text := range []string{
		"token-command: az account get-access-token --resource https://graph.microsoft.com -o json",
		"token-command: login --password \"$PASSWORD\"", "token-command: login --secret=$SECRET --password-stdin",
		"token-command: PASSWORD=$(pass show a) login",
		"header: 'X-Request-Source: fmaspec'", "# the bearer token of a user who may act", "proxy: http://proxy:8080",
		"token-file: secrets/token.txt", "run: '^auth/(bearer|basic)'", "sha1: " + strings.Repeat("0", 40),
		"# token: it is in the vault", "#token: $TOKEN", "# password: <yours>", "# FMASPEC_TOKEN=$(my-login)",
		"# set FMASPEC_TOKEN, or FMASPEC_TOKEN_FILE=secrets/token.txt", "#token-file: ../secrets/token.txt",
		"token-command: docker run -u 1000:1000 my-login", "token-command: PRINT_TOKEN=true my-login",
		"token-command: TOKEN=$(my-login) && echo \"$TOKEN\"", "token-command: curl -s -u \"$USER:$PASSWORD\" https://x/",
		"token-command: curl -s -u user:$PASSWORD https://x/", "header: 'X-Token-Type: mine'",
		"token-command: az account get-access-token --query accessToken -o tsv",
		"token-command: TOKEN=/run/x/y1 my-login",
		"# Bearer tokens are in the vault", "user-agent: basic monitoring",
	} {
		_, problems := parseSettings(configName, []byte(text+"\n"))
		require.Empty(t, problems, text)
	}
}

func TestSettingsAreRecordedAsThoseOfVariables(t *testing.T) {
	file := filepath.Join(t.TempDir(), configName)
	text := "parallel: 3\nheader: ['A: b, c', 'D: e']\nscope: 'b,c'\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	read := func(environ []string, args ...string) []record.Setting {
		c := runCommand()
		set := flagSet(c)
		c.flags(set)
		explainErrors(set)
		_, err := parse(set, args)
		require.NoError(t, err)
		e := &env{environ: environ}
		require.NoError(t, e.fill(set))
		require.NoError(t, e.settle(set))
		return settings(set)
	}
	got := read(nil, "-config", file)
	require.Equal(t, record.Setting{Flag: "config", Value: file}, got[0])
	got = got[1:]
	require.Len(t, got, 4)
	require.Equal(t, read([]string{"FMASPEC_PARALLEL=3", "FMASPEC_HEADER=A: b, c\nD: e",
		`FMASPEC_SCOPE=b\,c`}), got)
}
