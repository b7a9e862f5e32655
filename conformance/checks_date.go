package conformance

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// dateCheck is the name of the check of the form of Date.
const dateCheck = "date-form"

func dateChecks() []Check {
	return []Check{
		{Name: dateCheck, Requirements: []string{"http.date"},
			Doc: "A Date that is there is one date of the form Sun, 06 Nov 1994 08:49:37 GMT, which exists and is of " +
				"that day of the week; how far it is from the clock here is no matter.",
			on: (*observed).answered, judge: dateForm},
		{Name: "date-sent", Requirements: []string{"http.date-sent", "http.date-by-clock"},
			Doc: "Over all answers of a run of the classes 2xx, 3xx and 4xx, each has a Date, but for those to a " +
				"request that has no valid Host, and for refusals that the HTTP library may have given; charged to " +
				"the plainest answer without one, as that of a server with a clock where another one has a Date.",
			across: newDateSent},
	}
}

func dateForm(x *observed) []Problem {
	values := x.Response.Header.Values("Date")
	const place = "header Date"
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return problem(place, "one Date", show(values))
	case !isIMFDate(values[0]):
		return problem(place, "a date that exists, of the form Sun, 06 Nov 1994 08:49:37 GMT", show(values[0]))
	}
	return nil
}

// isIMFDate reports whether a text is an IMF-fixdate (RFC 9110 5.6.7) of a day that
// exists and of the right day of the week (RFC 5322 3.3, of which it is a part).
func isIMFDate(text string) bool {
	// A leap second is allowed, and no time to package time.
	leap := strings.HasSuffix(text, " 23:59:60 GMT")
	if leap {
		text = strings.TrimSuffix(text, "60 GMT") + "59 GMT"
	}
	if isPlainDate(text) {
		return true
	}
	t, err := time.Parse(http.TimeFormat, text)
	// which Parse takes in other letter case too, and of any day of the week
	return err == nil && t.Format(http.TimeFormat) == text
}

// isPlainDate reports whether a text is what package time writes of the numbers in it, which no
// other text is than a date of the form.
func isPlainDate(text string) bool {
	if len(text) != len(http.TimeFormat) {
		return false
	}
	number := func(from, to int) (n int) {
		for _, c := range []byte(text[from:to]) {
			n = n*10 + int(c) - '0'
		}
		return n
	}
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", text[8:11])/3 + 1
	var room [len(http.TimeFormat)]byte
	t := time.Date(number(12, 16), time.Month(month), number(5, 7), number(17, 19), number(20, 22), number(23, 25), 0,
		time.UTC)
	return string(t.AppendFormat(room[:0], http.TimeFormat)) == text
}

// dateSent judges the absence of Date once: a server without a clock leaves it out
// everywhere. An answer that the record holds in part is passed over, for its Date
// may be in the rest.
type dateSent struct {
	controls
	without map[*Case]mention // the plainest answers without one
	clock   bool              // an answer has one
}

func newDateSent(room) across { return &dateSent{controls{}, map[*Case]mention{}, false} }

func (k *dateSent) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	if !x.answered() || x.Response.Shortened || x.Unjudged != "" ||
		slices.Contains(x.Lacks, record.ResponseHeader) || !slices.Contains([]int{2, 3, 4},
		x.Response.Status/100) || !hasValidHost(x.Request) ||
		slices.Contains(ofReaders(), x.Response.Status) {
		return false
	}
	if len(x.Response.Header.Values("Date")) > 0 {
		k.clock = true
		return false
	}
	m := mentionOf(at, x)
	kept, is := k.without[at.c]
	if !is || plainer(m, kept) < 0 {
		k.without[at.c] = m
	}
	return !is
}

func (k *dateSent) problems() map[ref][]Problem {
	if len(k.without) == 0 {
		return nil
	}
	plainest := slices.MinFunc(slices.Collect(maps.Values(k.without)), k.order)
	out := problem("header Date", "a Date, as a server with a clock sends", "no such header")
	if k.clock {
		out = []Problem{{"header Date", "a Date, as other answers have", "no such header", "http.date-by-clock"}}
	}
	return map[ref][]Problem{plainest.ref: out}
}

// ofReaders are the statuses by which the code that reads HTTP refuses a request,
// before any implementation sees it; that of Node and of Go then sends no Date.
func ofReaders() []int {
	return []int{http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge}
}

// refusedInFront reports whether an answer says nothing of whether an implementation is
// there: what reads HTTP in front of it may give it.
func (x *Exchange) refusedInFront() bool {
	return x.Case != nil && (!hasValidHost(x.Request) || expectsTheUnknown(x.Request))
}

// expectsTheUnknown reports whether a request has an expectation that HTTP does not define, which is answered
// with 417 before the request is read any further (RFC 9110 10.1.1).
func expectsTheUnknown(r record.Request) bool {
	return slices.ContainsFunc(record.HeaderValues(r.Header, "Expect"), func(v string) bool {
		return !strings.EqualFold(v, "100-continue")
	})
}

// hasValidHost reports whether a request has one Host that names a host (RFC 9110
// 7.2). Another is refused by what reads HTTP in front of an implementation, with an
// answer of its own.
func hasValidHost(r record.Request) bool {
	hosts := record.HeaderValues(r.Header, "Host")
	return len(hosts) == 1 && (isPlainHost(hosts[0]) || hostValue.MatchString(hosts[0]))
}

// isPlainHost reports whether a value is a name or an address of digits, with a port or
// without. It is of the form of hostValue, and tested in less time.
func isPlainHost(value string) bool {
	name, port, _ := strings.Cut(value, ":")
	return isPlainName(name) && (port == "" || isNumber(port))
}

// hostValue is the form of Host (RFC 9110 7.2, RFC 3986 3.2.2).
var hostValue = regexp.MustCompile(
	`^(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+|\[[0-9A-Fa-fv:.]+\])(?::[0-9]*)?$`)
