package reference

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A link is a connection that a fault serves by itself, request by request.
type link struct {
	net.Conn
	in   *bufio.Reader
	last *answer // that was written, nil before the first
	asks *asked  // that it answered
	held string  // an answer that is still to be written
	shut bool    // the connection ends behind this answer
	kept bool    // it does not end where the request asks for that
	odd  int     // what a fault counts
	next bool    // the request came in one piece with the one before
}

// ahead reports whether more came with the request than itself.
func (l *link) ahead() bool { return l.in.Buffered() > 0 }

// written is the whole answer as it stands on the connection.
func (l *link) written(q *asked, a *answer) string {
	head := a.head(a.length(0))
	if !q.Close && !l.shut || l.kept {
		head = strings.Replace(head, "Connection: close\r\n", "", 1)
	}
	if q.Method == http.MethodHead {
		return head
	}
	return head + string(a.body)
}

// linked serves each connection by itself. The answer to each request is what answer returns, which may be "".
//
//go:noinline
func linked(answering func(l *link, q *asked, h http.Handler) string) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		conn, in, err := http.NewResponseController(w).Hijack()
		if err != nil { // no connection of its own, as behind a recorder and in HTTP/2
			q.serve(h).write(w)
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		l := &link{Conn: conn, in: in.Reader}
		for q != nil {
			text := answering(l, q, h)
			l.next = l.ahead()
			if _, err := io.WriteString(conn, text); err != nil || l.shut || q.Close && !l.kept {
				return
			}
			q = nextOn(conn, l.in)
		}
	})
}

// changed serves a connection, where before may do something to a request, and after to its answer.
//
//go:noinline
func changed(before func(l *link, q *asked), after func(l *link, q *asked, a *answer)) wrap {
	return linked(func(l *link, q *asked, h http.Handler) string {
		if before != nil {
			before(l, q)
		}
		a := q.serve(h)
		if after != nil {
			after(l, q, a)
		}
		l.last, l.asks = a, q
		return l.written(q, a)
	})
}

// failsBehind answers 500 to a good request behind one that the predicate holds for, on one connection.
//
//go:noinline
func failsBehind(when func(q *asked, a *answer) bool) wrap {
	return changed(nil, func(l *link, q *asked, a *answer) {
		if l.asks != nil && a.status == http.StatusCreated && when(l.asks, l.last) {
			crash(a, q)
		}
	})
}

// connectionFaults err in what goes over a connection in addition to one request and its answer.
func connectionFaults() []Fault {
	framing, isolated := ids("http.framing"), ids("response.created", "state.isolated", "refusal.no-server-error")
	onOld := func(text func(*answer) string) wrap {
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			if a := q.serve(h); q.ProtoMinor == 0 && q.ProtoMajor == 1 {
				hijack(w, a, say(text))
			} else {
				a.write(w)
			}
		})
	}
	inChunks := func(trailer string) func(a *answer) string {
		return func(a *answer) string { return a.head(chunked) + chunk(a.body) + "0\r\n" + trailer + "\r\n" }
	}
	whole := func(a *answer) string { return a.head(a.length(0)) + string(a.body) }
	return []Fault{
		{Name: "drops-what-came-with-a-request", Says: "drops what came in one piece with a request", Breaks: framing,
			Waits: true, Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				_, _ = l.in.Discard(l.in.Buffered())
				return l.written(q, q.serve(h))
			})},
		{Name: "drops-what-came-with-a-refused-request", Says: "drops what came in one piece with a request that it " +
			"refuses", Breaks: framing, Waits: true, Wrap: changed(nil, func(l *link, _ *asked, a *answer) {
			if a.status >= 400 {
				_, _ = l.in.Discard(l.in.Buffered())
			}
		})},
		{Name: "answers-one-piece-backwards", Says: "answers two requests that came in one piece in the other order",
			Breaks: ids("action.sha1", "response.created", "state.isolated", "auth.required"),
			Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				text := l.written(q, q.serve(h))
				if l.ahead() && l.held == "" {
					l.held = text
					return ""
				}
				text += l.held
				l.held = ""
				return text
			})},
		{Name: "repeats-answer-in-one-piece", Says: "answers the second of two requests that came in one piece as " +
			"the first", Breaks: ids("action.sha1", "action.id", "state.isolated", "auth.required", "response.created"),
			Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				a := q.serve(h)
				if l.next {
					a = l.last
				}
				l.last = a
				return l.written(q, a)
			})},
		{Name: "trusts-what-came-with-a-request", Says: "takes a request without Authorization that came in one " +
			"piece with one that has it", Breaks: ids("auth.required", "state.isolated"),
			Wrap: changed(func(l *link, q *asked) {
				if l.next && q.Header.Get("Authorization") == "" {
					q.Header["Authorization"] = l.asks.Header["Authorization"]
				}
			}, nil)},
		{Name: "fails-at-second-of-one-piece", Says: "answers 500 to the second of two requests that came in one piece",
			Breaks: isolated, Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				a := q.serve(h)
				if l.next {
					crash(a, q)
				}
				return l.written(q, a)
			})},
		{Name: "keeps-connection-that-is-to-end", Says: "leaves the connection open though the request says " +
			"Connection: close", Breaks: framing, Waits: true,
			Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				l.kept = true
				return l.written(q, q.serve(h))
			})},
		{Name: "keeps-connection-of-capital-close", Says: "leaves the connection open though the request says " +
			"Connection: Close", Breaks: framing, Waits: true, Phase: Coverage,
			Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				l.kept = q.Header.Get("Connection") == "Close"
				return l.written(q, q.serve(h))
			})},
		{Name: "promises-to-close", Says: "says Connection: close, and leaves the connection open", Breaks: framing,
			Waits: true, Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				l.kept = true
				return whole(q.serve(h))
			})},
		{Name: "closes-each-connection-unsaid", Says: "closes the connection after each answer, and says so in none",
			Breaks: framing, Intermittent: true,
			Wrap: linked(func(l *link, q *asked, h http.Handler) string {
				l.shut, l.kept = true, true // it ends, and does not say so
				return l.written(q, q.serve(h))
			})},
		{Name: "waits-for-body-without-continue", Says: "sends no 100 (Continue) to a request that expects it, " +
			"and waits for the body", Breaks: ids("http.continue"),
			Wrap: func(h http.Handler) http.Handler { return muteHandler{h} }},
		{Name: "sends-chunks-to-old-version", Says: "answers a request of HTTP/1.0 in chunks", Breaks: framing,
			Phase: Coverage, Wrap: onOld(inChunks(""))},
		{Name: "sends-interim-answer-to-old-version", Says: "sends an interim answer to a request of HTTP/1.0",
			Breaks: framing, Phase: Coverage, Wrap: onOld(func(a *answer) string {
				return "HTTP/1.1 103 Early Hints\r\n\r\n" + whole(a)
			})},
		{Name: "sends-interim-answer-with-length", Says: "sends an interim answer with a Content-Length",
			Breaks: framing,
			Wrap: onWire(say(func(a *answer) string {
				return "HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + whole(a)
			}))},
		{Name: "sends-type-in-trailer", Says: "sends a second Content-Type in the trailer", Breaks: framing,
			Wrap: onWire(say(inChunks("Content-Type: text/html\r\n")))},
		{Name: "sends-length-in-trailer", Says: "sends a Content-Length in the trailer", Breaks: framing,
			Wrap: onWire(say(inChunks("Content-Length: 3\r\n")))},
		{Name: "announces-body-of-204", Says: "answers OPTIONS with 204 and a Content-Length of 2", Breaks: framing,
			Phase: Coverage, Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if q.Method != http.MethodOptions {
					a.write(w)
					return
				}
				hijack(w, a, say(func(a *answer) string {
					return "HTTP/1.1 204 No Content\r\nAllow: POST, OPTIONS\r\nContent-Length: 2\r\nDate: " +
						time.Now().UTC().Format(http.TimeFormat) + "\r\n\r\n"
				}))
			})},
		{Name: "locks-connection-at-third-401", Says: "answers 403 on a connection behind three requests without " +
			"a token",
			Breaks: isolated, Wrap: changed(nil, func(l *link, _ *asked, a *answer) {
				if l.last != nil && l.last.status == http.StatusUnauthorized {
					l.odd++
				}
				if l.odd > 2 {
					a.replace(refusal{status: http.StatusForbidden, code: "Locked",
						message: "Too many attempts."}.answer())
				}
			})},
		{Name: "fails-behind-trailer", Says: "answers 500 behind a request with a trailer on one connection",
			Breaks: isolated, Wrap: failsBehind(func(q *asked, _ *answer) bool { return len(q.Trailer) > 0 })},
		{Name: "fails-behind-delete", Says: "answers 500 behind DELETE on one connection", Breaks: isolated,
			Wrap: failsBehind(func(q *asked, _ *answer) bool { return q.Method == http.MethodDelete })},
		{Name: "fails-behind-long-refusal", Says: "answers 500 behind a long request that was refused, on one " +
			"connection",
			Breaks: isolated, Wrap: failsBehind(func(q *asked, a *answer) bool {
				return len(q.body) > 1<<16 && a.status >= 400
			})},
		{Name: "fails-behind-body-to-nowhere", Says: "answers 500 behind a request with a body to a path that it " +
			"does not know, on one connection",
			Breaks: isolated, Wrap: failsBehind(func(q *asked, a *answer) bool {
				return len(q.body) > 0 && a.status == http.StatusNotFound && !strings.HasPrefix(q.URL.Path, collection)
			})},
	}
}

// A session is what a cookie stands for.
type session struct {
	authorization []string
	last          *answer
}

// sessions is a server that gives a session with each answer for which begins holds, and lets use make something
// of a request that comes back with one, or answer it.
//
//go:noinline
func sessions(begins func(*answer) bool, use func(q *asked, s *session) *answer) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		known := map[string]*session{}
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			mu.Lock()
			defer mu.Unlock()
			var a *answer
			if cookie, err := q.Cookie("session"); err == nil && known[cookie.Value] != nil {
				a = use(q, known[cookie.Value])
			}
			if a == nil {
				a = q.serve(h)
			}
			if begins(a) {
				id := strconv.Itoa(len(known) + 1)
				known[id] = &session{q.Header["Authorization"], &answer{a.status, a.header.Clone(), a.body}}
				a.header["Set-Cookie"] = []string{"session=" + id + "; Path=/; HttpOnly; Secure"}
			}
			a.write(w)
		})(h)
	}
}

// cookieFaults set a cookie, and err when it comes back.
func cookieFaults() []Fault {
	created := func(a *answer) bool { return a.status == http.StatusCreated }
	always := func(*answer) bool { return true }
	isolated := ids("response.created", "state.isolated", "refusal.no-server-error")
	return []Fault{
		{Name: "fails-at-own-cookie", Says: "answers 500 to a request with the cookie that it set", Breaks: isolated,
			Wrap: sessions(always, func(*asked, *session) *answer { return crashed() })},
		{Name: "forbids-own-cookie", Says: "answers 403 to a request with the cookie that it set", Breaks: isolated,
			Wrap: sessions(always, func(*asked, *session) *answer {
				return refusal{status: http.StatusForbidden, code: "Forgery", message: "There is no token."}.answer()
			})},
		{Name: "answers-session-again", Says: "gives a session the answer that began it", Breaks: ids("action.sha1",
			"action.id", "state.isolated", "auth.required"), Wrap: sessions(created,
			func(_ *asked, s *session) *answer { return &answer{s.last.status, s.last.header.Clone(), s.last.body} })},
		{Name: "takes-session-for-token", Says: "takes a request without Authorization with the cookie of an " +
			"accepted one",
			Breaks: ids("auth.required", "state.isolated"), Wrap: sessions(created, func(q *asked, s *session) *answer {
				if q.Header.Get("Authorization") == "" {
					q.Header["Authorization"] = s.authorization
				}
				return nil
			})},
		{Name: "keeps-role-in-session", Says: "gives a user without the role the rights of the user who began " +
			"the session",
			Breaks: ids("auth.role", "state.isolated"), Wrap: sessions(created, func(q *asked, s *session) *answer {
				if q.Header.Get("Authorization") != "" {
					q.Header["Authorization"] = s.authorization
				}
				return nil
			})},
		{Name: "keeps-refusal-in-session", Says: "refuses all of a session that began with a 401",
			Breaks: isolated, Wrap: sessions(func(a *answer) bool { return a.status == http.StatusUnauthorized },
				func(_ *asked, s *session) *answer {
					return &answer{s.last.status, s.last.header.Clone(), s.last.body}
				})},
	}
}
