package reference

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// echoFaults give the Comment back, but spoil that of some requests.
func echoFaults() (faults []Fault) {
	for _, row := range []struct {
		name, says, phase string
		spoil             func(string) string
	}{
		{"escapes-markup-in-comment", "gives the comment back with < and & escaped, as for a page", "",
			html.EscapeString},
		{"unescapes-markup-in-comment", "decodes character references in the comment", Coverage, html.UnescapeString},
		{"decodes-percent-in-comment", "decodes the comment as a part of a URL", Coverage, func(s string) string {
			if text, err := url.QueryUnescape(s); err == nil {
				return text
			}
			return s
		}},
		{"cuts-comment", "gives the first 255 bytes of the comment back", "", func(s string) string {
			return strings.ToValidUTF8(upTo(s, 255), "")
		}},
		{"shortens-comment", "puts three points in the place of what is behind the 1,000th character of the comment",
			"", func(s string) string {
				if utf8.RuneCountInString(s) > 1000 {
					return string([]rune(s)[:1000]) + "..."
				}
				return s
			}},
		{"mistakes-charset-of-comment", "reads the UTF-8 of the comment as Latin-1", "", func(s string) string {
			text := make([]rune, len(s))
			for i := range len(s) {
				text[i] = rune(s[i])
			}
			return string(text)
		}},
		{"questions-letters-of-comment", "gives the comment back with question marks for what Latin-1 has not", "",
			eachRune(func(r rune) rune {
				if r > 0xff {
					return '?'
				}
				return r
			})},
		{"loses-emoji-of-comment", "leaves what UTF-16 needs two units for out of the comment", "",
			eachRune(func(r rune) rune {
				if r > 0xffff {
					return -1
				}
				return r
			})},
		{"doubles-backslashes-of-comment", "escapes the backslashes of the comment twice", "", func(s string) string {
			return strings.ReplaceAll(s, `\`, `\\`)
		}},
		{"joins-blanks-of-comment", "gives one blank for several within the comment", Coverage, func(s string) string {
			return strings.Join(strings.Fields(s), " ")
		}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Phase: row.phase,
			Breaks: ids("action.comment-intact"), Wrap: onAction(alterText("requestorComment", row.spoil))})
	}
	return faults
}

func eachRune(change func(rune) rune) func(string) string {
	return func(s string) string { return strings.Map(change, s) }
}

// momentFaults give actions other times than those at which they are asked for.
func momentFaults() (faults []Fault) {
	shift := func(by time.Duration) func(time.Time) any {
		return func(t time.Time) any { return t.Add(by).Format(timeLayout) }
	}
	for _, row := range []struct {
		name, says string
		times      []string
		form       func(time.Time) any
	}{
		{"answers-local-times", "gives the times of a zone five hours behind as if they were UTC", times,
			shift(-5 * time.Hour)},
		{"answers-summer-times", "gives the times of a zone an hour ahead as if they were UTC", times,
			shift(time.Hour)},
		{"answers-half-hour-zone", "gives the times of a zone half an hour ahead as if they were UTC", times,
			shift(30 * time.Minute)},
		{"answers-last-year", "gives the times of last year", times,
			func(t time.Time) any { return t.AddDate(-1, 0, 0).Format(timeLayout) }},
		{"answers-update-to-come", "gives a last update an hour after the answer", times[1:], shift(time.Hour)},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("time.current"),
			Wrap: reform(row.form, row.times...)})
	}
	return append(faults, Fault{Name: "writes-fraction-as-number", Says: "writes the fraction of a second as a " +
		"number, so that .0500000 is .500000, by a clock that begins with a second", Breaks: ids("time.current"),
		Wrap: func(h http.Handler) http.Handler {
			var begun sync.Once
			var early time.Duration
			return reform(func(t time.Time) any {
				begun.Do(func() { early = t.Sub(t.Truncate(time.Second)) })
				t = t.Add(-early)
				return fmt.Sprintf("%s.%dZ", t.Format("2006-01-02T15:04:05"), t.Nanosecond()/100)
			}, times...)(h)
		}})
}
