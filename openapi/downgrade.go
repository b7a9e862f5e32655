package openapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keywords30 are those that a schema of OpenAPI 3.0 has.
var keywords30 = []string{
	"$ref", "title", "description", "type", "format", "enum", "default", "example", "nullable", "deprecated",
	"readOnly", "writeOnly",
	"multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
	"maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "items", "properties",
	"additionalProperties", "allOf", "anyOf", "oneOf", "not", "discriminator", "xml", "externalDocs",
}

// Downgrade returns the bundle as OpenAPI 3.0 has it, for tools that do not read
// 3.1. What 3.0 cannot say is an error: nothing is left out that constrains.
func (b *Bundle) Downgrade() (*Bundle, error) {
	root, err := cloned(b.root)
	if err != nil {
		return nil, fmt.Errorf("the bundle: %w", err)
	}
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	put(root, "openapi", scalar("3.0.3"))
	if drop(root, "webhooks") != nil {
		refuse("OpenAPI 3.0 has no webhooks; print the bundle as 3.1")
	}
	if components := at(root, "components"); drop(components, "pathItems") != nil {
		refuse("OpenAPI 3.0 has no components/pathItems; print the bundle as 3.1")
	}
	drop(root, "jsonSchemaDialect")
	if info := at(root, "info"); info != nil {
		summary, description := drop(info, "summary"), textOf(info, "description")
		if summary != nil {
			put(info, "description", text(strings.TrimSpace(summary.Value+"\n\n"+description)))
		}
		if license := at(info, "license"); license != nil {
			if id := drop(license, "identifier"); id != nil {
				put(license, "url", scalar("https://spdx.org/licenses/"+id.Value+".html"))
			}
		}
	}
	bareReferences(root)
	visitSchemas(root, func(schema *yaml.Node) { downgradeSchema(schema, refuse) })
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	return &Bundle{root}, nil
}

// bareReferences removes the other members of a reference that leads to no schema.
func bareReferences(node *yaml.Node) {
	if ref := textOf(node, "$ref"); strings.HasPrefix(ref, "#/components/") &&
		!strings.HasPrefix(ref, "#/components/schemas/") {
		*node = *mapping(scalar("$ref"), scalar(ref))
	}
	for _, child := range node.Content {
		bareReferences(child)
	}
}

// downgradeSchema says a schema in the keywords of OpenAPI 3.0.
func downgradeSchema(schema *yaml.Node, refuse func(string, ...any)) {
	if types := at(schema, "type"); types != nil {
		downgradeType(schema, types, refuse)
	}
	if value := drop(schema, "const"); value != nil {
		put(schema, "enum", list(value))
	}
	if examples := drop(schema, "examples"); examples != nil && len(examples.Content) > 0 {
		put(schema, "example", examples.Content[0])
	}
	for exclusive, bound := range map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"} {
		switch limit := at(schema, exclusive); {
		case limit == nil || limit.ShortTag() == "!!bool":
		case at(schema, bound) != nil:
			refuse("line %d: %s and %s together cannot be said in OpenAPI 3.0; keep the narrower", limit.Line, bound,
				exclusive)
		default:
			put(schema, bound, limit)
			put(schema, exclusive, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
		}
	}
	if ref := at(schema, "$ref"); ref != nil && len(schema.Content) > 2 {
		drop(schema, "$ref")
		all := at(schema, "allOf")
		if all == nil {
			all = list()
			put(schema, "allOf", all)
		}
		all.Content = append([]*yaml.Node{mapping(scalar("$ref"), ref)}, all.Content...)
	}
	for i := 0; i+1 < len(schema.Content); i += 2 {
		keyword, value := schema.Content[i].Value, schema.Content[i+1]
		if !strings.HasPrefix(keyword, "x-") && !slices.Contains(keywords30, keyword) {
			refuse("line %d: the keyword %s cannot be said in OpenAPI 3.0; print the bundle as 3.1",
				schema.Content[i].Line, keyword)
		}
		switch {
		case slices.Contains(oneSchema, keyword) && keyword != "additionalProperties":
			objectOf(value)
		case slices.Contains(someSchemas, keyword):
			for _, part := range value.Content {
				objectOf(part)
			}
		case keyword == "properties":
			for j := 1; j < len(value.Content); j += 2 {
				objectOf(value.Content[j])
			}
		}
	}
}

// downgradeType says of several types the one that is not null.
func downgradeType(schema, types *yaml.Node, refuse func(string, ...any)) {
	names := []string{types.Value}
	if types.Kind == yaml.SequenceNode {
		names = nil
		for _, t := range types.Content {
			names = append(names, t.Value)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(names), func(t string) bool { return t == "null" })
	if len(rest) != 1 {
		refuse("line %d: the types %s cannot be said in OpenAPI 3.0, which allows one besides null; print the "+
			"bundle as 3.1", types.Line, strings.Join(names, ", "))
		return
	}
	put(schema, "type", scalar(rest[0]))
	if len(rest) < len(names) {
		put(schema, "nullable", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

// objectOf writes the schemas true and false as objects.
func objectOf(schema *yaml.Node) {
	if schema.ShortTag() != "!!bool" {
		return
	}
	if schema.Value == "true" {
		*schema = *mapping()
	} else {
		*schema = *mapping(scalar("not"), mapping())
	}
}

// text is a scalar of several lines.
func text(value string) *yaml.Node {
	node := scalar(value)
	node.Style = yaml.LiteralStyle
	return node
}
