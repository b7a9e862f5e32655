package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// Schema is the $id of the JSON Schema of reports written by [JSON], and the value of their
// "$schema" member.
const Schema = record.ReportSchema

// JSON writes the complete report: indented, the same bytes for the same report, with a line
// break at the end. Lists and headers that are nil are written as empty ones, "$schema" is
// always [Schema], and a requirement without an outcome is not applicable. Control sequences
// for a terminal or a build server are escaped as \uNNNN, which is the same JSON. Bodies keep
// every byte; elsewhere, bytes that are not UTF-8 become U+FFFD. It holds one case in memory
// at a time.
func JSON(w io.Writer, r *record.Report) error {
	out := filled(r)
	cases := out.Cases
	out.Cases = []record.CaseResult{}
	// The cases are the last member, so that they can be written one by one.
	const before, after = "[", "]\n}\n"
	var b bytes.Buffer
	if err := encode(&b, "", out); err != nil {
		return err
	}
	head, found := bytes.CutSuffix(b.Bytes(), []byte(before+after))
	if !found {
		return errors.New("report: cannot be written as JSON: cases are not its last member; this is a bug of fmaspec")
	}
	if _, err := w.Write(append(head, before...)); err != nil {
		return err
	}
	for i := range cases {
		b.Reset()
		b.WriteString(map[bool]string{true: "\n    ", false: ",\n    "}[i == 0])
		if err := encode(&b, "    ", cases[i]); err != nil {
			return err
		}
		if _, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	end := after
	if len(cases) > 0 {
		end = "\n  " + after
	}
	_, err := io.WriteString(w, end)
	return err
}

// encode adds a value as indented JSON, with a prefix on each line but the first.
func encode(b *bytes.Buffer, prefix string, v any) error {
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetIndent(prefix, "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("report: cannot be written as JSON: %w", err)
	}
	b.Write(respell(raw.Bytes()))
	return nil
}

// filled returns a copy of the report in which no list or object is null.
func filled(r *record.Report) *record.Report {
	out := *r
	out.Schema = Schema
	out.Target.Protocol = cmp.Or(out.Target.Protocol, "HTTP/1.1")
	out.Settings = list(out.Settings)
	out.Safety.Armed = list(out.Safety.Armed)
	out.Operations = list(out.Operations)
	out.Panics = slices.Clone(r.Panics)
	for i := range out.Panics {
		out.Panics[i].Stack = list(out.Panics[i].Stack)
	}
	if r.Coverage != nil {
		copied := *r.Coverage
		copied.Rows = list(copied.Rows)
		out.Coverage = &copied
	}
	if r.Load != nil {
		out.Load = filledLoad(r.Load)
	}
	if r.Baseline != nil {
		copied := *r.Baseline
		copied.Problems = list(copied.Problems)
		out.Baseline = &copied
	}
	out.Requirements = list(slices.Clone(r.Requirements))
	for i := range out.Requirements {
		if out.Requirements[i].Outcome == 0 {
			out.Requirements[i].Outcome = record.NotApplicable
		}
	}
	out.Cases = list(slices.Clone(r.Cases))
	for i := range out.Cases {
		c := &out.Cases[i]
		c.Proves, c.Findings, c.Exchanges = list(c.Proves), list(c.Findings), list(slices.Clone(c.Exchanges))
		for j := range c.Exchanges {
			c.Exchanges[j] = filledExchange(c.Exchanges[j])
		}
	}
	return &out
}

// filledExchange returns an exchange in which no list or object is null.
func filledExchange(x record.ExchangeResult) record.ExchangeResult {
	x.Request.Header = list(x.Request.Header)
	if x.Response != nil {
		answer := *x.Response
		header := http.Header{}
		for name, values := range answer.Header {
			header[name] = list(values)
		}
		answer.Header = header
		x.Response = &answer
	}
	return x
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// respell unifies the escapes in JSON text: encoding/json
// escapes <, > and & in values that marshal themselves, and leaves DEL, C1
// controls and bidirectional overrides as they are.
func respell(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		plain := bytes.IndexByte(text[i:], '\\')
		if plain < 0 || i+plain+1 == len(text) {
			out = append(out, text[i:]...)
			break
		}
		out, i = append(out, text[i:i+plain]...), i+plain
		switch {
		case len(text)-i >= 6 && strings.Contains(`u003c u003e u0026`, string(text[i+1:i+6])):
			out = append(out, map[byte]byte{'c': '<', 'e': '>', '6': '&'}[text[i+5]])
			i += 5
		default:
			out = append(out, text[i:i+2]...)
			i++
		}
	}
	return term.JSON(out)
}

// ReadJSON reads a report that [JSON] has written. It is strict: another "$schema", a
// duplicate, unknown or missing member or one of another type, an unknown verdict, and totals
// that do not match the cases are errors, each with its place as a JSON pointer. So is text
// that is not UTF-8; a byte order mark is skipped. Every format can render every report that
// it accepts.
func ReadJSON(r io.Reader) (*record.Report, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return ParseJSON(data)
}

// ParseJSON is [ReadJSON] for a report in memory.
func ParseJSON(data []byte) (*record.Report, error) {
	data, err := plainText(data)
	if err != nil {
		return nil, err
	}
	if err := strict(data); err != nil {
		return nil, err
	}
	text, cases := data, []byte(nil)
	if data[space(data, 0)] == '{' {
		text, cases = apart(data)
	}
	var head struct {
		Schema *string `json:"$schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, readError("", data, err)
	}
	switch {
	case head.Schema == nil:
		return nil, fmt.Errorf(`report: /$schema: missing; only reports written by the format "json" can be read`)
	case *head.Schema != Schema:
		return nil, fmt.Errorf("report: /$schema: want %q, got %q; read it with the version of fmaspec that wrote it",
			Schema, *head.Schema)
	}
	report, err := parts(text, cases)
	if err != nil {
		return nil, err
	}
	return report, consistent(report)
}

// strict returns an error for input that encoding/json accepts although it is ambiguous:
// duplicate names, bytes that are not UTF-8, and data after the report.
func strict(data []byte) error {
	var broken *strictjson.Error
	if !errors.As(strictjson.Check(data), &broken) {
		return nil
	}
	line, column := position(data, max(0, min(int(broken.Offset), len(data))))
	if broken.Kind == strictjson.Syntax || broken.Kind == strictjson.Cut || broken.Kind == strictjson.Empty {
		return fmt.Errorf("report: line %d, column %d: not JSON: %s; write the report again with the format \"json\"",
			line, column, broken.Msg)
	}
	return fmt.Errorf("report: line %d, column %d: %s, which is never in a report written by the format \"json\"; "+
		"write it again", line, column, broken.Msg)
}

// readError adds the place to an error of encoding/json in the value at a pointer.
func readError(at string, data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line, column := position(data, max(0, min(int(syntax.Offset), len(data))-1))
		return fmt.Errorf("report: line %d, column %d: not JSON: %w; write the report again with the format \"json\"",
			line, column, err)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("report: %s/%s: got a JSON %s; write the report again with the format \"json\"",
			at, strings.ReplaceAll(kind.Field, ".", "/"), kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("report: %s: want an object, got a JSON %s; write the report again with the format \"json\"",
			cmp.Or(at, "the whole text"), kind.Value)
	case at != "":
		return fmt.Errorf("report: %s: %w; write the report again with the format \"json\"", at, err)
	}
	return fmt.Errorf("report: %w; write the report again with the format \"json\"", err)
}

// sameShape compares the input with the output for the same value: encoding/json accepts
// unknown and missing members, null, and names in any letter case.
func sameShape(at string, data []byte, read any) error {
	again, err := json.Marshal(read)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if sameText(data, again) {
		return nil
	}
	var got, want any
	if err := errors.Join(json.Unmarshal(data, &got), json.Unmarshal(again, &want)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return compare(at, got, want)
}

// sameText reports whether two JSON texts, known to be valid, have the same members in the same
// order, and values of the same kinds: those that [JSON] wrote do. For others compare has to
// look.
func sameText(got, want []byte) bool {
	i, j := space(got, 0), space(want, 0)
	for i < len(got) && j < len(want) {
		switch c := got[i]; {
		case strings.IndexByte("{}[]:,", c) >= 0:
			if want[j] != c {
				return false
			}
			i, j = i+1, j+1
		case kindOf(c) != kindOf(want[j]):
			return false
		default:
			endGot, endWant := skip(got, i), skip(want, j)
			if c == '"' {
				// a string that a colon follows is a name
				afterGot, afterWant := space(got, endGot), space(want, endWant)
				if afterGot < len(got) && got[afterGot] == ':' &&
					(afterWant == len(want) || want[afterWant] != ':' || !bytes.Equal(got[i:endGot], want[j:endWant])) {
					return false
				}
			}
			i, j = endGot, endWant
		}
		i, j = space(got, i), space(want, j)
	}
	return i >= len(got) && j >= len(want)
}

// kindOf returns a character that stands for the kind of the value that begins with c.
func kindOf(c byte) byte {
	switch {
	case c == 'f':
		return 't'
	case c == '-' || '0' <= c && c <= '9':
		return '0'
	}
	return c
}

// compare returns the first difference in kind or in members, by pointer.
func compare(at string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range names(object) {
			if _, known := want[name]; !known {
				return fmt.Errorf("report: %s/%s: unknown member, known are %s; remove it, or read it with the "+
					"version of fmaspec that wrote it",
					at, pointer.Replace(name), strings.Join(names(want), ", "))
			}
		}
		for _, name := range names(want) {
			member, present := object[name]
			if !present {
				return fmt.Errorf("report: %s/%s: missing; write the report again with the format \"json\"", at,
					pointer.Replace(name))
			}
			if err := compare(at+"/"+pointer.Replace(name), member, want[name]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		array, ok := got.([]any)
		if !ok || len(array) != len(want) {
			break
		}
		for i := range want {
			if err := compare(fmt.Sprintf("%s/%d", at, i), array[i], want[i]); err != nil {
				return err
			}
		}
		return nil
	default:
		if kind(got) == kind(want) {
			return nil
		}
	}
	return fmt.Errorf("report: %s: want %s, got %s; write the report again with the format \"json\"", at, kind(want),
		kind(got))
}

var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func names(object map[string]any) []string {
	out := make([]string, 0, len(object))
	for name := range object {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	}
	return "an object"
}

// An Inconsistent is the error for a report whose totals do not match its cases.
type Inconsistent struct {
	Total     string // the name of its member
	Want, Got int    // counted from the cases, and in the report
}

func (e *Inconsistent) Error() string {
	return fmt.Sprintf("/totals/%s: want %d as /cases shows, got %d; write the report again with the format \"json\"",
		e.Total, e.Want, e.Got)
}

// consistent checks what a schema cannot express.
func consistent(r *record.Report) error {
	if !slices.Contains([]record.Verdict{record.Conformant, record.NotConformant, record.Unjudged}, r.Verdict) {
		return fmt.Errorf("report: /verdict: unknown verdict %q; verdicts are %s, %s, %s", r.Verdict,
			record.Conformant, record.NotConformant, record.Unjudged)
	}
	counted := map[record.Outcome]int{}
	for _, c := range r.Cases {
		counted[c.Outcome]++
	}
	t := r.Totals
	for _, row := range []struct {
		name      string
		got, want int
	}{
		{"total", t.Total, len(r.Cases)},
		{"passed", t.Passed, counted[record.Passed]},
		{"deviated", t.Deviated, counted[record.Deviated]},
		{"failed", t.Failed, counted[record.Failed]},
		{"errored", t.Errored, counted[record.Errored]},
		{"inconclusive", t.Inconclusive, counted[record.Inconclusive]},
		{"skipped", t.Skipped, counted[record.Skipped]},
		{"not_applicable", t.NotApplicable, counted[record.NotApplicable]},
	} {
		if row.got != row.want {
			return fmt.Errorf("report: %w", &Inconsistent{row.name, row.want, row.got})
		}
	}
	return nil
}

// filledLoad returns a copy of what was measured under load in which no list or object is null.
func filledLoad(l *record.LoadInfo) *record.LoadInfo {
	out := *l
	out.Mix, out.Latency, out.Series, out.Errors = list(l.Mix), list(l.Latency), list(l.Series), list(l.Errors)
	out.Outages, out.Gates, out.Flips = list(l.Outages), list(l.Gates), list(slices.Clone(l.Flips))
	if out.Sent == nil {
		out.Sent = map[string]int64{}
	}
	for i := range out.Flips {
		f := &out.Flips[i]
		f.Before, f.After, f.Ways = list(f.Before), list(f.After), list(slices.Clone(f.Ways))
		for j := range f.Ways {
			f.Ways[j].Findings = list(f.Ways[j].Findings)
		}
		if f.Exchange != nil {
			f.Exchange = new(filledExchange(*f.Exchange))
		}
	}
	return &out
}
