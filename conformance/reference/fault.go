package reference

import (
	"net/http"
	"slices"
)

// A Fault is one named way in which a server breaks the contract. A server
// with a fault answers everything else as honestly as the one that it wraps.
type Fault struct {
	Name         string                          // a slug that says the sin
	Says         string                          // what the server does, in words that follow "it"
	Breaks       []string                        // ids of the requirements that a judge may rightly name, most specific first
	Waits        bool                            // seen only by a client that gives up waiting
	Intermittent bool                            // does not show at every request that could show it
	Wrap         func(http.Handler) http.Handler // makes a server with the fault of one, which may be [Listening]
}

// Faults returns the table of faults, ordered by kind. Each call to a Wrap
// starts with a memory of its own. The level of what a fault breaks is in the catalogue
// of requirements, which this package does not know.
func Faults() []Fault {
	return slices.Concat(
		statusFaults(), mediaTypeFaults(), jsonFaults(),
		memberFaults(), resourceFaults(), valueFaults(), instanceFaults(), contextFaults(), timeFaults(),
		framingFaults(), brokenOffFaults(), dateFaults(),
		credentialHoles(), hostileFaults(), bodyHoles(), formatHoles(), methodHoles(),
		refusalStatusFaults(), refusalHeaderFaults(), challengeFaults(), refusalBodyFaults(),
		needlessRefusals(), stateFaults(), hostFaults(), absoluteFormFaults(),
	)
}

// FindFault returns the fault of that name.
func FindFault(name string) (Fault, bool) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// ids spells a list of requirement ids.
func ids(id ...string) []string { return id }
