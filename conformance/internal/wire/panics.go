package wire

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// What is kept of panics: of a value so many bytes, of a stack so many frames, and
// so many that differ.
const panicValue, panicFrames, panicsKept = 2 << 10, 32, 20

// panics gathers the panics of a handler. Those of one value at one place are one,
// and so are those of one stack, whose values may differ with the request.
type panics struct {
	mu  sync.Mutex
	all []*record.Panic
}

// caseKey is the key under which a context keeps the id of the case that a
// connection is for.
type caseKey struct{}

func withCase(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, caseKey{}, id)
}

// connCase gives the requests of a connection in memory the id of its case.
func connCase(ctx context.Context, c net.Conn) context.Context {
	if within, is := c.(interface{ NetConn() net.Conn }); is {
		c = within.NetConn()
	}
	if pipe, is := c.(pipeConn); is {
		return withCase(ctx, pipe.id)
	}
	return ctx
}

// A watching is a handler whose panics are noted.
type watching struct {
	http.Handler
	panics *panics
}

// ServeHTTP ends a request that has panicked as net/http does: it closes the
// connection.
func (h watching) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(r)
	h.Handler.ServeHTTP(w, r)
}

func (h watching) recovered(r *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	if value != http.ErrAbortHandler { // which a handler panics with to close the connection on purpose
		id, _ := r.Context().Value(caseKey{}).(string)
		if id == "" {
			panic(http.ErrAbortHandler) // a request outside the run, such as one that finds out whether it is up
		}
		h.panics.note(fmt.Sprint(value), stackOf(), id)
	}
	panic(http.ErrAbortHandler)
}

// stackOf returns the frames between a panic and the function that recovers it,
// which calls it.
func stackOf() (stack []string) {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // without Callers, this function and its caller
	rest := 0
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "fmaspec/conformance/internal/wire.watching.ServeHTTP":
			more = false
		case len(stack) == 0 && strings.HasPrefix(frame.Function, "runtime."): // the panic itself
		case len(stack) == panicFrames:
			rest++
		default:
			stack = append(stack, fmt.Sprintf("%s %s:%d", frame.Function, frame.File, frame.Line))
		}
		if !more {
			break
		}
	}
	if rest > 0 {
		stack = append(stack, fmt.Sprintf("… and %d more", rest))
	}
	return stack
}

func (p *panics) note(value string, stack []string, id string) {
	// cut for good when secrets are struck out, for none may be cut before
	value = string(cutTo([]byte(value), 4*panicValue))
	top := func(stack []string) string { return strings.Join(stack[:min(len(stack), 1)], "") }
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(p.all, func(o *record.Panic) bool {
		return o.Value == value && top(o.Stack) == top(stack) || slices.Equal(o.Stack, stack)
	})
	if at < 0 && len(p.all) >= panicsKept {
		at = max(slices.IndexFunc(p.all, func(o *record.Panic) bool { return top(o.Stack) == top(stack) }), 0)
	}
	if at < 0 {
		p.all = append(p.all, &record.Panic{Value: value, Stack: stack, Requests: 1, Case: id})
		return
	}
	o := p.all[at]
	o.Requests++
	if id < o.Case {
		o.Case, o.Value, o.Stack = id, value, stack
	}
}

// list returns the panics in stable order, without the secrets that they hold.
func (p *panics) list(s *redact.Secrets) (out []record.Panic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.all {
		q := record.Panic{Value: s.Text(o.Value), Requests: o.Requests, Case: o.Case, Stack: []string{}}
		if len(q.Value) > panicValue {
			q.Value = strings.ToValidUTF8(q.Value[:panicValue], "") + "…"
		}
		for _, frame := range o.Stack {
			q.Stack = append(q.Stack, s.Text(frame))
		}
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b record.Panic) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Value, b.Value), slices.Compare(a.Stack, b.Stack))
	})
	return out
}
