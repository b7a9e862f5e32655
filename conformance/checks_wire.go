package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// The names of the checks that hold for whatever answer comes.
const (
	completeCheck = "answer-complete"
	continueCheck = "continue-sent"
	timelyCheck   = "answer-in-time"
	codingCheck   = "coding-asked-for"
)

// redirectCheck is the name of the check for a redirect.
const redirectCheck = "no-redirect"

func wireChecks() []Check {
	return []Check{
		{Name: completeCheck, Requirements: []string{"http.framing"},
			Doc: "An answer comes, is HTTP, and ends where its Content-Length or its last chunk says.",
			on:  always, judge: answerComplete},
		{Name: timelyCheck, Requirements: []string{"http.timely"},
			Doc: "A whole answer comes within the time that an exchange has, at the latest when the request is sent " +
				"again with no other under way.",
			on: (*observed).late, judge: answerInTime},
		{Name: continueCheck, Requirements: []string{"http.continue"},
			Doc: "To the head of a request that expects 100 (Continue), whose body waits for it, that or an answer " +
				"comes, at the latest when the request is sent again with no other under way.",
			on: (*observed).keptWaiting, judge: continueSent},
		{Name: codingCheck, Requirements: []string{"http.framing"},
			Doc: "A body is coded only in a way that the request's Accept-Encoding lists, and can be decoded.",
			on:  (*observed).complete, judge: codingAskedFor},
		{Name: redirectCheck, Requirements: []string{"http.no-redirect", "http.not-modified"},
			Doc: "An answer does not send the client elsewhere, nor to what it has kept, which 304 does to GET and " +
				"HEAD alone; from a path that is written otherwise than that of the operation it may, and to HTTPS " +
				"where a field of a proxy says that the request came without.",
			on: (*observed).answered, judge: noRedirect},
	}
}

func answerComplete(x *observed) []Problem {
	if x.Err == nil || x.unjudged() != "" || x.late() || x.keptWaiting() || x.stumbled() {
		return nil
	}
	place, want := "connection", "an HTTP answer"
	switch x.Err.Kind {
	case record.Cut, record.Endless, record.Surplus:
		place, want = "body", "a body that ends where its framing says"
	case record.Conflict:
		place, want = "header Content-Length", "one framing: a length or chunks"
	}
	return problem(place, want, x.Err.Msg)
}

func answerInTime(x *observed) []Problem {
	if x.Err.Kind == record.Slow {
		return problem("body", "a whole answer in time", x.Err.Msg)
	}
	return problem("connection", "an answer in time", x.Err.Msg)
}

func continueSent(x *observed) []Problem {
	return problem("connection", "100 (Continue) or an answer, to the head of a request that expects it", x.Err.Msg)
}

func codingAskedFor(x *observed) []Problem {
	a := x.answer
	switch {
	case !a.asked:
		return problem("header Content-Encoding", "no coding, for Accept-Encoding did not ask for one", show(a.coding))
	case a.decodeErr != nil:
		return problem("body", "what Content-Encoding says: "+a.coding, "it cannot be decoded: "+a.decodeErr.Error())
	}
	return nil
}

// tidied are the statuses by which frameworks redirect to a path without a slash at its
// end, or in the letter case of its route.
var tidied = []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

// tidies reports whether an answer redirects a request that need not be accepted, and whose
// path is next to that of the documents or spelt otherwise, as one does to the path as it is
// in the documents.
func (x *Exchange) tidies() bool {
	if x.Case == nil || x.expect() == Accepted || !slices.Contains(tidied, x.Response.Status) {
		return false
	}
	if x.expect() == Refused && x.besidePath() {
		return x.cleans()
	}
	return x.elsewhere()
}

// elsewhere reports whether the path of a request is next to that of the documents, or spelt otherwise.
func (x *Exchange) elsewhere() bool {
	if x.Case == nil {
		return false
	}
	sent, _, _ := strings.Cut(x.Case.Steps[x.Step].Path, "?")
	return x.besidePath() || !strings.HasPrefix(sent, "{{path") || strings.Index(sent, "}}") != len(sent)-len("}}")
}

// cleans reports whether an answer redirects from a path with dot segments to the path without
// them, which is another way to write it (RFC 3986 6.2.2.3).
func (x *Exchange) cleans() bool {
	from, err := url.Parse(x.Request.URL)
	if err != nil {
		return false
	}
	to, err := from.Parse(x.Response.Header.Get("Location"))
	clean := path.Clean(from.Path)
	return err == nil && clean != from.Path && slices.Contains(strings.Split(from.Path, "/"), "..") && to.Path == clean
}

// secures reports whether an answer sends a client to HTTPS whose request says, as a proxy does, that
// it came without.
func (x *observed) secures() bool {
	if !slices.Contains(tidied, x.Response.Status) {
		return false
	}
	to, err := url.Parse(x.Response.Header.Get("Location"))
	return err == nil && strings.EqualFold(to.Scheme, "https") &&
		slices.ContainsFunc(x.Request.Header, func(f record.Field) bool {
			return strings.EqualFold(f.Name, "X-Forwarded-Proto") && strings.EqualFold(f.Value, "http") ||
				strings.EqualFold(f.Name, "Forwarded") && plainProto.MatchString(f.Value)
		})
}

// plainProto is what Forwarded says of a request that came to a proxy without TLS (RFC 7239 5.4).
var plainProto = regexp.MustCompile(`(?i)(?:^|[;, ])proto="?http"?(?:[;, ]|$)`)

func noRedirect(x *observed) []Problem {
	if x.tidies() || x.secures() {
		return nil
	}
	if x.Response.Status == http.StatusNotModified {
		if isSafe(x.Request.Method) {
			return nil
		}
		return []Problem{{"status", "no 304 to " + x.Request.Method, "304", "http.not-modified"}}
	}
	if status := x.Response.Status; status/100 == 3 {
		got := fmt.Sprint(status)
		if to := x.Response.Header.Get("Location"); to != "" {
			got += " to " + brief(to)
		}
		return problem("status", "an answer, not a redirect", got)
	}
	return nil
}
