package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// Update returns the entries that match a run: those of old whose findings still occur,
// unchanged, and one for each finding that fails the run and that old does not list, with "?"
// for reason and owner, to be replaced by hand. New keys of one check and one place are
// grouped, because they most likely have one cause. It returns an error for a run that does
// not show which findings no longer occur: a narrowed or interrupted one, one with cases that
// could not be judged, or that were not sent without need, and one in which the case of an old
// entry was not judged.
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
			"# Accepted findings. A run fails for findings that are not listed here, and for",
			"# listed ones that no longer occur. Each key has a reason and an owner.",
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
	out.Write(&file)                          // writing to memory does not fail
	again, err := ParseDraft(old.name, &file) // with the line numbers of the new file
	if err != nil {
		return nil, fmt.Errorf("not updated, because the file could not be read again: %w", err)
	}
	return again, nil
}

// refusal returns why a baseline cannot be updated from a run, or "".
func refusal(old *Baseline, r *record.Report) string {
	switch {
	case r.Interrupted:
		return "the run was interrupted; let it finish"
	case r.Filtered():
		return fmt.Sprintf("the run had %d of %d cases; send them all, without -run, -skip and -level", len(r.Cases),
			r.Suite.Cases)
	case r.Suite.Level != record.Inferred:
		return fmt.Sprintf("the run judged by %s requirements and stronger ones; judge by all, without -level",
			r.Suite.Level)
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
			if _, id, _, _ := parts(e.Key); id == c.ID && !slices.ContainsFunc(c.Findings,
				func(f record.Finding) bool { return f.Key == e.Key }) {
				lost = append(lost, fmt.Sprintf("line %d: %s (%s)", e.Line, c.ID, why(c)))
			}
		}
	}
	switch {
	case len(all) > 0:
		return fmt.Sprintf("not every case was judged: %s; make sure that each is", some(all))
	case len(lost) > 0:
		return fmt.Sprintf("cases of entries were not judged: %s; make sure that they are, or remove the entries "+
			"by hand", some(lost))
	case !slices.ContainsFunc(r.Cases, func(c record.CaseResult) bool { return judged(&c) }):
		return "no case was judged; make sure that the target can be reached"
	}
	return ""
}

// some returns the first names, and the number of the others.
func some(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
