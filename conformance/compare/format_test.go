package compare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// hostile is what a server might send to confuse a terminal or a parser.
const hostile = "<&\"]]>' \x1b[31mred\x1b]0;title\a\x00\r\b\x7f\t\u009b2J \u202eevil\u2066 שלום \u200b\ufeff\ufffe " +
	"\xff\xc3 {{x}} \\x41 `*_[a](http://b) @all | </code> #1\n\n# h"

// sides are two reports that differ in everything.
func sides() (old, current *record.Report) {
	const P, D, F, E, S = record.Passed, record.Deviated, record.Failed, record.Errored, record.Skipped
	id := func(n int) string { return fmt.Sprintf("requestSample/body/refuses-%c", 'a'+n) }
	types := []record.Finding{found("types", "/id", "action.types", record.Documented)}
	status := []record.Finding{found("created", "status", "response.created", record.Documented)}
	weak := []record.Finding{found("action-id", "/id", "action.id", record.Inferred)}
	old = made(
		spec{id(0), P, nil, ""}, spec{id(1), P, nil, ""}, spec{id(2), P, nil, ""}, spec{id(3), P, nil, ""},
		spec{id(4), F, types, ""},
		spec{id(5), F, status, ""}, spec{id(6), P, nil, ""}, spec{id(7), S, nil, "not sent: it could take effect"},
		spec{id(8), S, nil, "x"}, spec{id(9), P, nil, ""}, spec{id(10), P, nil, ""},
	)
	current = made(
		spec{id(0), F, types, ""}, spec{id(1), F, types, ""}, spec{id(2), F, status, ""},
		spec{id(3), E, nil, "connection refused"}, spec{id(4), F, status, ""},
		spec{id(5), P, nil, ""}, spec{id(6), D, weak, ""}, spec{id(7), P, nil, ""}, spec{id(8), E, nil, "y"},
		spec{id(11), P, nil, ""}, spec{id(10), P, nil, ""},
	)
	current.Target.URL, current.Target.Name = "https://tenant.example", "the original"
	current.Suite.Version, current.Suite.Fixtures = "0.2.0", strings.Repeat("e", 64)
	current.Verdict, current.Started = record.NotConformant, current.Started.AddDate(0, 0, 1)
	old.Cases[10].Exchanges = []record.ExchangeResult{{Response: answer(400, `{"error":{"code":"A"}}`)}}
	current.Cases[10].Exchanges = []record.ExchangeResult{{Response: answer(400, `{"error":{"code":"B","target":null}}`,
		with("Server", "x"))}}
	return old, current
}

func TestFormatsReadWell(t *testing.T) {
	t.Parallel()
	old, current := sides()
	c := compare.Compare(old, current, compare.Options{})
	for _, row := range []struct {
		file  string
		write func(io.Writer) error
	}{
		{"console.txt", func(w io.Writer) error { return compare.Console(w, c, compare.Style{}) }},
		{"console-verbose.txt", func(w io.Writer) error {
			return compare.Console(w, c,
				compare.Style{Verbose: true, Width: 132})
		}},
		{"console-quiet.txt", func(w io.Writer) error {
			return compare.Console(w, c,
				compare.Style{Quiet: true, Color: true})
		}},
		{"comparison.md", func(w io.Writer) error { return compare.Markdown(w, c) }},
		{"comparison.json", func(w io.Writer) error { return compare.JSON(w, c) }},
	} {
		var b strings.Builder
		require.NoError(t, row.write(&b))
		golden(t, row.file, b.String())
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// harmless writes a comparison in every format, and fails where a terminal or a
// page could obey it.
func harmless(t *testing.T, c *compare.Comparison) {
	t.Helper()
	for name, write := range map[string]func(io.Writer) error{
		"console":  func(w io.Writer) error { return compare.Console(w, c, compare.Style{Color: true, Width: 1}) },
		"verbose":  func(w io.Writer) error { return compare.Console(w, c, compare.Style{Verbose: true, Width: 5000}) },
		"quiet":    func(w io.Writer) error { return compare.Console(w, c, compare.Style{Quiet: true}) },
		"json":     func(w io.Writer) error { return compare.JSON(w, c) },
		"markdown": func(w io.Writer) error { return compare.Markdown(w, c) },
	} {
		var one, two bytes.Buffer
		require.NoError(t, write(&one), name)
		require.NoError(t, write(&two), name)
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: want the same bytes again", name)
		}
		text := colours.ReplaceAllString(one.String(), "")
		if !utf8.ValidString(text) || strings.ContainsFunc(text,
			func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%s: want nothing that a terminal obeys, got %q", name, text)
		}
		if name == "json" {
			var back compare.Comparison
			require.NoError(t, json.Unmarshal(one.Bytes(), &back))
		}
		if name == "markdown" {
			if one.Len() > 64<<10 {
				t.Errorf("want at most 64 KiB, got %d bytes", one.Len())
			}
			rest := regexp.MustCompile(`<code>[^<>]*</code>`).ReplaceAllString(text, "")
			if strings.ContainsAny(rest, "<>`@[]") {
				t.Errorf("want no markup of a server's, got %q", rest)
			}
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	old, current := sides()
	for _, r := range []*record.Report{old, current} {
		r.Target.URL, r.Target.Name, r.Suite.Name, r.Suite.Run, r.Reason = hostile, hostile, hostile, hostile+
			r.Suite.Version, hostile
		for i := range r.Cases {
			c := &r.Cases[i]
			c.Title, c.Reason, c.Operation = hostile, c.Reason+hostile, hostile
			for j := range c.Findings {
				f := c.Findings[j]
				f.Place, f.Got, f.Want, f.Check, f.Requirement = hostile+f.Place, hostile, hostile, hostile, hostile
				f.Key = f.Check + " #0 " + f.Place
				c.Findings[j] = f
			}
		}
	}
	x := &current.Cases[10].Exchanges[0].Response
	(*x).Header[hostile] = []string{hostile}
	(*x).Header["Content-Type"] = []string{hostile}
	(*x).Body, _ = json.Marshal(map[string]any{hostile: 1, "status": hostile, "error": map[string]any{"code": hostile,
		"a": hostile}})
	c := compare.Compare(old, current, compare.Options{})
	require.NotEmpty(t, c.Shapes)
	harmless(t, c)
	for i := range old.Cases {
		old.Cases[i].ID, current.Cases[i].ID = fmt.Sprint(hostile, i), fmt.Sprint(hostile, i)
	}
	harmless(t, compare.Compare(old, current, compare.Options{StrictShape: true}))
}

func TestAnyReportThatCanBeReadIsCompared(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../report/testdata/report.json")
	require.NoError(t, err)
	defer file.Close()
	sample, err := report.ReadJSON(file)
	require.NoError(t, err)
	empty := &record.Report{}
	odd := &record.Report{Cases: []record.CaseResult{
		{Findings: []record.Finding{{Step: -7, Level: record.Standard}, {Step: 1 << 62, Level: record.Inferred}},
			Exchanges: []record.ExchangeResult{{Step: -1}, {Step: 1<<63 - 1, Response: &record.Response{}},
				{Step: -1 << 63, Response: &record.Response{Status: -1}}}},
		{Outcome: record.Passed, Exchanges: []record.ExchangeResult{{Step: -1, Response: &record.Response{Status: -1,
			Body: []byte("[")}}}},
		{}, {},
	}}
	odd.Suite.Repeat = -3
	odd.Suite.Level, empty.Suite.Level = record.Inferred, record.Standard
	for _, old := range []*record.Report{sample, empty, odd, made()} {
		for _, current := range []*record.Report{sample, empty, odd, made(steady())} {
			c := compare.Compare(old, current, compare.Options{StrictShape: true})
			if c.Verdict == "" || c.Reason == "" {
				t.Errorf("want a verdict with a reason, got %q %q", c.Verdict, c.Reason)
			}
			harmless(t, c)
		}
	}
	if c := compare.Compare(sample, sample, compare.Options{StrictShape: true}); len(c.Changes)+len(c.Shapes) > 0 {
		t.Errorf("want no difference from itself, got %s", text(t, c))
	}
}

func TestAPageOfManyChangesIsBounded(t *testing.T) {
	t.Parallel()
	var old, current []spec
	for i := range 900 {
		id := fmt.Sprintf("requestSample/body/case-%d", i)
		f := found(fmt.Sprintf("check-%d", i), "/id", "action.types", record.Documented)
		f.Want, f.Got = strings.Repeat("<", 500), strings.Repeat("|", 500)
		old, current = append(old, spec{id, record.Passed, nil, ""}),
			append(current, spec{id, record.Failed, []record.Finding{f}, ""})
	}
	c := compare.Compare(made(old...), made(current...), compare.Options{})
	require.Len(t, c.Changes, 900)
	harmless(t, c)
	var b strings.Builder
	require.NoError(t, compare.Markdown(&b, c))
	require.Contains(t, b.String(), "\nThe rest is left out; the format json has everything.\n")
}

func TestAWriterThatFailsIsTold(t *testing.T) {
	t.Parallel()
	old, current := sides()
	c := compare.Compare(old, current, compare.Options{})
	for name, err := range map[string]error{
		"console": compare.Console(failing{}, c, compare.Style{}), "json": compare.JSON(failing{}, c),
		"markdown": compare.Markdown(failing{}, c),
	} {
		if err == nil {
			t.Errorf("%s: want the error of the writer, got none", name)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
