package reference

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
)

// challenge is the WWW-Authenticate of every 401; RFC 6750 section 3 adds a reason only if a
// token was sent.
const challenge = `Bearer realm="fmaspec"`

// trusted marks a request that is treated as one of a user with the role, whatever its token
// is. Only faults set it.
type trusted struct{}

func trust(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), trusted{}, true))
}

// credentials identifies the sender, and refuses a request without valid credentials.
func (s *server) credentials(x *exchange) *refusal {
	if x.Context().Value(trusted{}) != nil {
		x.privileged = true
		return nil
	}
	token, sent := bearer(x.Header.Values("Authorization"))
	switch {
	case !sent:
		return unauthorized(challenge)
	case same(token, s.Token):
		x.privileged = true
	case same(token, s.SecurityAdminToken):
		x.privileged, x.requestor = true, securityAdministrator
	case same(token, s.GlobalAdminToken):
		x.privileged, x.requestor = true, globalAdministrator
	case !same(token, s.UnprivilegedToken):
		return unauthorized(challenge + `, error="invalid_token"`)
	}
	return nil
}

// The senders, by token. Each of the last two has one role.
const (
	analyst               = "analyst@contoso.com"
	securityAdministrator = "security.administrator@contoso.com"
	globalAdministrator   = "global.administrator@contoso.com"
)

func (s *server) role(x *exchange) *refusal {
	if x.privileged {
		return nil
	}
	return &refusal{status: http.StatusForbidden, code: "Forbidden", message: "The user does not hold a role that " +
		"allows this."}
}

func unauthorized(challenge string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "Unauthorized", message: "The request carries no valid " +
		"bearer token.",
		header: http.Header{"Www-Authenticate": {challenge}}}
}

// bearer returns the token of the single Authorization field, whose scheme is case-insensitive
// (RFC 9110 section 11.1).
func bearer(fields []string) (token string, sent bool) {
	if len(fields) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(fields[0], " ")
	token = strings.TrimLeft(token, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// same compares in constant time; a token that was not issued equals nothing.
func same(token, issued string) bool {
	return issued != "" && subtle.ConstantTimeCompare([]byte(token), []byte(issued)) == 1
}
