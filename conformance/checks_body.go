package conformance

import (
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/internal/strictjson"
)

func bodyChecks() []Check {
	checks := []Check{
		{Name: "utf-8", Requirements: []string{"json.encoding"},
			Doc: "JSON is sent as UTF-8 without a byte order mark.",
			on:  func(x *observed) bool { return x.carriesAction() || x.carriesJSONError() }, judge: utf8Encoding},
		{Name: "one-json-object", Requirements: []string{"response.json"},
			Doc: "The body of a 201 is one well-formed JSON object: nothing before or behind it.",
			on:  (*observed).carriesAction, judge: oneJSONObject},
		{Name: "names-unique", Requirements: []string{"response.names-unique"},
			Doc: "No object in the body of a 201 has a name twice; where one does, the other checks look at the first and at the last of its values.",
			on:  (*observed).carriesAction, judge: namesUnique},
	}
	// What a schema says, each requirement under a name of its own.
	for _, row := range []struct{ name, requirement, doc string }{
		{"members", "action.members", "All twelve members are there under their exact names."},
		{"types", "action.types", "Each member has the JSON type that the examples show."},
		{"context", "action.context", "@odata.context points to an entity of FileMachineActions in the preview's metadata."},
		{"type-name", "action.type", "type names the operation that was called."},
		{"instances", "action.instances", "Each item of fileInstances has a filePath and a status, both strings."},
		{"instances-filled", "action.instances-filled", "Neither filePath nor status of an item of fileInstances is empty."},
	} {
		checks = append(checks, Check{Name: row.name, Requirements: []string{row.requirement}, Doc: row.doc, on: (*observed).readable, judge: schemaSays(row.requirement)})
	}
	return append(checks, Check{Name: "times", Requirements: []string{"time.format"},
		Doc: "Both times are date-times of RFC 3339 with an offset of zero, and instants that exist.",
		on:  (*observed).readable, judge: times})
}

// carriesJSONError is a refusal with a body that says it is JSON.
func (x *observed) carriesJSONError() bool {
	return x.refusal() && x.complete() && len(x.Response.Body) > 0 && isJSONMedia(x.answer.media)
}

func utf8Encoding(x *observed) []Problem {
	fault := x.answer.json
	if fault == nil || fault.Kind != strictjson.BOM && fault.Kind != strictjson.Encoding {
		return nil
	}
	return problem("body", "UTF-8 without a byte order mark", fault.Error())
}

func oneJSONObject(x *observed) []Problem {
	a := x.answer
	const want = "one well-formed JSON object"
	switch {
	case a.decodeErr != nil: // a finding already
		return nil
	case a.action != nil: // where its bytes are at fault, that is a finding of another check
		return nil
	case a.json != nil:
		return problem("body", want, a.json.Error()+excerpt(a.body, a.json.Offset))
	}
	return problem("body", want, brief(string(a.body)))
}

func namesUnique(x *observed) []Problem {
	a := x.answer
	if a.twice == nil || a.action == nil {
		return nil // a finding of another check
	}
	return problem("body", "no name twice in one object", a.twice.Error()+excerpt(a.body, a.twice.Offset))
}

// excerpt shows the text round a byte of a body.
func excerpt(body []byte, offset int64) string {
	const before, after = 12, 20
	at := int(min(max(offset, 0), int64(len(body))))
	from, to := max(at-before, 0), min(at+after, len(body))
	if from == to {
		return ""
	}
	return fmt.Sprintf(", near %q", body[from:to])
}

func schemaSays(requirement string) func(*observed) []Problem {
	return func(x *observed) (out []Problem) {
		for _, v := range x.answer.violations {
			if v.Requirement == requirement {
				out = append(out, Problem{Place: v.Pointer, Want: v.Want, Got: v.Got})
			}
		}
		return out
	}
}

// timeMembers are the members that hold an instant.
func timeMembers() []string { return []string{"creationDateTimeUtc", "lastUpdateDateTimeUtc"} }

func times(x *observed) []Problem {
	out := schemaSays("time.format")(x)
	if len(out) > 0 {
		return out
	}
	for _, name := range timeMembers() {
		text, ok := x.answer.member(name)
		if !ok {
			continue
		}
		if _, err := instant(text); err != nil {
			out = append(out, Problem{Place: "/" + name, Want: "an instant that exists", Got: show(text)})
		}
	}
	return out
}

// instant reads an RFC 3339 time, whose letters may be small (RFC 3339 5.6). A
// leap second is taken for the second before it, which Go's clock cannot tell
// apart.
func instant(text string) (time.Time, error) {
	text = strings.ToUpper(text)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil && len(text) > 19 && text[16:19] == ":60" {
		return time.Parse(time.RFC3339Nano, text[:16]+":59"+text[19:])
	}
	return t, err
}
