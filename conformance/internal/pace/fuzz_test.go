package pace

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, seed := range []string{"", "0", "7", " 7 ", "-1", "+1", "1.5", "1e9", "2147483647", "2147483648",
		"99999999999999999999", "Fri, 02 Jan 2026 03:04:14 GMT", "Friday, 02-Jan-26 03:04:14 GMT",
		"Fri Jan  2 03:04:14 2026", "Fri, 02 Jan 9999 03:04:14 GMT", "Fri, 31 Feb 2026 03:04:14 GMT", "soon", "7, 9",
		"０", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		pause, ok := RetryAfter(value, now)
		trimmed := strings.TrimSpace(value)
		digits := trimmed != "" && strings.Trim(trimmed, "0123456789") == ""
		switch {
		case pause < 0 || !ok && pause != 0:
			t.Fatalf("want no wait below zero, nor one that nobody asked for: %q gave %v, %v", value, pause, ok)
		case digits != ok && digits:
			t.Fatalf("want every number of seconds understood: %q", value)
		}
		clock := newFakeClock()
		p := clock.pacer(0, time.Hour)
		for attempt := 1; p.PutOff(answer429(value), attempt); attempt++ {
			require.NoError(t, p.Turn(t.Context()))
		}
		if waited := clock.now().Sub(now); waited > time.Hour || waited != p.Info().Waited ||
			p.Info().Retries >= MaxAttempts {
			t.Fatalf("want no more than what may be waited: %q gave %v, %+v", value, waited, p.Info())
		}
	})
}
