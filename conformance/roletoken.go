package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// roleToken returns the variable of the token that the step sends where it is the one
// of a user who holds a single role, or "".
func (s *Step) roleToken() string {
	for _, name := range []string{httpfile.SecurityAdminToken, httpfile.GlobalAdminToken} {
		if s.sends(name) {
			return name
		}
	}
	return ""
}

// sends reports whether a header field of the step holds the variable.
func (s *Step) sends(variable string) bool {
	return slices.ContainsFunc(s.Header, func(f record.Field) bool {
		return strings.Contains(f.Value, "{{"+variable+"}}")
	})
}

// token returns the variable of the one token that the step sends, "" where it sends
// none, or several.
func (s *Step) token() (variable string) {
	for _, k := range Tokens() {
		switch {
		case !s.sends(k.Variable):
		case variable != "":
			return ""
		default:
			variable = k.Variable
		}
	}
	return variable
}

// roleTokenRefused says that such a token was answered 401, which is what a token gets
// that is not valid (RFC 6750 3.1), and so says nothing of the role; or "". A valid
// token without the right gets 403, or 404 from who hides what is there: these are
// findings.
func (x *Exchange) roleTokenRefused() string {
	if !x.toAccept() || x.Response.Status != http.StatusUnauthorized {
		return ""
	}
	name := x.Case.Steps[x.Step].roleToken()
	if name == "" {
		return ""
	}
	return fmt.Sprintf("the %s was answered 401, as one is that has expired or is for another server, so that this "+
		"proves nothing of the role; give another (fmaspec auth check describes it)",
		strings.ReplaceAll(name, "-", " "))
}
