package reference

import (
	"encoding/json"
	"strings"
	"unicode"
)

// members lists the twelve members, with the requirement on the value if there is one.
var members = []struct{ name, value string }{
	{"@odata.context", "action.context"},
	{"id", "action.id"},
	{"sha1", "action.sha1"},
	{"type", "action.type"},
	{"requestor", "action.requestor"},
	{"requestorComment", ""},
	{"status", "action.status"},
	{"fileId", "action.file-id"},
	{"machineId", "action.machine-id"},
	{"creationDateTimeUtc", "time.format"},
	{"lastUpdateDateTimeUtc", "time.format"},
	{"fileInstances", "action.instances"},
}

// memberFaults returns faults that omit or misspell a member, or give it another type.
func memberFaults() []Fault {
	var faults []Fault
	for _, m := range members {
		missing, mistyped := ids("action.members"), ids("action.types")
		if m.value != "" {
			missing, mistyped = append(missing, m.value), append(mistyped, m.value)
		}
		s := slug(m.name)
		faults = append(faults,
			Fault{Name: "drops-" + s, Says: "leaves " + m.name + " out", Breaks: missing, Wrap: onAction(drop(m.name))},
			Fault{Name: "respells-" + s, Says: "writes " + m.name + " as " + respell(m.name), Breaks: missing,
				Wrap: onAction(rename(m.name, respell(m.name)))},
		)
		for _, kind := range []struct {
			verb, says string
			value      any
		}{
			{"nulls", "null", nil},
			{"numbers", "a number", json.Number("7")},
			{"booleans", "a boolean", true},
			{"arrays", "an array of strings", []any{"x"}},
			{"objects", "an object", Object{{"value", "x"}}},
		} {
			faults = append(faults, Fault{Name: kind.verb + "-" + s, Says: "makes " + m.name + " " + kind.says,
				Breaks: mistyped, Wrap: onAction(set(m.name, kind.value))})
		}
	}
	return append(faults,
		Fault{Name: "answers-vast-number-for-id", Says: "makes id a number that no machine can hold",
			Breaks: ids("action.types", "action.id"), Wrap: onAction(set("id", json.Number("4E31322574")))},
		Fault{Name: "strings-file-instances", Says: "makes fileInstances a string that holds JSON",
			Breaks: ids("action.types", "action.instances"), Wrap: onAction(set("fileInstances", "[]"))},
		Fault{Name: "counts-file-instances", Says: "makes fileInstances their number, as a string",
			Breaks: ids("action.types", "action.instances"), Wrap: onAction(set("fileInstances", "2"))},
		Fault{Name: "drops-context-for-stop", Says: "leaves @odata.context out for one operation alone",
			Breaks: ids("action.members", "action.context"), Wrap: onlyFor("stopAndQuarantineFile",
				onAction(drop("@odata.context")))},
		Fault{Name: "drops-instances-for-sample", Says: "leaves fileInstances out for one operation alone",
			Breaks: ids("action.members", "action.instances"),
			Wrap:   onlyFor("requestSample", onAction(drop("fileInstances")))},
	)
}

// resourceFaults returns faults that answer with another resource than a FileMachineAction.
func resourceFaults() []Fault {
	lost := ids("action.members", "action.types")
	return []Fault{
		{Name: "answers-machine-action", Says: "answers with the successor's MachineAction",
			Breaks: ids("action.members", "action.context"), Wrap: onAction(machineAction)},
		{Name: "swaps-in-related-file-info", Says: "puts relatedFileInfo in the place of sha1",
			Breaks: ids("action.members", "action.sha1"), Wrap: onAction(relatedFileInfo("sha1"))},
		{Name: "swaps-file-id-for-related-file-info", Says: "puts relatedFileInfo in the place of fileId",
			Breaks: ids("action.members", "action.file-id"), Wrap: onAction(relatedFileInfo("fileId"))},
		{Name: "answers-file-action", Says: "answers with the FileAction of block file",
			Breaks: ids("action.members", "action.context"), Wrap: onAction(fileAction)},
		{Name: "says-last-update-time", Says: "calls the last update lastUpdateTimeUtc, as MachineAction does",
			Breaks: ids("action.members", "time.format"),
			Wrap:   onAction(rename("lastUpdateDateTimeUtc", "lastUpdateTimeUtc"))},
		{Name: "says-creation-time", Says: "calls the creation creationTimeUtc",
			Breaks: ids("action.members", "time.format"),
			Wrap:   onAction(rename("creationDateTimeUtc", "creationTimeUtc"))},
		{Name: "says-error-for-status", Says: "gives an error in the place of the status, as the first draft did",
			Breaks: ids("action.members", "action.status"), Wrap: onAction(rename("status", "error"),
				set("error", "None"))},
		{Name: "says-requester", Says: "spells requestor with an e", Breaks: ids("action.members", "action.requestor"),
			Wrap: onAction(rename("requestor", "requester"))},
		{Name: "says-comment", Says: "calls the comment comment", Breaks: ids("action.members"),
			Wrap: onAction(rename("requestorComment", "comment"))},
		{Name: "says-sha1-hash", Says: "calls the hash fileSha1", Breaks: ids("action.members", "action.sha1"),
			Wrap: onAction(rename("sha1", "fileSha1"))},
		{Name: "says-action-id", Says: "calls the id actionId", Breaks: ids("action.members", "action.id"),
			Wrap: onAction(rename("id", "actionId"))},
		{Name: "says-underscore-id", Says: "calls the id _id", Breaks: ids("action.members", "action.id"),
			Wrap: onAction(rename("id", "_id"))},
		{Name: "says-context", Says: "writes @odata.context without odata, as later OData does",
			Breaks: ids("action.members", "action.context"), Wrap: onAction(rename("@odata.context", "@context"))},
		{Name: "says-odata-metadata", Says: "writes odata.metadata for @odata.context, as OData 3 did",
			Breaks: ids("action.members", "action.context"),
			Wrap:   onAction(rename("@odata.context", "odata.metadata"))},
		{Name: "says-files", Says: "calls the instances files", Breaks: ids("action.members", "action.instances"),
			Wrap: onAction(rename("fileInstances", "files"))},
		{Name: "snakes-names", Says: "writes all names in snake case", Breaks: lost,
			Wrap: onAction(allNames(func(s string) string { return strings.ReplaceAll(slug(s), "-", "_") }))},
		{Name: "capitalises-names", Says: "writes all names with a capital", Breaks: lost,
			Wrap: onAction(allNames(respell))},
		{Name: "lowers-names", Says: "writes all names in lower case", Breaks: lost,
			Wrap: onAction(allNames(strings.ToLower))},
		{Name: "wraps-in-value", Says: "wraps the action in value", Breaks: lost, Wrap: onAction(wrapIn("value"))},
		{Name: "wraps-in-d", Says: "wraps the action in d, as OData 2 did", Breaks: lost, Wrap: onAction(wrapIn("d"))},
		{Name: "wraps-in-data", Says: "wraps the action in data", Breaks: lost, Wrap: onAction(wrapIn("data"))},
		{Name: "answers-collection", Says: "answers with a collection of one action", Breaks: lost,
			Wrap: onAction(func(o Object) Object {
				return Object{{"@odata.context", strings.TrimSuffix(metadata, "/$entity")},
					{"value", []any{drop("@odata.context")(o)}}}
			})},
		{Name: "answers-empty-object", Says: "answers with an object without members", Breaks: lost,
			Wrap: onAction(func(Object) Object { return Object{} })},
		{Name: "answers-id-object", Says: "answers with the id alone, in an object", Breaks: lost,
			Wrap: onAction(func(o Object) Object { return Object{{"id", o.Get("id")}} })},
		{Name: "answers-draft-action", Says: "answers with the five members of the 2017 draft", Breaks: lost,
			Wrap: onAction(func(o Object) Object {
				return Object{{"@odata.context", o.Get("@odata.context")}, {"id", o.Get("id")}, {"type", o.Get("type")},
					{"status", o.Get("status")}, {"error", "Unknown"}}
			})},
		{Name: "answers-error-with-201", Says: "answers 201 with an error object", Breaks: lost,
			Wrap: onAction(func(Object) Object {
				return Object{{"error", Object{{"code", "InternalServerError"}, {"message", "The request failed."}}}}
			})},
		{Name: "echoes-request", Says: "answers with the request's own body", Breaks: lost,
			Wrap: onAccepted(func(a *answer, q *asked) { a.body = q.body })},
	}
}

// machineAction converts an action to the successor's resource.
func machineAction(o Object) Object {
	o = set("@odata.context", strings.Replace(metadata, "#FileMachineActions", "#MachineActions", 1))(o)
	hash := o.Get("sha1")
	for _, name := range []string{"sha1", "fileId", "fileInstances"} {
		o = drop(name)(o)
	}
	return append(o, Member{"computerDnsName", nil}, Member{"relatedFileInfo",
		Object{{"fileIdentifier", hash}, {"fileIdentifierType", "Sha1"}}})
}

func relatedFileInfo(name string) func(Object) Object {
	return func(o Object) Object {
		info := Object{{"fileIdentifier", o.Get(name)}, {"fileIdentifierType", "Sha1"}}
		return set("relatedFileInfo", info)(rename(name, "relatedFileInfo")(o))
	}
}

func fileAction(o Object) Object {
	return Object{
		{"@odata.context", strings.Replace(metadata, "#FileMachineActions", "#FileActions", 1)},
		{"fileIdentifier", o.Get("sha1")}, {"fileIdentifierType", "Sha1"}, {"actionType", "Block"}, {"fileStatus",
			"Blocked"},
		{"creationDateTimeUtc", o.Get("creationDateTimeUtc")}, {"requestor", o.Get("requestor")}, {"requestorComment",
			o.Get("requestorComment")},
		{"cancellationDateTimeUtc", nil}, {"lastUpdateDateTimeUtc", o.Get("lastUpdateDateTimeUtc")},
	}
}

func allNames(change func(string) string) func(Object) Object {
	return func(o Object) Object {
		for i := range o {
			o[i].Name = change(o[i].Name)
		}
		return o
	}
}

func wrapIn(name string) func(Object) Object {
	return func(o Object) Object { return Object{{name, o}} }
}

// respell changes the case of the first letter of a name.
func respell(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsLower(r) {
			runes[i] = unicode.ToUpper(r)
			break
		}
	}
	return string(runes)
}

// slug returns a member's name in the form of fault names: lower case with hyphens.
func slug(name string) string {
	var b strings.Builder
	for i, r := range strings.TrimPrefix(name, "@") {
		switch {
		case r == '.':
			b.WriteByte('-')
		case unicode.IsUpper(r) && i > 0:
			b.WriteByte('-')
			fallthrough
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
