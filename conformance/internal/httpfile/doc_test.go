package httpfile_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/httpfile"
)

var update = flag.Bool("update", false, "rewrite what the page takes from the tables")

const page = "../../../docs/fixtures.md"

// between replaces what stands between two marks.
func between(text, name, with string) (string, error) {
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("the page lacks %q or %q", begin, end)
	}
	return before + begin + with + end + after, nil
}

func fieldTable(of string) string {
	var out strings.Builder
	out.WriteString("| field | value | without it | says |\n|---|---|---|---|\n")
	for _, f := range httpfile.Fields() {
		if f.Of == of {
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", f.Key, f.Value, f.Default, f.Says)
		}
	}
	return out.String()
}

func variableTable() string {
	var out strings.Builder
	out.WriteString("| variable | stands for |\n|---|---|\n")
	for _, v := range httpfile.VariablesDoc() {
		fmt.Fprintf(&out, "| `%s` | %s |\n", v.Form, v.Says)
	}
	return out.String()
}

func TestThePageListsFieldsAndVariablesAsTheTablesHaveThem(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	want := string(data)
	for _, part := range []struct{ name, text string }{
		{"fields", "Of the case, in the first head only:\n\n" + fieldTable(httpfile.OfCase) +
			"\nOf a request, in any head:\n\n" + fieldTable(httpfile.OfRequest)},
		{"variables", variableTable()},
	} {
		want, err = between(want, part.name, part.text)
		require.NoError(t, err)
	}
	if *update && string(data) != want {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	if string(data) != want {
		t.Errorf("docs/fixtures.md is stale; run \"go test ./conformance/internal/httpfile -update\" and review " +
			"the change")
	}
}

func TestBetweenNeedsBothMarks(t *testing.T) {
	_, err := between("<!-- x:begin -->\n", "x", "y")
	require.EqualError(t, err, `the page lacks "<!-- x:begin -->\n" or "<!-- x:end -->\n"`)
	got, err := between("a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n", "x", "new\n")
	require.NoError(t, err)
	require.Equal(t, "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n", got)
}

// An example of the page is an "http" block; where a "text" block follows, that
// is what reading the example reports.
var example = regexp.MustCompile("(?s)```http\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

func TestTheExamplesOfThePageReadAsThePageSays(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	valid, faulty := 0, 0
	for _, m := range example.FindAllStringSubmatch(string(data), -1) {
		_, err := httpfile.Parse("mine.http", []byte(m[1]))
		if m[2] == "" {
			require.NoError(t, err, m[1])
			valid++
			continue
		}
		require.Error(t, err, m[1])
		require.Equal(t, strings.TrimSuffix(m[2], "\n"), err.Error())
		faulty++
	}
	require.GreaterOrEqual(t, valid, 3, "the page shows valid files")
	require.GreaterOrEqual(t, faulty, 2, "the page shows faulty files")
}
