package conformance

import (
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// unmetReason is why a case proves nothing whose expectation the target does not meet.
const unmetReason = "the target answered Expect: 100-continue with 417, as it may where it or what stands before it " +
	"supports no expectations (RFC 9110 10.1.1), so that this proves nothing"

// expectationUnmet returns why a valid request with an expectation of 100-continue proves
// nothing that was answered 417, or "". RFC 9110 10.1.1 has a client repeat such a request
// without the expectation, since that answer says of the request that it came over servers
// that support none, and nothing else.
func (x *Exchange) expectationUnmet() string {
	if !x.toAccept() || x.Response.Status != http.StatusExpectationFailed ||
		!slices.ContainsFunc(record.HeaderValues(x.Request.Header, "Expect"), func(value string) bool {
			return strings.EqualFold(strings.Trim(value, " \t"), "100-continue")
		}) {
		return ""
	}
	return unmetReason
}
