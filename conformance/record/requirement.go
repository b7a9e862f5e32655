package record

import "fmt"

// A Level says what a requirement stands on. The zero Level is invalid.
type Level int

// The levels, strongest first; [Level.Meaning] says what each means, and [Bases] which
// clauses carry it. A run at one level judges that level and every stronger one.
const (
	// Documented: a sentence or table of one of the two documents says so, or both
	// examples show it alike as name, JSON type or fixed value, under their note that
	// all properties are returned.
	Documented Level = iota + 1
	// Standard: the cited clause of a standard says MUST (or SHALL, REQUIRED, MUST NOT),
	// or defines the syntax or the meaning of a protocol element (which RFC 9110 2.2
	// forbids to send with a meaning that the sender knows to be false).
	Standard
	// Inferred: SHOULD, MAY, one example, a relation between values, or plain sense.
	Inferred
)

// Levels returns all levels, strongest first.
func Levels() []Level { return []Level{Documented, Standard, Inferred} }

// levelTexts are the words for a level, in every place that has them.
var levelTexts = map[Level]struct{ name, meaning, consequence string }{
	Documented: {"documented",
		"a sentence or table of one of the two documents says so, or both examples show it alike as name, JSON type " +
			"or fixed value, under their note that all properties are returned",
		"breaking it fails a run"},
	Standard: {"standard",
		"the cited clause of a standard says MUST (or SHALL, REQUIRED, MUST NOT), or defines the syntax or the " +
			"meaning of a protocol element (which RFC 9110 2.2 forbids to send with a meaning that the sender knows " +
			"to be false)",
		"breaking it fails a run"},
	Inferred: {"inferred",
		"SHOULD, MAY, one example, a relation between values, or plain sense",
		"breaking it is a deviation, which fails a run only with -strict"},
}

// Meaning says what a requirement of the level stands on.
func (l Level) Meaning() string { return levelTexts[l].meaning }

// Consequence says what it means for a run that a requirement of the level is broken.
func (l Level) Consequence() string { return levelTexts[l].consequence }

func (l Level) String() string {
	if text, known := levelTexts[l]; known {
		return text.name
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

// A Requirement is one thing an implementation owes, with the places where that is
// stated.
type Requirement struct {
	ID       string   `json:"id"`                // a slug for life, such as "action.members"
	Level    Level    `json:"level"`             // that of the strongest of Clauses
	Document string   `json:"document"`          // those of Clauses, such as "both documents" or "RFC 9110"
	Section  string   `json:"section"`           // those of Clauses, with their documents where there are several
	Clauses  []Clause `json:"clauses,omitempty"` // what it stands on
	Says     string   `json:"says"`              // what is owed, one sentence that follows "an implementation"
	Because  string   `json:"because,omitempty"` // why; never empty for an inferred one
	Waived   string   `json:"waived,omitempty"`  // why no case proves it; empty where some case has to
	File     string   `json:"file"`              // where it is written down
	Line     int      `json:"line"`
}
