package explore

import (
	"slices"
	"strings"
)

// A shrinker reduces a script as long as it fails. It removes parts of the requests; the
// shrinker of rapid, which works inside a test only, removes bits of the random input, and
// needs many more tries, each of which is a request.
type shrinker struct {
	grammar *grammar
	fails   func(script) bool // also false where no tries are left
	best    script
}

// try replaces the script by a changed one if that fails too.
func (s *shrinker) try(change func(*script)) bool {
	smaller := s.best.clone()
	change(&smaller)
	if !s.fails(smaller) {
		return false
	}
	s.best = smaller
	return true
}

// shrink returns the smallest script that was found to fail.
func (s *shrinker) shrink() script {
	s.dropSteps()
	if s.best.atOnce {
		s.try(func(c *script) { c.atOnce = false })
	}
	for i := range s.best.steps {
		if len(s.best.steps) > 1 && s.try(func(c *script) { c.steps[i] = s.plainLike(c.steps[i]) }) {
			continue
		}
		s.forms(i)
		s.members(i)
	}
	s.operations()
	return s.best
}

// plainLike returns the plain request of the operation.
func (s *shrinker) plainLike(r request) request {
	return s.grammar.plain[r.operation].request.clone()
}

// dropSteps removes steps, half of them first.
func (s *shrinker) dropSteps() {
	for size := len(s.best.steps) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(s.best.steps) && len(s.best.steps) > size; {
			if !s.try(func(c *script) { c.steps = slices.Delete(c.steps, at, at+size) }) {
				at += size
			}
		}
	}
}

// operations makes every step call the operation of the case.
func (s *shrinker) operations() {
	for i, r := range s.best.steps {
		if r.operation != s.best.operation {
			s.try(func(c *script) { c.steps[i].operation = c.operation })
		}
	}
}

// forms replaces the forms of a step by those of the plain request.
func (s *shrinker) forms(i int) {
	p := s.grammar.plain[s.best.steps[i].operation].request
	fault := s.best.steps[i].fault
	for _, row := range []struct {
		is     bool
		change func(*request)
	}{
		{true, func(r *request) {
			r.spelling, r.reversed, r.names, r.chunks, r.fields = spelling{}, false, 0, nil, slices.Clone(p.fields)
			if fault == 0 {
				r.media, r.scheme = p.media, p.scheme
			}
		}},
		{s.best.steps[i].chunks != nil, func(r *request) { r.chunks = nil }},
		{len(s.best.steps[i].chunks) > 0, func(r *request) { r.chunks = []int{} }},
		{s.best.steps[i].spelling.escape != 0, func(r *request) { r.spelling.escape = 0 }},
		{s.best.steps[i].spelling.between != "", func(r *request) { r.spelling.between = "" }},
		{s.best.steps[i].spelling.around != "", func(r *request) { r.spelling.around = "" }},
		{s.best.steps[i].reversed, func(r *request) { r.reversed = false }},
		{s.best.steps[i].names != 0, func(r *request) { r.names = 0 }},
		{s.best.steps[i].media != p.media, func(r *request) { r.media = p.media }},
		{s.best.steps[i].scheme != p.scheme, func(r *request) { r.scheme = p.scheme }},
	} {
		if row.is && !equal(s.best.steps[i], row.change) {
			s.try(func(c *script) { row.change(&c.steps[i]) })
		}
	}
	for n := len(s.best.steps[i].fields) - 1; n >= 0; n-- {
		s.try(func(c *script) { c.steps[i].fields = slices.Delete(c.steps[i].fields, n, n+1) })
	}
	for n := len(s.best.steps[i].chunks) - 1; n >= 0; n-- {
		s.try(func(c *script) { c.steps[i].chunks = slices.Delete(c.steps[i].chunks, n, n+1) })
	}
}

// equal reports whether a change changes nothing.
func equal(r request, change func(*request)) bool {
	other := r.clone()
	change(&other)
	return other.body(1) == r.body(1) && other.media == r.media && other.scheme == r.scheme &&
		other.reversed == r.reversed && other.names == r.names && slices.Equal(other.fields, r.fields) &&
		(other.chunks == nil) == (r.chunks == nil) && slices.Equal(other.chunks, r.chunks)
}

// members removes further members, sorts the others as in the plain request, and reduces
// their values.
func (s *shrinker) members(i int) {
	for n := len(s.best.steps[i].members) - 1; n >= 0; n-- {
		if s.best.steps[i].members[n].further {
			s.try(func(c *script) { c.steps[i].members = slices.Delete(c.steps[i].members, n, n+1) })
		}
	}
	order := func(r *request) {
		p := s.grammar.plain[r.operation].request
		slices.SortStableFunc(r.members, func(a, b member) int {
			at := func(m member) int {
				return slices.IndexFunc(p.members, func(o member) bool { return o.name == m.name }) & 0xFFFF
			}
			return at(a) - at(b)
		})
	}
	if !equal(s.best.steps[i], order) {
		s.try(func(c *script) { order(&c.steps[i]) })
	}
	for n := range s.best.steps[i].members {
		m := s.best.steps[i].members[n]
		set := func(change func(*member)) bool {
			return s.try(func(c *script) { change(&c.steps[i].members[n]) })
		}
		if m.escaped {
			set(func(m *member) { m.escaped = false })
		}
		switch {
		case m.raw != "":
		case m.file:
			s.hash(m.hash, set)
		case string(m.text) == shortText, set(func(m *member) { m.text = []rune(shortText) }):
		default:
			s.plainText(i, n, 0, len(m.text))
			s.shorter(i, n)
		}
	}
}

// hash replaces the hash by a variable, or else as many of its digits as possible by a.
func (s *shrinker) hash(value string, set func(func(*member)) bool) {
	if value == "" || set(func(m *member) { m.hash = "" }) {
		return
	}
	for _, form := range hashForms() {
		if form == value || set(func(m *member) { m.hash = form }) {
			return
		}
	}
	for size := len(value) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(value); at += size {
			smaller := value[:at] + strings.Repeat("a", size) + value[at+size:]
			if smaller != value && set(func(m *member) { m.hash = smaller }) {
				value = smaller
			}
		}
	}
}

// plainText replaces a range of characters by the letter a, or else each half of the range.
func (s *shrinker) plainText(i, n, from, to int) {
	text := s.best.steps[i].members[n].text[from:to]
	if !slices.ContainsFunc(text, func(r rune) bool { return r != 'a' }) {
		return
	}
	replaced := s.try(func(c *script) {
		text := c.steps[i].members[n].text
		for at := from; at < to; at++ {
			text[at] = 'a'
		}
	})
	if replaced || to-from < 2 {
		return
	}
	middle := (from + to) / 2
	s.plainText(i, n, from, middle)
	s.plainText(i, n, middle, to)
}

// shorter reduces each run of equal characters by a binary search for its smallest length,
// which assumes that a longer run fails as well.
func (s *shrinker) shorter(i, n int) {
	for at := 0; at < len(s.best.steps[i].members[n].text); {
		text := s.best.steps[i].members[n].text
		length := len(runs(text[at:])[0])
		set := func(keep int) bool {
			return s.try(func(c *script) {
				m := &c.steps[i].members[n]
				m.text = slices.Delete(m.text, at+keep, at+length)
			})
		}
		if set(0) {
			continue
		}
		low, high := 0, length // high fails, low does not
		for high-low > 1 {
			middle := (low + high) / 2
			if set(middle) {
				length, high = middle, middle
			} else {
				low = middle
			}
		}
		at += length
	}
}
