package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// badgeTexts reads a badge as XML: its title, its label for who cannot see it, and its texts.
func badgeTexts(t *testing.T, svg string) (title, label string, texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return title, label, texts
		}
		require.NoError(t, err, svg)
		switch e := token.(type) {
		case xml.StartElement:
			require.Contains(t, []string{"svg", "title", "clipPath", "rect", "g", "text"}, e.Name.Local)
			open = append(open, e.Name.Local)
			for _, a := range e.Attr {
				require.NotContains(t, []string{"href", "onload", "style"}, a.Name.Local)
				if a.Name.Local == "aria-label" {
					label = a.Value
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch {
			case len(open) > 0 && open[len(open)-1] == "title":
				title += string(e)
			case len(open) > 0 && open[len(open)-1] == "text":
				texts = append(texts, string(e))
			}
		}
	}
}

func TestBadgeSaysTheVerdict(t *testing.T) {
	for _, row := range []struct {
		file, want string
		report     func() *record.Report
	}{
		{"badge.svg", "2 of 6 broken", sample},
		{"badge-conformant.svg", "conformant", conformant},
		{"badge-unjudged.svg", "not judged", func() *record.Report {
			r := conformant()
			r.Verdict, r.Reason = record.Unjudged, "no request got an answer"
			return r
		}},
		{"", "1 of 2 kept", func() *record.Report {
			r := conformant()
			r.Requirements = append(r.Requirements, record.RequirementResult{State: "declared"})
			return r
		}},
		{"", "not conformant", func() *record.Report {
			return &record.Report{Verdict: record.NotConformant}
		}},
		{"", "2 of 6 broken, accepted", func() *record.Report {
			r := sample()
			r.Baseline.Verdict = record.Conformant
			return r
		}},
		{"", "coverage fails", func() *record.Report { return covered(51) }},
	} {
		r := row.report()
		if row.want == "coverage fails" {
			r.Requirements = nil
		}
		svg := render(t, "badge", r, report.Style{})
		if row.file != "" {
			golden(t, row.file, svg)
		}
		_, label, texts := badgeTexts(t, svg)
		require.Equal(t, []string{"fmaspec", row.want}, texts)
		require.Equal(t, "fmaspec: "+row.want, label)
	}
}

func TestBadgeEscapesWhatAServerIsCalled(t *testing.T) {
	svg := render(t, "badge", everywhere(hostile), report.Style{})
	title, _, _ := badgeTexts(t, svg)
	require.Contains(t, title, `<&"]]>' \x1b[31mred`)
	require.NotContains(t, svg, "]]>")
}
