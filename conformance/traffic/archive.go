package traffic

import (
	"bytes"
	"errors"
	"fmt"

	"fmaspec/conformance/record"
)

// An archive is the reading of a HAR.
type archive struct {
	t       *task
	w       *window
	p       place
	entries int  // passed over
	logs    int  // members named log
	ended   bool // the text was left: it is cut, or cannot be divided any more
}

// archive reads a HAR, or several that follow one another.
func (t *task) archive(w *window, p place) error {
	a := &archive{t: t, w: w, p: p}
	for w.space() && !a.ended {
		before, source := a.logs, w.source(p.name)
		if err := a.object(a.top); err != nil {
			return err
		}
		if 0 < before && before == a.logs && !a.ended {
			if err := t.pass(Entry{Source: source, Problem: fmt.Sprintf("the object at byte %d, behind a HAR, has no "+
				"object \"log\", and was not read; put NDJSON into a file of its own", source.Offset)}); err != nil {
				return err
			}
		}
	}
	if a.logs == 0 && !t.sum.Cut {
		return fmt.Errorf("%s: the object has no object \"log\", as a HAR has; %s", p.name, wanted)
	}
	return nil
}

// longestName is the longest name of a member that is looked at.
const longestName = 256

func (a *archive) top(name string) error {
	if name == "log" && a.w.held()[0] == '{' {
		a.logs++
		return a.object(a.log)
	}
	a.pass()
	return nil
}

func (a *archive) log(name string) error {
	if name == "entries" && a.w.held()[0] == '[' {
		return a.list()
	}
	a.pass()
	return nil
}

// pass passes over a value. Where there is none, the text is broken.
func (a *archive) pass() {
	s := scan{w: a.w, most: chunk}
	if !s.value() {
		a.cut()
	}
	if a.w.take(s.n); s.n == 0 && !s.long && !a.ended {
		a.w.take(1) // what begins no value; the scan goes on behind it
	}
}

func (a *archive) cut() { a.ended, a.t.sum.Cut = true, true }

// object calls f at the value of each member of an object that begins at the window's first byte.
func (a *archive) object(f func(name string) error) error {
	if a.w.held()[0] != '{' {
		return a.broken("want an object here")
	}
	a.w.take(1)
	for a.next('}') {
		if a.w.held()[0] != '"' {
			return a.broken("want a member or the end of the object here")
		}
		name := ""
		s := scan{w: a.w, most: chunk}
		whole := s.value()
		if !s.long && s.n < longestName {
			name = plain(a.w.held()[:s.n])
		}
		a.w.take(s.n)
		if !whole || !a.w.space() {
			a.cut()
			return nil
		}
		if a.w.held()[0] != ':' {
			return a.broken("want a colon here")
		}
		if a.w.take(1); !a.w.space() {
			a.cut()
			return nil
		}
		if err := f(name); err != nil || a.ended {
			return err
		}
	}
	return nil
}

// next goes to the next item of an object or a list, and reports whether one comes before its
// end, which it takes.
func (a *archive) next(end byte) bool {
	for a.w.space() {
		switch a.w.held()[0] {
		case end:
			a.w.take(1)
			return false
		case ',':
			a.w.take(1)
		default:
			return true
		}
	}
	a.cut()
	return false
}

// broken ends the reading of a text that cannot be divided any more.
func (a *archive) broken(what string) error {
	a.cut()
	source := a.w.source(a.p.name)
	return a.t.pass(Entry{Source: source, Problem: fmt.Sprintf("the HAR is not JSON at byte %d: %s; what follows "+
		"was not read, so repair it or record it again", source.Offset, what)})
}

// list reads the entries, from the bracket at the window's first byte on.
func (a *archive) list() error {
	a.w.take(1)
	for a.next(']') {
		a.entries++
		e := Entry{Source: a.w.source(a.p.name)}
		e.Source.Entry = a.entries
		s := scan{w: a.w, most: a.t.o.Entry}
		whole := s.value()
		text := a.w.held()[:s.n]
		switch {
		case !whole:
			a.w.take(s.n)
			a.cut()
			return nil
		case s.long:
			e.Problem = tooLong("entry", a.t.o.Entry)
		case s.n == 0 || text[0] != '{':
			e.Problem = fmt.Sprintf("the entry at byte %d is no object; remove it, or record it again", e.Source.Offset)
		default:
			a.t.entry(text, a.p, &e)
		}
		a.w.take(s.n)
		if s.n == 0 && !s.long {
			a.garbage()
		}
		if err := a.t.pass(e); err != nil {
			return err
		}
	}
	return nil
}

// garbage passes over what begins no value, at least one byte.
func (a *archive) garbage() {
	a.w.take(1)
	for b := a.w.ahead(1); len(b) > 0; b = a.w.ahead(1) {
		if end := bytes.IndexAny(b, "{],"); end >= 0 {
			a.w.take(end)
			return
		}
		a.w.take(len(b))
	}
}

func tooLong(what string, most int) string {
	return fmt.Sprintf("the %s is longer than %d bytes, and was not read; remove what is in it "+
		"besides the exchange, such as an image", what, most)
}

// unreadable returns the problem of an entry or a line at a place.
func unreadable(err error, what string, at record.Source) string {
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("the %s is not JSON at byte %d: %s; repair or remove it", what, at.Offset+syntax.offset,
			syntax.msg)
	}
	return fmt.Sprintf("the %s cannot be read: %v; repair or remove it", what, err)
}
