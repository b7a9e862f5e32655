package traffic

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A harEntry is an entry of a HAR as it is written; what its exchange was has to be concluded.
type harEntry struct {
	started  string
	time     float64 // milliseconds
	comment  string
	err      string
	cached   bool // the answer is from a cache of the client
	request  harRequest
	response harResponse

	// members of the suite's own HAR
	origin    string // the case
	step      int
	errorKind record.WireKind
	retries   int
	inert     bool
	action    string
}

type harRequest struct {
	found    bool
	method   string
	url, raw string // raw: as sent, in the suite's own HAR
	header   []record.Field
	body     harBody
	bodySize int64
}

type harResponse struct {
	found     bool
	status    int
	odd       string // the status as it is written, where it is no whole number
	proto     string
	text      string
	err       string
	header    []record.Field
	body      harBody
	bodySize  int64
	truncated bool
	shortened bool
}

// A harBody is the body of a request or an answer.
type harBody struct {
	text     []byte
	found    bool // there is a text
	whole    bool // every byte of it is known
	encoding string
	size     int64 // of the body; -1 where it is not known
	file     string
	params   []record.Field
	mime     string
	upload   bool // one of the params is a file
}

// entry reads an entry of a HAR.
func (t *task) entry(text []byte, p place, e *Entry) {
	h, err := t.json.entry(text)
	if err != nil {
		e.Problem = unreadable(err, "entry", e.Source)
		return
	}
	for _, row := range []struct{ value, member string }{
		{h.request.method, "request.method"}, {cmp.Or(h.request.raw, h.request.url), "request.url"},
	} {
		if row.value == "" {
			e.Problem = "the entry has no " + row.member + "; record it again, or remove it"
			return
		}
	}
	if h.response.odd != "" {
		e.Problem = "response.status: want a whole number, got " + h.response.odd + "; repair or remove the entry"
		return
	}
	e.Exchange, e.Note = t.exchange(h, p)
}

func (j *decoder) entry(text []byte) (h harEntry, err error) {
	j.reset(text)
	err = j.object(func(name []byte) (err error) {
		switch string(name) {
		case "startedDateTime":
			h.started, _, err = j.loose()
		case "time":
			h.time, _, err = j.looseNumber()
		case "request":
			h.request, err = j.request()
		case "response":
			h.response, err = j.response()
		case "comment":
			h.comment, _, err = j.loose()
		case "_error":
			h.err, _, err = j.loose()
		case "_fromCache":
			var from string
			from, _, err = j.loose()
			h.cached = from != "" && from != "false"
		case "_case":
			h.origin, _, err = j.loose()
		case "_step":
			var n int64
			n, err = j.looseSize()
			h.step = int(min(max(n, 0), 1<<31-1))
		case "_errorKind":
			var kind string
			kind, _, err = j.loose()
			h.errorKind = record.WireKind(kind)
		case "_retries":
			var n int64
			n, err = j.looseSize()
			h.retries = int(min(max(n, 0), 1<<31-1))
		case "_inert":
			h.inert, err = j.looseYes()
		case "_action":
			h.action, _, err = j.loose()
		default:
			err = j.skip()
		}
		return err
	})
	if err == nil {
		err = j.end()
	}
	return h, err
}

func (j *decoder) request() (r harRequest, err error) {
	r.bodySize, r.body.size, r.body.whole = -1, -1, true
	r.found, err = j.looseObject(func(name []byte) (err error) {
		switch string(name) {
		case "method":
			r.method, _, err = j.loose()
		case "url":
			r.url, _, err = j.loose()
		case "_url":
			r.raw, _, err = j.loose()
		case "headers":
			r.header, err = j.fields()
		case "bodySize":
			r.bodySize, err = j.looseSize()
		case "postData":
			r.body, err = j.body()
		default:
			err = j.skip()
		}
		return err
	})
	return r, err
}

func (j *decoder) response() (r harResponse, err error) {
	r.bodySize, r.body.size, r.body.whole = -1, -1, true
	r.found, err = j.looseObject(func(name []byte) (err error) {
		switch string(name) {
		case "status":
			var n float64
			if n, _, err = j.looseNumber(); n != math.Trunc(n) {
				r.odd = strconv.FormatFloat(n, 'g', -1, 64)
			}
			r.status = int(min(max(n, 0), 1<<31-1))
		case "statusText":
			r.text, _, err = j.loose()
		case "httpVersion":
			r.proto, _, err = j.loose()
		case "headers":
			r.header, err = j.fields()
		case "bodySize":
			r.bodySize, err = j.looseSize()
		case "content":
			r.body, err = j.body()
		case "_error", "_failureText": // of Chrome and mitmproxy, and of Playwright
			var text string
			text, _, err = j.loose()
			r.err = cmp.Or(text, r.err)
		case "_truncated":
			r.truncated, err = j.looseYes()
		case "_shortened":
			r.shortened, err = j.looseYes()
		default:
			err = j.skip()
		}
		return err
	})
	return r, err
}

// body reads postData or content.
func (j *decoder) body() (b harBody, err error) {
	b.size, b.whole = -1, true
	_, err = j.looseObject(func(name []byte) (err error) {
		switch string(name) {
		case "text":
			if j.kind() != '"' {
				return j.skip()
			}
			var v []byte
			if v, err = j.value(); err == nil {
				b.found = true
				b.text, b.whole = unquote(v)
			}
		case "_base64": // of the suite's own HAR, where the text is not whole
			var coded string
			var found bool
			if coded, found, err = j.loose(); found {
				b.text, b.encoding, b.found, b.whole = []byte(coded), "base64", true, true
			}
		case "encoding", "_encoding":
			b.encoding, _, err = j.loose()
		case "size":
			b.size, err = j.looseSize()
		case "_file":
			b.file, _, err = j.loose()
		case "mimeType":
			b.mime, _, err = j.loose()
		case "params":
			b.params = nil
			_, err = j.looseArray(func() error {
				f, is, file, err := j.pair()
				b.upload = b.upload || file
				if is {
					b.params = append(b.params, f)
				}
				return err
			})
		default:
			err = j.skip()
		}
		return err
	})
	return b, err
}

// fields reads a list of headers: none where it is no list.
func (j *decoder) fields() (out []record.Field, err error) {
	_, err = j.looseArray(func() error {
		f, is, _, err := j.pair()
		if !is || f.Name == "" {
			return err
		}
		// Chrome and others join the values of fields of one name by line feeds.
		for value := range strings.SplitSeq(f.Value, "\n") {
			out = append(out, record.Field{Name: f.Name, Value: strings.TrimSuffix(value, "\r")})
		}
		return err
	})
	return out, err
}

// pair reads an object with a name and a value.
func (j *decoder) pair() (f record.Field, is, file bool, err error) {
	is, err = j.looseObject(func(name []byte) (err error) {
		switch string(name) {
		case "name":
			if j.kind() != '"' {
				f.Name, _, err = j.loose()
				return err
			}
			var v []byte
			if v, err = j.value(); err == nil {
				f.Name = j.word(v)
			}
		case "value":
			f.Value, _, err = j.loose()
		case "fileName":
			_, file, err = j.loose()
		default:
			err = j.skip()
		}
		return err
	})
	return f, is, file, err
}

// exchange concludes from an entry what the exchange was, and what of it the entry does not hold.
func (t *task) exchange(h harEntry, p place) (x *record.Exchange, note string) {
	x = &record.Exchange{Case: h.origin}
	x.Step, x.Retries, x.Inert, x.Action = h.step, h.retries, h.inert, h.action
	x.Request.Method, x.Request.URL = h.request.method, cmp.Or(h.request.raw, h.request.url)
	x.Request.Header = requestHeader(h.request.header)
	lacks := lacking{record.WireForm: true}
	lacks[record.RequestHeader] = len(h.request.header) == 0
	authorization := record.HeaderValue(x.Request.Header, "Authorization")
	lacks[record.Credentials] = authorization == nil || struckOut(*authorization)
	note = t.requestBody(x, h.request, p, lacks)
	var exact bool
	x.Started, exact = instant(h.started)
	lacks[record.Times] = !exact || h.cached
	if h.time > 0 && h.time < float64(1<<62)/float64(time.Millisecond) {
		x.Elapsed = time.Duration(h.time * float64(time.Millisecond))
	}
	if h.response.status == 0 {
		x.Error = cmp.Or(h.response.err, h.err, h.response.text, h.comment, "the recorder has no answer")
		x.ErrorKind = cmp.Or(h.errorKind, record.Cancelled)
	} else {
		x.Response = &record.Response{Status: h.response.status, Proto: h.response.proto,
			Header: responseHeader(h.response.header), Truncated: h.response.truncated, Shortened: h.response.shortened}
		lacks[record.ResponseHeader] = len(h.response.header) == 0
		note = cmp.Or(note, t.responseBody(x, h.response, p, lacks))
		if x.Error = h.response.err; x.Error != "" {
			x.ErrorKind = cmp.Or(h.errorKind, record.Cancelled)
		}
	}
	x.Lacks = lacks.list()
	return x, note
}

// lacking are the parts of an exchange that an entry does not hold.
type lacking map[record.Part]bool

// list returns the parts in the order in which package record has them.
func (l lacking) list() (out []record.Part) {
	for _, part := range []record.Part{record.RequestHeader, record.Credentials, record.RequestBody,
		record.ResponseHeader, record.ResponseBody, record.WireForm, record.Times} {
		if l[part] {
			out = append(out, part)
		}
	}
	return out
}

// requestHeader returns the fields of a request without the pseudo-fields of HTTP/2 and 3. Of
// them :authority is what the field Host is in HTTP/1.
func requestHeader(header []record.Field) []record.Field {
	out := make([]record.Field, 0, len(header))
	for _, f := range header {
		switch {
		case strings.EqualFold(f.Name, ":authority") && !record.HasHeader(header, "Host"):
			out = append(out, record.Field{Name: "Host", Value: f.Value})
		case !strings.HasPrefix(f.Name, ":"):
			out = append(out, f)
		}
	}
	return out
}

// responseHeader returns the fields of an answer without pseudo-fields.
func responseHeader(header []record.Field) http.Header {
	out := make(http.Header, len(header))
	for _, f := range header {
		if !strings.HasPrefix(f.Name, ":") {
			out.Add(f.Name, f.Value)
		}
	}
	return out
}

// struckOut reports whether a recorder or its user replaced a secret by a mark. The suite's own
// marks say what they stand for, and are none.
func struckOut(value string) bool {
	const own = "$FMASPEC_"
	if strings.Contains(value, own) {
		return false
	}
	_, credentials, found := strings.Cut(strings.TrimSpace(value), " ")
	if !found {
		credentials = value // a scheme alone is sent by some clients, and is a fault of theirs
	}
	small := strings.ToLower(credentials)
	for _, mark := range []string{"redact", "sanitiz", "sanitis", "filtered", "hidden", "masked", "removed", "omitted",
		"***", "•••", "…", "<", "["} {
		if strings.Contains(small, mark) {
			return true
		}
	}
	return len(small) > 2 && strings.Trim(small, "x") == ""
}
