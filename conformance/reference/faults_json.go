package reference

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf16"
)

// jsonFaults answer a good request with bytes that are not one JSON object.
func jsonFaults() []Fault {
	rows := []struct {
		name, says string
		change     func([]byte) []byte
	}{
		{"keeps-comma-in-array", "leaves a comma before the bracket, as the first document's example does",
			func(b []byte) []byte { return bytes.Replace(b, []byte("}]"), []byte("},]"), 1) }},
		{"keeps-comma-in-object", "leaves a comma before the last brace",
			func(b []byte) []byte { return append(b[:len(b)-1], ",}"...) }},
		{"begins-with-comma", "puts a comma behind the first brace",
			func(b []byte) []byte { return slices.Concat([]byte("{,"), b[1:]) }},
		{"forgets-a-comma", "leaves out the comma between two members",
			func(b []byte) []byte { return bytes.Replace(b, []byte(`,"id"`), []byte(`"id"`), 1) }},
		{"forgets-a-colon", "leaves out a colon", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"id":`),
				[]byte(`"id" `), 1)
		}},
		{"trails-garbage", "writes a word behind the object", func(b []byte) []byte { return append(b, " ok"...) }},
		{"trails-brace", "closes the object twice", func(b []byte) []byte { return append(b, '}') }},
		{"trails-nul", "ends the object with a NUL byte", func(b []byte) []byte { return append(b, 0) }},
		{"trails-semicolon", "ends the object like a statement", func(b []byte) []byte { return append(b, ';') }},
		{"sends-object-twice", "writes the object twice",
			func(b []byte) []byte { return slices.Concat(b, []byte("\n"), b) }},
		{"guards-against-hijacking", "puts the )]}' guard before the object",
			func(b []byte) []byte { return slices.Concat([]byte(")]}',\n"), b) }},
		{"wraps-in-callback", "wraps the object in a JSONP call",
			func(b []byte) []byte { return slices.Concat([]byte("callback("), b, []byte(")")) }},
		{"leads-with-log-line", "prints a log line before the object",
			func(b []byte) []byte { return slices.Concat([]byte("[info] action created\n"), b) }},
		{"quotes-singly", "writes strings in single quotes",
			func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"`), []byte(`'`)) }},
		{"leaves-names-unquoted", "writes a name without quotes",
			func(b []byte) []byte { return bytes.Replace(b, []byte(`"status"`), []byte(`status`), 1) }},
		{"writes-nan", "adds a member that is NaN", lastMember(`"score":NaN`)},
		{"writes-infinity", "adds a member that is Infinity", lastMember(`"score":-Infinity`)},
		{"writes-undefined", "adds a member that is undefined", lastMember(`"score":undefined`)},
		{"writes-true-in-capitals", "adds a member that is True", lastMember(`"done":True`)},
		{"writes-leading-zero", "adds a number with a leading zero", lastMember(`"count":01`)},
		{"writes-hex-number", "adds a number in hexadecimal", lastMember(`"count":0x1F`)},
		{"writes-bare-fraction", "adds a number without digits before the point", lastMember(`"score":.5`)},
		{"writes-a-comment", "puts a comment into the JSON",
			func(b []byte) []byte { return slices.Concat([]byte("{/* action */"), b[1:]) }},
		{"writes-raw-line-break", "writes a line break raw into a string", inString("\n")},
		{"writes-raw-control", "writes a control character raw into a string", inString("\x01")},
		{"writes-raw-tab", "writes a tab raw into a string", inString("\t")},
		{"escapes-by-hex", `escapes a character as \x41`, inString(`\x41`)},
		{"escapes-apostrophe", `escapes an apostrophe, which JSON does not know`, inString(`\'`)},
		{"forgets-to-escape-backslash", "writes a Windows path with single backslashes",
			func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`\\`), []byte(`\`)) }},
		{"forgets-to-escape-quote", "writes a quote raw into a string", inString(`"`)},
		{"truncates-short-escape", "cuts a Unicode escape short", inString(`\u00`)},
		{"truncates-object", "leaves out the last brace", func(b []byte) []byte { return b[:len(b)-1] }},
		{"truncates-in-string", "ends in the middle of a string", func(b []byte) []byte { return b[:len(b)/2] }},
		{"sends-nothing", "sends no body", func([]byte) []byte { return nil }},
		{"sends-white-space", "sends a body of white space", func([]byte) []byte { return []byte(" \r\n") }},
		{"sends-null", "sends null for the action", func([]byte) []byte { return []byte("null") }},
		{"sends-true", "sends true for the action", func([]byte) []byte { return []byte("true") }},
		{"sends-number", "sends a number for the action", func([]byte) []byte { return []byte("201") }},
		{"sends-id-alone", "sends the action's id as a bare string", func(b []byte) []byte {
			o, _ := parseObject(b)
			return appendJSON(nil, o.Get("id"))
		}},
		{"sends-array", "wraps the action in an array",
			func(b []byte) []byte { return slices.Concat([]byte("["), b, []byte("]")) }},
		{"sends-empty-array", "sends an empty array for the action", func([]byte) []byte { return []byte("[]") }},
		{"sends-json-in-string", "encodes the action twice", func(b []byte) []byte {
			twice, _ := json.Marshal(string(b))
			return twice
		}},
		{"sends-html-page", "sends a page that says it worked",
			func([]byte) []byte { return []byte("<!DOCTYPE html><title>Created</title><p>Created</p>") }},
		{"sends-xml", "sends the action in XML", func([]byte) []byte {
			return []byte(
				`<?xml version="1.0"?><FileMachineAction/>`)
		}},
		{"sends-form", "sends the action as a form", func([]byte) []byte {
			return []byte(
				"status=InProgress&type=RequestSample")
		}},
		{"sends-yaml", "sends the action in YAML", func([]byte) []byte {
			return []byte("status: InProgress\ntype: " +
				"RequestSample\n")
		}},
		{"sends-word", "sends the word Created", func([]byte) []byte { return []byte("Created") }},
	}
	var faults []Fault
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("response.json"),
			Wrap: onBody(row.change)})
	}
	for _, row := range []struct {
		name, says, also string
		change           func([]byte) []byte
	}{
		{"repeats-a-member", "writes a member twice with the same value", "", lastMember(`"status":"InProgress"`)},
		{"repeats-a-member-otherwise", "writes a member twice with different values", "",
			lastMember(`"status":"Failed"`)},
		{"repeats-a-member-escaped", "writes a member a second time under an escaped name", "",
			lastMember(`"stat\u0075s":"InProgress"`)},
		{"repeats-a-member-of-an-instance", "writes a member of an instance twice", "", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`{"filePath":`), []byte(`{"filePath":"C:\\a.exe","filePath":`), 1)
		}},
		{"repeats-status-as-a-number", "writes status twice, the second time as a number", "action.types",
			lastMember(`"status":7`)},
		{"hides-another-sha1", "writes sha1 twice, the first time that of another file", "action.sha1",
			firstMember(`"sha1":"0123456789012345678901234567890123456789"`)},
		{"hides-a-context", "writes @odata.context twice, the first time that of another resource", "action.context",
			firstMember(`"@odata.context":"https://graph.microsoft.com/testwdatppreview/$metadata#Machines/$entity"`)},
		{"hides-an-instance", "writes fileInstances twice, the first time with an instance that lacks its status",
			"action.instances", firstMember(`"fileInstances":[{"filePath":"C:\\a.exe"}]`)},
		{"hides-an-id", "writes id twice, the first time one that is no UUID", "action.id", firstMember(`"id":"42"`)},
	} {
		breaks := ids("response.names-unique")
		if row.also != "" {
			breaks = ids(row.also, "response.names-unique")
		}
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: breaks, Wrap: onBody(row.change)})
	}
	encoding := ids("json.encoding")
	unread := ids("response.json", "json.encoding") // a reader of UTF-8 finds no JSON in it
	return append(faults,
		Fault{Name: "begins-with-byte-order-mark", Says: "puts a byte order mark before the object", Breaks: encoding,
			Wrap: onBody(func(b []byte) []byte { return slices.Concat([]byte("\xEF\xBB\xBF"), b) })},
		Fault{Name: "sends-invalid-utf-8", Says: "writes a byte that no UTF-8 text holds", Breaks: encoding,
			Wrap: onBody(inString("\xFF"))},
		Fault{Name: "sends-latin-1", Says: "writes an umlaut in Latin-1", Breaks: encoding,
			Wrap: onBody(inString("J\xFCrgen"))},
		Fault{Name: "sends-overlong-utf-8", Says: "writes a slash as two bytes", Breaks: encoding,
			Wrap: onBody(inString("\xC0\xAF"))},
		Fault{Name: "sends-surrogates-in-utf-8", Says: "writes half a surrogate pair as three bytes", Breaks: encoding,
			Wrap: onBody(inString("\xED\xA0\x80"))},
		Fault{Name: "cuts-a-character", Says: "cuts a character of several bytes in two", Breaks: encoding,
			Wrap: onBody(inString("\xE2\x82"))},
		Fault{Name: "sends-utf-16", Says: "writes the object in UTF-16 with a byte order mark", Breaks: unread,
			Wrap: onBody(func(b []byte) []byte { return utf16Bytes("\uFEFF" + string(b)) })},
		Fault{Name: "sends-unmarked-utf-16", Says: "writes the object in UTF-16 without a byte order mark",
			Breaks: unread, Wrap: onBody(func(b []byte) []byte { return utf16Bytes(string(b)) })},
	)
}

// lastMember writes raw bytes as the last member.
func lastMember(member string) func([]byte) []byte {
	return func(b []byte) []byte { return append(b[:len(b)-1], ","+member+"}"...) }
}

// firstMember writes raw bytes as the first member.
func firstMember(member string) func([]byte) []byte {
	return func(b []byte) []byte { return slices.Concat([]byte("{"+member+","), b[1:]) }
}

// inString writes raw bytes at the head of the requestor.
func inString(raw string) func([]byte) []byte {
	return func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"requestor":"`), []byte(`"requestor":"`+raw), 1)
	}
}

// utf16Bytes encodes in UTF-16, little end first.
func utf16Bytes(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}
