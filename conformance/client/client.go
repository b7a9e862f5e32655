// Package client is a small client of both operations that does what a client owes, and
// named faulty ones: what the reference server and its faults are for a server. It knows the
// documents alone, and nothing of the judge.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/internal/pace"
)

// A Setting is what a client knows of its server. The zero value of HTTP, Now and Sleep
// stands for the default client and the clock of the machine.
type Setting struct {
	URL          string // of the server, without a slash at its end
	Token        string // of a user who may act
	Unprivileged string // of a user who may not
	Expired      string // a token that the server does not know any more
	Machine      string // that the server knows
	Unknown      string // a machine that the server does not know
	HTTP         *http.Client
	Now          func() time.Time
	Sleep        func(context.Context, time.Duration) error
}

// A caller calls the operations of a server. Its functions are those of the honest client,
// which a faulty one replaces.
type caller struct {
	Setting
	fresh string                                        // the token that a renewal obtains
	body  func(action) []byte                           // of a request
	edit  func(*http.Request)                           // changes a request before it is sent
	pause func(*http.Response, time.Time) time.Duration // before a request that was turned away is repeated
	renew func(*caller) bool                            // obtains another token after a 401; false for none
	again func(a action) (action, bool)                 // what is sent after an answer that was lost; false for nothing
	until time.Time                                     // nothing is sent before
	times int                                           // how often a refused request is sent in all
}

// An action is what a client asks for.
type action struct{ Operation, Machine, Comment, Sha1 string }

// The operations, and two files.
const (
	stop, sample = "stopAndQuarantineFile", "requestSample"
	oneFile      = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	otherFile    = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
)

// honest returns the honest client.
func honest(s Setting) *caller {
	if s.HTTP == nil {
		s.HTTP = http.DefaultClient
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Sleep == nil {
		s.Sleep = pace.Sleep
	}
	return &caller{Setting: s, fresh: s.Token, body: asJSON, edit: func(*http.Request) {}, pause: retryAfter,
		renew: func(*caller) bool { return false },
		again: func(a action) (action, bool) { return a, false }, times: 1}
}

func asJSON(a action) []byte {
	text, _ := json.Marshal(map[string]string{"Comment": a.Comment, "Sha1": a.Sha1})
	return text
}

// retryAfter returns how long an answer asks to wait (RFC 9110 10.2.3), a second where it
// does not say.
func retryAfter(r *http.Response, now time.Time) time.Duration {
	value := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now)
	}
	return time.Second
}

// mostPauses is how often a request is repeated that was turned away.
const mostPauses = 3

// do asks for an action, and returns the status of the last answer. A refusal is no error.
func (c *caller) do(ctx context.Context, a action) (int, error) {
	pauses, sent := 0, 0
	for {
		if wait := c.until.Sub(c.Now()); wait > 0 {
			if err := c.Sleep(ctx, wait); err != nil {
				return 0, err
			}
		}
		answer, err := c.send(ctx, a)
		sent++
		if err != nil {
			next, is := c.again(a)
			if !is || sent > 1 {
				return 0, err
			}
			a = next
			continue
		}
		status := answer.StatusCode
		away := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
		if away {
			now := c.Now()
			c.until = now.Add(c.pause(answer, now))
		}
		switch {
		case away && pauses < mostPauses:
			pauses++
		case status == http.StatusUnauthorized && c.renew(c):
		case status/100 == 4 && sent < c.times:
		default:
			return status, nil
		}
	}
}

// send sends one request and reads its answer.
func (c *caller) send(ctx context.Context, a action) (*http.Response, error) {
	url := fmt.Sprintf("%s/testwdatppreview/machines/%s/%s", c.URL, a.Machine, a.Operation)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.body(a)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	c.edit(r)
	answer, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, err
}

// all asks for both actions on two files, as a test of a client does. Errors of single calls
// are what the client reports to its user.
func (c *caller) all(ctx context.Context) {
	for _, file := range []string{oneFile, otherFile} {
		for _, operation := range []string{sample, stop} {
			_, _ = c.do(ctx, action{operation, c.Machine, "alert 32123", file})
		}
	}
}

// A Client is one that does what a client owes in one way, or that does not.
type Client struct {
	Name    string   // a slug
	Says    string   // what the client does, for a sentence with the subject "it"
	Breaks  []string // the requirements that it breaks; none for an honest one
	Trouble string   // of the server, under which it shows; "" for none
	Variant string   // of the server that it calls; "" for the plain one
	Dates   bool     // the server's Retry-After is a date
	Run     func(context.Context, Setting)
}

// with returns what a client does that differs from the honest one in some of its functions.
func with(change func(*caller)) func(context.Context, Setting) {
	return func(ctx context.Context, s Setting) {
		c := honest(s)
		change(c)
		c.all(ctx)
	}
}

// edits returns what a client does that changes each request before it is sent.
func edits(edit func(*http.Request)) func(context.Context, Setting) {
	return with(func(c *caller) { c.edit = edit })
}

// writes returns what a client does that writes its bodies in this way.
func writes(body func(action) []byte) func(context.Context, Setting) {
	return with(func(c *caller) { c.body = body })
}

// text returns a body with the values of an action in the place of COMMENT and SHA1.
func text(form string) func(action) []byte {
	return func(a action) []byte {
		return []byte(strings.NewReplacer("COMMENT", a.Comment, "SHA1", a.Sha1).Replace(form))
	}
}

// sets returns an edit that sets a header field.
func sets(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[name] = values }
}
