package main

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// ticks is a clock of a drawing that goes on tick by tick.
type ticks chan struct{}

func (c ticks) pause(ctx context.Context, _ time.Duration) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestTheStatusLineIsDrawnByTime(t *testing.T) {
	var out bytes.Buffer
	line, clock := &statusLine{to: &out}, ticks(make(chan struct{}))
	texts := []string{"1/9 cases; waiting 10s for one", "", "1/9 cases", "1/9 cases"}
	stop := line.redraw(t.Context(), clock.pause, func() string {
		text := texts[0]
		texts = texts[1:]
		return text
	})
	for range 4 {
		clock <- struct{}{}
	}
	stop()
	line.draw("too late")
	require.Empty(t, texts)
	require.Equal(t, "\r1/9 cases; waiting 10s for one"+"\r1/9 cases"+strings.Repeat(" ", 21)+"\r"+
		strings.Repeat(" ", 9)+"\r", out.String())
}

// A run on a terminal shows the case that it waits for before any case has ended.
func TestARunShowsWhatItWaitsFor(t *testing.T) {
	clock := ticks(make(chan struct{}))
	c := newCounter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clock <- struct{}{} // one drawing
		clock <- struct{}{} // and so the first one was written
		honest().ServeHTTP(w, r)
	}))
	defer c.Close()
	var stdout, stderr bytes.Buffer
	e := &env{[]string{"run"}, strings.NewReader(""), &stdout, &stderr, []string{tokenVariable + "=" + testToken},
		func(of any) (int, bool) { return 60, of == &stderr }}
	f := &runFlags{layout: newLayout(), pause: clock.pause}
	set := flag.NewFlagSet("run", flag.ContinueOnError)
	do := f.define(set)
	_, err := parse(set, []string{"-url", c.URL, "-run", "^requestSample/valid/accepts-plain-request$", "-generate",
		"none"})
	require.NoError(t, err)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.options.Now = func() time.Time { at = at.Add(5 * time.Second); return at }
	require.NoError(t, do(t.Context(), e, nil))
	require.Regexp(t, `\r0/1 cases; requirements broken:  0; waiting \d+s for req\S*…`, stderr.String())
	for line := range strings.SplitSeq(stderr.String(), "\r") {
		if strings.Contains(line, "cases; ") {
			require.LessOrEqual(t, len([]rune(line)), 59)
		}
	}
	require.Regexp(t, `\r +\r`, stderr.String())
}

func TestARunShowsThatItWaitsForItsTarget(t *testing.T) {
	clock := ticks(make(chan struct{}))
	asked := 0
	c := newCounter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if asked++; asked == 1 {
				clock <- struct{}{}
				clock <- struct{}{}
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer c.Close()
	var stderr bytes.Buffer
	e := &env{terminal: func(any) (int, bool) { return 80, true }, stderr: &stderr}
	f := &runFlags{layout: newLayout(), pause: clock.pause}
	f.pace.wait = time.Minute
	require.NoError(t, f.await(t.Context(), e, conformance.Target{URL: c.URL, Token: testToken, Machine: testMachine}))
	require.Contains(t, stderr.String(), "\rwaiting for "+c.URL+", ")
	require.Contains(t, stderr.String(), " of 1m0s")
}
