package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

func refusalChecks() []Check {
	return []Check{
		{Name: "no-action", Requirements: []string{"refusal.no-action"},
			Doc: "A refusal carries no FileMachineAction.",
			on:  refusalRead, judge: noAction},
		{Name: "error-body", Requirements: []string{"error.body"},
			Doc: "A refusal has no body, an error object with code and message, or problem details; no HTML and nothing of the server's inside.",
			on:  func(x *Exchange) bool { return refusalRead(x) && fromTheAPI(x) }, judge: errorBody},
	}
}

// fromTheAPI tells a refusal of the API from one of the HTTP layer under it,
// which answers a method that it does not know before the API is asked.
func fromTheAPI(x *Exchange) bool { return x.Response.Status != http.StatusNotImplemented }

func refusalRead(x *Exchange) bool { return refusal(x) && complete(x) && x.view().decodeErr == nil }

// looksLikeAction tells that a body is a FileMachineAction, whole or in part.
func looksLikeAction(body map[string]any) bool {
	if context, _ := body["@odata.context"].(string); strings.Contains(context, "#FileMachineActions") {
		return true
	}
	found := 0
	for _, name := range []string{"sha1", "requestor", "requestorComment", "fileId", "machineId", "creationDateTimeUtc", "fileInstances"} {
		if _, there := body[name]; there {
			found++
		}
	}
	return found >= 3
}

func noAction(x *Exchange, _ time.Time) []Problem {
	if looksLikeAction(x.view().action) {
		return problem("body", "no FileMachineAction, for the request was refused", brief(string(x.view().body)))
	}
	return nil
}

// inside are the marks of a server's inside in an answer. One of the words stands
// in all that the mark finds; looking for them first saves most of the time.
var inside = []struct {
	what  string
	words []string
	mark  *regexp.Regexp
}{
	{"a stack trace", []string{"goroutine ", "Traceback ", "at ", ".go:", ".py:", ".cs:", ".java:", ".js:", ".ts:", ".rb:", ".php:", ".rs:", ".kt:",
		"panic: ", "runtime error: ", "nil pointer", "tack", "TACK", "raceback", "RACEBACK", "xception", "XCEPTION", ", line "}, regexp.MustCompile(`goroutine \d+ \[|Traceback \(most recent call last\)|(?m)^\s*at \S+.*(\(.*:\d+\)|:line \d+)|\.(go|py|cs|java|js|ts|rb|php|rs|kt):\d+\b|\bpanic: |\bruntime error: |nil pointer dereference|"(?i:stack|stack_?trace|traceback|exception)"\s*:|File \\?"[^"]+\\?", line \d+`)},
	{"an exception's name", []string{"Exception", "Error", "SQLSTATE", "ORA-"}, regexp.MustCompile(`\b(NullPointer|NullReference|ArgumentNull|IllegalArgument|IllegalState|InvalidOperation|ClassCast|IndexOutOfRange|Sql|SQL|IO|Runtime)Exception\b|\b(java|javax|org|com|System|Microsoft)(\.[A-Za-z_]\w*)+(Exception|Error)\b|\bSQLSTATE\b|\bORA-\d{5}\b`)},
	{"a query to a database", []string{"select", "SELECT", "insert", "INSERT", "update", "UPDATE", "delete", "DELETE"},
		regexp.MustCompile(`\b((select|SELECT)\b.+\b(?i:from)|(insert|INSERT) (?i:into)\b.+\b(?i:values)|(update|UPDATE)\b.+\b(?i:set)|(delete|DELETE) (?i:from)\b.+\b(?i:where))\b`)},
	{"an internal path", []string{"/", `\`}, regexp.MustCompile(`(^|[\s"'(=:])/(usr|home|var|etc|opt|srv|root|tmp|app|mnt|build|go/src|src)/[\w.@/-]+|\b[A-Za-z]:\\{1,2}\w[\w .-]*\\`)},
}

func errorBody(x *Exchange, _ time.Time) []Problem {
	a := x.view()
	const want = "no body, an error object (error.code, error.message), or problem details"
	body := string(a.body)
	if x.Leaked {
		return problem("body", "nothing secret", "the answer repeats the token")
	}
	if strings.TrimSpace(body) == "" || looksLikeAction(a.action) {
		return nil
	}
	for _, i := range inside {
		if !slices.ContainsFunc(i.words, func(w string) bool { return strings.Contains(body, w) }) {
			continue
		}
		if found := i.mark.FindString(body); found != "" {
			return problem("body", "nothing of the server's inside", fmt.Sprintf("%s: %q", i.what, brief(strings.TrimSpace(found))))
		}
	}
	switch {
	case a.media == "text/plain" && x.Case != nil && x.Case.statusRequirement() == "refusal.method":
		return nil // a router speaks, before the API is asked
	case !isJSONMedia(a.media):
		return problem("header Content-Type", want, show(x.Response.Header.Get("Content-Type")))
	case a.json != nil:
		return problem("body", want, a.json.Error())
	case a.action == nil:
		return problem("body", want, brief(body))
	case a.media == "application/problem+json":
		return nil
	}
	for _, v := range a.violations {
		return problem(v.Pointer, v.Want, v.Got)
	}
	return nil
}

// isJSONMedia tells that a media type is JSON or built on it (RFC 6839 3.1).
func isJSONMedia(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}
