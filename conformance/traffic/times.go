package traffic

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A timeForm is a way in which recorders write an instant.
type timeForm struct {
	layout string
	zone   bool // it says how far it is from UTC
}

func timeForms() []timeForm {
	return []timeForm{
		{time.RFC3339Nano, true}, // with any number of digits of a second, after a point or a comma
		{"2006-01-02T15:04:05Z0700", true},
		{"2006-01-02T15:04:05Z07", true},
		{"2006-01-02T15:04Z07:00", true},
		{"2006-01-02 15:04:05Z07:00", true},
		{"2006-01-02 15:04:05 Z07:00", true},
		{"2006-01-02 15:04:05 Z0700", true},
		{"Mon, 2 Jan 2006 15:04:05 GMT", true},
		{time.RFC1123Z, true},
		{"Mon Jan 2 2006 15:04:05 GMT-0700", true}, // of JavaScript
		{"2006-01-02T15:04:05", false},
		{"2006-01-02 15:04:05", false},
		{time.ANSIC, false},
	}
}

// instant returns the instant that a text means, in UTC where it names no zone, and whether it
// is known exactly. The zero time is none.
func instant(text string) (at time.Time, exact bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, false
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return within(at, true)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return epoch(n)
	}
	text, _, _ = strings.Cut(text, " (") // JavaScript ends in the name of the zone
	for _, f := range timeForms() {
		at, err := time.Parse(f.layout, strings.ToUpper(text[:min(1, len(text))])+text[min(1, len(text)):])
		if err != nil {
			at, err = time.Parse(f.layout, strings.ToUpper(text))
		}
		if err == nil {
			return within(at, f.zone)
		}
	}
	return time.Time{}, false
}

// epoch returns the instant so many milliseconds after the beginning of 1970, or seconds where
// the number is too small to be milliseconds of our age.
func epoch(n float64) (time.Time, bool) {
	const year5138 = 1e11 // as seconds; as milliseconds it is in 1973
	if math.IsNaN(n) || n <= 0 || n > 1e15 {
		return time.Time{}, false
	}
	const year2000 = 946_684_800e3 // which no HAR is older than
	if n < year5138 {
		n *= 1000
	}
	if n < year2000 {
		return time.Time{}, false
	}
	return within(time.UnixMicro(int64(n*1000)).UTC(), true)
}

// within returns an instant that can be written in a record, or none.
func within(at time.Time, exact bool) (time.Time, bool) {
	if utc := at.UTC().Year(); utc < 1 || utc > 9998 || at.IsZero() {
		return time.Time{}, false
	}
	return at, exact
}
