package reference

import (
	"net/http"
	"slices"
)

// A Variant is a server that differs from the reference server and keeps the
// contract as well. It breaks no requirement of any level but those in Deviates.
type Variant struct {
	Name     string   // a slug that says the difference
	Says     string   // what the server does, for a sentence with the subject "it"
	Deviates []string // ids of the inferred requirements that it breaks; a judge that is not strict passes it
	Wrap     func(http.Handler) http.Handler
}

// A variant is a row for a server that breaks no requirement of any level.
type variant struct {
	name, says string
	wrap       wrap
}

// Variants returns the table of conforming servers, ordered by kind. Each call to a Wrap
// starts with new state.
func Variants() (out []Variant) {
	for _, v := range slices.Concat(bodyVariants(), valueVariants(), headerVariants(), wireVariants(),
		connectionVariants(), refusalVariants(), errorVariants(), stateVariants(), relationVariants(), pathVariants(),
		tokenVariants(), laterVariants()) {
		out = append(out, Variant{Name: v.name, Says: v.says, Wrap: v.wrap})
	}
	return append(out, deviations()...)
}
