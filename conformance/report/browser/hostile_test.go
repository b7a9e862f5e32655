package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// everywhere returns the sample with text in every place that can hold text.
func everywhere(t *testing.T, text string) *record.Report {
	t.Helper()
	pointer := strings.NewReplacer("~", "~0", "/", "~1")
	r := sample(t)
	r.Reason = text
	r.Target = record.TargetInfo{URL: text, Name: text + " ", Machine: text, UnknownMachine: text, File: text,
		Protocol: text, Proxy: text}
	r.Safety.Armed = []string{text}
	r.Suite.Name, r.Suite.Version, r.Suite.Contract, r.Suite.Fixtures = text, text, text, text
	r.Suite.Run, r.Suite.Skip, r.Suite.Seed, r.Suite.Timeout = text, text, text, text
	r.Environment = record.Environment{Go: text, OS: text, Arch: text}
	r.Baseline.File, r.Baseline.Reason = text, text
	for i := range r.Baseline.Problems {
		q := &r.Baseline.Problems[i]
		q.Kind, q.Key, q.Text = text, text, text
	}
	for i := range r.Operations {
		o := &r.Operations[i]
		o.ID, o.Method, o.Path, o.File = fmt.Sprint(text, i), text, text, text
	}
	for i := range r.Requirements {
		q := &r.Requirements[i]
		q.ID, q.Document, q.Section, q.Says, q.Because, q.Waived, q.File, q.State = fmt.Sprint(text, i), text, text,
			text, text, text, text, text
	}
	for i := range r.Cases {
		c := &r.Cases[i]
		c.ID, c.Title, c.Operation, c.Control, c.File, c.Reason = fmt.Sprint(text, i), text, fmt.Sprint(text, i%2),
			fmt.Sprint(text, i+1), text, text
		c.Proves = []string{text, fmt.Sprint(text, i%4)}
		for j := range c.Findings {
			f := &c.Findings[j]
			f.Key, f.Case, f.Check, f.Want, f.Got, f.Requirement = text, text, text, text, text, fmt.Sprint(text, i%4)
			f.Place = []string{text, "/" + pointer.Replace(text), "header " + text}[j%3]
			f.Known = &record.Known{Reason: text, Owner: text, Expires: text}
		}
		for j := range c.Exchanges {
			x := &c.Exchanges[j]
			x.Request = record.Request{Method: text, URL: text, Header: []record.Field{{Name: text, Value: text}},
				Body: record.Body(text)}
			x.Error, x.ErrorKind, x.Action = text, record.WireKind(text), text
			if x.Response != nil {
				*x.Response = record.Response{Status: 200, Proto: text,
					Header: http.Header{text: {text}, "Content-Encoding": {text}}, Body: record.Body(text)}
				if j%2 == 0 {
					var body bytes.Buffer
					encoder := json.NewEncoder(&body)
					encoder.SetEscapeHTML(false)
					require.NoError(t, encoder.Encode(map[string]string{text: text}))
					x.Response.Body = body.Bytes()
				}
			}
		}
	}
	return r
}

// attacks are texts that try to be more than text, each in another place of a
// page, behind one that is harmless.
func attacks() []struct{ why, text string } {
	const act = "window.canary=1"
	return []struct{ why, text string }{
		{"nothing", `harmless <>&"' text`},
		{"an element", `<script>` + act + `</script><img src=x onerror="` + act + `"><svg onload="` + act + `">`},
		{"an attribute, double quote", `" onmouseover="` + act + `" onfocus="` + act + `" autofocus x="`},
		{"an attribute, single quote", `' onmouseover='` + act + `' onfocus='` + act + `' autofocus x='`},
		{"an attribute, no quote", `x onmouseover=` + act + ` `},
		{"the end of a script", `</script><script>` + act + `</script>`},
		{"the end of a style", `</style><script>` + act + `</script><style>*{background:url(http://127.0.0.1:1/x)}`},
		{"the end of a comment", `--><script>` + act + `</script><!--`},
		{"the end of other elements",
			`</pre></code></mark></details></option></select></title></textarea></svg></bdi><iframe src="javascript:parent.` + act + `"></iframe>`},
		{"a URL", `javascript:` + act},
		{"a template", `{{.}}{{printf "%s" .}}${` + act + `}`},
		{"a character reference", `&lt;script&gt;` + act + `&lt;/script&gt;&#60;img src=x onerror=` + act + `&#62;`},
		{"a policy",
			`'unsafe-inline'; default-src *; <meta http-equiv="refresh" content="0;url=http://127.0.0.1:1/"><base href="http://127.0.0.1:1/">`},
		{"a form",
			`<form action="http://127.0.0.1:1/"><input name=outcome value=failed id=search><button>go</button></form>`},
		{"a selector", `"] , * { } [x="`},
		{"names of the page's own", `<a id=filters name=filters></a><b class=case id=shown>`},
	}
}

func showsHostileTextAsText(t *testing.T, c *chrome) {
	// What the page consists of: how many elements of each kind there are, and the
	// names of all attributes. Long texts are cut in short forms of the page.
	const anatomy = `(() => { const n = {}; for (const el of document.querySelectorAll('*')) for (const name of [el.localName, ...el.getAttributeNames().map(a => '@' + a)]) n[name] = (n[name] || 0) + 1;
		return Object.keys(n).sort().map(name => name + ' ' + n[name]).join('\n'); })()`
	want := ""
	for _, row := range attacks() {
		p := c.tab(t)
		page := rendered(t, everywhere(t, row.text))
		// Without the policy, which would stop most of it: it is the second wall, not the first.
		bare := bytes.Replace(page, []byte("Content-Security-Policy"), []byte("x-nothing"), 1)
		if bytes.Equal(bare, page) {
			t.Fatal("want a policy to take out")
		}
		p.show(bare, "")
		p.ready()
		p.click("#expand")
		p.until(
			`document.querySelectorAll('.case[open]').length === 11 && !document.querySelector('.case .copy:not([data-dressed])')`)
		eval[bool](p,
			`(() => { for (const el of document.querySelectorAll('*')) for (const event of ['mouseover', 'focus', 'click'].slice(0, 2)) el.dispatchEvent(new Event(event, {bubbles: true})); return true; })()`)
		same(p, `window.canary === undefined`, true, row.why)
		same(p, `document.querySelector('h4').textContent`, row.text+"3", row.why+": the text itself")
		got := eval[string](p, anatomy)
		if want == "" {
			want = got
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s: want the elements and attributes that harmless text has (-want +got):\n%s", row.why, diff)
		}
		same(p, visible, 11, row.why)
	}
}

func runsNoScriptButItsOwn(t *testing.T, c *chrome) {
	plant := func(text string) []byte {
		page := rendered(t, sample(t))
		planted := bytes.Replace(page, []byte("<main>"), []byte("<main>"+text), 1)
		if bytes.Equal(page, planted) {
			t.Fatal("want a place to plant something, found none")
		}
		return planted
	}
	for _, text := range []string{
		`<script>window.canary = 1</script>`, `<svg onload="window.canary = 1"></svg>`,
		`<img src="http://127.0.0.1:1/x.png">`,
		`<link rel="stylesheet" href="http://127.0.0.1:1/x.css">`, `<iframe src="http://127.0.0.1:1/"></iframe>`,
		`<b style="color: red">x</b>`,
	} {
		p := c.tab(t)
		p.show(plant(text), "")
		p.ready()
		var troubles []string
		for p.ctx.Err() == nil && troubles == nil {
			eval[bool](p, `new Promise(done => setTimeout(done, 10, true))`)
			more, _ := p.heard() // the browser reports requests that it then blocks
			troubles = append(troubles, more...)
		}
		if !slices.ContainsFunc(troubles, func(text string) bool {
			return strings.Contains(text, "Content Security Policy") && strings.HasSuffix(text, p.url)
		}) {
			t.Errorf("%s: want the policy to forbid it, heard %q", text, troubles)
		}
		same(p, `window.canary === undefined`, true, text)
		same(p, visible, 11, "the page's own script runs")
		p.heard()
	}
}
