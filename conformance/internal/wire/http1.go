package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpguts"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
)

// Limits of one exchange, in bytes.
const (
	headLimit    = 128 << 10
	discardLimit = 64 << 20 // a body longer than this has no end worth waiting for
	interimLimit = 100      // 1xx answers before the final one
	redials      = 3        // connections that may end before anything is sent, where the server has answered others
	surplusGrace = 250 * time.Millisecond
	writeGrace   = 250 * time.Millisecond
	manyEnds     = 100             // connections that end behind their first answer, and none that does not
	closeGrace   = 5 * time.Second // in which a server closes a connection that is to be closed
)

// A Pool keeps connections between exchanges. [dialer.newPool] makes one.
type Pool struct {
	d    *Dialer
	mu   sync.Mutex
	idle []*wireConn
	two  []*conn2 // of HTTP/2

	early   map[int]outcome // of requests that went out with another one, by their steps
	permits map[int]Permit  // of those, by their steps
	jar     http.CookieJar  // what answers set; nil before the first cookie
}

// A wireConn is a connection that holds no unread answer. A connection closed by the
// server is seen before it is used again: the socket is looked at, or where there is none
// to look at, one goroutine waits for the first byte of whatever comes next.
type wireConn struct {
	net.Conn
	r      *bufio.Reader
	answer *bufio.Reader   // of one answer at a time; nil before the first
	socket syscall.RawConn // nil where it does not show what is there to read
	first  chan error      // receives once, when a byte is there or the connection ended; nil with a socket
	chunks chunkWatch      // of the body of that answer
	used   bool
	held   bool          // the body of the request under way is not sent: see later
	more   int           // requests that were sent along, and whose answers are to be read
	left   *bytes.Reader // what of those answers came with an earlier one, under r; nil for none

	mu        sync.Mutex
	deadline  time.Time // of the exchange under way
	abandoned bool      // the run was cancelled
}

// begin sets the deadline of the exchange that begins.
func (w *wireConn) begin(deadline time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = deadline
	w.SetDeadline(deadline)
}

// extend postpones the deadline.
func (w *wireConn) extend(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.abandoned {
		w.deadline = w.deadline.Add(by)
		w.SetDeadline(w.deadline)
	}
}

// expired reports whether the deadline has passed.
func (w *wireConn) expired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !time.Now().Before(w.deadline)
}

// abandon unblocks all pending I/O on the connection.
func (w *wireConn) abandon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.abandoned = true
	w.SetDeadline(time.Unix(1, 0))
}

func newWireConn(c net.Conn) *wireConn {
	w := &wireConn{Conn: c, r: bufio.NewReader(c)}
	// What is there to read of TLS may be no byte of an answer.
	if tcp, is := c.(*net.TCPConn); is && peeks {
		w.socket, _ = tcp.SyscallConn()
	}
	w.await()
	return w
}

// await has a goroutine wait for the first byte where it takes one.
func (w *wireConn) await() {
	if w.socket != nil {
		return
	}
	w.first = make(chan error, 1)
	go func() {
		_, err := w.r.Peek(1)
		w.first <- err
	}()
}

// begun waits for the first byte of an answer, of the first one since the connection was idle or of a later one.
func (w *wireConn) begun(later bool) error {
	if w.first != nil && !later {
		return <-w.first
	}
	_, err := w.r.Peek(1)
	return err
}

// silent reports whether a connection is open and there is nothing to read: it is neither
// closed by the server, nor are there bytes that nobody asked for.
func (w *wireConn) silent() bool {
	if w.socket != nil {
		return nothingToRead(w.socket)
	}
	select {
	case <-w.first:
		return false
	default:
		return true
	}
}

// send writes a request, and returns what receives the outcome. A request is written while the
// answer is read: a server may answer, and stop reading, before it has the whole request. A
// short one fits into what a socket holds, so that writing it waits for nobody.
func (w *wireConn) send(request []byte) <-chan error {
	written := make(chan error, 1)
	write := func() {
		_, err := w.Write(request)
		written <- err
	}
	if w.socket != nil && len(request) <= shortRequest {
		write()
	} else {
		go write()
	}
	return written
}

// shortRequest is the length up to which a socket holds a request.
const shortRequest = 8 << 10

// answerReader returns a reader of one answer, whose head was read already.
func (w *wireConn) answerReader(head []byte) *bufio.Reader {
	w.chunks = chunkWatch{done: true}
	whole := io.MultiReader(bytes.NewReader(head), io.TeeReader(w.r, &w.chunks))
	if w.answer == nil {
		w.answer = bufio.NewReader(whole)
	} else {
		w.answer.Reset(whole)
	}
	return w.answer
}

// get returns an idle connection, with the deadline of the exchange that begins, or nil.
func (p *Pool) get(deadline time.Time) *wireConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.begin(deadline); c.silent() {
			return c
		}
		p.d.ended.Add(1)
		c.Close()
	}
	return nil
}

func (p *Pool) put(c *wireConn) {
	if c.socket == nil {
		c.SetDeadline(time.Time{}) // or else the goroutine that waits ends
	}
	c.used = true
	c.await()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// Close closes the connections of the pool.
func (p *Pool) Close() {
	if p.d.http2 {
		go p.close2()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeIdle()
	p.forget()
}

// CloseIdle closes the connections over which no request is under way: some servers
// take few at once.
func (p *Pool) CloseIdle() {
	if p.d.http2 {
		p.closeIdle2()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeIdle()
}

// closeIdle closes the idle connections, with p.mu locked.
func (p *Pool) closeIdle() {
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// Send makes one exchange, where the gate permits it. It returns the answer and what
// went wrong; both may be there. It takes no longer than the dialer's timeout, or twice as long where a request
// that was sent along with another one is not answered.
func (p *Pool) Send(ctx context.Context, s Sending) (*record.Response, *record.WireError) {
	s.Bytes = withField(s.Bytes, "Cookie", p.Cookie(s))
	permit, werr := p.permit(&s)
	if werr != nil {
		return nil, werr
	}
	if p.d.panics != nil {
		ctx = withCase(ctx, s.Case)
	}
	var resp *record.Response
	if p.d.http2 {
		resp, werr = p.watched(ctx, s, permit.Effective)
	} else {
		resp, werr = p.send1(ctx, s, permit.Effective)
	}
	if werr != nil {
		werr.Token = werr.Token || p.d.secrets.HoldsToken([]byte(werr.Msg))
		werr.Msg = string(cutTo([]byte(p.d.secrets.Text(werr.Msg)), longMessage))
	}
	if permit.Answered != nil {
		permit.Answered(resp, werr)
	}
	p.keepCookies(s, resp)
	return resp, werr
}

// permit asks the gate about a request, and about those that are to be sent along with it: where one of them
// is to go alone, none goes along.
func (p *Pool) permit(s *Sending) (Permit, *record.WireError) {
	if s.Along {
		if permit, asked := p.permits[s.Step]; asked {
			delete(p.permits, s.Step)
			return permit, nil
		}
	}
	permit, werr := p.d.gate.Permit(*s)
	if werr != nil || len(s.Ahead) == 0 {
		return permit, werr
	}
	p.forget()
	if p.d.http2 || p.d.proxy != "" || permit.Effective {
		s.Ahead = nil
		return permit, nil
	}
	p.permits = map[int]Permit{}
	for _, other := range s.Ahead {
		ahead, werr := p.d.gate.Permit(other)
		if werr != nil {
			s.Ahead = nil
			break
		}
		p.permits[other.Step] = ahead
		if ahead.Effective {
			s.Ahead = nil
			break
		}
	}
	return permit, nil
}

// forget drops answers that nobody waits for any more.
func (p *Pool) forget() {
	for _, early := range p.early {
		p.d.long.release(early.resp)
	}
	p.early, p.permits = nil, nil
}

// longMessage is how much of a message is kept: a server may have written it.
const longMessage = 400

// send1 makes one exchange over HTTP/1.1. One that can take effect goes over a
// connection of its own, so that it is never in doubt whether to send it again.
func (p *Pool) send1(ctx context.Context, s Sending, can bool) (*record.Response, *record.WireError) {
	if early, read := p.early[s.Step]; read && s.Along {
		delete(p.early, s.Step)
		return early.resp, early.werr
	}
	deadline := time.Now().Add(p.d.timeout)
	for dialled := 0; ; {
		var c *wireConn
		if !s.Separate && !can && len(s.Ahead) == 0 {
			c = p.get(deadline)
		}
		if c == nil {
			raw, err := p.dial(ctx, deadline)
			if err != nil {
				return nil, dialError(ctx, err, p.d.timeout)
			}
			c = newWireConn(raw)
			c.begin(deadline)
			// Nor is a new one kept open for long by each, and the time since it was opened may be long here.
			if dialled++; dialled <= redials && p.d.answered.Load() && !c.silent() {
				c.Close()
				continue
			}
		}
		resp, keep, werr := p.exchange(ctx, c, s, false)
		if resp != nil {
			p.d.answered.Store(true)
			if c.used {
				p.d.reused.Store(true)
			}
		}
		// A server may close an idle connection at any moment (RFC 9112 9.5): where
		// that crossed our request, the request is sent again on a new one.
		if werr != nil && werr.Kind == record.Closed && c.used && ctx.Err() == nil && time.Now().Before(deadline) {
			p.d.ended.Add(1)
			continue
		}
		// One that closes it with requests unread may thereby take back the answer (RFC 9112 9.6).
		if werr != nil && len(s.Ahead) > 0 && ctx.Err() == nil && (werr.Kind == record.Closed ||
			werr.Kind != record.Silent && strings.Contains(werr.Msg, wasReset)) {
			p.d.long.release(resp)
			s.Ahead = nil
			continue
		}
		if werr != nil && werr.Kind == record.Silent && len(s.Ahead) > 0 {
			return p.lost(ctx, s, werr)
		}
		switch {
		case keep && c.more > 0:
			p.readAhead(ctx, c, s)
		case keep && (s.Separate || s.CloseAfter):
			c.Close()
		case keep:
			p.put(c)
		}
		if werr == nil && p.d.proxy != "" && resp != nil && resp.Status == http.StatusProxyAuthRequired {
			werr = &record.WireError{Kind: record.Unreachable, Msg: fmt.Sprintf("the proxy %s answered 407; %s",
				p.d.proxy, proxyRemedies[407])}
		}
		return resp, werr
	}
}

// readAhead reads the answers to the requests that went out with one that is answered. Those that the server did
// not answer before it closed the connection are sent again in their turn (RFC 9112 9.3.2).
func (p *Pool) readAhead(ctx context.Context, c *wireConn, s Sending) {
	p.early = map[int]outcome{}
	for _, other := range s.Ahead {
		c.begin(time.Now().Add(p.d.timeout))
		resp, keep, werr := p.exchange(ctx, c, other, true)
		if werr != nil && (werr.Kind == record.Closed || strings.Contains(werr.Msg, wasReset)) {
			p.d.long.release(resp)
			return
		}
		if werr != nil && werr.Kind == record.Silent {
			resp, werr = p.lost(ctx, other, werr)
		}
		p.early[other.Step] = outcome{resp, werr}
		if !keep {
			return
		}
	}
	c.Close()
}

// An outcome is an answer and what went wrong.
type outcome struct {
	resp *record.Response
	werr *record.WireError
}

// lost makes out whether a request was lost that was sent along with another one: by itself it is answered.
func (p *Pool) lost(ctx context.Context, s Sending, silent *record.WireError) (*record.Response, *record.WireError) {
	s.Along, s.Ahead = false, nil
	ctx, cancel := context.WithTimeout(ctx, p.d.timeout) // also where it is long, and waits for the one before it
	defer cancel()
	resp, werr := p.send1(ctx, s, false)
	p.d.long.release(resp)
	if werr != nil {
		return nil, silent
	}
	return nil, &record.WireError{Kind: record.Malformed, Msg: fmt.Sprintf("the request was sent in one piece with "+
		"another one, and no answer to it came within %v; by itself it is answered", p.d.timeout)}
}

func (p *Pool) dial(ctx context.Context, deadline time.Time) (net.Conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return p.d.open(ctx)
}

// exchange sends on c, whose deadline is set, and reads the answer. Where keep is false, c is
// closed. A request that went along with an earlier one was sent already.
func (p *Pool) exchange(ctx context.Context, c *wireConn, s Sending, along bool) (resp *record.Response, keep bool,
	werr *record.WireError) {
	defer func() {
		if !keep {
			c.Close()
		}
	}()
	defer context.AfterFunc(ctx, c.abandon)()

	if s.Abort > 0 {
		c.Write(s.Bytes[:s.Abort]) // the connection ends here, also where this fails
		return nil, false, nil
	}
	rest := later{wait: min(continueWait, p.d.timeout/4)}
	if along {
		c.more--
	} else {
		c.more = len(s.Ahead)
		s.Waits = s.Waits && p.d.proxy == ""
		rest.begin(c, s)
	}
	if err := c.begun(along); err != nil {
		return nil, false, p.readError(ctx, err, record.Silent, record.Closed, "before an answer began")
	}
	resp, r, body, werr := p.readHead(ctx, c, s, &rest)
	if werr != nil {
		return nil, false, werr
	}
	fault := rest.fault(resp)
	// A server that does not read chunks takes them for another request and answers
	// that as well, a moment later.
	unread := resp.Status >= 400 && !s.Brief && inChunks(s.Bytes)
	extend := c.extend
	if along { // who holds the answer to the first waits for this one, and not the other way round
		extend = nil
	}
	reuse, werr := p.readBody(ctx, c, r, resp, body, unread, s, extend)
	if werr == nil && fault != nil {
		return resp, false, fault
	}
	if werr != nil || !reuse || along {
		return resp, reuse, werr
	}
	// An answer may come before the server has read the whole request; then the
	// connection cannot serve again.
	select {
	case err := <-rest.written:
		return resp, err == nil, nil
	case <-time.After(writeGrace):
		return resp, false, nil
	}
}

// readHead reads one answer's head, passing over interim answers, behind which the rest of the request follows. r
// is what the body is read from.
func (p *Pool) readHead(ctx context.Context, c *wireConn, s Sending, rest *later) (*record.Response, *bufio.Reader,
	*http.Response, *record.WireError) {
	old := s.old()
	var unkept []record.Field
	for range interimLimit {
		head, err := rawHead(c.r)
		if err != nil {
			if errors.Is(err, errNotHTTP) {
				token := p.d.secrets.HoldsToken(head)
				text := NoHead + ": it begins %q%s"
				if behind, _ := c.r.Peek(c.r.Buffered()); statusLine.Match(append(slices.Clip(head), behind...)) {
					text = BrokenHead + " is not HTTP: %q stands before it%s"
				}
				head, _ = p.d.secrets.Bytes(head, true)
				return nil, nil, nil, &record.WireError{Kind: record.Malformed, Token: token,
					Msg: fmt.Sprintf(text, cutTo(head, 40), meantTLS(head))}
			}
			if errors.Is(err, errLongHead) {
				return nil, nil, nil, longHead()
			}
			if len(head) == 0 { // behind an interim answer
				return nil, nil, nil, p.readError(ctx, err, record.Silent, record.Closed, "before an answer began")
			}
			return nil, nil, nil, p.readError(ctx, err, record.Slow, record.Malformed, "inside the head of the answer")
		}
		r := c.answerReader(head)
		answer, err := http.ReadResponse(r, &http.Request{Method: s.Method})
		if err != nil {
			return nil, nil, nil, &record.WireError{Kind: record.Malformed, Msg: BrokenHead + " is not HTTP" +
				p.notHTTP(head), Token: p.d.secrets.HoldsToken(head)}
		}
		if fault := headFault(head, answer, p.shownName); fault != "" {
			return nil, nil, nil, &record.WireError{Kind: record.Malformed, Token: p.d.secrets.HoldsToken(head),
				Msg: fault}
		}
		if isInterim(answer.StatusCode) {
			if fault := interimFault(head, answer.StatusCode, old); fault != "" {
				return nil, nil, nil, &record.WireError{Kind: record.Malformed, Token: p.d.secrets.HoldsToken(head),
					Msg: fault}
			}
			rest.follow(c)
			unkept = append(unkept, record.Field{Name: "interim answer", Value: string(head)})
			continue // rawHead took just the head from c.r, and an interim answer has no body
		}
		restore(answer.Header, head)
		resp := &record.Response{Status: answer.StatusCode, Proto: answer.Proto, Header: answer.Header,
			Unkept: append(unkept, record.Field{Name: "status line", Value: answer.Status})}
		if werr := framingFault(head, answer, old); werr != nil {
			werr.Msg += ", so the body was not read"
			return resp, r, answer, werr
		}
		c.chunks.done = len(answer.TransferEncoding) == 0 // nothing of the body is read yet
		return resp, r, answer, nil
	}
	return nil, nil, nil, manyInterim()
}

// isInterim reports whether an answer with a status is followed by another one to the same request.
func isInterim(status int) bool {
	return status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
}

func manyInterim() *record.WireError {
	return &record.WireError{Kind: record.Malformed,
		Msg: fmt.Sprintf("%s stands behind more than %d interim (1xx) answers", BrokenHead, interimLimit)}
}

func longHead() *record.WireError {
	return &record.WireError{Kind: record.Malformed,
		Msg: fmt.Sprintf("%s goes on beyond %d KiB", BrokenHead, headLimit>>10)}
}

// shownName returns what a message shows of the name of a field.
func (p *Pool) shownName(name []byte) string {
	return fmt.Sprintf(": %q", cutTo([]byte(p.d.secrets.Text(string(name))), 40))
}

// restore puts back what the library takes out of a header: Connection where it says close, and all but one of several
// lines of Content-Length.
func restore(header http.Header, head []byte) {
	for _, name := range []string{"Connection", "Content-Length"} {
		if values := slices.Collect(valuesOf(head, name)); len(values) > len(header[name]) {
			header[name] = values
		}
	}
}

// interimFault returns what an interim answer breaks, or "": a client of HTTP/1.0 knows none (RFC 9110 15.2), and
// it has no framing (RFC 9110 8.6, RFC 9112 6.1).
func interimFault(head []byte, status int, old bool) string {
	if old {
		return fmt.Sprintf("%s is not HTTP: the interim answer %d came to a request of HTTP/1.0, which knows none",
			BrokenHead, status)
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding"} {
		if hasField(head, name) {
			return fmt.Sprintf("%s is not HTTP: the interim answer %d has %s, and no interim answer has a body",
				BrokenHead, status, name)
		}
	}
	return ""
}

// framingFault returns which framing an answer gives that it may not have, or nil: two at once (RFC 9112 6.1),
// Transfer-Encoding to a request of HTTP/1.0 (RFC 9112 6.1), and any with 204, which has no body (RFC 9110 8.6,
// RFC 9112 6.1). A length of zero passes there: libraries send it on purpose, and it is what a client reads.
func framingFault(head []byte, answer *http.Response, old bool) *record.WireError {
	none := answer.StatusCode == http.StatusNoContent
	malformed := func(text string) *record.WireError { return &record.WireError{Kind: record.Malformed, Msg: text} }
	switch chunked := hasField(head, "Transfer-Encoding"); {
	case chunked && hasField(head, "Content-Length"):
		return &record.WireError{Kind: record.Conflict, Msg: "the head gives both Content-Length and Transfer-Encoding"}
	case chunked && old:
		return malformed("the answer to a request of HTTP/1.0 has Transfer-Encoding, which came with HTTP/1.1")
	case chunked && none:
		return malformed("the answer 204 has Transfer-Encoding, and no body")
	}
	if length := answer.Header.Get("Content-Length"); none && strings.Trim(length, "0") != "" {
		return malformed("the answer 204 has a Content-Length of " + string(cutTo([]byte(length), 40)) +
			", and no body")
	}
	return nil
}

// meantTLS is the remedy where an answer begins like a TLS record (RFC 8446 5.1).
func meantTLS(head []byte) string {
	if len(head) > 1 && (head[0] == 0x15 || head[0] == 0x16) && head[1] == 3 {
		return "; is the port one for https?"
	}
	return ""
}

// notHTTP says what is wrong with a head. The library repeats a word of it, which
// may be a piece of a secret: so it is asked again about the head without secrets.
func (p *Pool) notHTTP(head []byte) string {
	head, _ = p.d.secrets.Bytes(head, true)
	if _, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil); err != nil {
		return ": " + ErrorText(err)
	}
	return ""
}

// statusLine is the beginning of a status line, behind what a server writes before it by mistake.
var statusLine = regexp.MustCompile(`HTTP/1\.[01] [1-5][0-9][0-9][ \r]`)

var (
	errNotHTTP  = errors.New("not HTTP")
	errLongHead = errors.New("head too long")
)

// rawHead reads up to and with the empty line. What is blank before the version belongs to a head, in which it may not
// stand (RFC 9112 2.1), and to no other protocol.
func rawHead(r *bufio.Reader) ([]byte, error) {
	var head []byte
	blank := 0 // how many bytes of it, before the version
	for start := 0; ; {
		part, err := r.ReadSlice('\n')
		head = append(head, part...)
		begun := bytes.TrimLeft(head[blank:], " \t\r\n")
		blank = len(head) - len(begun)
		if n := min(len(begun), len("HTTP/")); !strings.EqualFold(string(begun[:n]), "HTTP/"[:n]) {
			return head, errNotHTTP // a name in small letters is a fault of HTTP (RFC 9112 2.3), and no other protocol
		}
		if len(head) > headLimit {
			return head, errLongHead
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && len(head) > 0 && len(begun) == 0 {
			return head, errNotHTTP
		}
		if err != nil {
			return head, err
		}
		if line := bytes.TrimRight(head[start:], "\r\n"); len(line) == 0 && len(begun) > 0 {
			return head, nil
		}
		start = len(head)
	}
}

// headFault returns what the head of an answer breaks that the library reads, or "": the version is that of HTTP/1,
// and the status has three digits of which the first is not zero (RFC 9112 2.3, 4).
func headFault(head []byte, answer *http.Response, shown func([]byte) string) string {
	fault := linesFault(head, shown)
	switch {
	case answer.ProtoMajor != 1:
		fault = "the version " + answer.Proto + " is none of HTTP/1"
	case fault == "" && answer.StatusCode < 100:
		fault = fmt.Sprintf("the status %03d is none", answer.StatusCode)
	}
	if fault == "" {
		return ""
	}
	return BrokenHead + " is not HTTP: " + fault
}

// linesFault returns what of a head breaks the syntax of its lines, which are a status line with a space
// behind the status and fields whose names are tokens, with no blank behind them, each in one line with CR LF
// at its end (RFC 9112 2.1, 4, 5.1 and 5.2, RFC 9110 5.1), or "". The library reads such a head. A name is
// shown with a colon before it, or not at all.
func linesFault(head []byte, shown func(name []byte) string) string {
	first := true
	for line := range bytes.Lines(head) {
		text, whole := bytes.CutSuffix(line, []byte("\r\n"))
		switch {
		case !whole:
			return "a line of it ends in a line feed without a carriage return"
		case first && !isStatusLine(text):
			return "its first line is not a version, a space, a status, a space and the text of a reason"
		case first:
			first = false
		case len(text) == 0:
		case text[0] == ' ' || text[0] == '\t':
			return "a line of it goes on in the next one"
		default:
			name, _, _ := bytes.Cut(text, []byte(":"))
			if httpguts.ValidHeaderFieldName(string(name)) {
				continue
			}
			if len(bytes.TrimRight(name, " \t")) < len(name) {
				return "a blank stands behind the name of the field" + shown(name)
			}
			return "a field has a name that is none" + shown(name)
		}
	}
	return ""
}

// isStatusLine reports whether a line is a status line of HTTP/1 (RFC 9112 4).
func isStatusLine(line []byte) bool {
	const before = len("HTTP/1.1 ")
	if len(line) < before+len("200 ") || line[before-1] != ' ' || line[before+3] != ' ' {
		return false
	}
	for _, c := range line[before : before+3] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F })
}

func hasField(head []byte, name string) bool {
	for range valuesOf(head, name) {
		return true
	}
	return false
}

// hasValue reports whether a field of a name in a head has a value, in any letter case.
func hasValue(head []byte, name, wanted string) bool {
	for value := range valuesOf(head, name) {
		if strings.EqualFold(value, wanted) {
			return true
		}
	}
	return false
}

// valuesOf yields the values of the fields of a name in a head.
func valuesOf(head []byte, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(head) {
			before, value, ok := bytes.Cut(line, []byte(":"))
			if !ok || !strings.EqualFold(string(bytes.TrimSpace(before)), name) {
				continue
			}
			if !yield(string(bytes.TrimSpace(value))) {
				return
			}
		}
	}
}

// inChunks reports whether the head of a request says that its body is in chunks.
func inChunks(request []byte) bool {
	head, _, _ := bytes.Cut(request, []byte("\r\n\r\n"))
	return hasField(head, "Transfer-Encoding")
}

// readBody reads the body into resp and reports whether the connection can serve
// again. Where more may come, it waits a moment for bytes behind the body.
func (p *Pool) readBody(ctx context.Context, c *wireConn, r *bufio.Reader, resp *record.Response, answer *http.Response,
	more bool, s Sending, extend func(time.Duration)) (reuse bool, werr *record.WireError) {
	// The body is not closed: that would read on to its end. It holds nothing but c.
	err, werr := p.d.receive(ctx, answer.Body, resp, answer.ContentLength, extend)
	if werr != nil {
		return false, werr
	}
	if err != nil {
		at := fmt.Sprintf("after %d bytes of the body", len(resp.Body))
		if answer.ContentLength >= 0 {
			at += fmt.Sprintf(", Content-Length said %d", answer.ContentLength)
		}
		if len(answer.TransferEncoding) > 0 && c.expired() {
			// the library calls a trailer that stops too long
			return false, p.readError(ctx, context.DeadlineExceeded, record.Slow, record.Cut, at)
		}
		if len(answer.TransferEncoding) > 0 && !errors.Is(err, io.ErrUnexpectedEOF) && !isTimeout(err) &&
			!isReset(err) {
			return false, &record.WireError{Kind: record.Cut, Msg: "the chunks of the body are broken " + at + ": " +
				ErrorText(err)}
		}
		return false, p.readError(ctx, err, record.Slow, record.Cut, at)
	}
	resp.Unkept = append(resp.Unkept, trailers(answer)...)
	if c.chunks.bad {
		return false, brokenChunk()
	}
	if werr := TrailerFault(answer.Trailer); werr != nil {
		return false, werr
	}
	if c.more > 0 && !answer.Close { // what comes behind the body is the next answer
		c.unread(r)
		return true, nil
	}
	surplus := r.Buffered() + c.r.Buffered()
	if c.left != nil {
		surplus += c.left.Len()
	}
	if surplus == 0 && (more || answer.ContentLength >= 0 && (answer.Close || looksCut(resp))) {
		surplus = p.lateBytes(c)
	}
	if surplus > 0 {
		end := "the last chunk"
		if answer.ContentLength >= 0 {
			end = fmt.Sprintf("the %d bytes that Content-Length gives", answer.ContentLength)
		}
		return false, &record.WireError{Kind: record.Surplus, Msg: fmt.Sprintf("at least %d bytes came behind %s",
			surplus, end)}
	}
	if c.held { // the server may wait for what does not come
		return false, nil
	}
	asked := s.closes()
	if answer.Close || asked {
		return false, p.leftOpen(c, answer, asked && !s.old())
	}
	werr = p.endsUnsaid(c)
	return werr == nil, werr
}

// endsUnsaid returns an error where the server closes every connection behind its first answer and does not say so
// (RFC 9112 9.3). A connection may end at any time, so that one that carried a second answer excuses all others.
func (p *Pool) endsUnsaid(c *wireConn) *record.WireError {
	if p.d.proxy != "" || c.used || p.d.reused.Load() || p.d.ended.Load() < manyEnds || p.d.endsUnsaid.Load() {
		return nil
	}
	c.SetReadDeadline(time.Now().Add(surplusGrace))
	if _, err := c.r.Peek(1); !errors.Is(err, io.EOF) {
		p.d.ended.Store(0)
		return nil
	}
	if p.d.endsUnsaid.Swap(true) {
		return nil
	}
	return &record.WireError{Kind: record.Malformed, Msg: fmt.Sprintf("the server closed the connection behind the "+
		"answer, as it did behind each of %d or more before, and says Connection: close in none of them",
		manyEnds)}
}

// leftOpen returns an error where a connection stays open that is to be closed behind the answer: because the
// request asked for that, or the answer says so (RFC 9112 9.6). A server that does so once is waited for once.
func (p *Pool) leftOpen(c *wireConn, answer *http.Response, asked bool) *record.WireError {
	why := ""
	switch {
	case answer.Close && answer.ProtoAtLeast(1, 1): // the library takes the field away
		why = "its answer says Connection: close"
	case asked:
		why = "the request says Connection: close"
	default:
		return nil
	}
	if p.d.leftOpen.Load() {
		return nil
	}
	until := time.Now().Add(closeGrace)
	c.SetReadDeadline(until)
	if _, err := c.r.Peek(1); !isTimeout(err) || time.Now().Before(until) || p.d.leftOpen.Swap(true) {
		return nil
	}
	return &record.WireError{Kind: record.Malformed, Msg: fmt.Sprintf("the server left the connection open for %v "+
		"behind the answer, though %s", closeGrace, why)}
}

// unread gives what the reader of an answer holds of the next one back to the connection.
func (w *wireConn) unread(r *bufio.Reader) {
	rest, _ := r.Peek(r.Buffered())
	more, _ := w.r.Peek(w.r.Buffered())
	var last []byte
	if w.left != nil {
		last, _ = io.ReadAll(w.left)
	}
	w.left = bytes.NewReader(slices.Concat(rest, more, last))
	w.r, w.answer = bufio.NewReader(io.MultiReader(w.left, w.Conn)), nil
}

// misplaced returns a field that stands in a trailer and says how the content before it is to be read or what may
// be done with it, which is known by then (RFC 9110 6.5.1), or "".
func misplaced(trailer http.Header) string {
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Host",
		"Content-Type", "Content-Encoding", "Content-Range", "Www-Authenticate", "Authorization", "Location",
		"Retry-After", "Set-Cookie", "Cache-Control", "Expires", "Date", "Age", "Vary", "Allow", "Te", "Max-Forwards",
		"Strict-Transport-Security", "Access-Control-Allow-Origin", "Proxy-Authenticate", "Upgrade"} {
		if _, there := trailer[name]; there {
			return name
		}
	}
	return ""
}

// TrailerFault returns what a trailer breaks, or nil: its names are tokens (RFC 9110 5.1), and no field in it has to be
// known before the content.
func TrailerFault(trailer http.Header) *record.WireError {
	for name := range trailer {
		if !httpguts.ValidHeaderFieldName(name) {
			return &record.WireError{Kind: record.Malformed, Msg: "a field of the trailer has a name that is none"}
		}
	}
	if name := misplaced(trailer); name != "" {
		return misplacedError(name)
	}
	return nil
}

func misplacedError(name string) *record.WireError {
	return &record.WireError{Kind: record.Malformed, Msg: "the field " + name + " came behind the body, as a " +
		"trailer, and has to be known before it"}
}

// trailers returns the trailer fields of an answer whose body was read.
func trailers(answer *http.Response) (out []record.Field) {
	for name, values := range answer.Trailer {
		for _, value := range values {
			out = append(out, record.Field{Name: "trailer " + name, Value: value})
		}
	}
	return out
}

// looksCut reports whether a body may go on behind its stated length.
func looksCut(resp *record.Response) bool {
	var e *strictjson.Error
	return errors.As(strictjson.Check(resp.Body), &e) && (e.Kind == strictjson.Cut || e.Kind == strictjson.Empty &&
		resp.Status/100 == 2 && resp.Status != http.StatusNoContent)
}

// lateBytes waits a moment for bytes behind a body that has ended.
func (p *Pool) lateBytes(c *wireConn) int {
	c.SetReadDeadline(time.Now().Add(surplusGrace))
	c.r.Peek(1)
	return c.r.Buffered()
}

// readError distinguishes a cancelled run, a deadline and a closed connection.
func (p *Pool) readError(ctx context.Context, err error, late, ended record.WireKind, where string) *record.WireError {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &record.WireError{Kind: record.Cancelled, Msg: "the run was stopped"}
	case ended == record.Closed && isRefusal(err):
		return refused(err)
	case isTimeout(err) && late == record.Slow: // bytes may have come until then
		return &record.WireError{Kind: late, Msg: fmt.Sprintf("it was not whole within %v: the time was up %s",
			p.d.timeout, where)}
	case isTimeout(err):
		return &record.WireError{Kind: late, Msg: fmt.Sprintf("nothing more came within %v %s", p.d.timeout, where)}
	case isReset(err):
		return &record.WireError{Kind: ended, Msg: "the connection " + wasReset + " " + where}
	default:
		return &record.WireError{Kind: ended, Msg: "the connection was closed " + where}
	}
}

// The beginnings of messages about heads.
const (
	BrokenHead = "the head of the answer" // of an answer that begins as one of HTTP does
	NoHead     = "not an HTTP answer"     // of what came in place of one
)

// wasReset is what a message says of a connection that the server reset.
const wasReset = "was reset"

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// ErrorText returns the text of an error without the prefixes of Go's packages.
func ErrorText(err error) string {
	text := err.Error()
	for _, prefix := range []string{"net/http: ", "http: ", "tls: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// cutTo returns the first n bytes of b, or all where there are fewer.
func cutTo(b []byte, n int) []byte {
	return b[:min(len(b), n)]
}
