// Package planted writes exchanges into HAR files of known producers, each in the way in which
// its producer writes its own, for tests of what reads and judges recorded traffic. The files are
// real ones; har/README.md says where they come from.
package planted

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

//go:embed har
var files embed.FS

// FS returns the real files: chrome.har and so on, and the body that playwright.har names.
func FS() fs.FS {
	sub, err := fs.Sub(files, "har")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// A Style is the way in which a producer writes a HAR.
type Style struct {
	Name    string        // of the producer, such as "chrome"; its file is Name.har
	Entries int           // in the file as it is
	Lacks   []record.Part // parts that no exchange of the style has
	indent  string
	unit    time.Duration // of instants
	render  func(x record.Exchange, p *plant) object
}

// Styles returns the styles of all producers, by name.
func Styles() []Style {
	always := func(more ...record.Part) []record.Part { return append(more, record.WireForm) }
	return []Style{
		{"charles", 2, always(), "  ", time.Millisecond, charles},
		{"chrome", 3, always(), "  ", time.Millisecond, chrome},
		{"fiddler", 1, always(), "  ", 100 * time.Nanosecond, fiddler},
		{"firefox", 2, always(), "  ", time.Millisecond, firefox},
		{"insomnia", 1, always(record.RequestHeader, record.Credentials), "\t", time.Millisecond, insomnia},
		{"mitmproxy", 2, always(), "    ", time.Microsecond, mitmproxy},
		{"playwright", 1, always(), "  ", time.Millisecond, playwright},
		{"proxyman", 1, always(), "  ", time.Millisecond, proxyman},
	}
}

// A Planted is a HAR with exchanges in it.
type Planted struct {
	HAR   []byte
	Files map[string][]byte // those that it names, relative to it
}

// Open opens a file that the HAR names.
func (p Planted) Open(name string) (io.ReadCloser, error) {
	body, found := p.Files[name]
	if !found {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// A plant is the state of planting.
type plant struct {
	style Style
	n     int // exchanges planted before
	files map[string][]byte
}

// Plant returns the producer's file with the exchanges behind its own entries.
func (s Style) Plant(exchanges ...record.Exchange) (Planted, error) {
	own, err := fs.ReadFile(FS(), s.Name+".har")
	if err != nil {
		return Planted{}, err
	}
	end, err := endOfEntries(own)
	if err != nil {
		return Planted{}, fmt.Errorf("%s.har: %w", s.Name, err)
	}
	p := &plant{style: s, files: map[string][]byte{}}
	if s.Name == "playwright" {
		const name = "har-sha1-main-response.txt"
		if p.files[name], err = fs.ReadFile(FS(), name); err != nil {
			return Planted{}, err
		}
	}
	var b bytes.Buffer
	b.Write(own[:end])
	for _, x := range exchanges {
		raw, err := s.entry(x, p)
		if err != nil {
			return Planted{}, err
		}
		b.WriteString(",\n")
		b.Write(raw)
		p.n++
	}
	b.Write(own[end:])
	return Planted{HAR: b.Bytes(), Files: p.files}, nil
}

// Entry returns an exchange as an entry by itself, for a style without files of bodies.
func (s Style) Entry(x record.Exchange) ([]byte, error) {
	return s.entry(x, &plant{style: s, files: map[string][]byte{}})
}

func (s Style) entry(x record.Exchange, p *plant) ([]byte, error) {
	raw, err := json.Marshal(s.render(x, p))
	if err != nil {
		return nil, err
	}
	if s.Name == "fiddler" {
		raw = bytes.ReplaceAll(raw, []byte("/"), []byte(`\/`))
	}
	var b bytes.Buffer
	b.WriteString(s.indent + s.indent + s.indent)
	err = json.Indent(&b, raw, s.indent+s.indent+s.indent, s.indent)
	return b.Bytes(), err
}

// endOfEntries returns where the last entry of a HAR ends.
func endOfEntries(har []byte) (int64, error) {
	d := json.NewDecoder(bytes.NewReader(har))
	for {
		token, err := d.Token()
		if err != nil {
			return 0, err
		}
		if token != "entries" {
			continue
		}
		if _, err := d.Token(); err != nil {
			return 0, err
		}
		end := d.InputOffset()
		for d.More() {
			var entry json.RawMessage
			if err := d.Decode(&entry); err != nil {
				return 0, err
			}
			end = d.InputOffset()
		}
		return end, nil
	}
}

// Keeps returns what a reader can know of an exchange that was planted in the style.
func (s Style) Keeps(x record.Exchange) record.Exchange {
	x.Case, x.Step, x.Source = "", 0, nil
	x.Lacks = slices.Clone(s.Lacks)
	x.Started = x.Started.Truncate(s.unit)
	x.Elapsed = x.Elapsed.Truncate(time.Millisecond)
	x.Request.Header = s.keepsHeader(x.Request.Header)
	if !slices.Contains(x.Lacks, record.Credentials) && !record.HasHeader(x.Request.Header, "Authorization") {
		x.Lacks = append(x.Lacks, record.Credentials)
	}
	if s.Name == "insomnia" && len(x.Request.Body) == 0 && x.Request.Method != "GET" {
		x.Lacks = append(x.Lacks, record.RequestBody) // neither its length nor the text is recorded
	}
	if x.Response == nil {
		x.ErrorKind = record.Cancelled
		return x
	}
	answer := *x.Response
	answer.Header = answer.Header.Clone()
	if s.coding() == "br" && !utf8.Valid(answer.Body) {
		x.Lacks = append(x.Lacks, record.ResponseBody) // it may be coded still, or not
		answer.Body = nil
		answer.Header.Set("Content-Encoding", "br")
		answer.Header.Set("Transfer-Encoding", "chunked")
	} else if s.recodes(x) {
		for _, name := range []string{"Content-Encoding", "Content-Length", "Transfer-Encoding"} {
			answer.Header.Del(name)
		}
	}
	answer.Proto = s.proto(x)
	x.Response = &answer
	return x
}
