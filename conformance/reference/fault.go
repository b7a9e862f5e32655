package reference

import (
	"net/http"
	"slices"
)

// A Fault is one named way to break the contract. A server with a fault answers everything
// else as the server that it wraps.
type Fault struct {
	Name         string                          // a slug that describes the fault
	Says         string                          // what the server does, for a sentence with the subject "it"
	Breaks       []string                        // ids of the requirements that a judge may report, most specific first
	Level        string                          // level of the first of Breaks
	Waits        bool                            // only seen by a client with a timeout
	Intermittent bool                            // not visible in every request that could show it
	Wrap         func(http.Handler) http.Handler // adds the fault to a server, which may be [Listening]
}

// Faults returns the table of faults, ordered by kind. Each call to a Wrap starts with new state.
func Faults() []Fault {
	faults := slices.Concat(
		statusFaults(), mediaTypeFaults(), jsonFaults(),
		memberFaults(), resourceFaults(), valueFaults(), instanceFaults(), contextFaults(), timeFaults(),
		framingFaults(), brokenOffFaults(), dateFaults(),
		credentialHoles(), hostileFaults(), bodyHoles(), formatHoles(), methodHoles(),
		refusalStatusFaults(), refusalHeaderFaults(), challengeFaults(), refusalBodyFaults(),
		needlessRefusals(), stateFaults(), hostFaults(), absoluteFormFaults(),
	)
	for i := range faults {
		faults[i].Level = levels[faults[i].Breaks[0]]
	}
	return faults
}

// FindFault returns the fault with that name.
func FindFault(name string) (Fault, bool) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// ids returns a list of requirement ids.
func ids(id ...string) []string { return id }

// levels maps each requirement that a fault breaks to its level.
var levels = map[string]string{
	"operation.exists":         "documented",
	"auth.required":            "documented",
	"auth.bearer":              "documented",
	"auth.role":                "documented",
	"auth.either-role":         "documented",
	"request.comment-required": "documented",
	"request.sha1-required":    "documented",
	"request.comment-string":   "documented",
	"request.sha1-string":      "documented",
	"request.object":           "documented",
	"request.json":             "documented",
	"response.created":         "documented",
	"response.media-type":      "documented",
	"response.json":            "documented",
	"action.members":           "documented",
	"action.types":             "documented",
	"action.context":           "documented",
	"action.type":              "documented",
	"action.sha1":              "documented",
	"action.instances":         "documented",

	"refusal.status-auth":     "standard",
	"refusal.challenge":       "standard",
	"refusal.status-role":     "standard",
	"refusal.status-body":     "standard",
	"refusal.method":          "standard",
	"refusal.no-server-error": "standard",
	"http.framing":            "standard",
	"http.date":               "standard",
	"request.host":            "standard",
	"request.absolute-form":   "standard",
	"json.encoding":           "standard",
	"time.format":             "standard",
	"auth.scheme-case":        "standard",
	"request.json-forms":      "standard",
	"request.media-type-case": "standard",

	"action.id":              "inferred",
	"action.file-id":         "inferred",
	"action.machine-id":      "inferred",
	"action.status":          "inferred",
	"time.order":             "inferred",
	"time.utc-z":             "inferred",
	"request.grammar":        "inferred",
	"request.hostile-json":   "inferred",
	"refusal.media-type":     "inferred",
	"refusal.no-action":      "inferred",
	"http.no-redirect":       "inferred",
	"action.requestor":       "inferred",
	"request.sha1-format":    "inferred",
	"request.comment-blank":  "inferred",
	"request.comment-length": "inferred",
	"request.extra-members":  "inferred",
	"request.name-case":      "inferred",
	"error.form":             "inferred",
	"error.inside":           "inferred",
	"state.isolated":         "inferred",
	"machine.unknown":        "inferred",
	"http.date-sent":         "inferred",
	"http.timely":            "inferred",
	"auth.token-known":       "inferred",

	"refusal.method-forbidden": "inferred",
	"response.names-unique":    "inferred",
	"action.instances-filled":  "inferred",
}
