package reference

import (
	"bytes"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A condition reports whether a request has some property.
type condition = func(*asked) bool

// An effect changes the answer to a request.
type effect = func(*answer, *asked)

// both reports whether all conditions hold.
//
//go:noinline
func both(all ...condition) condition {
	return func(q *asked) bool {
		return !slices.ContainsFunc(all, func(c condition) bool { return !c(q) })
	}
}

// not reports whether the condition does not hold.
func not(c condition) condition { return func(q *asked) bool { return !c(q) } }

// Conditions over Comment and Sha1.

// member returns a condition over a member of the body that is a string.
func member(name string, is func(string) bool) condition {
	return func(q *asked) bool {
		o, _ := parseObject(q.body)
		s, ok := o.Get(name).(string)
		return ok && is(s)
	}
}

// commentHas reports whether the Comment holds one of the texts.
func commentHas(texts ...string) condition {
	return comment(func(s string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(s, t) })
	})
}

// commentLike reports whether the Comment matches the expression.
func commentLike(expr string) condition { return comment(regexp.MustCompile(expr).MatchString) }

// commentOf reports whether the Comment has a number of characters from least to most.
func commentOf(least, most int) condition {
	return comment(func(s string) bool {
		n := utf8.RuneCountInString(s)
		return least <= n && n <= most
	})
}

// commentBytes reports whether the Comment has a number of bytes from least to most.
func commentBytes(least, most int) condition {
	return comment(func(s string) bool { return least <= len(s) && len(s) <= most })
}

// commentUnits reports whether the Comment has a number of UTF-16 units from least to most.
func commentUnits(least, most int) condition {
	return comment(func(s string) bool {
		n := len(utf16.Encode([]rune(s)))
		return least <= n && n <= most
	})
}

// beyondASCII reports whether the Comment has a character beyond ASCII.
var beyondASCII = comment(func(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) >= 0
})

// sha1Like reports whether the Sha1 matches the expression.
func sha1Like(expr string) condition { return member("Sha1", regexp.MustCompile(expr).MatchString) }

// upperSha1 reports whether the Sha1 has letters and these are capitals.
var upperSha1 = both(sha1Like(`[A-F]`), sha1Like(`^[^a-f]*$`))

// Conditions over the bytes of the body.

// bodyLike reports whether the bytes of the body match the expression.
func bodyLike(expr string) condition {
	re := regexp.MustCompile(expr)
	return func(q *asked) bool { return re.Match(q.body) }
}

// bodyBytes reports whether the body has a number of bytes from least to most.
func bodyBytes(least, most int) condition {
	return func(q *asked) bool { return least <= len(q.body) && len(q.body) <= most }
}

// further reports whether the body has a member in addition to Comment and Sha1 that is so.
func further(is func(Member) bool) condition {
	return func(q *asked) bool {
		o, _ := parseObject(q.body)
		return slices.ContainsFunc(o, func(m Member) bool {
			return m.Name != "Comment" && m.Name != "Sha1" && is(m)
		})
	}
}

// furtherName reports whether the body has a further member with one of the names.
func furtherName(names ...string) condition {
	return further(func(m Member) bool { return slices.Contains(names, m.Name) })
}

// manyMembers reports whether the body has so many members or more.
func manyMembers(least int) condition {
	return func(q *asked) bool {
		o, _ := parseObject(q.body)
		return len(o) >= least
	}
}

// nested reports whether the body has so many brackets in each other or more.
func nested(least int) condition {
	return func(q *asked) bool {
		depth, inside, escaped := 0, false, false
		for _, b := range q.body {
			switch {
			case escaped:
				escaped = false
			case inside && b == '\\':
				escaped = true
			case b == '"':
				inside = !inside
			case !inside && (b == '{' || b == '['):
				if depth++; depth >= least {
					return true
				}
			case !inside && (b == '}' || b == ']'):
				depth--
			}
		}
		return false
	}
}

// sha1First reports whether Sha1 stands before Comment.
func sha1First(q *asked) bool { return !inOrder(q.body, "Comment", "Sha1") }

// Conditions over the head of the request.

// field reports whether the request has a field of the name with a value that matches.
func field(name, expr string) condition {
	re := regexp.MustCompile(expr)
	return func(q *asked) bool { return slices.ContainsFunc(q.Header.Values(name), re.MatchString) }
}

// without reports whether the request has no field of the name.
func without(name string) condition {
	return func(q *asked) bool { return len(q.Header.Values(name)) == 0 }
}

// fieldTwice reports whether the request has two fields of the name.
func fieldTwice(name string) condition {
	return func(q *asked) bool { return len(q.Header.Values(name)) > 1 }
}

// anyField reports whether the request has a field that is so.
func anyField(is func(name, value string) bool) condition {
	return func(q *asked) bool {
		for name, values := range q.Header {
			if slices.ContainsFunc(values, func(v string) bool { return is(name, v) }) {
				return true
			}
		}
		return false
	}
}

// fields reports whether the request has so many fields or more.
func fields(least int) condition {
	return func(q *asked) bool {
		n := 0
		for _, values := range q.Header {
			n += len(values)
		}
		return n >= least
	}
}

// chunky reports whether the body came in chunks.
func chunky(q *asked) bool { return slices.Contains(q.TransferEncoding, "chunked") }

// queried reports whether the target has a query.
func queried(q *asked) bool { return q.URL.RawQuery != "" || q.URL.ForceQuery }

// oldVersion reports whether the request is one of HTTP/1.0.
func oldVersion(q *asked) bool { return q.ProtoMajor == 1 && q.ProtoMinor == 0 }

// Conditions over the bytes of the request, which only a server on a listener sees.

// rawLike reports whether the bytes of the request, before package net/http read them, match.
func rawLike(expr string) condition {
	re := regexp.MustCompile(expr)
	return func(q *asked) bool {
		tap, ok := q.Context().Value(http.LocalAddrContextKey).(tapAddr)
		return ok && re.Match(tap.conn.bytes())
	}
}

// A tapHandler lets conditions see the bytes of each request.
type tapHandler struct{ http.Handler }

// tapped adds to a wrap what [rawLike] needs.
func tapped(fault wrap) wrap {
	return func(h http.Handler) http.Handler {
		faulty := fault(h)
		return tapHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tap, ok := r.Context().Value(http.LocalAddrContextKey).(tapAddr); ok {
				defer tap.conn.forget()
			}
			faulty.ServeHTTP(w, r)
		})}
	}
}

// Listen returns a listener whose connections keep the bytes of the current request.
func (tapHandler) Listen(l net.Listener) net.Listener { return tapListener{l} }

type tapListener struct{ net.Listener }

// Accept returns the next connection.
func (l tapListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tapConn{Conn: conn}, nil
}

// tapConn is a connection that keeps what is read. Its local address is how a handler
// reaches it.
type tapConn struct {
	net.Conn
	mu   sync.Mutex
	read bytes.Buffer
}

type tapAddr struct {
	net.Addr
	conn *tapConn
}

// LocalAddr returns the address, which holds the connection too.
func (c *tapConn) LocalAddr() net.Addr { return tapAddr{c.Conn.LocalAddr(), c} }

// NetConn returns the connection itself, as that of a [crypto/tls.Conn] does.
func (c *tapConn) NetConn() net.Conn { return c.Conn }

// Read reads, and keeps up to maxBody bytes.
func (c *tapConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read.Len() < maxBody {
		c.read.Write(b[:n])
	}
	return n, err
}

func (c *tapConn) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.read.Bytes())
}

func (c *tapConn) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.Reset()
}

// Conditions over the requests before.

// nthOfConnection applies the effect to an accepted request for which the condition holds
// and whose number on its connection, from 1, is n.
func nthOfConnection(n int, when condition, then effect) wrap {
	return remembering(func(past map[string]int, q *asked, _ *answer) bool {
		past[q.RemoteAddr]++
		return past[q.RemoteAddr] == n && when(q)
	}, then)
}

// remembering applies the effect to an accepted request for which is returns true. Is is
// called with each request and its answer, never twice at once, and past is its memory.
func remembering(is func(past map[string]int, q *asked, a *answer) bool, then effect) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		past := map[string]int{}
		return rewrite(func(a *answer, q *asked) {
			mu.Lock()
			yes := is(past, q, a)
			mu.Unlock()
			if yes && a.status == http.StatusCreated {
				then(a, q)
			}
		})(h)
	}
}

// Effects.

// crash answers 500.
func crash(a *answer, _ *asked) { a.replace(crashed()) }

// crashed is the answer of a server that fails.
func crashed() *answer {
	return refusal{status: http.StatusInternalServerError, code: "InternalError",
		message: "The request could not be served."}.answer()
}

// refuse returns an effect that answers with the status.
//
//go:noinline
func refuse(status int) effect {
	return func(a *answer, _ *asked) {
		a.replace(refusal{status: status, code: "Refused", message: "The request was refused."}.answer())
	}
}

// breakOff closes the connection without an answer.
func breakOff(*answer, *asked) { panic(http.ErrAbortHandler) }

// edits returns an effect that changes the object of the answer.
func edits(changes ...func(Object) Object) effect {
	return func(a *answer, _ *asked) { a.edit(changes...) }
}

// reveals returns an effect that puts a text into the message of a refusal.
func reveals(text string) effect {
	return func(a *answer, _ *asked) {
		a.replace(refusal{status: a.status, code: "Refused", message: text}.answer())
	}
}

// Mends of bodies, for what is accepted and has to be refused.

// replaced accepts a body in which the expression matches, by replacing each match.
func replaced(expr, by string) func([]byte) ([]byte, bool) {
	re := regexp.MustCompile(expr)
	return func(b []byte) ([]byte, bool) { return re.ReplaceAll(b, []byte(by)), re.Match(b) }
}

// renamed accepts an object that has a member of another name in place of the right one.
func renamed(wrong, right string) wrap {
	return excuseObject(func(o Object) (Object, bool) {
		for i := range o {
			if o[i].Name == wrong {
				o[i].Name = right
				if right == "Sha1" {
					o[i].Value = freshHash
				}
				return o, true
			}
		}
		return o, false
	})
}

// excuseText accepts a parameter that is a string which matches.
func excuseText(name, expr, value string) wrap {
	re := regexp.MustCompile(expr)
	return excuseMember(name, func(v any) bool { s, ok := v.(string); return ok && re.MatchString(s) }, value)
}

// excuseType accepts a body whose Content-Type matches.
func excuseType(expr string) wrap {
	re := regexp.MustCompile("^(?i:" + expr + ")$")
	return excuse(http.StatusUnsupportedMediaType, func(q *asked) bool {
		is := re.MatchString(q.Header.Get("Content-Type"))
		q.Header.Set("Content-Type", "application/json")
		return is
	})
}

// excuseToken accepts credentials that are refused where those that near makes of the
// value of Authorization would be accepted.
func excuseToken(near func(value string) (values []string)) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		if values := q.Header.Values("Authorization"); a.status == http.StatusUnauthorized && len(values) == 1 {
			for _, value := range near(values[0]) {
				mended := q.clone()
				mended.Header.Set("Authorization", value)
				if b := mended.serve(h); b.status != http.StatusUnauthorized {
					a = b
					break
				}
			}
		}
		a.write(w)
	})
}

// replaceToken returns what an expression makes of the value of Authorization.
func replaceToken(expr, by string) func(string) []string {
	re := regexp.MustCompile(expr)
	return func(value string) []string {
		if !re.MatchString(value) {
			return nil
		}
		return []string{re.ReplaceAllString(value, by)}
	}
}

// excuseMethod accepts a request by another method for which the condition holds.
func excuseMethod(when condition) wrap {
	return excuse(http.StatusMethodNotAllowed, func(q *asked) bool {
		is := when(q)
		q.Method = http.MethodPost
		return is
	})
}

// excuseField accepts a request without Authorization whose field of another name has a
// value.
func excuseField(name string) wrap {
	return excuse(http.StatusUnauthorized, func(q *asked) bool {
		if len(q.Header.Values("Authorization")) > 0 || q.Header.Get(name) == "" {
			return false
		}
		q.Request = trust(q.Request)
		return true
	})
}
