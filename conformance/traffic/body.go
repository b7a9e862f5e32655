package traffic

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"

	"fmaspec/conformance/record"
)

// requestBody sets the body of a request, or notes that it is lacking.
func (t *task) requestBody(x *record.Exchange, r harRequest, p place, lacks lacking) (note string) {
	header := x.Request.Header
	size := max(r.bodySize, length(record.HeaderValues(header, "Content-Length")))
	r.body.size = size
	body, known, note := t.bytes(r.body, p)
	switch {
	case note != "":
	case len(body) == 0 && len(r.body.params) > 0:
		if r.body.mime == "" {
			if media := record.HeaderValue(header, "Content-Type"); media != nil {
				r.body.mime = *media
			}
		}
		body, known = formBody(r.body, size)
	case len(body) > 0:
	default: // no body is recorded, or an empty one, which some recorders write for one that they do not have
		known = (known || !r.body.found && r.body.file == "") && (size == 0 || size < 0 && !sendsBody(x.Request))
	}
	undone := false
	if codings := codings(record.HeaderValues(header, "Content-Encoding")); known && len(codings) > 0 {
		if body, undone, known = undo(codings, body, t.o.Entry); known {
			x.Request.Header = slices.DeleteFunc(header, func(f record.Field) bool { return ofTheCoded(f.Name) })
		}
		if undone {
			size = -1
		}
	}
	if known && !shorter(body, size) && (undone || !r.body.garbled()) {
		x.Request.Body = body
	} else {
		lacks[record.RequestBody] = true
	}
	return note
}

// responseBody sets the body of an answer, or notes that it is lacking.
func (t *task) responseBody(x *record.Exchange, r harResponse, p place, lacks lacking) (note string) {
	if bodiless(x.Request.Method, r.status) {
		return "" // what is recorded, if anything, is from a cache
	}
	header := x.Response.Header
	stated, size := length(header.Values("Content-Length")), r.body.size
	body, known, note := t.bytes(r.body, p)
	switch {
	case note != "":
	case !r.body.found && r.body.file == "":
		known = size == 0 && (r.bodySize == 0 || stated == 0)
	case len(body) == 0:
		known = known && max(size, stated, r.bodySize) == 0
	}
	undone := false
	codings := codings(header.Values("Content-Encoding"))
	if len(codings) == 0 {
		size = max(size, stated)
	}
	if known && len(codings) > 0 {
		if body, undone, known = undo(codings, body, t.o.Entry); known {
			for name := range header {
				if ofTheCoded(name) {
					delete(header, name)
				}
			}
		}
		if undone {
			size = -1 // it may be of either
		}
	}
	if known && !shorter(body, size) && (undone || !r.body.garbled()) {
		x.Response.Body = body
	} else {
		lacks[record.ResponseBody] = true
	}
	return note
}

// bytes returns the bytes of a body, and whether all of them are known.
func (t *task) bytes(b harBody, p place) (body []byte, known bool, note string) {
	if !b.found {
		if b.file == "" {
			return nil, false, ""
		}
		body, note = t.bodyFile(b.file, p)
		return body, note == "", note
	}
	switch strings.ToLower(strings.TrimSpace(b.encoding)) {
	case "base64":
		body, err := unbase64(b.text)
		return body, err == nil && b.whole, ""
	case "", "utf-8", "utf8", "identity", "none":
		// A recorder that reads bytes as text writes U+FFFD for what is not UTF-8.
		lost := b.size != int64(len(b.text)) && bytes.Contains(b.text, []byte("\uFFFD"))
		return b.text, b.whole && !lost, ""
	}
	return nil, false, ""
}

// garbled reports whether the text of a body is not UTF-8, which all of a HAR is to be: its
// recorder wrote other bytes than came, or in another encoding.
func (b harBody) garbled() bool {
	return b.found && !strings.EqualFold(strings.TrimSpace(b.encoding), "base64") && !utf8.Valid(b.text)
}

// unbase64 decodes base64 of either alphabet, with line ends or without padding.
func unbase64(text []byte) ([]byte, error) {
	coded := make([]byte, 0, len(text))
	for _, c := range text {
		switch c {
		case '-':
			c = '+'
		case '_':
			c = '/'
		case ' ', '\t', '\r', '\n':
			continue
		}
		coded = append(coded, c)
	}
	coded = bytes.TrimRight(coded, "=")
	n, err := base64.RawStdEncoding.Decode(coded, coded)
	return coded[:n], err
}

// length returns the number of a Content-Length, or -1.
func length(values []string) int64 {
	if len(values) == 0 {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(values[0]), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// sendsBody reports whether a request may have a body although none is recorded.
func sendsBody(r record.Request) bool {
	return !slices.Contains([]string{"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"},
		strings.ToUpper(r.Method)) || record.HasHeader(r.Header, "Transfer-Encoding")
}

// bodiless reports whether an answer ends with its header (RFC 9112 6.3).
func bodiless(method string, status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified ||
		method == http.MethodHead || method == http.MethodConnect && status < 300
}

// shorter reports whether only the beginning of a body is recorded: it has fewer bytes than it
// had, and is no JSON text. Recorders count in different ways, so that the number is no proof
// where the text is whole.
func shorter(body []byte, size int64) bool {
	return size > int64(len(body)) && !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true))
}

// formBody returns a form that is recorded by its fields. Recorders differ in whether they
// escape them, and the number of bytes, where it is known, decides.
func formBody(b harBody, size int64) (body []byte, known bool) {
	media, _, _ := strings.Cut(strings.ToLower(b.mime), ";")
	if strings.TrimSpace(media) != "application/x-www-form-urlencoded" || b.upload {
		return nil, false
	}
	var plain, escaped []string
	for _, f := range b.params {
		plain = append(plain, f.Name+"="+f.Value)
		escaped = append(escaped, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
	}
	for _, fields := range [][]string{escaped, plain} {
		if text := strings.Join(fields, "&"); size < 0 || int64(len(text)) == size {
			return []byte(text), true
		}
	}
	return nil, false
}

// ofTheCoded reports whether a field describes a body as it was sent, and not as it is decoded.
func ofTheCoded(name string) bool {
	return slices.ContainsFunc([]string{"Content-Encoding", "Content-Length", "Transfer-Encoding"},
		func(n string) bool { return strings.EqualFold(n, name) })
}

// codings returns the names in fields Content-Encoding, in small letters, those of no coding
// left out.
func codings(values []string) (out []string) {
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				out = append(out, name)
			}
		}
	}
	return out
}

// undo undoes the codings of a recorded body, the last one first, that the recorder left. It is not
// known where it is still coded, in a way that cannot be undone here.
func undo(codings []string, body []byte, most int) (plain []byte, undone, known bool) {
	for _, name := range slices.Backward(codings) {
		if !coded(name, body) {
			continue // the recorder undid it
		}
		decoded, err := decode(name, body, most)
		if err != nil {
			return nil, false, false
		}
		body, undone = decoded, true
	}
	return body, undone, true
}

// coded reports whether bytes seem to be in a coding. Those of a recorder that reads bytes as
// text seem so too, where they are recognised.
func coded(name string, body []byte) bool {
	begins := func(magic string) bool { return bytes.HasPrefix(body, []byte(magic)) }
	switch name {
	case "gzip", "x-gzip":
		return begins("\x1F\x8B") || begins("\x1F\u008B") || begins("\x1F\uFFFD")
	case "zstd":
		return begins("\x28\xB5\x2F\xFD") || begins("(\u00B5/\u00FD") || begins("(\uFFFD/\uFFFD")
	}
	return !utf8.Valid(body)
}

// decode undoes one coding.
func decode(name string, body []byte, most int) ([]byte, error) {
	var r io.Reader
	var err error
	switch name {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(body)); err != nil { // some send it without its frame
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	case "zstd":
		d, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(8<<20)) // RFC 9659
		if err != nil {
			return nil, err
		}
		defer d.Close()
		r = d
	default:
		err = errors.New("the coding is not known here")
	}
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err == nil && len(out) > most {
		err = errors.New("it unpacks to too much")
	}
	return out, err
}
