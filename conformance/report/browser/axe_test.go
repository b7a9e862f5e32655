package browser_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A barrier is what axe says of a page.
type barrier struct {
	ID     string   `json:"id"`
	Help   string   `json:"help"`
	Places []string `json:"places"`
}

// axe returns the barriers on the page, and how many rules it was looked at by.
// The file that FMASPEC_AXE names is axe-core.
func axe(p *tab) (barriers []barrier, rules int) {
	p.Helper()
	path := os.Getenv("FMASPEC_AXE")
	if path == "" {
		lacks(p.T, "FMASPEC_AXE names no file with axe-core; .ci/browser/run gets one")
	}
	source, err := os.ReadFile(path)
	require.NoError(p, err)
	eval[bool](p, string(source)+"; true")
	// Of what passes, only the number of rules is looked at: of each, one element is enough.
	result := eval[struct {
		Barriers []barrier `json:"barriers"`
		Passes   int       `json:"passes"`
	}](p, `axe.run(document, {reporter: 'v2', resultTypes: ['violations'], selectors: false}).then(r => ({
		passes: r.passes.length,
		barriers: r.violations.map(v => ({id: v.id, help: v.help, places: v.nodes.slice(0, 5).map(n => n.html + ' ' + (n.failureSummary || ''))}))}))`)
	return result.Barriers, len(result.Barriers) + result.Passes
}

// unbound lets axe look into a page whose policy forbids everything.
func (p *tab) unbound() {
	p.Helper()
	_, err := chromedp.Call(p.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	require.NoError(p, err)
}

func axeFindsABarrier(t *testing.T, c *chrome) {
	rows := []struct{ html, want string }{
		{`<img src="data:,">`, "image-alt"},
		{`<p style="color: #999; background: #fff">grey on white</p>`, "color-contrast"},
		{`<button></button>`, "button-name"},
		{`<input>`, "label"},
		{`<h6>a step too deep</h6>`, "heading-order"},
	}
	planted := ""
	for _, row := range rows {
		planted += row.html
	}
	p := c.tab(t)
	p.unbound()
	text := strings.Replace(string(rendered(t, sample(t))), `<section id="summary"`, planted+
		`<section id="summary"`, 1)
	p.show([]byte(text), "")
	p.ready()
	p.heard() // a planted element may be one that the policy forbids
	barriers, _ := axe(p)
	for _, row := range rows {
		places := ""
		for _, b := range barriers {
			if b.ID == row.want {
				places = strings.Join(b.Places, "\n")
			}
		}
		if !strings.Contains(places, row.html) {
			t.Errorf("%s: want %s there, got it at %q, and %v", row.html, row.want, places, barriers)
		}
	}
	p.heard()
}

func axeFindsNoBarrierInTheReport(t *testing.T, c *chrome) {
	withPast := renderedWith(t, sample(t), earlier(t))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 375} {
			p := c.tab(t)
			p.unbound()
			p.emulate("", scheme)
			p.do(chromedp.EmulateViewport(width, 800))
			p.show(withPast, "#"+failed)
			p.ready()
			p.until(isOpen(failed))
			eval[bool](p,
				`(() => { for (const d of document.querySelectorAll('.case:is(.failed, .deviated, .errored, .inconclusive), .case.passed, td details, .exchange, #trend details')) d.open = true; return true; })()`)
			barriers, rules := axe(p)
			if rules < 30 {
				t.Errorf("%s, %d: want the page looked at by many rules, got %d", scheme, width, rules)
			}
			for _, b := range barriers {
				t.Errorf("%s, %d pixels: want no barrier, got %s: %s\n%s", scheme, width, b.ID, b.Help,
					strings.Join(b.Places, "\n"))
			}
			if len(barriers) == 0 {
				t.Logf("%s, %d pixels: %d rules, no barrier", scheme, width, rules)
			}
		}
	}
}

func axeFindsNoBarrierInTheSite(t *testing.T, c *chrome) {
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 375} {
			p := c.tab(t)
			p.unbound()
			p.emulate("", scheme)
			p.do(chromedp.EmulateViewport(width, 800))
			p.show(site(t), "")
			barriers, rules := axe(p)
			if rules < 15 {
				t.Errorf("%s, %d: want the page looked at by many rules, got %d", scheme, width, rules)
			}
			for _, b := range barriers {
				t.Errorf("%s, %d pixels: want no barrier, got %s: %s\n%s", scheme, width, b.ID, b.Help,
					strings.Join(b.Places, "\n"))
			}
		}
	}
}
