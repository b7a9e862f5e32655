package reference

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// connectionVariants serve so many connections at once, and leave all others
// waiting until one of them ends, as servers with a fixed number of threads do.
func connectionVariants() []variant {
	return []variant{
		{"one-connection-at-a-time", "serves one connection until it ends, and then the next", seated(1)},
		{"eight-threads", "serves eight connections until they end, and then the next", seated(8)},
	}
}

// seated has a server serve n connections at once. A connection keeps its place
// from its first request until the client closes it.
func seated(n int) wrap {
	return func(h http.Handler) http.Handler {
		places := make(chan struct{}, n)
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			conn, in, err := http.NewResponseController(w).Hijack()
			if err != nil { // no connection of its own, as behind a recorder and in HTTP/2
				q.serve(h).write(w)
				return
			}
			defer conn.Close()
			places <- struct{}{}
			defer func() { <-places }()
			for serveOne(conn, q, h) {
				if q = nextOn(conn, in.Reader); q == nil {
					return
				}
			}
		})(h)
	}
}

// serveOne answers one request, and reports whether another may follow.
func serveOne(conn net.Conn, q *asked, h http.Handler) bool {
	a := q.serve(h)
	head := a.head(a.length(0))
	if !q.Close {
		head = strings.Replace(head, "Connection: close\r\n", "", 1)
	}
	if q.Method == http.MethodHead {
		a.body = nil
	}
	_, err := io.WriteString(conn, head+string(a.body))
	return err == nil && !q.Close
}

// nextOn reads the next request of a connection, nil where there is none.
func nextOn(conn net.Conn, in *bufio.Reader) *asked {
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil
	}
	r.RemoteAddr = conn.RemoteAddr().String()
	if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	body, err := readBody(r.Body)
	if err != nil {
		return nil
	}
	return &asked{r, body}
}
