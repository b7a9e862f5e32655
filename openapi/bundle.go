package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"fmaspec/schemas"
)

// A Bundle is a description in one document: what it has in other files stands in
// its components, by name. It is free of $id, $schema and the annotations by which
// a schema is judged; x-level, x-source and x-requirement give the level and the
// source of each of its parts.
type Bundle struct{ root *yaml.Node }

// NewBundle returns the embedded description in one document. It is made anew at
// each call, and the same each time.
func NewBundle() (*Bundle, error) { return bundle(files, name, schemas.FS()) }

// bundle makes one document of the named description in fsys and the schema files
// that it refers to.
func bundle(fsys fs.FS, name string, shapes fs.FS) (*Bundle, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("openapi/%s: %w; name a description that there is", name, err)
	}
	root, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("openapi/%s: %w; correct the description", name, err)
	}
	b := bundler{shapes: shapes, names: map[string]string{}, taken: map[string]string{}}
	all := ensure(ensure(root, "components"), "schemas")
	for i := 0; i+1 < len(all.Content); i += 2 {
		title, schema := all.Content[i].Value, all.Content[i+1]
		b.taken[title] = "the description"
		if file := fileOf(textOf(schema, "$ref")); file != "" && len(schema.Content) == 2 {
			b.names[file] = title
			b.files = append(b.files, file)
		}
	}
	if err := b.redirect("openapi/"+name, root); err != nil {
		return nil, err
	}
	for i := 0; i < len(b.files); i++ { // which grows meanwhile
		schema, err := b.schema(b.files[i])
		if err != nil {
			return nil, err
		}
		put(all, b.names[b.files[i]], schema)
		if err := b.partsOf(b.files[i], schema, all); err != nil {
			return nil, err
		}
	}
	components := at(root, "components")
	if len(all.Content) == 0 {
		drop(components, "schemas")
	}
	if headers := drop(components, "headers"); headers != nil {
		if err := writeOut(root, headers); err != nil {
			return nil, fmt.Errorf("openapi/%s: %w; correct the reference", name, err)
		}
	}
	return &Bundle{root}, nil
}

// writeOut puts headers where they are referred to: there are generators of code that
// see only there whether one is required.
func writeOut(node, headers *yaml.Node) error {
	if name, ok := strings.CutPrefix(textOf(node, "$ref"), "#/components/headers/"); ok {
		header := at(headers, name)
		if header == nil {
			return fmt.Errorf("there is no header %s in components", name)
		}
		whole, err := cloned(header)
		if err != nil {
			return err
		}
		*node = *whole
	}
	for _, child := range node.Content {
		if err := writeOut(child, headers); err != nil {
			return err
		}
	}
	return nil
}

type bundler struct {
	shapes fs.FS
	names  map[string]string // of the component that a file is, by the file
	taken  map[string]string // what has a name, by the name
	files  []string          // in the order in which they were found
}

// redirect has every reference into a file of schemas refer to components.
func (b *bundler) redirect(at string, node *yaml.Node) error {
	for i := range node.Content {
		if i%2 == 1 && node.Kind == yaml.MappingNode && node.Content[i-1].Value == "$ref" &&
			node.Content[i].Kind == yaml.ScalarNode {
			ref := node.Content[i]
			if strings.HasPrefix(ref.Value, "#/components/") {
				continue
			}
			file := fileOf(ref.Value)
			if file == "" {
				return fmt.Errorf("%s: $ref %q cannot be bundled; refer to a component, or to the whole of a file in "+
					"schemas/", at, ref.Value)
			}
			component, err := b.component(file)
			if err != nil {
				return err
			}
			ref.Value, ref.Style = "#/components/schemas/"+component, 0
			continue
		}
		if err := b.redirect(at, node.Content[i]); err != nil {
			return err
		}
	}
	return nil
}

// component returns the name of a file's component: that which the description
// gives it, else that of the file.
func (b *bundler) component(file string) (string, error) {
	if given, ok := b.names[file]; ok {
		return given, nil
	}
	made, err := b.take(file, "schemas/"+file+".schema.json")
	if err != nil {
		return "", fmt.Errorf("%w; give it a name in components/schemas of the description", err)
	}
	b.names[file] = made
	b.files = append(b.files, file)
	return made, nil
}

// take returns the name of a component from words.
func (b *bundler) take(words, owner string) (string, error) {
	var made strings.Builder
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == '-' || r == ' ' }) {
		made.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if other, ok := b.taken[made.String()]; ok {
		return "", fmt.Errorf("%s would be the component %s, as is %s", owner, made.String(), other)
	}
	b.taken[made.String()] = owner
	return made.String(), nil
}

// partsOf makes components of the parts of a schema that have a title, so that they
// have a name in code.
func (b *bundler) partsOf(file string, schema, all *yaml.Node) (err error) {
	visitSchema(schema, func(part *yaml.Node) {
		title := textOf(part, "title")
		if part == schema || title == "" || err != nil {
			return
		}
		var made string
		if made, err = b.take(title, "a part of schemas/"+file+".schema.json"); err != nil {
			err = fmt.Errorf("%w; give it another title", err)
			return
		}
		whole := *part
		put(all, made, &whole)
		*part = *mapping(scalar("$ref"), scalar("#/components/schemas/"+made))
		err = b.partsOf(file, &whole, all)
	})
	return err
}

// schema reads a file of schemas as a component.
func (b *bundler) schema(file string) (*yaml.Node, error) {
	place := "schemas/" + file + ".schema.json"
	text, err := fs.ReadFile(b.shapes, file+".schema.json")
	if err != nil {
		return nil, fmt.Errorf("%s: %w; refer to a schema that there is", place, err)
	}
	node, err := parse(text) // JSON is YAML
	if err != nil {
		return nil, fmt.Errorf("%s: %w; correct the file", place, err)
	}
	plain(node)
	drop(node, "$schema")
	drop(node, "$id")
	visitSchema(node, func(schema *yaml.Node) {
		for _, name := range []string{"x-relations", "x-names", "x-resource", "x-repetition"} {
			drop(schema, name) // for the judge alone
		}
		annotate(schema)
		if pattern := at(schema, "pattern"); pattern != nil {
			pattern.Value = printable(pattern.Value)
		}
	})
	return node, b.redirect(place, node)
}

// annotate gives a schema the level, the source and the requirement of its keywords, in
// place of x-rules: x-level and the like are those of its type, or else of its first
// keyword, and x-level-KEYWORD and the like those of a keyword where they are others.
func annotate(schema *yaml.Node) {
	i := indexOf(schema, "x-rules")
	if i < 0 {
		return
	}
	rules := schema.Content[i+1].Content
	drop(schema, "x-rules")
	if len(rules) == 0 {
		return
	}
	first := rules[0]
	for _, r := range rules {
		if textOf(r, "keyword") == "type" {
			first = r
		}
	}
	kinds := [][2]string{{"x-level", "level"}, {"x-source", "section"}, {"x-requirement", "requirement"}}
	for _, kind := range kinds {
		if said := textOf(first, kind[1]); said != "" {
			put(schema, kind[0], scalar(said))
		}
	}
	for _, kind := range kinds {
		others := map[string][]string{} // by keyword, which may have several, as required
		var keywords []string
		for _, r := range rules {
			keyword, said := textOf(r, "keyword"), textOf(r, kind[1])
			if others[keyword] == nil {
				keywords = append(keywords, keyword)
			}
			if !slices.Contains(others[keyword], said) {
				others[keyword] = append(others[keyword], said)
			}
		}
		for _, keyword := range keywords {
			if all := strings.Join(others[keyword], ", "); all != "" && all != textOf(first, kind[1]) {
				put(schema, kind[0]+"-"+keyword, scalar(all))
			}
		}
	}
}

// printable writes a pattern with escapes for control characters, which generators
// of code copy into places that cannot hold them, such as the tags of Go.
func printable(pattern string) string {
	var out strings.Builder
	escaped := false // by a backslash before
	for _, r := range pattern {
		switch short, ok := shorts[r]; {
		case !unicode.IsControl(r) || escaped:
			out.WriteRune(r)
		case ok:
			out.WriteString(short)
		default:
			fmt.Fprintf(&out, `\x%02x`, r) // which patterns of ECMAScript and of Go have
		}
		escaped = r == '\\' && !escaped
	}
	return out.String()
}

// shorts are the escapes of a letter that patterns have.
var shorts = map[rune]string{'\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`}

// fileOf returns the name of the schema file to which a reference leads, or "".
func fileOf(ref string) string {
	dir, file := path.Split(ref)
	name, ok := strings.CutSuffix(file, ".schema.json")
	if !ok || dir != "" && dir != "../schemas/" {
		return ""
	}
	return name
}

// headOfBundle begins the bundle in YAML.
const headOfBundle = `# The contract of two HTTP actions, in one document for tools. It is made from
# fmaspec.openapi.yaml and the schemas that it refers to; "fmaspec contract" prints
# it. x-level is the level of a part: documented, standard or inferred. x-source
# says where that is written, and x-requirement which requirement of the suite
# asks for it.
`

// YAML returns the bundle in YAML.
func (b *Bundle) YAML() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(headOfBundle)
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(b.root), enc.Close()); err != nil {
		return nil, fmt.Errorf("the bundle in YAML: %w; report it", err)
	}
	return out.Bytes(), nil
}

// JSON returns the bundle in JSON, with its members in the order of YAML.
func (b *Bundle) JSON() ([]byte, error) {
	compact, err := appendJSON(nil, b.root)
	if err != nil {
		return nil, fmt.Errorf("the bundle in JSON: %w; report it", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("the bundle in JSON: %w; report it", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func appendJSON(to []byte, node *yaml.Node) ([]byte, error) {
	var err error
	switch node.Kind {
	case yaml.MappingNode:
		to = append(to, '{')
		for i := 0; i+1 < len(node.Content); i += 2 {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendValue(to, node.Content[i].Value); err != nil {
				return nil, err
			}
			to = append(to, ':')
			if to, err = appendJSON(to, node.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return append(to, '}'), nil
	case yaml.SequenceNode:
		to = append(to, '[')
		for i, item := range node.Content {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendJSON(to, item); err != nil {
				return nil, err
			}
		}
		return append(to, ']'), nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return nil, fmt.Errorf("line %d: %w", node.Line, err)
	}
	if tag := node.ShortTag(); tag == "!!str" || tag == "!!timestamp" {
		value = node.Value
	}
	return appendValue(to, value)
}

func appendValue(to []byte, value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return append(to, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), err
}
