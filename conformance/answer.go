package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"strings"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/schemas"
)

// answer is a response as the checks look at it, made once.
type answer struct {
	media     string // media type without parameters, lower case; "" where missing or unreadable
	charset   string // the parameter of the media type, lower case; "" where missing or unreadable
	coding    string // Content-Encoding, "" for none
	asked     bool   // the request allows this coding
	body      []byte // after decoding; nil where it cannot be decoded
	decodeErr error  // why not
	// what is wrong with the body as one JSON text, but that a name stands twice; with an action,
	// its bytes alone are at fault
	json       *strictjson.Error
	twice      *strictjson.Error // the first name that stands twice in one object
	action     schemas.Document  // the body, where it is one JSON object
	violations []schemas.Violation
	err        error // the engine could not judge
	// where a name stands twice: the answer to a reader who takes the first of such members; this one takes the last
	first *answer
}

// look reads the response.
func (x *observed) look() (a answer) {
	if x.Response == nil {
		return a
	}
	a.media, a.charset = mediaOf(x.Response.Header.Get("Content-Type"))
	if a.coding = strings.ToLower(strings.TrimSpace(x.Response.Header.Get(
		"Content-Encoding"))); a.coding == "identity" {
		a.coding = ""
	}
	a.asked = a.coding == "" || asksFor(x.Request.Header, a.coding)
	if a.asked && !coding.Known(a.coding) {
		a.err = fmt.Errorf("its Content-Encoding is %s, which cannot be undone here", a.coding)
		return a
	}
	a.body, a.decodeErr = coding.Decode(a.coding, x.Response.Body)
	if a.decodeErr != nil {
		return a
	}
	if x.accepted(&a) {
		return a
	}
	text := a.body
	if a.json, a.twice = flaws(text); a.json != nil {
		// Bytes that are at fault do not hide the text that they are meant to be.
		switch a.json.Kind {
		case strictjson.BOM:
			text = strictjson.TrimBOM(text)
			a.body = text
		case strictjson.Encoding:
			text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
		default:
			return a
		}
		var other *strictjson.Error
		if other, a.twice = flaws(text); other != nil {
			return a
		}
	}
	if strictjson.Values(text, valueLimit) > valueLimit {
		a.err = fmt.Errorf("it holds more than %d values", valueLimit)
		return a
	}
	x.read(&a, text)
	if a.twice != nil {
		first := a
		if x.read(&first, strictjson.First(text)); first.err == nil {
			a.first = &first
		}
	}
	return a
}

// mediaOf returns the media type in a Content-Type and its parameter charset, both in lower case.
func mediaOf(value string) (media, charset string) {
	media, parameter, more := strings.Cut(value, ";")
	name, set, _ := strings.Cut(strings.TrimPrefix(parameter, " "), "=")
	switch slash := strings.IndexByte(media, '/'); {
	case slash < 0 || !isPlainName(media[:slash]) || !isPlainName(media[slash+1:]):
	case !more:
		return media, ""
	case name == "charset" && isPlainName(set):
		return media, set
	case isPlainName(name) && isPlainName(set):
		return media, ""
	}
	media, parameters, err := mime.ParseMediaType(value)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", ""
	}
	return media, strings.ToLower(strings.TrimSpace(parameters["charset"]))
}

// isPlainName reports whether a text is one of small letters, digits, dots and hyphens.
func isPlainName(text string) bool {
	for _, c := range []byte(text) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-') {
			return false
		}
	}
	return text != ""
}

// schema returns what the body has to keep, if it is an object; nil where nothing is known.
func (x *observed) schema() *schemas.Schema {
	if x.Response.Status/100 == 2 {
		return x.terms.schema
	}
	return x.terms.errors
}

// accepted reads a body that has no flaw and certainly keeps its schema, which most do.
func (x *observed) accepted(a *answer) bool {
	schema := x.schema()
	if schema == nil || x.thorough {
		return false
	}
	d, ok := schema.Accept(a.body)
	if d.IsObject() {
		a.action = d
	}
	return ok
}

// flaws returns what is wrong with bytes as one JSON text, and, where nothing is
// but that, the first name that stands twice in one object.
func flaws(text []byte) (broken, twice *strictjson.Error) {
	if !errors.As(strictjson.Check(text), &twice) {
		return nil, nil
	}
	if twice.Kind != strictjson.Duplicate {
		return twice, nil
	}
	errors.As(strictjson.CheckText(text), &broken)
	return broken, twice
}

// read fills in what a JSON text holds, and what that breaks of the schema.
func (x *observed) read(a *answer, text []byte) {
	value, err := schemas.Decode(text)
	if err != nil {
		a.err = err
		return
	}
	object, is := value.(map[string]any)
	if !is {
		return // a problem of its own
	}
	a.action = schemas.DocumentOf(value)
	schema := x.schema()
	if schema == nil {
		return
	}
	a.violations, a.err = schema.ValidateValue(value)
	members := x.terms.members
	if schema == x.terms.errors {
		members = x.terms.faults
	}
	if a.err != nil && len(members) > 0 {
		// The engine may have failed on a further member, which is free.
		a.violations, a.err = schema.ValidateValue(documented(object, members))
	}
}

// valueLimit is how many values of a JSON text are judged: read into memory, each
// takes many times the room that it has in the text.
const valueLimit = 25_000

// documented is an object without its further members.
func documented(object map[string]any, members []string) any {
	kept := map[string]any{}
	for _, name := range members {
		if value, there := object[name]; there {
			kept[name] = value
		}
	}
	return kept
}

// asksFor reports whether Accept-Encoding, where there is one, lists the coding.
func asksFor(header []record.Field, coding string) bool {
	values := record.HeaderValues(header, "Accept-Encoding")
	if len(values) == 0 {
		return true // RFC 9110 12.5.3: any coding is considered acceptable then
	}
	allowed := map[string]bool{}
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, weight, _ := strings.Cut(item, ";")
		allowed[plainCoding(strings.ToLower(strings.TrimSpace(name)))] = !zeroWeight.MatchString(weight)
	}
	if named, there := allowed[plainCoding(coding)]; there {
		return named
	}
	return allowed["*"]
}

// plainCoding returns the name of a coding, in lower case, that has two (RFC 9110 8.4.1.1 and 8.4.1.3).
func plainCoding(name string) string {
	if plain, is := strings.CutPrefix(name, "x-"); is && (plain == "gzip" || plain == "compress") {
		return plain
	}
	return name
}

// zeroWeight is a quality value that rules a coding out (RFC 9110 12.4.2).
var zeroWeight = regexp.MustCompile(`^\s*q=0(\.0*)?\s*$`)

// show writes a value as a finding does: JSON, at most some sixty characters.
func show(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return fmt.Sprint(v)
	}
	return brief(strings.TrimSpace(b.String()))
}

// brief cuts text to what a line can hold.
func brief(text string) string {
	const most = 60
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
