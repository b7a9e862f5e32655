package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// siteOf renders the page of these reports, by the files they were read from.
func siteOf(t *testing.T, all map[string]*record.Report) (page string, site *report.Site, left []string) {
	t.Helper()
	pasts := map[string]*report.Past{}
	for file, r := range all {
		pasts[file] = past(t, r)[0]
	}
	site, left, err := report.NewSite(pasts)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, site.Write(&b))
	return b.String(), site, left
}

// nameless is the sample of a target that has a URL alone.
func nameless(contract string) *record.Report {
	r := runOf(4, with("kept"))
	r.Target.Name = r.Target.URL
	r.Suite.Contract = contract
	return r
}

func TestSiteHasImplementationsSideBySide(t *testing.T) {
	of := func() map[string]*record.Report {
		good := conformant()
		good.Suite.Contract, good.Target.Name = sample().Suite.Contract, "A good one"
		return map[string]*record.Report{"in/sample.json": sample(), "in/good.json": good,
			"in/bob.json": nameless(sample().Suite.Contract), "in/other.json": nameless("another contract")}
	}
	page, site, left := siteOf(t, of())
	golden(t, "site.html", regexp.MustCompile(`(?s)<style>.*</style>|sha256-.{1,80}?=&#39;`).ReplaceAllString(page, "…"))
	require.Empty(t, left)
	var names, pages []string
	for _, e := range site.Entries() {
		names, pages = append(names, e.Name), append(pages, e.Page)
	}
	require.Equal(t, []string{"A good one", "bob", "other", `server <under> "test"`}, names)
	require.Equal(t, []string{"a-good-one", "bob", "other", "server-under-test"}, pages)
	again, _, _ := siteOf(t, of())
	require.Equal(t, page, again)

	require.Contains(t, page, "Reports of different contracts cannot be compared")
	first, second, found := strings.Cut(page, `id="contract-1"`)
	require.True(t, found)
	require.NotContains(t, first, `href="other.html"`)
	require.Contains(t, second, `href="other.html"`)
	require.NotContains(t, second, `href="bob.html"`)
	require.Contains(t, page, `<a href="server-under-test.html#requirement-action.types">broken</a>`)
	require.NotContains(t, page, "<script")
	// What a link leads to is there.
	require.Contains(t, render(t, "html", sample(), report.Style{}), `id="requirement-action.types"`)
}

func TestSiteShowsTheLatestReportOfAName(t *testing.T) {
	_, site, left := siteOf(t, map[string]*record.Report{"a.json": runOf(1, nil), "b.json": runOf(3, nil),
		"c.json": runOf(2, nil)})
	require.Len(t, site.Entries(), 1)
	require.Equal(t, "b.json", site.Entries()[0].File)
	require.Equal(t, []string{"a.json", "c.json"}, left)
}

func TestSiteNamesByFolderWhatHasOneFileName(t *testing.T) {
	pipeline := func() *record.Report { return nameless("a contract") }
	for _, row := range []struct {
		why   string
		files []string
		names []string
	}{
		{"each in its folder", []string{"alice/report.json", "bob/report.json"}, []string{"alice", "bob"}},
		{"other files keep their names", []string{"alice/report.json", "bob/report.json", "bob/old.json"},
			[]string{"alice", "bob", "old"}},
		{"of Windows", []string{`C:\in\alice\report.json`, `C:\in\bob\report.json`}, []string{"alice", "bob"}},
		{"one in no folder", []string{"report.json", "./bob/report.json"}, []string{"bob", "report"}},
		{"folders of one name", []string{"alice/ci/r.json", "bob/ci/r.json", "carol/r.json"},
			[]string{"alice/ci", "bob/ci", "carol"}},
		{"a folder inside the other", []string{"ci/r.json", "bob/ci/r.json"}, []string{"bob/ci", "ci"}},
		{"several in each", []string{"mon/a.json", "mon/b.json", "tue/a.json", "tue/b.json"},
			[]string{"mon/a", "mon/b", "tue/a", "tue/b"}},
		{"one folder", []string{"in/a.json", "in/b.json"}, []string{"a", "b"}},
	} {
		all := map[string]*record.Report{}
		for _, file := range row.files {
			all[file] = pipeline()
		}
		_, site, left := siteOf(t, all)
		var names []string
		for _, e := range site.Entries() {
			names = append(names, e.Name)
		}
		require.Equal(t, row.names, names, row.why)
		require.Empty(t, left, row.why)
	}
}

func TestSiteEscapesNamesAndKeepsPagesApart(t *testing.T) {
	all := map[string]*record.Report{}
	for i, name := range []string{"index", "Index!", "../../etc/passwd", "<script>alert(1)</script>", "東京", "דוד",
		hostile, "CON", "com1"} {
		r := runOf(1, nil)
		r.Target.Name = name
		all[fmt.Sprintf("%d.json", i)] = r
	}
	page, site, _ := siteOf(t, all)
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "\x1b")
	seen := map[string]bool{"index": true, "con": true, "com1": true}
	for _, e := range site.Entries() {
		require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, e.Page)
		require.False(t, seen[e.Page], e.Page)
		seen[e.Page] = true
	}
	require.Equal(t, 9, len(site.Entries()))
}

func TestSiteIsBounded(t *testing.T) {
	_, _, err := report.NewSite(nil)
	require.EqualError(t, err, "no report; name folders of JSON reports")
	all := map[string]*report.Past{}
	for i := range report.SiteLimit + 1 {
		all[fmt.Sprintf("%d.json", i)] = report.PastOf(&record.Report{Started: time.Unix(1, 0)})
	}
	_, _, err = report.NewSite(all)
	require.EqualError(t, err, "101 implementations, and a page has 100 at most; name fewer reports")
}
