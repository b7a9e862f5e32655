package conformance

import (
	"runtime"

	"fmaspec/conformance/record"
)

// report makes the record of a run from what was exchanged.
func (r *runner) report(runs []*caseRun, beyond map[ref][]record.Finding) *record.Report {
	out := &record.Report{
		Schema: record.ReportSchema,
		Suite:  r.suiteInfo(),
		Environment: record.Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
			Processors: runtime.NumCPU()},
		Target:   r.target.info(),
		Settings: r.settings(),
		Safety:   r.guard.Info(),
		Pace:     r.pacer.Info(),
		LastLook: r.look.Load(),
		Panics:   r.dialer.Panics(),
	}
	r.concludes().conclude(out, runs, beyond)
	return out
}

func (r *binding) suiteInfo() record.SuiteInfo {
	o := r.options
	return record.SuiteInfo{
		Name: "fmaspec", Version: Version, Contract: r.suite.Contract, Fixtures: r.suite.Fixtures,
		Cases: len(r.suite.Cases), Run: o.Run, Skip: o.Skip, Only: o.Only, Generated: r.suite.Generators,
		Level: o.Level, Strict: o.Strict, Seed: o.Seed, Repeat: o.Repeat, Parallel: o.Parallel,
		Timeout: o.Timeout.String(), Shard: o.Shard.String(), OwnRules: r.suite.rulesOnServers(),
	}
}

// caseRuns returns the cases of the jobs, with their exchanges.
func caseRuns(jobs []*job) (out []*caseRun) {
	for _, j := range jobs {
		out = append(out, &j.caseRun)
	}
	return out
}
