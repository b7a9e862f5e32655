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
	Waits        bool                            // only seen by a client with a timeout
	Intermittent bool                            // not visible in every request that could show it
	Phase        string                          // "" for the written cases, [Coverage], [Exploration] or [Unfound]
	Wrap         func(http.Handler) http.Handler // adds the fault to a server, which may be [Listening]
}

// Faults returns the table of faults, ordered by kind. Each call to a Wrap starts with new state.
// The levels of the requirements that a fault breaks are in the catalogue, which this package
// does not know.
func Faults() []Fault {
	return slices.Concat(
		statusFaults(), mediaTypeFaults(), jsonFaults(),
		memberFaults(), resourceFaults(), valueFaults(), instanceFaults(), contextFaults(), timeFaults(),
		echoFaults(), momentFaults(),
		framingFaults(), brokenOffFaults(), dateFaults(), grammarFaults(),
		credentialHoles(), hostileFaults(), bodyHoles(), formatHoles(), methodHoles(),
		refusalStatusFaults(), refusalHeaderFaults(), challengeFaults(), refusalBodyFaults(),
		needlessRefusals(), stateFaults(), againFaults(), relationFaults(), hostFaults(),
		absoluteFormFaults(),
		tokenFaults(), insideFaults(), charsetFaults(), besideFaults(), unguardedFaults(), stumblingFaults(),
		conditionalFaults(), sameFaults(), untrueFaults(), limitFaults(), combinedFaults(), connectionFaults(),
		cookieFaults(), alikeFaults(), laterFieldFaults(),
	)
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
