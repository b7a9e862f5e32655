package wire

import (
	"bytes"
	"fmt"
	"time"

	"fmaspec/conformance/record"
)

// continueWait is how long the head of a request waits for 100 (Continue) or an answer before its body follows, but
// no longer than a quarter of the time that the exchange has. A server that waited for nothing else answers within a
// quarter of that behind the body: one that takes longer may just be slow.
const continueWait = 2 * time.Second

// A later is the body of a request that follows its head when the server has said something, or has said nothing
// for a while (RFC 9110 10.1.1). The zero value has none.
type later struct {
	body    []byte
	wait    time.Duration
	written <-chan error
	unasked time.Time // when it followed though nothing had come; zero otherwise
}

// begin sends the head of a request, or all of it where its body waits for nothing, and waits for what the server
// says to that.
func (l *later) begin(c *wireConn, s Sending) {
	head, body, _ := bytes.Cut(s.Bytes, []byte("\r\n\r\n"))
	if !s.Waits || len(s.Ahead) > 0 || len(body) == 0 || s.old() || !hasValue(head, "Expect", "100-continue") {
		l.written = c.send(s.inOnePiece())
		return
	}
	l.written = c.send(s.Bytes[:len(s.Bytes)-len(body)])
	l.body, c.held = body, true
	if !c.comes(l.wait) {
		l.follow(c)
		l.unasked = time.Now()
	}
}

// follow sends the body where it was not sent yet.
func (l *later) follow(c *wireConn) {
	if l.body != nil {
		<-l.written // of a head, which a socket holds
		l.written, l.body, c.held = c.send(l.body), nil, false
	}
}

// fault returns what is wrong where an answer that has come shows that the server waited for the body without a
// word: a server of HTTP/1.1 answers the head.
func (l *later) fault(resp *record.Response) *record.WireError {
	took := time.Since(l.unasked)
	if l.unasked.IsZero() || resp.Proto != "HTTP/1.1" || took >= l.wait/4 {
		return nil
	}
	return &record.WireError{Kind: record.NoContinue, Msg: fmt.Sprintf("neither 100 (Continue) nor an answer came "+
		"within %v of the head, and the answer came within %v of the body", l.wait,
		took.Truncate(time.Millisecond)+time.Millisecond)}
}

// comes reports whether something comes, or the connection ends, within a time. It leaves what comes unread.
func (w *wireConn) comes(within time.Duration) bool {
	if w.first != nil {
		select {
		case err := <-w.first:
			w.first <- err
			return true
		case <-time.After(within):
			return false
		}
	}
	w.shorten(within)
	_, err := w.r.Peek(1)
	w.extend(0)
	return !isTimeout(err) || w.expired()
}

// shorten has the connection wait for no longer than this, until the next extend.
func (w *wireConn) shorten(to time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := time.Now().Add(to); !w.abandoned && at.Before(w.deadline) {
		w.SetDeadline(at)
	}
}
