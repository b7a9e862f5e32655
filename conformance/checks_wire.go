package conformance

import (
	"fmt"
	"net/http"
	"time"
)

func wireChecks() []Check {
	return []Check{
		{Name: "answer-complete", Requirements: []string{"http.framing"},
			Doc: "An answer comes, is HTTP, and ends where its Content-Length or its last chunk says.",
			on:  sent, judge: answerComplete},
		{Name: "coding-asked-for", Requirements: []string{"http.framing"},
			Doc: "A body is coded only in a way that the request's Accept-Encoding lists, and can be decoded.",
			on:  complete, judge: codingAskedFor},
		{Name: "no-redirect", Requirements: []string{"http.no-redirect"},
			Doc: "An answer does not send the client elsewhere.",
			on:  answered, judge: noRedirect},
	}
}

func answerComplete(x *Exchange, _ time.Time) []Problem {
	if x.Err == nil || x.unjudged() != "" {
		return nil
	}
	place, want := "connection", "an HTTP answer"
	switch x.Err.Kind {
	case Cut, Slow, Endless, Surplus:
		place, want = "body", "a body that ends where its framing says"
	case Conflict:
		place, want = "header Content-Length", "one framing: a length or chunks"
	}
	return problem(place, want, x.Err.Msg)
}

func codingAskedFor(x *Exchange, _ time.Time) []Problem {
	a := x.view()
	switch {
	case !a.asked:
		return problem("header Content-Encoding", "no coding, for Accept-Encoding did not ask for one", show(a.coding))
	case a.decodeErr != nil:
		return problem("body", "what Content-Encoding says: "+a.coding, "it cannot be decoded: "+a.decodeErr.Error())
	}
	return nil
}

func noRedirect(x *Exchange, _ time.Time) []Problem {
	if status := x.Response.Status; status/100 == 3 && status != http.StatusNotModified {
		got := fmt.Sprint(status)
		if to := x.Response.Header.Get("Location"); to != "" {
			got += " to " + brief(to)
		}
		return problem("status", "an answer, not a redirect", got)
	}
	return nil
}
