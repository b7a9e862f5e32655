// Package explore sends random requests and sequences of requests, and reduces those that
// fail to the smallest ones that still fail. A request is drawn from a seed and combines the
// forms and faults that the written cases have one at a time: the expected outcome and the
// requirements that a request proves are those of the written cases.
package explore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// Generator is the generator of the cases of this package.
const Generator = record.Explored

// The bounds of the search for the smallest case of one cause.
const (
	MaxTries   = 300
	shrinkTime = 20 * time.Second
)

// DefaultN is how many cases are sent where [Options] names neither a number nor a time.
const DefaultN = 500

// Options set how far the exploration goes.
type Options struct {
	Seed     string        // the same seed draws the same cases
	N        int           // how many cases are sent; 0 for as many as the time allows
	For      time.Duration // how long new cases are sent; 0 for no limit
	Parallel int           // cases under way at once; 1 where zero
	// reports whether a case of that id is to be sent, such as "requestSample/explore/1-17"; nil for all. Operations
	// of which no id is wanted are left out of sequences too.
	Wanted func(id string) bool
	// ends the exploration after the batch in which a case has such a finding; nil for none
	Until func(record.Finding) bool
	Now   func() time.Time
}

// A Sender sends a case and returns its outcome, as [conformance.Session.Try] does.
type Sender interface {
	Try(context.Context, *conformance.Case) (conformance.Tried, error)
}

// A Found is a cause for which requests failed: a requirement, a check and a place in the
// answer.
type Found struct {
	Case    *conformance.Case // the smallest that was found to fail
	Tried   conformance.Tried // its outcome
	Finding record.Finding    // the cause
	First   string            // the seed of the case that failed first
	Times   int               // how many of the cases that were drawn failed for the cause
	Tries   int               // cases that were sent to find it
	Unsure  bool              // the case did not fail again when it was sent again
}

// A Result is the outcome of an exploration.
type Result struct {
	Sent    int     // cases that were drawn and sent
	Unsent  int     // cases that were drawn and not sent, or not all of them
	Reason  string  // why, of the first of them
	Left    int     // cases that were drawn and not wanted
	Dropped int     // numbers for which no case could be drawn that has at most one fault
	Found   []Found // in the order of the cases that failed first
}

// chunk is how many cases are sent before those that failed are reduced. It does not depend
// on the parallelism, and so neither do the cases that are sent.
const chunk = 128

// Explore draws cases, sends them, and reduces those that fail. It sends the control of each
// operation first; one that is not accepted is an error, because no other outcome would
// prove anything. When ctx ends, Explore returns what was found so far.
func Explore(ctx context.Context, suite *conformance.Suite, sender Sender, o Options) (Result, error) {
	g, err := newGrammar(suite)
	if err != nil {
		return Result{}, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.N == 0 && o.For == 0 {
		o.N = DefaultN
	}
	if g.names = o.wanted(g.names); len(g.names) == 0 {
		return Result{}, fmt.Errorf("explore: no case is left to send, since none has an id such as %s/%s/%s-0 "+
			"that is asked for; widen -run or -skip", suite.Operations[0].ID, Generator, slug(o.Seed))
	}
	x := &exploration{grammar: g, sender: sender, options: o, causes: map[string]int{}}
	if err := x.controls(ctx); err != nil {
		return x.result, err
	}
	started := o.Now()
	for number := 0; ctx.Err() == nil && (o.N == 0 || number < o.N); {
		if o.For > 0 && o.Now().Sub(started) >= o.For {
			break
		}
		count := chunk
		if o.N > 0 {
			count = min(count, o.N-number)
		}
		if !x.chunk(ctx, number, count) {
			break
		}
		number += count
		if o.Until != nil && slices.ContainsFunc(x.result.Found, func(f Found) bool { return o.Until(f.Finding) }) {
			break
		}
	}
	return x.result, nil
}

// wanted returns the operations of which some case is wanted.
func (o Options) wanted(operations []string) (out []string) {
	for _, op := range operations {
		wanted := o.Wanted == nil
		for number := 0; !wanted && number < max(o.N, chunk); number++ {
			wanted = o.Wanted(DrawnID(op, o.Seed, number))
		}
		if wanted {
			out = append(out, op)
		}
	}
	return out
}

// DrawnID is the id of the case of a number that is drawn from a seed.
func DrawnID(operation, seed string, number int) string {
	return fmt.Sprintf("%s/%s/%s", operation, Generator, slug(fmt.Sprintf("%s-%d", seed, number)))
}

// Cases returns the first n cases of a seed, as Explore sends them.
func Cases(suite *conformance.Suite, seed string, n int) ([]*conformance.Case, error) {
	g, err := newGrammar(suite)
	if err != nil {
		return nil, err
	}
	var out []*conformance.Case
	for number := range n {
		if c := g.numbered(seed, number).c; c != nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// A drawn is a case with the script that it was built from.
type drawn struct {
	script script
	c      *conformance.Case // nil where no case could be drawn that can be judged
	seed   string
	left   bool // it is not wanted
	tried  conformance.Tried
	err    error
}

// redraws is how often a case is drawn for a number until it can be judged.
const redraws = 8

// numbered draws the case of a number.
func (g *grammar) numbered(seed string, number int) (d drawn) {
	for again := range redraws {
		d = drawn{script: g.draw(seed, number*redraws+again), seed: fmt.Sprintf("%s-%d", seed, number)}
		id := DrawnID(d.script.operation, seed, number)
		title := fmt.Sprintf("Answers as the contract says what was drawn as %s.", d.seed)
		c, ok := g.build(d.script, id, title, d.seed)
		if ok {
			d.c = c
			return d
		}
	}
	return d
}

// An exploration is the state of [Explore].
type exploration struct {
	grammar *grammar
	sender  Sender
	options Options
	result  Result
	causes  map[string]int // index into result.Found, by cause
}

// controls sends the plain case of each operation.
func (x *exploration) controls(ctx context.Context) error {
	for _, op := range x.grammar.names {
		like := *x.grammar.plain[op].control
		like.ID = fmt.Sprintf("%s/%s/control", op, Generator)
		tried, err := x.sender.Try(ctx, &like)
		switch {
		case err != nil:
			return fmt.Errorf("explore: the plain request of %s was not sent: %w", op, err)
		case len(tried.Exchanges) == 0 || tried.Exchanges[0].Response == nil ||
			tried.Exchanges[0].Response.Status/100 != 2:
			return fmt.Errorf("explore: the plain request of %s was not accepted, so that no other outcome would "+
				"prove anything; look at the case %s", op, x.grammar.plain[op].control.ID)
		}
	}
	return nil
}

// chunk sends some cases, several at once, and reduces the first that failed for each new
// cause. It reports whether any case was sent, or was not wanted.
func (x *exploration) chunk(ctx context.Context, first, count int) bool {
	all := make([]drawn, count)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(x.options.Parallel, 1), count) {
		workers.Go(func() {
			for i := range next {
				d := x.grammar.numbered(x.options.Seed, first+i)
				if d.c != nil && x.options.Wanted != nil && !x.options.Wanted(d.c.ID) {
					d.left = true
				} else if d.c != nil && ctx.Err() == nil {
					d.tried, d.err = x.sender.Try(ctx, d.c)
				}
				all[i] = d
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	workers.Wait()
	sent := false
	for _, d := range all {
		switch {
		case d.c == nil:
			x.result.Dropped++
		case d.left:
			x.result.Left++
			sent = true
		case d.err != nil || len(d.tried.Exchanges) == 0:
			x.result.Unsent++
			if d.err != nil {
				x.result.Reason = cmp.Or(x.result.Reason, d.err.Error())
			}
		default:
			x.result.Sent++
			sent = true
		}
		x.failed(ctx, d)
	}
	return sent
}

// causeOf returns the name of a cause, which is reported once.
func causeOf(f record.Finding) string {
	return strings.Join([]string{f.Check, f.Requirement, f.Place}, " ")
}

// failed counts the causes for which a case failed, and reduces it for each that is new.
func (x *exploration) failed(ctx context.Context, d drawn) {
	seen := map[int]bool{}
	for _, f := range d.tried.Findings {
		at, known := x.causes[causeOf(f)]
		switch {
		case known && !seen[at]:
			x.result.Found[at].Times++
		case !known:
			x.reduce(ctx, d, f)
			at = x.causes[causeOf(f)]
		}
		seen[at] = true
	}
}

// reduce finds the smallest case that fails for the cause of a finding, and notes it.
func (x *exploration) reduce(ctx context.Context, d drawn, f record.Finding) {
	found := Found{Case: d.c, Tried: d.tried, Finding: f, First: d.seed, Times: 1}
	until := x.options.Now().Add(shrinkTime)
	sent := map[string]bool{}
	// try sends a script once and returns what it was found to break, or nil.
	try := func(it script, like *conformance.Case, is func(record.Finding) bool) *Found {
		c, ok := x.grammar.build(it, "", d.c.Title, d.seed)
		if !ok || found.Tries >= MaxTries || ctx.Err() != nil || x.options.Now().After(until) {
			return nil
		}
		if like != nil {
			if !sameExpectations(c, like) {
				return nil
			}
			c.Proves = like.Proves
		}
		text := fmt.Sprint(c.AtOnce, c.Operation, c.Proves, c.Steps)
		if sent[text] {
			return nil
		}
		sent[text] = true
		found.Tries++
		c.Name = fmt.Sprintf("%s/%s-%s-%d", Generator, slug(d.seed), slug(causeOf(f)), found.Tries)
		c.ID = c.Operation + "/" + c.Name
		tried, err := x.sender.Try(ctx, c)
		if err != nil && len(tried.Findings) == 0 {
			return nil
		}
		if i := slices.IndexFunc(tried.Findings, is); i >= 0 {
			return &Found{Case: c, Tried: tried, Finding: tried.Findings[i]}
		}
		return nil
	}
	cause := causeOf(f)
	is := func(o record.Finding) bool { return causeOf(o) == cause }
	again := try(d.script, nil, is)
	found.Unsure = again == nil
	smallest := d.script
	for _, row := range x.simplifications(f) {
		it := smallest.clone()
		if again == nil || !row.change(&it) {
			continue
		}
		shown := try(it, nil, row.shows)
		if shown == nil {
			continue
		}
		if at, known := x.causes[causeOf(shown.Finding)]; known {
			x.causes[causeOf(f)], x.causes[cause] = at, at
			x.result.Found[at].Times++
			return
		}
		smallest, cause = it, causeOf(shown.Finding)
		found.Case, found.Tried, found.Finding = shown.Case, shown.Tried, shown.Finding
	}
	if again != nil {
		like := found.Case
		s := &shrinker{grammar: x.grammar, best: smallest, fails: func(it script) bool {
			smaller := try(it, like, is)
			if smaller != nil {
				found.Case, found.Tried, found.Finding = smaller.Case, smaller.Tried, smaller.Finding
			}
			return smaller != nil
		}}
		smallest = s.shrink()
		// The forms that are left may prove another requirement.
		if c, ok := x.grammar.build(smallest, "", "", ""); ok && !slices.Equal(c.Proves, found.Case.Proves) {
			there := func(o record.Finding) bool { return o.Place == found.Finding.Place }
			if own := try(smallest, nil, there); own != nil {
				found.Case, found.Tried, found.Finding = own.Case, own.Tried, own.Finding
			}
		}
	}
	x.named(ctx, &found)
	x.note(causeOf(f), found)
}

// A simplification is a change of a script after which a failure has another cause.
type simplification struct {
	change func(*script) bool // reports whether it changed anything
	shows  func(record.Finding) bool
}

// simplifications returns those to try for a finding. Where a request fails alone, the others
// are not the cause; where it fails in the same way without its fault, the fault is not.
func (x *exploration) simplifications(f record.Finding) []simplification {
	alone := func(s *script) bool {
		if len(s.steps) == 1 {
			return false
		}
		s.steps, s.atOnce = s.steps[f.Step%len(s.steps):][:1], false
		s.operation = s.steps[0].operation
		return true
	}
	valid := func(s *script) (changed bool) {
		for i, r := range s.steps {
			if r.fault > 0 {
				s.steps[i], changed = x.grammar.valid(r), true
			}
		}
		return changed
	}
	return []simplification{
		{alone, func(record.Finding) bool { return true }},
		{valid, func(o record.Finding) bool { return o.Place == f.Place && o.Got == f.Got }},
	}
}

// note adds a cause, unless the smallest case has one that is known. The other findings of
// the smallest case belong to the same cause.
func (x *exploration) note(first string, found Found) {
	at, known := x.causes[causeOf(found.Finding)]
	if known && at < len(x.result.Found) {
		x.result.Found[at].Times++
	} else {
		at = len(x.result.Found)
		x.result.Found = append(x.result.Found, found)
	}
	x.causes[first] = at
	for _, f := range found.Tried.Findings {
		if _, known := x.causes[causeOf(f)]; !known {
			x.causes[causeOf(f)] = at
		}
	}
}

// sameExpectations reports whether a case expects refusals for the same reason as another,
// or none.
func sameExpectations(c, like *conformance.Case) bool {
	refusal := func(c *conformance.Case) (out []int) {
		for _, s := range c.Steps {
			if s.Expect == conformance.Refused {
				return s.Statuses
			}
		}
		return nil
	}
	return slices.Equal(refusal(c), refusal(like)) || refusal(c) == nil
}

// named sends the case of a cause once more, under an id that depends on the cause alone:
// the values of variables depend on the id. A case that does not fail again keeps its id.
func (x *exploration) named(ctx context.Context, f *Found) {
	c := *f.Case
	c.Name = Generator + "/" + slug(causeOf(f.Finding))
	c.ID = c.Operation + "/" + c.Name
	c.Title = title(&c, f.Finding)
	c.Because = fmt.Sprintf("explored from %s: want %s, got %s", f.First, oneLine(f.Finding.Want),
		oneLine(f.Finding.Got))
	tried, _ := x.sender.Try(ctx, &c)
	i := slices.IndexFunc(tried.Findings, func(o record.Finding) bool { return causeOf(o) == causeOf(f.Finding) })
	if i < 0 {
		f.Unsure = true
		return
	}
	f.Case, f.Tried, f.Finding = &c, tried, tried.Findings[i]
}

// title says what is expected of the smallest case of a cause.
func title(c *conformance.Case, f record.Finding) string {
	what := "Answers the smallest sequence of requests"
	if len(c.Steps) == 1 {
		what = map[conformance.Expectation]string{conformance.Accepted: "Accepts", conformance.Refused: "Refuses",
			conformance.Either: "Answers"}[c.Steps[0].Expect] + " the smallest request"
	}
	return fmt.Sprintf("%s that was found to break %s, at %s.", what, f.Requirement, f.Place)
}

// oneLine returns a text without line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// slug returns a text as a name that files can have.
func slug(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}), "-")
}
