package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/allowlist"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/journal"
	"fmaspec/conformance/term"
)

// defaultJournal is the file that records what a run causes elsewhere.
const defaultJournal = "fmaspec-journal.ndjson"

// safetyFlags say which requests may take effect on a target on another machine.
type safetyFlags struct {
	risks       list
	sha1        string
	maxActions  int
	journal     string
	allowList   string
	yes, dryRun bool
}

func (f *safetyFlags) flags(set *flag.FlagSet) {
	set.Var(&f.risks, "accept-risk", "let an `OPERATION` take effect on a target on another machine; may be repeated")
	set.StringVar(&f.sha1, "sha1", "", "the `HASH` of the file in accepted requests; for a target on this machine, "+
		"each request gets its own by default")
	set.IntVar(&f.maxActions, "max-actions", conformance.DefaultMaxActions, "send at most `N` requests in total that "+
		"could take effect on another machine")
	set.StringVar(&f.journal, "journal", defaultJournal, "record each request that could take effect on another "+
		"machine in a `FILE` before it is sent; fmaspec journal reads it")
	set.StringVar(&f.allowList, "allow-list", "", "a `FILE` that lists the allowed targets, machines and files; if a "+
		"request names another one, nothing is sent")
	set.BoolVar(&f.yes, "yes", false, "do not ask before sending requests that could take effect on another machine; "+
		"required if there is no terminal")
	set.BoolVar(&f.dryRun, "dry-run", false, "print every request as a curl command, secrets left out, and send "+
		"nothing")
}

// allow makes the guard compare requests that may take effect with the allow-list, which is
// read whether or not an operation is armed.
func (f *safetyFlags) allow(o *conformance.Options) error {
	if f.allowList == "" {
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
	o.Allow = permitted.Check
	return nil
}

// announce lists on stderr what could take effect, before anything is sent, and asks for
// confirmation. Without a terminal, -yes is required.
func (f *safetyFlags) announce(ctx context.Context, e *env, p *conformance.Plan) error {
	if p.Safety.Local {
		return nil
	}
	if p.Actions == 0 {
		fmt.Fprint(e.stderr, "no operation is armed: only requests that cannot take effect are sent\n\n")
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
	for _, machine := range p.Machines {
		which := ""
		if strings.EqualFold(machine, p.Target.UnknownMachine) && !strings.EqualFold(machine, p.Target.Machine) {
			which = "  (-unknown-machine)"
		}
		if strings.EqualFold(machine, p.Target.OtherMachine) {
			which = "  (-other-machine)"
		}
		fmt.Fprintf(&b, "  machine  %s%s\n", machine, which)
	}
	for _, file := range p.Files {
		fmt.Fprintf(&b, "  file     %s\n", file)
	}
	budget := fmt.Sprintf("%d (-max-actions)", p.Safety.MaxActions)
	if p.Safety.MaxActions < f.maxActions {
		budget = fmt.Sprintf("%d of %d (-max-actions), which OLD and NEW share", p.Safety.MaxActions, f.maxActions)
	}
	fmt.Fprintf(&b, "  budget   %s\n  journal  %s\n", budget, f.journal)
	for _, line := range f.before(p.Machines) {
		fmt.Fprintf(&b, "           %s\n", line)
	}
	io.WriteString(e.stderr, harmless(b.String())+"\n")
	if f.yes {
		return nil
	}
	if _, is := e.terminal(e.stdin); !is {
		return &conformance.SafetyError{Msg: "nothing was sent, because requests could take effect and there is no " +
			"terminal to ask on; pass -yes to continue, or -dry-run to see every request first"}
	}
	io.WriteString(e.stderr, "continue? (yes/no) ")
	answers := make(chan string, 1)
	go func() { // leaks if a signal ends the command
		answer, _ := bufio.NewReader(io.LimitReader(e.stdin, 100)).ReadString('\n')
		answers <- strings.TrimSpace(strings.ToLower(answer))
	}()
	select {
	case <-ctx.Done():
		return &exit{exitUnjudged, "interrupted before anything was sent"}
	case answer := <-answers:
		if answer != "yes" {
			return &conformance.SafetyError{Msg: "nothing was sent, because the answer was not yes; pass -yes to " +
				"skip the question"}
		}
	}
	return nil
}

// before summarizes the journal entries of the machines, so that an accidental repetition of a
// run is noticed.
func (f *safetyFlags) before(machines []string) []string {
	them := "this machine"
	if len(machines) > 1 {
		them = "these machines"
	}
	info, err := os.Stat(f.journal)
	if err == nil && !info.Mode().IsRegular() { // reading a pipe would wait
		return []string{fmt.Sprintf("its entries of %s cannot be read: it is not a regular file", them)}
	}
	file, err := os.Open(f.journal)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{"which has no entries yet of " + them}
	}
	if err != nil {
		return []string{fmt.Sprintf("its entries of %s cannot be read: %v", them, reason(err))}
	}
	defer file.Close()
	entries, _, bad := journal.Read(f.journal, file)
	counts, last := map[string]int{}, time.Time{}
	for _, a := range journal.Summarize(entries) {
		if !slices.ContainsFunc(machines, func(m string) bool { return strings.EqualFold(m, a.Machine) }) {
			continue
		}
		counts[fmt.Sprintf("%s %s", term.Safe(a.Operation), a.State)]++
		if at := sentAt(a); at.After(last) {
			last = at
		}
	}
	var out []string
	if len(counts) == 0 {
		out = append(out, "which has no entries yet of "+them)
	} else {
		out = append(out, "with these entries of "+them+", the last at "+last.UTC().Format(time.DateTime+" UTC"))
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		line := fmt.Sprintf("%3d × %s", counts[what], what)
		if strings.HasSuffix(what, " "+string(journal.Unknown)) {
			line += ": check the machine first"
		}
		out = append(out, line)
	}
	if bad != nil {
		out = append(out, "some lines cannot be read; fmaspec journal names them")
	}
	return out
}

// record opens the journal if something could take effect; done closes it.
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

// rehearsal prints the requests that would be sent.
func (f *safetyFlags) rehearsal(e *env, p *conformance.Plan) error {
	w := bufio.NewWriter(e.stdout)
	for _, q := range p.Requests {
		what := ""
		if q.Effect {
			what = "   could take effect"
		}
		command := replay(p, q)
		if term.Safe(command) != command { // an escaped command would send something else
			command = "# the command is not shown, because it has characters that a terminal or a build server could " +
				"interpret"
		}
		fmt.Fprintf(w, "# %s#%d%s\n%s\n", term.Safe(q.Case), q.Step, what, command)
	}
	if err := w.Flush(); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the requests were not written: %v", err)}
	}
	leftOut(e.stderr, p)
	fmt.Fprintf(e.stderr, "dry run: %d requests of %d cases would be sent, %d of them could take effect\n",
		len(p.Requests), p.Cases-len(p.Withheld), p.Actions)
	return nil
}

// replay returns the curl command of a planned request, or a comment that says why
// there is none.
func replay(p *conformance.Plan, q conformance.PlannedRequest) string {
	command, why := "", "it is cut off in the middle of its body, which curl cannot do"
	if !q.Cut {
		command, why = curl.Line(q.Request, p.Target, p.Settings)
	}
	return cmp.Or(command, fmt.Sprintf("# %s %s, not as a curl command: %s", q.Request.Method, q.Request.URL,
		cmp.Or(why, "the target cannot be reached by curl")))
}

// validate checks what package flag cannot.
func (f *safetyFlags) validate() error {
	switch {
	case f.maxActions < 1:
		return fmt.Errorf("-max-actions %d: nothing could take effect; give 1 or more, or leave -accept-risk out",
			f.maxActions)
	case f.journal == "":
		return errors.New("-journal: no file; name one")
	}
	return nil
}
