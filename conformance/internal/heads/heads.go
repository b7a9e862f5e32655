// Package heads looks at the heads of HTTP/1 requests on their way into a [net/http.Server]. The server
// hides from its handlers how a client framed a body: it removes a Content-Length that stands with a
// Transfer-Encoding, and makes one of several that are alike.
//
// [Listener] looks at what comes, and changes nothing of it. It follows the framing as the server does,
// and keeps the Content-Length fields of those heads alone whose request is not served yet. What it
// cannot follow, such as TLS, HTTP/2 and an upgraded connection, it looks at no longer.
package heads

import (
	"bytes"
	"context"
	"crypto/tls"
	"hash/maphash"
	"iter"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The bounds of what is kept of one connection.
const (
	mostHeads   = 256 // heads whose requests were not served yet; the server reads 4 KiB ahead
	mostLengths = 4   // Content-Length fields of one head
	longestLine = 128 // the beginning of a line: the names that count are short
)

// Listener returns a listener that looks at what comes over the connections of another one. It is
// served with [ConnContext].
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept returns the next connection.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if _, secure := c.(interface{ ConnectionState() tls.ConnectionState }); secure {
		return c, nil // the server has to see what it is
	}
	w := &watched{seed: maphash.MakeSeed()}
	if tcp, is := c.(*net.TCPConn); is { // with all that it can do beyond a connection
		return &tcpConn{tcp, w}, nil
	}
	return &conn{c, w}, nil
}

type tcpConn struct {
	*net.TCPConn
	*watched
}

// Read reads, and looks at what was read.
func (c *tcpConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.note(p[:n])
	return n, err
}

type conn struct {
	net.Conn
	*watched
}

// Read reads, and looks at what was read.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note(p[:n])
	return n, err
}

type key struct{}

// ConnContext is that of an [net/http.Server] that serves a [Listener].
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if w, is := c.(interface{ watch() *watched }); is {
		return context.WithValue(ctx, key{}, w.watch())
	}
	return ctx
}

// Lengths returns the values of the Content-Length fields of a request as they came, and reports whether
// they are known. It has to be asked in the order of the requests of a connection, once for each.
func Lengths(r *http.Request) (values []string, known bool) {
	w, is := r.Context().Value(key{}).(*watched)
	if !is || r.ProtoMajor != 1 {
		return nil, false
	}
	return w.take(r.Method + " " + r.RequestURI + " " + r.Proto)
}

// Fields yields the names and values of the fields of a request: Content-Length where [Lengths] knows it, which is
// asked once, the rest in the order of their names, and Transfer-Encoding, which a server takes out of the header.
// Host, which it takes out too, is not among them.
func Fields(r *http.Request) iter.Seq2[string, string] {
	lengths, known := Lengths(r)
	return func(yield func(name, value string) bool) {
		all := func(name string, values []string) bool {
			return !slices.ContainsFunc(values, func(value string) bool { return !yield(name, value) })
		}
		if !all("Content-Length", lengths) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			if !(known && name == "Content-Length") && !all(name, r.Header[name]) {
				return
			}
		}
		all("Transfer-Encoding", r.TransferEncoding)
	}
}

// A head is what is kept of one.
type head struct {
	line    uint64 // a hash of the request line
	lengths []string
}

// A place is where in a message the next byte stands.
type place int

const (
	inRequestLine place = iota
	inHeader
	inBody
	inChunkSize
	inChunk
	behindChunk
	inTrailer
	nowhere // what came cannot be followed
)

// A watched connection follows the framing of the requests that come.
type watched struct {
	seed maphash.Seed

	mu    sync.Mutex
	heads []head
	at    place
	line  []byte       // the beginning of the line
	cut   bool         // the line is longer than what is kept of it
	hash  maphash.Hash // of the request line
	last  byte         // of the line so far
	one   head         // that is read
	left  int64        // of a body or a chunk

	codings int    // Transfer-Encoding fields of the head
	coding  string // the value of the last one
	old     bool   // the request is of HTTP/1.0
}

func (w *watched) watch() *watched { return w }

// take returns what is kept of the request with a line, and forgets those before it, which the server
// answered itself.
func (w *watched) take(line string) (values []string, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	want := maphash.String(w.seed, line)
	for len(w.heads) > 0 {
		h := w.heads[0]
		w.heads = w.heads[1:]
		if h.line == want {
			return h.lengths, true
		}
	}
	w.stop()
	return nil, false
}

// stop ends the looking.
func (w *watched) stop() { w.at, w.heads, w.line = nowhere, nil, nil }

// note looks at bytes that came.
func (w *watched) note(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(b) > 0 && w.at != nowhere {
		switch w.at {
		case inBody, inChunk:
			n := min(int64(len(b)), w.left)
			b = b[n:]
			if w.left -= n; w.left == 0 {
				w.at = map[place]place{inBody: inRequestLine, inChunk: behindChunk}[w.at]
			}
		default:
			line, rest, ended := bytes.Cut(b, []byte("\n"))
			w.keep(line)
			if b = rest; ended {
				w.endLine()
			}
		}
	}
}

// keep adds bytes to the line.
func (w *watched) keep(b []byte) {
	if len(b) == 0 {
		return
	}
	if w.at == inRequestLine {
		if w.hash.Seed() != w.seed {
			w.hash.SetSeed(w.seed)
		}
		if w.last == '\r' { // which ends no line here
			w.hash.WriteByte('\r')
		}
		w.hash.Write(bytes.TrimSuffix(b, []byte("\r")))
	}
	w.last = b[len(b)-1]
	room := min(len(b), longestLine-len(w.line))
	w.line = append(w.line, b[:room]...)
	w.cut = w.cut || room < len(b)
}

// endLine reads a whole line.
func (w *watched) endLine() {
	line := strings.TrimSuffix(string(w.line), "\r")
	cut, empty := w.cut, line == ""
	w.line, w.cut, w.last = w.line[:0], false, 0
	switch w.at {
	case inRequestLine:
		w.requestLine(line, cut)
	case inHeader:
		if empty {
			w.endHead()
		} else {
			w.field(line, cut)
		}
	case inChunkSize:
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimRight(size, " \t"), 16, 62)
		switch {
		case err != nil:
			w.stop()
		case n == 0:
			w.at = inTrailer
		default:
			w.left, w.at = int64(n), inChunk
		}
	case behindChunk:
		if w.at = inChunkSize; !empty {
			w.stop()
		}
	case inTrailer:
		if empty {
			w.at = inRequestLine
		}
	}
}

// requestLine begins a head.
func (w *watched) requestLine(line string, cut bool) {
	end := line
	if cut { // of HTTP/1.1, since a long line of HTTP/1.0 without a body is read alike
		end = "HTTP/1.1"
	}
	w.old = strings.HasSuffix(end, " HTTP/1.0")
	if strings.Count(line, " ") != 2 && !cut || !w.old && !strings.HasSuffix(end, "HTTP/1.1") {
		w.stop()
		return
	}
	w.one, w.codings, w.coding, w.at = head{line: w.hash.Sum64()}, 0, "", inHeader
	w.hash.Reset()
}

// field reads a line of a header.
func (w *watched) field(line string, cut bool) {
	name, value, found := strings.Cut(line, ":")
	value = strings.Trim(value, " \t")
	switch {
	case line[0] == ' ' || line[0] == '\t' || !found && !cut: // the line goes on, or is none
		w.stop()
	case strings.EqualFold(name, "Content-Length"):
		if w.one.lengths = append(w.one.lengths, value); cut || len(w.one.lengths) > mostLengths {
			w.stop()
		}
	case strings.EqualFold(name, "Transfer-Encoding"):
		w.codings, w.coding = w.codings+1, value
	}
}

// endHead decides on the framing as the server does.
func (w *watched) endHead() {
	if len(w.heads) >= mostHeads {
		w.stop()
		return
	}
	w.heads = append(w.heads, w.one)
	lengths := w.one.lengths
	w.one = head{}
	switch {
	case w.codings > 0 && !w.old:
		if w.at = inChunkSize; w.codings > 1 || !strings.EqualFold(w.coding, "chunked") {
			w.at = nowhere // the server refuses it, and closes the connection
		}
	case len(lengths) > 0:
		n, err := strconv.ParseUint(lengths[0], 10, 62)
		if w.left, w.at = int64(n), inBody; err != nil {
			w.at = nowhere
		} else if n == 0 {
			w.at = inRequestLine
		}
	default:
		w.at = inRequestLine
	}
}
