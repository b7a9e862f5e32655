package traffic_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// plain is a reader that is nothing else, as a pipe is.
type pipe struct{ io.Reader }

func TestAFileIsKnownByItsContent(t *testing.T) {
	good := har(got(`"status":200,"headers":[],"content":{"size":4,"_file":"a.txt"}`))
	bodies := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("text")), nil }
	archive := zipped(t, "a.txt", "text", "har.har", good)
	for _, row := range []struct {
		why    string
		text   []byte
		format string
		file   string
	}{
		{"plain", []byte(good), traffic.HAR, "x"},
		{"with a byte order mark", []byte("\xEF\xBB\xBF" + good), traffic.HAR, "x"},
		{"gzip", gzipped(good), traffic.HAR, "x"},
		{"gzip in two parts", append(gzipped(good[:9]), gzipped(good[9:])...), traffic.HAR, "x"},
		{"gzip of a text with a byte order mark", gzipped("\xEF\xBB\xBF" + good), traffic.HAR, "x"},
		{"gzip with zeros behind it", append(gzipped(good), 0, 0, 0), traffic.HAR, "x"},
		{"zstd", zstded(t, good), traffic.HAR, "x"},
		{"zstd behind a frame that is passed over", append([]byte("\x50\x2A\x4D\x18\x04\x00\x00\x00meta"),
			zstded(t, good)...), traffic.HAR, "x"},
		{"zstd of gzip", zstded(t, string(gzipped(good))), traffic.HAR, "x"},
		{"Playwright's archive", archive, traffic.HARZip, "x/har.har"},
		{"an archive with folders", zipped(t, "b/a.txt", "text", "b/trace.har", good), traffic.HARZip, "x/b/trace.har"},
		{"gzip of an archive", gzipped(string(archive)), traffic.HARZip, "x/har.har"},
		{"an archive of gzip", zipped(t, "a.txt", "text", "har.har", string(gzipped(good))), traffic.HARZip,
			"x/har.har"},
	} {
		for _, r := range []io.Reader{bytes.NewReader(row.text), pipe{bytes.NewReader(row.text)},
			iotest.OneByteReader(bytes.NewReader(row.text)), iotest.DataErrReader(bytes.NewReader(row.text))} {
			entries, sum := readAll(t, r, traffic.Options{Name: "x", Open: bodies})
			require.Equal(t, row.format, sum.Format, row.why)
			require.False(t, sum.Cut, row.why)
			got := whole(t, entries)
			require.Len(t, got, 1, row.why)
			require.Equal(t, row.file, got[0].Source.File, row.why)
			require.Equal(t, "text", string(got[0].Response.Body), row.why)
			require.Positive(t, sum.Bytes, row.why)
		}
	}
	path := filepath.Join(t.TempDir(), "x") // a file is read where it is
	require.NoError(t, os.WriteFile(path, archive, 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	entries, _ := readAll(t, f, traffic.Options{Name: "x", Spool: 1})
	require.Equal(t, "text", string(whole(t, entries)[0].Response.Body))
	_, err = f.Seek(10, io.SeekStart) // from its beginning alone
	require.NoError(t, err)
	_, err = traffic.Read(f, traffic.Options{Name: "x"}, func(traffic.Entry) error { return nil })
	require.ErrorContains(t, err, "x: ")

	// Of an archive, all files that are named so are read, each by its content.
	two := zipped(t, "1.har", good, "2.ndjson", good, "notes.txt", "x", "m/._1.har", "x")
	entries, _ = readAll(t, bytes.NewReader(two), traffic.Options{Name: "x"})
	require.Len(t, whole(t, entries), 2)
	entries, _ = readAll(t, bytes.NewReader(zipped(t, "noname", good)), traffic.Options{Name: "x"})
	require.Len(t, whole(t, entries), 1)
	inside := har(got(`"status":200,"headers":[],"content":{"_file":"../secret"}`))
	entries, _ = readAll(t, bytes.NewReader(zipped(t, "secret", "s", "b/har.har", inside)), traffic.Options{Name: "x"})
	require.Contains(t, entries[0].Note, "not in the folder")
	entries, _ = readAll(t, bytes.NewReader(zipped(t, "har.har", good)), traffic.Options{Name: "x"})
	require.Contains(t, entries[0].Note, "cannot be opened")
}

func wide(text string, big bool) (out []byte) {
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestWhatIsNoTrafficIsAnErrorWithARemedy(t *testing.T) {
	deep := []byte(har())
	for range 5 {
		deep = gzipped(string(deep))
	}
	for _, row := range []struct {
		why  string
		text []byte
		want string
	}{
		{"UTF-16", wide("\uFEFF"+har(), false), "x: this is UTF-16 or another text with NUL bytes; convert it, " +
			"as in: iconv -f UTF-16 -t UTF-8"},
		{"UTF-16, big-endian", wide("\uFEFF"+har(), true), "x: this is UTF-16"},
		{"UTF-16 without a mark", wide(har(), false), "x: this is UTF-16"},
		{"bzip2", []byte("BZh91AY"), "x: this is bzip2; unpack it first, or pack it with gzip, zstd or zip"},
		{"xz", []byte("\xFD7zXZ\x00\x00"), "x: this is xz; "},
		{"an empty archive", zipped(t), "x: this is an empty zip archive; "},
		{"another object", []byte("{\n\"name\": \"x\"\n}"), `x: the object has no member "log", as a HAR has, and none ` +
			"of an exchange; record the traffic as HAR 1.2, or as NDJSON"},
		{"another object, long", []byte(`{"x":"` + strings.Repeat("y", 1<<20) + `"}`), `x: the object has no object "log"`},
		{"another log", []byte(`{"log":"a line\\n","stream":"stdout"}`), `x: the object has no object "log", as a HAR ` +
			"has; record the traffic"},
		{"a list", []byte("[1]"), "x: this is a list; of a HAR, pass the whole file"},
		{"text", []byte("GET / HTTP/1.1"), "x: this is neither HAR nor NDJSON of exchanges; record"},
		{"packed too often", deep, "x: it is packed more than 4 times; unpack it first"},
		{"a gzip stream without a header", []byte("\x1F\x8B\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			"x: the gzip stream is damaged: "},
		{"an archive that is cut", zipped(t, "har.har", har())[:60], "x: the zip archive is cut or damaged: its " +
			"directory cannot be read; copy it again"},
		{"an archive of other files", zipped(t, "a", "", "b", ""), "x: the archive holds no file that ends in .har"},
	} {
		for _, r := range []io.Reader{bytes.NewReader(row.text), pipe{bytes.NewReader(row.text)}} {
			_, err := traffic.Read(r, traffic.Options{Name: "x"}, func(e traffic.Entry) error {
				t.Errorf("%s: %+v", row.why, e)
				return nil
			})
			require.ErrorContains(t, err, row.want, row.why)
		}
	}
	good := har(got(`"status":200,"headers":[]`))
	none := func(traffic.Entry) error { return nil }
	_, err := traffic.Read(pipe{bytes.NewReader(zipped(t, "har.har", good))}, traffic.Options{Name: "x", Spool: 100},
		none)
	require.ErrorContains(t, err, "x: the archive is longer than 0 MiB; pass it as a file")
	for _, text := range [][]byte{[]byte(good)[:90], gzipped(good)[:40], nil} {
		_, err = traffic.Read(io.MultiReader(bytes.NewReader(text), failing{}), traffic.Options{Name: "x"}, none)
		require.ErrorContains(t, err, "x: it cannot be read to its end: the disk is gone; copy the file")
	}
	mine := errors.New("mine")
	_, err = traffic.Read(strings.NewReader(good), traffic.Options{}, func(traffic.Entry) error { return mine })
	require.Equal(t, mine, err)
	sum, err := traffic.Read(strings.NewReader(" \n"), traffic.Options{}, none)
	require.NoError(t, err)
	require.Equal(t, traffic.Summary{Bytes: 2, End: record.Source{Line: 2, Offset: 2}}, sum)
}

func TestAPackedFileIsBounded(t *testing.T) {
	bomb := har() + strings.Repeat(" ", 4<<20)
	for why, text := range map[string][]byte{"gzip": gzipped(bomb), "zip": zipped(t, "har.har", bomb)} {
		entries, sum := readAll(t, bytes.NewReader(text), traffic.Options{Name: "x", Unpacked: 1 << 20})
		require.True(t, sum.Cut, why)
		require.Len(t, entries, 1, why)
		require.Contains(t, entries[0].Problem, "more is packed in it than the limit", why)
	}
	long := har(got(`"status":200,"headers":[],"content":{"_file":"a"}`))
	text := zipped(t, "a", strings.Repeat(" ", 3<<20), "har.har", long)
	entries, _ := readAll(t, bytes.NewReader(text), traffic.Options{Name: "x", Entry: 1 << 20})
	require.Contains(t, entries[0].Note, "longer than 1 MiB")
	coded := got(`"status":200,"headers":[{"name":"content-encoding","value":"gzip"}],"content":{"encoding":"base64",` +
		`"text":"` + base(gzipped(strings.Repeat(" ", 3<<20))) + `"}`)
	entries, _ = readAll(t, strings.NewReader(har(coded)), traffic.Options{Name: "x", Entry: 1 << 20})
	require.Contains(t, whole(t, entries)[0].Lacks, record.ResponseBody)

	// The directory of an archive is read into memory.
	end := bytes.Clone(zipped(t, "har.har", long))
	copy(end[len(end)-22+12:], "\xFF\xFF\xFF\xFF")
	_, err := traffic.Read(bytes.NewReader(end), traffic.Options{Name: "x"}, func(traffic.Entry) error { return nil })
	require.ErrorContains(t, err, "x: the directory of the archive is longer than 16 MiB; unpack it")
}

func TestDamageEndsAFileWithAProblem(t *testing.T) {
	good := got(`"status":200,"headers":[]`)
	text := gzipped(har(strings.Split(strings.Repeat(good+"\n", 2000), "\n")[:2000]...))
	text[len(text)-6] ^= 1 // of the checksum
	entries, sum := readAll(t, bytes.NewReader(text), traffic.Options{Name: "x"})
	require.True(t, sum.Cut)
	require.Len(t, entries, 2001)
	require.Contains(t, entries[2000].Problem, "the gzip stream ends here: gzip: invalid checksum; what follows was "+
		"not read")
	text = gzipped(har(good, good))
	entries, sum = readAll(t, bytes.NewReader(text[:len(text)-4]), traffic.Options{Name: "x"})
	require.True(t, sum.Cut)
	require.Len(t, whole(t, entries), 2)
	for n := range 12 {
		entries, sum = readAll(t, bytes.NewReader(text[:n]), traffic.Options{Name: "x"})
		require.Empty(t, entries)
		require.Equal(t, n > 0, sum.Cut, n)
	}
}

func TestWhatStandsBehindAGzipStreamIsAProblem(t *testing.T) {
	text := gzipped(har(got(`"status":200,"headers":[]`)))
	for _, tail := range []string{"garbage", "\x1F\x8Cxx", "\x00\x00x"} {
		entries, sum := readAll(t, strings.NewReader(string(text)+tail), traffic.Options{Name: "x"})
		require.False(t, sum.Cut, tail)
		require.Len(t, entries, 2, tail)
		require.NotNil(t, entries[0].Exchange, tail)
		require.Equal(t, "the gzip stream ends here, and what stands behind it is not packed; it was not read, so "+
			"pack it too, or remove it", entries[1].Problem)
	}
	_, sum := readAll(t, strings.NewReader(string(text)+"\x1F"), traffic.Options{Name: "x"})
	require.True(t, sum.Cut, "want the beginning of another part to be one that is cut")
}

func TestNumbersThatAreNoStatusAndNoTime(t *testing.T) {
	for text, want := range map[string]string{
		`201.5`: "response.status: want a whole number, got 201.5; repair or remove the entry", `201.0`: "", `"201"`: "",
	} {
		entries, _ := readAll(t, strings.NewReader(har(got(`"status":`+text+`,"headers":[]`))), traffic.Options{})
		require.Len(t, entries, 1)
		require.Equal(t, want, entries[0].Problem, text)
	}
	for text, want := range map[string]string{
		`5`: "0001", `"5"`: "0001", `9e8`: "0001", `9e11`: "0001", `1700000000`: "2023", `1700000000123`: "2023",
	} {
		one := strings.Replace(got(`"status":200,"headers":[]`), `"2024-01-01T00:00:00Z"`, text, 1)
		entries, _ := readAll(t, strings.NewReader(har(one)), traffic.Options{})
		require.Len(t, entries, 1)
		require.Equal(t, want, entries[0].Exchange.Started.UTC().Format("2006"), text)
		require.Equal(t, want == "0001", slices.Contains(entries[0].Exchange.Lacks, record.Times), text)
	}
}

func TestProgressCountsTheInput(t *testing.T) {
	text := gzipped(har(got(`"status":200,"headers":[]`)))
	var last int64
	_, sum := readAll(t, pipe{bytes.NewReader(text)}, traffic.Options{Progress: func(n int64) {
		require.Greater(t, n, last)
		last = n
	}})
	require.EqualValues(t, len(text), last)
	require.Equal(t, last, sum.Bytes)
}

var _ fs.File = (*os.File)(nil) // which an archive is read from without a copy
