package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// The limits: of a line, of a file, and of lines that are not entries.
const (
	lineLimit = 64 << 10
	fileLimit = 64 << 20
	badLimit  = 1000
)

var errLong = fmt.Errorf("the line is longer than %d KiB", lineLimit>>10)

// Read returns the entries of a journal in their order, with the numbers of the lines that are
// incomplete after a crash. No request belongs to those: a request is sent after its entry is
// completely on the disk. Every other line that is not an entry is part of the error, which
// begins with name:line; the other entries are returned nevertheless.
func Read(name string, r io.Reader) (entries []record.JournalEntry, torn []int, err error) {
	var errs []error
	number := 0
	limited := &io.LimitedReader{R: r, N: fileLimit + 1}
	in := bufio.NewReaderSize(limited, lineLimit)
	for {
		number++
		line, end := in.ReadSlice('\n')
		err := error(nil)
		for errors.Is(end, bufio.ErrBufferFull) {
			err = errLong
			line, end = in.ReadSlice('\n')
		}
		if limited.N == 0 {
			errs = append(errs, fmt.Errorf("%s:%d: the file is longer than %d MiB, and the rest was not read; split "+
				"it, or name a journal", name, number, fileLimit>>20))
			break
		}
		if end != nil && !errors.Is(end, io.EOF) {
			errs = append(errs, fmt.Errorf("%s:%d: %w; name a file that can be read", name, number, reason(end)))
			break
		}
		if end != nil && len(line) == 0 && err == nil {
			break
		}
		var e record.JournalEntry
		if err == nil {
			e, err = entry(bytes.TrimSuffix(line, []byte("\n")))
		}
		var fault *strictjson.Error
		switch {
		case err == nil:
			entries = append(entries, e)
		case end != nil && !errors.Is(err, errLong), errors.As(err, &fault) && fault.Kind == strictjson.Cut:
			torn = append(torn, number)
		default:
			errs = append(errs, fmt.Errorf("%s:%d: %w; correct or remove the line, and find out in another way what "+
				"it recorded", name, number, err))
		}
		if end != nil {
			break
		}
		if len(errs)+len(torn) == badLimit {
			errs = append(errs, fmt.Errorf("%s:%d: %d lines so far are not entries, and the rest was not read; name "+
				"a journal", name, number, badLimit))
			break
		}
	}
	return entries, torn, errors.Join(errs...)
}

// A member is one member of the object that is an entry.
type member struct {
	name     string
	required bool
	into     any
	want     string // description of its valid values
}

// membersOf returns the members of an entry, in the order of the file.
func membersOf(e *record.JournalEntry) []member {
	const text, integer = "a text", "a whole number"
	return []member{
		{"event", true, &e.Event, text},
		{"time", true, &e.Time, "a time such as " + time.RFC3339},
		{"run", true, &e.Run, text},
		{"number", true, &e.Number, integer},
		{"case", true, &e.Case, text},
		{"step", true, &e.Step, integer},
		{"operation", true, &e.Operation, text},
		{"target", true, &e.Target, text},
		{"machine", true, &e.Machine, text},
		{"sha1", true, &e.File, text},
		{"status", false, &e.Status, integer},
		{"action", false, &e.Action, text},
		{"error", false, &e.Error, text},
		{"unsent", false, &e.Unsent, "true or false"},
	}
}

// entry parses one line. encoding/json alone would accept unknown and missing members, null,
// and names in any letter case.
func entry(line []byte) (e record.JournalEntry, err error) {
	if err := strictjson.Check(line); err != nil {
		var fault *strictjson.Error
		if errors.As(err, &fault) && fault.Kind == strictjson.Duplicate {
			// without its name, which may have control sequences
			err = fmt.Errorf("byte %d: duplicate member", fault.Offset)
		}
		return e, fmt.Errorf("not JSON: %w", err)
	}
	if at := bytes.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); at >= 0 {
		return e, fmt.Errorf("byte %d: a control character, which must be written as \\uNNNN", at)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(line, &object) != nil || object == nil {
		return e, errors.New("not a JSON object")
	}
	known := membersOf(&e)
	var names []string
	for _, m := range known {
		names = append(names, m.name)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			near := nearest.Hint(name, names)
			return e, fmt.Errorf("unknown member %q%s, known are %s", name, near, strings.Join(names, ", "))
		}
	}
	for _, m := range known {
		value, present := object[m.name]
		switch {
		case !present && m.required:
			return e, fmt.Errorf("the member %s is missing", m.name)
		case present && (string(value) == "null" || json.Unmarshal(value, m.into) != nil):
			return e, fmt.Errorf("%s: want %s, got %.60s", m.name, m.want, value)
		}
	}
	return e, valid(e)
}

// valid returns an error if a run cannot have written the entry.
func valid(e record.JournalEntry) error {
	if e.Event != record.Sending && e.Event != record.Answered {
		return fmt.Errorf("event: want %q or %q, got %q", record.Sending, record.Answered, e.Event)
	}
	for _, text := range []struct{ name, value string }{ // a request without a readable sha1 may still take effect
		{"run", e.Run}, {"case", e.Case}, {"operation", e.Operation}, {"target", e.Target}, {"machine", e.Machine},
	} {
		if text.value == "" {
			return fmt.Errorf("%s: empty", text.name)
		}
	}
	for _, number := range []struct {
		name       string
		value      int
		from, upTo int
	}{
		{"number", e.Number, 1, 1 << 30}, {"step", e.Step, 0, 1 << 30}, {"status", e.Status, 0, 999},
	} {
		if number.value < number.from || number.value > number.upTo {
			return fmt.Errorf("%s: want %d to %d, got %d", number.name, number.from, number.upTo, number.value)
		}
	}
	return nil
}
