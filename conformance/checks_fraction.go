package conformance

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fractions are instants of new actions by the number of digits that their seconds have behind the
// point. Where the fraction is written as a number, the zeros at its beginning are lost, so that 50
// ms are .50: the shorter ones are then of another moment than the longest, and of the same one with
// these zeros.
type fractions map[int][]fraction

// A fraction is an instant of an action, and when this was asked for and answered by the clock here.
type fraction struct {
	mention
	text          string
	as, padded    time.Time // as it is written, and without its fraction
	digits        int64     // of the fraction, as a number
	start, answer time.Time
}

const (
	// enoughFractions is how many instants of a length are kept, and fewFractions how many have to
	// be of the longest, or have to lack their zeros.
	enoughFractions = 64
	fewFractions    = 3
	// tickSlack is how far an instant may lie outside of its exchange by clocks that tick coarsely.
	tickSlack = 100 * time.Millisecond
)

// add keeps an instant.
func (f fractions) add(m mention, text string, at time.Time, x *Judged) {
	_, behind, _ := strings.Cut(text, ".")
	if end := strings.IndexFunc(behind, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		behind = behind[:end]
	}
	digits, err := strconv.ParseInt(behind, 10, 64)
	if err != nil || len(behind) > 9 || len(f[len(behind)]) == enoughFractions {
		return
	}
	f[len(behind)] = append(f[len(behind)], fraction{m, strings.Clone(text), at, at.Truncate(time.Second), digits,
		x.Started, x.Started.Add(x.Elapsed)})
}

// unpadded returns an instant that lacks the zeros at the beginning of its fraction, where several
// do and none of the others contradicts it.
func (f fractions) unpadded(order func(a, b mention) int) (fraction, bool) {
	longest := 0
	for n := range f {
		longest = max(longest, n)
	}
	if len(f[longest]) < fewFractions {
		return fraction{}, false
	}
	// How far the server's clock is ahead of the one here, by the longest.
	least, most := time.Duration(-1<<63), time.Duration(1<<63-1)
	for _, n := range f[longest] {
		least, most = max(least, n.as.Sub(n.answer)), min(most, n.as.Sub(n.start))
	}
	if least > most+tickSlack {
		return fraction{}, false // there are several clocks
	}
	within := func(t time.Time, n fraction) bool {
		return t.Sub(n.answer) <= most+tickSlack && t.Sub(n.start) >= least-tickSlack
	}
	unit := time.Second
	for range longest {
		unit /= 10
	}
	var odd []fraction
	for length, all := range f {
		for _, n := range all {
			written, padded := within(n.as, n), within(n.padded.Add(time.Duration(n.digits)*unit), n)
			switch {
			case length == longest:
			case written && !padded:
				return fraction{}, false
			case padded && !written:
				odd = append(odd, n)
			}
		}
	}
	if len(odd) < fewFractions {
		return fraction{}, false
	}
	return slices.MinFunc(odd, func(a, b fraction) int {
		return cmp.Or(order(a.mention, b.mention), strings.Compare(a.text, b.text))
	}), true
}
