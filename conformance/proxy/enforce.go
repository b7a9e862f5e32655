package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A problem is the body of an answer of the proxy's own (RFC 9457).
type problem struct {
	Type       string      `json:"type"`
	Title      string      `json:"title"`
	Status     int         `json:"status"`
	Detail     string      `json:"detail"`
	Violations []violation `json:"violations,omitempty"`
}

// A violation is a finding in a problem.
type violation struct {
	Requirement string       `json:"requirement"`
	Level       record.Level `json:"level"`
	Place       string       `json:"place"`
	Want        string       `json:"want"`
	Got         string       `json:"got"`
}

// problemType is the media type of a problem.
const problemType = "application/problem+json"

func (p problem) bytes() []byte {
	p.Type = "about:blank"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil { // no type in it has an error
		return []byte(`{"type":"about:blank"}`)
	}
	return b.Bytes()
}

func writeProblem(w http.ResponseWriter, p problem) {
	body := p.bytes()
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// fails reports whether a finding is enforced.
func (o *Options) fails(f record.Finding) bool {
	return o.Strict || f.Level == record.Documented || f.Level == record.Standard
}

func (o *Options) violations(findings []record.Finding) (out []violation) {
	for _, f := range findings {
		if o.fails(f) {
			out = append(out, violation{f.Requirement, f.Level, f.Place, f.Want, f.Got})
		}
	}
	return out
}

// unenforced counts a message that is passed on without the judge.
func (p *Proxy) unenforced(reason string) {
	p.tally.add(func(c *Counts) { c.Unenforced[reason]++ })
}

// permit reads a request and reports whether it may be sent on. Where it may not, it has been
// answered. The memory is given back by free.
func (p *Proxy) permit(w http.ResponseWriter, r *http.Request, x *exchange, at target) (ok bool, free func()) {
	var body []byte
	free = func() {}
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		return true, free // a browser asks whether it may call the operation, which is no call
	}
	if r.ContentLength != 0 {
		h := newHold(r.Body, p.options.BodyLimit, &p.budget, &p.buffers)
		r.Body, free = h, h.free
		switch reason := p.wait(r.Context(), h); {
		case r.Context().Err() != nil: // the client went away inside the body, so that nobody reads an answer
			free()
			p.tally.add(func(c *Counts) { c.BrokenRequests++ })
			x.failed(r.Context(), noAnswer{})
			panic(http.ErrAbortHandler)
		case h.broken():
			x.end(brokenRequest())
			p.answerBroken(w)
			return false, free
		case reason != "":
			p.unenforced(reason)
			return true, free
		}
		body, _ = h.whole()
	}
	found, err := p.judgeRequest(r, x, at, body)
	if err != nil {
		p.unenforced(Panicked)
		return true, free
	}
	broken := p.options.violations(found)
	if len(broken) == 0 {
		return true, free
	}
	p.tally.add(func(c *Counts) { c.RefusedRequests++ })
	x.end(&record.WireError{Kind: record.Refused, Msg: "the proxy refused the request, which breaks the contract"})
	writeProblem(w, problem{Title: "the request breaks the contract", Status: http.StatusBadRequest,
		Detail:     "The proxy did not send it to the server. This answer is the proxy's own.",
		Violations: broken})
	return false, free
}

// judgeRequest judges a request by itself, by the requirements on implementations and by those on
// clients alone.
func (p *Proxy) judgeRequest(r *http.Request, x *exchange, at target, body []byte) (out []record.Finding, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("proxy: the judge panicked: %v", recovered)
		}
	}()
	whole := x.request
	whole.Body = body
	return append(p.options.Suite.JudgeRequest(r.Method, at.within, r.Header, body), p.clients.Look(whole)...), nil
}

// wait waits until a body was read whole, and returns why it was not.
func (p *Proxy) wait(ctx context.Context, h *hold) (reason string) {
	select {
	case <-h.done:
	case <-p.options.After(p.options.Hold):
		return TooLate
	case <-ctx.Done():
		return TooLate
	}
	if _, whole := h.whole(); !whole {
		return TooLong
	}
	return ""
}

// approve waits for an answer and its verdict, and returns the answer, or another in its place
// where it breaks the contract.
func (p *Proxy) approve(r *http.Request, x *exchange, answer *http.Response) *http.Response {
	h := newHold(answer.Body, p.options.BodyLimit, &p.budget, &p.buffers)
	answer.Body = h
	// An answer that ends inside its body is judged like a whole one.
	if reason := p.wait(r.Context(), h); reason != "" && !h.broken() {
		p.unenforced(reason)
		return answer
	}
	var v conformance.Verdict
	var judged bool
	select {
	case v, judged = <-x.verdict:
		if !judged {
			p.unenforced(Dropped)
		}
	case <-p.options.After(p.options.Hold):
		p.unenforced(TooLate)
	case <-r.Context().Done():
		p.unenforced(TooLate)
	}
	broken := p.options.violations(v.Server)
	if len(broken) == 0 {
		return answer
	}
	answer.Body.Close()
	p.tally.add(func(c *Counts) { c.ReplacedAnswers++ })
	body := problem{Title: "the answer breaks the contract", Status: http.StatusBadGateway,
		Detail: fmt.Sprintf("The server answered %d. This answer is the proxy's own, in its place.",
			answer.StatusCode),
		Violations: broken}.bytes()
	header := http.Header{"Content-Type": {problemType}, "Content-Length": {strconv.Itoa(len(body))}}
	if date := answer.Header["Date"]; date != nil {
		header["Date"] = date
	}
	return &http.Response{StatusCode: http.StatusBadGateway, Status: "502 Bad Gateway", Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: header, Body: io.NopCloser(bytes.NewReader(body))}
}
