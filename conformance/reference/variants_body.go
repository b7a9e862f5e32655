package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
)

// bodyVariants write the action in another form.
func bodyVariants() []variant {
	return []variant{
		{"extra-members", "has more members than the documents show", onAction(add(
			Member{"computerDnsName", nil}, Member{"scope", nil}, Member{"title", nil}, Member{"commands", []any{}},
			Member{"errorHResult", 0}, Member{"externalId", ""},
			Member{"relatedFileInfo", Object{{"fileIdentifierType", "Sha1"}, {"extra", nil}}},
			Member{"@odata.etag", `W/"1"`}, Member{"sha1@odata.type", "#String"},
			Member{"score", json.Number("1.5e-3")}, Member{"cancelled", false}))},
		{"extra-members-first", "has more members, before the documented ones", onAction(func(o Object) Object {
			return append(Object{{"version", 2}, {"etag", nil}}, o...)
		})},
		{"extra-instance-members", "has more members in each file instance", onAction(instances(func(list []any) []any {
			for i, item := range list {
				if o, ok := item.(Object); ok {
					list[i] = append(o, Member{"size", 1024}, Member{"error", nil})
				}
			}
			return list
		}))},
		{"reversed-members", "writes the members in the opposite order",
			onAction(func(o Object) Object { slices.Reverse(o); return o })},
		{"sorted-members", "writes the members in the order of their names", onAction(func(o Object) Object {
			slices.SortFunc(o, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
			return o
		})},
		{"pretty-printed", "indents the JSON", onBody(func(b []byte) []byte { return indented(b, "    ") })},
		{"pretty-printed-with-crlf", "indents the JSON with tabs and ends lines with CR LF",
			onBody(func(b []byte) []byte {
				return bytes.ReplaceAll(indented(b, "\t"), []byte("\n"), []byte("\r\n"))
			})},
		{"white-space-around", "writes white space round the object",
			onBody(func(b []byte) []byte { return slices.Concat([]byte("\r\n\t "), b, []byte(" \t\r\n\n")) })},
		{"escaped-output", `writes strings in \u escapes`, onBody(escaped)},
		{"escaped-solidus", `writes / as \/`, onBody(func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("/"),
				[]byte(`\/`))
		})},
		{"raw-unicode", "writes characters beyond ASCII as they are", onAction(set("requestor", "Jürgen 分析 \U0001F575"),
			instances(last(set("filePath", `C:\Users\Jürgen\Загрузки\文件 💾.exe`))))},
		{"html-escapes", `writes <, > and & as \u escapes, as Go does by default`, onBody(func(b []byte) []byte {
			return []byte(strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(string(b)))
		})},
	}
}

// valueVariants give a member another value that is as good.
func valueVariants() []variant {
	hashes := func(change func(string) string) wrap {
		return onAction(alterText("sha1", change), alterText("fileId", change))
	}
	variants := []variant{
		{"context-of-other-host", "gives a context on another host",
			onAction(set("@odata.context", strings.Replace(metadata, "graph.microsoft.com",
				"api-eu.securitycenter.windows.com", 1)))},
		{"context-of-own-host", "gives a context on the host that was asked, over plain HTTP",
			onAccepted(func(a *answer, q *asked) {
				a.edit(set("@odata.context", strings.Replace(metadata, "https://graph.microsoft.com", "http://"+q.Host,
					1)))
			})},
		{"context-of-port", "gives a context on an address and a port, below a prefix",
			onAction(set("@odata.context", strings.Replace(metadata, "graph.microsoft.com",
				"[2001:db8::1]:8443/wdatp/eu", 1)))},
		{"context-as-path", "gives the context as a path",
			onAction(set("@odata.context", strings.Replace(metadata, "https://graph.microsoft.com", "", 1)))},
		{"context-of-network-path", "gives a context that leaves the scheme to the request",
			onAction(set("@odata.context", strings.Replace(metadata, "https:", "", 1)))},
		{"upper-case-sha1", "gives sha1 in upper case", onAction(alterText("sha1", strings.ToUpper))},
		{"upper-case-hashes", "gives sha1 and fileId in upper case", hashes(strings.ToUpper)},
		{"upper-case-file-id", "gives fileId in upper case", onAction(alterText("fileId", strings.ToUpper))},
		{"sha1-as-sent", "gives sha1 in the letter case that was sent", onAccepted(func(a *answer, q *asked) {
			o, _ := parseObject(q.body)
			a.edit(set("sha1", o.Get("Sha1")), set("fileId", o.Get("Sha1")))
		})},
		{"upper-case-id", "gives the id in upper case", onAction(alterText("id", strings.ToUpper))},
		{"upper-case-machine-id", "gives machineId in upper case", onAction(alterText("machineId", strings.ToUpper))},
		{"short-machine-id", "gives a machineId of 32 digits",
			onAction(alterText("machineId", func(s string) string { return upTo(s, 32) }))},
		{"short-upper-case-machine-id", "gives a machineId of 32 digits in upper case",
			onAction(alterText("machineId", func(s string) string { return strings.ToUpper(upTo(s, 32)) }))},
		{"blanks-round-requestor", "writes a blank behind the requestor, as the documents do",
			onAction(set("requestor", "Analyst@contoso.com "))},
		{"requestor-by-id", "names the requestor by a UUID",
			onAction(set("requestor", "0a44e6b5-6b9a-4c1e-9f0c-0d7f7a3e1b11"))},
		{"comment-with-blanks", "writes blanks round the comment",
			onAction(alterText("requestorComment", func(s string) string { return " " + s + " " }))},
		{"comment-with-line-feeds", "gives the line breaks of the comment as line feeds",
			onAction(alterText("requestorComment", func(s string) string {
				return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
			}))},
		{"comment-without-controls", "leaves control characters out of the comment",
			onAction(alterText("requestorComment", eachRune(func(r rune) rune {
				if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
					return -1
				}
				return r
			})))},
		{"comment-with-replaced-controls", "writes the replacement character for control characters of the comment",
			onAction(alterText("requestorComment", eachRune(func(r rune) rune {
				if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
					return unicode.ReplacementChar
				}
				return r
			})))},
		{"comment-with-blanks-for-controls", "writes a blank for control characters of the comment, and no byte " +
			"order mark",
			onAction(alterText("requestorComment", eachRune(func(r rune) rune {
				switch {
				case r == '\ufeff':
					return -1
				case unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r':
					return ' '
				}
				return r
			})))},
		{"comment-decomposed", "writes letters of the comment with combining marks, which are equal",
			onAction(alterText("requestorComment", func(s string) string {
				return strings.NewReplacer("ü", "u\u0308", "é", "e\u0301").Replace(s)
			}))},
		{"comment-trimmed", "trims the comment", onAction(alterText("requestorComment", strings.TrimSpace))},
		{"comment-not-echoed", "gives another comment than was sent", onAction(set("requestorComment", "test"))},
		{"comment-echoed-by-one-operation", "gives another comment than was sent by requestSample alone, as the " +
			"documents do", onlyFor(requestSample, onAction(set("requestorComment", "test")))},
		{"comment-empty", "gives an empty comment", onAction(set("requestorComment", ""))},
		{"later-update", "gives a last update 32.6 s after the creation, as the first document does",
			reform(func(t time.Time) any { return t.Add(32600 * time.Millisecond).Format(timeLayout) }, times[1])},
		{"update-in-nine-minutes", "gives a last update nine minutes after the creation",
			reform(func(t time.Time) any { return t.Add(9 * time.Minute).Format(timeLayout) }, times[1])},
		{"update-one-tick-later", "gives a last update 100 ns after the creation",
			reform(func(t time.Time) any { return t.Add(100).Format(timeLayout) }, times[1])},
		{"times-without-fraction", "gives times in whole seconds", reform(layout("2006-01-02T15:04:05Z"), times...)},
		{"times-in-milliseconds", "gives times with three digits of a second",
			reform(layout("2006-01-02T15:04:05.000Z"), times...)},
		{"times-in-microseconds", "gives times with six digits of a second",
			reform(layout("2006-01-02T15:04:05.000000Z"), times...)},
		{"times-without-trailing-zeros", "leaves the zeros at the end of a fraction out",
			reform(layout("2006-01-02T15:04:05.9999999Z"), times...)},
		{"times-in-small-letters", "writes t and z in times, which RFC 3339 allows",
			reform(layout("2006-01-02t15:04:05.0000000z"), times...)},
		{"times-in-mixed-precision", "gives the creation in whole seconds and the last update exactly",
			reform(layout("2006-01-02T15:04:05Z"), times[0])},
		{"update-in-whole-seconds", "gives the last update in whole seconds, cut, and the creation exactly",
			reform(layout("2006-01-02T15:04:05Z"), times[1])},
		{"instances-of-processes", "names the processes of one file, each with its number",
			onAction(instances(func(list []any) (out []any) {
				for i := range 3 {
					out = append(out, Object{{"filePath", `C:\Users\a.exe`}, {"status", "InProgress"}, {"processId", 4711 + i}})
				}
				return out
			}))},
		{"many-instances", "finds the file in 2,000 places", onAction(instances(manyInstances))},
		{"one-instance", "finds the file in one place",
			onAction(instances(func(list []any) []any { return list[:min(1, len(list))] }))},
		{"no-instances", "finds the file nowhere yet", onAction(instances(func([]any) []any { return []any{} }))},
		{"network-paths", "finds the file on another machine, and by a long path",
			onAction(instances(last(set("filePath", `\\server\share\a.exe`))),
				instances(func(list []any) []any {
					return append(list, Object{{"filePath", `\\?\C:\a b\a.exe`}, {"status", "InProgress"}})
				}))},
		{"unix-paths", "finds the file on another system",
			onAction(instances(last(set("filePath", "/opt/тест/a b.bin"))))},
	}
	for _, status := range []string{"Pending", "Succeeded", "Failed", "TimeOut", "Cancelled"} {
		variants = append(variants, variant{"status-" + slug(status), "gives the status " + status,
			onAction(set("status", status), instances(last(set("status", status))))})
	}
	return variants
}

func manyInstances([]any) []any {
	list := make([]any, 2000)
	for i := range list {
		list[i] = Object{{"filePath", fmt.Sprintf(`C:\Users\user%d\Downloads\tool.exe`, i)}, {"status", "InProgress"}}
	}
	return list
}

func indented(b []byte, indent string) []byte {
	var buf bytes.Buffer
	if json.Indent(&buf, b, "", indent) != nil {
		return b
	}
	return buf.Bytes()
}

// escaped writes every letter inside strings as a \u escape.
func escaped(b []byte) []byte {
	o, err := parseObject(b)
	if err != nil {
		return b
	}
	return appendEscaped(nil, o)
}

func appendEscaped(b []byte, v any) []byte {
	switch v := v.(type) {
	case Object:
		sep := "{"
		for _, m := range v {
			b = append(b, sep...)
			b = append(appendEscaped(b, m.Name), ':')
			b = appendEscaped(b, m.Value)
			sep = ","
		}
		return append(b, '}')
	case []any:
		raw := make([]any, len(v))
		for i, item := range v {
			raw[i] = json.RawMessage(appendEscaped(nil, item))
		}
		return appendJSON(b, raw)
	case string:
		b = append(b, '"')
		for _, unit := range utf16.Encode([]rune(v)) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
		return append(b, '"')
	}
	return appendJSON(b, v)
}

// stateVariants remember what they may remember.
func stateVariants() []variant {
	return []variant{
		{"documented-examples", "answers the documents' example requests with their example answers",
			onAccepted(documentedExample)},
		{"same-action-for-same-call", "answers a call that it had before with the same action",
			func(h http.Handler) http.Handler {
				return stale(func(q *asked) string { return q.URL.Path + "\x00" + string(q.body) })(h)
			}},
		{"ends-action-for-same-call", "answers a call that it had before with the same action, which has ended since",
			sameAgain(func(a *answer) { a.edit(set("status", "Succeeded")) }, func(*answer) {})},
		{"pauses-action-for-same-call", "answers a call that it had before with the same action, which waits again",
			sameAgain(func(a *answer) { a.edit(set("status", "Pending")) }, func(*answer) {})},
		{"names-running-action", "answers 400 ActiveRequestAlreadyExists to a call for the same file on the same " +
			"machine, with the id and the status of the action that is there",
			sameAgain(refuseNamed, func(*answer) {})},
		{"retries-failed-action", "answers a call that it had before with the same action, which had failed and is " +
			"tried again",
			sameAgain(func(a *answer) { a.edit(set("status", "Pending")) },
				func(a *answer) { a.edit(set("status", "Failed")) })},
		{"selects-members", "gives of an action what the query asks for by $select, as OData has it",
			onAccepted(func(a *answer, q *asked) {
				names := strings.Split(q.URL.Query().Get("$select"), ",")
				if slices.Contains(names, "*") || names[0] == "" {
					return
				}
				o, _ := parseObject(a.body)
				a.body = slices.DeleteFunc(o, func(m Member) bool {
					return m.Name != "@odata.context" && !slices.Contains(names, m.Name)
				}).JSON()
			})},
		{"locks-running-action", "answers 423 to a call for the same file on the same machine, and shows the action " +
			"that is there", sameAgain(func(a *answer) {
			a.status = http.StatusLocked
			a.body = []byte(`{"error":{"code":"Locked","message":"Refused"},"holder":` + string(a.body) + `}`)
		}, func(*answer) {})},
		{"refuses-running-action", "answers 400 ActiveRequestAlreadyExists to a call for the same file on the same " +
			"machine", refuseRunning},
		{"clocks-apart", "answers by two servers in turn, the clock of one of which is four seconds slow",
			clock(func(n int, _ *asked) time.Duration {
				return map[bool]time.Duration{true: -4 * time.Second}[n%2 == 0]
			})},
		{"sequential-uuids", "counts up in the last digits of its UUIDs", onCount(func(n int, a *answer, _ *asked) {
			a.edit(set("id", fmt.Sprintf("6f1d364c-680c-499a-b30c-%012x", n)))
		})},
		{"uuid-version-1", "gives UUIDs of version 1", onCount(func(n int, a *answer, _ *asked) {
			a.edit(set("id", fmt.Sprintf("%08x-012f-11e8-94cc-fab50fb69d79", n)))
		})},
		{"slow", "takes a while for every answer", rewrite(func(*answer, *asked) { time.Sleep(meeting) })},
	}
}

// refuseRunning remembers every file that is being acted on, for good.
func refuseRunning(h http.Handler) http.Handler {
	var running sync.Map
	no := badBody("ActiveRequestAlreadyExists", "Action is already in progress")
	return onAccepted(func(a *answer, q *asked) {
		o, _ := parseObject(a.body)
		if _, loaded := running.LoadOrStore(fmt.Sprint(q.URL.Path, o.Get("sha1")), true); loaded {
			a.replace(no.answer())
		}
	})(h)
}

// refuseNamed refuses a call because of the action in the answer, which is under way.
func refuseNamed(a *answer) {
	o, _ := parseObject(a.body)
	a.status = http.StatusBadRequest
	a.body = Object{{"error", Object{{"code", "ActiveRequestAlreadyExists"}, {"message", "Action is already in " +
		"progress"}, {"innerError", Object{{"id", o.Get("id")}, {"status", o.Get("status")}}}}}}.JSON()
}

// documentedExample answers with the documents' own object, the first one
// without the comma that keeps it from being JSON.
func documentedExample(a *answer, q *asked) {
	o, _ := parseObject(q.body)
	for _, example := range documentedExamples {
		if q.operationOf() == example.operation && o.Get("Comment") == example.comment &&
			o.Get("Sha1") == example.sha1 {
			a.body = []byte(example.answer)
		}
	}
}
