package traffic_test

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
	"fmaspec/conformance/traffic/planted"
)

// read whatever it is, and fail where an entry is neither read nor broken, or stands outside.
func fuzzed(t *testing.T, text []byte) {
	var last int64 = -1
	n := 0
	check := func(e traffic.Entry) error {
		n++
		if (e.Exchange == nil) == (e.Problem == "") {
			t.Errorf("want an exchange or a problem, got %+v", e)
		}
		if e.Exchange != nil && (e.Exchange.Source == nil || *e.Exchange.Source != e.Source) {
			t.Errorf("want the source of the exchange to be %+v, got %+v", e.Source, e.Exchange.Source)
		}
		// What is packed may be longer, and an archive has several files.
		if e.Source.File == "x" && (e.Source.Offset < last || e.Source.Line < 1) {
			t.Errorf("want places in their order, got %+v behind %d", e.Source, last)
		}
		last = max(last, e.Source.Offset)
		if e.Exchange != nil {
			again(t, *e.Exchange)
		}
		return nil
	}
	o := traffic.Options{Name: "x", Entry: 1 << 16, Unpacked: 1 << 20, Spool: 1 << 20, Open: openReal}
	sum, err := traffic.Read(bytes.NewReader(text), o, check)
	if sum.Entries != n {
		t.Errorf("want %d entries, got %d", n, sum.Entries)
	}
	if err != nil && (!strings.HasPrefix(err.Error(), "x") || !strings.Contains(err.Error(), "; ")) {
		t.Errorf("want an error from the place to the remedy, got %q", err)
	}
}

// again writes an exchange as a line, and reads it.
func again(t *testing.T, x record.Exchange) {
	var b bytes.Buffer
	if err := traffic.Write(&b, x); err != nil {
		t.Errorf("cannot be written: %v", err)
		return
	}
	n := 0
	_, err := traffic.Read(&b, traffic.Options{Name: "y"}, func(e traffic.Entry) error {
		if n++; e.Exchange == nil || !bytes.Equal(e.Exchange.Request.Body, x.Request.Body) {
			t.Errorf("want the exchange again, got %+v", e)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("want one line, got %d and %v", n, err)
	}
}

func FuzzHAR(f *testing.F) {
	names, err := fs.Glob(planted.FS(), "*.har")
	if err != nil || len(names) != 8 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(planted.FS(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(zipped(f, path.Join("a", name), string(text)))
	}
	for _, text := range []string{har(), har(got(`"status":200`), posted(someHeader)), `{"log":{"entries":[}]:{"`,
		`{"log":{"entries":[{"request":{"method":"x","url":"x","headers":[{"name":"x"}]},"startedDateTime":1e9}`} {
		f.Add([]byte(text))
		f.Add(gzipped(text))
		f.Add(zstded(f, text))
	}
	f.Fuzz(fuzzed)
}

func FuzzNDJSON(f *testing.F) {
	lines := written(f, append(planting()[:3], full())...)
	f.Add([]byte(lines))
	f.Add([]byte("\xEF\xBB\xBF" + lines + "{\n\n" + lines[:100]))
	f.Add([]byte(`{"$schema":"x","suite":{}}` + "\n" + lines))
	f.Add(gzipped(lines))
	f.Fuzz(fuzzed)
}

// repeated is a stream of a text, many times over.
type repeated struct {
	head, text, tail string
	times            int
	rest             string
}

func (r *repeated) Read(b []byte) (int, error) {
	for r.rest == "" {
		switch {
		case r.head != "":
			r.rest, r.head = r.head, ""
		case r.times > 0:
			r.rest = r.text
			r.times--
		case r.tail != "":
			r.rest, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
