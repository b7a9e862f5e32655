package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
)

// otherErrors are values of the parameter error of a Bearer challenge that say that a token is fine but for
// how its user signed in: RFC 9470 3, and what Microsoft's services send for a claim that is missing.
func otherErrors() []string {
	return []string{"insufficient_user_authentication", "insufficient_claims"}
}

// disowns matches words by which a server says why a token itself is refused, and generic those of a text
// that lists every reason there may be, and so names none.
var (
	disowns = regexp.MustCompile(`(?i)\b(expired|revoked|not yet valid|audience)\b`)
	generic = regexp.MustCompile(`(?i)\b(or|and|nor|invalid|missing|malformed)[,/ ]+((has|is|been) )*(expired|revoked)|` +
		`(expired|revoked)[,/ ]+((or|and|is|has|been) )*(invalid|missing|malformed|revoked|expired|unknown|absent|` +
		`incorrect|not valid|otherwise)`)
)

// tokenDisowned says that a token of a user without the role was answered 401 with the word of the server that
// something else than the role is wrong with it, so that this proves nothing of the role; or "". A 401 that
// says no such thing is a finding: a valid token without the right gets 403, or 404 from who hides what is there.
func (x *Exchange) tokenDisowned() string {
	if !x.toRefuse() || x.Response.Status != http.StatusUnauthorized ||
		!x.Case.Steps[x.Step].sends(httpfile.UnprivilegedToken) {
		return ""
	}
	said := x.saysOfToken()
	if said == "" {
		return ""
	}
	return fmt.Sprintf("the unprivileged token was answered 401, and of the token itself the answer says %q, so that "+
		"this proves nothing of the role; give another (fmaspec auth check describes it)", said)
}

// saysOfToken returns what an answer says of the token, where it gives another reason than the role.
func (x *Exchange) saysOfToken() string {
	texts := []string{string(x.Response.Body)}
	challenges, err := readChallenges(x.Response.Header.Values("WWW-Authenticate"))
	if err != nil {
		challenges = nil
	}
	for _, c := range challenges {
		for _, p := range c.params {
			switch strings.ToLower(p.Name) {
			case "error":
				if slices.Contains(otherErrors(), p.Value) {
					return p.Value
				}
			case "error_description":
				texts = append(texts, p.Value)
			}
		}
	}
	for _, text := range texts {
		if at := disowns.FindStringIndex(text); at != nil && !generic.MatchString(text) {
			return brief(strings.ToValidUTF8(text[max(0, at[0]-30):at[1]], ""))
		}
	}
	return ""
}
