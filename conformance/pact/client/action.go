package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A FileMachineAction is an action of the service with a file on a machine. A missing or null
// member has its zero value.
type FileMachineAction struct {
	Context          string
	ID               string // never empty
	Sha1             string // of the file, in any letter case
	Type             string // "StopAndQuarantineFile" or "RequestSample"
	Requestor        string
	RequestorComment string // need not be the comment that was sent
	Status           string // such as "InProgress"; never empty
	FileID           string
	MachineID        string // need not be the id that was sent
	Created          time.Time
	LastUpdated      time.Time
	FileInstances    []FileInstance
}

// A FileInstance is one copy of the file.
type FileInstance struct{ FilePath, Status string }

// UnmarshalJSON reads an action by the exact names of its members: names are case-sensitive,
// and unknown members are ignored. The error names every member with a wrong type.
func (a *FileMachineAction) UnmarshalJSON(data []byte) error {
	var instances []members
	err := read(data, []member{
		{"@odata.context", &a.Context}, {"id", &a.ID}, {"sha1", &a.Sha1}, {"type", &a.Type},
		{"requestor", &a.Requestor}, {"requestorComment", &a.RequestorComment}, {"status", &a.Status},
		{"fileId", &a.FileID}, {"machineId", &a.MachineID},
		{"creationDateTimeUtc", (*instant)(&a.Created)}, {"lastUpdateDateTimeUtc", (*instant)(&a.LastUpdated)},
		{"fileInstances", &instances},
	})
	errs := []error{err}
	for _, m := range instances {
		var i FileInstance
		errs = append(errs, m.into([]member{{"filePath", &i.FilePath}, {"status", &i.Status}}))
		a.FileInstances = append(a.FileInstances, i)
	}
	return errors.Join(errs...)
}

// check returns an error if the action is not the requested one.
func (a *FileMachineAction) check(op operation, sha1 string) error {
	switch {
	case a.ID == "":
		return errors.New("the action has no id")
	case a.Status == "":
		return errors.New("the action has no status")
	case a.Type != op.action:
		return fmt.Errorf("the action is of type %q, want %q", a.Type, op.action)
	case !strings.EqualFold(a.Sha1, sha1):
		return fmt.Errorf("the action is on the file %q, want %q", a.Sha1, sha1)
	}
	return nil
}

// members holds the members of a JSON object.
type members map[string]json.RawMessage

// A member is the destination of a member's value.
type member struct {
	name string
	to   any
}

func read(data []byte, into []member) error {
	var m members
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("want an object: %w", err)
	}
	return m.into(into)
}

func (m members) into(known []member) error {
	var errs []error
	for _, k := range known {
		if raw, ok := m[k.name]; ok {
			if err := json.Unmarshal(raw, k.to); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", k.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// An instant is a time in RFC 3339, with lower-case letters allowed. A leap second is read as
// the following second.
type instant time.Time

func (t *instant) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	upper, leap := strings.ToUpper(*text), time.Duration(0)
	if strings.Contains(upper, "T23:59:60") {
		upper, leap = strings.Replace(upper, "T23:59:60", "T23:59:59", 1), time.Second
	}
	at, err := time.Parse(time.RFC3339, upper)
	if err != nil {
		return fmt.Errorf("%q is not a time", *text)
	}
	*t = instant(at.Add(leap))
	return nil
}
