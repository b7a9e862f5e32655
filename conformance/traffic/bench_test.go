package traffic_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
	"fmaspec/conformance/traffic/planted"
)

// streams returns streams of at least so many bytes, by format, and how many entries each has.
func streams(t testing.TB, least int) map[string]func() (r io.Reader, size, entries int) {
	t.Helper()
	// As a run records it: a request and an answer of usual length.
	line := strings.Repeat(written(t, planting()[0], planting()[4], planting()[5]), 100)
	styles := planted.Styles()
	entry, err := styles[1].Entry(planting()[0]) // Chrome's
	require.NoError(t, err)
	text := strings.Repeat(string(entry)+",\n", 100)
	last := strings.TrimSpace(string(entry))
	return map[string]func() (io.Reader, int, int){
		"ndjson": func() (io.Reader, int, int) {
			n := least/len(line) + 1
			return &repeated{text: line, times: n}, n * len(line), 300 * n
		},
		"har": func() (io.Reader, int, int) {
			n := least/len(text) + 1
			return &repeated{head: `{"log":{"entries":[`, text: text, times: n, tail: last + "]}}"}, n * len(text), 100*n + 1
		},
	}
}

func BenchmarkRead(b *testing.B) {
	for name, stream := range streams(b, 8<<20) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			entries := 0
			for b.Loop() {
				r, size, want := stream()
				b.SetBytes(int64(size))
				entries = 0
				_, err := traffic.Read(r, traffic.Options{}, func(traffic.Entry) error { entries++; return nil })
				if err != nil || entries != want {
					b.Fatal(entries, want, err)
				}
			}
			b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// For comparison: each line by encoding/json.
func BenchmarkUnmarshal(b *testing.B) {
	lines := strings.SplitAfter(strings.TrimSpace(written(b, planting()[0], planting()[4], planting()[5])), "\n")
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			var x record.Exchange
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	x := planting()[0]
	b.ReportAllocs()
	for b.Loop() {
		if err := traffic.Write(io.Discard, x); err != nil {
			b.Fatal(err)
		}
	}
}

// What is held in memory does not depend on the length of a stream.
func TestALongStreamIsReadInLittleMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector is slow and changes what is in memory")
	}
	const length, most = 64 << 20, 32 << 20
	for name, stream := range streams(t, length) {
		for _, packed := range []bool{false, true} {
			if packed && testing.Short() {
				continue
			}
			r, _, want := stream()
			if packed {
				r = compressed(r)
			}
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			var peak uint64
			n := 0
			sum, err := traffic.Read(r, traffic.Options{}, func(e traffic.Entry) error {
				if n++; n%4096 == 0 {
					runtime.ReadMemStats(&now)
					peak = max(peak, now.HeapInuse)
				}
				require.Empty(t, e.Problem)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, want, n, name)
			require.False(t, sum.Cut)
			require.Greater(t, sum.End.Offset, int64(length))
			require.Less(t, int64(peak)-int64(before.HeapInuse), int64(most), "%s, packed %v", name, packed)
		}
	}
}

func compressed(r io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		w, _ := gzip.NewWriterLevel(in, gzip.BestSpeed) // the level is a constant
		_, err := io.Copy(w, r)
		if err == nil {
			err = w.Close()
		}
		in.CloseWithError(err)
	}()
	return out
}

// A string, a line or an entry that is too long is not held either.
func TestWhatIsTooLongIsNotHeld(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector is slow and changes what is in memory")
	}
	const most = 24 << 20
	long := strings.Repeat("x", 1<<20)
	good := written(t, full())
	entry := got(`"status":200,"headers":[]`)
	for _, row := range []struct {
		why        string
		head, tail string
	}{
		{"a line", `{"step":1,"x":"`, "\"}\n" + good},
		{"an entry", `{"log":{"entries":[{"x":"`, `"},` + entry + `]}}`},
		{"a member before the entries", `{"log":{"x":"`, `","entries":[7,` + entry + `]}}`},
		{"a name", `{"log":{"`, `":1,"entries":[7,` + entry + `]}}`},
		{"white space", `{"log":{"entries":[7,` + entry, `]}}`},
	} {
		text := long
		if row.why == "white space" {
			text = strings.Repeat(" ", len(long))
		}
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		var peak uint64
		var got []traffic.Entry
		o := traffic.Options{Name: "x", Entry: 4 << 20, Progress: func(n int64) {
			if n%(4<<20) < 64<<10 {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse)
			}
		}}
		_, err := traffic.Read(&repeated{head: row.head, text: text, times: 64, tail: row.tail}, o,
			func(e traffic.Entry) error {
				got = append(got, e)
				return nil
			})
		require.NoError(t, err, row.why)
		require.Len(t, got, 2, row.why)
		require.NotEmpty(t, got[0].Problem, row.why)
		require.NotNil(t, got[1].Exchange, row.why)
		require.Less(t, int64(peak)-int64(before.HeapInuse), int64(most), row.why)
	}
}

// A source that gives one exchange again and again fills no table of words.
func TestWordsAreBounded(t *testing.T) {
	var b bytes.Buffer
	for i := range 5000 {
		x := full()
		x.Request.Header = []record.Field{{Name: "n", Value: strings.Repeat("v", i%200) + string(rune('a'+i%26))}}
		require.NoError(t, traffic.Write(&b, x))
	}
	entries, _ := readAll(t, &b, traffic.Options{})
	for i, x := range whole(t, entries) {
		require.Equal(t, strings.Repeat("v", i%200)+string(rune('a'+i%26)), x.Request.Header[0].Value)
	}
}
