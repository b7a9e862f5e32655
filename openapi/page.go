package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Markdown returns the bundle as a page that a person reads: each operation in the
// order of the documents, with its examples as they show them, and the level and
// the source of each part.
func (b *Bundle) Markdown() ([]byte, error) {
	p := pageOf{root: b.root}
	info := at(b.root, "info")
	p.line("# %s", textOf(info, "title"))
	p.paragraphs(textOf(info, "summary"))
	p.paragraphs(textOf(info, "description"))
	p.paragraphs("Version " + textOf(info, "version") + ". Each part has a level. Documented: a sentence or table of " +
		"one of the two documents says so, or both examples show it alike. Standard: the cited clause of a standard " +
		"says MUST, or defines the syntax or the meaning. Inferred: all else.")
	if server := at(b.root, "servers"); server != nil && len(server.Content) > 0 {
		p.paragraphs(fmt.Sprintf("The examples are for the host %s.", textOf(server.Content[0], "url")))
	}
	for _, path := range pairs(at(b.root, "paths")) {
		for _, method := range pairs(path.value) {
			if methods[method.name] {
				p.operation(strings.ToUpper(method.name), path.name, path.value, method.value)
			}
		}
	}
	p.refusals()
	if p.err != nil {
		return nil, fmt.Errorf("the page of the contract: %w; report it", p.err)
	}
	return p.out.Bytes(), nil
}

// methods are those of a path item.
var methods = map[string]bool{"get": true, "put": true, "post": true, "delete": true, "options": true, "head": true,
	"patch": true, "trace": true}

// A pageOf writes a page about one document.
type pageOf struct {
	root *yaml.Node
	out  bytes.Buffer
	err  error // the first
}

func (p *pageOf) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// paragraphs writes text after an empty line. Its lines are joined, but those that
// are indented, which are commands.
func (p *pageOf) paragraphs(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	inside := "" // of what
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		kind := "text"
		if strings.TrimSpace(line) == "" {
			kind = ""
		} else if strings.HasPrefix(line, " ") {
			kind = "command"
		}
		if kind != inside {
			if inside == "command" {
				p.out.WriteString("\n```")
			}
			if inside != "" {
				p.line("")
			}
			if kind != "" {
				p.line("")
			}
			if kind == "command" {
				p.line("```")
			}
		} else if kind == "text" {
			p.out.WriteString(" ")
		} else if kind == "command" {
			p.line("")
		}
		p.out.WriteString(strings.TrimSpace(line))
		inside = kind
	}
	if inside == "command" {
		p.out.WriteString("\n```")
	}
	p.line("")
}

// code writes a block as it is.
func (p *pageOf) code(language, text string) { p.line("\n```%s\n%s\n```", language, text) }

// table writes a table, or nothing where it has no rows.
func (p *pageOf) table(columns []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.line("\n| %s |\n|%s", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, row := range rows {
		for i := range row {
			row[i] = cell.Replace(strings.TrimSpace(row[i]))
		}
		p.line("| %s |", strings.Join(row, " | "))
	}
}

func (p *pageOf) operation(method, path string, item, op *yaml.Node) {
	title := cmp.Or(textOf(op, "summary"), textOf(op, "operationId"))
	if textOf(op, "deprecated") == "true" {
		title += " (deprecated)"
	}
	p.line("\n## %s", title)
	p.paragraphs(textOf(op, "description"))

	p.line("\n### HTTP request")
	p.code("", method+" "+path)
	p.line("\nOperation `%s`. %s.", textOf(op, "operationId"), sentence(levelOf(op)))
	var rows [][]string
	for _, holder := range []*yaml.Node{item, op} {
		for _, parameter := range items(at(holder, "parameters")) {
			parameter = p.resolve(parameter)
			rows = append(rows, []string{"`" + textOf(parameter, "name") + "`", textOf(parameter, "in"),
				p.typeOf(at(parameter, "schema")), yes(textOf(parameter, "required")), textOf(parameter, "description"),
				levelOf(parameter)})
		}
	}
	p.table([]string{"Parameter", "In", "Type", "Required", "Description", "Level and source"}, rows)

	body := p.resolve(at(op, "requestBody"))
	media, content := mediaOf(body)
	rows = nil
	security := at(op, "security")
	if security == nil {
		security = at(p.root, "security")
	}
	for _, alternative := range items(security) {
		for _, s := range pairs(alternative) {
			if scheme := at(p.root, "components", "securitySchemes", s.name); textOf(scheme, "scheme") == "bearer" {
				rows = append(rows, []string{"`Authorization`", "`Bearer {token}`", "yes",
					textOf(scheme, "description"), levelOf(scheme)})
			}
		}
	}
	if media != "" {
		rows = append(rows, []string{"`Content-Type`", "`" + media + "`", "", "",
			cmp.Or(levelOf(content), levelOf(body))})
	}
	if rows != nil {
		p.line("\n### Request headers")
	}
	p.table([]string{"Header", "Value", "Required", "Description", "Level and source"}, rows)
	if content != nil {
		p.line("\n### Request body")
		p.paragraphs(textOf(body, "description"))
		p.members(at(content, "schema"))
	}

	var success *yaml.Node
	status := ""
	for _, answer := range pairs(at(op, "responses")) {
		if success == nil && strings.HasPrefix(answer.name, "2") {
			status, success = answer.name, p.resolve(answer.value)
		}
	}
	if success == nil {
		return
	}
	_, answer := mediaOf(success)
	p.line("\n### Response")
	said := reason(status)
	if schema := at(answer, "schema"); schema != nil {
		said += ", with " + cmp.Or(p.said(schema, "title"), p.typeOf(schema))
	}
	p.paragraphs(said + ". " + textOf(success, "description") + " " + sentence(levelOf(success)) + ".")
	p.headers(success)
	p.members(at(answer, "schema"))

	p.line("\n### Example")
	if example := exampleOf(content); example != nil {
		p.paragraphs(note("The request", textOf(example, "summary"), textOf(example, "x-source")))
		p.code("http", method+" "+p.exampleURL(path, item, op)+"\nContent-Type: "+media+"\n\n"+
			p.json(at(example, "value")))
	}
	if example := exampleOf(answer); example != nil {
		media, _ := mediaOf(success)
		p.paragraphs(note("The answer", textOf(example, "summary"), textOf(example, "x-source")))
		p.code("http", "HTTP/1.1 "+reason(status)+"\nContent-Type: "+media+"\n\n"+p.json(at(example, "value")))
	}
	if undo := textOf(op, "x-undo"); undo != "" {
		p.line("\n### To take it back")
		p.paragraphs(undo)
	}
}

// refusals writes once what the operations have in common.
func (p *pageOf) refusals() {
	var rows [][]string
	seen := map[string]bool{}
	var shown *yaml.Node
	add := func(status, to string, answer *yaml.Node) {
		answer = p.resolve(answer)
		said := textOf(answer, "description")
		for _, h := range pairs(at(answer, "headers")) {
			header := p.resolve(h.value)
			said += fmt.Sprintf(" Header `%s`: %s", h.name, textOf(header, "description"))
		}
		if key := status + said; !seen[key] {
			seen[key] = true
			rows = append(rows, []string{cmp.Or(reason(status), "any other") + to, said, levelOf(answer)})
		}
		if shown == nil {
			shown = answer
		}
	}
	for _, path := range pairs(at(p.root, "paths")) {
		for _, method := range pairs(path.value) {
			for _, answer := range pairs(at(method.value, "responses")) {
				if methods[method.name] && !strings.HasPrefix(answer.name, "2") {
					add(answer.name, "", answer.value)
				}
			}
		}
	}
	for _, answer := range pairs(at(p.root, "paths", "x-other-methods")) {
		add(answer.name, ", to another method", answer.value)
	}
	if rows == nil {
		return
	}
	p.line("\n## Refusals")
	p.table([]string{"Status", "When", "Level and source"}, rows)
	for _, form := range pairs(at(shown, "content")) {
		if example := exampleOf(form.value); example != nil {
			p.paragraphs(fmt.Sprintf("%s, `%s`:", textOf(example, "summary"), form.name))
			p.code("json", p.json(at(example, "value")))
		}
	}
}

// headers writes a table of the headers of an answer.
func (p *pageOf) headers(answer *yaml.Node) {
	var rows [][]string
	for _, h := range pairs(at(answer, "headers")) {
		header := p.resolve(h.value)
		rows = append(rows, []string{"`" + h.name + "`", yes(textOf(header, "required")), textOf(header, "description"),
			levelOf(header)})
	}
	p.table([]string{"Header", "Required", "Description", "Level and source"}, rows)
}

// members writes a table of an object's members, and one of each kind of object in it.
func (p *pageOf) members(schema *yaml.Node) {
	o := p.object(schema)
	var rows [][]string
	var inner []*yaml.Node
	for _, name := range o.order {
		m := o.members[name]
		rows = append(rows, []string{"`" + name + "`", p.typeOf(m), yes(strconv.FormatBool(o.required[name])),
			p.said(m, "description"), p.levelOf(m)})
		part := m
		if list := at(p.resolve(m), "items"); list != nil {
			part = list
		}
		if len(p.object(part).order) > 0 {
			inner = append(inner, part)
		}
	}
	p.table([]string{"Member", "Type", "Required", "Description", "Level and source"}, rows)
	for _, part := range inner {
		p.paragraphs("Each " + p.typeOf(part) + " has:")
		p.members(part)
	}
}

// An object is what a schema says of an object, with what it takes from others.
type object struct {
	order    []string
	members  map[string]*yaml.Node
	required map[string]bool
}

func (p *pageOf) object(schema *yaml.Node) object {
	o := object{members: map[string]*yaml.Node{}, required: map[string]bool{}}
	p.gather(&o, schema)
	return o
}

func (p *pageOf) gather(o *object, schema *yaml.Node) {
	schema = p.resolve(schema)
	for _, part := range items(at(schema, "allOf")) {
		p.gather(o, part)
	}
	for _, member := range pairs(at(schema, "properties")) {
		if o.members[member.name] == nil {
			o.order = append(o.order, member.name)
		}
		o.members[member.name] = member.value
	}
	for _, name := range items(at(schema, "required")) {
		o.required[name.Value] = true
	}
}

// said returns what a schema, or else a part of it, has under a name.
func (p *pageOf) said(schema *yaml.Node, name string) string {
	if text := textOf(schema, name); text != "" {
		return text
	}
	if ref := at(schema, "$ref"); ref != nil {
		return p.said(p.resolve(schema), name)
	}
	for _, part := range items(at(schema, "allOf")) {
		if text := p.said(part, name); text != "" {
			return text
		}
	}
	return ""
}

// levelOf is the function of that name for a schema, which may be a reference.
func (p *pageOf) levelOf(schema *yaml.Node) string {
	if textOf(schema, "x-level") != "" {
		return levelOf(schema)
	}
	if at(schema, "$ref") != nil {
		return p.levelOf(p.resolve(schema))
	}
	for _, part := range items(at(schema, "allOf")) {
		if said := p.levelOf(part); said != "" {
			return said
		}
	}
	return ""
}

// typeOf says a type in a word or two.
func (p *pageOf) typeOf(schema *yaml.Node) string {
	if ref := textOf(schema, "$ref"); ref != "" {
		if target := p.resolve(schema); len(p.object(target).order) == 0 {
			return p.typeOf(target)
		}
		return ref[strings.LastIndex(ref, "/")+1:]
	}
	switch kind := textOf(schema, "type"); {
	case kind == "array":
		return strings.TrimSpace("array of " + p.typeOf(at(schema, "items")))
	case kind != "" && textOf(schema, "format") != "":
		return kind + ", " + textOf(schema, "format")
	case kind != "":
		return kind
	}
	for _, part := range items(at(schema, "allOf")) {
		if kind := p.typeOf(part); kind != "" {
			return kind
		}
	}
	return "any"
}

// resolve follows a reference into components.
func (p *pageOf) resolve(node *yaml.Node) *yaml.Node {
	for range 10 { // one that leads back to itself ends too
		ref := textOf(node, "$ref")
		if ref == "" {
			return node
		}
		node = at(p.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return nil
}

// exampleURL is a path of the first server with the examples of its parameters.
func (p *pageOf) exampleURL(path string, item, op *yaml.Node) string {
	for _, holder := range []*yaml.Node{item, op} {
		for _, parameter := range items(at(holder, "parameters")) {
			parameter = p.resolve(parameter)
			if example := textOf(parameter, "example"); example != "" {
				path = strings.ReplaceAll(path, "{"+textOf(parameter, "name")+"}", example)
			}
		}
	}
	for _, server := range items(at(p.root, "servers")) {
		return strings.TrimSuffix(textOf(server, "url"), "/") + path
	}
	return path
}

func (p *pageOf) json(value *yaml.Node) string {
	var out bytes.Buffer
	if value != nil {
		compact, err := appendJSON(nil, value)
		if err == nil {
			err = json.Indent(&out, compact, "", "  ")
		}
		p.err = cmp.Or(p.err, err)
	}
	return out.String()
}

// exampleOf returns the first example of a media type.
func exampleOf(content *yaml.Node) *yaml.Node {
	for _, e := range pairs(at(content, "examples")) {
		return e.value
	}
	return nil
}

// mediaOf returns the first media type of a body, and what is said of it.
func mediaOf(body *yaml.Node) (string, *yaml.Node) {
	for _, m := range pairs(at(body, "content")) {
		return m.name, m.value
	}
	return "", nil
}

// levelOf says the level and the source of a part.
func levelOf(node *yaml.Node) string {
	said := textOf(node, "x-level")
	if source := textOf(node, "x-source"); source != "" {
		said += ": " + source
	}
	for _, pair := range pairs(node) {
		if keyword, ok := strings.CutPrefix(pair.name, "x-level-"); ok {
			said += "; its " + keyword + " is " + pair.value.Value
		}
	}
	return said
}

// note says what an example is, and where it stands.
func note(what, summary, source string) string {
	if summary != "" {
		what = summary
	}
	if source != "" {
		what += " (" + source + ")"
	}
	return what + ":"
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func yes(required string) string {
	if required == "true" {
		return "yes"
	}
	return "no"
}

// reason is a status with its phrase, or "" for none.
func reason(status string) string {
	code, err := strconv.Atoi(status)
	if err != nil {
		return ""
	}
	phrase := http.StatusText(code)
	if code == http.StatusUnprocessableEntity {
		phrase = "Unprocessable Content" // as RFC 9110 calls it
	}
	return strings.TrimSpace(status + " " + phrase)
}

// A pair is a name in a mapping and its value.
type pair struct {
	name  string
	value *yaml.Node
}

func pairs(node *yaml.Node) (all []pair) {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		all = append(all, pair{node.Content[i].Value, node.Content[i+1]})
	}
	return all
}

// items returns the items of a list.
func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}
