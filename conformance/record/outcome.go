package record

import "fmt"

// An Outcome is the result of a case. The order has a meaning: the worst of
// several is the greatest.
type Outcome int

// The outcomes, least first. Failed says that they are wrong; Errored says that
// we could not judge.
const (
	NotApplicable Outcome = iota + 1 // needs something that the user did not supply
	Skipped                          // not sent, for a reason that the result gives
	Passed                           // every check that applied held
	Inconclusive                     // refused as wanted, but so was its control: proves nothing
	Deviated                         // breaks an inferred requirement only
	Failed                           // breaks a documented or standard one, or, when strict, any
	Errored                          // could not be judged
)

// Outcomes returns all outcomes, least first.
func Outcomes() []Outcome {
	return []Outcome{NotApplicable, Skipped, Passed, Inconclusive, Deviated, Failed, Errored}
}

func (o Outcome) String() string {
	switch o {
	case NotApplicable:
		return "not-applicable"
	case Skipped:
		return "skipped"
	case Passed:
		return "passed"
	case Inconclusive:
		return "inconclusive"
	case Deviated:
		return "deviated"
	case Failed:
		return "failed"
	case Errored:
		return "errored"
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}

// MarshalText writes the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	for _, known := range Outcomes() {
		if known.String() == string(text) {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q", text)
}
