package explore

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"fmaspec/conformance/record"
)

// maxText is the longest text that is drawn, in characters.
const maxText = 1 << 16

// maxSteps is the most requests of a sequence.
const maxSteps = 6

// draw returns the script of that number. It depends on the seed and the number alone.
func (g *grammar) draw(seed string, number int) script {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d", seed, number)
	return rapid.Custom(g.script).Example(int(h.Sum64() >> 1))
}

// pick returns a number below n, all with about the same probability. The generators of
// rapid for numbers and samples prefer small ones, and so the first rows of a table.
func pick(t *rapid.T, n int) (out int) {
	for range 12 {
		out <<= 1
		if rapid.Bool().Draw(t, "bit") {
			out |= 1
		}
	}
	return out % n
}

// one reports true once in n times.
func one(t *rapid.T, n int) bool { return pick(t, n) == 0 }

// script draws a sequence of requests, or one alone.
func (g *grammar) script(t *rapid.T) script {
	s := script{operation: g.names[pick(t, len(g.names))]}
	steps := 1
	if one(t, 3) {
		steps = 2 + pick(t, maxSteps-1)
		s.atOnce = one(t, 4)
	}
	fault := 0
	if one(t, 3) {
		fault = 1 + pick(t, len(faults()))
	}
	for i := range steps {
		operation := s.operation
		if steps > 1 && one(t, 4) {
			operation = g.names[pick(t, len(g.names))]
		}
		r := g.plain[operation].request.clone()
		r.operation = operation
		broken := fault > 0 && (steps == 1 || i > 0 && one(t, 2))
		g.values(t, &r, broken, steps > 1)
		g.forms(t, &r, broken)
		if broken {
			f := faults()[fault-1]
			r.fault, r.at = fault, pick(t, 1<<12)
			if f.make != nil && !f.make(g, &r) {
				r.fault = 0
			}
		}
		s.steps = append(s.steps, r)
	}
	return s
}

// values draws the values of the members. In a sequence most texts are short, so that a
// failure depends on the sequence and rarely on a text.
func (g *grammar) values(t *rapid.T, r *request, broken, sequence bool) {
	for i := range r.members {
		m := &r.members[i]
		switch {
		case m.file:
			m.hash = drawHash(t)
		case broken || sequence && !one(t, 4):
			m.text = []rune("abcdef")[:1+pick(t, 6)]
			m.text = append(m.text, 'b')
		default:
			m.text = drawText(t)
		}
	}
}

// drawText draws a text of several pieces, one of them maybe long.
func drawText(t *rapid.T) (out []rune) {
	if one(t, 8) {
		all := naughty()
		return []rune(all[pick(t, len(all))])
	}
	all := alphabets()
	for range 1 + pick(t, 4) {
		of := all[pick(t, len(all))].runes
		length := 1 + pick(t, 8)
		if one(t, 3) {
			length = max(1, 1<<drawPower(t)-1+pick(t, 3))
		}
		for range min(length, 64) {
			out = append(out, of[pick(t, len(of))])
		}
		for length -= 64; length > 0; length -= 64 { // the same again, which costs fewer draws
			out = append(out, out[len(out)-64:len(out)-64+min(length, 64)]...)
		}
	}
	return out[:min(len(out), maxText)]
}

// drawPower draws the exponent of the power of two that the length of a text is close to.
// Most texts are short enough to cost little.
func drawPower(t *rapid.T) int {
	if one(t, 4) {
		return pick(t, 17)
	}
	return pick(t, 13)
}

// hashForms returns the variables that derive another hash from {{sha1}}.
func hashForms() []string {
	return []string{"upper", "mixed", "digits", "letters", "zeros", "exponent"}
}

// drawHash draws a hash: a variable, or a text of 40 digits.
func drawHash(t *rapid.T) string {
	switch pick(t, 8) {
	case 0:
		return "upper"
	case 1, 2:
		all := hashForms()
		return all[pick(t, len(all))]
	case 3:
		return drawDigits(t, "0123456789abcdefABCDEF", 40)
	}
	return ""
}

func drawDigits(t *rapid.T, of string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = of[pick(t, len(of))]
	}
	return string(out)
}

// forms draws up to three forms of the request.
func (g *grammar) forms(t *rapid.T, r *request, broken bool) {
	p := g.plain[r.operation].request
	for range pick(t, 4) {
		switch pick(t, 13) {
		case 0:
			r.spelling.escape = pick(t, escapings)
		case 1:
			r.spelling.between = space(t)
		case 2:
			r.spelling.around = space(t)
		case 3:
			slices.Reverse(r.members)
		case 4:
			r.members[pick(t, len(r.members))].escaped = true
		case 5, 6:
			all := furtherMembers()
			row := all[pick(t, len(all))]
			m := member{name: fmt.Sprintf("further%d", len(r.members)), further: true, raw: row.raw, like: row.like}
			if row.raw == sameNames {
				m.raw = nullsOf(p)
			}
			r.members = slices.Insert(r.members, pick(t, len(r.members)+1), m)
		case 7:
			r.reversed = true
		case 8:
			r.names = 1 + pick(t, 2)
		case 9:
			r.media = drawMedia(t, p.media)
		case 10:
			r.scheme = otherCase(t, p.scheme)
		case 11:
			all := furtherFields()
			row := all[pick(t, len(all))]
			if !record.HasHeader(r.fields, row.name) {
				r.fields = append(r.fields, record.Field{Name: row.name, Value: row.value})
			}
		case 12:
			if broken {
				continue // a server may ask for the length first
			}
			r.chunks = []int{}
			for range pick(t, 6) {
				r.chunks = append(r.chunks, 1+pick(t, 100))
			}
		}
	}
}

// nullsOf returns an object with the members of a request, all of them null.
func nullsOf(r request) string {
	var members []string
	for _, m := range r.members {
		members = append(members, fmt.Sprintf("%q:null", m.name))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func space(t *rapid.T) string {
	return []string{" ", "\t", "\n", "\r\n", "  ", " \t\r\n"}[pick(t, 6)]
}

func drawMedia(t *rapid.T, plain string) string {
	media, _, _ := strings.Cut(plain, ";")
	out := media
	if one(t, 2) {
		out = otherCase(t, media)
	}
	return out + []string{"", "; charset=utf-8", `; charset="utf-8"`, ";charset=UTF-8", "; Charset=utf-8"}[pick(t, 5)]
}

// otherCase returns a text in another letter case.
func otherCase(t *rapid.T, text string) string {
	switch pick(t, 3) {
	case 0:
		return strings.ToLower(text)
	case 1:
		return strings.ToUpper(text)
	}
	out := []byte(text)
	for i := range out {
		if one(t, 2) {
			out[i] = strings.ToUpper(text[i : i+1])[0]
		}
	}
	return string(out)
}
