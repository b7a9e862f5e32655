package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/report"
)

// drawPause is the time between two drawings of the progress line.
const drawPause = 200 * time.Millisecond

// A statusLine is a line of a terminal that is written over.
type statusLine struct {
	to      io.Writer
	columns int // that it may have; 0 if not known

	mu    sync.Mutex
	shown string
	ended bool
}

// newStatusLine returns the line of stderr, or nil if that is no terminal or quiet.
func (l *layout) newStatusLine(e *env) *statusLine {
	width, is := e.terminal(e.stderr)
	if !is || l.quiet {
		return nil
	}
	return &statusLine{to: e.stderr, columns: max(width-1, 0)} // a full line moves the cursor to the next
}

// draw writes a text over the one before.
func (s *statusLine) draw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || text == s.shown {
		return
	}
	fmt.Fprintf(s.to, "\r%-*s", len([]rune(s.shown)), text)
	s.shown = text
}

// clear erases the line. Nothing is drawn after it.
func (s *statusLine) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.shown != "" {
		fmt.Fprintf(s.to, "\r%*s\r", len([]rune(s.shown)), "")
		s.shown = ""
	}
}

// redraw draws what text returns now and then, until it is stopped, which erases the line. An
// empty text leaves the line as it is.
func (s *statusLine) redraw(ctx context.Context, pause func(context.Context, time.Duration) error,
	text func() string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var drawing sync.WaitGroup
	drawing.Go(func() {
		for pause(ctx, drawPause) == nil {
			if line := text(); line != "" {
				s.draw(line)
			}
		}
	})
	return func() {
		cancel()
		drawing.Wait()
		s.clear()
	}
}

// progress shows the progress of the run on a terminal, and what is waited for; clear erases it.
func (f *runFlags) progress(ctx context.Context, e *env) (clear func()) {
	line := f.newStatusLine(e)
	if line == nil {
		return func() {}
	}
	var mu sync.Mutex
	var status func() conformance.Status
	f.options.Observe = func(of func() conformance.Status) {
		mu.Lock()
		defer mu.Unlock()
		status = of
	}
	now := func() string {
		mu.Lock()
		defer mu.Unlock()
		if status == nil {
			return ""
		}
		s := status()
		if s.Done == s.Total { // what follows shows its own progress
			return ""
		}
		return report.Progress(s).Line(line.columns)
	}
	f.options.Progress = func(done, total, failed, broken int) {
		line.draw(report.Progress{Done: done, Total: total, Failed: failed, Broken: broken}.Line(line.columns))
	}
	return line.redraw(ctx, f.pause, now)
}

// await waits for the target, and shows that on a terminal.
func (f *runFlags) await(ctx context.Context, e *env, target conformance.Target) error {
	if line := f.newStatusLine(e); line != nil {
		started := time.Now()
		defer line.redraw(ctx, f.pause, func() string {
			return report.AwaitLine(target.URL, time.Since(started), f.pace.wait, line.columns)
		})()
	}
	return conformance.Await(ctx, target, f.options, f.pace.wait)
}
