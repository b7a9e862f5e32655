package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
)

// judge returns what is wrong with Go code in files by name, sorted.
func judge(prefix string, files map[string]string, names []string) (found []string) {
	fset := token.NewFileSet()
	report := func(at token.Pos, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(at), fmt.Sprintf(format, args...)))
	}
	seen := map[string]bool{}
	for name, text := range files {
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		for _, declared := range file.Decls {
			group, _ := declared.(*ast.GenDecl)
			if group == nil {
				continue
			}
			for _, s := range group.Specs {
				spec, _ := s.(*ast.TypeSpec)
				if spec == nil {
					continue
				}
				structure, ok := spec.Type.(*ast.StructType)
				if !ok {
					continue
				}
				if rest, ok := cut(spec.Name.Name, prefix); ok && slices.Contains(names, rest) {
					continue
				}
				if !slices.Contains(names, spec.Name.Name) {
					report(spec.Pos(), "%s: a type that nobody would look for, or that is there under another name",
						spec.Name.Name)
				}
				seen[spec.Name.Name] = true
				for _, field := range structure.Fields.List {
					judgeField(spec.Name.Name, field, report)
				}
			}
		}
	}
	for _, name := range names {
		if !seen[name] {
			found = append(found, name+": there is no such type")
		}
	}
	slices.Sort(found)
	return found
}

func cut(name, prefix string) (string, bool) {
	if prefix == "" || len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return "", false
	}
	return name[len(prefix):], true
}

func judgeField(owner string, field *ast.Field, report func(token.Pos, string, ...any)) {
	member := owner
	if len(field.Names) > 0 {
		member += "." + field.Names[0].Name
	}
	ast.Inspect(field.Type, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.StructType:
			report(node.Pos(), "%s: a type without a name", member)
			return false
		case *ast.InterfaceType:
			report(node.Pos(), "%s: of any type", member)
		case *ast.Ident:
			if node.Name == "any" {
				report(node.Pos(), "%s: of any type", member)
			}
		}
		return true
	})
	if field.Tag == nil {
		return
	}
	if tag, err := strconv.Unquote(field.Tag.Value); err != nil || !readable(tag) {
		report(field.Tag.Pos(), "%s: a tag that package reflect cannot read: %s", member, field.Tag.Value)
	}
}

// key begins an entry of a tag, which is a string in quotes.
var key = regexp.MustCompile(`^ *[^\x00-\x20":\x7f]+:`)

// readable reports whether a tag has the form that package reflect reads.
func readable(tag string) bool {
	for tag != "" {
		name := key.FindString(tag)
		if name == "" {
			return false
		}
		value, err := strconv.QuotedPrefix(tag[len(name):])
		if err != nil {
			return false
		}
		tag = tag[len(name)+len(value):]
	}
	return true
}
