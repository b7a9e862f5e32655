package conformance

import (
	"context"
	"fmt"
	"time"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/internal/wire"
)

// The pauses between two looks whether a target is ready: the first, and the longest.
const firstLook, longestLook = 50 * time.Millisecond, time.Second

// Await returns as soon as the target answers by HTTP with another status than
// 502, 503 or 504, or says after the given time at most why it did not. It asks by GET
// for the path of the target's URL, without credentials.
func Await(ctx context.Context, target Target, options Options, within time.Duration) error {
	o := options.prepared()
	target, err := target.prepared(ctx)
	if err != nil || target.Handler != nil {
		return err
	}
	ask, err := target.greeting()
	if err != nil {
		return usage("target: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	d, stop, err := wire.NewDialer(wire.Config{
		Endpoint: target.endpoint(), Timeout: min(o.Timeout, within), Secrets: newSecrets(target, nil),
		Gate: guard.New(guard.Config{Target: target.guarded(), Secrets: newSecrets(target, nil)}),
	})
	if err != nil {
		return usage("target %s: %v", target.URL, err)
	}
	defer stop()
	until := o.Now().Add(within)
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		p := d.NewPool()
		answer, werr := p.Send(ctx, ask)
		p.Close()
		last := ""
		switch {
		case werr != nil:
			last = werr.Msg
		case pace.Unavailable(answer.Status):
			last = fmt.Sprintf("it answers %d", answer.Status)
		default:
			return nil
		}
		if ctx.Err() != nil || !o.Now().Add(pause).Before(until) {
			return fmt.Errorf("%s was not ready within %v: %s", target.URL, within, last)
		}
		if err := o.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("%s was not ready when the wait was stopped: %s", target.URL, last)
		}
	}
}
