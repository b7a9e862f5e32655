package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"fmaspec/conformance/internal/strictjson"
)

func bodyChecks() []Check {
	return []Check{
		{Name: "utf-8", Requirements: []string{"json.encoding"},
			Doc: "JSON is sent as UTF-8 without a byte order mark, and no charset parameter calls it anything else " +
				"where it has characters beyond ASCII.",
			on: func(x *observed) bool { return x.carriesAction() || x.carriesJSONError() }, judge: utf8Encoding},
		{Name: "one-json-object", Requirements: []string{"response.json"},
			Doc: "The body of a {success} is one well-formed JSON object: nothing before or behind it.",
			on:  (*observed).carriesAction, judge: oneJSONObject},
		{Name: "names-unique", Requirements: []string{"response.names-unique"},
			Doc: "No object in the body of a {success} has a name twice; where one does, the other checks look at " +
				"the first and at the last of its values.",
			on: (*observed).carriesAction, judge: namesUnique},
	}
}

// carriesJSONError is a refusal with a body that says it is JSON.
func (x *observed) carriesJSONError() bool {
	return x.refusal() && x.complete() && len(x.Response.Body) > 0 && isJSONMedia(x.answer.media)
}

// utf8Names are the names of UTF-8 as a charset, in lower case. The second is not
// registered, and there is nothing else that it could mean.
var utf8Names = []string{"utf-8", "utf8"}

func utf8Encoding(x *observed) []Problem {
	fault := x.answer.json
	if charset := x.answer.charset; charset != "" && !slices.Contains(utf8Names, charset) && isJSONMedia(
		x.answer.media) && bytes.ContainsFunc(x.answer.body, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return problem("header Content-Type", "no charset but UTF-8, for the JSON has characters beyond ASCII",
			show(x.Response.Header.Get("Content-Type")))
	}
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
	case a.action.IsObject(): // where its bytes are at fault, that is a finding of another check
		return nil
	case a.json != nil:
		return problem("body", want, a.json.Error()+excerpt(a.body, a.json.Offset))
	}
	return problem("body", want, brief(string(a.body)))
}

func namesUnique(x *observed) []Problem {
	a := x.answer
	if a.twice == nil || !a.action.IsObject() {
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
