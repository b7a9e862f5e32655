package openapi

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parse reads a document as a tree in the order of its text, without comments and
// aliases. Its root is a mapping.
func parse(text []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping of names to values")
	}
	return cloned(doc.Content[0])
}

// cloned copies a tree, without comments and anchors.
func cloned(node *yaml.Node) (*yaml.Node, error) {
	if node.Kind == yaml.AliasNode {
		return nil, fmt.Errorf("line %d: an alias of %s; write it out, for there are tools that know none", node.Line,
			node.Value)
	}
	out := &yaml.Node{Kind: node.Kind, Style: node.Style, Tag: node.Tag, Value: node.Value, Line: node.Line,
		Column: node.Column}
	for _, child := range node.Content {
		c, err := cloned(child)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, c)
	}
	return out, nil
}

// plain has a tree that was read from JSON written as YAML writes it.
func plain(node *yaml.Node) {
	node.Style = 0
	for _, child := range node.Content {
		plain(child)
	}
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func mapping(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: pairs}
}

func list(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

// indexOf returns where a mapping has the name, or -1.
func indexOf(node *yaml.Node, name string) int {
	if node == nil || node.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// at returns what stands under the names, each within the one before, or nil.
func at(node *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		i := indexOf(node, name)
		if i < 0 {
			return nil
		}
		node = node.Content[i+1]
	}
	return node
}

// textOf returns the scalar that stands under the names, or "".
func textOf(node *yaml.Node, names ...string) string {
	if n := at(node, names...); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// put gives a mapping a value by that name, in its old place if it has one.
func put(node *yaml.Node, name string, value *yaml.Node) {
	if i := indexOf(node, name); i >= 0 {
		node.Content[i+1] = value
		return
	}
	node.Content = append(node.Content, scalar(name), value)
}

// drop takes a name and its value out of a mapping, and returns the value or nil.
func drop(node *yaml.Node, name string) *yaml.Node {
	i := indexOf(node, name)
	if i < 0 {
		return nil
	}
	value := node.Content[i+1]
	node.Content = append(node.Content[:i:i], node.Content[i+2:]...)
	return value
}

// ensure returns the mapping under a name, which is made where it is missing.
func ensure(node *yaml.Node, name string) *yaml.Node {
	if at(node, name) == nil {
		put(node, name, mapping())
	}
	return at(node, name)
}

// Where a schema has others: one, a list, or one for each of many names.
var (
	oneSchema   = []string{"items", "not", "additionalProperties"}
	someSchemas = []string{"allOf", "anyOf", "oneOf"}
)

// visitSchema calls a function for a schema and all inside it, the outer first.
func visitSchema(schema *yaml.Node, visit func(*yaml.Node)) {
	if schema == nil || schema.Kind != yaml.MappingNode {
		return // true and false say nothing more
	}
	visit(schema)
	for _, keyword := range oneSchema {
		visitSchema(at(schema, keyword), visit)
	}
	for _, keyword := range someSchemas {
		if all := at(schema, keyword); all != nil {
			for _, part := range all.Content {
				visitSchema(part, visit)
			}
		}
	}
	if properties := at(schema, "properties"); properties != nil {
		for i := 1; i < len(properties.Content); i += 2 {
			visitSchema(properties.Content[i], visit)
		}
	}
}

// visitSchemas calls a function for every schema of a description.
func visitSchemas(root *yaml.Node, visit func(*yaml.Node)) {
	if all := at(root, "components", "schemas"); all != nil {
		for i := 1; i < len(all.Content); i += 2 {
			visitSchema(all.Content[i], visit)
		}
	}
	var walk func(node *yaml.Node)
	walk = func(node *yaml.Node) {
		for i, child := range node.Content {
			name := ""
			if node.Kind == yaml.MappingNode {
				if i%2 == 0 {
					continue
				}
				name = node.Content[i-1].Value
			}
			switch {
			case name == "schema":
				visitSchema(child, visit)
			case name == "schemas" || name == "example" || name == "examples" || strings.HasPrefix(name, "x-"):
			default:
				walk(child)
			}
		}
	}
	walk(root)
}
