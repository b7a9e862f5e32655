package schemas

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inferredKeyword is the extension keyword in which inferred constraints stand.
const inferredKeyword = "x-inferred"

// about are the members of an entry of x-inferred that say whose constraint it
// is. The one other member is a keyword of JSON Schema.
var about = []string{"requirement", "section", "want"}

// fold makes keywords of the constraints in x-inferred, at and below a node of
// the file of schema name, and annotates them. Other JSON Schema engines take an
// unknown keyword for an annotation, so that to them nothing inferred is a
// constraint. A second constraint of one keyword in one place is an error, for a
// schema has room for one.
func fold(name, pointer string, node any) error {
	switch node := node.(type) {
	case []any:
		for i, item := range node {
			if err := fold(name, fmt.Sprintf("%s/%d", pointer, i), item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, keyword := range slices.Sorted(maps.Keys(node)) {
			at := pointer + "/" + escape(keyword)
			switch keyword {
			case "const", "default", "enum", "examples", "x-rules", relationsKey, namesKey, resourceKey, repetitionKey:
				continue // values, and no schemas
			case "properties", "patternProperties", "definitions", "dependencies":
				members, _ := node[keyword].(map[string]any)
				for _, member := range slices.Sorted(maps.Keys(members)) {
					if err := fold(name, at+"/"+escape(member), members[member]); err != nil {
						return err
					}
				}
				continue
			case inferredKeyword:
				if err := foldEntries(name, at, node); err != nil {
					return err
				}
				continue
			}
			if err := fold(name, at, node[keyword]); err != nil {
				return err
			}
		}
	}
	return nil
}

// foldEntries folds the x-inferred of one schema, which stands at pointer.
func foldEntries(name, pointer string, schema map[string]any) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("schemas/%s: %s: %s", name+suffix, pointer, fmt.Sprintf(format, args...))
	}
	entries, ok := schema[inferredKeyword].([]any)
	if !ok {
		return fail("it is a list of objects, each with a keyword, requirement, section, and want where words help")
	}
	rules, _ := schema["x-rules"].([]any)
	rules = slices.Clone(rules)
	for i, e := range entries {
		entry, ok := e.(map[string]any)
		if !ok {
			return fail("entry %d is no object; give it a keyword, requirement and section", i)
		}
		rule := map[string]any{"level": "inferred", inferredKeyword: true}
		var keywords []string
		for _, key := range slices.Sorted(maps.Keys(entry)) {
			if !slices.Contains(about, key) {
				keywords = append(keywords, key)
				continue
			}
			text, _ := entry[key].(string)
			if text == "" {
				return fail("%s of entry %d is no text; write what it says", key, i)
			}
			rule[key] = text
		}
		switch {
		case len(keywords) != 1:
			return fail("entry %d has %d keywords (%s); give it one", i, len(keywords), strings.Join(keywords, ", "))
		case rule["requirement"] == nil || rule["section"] == nil:
			return fail("entry %d lacks its requirement or section; give it both", i)
		case schema[keywords[0]] != nil:
			return fail("there is another %q in that place; keep one", keywords[0])
		}
		rule["keyword"] = keywords[0]
		schema[keywords[0]] = entry[keywords[0]]
		rules = append(rules, rule)
	}
	schema["x-rules"] = rules
	delete(schema, inferredKeyword)
	return nil
}
