package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/journal"
	"fmaspec/conformance/term"
	"fmaspec/openapi"
)

// journalFlags are the settings of fmaspec journal.
type journalFlags struct {
	seed string
	json bool
}

func journalCommand() command {
	return command{
		name:     "journal",
		operands: "[FILE]",
		short:    "list requests that could take effect, and how to undo them",
		about: "Reads the journal of fmaspec run, by default " + defaultJournal + ", and lists each request that " +
			"could take effect with its result: caused, with the id of the action; refused; or unknown if no answer " +
			"came, so that you have to check the machine. Then it describes how to undo each operation.\n" +
			"Lines that cannot be read are reported on stderr and the rest is listed; the exit code is then 2, and " +
			"otherwise 0, whatever was caused.",
		examples: []string{"fmaspec journal", "fmaspec journal -seed 8f2fc3adf3433fc1 other.ndjson",
			"fmaspec journal -json | jq '.[] | select(.state == \"unknown\")'"},
		flags: func(set *flag.FlagSet) work {
			f := &journalFlags{}
			set.StringVar(&f.seed, "seed", "", "list only the run with this `SEED`, which its header shows")
			set.BoolVar(&f.json, "json", false, "write a JSON array of the requests, with state, run, number, case, "+
				"step, operation, target, machine, sha1, the times sent and answered, status, id and error")
			return f.list
		},
	}
}

func (f *journalFlags) list(_ context.Context, e *env, operands []string) error {
	if len(operands) > 1 {
		return fmt.Errorf("%d files; name one, or none for %s", len(operands), defaultJournal)
	}
	name := cmp.Or(strings.Join(operands, ""), defaultJournal)
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w; name the file of -journal", name, reason(err))
	}
	defer file.Close()
	entries, torn, bad := journal.Read(name, file)
	for _, line := range torn {
		io.WriteString(e.stderr, harmless(fmt.Sprintf("%s:%d: the line is incomplete because of a crash and is "+
			"skipped; a request is sent only after its line is complete\n", name, line)))
	}
	actions := journal.Summarize(entries)
	if f.seed != "" {
		actions = slices.DeleteFunc(actions, func(a journal.Action) bool { return a.Run != f.seed })
		if len(actions) == 0 && bad == nil {
			return fmt.Errorf("-seed %s: %s has no request of this run; leave the flag out to list all", f.seed, name)
		}
	}
	write := writeActions
	if f.json {
		write = encodeActions
	}
	if err := write(e.stdout, actions); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the list was not written: %v", err)}
	}
	if bad != nil {
		return fmt.Errorf("some lines cannot be read\n%w", bad)
	}
	return nil
}

func encodeActions(w io.Writer, actions []journal.Action) error {
	text, err := journal.JSON(actions)
	if err == nil {
		_, err = w.Write(term.JSON(text))
	}
	return err
}

// describe returns the description of a state.
func describe(s journal.State) string {
	switch s {
	case journal.Unknown:
		return "it may have taken effect: check the machine, or ask the target for its actions"
	case journal.Caused:
		return "the target accepted it"
	case journal.Unsent:
		return "no connection was made, so nothing was sent"
	}
	return "the target refused it, so nothing took effect"
}

// writeActions writes the requests by state, those with an unknown result first, then how to
// undo what was caused.
func writeActions(w io.Writer, actions []journal.Action) error {
	var p page
	counts := ""
	for _, state := range journal.States() {
		of := slices.DeleteFunc(slices.Clone(actions), func(a journal.Action) bool { return a.State != state })
		counts += fmt.Sprintf(", %d %s", len(of), state)
		if len(of) == 0 {
			continue
		}
		p.line("%s: %s", state, describe(state))
		for _, a := range of {
			became := "no answer"
			if a.Status > 0 {
				became = fmt.Sprint(a.Status)
			}
			p.line("  %s  %s", sentAt(a).UTC().Format(time.DateTime+" UTC"), a.Operation)
			p.field("action", a.ID)
			p.field("machine", a.Machine)
			p.field("file", a.File)
			p.field("target", a.Target)
			p.field("case", fmt.Sprintf("%s#%d, request %d of run %s", a.Case, a.Step, a.Number, a.Run))
			p.field("answer", strings.TrimSuffix(became+": "+a.Error, ": "))
		}
		p.line("")
	}
	if err := undo(&p, actions); err != nil {
		return err
	}
	requests := "requests"
	if len(actions) == 1 {
		requests = "request"
	}
	p.line("%d %s that could take effect: %s", len(actions), requests, strings.TrimPrefix(counts, ", "))
	_, err := io.WriteString(w, p.String())
	return err
}

// undo writes how and where to undo each operation that may have taken effect.
func undo(p *page, actions []journal.Action) error {
	doc, err := openapi.Load()
	if err != nil {
		return err
	}
	machines := map[string][]string{}
	for _, a := range actions {
		if (a.State == journal.Caused || a.State == journal.Unknown) && !slices.Contains(machines[a.Operation],
			a.Machine) {
			machines[a.Operation] = append(machines[a.Operation], a.Machine)
		}
	}
	for _, operation := range slices.Sorted(maps.Keys(machines)) {
		advice := "the OpenAPI document does not describe it"
		if at := slices.IndexFunc(doc.Operations,
			func(o openapi.Operation) bool { return o.ID == operation }); at >= 0 {
			advice = cmp.Or(doc.Operations[at].Undo, advice)
		}
		p.line("to undo %s", operation)
		p.advice(advice)
		for _, machine := range machines[operation] {
			p.line("  machine %s", machine)
		}
		p.line("")
	}
	return nil
}

// advice adds wrapped text. Indented lines, which are commands to copy, are not wrapped.
func (p *page) advice(text string) {
	prose := ""
	flush := func() {
		if prose != "" {
			p.paragraph("  ", prose)
		}
		prose = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, " ") {
			flush()
			p.line("  %s", line)
			continue
		}
		prose += line + " "
	}
	flush()
}

// sentAt returns when a request was sent, or else when it was answered.
func sentAt(a journal.Action) time.Time {
	if a.Sent.IsZero() {
		return a.Answered
	}
	return a.Sent
}
