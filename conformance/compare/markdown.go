package compare

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

// mostMarkdown is the size at which a page is cut: a comment on a code host has at most 64 KiB.
const mostMarkdown = 48 << 10

// Markdown writes a comparison for a pull request or the summary of a workflow, at most 64 KiB
// of it. Text from a server is in code elements with every punctuation character as a
// reference, so that it cannot be markup or a mention.
func Markdown(w io.Writer, c *Comparison) error {
	var b strings.Builder
	text, _ := c.verdictText()
	title, reason, _ := strings.Cut(text, ": ")
	fmt.Fprintf(&b, "## %s%s\n\n%s.\n\n", strings.ToUpper(title[:1]), title[1:], plainText(reason))
	fmt.Fprintf(&b, "| | old | new |\n|---|---|---|\n")
	for _, row := range []struct{ name, old, new string }{
		{"target", code(c.Old.Target), code(c.New.Target)},
		{"verdict", plainText(verdictWord(c.Old)), plainText(verdictWord(c.New))},
		{"judged", fmt.Sprintf("%d of %d cases", c.Old.Judged, c.Old.Of), fmt.Sprintf("%d of %d cases", c.New.Judged,
			c.New.Of)},
		{"suite", code(c.Old.Suite), code(c.New.Suite)},
	} {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.name, row.old, row.new)
	}
	b.WriteString("\n")
	if len(c.Different)+len(c.Notes) > 0 {
		b.WriteString("Judged differently, which may explain differences:\n\n")
		for _, d := range c.Different {
			fmt.Fprintf(&b, "- %s: %s → %s (%s)\n", d.What, code(shortly(d.Old)), code(shortly(d.New)), d.Means+
				d.lessText())
		}
		for _, note := range c.Notes {
			fmt.Fprintf(&b, "- %s\n", plainText(note))
		}
		b.WriteString("\n")
	}
	cut := false
	room := func(item string) {
		if cut = cut || b.Len()+len(item) > mostMarkdown; !cut {
			b.WriteString(item)
		}
	}
	for _, k := range Kinds() {
		changes := c.of(k.Kind)
		if len(changes) == 0 {
			continue
		}
		room(fmt.Sprintf("### %s %s\n\n%s\n\n", count(len(changes), "case"), k.Title, k.Doc))
		for _, bundle := range bundles(changes) {
			room(item(bundle))
		}
		room("\n")
	}
	if len(c.Shapes) > 0 {
		room(fmt.Sprintf("### %s in the shape of answers\n\n| place | old | new | where | first "+
			"|\n|---|---|---|---|---|\n", count(len(c.Shapes)+c.Totals.MoreShapes, "difference")))
		for _, s := range c.Shapes {
			room(fmt.Sprintf("| %s | %s | %s | %s | %s |\n", code(s.Place), code(stated(s.Old)), code(stated(s.New)),
				where(s), code(s.Cases[0])))
		}
		room("\n")
	}
	if cut {
		b.WriteString("\nThe rest is left out; the format json has everything.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// item returns the list item of a group of cases.
func item(b *bundle) string {
	text := "- " + code(b.Case)
	if more := len(b.ids) - 1; more > 0 {
		text += " and " + count(more, "more case")
	}
	text += "\n"
	if b.Old == "" || b.New == "" {
		return text
	}
	for _, list := range []struct {
		word string
		of   []record.Finding
	}{{"added", b.Added}, {"gone", b.Gone}} {
		findings := plainest(list.of)
		for i, f := range findings {
			if i == someFindings {
				text += fmt.Sprintf("  - %s: %s\n", list.word, count(len(findings)-i, "more finding"))
				break
			}
			text += fmt.Sprintf("  - %s: %s at %s, want %s, got %s (%s)\n", list.word, code(f.Check), code(f.Place),
				code(f.Want), code(f.Got), code(f.Requirement))
		}
	}
	if b.NewReason != "" {
		text += "  - " + code(b.NewReason) + "\n"
	}
	return text
}

// mostCode is the maximum length of a text on a page.
const mostCode = 100

// code returns text as a code element.
func code(text string) string {
	if text = safe(text); utf8.RuneCountInString(text) > mostCode {
		text = string([]rune(text)[:mostCode]) + "…"
	}
	return "<code>" + references(text) + "</code>"
}

// plainText returns a sentence without markup.
func plainText(text string) string { return references(safe(text)) }

// references replaces every character that could be markup by a character reference.
func references(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 && strings.ContainsRune("!\"#$&'()*+:;<=>?@[\\]^_`{|}~.", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
