package conformance

import "fmaspec/conformance/record"

// A ClientJudge judges the requests of clients: each by itself, and in the order of their
// coming what a client does after an answer.
type ClientJudge struct {
	suite *Suite
}

// newClientJudge returns a judge that has seen nothing yet.
func (s *Suite) newClientJudge(level record.Level, strict bool) *ClientJudge {
	return &ClientJudge{suite: s}
}

// note returns what the client of an exchange, whose secrets are struck out, breaks by it.
func (j *ClientJudge) note(x *Exchange) []record.Finding { return nil }

// report returns the report on the client.
func (j *ClientJudge) report() *record.Report { return nil }
