package credential

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// renewal is how long before its expiry a token is renewed; for a short lifetime it is a tenth
// of it.
const renewal = time.Minute

// Reuse returns a source that keeps a token until shortly before its expiry, and then asks for
// the next one once for all callers. A token without expiry is kept forever.
func Reuse(source Source, now func() time.Time) Source {
	return (&keeper{source: source, now: now}).token
}

type keeper struct {
	source Source
	now    func() time.Time
	mu     sync.Mutex
	kept   Token
	until  time.Time // zero for no end
	flight *flight
}

// A flight is one call of the source, on which several callers may wait.
type flight struct {
	done  chan struct{}
	token Token
	err   error
	left  bool // the caller was cancelled, which does not concern the others
}

func (k *keeper) token(ctx context.Context) (Token, error) {
	for {
		k.mu.Lock()
		if k.kept.Value != "" && (k.until.IsZero() || k.now().Before(k.until)) {
			defer k.mu.Unlock()
			return k.kept, nil
		}
		f := k.flight
		if f == nil {
			f = &flight{done: make(chan struct{})}
			k.flight = f
			k.mu.Unlock()
			return k.fetch(ctx, f)
		}
		k.mu.Unlock()
		select {
		case <-ctx.Done():
			return Token{}, fmt.Errorf("waiting for a token: %w; give it more time", context.Cause(ctx))
		case <-f.done:
			if !f.left {
				return f.token, f.err
			}
		}
	}
}

// fetch calls the source for all waiting callers.
func (k *keeper) fetch(ctx context.Context, f *flight) (Token, error) {
	f.token, f.err = k.source(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.err == nil {
		k.kept, k.until = f.token, k.renewal(f.token)
	}
	f.left = f.err != nil && ctx.Err() != nil
	k.flight = nil
	close(f.done)
	return f.token, f.err
}

func (k *keeper) renewal(t Token) time.Time {
	end := t.Ends()
	if end.IsZero() {
		return end
	}
	return end.Add(-min(renewal, max(end.Sub(k.now())/10, 0)))
}
