package conformance

// An OwnRule is a rule of a user's own for one requirement, as a settings file declares it.
type OwnRule struct {
	Requirement string // its id
	Statuses    []int  // the statuses that a refusal may have; nil for those of the suite
	Level       string // documented, standard, inferred or off; "" for that of the suite
	Reason      string // why, never empty
	Place       string // where it is declared, as file:line
}
