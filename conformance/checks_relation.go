package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

func relationChecks() []Check {
	return []Check{
		{Name: "sha1-echo", Requirements: []string{"action.sha1"},
			Doc: "sha1 is the request's Sha1, in any letter case.",
			on:  (*observed).readable, judge: sha1Echo},
		{Name: "id-form", Requirements: []string{"action.id"},
			Doc: "id is a UUID.",
			on:  (*observed).readable, judge: matches("id", uuid, "a UUID")},
		{Name: "file-id", Requirements: []string{"action.file-id"},
			Doc: "fileId is the value of sha1.",
			on:  (*observed).readable, judge: fileID},
		{Name: "machine-id", Requirements: []string{"action.machine-id"},
			Doc: "machineId is 32 or 40 hexadecimal digits; it need not be the id in the path.",
			on:  (*observed).readable, judge: matches("machineId", machineID, "32 or 40 hexadecimal digits")},
		{Name: "status-known", Requirements: []string{"action.status"},
			Doc: "status, of the action and of each file instance, is a word known from the documents or the successor.",
			on:  (*observed).readable, judge: statusKnown},
		{Name: "requestor-named", Requirements: []string{"action.requestor"},
			Doc: "requestor is not blank.",
			on:  (*observed).readable, judge: matches("requestor", notBlank, "a name")},
		{Name: "times-ordered", Requirements: []string{"time.order"},
			Doc: "The last update is not before the creation, and neither lies before 2016 or more than a day ahead.",
			on:  (*observed).readable, judge: timesOrdered},
	}
}

var (
	uuid      = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	machineID = regexp.MustCompile(`^(?i)([0-9a-f]{32}|[0-9a-f]{40})$`)
	notBlank  = regexp.MustCompile(`[^\s\pZ\pC]`)
)

// matches judges the form of a string member. A member that is missing or no
// string is a finding of another check.
func matches(name string, form *regexp.Regexp, want string) func(*observed) []Problem {
	return func(x *observed) []Problem {
		if text, ok := x.answer.member(name); ok && !form.MatchString(text) {
			return problem("/"+name, want, show(text))
		}
		return nil
	}
}

func sha1Echo(x *observed) []Problem {
	if text, ok := x.answer.member("sha1"); ok && x.file != "" && !strings.EqualFold(text, x.file) {
		return problem("/sha1", fmt.Sprintf("the request's Sha1, %q", x.file), show(text))
	}
	return nil
}

func fileID(x *observed) []Problem {
	file, ok := x.answer.member("fileId")
	sha1, also := x.answer.member("sha1")
	if ok && also && !strings.EqualFold(file, sha1) {
		return problem("/fileId", "the value of sha1, "+show(sha1), show(file))
	}
	return nil
}

// knownStatuses are the words of the documents (the first two) and of the
// successor's MachineAction.
func knownStatuses() []string {
	return []string{"InProgress", "Succeeded", "Pending", "Failed", "TimeOut", "Cancelled"}
}

func statusKnown(x *observed) (out []Problem) {
	look := func(place string, value any) {
		if text, ok := value.(string); ok && !slices.Contains(knownStatuses(), text) && (text != "" || place == "/status") {
			out = append(out, Problem{Place: place, Want: "one of " + strings.Join(knownStatuses(), ", "), Got: show(text)})
		}
	}
	look("/status", x.answer.action["status"])
	instances, _ := x.answer.action["fileInstances"].([]any)
	for i, item := range instances {
		if fields, ok := item.(map[string]any); ok {
			look(fmt.Sprintf("/fileInstances/%d/status", i), fields["status"])
		}
	}
	return out[:min(len(out), 20)]
}

// productYear is the year of the product's first release; no action is older.
const productYear = 2016

func timesOrdered(x *observed) (out []Problem) {
	if len(times(x)) > 0 {
		return nil // of a time that is none, nothing more can be said
	}
	var read []time.Time
	for _, name := range timeMembers() {
		text, _ := x.answer.member(name)
		t, err := instant(text)
		if err != nil {
			return nil // missing or no string, a finding of another check
		}
		read = append(read, t)
		if t.Year() < productYear || t.After(x.now.Add(24*time.Hour)) {
			out = append(out, Problem{Place: "/" + name, Want: fmt.Sprintf("a time from %d to a day from now", productYear), Got: show(text)})
		}
	}
	if len(out) == 0 && read[1].Before(read[0]) {
		last, _ := x.answer.member(timeMembers()[1])
		first, _ := x.answer.member(timeMembers()[0])
		return problem("/"+timeMembers()[1], "not before the creation at "+first, show(last))
	}
	return out
}
