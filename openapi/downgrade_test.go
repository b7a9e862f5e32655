package openapi

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const invented = `openapi: 3.1.0
info:
  title: An invented one
  version: '1'
  summary: In short.
  description: At length.
  license:
    name: MIT
    identifier: MIT
jsonSchemaDialect: https://spec.openapis.org/oas/3.1/dialect/base
paths:
  /a:
    post:
      operationId: a
      responses:
        '201':
          $ref: '#/components/responses/made'
          description: Next to the reference.
components:
  responses:
    made:
      description: Made.
      content:
        application/json:
          schema:
            $ref: ../schemas/made-thing.schema.json
`

// inOne bundles a description and the schemas made-thing and other.
func inOne(description, thing, other string) (*Bundle, error) {
	return bundle(fstest.MapFS{"x.yaml": {Data: []byte(description)}}, "x.yaml", fstest.MapFS{
		"made-thing.schema.json": {Data: []byte(thing)}, "other.schema.json": {Data: []byte(other)}})
}

func TestDowngradeSaysInTheWordsOf30WhatThereIs(t *testing.T) {
	b, err := inOne(invented, `{"$schema": "x", "$id": "y", "type": ["object", "null"], "properties": {
		"const": {"const": "a", "type": "string"}, "examples": {"examples": ["b", "c"]}, "above": {"exclusiveMinimum": 1},
		"beside": {"$ref": "other.schema.json", "description": "Beside."}, "any": true, "none": false, "if": {"type": "string"}}}`,
		`{"type": "string", "x-rules": [{"keyword": "type", "level": "inferred", "section": "s", "requirement": "r"}]}`)
	require.NoError(t, err)
	old, err := b.Downgrade()
	require.NoError(t, err)
	text, err := old.YAML()
	require.NoError(t, err)
	require.Equal(t, headOfBundle+`openapi: 3.0.3
info:
  title: An invented one
  version: '1'
  description: |-
    In short.

    At length.
  license:
    name: MIT
    url: https://spdx.org/licenses/MIT.html
paths:
  /a:
    post:
      operationId: a
      responses:
        '201':
          $ref: '#/components/responses/made'
components:
  responses:
    made:
      description: Made.
      content:
        application/json:
          schema:
            $ref: '#/components/schemas/MadeThing'
  schemas:
    MadeThing:
      type: object
      properties:
        const:
          type: string
          enum:
            - a
        examples:
          example: b
        above:
          exclusiveMinimum: true
          minimum: 1
        beside:
          description: Beside.
          allOf:
            - $ref: '#/components/schemas/Other'
        any: {}
        none:
          not: {}
        if:
          type: string
      nullable: true
    Other:
      type: string
      x-level: inferred
      x-source: s
      x-requirement: r
`, string(text))
	_, err = LoadFS(fstest.MapFS{"x.yaml": {Data: text}}, "x.yaml", nil)
	require.NoError(t, err)
}

func TestDowngradeRefusesWhat30CannotSay(t *testing.T) {
	for thing, want := range map[string]string{
		`{"if": {"type": "string"}, "then": {}}`: "the keyword if cannot be said in OpenAPI 3.0",
		`{"properties": {"a": {"type": ["string", "integer"]}}}`: "the types string, integer cannot be said in " +
			"OpenAPI 3.0",
		`{"items": {"type": "null"}}`:           "the types null cannot be said in OpenAPI 3.0",
		`{"minimum": 1, "exclusiveMinimum": 2}`: "minimum and exclusiveMinimum together",
	} {
		b, err := inOne(invented, thing, `{}`)
		require.NoError(t, err, thing)
		_, err = b.Downgrade()
		require.ErrorContains(t, err, want, thing)
	}
	b, err := inOne(invented+"  pathItems: {}\nwebhooks: {}\n", `{}`, `{}`)
	require.NoError(t, err)
	_, err = b.Downgrade()
	require.ErrorContains(t, err, "no webhooks")
	require.ErrorContains(t, err, "no components/pathItems")
}

func TestABundleThatCannotBeMadeIsRefused(t *testing.T) {
	twice := invented + "  schemas:\n    MadeThing: {type: string}\n"
	for _, row := range []struct{ why, description, thing, want string }{
		{"no mapping", "[]", `{}`, "openapi/x.yaml: not a mapping of names to values; correct the description"},
		{"no YAML", "{", `{}`, "openapi/x.yaml: "},
		{"an alias", "a: &a 1\nb: *a\n", `{}`, "an alias of a; write it out"},
		{"a schema that is no mapping", invented, `[]`, "schemas/made-thing.schema.json: not a mapping"},
		{"a schema that is not there", invented, `{"$ref": "none.schema.json"}`, "schemas/none.schema.json: "},
		{"a header that is not there", strings.Replace(invented, "      description: Made.\n",
			"      description: Made.\n      headers: {A: {$ref: '#/components/headers/none'}}\n",
			1) + "  headers: {B: {schema: {type: string}}}\n", `{}`, "openapi/x.yaml: there is no header none in " +
			"components; correct the reference"},
		{"a part of a file", invented, `{"$ref": "other.schema.json#/properties/a"}`,
			`schemas/made-thing.schema.json: $ref "other.schema.json#/properties/a" cannot be bundled; refer to a component, or to the whole of a file in schemas/`},
		{"a file elsewhere", invented, `{"$ref": "../other.schema.json"}`, "cannot be bundled"},
		{"a name that is taken", twice, `{}`, "schemas/made-thing.schema.json would be the component MadeThing, as " +
			"is the description; give it a name in components/schemas"},
		{"a title that is taken", invented, `{"items": {"title": "made thing"}}`,
			"a part of schemas/made-thing.schema.json would be the component MadeThing, as is " +
				"schemas/made-thing.schema.json; give it another title"},
	} {
		_, err := inOne(row.description, row.thing, `{}`)
		require.ErrorContains(t, err, row.want, row.why)
	}
	_, err := bundle(fstest.MapFS{}, "x.yaml", fstest.MapFS{})
	require.ErrorContains(t, err, "openapi/x.yaml: ")
}

func TestThePatternsOfABundleArePrinted(t *testing.T) {
	for pattern, want := range map[string]string{
		"^[0-9A-Fa-f ]{40}$":   "^[0-9A-Fa-f ]{40}$",
		"[^\t\n\v\f\r \u0085]": `[^\t\n\v\f\r \x85]`,
		"\u00a0-\u2028é\u3000": "\u00a0-\u2028é\u3000",
		`\\` + "\t":            `\\\t`,
		`\` + "\t":             `\` + "\t", // an escape already, of a kind that only its author knows
	} {
		require.Equal(t, want, printable(pattern))
	}
	b, err := inOne(invented, `{"properties": {"pattern": {"type": "string", "pattern": "[^\u000b]"}}}`, `{}`)
	require.NoError(t, err)
	text, err := b.YAML()
	require.NoError(t, err)
	require.Contains(t, string(text), `pattern: '[^\v]'`)
}
