package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestJudgeTellsWhatAReaderWouldStumbleOver(t *testing.T) {
	for _, row := range []struct{ why, code, want string }{
		{"all well", "type Error struct {\n\tCode *string `json:\"code\" " +
			"validate:\"regexp=[^\\\\t]\"`\n}\ntype NullableError struct {\n\tvalue *Error\n}\n" +
			"type Kind string\ntype Other = Error\n", ""},
		{"a structure without a name", "type Error struct{ Inner *struct{ Code string } }",
			"x.go:2:27: Error.Inner: a type without a name"},
		{"a list of structures without a name", "type Error struct{ Inner []struct{ Code string } }",
			"x.go:2:28: Error.Inner: a type without a name"},
		{"a member of any type", "type Error struct{ Type interface{} }", "x.go:2:25: Error.Type: of any type"},
		{"a member of any type, by its other name", "type Error struct{ Type map[string]any }",
			"x.go:2:36: Error.Type: of any type"},
		{"a type twice", "type Error struct{}\ntype Unusable struct{}", "x.go:3:6: Unusable: a type that nobody " +
			"would look for, or that is there under another name"},
		{"no such type", "type Kind string", "Error: there is no such type"},
		{"a control character in a tag", "type Error struct {\n\tCode string `validate:\"regexp=[^\t\n]\"`\n}",
			"Error.Code: a tag that package reflect cannot read"},
		{"a tag without quotes", "type Error struct {\n\tCode string `json:code`\n}",
			"Error.Code: a tag that package reflect cannot read"},
		{"no Go", "type Error struct {", "x.go:2:"},
	} {
		found := strings.Join(judge("Nullable", map[string]string{"x.go": "package x\n" + row.code}, []string{"Error"}),
			"\n")
		if row.want == "" && found != "" || !strings.Contains(found, row.want) {
			t.Errorf("%s: want %q\ngot %q", row.why, row.want, found)
		}
	}
}

func TestRunReturnsTheExitCode(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.go")
	if err := os.WriteFile(good, []byte("package x\n\ntype Error struct{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args string
		code int
	}{
		{"Nullable " + good + " -- Error", 0},
		{"Nullable " + good + " -- Problem", 1},
		{"Nullable " + good + ".none -- Error", 2},
		{"Nullable -- Error", 2},
		{"Nullable " + good, 2},
		{"", 2},
	} {
		var out, said bytes.Buffer
		args := slices.DeleteFunc(strings.Split(row.args, " "), func(s string) bool { return s == "" })
		if code := run(args, &out, &said); code != row.code {
			t.Errorf("generate %s: want exit code %d, got %d: %s%s", row.args, row.code, code, &out, &said)
		}
	}
}
