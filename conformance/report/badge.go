package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance/record"
)

// badgeLabel is the left part of a badge.
const badgeLabel = "fmaspec"

// The colours of the right part of a badge; white text is legible on each (4.5:1).
const (
	badgeGood   = "#1f7a36"
	badgeBad    = "#b3261e"
	badgeUnsure = "#6b6f76"
	badgeLeft   = "#3c4148"
)

// Badge writes the verdict as an SVG image for a README or a wiki: "conformant", "31 of 69 kept"
// where not everything was exercised, "12 of 69 broken", or "not judged". A baseline, and what else
// fails a run, count as in the exit code. The image needs nothing else, and has the whole verdict as
// its title.
func Badge(w io.Writer, r *record.Report) error {
	text, colour := badgeText(r)
	line, _ := verdictLine(r)
	title := clip(line, 600)
	left, right := badgeWidth(badgeLabel)+12, badgeWidth(text)+12
	wide := left + right
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="20" viewBox="0 0 %[1]d 20" role="img" `+
		`aria-label="%s: %s">`+"\n", wide, badgeLabel, escapedXML(text))
	fmt.Fprintf(&b, "<title>%s</title>\n", escapedXML(title))
	fmt.Fprintf(&b, `<clipPath id="fmaspec-badge"><rect width="%d" height="20" rx="3"/></clipPath>`+"\n", wide)
	fmt.Fprintf(&b, `<g clip-path="url(#fmaspec-badge)"><rect width="%d" height="20" fill="%s"/>`+
		`<rect x="%[1]d" width="%[3]d" height="20" fill="%[4]s"/></g>`+"\n", left, badgeLeft, right, colour)
	b.WriteString(`<g fill="#ffffff" text-anchor="middle" font-family="Verdana,Geneva,'DejaVu Sans',sans-serif" ` +
		`font-size="11">` + "\n")
	for _, part := range []struct {
		from, wide int
		text       string
	}{{0, left, badgeLabel}, {left, right, text}} {
		fmt.Fprintf(&b, `<text x="%g" y="14" textLength="%d">%s</text>`+"\n", float64(part.from)+float64(part.wide)/2,
			part.wide-12, escapedXML(part.text))
	}
	b.WriteString("</g>\n</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// badgeText returns the right part of a badge, and its colour.
func badgeText(r *record.Report) (text, colour string) {
	verdict, _ := gate(r)
	text, colour = badgeVerdict(r, verdict)
	if len(r.Suite.OwnRules) > 0 && (verdict == record.Conformant || verdict == record.NotConformant) {
		text += ", own rules"
	}
	return text, colour
}

// badgeVerdict returns the verdict of a badge without the rules by which it was reached.
func badgeVerdict(r *record.Report, verdict record.Verdict) (text, colour string) {
	n := countStandings(r)
	also := asides(r)
	switch {
	case verdict == record.NotConformant && n[broken] == 0:
		return "not conformant", badgeBad
	case verdict == record.NotConformant:
		return fmt.Sprintf("%d of %d broken", n[broken], n.all()), badgeBad
	case verdict != record.Conformant:
		return "not judged", badgeUnsure
	case len(also) > 0:
		return also[0].title + " fails", badgeBad
	case n[broken] > 0: // what is broken is accepted
		return fmt.Sprintf("%d of %d broken, accepted", n[broken], n.all()), badgeUnsure
	case n[undecided]+n[notExercised] > 0:
		return fmt.Sprintf("%d of %d kept", n[kept], n.all()), badgeGood
	}
	return "conformant", badgeGood
}

// badgeWidth returns about how wide text is in Verdana of 11 pixels; textLength makes it so.
func badgeWidth(text string) int {
	wide := 0.0
	for _, c := range text {
		switch {
		case strings.ContainsRune("ijl.,:;|!'", c):
			wide += 3.6
		case strings.ContainsRune("frt ()-", c):
			wide += 4.6
		case strings.ContainsRune("mwMW", c):
			wide += 10
		default:
			wide += 7
		}
	}
	return int(wide + 0.5)
}

// escapedXML returns safe text for XML.
func escapedXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(safe(text))) // a strings.Builder returns no error
	return b.String()
}
