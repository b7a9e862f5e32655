package pactfile

import (
	"fmt"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A Version is a version of the Pact specification.
type Version int

// The versions that are written. V3 cannot express several statuses, so it has fewer interactions.
const (
	V3 Version = 3
	V4 Version = 4
)

func (v Version) String() string { return fmt.Sprintf("V%d", int(v)) }

// ParseVersion parses "V3" or "V4".
func ParseVersion(name string) (Version, error) {
	for _, v := range []Version{V3, V4} {
		if name == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("unknown version %q of the Pact specification; want V3 or V4", name)
}

// The names of both sides for a broker. A pact for another consumer has another name.
const (
	Consumer = "fmaspec-consumer"
	Provider = "file-machine-actions"
)

// The values in requests that a verifier replaces by those of its provider states.
const (
	Token              = "token-of-a-user-who-may-act"
	UnprivilegedToken  = "token-of-a-user-without-the-roles"
	SecurityAdminToken = "token-of-a-security-administrator"
	GlobalAdminToken   = "token-of-a-global-administrator"
	Machine            = conformance.DefaultMachine
	Comment            = "Stop and quarantine file on machine due to alert 32123"
	Sha1               = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
)

// The provider states, each with its parameter. A request uses the value that a state handler
// returns for the parameter.
const (
	MachineExists        = "machine exists"                                      // ParamMachine
	TokenOfActor         = "token of a user who may act"                         // ParamToken
	TokenWithoutRoles    = "token of a user without the roles"                   // ParamUnprivileged
	TokenOfSecurityAdmin = "token of a user who is security administrator alone" // ParamSecurityAdmin
	TokenOfGlobalAdmin   = "token of a user who is global administrator alone"   // ParamGlobalAdmin

	ParamMachine       = "machine"
	ParamToken         = "token"
	ParamUnprivileged  = "unprivilegedToken"
	ParamSecurityAdmin = "securityAdminToken"
	ParamGlobalAdmin   = "globalAdminToken"
)

// mediaType is the media type of every body.
const mediaType = "application/json"

// A Pact is the part of the contract that Pact can express.
type Pact struct {
	Version      Version
	Consumer     string
	Provider     string
	Interactions []Interaction // sorted by Case
	LeftOut      []Omission    // sorted by Case
}

// An Omission is a case of the suite that is not an interaction.
type Omission struct {
	Case string // its ID
	Why  string // a clause without a full stop
}

// An Interaction is one request and its conforming answers.
type Interaction struct {
	Name      string // unique
	Case      string // the ID of its case
	Operation string // the ID of the operation that it calls
	Accepted  bool   // the answer is a FileMachineAction
	States    []State
	Request   Request
	Response  Response
	Proves    []string // the requirements that another answer breaks, with their texts
}

// A State is a precondition of an interaction for the provider.
type State struct {
	Name   string
	Params map[string]string
}

// A Request is an example of a consumer's request, with rules for what may differ.
type Request struct {
	Method     string
	Path       string
	Header     []record.Field
	Body       []byte // JSON, or nil for no body
	Rules      []Rule
	Generators []Generator
}

// A Response is an example of a provider's answer, with rules for what may differ.
type Response struct {
	Status   int            // one of Statuses
	Statuses []int          // the valid ones
	Header   []record.Field // the required fields
	Body     []byte         // JSON, or nil if it is not specified
	Rules    []Rule
}

// A Rule defines how the value at a path is compared. All its matchers must match.
type Rule struct {
	Category string // "path", "status", "header" or "body"
	Path     string // "" for path and status, a header's name, or a path such as "$.fileInstances[*].status"
	Matchers []Matcher
}

// A Matcher is one comparison, in terms of the Pact specification.
type Matcher struct {
	Match  string `json:"match"`            // "type", "regex", "equality" or "statusCode"
	Regex  string `json:"regex,omitempty"`  //
	Min    *int   `json:"min,omitempty"`    // with "type", of an array
	Status []int  `json:"status,omitempty"` // with "statusCode"
}

// A Generator inserts values of provider states into a request.
type Generator struct {
	Category   string // "path" or "header"
	Path       string // "", or a header's name
	Expression string // such as "Bearer ${token}"
}
