package reference

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// patience is how long a fault keeps a connection open that is not closed.
const patience = time.Minute

// onWire answers good requests by hand, on the connection itself, which is
// closed afterwards. Where there is no connection, as behind a recorder, it
// answers 500.
//
//go:noinline
func onWire(talk func(net.Conn, *answer)) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		if a.status != http.StatusCreated {
			a.write(w)
			return
		}
		hijack(w, a, talk)
	})
}

// hijack takes over the connection for one answer.
func hijack(w http.ResponseWriter, a *answer, talk func(net.Conn, *answer)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refusal{status: http.StatusInternalServerError, code: "NoConnection", message: "The answer needs a " +
			"connection of its own."}.answer().write(w)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	talk(conn, a)
}

// say returns a talk that writes these bytes and hangs up.
func say(text func(*answer) string) func(net.Conn, *answer) {
	return func(conn net.Conn, a *answer) { _, _ = io.WriteString(conn, text(a)) }
}

// head returns the status line and header with these further lines, up to and
// with the blank line.
func (a *answer) head(lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nConnection: close\r\nDate: %s\r\n", a.status, http.StatusText(a.status),
		time.Now().UTC().Format(http.TimeFormat))
	names := make([]string, 0, len(a.header))
	for name := range a.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range a.header[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// length returns the Content-Length line for a body that is longer by extra bytes.
func (a *answer) length(extra int) string {
	return fmt.Sprintf("Content-Length: %d", len(a.body)+extra)
}

// chunk returns the body as one chunk, without the last one.
func chunk(body []byte) string { return fmt.Sprintf("%x\r\n%s\r\n", len(body), body) }

// half returns the first half of the body.
func (a *answer) half() []byte { return a.body[:len(a.body)/2] }

// reset makes the next Close a reset, if the connection is TCP.
func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

// hold waits until the client hangs up, or patience ends.
func hold(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// flood writes the same bytes again and again, until the client hangs up or
// patience ends.
func flood(conn net.Conn, b []byte) {
	block := bytes.Repeat(b, 1+32<<10/len(b))
	for {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}
