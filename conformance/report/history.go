package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A Past is what is known of an earlier run, from its record. [Style.History] has those that a page
// compares a report with. It is no part of the record.
type Past struct {
	head *record.Report // without its cases
	of   map[string]standing
	n    standingCount
}

// Started returns when the run began.
func (p *Past) Started() time.Time { return p.head.Started }

// ReadPast reads what is before the cases of a record that [JSON] has written, and no further: the
// record of a long run is much longer than what is needed of it. Where the cases are not the last
// member, they are read over.
func ReadPast(from io.Reader) (*Past, error) {
	decoder := json.NewDecoder(from)
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, cmp.Or(cutShort(err), errors.New("it is no JSON object"))
	}
	needed := []string{"$schema", "suite", "target", "started", "verdict", "totals", "requirements"}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, cutShort(err)
		}
		name, _ := token.(string)
		if name == "cases" && !slices.ContainsFunc(needed, func(n string) bool { return members[n] == nil }) {
			break
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, cutShort(err)
		}
		if slices.Contains(needed, name) || slices.Contains([]string{"subject", "interrupted", "baseline",
			"coverage", "load"}, name) {
			members[name] = value
		}
	}
	for _, name := range needed {
		if members[name] == nil {
			return nil, fmt.Errorf("it is no report: it has no member %q", name)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	var head record.Report
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&head); err != nil {
		return nil, fmt.Errorf("it is no report: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("it is no report: its $schema is not %s", Schema)
	}
	return PastOf(&head), nil
}

// cutShort returns the error of a text that ends too early in words.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	return err
}

// PastOf returns what is known of the run of a report.
func PastOf(r *record.Report) *Past {
	head := *r
	head.Cases = nil
	p := &Past{head: &head, of: map[string]standing{}, n: countStandings(r)}
	for _, q := range r.Requirements {
		p.of[q.ID] = standingOf(q, r.Suite.Strict)
	}
	return p
}

// judged reports whether the run came to a verdict.
func (p *Past) judged() bool {
	return !p.head.Interrupted && (p.head.Verdict == record.Conformant || p.head.Verdict == record.NotConformant)
}

// unlike says why a run cannot be compared with that of a report, or "".
func (p *Past) unlike(r *record.Report) string {
	a, b := p.head, r
	switch {
	case a.Subject != b.Subject:
		return "of another subject"
	case targetKey(a.Target) != targetKey(b.Target):
		return "of another target"
	case a.Suite.Contract != b.Suite.Contract:
		return "of another contract"
	case a.Suite.Level != b.Suite.Level || a.Suite.Strict != b.Suite.Strict:
		return "at another level"
	case record.RulesText(a.Suite.OwnRules) != record.RulesText(b.Suite.OwnRules):
		return "under other own rules"
	case a.Suite.Run != b.Suite.Run || a.Suite.Skip != b.Suite.Skip || a.Suite.Shard != b.Suite.Shard ||
		!slices.Equal(a.Suite.Only, b.Suite.Only) || !slices.Equal(a.Suite.Generated, b.Suite.Generated):
		return "of other cases"
	case !a.Started.Before(b.Started):
		return "not earlier"
	}
	return ""
}

// targetKey returns what names a target from run to run: the URL of a server in a test has another
// port each time, and its name does not.
func targetKey(t record.TargetInfo) string { return cmp.Or(t.Name, t.URL) }

// A history is a report among the earlier ones that it can be compared with.
type history struct {
	report *record.Report
	past   []*Past // the earliest first
	left   []string
}

// historyOf chooses from the earlier runs; it is nil where there is no folder of them.
func historyOf(r *record.Report, all []*Past) *history {
	if all == nil {
		return nil
	}
	h := &history{report: r}
	n, order := map[string]int{}, []string{}
	for _, p := range all {
		why := p.unlike(r)
		if why == "" {
			h.past = append(h.past, p)
			continue
		}
		if same := p.head.Started.Equal(r.Started); same && why == "not earlier" {
			continue // the report itself
		}
		if n[why]++; n[why] == 1 {
			order = append(order, why)
		}
	}
	slices.Sort(order)
	for _, why := range order {
		h.left = append(h.left, fmt.Sprintf("%d %s", n[why], why))
	}
	slices.SortStableFunc(h.past, func(a, b *Past) int { return a.head.Started.Compare(b.head.Started) })
	return h
}

// day returns a time as the page shows it.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// A since says from when on a requirement has been broken.
type since struct {
	Text string
	New  bool // the report before it says that it was kept
	From time.Time
}

// since returns from when on a broken requirement has been broken: the first report of the row
// without a gap in which it was. Where the records do not tell, it says so.
func (h *history) since(id string) since {
	out := since{From: h.report.Started}
	row := 1
	for i := len(h.past) - 1; i >= 0; i-- {
		p := h.past[i]
		s, known := p.of[id]
		switch {
		case known && (s == broken || s == deviated):
			out.From = p.head.Started
			row++
			continue
		case known && s == kept && p.judged():
			out.New = row == 1
			if out.New {
				out.Text = "new: it was kept on " + day(p.head.Started)
			} else {
				out.Text = fmt.Sprintf("since %s, in %s; kept on %s", day(out.From), count(row, "report"),
					day(p.head.Started))
			}
			return out
		}
		out.Text = fmt.Sprintf("at least since %s: the report of %s does not tell", day(out.From),
			day(p.head.Started)) + h.before(id, i)
		return out
	}
	switch row {
	case 1:
		out.Text = "not known: there is no earlier report"
	default:
		out.Text = fmt.Sprintf("since %s or earlier: that is the first report", day(out.From))
	}
	return out
}

// before describes a requirement by the latest report that judged it, of those before one that did not.
func (h *history) before(id string, i int) string {
	for _, p := range slices.Backward(h.past[:i]) {
		switch s, known := p.of[id]; {
		case known && (s == broken || s == deviated):
			return "; it was broken before too, on " + day(p.head.Started)
		case known && s == kept && p.judged():
			return "; it was kept on " + day(p.head.Started)
		}
	}
	return ""
}

// mended returns the requirements that were broken in the report before and are kept now.
func (h *history) mended() (ids []string) {
	if len(h.past) == 0 {
		return nil
	}
	last := h.past[len(h.past)-1]
	for _, q := range h.report.Requirements {
		if s := last.of[q.ID]; (s == broken || s == deviated) && standingOf(q, h.report.Suite.Strict) == kept {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// trendRuns is how many runs a chart of the trend has at most.
const trendRuns = 40

// runs returns the last runs, this one at the end.
func (h *history) runs() []*Past {
	all := append(slices.Clone(h.past), PastOf(h.report))
	return all[max(0, len(all)-trendRuns):]
}

// charts draws how many requirements were broken, and how many cases failed, from run to run.
func (h *history) charts() (out []trendChart) {
	runs := h.runs()
	for _, row := range []struct {
		name string
		of   func(*Past) int
	}{
		{"Requirements broken", func(p *Past) int { return p.n[broken] }},
		{"Cases failed", func(p *Past) int { return p.head.Totals.Failed }},
	} {
		most := 1
		var values []string
		for _, p := range runs {
			most = max(most, row.of(p))
			values = append(values, fmt.Sprint(row.of(p)))
		}
		c := trendChart{Name: row.name, Label: row.name + " from run to run: " + strings.Join(values, ", ")}
		wide := min((trendWide-trendLeft)/float64(len(runs)), 72)
		for i, p := range runs {
			n := row.of(p)
			tall := float64(n) / float64(most) * (trendHigh - trendTop - trendFoot)
			bar := trendBar{X: trendLeft + wide*float64(i) + wide*0.15, Wide: wide * 0.7,
				Y: trendHigh - trendFoot - max(tall, 1), High: max(tall, 1), N: fmt.Sprint(n), Class: "bar",
				Title: day(p.head.Started) + ": " + values[i]}
			bar.Middle = bar.X + bar.Wide/2
			switch {
			case !p.judged():
				bar.Class, bar.N, bar.Title = "away", "?", bar.Title+", no verdict"
				bar.Y, bar.High = trendTop, trendHigh-trendFoot-trendTop
			case i == len(runs)-1:
				bar.Class = "bar now"
			}
			if len(runs) > 24 && i != 0 && i != len(runs)-1 {
				bar.N = "" // there is no room for it
			}
			c.Bars = append(c.Bars, bar)
		}
		c.First = runs[0].head.Started.UTC().Format("2006-01-02")
		c.Last = runs[len(runs)-1].head.Started.UTC().Format("2006-01-02")
		c.End = trendLeft + wide*float64(len(runs))
		out = append(out, c)
	}
	return out
}

// The size of a chart of the trend, in units of its view box.
const (
	trendWide, trendHigh = 900, 150
	trendLeft, trendTop  = 4, 22
	trendFoot            = 24
)

// A trendChart is a chart of a number from run to run. All texts are of this package.
type trendChart struct {
	Name, Label, First, Last string
	End                      float64
	Bars                     []trendBar
}

type trendBar struct {
	X, Y, Wide, High, Middle float64
	N, Title, Class          string
}

// A trendRow is a run in the table of the trend.
type trendRow struct {
	Day, Verdict, Tone            string
	Broken, Deviated, Kept, Cases string
}

func (h *history) rows() (out []trendRow) {
	for _, p := range slices.Backward(h.runs()) {
		text := verdictName(strings.ReplaceAll(string(p.head.Verdict), "-", " "), p.head)
		if !p.judged() {
			text = "could not judge"
		}
		out = append(out, trendRow{day(p.head.Started), text, tone(p.head.Verdict), fmt.Sprint(p.n[broken]),
			fmt.Sprint(p.n[deviated]), fmt.Sprint(p.n[kept]),
			fmt.Sprintf("%d of %d", p.head.Totals.Failed, p.head.Totals.Total)})
	}
	return out
}
