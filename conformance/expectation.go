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

// limitReason is why a case proves nothing that has more fields, or longer ones, than the target takes.
const limitReason = "the target answered 431: its limit on the fields of a request is lower, which RFC 9110 5.4 " +
	"leaves to it, so that this proves nothing"

// fieldsLimited returns why a valid request proves nothing that was answered 431, or "". The plain
// request, from which all others differ, has to be taken.
func (x *Exchange) fieldsLimited() string {
	if !x.toAccept() || x.Response.Status != http.StatusRequestHeaderFieldsTooLarge || x.Case.Control == "" {
		return ""
	}
	return limitReason
}

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
