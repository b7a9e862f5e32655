package report

import (
	"fmt"
	"strings"
	"testing"
)

func TestBlockSaysHowMuchItLeavesOut(t *testing.T) {
	p := &page{Style: Style{Width: 40}}
	p.block("  ", "one\ntwo\r\n\nfour\nfive\n", 3)
	if want := "  one\n  two\n  \n  … 20 bytes in total\n"; p.String() != want {
		t.Errorf("want %q, got %q", want, p.String())
	}
}

func TestNoLineOfABlockBeginsWithACommand(t *testing.T) {
	for pad := range 120 {
		p := &page{Style: Style{Width: 40}}
		p.block("          ", strings.Repeat("x", pad)+"::set-output name=a::b ##vso[task.complete]", 8)
		for line := range strings.Lines(p.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
				t.Errorf("behind %d columns: want no command, got %q", pad, line)
			}
			if columns(line) > 41 || strings.Contains(line, "…") {
				t.Errorf("behind %d columns: want the whole text within 40 columns, got %q", pad, line)
			}
		}
		for _, word := range []string{"set", "output", "vso", "complete"} {
			if whole := strings.NewReplacer("\n", "", " ", "").Replace(p.String()); !strings.Contains(whole, word) {
				t.Errorf("behind %d columns: want %s in it, got %s", pad, word, fmt.Sprintf("%q", whole))
			}
		}
	}
}

func TestCiteQuotesHeadings(t *testing.T) {
	for _, row := range []struct{ document, section, want string }{
		{"RFC 9110", "15.5.6, 15.6.2", "RFC 9110, 15.5.6, 15.6.2"},
		{"both documents", "Response", `both documents, "Response"`},
		{"both documents", `"Response" and its example`, `both documents, "Response" and its example`},
		{"RFC 8259", "", "RFC 8259"},
		{"both documents, FIPS 180-4", "both documents Request body, FIPS 180-4 6.1",
			"both documents Request body, FIPS 180-4 6.1"},
		{"", "", ""},
	} {
		if got := cite(row.document, row.section); got != row.want {
			t.Errorf("want %s, got %s", row.want, got)
		}
	}
}
