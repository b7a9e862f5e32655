package reference

import (
	"encoding/base64"
	"slices"
	"strings"
)

// valueFaults give a member a value of the right type that cannot be.
func valueFaults() []Fault {
	var (
		identity  = ids("action.id")
		hash      = ids("action.sha1", "action.file-id")
		fileID    = ids("action.file-id")
		machine   = ids("action.machine-id")
		kind      = ids("action.type")
		requestor = ids("action.requestor")
		status    = ids("action.status")
	)
	text := func(name, says string, breaks []string, member string, change func(string) string) Fault {
		return Fault{Name: name, Says: says, Breaks: breaks, Wrap: onAction(alterText(member, change))}
	}
	return []Fault{
		text("empties-id", "gives an empty id", identity, "id", to("")),
		text("braces-id", "writes the id in braces", identity, "id", func(s string) string { return "{" + s + "}" }),
		text("names-id-as-urn", "writes the id as a URN", identity, "id", func(s string) string {
			return "urn:uuid:" +
				s
		}),
		text("undashes-id", "writes the id without hyphens", identity, "id",
			func(s string) string { return strings.ReplaceAll(s, "-", "") }),
		text("shortens-id", "leaves the last digit of the id out", identity, "id",
			func(s string) string { return s[:len(s)-1] }),
		text("lengthens-id", "gives the id a digit too many", identity, "id", func(s string) string { return s + "0" }),
		text("spoils-id", "puts a letter beyond f into the id", identity, "id",
			func(s string) string { return "g" + s[1:] }),
		text("misplaces-id-hyphens", "puts the hyphens of the id elsewhere", identity, "id",
			func(s string) string { return upTo(s, 4) + "-" + strings.Replace(s[min(4, len(s)):], "-", "", 1) }),
		text("blanks-around-id", "writes a blank behind the id", identity, "id",
			func(s string) string { return s + " " }),
		text("encodes-id", "writes the id in base64", identity, "id",
			func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),

		text("empties-sha1", "gives an empty sha1", hash, "sha1", to("")),
		text("changes-sha1-digit", "changes the last digit of sha1", hash, "sha1", otherDigit),
		text("reverses-sha1", "turns sha1 round", hash, "sha1",
			func(s string) string { b := []byte(s); slices.Reverse(b); return string(b) }),
		text("shortens-sha1", "leaves the last digit of sha1 out", hash, "sha1",
			func(s string) string { return upTo(s, 39) }),
		text("answers-sha256", "gives a hash of 64 digits for sha1", hash, "sha1",
			func(s string) string { return s + upTo(s, 24) }),
		text("answers-md5", "gives a hash of 32 digits for sha1", hash, "sha1",
			func(s string) string { return upTo(s, 32) }),
		text("prefixes-sha1", "writes 0x before sha1", hash, "sha1", func(s string) string { return "0x" + s }),
		text("blanks-around-sha1", "writes a blank behind sha1", hash, "sha1",
			func(s string) string { return s + " " }),
		text("zeroes-sha1", "gives a sha1 of zeros", hash, "sha1", to(strings.Repeat("0", 40))),
		text("answers-documented-sha1", "gives the sha1 of the documents' example to everyone", hash, "sha1",
			to("87662bc3d60e4200ceaf7aae249d1c343f4b83c8")),
		{Name: "answers-constant-hashes", Says: "gives everyone the same sha1 and fileId",
			Breaks: ids("action.sha1", "state.isolated"), Wrap: onAction(set("sha1", strings.Repeat("ab", 20)),
				set("fileId", strings.Repeat("ab", 20)))},

		text("empties-type", "gives an empty type", kind, "type", to("")),
		text("swaps-types", "gives each operation the other's type", kind, "type", swapType),
		{Name: "stops-as-request-sample", Says: "calls both operations RequestSample", Breaks: kind,
			Wrap: onlyFor("stopAndQuarantineFile", onAction(set("type", "RequestSample")))},
		{Name: "samples-as-stop-and-quarantine", Says: "calls both operations StopAndQuarantineFile", Breaks: kind,
			Wrap: onlyFor("requestSample", onAction(set("type", "StopAndQuarantineFile")))},
		text("camels-type", "writes the type as the path does", kind, "type",
			func(s string) string { return strings.ToLower(s[:1]) + s[1:] }),
		text("lowers-type", "writes the type in lower case", kind, "type", strings.ToLower),
		text("snakes-type", "writes the type in snake case", kind, "type",
			func(s string) string { return strings.ReplaceAll(slug(s), "-", "_") }),
		text("blanks-around-type", "writes a blank behind the type", kind, "type",
			func(s string) string { return s + " " }),
		text("answers-sibling-type", "gives the type of another action of the family", kind, "type", to("Isolate")),
		text("answers-resource-as-type", "gives the resource's name as type", kind, "type", to("FileMachineAction")),
		text("qualifies-type", "writes the type with a namespace", kind, "type",
			func(s string) string { return "microsoft.windowsDefenderATP." + s }),

		text("empties-requestor", "gives an empty requestor", requestor, "requestor", to("")),
		text("says-undefined-for-requestor", "gives undefined for the requestor", requestor, "requestor",
			to("undefined")),
		text("says-object-for-requestor", "gives for the requestor what a script writes for an object", requestor,
			"requestor", to("[object Object]")),
		text("blanks-requestor", "gives a requestor of blanks", requestor, "requestor", to("   ")),
		text("breaks-requestor", "gives a requestor of white space of other kinds", requestor, "requestor",
			to("\t\n\u00a0")),

		text("empties-status", "gives an empty status", status, "status", to("")),
		text("invents-status", "gives a status that nobody documents", status, "status", to("Running")),
		text("lowers-status", "writes the status in lower case", status, "status", strings.ToLower),
		text("spaces-status", "writes the status as two words", status, "status", to("In Progress")),
		text("blanks-around-status", "writes a blank behind the status", status, "status",
			func(s string) string { return s + " " }),
		text("spells-cancelled-with-one-l", "gives the status Canceled", status, "status", to("Canceled")),
		text("numbers-status-in-string", "gives the status as digits in a string", status, "status", to("1")),
		text("answers-http-status", "gives the HTTP status as status", status, "status", to("Created")),

		text("empties-file-id", "gives an empty fileId", fileID, "fileId", to("")),
		text("changes-file-id", "gives a fileId that differs from sha1 in one digit", fileID, "fileId", otherDigit),
		text("invents-file-id", "gives a fileId of its own making", fileID, "fileId", to("file-1")),
		text("shortens-file-id", "leaves the last digit of fileId out", fileID, "fileId",
			func(s string) string { return upTo(s, 39) }),
		text("identifies-file-by-uuid", "gives a UUID for fileId", fileID, "fileId",
			to("0a44e6b5-6b9a-4c1e-9f0c-0d7f7a3e1b11")),

		text("empties-machine-id", "gives an empty machineId", machine, "machineId", to("")),
		text("names-machine", "gives a host name for machineId", machine, "machineId", to("desktop-7.contoso.com")),
		text("shortens-machine-id", "leaves the last digit of machineId out", machine, "machineId",
			func(s string) string { return upTo(s, 39) }),
		text("lengthens-machine-id", "gives machineId a digit too many", machine, "machineId",
			func(s string) string { return s + "0" }),
		text("spoils-machine-id", "puts a letter beyond f into machineId", machine, "machineId",
			func(s string) string { return "z" + s[1:] }),
		text("identifies-machine-by-uuid", "gives a UUID for machineId", machine, "machineId",
			to("0a44e6b5-6b9a-4c1e-9f0c-0d7f7a3e1b11")),
		text("shows-database-key", "gives the number of a table row for machineId", machine, "machineId", to("1024")),
		text("blanks-around-machine-id", "writes a blank before machineId", machine, "machineId",
			func(s string) string { return " " + s }),
	}
}

func to(value string) func(string) string { return func(string) string { return value } }

// upTo returns the first n bytes, or all there are.
func upTo(s string, n int) string { return s[:min(n, len(s))] }

// otherDigit changes the last digit.
func otherDigit(s string) string {
	if strings.HasSuffix(s, "0") {
		return s[:len(s)-1] + "1"
	}
	return s[:len(s)-1] + "0"
}

func swapType(s string) string {
	if s == "RequestSample" {
		return "StopAndQuarantineFile"
	}
	return "RequestSample"
}

// instanceFaults spoil the items of fileInstances.
func instanceFaults() []Fault {
	rows := []struct {
		name, says string
		breaks     []string
		change     func([]any) []any
	}{
		{"drops-file-path", "leaves filePath out of an instance", nil, last(drop("filePath"))},
		{"drops-instance-status", "leaves status out of an instance", nil, last(drop("status"))},
		{"respells-file-path", "writes filePath as FilePath", nil, last(rename("filePath", "FilePath"))},
		{"says-path", "calls filePath path", nil, last(rename("filePath", "path"))},
		{"says-state", "calls an instance's status state", nil, last(rename("status", "state"))},
		{"empties-file-path", "gives an empty filePath", ids("action.instances-filled"), last(set("filePath", ""))},
		{"says-undefined-for-file-path", "gives undefined for a filePath", ids("action.instances-filled"),
			last(set("filePath", "undefined"))},
		{"blanks-file-path", "gives a blank for a filePath", ids("action.instances-filled"),
			last(set("filePath", " "))},
		{"writes-nul-into-file-path", "writes NUL into a filePath", ids("action.instances-filled"),
			last(set("filePath", "C:\\a\x00.exe"))},
		{"empties-instance-status", "gives an instance an empty status", ids("action.instances-filled"),
			last(set("status", ""))},
		{"doubles-backslashes-of-path", "escapes the backslashes of a filePath twice", ids("action.instances-path"),
			last(alterText("filePath", func(string) string { return `C:\\Users\\a.exe` }))},
		{"repeats-instance", "gives an instance twice", ids("action.instances-distinct"),
			func(list []any) []any { return append(list, list[len(list)-1]) }},
		{"empties-both-of-an-instance", "gives an instance an empty filePath and an empty status",
			ids("action.instances-filled"), last(func(o Object) Object {
				return set("status",
					"")(set("filePath", "")(o))
			})},
		{"nulls-file-path", "makes filePath null", ids("action.instances", "action.types"), last(set("filePath", nil))},
		{"nulls-instance-status", "makes an instance's status null", ids("action.instances", "action.types"),
			last(set("status", nil))},
		{"numbers-file-path", "makes filePath a number", ids("action.instances", "action.types"),
			last(set("filePath", 7))},
		{"numbers-instance-status", "makes an instance's status a number", ids("action.instances", "action.types"),
			last(set("status", 1))},
		{"splits-file-path", "makes filePath an array of segments", ids("action.instances", "action.types"),
			last(set("filePath", []any{"C:", "Windows", "a.exe"}))},
		{"objects-file-path", "makes filePath an object", ids("action.instances", "action.types"),
			last(set("filePath", Object{{"value", `C:\a.exe`}}))},
		{"booleans-instance-status", "makes an instance's status a boolean", ids("action.instances", "action.types"),
			last(set("status", false))},
		{"invents-instance-status", "gives an instance a status that nobody documents", ids("action.status"),
			last(set("status", "Doing"))},
		{"lowers-instance-status", "writes an instance's status in lower case", ids("action.status"),
			last(set("status", "inprogress"))},
		{"empties-instance", "makes an instance an empty object", nil, last(func(Object) Object { return Object{} })},
		{"strings-instance", "makes an instance the bare path", ids("action.types", "action.instances"),
			lastItem(`C:\Windows\a.exe`)},
		{"nulls-instance", "makes an instance null", ids("action.types", "action.instances"), lastItem(nil)},
		{"arrays-instance", "makes an instance an array", ids("action.types", "action.instances"),
			lastItem([]any{`C:\Windows\a.exe`, "InProgress"})},
		{"numbers-instance", "makes an instance a number", ids("action.types", "action.instances"), lastItem(2)},
		{"nests-instances", "puts the instances into an array of their own", ids("action.types", "action.instances"),
			func(list []any) []any { return []any{list} }},
	}
	var faults []Fault
	for _, row := range rows {
		f := Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Wrap: onAction(instances(row.change))}
		if f.Breaks == nil {
			f.Breaks = ids("action.instances")
		}
		faults = append(faults, f)
	}
	return faults
}

// instances changes the items of fileInstances.
func instances(change func([]any) []any) func(Object) Object {
	return alter("fileInstances", func(v any) any {
		if list, ok := v.([]any); ok {
			return change(list)
		}
		return v
	})
}

// last changes the last item, so that a judge who looks at the first alone is caught.
func last(change func(Object) Object) func([]any) []any {
	return func(list []any) []any {
		if n := len(list); n > 0 {
			if o, ok := list[n-1].(Object); ok {
				list[n-1] = change(o)
			}
		}
		return list
	}
}

func lastItem(value any) func([]any) []any {
	return func(list []any) []any { return append(list[:max(len(list)-1, 0)], value) }
}
