package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance"
)

// paceFlags say how fast a target is asked, and how long it is waited for.
type paceFlags struct {
	rate        rateFlag
	retry, wait time.Duration
}

// defaultRetry is how long a run waits in all where the target asks to come back
// later.
const defaultRetry = time.Minute

func (f *paceFlags) flags(set *flag.FlagSet) {
	set.Var(&f.rate, "rate", "send at most so many requests, as `N/UNIT`: 5/s, 100/m or 1500/h")
	set.DurationVar(&f.retry, "retry", defaultRetry, "wait at most this `TIME` in all where the target answers 429, 502, 503 or 504, and send again; 0 to send what got one of the last three once more at the end, and no more")
	set.DurationVar(&f.wait, "wait", 0, "wait up to this `TIME` until the target answers at all, by any status but 502, 503 and 504")
}

func (f *paceFlags) sound() error {
	if f.retry < 0 {
		return fmt.Errorf("-retry %v: a time is not negative; give 0 or more", f.retry)
	}
	if f.wait < 0 {
		return fmt.Errorf("-wait %v: a time is not negative; give 0 or more", f.wait)
	}
	return nil
}

// A rateFlag is a flag of the form "100/m".
type rateFlag struct{ conformance.Rate }

// units returns the times of a rate by name.
func units() map[string]time.Duration {
	return map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
}

func (r *rateFlag) String() string {
	for name, per := range units() {
		if r.N > 0 && r.Per == per {
			return fmt.Sprintf("%d/%s", r.N, name)
		}
	}
	return ""
}

func (r *rateFlag) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	per, known := units()[unit]
	if err != nil || !known || n < 1 || n > 1_000_000 {
		return errors.New("want a number from 1 to 1000000, a slash, and s, m or h, such as 100/m")
	}
	r.Rate = conformance.Rate{N: n, Per: per}
	return nil
}
