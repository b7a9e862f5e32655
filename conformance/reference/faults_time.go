package reference

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// times are the members that are times.
var times = []string{"creationDateTimeUtc", "lastUpdateDateTimeUtc"}

// timeFaults spoil the form or the order of the two times. A form is spoilt in
// both, and a few in the last update alone.
func timeFaults() []Fault {
	rows := []struct {
		name, says string
		form       func(time.Time) any
	}{
		{"forgets-zone", "leaves the Z out of times", layout("2006-01-02T15:04:05.0000000")},
		{"offsets-times", "gives times with an offset",
			func(t time.Time) any { return t.Add(2*time.Hour).Format("2006-01-02T15:04:05.0000000") + "+02:00" }},
		{"names-zone", "gives times that end in UTC", suffix("UTC")},
		{"blanks-for-t", "writes a blank for the T of times", layout("2006-01-02 15:04:05.0000000Z")},
		{"forgets-t", "writes date and time without anything between",
			func(t time.Time) any { return strings.Replace(t.Format(timeLayout), "T", "", 1) }},
		{"forgets-fraction-digits", "writes the point of a fraction and no digit",
			func(t time.Time) any { return t.Format("2006-01-02T15:04:05") + ".Z" }},
		{"commas-fraction", "writes a comma before the fraction",
			func(t time.Time) any { return strings.Replace(t.Format(timeLayout), ".", ",", 1) }},
		{"answers-date-only", "gives a date for a time", layout("2006-01-02")},
		{"answers-time-only", "gives a time without a date", layout("15:04:05.0000000Z")},
		{"forgets-seconds", "leaves the seconds out of times", layout("2006-01-02T15:04Z")},
		{"compacts-times", "writes times without hyphens and colons", layout("20060102T150405Z")},
		{"answers-two-digit-year", "gives years in two digits", layout("06-01-02T15:04:05.0000000Z")},
		{"forgets-padding", "writes months and days without a leading zero", fixed("2020-3-4T13:13:26.2106524Z")},
		{"slashes-dates", "writes dates with slashes", layout("2006/01/02T15:04:05.0000000Z")},
		{"answers-american-times", "gives times as in the USA", layout("1/2/2006 3:04:05 PM")},
		{"answers-rfc-1123", "gives times as in HTTP fields", layout(http.TimeFormat)},
		{"answers-unix-date", "gives times as the date command prints them", layout(time.UnixDate)},
		{"answers-week-date", "gives dates by the week", fixed("2017-W49-1T13:13:26Z")},
		{"answers-day-of-year", "gives dates by the day of the year", fixed("2017-338T13:13:26Z")},
		{"answers-epoch-seconds", "gives times as seconds in a string",
			func(t time.Time) any { return fmt.Sprint(t.Unix()) }},
		{"answers-epoch-milliseconds", "gives times as milliseconds in a string",
			func(t time.Time) any { return fmt.Sprint(t.UnixMilli()) }},
		{"answers-dotnet-ticks", "gives times as .NET ticks in a string",
			func(t time.Time) any { return fmt.Sprint(t.Unix()*1e7 + 621355968000000000) }},
		{"answers-ajax-date", "gives times as the first ASP.NET did",
			func(t time.Time) any { return fmt.Sprintf("/Date(%d)/", t.UnixMilli()) }},
		{"answers-thirtieth-of-february", "gives a day that no year has", fixed("2020-02-30T13:13:26.2106524Z")},
		{"answers-leap-day", "gives 29 February of a year that has none", fixed("2019-02-29T13:13:26.2106524Z")},
		{"answers-thirty-first-of-april", "gives 31 April", fixed("2020-04-31T13:13:26.2106524Z")},
		{"answers-month-thirteen", "gives the month 13", fixed("2020-13-01T13:13:26.2106524Z")},
		{"answers-month-zero", "gives the month 0", fixed("2020-00-10T13:13:26.2106524Z")},
		{"answers-day-zero", "gives the day 0", fixed("2020-10-00T13:13:26.2106524Z")},
		{"answers-hour-twenty-four", "gives the hour 24", fixed("2020-10-10T24:00:00Z")},
		{"answers-minute-sixty", "gives the minute 60", fixed("2020-10-10T13:60:00Z")},
		{"answers-second-sixty-one", "gives the second 61", fixed("2020-10-10T13:13:61Z")},
		{"blanks-before-times", "writes a blank before times", layout(" " + timeLayout)},
		{"breaks-after-times", "writes a line break behind times", layout(timeLayout + "\n")},
		{"empties-times", "gives empty times", fixed("")},
		{"answers-now", "gives the word now for times", fixed("now")},
		{"answers-null-in-string", "gives the word null for times", fixed("null")},
	}
	form := ids("time.format")
	var faults []Fault
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: form, Wrap: reform(row.form, times...)})
	}
	for _, row := range []struct {
		name, says string
		form       func(time.Time) any
	}{
		{"offsets-times-by-nothing", "gives times with the offset +00:00", suffix("+00:00")},
		{"offsets-times-by-less-than-nothing", "gives times with the offset -00:00", suffix("-00:00")},
		{"answers-eight-digits", "gives times with eight digits of a second", layout("2006-01-02T15:04:05.00000000Z")},
		{"answers-nine-digits", "gives times with nine digits of a second", layout("2006-01-02T15:04:05.000000000Z")},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("time.utc-z"),
			Wrap: reform(row.form, times...)})
	}
	mistyped, order := ids("action.types", "time.format"), ids("time.order")
	faults = append(faults,
		Fault{Name: "numbers-times", Says: "gives times as numbers of seconds", Breaks: mistyped,
			Wrap: reform(func(t time.Time) any { return t.Unix() }, times...)},
		Fault{Name: "splits-times", Says: "gives times as objects of their parts", Breaks: mistyped,
			Wrap: reform(func(t time.Time) any { return Object{{"year", t.Year()}, {"second", t.Second()}} },
				times...)},
		Fault{Name: "forgets-zone-of-last-update", Says: "leaves the Z out of the last update alone", Breaks: form,
			Wrap: reform(layout("2006-01-02T15:04:05.0000000"), times[1])},
		Fault{Name: "answers-last-update-date-only", Says: "gives a date for the last update alone", Breaks: form,
			Wrap: reform(layout("2006-01-02"), times[1])},
		Fault{Name: "empties-last-update", Says: "gives an empty last update", Breaks: form,
			Wrap: reform(fixed(""), times[1])},
		Fault{Name: "answers-nine-digits-for-last-update", Says: "gives the last update alone with nine digits of " +
			"a second", Breaks: ids("time.utc-z"), Wrap: reform(layout("2006-01-02T15:04:05.000000000Z"), times[1])},
		Fault{Name: "offsets-times-to-sample", Says: "gives times with the offset +00:00 for requestSample alone",
			Breaks: ids("time.utc-z"), Wrap: onlyFor("requestSample", reform(suffix("+00:00"), times...))},
		Fault{Name: "updates-a-tick-early", Says: "gives a last update 100 ns before the creation", Breaks: order,
			Wrap: reform(ago(100*time.Nanosecond), times[1])},
		Fault{Name: "updates-a-second-early", Says: "gives a last update a second before the creation", Breaks: order,
			Wrap: reform(ago(time.Second), times[1])},
		Fault{Name: "updates-a-year-early", Says: "gives a last update a year before the creation", Breaks: order,
			Wrap: reform(ago(365*24*time.Hour), times[1])},
		Fault{Name: "never-updates", Says: "gives the year 1 for an update that has not been", Breaks: order,
			Wrap: reform(fixed("0001-01-01T00:00:00Z"), times[1])},
		Fault{Name: "answers-epoch", Says: "gives the start of 1970 for both times", Breaks: order,
			Wrap: reform(fixed("1970-01-01T00:00:00Z"), times...)},
		Fault{Name: "answers-zero-time", Says: "gives the year 1 for both times", Breaks: order,
			Wrap: reform(fixed("0001-01-01T00:00:00Z"), times...)},
		Fault{Name: "answers-file-time-epoch", Says: "gives the year 1601 for both times", Breaks: order,
			Wrap: reform(fixed("1601-01-01T00:00:00Z"), times...)},
		Fault{Name: "answers-year-before-product", Says: "gives times before the product was", Breaks: order,
			Wrap: reform(fixed("2015-12-31T23:59:59.9999999Z"), times...)},
		Fault{Name: "answers-far-future", Says: "gives the year 2999 for both times", Breaks: order,
			Wrap: reform(fixed("2999-01-01T00:00:00Z"), times...)},
		Fault{Name: "answers-last-moment", Says: "gives the last moment of the year 9999 for the last update",
			Breaks: order, Wrap: reform(fixed("9999-12-31T23:59:59.9999999Z"), times[1])},
	)
	return faults
}

// reform writes the time of the named members in another form.
func reform(form func(time.Time) any, names ...string) wrap {
	var changes []func(Object) Object
	for _, name := range names {
		changes = append(changes, alter(name, func(v any) any {
			s, _ := v.(string)
			t, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				return v
			}
			return form(t)
		}))
	}
	return onAction(changes...)
}

func layout(l string) func(time.Time) any { return func(t time.Time) any { return t.Format(l) } }

func fixed(s string) func(time.Time) any { return func(time.Time) any { return s } }

func ago(d time.Duration) func(time.Time) any {
	return func(t time.Time) any { return t.Add(-d).Format(timeLayout) }
}

func suffix(zone string) func(time.Time) any {
	return func(t time.Time) any { return t.Format("2006-01-02T15:04:05.0000000") + zone }
}
