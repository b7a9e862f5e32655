package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"fmaspec/conformance/record"
)

// many is a report of that many cases, of which every tenth failed.
func many(t *testing.T, n int) *record.Report {
	t.Helper()
	r := sample(t)
	var failing, passing record.CaseResult
	for _, c := range r.Cases {
		switch {
		case c.Outcome == record.Failed && len(c.Findings) == 1:
			failing = c
		case c.Outcome == record.Passed:
			passing = c
		}
	}
	r.Cases = nil
	for i := range n {
		c := passing
		if i%10 == 0 {
			c = failing
		}
		c.ID = fmt.Sprintf("%s/case-%05d", c.Operation, i)
		r.Cases = append(r.Cases, c)
	}
	r.Totals = record.Totals{Total: n, Failed: (n + 9) / 10, Passed: n - (n+9)/10}
	return r
}

// measured runs a step, waits for its end, and returns the longest time for
// which the page could not answer in between, in milliseconds.
func (p *tab) measured(step, end string) float64 {
	p.Helper()
	return eval[float64](p, `new Promise(done => {
		let longest = 0, last = performance.now();
		const beat = () => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; };
		const look = () => { beat(); (`+end+`) ? done(Math.round(longest)) : setTimeout(look); };
		setTimeout(look);
		`+step+`;
	})`)
}

func staysUsableWithTenThousandCases(t *testing.T, c *chrome) {
	p := c.tab(t)
	text := rendered(t, many(t, 10_000))
	p.show(text, "")
	p.ready()
	same(p, `document.getElementById('shown').textContent`, "10000 cases", "all are there")
	t.Logf("a page of %d MiB with %d elements was loaded after %d ms", len(text)>>20,
		eval[int](p, `document.querySelectorAll('*').length`),
		eval[int](p, `Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)`))
	search := func(text string) string {
		return `search.value = ` + fmt.Sprintf("%q", text) +
			`; search.dispatchEvent(new Event('input', {bubbles: true}))`
	}
	for _, row := range []struct{ step, want, what string }{
		{`document.querySelector('input[value=failed]').click()`, "1000 of 10000 cases", "one outcome"},
		{`clear.click()`, "10000 cases", "all again"},
		{search("case-04242"), "1 of 10000 cases", "the first search, which makes the index"},
		{search(`"status": 7`), "1000 of 10000 cases", "a search in bodies"},
		{search("authorization"), "10000 cases", "a search that all cases answer"},
		{search("nothing of the kind"), "0 of 10000 cases", "a search that none does"},
		{`clear.click()`, "10000 cases", "all again"},
	} {
		longest := p.measured(
			`const search = document.getElementById('search'), clear = document.getElementById('clear'); `+row.step,
			`document.getElementById('shown').textContent === '`+row.want+`' && !document.querySelector('[aria-busy]')`)
		t.Logf("%s: the page was busy for at most %.0f ms at once", row.what, longest)
	}
	p.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	same(p, `document.activeElement.querySelector('h4').textContent.slice(-5)`, "00010", "keys")
	longest := p.measured(`location.hash = '#case-requestSample/case-09999'`,
		`document.getElementById('case-requestSample/case-09999').checkVisibility()`)
	t.Logf("the last case by a link: %.0f ms at once", longest)
	// The page opens them in pieces, and stays usable; to wait for the last of them shows nothing more.
	longest = p.measured(`document.getElementById('expand').click()`,
		`document.querySelectorAll('.case[open]').length >= 500`)
	t.Logf("the first 500 opened: %.0f ms at once", longest)
}
