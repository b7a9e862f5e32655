package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/schemas"
)

// insideCheck is the name of the check for what a server is to keep to itself.
const insideCheck = "error-inside"

func refusalChecks() []Check {
	return []Check{
		{Name: noActionCheck, Requirements: []string{"refusal.no-action"},
			Doc: "A refusal carries no {resource}, neither as its body nor anywhere within: in a member, a list, a " +
				"string or a text. One that says that the action is under way may hold that action, and so may " +
				"one of a repetition that a server may refuse.",
			on: (*observed).refusalRead, judge: noAction},
		{Name: "error-form", Requirements: []string{"error.form"},
			Doc: "A refusal that says it is JSON is well-formed JSON in which no object has a name twice, and an " +
				"error object in it has a code and a message that are strings; every other form is free.",
			on: func(x *observed) bool { return x.refusalRead() && isJSONMedia(x.answer.media) }, judge: errorForm},
		{Name: "error-page", Requirements: []string{"error.form"},
			Doc: "A refusal that says it is a page of HTML has no element with attributes in it that the request " +
				"holds: what a page repeats is escaped.",
			on:    func(x *observed) bool { return x.refusalRead() && slices.Contains(pageMedia, x.answer.media) },
			judge: errorPage},
		{Name: "problem-form", Requirements: []string{"error.problem"},
			Doc: "A refusal that says it is application/problem+json is a JSON object, whose type, title, detail and " +
				"instance are strings where they are there, type without what no URI has, and whose status is that " +
				"of the answer; null counts as absent.",
			on:    func(x *observed) bool { return x.refusalRead() && x.answer.media == problemMedia },
			judge: problemForm},
		{Name: insideCheck, Requirements: []string{"error.inside"},
			Doc: "A refusal shows no stack trace, exception, SQL, connection string or path of the server's disk, " +
				"neither in its body nor in a field whose name begins with X-, and not the caller's token.",
			on: (*observed).refusalRead, judge: errorInside},
		{Name: tokenCheck, Requirements: []string{"response.no-token"},
			Doc: "No answer but a refusal, of which another check says so, holds the caller's token, whole or 16 " +
				"characters of it, as it is or in base64, hexadecimal digits or percent encoding: not in the body, a " +
				"header or trailer field, the status line, or what came in place of an answer.",
			on: func(x *observed) bool { return len(x.TokenIn) > 0 && !x.refusalRead() }, judge: noToken},
	}
}

// noActionCheck is the name of the check for an action in a refusal.
const noActionCheck = "no-action"

// tokenCheck is the name of the check that looks for the token in what is no refusal.
const tokenCheck = "no-token"

func noToken(x *observed) (out []Problem) {
	for _, place := range x.TokenIn {
		out = append(out, Problem{Place: place, Want: "nothing of the caller's token",
			Got: "the token, or a part of it"})
	}
	return out
}

func (x *observed) refusalRead() bool {
	return x.refusal() && x.complete() && x.answer.decodeErr == nil
}

func noAction(x *observed) []Problem {
	a := x.answer
	repeats := x.Case != nil && x.expect() == Either && (x.Step > 0 || x.Case.AtOnce)
	if !x.terms.looksLikeAction(a.action) && (x.terms.running(a.action) || repeats || !x.terms.holdsAction(a) ||
		schemas.TextHoldsSign(string(unchunked(x.Request)), x.terms.resource.Signs)) {
		return nil // also where the request may be given back, which holds one
	}
	return problem("body", "no "+x.terms.resource.Name+", for the request was refused", brief(string(a.body)))
}

func errorForm(x *observed) (out []Problem) {
	a := x.answer
	switch {
	case strings.TrimSpace(string(a.body)) == "" || x.terms.looksLikeAction(a.action):
		return nil
	case a.json != nil && slices.Contains([]strictjson.Kind{strictjson.BOM, strictjson.Encoding}, a.json.Kind):
		return nil // a finding of another check
	case a.json != nil && a.json.Kind == strictjson.Deep:
		return nil // unwise, and well-formed
	case a.json != nil:
		return problem("body", "well-formed JSON, as its Content-Type says", a.json.Error()+
			excerpt(a.body, a.json.Offset))
	case a.twice != nil:
		return problem("body", "no name twice in one object", a.twice.Error()+excerpt(a.body, a.twice.Offset))
	case a.media == problemMedia:
		return nil
	}
	for _, v := range a.violations {
		out = append(out, Problem{v.Pointer, v.Want, v.Got, v.Requirement})
	}
	return out
}

// pageMedia are the media types of what a browser shows as a page.
var pageMedia = []string{"text/html", "application/xhtml+xml"}

func errorPage(x *observed) []Problem {
	sent := sentElements(x.Request)
	if len(sent) == 0 {
		return nil
	}
	for page := html.NewTokenizer(bytes.NewReader(x.answer.body)); ; {
		switch page.Next() {
		case html.ErrorToken: // the end
			return nil
		case html.StartTagToken, html.SelfClosingTagToken:
			if raw := string(page.Raw()); slices.Contains(sent, raw) {
				return problem("body", "what it repeats of the request, escaped", brief(raw))
			}
		}
	}
}

// element finds an element of HTML that has attributes. A page has others of its own.
var element = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<[A-Za-z][A-Za-z0-9-]*[\s/][^<>]*=[^<>]*>`)
})

// sentElements returns the elements of HTML in a request that have attributes: in its target, also
// without its escapes, in the values of its header, in its body and in the strings of that.
func sentElements(r record.Request) (out []string) {
	texts := sentTexts(unchunked(r))
	for _, f := range r.Header {
		texts = append(texts, f.Value)
	}
	texts = append(texts, r.URL)
	for _, unescaped := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if text, err := unescaped(r.URL); err == nil {
			texts = append(texts, text)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, "<") {
			out = append(out, element().FindAllString(text, -1)...)
		}
	}
	return out
}

func errorInside(x *observed) []Problem {
	a := x.answer
	if len(x.TokenIn) > 0 {
		return problem(x.TokenIn[0], "nothing secret", "the answer repeats the token")
	}
	if x.Leaked {
		return problem("body", "nothing secret", "the answer repeats a secret of the request")
	}
	if fields := freeFields(x); insideOf(fields, x.Request.URL) != "" {
		if what := insideOf(fields, x.Request.URL, sentTexts(unchunked(x.Request))...); what != "" {
			return problem("header", "nothing of the server's inside", what)
		}
	}
	if strings.TrimSpace(string(a.body)) == "" || x.terms.looksLikeAction(a.action) {
		return nil
	}
	if insideOf(string(a.body), x.Request.URL) == "" {
		return nil // most answers, for which nothing has to be known of the request
	}
	if what := insideOf(string(a.body), x.Request.URL, sentTexts(unchunked(x.Request))...); what != "" {
		return problem("body", "nothing of the server's inside", what)
	}
	return nil
}

// freeFields returns the values of the fields of an answer whose names begin with X-, which are
// the server's own, each on a line.
func freeFields(x *observed) string {
	var out []string
	for name, values := range x.Response.Header {
		if strings.HasPrefix(name, "X-") {
			out = append(out, values...)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// isJSONMedia reports whether a media type is JSON or built on it (RFC 6839 3.1).
func isJSONMedia(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// problemMedia is the media type of problem details (RFC 9457).
const problemMedia = "application/problem+json"

// problemForm judges problem details. Text that is no JSON is a finding of another check.
func problemForm(x *observed) (out []Problem) {
	a := x.answer
	if strings.TrimSpace(string(a.body)) == "" || a.json != nil || x.terms.looksLikeAction(a.action) {
		return nil
	}
	members, is := a.action.Value().(map[string]any)
	if !is {
		return problem("body", "one JSON object, as problem details are", brief(string(a.body)))
	}
	for _, name := range []string{"type", "title", "detail", "instance"} {
		if _, is := members[name].(string); !is && members[name] != nil {
			out = append(out, problem("/"+name, "a string", show(members[name]))...)
		}
	}
	if text, is := members["type"].(string); is && strings.ContainsAny(text, " \t<>\"{}|\\^`") {
		out = append(out, problem("/type", "a reference of a URI", show(text))...)
	}
	number, is := members["status"].(json.Number)
	value, err := number.Float64()
	if status := members["status"]; status != nil && (!is || err != nil || value != float64(x.Response.Status)) {
		out = append(out, problem("/status",
			fmt.Sprintf("the number %d, which is the answer's status", x.Response.Status), show(status))...)
	}
	return out
}
