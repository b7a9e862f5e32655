package baseline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/baseline"
	"fmaspec/conformance/record"
)

func TestUpdateFitsTheFileToTheRun(t *testing.T) {
	const old = `# Ours.

# Two of one kind.
types a/bad#0 /status
types a/good#0 /status
  reason: because
  owner: us
  expires: 1999-01-31

# Gone with its entry.
types a/none#0 /status
  reason: because
  owner: us

types a/odd#0 /status
  reason: it need not be here
  owner: us
`
	f := found("types", documented)
	r := ran(judged("a/bad", record.Failed, f, f), judged("a/good", record.Passed),
		judged("a/odd", record.Deviated, found("types", inferred)),
		judged("a/odder", record.Deviated, found("types", inferred)),
		judged("a/one", record.Failed, f, f), judged("a/two", record.Failed, f, found("media-type", documented)))
	from, err := baseline.Parse("f", strings.NewReader(old))
	require.NoError(t, err)
	to, err := baseline.Update(from, r)
	require.NoError(t, err)
	var got bytes.Buffer
	require.NoError(t, to.Write(&got))
	const want = `# Ours.

media-type a/two#0 /status
  reason: ?
  owner: ?

# Two of one kind.
types a/bad#0 /status
  reason: because
  owner: us
  expires: 1999-01-31

types a/odd#0 /status
  reason: it need not be here
  owner: us

types a/one#0 /status
types a/two#0 /status
  reason: ?
  owner: ?
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	to.Apply(r, suite(), today())
	var problems []string
	for _, p := range r.Baseline.Problems {
		problems = append(problems, p.Kind+" "+p.Key+" "+strings.SplitAfter(want, "\n")[p.Line-1])
	}
	agreed := []string{
		"expired types a/bad#0 /status types a/bad#0 /status\n",
		"new media-type a/two#0 /status media-type a/two#0 /status\n",
		"new types a/one#0 /status types a/one#0 /status\n",
		"new types a/two#0 /status types a/two#0 /status\n",
	}
	if diff := cmp.Diff(agreed, problems); diff != "" {
		t.Errorf("want what nobody has explained not accepted, with the lines of the new file (-want +got):\n%s", diff)
	}
	if r.Baseline.Known != 1 || r.Baseline.Verdict != record.NotConformant {
		t.Errorf("want 1 known and no success, got %+v", r.Baseline)
	}

	again, err := baseline.Update(to, r)
	require.NoError(t, err)
	var twice bytes.Buffer
	require.NoError(t, again.Write(&twice))
	if twice.String() != want {
		t.Errorf("want the same bytes for the same run, got\n%s", twice.String())
	}
	if _, err := baseline.Parse("f", strings.NewReader(want)); err == nil {
		t.Error("want a file that nobody has explained refused, got none")
	}
}

func TestUpdateBeginsANewFile(t *testing.T) {
	b, err := baseline.Update(baseline.New("f"), ran(judged("a/good", record.Passed),
		judged("a/bad", record.Failed, found("types", documented))))
	require.NoError(t, err)
	var got bytes.Buffer
	require.NoError(t, b.Write(&got))
	want := `# Accepted findings. A run fails for findings that are not listed here, and for
# listed ones that no longer occur. Each key has a reason and an owner.

types a/bad#0 /status
  reason: ?
  owner: ?
`
	if got.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, got.String())
	}
}

func TestUpdateKeepsWhateverAServerPutsIntoAPlace(t *testing.T) {
	f := found("types", documented)
	f.Place = "/\x1b[2J\n\\ \xff\u202e "
	r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, f))
	b, err := baseline.Update(baseline.New("f"), r)
	require.NoError(t, err)
	if got, want := b.Entries()[0].Key, r.Cases[1].Findings[0].Key; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestUpdateRefusesARunThatCannotTell(t *testing.T) {
	good, bad := judged("a/good", record.Passed), judged("a/bad", record.Failed, found("types", documented))
	several := []record.CaseResult{good}
	for _, id := range strings.Fields("a b c d e f g") {
		several = append(several, judged(id, record.Errored))
	}
	with := func(r *record.Report, mend func(*record.Report)) *record.Report {
		mend(r)
		return r
	}
	elsewhere := func(r *record.Report) { r.Safety.Local = false }
	for _, row := range []struct {
		run  *record.Report
		want string
		why  string
	}{
		{ran(good, bad), "", "a whole run"},
		{with(ran(good, bad), func(r *record.Report) { r.Suite.Cases = 9 }), "f: not updated: the run had 2 of 9 " +
			"cases; send them all, without -run, -skip and -level", "a narrowed run"},
		{with(ran(good, bad), func(r *record.Report) { r.Suite.Level = record.Standard }),
			"f: not updated: the run judged by standard requirements and stronger ones; judge by all, without -level",
			"a level that leaves findings out"},
		{with(ran(good, bad), func(r *record.Report) { r.Interrupted = true }), "f: not updated: the run was " +
			"interrupted; let it finish", "half a run"},
		{ran(good, judged("a/x", record.Errored)), "f: not updated: not every case was judged: a/x (errored: it " +
			"rained); make sure that each is", "a case that could not be judged"},
		{ran(several...), "f: not updated: not every case was judged: a (errored: it rained), b (errored: it " +
			"rained), c (errored: it rained), d (errored: it rained), e (errored: it rained) and 2 more; make sure " +
			"that each is", "many"},
		{ran(good, judged("a/x", record.Skipped)), "f: not updated: not every case was judged: a/x (skipped: it " +
			"rained); make sure that each is", "one that was not sent, though it could be"},
		{with(ran(good, judged("a/x", record.Skipped)), elsewhere), "", "one that must not be sent there, and of " +
			"which nothing was accepted"},
		{ran(good, judged("a/x", record.NotApplicable)), "", "one that needs something, and of which nothing was " +
			"accepted"},
		{with(ran(good, judged("a/bad", record.Skipped)), elsewhere), "f: not updated: cases of entries were not " +
			"judged: line 1: a/bad (skipped: it rained); make sure that they are, or remove the entries by hand",
			"one of which something was"},
		{ran(good, judged("a/bad", record.NotApplicable)), "f: not updated: cases of entries were not judged: line " +
			"1: a/bad (not-applicable: it rained); make sure that they are, or remove the entries by hand", "the same"},
		{ran(good, judged("a/bad", record.Inconclusive)), "f: not updated: cases of entries were not judged: line 1: " +
			"a/bad (inconclusive: it rained); make sure that they are, or remove the entries by hand",
			"an answer that proves nothing"},
		{ran(good, judged("a/bad", record.Inconclusive, found("types", documented))), "",
			"its finding is there all the same"},
		{ran(judged("a/x", record.NotApplicable)), "f: not updated: no case was judged; make sure that the target " +
			"can be reached", "nothing at all"},
		{ran(), "f: not updated: no case was judged; make sure that the target can be reached", "an empty report"},
	} {
		_, err := baseline.Update(parsed(t, "types a/bad#0 /status"), row.run)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: want %q\ngot  %q", row.why, row.want, got)
		}
	}
}

func TestUpdateWritesNoFileThatCannotBeRead(t *testing.T) {
	for _, key := range []string{"", "types", "types a/bad#0 " + strings.Repeat("x", 5000)} {
		r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, found("types", documented)))
		r.Cases[1].Findings[0].Key = key
		_, err := baseline.Update(baseline.New("f"), r)
		if err == nil || !strings.HasPrefix(err.Error(), "not updated, because the file could not be read again: f:") {
			t.Errorf("%.20q: want an error, got %v", key, err)
		}
	}
}
