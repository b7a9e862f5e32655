package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Keywords whose changes oasdiff reports, and keywords that constrain nothing.
const (
	seenKeywords = " $ref type enum const pattern minLength maxLength minimum maximum multipleOf" +
		" minItems maxItems uniqueItems minProperties maxProperties format "
	silentKeywords = " $schema $id $comment title description examples default "
)

// keywords returns a change for each keyword in a schema that differs and that
// oasdiff does not see, or whose meaning it loses in an allOf: which way it
// breaks somebody is for people to say. A name in required without its
// declaration in properties is such a keyword too.
func keywords(released, current map[string][]byte) ([]change, error) {
	var found []change
	files := map[string]bool{}
	for name := range released {
		files[name] = true
	}
	for name := range current {
		files[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, "schemas/") {
			continue
		}
		before, err := decode(name, released[name])
		if err != nil {
			return nil, fmt.Errorf("%s/%w", releasedDir, err)
		}
		after, err := decode(name, current[name])
		if err != nil {
			return nil, err
		}
		walk(before, after, "", func(pointer, keyword string, was, is any) {
			found = append(found, change{
				key:   keyOf("schema-keyword-changed", "", name, pointer, keyword, was, is),
				text:  fmt.Sprintf("%s: %s at %q was %s and is %s", name, keyword, pointer, encode(was), encode(is)),
				where: name,
			})
		})
	}
	return found, nil
}

// decode reads a schema; one that is not there constrains nothing.
func decode(name string, data []byte) (any, error) {
	if data == nil {
		return map[string]any{}, nil
	}
	var schema any
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, fmt.Errorf("%s: not JSON: %w; correct the file", name, err)
	}
	return schema, nil
}

// walk reports every difference at and below a schema.
func walk(was, is any, pointer string, report func(pointer, keyword string, was, is any)) {
	before, ok1 := was.(map[string]any)
	after, ok2 := is.(map[string]any)
	if !ok1 || !ok2 { // true and false are schemas too
		if !reflect.DeepEqual(was, is) {
			report(pointer, "schema", was, is)
		}
		return
	}
	for _, keyword := range both(before, after) {
		a, b := before[keyword], after[keyword]
		switch {
		case strings.Contains(seenKeywords+silentKeywords, " "+keyword+" "), strings.HasPrefix(keyword, "x-"):
		case keyword == "required":
			if x, y := undeclared(before), undeclared(after); !slices.Equal(x, y) {
				report(pointer, keyword, x, y)
			}
		case keyword == "properties":
			x, _ := a.(map[string]any)
			y, _ := b.(map[string]any)
			for _, name := range both(x, y) {
				walk(schemaIn(x, name), schemaIn(y, name), pointer+"/properties/"+escape(name), report)
			}
		case keyword == "allOf":
			x, y := members(a), members(b)
			for _, i := range both(x, y) {
				walk(schemaIn(x, i), schemaIn(y, i), pointer+"/allOf/"+i, report)
			}
		case keyword == "items" && a != nil && b != nil:
			walk(a, b, pointer+"/items", report)
		case !reflect.DeepEqual(a, b):
			report(pointer, keyword, a, b)
		}
	}
}

// both returns the names in either, sorted.
func both(a, b map[string]any) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// schemaIn returns a schema by name; one that is not there constrains nothing.
func schemaIn(schemas map[string]any, name string) any {
	if s, ok := schemas[name]; ok {
		return s
	}
	return map[string]any{}
}

func members(list any) map[string]any {
	items, _ := list.([]any)
	out := map[string]any{}
	for i, item := range items {
		out[fmt.Sprint(i)] = item
	}
	return out
}

// undeclared returns the names that a schema requires and does not declare, sorted.
func undeclared(schema map[string]any) []string {
	declared, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	out := []string{}
	for _, r := range required {
		if name, _ := r.(string); declared[name] == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// escape writes a member name as a segment of a JSON pointer (RFC 6901, 3).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
