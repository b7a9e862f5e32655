package term

import (
	"fmt"
	"time"
)

// Duration returns a time with three digits at most: "1.23ms".
func Duration(d time.Duration) string {
	unit := time.Nanosecond
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}

// Number returns a number with three digits, or with all before its point from 100 on.
func Number(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.3g", f)
}
