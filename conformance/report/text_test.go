package report

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafeShowsWhatATerminalWouldObey(t *testing.T) {
	for _, row := range []struct{ text, want, why string }{
		{"plain text", "plain text", "nothing to escape"},
		{"שלום", "שלום", "right-to-left letters are text"},
		{"\x1b[2J", `\x1b[2J`, "the escape character starts a command"},
		{"\x00\a\x7f", `\x00\x07\x7f`, "control characters"},
		{"\u009b2J", `\u009b2J`, "the 8-bit form of an escape sequence"},
		{"\u202eabc\u2066", `\u202eabc\u2066`, "overrides and isolates turn the reading direction"},
		{"a\u200bb\ufeff", `a\u200bb\ufeff`, "invisible characters"},
		{"a\nb\r\tc", `a\nb\r\tc`, "an item keeps to its line"},
		{"\xff\xc3(", `\xff\xc3(`, "bytes that are not UTF-8"},
		{"\ufffd", `\ufffd`, "the replacement character is not mistaken for a broken byte"},
		{"\u2028\u00a0", `\u2028\u00a0`, "other line breaks and blanks"},
		{"\U000e0041", `\U000e0041`, "tag characters are invisible"},
	} {
		if got := safe(row.text); got != row.want {
			t.Errorf("want %s, got %s: %s", row.want, got, row.why)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, seed := range []string{"", "text", "\x1b[0m", "\xff", "\u202e\ufffd\U000e0041"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := safe(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q: want UTF-8, got %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: want printable characters alone, got %U", s, r)
			}
		}
		if again := safe(got); again != got {
			t.Errorf("%q: want safe text unchanged, got %q", got, again)
		}
		head, tail := split(got, 7)
		if columns(head) > 7 || head+tail != got {
			t.Errorf("%q: want two halves of it, the first within 7 columns, got %q and %q", got, head, tail)
		}
	})
}

func TestSplitCountsWideCharactersTwice(t *testing.T) {
	for _, row := range []struct {
		text, head, tail string
		width            int
	}{
		{"abcdef", "abc", "def", 3},
		{"日本語", "日", "本語", 3},
		{"abc", "abc", "", 3},
		{"", "", "", 3},
	} {
		if head, tail := split(row.text, row.width); head != row.head || tail != row.tail {
			t.Errorf("%q: want %q and %q, got %q and %q", row.text, row.head, row.tail, head, tail)
		}
	}
}

func TestBlockSaysHowMuchItLeavesOut(t *testing.T) {
	p := &page{Style: Style{Width: 40}}
	p.block("  ", "one\ntwo\r\n\nfour\nfive\n", 3)
	if want := "  one\n  two\n  \n  … 20 bytes in all\n"; p.String() != want {
		t.Errorf("want %q, got %q", want, p.String())
	}
}

func TestCiteQuotesHeadings(t *testing.T) {
	for _, row := range []struct{ document, section, want string }{
		{"RFC 9110", "15.5.6, 15.6.2", "RFC 9110, 15.5.6, 15.6.2"},
		{"both documents", "Response", `both documents, "Response"`},
		{"both documents", `"Response" and its example`, `both documents, "Response" and its example`},
		{"RFC 8259", "", "RFC 8259"},
		{"", "", ""},
	} {
		if got := cite(row.document, row.section); got != row.want {
			t.Errorf("want %s, got %s", row.want, got)
		}
	}
}
