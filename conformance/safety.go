package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// DefaultMaxActions is how many requests may take effect on a target that is not
// loopback, where the user names no number.
const DefaultMaxActions = 4

// armable returns an error where something is missing before an operation can take
// effect.
func (r *binding) armable() error {
	known := operationIDs(r.suite.Operations)
	for _, name := range r.options.AcceptRisk { // a misspelt one would arm nothing
		if !slices.Contains(known, name) {
			return usage("-accept-risk %s: unknown operation%s; operations are %s", name, nearest.Hint(name, known),
				strings.Join(known, ", "))
		}
	}
	switch {
	case r.guard.Local() || len(r.options.AcceptRisk) == 0:
		return nil
	case r.target.Machine == "":
		return &SafetyError{r.target.elsewhere() + ", and no machine was named; pass -machine with the id of one " +
			"that may be acted on (in Go, Target.Machine)"}
	case r.target.File == "":
		return &SafetyError{r.target.elsewhere() + ", and no file was named; pass -sha1 with the hash of one that " +
			"may be acted on (in Go, Target.File)"}
	}
	if r.options.Allow == nil {
		return nil
	}
	err := r.options.Allow(r.target.URL, r.target.Machine, r.target.File)
	if err == nil && r.target.OtherMachine != "" {
		err = r.options.Allow(r.target.URL, r.target.OtherMachine, r.target.File)
	}
	return err
}

// recorded returns an error where nothing records what takes effect.
func (r *binding) recorded() error {
	if r.guard.Local() || len(r.options.AcceptRisk) == 0 || r.options.Journal != nil {
		return nil
	}
	return &SafetyError{r.target.elsewhere() + ", and nothing records what is caused there; pass -journal (in Go, " +
		"Options.Journal)"}
}

func operationIDs(operations []openapi.Operation) (ids []string) {
	for _, op := range operations {
		ids = append(ids, op.ID)
	}
	return ids
}

// withhold takes out of the jobs what may not be sent. Where nothing is left, that
// is a [*SafetyError].
func (r *binding) withhold(jobs []*job) error {
	if r.guard.Local() {
		return nil
	}
	first, left := "", 0
	var candidates []*job
	effects := map[*job]int{}
	for _, j := range jobs {
		if j.skip != "" {
			continue
		}
		for _, b := range j.steps {
			e := r.guard.Effect(b.sending.Bytes)
			why, unlisted := r.guard.Objects(e)
			if unlisted != nil {
				// What the user wrote or named is for the user to mend; what a case of the suite
				// writes out, such as the documents' own file, is left out.
				if j.c.own || r.guard.NamesTarget(e) {
					return unlisted
				}
				why = unlisted.Error()
			}
			if line, _, _ := bytes.Cut(b.sending.Bytes, []byte("\r\n")); bytes.Contains(line, []byte(r.target.Token)) {
				why = "it puts the token into the URL, which logs keep"
			}
			if why != "" && j.skip == "" {
				j.outcome, j.skip = record.Skipped, "not sent: "+why
				first = cmp.Or(first, why)
			}
			if e.Can {
				effects[j] += r.options.Repeat
			}
		}
		if j.skip == "" && effects[j] > 0 {
			candidates = append(candidates, j)
		} else if j.skip == "" {
			left++
		}
	}
	// The budget goes to what the most depends on.
	control := controlsOf(jobs)
	slices.SortStableFunc(candidates, func(a, b *job) int {
		return cmp.Or(cmp.Compare(rank(a, control), rank(b, control)), cmp.Compare(control[b.c.ID], control[a.c.ID]),
			cmp.Compare(effects[a], effects[b]),
			cmp.Compare(a.c.Name, b.c.Name), cmp.Compare(a.c.ID, b.c.ID))
	})
	budget := r.options.MaxActions
	for _, j := range candidates {
		if effects[j] > budget {
			j.outcome, j.skip = record.Skipped, fmt.Sprintf("not sent: it could take effect, and the budget of %d "+
				"such requests does not reach for it; raise -max-actions", r.options.MaxActions)
			first = cmp.Or(first, strings.TrimPrefix(j.skip, "not sent: "))
			continue
		}
		budget -= effects[j]
		left++
	}
	r.planned = r.options.MaxActions - budget
	if left == 0 && first != "" {
		return &SafetyError{fmt.Sprintf("%s, and of the %d cases none may be sent: %s", r.target.elsewhere(), len(jobs),
			first)}
	}
	return nil
}

// rank orders jobs by how much depends on them: controls, then what is to be
// accepted, then the rest.
func rank(j *job, control map[string]int) int {
	switch {
	case control[j.c.ID] > 0:
		return 0
	case !slices.ContainsFunc(j.c.Steps, func(s Step) bool { return s.Expect != Accepted }):
		return 1
	}
	return 2
}
