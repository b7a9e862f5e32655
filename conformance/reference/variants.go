package reference

import (
	"net/http"
	"slices"
)

// A Variant is a server that differs from the honest one and keeps the
// contract as well. It breaks no requirement of any level.
type Variant struct {
	Name string // a slug that says the difference
	Says string // what the server does, in words that follow "it"
	Wrap func(http.Handler) http.Handler
}

// Variants returns the table of honest servers, ordered by kind. Each call to
// a Wrap starts with a memory of its own.
func Variants() []Variant {
	return slices.Concat(bodyVariants(), valueVariants(), headerVariants(), wireVariants(), connectionVariants(), refusalVariants(), stateVariants())
}
