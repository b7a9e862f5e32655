package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// TestReportInABrowser starts one browser with one tab, which every page has to itself:
// see [chrome.tab]. Where there is none it is skipped, unless FMASPEC_BROWSER is "required". With
// "none" it is skipped, for a run of the tests that another one with it follows.
func TestReportInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	if os.Getenv("FMASPEC_BROWSER") == "none" {
		t.Skip("SKIPPED: FMASPEC_BROWSER=none")
	}
	c := start(t)
	for _, row := range []struct {
		name string
		test func(*testing.T, *chrome)
	}{
		{"HearsWhatAPageSuffers", hearsWhatAPageSuffers},
		{"ShowsEverythingWithoutScripts", showsEverythingWithoutScripts},
		{"OrdersItsHeadings", ordersItsHeadings},
		{"FiltersByEverything", filtersByEverything},
		{"SearchesIDsTitlesFindingsAndBodies", searches},
		{"KeepsTheFilterInTheURL", keepsTheFilterInTheURL},
		{"OpensTheCaseOfALink", opensTheCaseOfALink},
		{"LeadsFromCellsToCases", leadsFromCellsToCases},
		{"CopiesCommands", copiesCommands},
		{"ObeysKeys", obeysKeys},
		{"OpensAndClosesAll", opensAndClosesAll},
		{"FitsNarrowWindows", fitsNarrowWindows},
		{"FollowsTheColourScheme", followsTheColourScheme},
		{"PrintsWhatFailed", printsWhatFailed},
		{"ShowsHostileTextAsText", showsHostileTextAsText},
		{"RunsNoScriptButItsOwn", runsNoScriptButItsOwn},
		{"AxeFindsABarrier", axeFindsABarrier},
		{"AxeFindsNoBarrierInTheReport", axeFindsNoBarrierInTheReport},
		{"AxeFindsNoBarrierInTheSite", axeFindsNoBarrierInTheSite},
		{"ChoosesALevelOfTheSite", choosesALevelOfTheSite},
		{"StaysUsableWithTenThousandCases", staysUsableWithTenThousandCases},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, c) })
	}
}

// A test that is skipped has to say so, and may not be where it is required.
func TestABrowserThatIsMissingIsToldAndMayBeRequired(t *testing.T) {
	for _, row := range []struct {
		variable, want string
		fails          bool
	}{
		{"FMASPEC_BROWSER=", "SKIPPED: no browser in PATH", false},
		{"FMASPEC_BROWSER=none", "SKIPPED: FMASPEC_BROWSER=none", false},
		{"FMASPEC_BROWSER=required", "no browser in PATH, looked for chromium, chromium-browser, google-chrome; " +
			"FMASPEC_BROWSER=required forbids", true},
	} {
		again := exec.Command(os.Args[0], "-test.run=^TestReportInABrowser$", "-test.v")
		again.Env = append(os.Environ(), "PATH="+t.TempDir(), row.variable)
		said, err := again.CombinedOutput()
		if (err != nil) != row.fails || !strings.Contains(string(said), row.want) {
			t.Errorf("%s: want failed %t and %q, got %v and\n%s", row.variable, row.fails, row.want, err, said)
		}
	}
}

// required reports whether a test may not be skipped for what is missing.
func required() bool { return os.Getenv("FMASPEC_BROWSER") == "required" }

// lacks skips a test for what is missing, or fails it where it is required.
func lacks(t *testing.T, what string) {
	t.Helper()
	if required() {
		t.Fatal(what + "; FMASPEC_BROWSER=required forbids to do without")
	}
	t.Skip("SKIPPED: " + what)
}

// A chrome is a browser that runs, with one tab: to open another for each page takes
// longer than most tests.
type chrome struct {
	ctx  context.Context // of the tab
	page *tab            // the last one
}

// start starts the browser that PATH has, and stops it after the test.
func start(t *testing.T) *chrome {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	path := ""
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		lacks(t, "no browser in PATH, looked for "+strings.Join(names, ", "))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.Flag("disable-features",
			"Translate,BlinkGenPropertyTrees,IntensiveWakeUpThrottling,QuickIntensiveWakeUpThrottlingAfterLoading"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run as root with it
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "the browser %s does not start", path)
	// A page that counts as looked at has its timers and frames in time.
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true})
	require.NoError(t, err)
	return &chrome{ctx: ctx}
}

// A tab is a page in the browser, with everything that it complained of.
type tab struct {
	*testing.T
	ctx  context.Context
	stop context.CancelFunc // ends the listening

	mu       sync.Mutex
	url      string
	troubles []string // exceptions, errors and warnings on the console, dialogs
	requests []string // of anything but the page itself
}

// patience is how long one test may take, on a machine that has other things to do.
const patience = 10 * time.Minute

// tab empties the tab, takes back what a test had the browser emulate, and listens.
// The page before it and, after the test, this one has to have been quiet: see
// [tab.heard].
func (c *chrome) tab(t *testing.T) *tab {
	t.Helper()
	if c.page != nil && c.page.T == t {
		c.page.quiet()
		c.page.stop()
	}
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	t.Cleanup(cancel)
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, page.SetBypassCSP, page.SetBypassCSPParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
	require.NoError(t, err)

	listening, stop := context.WithCancel(ctx)
	p := &tab{T: t, ctx: ctx, stop: stop}
	p.visit("about:blank", "")
	c.page = p
	require.NoError(t, chromedp.Listen(listening, p.listen))
	t.Cleanup(func() {
		if listening.Err() == nil {
			p.quiet()
		}
	})
	return p
}

// quiet fails the test for what the page complained of and asked for.
func (p *tab) quiet() {
	p.Helper()
	troubles, requests := p.heard()
	for _, text := range troubles {
		p.Errorf("want a quiet page, got %s", text)
	}
	for _, url := range requests {
		p.Errorf("want a page that asks for nothing, got a request for %s", url)
	}
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		p.troubles = append(p.troubles, "exception: "+text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.troubles = append(p.troubles, fmt.Sprintf("console: %s %s", e.Type, e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.troubles = append(p.troubles, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		p.troubles = append(p.troubles, "dialog: "+e.Message)
		// it may not be awaited here
		go chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
	case *network.EventRequestWillBeSent:
		if url, _, _ := strings.Cut(e.Request.URL, "#"); url != p.url && !strings.HasPrefix(url, "data:") {
			p.requests = append(p.requests, url)
		}
	}
}

// heard returns what the page complained of and asked for, and forgets it.
func (p *tab) heard() (troubles, requests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	troubles, requests = p.troubles, p.requests
	p.troubles, p.requests = nil, nil
	return troubles, requests
}

// do runs steps.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, steps...))
}

// eval returns the value of an expression; a promise is awaited.
func eval[T any](p *tab, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p, err, expression)
	return value
}

// until waits for an expression to become true.
func (p *tab) until(expression string) {
	p.Helper()
	eval[bool](p, `new Promise(done => { const look = () => (`+expression+
		`) ? done(true) : setTimeout(look, 10); look(); })`)
}

// questions is how often a value is asked for: what a click or a key brings about
// may take a frame or two, and a page without scripts has no timers to wait with.
const questions = 300

// same compares the value of an expression, as it is or soon will be.
func same[T comparable](p *tab, expression string, want T, why string) {
	p.Helper()
	var got T
	for range questions {
		if got = eval[T](p, expression); got == want {
			return
		}
	}
	p.Errorf("%s: %s: want %v, got %v", why, expression, want, got)
}

// file writes a page where the browser finds it, and returns its URL.
func (p *tab) file(text []byte) string {
	p.Helper()
	path := filepath.Join(p.TempDir(), "report.html")
	require.NoError(p, os.WriteFile(path, text, 0o644))
	return "file://" + filepath.ToSlash(path)
}

// show opens a page, and a place on it.
func (p *tab) show(text []byte, fragment string) {
	p.Helper()
	p.visit(p.file(text), fragment)
}

// visit opens the page at a URL, and a place on it.
func (p *tab) visit(url, fragment string) {
	p.Helper()
	p.mu.Lock()
	p.url = url
	p.mu.Unlock()
	p.do(chromedp.Navigate(url + fragment))
	p.loaded(url)
}

// loaded waits until the page at a URL is there as a whole. Navigate returns at the next load
// event, and that may still be the one of the page before: then the document is one that has
// no element yet, or one that goes away during the question.
func (p *tab) loaded(url string) {
	p.Helper()
	whole := chromedp.Evaluate[bool](`document.readyState === 'complete' && document.URL.split('#')[0] === ` +
		strconv.Quote(url))
	for {
		there, err := chromedp.Run(p.ctx, whole)
		if there && err == nil {
			return
		}
		require.NoError(p, p.ctx.Err(), "%s is not loaded: %v", url, err)
	}
}

// open opens a report.
func (c *chrome) open(t *testing.T, r *record.Report, fragment string) *tab {
	t.Helper()
	p := c.tab(t)
	p.show(rendered(t, r), fragment)
	p.ready()
	return p
}

// ready waits until filters and links are dealt with.
func (p *tab) ready() {
	p.Helper()
	p.until(`document.documentElement.classList.contains('js') && !document.querySelector('[aria-busy]')`)
}

// light, dark, print and the like, as the page's style sheet asks for them.
func (p *tab) emulate(media, scheme string) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(p, err)
}

// press presses a key as a keyboard does: what the page makes of it comes first,
// and the letter only where the page leaves it.
func (p *tab) press(key string) {
	p.Helper()
	if len(key) > 1 || key[0] < ' ' || key[0] > '~' {
		p.do(chromedp.KeyEvent(key))
		return
	}
	for _, params := range []input.DispatchKeyEventParams{{Type: input.DispatchKeyEventTypeKeyDown, Key: key,
		Text: key}, {Type: input.DispatchKeyEventTypeKeyUp, Key: key}} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, params)
		require.NoError(p, err)
	}
}

// allow lets pages read and write the clipboard, or forbids it.
func (p *tab) allow(setting browser.PermissionSetting) {
	p.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(p.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: setting})
		require.NoError(p, err)
	}
}

func rendered(t *testing.T, r *record.Report) []byte { return renderedWith(t, r, nil) }

func renderedWith(t *testing.T, r *record.Report, history []*report.Past) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, r, report.Style{History: history}))
	return b.Bytes()
}

// earlier are runs before the sample: one that kept everything, one without a verdict, one like it.
func earlier(t *testing.T) (out []*report.Past) {
	t.Helper()
	for i, change := range []func(*record.Report){
		func(r *record.Report) {
			r.Verdict, r.Totals.Failed = record.Conformant, 0
			for i := range r.Requirements {
				r.Requirements[i].State, r.Requirements[i].Outcome = "exercised", record.Passed
				r.Requirements[i].Findings = 0
			}
		},
		func(r *record.Report) { r.Verdict = record.Unjudged },
		func(*record.Report) {},
	} {
		r := sample(t)
		r.Started = r.Started.Add(time.Duration(i-10) * time.Hour)
		change(r)
		out = append(out, report.PastOf(r))
	}
	return out
}

// site is the page of three implementations, one of which was judged by another contract.
func site(t *testing.T) []byte {
	t.Helper()
	all := map[string]*report.Past{}
	for _, name := range []string{"alice", "bob", strings.Repeat("w", 60)} {
		r := sample(t)
		r.Target.Name = name
		if name == "bob" {
			r.Suite.Contract = "another"
		}
		all[name] = report.PastOf(r)
	}
	s, _, err := report.NewSite(all)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, s.Write(&b))
	return b.Bytes()
}

// sample is the report with every outcome that the other formats are tested with.
func sample(t *testing.T) *record.Report {
	t.Helper()
	file, err := os.Open(filepath.FromSlash("../testdata/report.json"))
	require.NoError(t, err)
	defer file.Close()
	r, err := report.ReadJSON(file)
	require.NoError(t, err)
	return r
}

// click clicks into the middle of the element that a selector finds, once the page scrolls no
// more to a place that it was asked for, and the element stays there: in the window, with nothing
// over it, at one place for some frames. A click goes to a point, and what a page or a window
// has just moved may be elsewhere by then. It works where the page's scripts do not run.
func (p *tab) click(selector string) {
	p.Helper()
	look := `(() => {
		const el = document.querySelector(` + strconv.Quote(selector) + `);
		let r = el.getBoundingClientRect();
		if (r.top < 0 || r.bottom > innerHeight) {
			el.scrollIntoView({block: 'center', behavior: 'instant'});
			r = el.getBoundingClientRect();
		}
		const over = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		const still = !('following' in document.documentElement.dataset);
		const there = still && (el.contains(over) || over?.closest('label')?.control === el);
		return {there, place: r.x + ' ' + r.y, frame: document.timeline.currentTime, over: over?.outerHTML ?? 'nothing'};
	})()`
	type seen struct {
		There bool    `json:"there"`
		Place string  `json:"place"`
		Frame float64 `json:"frame"` // in milliseconds
		Over  string  `json:"over"`
	}
	first := eval[seen](p, look)
	for looks := 0; ; looks++ {
		now := eval[seen](p, look)
		require.Less(p, looks, 5000, "%s does not stay at one place, or %.200s lies over it", selector, now.Over)
		if !now.There || !first.There || now.Place != first.Place {
			first = now
		} else if now.Frame-first.Frame >= 100 {
			break
		}
	}
	p.do(chromedp.Click(chromedp.CSS(selector)))
}
