package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

type harFile struct {
	Log harLog `json:"log"`
}

type harLog struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Pages   []harPage  `json:"pages"`
	Comment string     `json:"comment"`
	Entries []harEntry `json:"entries"` // last, so that they can be written one by one
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Comment string `json:"comment"`
}

type harPage struct {
	Started string   `json:"startedDateTime"`
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Timings struct{} `json:"pageTimings"`
}

type harEntry struct {
	Page      string          `json:"pageref"`
	Started   string          `json:"startedDateTime"`
	Time      float64         `json:"time"` // milliseconds
	Request   harRequest      `json:"request"`
	Response  harResponse     `json:"response"`
	Cache     struct{}        `json:"cache"`
	Timings   harTimings      `json:"timings"`
	Case      string          `json:"_case"`
	Step      int             `json:"_step"`
	Outcome   string          `json:"_outcome"`
	Findings  []string        `json:"_findings"` // the keys of those about this exchange
	ErrorKind record.WireKind `json:"_errorKind,omitempty"`
	Retries   int             `json:"_retries,omitempty"`
	Inert     bool            `json:"_inert,omitempty"`
	Leaked    bool            `json:"_leaked,omitempty"`
	Action    string          `json:"_action,omitempty"`
}

type harRequest struct {
	Method      string       `json:"method"`
	URL         string       `json:"url"`
	RawURL      string       `json:"_url,omitempty"` // as sent, if that is not a URI
	HTTPVersion string       `json:"httpVersion"`
	Cookies     []harCookie  `json:"cookies"`
	Headers     []harPair    `json:"headers"`
	Query       []harPair    `json:"queryString"`
	PostData    *harPostData `json:"postData,omitempty"`
	HeadersSize int          `json:"headersSize"`
	BodySize    int          `json:"bodySize"`
}

type harPostData struct {
	MimeType string    `json:"mimeType"`
	Params   []harPair `json:"params"`
	Text     string    `json:"text"`
	Base64   string    `json:"_base64,omitempty"`
	Comment  string    `json:"comment,omitempty"`
}

type harResponse struct {
	Status      int         `json:"status"`
	StatusText  string      `json:"statusText"`
	HTTPVersion string      `json:"httpVersion"`
	Cookies     []harCookie `json:"cookies"`
	Headers     []harPair   `json:"headers"`
	Content     harContent  `json:"content"`
	RedirectURL string      `json:"redirectURL"`
	HeadersSize int         `json:"headersSize"`
	BodySize    int         `json:"bodySize"`
	Error       string      `json:"_error,omitempty"`
	Truncated   bool        `json:"_truncated,omitempty"`
	Shortened   bool        `json:"_shortened,omitempty"`
}

type harContent struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Path     string `json:"path,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Expires  string `json:"expires,omitempty"`
	HTTPOnly bool   `json:"httpOnly"`
	Secure   bool   `json:"secure"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
	Comment string  `json:"comment"`
}

// HAR writes every exchange of the report as an entry of an HTTP Archive 1.2, in the order in
// which they began, each on the page of its case. Data that the format does not define is in
// members whose names begin with an underscore. Bodies keep every byte: a response that is not
// UTF-8 is in base64, as the format defines; for a request it defines nothing, so the bytes
// are in "_base64" and the text has U+FFFD for invalid bytes. Elsewhere such bytes become
// U+FFFD. An exchange without a response has the status 0 and "_error". The suite measures
// exchanges as a whole: all of the time is in "wait". It holds one entry in memory at a time.
func HAR(w io.Writer, r *record.Report) error {
	exchanges := harExchanges(r)
	_, verdict := gate(r)
	log := harLog{
		Version: "1.2",
		Creator: harCreator{"fmaspec", cmp.Or(safe(r.Suite.Version), "unknown"), "Secrets were redacted; their " +
			"placeholders begin with $FMASPEC_."},
		Pages:   harPages(exchanges),
		Comment: safe(r.Target.URL + ": " + verdict),
		Entries: []harEntry{},
	}
	const before, after = "[", "]\n  }\n}\n"
	var b bytes.Buffer
	if err := encode(&b, "", harFile{log}); err != nil {
		return err
	}
	head, found := bytes.CutSuffix(b.Bytes(), []byte(before+after))
	if !found {
		return errors.New("report: cannot be written as HAR: entries are not its last member; this is a bug of fmaspec")
	}
	if _, err := w.Write(append(head, before...)); err != nil {
		return err
	}
	for i, x := range exchanges {
		b.Reset()
		b.WriteString(map[bool]string{true: "\n      ", false: ",\n      "}[i == 0])
		if err := encode(&b, "      ", harEntryOf(r, x.c, x.x)); err != nil {
			return err
		}
		if _, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	end := after
	if len(exchanges) > 0 {
		end = "\n    " + after
	}
	_, err := io.WriteString(w, end)
	return err
}

// A harExchange is an exchange with the case that it belongs to.
type harExchange struct {
	c *record.CaseResult
	x *record.ExchangeResult
}

// harExchanges returns all exchanges in the order in which they began.
func harExchanges(r *record.Report) (out []harExchange) {
	for i := range r.Cases {
		for j := range r.Cases[i].Exchanges {
			out = append(out, harExchange{&r.Cases[i], &r.Cases[i].Exchanges[j]})
		}
	}
	slices.SortStableFunc(out, func(a, b harExchange) int { return a.x.Started.Compare(b.x.Started) })
	return out
}

// harPages returns a page for each case that was sent, in the order in which they began.
func harPages(exchanges []harExchange) []harPage {
	pages, known := []harPage{}, map[string]bool{}
	for _, x := range exchanges {
		if !known[x.c.ID] {
			known[x.c.ID] = true
			pages = append(pages, harPage{Started: stamp(x.x.Started), ID: x.c.ID,
				Title: strings.TrimSpace(x.c.ID + "  " + x.c.Title)})
		}
	}
	return pages
}

func harEntryOf(r *record.Report, c *record.CaseResult, x *record.ExchangeResult) harEntry {
	took := float64(max(x.Elapsed, 0)) / float64(time.Millisecond)
	protocol := cmp.Or(r.Target.Protocol, "HTTP/1.1")
	out := harEntry{
		Page: c.ID, Started: stamp(x.Started), Time: took,
		Request: harRequestOf(x, protocol), Response: harResponseOf(x),
		Timings: harTimings{Wait: took, Comment: "measured as a whole"},
		Case:    c.ID, Step: x.Step, Outcome: c.Outcome.String(), Findings: []string{},
		ErrorKind: x.ErrorKind, Retries: x.Retries, Inert: x.Inert, Leaked: x.Leaked, Action: x.Action,
	}
	for _, f := range c.Findings {
		if f.Step == x.Step {
			out.Findings = append(out.Findings, f.Key)
		}
	}
	return out
}

func harRequestOf(x *record.ExchangeResult, protocol string) harRequest {
	out := harRequest{
		Method: x.Request.Method, HTTPVersion: protocol, Cookies: []harCookie{}, Headers: []harPair{},
		HeadersSize: -1, BodySize: len(x.Request.Body),
	}
	if out.URL = harURL(x.Request.URL); out.URL != x.Request.URL {
		out.RawURL = x.Request.URL
	}
	out.Query = harQuery(out.URL)
	mime := ""
	for _, f := range x.Request.Header {
		out.Headers = append(out.Headers, harPair{f.Name, f.Value})
		switch strings.ToLower(f.Name) {
		case "content-type":
			mime = cmp.Or(mime, f.Value)
		case "cookie":
			cookies, _ := http.ParseCookie(f.Value) // malformed ones are in the headers only
			for _, k := range cookies {
				out.Cookies = append(out.Cookies, harCookieOf(k))
			}
		}
	}
	if body := x.Request.Body; len(body) > 0 {
		out.PostData = &harPostData{MimeType: mime, Params: []harPair{}, Text: string(body)}
		if !utf8.Valid(body) {
			out.PostData.Base64 = base64.StdEncoding.EncodeToString(body)
			out.PostData.Comment = "The bytes are not UTF-8: _base64 has them, and the text U+FFFD in their place."
		}
	}
	return out
}

func harResponseOf(x *record.ExchangeResult) harResponse {
	out := harResponse{Cookies: []harCookie{}, Headers: []harPair{}, Content: harContent{MimeType: "x-unknown"},
		HeadersSize: -1, BodySize: -1, Error: x.Error}
	answer := x.Response
	if answer == nil {
		out.Error = cmp.Or(out.Error, "no answer")
		return out
	}
	out.Status, out.StatusText, out.HTTPVersion = answer.Status, http.StatusText(answer.Status), answer.Proto
	out.Truncated, out.Shortened = answer.Truncated, answer.Shortened
	if !answer.Truncated && !answer.Shortened {
		out.BodySize = len(answer.Body)
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		for _, value := range answer.Header[name] {
			out.Headers = append(out.Headers, harPair{name, value})
		}
	}
	for _, value := range answer.Header.Values("Set-Cookie") {
		if k, err := http.ParseSetCookie(value); err == nil {
			out.Cookies = append(out.Cookies, harCookieOf(k))
		}
	}
	out.RedirectURL = answer.Header.Get("Location")
	out.Content = harContent{Size: len(answer.Body), MimeType: cmp.Or(answer.Header.Get("Content-Type"), "x-unknown"),
		Text: string(answer.Body)}
	if !utf8.Valid(answer.Body) {
		out.Content.Text, out.Content.Encoding = base64.StdEncoding.EncodeToString(answer.Body), "base64"
	}
	if answer.Header.Get("Content-Encoding") != "" {
		out.Content.Comment = "The bytes are as received: the Content-Encoding is not decoded."
	}
	return out
}

func harCookieOf(k *http.Cookie) harCookie {
	out := harCookie{Name: k.Name, Value: k.Value, Path: k.Path, Domain: k.Domain, HTTPOnly: k.HttpOnly,
		Secure: k.Secure}
	if !k.Expires.IsZero() {
		out.Expires = stamp(k.Expires)
	}
	return out
}

// harURL returns an absolute URI for a request: the URL itself if it is a valid URI, with
// escapes if these make it one, and else "about:invalid".
func harURL(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		if raw[i] == '%' && (i+2 >= len(raw) || !hexDigit(raw[i+1]) || !hexDigit(raw[i+2])) {
			b.WriteString("%25") // begins no escape
			continue
		}
		b.WriteByte(raw[i])
	}
	uri := percent(b.String(), uriAny)
	if u, err := url.Parse(uri); err == nil && u.IsAbs() {
		return uri
	}
	return "about:invalid"
}

func hexDigit(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func harQuery(raw string) []harPair {
	pairs := []harPair{}
	u, err := url.Parse(raw)
	if err != nil || u.RawQuery == "" {
		return pairs
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		// The URL is from harURL, which leaves no malformed escape.
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		pairs = append(pairs, harPair{name, value})
	}
	return pairs
}
