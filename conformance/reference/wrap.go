package reference

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
)

// A wrap makes another server of one. The functions that return one are called hundreds of
// times in the tables of faults; inlined, each call has the compiler compile the function
// literals again, which takes more than twice as long. So they are marked noinline.
type wrap = func(http.Handler) http.Handler

// asked is a request whose body has been read.
type asked struct {
	*http.Request
	body []byte
}

// operationOf returns the path's last segment.
func (q *asked) operationOf() string { return q.URL.Path[strings.LastIndexByte(q.URL.Path, '/')+1:] }

// clone returns a copy that may be changed and sent on.
func (q *asked) clone() *asked {
	return &asked{q.Request.Clone(q.Context()), slices.Clone(q.body)}
}

// serve asks h and returns its answer.
func (q *asked) serve(h http.Handler) *answer {
	r := q.Request.Clone(q.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(q.body)), int64(len(q.body))
	a := &answer{header: http.Header{}}
	h.ServeHTTP(&recorder{a: a}, r)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.header.Del("Content-Length")
	return a
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct{ a *answer }

func (w *recorder) Header() http.Header { return w.a.header }

func (w *recorder) WriteHeader(status int) {
	if w.a.status == 0 && status >= 200 {
		w.a.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.a.body = append(w.a.body, b...)
	return len(b), nil
}

// between returns a wrap that reads the request whole and leaves the rest to
// serve, which writes the answer itself.
//
//go:noinline
func between(serve func(w http.ResponseWriter, q *asked, h http.Handler)) wrap {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := readBody(r.Body)
			if err != nil { // too long, or broken off: beyond what faults are about
				r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
				h.ServeHTTP(w, r)
				return
			}
			serve(w, &asked{r, body}, h)
		})
	}
}

// failing is a body that ends in an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// rewrite changes every answer.
//
//go:noinline
func rewrite(change func(*answer, *asked)) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		change(a, q)
		a.write(w)
	})
}

// onAccepted changes the answers to good requests.
//
//go:noinline
func onAccepted(change func(*answer, *asked)) wrap {
	return rewrite(func(a *answer, q *asked) {
		if a.status == http.StatusCreated {
			change(a, q)
		}
	})
}

// onRefused changes the refusals of one of the statuses, or all of them where
// none is given.
//
//go:noinline
func onRefused(change func(*answer, *asked), statuses ...int) wrap {
	return rewrite(func(a *answer, q *asked) {
		if a.status >= 400 && (len(statuses) == 0 || slices.Contains(statuses, a.status)) {
			change(a, q)
		}
	})
}

// onAction changes the object in the answers to good requests.
//
//go:noinline
func onAction(changes ...func(Object) Object) wrap {
	return onAccepted(func(a *answer, _ *asked) { a.edit(changes...) })
}

// edit changes the object in the answer; a body that is not an object is not changed.
func (a *answer) edit(changes ...func(Object) Object) {
	o, err := parseObject(a.body)
	if err != nil {
		return
	}
	for _, change := range changes {
		o = change(o)
	}
	a.body = o.JSON()
}

// replace makes the answer another one, and keeps nothing of it.
func (a *answer) replace(by *answer) { *a = *by }

// onBody changes the bytes of the answers to good requests.
func onBody(change func([]byte) []byte) wrap {
	return onAccepted(func(a *answer, _ *asked) { a.body = change(a.body) })
}

// refuseIf refuses good requests that the predicate holds for.
func refuseIf(no refusal, when func(*asked) bool) wrap {
	return onAccepted(func(a *answer, q *asked) {
		if when(q) {
			a.replace(no.answer())
		}
	})
}

// excuse answers a request that was refused with the status as if it had been
// sent mended. The mend changes one thing, and reports whether it found it: what
// else is wrong with the request is still refused.
//
//go:noinline
func excuse(status int, mend func(*asked) bool) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		if a.status == status {
			if mended := q.clone(); mend(mended) {
				a = mended.serve(h)
			}
		}
		a.write(w)
	})
}

// onlyFor applies a fault only to paths that end in the segment.
func onlyFor(segment string, fault wrap) wrap {
	return func(h http.Handler) http.Handler {
		faulty := fault(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/"+segment) {
				faulty.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// drop leaves a member out.
func drop(name string) func(Object) Object {
	return func(o Object) Object {
		return slices.DeleteFunc(o, func(m Member) bool { return m.Name == name })
	}
}

// set gives a member another value.
//
//go:noinline
func set(name string, value any) func(Object) Object {
	return alter(name, func(any) any { return value })
}

// alter makes another value of a member's own.
//
//go:noinline
func alter(name string, change func(any) any) func(Object) Object {
	return func(o Object) Object {
		for i := range o {
			if o[i].Name == name {
				o[i].Value = change(o[i].Value)
			}
		}
		return o
	}
}

// alterText is alter for members that are strings, and not empty.
//
//go:noinline
func alterText(name string, change func(string) string) func(Object) Object {
	return alter(name, func(v any) any {
		if s, ok := v.(string); ok && s != "" {
			return change(s)
		}
		return v
	})
}

// rename gives a member another name.
func rename(name, to string) func(Object) Object {
	return func(o Object) Object {
		for i := range o {
			if o[i].Name == name {
				o[i].Name = to
			}
		}
		return o
	}
}

// add puts members at the end.
func add(members ...Member) func(Object) Object {
	return func(o Object) Object { return append(o, members...) }
}
