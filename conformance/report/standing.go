package report

import (
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// A standing is the result of a run for a requirement.
type standing int

const (
	kept         standing = iota // judged, without a finding
	broken                       // a finding against it, which fails the run
	deviated                     // a finding against it, which does not
	undecided                    // tested, but the answers prove nothing
	notExercised                 // no case of this run tests it, or none was judged
	standings
)

func (s standing) String() string {
	return [...]string{"kept", "broken", "deviated", "undecided", "not exercised"}[s]
}

// standingOf returns the standing of a requirement; strict says that inferred ones fail the run too.
func standingOf(q record.RequirementResult, strict bool) standing {
	switch {
	case q.Findings > 0 && q.Level == record.Inferred && !strict:
		return deviated
	case q.Findings > 0:
		return broken
	case q.Outcome == record.Inconclusive || q.Outcome == record.Errored:
		return undecided
	case q.State == "declared":
		return notExercised
	}
	// A case that failed did so against another requirement: there is no finding against this one.
	return kept
}

// A count of requirements by standing.
type standingCount [standings]int

func (n standingCount) all() (sum int) {
	for _, k := range n {
		sum += k
	}
	return sum
}

// countStandings counts the requirements of a report.
func countStandings(r *record.Report) (n standingCount) {
	for _, q := range r.Requirements {
		n[standingOf(q, r.Suite.Strict)]++
	}
	return n
}

// others returns the numbers of the standings that are not 0, such as "2 deviated, 4 not exercised".
func (n standingCount) others(of ...standing) string {
	var parts []string
	for _, s := range of {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

// brokenText returns how many requirements are broken, such as "12 of 69 requirements broken".
func (n standingCount) brokenText() string {
	return fmt.Sprintf("%d of %s broken", n[broken], count(n.all(), "requirement"))
}

// keptText returns how many requirements are kept, and what is known of the others: "all 69
// requirements kept", or "31 of 69 requirements kept, 38 not exercised".
func (n standingCount) keptText() string {
	if all := n.all(); all > 1 && n[kept] == all {
		return fmt.Sprintf("all %d requirements kept", all)
	}
	text := fmt.Sprintf("%d of %s kept", n[kept], count(n.all(), "requirement"))
	if rest := n.others(broken, deviated, undecided, notExercised); rest != "" {
		text += ", " + rest
	}
	return text
}

// standingsText returns the numbers of all standings, the broken requirements first. Somebody
// who repairs a server step by step watches that number fall; the number of failed cases may
// rise meanwhile, because more answers can be judged.
func standingsText(r *record.Report) string {
	n := countStandings(r)
	return n.brokenText() + fmt.Sprintf(", %d deviated, %d kept, %d undecided, %d not exercised", n[deviated], n[kept],
		n[undecided], n[notExercised])
}

// judgedText names the operations of which cases were judged, with their numbers, if not all
// cases of the suite were judged; else it is "".
func judgedText(r *record.Report) string {
	type tally struct{ judged, all int }
	of := map[string]*tally{}
	var order []string
	add := func(operation string) *tally {
		if of[operation] == nil {
			of[operation] = &tally{}
			order = append(order, operation)
		}
		return of[operation]
	}
	for _, o := range r.Operations {
		add(o.ID)
	}
	whole := !r.Filtered()
	for i := range r.Cases {
		t := add(r.Cases[i].Operation)
		t.all++
		switch r.Cases[i].Outcome {
		case record.Passed, record.Deviated, record.Failed:
			t.judged++
		default:
			whole = false
		}
	}
	if whole {
		return ""
	}
	var parts []string
	for _, id := range order {
		switch t := of[id]; {
		case t.all == 0:
		case t.judged == 0:
			parts = append(parts, fmt.Sprintf("%s (none of %s)", id, count(t.all, "case")))
		case t.judged == t.all:
			parts = append(parts, fmt.Sprintf("%s (%s)", id, count(t.all, "case")))
		default:
			parts = append(parts, fmt.Sprintf("%s (%d of %s)", id, t.judged, count(t.all, "case")))
		}
	}
	const most = 8 // operations that a line names
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more operations", more))
	}
	if len(parts) == 0 {
		return ""
	}
	return "judged: " + strings.Join(parts, ", ")
}
