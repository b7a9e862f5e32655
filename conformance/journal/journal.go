// Package journal records on disk what runs caused, or may have caused, on real machines: one
// JSON object per line, append-only.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf16"

	"fmaspec/conformance/record"
)

// A Journal is a file to which entries are appended. It is safe for concurrent use.
type Journal struct {
	path string
	mu   sync.Mutex
	file file
	torn bool // the last line is incomplete
}

// file is the part of *os.File that a journal uses.
type file interface {
	io.WriteCloser
	Sync() error
}

// Open opens the journal at path for appending, and creates the file if it does not exist,
// readable only by its owner. A second run cannot open it until it is closed, if the system
// has file locks. A last line that is incomplete after a crash is not changed; the next entry
// begins a new line.
func Open(path string) (*Journal, error) {
	j, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: the journal cannot be opened: %w", path, err)
	}
	return j, nil
}

func open(path string) (j *Journal, err error) {
	const other = "; name a file in a folder that can be written to"
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder" + other)
	case err == nil && !info.Mode().IsRegular(): // opening a pipe would wait, and a device keeps nothing
		return nil, errors.New("it is not a regular file" + other)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w%s", reason(err), other)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := lock(f); err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("its folder cannot be synced to the disk: %w%s", reason(err), other)
	}
	last := []byte{'\n'}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil && end > 0 {
		_, err = f.ReadAt(last, end-1)
	}
	if err != nil {
		return nil, fmt.Errorf("%w%s", reason(err), other)
	}
	return &Journal{path: path, file: f, torn: last[0] != '\n'}, nil
}

// Record appends an entry, and returns when it is on the disk. Very long text from a target is
// cut. An entry that [Read] would refuse is an error, and nothing is written.
func (j *Journal) Record(e record.JournalEntry) error {
	line, err := written(e)
	if err != nil {
		return fmt.Errorf("%s: not an entry of a journal: %w", j.path, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := j.file.Write(line)
	if n > 0 {
		j.torn = n < len(line)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("%s: the entry was not recorded: %w; check that the disk is available and has free space",
			j.path, reason(err))
	}
	return nil
}

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("%s: the journal was not closed: %w; check its last entries", j.path, reason(err))
	}
	return nil
}

// textLimit is the maximum length of text from a target, in bytes.
const textLimit = 2 << 10

// written returns the line of an entry. It is ASCII, so that it has no control sequences and
// any cut is between characters.
func written(e record.JournalEntry) ([]byte, error) {
	e.Time = e.Time.UTC()
	e.Action, e.Error = cut(e.Action), cut(e.Error)
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	line := ascii(text)
	if len(line) >= lineLimit {
		return nil, errLong
	}
	_, err = entry(line)
	return append(line, '\n'), err
}

// ascii escapes JSON text to ASCII.
func ascii(text []byte) []byte {
	out := make([]byte, 0, len(text)+1)
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func cut(s string) string {
	if len(s) <= textLimit {
		return s
	}
	return strings.ToValidUTF8(s[:textLimit], "") + "…"
}

// reason returns an error without the path and the system call.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
