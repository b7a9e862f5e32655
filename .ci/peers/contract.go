package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// prepare writes what the tools read to bin, and returns the tools.
//
// Every tool gets the contract with all that we know: what is inferred and no constraint in the contract is one here,
// and there is no default answer, which would let any status pass.
func prepare() ([]tool, error) {
	const path30, path31, plain30 = "bin/contract30.json", "bin/contract31.json", "bin/specmatic30.json"
	for _, c := range []struct {
		path, version string
		plain         bool
	}{{path30, "3.0", false}, {path31, "3.1", false}, {plain30, "3.0", true}} {
		text, err := exec.Command("bin/fmaspec", "contract", "-openapi", c.version, "-format", "json").Output()
		if err != nil {
			return nil, err
		}
		var contract map[string]any
		if err := json.Unmarshal(text, &contract); err != nil {
			return nil, err
		}
		tighten(contract, c.plain)
		for _, path := range contract["paths"].(map[string]any) {
			operation := path.(map[string]any)["post"].(map[string]any)
			delete(operation["responses"].(map[string]any), "default")
			delete(operation, "deprecated")
		}
		answers, _ := contract["components"].(map[string]any)["responses"].(map[string]any)
		for _, answer := range answers {
			open(answer.(map[string]any), c.plain)
		}
		// Specmatic takes a member for optional that a schema behind allOf requires and this one narrows.
		schemas, _ := contract["components"].(map[string]any)["schemas"].(map[string]any)
		for _, schema := range schemas {
			if narrowed := schema.(map[string]any); c.plain && narrowed["allOf"] != nil {
				narrowed["required"] = slices.Sorted(maps.Keys(narrowed["properties"].(map[string]any)))
			}
		}
		if err := write(c.path, contract); err != nil {
			return nil, err
		}
	}
	collection, err := exec.Command("node", "collection.js", path30).Output()
	if err != nil {
		return nil, fmt.Errorf("collection.js: %w", err)
	}
	if err := os.WriteFile("bin/collection.json", collection, 0o644); err != nil {
		return nil, err
	}
	return tools(path30, path31, plain30), nil
}

// open lets a refusal be of any media type, as the contract has it in words; where it is to be plain, of two more.
func open(refusal map[string]any, plain bool) {
	content, ok := refusal["content"].(map[string]any)
	switch {
	case ok && plain:
		for _, media := range []string{"text/html", "text/plain"} {
			content[media] = map[string]any{"schema": map[string]any{"type": "string"}}
		}
	case ok:
		content["*/*"] = map[string]any{}
	}
}

// sha1Pattern is the one pattern that Specmatic makes strings for in reasonable time.
const sha1Pattern = "^[0-9A-Fa-f]{40}$"

// tighten makes constraints of what is inferred, and drops the extensions. A pattern beyond ASCII, which ends Prism's
// proxy, becomes one that says the same of ASCII; where it is to be plain, only that of a hash stays.
func tighten(node any, plain bool) {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			tighten(n, plain)
		}
	case map[string]any:
		inferred, _ := node["x-inferred"].([]any)
		for _, i := range inferred {
			constraint, _ := i.(map[string]any)
			for key, value := range constraint {
				switch key {
				case "requirement", "section", "want", "because":
					continue
				}
				if text, ok := value.(string); ok && strings.ContainsFunc(text, func(r rune) bool { return r > 127 }) {
					value = `\S`
				}
				if _, has := node[key]; !has {
					node[key] = value
				}
			}
		}
		for key := range node {
			if strings.HasPrefix(key, "x-") {
				delete(node, key)
			}
		}
		if pattern, ok := node["pattern"].(string); ok && plain && pattern != sha1Pattern {
			delete(node, "pattern")
		}
		for _, n := range node {
			tighten(n, plain)
		}
	}
}
