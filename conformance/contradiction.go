package conformance

// A Contradiction is a place where the documents disagree with themselves or
// each other, with the ruling that this suite follows.
type Contradiction struct {
	ID     string   `yaml:"id" json:"id"`
	What   string   `yaml:"what" json:"what"`
	Where  []string `yaml:"where" json:"where"`   // "document:line" or "document: section"
	Ruling string   `yaml:"ruling" json:"ruling"` // what the suite makes of it
	// the cases ("case ID"), variants ("variant NAME") and tests ("test Name") that hold the ruling in place
	Pinned []string `yaml:"pinned" json:"pinned"`
	File   string   `yaml:"-" json:"file"`
	Line   int      `yaml:"-" json:"line"`
}
