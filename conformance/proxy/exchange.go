package proxy

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/heads"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// An exchange is one that passes. Where its path is documented, it is copied and judged when its
// answer has ended at the upstream.
type exchange struct {
	p         *Proxy
	operation string // id of the operation of the path; "" where it is none
	began     time.Time
	length    int64 // of the request body, -1 where it is not known
	request   record.Request
	sent      *copied
	received  *copied
	broken    atomic.Bool // the client's body cannot be read to its end

	mu       sync.Mutex
	interim  []record.Field
	response *record.Response
	trailer  func() http.Header
	over     *wire.LookedAt // the connection to the upstream; nil where its heads cannot be seen
	done     bool
	verdict  chan conformance.Verdict // has the verdict, or is closed without one
}

// interimLimit is the most interim answers that are kept of an exchange.
const interimLimit = 8

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// begin returns the exchange of a request, and the request with the exchange in its context and
// a body that is counted and copied.
func (p *Proxy) begin(r *http.Request, at target) (*exchange, *http.Request) {
	x := &exchange{p: p, operation: at.operation, began: p.options.Now(), length: r.ContentLength,
		verdict: make(chan conformance.Verdict, 1)}
	body := &tap{ReadCloser: r.Body, count: &p.tally.sent, read: func(err error) {
		// The transport closes the body of a request that the upstream answers early.
		if err != nil && err != io.EOF && !errors.Is(err, http.ErrBodyReadAfterClose) {
			x.broken.Store(true)
		}
	}}
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	header := fields(r) // of every request, in their order
	if x.judged() {
		x.request = record.Request{Method: r.Method, URL: p.options.Upstream.Scheme + "://" +
			p.options.Upstream.Host + p.options.prefix() + at.raw(), Header: header}
		x.sent = &copied{budget: &p.budget, limit: p.options.BodyLimit}
		x.received = &copied{budget: &p.budget, limit: p.options.BodyLimit}
		body.copy = x.sent
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: x.came,
			GotConn: func(got httptrace.GotConnInfo) { x.connected(got.Conn) }})
	}
	out := r.WithContext(ctx)
	out.Body = body
	return x, out
}

// judged reports whether the exchange is copied and judged.
func (x *exchange) judged() bool { return x.operation != "" }

// fields returns the header of a request as the client sent it, but for order and letter case.
func fields(r *http.Request) []record.Field {
	out := []record.Field{{Name: "Host", Value: r.Host}}
	for name, value := range heads.Fields(r) {
		out = append(out, record.Field{Name: name, Value: value})
	}
	return out
}

// connected notes the connection that the request is about to be sent over.
func (x *exchange) connected(c net.Conn) {
	over, _ := c.(*wire.LookedAt)
	if over != nil {
		over.Begin(x.request.Method)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = over
}

// fault returns what the answer breaks that net/http does not show, or nil.
func (x *exchange) fault() *record.WireError {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over == nil {
		return nil
	}
	return x.over.Fault()
}

// came keeps an interim answer.
func (x *exchange) came(code int, header textproto.MIMEHeader) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, values := range header {
		for _, value := range values {
			if len(x.interim) < interimLimit {
				x.interim = append(x.interim, record.Field{Name: "interim answer", Value: name + ": " + value})
			}
		}
	}
	return nil
}

// answered notes the head of an answer, and returns its body to read in place of its own.
func (x *exchange) answered(ctx context.Context, answer *http.Response) io.ReadCloser {
	body := &tap{ReadCloser: answer.Body, count: &x.p.tally.received}
	if !x.judged() {
		return body
	}
	x.mu.Lock()
	x.response = &record.Response{Status: answer.StatusCode, Proto: answer.Proto, Header: answer.Header.Clone(),
		Unkept: append(x.interim, record.Field{Name: "status line", Value: answer.Status})}
	x.trailer = func() http.Header { return answer.Trailer }
	if x.over != nil {
		x.over.Restore(x.response.Header)
	}
	x.mu.Unlock()
	body.copy = x.received
	body.read = func(err error) {
		switch {
		case err == io.EOF:
			x.end(cmp.Or(x.fault(), wire.TrailerFault(answer.Trailer)))
		case err != nil:
			x.end(x.cut(ctx, err))
		case x.received.isOver():
			x.end(&record.WireError{Kind: record.TooLong, Msg: "the body is longer than the proxy copies; raise the " +
				"limit to have it judged"})
		}
	}
	body.close = func() {
		x.end(&record.WireError{Kind: record.Cancelled, Msg: "the client ended the exchange before the answer was " +
			"complete"})
	}
	return body
}

// cut returns what an error inside the body of an answer says.
func (x *exchange) cut(ctx context.Context, err error) *record.WireError {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return &record.WireError{Kind: record.Cancelled, Msg: "the client ended the exchange before the answer was " +
			"complete"}
	}
	if fault := x.fault(); fault != nil {
		return fault
	}
	return &record.WireError{Kind: record.Cut, Msg: "the upstream ended the connection inside the body of the answer"}
}

// failed notes that no answer came, or none that net/http reads.
func (x *exchange) failed(ctx context.Context, why noAnswer) {
	switch fault := x.unread(); {
	case ctx.Err() != nil:
		x.end(&record.WireError{Kind: record.Cancelled, Msg: "the client ended the exchange before an answer came"})
	case x.broken.Load():
		x.end(brokenRequest())
	case fault != nil:
		x.end(fault)
	default:
		x.end(&record.WireError{Kind: record.Unanswered, Msg: "the proxy got no answer from the upstream: " +
			why.text})
	}
}

// unread returns what is wrong with an answer that net/http does not read, or nil.
func (x *exchange) unread() *record.WireError {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over == nil {
		return nil
	}
	return cmp.Or(x.over.Fault(), x.over.Ended())
}

// brokenRequest says that the body of a request cannot be read to its end.
func brokenRequest() *record.WireError {
	return &record.WireError{Kind: record.Cancelled, Msg: "the body of the client's request is broken, so that no " +
		"whole request reached the upstream"}
}

// end has the exchange judged. Only the first call has an effect.
func (x *exchange) end(failure *record.WireError) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done || !x.judged() {
		return
	}
	x.done = true
	sent, whole, _, lostSent := x.sent.take()
	received, _, over, lostReceived := x.received.take()
	item := waiting{size: int64(len(sent) + len(received)), verdict: x.verdict}
	if lostSent || lostReceived {
		x.p.budget.give(item.size)
		x.p.drop(item.verdict, NoMemory)
		return
	}
	r := record.ExchangeResult{Request: x.request, Response: x.response, Started: x.began,
		Elapsed: x.p.options.Now().Sub(x.began)}
	if whole || x.length >= 0 && int64(len(sent)) == x.length {
		r.Request.Body = sent
	} else {
		r.Lacks = append(r.Lacks, record.RequestBody)
	}
	if r.Response != nil {
		r.Response.Body, r.Response.Truncated = received, over
		for name, values := range x.trailer() {
			for _, value := range values {
				r.Response.Unkept = append(r.Response.Unkept, record.Field{Name: "trailer " + name, Value: value})
			}
		}
	}
	if failure != nil {
		r.Error, r.ErrorKind = failure.Msg, failure.Kind
	}
	item.exchange = record.Exchange{ExchangeResult: r}
	x.p.offer(item)
}
