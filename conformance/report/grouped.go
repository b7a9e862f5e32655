package report

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// Grouped describes the cases of a report one by one, each problem once as [Console] does, for
// a caller that prints them at different places.
type Grouped struct {
	report *record.Report
	worth  []*record.CaseResult
	groups groups
	cases  map[string]*record.CaseResult
}

// Group groups the cases of a report with these ids, or all cases if no id is given.
func Group(r *record.Report, ids ...string) *Grouped {
	worth := worthTelling(r)
	if len(ids) > 0 {
		worth = slices.DeleteFunc(worth, func(c *record.CaseResult) bool { return !slices.Contains(ids, c.ID) })
	}
	g := &Grouped{r, worth, groupsOf(worth), map[string]*record.CaseResult{}}
	for i := range r.Cases {
		g.cases[r.Cases[i].ID] = &r.Cases[i]
	}
	return g
}

// Text returns the description of a case. For the first case of a group, it is that of
// [FindingText]; for another, one line with its problems and the cases that show them.
func (g *Grouped) Text(id string, style Style) (text string, whole bool) {
	c := g.cases[id]
	if c == nil {
		return "", false
	}
	if g.groups.isFirst(c) || len(problemsOf(c)) == 0 {
		p := &page{Style: style}
		p.caseText(c, g.report, g.groups)
		return strings.TrimSuffix(p.String(), "\n"), true
	}
	var parts []string
	for _, q := range problemsOf(c) {
		_, first := g.groups.others(q, c.ID)
		before := -1
		if n := len(parts); n > 0 && strings.HasSuffix(parts[n-1], " as in "+first) {
			before = n - 1
		}
		switch {
		case q.requirement == "": // it could not be judged
			parts = append(parts, "as in "+first)
		case before >= 0:
			parts[before] = strings.TrimSuffix(parts[before], " as in "+first) + ", " + q.requirement + " as in " +
				first
		default:
			parts = append(parts, q.requirement+" as in "+first)
		}
	}
	const most = 3
	if n := len(parts) - most; n > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more", n))
	}
	return safe(strings.Join(parts, "; ")), false
}

// First returns the failed and errored cases that are the first of a group, in order.
func (g *Grouped) First() (ids []string) {
	for _, c := range g.worth {
		if (c.Outcome == record.Failed || c.Outcome == record.Errored) && g.groups.isFirst(c) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Summary returns the introduction of a report: panics of the handler, the verdict, its
// probable cause, and the broken requirements, each with its number of findings and the case
// that shows it. All lines but the last end in "\n".
func Summary(r *record.Report, style Style) string {
	p := &page{Style: style}
	p.panics(r)
	text, code := verdictText(r)
	p.uncutSpan(code, text)
	if cause := Cause(r); cause != "" {
		p.uncutSpan(yellow, "probable cause: "+cause)
	}
	p.totals(r)
	g := groupsOf(worthTelling(r))
	for _, level := range record.Levels() {
		for i := range r.Requirements {
			q := &r.Requirements[i]
			if q.Level != level || q.Findings == 0 {
				continue
			}
			p.uncutSpan("", fmt.Sprintf("  %-10s  %s   %s, as in %s", q.Level, q.ID, count(q.Findings, "finding"),
				firstAgainst(g, r, q.ID)))
		}
	}
	return strings.TrimSuffix(p.String(), "\n")
}

// uncutSpan adds one line in a colour that is not cut.
func (p *page) uncutSpan(code, text string) {
	p.paint(code, safe(text))
	p.WriteString("\n")
}

// firstAgainst returns the case that shows the most common problem of a requirement.
func firstAgainst(g groups, r *record.Report, id string) string {
	first, most := "", 0
	for i := range r.Cases {
		for _, q := range problemsOf(&r.Cases[i]) {
			if ids := g[q]; q.requirement == id && len(ids) > most {
				first, most = ids[0], len(ids)
			}
		}
	}
	return first
}

// statusCauses returns the probable cause if every valid request was answered with one status.
var statusCauses = map[int]string{
	http.StatusUnauthorized:       "is the token one that the target accepts, and has not expired?",
	http.StatusForbidden:          "is the token that of a user who may act?",
	http.StatusNotFound:           "does the target serve these paths, and know the machine and the file?",
	http.StatusMethodNotAllowed:   "does the target serve POST on these paths?",
	http.StatusTooManyRequests:    "does the target limit how often it is asked?",
	http.StatusNotImplemented:     "does the target serve these operations?",
	http.StatusBadGateway:         "does the application behind the gateway run?",
	http.StatusServiceUnavailable: "does the application run?",
	http.StatusGatewayTimeout:     "does the application behind the gateway run?",
}

// Cause returns the probable cause of most failures, or "": a panic of the handler, the reason
// of a verdict, or the same refusal of every valid request.
func Cause(r *record.Report) string {
	valid, statuses, errors := 0, map[int]int{}, map[string]int{}
	controls := map[string]bool{}
	for _, c := range r.Cases {
		controls[c.Control] = true
	}
	for i := range r.Cases {
		c := &r.Cases[i]
		if !controls[c.ID] || len(c.Exchanges) == 0 {
			continue
		}
		valid++
		if x := c.Exchanges[0]; x.Response != nil {
			statuses[x.Response.Status]++
		} else {
			errors[x.Error]++
		}
	}
	panicking := 0
	for _, q := range r.Panics {
		panicking += q.Requests
	}
	switch {
	case panicking*2 > r.Totals.Requests:
		return fmt.Sprintf("the handler panicked in %s; see above", count(panicking, "request"))
	case r.Reason != "":
		return "" // the verdict says it
	case valid == 0:
		return ""
	}
	for status, n := range statuses {
		if n == valid && status/100 != 2 {
			return fmt.Sprintf("every valid request was answered %s; %s",
				strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status))),
				cmp.Or(statusCauses[status], "see what the target says of it"))
		}
	}
	for message, n := range errors {
		if n == valid && message != "" {
			return "no valid request was answered: " + message
		}
	}
	if len(statuses) == 0 && len(errors) > 0 {
		messages := make([]string, 0, len(errors))
		for message := range errors {
			messages = append(messages, message)
		}
		slices.Sort(messages)
		return "no valid request was answered; one of the reasons: " + messages[0]
	}
	return ""
}
