package schemas

import (
	"encoding/json"
	"slices"
	"strings"
)

// numeric reports whether a schema has a keyword whose outcome depends on the
// value of a number. A member of that name that is no keyword counts too.
func numeric(schema any) bool {
	switch schema := schema.(type) {
	case []any:
		return slices.ContainsFunc(schema, numeric)
	case map[string]any:
		for keyword, value := range schema {
			switch keyword {
			case relationsKey, resourceKey, repetitionKey:
				continue // values, and no schemas
			case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "const", "uniqueItems":
				return true
			case "type":
				if slices.ContainsFunc(list(value), func(t any) bool { return t == "number" || t == "integer" }) {
					return true
				}
			case "enum":
				if slices.ContainsFunc(list(value), func(v any) bool { _, text := v.(string); return !text }) {
					return true
				}
			}
			if numeric(value) {
				return true
			}
		}
	}
	return false
}

// list returns an array's items, or a list of the value itself.
func list(value any) []any {
	if items, ok := value.([]any); ok {
		return items
	}
	return []any{value}
}

// validateTamed validates a document with another number in the place of each
// that an engine would panic or stall on, and shows in the violations what the
// document has.
func (s *Schema) validateTamed(root any) ([]Violation, error) {
	violations, err := s.validateWhole(tamed(root))
	for i, v := range violations {
		if v.Keyword == "required" {
			continue
		}
		value := root
		for name := range strings.SplitSeq(strings.TrimPrefix(v.Pointer, "/"), "/") {
			if v.Pointer != "" {
				value, _ = child(value, strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
			}
		}
		violations[i].Got = brief(value)
	}
	return violations, err
}

// tamed returns a copy of a document in which each number that cannot be judged
// is 0.
func tamed(value any) any {
	switch value := value.(type) {
	case json.Number:
		if checkNumber(string(value)) != nil {
			return json.Number("0")
		}
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = tamed(item)
		}
		return items
	case map[string]any:
		members := make(map[string]any, len(value))
		for name, member := range value {
			members[name] = tamed(member)
		}
		return members
	}
	return value
}
