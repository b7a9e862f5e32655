package baseline_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/baseline"
)

// written reads a file and writes it again.
func written(t require.TestingT, text string) string {
	b, err := baseline.ParseDraft("f", strings.NewReader(text))
	require.NoError(t, err, text)
	var out bytes.Buffer
	require.NoError(t, b.Write(&out))
	return out.String()
}

const orderly = `# What the mock cannot do yet.
# It is replaced in spring.

# By the team next door.

# These two are one thing.
types a/one#0 /status
types a/two#1 /status
  reason: the mock knows no words: only numbers
  owner: mocks@team.example
  expires: 2027-01-31

types b/one#0 /status
  reason: the mock knows no words: only numbers
  owner: mocks@team.example

# The end.
`

func TestParseReadsWhatIsSaidOfEachKey(t *testing.T) {
	b, err := baseline.Parse("f", strings.NewReader(orderly))
	require.NoError(t, err)
	words := "the mock knows no words: only numbers"
	want := []baseline.Entry{
		{Key: "types a/one#0 /status", Reason: words, Owner: "mocks@team.example", Expires: "2027-01-31", Line: 7},
		{Key: "types a/two#1 /status", Reason: words, Owner: "mocks@team.example", Expires: "2027-01-31", Line: 8},
		{Key: "types b/one#0 /status", Reason: words, Owner: "mocks@team.example", Line: 13},
	}
	if diff := cmp.Diff(want, b.Entries()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWriteBringsBackWhatParseRead(t *testing.T) {
	for _, row := range []struct{ text, want, why string }{
		{orderly, orderly, "a file in order stays as it is"},
		{"", "", "nothing stays nothing"},
		{"\n\n", "", "empty lines alone are nothing"},
		{"# a\n#b\n\n\n# c", "# a\n#b\n\n# c\n", "comments alone stay comments"},
		{"\ufefftypes b#0 x\r\n\towner: o\r\n\treason:r\r\ntypes a#0 x  \n  reason: r\n  owner: o\n",
			"types a#0 x\n  reason: r\n  owner: o\n\ntypes b#0 x\n  reason: r\n  owner: o\n",
			"entries and what is said of them are put in order; byte order mark, carriage returns and blanks at " +
				"the end go"},
		{"# of b\ntypes b#0 x\n  reason: r\n  owner: o\n# of a\n\n# and this\ntypes a#0 x\n  reason: r\n  owner: o\n",
			"# of a\n# and this\ntypes a#0 x\n  reason: r\n  owner: o\n\n# of b\ntypes b#0 x\n  reason: r\n  " +
				"owner: o\n",
			"a comment goes where its entry goes"},
		{"types c#0 x\n# inside\ntypes a#0 x\n  reason: r\n  # and here\n  owner: o\n\ntypes b#0 x\n  reason: r\n  " +
			"owner: o\n",
			"# inside\n# and here\ntypes a#0 x\ntypes c#0 x\n  reason: r\n  owner: o\n\ntypes b#0 x\n  reason: r\n  " +
				"owner: o\n",
			"keys that share a reason are not parted, and comments inside stand above them"},
		{"types a#0 x\n  reason: ?\n  owner: ?\n", "types a#0 x\n  reason: ?\n  owner: ?\n",
			"a draft keeps what nobody has said"},
		{"types a#0 /\\x41\\u00e9\\U0001F600\u00a0\n  reason: r\n  owner: o\n", "types a#0 /Aé😀\\u00a0\n  reason: " +
			"r\n  owner: o\n",
			"what shows is written as itself, what does not as an escape"},
	} {
		got := written(t, row.text)
		if got != row.want {
			t.Errorf("%s: want\n%s\ngot\n%s", row.why, row.want, got)
		}
		if again := written(t, got); again != got {
			t.Errorf("%s: want the same again, got\n%s", row.why, again)
		}
	}
}

func TestParseReportsEveryProblem(t *testing.T) {
	const said = "  reason: r\n  owner: o\n"
	long := strings.Repeat("x", 4<<10)
	for _, row := range []struct{ text, want, why string }{
		{"types a#0 x\n" + said + "types a#0 x\n" + said, "f:4: the key is in line 1 already; remove one of them",
			"a key twice"},
		{"types a#0 /a\ntypes a#0 /\\x61\n" + said, "f:2: the key is in line 1 already; remove one of them",
			"a key in two spellings"},
		{"types a#0 x\n  owner: o\n", `f:1: the key has no reason; write one below it, indented: "  reason: …"`,
			"no reason"},
		{"types a#0 x\n  reason: r\n", `f:1: the key has no owner; write one below it, indented: "  owner: …"`,
			"no owner"},
		{"types a#0 x\n\n" + said, "f:1: the key has no reason; write one below it, indented: \"  reason: …\"\nf:1: " +
			"the key has no owner; write one below it, indented: \"  owner: …\"\n" +
			"f:3: there is no key directly above; begin a key in the first column\nf:4: there is no key directly " +
			"above; begin a key in the first column", "an empty line ends an entry"},
		{"types a#0 x\n  reason: ?\n  owner: o\n", "f:2: reason: it is missing; write it in place of ?",
			"nobody said why"},
		{"types a#0 x\n  reason: r\n  owner: ?\n", "f:3: owner: it is missing; write it in place of ?",
			"nobody answers for it"},
		{"types a#0 x\n  reason:\n  owner: o\n", "f:2: reason: no value; write it on this line", "an empty reason"},
		{"types a#0 x\n  reason: r\n  reason: s\n  owner: o\n", "f:3: reason: duplicate field; keep one of them",
			"two reasons"},
		{"types a#0 x\n  expires: 2027-02-30\n" + said,
			`f:2: expires: "2027-02-30" is not a date; use one such as 2027-01-31`, "a day that does not exist"},
		{"types a#0 x\n  expires: soon\n" + said, `f:2: expires: "soon" is not a date; use one such as 2027-01-31`,
			"no day"},
		{"types a#0 x\n  expires: ?\n" + said, `f:2: expires: "?" is not a date; use one such as 2027-01-31`,
			"a day may be left out"},
		{"types a#0 x\n  expires: 2027-1-3\n" + said,
			`f:2: expires: "2027-1-3" is not a date; use one such as 2027-01-31`, "days have two digits"},
		{"types a#0 x\n  expire: 2027-01-31\n" + said,
			`f:2: unknown field "expire" (did you mean "expires"?); fields are reason, owner, expires`,
			"a typing error"},
		{"types a#0 x\n  note this\n" + said, `f:2: unknown field "note this"; fields are reason, owner, expires`,
			"no field at all"},
		{"reason: r\n", `f:1: "reason: r" is not a key; want "check case#step place", as in the JSON report`,
			"a field in the first column"},
		{"types a x\n" + said, `f:1: "types a x" is not a key; want "check case#step place", as in the JSON report`,
			"no step"},
		{"types a#one x\n" + said,
			`f:1: "types a#one x" is not a key; want "check case#step place", as in the JSON report`,
			"a step that is no number"},
		{"types a#0\n" + said, `f:1: "types a#0" is not a key; want "check case#step place", as in the JSON report`,
			"no place"},
		{"types #0 x\n" + said, `f:1: "types #0 x" is not a key; want "check case#step place", as in the JSON report`,
			"no case"},
		{"types a#0 \\q\n" + said, `f:1: \q is not an escape; escapes are \\, \n, \xNN, \uNNNN and \UNNNNNNNN`,
			"no escape"},
		{"types a#0 \\x4\n" + said, `f:1: \x4 is not an escape; escapes are \\, \n, \xNN, \uNNNN and \UNNNNNNNN`,
			"half an escape"},
		{"types a#0 \\xgg\n" + said, `f:1: \xgg is not a character; want 2 hexadecimal digits`, "no digits"},
		{"types a#0 \\ud800\n" + said, `f:1: \ud800 is not a character; want 4 hexadecimal digits`, "half a pair"},
		{"types a#0 \\\n" + said, `f:1: a backslash ends it; write \\ for the character itself`, "a backslash alone"},
		{"types a#0 \xff\n" + said, `f:1: not UTF-8; save the file as UTF-8, and write other bytes of a key as \xNN`,
			"bytes that are no text, in a key"},
		{"# \xff\n", `f:1: not UTF-8; save the file as UTF-8, and write other bytes of a key as \xNN`, "in a comment"},
		{"types a#0 x\n  reason: \xff\n" + said,
			`f:2: not UTF-8; save the file as UTF-8, and write other bytes of a key as \xNN`, "in a reason"},
		{"types a#0 \x1b\n" + said, `f:1: it has a control character; remove it, or write it as \xNN in a key`,
			"what a terminal would obey"},
		{"types a#0 " + long + "\n" + said, "f:1: longer than 4 KiB; shorten it", "a long key"},
		{"types a#0 " + strings.Repeat("\u00a0", 1<<10) + "x\n" + said, "f:1: longer than 4 KiB with every character " +
			"made visible; shorten it", "a key that grows long"},
		{"#" + long + "\n", "f:1: longer than 4 KiB; shorten it", "a long comment"},
		{"types a#0 x\n  reason:" + long[7:] + "\n  owner: o\n", "f:2: reason: longer than 4 KiB; shorten it",
			"a long reason"},
		{strings.Repeat("#\n", 4<<20+1), "f: longer than 8 MiB; name a file of accepted findings", "a long file"},
		{"types a#0 x\n  when: now\n  reason: r\n",
			`f:1: the key has no owner; write one below it, indented: "  owner: …"` + "\n" +
				`f:2: unknown field "when"; fields are reason, owner, expires`, "in the order of the lines"},
		{"reason\ntypes a#0 x\n  when: now\n" + said + "\ntypes b#0 x\n",
			`f:1: "reason" is not a key; want "check case#step place", as in the JSON report` + "\n" +
				`f:3: unknown field "when"; fields are reason, owner, expires` + "\n" +
				`f:7: the key has no reason; write one below it, indented: "  reason: …"` + "\n" +
				`f:7: the key has no owner; write one below it, indented: "  owner: …"`, "all at once"},
	} {
		_, err := baseline.Parse("f", strings.NewReader(row.text))
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: want\n%s\ngot\n%v", row.why, row.want, err)
		}
	}
}

func TestParseTellsOfAnotherKindOfFileSoFar(t *testing.T) {
	_, err := baseline.Parse("f", strings.NewReader(strings.Repeat("x\n", 1<<20)))
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	if want := "f: and 1048476 more errors; is it a list of accepted findings?"; len(lines) != 101 ||
		lines[100] != want {
		t.Errorf("want 100 errors and %q, got %d and %q", want, len(lines)-1, lines[len(lines)-1])
	}
}

func TestParseReturnsTheErrorOfItsReader(t *testing.T) {
	_, err := baseline.Parse("f", iotest.ErrReader(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "f: ") || !strings.HasSuffix(err.Error(),
		"; name a file that can be read") {
		t.Errorf("want %v, got %v", io.ErrUnexpectedEOF, err)
	}
}

func TestAKeyOfAServerIsOneLineAndReadBackExactly(t *testing.T) {
	for _, place := range []string{
		"/a b", " ", "x ", "\t", "/a\nb\r\n", `/\`, `/\n`, `/\x41`, "\x1b[31m", "\x00\x7f\u009b", "\u202eevil\u2066",
		"שלום", "\xff\xc3", "\ufffd", "\U000e0001", "#1 x", "  reason: r",
	} {
		key := "types a/b#0 " + place
		spelled := baseline.Spell(key)
		if strings.ContainsAny(spelled, "\n\r\t\x1b") || strings.TrimSpace(spelled) != spelled {
			t.Errorf("%q: want one visible line, got %q", key, spelled)
		}
		b, err := baseline.Parse("f", strings.NewReader(spelled+"\n  reason: r\n  owner: o\n"))
		require.NoError(t, err, "%q", key)
		if got := b.Entries()[0].Key; got != key {
			t.Errorf("want %q back, got %q", key, got)
		}
	}
}

func TestWriteReturnsTheErrorOfItsWriter(t *testing.T) {
	b, err := baseline.Parse("f", strings.NewReader(orderly))
	require.NoError(t, err)
	if err := b.Write(fullDisk{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("want %v, got %v", io.ErrShortWrite, err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		orderly, "", "# a\n\n# b\n", "types a#0 \\xff\\u202e\\\\ \\n\n  reason: r\n  owner: ?\n  expires: 2027-01-31\n",
		"types b#0 x\ntypes a#0 x\n # c\n  reason: r\n  owner: o\ntypes c#0 x \n\towner: o\n\treason: r\n#",
		"types a#0 x\n  reasn: r\n", "\xff\n\x00", "types a#0 x\r\n  reason: r\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		strict, err := baseline.Parse("f", strings.NewReader(text))
		draft, draftErr := baseline.ParseDraft("f", strings.NewReader(text))
		if err == nil && draftErr != nil {
			t.Fatalf("want a draft of what is valid, got %v", draftErr)
		}
		if draftErr != nil {
			return
		}
		once := written(t, text)
		again, err := baseline.ParseDraft("f", strings.NewReader(once))
		require.NoError(t, err)
		want, got := draft.Entries(), again.Entries()
		for i := range want {
			want[i].Line = 0
		}
		for i := range got {
			got[i].Line = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		if twice := written(t, once); twice != once {
			t.Fatalf("want the same bytes again:\n%s\ngot\n%s", once, twice)
		}
		if strict != nil && len(strict.Entries()) != len(want) {
			t.Fatalf("want %d entries, got %d", len(want), len(strict.Entries()))
		}
	})
}
