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

// paceFlags are the settings of the rate of requests and of waiting for the target.
type paceFlags struct {
	rate        rateFlag
	retry, wait time.Duration
}

// defaultRetry is how long a run waits in total when the target asks for a later retry.
const defaultRetry = time.Minute

func (f *paceFlags) flags(set *flag.FlagSet) {
	set.Var(&f.rate, "rate", "send at most `N/UNIT` requests: 5/s, 100/m or 1500/h")
	set.DurationVar(&f.retry, "retry", defaultRetry, "if the target answers 429, 502, 503 or 504, wait and send "+
		"again, for at most this `TIME` in total; with 0, requests that got one of the last three are sent once more "+
		"at the end")
	set.DurationVar(&f.wait, "wait", 0, "wait up to this `TIME` until the target answers with any status but 502, "+
		"503 and 504; by default do not wait")
}

func (f *paceFlags) validate() error {
	if f.retry < 0 {
		return fmt.Errorf("-retry %v: must not be negative; give 0 or more", f.retry)
	}
	if f.wait < 0 {
		return fmt.Errorf("-wait %v: must not be negative; give 0 or more", f.wait)
	}
	return nil
}

// A rateFlag is a flag of the form "100/m".
type rateFlag struct{ conformance.Rate }

// units returns the units of a rate by name.
func units() map[string]time.Duration {
	return map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
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
