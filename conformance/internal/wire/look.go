package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"fmaspec/conformance/record"
)

// A LookedAt connection shows what comes over it in addition to its reader, which is package net/http: that
// reads much that is not HTTP, and hides it. It sees one answer of HTTP/1 at a time, from [LookedAt.Begin]
// on: its heads, and the sizes of its chunks.
type LookedAt struct {
	net.Conn

	mu      sync.Mutex
	method  string // of the request
	looking bool   // the head of the final answer is not whole yet
	head    []byte // as far as it came
	line    int    // where in it the last line begins
	interim int    // answers before the final one
	chunks  chunkWatch
	kept    map[string][]string // the fields that the library takes out, of the final answer
	fault   *record.WireError
}

// LookAt returns a connection that shows what comes over another one.
func LookAt(c net.Conn) *LookedAt { return &LookedAt{Conn: c, chunks: chunkWatch{done: true}} }

// Begin has it look at what comes as the answer to a request of HTTP/1.1, of which nothing is sent yet.
func (l *LookedAt) Begin(method string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.method, l.looking, l.head, l.line, l.interim = method, true, l.head[:0], 0, 0
	l.chunks, l.kept, l.fault = chunkWatch{done: true}, nil, nil
}

// Read reads, and looks at what was read.
func (l *LookedAt) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.note(b[:n])
	return n, err
}

// CloseWrite closes the half of the connection that is written to.
func (l *LookedAt) CloseWrite() error {
	if c, can := l.Conn.(interface{ CloseWrite() error }); can {
		return c.CloseWrite()
	}
	return l.Conn.Close()
}

// note looks at bytes that came.
func (l *LookedAt) note(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(b) > 0 && l.looking {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		l.head = append(l.head, b[:end]...)
		b = b[end:]
		begun := bytes.TrimLeft(l.head, " \t\r\n")
		n := min(len(begun), len("HTTP/"))
		switch ended := l.head[len(l.head)-1] == '\n'; {
		case !strings.EqualFold(string(begun[:n]), "HTTP/"[:n]) && (ended || len(l.head) > 1):
			l.found(&record.WireError{Kind: record.Malformed, Msg: NoHead + ": it does not begin with a version" +
				meantTLS(l.head)})
		case len(l.head) > headLimit:
			l.found(longHead())
		case ended && len(bytes.TrimRight(l.head[l.line:], "\r\n")) == 0 && len(begun) > 0:
			l.whole()
		case ended:
			l.line = len(l.head)
		}
	}
	_, _ = l.chunks.Write(b)
}

// found ends the looking with what is wrong.
func (l *LookedAt) found(fault *record.WireError) { l.looking, l.fault = false, fault }

// whole looks at a head.
func (l *LookedAt) whole() {
	head := l.head
	l.head, l.line = nil, 0 // the header that is read may hold it
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: l.method})
	if err != nil {
		l.found(&record.WireError{Kind: record.Malformed, Msg: BrokenHead + " is not HTTP"})
		return
	}
	if fault := headFault(head, answer, shownWhole); fault != "" {
		l.found(&record.WireError{Kind: record.Malformed, Msg: fault})
		return
	}
	if isInterim(answer.StatusCode) {
		l.interim++
		if fault := interimFault(head, answer.StatusCode, false); fault != "" {
			l.found(&record.WireError{Kind: record.Malformed, Msg: fault})
		} else if l.interim >= interimLimit {
			l.found(manyInterim())
		}
		return
	}
	l.kept = map[string][]string{}
	restore(l.kept, head)
	l.found(framingFault(head, answer, false))
	l.chunks.done = len(answer.TransferEncoding) == 0
}

// shownWhole shows a name that is short, since a piece of a secret is not found where secrets are struck out.
func shownWhole(name []byte) string {
	if len(name) > 40 {
		return ""
	}
	return fmt.Sprintf(": %q", name)
}

// Restore puts back into the header of the answer what package net/http took out of it.
func (l *LookedAt) Restore(header http.Header) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range l.kept {
		header[name] = values
	}
}

// Fault returns what the answer breaks as far as it came, or nil.
func (l *LookedAt) Fault() *record.WireError {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil && l.chunks.bad {
		return brokenChunk()
	}
	return l.fault
}

// Ended returns what the end of the connection breaks: it may come before an answer begins, and not inside its
// head.
func (l *LookedAt) Ended() *record.WireError {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looking && len(l.head) > 0 {
		return &record.WireError{Kind: record.Malformed, Msg: "the connection was closed inside " + BrokenHead}
	}
	return nil
}
