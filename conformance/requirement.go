package conformance

import "fmt"

// A Level says on whose word a requirement stands. The zero Level is invalid.
type Level int

// The levels, from the strongest word to the weakest. A run at one level
// judges that level and every stronger one.
const (
	Documented Level = iota + 1 // one of the two documents says so
	Standard                    // a standard under the documents says so, cited by section
	Inferred                    // the examples or plain sense; fails a run only when strict
)

// Levels returns all levels, strongest first.
func Levels() []Level { return []Level{Documented, Standard, Inferred} }

func (l Level) String() string {
	switch l {
	case Documented:
		return "documented"
	case Standard:
		return "standard"
	case Inferred:
		return "inferred"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// ParseLevel returns the level of that name.
func ParseLevel(name string) (Level, error) {
	for _, l := range Levels() {
		if l.String() == name {
			return l, nil
		}
	}
	return 0, fmt.Errorf("unknown level %q; levels are documented, standard, inferred", name)
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}

// A Requirement is one thing an implementation owes, with the place where that
// is written.
type Requirement struct {
	ID       string `yaml:"id" json:"id"`                     // a slug for life, such as "action.members"
	Level    Level  `yaml:"level" json:"level"`               // on whose word
	Document string `yaml:"document" json:"document"`         // such as "both documents" or "RFC 9110"
	Section  string `yaml:"section" json:"section"`           // heading or section number in Document
	Says     string `yaml:"says" json:"says"`                 // what is owed, one sentence that follows "an implementation"
	Because  string `yaml:"because" json:"because,omitempty"` // why; never empty for an inferred one
	Waived   string `yaml:"waived" json:"waived,omitempty"`   // why no case proves it; empty where some case has to
	File     string `yaml:"-" json:"file"`                    // where it is written down
	Line     int    `yaml:"-" json:"line"`
}

// A Contradiction is a place where the documents disagree with themselves or
// each other, with the ruling that this suite follows.
type Contradiction struct {
	ID     string   `yaml:"id" json:"id"`
	What   string   `yaml:"what" json:"what"`
	Where  []string `yaml:"where" json:"where"`   // "document:line" or "document: section"
	Ruling string   `yaml:"ruling" json:"ruling"` // what the suite makes of it
	Pinned []string `yaml:"pinned" json:"pinned"` // the cases ("case ID") and tests ("test Name") that hold the ruling in place
	File   string   `yaml:"-" json:"file"`
	Line   int      `yaml:"-" json:"line"`
}
