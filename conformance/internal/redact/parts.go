package redact

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// shortestPart is the length from which a part of a token gives it away, and fewestLetters
// how many different characters such a part has: "----------------" is a part of nothing.
const (
	shortestPart  = 16
	fewestLetters = 8
)

// gram is how many bytes of a text are looked up at once. They are looked up at every
// gram bytes alone: a part of 2*gram-1 bytes or more holds one of these places whole.
const gram = 8

// A form is one spelling of a token, in lower case, with the parts of it that give the
// token away.
type form struct {
	text  []byte
	parts [][2]int // where such a part begins and ends, in order; parts overlap
	plain bool     // the token as it is
	named bool     // the token may hold the name of its user, see [form.isName]
}

// An index finds the places of texts where a secret may stand. Secrets are added to it, and
// none is removed: what it costs to add one does not depend on how many there are.
type index struct {
	bits  [1 << 13]uint64 // of the grams, by their hash: most texts hold none of them
	first map[uint64]int32
	refs  []reference // those of a gram are a list
	forms []form

	spelt, known int // how many spellings, and how many tokens, it has
	work         int // how many grams were added to it
}

// A reference is a place of a gram in a form; form is -1 where only the whole of a
// secret counts.
type reference struct{ form, at, next int32 }

// newIndex returns an index of nothing.
func newIndex() *index { return &index{first: map[uint64]int32{}} }

// extend adds what the index does not have of spellings in lower case, and of tokens with their parts.
func (x *index) extend(spelt []spelling, tokens [][]form) {
	for _, sp := range spelt[x.spelt:] {
		x.add(sp.text, -1)
	}
	for _, forms := range tokens[x.known:] {
		for _, f := range forms {
			x.forms = append(x.forms, f)
			x.add(f.text, len(x.forms)-1)
		}
	}
	x.spelt, x.known = len(spelt), len(tokens)
}

func (x *index) add(text []byte, of int) {
	for at := 0; at+gram <= len(text); at++ {
		x.work++
		key := binary.LittleEndian.Uint64(text[at:])
		first, there := x.first[key]
		if there && of < 0 {
			continue
		}
		next := int32(-1)
		if there {
			next = first
		}
		x.first[key] = int32(len(x.refs))
		x.refs = append(x.refs, reference{int32(of), int32(at), next})
		word, bit := slot(key)
		x.bits[word] |= bit
	}
}

// slot returns where the bit of a gram stands.
func slot(key uint64) (word, bit uint64) {
	sum := key * 0x9E3779B97F4A7C15 >> 45
	return sum >> 6, 1 << (sum & 63)
}

// find calls found for each gram of a text that a secret holds too, and stops where it
// returns false.
func (x *index) find(text []byte, found func(at int, first int32) bool) {
	for at := 0; at+gram <= len(text); at += gram {
		key := binary.LittleEndian.Uint64(text[at:])
		word, bit := slot(key)
		if x.bits[word]&bit == 0 {
			continue
		}
		if first, there := x.first[key]; there && !found(at, first) {
			return
		}
	}
}

// holdsAny reports whether a text may hold the whole of a spelling of 2*gram-1 bytes or
// more.
func (x *index) holdsAny(text []byte) (may bool) {
	x.find(text, func(int, int32) bool { may = true; return false })
	return may
}

// tokenParts calls mark for each part of a token in a text in lower case.
func (x *index) tokenParts(text []byte, mark func(from, to int)) {
	if len(x.forms) == 0 || len(text) < shortestPart {
		return
	}
	done := make([]int, len(x.forms)) // up to where the parts of a form are found
	x.find(text, func(at int, first int32) bool {
		for i := first; i >= 0; i = x.refs[i].next {
			r := x.refs[i]
			if r.form < 0 || done[r.form] > at {
				continue
			}
			f := &x.forms[r.form]
			from, in := at, int(r.at)
			for from > 0 && in > 0 && text[from-1] == f.text[in-1] {
				from, in = from-1, in-1
			}
			to, end := at+gram, int(r.at)+gram
			for to < len(text) && end < len(f.text) && text[to] == f.text[end] {
				to, end = to+1, end+1
			}
			if f.holds(in, end) && !f.isName(text, from, to, in) {
				mark(from, to)
				done[r.form] = to
			}
		}
		return true
	})
}

// holds reports whether a piece of the form holds a part that gives the token away.
func (f *form) holds(from, to int) bool {
	for _, p := range f.parts {
		if p[0] >= from {
			return p[1] <= to
		}
	}
	return false
}

// isName reports whether what a text has in common with a token is the name of the user,
// or other words: many a mock names its tokens after its users. It stands by itself in
// both, and has the form of an address, or of words of letters alone.
func (f *form) isName(text []byte, from, to, in int) bool {
	if !f.named {
		return false
	}
	end := in + to - from
	bare := func(i, j int) bool { return isAlone(text, from+i, from+j) && isAlone(f.text, in+i, in+j) }
	isLetters, isAddress := true, false
	for _, c := range text[from:to] {
		isAddress = isAddress || c == '@'
		isLetters = isLetters && (isLetter(c) || strings.IndexByte("-._", c) >= 0)
	}
	if isLetters {
		return bare(0, to-from)
	}
	if !isAddress {
		return false
	}
	i, j := 0, end-in
	for i < j && !isWord(text[from+i]) {
		i++
	}
	for j > i && !isWord(text[from+j-1]) {
		j--
	}
	return bare(i, j)
}

// namesUser reports whether a text holds the whole of a token, in plain, as the name of a
// user.
func (x *index) namesUser(text []byte, from, to int, token []byte) bool {
	for i := range x.forms {
		if f := &x.forms[i]; f.plain && string(f.text) == string(token) {
			return strings.IndexByte(string(token), '@') >= 0 && f.isName(text, from, to, 0)
		}
	}
	return false
}

// isAlone reports whether a piece of a text is one or more words of it.
func isAlone(text []byte, from, to int) bool {
	return from < to && isWord(text[from]) && isWord(text[to-1]) && (from == 0 || !isWord(text[from-1])) &&
		(to == len(text) || !isWord(text[to]))
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isWord(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c >= 0x80 }

// formsOf returns the forms in which parts of a token are looked for: as they are, in
// hexadecimal digits, and in base64 wherever in the coded text they stand.
func formsOf(token string) (out []form) {
	secret := 0 // where what is the token's own begins
	isJWT := jwt.FindString(token) == token && token != ""
	if isJWT {
		secret = strings.IndexByte(token, '.') + 1 // the header is the same in everybody's
	}
	var starts []int
	for at := secret; at+shortestPart <= len(token); at++ {
		if varied(token[at : at+shortestPart]) {
			starts = append(starts, at)
		}
	}
	if len(starts) == 0 {
		return nil
	}
	add := func(text string, plain bool, where func(at int) (from, to int)) {
		f := form{text: small([]byte(text)), plain: plain, named: plain && !isJWT}
		for _, at := range starts {
			from, to := where(at)
			f.parts = append(f.parts, [2]int{from, to})
		}
		out = append(out, f)
	}
	add(token, true, func(at int) (int, int) { return at, at + shortestPart })
	add(hex.EncodeToString([]byte(token)), false, func(at int) (int, int) { return 2 * at, 2 * (at + shortestPart) })
	for i, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := coding.EncodeToString([]byte(strings.Repeat("-", before) + token))
			if i > 0 && !strings.ContainsAny(text, "-_") {
				continue // the same as in the other alphabet
			}
			add(text, false, func(at int) (int, int) {
				return ((before+at)*8 + 5) / 6, (before + at + shortestPart) * 8 / 6
			})
		}
	}
	return out
}

// varied reports whether a part has enough different characters, and is more than digits and letters in their order,
// which many a text has of its own.
func varied(part string) bool {
	var seen [256]bool
	n := 0
	text := small([]byte(part))
	if inOrder(text) {
		return false
	}
	for _, c := range text {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n >= fewestLetters
}

// inOrder reports whether each character is the next digit or letter to the one before it, such as in
// 0123456789abcdef; behind the last one the first follows.
func inOrder(text []byte) bool {
	for i := 1; i < len(text); i++ {
		if before, c := text[i-1], text[i]; c != before+1 && !(strings.IndexByte("09fz", before) >= 0 &&
			(c == '0' || c == 'a')) {
			return false
		}
	}
	return true
}
