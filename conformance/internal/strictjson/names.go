package strictjson

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// First returns a JSON text in which, of the members of an object that have one
// name, only the first is left; of what is no JSON text, nothing.
func First(b []byte) []byte {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	var seen []map[string]bool // the names of each object and array that is open
	for {
		kind, length := d.StackIndex(d.StackDepth())
		token, err := d.ReadToken()
		if err != nil { // the end, or a fault
			return bytes.TrimSpace(out.Bytes())
		}
		switch token.Kind() {
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			seen = append(seen, map[string]bool{})
		case jsontext.KindEndObject, jsontext.KindEndArray:
			seen = seen[:len(seen)-1]
		case jsontext.KindString:
			if kind != jsontext.KindBeginObject || length%2 != 0 {
				break // a value
			}
			names, name := seen[len(seen)-1], token.String()
			if names[name] {
				if d.SkipValue() != nil {
					return nil
				}
				continue
			}
			names[name] = true
		}
		if e.WriteToken(token) != nil { // too deep
			return nil
		}
	}
}
