// Package explore sends generated requests that nobody thought of, and sequences of them,
// and makes what fails as small as it gets. Requests are drawn at random, from a seed, of
// the forms and the faults that the written cases have one by one: what is expected of a
// request, and which requirements it proves, is taken from these.
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
const Generator = "explore"

// The bounds of the search for the smallest request that fails, of one cause.
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
	Now      func() time.Time
}

// A Sender sends a case and says what came of it, as [conformance.Session.Try].
type Sender interface {
	Try(context.Context, *conformance.Case) (conformance.Tried, error)
}

// A Found is a cause for which requests failed: a requirement, a check and a place in the
// answer.
type Found struct {
	Case    *conformance.Case // the smallest that was found to fail
	Tried   conformance.Tried // what came of it
	Finding record.Finding    // the cause
	First   string            // the seed of the case that failed first
	Times   int               // how many of the cases that were drawn failed for the cause
	Tries   int               // requests or sequences that were sent to make it small
	Unsure  bool              // the case did not fail again when it was sent again
}

// A Result says what an exploration came to.
type Result struct {
	Sent    int     // cases that were drawn and sent
	Unsent  int     // cases that were drawn and not sent, or not all of them
	Reason  string  // why, of the first of them
	Dropped int     // drawn that hold no fault or more than one, and were left out
	Found   []Found // in the order of the cases that failed first
}

// chunk is how many cases are sent before those that failed are made small. It is the same
// whatever the parallelism, so that the cases are.
const chunk = 128

// Explore draws cases and sends them. Before, it sends the control of each operation; one
// that is not accepted is an error, for nothing could be said of others beside it. When
// ctx ends, it returns what was found so far.
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
	}
	return x.result, nil
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

// A drawn case is one that was drawn, with what it was made of.
type drawn struct {
	script script
	c      *conformance.Case // nil where what was drawn cannot be judged
	seed   string
	tried  conformance.Tried
	err    error
}

// redraws is how often a case is drawn anew that cannot be judged.
const redraws = 8

// numbered draws the case of a number.
func (g *grammar) numbered(seed string, number int) (d drawn) {
	for again := range redraws {
		d = drawn{script: g.draw(seed, number*redraws+again), seed: fmt.Sprintf("%s-%d", seed, number)}
		id := fmt.Sprintf("%s/%s/%s", d.script.operation, Generator, slug(d.seed))
		title := fmt.Sprintf("Answers as the contract says what was drawn as %s.", d.seed)
		c, ok := g.build(d.script, id, title, d.seed)
		if ok {
			d.c = c
			return d
		}
	}
	return d
}

// An exploration is one on its way.
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
			return fmt.Errorf("explore: the plain request of %s was not accepted, so that what others come to proves "+
				"nothing; see what became of %s", op, x.grammar.plain[op].control.ID)
		}
	}
	return nil
}

// chunk sends some cases, several at once, and makes those small that failed for a cause
// that is new. It reports whether any could be sent.
func (x *exploration) chunk(ctx context.Context, first, count int) bool {
	all := make([]drawn, count)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(x.options.Parallel, 1), count) {
		workers.Go(func() {
			for i := range next {
				d := x.grammar.numbered(x.options.Seed, first+i)
				if d.c != nil && ctx.Err() == nil {
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

// causeOf names what is reported once.
func causeOf(f record.Finding) string {
	return strings.Join([]string{f.Check, f.Requirement, f.Place}, " ")
}

// failed makes the case small, once for each cause of which it is the first.
func (x *exploration) failed(ctx context.Context, d drawn) {
	seen := map[int]bool{}
	for _, f := range d.tried.Findings {
		at, known := x.causes[causeOf(f)]
		switch {
		case known && !seen[at]:
			x.result.Found[at].Times++
		case !known:
			x.small(ctx, d, f)
			at = x.causes[causeOf(f)]
		}
		seen[at] = true
	}
}

// small finds the smallest case that fails for the cause of a finding, and notes it.
func (x *exploration) small(ctx context.Context, d drawn, f record.Finding) {
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
	// What fails without the other requests is no matter of them, and what fails without a
	// fault in the same way no matter of the fault.
	one, sound := smallest.clone(), smallest.clone()
	one.steps, one.atOnce = one.steps[f.Step%len(one.steps):][:1], false
	one.operation = one.steps[0].operation
	valid := func(it *script) (changed bool) {
		for i, r := range it.steps {
			if r.fault > 0 {
				it.steps[i], changed = x.grammar.valid(r), true
			}
		}
		return changed
	}
	for _, simpler := range []struct {
		is     bool
		script func() script
		shows  func(record.Finding) bool
	}{
		{len(smallest.steps) > 1, func() script { return one }, func(record.Finding) bool { return true }},
		{valid(&sound), func() script { sound := smallest.clone(); valid(&sound); return sound },
			func(o record.Finding) bool { return o.Place == f.Place && o.Got == f.Got }},
	} {
		if again == nil || !simpler.is {
			continue
		}
		it := simpler.script()
		shown := try(it, nil, simpler.shows)
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
		// What the smallest case has of forms may prove something else.
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

// note adds what was found, unless it came down to a cause that is known. What else the
// smallest case fails for is reported with it, and not again.
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

// sameExpectations reports whether two cases expect the same of what they have in common,
// the last of their requests: acceptance, or a refusal for the same reason.
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

// named sends the case of a cause once more, under an id that other runs give it too: the
// values of its variables hang on it. One that does not fail again keeps the id that it has.
func (x *exploration) named(ctx context.Context, f *Found) {
	c := *f.Case
	c.Name = Generator + "/" + slug(causeOf(f.Finding))
	c.ID = c.Operation + "/" + c.Name
	c.Title = fmt.Sprintf("Answers as %s says where %s failed at %s.", f.Finding.Requirement, f.Finding.Check,
		f.Finding.Place)
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

// oneLine returns a text without line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// slug returns a text as a name that files can have.
func slug(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}), "-")
}
