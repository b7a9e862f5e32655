package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// sending is an entry with every member that it has before the request goes out.
func sending() record.JournalEntry {
	return record.JournalEntry{
		Event: record.Sending, Time: time.Date(2017, 12, 8, 10, 2, 3, 45, time.UTC), Run: "7f3a", Number: 1,
		Case: "requestSample/valid/accepts-plain-request", Operation: "requestSample", Target: "https://graph.example",
		Machine: "fb9ab6be3965095a09c057be7c90f0a2", File: "8d25682b3a82af25b42dc90291c35ff3293daa68",
	}
}

// full is an entry in which no member is left out.
func full() record.JournalEntry {
	e := sending()
	e.Event, e.Step, e.Status, e.Action, e.Error = record.Answered, 1, 201, "c083f601-012f-4955-b4cc-fab50fb69d79",
		"the connection was reset"
	e.Unsent = true
	return e
}

func openAt(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { j.file.Close() })
	return j
}

func readAt(t *testing.T, path string) (entries []record.JournalEntry, torn []int) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	entries, torn, err = Read("j", bytes.NewReader(data))
	require.NoError(t, err)
	return entries, torn
}

func TestReadReturnsWhatRecordWrote(t *testing.T) {
	t.Parallel()
	for i, v := 0, reflect.ValueOf(full()); i < v.NumField(); i++ {
		require.False(t, v.Field(i).IsZero(), "want a value for %s in the sample", v.Type().Field(i).Name)
	}
	path := filepath.Join(t.TempDir(), "j")
	j := openAt(t, path)
	odd := full()
	odd.Case, odd.File, odd.Error = "x\x1b[2J\n\u202e\u009b ünd \U000e0041<>&", "", "“7”\u2028"
	elsewhere := full()
	elsewhere.Time = elsewhere.Time.In(time.FixedZone("", 3600))
	want := []record.JournalEntry{sending(), full(), odd, full()}
	for _, e := range []record.JournalEntry{sending(), full(), odd, elsewhere} {
		require.NoError(t, j.Record(e))
	}
	require.NoError(t, j.Close())
	got, torn := readAt(t, path)
	require.Equal(t, want, got)
	require.Empty(t, torn)

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, b := range data {
		if b != '\n' && (b < 0x20 || b > 0x7e) {
			t.Fatalf("want a file that a terminal can show, got %q", data)
		}
	}
}

func TestOpenAddsToWhatIsThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	for range 3 {
		j := openAt(t, path)
		require.NoError(t, j.Record(full()))
		require.NoError(t, j.Close())
	}
	got, torn := readAt(t, path)
	require.Equal(t, []record.JournalEntry{full(), full(), full()}, got)
	require.Empty(t, torn)
	info, err := os.Stat(path)
	require.NoError(t, err)
	if got := info.Mode().Perm(); got&0o077 != 0 {
		t.Errorf("want a file for its owner alone, got %v", got)
	}
}

// A crash can end a write anywhere. Whatever is left, it hides no other entry.
func TestATornLineIsToldWhereverItWasCut(t *testing.T) {
	t.Parallel()
	line, err := written(full())
	require.NoError(t, err)
	for n := 1; n < len(line); n++ {
		left := append(bytes.Clone(line), line[:n]...)
		want, torn := []record.JournalEntry{full()}, []int{2}
		if n == len(line)-1 { // all but the line break
			want, torn = append(want, full()), nil
		}
		got, gotTorn, err := Read("j", bytes.NewReader(left))
		require.NoError(t, err, "cut behind byte %d", n)
		require.Equal(t, want, got, "cut behind byte %d", n)
		require.Equal(t, torn, gotTorn, "cut behind byte %d", n)

		if n%8 > 0 && n < len(line)-4 { // what follows does not depend on the place
			continue
		}
		f := &brokenFile{room: -1}
		f.Buffer.Write(left)
		j := &Journal{path: "j", file: f, torn: true} // as Open finds it
		require.NoError(t, j.Record(sending()))
		require.NoError(t, j.Record(full()))
		got, gotTorn, err = Read("j", &f.Buffer)
		require.NoError(t, err, "cut behind byte %d", n)
		require.Equal(t, append(want, sending(), full()), got, "cut behind byte %d", n)
		require.Equal(t, torn, gotTorn, "cut behind byte %d", n)
	}
}

func TestOpenSeesATornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	require.NoError(t, os.WriteFile(path, []byte(`{"event":"sen`), 0o600))
	j := openAt(t, path)
	require.NoError(t, j.Record(full()))
	got, torn := readAt(t, path)
	require.Equal(t, []record.JournalEntry{full()}, got)
	require.Equal(t, []int{1}, torn)
}

func TestRecordIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := openAt(t, path)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			e := full()
			e.Number, e.Error = i+1, strings.Repeat("x", 1500)
			if err := j.Record(e); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, torn := readAt(t, path)
	require.Empty(t, torn)
	numbers := map[int]bool{}
	for _, e := range got {
		numbers[e.Number] = true
	}
	if len(got) != 16 || len(numbers) != 16 {
		t.Errorf("want 16 entries of their own, got %d with %d numbers", len(got), len(numbers))
	}
}

func TestOpenSaysWhatIsNoJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, row := range []struct{ path, want, why string }{
		{dir, "it is a folder", "a folder"},
		{os.DevNull, "it is not a regular file", "a device keeps nothing"},
		{filepath.Join(dir, "none", "j"), "no such file or directory", "no folder to be in"},
		{filepath.Join(file, "j"), "not a directory", "a file for a folder"},
	} {
		_, err := Open(row.path)
		if err == nil {
			t.Errorf("want an error with %q, got none: %s", row.want, row.why)
			continue
		}
		want := fmt.Sprintf("%s: the journal cannot be opened: %s; name a file in a folder that can be written to",
			row.path, row.want)
		if err.Error() != want {
			t.Errorf("want %q, got %q: %s", want, err, row.why)
		}
	}
}

func TestRecordRefusesWhatReadWouldNotTake(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := openAt(t, path)
	for _, row := range []struct {
		change    func(*record.JournalEntry)
		want, why string
	}{
		{func(e *record.JournalEntry) { e.Event = "" }, `event: want "sending" or "answered", got ""`, "no event"},
		{func(e *record.JournalEntry) { e.Number = 0 }, "number: want 1 to ", "numbers begin at 1"},
		{func(e *record.JournalEntry) { e.Machine = "" }, "machine: empty", "no machine"},
		{func(e *record.JournalEntry) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "year",
			"a time that JSON cannot carry"},
		{func(e *record.JournalEntry) { e.Machine = strings.Repeat("m", lineLimit) }, "the line is longer than 64 KiB",
			"a line that nobody would read"},
	} {
		e := full()
		row.change(&e)
		err := j.Record(e)
		require.ErrorContains(t, err, path+": not an entry of a journal: ", row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
	got, torn := readAt(t, path)
	require.Empty(t, got)
	require.Empty(t, torn)
}

// What a target made long must not keep an answer from being recorded.
func TestRecordCutsWhatATargetMadeLong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := openAt(t, path)
	e := full()
	e.Action, e.Error = strings.Repeat("\x00", 4<<20), "x"+strings.Repeat("ü", 4<<20)
	require.NoError(t, j.Record(e))
	got, _ := readAt(t, path)
	require.Len(t, got, 1)
	require.Equal(t, strings.Repeat("\x00", textLimit)+"…", got[0].Action)
	require.Equal(t, "x"+strings.Repeat("ü", textLimit/2-1)+"…", got[0].Error)
}

// A brokenFile fails as a full or lost disk does.
type brokenFile struct {
	bytes.Buffer
	room              int // bytes that it takes before a write fails; -1 for any
	syncErr, closeErr error
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if f.room < 0 || len(p) <= f.room {
		return f.Buffer.Write(p)
	}
	n, _ := f.Buffer.Write(p[:f.room])
	return n, &fs.PathError{Op: "write", Path: "j", Err: errors.New("no space left on device")}
}

func (f *brokenFile) Sync() error  { return f.syncErr }
func (f *brokenFile) Close() error { return f.closeErr }

func TestRecordFailsWhereTheDiskDoes(t *testing.T) {
	t.Parallel()
	f := &brokenFile{room: 20}
	j := &Journal{path: "there/j", file: f}
	const cure = "; check that the disk is available and has free space"
	require.EqualError(t, j.Record(full()), "there/j: the entry was not recorded: no space left on device"+cure)
	f.room = 0
	require.EqualError(t, j.Record(full()), "there/j: the entry was not recorded: no space left on device"+cure)
	f.room, f.syncErr = -1, errors.New("input/output error")
	require.EqualError(t, j.Record(full()), "there/j: the entry was not recorded: input/output error"+cure)
	f.syncErr = nil
	require.NoError(t, j.Record(sending()))

	got, torn, err := Read("j", &f.Buffer)
	require.NoError(t, err)
	require.Equal(t, []int{1}, torn, "the write that failed in its middle")
	require.Equal(t, []record.JournalEntry{full(), sending()}, got, "the others stand on lines of their own")

	f.closeErr = errors.New("input/output error")
	require.EqualError(t, j.Close(), "there/j: the journal was not closed: input/output error; check its last entries")
}

func TestAClosedJournalTakesNoEntry(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := openAt(t, path)
	require.NoError(t, j.Close())
	require.ErrorContains(t, j.Record(full()), path+": the entry was not recorded: file already closed")
	require.ErrorContains(t, j.Close(), path+": the journal was not closed: ")
}

// good is a line that Read takes, for rows to break.
func good(t require.TestingT) string {
	line, err := json.Marshal(full())
	require.NoError(t, err)
	return string(line)
}

func TestReadTellsWhatIsNoEntry(t *testing.T) {
	t.Parallel()
	whole := good(t)
	for _, row := range []struct{ from, to, want, why string }{
		{whole, "", "not JSON: byte 0: there is no JSON value", "an empty line"},
		{whole, "7", "not a JSON object", "no object"},
		{whole, "null", "not a JSON object", "nothing"},
		{whole, whole + whole, "not JSON: byte ", "two entries in a line"},
		{whole, "\ufeff" + whole, "not JSON: byte 0: a byte order mark", "an editor's mark"},
		{`"run":`, `"run":"x","run":`, "not JSON: byte 70: duplicate member", "which of them counts?"},
		{`"run":`, `"\u001b[2J":1,"\u001b[2J":2,"run":`, "not JSON: byte 74: duplicate member; ",
			"a name that a terminal would obey"},
		{`"run":`, `"Run":`,
			`unknown member "Run" (did you mean "run"?), known are event, time, run, number, case, step, operation, target, machine, sha1, status, action, error`, "another letter case"},
		{`"run":`, `"comment":"","run":`, `unknown member "comment", known are event, `, "a member of another version"},
		{`"run":"7f3a",`, ``, "the member run is missing", "every entry has it"},
		{`"7f3a"`, `""`, "run: empty", "no run"},
		{`"7f3a"`, `null`, "run: want a text, got null", "null is no text"},
		{`"7f3a"`, `7`, "run: want a text, got 7", "nor is a number"},
		{`"number":1`, `"number":"1"`, `number: want a whole number, got "1"`, "a text"},
		{`"number":1`, `"number":1.5`, "number: want a whole number, got 1.5", "half a request"},
		{`"number":1`, `"number":0`, "number: want 1 to 1073741824, got 0", "numbers begin at 1"},
		{`"number":1`, `"number":99999999999999999999`, "number: want a whole number, got 9999", "too large to be one"},
		{`"step":1`, `"step":-1`, "step: want 0 to ", "no such step"},
		{`"status":201`, `"status":1000`, "status: want 0 to 999, got 1000", "no such status"},
		{`"status":201`, `"status":null`, "status: want a whole number, got null", "optional, but not null"},
		{`2017-12-08T10:02:03.000000045Z`, `8 December`, "time: want a time such as 2006-01-02T15:04:05Z07:00, got ",
			"no time"},
		{`"answered"`, `"asked"`, `event: want "sending" or "answered", got "asked"`, "no such event"},
		{`"7f3a"`, "\"\x1b[2J\"", "not JSON: byte ", "a terminal would obey it"},
		{`"7f3a"`, "\"\u202e\"", "byte 67: a control character, which must be written as \\uNNNN", "so would it this"},
		{`"7f3a"`, "\"\xff\"", "not JSON: byte 67: the bytes are not UTF-8", "another encoding"},
		{`"7f3a"`, `"` + strings.Repeat("x", lineLimit) + `"`, "the line is longer than 64 KiB", "no entry is so long"},
		{`"7f3a"`, `"` + strings.Repeat("x", 3*lineLimit) + `"`, "the line is longer than 64 KiB",
			"nor so much longer"},
	} {
		text := strings.Replace(whole, row.from, row.to, 1)
		require.NotEqual(t, whole, text, "%s: the row changes nothing", row.why)
		got, torn, err := Read("dir/j", strings.NewReader(whole+"\n"+text+"\n"+whole+"\n"))
		require.ErrorContains(t, err, "dir/j:2: "+strings.SplitN(row.want, "byte", 2)[0], row.why)
		require.ErrorContains(t, err, row.want, row.why)
		require.True(t, strings.HasSuffix(err.Error(), "; correct or remove the line, and find out in another way "+
			"what it recorded"), row.why)
		require.Equal(t, []record.JournalEntry{full(), full()}, got, "want the lines around it: %s", row.why)
		require.Empty(t, torn, row.why)
	}
}

func TestReadTellsEveryBadLineUpToALimit(t *testing.T) {
	t.Parallel()
	got, torn, err := Read("j", strings.NewReader(strings.Repeat("7\n{\n", badLimit/2)+good(t)))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, badLimit/2+1)
	require.Len(t, torn, badLimit/2)
	require.Empty(t, got)
	require.Equal(t, "j:999: not a JSON object; correct or remove the line, and find out in another way what it "+
		"recorded", lines[badLimit/2-1])
	require.Equal(t, "j:1000: 1000 lines so far are not entries, and the rest was not read; name a journal",
		lines[badLimit/2])
}

func TestReadTakesALineAsLongAsItMayBe(t *testing.T) {
	t.Parallel()
	text := good(t)
	text = strings.Replace(text, "7f3a", strings.Repeat("r", lineLimit-1-len(text)+4), 1)
	require.Len(t, text, lineLimit-1)
	got, torn, err := Read("j", strings.NewReader(text+"\n"+text))
	require.NoError(t, err)
	require.Empty(t, torn)
	require.Len(t, got, 2)
}

// An endlessReader is a file that never ends, such as a device.
type endlessReader string

func (r endlessReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

func TestReadEndsWhereAFileDoesNot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		strings.Repeat("\x00", 4<<10): "j:1: the file is longer than 64 MiB, and the rest was not read; split it, or " +
			"name a journal",
		"7\n": "j:1000: 1000 lines so far are not entries, and the rest was not read; name a journal",
	} {
		_, torn, err := Read("j", endlessReader(text))
		require.ErrorContains(t, err, want)
		require.Empty(t, torn)
	}
}

// A failingReader ends with an error in place of the end.
type failingReader struct{ *strings.Reader }

func (r failingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		err = &fs.PathError{Op: "read", Path: "j", Err: errors.New("input/output error")}
	}
	return n, err
}

func TestReadTellsThatAFileCannotBeRead(t *testing.T) {
	t.Parallel()
	got, torn, err := Read("j", failingReader{strings.NewReader(good(t) + "\n{")})
	require.EqualError(t, err, "j:2: input/output error; name a file that can be read")
	require.Empty(t, torn, "nobody knows how the line goes on")
	require.Equal(t, []record.JournalEntry{full()}, got)
}

func TestSummarizeJoinsBothEntriesOfARequest(t *testing.T) {
	t.Parallel()
	entry := func(event record.JournalEvent, run string, number, status int) record.JournalEntry {
		e := sending()
		e.Event, e.Run, e.Number, e.Status = event, run, number, status
		return e
	}
	sent := func(run string, number int) record.JournalEntry {
		return entry(record.Sending, run, number, 0)
	}
	answered := func(run string, number, status int) record.JournalEntry {
		return entry(record.Answered, run, number, status)
	}
	unsent := func(run string, number int) record.JournalEntry {
		e := answered(run, number, 0)
		e.Unsent = true
		return e
	}
	for _, row := range []struct {
		entries []record.JournalEntry
		want    string
		why     string
	}{
		{nil, "", "an empty journal"},
		{[]record.JournalEntry{sent("a", 1)}, "a1 unknown", "it ends behind the sending"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 0)}, "a1 unknown", "nothing came"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 201)}, "a1 caused", "the documented answer"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 202)}, "a1 caused", "another that accepts"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 403)}, "a1 refused", "a refusal"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 500)}, "a1 unknown", "a server that fails may have " +
			"acted before"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 503)}, "a1 refused", "a server that is busy says " +
			"so before"},
		{[]record.JournalEntry{sent("a", 1), unsent("a", 1)}, "a1 unsent", "no connection came about"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 502)}, "a1 unknown", "a gateway does not know"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 504)}, "a1 unknown", "nor does one that did not wait"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 307)}, "a1 unknown", "a redirect says neither"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 101)}, "a1 unknown", "nor does a switch of protocols"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 700)}, "a1 unknown", "nor does what is no status"},
		{[]record.JournalEntry{sent("a", 1), sent("a", 2), answered("a", 2, 201), answered("a", 1, 400)},
			"a1 refused, a2 caused", "answers in another order"},
		{[]record.JournalEntry{sent("a", 1), sent("b", 1), answered("b", 1, 201)}, "a1 unknown, b1 caused",
			"another run has its own numbers"},
		{[]record.JournalEntry{sent("a", 1), answered("a", 1, 201), sent("a", 1)}, "a1 caused, a1 unknown",
			"a run was repeated under its seed"},
		{[]record.JournalEntry{sent("a", 1), sent("a", 1), answered("a", 1, 201)}, "a1 unknown, a1 caused",
			"an answer belongs to the last of its number"},
		{[]record.JournalEntry{answered("a", 1, 201), answered("a", 1, 201)}, "a1 caused, a1 caused",
			"the line of the sending was lost"},
	} {
		var got []string
		for _, a := range Summarize(row.entries) {
			got = append(got, fmt.Sprintf("%s%d %s", a.Run, a.Number, a.State))
		}
		if got := strings.Join(got, ", "); got != row.want {
			t.Errorf("want %q, got %q: %s", row.want, got, row.why)
		}
	}
}

func TestAnActionHoldsAllThatItsEntriesSay(t *testing.T) {
	t.Parallel()
	first, second := full(), full()
	first.Event, first.Status, first.Action, first.Error = record.Sending, 0, "", ""
	first.Unsent, second.Unsent = false, false
	second.Time = second.Time.Add(time.Second)
	require.Equal(t, []Action{{
		State: Caused, Sent: first.Time, Answered: second.Time, Run: "7f3a", Number: 1,
		Case: first.Case, Step: 1, Operation: "requestSample", Target: first.Target, Machine: first.Machine,
		File:   first.File,
		Status: 201, ID: second.Action, Error: second.Error,
	}}, Summarize([]record.JournalEntry{first, second}))
}

func TestJSONIsForProgramsAndTerminals(t *testing.T) {
	t.Parallel()
	text, err := JSON(nil)
	require.NoError(t, err)
	require.Equal(t, "[]\n", string(text))

	odd := full()
	odd.Action = "\x1b\u009b\u202e\U000e0041\x7f ü"
	actions := Summarize([]record.JournalEntry{full(), odd})
	text, err = JSON(actions)
	require.NoError(t, err)
	for _, b := range text {
		if b != '\n' && (b < 0x20 || b > 0x7e) {
			t.Fatalf("want text that a terminal can show, got %q", text)
		}
	}
	var again []Action
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, actions, again)
}

func FuzzRead(f *testing.F) {
	line, err := written(full())
	require.NoError(f, err)
	start, err := written(sending())
	require.NoError(f, err)
	for _, seed := range []string{
		"", string(start), string(start) + string(line), string(line[:40]), string(line[:40]) + "\n" + string(line),
		"7\n", "null\n{}\n", "\xff\x00", strings.Replace(string(line), "7f3a", `\u001b\ud800\udc00\ud800`, 1),
		strings.Replace(string(line), "7f3a", "\u202e", 1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, torn, err := Read("j", bytes.NewReader(data))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "j:") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"),
					func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%q: want each error to begin with its place, in characters that show, got %q", data, line)
				}
			}
		}
		if n := len(Summarize(entries)); n > len(entries) || len(entries) > 0 && n == 0 {
			t.Errorf("%q: want at least one action of %d entries, and no more than those, got %d", data,
				len(entries), n)
		}
		for _, n := range torn {
			if n < 1 || n > 1+bytes.Count(data, []byte("\n")) {
				t.Errorf("%q: want a line of the file, got %d", data, n)
			}
		}
		for _, e := range entries {
			text, err := written(e)
			if err != nil {
				if len(data) < lineLimit/6 {
					t.Errorf("%q: want an entry that was read to be written, got %v", data, err)
				}
				continue
			}
			again, torn, err := Read("j", bytes.NewReader(text))
			e.Time, e.Action, e.Error = e.Time.UTC(), cut(e.Action), cut(e.Error)
			if err != nil || len(torn) > 0 || len(again) != 1 || !reflect.DeepEqual(again[0], e) {
				t.Errorf("%q: want %+v again, got %+v, %v, %v", text, e, again, torn, err)
			}
		}
	})
}
