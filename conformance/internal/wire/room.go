package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// largeBody is the length from which an answer counts as long, and longAtOnce how
// many of these are in memory at once, from their reading to their judgement:
// there are servers that answer everything with megabytes.
const largeBody, longAtOnce = 64 << 10, 1

// room is where long answers are held.
type room struct {
	places chan struct{} // has an entry for each that is taken
	mu     sync.Mutex
	of     map[*record.Response]bool
}

func newRoom() *room {
	return &room{places: make(chan struct{}, longAtOnce), of: map[*record.Response]bool{}}
}

// hold waits until one more long answer may be read, and returns how long that took.
// [room.release] ends the hold.
func (l *room) hold(ctx context.Context, r *record.Response) (time.Duration, error) {
	l.mu.Lock()
	has := l.of[r]
	l.mu.Unlock()
	if has {
		return 0, nil
	}
	from := time.Now()
	select {
	case l.places <- struct{}{}:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.of[r] = true
		return time.Since(from), nil
	case <-ctx.Done():
		return time.Since(from), ctx.Err()
	}
}

// release lets the next long answer be read; what was not held, or is no answer,
// changes nothing.
func (l *room) release(r *record.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[r] {
		delete(l.of, r)
		<-l.places
	}
}

// receive reads a body into resp, up to what is judged, and passes over the rest up
// to what a body may have. extend is called with the time that the reading had to wait for
// other answers, which is no fault of the server; where it is nil, the reading waits for none.
func (d *Dialer) receive(ctx context.Context, body io.Reader, resp *record.Response, length int64,
	extend func(time.Duration)) (error, *record.WireError) {
	wait := func() error {
		if extend == nil {
			return nil
		}
		waited, err := d.long.hold(ctx, resp)
		extend(waited)
		return err
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		if err := wait(); err != nil { // it may unpack to a lot
			return err, nil
		}
	}
	var read bytes.Buffer
	if length > 0 {
		read.Grow(int(min(length, largeBody)) + bytes.MinRead) // which reading to the end asks for
	}
	_, err := io.CopyN(&read, body, largeBody)
	if err == nil {
		if err := wait(); err != nil {
			resp.Body = read.Bytes()
			return err, nil
		}
		if length > largeBody {
			read.Grow(int(min(length, coding.Limit)) - largeBody)
		}
		_, err = io.CopyN(&read, body, coding.Limit-largeBody)
	}
	resp.Body = read.Bytes()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return err, nil
	}
	more, err := io.CopyN(io.Discard, body, discardLimit)
	resp.Truncated = more > 0
	switch {
	case err == nil:
		return nil, &record.WireError{Kind: record.Endless, Msg: fmt.Sprintf("the body goes on beyond %d MiB",
			(coding.Limit+discardLimit)>>20)}
	case errors.Is(err, io.EOF) && more > 0:
		return nil, &record.WireError{Kind: record.TooLong,
			Msg: fmt.Sprintf("the body is %d bytes long; at most %d are judged", coding.Limit+more, coding.Limit)}
	case errors.Is(err, io.EOF):
		return nil, nil
	}
	return err, nil
}
