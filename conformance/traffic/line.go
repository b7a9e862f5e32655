package traffic

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

// lines reads NDJSON.
func (t *task) lines(w *window, p place) error {
	for {
		e := Entry{Source: w.source(p.name)}
		n, long, ended := w.nextLine(t.o.Entry)
		line := bytes.TrimPrefix(w.held()[:n], bom)
		if n == 0 && ended && !long {
			return nil
		}
		var err error
		switch text := bytes.TrimSpace(line); {
		case long:
			e.Problem = tooLong("line", t.o.Entry)
		case len(text) > 0:
			err = t.line(line, ended, &e)
		}
		w.take(n)
		if err == nil && (e.Exchange != nil || e.Problem != "") {
			err = t.pass(e)
		}
		if err != nil {
			return err
		}
	}
}

// nextLine returns the length of the line at which the window begins, with its line feed, and
// whether it has none because the stream ends. Of a line longer than most, the beginning is taken.
func (w *window) nextLine(most int) (n int, long, ended bool) {
	for {
		b := w.ahead(n + 1)
		if len(b) == n {
			return n, long, true
		}
		if end := bytes.IndexByte(b[n:], '\n'); end >= 0 {
			return n + end + 1, long || n+end > most, false
		}
		if n = len(b); n > most {
			w.take(n)
			n, long, most = 0, true, chunk
		}
	}
}

// line reads one line, which has no line feed if the stream ended with it.
func (t *task) line(line []byte, ended bool, e *Entry) error {
	x, head, err := t.json.line(line)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax) && syntax.cut && ended:
		t.sum.Cut = true
	case errors.As(err, &syntax) && syntax.cut:
		e.Problem = unreadable(err, "line", e.Source) + ", and write each exchange on one line, as by jq -c"
	case err != nil:
		e.Problem = unreadable(err, "line", e.Source)
	case head != nil:
		if t.sum.Head == nil {
			t.sum.Head = head
		}
		if t.o.Head != nil {
			return t.o.Head(head)
		}
	default:
		e.Exchange = x
	}
	return nil
}

// A missing error is one of a member that has to be there.
func missing(member, want string) error {
	return &typeError{member, want + ", as each exchange has"}
}

// line reads one exchange, or the report that stands before them.
func (j *decoder) line(text []byte) (x *record.Exchange, head *record.Report, err error) {
	j.reset(text)
	if err := j.want("the line", "{", "an object"); err != nil {
		return nil, nil, err
	}
	x = &record.Exchange{}
	var schema, suite, request, response, header, sentGarbled, cameGarbled bool
	err = j.object(func(name []byte) (err error) {
		switch string(name) {
		case "case":
			x.Case, err = j.often("case")
		case "step":
			x.Step, err = j.count("step")
		case "request":
			request = true
			j.garbled = false
			header, err = j.sent(&x.Request)
			sentGarbled = j.garbled
		case "response":
			response = true
			j.garbled = false
			x.Response, err = j.answer()
			cameGarbled = j.garbled
		case "error":
			x.Error, err = j.often("error")
		case "error_kind":
			var kind string
			kind, err = j.often("error_kind")
			x.ErrorKind = record.WireKind(kind)
		case "retries":
			x.Retries, err = j.count("retries")
		case "alone":
			x.Alone, err = j.often("alone")
		case "inert":
			x.Inert, err = j.yes("inert")
		case "leaked":
			x.Leaked, err = j.yes("leaked")
		case "token_in":
			x.TokenIn, err = texts[string](j, "token_in")
		case "action":
			x.Action, err = j.text("action")
		case "started":
			var at string
			at, err = j.text("started")
			x.Started, _ = instant(at)
		case "elapsed_ns":
			var n int64
			n, err = j.integer("elapsed_ns")
			x.Elapsed = time.Duration(max(n, 0))
		case "lacks":
			x.Lacks, err = texts[record.Part](j, "lacks")
		case "$schema":
			schema = true
			err = j.skip()
		case "suite":
			suite = true
			err = j.skip()
		default:
			err = j.skip()
		}
		return err
	})
	if err == nil {
		err = j.end()
	}
	switch {
	case err != nil:
		return nil, nil, err
	case schema && suite && !request:
		head = &record.Report{}
		if err := json.Unmarshal(text, head); err != nil {
			return nil, nil, &typeError{"the report", "one of this version of the suite"}
		}
		return nil, head, nil
	case !request:
		return nil, nil, missing("request", "an object")
	case !response:
		return nil, nil, missing("response", "an object or null")
	}
	for _, of := range []struct {
		lacking bool
		part    record.Part
	}{{!header, record.RequestHeader}, {sentGarbled, record.RequestBody}, {cameGarbled, record.ResponseBody}} {
		if of.lacking {
			x.Lacks = with(x.Lacks, of.part)
		}
	}
	if x.Response != nil && x.Response.Header == nil {
		x.Response.Header = http.Header{}
		x.Lacks = with(x.Lacks, record.ResponseHeader)
	}
	if x.Started.IsZero() {
		x.Lacks = with(x.Lacks, record.Times)
	}
	return x, nil, nil
}

func with(parts []record.Part, part record.Part) []record.Part {
	if slices.Contains(parts, part) {
		return parts
	}
	return append(parts, part)
}

func (j *decoder) count(member string) (int, error) {
	n, err := j.integer(member)
	if err == nil && (n < 0 || n > 1<<31-1) {
		err = &typeError{member, "a number from 0 to 2147483647"}
	}
	return int(n), err
}

// texts reads a list of strings.
func texts[T ~string](j *decoder, member string) (out []T, err error) {
	if err := j.want(member, "[n", "a list of strings"); err != nil {
		return nil, err
	}
	_, err = j.looseArray(func() error {
		s, err := j.often(member)
		out = append(out, T(s))
		return err
	})
	return out, err
}

// sent reads a request, and reports whether it has a header.
func (j *decoder) sent(r *record.Request) (header bool, err error) {
	*r = record.Request{}
	if err := j.want("request", "{", "an object"); err != nil {
		return false, err
	}
	err = j.object(func(name []byte) (err error) {
		switch string(name) {
		case "method":
			r.Method, err = j.often("request.method")
		case "url":
			r.URL, err = j.text("request.url")
		case "absolute":
			r.Absolute, err = j.yes("request.absolute")
		case "version":
			r.Version, err = j.often("request.version")
		case "header":
			r.Header = nil
			if err := j.want("request.header", "[n", "a list of objects"); err != nil {
				return err
			}
			header, err = j.looseArray(func() error {
				f, err := j.field()
				r.Header = append(r.Header, f)
				return err
			})
			if header && r.Header == nil {
				r.Header = []record.Field{}
			}
		case "body":
			r.Body, err = j.kept("request.body")
		default:
			err = j.skip()
		}
		return err
	})
	switch {
	case err != nil:
	case r.Method == "":
		err = missing("request.method", "a string that is not empty")
	case r.URL == "":
		err = missing("request.url", "a string that is not empty")
	}
	return header, err
}

func (j *decoder) field() (f record.Field, err error) {
	if err := j.want("request.header", "{", "objects in the list"); err != nil {
		return f, err
	}
	return f, j.object(func(name []byte) (err error) {
		switch string(name) {
		case "name":
			f.Name, err = j.often("request.header name")
		case "value":
			f.Value, err = j.often("request.header value")
		default:
			err = j.skip()
		}
		return err
	})
}

// answer reads a response, nil for null.
func (j *decoder) answer() (*record.Response, error) {
	if err := j.want("response", "{n", "an object or null"); err != nil {
		return nil, err
	}
	r := &record.Response{}
	is, err := j.looseObject(func(name []byte) (err error) {
		switch string(name) {
		case "status":
			r.Status, err = j.count("response.status")
		case "proto":
			r.Proto, err = j.often("response.proto")
		case "header":
			r.Header, err = j.answerHeader()
		case "body":
			r.Body, err = j.kept("response.body")
		case "truncated":
			r.Truncated, err = j.yes("response.truncated")
		case "shortened":
			r.Shortened, err = j.yes("response.shortened")
		default:
			err = j.skip()
		}
		return err
	})
	if err != nil || !is {
		return nil, err
	}
	if r.Status == 0 {
		return nil, missing("response.status", "a number that is not 0")
	}
	return r, nil
}

// answerHeader reads an object of lists of strings, nil for null.
func (j *decoder) answerHeader() (http.Header, error) {
	const member = "response.header"
	if err := j.want(member, "{n", "an object of lists of strings"); err != nil {
		return nil, err
	}
	header := http.Header{}
	is, err := j.looseObject(func(name []byte) error {
		key := j.key(name)
		if err := j.want(member, "[n", "a list of strings for each name"); err != nil {
			return err
		}
		_, err := j.looseArray(func() error {
			value, err := j.often(member)
			header[key] = append(header[key], value)
			return err
		})
		return err
	})
	if !is {
		return nil, err
	}
	return header, err
}

// kept reads a body as package record writes it.
func (j *decoder) kept(member string) (body record.Body, err error) {
	switch j.kind() {
	case '"':
		v, err := j.value()
		if err != nil {
			return nil, err
		}
		body, whole := unquote(v)
		j.garbled = !whole || !utf8.Valid(body) // Write writes such bodies in base64
		return body, nil
	case 'n':
		return nil, j.skip()
	}
	const want = `a string, or {"base64": …}`
	if err := j.want(member, "{", want); err != nil {
		return nil, err
	}
	found := false
	err = j.object(func(name []byte) error {
		if string(name) != "base64" {
			return j.skip()
		}
		coded, err := j.text(member)
		if err != nil {
			return err
		}
		found = true
		if body, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return &typeError{member, "base64 with padding"}
		}
		return nil
	})
	if err == nil && !found {
		err = &typeError{member, want}
	}
	return body, err
}

// Write writes an exchange as one line of NDJSON.
func Write(w io.Writer, x record.Exchange) error { return writeLine(w, "exchange", x) }

// WriteHead writes the line before the exchanges: what made them, as a report without cases.
func WriteHead(w io.Writer, r *record.Report) error {
	head := *r
	head.Schema = record.ReportSchema
	head.Cases, head.Requirements = []record.CaseResult{}, []record.RequirementResult{}
	return writeLine(w, "report", &head)
}

func writeLine(w io.Writer, what string, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("%s: it cannot be written as JSON: %w; this is a bug of fmaspec", what, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
