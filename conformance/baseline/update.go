package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// Update returns the entries that fit a run: those of old whose findings are
// still there, as they were, and one for each finding that fails the run and that
// old does not list, with "?" for reason and owner, which somebody has to replace.
// New keys of one check and one place stand together, for they most likely have
// one cause. It refuses after a run that cannot tell what is gone: a narrowed or
// interrupted one, one with cases that could not be judged, or that were not sent
// though nothing kept them from it, and where the case of an old entry was not
// judged.
func Update(old *Baseline, r *record.Report) (*Baseline, error) {
	if why := refusal(old, r); why != "" {
		return nil, fmt.Errorf("%s: not updated: %s", old.name, why)
	}
	found, fails := map[string]bool{}, map[string]bool{}
	for i := range r.Cases {
		for j := range r.Cases[i].Findings {
			f := &r.Cases[i].Findings[j]
			found[f.Key] = true
			if counts(r, f) {
				fails[f.Key] = true
			}
		}
	}
	out := &Baseline{name: old.name, header: old.header, footer: old.footer}
	if len(old.header)+len(old.blocks)+len(old.footer) == 0 {
		out.header = []string{
			"# Findings that somebody has accepted. A run counts what is not in here, and what",
			"# is in here and gone. Below each key stands why it is accepted, and by whom.",
		}
	}
	for _, k := range old.blocks {
		kept := *k
		kept.keys = nil
		for _, key := range k.keys {
			if found[key.text] {
				kept.keys = append(kept.keys, key)
				delete(fails, key.text)
			}
		}
		if len(kept.keys) > 0 {
			out.blocks = append(out.blocks, &kept)
		}
	}
	fresh := map[[2]string]*block{}
	for text := range fails {
		check, _, place, _ := parts(text)
		cause := [2]string{check, place}
		if fresh[cause] == nil {
			fresh[cause] = &block{said: said{reason: unsaid, owner: unsaid}}
			out.blocks = append(out.blocks, fresh[cause])
		}
		fresh[cause].keys = append(fresh[cause].keys, key{text: text})
	}
	out.sort()
	var file bytes.Buffer
	out.Write(&file)                          // into memory, which does not fail
	again, err := ParseDraft(old.name, &file) // its lines are those of the file to be
	if err != nil {
		return nil, fmt.Errorf("not updated, for the file would not be one that can be read: %w", err)
	}
	return again, nil
}

// refusal says why a run is nothing to go by, or "".
func refusal(old *Baseline, r *record.Report) string {
	switch {
	case r.Interrupted:
		return "the run was interrupted; let it come to its end"
	case r.Filtered():
		return fmt.Sprintf("the run had %d of %d cases; send them all, without -run, -skip and -level", len(r.Cases), r.Suite.Cases)
	case r.Suite.Level != record.Inferred:
		return fmt.Sprintf("the run judged by %s requirements and stronger ones; judge by all, without -level", r.Suite.Level)
	}
	var all, lost []string
	entries := old.Entries()
	for i := range r.Cases {
		c := &r.Cases[i]
		if c.Outcome == record.Errored || c.Outcome == record.Skipped && r.Safety.Local {
			all = append(all, fmt.Sprintf("%s (%s)", c.ID, why(c)))
		}
		if judged(c) {
			continue
		}
		for _, e := range entries {
			if _, id, _, _ := parts(e.Key); id == c.ID && !slices.ContainsFunc(c.Findings, func(f record.Finding) bool { return f.Key == e.Key }) {
				lost = append(lost, fmt.Sprintf("line %d: %s (%s)", e.Line, c.ID, why(c)))
			}
		}
	}
	switch {
	case len(all) > 0:
		return fmt.Sprintf("not every case was judged: %s; see that each is", some(all))
	case len(lost) > 0:
		return fmt.Sprintf("cases of entries were not judged: %s; see that they are, or remove the entries by hand", some(lost))
	case !slices.ContainsFunc(r.Cases, func(c record.CaseResult) bool { return judged(&c) }):
		return "no case was judged; see that the target can be reached"
	}
	return ""
}

// some names the first few, and says how many more there are.
func some(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
