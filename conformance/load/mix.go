package load

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// DefaultMix sends as many requests that are to be accepted as requests that are to be refused.
func DefaultMix() []record.MixPart {
	return []record.MixPart{{Cases: conformance.Accepted.String(), Weight: 1},
		{Cases: conformance.Refused.String(), Weight: 1}}
}

// A mix draws cases.
type mix struct {
	cases []*conformance.Case
	upTo  []float64 // the weights of the cases, added up
	seed  uint64
}

// validMix returns what is wrong with the parts of a mix.
func validMix(parts []record.MixPart) error {
	for _, p := range parts {
		if !(p.Weight >= 0) || math.IsInf(p.Weight, 1) {
			return fmt.Errorf("mix %s=%v: no such weight; give a number of 0 or more", p.Cases, p.Weight)
		}
		if _, err := matcherOf(p); err != nil {
			return err
		}
	}
	return nil
}

// matcherOf returns whether a case belongs to a part.
func matcherOf(p record.MixPart) (func(*conformance.Case) bool, error) {
	for _, e := range []conformance.Expectation{conformance.Accepted, conformance.Refused, conformance.Either} {
		if p.Cases == e.String() {
			return func(c *conformance.Case) bool { return expectation(c) == e }, nil
		}
	}
	pattern, err := regexp.Compile(p.Cases)
	if err != nil {
		return nil, fmt.Errorf("mix %s: %w; give accepted, refused, either or a regular expression over case ids",
			p.Cases, err)
	}
	return func(c *conformance.Case) bool { return pattern.MatchString(c.ID) }, nil
}

// expectation is that of the case's last request.
func expectation(c *conformance.Case) conformance.Expectation { return c.Steps[len(c.Steps)-1].Expect }

// Unfit says why a case is not for a load, "" where it is: one that a server must not answer, or
// whose end is awaited, would measure the wait, and requests of one case at once are a load of
// their own.
func Unfit(c *conformance.Case) string {
	switch {
	case c.Generator != "":
		return "generated"
	case c.AtOnce:
		return "sent at once"
	}
	for _, s := range c.Steps {
		switch {
		case s.Abort:
			return "cut"
		case s.Separate:
			return "on a connection of its own"
		case waits(s):
			return "its answer is waited for"
		}
	}
	return ""
}

// waits reports whether a request has a form after which the wire waits for further bytes, or a
// server may wait for the client.
func waits(s conformance.Step) bool {
	for _, f := range s.Header {
		switch strings.ToLower(f.Name) {
		case "transfer-encoding", "expect", "connection", "upgrade":
			return true
		}
	}
	return false
}

// newMix gives each case the weight of the last part that it belongs to. The weight of a part
// is shared by its cases.
func newMix(parts []record.MixPart, all []*conformance.Case, seed string) (*mix, error) {
	h := fnv.New64a()
	h.Write([]byte(seed))
	m := &mix{seed: h.Sum64()}
	of, members := map[*conformance.Case]int{}, make([]int, len(parts))
	for i, p := range parts {
		has, err := matcherOf(p)
		if err != nil {
			return nil, err
		}
		found := false
		for _, c := range all {
			if Unfit(c) == "" && has(c) {
				of[c], found = i, true
			}
		}
		if !found {
			return nil, fmt.Errorf("mix %s: no case of the run that can be sent under load is among these; "+
				"fmaspec list cases prints the ids", p.Cases)
		}
	}
	for _, i := range of {
		members[i]++
	}
	sum := 0.0
	for _, c := range all {
		i, is := of[c]
		if !is || parts[i].Weight == 0 {
			continue
		}
		sum += parts[i].Weight / float64(members[i])
		m.cases, m.upTo = append(m.cases, c), append(m.upTo, sum)
	}
	if len(m.cases) == 0 {
		return nil, errors.New("mix: every weight is 0, so that nothing would be sent; give one that is more")
	}
	return m, nil
}

// pick returns the case of a ticket: the same one for the same seed, whichever worker has it.
func (m *mix) pick(ticket int64) *conformance.Case {
	at := rand.New(rand.NewPCG(m.seed, uint64(ticket))).Float64() * m.upTo[len(m.upTo)-1]
	return m.cases[min(sort.SearchFloat64s(m.upTo, at), len(m.cases)-1)]
}

// steps is how many requests a case of the mix has on average.
func (m *mix) steps() (mean float64) {
	last := 0.0
	for i, c := range m.cases {
		mean += float64(len(c.Steps)) * (m.upTo[i] - last)
		last = m.upTo[i]
	}
	return mean / last
}

// share is how many of the requests of a mix are counted, on average of one request.
func (m *mix) share(counts func(*conformance.Case, int) bool) (mean float64) {
	last := 0.0
	for i, c := range m.cases {
		for step := range c.Steps {
			if counts(c, step) {
				mean += m.upTo[i] - last
			}
		}
		last = m.upTo[i]
	}
	return mean / last / m.steps()
}

// arrivals are the times of an open model, since its begin: in the ramp the rate grows evenly.
type arrivals struct {
	each time.Duration // between two; 0 for the closed model
	ramp time.Duration
}

// at returns the time of the nth arrival, from 0.
func (a arrivals) at(n int64) time.Duration {
	inRamp := float64(a.ramp) / float64(a.each) / 2 // in the ramp half as many come as in the same time after it
	if float64(n) < inRamp {
		return time.Duration(float64(a.ramp) * math.Sqrt(float64(n)/inRamp))
	}
	return a.ramp + time.Duration((float64(n)-inRamp)*float64(a.each))
}
