package report

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance/record"
)

// SiteLimit is how many implementations a [Site] has at most.
const SiteLimit = 100

// A Site is a page of results that has several implementations side by side, from a report of each.
type Site struct {
	entries []*SiteEntry
}

// A SiteEntry is an implementation of a [Site].
type SiteEntry struct {
	*Past
	Name string // of the implementation
	Page string // the file name of its page, without the extension: letters, digits and hyphens
	File string // where its report was read
}

// NewSite returns the page of these reports. File is where a report was read; its name without the
// extension is the name of an implementation that has none, or its folder where several folders have a
// file of that name. Of several reports of one name the latest is on the page, and the others are
// returned.
func NewSite(all map[string]*Past) (site *Site, left []string, err error) {
	by := map[string]*SiteEntry{}
	files := make([]string, 0, len(all))
	for file := range all {
		files = append(files, file)
	}
	slices.Sort(files)
	byFolder := folderNames(all)
	for _, file := range files {
		p := all[file]
		e := &SiteEntry{Past: p, Name: cmp.Or(byFolder[file], siteName(file, p.head.Target)), File: file}
		other := by[e.Name]
		switch {
		case other == nil:
			by[e.Name] = e
		case other.Started().After(e.Started()):
			left = append(left, file)
		default:
			left = append(left, other.File)
			by[e.Name] = e
		}
	}
	site = &Site{}
	for _, e := range by {
		site.entries = append(site.entries, e)
	}
	switch {
	case len(site.entries) == 0:
		return nil, nil, errors.New("no report; name folders of JSON reports")
	case len(site.entries) > SiteLimit:
		return nil, nil, fmt.Errorf("%d implementations, and a page has %d at most; name fewer reports",
			len(site.entries), SiteLimit)
	}
	slices.SortFunc(site.entries, func(a, b *SiteEntry) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	taken := map[string]bool{"index": true, "con": true, "prn": true, "aux": true, "nul": true} // devices of Windows
	for i := range 10 {
		taken["com"+strconv.Itoa(i)], taken["lpt"+strconv.Itoa(i)] = true, true
	}
	for _, e := range site.entries {
		stem := slug(e.Name)
		e.Page = stem
		for i := 2; taken[e.Page]; i++ {
			e.Page = stem + "-" + strconv.Itoa(i)
		}
		taken[e.Page] = true
	}
	slices.Sort(left)
	return site, left, nil
}

// Entries returns the implementations, sorted by name.
func (s *Site) Entries() []*SiteEntry { return s.entries }

// siteName is the name of an implementation: that of its target, or else of the file of its report.
func siteName(file string, t record.TargetInfo) string {
	if isNamed(t) {
		return clip(t.Name, 80)
	}
	_, name := splitFile(file)
	return clip(cmp.Or(name, "report"), 80)
}

// isNamed reports whether a target has a name of its own.
func isNamed(t record.TargetInfo) bool { return t.Name != "" && t.Name != t.URL }

// splitFile returns the folders of a file and its name without the extension.
func splitFile(file string) (folders []string, name string) {
	parts := strings.FieldsFunc(file, func(r rune) bool { return r == '/' || r == '\\' })
	if len(parts) == 0 {
		return nil, ""
	}
	last := len(parts) - 1
	folders = slices.DeleteFunc(slices.Clone(parts[:last]), func(part string) bool { return part == "." })
	return folders, strings.TrimSuffix(parts[last], ".json")
}

// folderNames returns the names of implementations by their files, where reports of targets without a
// name have one file name in several folders: every pipeline writes results.json, which names nobody.
func folderNames(all map[string]*Past) map[string]string {
	same := map[string][]string{}
	for file, p := range all {
		if _, name := splitFile(file); !isNamed(p.head.Target) {
			same[name] = append(same[name], file)
		}
	}
	out, of := map[string]string{}, map[string]int{}
	for _, files := range same {
		if len(files) < 2 {
			continue
		}
		for _, file := range files {
			if folder := ownFolder(file, files); folder != "" {
				out[file] = folder
				of[folder]++
			}
		}
	}
	for file, folder := range out {
		if of[folder] > 1 { // the folder has several such files
			_, name := splitFile(file)
			folder += "/" + name
		}
		out[file] = clip(folder, 80)
	}
	return out
}

// ownFolder returns as many of the last folders of a file as none of the others has, "" for a file in
// none.
func ownFolder(file string, others []string) string {
	last := func(file string, n int) string {
		folders, _ := splitFile(file)
		return strings.Join(folders[max(len(folders)-n, 0):], "/")
	}
	folders, _ := splitFile(file)
	for n := 1; n < len(folders); n++ {
		if !slices.ContainsFunc(others, func(other string) bool {
			return other != file && last(other, n) == last(file, n)
		}) {
			return last(file, n)
		}
	}
	return strings.Join(folders, "/")
}

// slug returns a file name for a name.
func slug(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return cmp.Or(strings.Trim(b.String(), "-"), "implementation")
}

// Write writes the page as HTML that needs nothing but the pages and badges of its implementations,
// for links. It has no script.
func (s *Site) Write(w io.Writer) error {
	var style strings.Builder
	for _, name := range []string{"html/page.css", "html/site.css"} {
		text, err := htmlFiles.ReadFile(name)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		style.Write(text)
	}
	t, err := template.New("site.html").Funcs(template.FuncMap{"safe": safe, "count": count}).ParseFS(htmlFiles,
		"html/site.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return t.Execute(w, map[string]any{"Style": template.CSS(style.String()), "Groups": s.groups(),
		"Implementations": len(s.entries), "Policy": fmt.Sprintf("default-src 'none'; style-src '%s'; img-src data:; "+
			"base-uri 'none'; form-action 'none'", sourceHash(style.String()))})
}

// A siteGroup holds the implementations that were judged by one contract.
type siteGroup struct {
	Contract, Short string
	Entries         []siteColumn
	Levels          []siteLevel
}

// Span returns the number of columns of the requirements.
func (g siteGroup) Span() int { return len(g.Entries) + 1 }

// A siteColumn is an implementation in the overview.
type siteColumn struct {
	Name, Verdict, Tone, Target, Suite, Level, Day string
	Page, Badge                                    template.URL
	Broken, Deviated, Kept, Open, Failed, Total    int
}

type siteLevel struct {
	Level string
	Rows  []siteRow
}

type siteRow struct {
	ID, Says, Cite string
	Cells          []siteCell
}

type siteCell struct {
	Words, Tone, Name string
	Findings          int
	Link              template.URL // "" where the report does not have the requirement
}

// groups returns the implementations by contract, that of the most implementations first. Those of
// different contracts cannot be compared, so that they are in tables of their own.
func (s *Site) groups() (out []siteGroup) {
	var order []string
	by := map[string][]*SiteEntry{}
	for _, e := range s.entries {
		contract := e.head.Suite.Contract
		if by[contract] == nil {
			order = append(order, contract)
		}
		by[contract] = append(by[contract], e)
	}
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(by[b]), len(by[a])), cmp.Compare(a, b))
	})
	for _, contract := range order {
		short, _ := split(safe(contract), 12)
		g := siteGroup{Contract: safe(contract), Short: short}
		for _, e := range by[contract] {
			g.Entries = append(g.Entries, e.column())
		}
		g.Levels = siteLevels(by[contract])
		out = append(out, g)
	}
	return out
}

// verdict returns the verdict that counts, in words.
func (e *SiteEntry) verdict() (words, tone string) {
	text, colour := badgeText(e.head)
	return text, map[string]string{badgeGood: "good", badgeBad: "bad", badgeUnsure: "unsure"}[colour]
}

func (e *SiteEntry) column() siteColumn {
	words, tone := e.verdict()
	level := e.head.Suite.Level.String()
	if e.head.Suite.Strict {
		level += ", strict"
	}
	return siteColumn{Name: safe(e.Name), Verdict: words, Tone: tone, Target: safe(e.head.Target.URL),
		Suite: safe(strings.TrimSpace(e.head.Suite.Name + " " + e.head.Suite.Version)), Level: level,
		Day: e.head.Started.UTC().Format("2006-01-02"), Page: template.URL(e.Page + ".html"),
		Badge:  template.URL(e.Page + ".svg"),
		Broken: e.n[broken], Deviated: e.n[deviated], Kept: e.n[kept], Open: e.n[undecided] + e.n[notExercised],
		Failed: e.head.Totals.Failed, Total: e.head.Totals.Total}
}

// siteLevels returns the requirements by level, in the order of the first report that has each.
func siteLevels(entries []*SiteEntry) (out []siteLevel) {
	var all []record.RequirementResult
	findings := make([]map[string]int, len(entries))
	known := map[string]bool{}
	for i, e := range entries {
		findings[i] = map[string]int{}
		for _, q := range e.head.Requirements {
			findings[i][q.ID] = q.Findings
			if !known[q.ID] {
				known[q.ID] = true
				all = append(all, q)
			}
		}
	}
	for _, level := range record.Levels() {
		part := siteLevel{Level: level.String()}
		for _, q := range all {
			if q.Level != level {
				continue
			}
			row := siteRow{ID: safe(q.ID), Says: safe(q.Says), Cite: safe(cite(q.Document, q.Section))}
			for i, e := range entries {
				cell := siteCell{Words: "not judged", Tone: "none", Name: safe(e.Name)}
				if s, judged := e.of[q.ID]; judged {
					cell.Words, cell.Tone = standingWords(s)
					cell.Findings = findings[i][q.ID]
					cell.Link = template.URL(e.Page + ".html#" + anchor("requirement", q.ID))
				}
				row.Cells = append(row.Cells, cell)
			}
			part.Rows = append(part.Rows, row)
		}
		if len(part.Rows) > 0 {
			out = append(out, part)
		}
	}
	return out
}
