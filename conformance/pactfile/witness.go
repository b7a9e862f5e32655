package pactfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// A witness is a conforming answer. If a pact does not allow it, the pact requires more than
// the contract.
type witness struct {
	actual
	member      string // that differs from the recorded answer, or "" if the header differs
	requirement string // that the difference is about, or "" for that of the place
	inferred    bool   // it keeps documented and standard requirements, but not all inferred ones
}

// A row is one way in which a conforming answer may differ from the recorded one.
type row struct {
	member      string
	value       any // or a function of the value in the recorded answer
	requirement string
	inferred    bool
}

// rowsOfAnswer returns the table. Members that an operation's answer does not have are skipped.
func rowsOfAnswer() []row {
	upper := func(v any) any { return strings.ToUpper(plain(v)) }
	instance := func(path, status string) any { return map[string]any{"filePath": path, "status": status} }
	return []row{
		{"@odata.context", "https://tenant.example/testwdatppreview/$metadata#FileMachineActions/$entity",
			"action.context", false},
		{"id", "c083f601-012f-4955-b4cc-fab50fb69d7a", "", false},
		{"id", "C083F601-012F-4955-B4CC-FAB50FB69D7A", "", false},
		{"id", "17", "action.id", true},
		{"sha1", upper, "action.sha1", false},
		{"requestor", "somebody@tenant.example", "", false},
		{"requestor", " ", "action.requestor", true},
		{"requestorComment", "", "", false},
		{"requestorComment", "another comment", "", false},
		{"status", "InProgress", "", false},
		{"status", "Pending", "", false},
		{"status", "Succeeded", "", false},
		{"status", "Failed", "", false},
		{"status", "TimeOut", "", false},
		{"status", "Cancelled", "", false},
		{"status", "Queued", "action.status", true},
		{"fileId", upper, "", false},
		{"fileId", "17", "action.file-id", true},
		{"machineId", "0123456789abcdef0123456789abcdef", "", false},
		{"machineId", "0123456789ABCDEF0123456789ABCDEF01234567", "", false},
		{"machineId", "17", "action.machine-id", true},
		{"creationDateTimeUtc", "2017-12-04T13:13:26Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.2Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.21Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.210Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.2106Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.21065Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.210652Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.2106524Z", "time.format", false},
		{"creationDateTimeUtc", "2017-01-30T00:00:00.0000001Z", "time.format", false},
		{"creationDateTimeUtc", "2016-02-29T23:59:09Z", "time.format", false},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.210652412Z", "time.utc-z", true},
		{"creationDateTimeUtc", "2017-12-04T13:13:26+00:00", "time.utc-z", true},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.2+00:00", "time.utc-z", true},
		{"creationDateTimeUtc", "2017-12-04T13:13:26.2106524+00:00", "time.utc-z", true},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.2Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.21Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.210Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.2106Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.21065Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.210652Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.2106524Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2019-10-19T08:47:30.123456Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2022-11-28T00:00:00Z", "time.format", false},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.210652412Z", "time.utc-z", true},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59+00:00", "time.utc-z", true},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.2+00:00", "time.utc-z", true},
		{"lastUpdateDateTimeUtc", "2018-02-05T23:59:59.2106524+00:00", "time.utc-z", true},
		{"fileInstances", []any{}, "", false},
		{"fileInstances", []any{instance("C:\\a.exe", "InProgress")}, "", false},
		{"fileInstances", []any{instance("", "InProgress")}, "action.instances-filled", true},
		{"fileInstances", []any{instance("C:\\a.exe", "")}, "action.instances-filled", true},
		{"fileInstances", []any{instance("/opt/a", "Succeeded"), instance("C:\\b.exe", "Pending"),
			instance("C:\\c.exe", "Failed")}, "", false},
	}
}

// mediaTypes returns the media types that a 201 may have.
func mediaTypes() []string {
	return []string{mediaType, mediaType + "; charset=utf-8", mediaType +
		";odata.metadata=minimal;odata.streaming=true"}
}

// witnesses returns answers to an accepted request for a hash, "" if unknown.
func (a *answer) witnesses(sha1 string) (out []witness) {
	base := map[string]any{}
	for name, value := range a.example {
		base[name] = decoded(string(value))
	}
	if sha1 != "" {
		for _, name := range []string{"sha1", "fileId"} {
			if _, there := base[name]; there {
				base[name] = sha1
			}
		}
	}
	fields := map[string]string{"Content-Type": mediaType}
	for _, media := range mediaTypes() {
		out = append(out, witness{actual: actual{status: 201, fields: map[string]string{"Content-Type": media},
			body: base}})
	}
	for _, r := range rowsOfAnswer() {
		value, there := base[r.member]
		if !there {
			continue
		}
		changed := maps.Clone(base)
		changed[r.member] = r.value
		if change, ok := r.value.(func(any) any); ok {
			changed[r.member] = change(value)
		}
		out = append(out, witness{actual{status: 201, fields: fields, body: changed}, r.member, r.requirement,
			r.inferred})
	}
	return out
}

// refusals returns answers that refuse a request with a status.
func refusals(status int) (out []witness) {
	fields := map[string]string{}
	switch status {
	case 401:
		fields["WWW-Authenticate"] = "Bearer"
	case 405:
		fields["Allow"] = "POST"
	}
	with := func(media string) map[string]string {
		all := maps.Clone(fields)
		all["Content-Type"] = media
		return all
	}
	object := map[string]any{"error": map[string]any{"code": "x", "message": "y"}}
	details := map[string]any{"type": "about:blank", "status": json.Number(fmt.Sprint(status))}
	return []witness{
		{actual: actual{status: status, fields: fields, none: true}},
		{actual: actual{status: status, fields: with(mediaType), body: object}},
		{actual: actual{status: status, fields: with("application/problem+json"), body: details}},
	}
}
