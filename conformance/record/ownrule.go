package record

import (
	"fmt"
	"strconv"
	"strings"
)

// Off is the level of a requirement that an [OwnRule] switches off: weaker than every level at which a
// run judges. It is none of [Levels], and no report names it as a level.
const Off Level = 1 << 20

// An OwnRule changes how one requirement of the catalogue is judged. It is a user's, and neither the
// documents nor the standards stand behind it: a verdict under own rules is called so.
type OwnRule struct {
	Requirement string `json:"requirement"` // its id
	// documented, standard, inferred, or "off" where breaking the requirement is not reported; "" for no change
	Level string `json:"level,omitempty"`
	Was   Level  `json:"was,omitempty"` // its level in the catalogue
	// of a requirement on the status of a refusal: the statuses that count, in place of those that count in
	// every case of the requirement; a case that says more of its own still takes these
	Statuses []int  `json:"statuses,omitempty"`
	Counted  []int  `json:"counted,omitempty"` // the statuses that these stand in place of
	Reason   string `json:"reason"`            // why; never empty
	Place    string `json:"place,omitempty"`   // where it is written down, such as "fmaspec.yaml:12"
}

// OffLevel is the name that an [OwnRule] gives the level of a requirement that it switches off.
const OffLevel = "off"

// ParseOwnLevel returns the level that an own rule names.
func ParseOwnLevel(name string) (Level, error) {
	if name == OffLevel {
		return Off, nil
	}
	l, err := ParseLevel(name)
	if err != nil {
		return 0, fmt.Errorf("%w, off", err)
	}
	return l, nil
}

// Change returns what the rule changes, as "refusal.status-body counts 400 or 409 in place of 400 or 422".
func (r OwnRule) Change() string {
	var parts []string
	if len(r.Statuses) > 0 {
		text := "counts " + OrStatuses(r.Statuses)
		if len(r.Counted) > 0 {
			text += " in place of " + OrStatuses(r.Counted)
		}
		parts = append(parts, text)
	}
	switch {
	case r.Level == OffLevel:
		parts = append(parts, "is off")
	case r.Level != "":
		parts = append(parts, "is "+r.Level)
	}
	if r.Level != "" && r.Was != 0 {
		parts[len(parts)-1] += fmt.Sprintf(" in place of %v", r.Was)
	}
	return r.Requirement + " " + strings.Join(parts, ", and ")
}

// Note returns the rule in short, to follow what the requirement says: "own rule: 418, because tea".
func (r OwnRule) Note() string {
	var parts []string
	if len(r.Statuses) > 0 {
		parts = append(parts, OrStatuses(r.Statuses))
	}
	if r.Level != "" {
		parts = append(parts, r.Level)
	}
	return "own rule: " + strings.Join(parts, " and ") + ", because " + r.Reason
}

// OrStatuses writes statuses as "400, 409 or 422".
func OrStatuses(statuses []int) string {
	var words []string
	for _, s := range statuses {
		words = append(words, strconv.Itoa(s))
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	return strings.Join(words, "")
}

// VerdictUnder returns the name of a verdict: one under own rules is called so.
func VerdictUnder(rules []OwnRule, verdict string) string {
	if len(rules) > 0 {
		return verdict + " under own rules"
	}
	return verdict
}

// VerdictName returns the verdict of the run as formats of other tools hold it, such as "not-conformant under
// own rules".
func (r *Report) VerdictName() string {
	if r.Verdict == Unjudged {
		return string(r.Verdict)
	}
	return VerdictUnder(r.Suite.OwnRules, string(r.Verdict))
}

// RulesText returns what rules change, in one line.
func RulesText(rules []OwnRule) string {
	var out []string
	for _, rule := range rules {
		out = append(out, rule.Change())
	}
	return strings.Join(out, "; ")
}
