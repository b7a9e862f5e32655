package traffic

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance/record"
)

// The limits that hold where [Options] have none.
const (
	DefaultEntry    = 32 << 20 // bytes of an entry, a line, or a body
	DefaultUnpacked = 64 << 30 // bytes of what is packed in a file
	DefaultSpool    = 1 << 30  // bytes of an archive that is copied to a temporary file
)

// Options say how a file is read. The zero value reads with the default limits, and no files
// other than the one given.
type Options struct {
	Name string // what sources and errors call the file; "-" for standard input

	// Open opens a file with a body that a HAR names. The name is relative to the folder of the
	// HAR, has slashes, and leads nowhere else by itself; symbolic links are up to Open. Where it
	// is nil, such bodies are lacking. Bodies in an archive are read without it.
	Open func(name string) (io.ReadCloser, error)

	// Head, where it is not nil, receives the report that stands on a line of the suite's own
	// NDJSON, the first one usually, before the entries that follow it. An error ends the reading.
	Head func(*record.Report) error

	// Progress, where it is not nil, receives how many bytes of the input have been read, each
	// time that some were. They are those of the file as it is, packed or not.
	Progress func(bytes int64)

	Entry    int   // most bytes of an entry, a line, or a body; DefaultEntry where 0
	Unpacked int64 // most bytes that are unpacked from one packed file; DefaultUnpacked where 0
	Spool    int64 // most bytes of an archive that does not come from a file; DefaultSpool where 0
}

// An Entry is one entry of a HAR or one line of NDJSON.
type Entry struct {
	Exchange *record.Exchange // nil where it cannot be read; its Source is set
	Source   record.Source
	Problem  string // what is wrong with a broken entry or line, and what to do; "" where nothing is
	Note     string // why a body that the entry names was not read, or ""
}

// A Summary says what a file was, and how far it was read.
type Summary struct {
	Format  string         // "har", "ndjson" or "har.zip"; "" where the file ends before that shows
	Entries int            // passed on, broken ones among them
	Cut     bool           // the file ends before what it holds does
	Head    *record.Report // the first report in the suite's own NDJSON, or nil
	Bytes   int64          // of the input, as it is
	End     record.Source  // where the reading ended; of the last file of an archive
}

// The formats of a [Summary].
const (
	HAR    = "har"
	NDJSON = "ndjson"
	HARZip = "har.zip"
)

// Read calls each with every entry of a file, in their order. An error is one of the whole file,
// which begins with the file's name and ends with the remedy, or the one that each returned,
// which ends the reading. What a damaged or cut file holds up to the damage is read.
func Read(r io.Reader, o Options, each func(Entry) error) (Summary, error) {
	if o.Entry <= 0 {
		o.Entry = DefaultEntry
	}
	if o.Unpacked <= 0 {
		o.Unpacked = DefaultUnpacked
	}
	if o.Spool <= 0 {
		o.Spool = DefaultSpool
	}
	in := &input{r: r, progress: o.Progress}
	t := &task{o: o, each: each, in: in}
	err := t.read(in, place{name: o.Name, open: o.Open}, 0)
	t.sum.Bytes = in.read
	return t.sum, err
}

// A place is where a stream comes from.
type place struct {
	name    string
	open    func(name string) (io.ReadCloser, error)
	zip     bool  // it is a file of an archive
	beneath int64 // bytes of the stream that were taken before, such as those of a byte order mark
}

// A task is one call of Read.
type task struct {
	o    Options
	each func(Entry) error
	in   *input
	sum  Summary
	json decoder
}

// pass hands an entry on.
func (t *task) pass(e Entry) error {
	if e.Exchange != nil {
		source := e.Source
		e.Exchange.Source = &source
	}
	t.sum.Entries++
	return t.each(e)
}

// most is how deep streams may be packed into each other.
const most = 4

// read reads a stream of any format.
func (t *task) read(r io.Reader, p place, depth int) error {
	w := &window{r: r, line: 1}
	head := w.ahead(headBytes)
	if len(head) < headBytes && beginsOne(head) {
		t.sum.Cut = true
		return t.ended(w, p)
	}
	for _, f := range packings() {
		if !bytes.HasPrefix(head, []byte(f.magic)) {
			continue
		}
		if f.unpack == nil {
			return fmt.Errorf("%s: this is %s; %s", p.name, f.name, f.remedy)
		}
		if depth == most {
			return fmt.Errorf("%s: it is packed more than %d times; unpack it first", p.name, most)
		}
		return f.unpack(t, w, p, depth+1)
	}
	if bytes.HasPrefix(head, bom) {
		w.take(len(bom))
	}
	err := t.document(w, p)
	t.sum.End = w.source(p.name)
	if err != nil {
		return err
	}
	return t.ended(w, p)
}

// beginsOne reports whether bytes are the beginning of what a packed stream begins with.
func beginsOne(b []byte) bool {
	for _, f := range append(packings(), packing{magic: string(bom)}) {
		if len(b) > 0 && len(b) < len(f.magic) && strings.HasPrefix(f.magic, string(b)) {
			return true
		}
	}
	return false
}

var bom = []byte("\xEF\xBB\xBF")

// ended reports how a stream ended, where it was not at its end.
func (t *task) ended(w *window, p place) error {
	var damage *damaged
	switch {
	case w.err == nil || errors.Is(w.err, io.EOF):
		return nil
	case !errors.As(w.err, &damage):
		return fmt.Errorf("%s: it cannot be read to its end: %w; copy the file, or record it again", p.name, w.err)
	}
	if errors.Is(damage.err, errTail) { // the stream itself is whole
		return t.pass(Entry{Source: w.source(p.name), Problem: fmt.Sprintf("the %s ends here, and %v; it was not "+
			"read, so pack it too, or remove it", damage.what, damage.err)})
	}
	t.sum.Cut = true
	if errors.Is(damage.err, io.ErrUnexpectedEOF) {
		return nil
	}
	return t.pass(Entry{Source: w.source(p.name), Problem: fmt.Sprintf("the %s ends here: %v; what follows was not "+
		"read, so copy or pack the file again", damage.what, damage.err)})
}

// document reads a stream that is not packed.
func (t *task) document(w *window, p place) error {
	switch format := sniff(w); {
	case format == HAR:
		t.format(HAR, p)
		return t.archive(w, p)
	case format == NDJSON:
		t.format(NDJSON, p)
		return t.lines(w, p)
	case format == "":
		t.sum.Cut = len(w.held()) > 0
		return nil
	default:
		return fmt.Errorf("%s: %s", p.name, format)
	}
}

func (t *task) format(name string, p place) {
	if p.zip {
		name = HARZip
	}
	t.sum.Format = name
}

const wanted = "record the traffic as HAR 1.2, or as NDJSON with \"fmaspec run\" or \"fmaspec proxy\""

// sniffed is how much of a stream is looked at to find its format.
const sniffed = 256 << 10

// sniff returns the format of a stream, "" where it ends before that shows, or else an error for
// the user.
func sniff(w *window) string {
	w.space()
	b := w.ahead(1)
	if len(b) == 0 {
		return ""
	}
	if first := w.ahead(4); bytes.IndexByte(first[:min(4, len(first))], 0) >= 0 {
		return "this is UTF-16 or another text with NUL bytes; convert it, as in: iconv -f UTF-16 -t UTF-8"
	}
	object := b[0] == '{'
	if object {
		for name := range names(w) {
			switch name {
			case "log":
				return HAR
			case "request", "response", "case", "step", "$schema":
				return NDJSON
			}
		}
	}
	// The first line may be broken, or without an end.
	b = w.ahead(sniffed)
	for line := range bytes.Lines(b) {
		first := bytes.TrimSpace(line)
		if bytes.HasPrefix(first, []byte("{")) && bytes.Contains(first, []byte(`"request"`)) {
			return NDJSON
		}
	}
	s := scan{w: w, most: sniffed, peek: true}
	switch whole := s.value(); {
	case object && !whole && !s.long:
		return "" // cut
	case object && s.long:
		return HAR // its members before the log are long
	case object:
		return "the object has no member \"log\", as a HAR has, and none of an exchange; " + wanted
	case b[0] == '[':
		return "this is a list; of a HAR, pass the whole file, and write exchanges one on each line"
	}
	return "this is neither HAR nor NDJSON of exchanges; " + wanted
}
