package report

import (
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// verdictName returns the name of a verdict of the report.
func verdictName(verdict string, r *record.Report) string {
	return record.VerdictUnder(r.Suite.OwnRules, verdict)
}

// ownRules adds the rules of the user.
func (p *page) ownRules(rules []record.OwnRule) {
	for i, rule := range rules {
		label := "         "
		if i == 0 {
			label = "own rules"
		}
		p.line(span{yellow, label}, span{"", " " + rule.Change()})
		p.line(span{dim, "          " + ruleReason(rule)})
	}
}

// ruleReason returns the place of a rule and its reason.
func ruleReason(rule record.OwnRule) string {
	return strings.TrimPrefix(rule.Place+": "+rule.Reason, ": ")
}

// ownRuleOf returns the rule on a requirement, nil for none.
func ownRuleOf(r *record.Report, requirement string) *record.OwnRule {
	if r == nil {
		return nil
	}
	for i := range r.Suite.OwnRules {
		if r.Suite.OwnRules[i].Requirement == requirement {
			return &r.Suite.OwnRules[i]
		}
	}
	return nil
}

// saysUnder returns what a requirement says, with the rule of the user's own where there is one.
func saysUnder(r *record.Report, requirement, says string) string {
	rule := ownRuleOf(r, requirement)
	if rule == nil || says == "" {
		return says
	}
	return says + " (" + rule.Note() + ")"
}

// mdOwnRules returns the section on the rules of the user, "" where there are none.
func mdOwnRules(r *record.Report) string {
	if len(r.Suite.OwnRules) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n### Own rules\n\nNeither the documents nor the standards stand behind these.\n\n")
	const shown = 20
	for i, rule := range r.Suite.OwnRules {
		if i == shown {
			fmt.Fprintf(&b, "- and %d more\n", len(r.Suite.OwnRules)-shown)
			break
		}
		fmt.Fprintf(&b, "- %s: %s\n", mdProse(clip(rule.Change(), 200)), mdProse(clip(ruleReason(rule), 200)))
	}
	return b.String()
}
