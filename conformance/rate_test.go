package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARateIsATimeBetweenTwoRequests(t *testing.T) {
	for _, row := range []struct {
		rate Rate
		want time.Duration
	}{
		{Rate{1, time.Second}, time.Second},
		{Rate{10, time.Second}, 100 * time.Millisecond},
		{Rate{45, time.Minute}, time.Minute / 45},
		{Rate{100, time.Minute}, 600 * time.Millisecond},
		{Rate{1500, time.Hour}, 2400 * time.Millisecond},
		{Rate{}, 0},
		{Rate{-1, time.Second}, 0},
		{Rate{5, 0}, 0},
	} {
		t.Run(fmt.Sprint(row.rate), func(t *testing.T) { require.Equal(t, row.want, row.rate.interval()) })
	}
}
