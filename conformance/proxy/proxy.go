package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A Proxy passes requests on to one upstream. It is a handler: [Proxy.Serve] serves it until a
// context ends. Close ends its judging, and has to be called.
type Proxy struct {
	options  Options
	forward  *httputil.ReverseProxy
	absolute bool                     // requests name the whole URL
	clients  *conformance.ClientJudge // of single requests, where they are enforced
	tally    *tally
	delay    *delays
	budget   budget
	buffers  buffers
	left     chan struct{} // has one value when an exchange ended since it was last read

	queueing sync.Mutex // of closed, and of sending to queue
	closed   bool
	queue    chan waiting
	judged   chan struct{} // closed when the queue is closed and judged
}

// New returns a proxy that has passed nothing yet.
func New(o Options) (*Proxy, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p := &Proxy{options: o, absolute: absolute(o.Transport, o.Upstream), tally: newTally(), delay: newDelays(),
		clients: o.Suite.JudgeClients(conformance.ClientOptions{}),
		budget:  budget{limit: o.Memory}, left: make(chan struct{}, 1), queue: make(chan waiting, o.Queue),
		judged: make(chan struct{})}
	p.forward = &httputil.ReverseProxy{Rewrite: p.rewrite, Transport: sender{p}, FlushInterval: -1,
		ModifyResponse: p.prepare, ErrorHandler: p.unreachable, BufferPool: &p.buffers,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go p.judge()
	return p, nil
}

// Counts returns what has passed and was judged so far.
func (p *Proxy) Counts() Counts {
	c, _ := p.tally.look()
	return c
}

// ServeHTTP passes a request on, and its answer back.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := p.options.Now()
	served(r.Context())
	p.tally.inFlight.Add(1)
	defer func() {
		p.tally.inFlight.Add(-1)
		p.tally.passed.Add(1)
		select {
		case p.left <- struct{}{}:
		default:
		}
	}()
	at := p.targetOf(r)
	if r.Method == http.MethodConnect {
		p.tally.notApplicable.Add(1)
		writeProblem(w, problem{Title: "CONNECT is not supported", Status: http.StatusNotImplemented,
			Detail: "This proxy stands for one server; send it requests as to that server."})
		return
	}
	// Otherwise the server reads and closes the rest of the request, were it only its end, when the
	// answer begins: the transport, which has not seen the end yet, then takes the request for
	// broken and cuts the answer off.
	_ = http.NewResponseController(w).EnableFullDuplex()
	x, out := p.begin(r, at)
	if !x.judged() {
		p.tally.notApplicable.Add(1)
	}
	defer x.end(&record.WireError{Kind: record.Cancelled, Msg: "the exchange ended before an answer was complete"})
	if x.judged() && p.options.Enforce {
		allowed, free := p.permit(w, out, x, at)
		defer free()
		if !allowed {
			return
		}
	}
	out = out.WithContext(context.WithValue(out.Context(), passageKey{}, &passage{in: r, at: at, began: began}))
	p.forward.ServeHTTP(answerer(w, r), out)
}

// A passage is what rewriting and sending a request need to know of it.
type passage struct {
	in    *http.Request // the server's own, which gets the trailer
	at    target
	began time.Time
}

type passageKey struct{}

// A sender sends requests to the upstream, and has their exchanges judged.
type sender struct{ *Proxy }

// RoundTrip returns the upstream's answer or, where it is enforced and breaks the contract,
// another one in its place.
func (s sender) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	s.delay.request(s.options.Now().Sub(passageOf(r.Context()).began))
	answer, err := s.options.Transport.RoundTrip(r)
	if err != nil {
		x.failed(r.Context(), whyNone(err))
		return nil, err
	}
	if answer.StatusCode < 100 || answer.StatusCode > 999 {
		answer.Body.Close()
		x.failed(r.Context(), whyNone(errNoStatus))
		return nil, errNoStatus
	}
	if answer.StatusCode == http.StatusSwitchingProtocols { // what follows is not HTTP
		x.answered(r.Context(), &http.Response{StatusCode: answer.StatusCode, Status: answer.Status,
			Proto: answer.Proto, Header: answer.Header, Body: http.NoBody})
		x.end(x.fault())
		return answer, nil
	}
	answer.Body = x.answered(r.Context(), answer)
	if x.judged() && s.options.Enforce {
		got := s.options.Now()
		answer = s.approve(r, x, answer)
		s.delay.answer(s.options.Now().Sub(got))
	}
	return answer, nil
}

// buffers are those that bodies pass through.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if held, ok := b.pool.Get().(*[]byte); ok {
		return *held
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

var _ Judge = (*conformance.Watch)(nil)
