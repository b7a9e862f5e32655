package reference

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// connectionVariants serve so many connections at once, and leave all others
// waiting until one of them ends, as servers with a fixed number of threads do.
func connectionVariants() []variant {
	return []variant{
		{"one-connection-at-a-time", "serves one connection until it ends, and then the next", seated(1)},
		{"eight-threads", "serves eight connections until they end, and then the next", seated(8)},
		{"closes-behind-first-of-one-piece", "says Connection: close, and closes, where more came in one piece with " +
			"a request", linked(func(l *link, q *asked, h http.Handler) string {
			l.shut = l.ahead()
			return l.written(q, q.serve(h))
		})},
		{"reads-its-own-cookie", "sets a cookie that stands for a session, and forgets the session", sessions(
			func(*answer) bool { return true }, func(*asked, *session) *answer { return nil })},
		{"426-for-old-version", "answers 426 to HTTP/1.0", rewrite(func(a *answer, q *asked) {
			if q.ProtoMajor == 1 && q.ProtoMinor == 0 {
				a.replace(refusal{status: http.StatusUpgradeRequired, code: "UpgradeRequired",
					message: "Use HTTP/1.1."}.answer())
				a.header.Set("Upgrade", "HTTP/1.1")
				a.header.Set("Connection", "Upgrade")
			}
		})},
		{"413-for-long-bodies", "answers 413 to a Comment of 140,000 bytes or more", rewrite(func(a *answer, q *asked) {
			o, _ := parseObject(q.body)
			if s, _ := o.Get("Comment").(string); len(s) >= 140_000 && a.status != http.StatusUnauthorized {
				a.replace(refusal{status: http.StatusRequestEntityTooLarge, code: "TooLarge",
					message: "The body is too long."}.answer())
			}
		})},
		{"504-for-only-if-cached", "answers 504 to only-if-cached, as a cache does that has nothing (RFC 9111 5.2.1.7)",
			rewrite(func(a *answer, q *asked) {
				if strings.Contains(strings.Join(q.Header.Values("Cache-Control"), ","), "only-if-cached") {
					a.replace(refusal{status: http.StatusGatewayTimeout, code: "NotCached",
						message: "There is no answer in the cache."}.answer())
				}
			})},
		{"tells-time-in-trailer", "sends Server-Timing in a trailer", between(
			func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				for name, values := range a.header {
					w.Header()[name] = values
				}
				w.Header().Set("Trailer", "Server-Timing")
				w.WriteHeader(a.status)
				_, _ = w.Write(a.body)
				w.Header().Set("Server-Timing", "db;dur=1.5")
			})},
		{"204-with-length-of-zero", "answers OPTIONS with 204 and a Content-Length of 0, as a library for CORS does",
			between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if q.Method != http.MethodOptions || q.ProtoMajor != 1 {
					a.write(w)
					return
				}
				hijack(w, a, say(func(*answer) string {
					return "HTTP/1.1 204 No Content\r\nAllow: POST, OPTIONS\r\nContent-Length: 0\r\n" +
						"Connection: close\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n\r\n"
				}))
			})},
		{"fields-of-two-proxies", "sends Server, Via and Link as an old server behind two proxies does",
			rewrite(func(a *answer, _ *asked) {
				a.header.Set("Server", `Jetty(9.4.8.v20171121) (built (on (a (b (c))) \) d))`)
				a.header["Via"] = []string{"1.1 varnish (Varnish/6.0), HTTP/2 cdn.example:443 (a (b) c)",
					`1.0 [::1]:80 (\(a)`}
				a.header["Link"] = []string{`</a,b>; rel="next, last"; title*=UTF-8''a , <b>;rel=prev`, "<>;rel=self"}
			})},
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

// butToOld applies a wrap to requests of HTTP/1.1 and later alone: HTTP/1.0 has no Transfer-Encoding (RFC 9112 6.1).
func butToOld(by wrap) wrap {
	return func(h http.Handler) http.Handler {
		wrapped := by(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoAtLeast(1, 1) {
				wrapped.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}
