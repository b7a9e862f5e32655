package reference

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dateFaults write Date in another form than the one that HTTP has, or not at all.
func dateFaults() []Fault {
	written := func(write func(time.Time) []string) wrap {
		return rewrite(func(a *answer, _ *asked) { a.header["Date"] = write(time.Now().UTC()) })
	}
	as := func(layout string) wrap {
		return written(func(now time.Time) []string { return []string{now.Format(layout)} })
	}
	var faults []Fault
	for _, row := range []struct {
		name, says string
		wrap       wrap
	}{
		{"dates-as-rfc850", "writes Date in the obsolete form of RFC 850", as("Monday, 02-Jan-06 15:04:05 GMT")},
		{"dates-as-asctime", "writes Date in the obsolete form of asctime", as(time.ANSIC)},
		{"dates-as-iso", "writes Date in the form of ISO 8601", as(time.RFC3339)},
		{"dates-as-epoch", "writes Date as seconds since 1970",
			written(func(now time.Time) []string { return []string{strconv.FormatInt(now.Unix(), 10)} })},
		{"dates-with-offset", "writes Date with +0000 in place of GMT", as("Mon, 02 Jan 2006 15:04:05 +0000")},
		{"dates-as-utc", "writes Date with UTC in place of GMT", as("Mon, 02 Jan 2006 15:04:05 UTC")},
		{"dates-in-local-time", "writes Date in the time of its own zone", as("Mon, 02 Jan 2006 15:04:05 CET")},
		{"dates-with-one-digit", "writes the first hours of a day in Date with one digit",
			written(func(now time.Time) []string {
				return []string{strings.Replace(now.Format(http.TimeFormat), now.Format(" 15:"), " 7:", 1)}
			})},
		{"dates-in-small-letters", "writes the names in Date in small letters", written(func(now time.Time) []string {
			return []string{strings.Replace(strings.ToLower(now.Format(http.TimeFormat)), "gmt", "GMT", 1)}
		})},
		{"dates-wrong-weekday", "names in Date the day of the week before the right one",
			written(func(now time.Time) []string {
				return []string{now.AddDate(0, 0, -1).Format("Mon, ") + now.Format("02 Jan 2006 15:04:05 GMT")}
			})},
		{"dates-impossible-day", "gives in Date a day that no month has", as("Mon, 32 Jan 2006 15:04:05 GMT")},
		{"dates-nothing", "sends an empty Date", written(func(time.Time) []string { return []string{""} })},
		{"dates-twice", "sends two Date fields", written(func(now time.Time) []string {
			text := now.Format(http.TimeFormat)
			return []string{text, text}
		})},
		{"dates-refusals-as-iso", "writes Date in the form of ISO 8601 in refusals alone",
			onRefused(func(a *answer, _ *asked) {
				a.header.Set("Date", time.Now().UTC().Format(time.RFC3339))
			})},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("http.date"), Wrap: row.wrap})
	}
	without := func(a *answer, _ *asked) { a.header["Date"] = nil } // so that none is added
	sent, byClock := ids("http.date-sent"), ids("http.date-by-clock")
	return append(faults,
		Fault{Name: "sends-no-date", Says: "sends no Date", Breaks: sent, Wrap: rewrite(without)},
		Fault{Name: "sends-no-date-with-actions", Says: "sends no Date with a 201", Breaks: byClock,
			Wrap: onAccepted(without)},
		Fault{Name: "sends-no-date-with-refusals", Says: "sends no Date with a refusal", Breaks: byClock,
			Wrap: onRefused(without)},
	)
}
