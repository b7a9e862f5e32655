package conformance

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"

	"fmaspec/conformance/record"
)

// A Plan says what a run would send, and what it would leave out.
type Plan struct {
	Suite    record.SuiteInfo
	Target   record.TargetInfo
	Settings []record.Setting // without secrets
	Safety   record.SafetyInfo
	Cases    int      // that the run selects
	Actions  int      // requests of these that could take effect elsewhere than on this machine
	Machines []string // that these name, in the order of sending; small letters
	Files    []string // that these name, likewise
	Requests []PlannedRequest
	Withheld []record.CaseResult // cases that are not sent, with the reason

	binding *binding
	jobs    []*job
	started atomic.Bool
}

// A PlannedRequest is one request that a run would send.
type PlannedRequest struct {
	Case      string
	Step      int
	Operation string
	Machine   string
	File      string
	Effect    bool // it could take effect elsewhere than on this machine
	Request   record.Request
	Cut       bool // the connection is cut in the middle of its body
}

// Plan returns what [Suite.Run] would send with the same arguments, and sends
// nothing. Its errors are those of Run. Another run with the plan's seed sends the same.
func (s *Suite) Plan(ctx context.Context, target Target, options Options) (*Plan, error) {
	r, jobs, err := s.ready(ctx, target, options)
	if err != nil {
		return nil, err
	}
	p := &Plan{Suite: r.suiteInfo(), Target: r.target.info(), Settings: r.settings(), Safety: r.guard.Info(),
		Cases: len(jobs), Actions: r.planned, binding: r, jobs: jobs}
	for _, j := range jobs {
		j.withheld = j.skip != ""
		if j.skip != "" {
			p.Withheld = append(p.Withheld, caseResult(&j.caseRun, nil, j.outcome, j.skip))
			continue
		}
		for i, b := range j.steps {
			planned := PlannedRequest{Case: j.c.ID, Step: i, Operation: j.c.Steps[i].operation(j.c), Request: b.request,
				File: b.file, Cut: b.sending.Abort > 0}
			if !r.guard.Local() {
				e := r.guard.Effect(b.sending.Bytes)
				planned.Effect, planned.Machine = e.Can, e.Machine
				p.Machines, p.Files = joined(p.Machines, e.Machines), joined(p.Files, e.Files)
			}
			p.Requests = append(p.Requests, planned)
		}
	}
	return p, nil
}

// Sent returns the cases that a run would send, in the order of their ids.
func (p *Plan) Sent() (out []*Case) {
	for _, j := range p.jobs {
		if !j.withheld {
			out = append(out, j.c)
		}
	}
	return out
}

// For returns the plan of the same requests to another handler in memory, under another name. It
// binds nothing anew, so that one plan serves to judge many handlers, several at once; the plan
// itself must not be started before. An error is a [*UsageError].
func (p *Plan) For(handler http.Handler, name string) (*Plan, error) {
	if p.binding.target.Handler == nil || handler == nil {
		return nil, usage("plan: the target is no handler; make a plan of its own for each URL")
	}
	if p.started.Load() {
		return nil, usage("plan: it was started before; call For on a plan that is not")
	}
	b := *p.binding
	b.target.Handler, b.target.Name = handler, name
	b.guard = b.newGuard()
	out := &Plan{Suite: p.Suite, Target: b.target.info(), Settings: p.Settings, Safety: b.guard.Info(), Cases: p.Cases,
		Actions: p.Actions, Machines: p.Machines, Files: p.Files, Requests: p.Requests, Withheld: p.Withheld,
		binding: &b}
	for _, j := range p.jobs {
		out.jobs = append(out.jobs, &job{caseRun: caseRun{c: j.c, outcome: j.outcome, skip: j.skip},
			steps: slices.Clone(j.steps), withheld: j.withheld})
	}
	return out, nil
}

// joined adds to a list what is not in it.
func joined(list, more []string) []string {
	for _, text := range more {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// Head returns the report of the run without what only its exchanges show: a record of them
// begins with it.
func (p *Plan) Head() *record.Report {
	return &record.Report{Schema: record.ReportSchema, Suite: p.Suite, Target: p.Target, Settings: p.Settings,
		Safety: p.Safety, Started: p.binding.options.Now().UTC()}
}
