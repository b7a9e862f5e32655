package pactfile

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance/internal/strictjson"
)

// The limits for a pact file.
const (
	MaxSize  = 16 << 20 // bytes
	maxDepth = 200
)

// A node is a value in the file with its place.
type node struct {
	value   any
	pointer string
}

// at returns a member, with a nil value if it is missing.
func (n node) at(name string) node {
	object, _ := n.value.(map[string]any)
	return node{object[name], n.pointer + "/" + escape(name)}
}

// has reports whether a member is present, even if null.
func (n node) has(name string) bool {
	object, _ := n.value.(map[string]any)
	_, there := object[name]
	return there
}

// names returns the names of the members, sorted.
func (n node) names() []string {
	object, _ := n.value.(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

func (n node) items() (out []node) {
	array, _ := n.value.([]any)
	for i, value := range array {
		out = append(out, node{value, n.pointer + "/" + strconv.Itoa(i)})
	}
	return out
}

func (n node) text() string {
	text, _ := n.value.(string)
	return text
}

// escape returns a member's name as a segment of a JSON pointer.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// A document is a parsed pact file.
type document struct {
	name         string
	data         []byte
	consumer     string
	provider     string
	version      string // of the Pact specification, such as "3.0.0", or "" if unknown
	interactions []node
	messages     int // interactions that are not HTTP
}

// read parses a pact file of any version. Its errors begin with file, line and, if known, column.
func read(name string, data []byte) (*document, error) {
	d := &document{name: name, data: data}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%s: longer than %d MiB; name a pact file", name, MaxSize>>20)
	}
	var broken *strictjson.Error
	if err := strictjson.Check(data); errors.As(err, &broken) {
		return nil, d.fail(broken.Offset, "%s; name a pact file, which is JSON", broken.Msg)
	}
	if at := tooDeep(data); at >= 0 {
		return nil, d.fail(at, "nested deeper than %d; name a pact file", maxDepth)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var root node
	if err := decoder.Decode(&root.value); err != nil {
		return nil, d.fail(0, "%v; name a pact file, which is JSON", err)
	}
	d.consumer, d.provider = root.at("consumer").at("name").text(), root.at("provider").at("name").text()
	metadata := root.at("metadata")
	if err := d.versioned(metadata); err != nil {
		return nil, err
	}
	list := root.at("interactions")
	if _, ok := list.value.([]any); !ok {
		if d.messages = len(root.at("messages").items()); d.messages > 0 {
			return d, nil
		}
		return nil, d.failAt(list.pointer, "there is no list of interactions; name a pact file from a consumer's test")
	}
	for _, i := range list.items() {
		if kind := i.at("type").text(); kind != "" && kind != "Synchronous/HTTP" {
			d.messages++
			continue
		}
		for _, part := range []string{"request", "response"} {
			if _, ok := i.at(part).value.(map[string]any); !ok {
				return nil, d.failAt(i.pointer, "the interaction has no %s; let the consumer's test write the "+
					"file again", part)
			}
		}
		if err := d.typed(i); err != nil {
			return nil, err
		}
		d.interactions = append(d.interactions, i)
	}
	return d, nil
}

// knownVersion matches a supported version of the specification.
var knownVersion = regexp.MustCompile(`\A[Vv]?[1-4](\.[0-9]+){0,2}\z`)

// versioned returns an error for an unsupported version of the specification.
func (d *document) versioned(metadata node) error {
	for _, n := range []node{metadata.at("pactSpecification").at("version"),
		metadata.at("pact-specification").at("version"), metadata.at("pactSpecificationVersion")} {
		said := plain(n.value)
		if n.value == nil || knownVersion.MatchString(said) {
			if n.value != nil {
				d.version = cmp.Or(d.version, said)
			}
			continue
		}
		return d.failAt(n.pointer, "the version %s of the Pact specification is not supported; versions are 1 to 4, "+
			"such as \"4.0\"", brief(n.value))
	}
	return nil
}

// typed returns an error for a value of the wrong type, which would otherwise be ignored.
func (d *document) typed(i node) error {
	request, response := i.at("request"), i.at("response")
	for _, want := range []struct {
		node node
		kind string
	}{
		{request.at("method"), "a string"}, {request.at("path"), "a string"}, {request.at("headers"), "an object"},
		{request.at("matchingRules"), "an object"},
		{response.at("status"), "a number"}, {response.at("headers"), "an object"}, {response.at("matchingRules"),
			"an object"},
	} {
		if got := kind(want.node.value); want.node.value != nil && got != want.kind {
			return d.failAt(want.node.pointer, "want %s, got %s, %s; correct it, or let the consumer's test write "+
				"the file again", want.kind, got, brief(want.node.value))
		}
	}
	if status := response.at("status"); status.value != nil {
		if n, err := strconv.Atoi(plain(status.value)); err != nil || n < 100 || n > 599 {
			return d.failAt(status.pointer, "%s is not a status; give a whole number from 100 to 599",
				brief(status.value))
		}
	}
	return nil
}

func (d *document) fail(offset int64, format string, args ...any) error {
	line, column := position(d.data, offset)
	return fmt.Errorf("%s:%d:%d: %s", d.name, line, column, fmt.Sprintf(format, args...))
}

func (d *document) failAt(pointer, format string, args ...any) error {
	return d.fail(d.offsets([]string{pointer})[pointer], format, args...)
}

// position is the line and the column of a byte, both from 1; columns count
// characters.
func position(data []byte, offset int64) (line, column int) {
	p := pen{data: data}
	return p.at(offset)
}

// A pen counts lines and columns of increasing offsets, so that a long line is counted once.
type pen struct {
	data         []byte
	offset       int
	line, column int // from 0
}

func (p *pen) at(offset int64) (line, column int) {
	to := min(max(int(offset), p.offset), len(p.data))
	passed := p.data[p.offset:to]
	if n := bytes.Count(passed, []byte{'\n'}); n > 0 {
		p.line, p.column = p.line+n, 0
		passed = passed[bytes.LastIndexByte(passed, '\n')+1:]
	}
	p.column += utf8.RuneCount(passed)
	p.offset = to
	return p.line + 1, p.column + 1
}

// tooDeep returns the offset of a value that is nested too deep, or -1.
func tooDeep(data []byte) int64 {
	depth, inside := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return int64(i)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// offsets returns the offsets of pointers: of a member's name, or else of the value. A pointer
// without a target has the offset of its nearest parent.
func (d *document) offsets(pointers []string) map[string]int64 {
	found := map[string]int64{}
	decoder := json.NewDecoder(bytes.NewReader(d.data))
	var walk func(at string)
	walk = func(at string) {
		token, err := decoder.Token()
		delim, opens := token.(json.Delim)
		if err != nil || !opens {
			return
		}
		for i := 0; decoder.More(); i++ {
			start := d.next(decoder.InputOffset())
			inner := at + "/" + strconv.Itoa(i)
			if delim == '{' {
				name, _ := decoder.Token()
				inner = at + "/" + escape(fmt.Sprint(name))
			}
			found[inner] = start
			walk(inner)
		}
		decoder.Token()
	}
	walk("")
	out := map[string]int64{}
	for _, p := range pointers {
		near := p
		for near != "" {
			if _, ok := found[near]; ok {
				break
			}
			near = near[:strings.LastIndexByte(near, '/')]
		}
		out[p] = found[near]
	}
	return out
}

// next skips the text between values.
func (d *document) next(offset int64) int64 {
	for int(offset) < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[offset]) >= 0 {
		offset++
	}
	return offset
}

// An interaction is an interaction of the file, in one form for all versions.
type interaction struct {
	node
	name   string
	states []string
	method string
	path   string
	header http.Header
	body   []byte // of the request
	status int
	fields map[string][]string // of the response, names as written
	answer node                // the response's body; of V4 its content
	said   bool                // there is a body
	rules  []rule              // of the response
	odd    map[string]string   // pointer to a matching rule that is not judged → the reason
}

func (d *document) interaction(n node) *interaction {
	request, response := n.at("request"), n.at("response")
	i := &interaction{
		node: n, name: n.at("description").text(), header: http.Header{}, status: http.StatusOK,
		method: strings.ToUpper(cmp.Or(request.at("method").text(), http.MethodGet)),
		path:   cmp.Or(request.at("path").text(), "/"), fields: fields(response.at("headers")),
		odd: map[string]string{},
	}
	for _, key := range []string{"providerState", "provider_state"} {
		if state := n.at(key).text(); state != "" {
			i.states = append(i.states, state)
		}
	}
	for _, state := range n.at("providerStates").items() {
		i.states = append(i.states, state.at("name").text())
	}
	for name, values := range fields(request.at("headers")) {
		for _, v := range values {
			i.header.Add(name, v)
		}
	}
	v4 := n.has("type")
	i.body = sent(request.at("body"), i.header, v4)
	if number, ok := response.at("status").value.(json.Number); ok {
		if status, err := strconv.Atoi(number.String()); err == nil {
			i.status = status
		}
	}
	i.answer, i.said = response.at("body"), response.has("body")
	if wrapped(i.answer, v4) {
		kind, _, _ := mime.ParseMediaType(i.answer.at("contentType").text())
		encoded := i.answer.at("encoded").value
		i.said = i.answer.has("content")
		text := i.answer.at("content")
		if raw, isText := text.value.(string); isText && (encoded != nil && encoded != false) &&
			strings.HasSuffix(kind, "json") {
			if bytes, err := base64.StdEncoding.DecodeString(raw); err == nil {
				raw = string(bytes)
			}
			text.value = decoded(raw)
		}
		i.answer = text
	}
	if i.answer.value == nil { // to Pact a null body is no body
		i.said = false
	}
	i.readRules(response.at("matchingRules"))
	return i
}

// wrapped reports whether a body is one of V4, which is an object with content and its type.
// An interaction of V4 has a type.
func wrapped(n node, v4 bool) bool {
	_, isObject := n.value.(map[string]any)
	return isObject && v4 || n.has("content") && (n.has("contentType") || n.has("encoded"))
}

// fields parses header fields: a string, or a list of strings.
func fields(n node) map[string][]string {
	out := map[string][]string{}
	for _, name := range n.names() {
		value := n.at(name)
		if text, ok := value.value.(string); ok {
			out[name] = []string{text}
		}
		for _, item := range value.items() {
			out[name] = append(out[name], item.text())
		}
	}
	return out
}

// sent returns a request's body as it is sent. A text that is JSON is sent unchanged, because
// versions before V4 keep JSON of another spelling in this way.
func sent(body node, header http.Header, v4 bool) []byte {
	encoded := body.at("encoded").value
	if v4 = wrapped(body, v4); v4 {
		body = body.at("content")
	}
	text, isText := body.value.(string)
	switch {
	case body.value == nil:
		return nil
	case isText && v4 && encoded != nil && encoded != false:
		if data, err := base64.StdEncoding.DecodeString(text); err == nil {
			return data
		}
		return []byte(text)
	case isText && v4 && isJSON(header):
	case isText:
		return []byte(text)
	}
	data, _ := json.Marshal(body.value) // it was decoded
	return data
}

func isJSON(header http.Header) bool {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return media == "" || strings.HasSuffix(media, "json")
}

// decoded returns the value of a text that is JSON, or else the text.
func decoded(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return text
	}
	return value
}

const unreadable = "the path cannot be parsed; not judged"

// readRules parses matching rules: of V2 by paths such as "$.body.id", and of later versions
// by category.
func (i *interaction) readRules(all node) {
	for _, name := range all.names() {
		group := all.at(name)
		if !strings.HasPrefix(name, "$") {
			if group.has("matchers") {
				i.rule(name, "", group)
				continue
			}
			for _, path := range group.names() {
				i.rule(name, path, group.at(path))
			}
			continue
		}
		steps, err := parsePath(name)
		if err != nil || len(steps) == 0 {
			i.odd[group.pointer] = unreadable
			continue
		}
		r := rule{category: steps[0].name, steps: steps[1:], pointer: group.pointer, matchers: []node{group}}
		if r.category == "header" || r.category == "headers" {
			r.category, r.path = "header", lastName(steps)
		}
		i.rules = append(i.rules, r)
	}
}

// rule parses a rule of V3 or later.
func (i *interaction) rule(category, path string, group node) {
	r := rule{category: strings.TrimSuffix(category, "s"), path: path, pointer: group.pointer,
		matchers: group.at("matchers").items(), or: strings.EqualFold(group.at("combine").text(), "or")}
	if category == "status" {
		r.category = category
	}
	if steps, err := parsePath(path); r.category == "header" && err == nil && len(steps) > 0 {
		r.path = steps[0].name
	}
	if r.category == "body" {
		steps, err := parsePath(path)
		if err != nil {
			i.odd[group.pointer] = unreadable
			return
		}
		r.steps = steps
	}
	i.rules = append(i.rules, r)
}

// A rule is a matching rule of the file.
type rule struct {
	category string
	path     string  // of a header its name
	steps    []pstep // of a body
	pointer  string
	matchers []node
	or       bool
}

// A pstep is one step of a path: to a member or an item, or to all.
type pstep struct {
	name string
	any  bool
}

func lastName(steps []pstep) string { return steps[len(steps)-1].name }

// parsePath parses a path such as $.fileInstances[*]['status'].
func parsePath(path string) (steps []pstep, err error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, fmt.Errorf("path %q does not begin with $", path)
	}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "['"), strings.HasPrefix(rest, `["`):
			name, after, closed := strings.Cut(rest[2:], rest[1:2]+"]")
			if !closed {
				return nil, fmt.Errorf("path %q has a bracket that is not closed", path)
			}
			steps, rest = append(steps, pstep{name: name, any: name == "*"}), after
		case rest[0] == '[':
			name, after, closed := strings.Cut(rest[1:], "]")
			if !closed || name == "" {
				return nil, fmt.Errorf("path %q has a bracket that is not closed", path)
			}
			steps, rest = append(steps, pstep{name: name, any: name == "*"}), after
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			name := rest[1 : 1+end]
			if name == "" {
				return nil, fmt.Errorf("path %q has an empty step", path)
			}
			steps, rest = append(steps, pstep{name: name, any: name == "*"}), rest[1+end:]
		default:
			return nil, fmt.Errorf("path %q continues with %q", path, rest[:1])
		}
	}
	return steps, nil
}
