package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/curl"
)

// The listeners, shown able to hear.
func hearsWhatAPageSuffers(t *testing.T, c *chrome) {
	// Each row has a word of its own: what is heard late is not taken for the trouble of the next.
	for _, row := range []struct {
		page, trouble, request, why string
	}{
		{`<script>setTimeout(() => { throw new Error("thrown") })</script>`, "exception: Uncaught Error: thrown", "",
			"a script that throws"},
		{`<script>Promise.reject(new Error("rejected"))</script>`,
			"exception: Uncaught (in promise) Error: rejected", "", "a promise that is broken"},
		{`<script>console.error("logged")</script>`, `console: error "logged"`, "", "an error on the console"},
		{`<script>alert("alerted")</script>`, "dialog: alerted", "", "a dialog"},
		{`<img src="http://127.0.0.1:1/image.png">`, "log: ", "http://127.0.0.1:1/image.png",
			"a request for an image"},
		{`<script>fetch("http://127.0.0.1:1/fetched").catch(() => 0)</script>`, "log: ", "http://127.0.0.1:1/fetched",
			"a request of a script"},
		{`<link rel="stylesheet" href="linked.css">`, "log: ", "/linked.css", "a request for another file"},
	} {
		p := c.tab(t)
		p.show([]byte("<!doctype html><title>bell</title>"+row.page), "")
		p.until(`document.readyState === "complete"`)
		var troubles, requests []string
		for p.ctx.Err() == nil && (row.trouble != "" && troubles == nil || row.request != "" && requests == nil) {
			// what happened before is reported before this returns
			eval[bool](p, `new Promise(done => setTimeout(done, 10, true))`)
			more, asked := p.heard()
			troubles, requests = append(troubles, more...), append(requests, asked...)
		}
		if !slices.ContainsFunc(troubles, func(text string) bool {
			return strings.HasPrefix(text, row.trouble) && strings.HasSuffix(text, row.request)
		}) {
			t.Errorf("%s: want %q to be heard, with %q, got %q", row.why, row.trouble, row.request, troubles)
		}
		if row.request != "" && !slices.ContainsFunc(requests,
			func(url string) bool { return strings.HasSuffix(url, row.request) }) {
			t.Errorf("%s: want %s to be seen, got %q", row.why, row.request, requests)
		}
	}
}

const (
	// visible counts the cases that are shown.
	visible = `Array.from(document.querySelectorAll('.case')).filter(el => el.checkVisibility()).length`
	failed  = "case-stopAndQuarantineFile/body/refuses-number-for-sha1"
	passed  = "case-requestSample/auth/refuses-missing-authorization"
)

// isOpen reports whether a case's inside is shown.
func isOpen(id string) string { return `document.getElementById('` + id + `').checkVisibility()` }

func showsEverythingWithoutScripts(t *testing.T, c *chrome) {
	p := c.tab(t)
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	p.show(rendered(t, sample(t)), "#"+failed)
	same(p, `document.documentElement.classList.contains('js')`, false, "no script ran")
	same(p, visible, 11, "every case is there")
	same(p, `Array.from(document.querySelectorAll('.script')).filter(el => el.checkVisibility()).length`, 0,
		"what needs scripts is not")
	same(p, isOpen(failed), true, "the case that the URL names is open")
	same(p, isOpen(passed), false, "another one is not")
	p.click(`.case.passed > summary`)
	same(p, isOpen(passed), true, "a click opens it")
}

func ordersItsHeadings(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	p.click("#expand")
	p.until(isOpen(passed))
	levels := eval[[]int](p,
		`Array.from(document.querySelectorAll('h1,h2,h3,h4,h5,h6')).map(h => Number(h.localName[1]))`)
	last := 0
	for i, level := range levels {
		if level > last+1 || (level == 1) != (i == 0) {
			t.Fatalf("want headings that step down one by one, below one h1, got %v", levels)
		}
		last = level
	}
	same(p,
		`['header', 'main', 'footer', 'nav', 'form[role=search]', '[role=status]'].filter(s => !document.querySelector(s)).join()`, "", "landmarks")
	same(p, `document.querySelector('.skip').getAttribute('href')`, "#cases", "a way past the matrix")
}

func filtersByEverything(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	same(p, visible, 11, "no filter")
	choose := func(id, value string) {
		eval[bool](p, `(() => { const el = document.getElementById('`+id+`'); el.value = '`+value+
			`'; el.dispatchEvent(new Event('change', {bubbles: true})); return true; })()`)
	}
	for _, row := range []struct {
		step func()
		want int
		text string
		why  string
	}{
		{func() { p.click(`input[value=failed]`) }, 4, "4 of 11 cases", "one outcome"},
		{func() { p.click(`input[value=passed]`) }, 5, "5 of 11 cases", "two outcomes"},
		{func() { choose("operation", "requestSample") }, 4, "4 of 11 cases", "these of one operation"},
		{func() { p.click(`#clear`) }, 11, "11 cases", "cleared"},
		{func() { choose("operation", "stopAndQuarantineFile") }, 5, "5 of 11 cases", "one operation"},
		{func() { choose("operation", "") }, 11, "11 cases", "any operation"},
		{func() { choose("level", "standard") }, 1, "1 of 11 cases", "one level"},
		{func() { choose("level", "inferred") }, 1, "1 of 11 cases", "another level"},
		{func() { choose("level", "") }, 11, "11 cases", "any level"},
		{func() { choose("requirement", "action.types") }, 6, "6 of 11 cases", "one requirement: five cases prove " +
			"it, one more breaks it"},
		{func() { choose("operation", "requestSample") }, 3, "3 of 11 cases", "one requirement of one operation"},
		{func() { p.click(`input[value=skipped]`) }, 0, "0 of 11 cases", "nothing"},
	} {
		row.step()
		p.until(`document.getElementById('shown').textContent === '` + row.text + `'`)
		same(p, visible, row.want, row.why)
		groups := `Array.from(document.querySelectorAll('.group')).filter(g => g.checkVisibility() !== Array.from(g.querySelectorAll('.case')).some(c => c.checkVisibility())).length`
		same(p, groups, 0, row.why+": a heading where there are cases, and nowhere else")
		same(p,
			`Array.from(document.querySelectorAll('[data-count]')).reduce((n, el) => n + Number(el.textContent), 0)`,
			row.want, row.why+": the counts next to the outcomes")
	}
	p.click(`#clear`)
	p.until(`document.querySelector('#heading-failed .n').textContent === '4'`)
	p.click(`#requirements`) // somewhere else
	choose("operation", "requestSample")
	p.until(`document.querySelector('#heading-failed .n').textContent === '3 of 4'`)
}

func searches(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	for _, row := range []struct {
		text string
		want int
		why  string
	}{
		{"accepts-other-order", 2, "ids"},
		{"ANOTHER Order", 2, "titles, in any letter case, all words"},
		{"a status below 500", 1, "findings"},
		{`"status": 7`, 5, "bodies, as they are in spite of marks"},
		{"\\u202eevil", 1, "bodies, by their escapes"},
		{"connection refused", 1, "errors"},
		{"its control was not accepted", 1, "reasons"},
		{"team@example.com", 1, "who accepted a finding"},
		{"$FMASPEC_TOKEN 0c0de", 9, "requests"},
		{"<&\"]]>' {{x}}", 1, "text that is markup elsewhere"},
		{"nothing of the kind", 0, "nothing"},
		{"   ", 11, "blanks"},
	} {
		eval[bool](p,
			`(() => { const el = document.getElementById('search'); el.value = ''; el.focus(); return true; })()`)
		p.do(chromedp.KeyEvent(row.text))
		text := fmt.Sprintf("%d of 11 cases", row.want)
		if row.want == 11 {
			text = "11 cases"
		}
		p.until(`document.getElementById('shown').textContent === '` + text + `'`)
		same(p, visible, row.want, row.why)
	}
}

func keepsTheFilterInTheURL(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "#outcome=failed%2Cerrored&operation=stopAndQuarantineFile")
	same(p, visible, 3, "the filter of the URL")
	same(p,
		`document.querySelector('input[value=failed]').checked && document.getElementById('operation').value === 'stopAndQuarantineFile'`, true, "the form says so")
	p.click(`input[value=errored]`)
	p.until(`document.getElementById('shown').textContent === '1 of 11 cases'`)
	same(p, `location.hash`, "#operation=stopAndQuarantineFile&outcome=failed", "the URL follows the form")
	p.do(chromedp.Reload())
	p.ready()
	same(p, visible, 1, "after it was loaded again")
	eval[bool](p,
		`(() => { location.hash = '#q=100%25&level=nonsense&requirement=nonsense&outcome=nonsense'; return true; })()`)
	p.until(`document.getElementById('search').value === '100%'`)
	p.ready()
	same(p, `document.getElementById('level').value + document.getElementById('requirement').value`, "",
		"what the form does not know is nothing")
	p.click(`#clear`)
	p.until(`document.getElementById('shown').textContent === '11 cases'`)
	same(p, `location.hash`, "", "cleared")
	eval[bool](p, `(() => { location.hash = '#%'; return true; })()`) // no escape: no place, and no exception
}

func opensTheCaseOfALink(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "#"+failed)
	p.until(isOpen(failed))
	same(p, isOpen(passed), false, "another case")
	p.until(`document.activeElement === document.querySelector('.case[open] > summary')`)
	onScreen := `(() => { const r = document.querySelector('.case[open] > summary').getBoundingClientRect(); const bar = document.getElementById('filters').getBoundingClientRect(); return r.top >= bar.bottom - 2 && r.top < innerHeight; })()`
	p.until(onScreen)

	eval[bool](p, `(() => { location.hash = '#outcome=failed'; return true; })()`)
	p.until(`document.getElementById('shown').textContent === '4 of 11 cases'`)
	eval[bool](p, `(() => { location.hash = '#`+passed+`'; return true; })()`)
	p.until(isOpen(passed))
	same(p, visible, 11, "a filter that would hide it is cleared")

	// From a finding to its place in the answer, and back.
	// where it stands moves while the page settles
	eval[bool](p, `(() => { document.querySelector('[id="`+failed+
		`"] .finding:nth-of-type(3) > p > a').click(); return true; })()`)
	p.until(`location.hash.endsWith('~~m3')`)
	p.until(`document.activeElement.id.endsWith('~~m3')`)
	same(p, `document.activeElement.nextElementSibling.textContent`, "7", "the place in the answer")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until(`location.hash.endsWith('~~f3')`)
}

func leadsFromCellsToCases(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	cell := `[id="requirement-action.types"] td:nth-of-type(2)`
	p.click(cell + ` summary`)
	p.click(cell + ` li a`)
	p.until(`document.getElementById('shown').textContent === '3 of 11 cases'`)
	same(p, `document.getElementById('requirement').value + ' ' + document.getElementById('operation').value`,
		"action.types stopAndQuarantineFile", "only these cases")
	p.click(cell + ` li:nth-of-type(2) a`)
	p.until(isOpen(failed))
}

func copiesCommands(t *testing.T, c *chrome) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(rendered(t, sample(t)))
	}))
	defer server.Close()
	command := ""
	r := sample(t)
	for _, tried := range r.Cases {
		if "case-"+tried.ID == failed {
			command, _ = curl.Command(r, &tried.Exchanges[1])
		}
	}
	require.NotEmpty(t, command)
	for _, from := range []string{"file", "http"} {
		p := c.tab(t)
		p.allow(browser.PermissionSettingGranted)
		if from == "file" {
			p.show(rendered(t, sample(t)), "#"+failed)
		} else {
			p.visit(server.URL+"/", "#"+failed)
		}
		p.ready()
		p.until(isOpen(failed))
		for _, row := range []struct{ button, want string }{
			{`.about .copier`, "fmaspec run -ca 'my authority.pem' -header 'X-Api-Key: '\"$HEADER_X_API_KEY\" " +
				"-strict=false -run '^stopAndQuarantineFile/body/refuses-number-for-sha1$'"},
			{`.exchange:nth-of-type(2) .copier`, command},
		} {
			button := `[id="` + failed + `"] ` + row.button
			p.click(button)
			p.until(`document.querySelector('` + button + `').textContent === 'Copied'`)
			same(p, `navigator.clipboard.readText()`, row.want, from)
			same(p, `document.getElementById('said').textContent`, "Copied", "said aloud")
		}
		same(p, `document.querySelectorAll('[id="`+failed+`"] .copier').length`, 3, "each rendered command has a "+
			"button: control characters are escaped in it")

		// Without the clipboard's own interface, the text is selected and copied the old way.
		eval[bool](p,
			`(() => { Object.defineProperty(navigator, 'clipboard', {value: undefined}); window.copied = ''; document.addEventListener('copy', () => { copied = String(getSelection()); }); return true; })()`)
		p.click(`[id="` + failed + `"] .about .copier`)
		p.until(`copied !== ''`)
		same(p, `copied`, "fmaspec run -ca 'my authority.pem' -header 'X-Api-Key: '\"$HEADER_X_API_KEY\" "+
			"-strict=false -run '^stopAndQuarantineFile/body/refuses-number-for-sha1$'", from+", the old way")
		eval[bool](p, `(() => { document.execCommand = () => false; return true; })()`)
		p.click(`[id="` + failed + `"] .about .copier`)
		p.until(`document.getElementById('said').textContent.startsWith('Selected')`)
		p.allow(browser.PermissionSettingPrompt)
	}
}

func obeysKeys(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	at := `document.activeElement.id || document.activeElement.querySelector('h4')?.textContent || ''`
	first, second, last := "requestSample/valid/accepts-other-order", "requestSample/valid/accepts-plain-request",
		"requestSample/auth/refuses-reader"
	for _, row := range []struct{ key, want, why string }{
		{"j", first, "to the first case"},
		{"j", second, "to the next"},
		{"k", first, "back"},
		{"k", first, "not beyond the first"},
		{kb.ArrowDown, second, "an arrow does it too"},
		{kb.ArrowUp, first, "and back"},
		{"/", "search", "to the search"},
		{"j", "search", "a letter in the search is a letter"},
	} {
		p.press(row.key)
		same(p, at, row.want, row.why)
	}
	same(p, `document.getElementById('search').value`, "j", "what was typed")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(
		`document.getElementById('shown').textContent === '11 cases' && document.getElementById('search').value === ''`)
	same(p, `document.activeElement === document.body`, true, "Esc leaves the search")
	p.do(chromedp.KeyEvent("k"))
	same(p, at, last, "from nowhere back: the last case")
	p.do(chromedp.KeyEvent("j"))
	same(p, at, last, "not beyond the last")
	p.do(chromedp.KeyEvent(kb.Enter))
	same(p, `document.activeElement.parentElement.open`, true, "Enter opens")

	p.click(`input[value=passed]`)
	p.until(`document.getElementById('shown').textContent === '1 of 11 cases'`)
	p.do(chromedp.KeyEvent("j"))
	same(p, at, "requestSample/auth/refuses-missing-authorization", "only through the cases that are shown")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`document.getElementById('shown').textContent === '11 cases'`)

	p.click(`#keys`)
	p.do(chromedp.KeyEvent("/"))
	same(p, `document.activeElement.id`, "keys", "keys that are turned off")
}

func opensAndClosesAll(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "#outcome=failed")
	open := `document.querySelectorAll('.case[open]').length`
	p.click("#expand")
	p.until(open + ` === 4`)
	p.click("#clear")
	p.until(`document.getElementById('shown').textContent === '11 cases'`)
	same(p, open, 4, "only what was shown")
	p.click("#expand")
	p.until(open + ` === 11`)
	p.click("#collapse")
	p.until(open + ` === 0`)
}

func fitsNarrowWindows(t *testing.T, c *chrome) {
	for name, r := range map[string]func() *tab{
		"sample": func() *tab { return c.open(t, sample(t), "") },
		"history": func() *tab {
			p := c.tab(t)
			p.show(renderedWith(t, sample(t), earlier(t)), "")
			return p
		},
		"site": func() *tab {
			p := c.tab(t)
			p.show(site(t), "")
			return p
		},
		"hostile": func() *tab { return c.open(t, everywhere(t, strings.Repeat("w", 300)), "") },
	} {
		p := r()
		for _, width := range []int64{360, 375, 768, 1280} {
			p.do(chromedp.EmulateViewport(width, 800))
			eval[bool](p,
				`(() => { for (const d of document.querySelectorAll('details')) d.open = true; return true; })()`)
			same(p, `document.documentElement.scrollWidth <= innerWidth`, true, name)
		}
	}
}

// The page of several implementations has no script: its style chooses.
func choosesALevelOfTheSite(t *testing.T, c *chrome) {
	p := c.tab(t)
	p.show(site(t), "")
	shown := `Array.from(document.querySelectorAll('#contract-0 ~ .wide tbody[data-level]')).filter(el => ` +
		`el.checkVisibility()).map(el => el.dataset.level).join()`
	same(p, shown, "documented,standard,inferred", "no choice")
	p.click(`input[value=standard]`)
	same(p, shown, "standard", "one level")
	same(p, `document.querySelectorAll('script').length`, 0, "no script")
	p.emulate("print", "light")
	same(p, `document.querySelector('.levels').checkVisibility()`, false, "what a sheet cannot do is not there")
}

func followsTheColourScheme(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	paper := `getComputedStyle(document.documentElement).backgroundColor`
	const light, dark = "rgb(255, 255, 255)", "rgb(21, 24, 28)"
	p.emulate("", "light")
	same(p, paper, light, "as the system has it")
	p.emulate("", "dark")
	same(p, paper, dark, "as the system has it")
	for _, row := range []struct{ choice, want string }{{"light", light}, {"dark", dark}, {"", dark}} {
		eval[bool](p, `(() => { const el = document.getElementById('theme'); el.value = '`+row.choice+
			`'; el.dispatchEvent(new Event('change')); return true; })()`)
		same(p, paper, row.want, "chosen: "+row.choice)
	}
	eval[bool](p, `(() => { document.documentElement.dataset.theme = 'dark'; return true; })()`)
	p.emulate("print", "dark")
	same(p, paper, light, "on paper")
}

func printsWhatFailed(t *testing.T, c *chrome) {
	p := c.open(t, sample(t), "")
	p.emulate("print", "light")
	same(p, isOpen(failed), true, "what failed is open")
	same(p, isOpen(passed), false, "what passed is not")
	same(p, `['#filters', '.skip', 'nav', '.theme'].filter(s => document.querySelector(s).checkVisibility()).join()`,
		"", "what a sheet cannot do is not there")
	pdf, err := chromedp.Run(p.ctx, chromedp.PrintToPDF())
	require.NoError(t, err)
	if len(pdf) < 20<<10 || string(pdf[:5]) != "%PDF-" {
		t.Errorf("want a printed report, got %d bytes", len(pdf))
	}
}
