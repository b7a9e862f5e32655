package schemas

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Pattern is a regular expression that matches a short text of ASCII in one step for each of its
// bytes, as [regexp.Regexp] does it in some twenty times as long. It is safe for concurrent use.
type Pattern struct {
	slow *regexp.Regexp
	// of the byte classes and of the states, of which 0 matches no more and 1 matches whatever follows
	class   [utf8.RuneSelf]uint8
	classes int
	next    []uint8 // of each state, by class; nil where the pattern is left to package regexp
	ends    []bool  // a text that ends in the state matches
}

// mostStates is how many states the plain reading of a pattern has at most. One that needs more is
// left to package regexp.
const mostStates = 200

// CompilePattern compiles a regular expression.
func CompilePattern(expr string) (*Pattern, error) {
	slow, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	p := &Pattern{slow: slow}
	p.plan(expr)
	return p, nil
}

// MustPattern is [CompilePattern] for an expression that is known to be valid. It panics on another.
func MustPattern(expr string) *Pattern {
	p, err := CompilePattern(expr)
	if err != nil {
		panic(err)
	}
	return p
}

// MatchString reports whether the text holds a match, as [regexp.Regexp.MatchString] does.
func (p *Pattern) MatchString(text string) bool {
	if p.next == nil {
		return p.slow.MatchString(text)
	}
	state := uint8(2)
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return p.slow.MatchString(text)
		}
		if state = p.next[int(state)*p.classes+int(p.class[text[i]])]; state <= 1 {
			return state == 1
		}
	}
	return p.ends[state]
}

// plan makes the states of a pattern, each a set of the instructions of its program that a text can
// lead to. A pattern that looks at lines or words is left to package regexp.
func (p *Pattern) plan(expr string) {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || slices.ContainsFunc(program.Inst, looksAround) {
		return
	}
	m := machine{program}
	bytes := p.classify(program)
	next := slices.Concat(make([]uint8, len(bytes)), slices.Repeat([]uint8{1}, len(bytes)))
	ends := []bool{false, true}
	const first = 2
	sets := [][]uint32{first: {uint32(program.Start)}}
	states := map[string]uint8{} // of the sets, but for the first
	for at := first; at < len(sets); at++ {
		context := syntax.EmptyOp(0)
		if at == first {
			context = syntax.EmptyBeginText
		}
		pending, matches := m.follow(sets[at], context)
		for _, b := range bytes {
			if matches {
				next = append(next, 1)
				continue
			}
			set := m.step(pending, rune(b))
			key := setKey(set)
			state, known := states[key]
			if !known {
				further, matches := m.follow(set, 0)
				switch {
				case matches:
					state = 1
				case len(further) > 0 || m.matchesAtEnd(set):
					state = uint8(len(sets))
					sets = append(sets, set)
				}
				states[key] = state
			}
			next = append(next, state)
		}
		if len(sets) > mostStates {
			return
		}
		_, matches = m.follow(sets[at], context|syntax.EmptyEndText)
		ends = append(ends, matches)
	}
	p.classes, p.next, p.ends = len(bytes), next, ends
}

// looksAround reports whether an instruction looks at lines or words.
func looksAround(i syntax.Inst) bool {
	return i.Op == syntax.InstEmptyWidth && syntax.EmptyOp(i.Arg)&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0
}

// classify divides the bytes of ASCII into classes by the borders of all instructions, and returns one byte of each
// class.
func (p *Pattern) classify(program *syntax.Prog) (bytes []byte) {
	borders := [utf8.RuneSelf + 1]bool{0: true}
	border := func(from, to rune) {
		borders[min(max(from, 0), utf8.RuneSelf)] = true
		borders[min(max(to+1, 0), utf8.RuneSelf)] = true
	}
	for _, i := range program.Inst {
		switch {
		case i.Op == syntax.InstRuneAnyNotNL:
			border('\n', '\n')
		case len(i.Rune) == 1: // in its other letter cases too, maybe
			border(i.Rune[0], i.Rune[0])
			for r := unicode.SimpleFold(i.Rune[0]); r != i.Rune[0]; r = unicode.SimpleFold(r) {
				border(r, r)
			}
		default:
			for at := 0; at+1 < len(i.Rune); at += 2 {
				border(i.Rune[at], i.Rune[at+1])
			}
		}
	}
	for b := range byte(utf8.RuneSelf) {
		if borders[b] {
			bytes = append(bytes, b)
		}
		p.class[b] = uint8(len(bytes) - 1)
	}
	return bytes
}

// A machine follows the instructions of a program.
type machine struct{ *syntax.Prog }

// follow returns the instructions that read a rune and are reached from others without reading one,
// and whether a match is reached.
func (m machine) follow(set []uint32, context syntax.EmptyOp) (pending []uint32, matches bool) {
	seen := make([]bool, len(m.Inst))
	for set = slices.Clone(set); len(set) > 0; {
		pc := set[len(set)-1]
		set = set[:len(set)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch i := m.Inst[pc]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			set = append(set, i.Out, i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			set = append(set, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^context == 0 {
				set = append(set, i.Out)
			}
		case syntax.InstMatch:
			matches = true
		case syntax.InstFail:
		default:
			pending = append(pending, pc)
		}
	}
	return pending, matches
}

// setKey returns a text that no other set has.
func setKey(set []uint32) string {
	var room [64]byte
	key := room[:0]
	for _, pc := range set {
		key = binary.AppendUvarint(key, uint64(pc))
	}
	return string(key)
}

// step returns the instructions behind those that read a rune, in their order, with the start: a
// match may begin anywhere.
func (m machine) step(pending []uint32, r rune) []uint32 {
	out := []uint32{uint32(m.Start)}
	for _, pc := range pending {
		if i := m.Inst[pc]; i.MatchRune(r) && !slices.Contains(out, i.Out) {
			out = append(out, i.Out)
		}
	}
	slices.Sort(out)
	return out
}

// matchesAtEnd reports whether a text that ends here matches.
func (m machine) matchesAtEnd(set []uint32) bool {
	_, matches := m.follow(set, syntax.EmptyEndText)
	return matches
}
