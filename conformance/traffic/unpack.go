package traffic

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"fmaspec/conformance/record"
)

// An input counts what is read of the file itself, and keeps the error of reading it.
type input struct {
	r        io.Reader
	read     int64
	progress func(int64)
	err      error
}

func (i *input) Read(b []byte) (int, error) {
	n, err := i.r.Read(b)
	return n, i.note(n, err)
}

func (i *input) note(n int, err error) error {
	if i.read += int64(n); i.progress != nil && n > 0 {
		i.progress(i.read)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		i.err = err
	}
	return err
}

// An inputAt is an input that can be read at any place.
type inputAt struct {
	*input
	at io.ReaderAt
}

func (i inputAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := i.at.ReadAt(b, off)
	return n, i.note(n, err)
}

// file returns the input as a file that can be read at any place, if it is one and was read from
// its beginning.
func (i *input) file() (io.ReaderAt, int64, bool) {
	at, is := i.r.(io.ReaderAt)
	if !is {
		return nil, 0, false
	}
	size := int64(-1)
	switch f := i.r.(type) {
	case interface{ Size() int64 }: // of bytes and strings
		size = f.Size()
	case fs.File:
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	if seeker, is := i.r.(io.Seeker); is && size >= 0 {
		if now, err := seeker.Seek(0, io.SeekCurrent); err != nil || now != i.read {
			return nil, 0, false
		}
	}
	return inputAt{i, at}, size, size >= 0
}

// A packing is a form in which a stream may be packed, known by its first bytes.
type packing struct {
	magic  string
	name   string
	unpack func(t *task, w *window, p place, depth int) error // nil where it is not read
	remedy string
}

func packings() []packing {
	const unpack = "unpack it first, or pack it with gzip, zstd or zip"
	zstandard := func(t *task, w *window, p place, depth int) error {
		// The window of a frame is in memory; zstd writes none above 8 MiB unless it is asked to.
		r, err := zstd.NewReader(w.rest(), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return t.damage(p, "zstd stream", err)
		}
		defer r.Close()
		return t.read(t.unpacked(r, "zstd stream"), p, depth)
	}
	return []packing{
		{"\x1F\x8B", "gzip", func(t *task, w *window, p place, depth int) error {
			from := bufio.NewReader(w.rest())
			r, err := gzip.NewReader(from)
			if err != nil {
				return t.damage(p, "gzip stream", err)
			}
			r.Multistream(false)
			return t.read(t.unpacked(&members{from: from, r: r}, "gzip stream"), p, depth)
		}, ""},
		{"\x28\xB5\x2F\xFD", "zstd", zstandard, ""},
		{"\x50\x2A\x4D\x18", "zstd", zstandard, ""}, // a frame that is passed over, as pzstd writes it
		{"PK\x03\x04", "a zip archive", (*task).zip, ""},
		{"PK\x05\x06", "an empty zip archive", nil, "pass an archive that holds a HAR"},
		{"BZh", "bzip2", nil, unpack},
		{"\xFD7zXZ\x00", "xz", nil, unpack},
		{"7z\xBC\xAF\x27\x1C", "7z", nil, unpack},
	}
}

// members reads the members of a gzip stream. Zeros may stand behind the last one, as a tape has them.
type members struct {
	from *bufio.Reader
	r    *gzip.Reader
	end  error
}

func (m *members) Read(b []byte) (int, error) {
	for m.end == nil {
		n, err := m.r.Read(b)
		if n > 0 || err == nil {
			return n, nil
		}
		if m.end = err; errors.Is(err, io.EOF) {
			m.end = m.next()
		}
	}
	return 0, m.end
}

// next goes to the next member, if there is one.
func (m *members) next() error {
	for {
		first, err := m.from.Peek(1)
		switch {
		case err != nil:
			return err // also that the file cannot be read
		case first[0] == 0:
			_, _ = m.from.Discard(1)
			continue
		}
		head, err := m.from.Peek(2)
		if string(head) == "\x1F\x8B" {
			if err := m.r.Reset(m.from); err != nil {
				return err
			}
			m.r.Multistream(false)
			return nil
		}
		if len(head) == 1 && head[0] == 0x1F && errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return errTail
	}
}

// errTail says that something else stands behind a packed stream.
var errTail = errors.New("what stands behind it is not packed")

// rest returns a reader of the window and all that follows it.
func (w *window) rest() io.Reader { return io.MultiReader(&heldReader{w}, &restReader{w}) }

type heldReader struct{ w *window }

func (h *heldReader) Read(b []byte) (int, error) {
	n := copy(b, h.w.held())
	h.w.from += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

type restReader struct{ w *window }

func (r *restReader) Read(b []byte) (int, error) {
	if r.w.err != nil {
		return 0, r.w.err
	}
	return r.w.r.Read(b)
}

// A damaged error is one of a packed stream, and not of reading the file.
type damaged struct {
	what string
	err  error
}

func (d *damaged) Error() string { return "the " + d.what + " is damaged: " + d.err.Error() }

// An unpacked stream is read up to a limit.
type unpacked struct {
	r    io.Reader
	what string
	left int64
	in   *input
}

// unpacked returns a reader whose errors are damage, unless they are those of the file.
func (t *task) unpacked(r io.Reader, what string) io.Reader {
	return &unpacked{r: r, what: what, left: t.o.Unpacked, in: t.in}
}

func (u *unpacked) Read(b []byte) (int, error) {
	if u.left <= 0 {
		return 0, &damaged{u.what, errors.New("more is packed in it than the limit, which is there against " +
			"packed files without an end")}
	}
	n, err := u.r.Read(b[:min(int64(len(b)), u.left)])
	u.left -= int64(n)
	var inner *damaged
	switch {
	case err == nil, errors.Is(err, io.EOF):
	case u.in.err != nil:
		err = u.in.err
	case !errors.As(err, &inner):
		err = &damaged{u.what, err}
	}
	return n, err
}

// damage reports a packed stream that cannot be read at all.
func (t *task) damage(p place, what string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.sum.Cut = true
		return nil
	}
	if t.in.err != nil {
		return fmt.Errorf("%s: it cannot be read: %w; copy the file, or record it again", p.name, t.in.err)
	}
	return fmt.Errorf("%s: the %s is damaged: %w; copy or pack the file again", p.name, what, err)
}

// mostDirectory is the longest directory of an archive that is read into memory.
const mostDirectory = 16 << 20

// zip reads the HAR files of an archive, in the order of its directory.
func (t *task) zip(w *window, p place, depth int) error {
	r, size, ok := t.in.file()
	if !ok || depth > 1 {
		f, n, err := t.spool(w, p)
		if f == nil {
			return err
		}
		defer os.Remove(f.Name())
		defer f.Close()
		r, size = f, n
	}
	if long := directory(r, size); long > mostDirectory {
		return fmt.Errorf("%s: the directory of the archive is longer than %d MiB; unpack it, and pass its HAR",
			p.name, mostDirectory>>20)
	}
	z, err := zip.NewReader(r, size)
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: the zip archive is cut or damaged: its directory cannot be read; copy it again", p.name)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // no name is used as a path of the system
		return t.damage(p, "zip archive", err)
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		files[f.Name] = f
	}
	read := records(z.File)
	if len(read) == 0 {
		return fmt.Errorf("%s: the archive holds no file that ends in .har or .ndjson; add one, or pass it by itself",
			p.name)
	}
	for _, f := range read {
		if err := t.member(f, files, p, depth); err != nil {
			return err
		}
	}
	return nil
}

// records returns the files of an archive that hold exchanges: those named so, or the only one.
func records(files []*zip.File) (out []*zip.File) {
	for _, f := range files {
		if strings.HasPrefix(path.Base(f.Name), "._") {
			continue // macOS keeps attributes there
		}
		switch path.Ext(strings.ToLower(f.Name)) {
		case ".har", ".ndjson", ".jsonl":
			out = append(out, f)
		}
	}
	if len(out) == 0 && len(files) == 1 {
		return files
	}
	return out
}

// member reads one file of an archive.
func (t *task) member(f *zip.File, files map[string]*zip.File, p place, depth int) error {
	inside := place{name: p.name + "/" + f.Name, zip: true, open: func(name string) (io.ReadCloser, error) {
		if f := files[path.Join(path.Dir(f.Name), name)]; f != nil && !f.Mode().IsDir() {
			return f.Open()
		}
		return nil, fs.ErrNotExist
	}}
	broken := ""
	switch r, err := f.Open(); {
	case f.Flags&1 != 0:
		broken = "this file of the archive is encrypted; unpack it, and pass its HAR"
	case err != nil:
		broken = fmt.Sprintf("this file of the archive cannot be read: %v; unpack it, and pass its HAR", err)
	default:
		defer r.Close()
		return t.read(t.unpacked(r, "file in the archive"), inside, depth)
	}
	return t.pass(Entry{Source: record.Source{File: inside.name, Line: 1}, Problem: broken})
}

// directory returns the length of the directory of an archive, 0 where there is none.
func directory(r io.ReaderAt, size int64) int64 {
	const end = 22 // bytes of the record at the end, before a comment
	tail := make([]byte, min(size, end+1<<16))
	if n, err := r.ReadAt(tail, size-int64(len(tail))); n < len(tail) && err != nil {
		return 0
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < end {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(tail[at+12:])) // in the form for long archives it is the greatest
}

// spool copies an archive to a temporary file; where it returns none, there is nothing to read.
func (t *task) spool(w *window, p place) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "fmaspec-*.zip")
	if err != nil {
		return nil, 0, fmt.Errorf("%s: the archive cannot be copied: %w; pass it as a file", p.name, err)
	}
	n, err := io.Copy(f, io.LimitReader(w.rest(), t.o.Spool+1))
	switch {
	case err != nil:
		err = t.damage(p, "zip archive", err)
	case n > t.o.Spool:
		err = fmt.Errorf("%s: the archive is longer than %d MiB; pass it as a file", p.name, t.o.Spool>>20)
	default:
		return f, n, nil
	}
	f.Close()
	os.Remove(f.Name())
	return nil, 0, err
}

// bodyFile reads a file with a body, or says why it was not.
func (t *task) bodyFile(name string, p place) (body []byte, note string) {
	inside := strings.TrimPrefix(name, "./")
	switch {
	case !fs.ValidPath(inside) || !filepath.IsLocal(inside) || strings.ContainsAny(inside, "\\:\x00") || inside == ".":
		return nil, fmt.Sprintf("the body file %q is not in the folder of the HAR, and was not read", name)
	case p.open == nil:
		return nil, fmt.Sprintf("the body file %q cannot be read from here", name)
	}
	r, err := p.open(inside)
	if err != nil {
		return nil, fmt.Sprintf("the body file %q cannot be opened", name)
	}
	defer r.Close()
	body, err = io.ReadAll(io.LimitReader(r, int64(t.o.Entry)+1))
	switch {
	case err != nil:
		return nil, fmt.Sprintf("the body file %q cannot be read to its end", name)
	case len(body) > t.o.Entry:
		return nil, fmt.Sprintf("the body file %q is longer than %d MiB, and was not read", name, t.o.Entry>>20)
	}
	return slices.Clip(body), ""
}
