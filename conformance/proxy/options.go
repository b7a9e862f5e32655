package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// The defaults of [Options].
const (
	DefaultBodyLimit = 1 << 20
	DefaultQueue     = 1024
	DefaultMemory    = 64 << 20
	DefaultHold      = 10 * time.Second
	DefaultGrace     = 5 * time.Second
)

// A Judge judges exchanges. [conformance.Watch] is one.
type Judge interface {
	Note(record.Exchange) conformance.Verdict
	Report() *record.Report
}

// Options set what a proxy does. Zero values stand for the defaults.
type Options struct {
	Upstream  *url.URL           // scheme, host, and a path that is put before the client's
	Transport http.RoundTripper  // sends requests to the upstream; [NewTransport] returns one
	Suite     *conformance.Suite // the operations, and what [Options.Enforce] judges requests by
	Judge     Judge
	// called with each verdict, in the order of judging, by one goroutine, which judges nothing
	// before the call returns
	Each func(conformance.Verdict)

	// called where the upstream gives no answer, with the reason and its remedy in words; by many goroutines
	NoAnswer func(text string)

	// refuse violating requests with 400, and replace violating answers by 502
	Enforce bool
	Strict  bool // inferred requirements are enforced too

	PreserveHost bool // send the client's Host to the upstream, in place of the upstream's
	Via          bool // add Via to requests and answers (RFC 9110 7.6.3)
	Forwarded    bool // add X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto to requests

	BodyLimit int64         // the most that is copied of one body
	Queue     int           // the most exchanges that wait for the judge
	Memory    int64         // the most bytes of all copies
	Hold      time.Duration // the longest that Enforce delays a request or an answer
	Grace     time.Duration // the longest that the end of Serve waits for active exchanges, and then for the judge

	Now   func() time.Time                                          // nil for the clock
	After func(time.Duration) <-chan time.Time                      // nil for time.After
	Until func(time.Duration) (context.Context, context.CancelFunc) // limits Grace; nil for the clock
}

// complete checks the options and sets the defaults.
func (o *Options) complete() error {
	u := o.Upstream
	switch {
	case u == nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("proxy: no upstream; give a URL with http:// or https:// and a host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("proxy: upstream %s: only scheme, host and path are used; remove the rest", u.Redacted())
	case o.Transport == nil:
		return errors.New("proxy: no transport; NewTransport returns one")
	case o.Suite == nil || o.Judge == nil:
		return errors.New("proxy: no suite or no judge; set Suite and Judge")
	case o.BodyLimit < 0 || o.Queue < 0 || o.Memory < 0 || o.Hold < 0 || o.Grace < 0:
		return errors.New("proxy: a limit is negative; give 0 for the default, or more")
	}
	setDefault(&o.BodyLimit, DefaultBodyLimit)
	setDefault(&o.Queue, DefaultQueue)
	setDefault(&o.Memory, DefaultMemory)
	setDefault(&o.Hold, DefaultHold)
	setDefault(&o.Grace, DefaultGrace)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Until == nil {
		o.Until = func(d time.Duration) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), d)
		}
	}
	if o.Each == nil {
		o.Each = func(conformance.Verdict) {}
	}
	if o.NoAnswer == nil {
		o.NoAnswer = func(string) {}
	}
	return nil
}

func setDefault[T comparable](value *T, other T) {
	var zero T
	if *value == zero {
		*value = other
	}
}

// prefix returns what stands before the path of each request to the upstream.
func (o *Options) prefix() string { return strings.TrimRight(o.Upstream.EscapedPath(), "/") }
