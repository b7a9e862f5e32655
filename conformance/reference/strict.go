package reference

import "fmaspec/conformance/internal/strictjson"

// wellFormed reports whether b is one JSON text: UTF-8, no duplicate names,
// nothing before or after it but white space.
func wellFormed(b []byte) bool { return strictjson.Check(b) == nil }
