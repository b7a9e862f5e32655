package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How much of a body the page shows. A dump takes five times the space.
const (
	shownText = 32 << 10
	shownDump = 4 << 10
	// when the bodies of a page have come to bodyRoom, only shownShort of each other one is shown
	bodyRoom   = 16 << 20
	shownShort = 512
)

// A piece is text of a body, an escape in it, or the beginning or end of a mark.
type piece struct {
	Text   string
	Escape bool
	Mark   *mark // begins here
	End    bool  // the innermost mark ends here
}

// A mark is the part of an answer that findings are about.
type mark struct {
	Notes    []note
	Lacks    bool // the findings are about something missing here
	from, to int
}

// A note is a reference from an answer to a finding.
type note struct {
	Number     int    // of the finding in its case, from 1
	Here, Told string // anchors of the note and of the finding
}

// A bodyText is a body as the page shows it.
type bodyText struct {
	Pieces []piece
	Long   bool   // folded on the page
	About  string // how it was changed for display, or ""
}

// shownBody formats a body: as text with invisible characters escaped, or as a dump if it is
// not text. Notes by JSON pointer mark the value they point to, or the nearest object that
// should contain it; all others, and those whose pointer has no target, are returned as notes
// on the whole body. It shows at most limit bytes.
func shownBody(body []byte, header map[string][]string, notes map[string][]note, limit int) (text bodyText,
	rest []note) {
	var about []string
	size := count(len(body), "byte")
	if plain, ok := unpacked(body, header); ok {
		about = append(about, "shown unpacked, "+size+" came")
		body, size = plain, "the decoded body"
	}
	marks, rest := marksOf(body, notes)
	all := body
	if len(all) > limit {
		body = all[:startBefore(all, limit)]
	}
	dump := isDump(body)
	switch {
	case dump:
		body = all[:min(len(all), shownDump, limit)]
		for _, m := range marks {
			rest = append(rest, m.Notes...)
		}
		about = append(about, "not UTF-8, shown byte by byte")
	case !utf8.Valid(body):
		about = append(about, "not UTF-8, invalid bytes are shown as escapes")
	}
	if len(body) < len(all) {
		about = append(about, fmt.Sprintf("the first %s of %s", count(len(body), "byte"), size))
	}
	text.Long = len(body) > 4<<10 && len(marks) == 0
	text.About = strings.Join(about, "; ")
	if dump {
		text.Pieces = []piece{{Text: dumped(body)}}
		return text, sorted(rest)
	}
	text.Pieces = pieces(body, marks)
	return text, sorted(rest)
}

// startBefore returns the index after the last character that ends at or before n.
func startBefore(body []byte, n int) int {
	for at := n; at > n-utf8.UTFMax; at-- {
		if utf8.RuneStart(body[at]) {
			return at
		}
	}
	return n
}

func sorted(notes []note) []note {
	slices.SortStableFunc(notes, func(a, b note) int { return cmp.Compare(a.Number, b.Number) })
	return notes
}

// unpacked decodes gzip as far as the page shows it.
func unpacked(body []byte, header map[string][]string) ([]byte, bool) {
	coding := ""
	for name, values := range header {
		if strings.EqualFold(name, "Content-Encoding") {
			coding = strings.ToLower(strings.TrimSpace(strings.Join(values, ",")))
		}
	}
	if coding != "gzip" && coding != "x-gzip" {
		return nil, false
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, false
	}
	plain, _ := io.ReadAll(io.LimitReader(r, shownText+1)) // data before an error is shown
	return plain, len(plain) > 0
}

// isDump reports whether a body is not text: it is not UTF-8, and has too many invalid bytes
// for escapes.
func isDump(body []byte) bool {
	if utf8.Valid(body) {
		return false
	}
	odd := 0
	for _, b := range body {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' || b >= 0x7f {
			odd++
		}
	}
	return odd*2 > len(body)
}

// dumped returns a hex dump, 16 bytes per line: offset, hex, and printable ASCII.
func dumped(body []byte) string {
	var b strings.Builder
	for at := 0; at < len(body); at += 16 {
		row := body[at:min(at+16, len(body))]
		letters := slices.Clone(row)
		for i, c := range letters {
			if c < ' ' || c > '~' {
				letters[i] = '.'
			}
		}
		fmt.Fprintf(&b, "%06x  %-48s %s\n", at, fmt.Sprintf("% x", row), letters)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// pieces splits a body at its marks, which nest, and at its escapes. Marks beyond its end are
// cut off there.
func pieces(body []byte, marks []mark) (out []piece) {
	slices.SortStableFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.from, b.from),
			cmp.Compare(b.to, a.to))
	})
	at := 0
	var open []int // ends of the marks that are open
	upTo := func(to int) {
		for len(open) > 0 && open[len(open)-1] <= to {
			end := open[len(open)-1]
			open = open[:len(open)-1]
			out = append(escaped(out, body[at:end]), piece{End: true})
			at = end
		}
		out = escaped(out, body[at:to])
		at = to
	}
	for i := range marks {
		m := &marks[i]
		upTo(min(m.from, len(body)))
		out = append(out, piece{Mark: m})
		open = append(open, min(m.to, len(body)))
	}
	upTo(len(body))
	return out
}

// escaped adds text, with each invisible character as a separate piece.
func escaped(out []piece, text []byte) []piece {
	for len(text) > 0 {
		n := 0
		for n < len(text) && showsAs(text[n:]) > 0 {
			n += showsAs(text[n:])
		}
		if n > 0 {
			out = disarmed(out, string(text[:n]))
			text = text[n:]
		}
		for n = 0; n < len(text) && showsAs(text[n:]) == 0; {
			_, size := utf8.DecodeRune(text[n:])
			n += size
		}
		if n > 0 {
			out = append(out, piece{Text: safe(string(text[:n])), Escape: true})
			text = text[n:]
		}
	}
	return out
}

// disarmed adds printable text, with a character of each command of a build server escaped as
// a separate piece: a page may be printed into a log.
func disarmed(out []piece, text string) []piece {
	plain := 0 // start of the text that is not added yet
	for from := 0; from < len(text); {
		line, _, _ := strings.Cut(text[from:], "\n")
		begins := from == 0 || text[from-1] == '\n'
		lead := ""
		if !begins {
			lead = "x" // commands count only at the start of a line
		}
		was, is := lead+line, safe(lead+line)
		if was == is {
			from += len(line) + 1
			continue
		}
		at := 0
		for was[at] == is[at] {
			at++
		}
		at += from - len(lead)
		if at > plain {
			out = append(out, piece{Text: text[plain:at]})
		}
		out = append(out, piece{Text: fmt.Sprintf(`\x%02x`, text[at]), Escape: true})
		from = at + 1
		plain = from
	}
	if plain < len(text) {
		out = append(out, piece{Text: text[plain:]})
	}
	return out
}

// showsAs returns the length of the first character if it is printable, or 0.
func showsAs(text []byte) int {
	r, size := utf8.DecodeRune(text)
	if r != '\n' && !printable(r) {
		return 0
	}
	return size
}

// A pointed is a value on the path to a place that findings name.
type pointed struct {
	children map[string]*pointed
	notes    []note
	found    bool
	inside   bool // an object or an array that was searched
	whole    bool // and has an end
	from, to int
}

// marksOf finds the values that notes point to, in one pass over the body. In malformed JSON
// it finds the values before the error; a value that is open there extends to the end.
func marksOf(body []byte, notes map[string][]note) (marks []mark, rest []note) {
	root := &pointed{}
	var places []string
	for place := range notes {
		places = append(places, place)
	}
	slices.Sort(places)
	for _, place := range places {
		if place == "" || place[0] != '/' {
			rest = append(rest, notes[place]...)
			continue
		}
		at := root
		for name := range strings.SplitSeq(place[1:], "/") {
			name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
			next := at.children[name]
			if next == nil {
				if at.children == nil {
					at.children = map[string]*pointed{}
				}
				next = &pointed{}
				at.children[name] = next
			}
			at = next
		}
		at.notes = append(at.notes, notes[place]...)
	}
	if root.children == nil {
		return nil, rest
	}
	text := bytes.TrimPrefix(body, []byte("\ufeff"))
	base := len(body) - len(text)
	(&walker{text, json.NewDecoder(bytes.NewReader(text))}).walk(root)
	if !root.found {
		return nil, append(rest, root.all(nil)...)
	}
	return root.marks(base, nil), rest
}

// A walker searches values along the requested paths.
type walker struct {
	text    []byte
	decoder *json.Decoder
}

// walk reads one value and records its position. It returns false if the text is malformed.
func (w *walker) walk(p *pointed) bool {
	from := int(w.decoder.InputOffset())
	for from < len(w.text) && strings.IndexByte(" \t\r\n:,", w.text[from]) >= 0 {
		from++
	}
	if from == len(w.text) || strings.IndexByte(`{["-0123456789tfn`, w.text[from]) < 0 {
		return false
	}
	p.found, p.from, p.to = true, from, len(w.text)
	if p.inside = len(p.children) > 0 && (w.text[from] == '{' || w.text[from] == '['); p.inside {
		p.whole = w.inside(p, w.text[from] == '{')
	} else {
		p.whole = w.skip()
	}
	if p.whole {
		p.to = int(w.decoder.InputOffset())
	}
	return p.whole
}

// skip reads a value that no note points to.
func (w *walker) skip() bool {
	var value json.RawMessage
	return w.decoder.Decode(&value) == nil
}

func (w *walker) inside(p *pointed, object bool) bool {
	if _, err := w.decoder.Token(); err != nil {
		return false
	}
	for i := 0; w.decoder.More(); i++ {
		name := strconv.Itoa(i)
		if object {
			token, err := w.decoder.Token()
			if err != nil {
				return false
			}
			name = fmt.Sprint(token)
		}
		if next := p.children[name]; next != nil {
			if !w.walk(next) {
				return false
			}
		} else if !w.skip() {
			return false
		}
	}
	_, err := w.decoder.Token()
	return err == nil
}

// marks adds the marks of a value and of those in it. A missing value is marked at its nearest
// existing parent.
func (p *pointed) marks(base int, out []mark) []mark {
	var lacks []note
	for _, next := range p.inOrder() {
		if next.found {
			out = next.marks(base, out)
		} else {
			lacks = next.all(lacks)
		}
	}
	if len(p.notes) > 0 {
		out = append(out, mark{Notes: sorted(p.notes), from: base + p.from, to: base + p.to})
	}
	if len(lacks) > 0 {
		out = append(out, p.brackets(base, sorted(lacks))...)
	}
	return out
}

// brackets marks the brackets of an object or array, or all of another value: a mark on all
// members would hide that one is missing.
func (p *pointed) brackets(base int, notes []note) []mark {
	first := mark{Notes: notes, Lacks: true, from: base + p.from, to: base + p.to}
	if !p.inside {
		return []mark{first}
	}
	first.to = first.from + 1
	if !p.whole {
		return []mark{first}
	}
	return []mark{first, {Lacks: true, from: base + p.to - 1, to: base + p.to}}
}

// all adds the notes of a value and of those in it.
func (p *pointed) all(out []note) []note {
	out = append(out, p.notes...)
	for _, next := range p.inOrder() {
		out = next.all(out)
	}
	return out
}

func (p *pointed) inOrder() (out []*pointed) {
	var names []string
	for name := range p.children {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(out, p.children[name])
	}
	return out
}
