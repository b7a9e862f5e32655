package term_test

import (
	"strings"
	"testing"

	"fmaspec/conformance/term"
)

func TestALineIsSafeAndFitsTheWidth(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, row := range []struct {
		why    string
		layout term.Layout
		spans  []term.Span
		want   string
	}{
		{"no width", term.Layout{}, []term.Span{{"", long}, {"", long}}, long + long + "\n"},
		{"a width", term.Layout{Width: 50}, []term.Span{{"", long}}, strings.Repeat("x", 49) + "…\n"},
		{"a width that is too small", term.Layout{Width: 3}, []term.Span{{"", long}}, strings.Repeat("x", 39) + "…\n"},
		{"wide characters", term.Layout{Width: 40}, []term.Span{{"", strings.Repeat("語", 30)}},
			strings.Repeat("語", 19) + "…\n"},
		{"cut behind the first span", term.Layout{Width: 40}, []term.Span{{"", "12345"}, {"", long}, {"", "y"}},
			"12345" + strings.Repeat("x", 34) + "…\n"},
		{"colours", term.Layout{Color: true}, []term.Span{{term.Red, "a"}, {"", "b"}, {term.Bold, ""}},
			"\x1b[31ma\x1b[0mb\n"},
		{"no colours", term.Layout{}, []term.Span{{term.Red, "a"}}, "a\n"},
		{"what a terminal would obey", term.Layout{}, []term.Span{{"", "a\x1b[2J\nb"}}, `a\x1b[2J\nb` + "\n"},
	} {
		if got := row.layout.Line(row.spans...); got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
	if got := (term.Layout{Width: 40}).Uncut(term.Span{Code: "", Text: long},
		term.Span{Code: "", Text: "\a"}); got != long+`\x07`+"\n" {
		t.Errorf("want a line to be copied left as long as it is, got %q", got)
	}
}

func TestTextStandsAtBothEndsWhereThereIsRoom(t *testing.T) {
	l := term.Layout{Width: 40}
	if got, want := l.Apart("right", term.Span{Code: "", Text: "left"}), "left"+strings.Repeat(" ", 31)+
		"right\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if got, want := l.Apart("right", term.Span{Code: "", Text: strings.Repeat("x", 34)}), strings.Repeat("x", 34)+
		"\n  right\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestABlockIsWrappedAndBounded(t *testing.T) {
	l := term.Layout{Width: 40}
	if got, want := l.Block("  ", "one\ntwo\r\n\nfour\nfive\n", 3), "  one\n  two\n  \n  … 20 bytes in "+
		"total\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := l.Block("", strings.Repeat("x", 40)+"::set-output name=a::b", 8); strings.Contains(got, "\n::") {
		t.Errorf("want no command at the start of a wrapped line, got %q", got)
	}
}

func TestAParagraphIsBrokenBetweenWords(t *testing.T) {
	if got, want := term.Paragraph("  ", "one two  three ::set-output", 10),
		"  one two\n  three\n  \\x3a:set-output\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := term.Paragraph("", "", 10); got != "\n" {
		t.Errorf("want an empty line, got %q", got)
	}
}

func TestATableHasColumnsAsWideAsTheirCells(t *testing.T) {
	got := term.Table([][]string{{"a", "b", ""}, {"long\x00", "語", "c"}, {"x"}})
	if want := "a         b\n" + `long\x00  語  c` + "\nx\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := term.Table([][]string{{"::set-output a"}}); strings.HasPrefix(got, "::") {
		t.Errorf("want no command in a table, got %q", got)
	}
	if got := term.Table(nil); got != "" {
		t.Errorf("want nothing, got %q", got)
	}
}

func TestACountHasItsNoun(t *testing.T) {
	for n, want := range map[int]string{0: "0 cases", 1: "1 case", 2: "2 cases"} {
		if got := term.Count(n, "case"); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
