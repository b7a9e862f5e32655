package conformance

import (
	"time"

	"github.com/dunglas/httpsfv"
)

// A structuredKind is a type of a structured field (RFC 9651 3.3), of those that a rule asks for.
type structuredKind byte

const (
	structuredInteger structuredKind = iota + 1
	structuredString                 // a display string too
	structuredToken
	structuredBytes
	structuredBoolean
	structuredDate
)

// A structuredItem is an item of a structured field, or a member of its dictionary, which has a key.
type structuredItem struct {
	key    string
	kind   structuredKind // zero for a decimal and for an inner list
	number int64          // of an integer
	params []structuredItem
}

// readStructuredList reads a list (RFC 9651 4.2.1).
func readStructuredList(text string) (out []structuredItem, ok bool) {
	list, err := httpsfv.UnmarshalList([]string{text})
	for _, m := range list {
		out = append(out, structuredMember("", m))
	}
	return out, err == nil
}

// readStructuredDictionary reads a dictionary (RFC 9651 4.2.2).
func readStructuredDictionary(text string) (out []structuredItem, ok bool) {
	dictionary, err := httpsfv.UnmarshalDictionary([]string{text})
	if err != nil {
		return nil, false
	}
	for _, key := range dictionary.Names() {
		m, _ := dictionary.Get(key)
		out = append(out, structuredMember(key, m))
	}
	return out, true
}

func structuredMember(key string, m httpsfv.Member) structuredItem {
	item, is := m.(httpsfv.Item)
	if !is {
		return structuredItem{key: key}
	}
	out := structuredValue(key, item.Value)
	for _, name := range item.Params.Names() {
		value, _ := item.Params.Get(name)
		out.params = append(out.params, structuredValue(name, value))
	}
	return out
}

func structuredValue(key string, value any) structuredItem {
	out := structuredItem{key: key}
	switch v := value.(type) {
	case int64:
		out.kind, out.number = structuredInteger, v
	case string, httpsfv.DisplayString:
		out.kind = structuredString
	case httpsfv.Token:
		out.kind = structuredToken
	case []byte:
		out.kind = structuredBytes
	case bool:
		out.kind = structuredBoolean
	case time.Time:
		out.kind = structuredDate
	}
	return out
}
