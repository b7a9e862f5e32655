package conformance

import (
	"slices"

	"fmaspec/conformance/record"
)

// A clientEntry is what a client owes, as the catalogue's file of clients spells it: a
// requirement on clients alone, or, with Of, the client's side of one on implementations.
type clientEntry struct {
	Of               string `yaml:"of"`
	requirementEntry `yaml:",inline"`
}

// A clientSide is a requirement on implementations in the words of a client.
type clientSide struct {
	says, file string
	line       int
}

// client adds an entry of the catalogue's file of clients.
func (l *loader) client(e clientEntry, file string, line int) {
	if e.Of == "" {
		if e.Kind != "" || e.MilderOf != nil || e.Waived != "" {
			l.failAt(file, line, "the requirement %s is on clients, which have no kind, no milder-of and no "+
				"waiver; take "+
				"them away", e.ID)
		}
		l.require(&l.suite.ClientRequirements, e.requirement(file, line))
		return
	}
	switch _, taken := l.suite.clientSides[e.Of]; {
	case e.Says == "":
		l.failAt(file, line, "the client's side of %s has no says; give one", e.Of)
	case e.ID != "" || e.Level != 0 || e.Clauses != nil || e.Because != "":
		l.failAt(file, line, "the client's side of %s has what that requirement has; give no more than of and says",
			e.Of)
	case taken:
		l.failAt(file, line, "the client's side of %s is there twice; keep one", e.Of)
	default:
		l.suite.clientSides[e.Of] = clientSide{e.Says, file, line}
	}
}

// checkClients checks what clients owe, when all requirements are known.
func (l *loader) checkClients() {
	for i := range l.suite.ClientRequirements {
		r := &l.suite.ClientRequirements[i]
		l.suite.onClients[r.ID] = r
	}
	for _, id := range keys(l.suite.clientSides) {
		if l.suite.requirement[id] == nil && !l.unread {
			side := l.suite.clientSides[id]
			l.failAt(side.file, side.line, "%s", l.suite.unknownRequirement(id))
		}
	}
}

// clientRequirement returns a requirement as a client owes it, or nil: one on clients
// alone, or one on implementations, in the words of a client where there are any.
func (s *Suite) clientRequirement(id string) *record.Requirement {
	if r := s.onClients[id]; r != nil {
		return r
	}
	r := s.requirement[id]
	if r == nil {
		return nil
	}
	own := *r
	if side, is := s.clientSides[id]; is {
		own.Says, own.Because, own.File, own.Line = side.says, "", side.file, side.line
		if own.Level == record.Inferred {
			own.Because = r.Because
		}
	}
	return &own
}

// clientRequirements returns what the rules for clients charge, in the catalogue's order,
// those on clients alone last.
func (s *Suite) clientRequirements(charged []string) (out []record.Requirement) {
	for _, r := range slices.Concat(s.Requirements, s.ClientRequirements) {
		if slices.Contains(charged, r.ID) {
			out = append(out, *s.clientRequirement(r.ID))
		}
	}
	return out
}
