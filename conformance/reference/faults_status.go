package reference

import (
	"fmt"
	"net/http"
	"strconv"
)

// statusFaults answer a good request with another status than 201.
func statusFaults() []Fault {
	rows := []struct {
		status int
		breaks []string
	}{
		{200, nil}, {202, nil}, {203, nil}, {204, nil}, {205, nil}, {206, nil}, {207, nil},
		{300, ids("response.created", "http.no-redirect")},
		{301, ids("response.created", "http.no-redirect")},
		{302, ids("response.created", "http.no-redirect")},
		{303, ids("response.created", "http.no-redirect")},
		{304, ids("response.created", "http.not-modified")},
		{307, ids("response.created", "http.no-redirect")},
		{308, ids("response.created", "http.no-redirect")},
		{400, nil},
		{404, ids("operation.exists", "response.created")},
		{405, ids("operation.exists", "response.created")},
		{406, nil}, {409, nil}, {410, nil}, {411, nil}, {412, nil}, {413, nil}, {415, nil}, {417, nil}, {418, nil},
		{422, nil}, {451, nil},
		{500, nil},
		{501, ids("operation.exists", "response.created")},
		{502, nil}, {503, nil}, {504, nil}, {599, nil},
	}
	var faults []Fault
	for _, row := range rows {
		f := Fault{
			Name:   "answers-" + strconv.Itoa(row.status),
			Says:   fmt.Sprintf("answers a good request with %d", row.status),
			Breaks: row.breaks,
			Wrap:   onAccepted(withStatus(row.status)),
		}
		if f.Breaks == nil {
			f.Breaks = ids("response.created")
		}
		faults = append(faults, f)
	}
	// Where nothing at all is accepted with 401 or 403, the token may be to blame.
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		faults = append(faults, Fault{
			Name: "answers-" + strconv.Itoa(status), Says: fmt.Sprintf("answers a good request for a sample with %d",
				status),
			Breaks: ids("response.created"), Wrap: onlyFor("requestSample", onAccepted(withStatus(status))),
		})
	}
	return append(faults,
		Fault{Name: "answers-299", Says: "answers a good request with a status nobody registered",
			Breaks: ids("response.created"), Wrap: onAccepted(withStatus(299))},
		Fault{Name: "misses-request-sample", Says: "answers 404 to requestSample alone",
			Breaks: ids("operation.exists", "response.created"),
			Wrap:   onlyFor("requestSample", onAccepted(withStatus(404)))},
		Fault{Name: "misses-stop-and-quarantine", Says: "answers 404 to stopAndQuarantineFile alone",
			Breaks: ids("operation.exists", "response.created"), Wrap: onlyFor("stopAndQuarantineFile",
				onAccepted(withStatus(404)))},
		Fault{Name: "stops-with-200", Says: "answers 200 to stopAndQuarantineFile alone",
			Breaks: ids("response.created"), Wrap: onlyFor("stopAndQuarantineFile", onAccepted(withStatus(200)))},
	)
}

// withStatus gives an answer the status and what belongs to it: a success keeps
// the body, a redirect says where to, a refusal carries an error.
func withStatus(status int) func(*answer, *asked) {
	return func(a *answer, q *asked) {
		switch {
		case status < 300:
			a.status = status
		case status < 400:
			a.replace(&answer{status: status, header: http.Header{"Location": {"/moved" + q.URL.Path}}})
		default:
			no := refusal{status: status, code: "Error" + strconv.Itoa(status), message: "The request cannot be " +
				"served."}
			switch status {
			case http.StatusUnauthorized:
				no.header = http.Header{"Www-Authenticate": {challenge}}
			case http.StatusMethodNotAllowed:
				no.header = http.Header{"Allow": {"GET"}}
			}
			a.replace(no.answer())
		}
	}
}
