package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/allowlist"
	"fmaspec/conformance/journal"
	"fmaspec/conformance/term"
)

// defaultJournal is the file that records what a run causes elsewhere.
const defaultJournal = "fmaspec-journal.ndjson"

// safetyFlags say what may take effect on a target that is not this machine.
type safetyFlags struct {
	risks       list
	sha1        string
	maxActions  int
	journal     string
	allowList   string
	yes, dryRun bool
}

func (f *safetyFlags) flags(set *flag.FlagSet) {
	set.Var(&f.risks, "accept-risk", "let an `OPERATION` take effect on a target that is not this machine; may be repeated")
	set.StringVar(&f.sha1, "sha1", "", "the `HASH` of the file that accepted requests name; on this machine, one of its own for each where it is left out")
	set.IntVar(&f.maxActions, "max-actions", conformance.DefaultMaxActions, "send at most `N` requests that could take effect elsewhere")
	set.StringVar(&f.journal, "journal", defaultJournal, "record in a `FILE` what could take effect elsewhere, before it is sent; fmaspec journal reads it")
	set.StringVar(&f.allowList, "allow-list", "", "a `FILE` that lists the targets, machines and files that may be acted on; nothing else is then")
	set.BoolVar(&f.yes, "yes", false, "do not ask on a terminal before something takes effect elsewhere")
	set.BoolVar(&f.dryRun, "dry-run", false, "print every request as a curl command, secrets left out, and send nothing")
}

// allowed holds what may take effect against the allow-list.
func (f *safetyFlags) allowed(target conformance.Target) error {
	if f.allowList == "" || len(f.risks) == 0 {
		return nil
	}
	file, err := os.Open(f.allowList)
	if err != nil {
		return fmt.Errorf("-allow-list %s: %w; name a readable file, or leave the flag out", f.allowList, reason(err))
	}
	defer file.Close()
	permitted, err := allowlist.Parse(f.allowList, &utf8Reader{from: file})
	if err != nil {
		return err
	}
	return permitted.Check(target.URL, target.Machine, target.Sha1)
}

// announce tells what could take effect, before anything is sent, and asks where
// somebody is there to answer. It is told on stderr.
func (f *safetyFlags) announce(e *env, p *conformance.Plan) error {
	if p.Safety.Local {
		return nil
	}
	if p.Actions == 0 {
		fmt.Fprint(e.stderr, "nothing is armed: only requests that cannot take effect are sent\n\n")
		return nil
	}
	counts := map[string]int{}
	for _, q := range p.Requests {
		if q.Effect {
			counts[q.Operation] += p.Suite.Repeat
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "could take effect on %s\n", p.Target.URL)
	for _, operation := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "  %3d × %s\n", counts[operation], operation)
	}
	fmt.Fprintf(&b, "  machine  %s\n  file     %s\n  budget   %d (-max-actions)\n  journal  %s\n\n", p.Target.Machine, p.Target.Sha1, p.Safety.MaxActions, f.journal)
	io.WriteString(e.stderr, harmless(b.String()))
	if _, is := e.terminal(e.stdin); !is || f.yes {
		return nil
	}
	io.WriteString(e.stderr, "go on? (yes/no) ")
	answer, _ := bufio.NewReader(io.LimitReader(e.stdin, 100)).ReadString('\n')
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return &conformance.SafetyError{Msg: "nothing was sent, for the answer was not yes; -yes answers beforehand"}
	}
	return nil
}

// record opens the journal where something could take effect; done closes it.
func (f *safetyFlags) record(o *conformance.Options, p *conformance.Plan) (done func(), err error) {
	if p.Safety.Local || len(f.risks) == 0 {
		return func() {}, nil
	}
	j, err := journal.Open(f.journal)
	if err != nil {
		return nil, &conformance.SafetyError{Msg: fmt.Sprintf("-journal: %v", err)}
	}
	o.Journal = j.Record
	return func() { j.Close() }, nil
}

// rehearsal prints what would be sent.
func (f *safetyFlags) rehearsal(e *env, p *conformance.Plan) error {
	w := bufio.NewWriter(e.stdout)
	for _, q := range p.Requests {
		what := ""
		if q.Effect {
			what = "   could take effect"
		}
		command := cmp.Or(q.Curl, noCommand(q))
		if term.Safe(command) != command { // an escaped command would send something else
			command = "# the command holds characters that a terminal or a build server could obey, so that it is not shown"
		}
		fmt.Fprintf(w, "# %s#%d%s\n%s\n", term.Safe(q.Case), q.Step, what, command)
	}
	if err := w.Flush(); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the requests were not written: %v", err)}
	}
	reasons := map[string]int{}
	for _, c := range p.Withheld {
		reasons[c.Reason]++
	}
	for _, text := range slices.Sorted(maps.Keys(reasons)) {
		io.WriteString(e.stderr, harmless(fmt.Sprintf("%d × left out: %s\n", reasons[text], text)))
	}
	fmt.Fprintf(e.stderr, "a dry run: %d requests of %d cases would be sent, %d of them could take effect\n", len(p.Requests), p.Cases-len(p.Withheld), p.Actions)
	return nil
}

// noCommand says of a request that curl cannot send what it is.
func noCommand(q conformance.PlannedRequest) string {
	return fmt.Sprintf("# %s %s, not as a curl command: %s", q.Request.Method, q.Request.URL, cmp.Or(q.NoCurl, "nobody can send there"))
}

// sound checks what package flag cannot.
func (f *safetyFlags) sound() error {
	switch {
	case f.maxActions < 1:
		return fmt.Errorf("-max-actions %d: nothing could take effect; give 1 or more, or leave -accept-risk out", f.maxActions)
	case f.journal == "":
		return errors.New("-journal: no file; name one")
	}
	return nil
}
