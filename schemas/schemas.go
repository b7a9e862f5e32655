// Package schemas holds the JSON Schemas (draft-07) of the bodies that the two
// operations exchange, and judges bodies by them.
//
// Each schema is one file, NAME.schema.json, and is known by NAME. Every
// keyword that constrains an answer or a request is annotated, in the
// extension x-rules of the same object, with the requirement that it enforces and where
// that is stated, so that a [Violation] names the requirement that is broken.
// [Rules] lists these annotations. Where one entry of x-rules has a "member",
// it is about that member of the keyword required only; where it has a "want",
// that is the keyword in plain words.
//
// The schemas of requests and of the action hold documented and standard
// constraints only. What is inferred is kept apart: in the extension
// x-inferred, each entry of which is a keyword with the requirement that it
// enforces, by which this package judges and no other engine does, or in
// descriptions, where it takes more than a keyword. The schema of errors is
// inferred as a whole, says so by x-level, and has its keywords in the open:
// nothing in it could be mistaken for what the documents say, and generators
// make a type of it. No schema forbids further members, and none relies on
// format, which constrains nothing here.
//
// What no keyword can say stands in extensions too, which relations.schema.json
// describes: x-relations, such as that a member equals one of the request, and
// what else the judge needs to know of a body. [Library.Outline] reads them.
//
// The schemas of bodies have neither $schema nor $id: the OpenAPI description
// refers to them, in which draft-07 is not known, and whose tools refuse an $id
// that they meet twice. They mean the same by draft-07 and by 2020-12, the
// dialect of OpenAPI 3.1, and are known by the name of their file.
package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// base is where the identifier of every schema begins. RFC 2606 keeps .invalid free
// of owners, so nobody can ever serve another schema there.
const (
	base   = "https://fmaspec.invalid/schemas/"
	suffix = ".schema.json"
)

//go:embed *.schema.json
var files embed.FS

// FS returns the *.schema.json files, all in its root.
func FS() fs.FS { return files }

// A Library is the schemas of a file system, whose root holds their files.
type Library struct {
	FS fs.FS // nil for the embedded ones
}

func (l Library) files() fs.FS {
	if l.FS == nil {
		return files
	}
	return l.FS
}

// A Reader reads the schemas of a library, each file once. It is for one goroutine.
type Reader struct {
	library
	embedded bool
}

// Reader returns a reader that has read nothing yet.
func (l Library) Reader() *Reader { return &Reader{newLibrary(l.files()), l.FS == nil} }

// Pattern is [CompilePattern].
func (r *Reader) Pattern(expr string) (*Pattern, error) { return r.pattern(expr) }

func (l library) pattern(expr string) (*Pattern, error) {
	if p := l.patterns[expr]; p != nil {
		return p, nil
	}
	p, err := CompilePattern(expr)
	if err == nil {
		l.patterns[expr] = p
	}
	return p, err
}

// Names returns the names that the other methods take, sorted.
func (l Library) Names() []string { return names(l.files()) }

// Names returns the names that [Compile] and [Rules] take, sorted.
func Names() []string { return Library{}.Names() }

func names(files fs.FS) []string {
	found, _ := fs.Glob(files, "*"+suffix) // the pattern is well formed
	for i, file := range found {
		found[i] = strings.TrimSuffix(file, suffix)
	}
	return found
}

// A library reads the schema files of a file system once each, as decoded JSON
// in which what stands in x-inferred is folded in.
type library struct {
	files fs.FS
	docs  map[string]any
	// by their expressions: some stand in many places
	patterns map[string]*Pattern
}

func newLibrary(files fs.FS) library { return library{files, map[string]any{}, map[string]*Pattern{}} }

// file returns the decoded schema of that name.
func (l library) file(name string) (any, error) {
	if doc, ok := l.docs[name]; ok {
		return doc, nil
	}
	data, err := fs.ReadFile(l.files, name+suffix)
	if err != nil {
		return nil, fmt.Errorf("schema %q: no such schema; schemas are %s", name, strings.Join(names(l.files), ", "))
	}
	doc, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("schemas/%s:%d: %w; correct the file", name+suffix, faultLine(data, err), err)
	}
	if err := fold(name, "", doc); err != nil {
		return nil, err
	}
	l.docs[name] = doc
	return doc, nil
}

// faultLine returns the line of a text that is not one JSON value, on which it ceases to be.
func faultLine(data []byte, err error) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		data = data[:min(int(syntax.Offset), len(data))]
	}
	return 1 + bytes.Count(data, []byte("\n"))
}

// refLine returns the line of a $ref in the file of schema name, 1 where it is written with
// escapes.
func (l library) refLine(name, ref string) int {
	data, _ := fs.ReadFile(l.files, name+suffix)
	before, _, found := bytes.Cut(data, []byte(strconv.Quote(ref)))
	if !found {
		return 1
	}
	return 1 + bytes.Count(before, []byte("\n"))
}

// placeOf returns the file of schema name and the line of what stands there at a pointer.
func (l library) placeOf(name, pointer string) string {
	return fmt.Sprintf("schemas/%s:%d", name+suffix, l.line(name, pointer))
}

// line returns the line of the file of schema name on which the value at a pointer ends its first
// token, or the nearest value around it that there is.
func (l library) line(name, pointer string) int {
	data, _ := fs.ReadFile(l.files, name+suffix)
	lines := linesOf(data)
	for {
		if line, there := lines[pointer]; there || pointer == "" {
			return max(line, 1)
		}
		pointer = pointer[:max(strings.LastIndexByte(pointer, '/'), 0)]
	}
}

// linesOf returns the line of each value of a JSON text, by its pointer.
func linesOf(data []byte) map[string]int {
	lines := map[string]int{}
	d := json.NewDecoder(bytes.NewReader(data))
	done, line := int64(0), 1
	next := func() (json.Token, bool) {
		token, err := d.Token()
		line += bytes.Count(data[done:d.InputOffset()], []byte("\n"))
		done = d.InputOffset()
		return token, err == nil
	}
	var value func(pointer string) bool
	value = func(pointer string) bool {
		token, ok := next()
		if lines[pointer] == 0 {
			lines[pointer] = line
		}
		for i := 0; ok && d.More() && (token == json.Delim('{') || token == json.Delim('[')); i++ {
			at := strconv.Itoa(i)
			if token == json.Delim('{') {
				var name json.Token
				if name, ok = next(); !ok {
					return false
				}
				at = escape(name.(string))
			}
			ok = value(pointer + "/" + at)
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			_, ok = next() // its end
		}
		return ok
	}
	value("")
	return lines
}

// closure returns the names of the schema and of all that it refers to. It
// fails where a $ref leads elsewhere or nowhere: the engine never sees a
// reference that it would have to fetch.
func (l library) closure(name string) ([]string, error) {
	found := []string{name}
	for i := 0; i < len(found); i++ {
		doc, err := l.file(found[i])
		if err != nil {
			return nil, err
		}
		for _, ref := range refs(doc) {
			target, _, err := l.resolve(found[i], ref)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(found, target) {
				found = append(found, target)
			}
		}
	}
	return found, nil
}

// refs returns every $ref at or below a node.
func refs(node any) []string {
	var found []string
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			found = append(found, refs(child)...)
		}
	case map[string]any:
		if ref, ok := node["$ref"].(string); ok {
			found = append(found, ref)
		}
		for _, child := range node {
			found = append(found, refs(child)...)
		}
	}
	return found
}

// fileOf returns the name of the schema file to which a $ref in the file of
// schema name leads.
func (l library) fileOf(name, ref string) (string, error) {
	file, _, _ := strings.Cut(ref, "#")
	if file == "" {
		return name, nil
	}
	file = strings.TrimPrefix(file, base)
	target, ok := strings.CutSuffix(file, suffix)
	if !ok || strings.Contains(target, "/") {
		return "", fmt.Errorf("schemas/%s:%d: $ref %q leads out of this folder; refer to a file in the same folder",
			name+suffix, l.refLine(name, ref), ref)
	}
	return target, nil
}

// resolve returns the schema to which a $ref in the file of schema name leads,
// and the name of the file in which it stands.
func (l library) resolve(name, ref string) (string, any, error) {
	target, err := l.fileOf(name, ref)
	if err != nil {
		return "", nil, err
	}
	node, err := l.file(target)
	if err != nil {
		return "", nil, fmt.Errorf("schemas/%s:%d: $ref %q: %w", name+suffix, l.refLine(name, ref), ref, err)
	}
	_, pointer, _ := strings.Cut(ref, "#")
	for i, segment := range strings.Split(pointer, "/") {
		if i == 0 {
			continue // what stands before the first slash
		}
		next, ok := child(node, unescape(segment))
		if !ok {
			return "", nil, fmt.Errorf("schemas/%s:%d: $ref %q: nothing is there; correct the pointer", name+suffix,
				l.refLine(name, ref), ref)
		}
		node = next
	}
	return target, node, nil
}

// Decode reads one JSON value, numbers as [json.Number]. Like encoding/json it
// takes the last of duplicate members and replaces invalid UTF-8.
func Decode(data []byte) (any, error) {
	var doc any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	end := dec.InputOffset()
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("not JSON: something follows the value, which ends at byte %d", end)
	}
	return doc, nil
}

// child returns the member or item of that name.
func child(node any, name string) (any, bool) {
	switch node := node.(type) {
	case map[string]any:
		value, ok := node[name]
		return value, ok
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(node) {
			return nil, false
		}
		return node[i], true
	}
	return nil, false
}

// escape writes a member name as a segment of a JSON pointer (RFC 6901, 3).
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func unescape(segment string) string {
	return strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~")
}
