package conformance_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// What a 401 to a user without the role says decides whether the role was asked for at all.
func TestATokenThatTheServerDisownsProvesNothingOfTheRole(t *testing.T) {
	for _, row := range []struct {
		why, challenge, body string
		finding              bool
	}{
		{"nothing", "Bearer", "", true},
		{"an invalid token", `Bearer error="invalid_token"`, "", true},
		{"a missing scope", `Bearer error="insufficient_scope"`, "", true},
		{"a missing scope, with a text", `Bearer error="insufficient_scope", error_description="not for this role"`, "",
			true},
		{"every reason", `Bearer error="invalid_token"`, `{"message":"Invalid or expired token."}`, true},
		{"every reason, by the standard", `Bearer error="invalid_token", error_description="The access token ` +
			`provided is expired, revoked, malformed, or invalid for other reasons"`, "", true},
		{"every reason, in other words", "Bearer", "The token has expired or is invalid", true},
		{"another scheme", `Basic error="insufficient_claims"x, Bearer`, "", true},
		{"expired", `Bearer error="invalid_token", error_description="The token expired at '11/30/2026 02:00:00'"`, "",
			false},
		{"expired, in the body", "Bearer", `{"error":{"code":"InvalidAuthenticationToken","message":"Access token has ` +
			`expired or is not yet valid."}}`, false},
		{"expired, as plain text", "Bearer", "Jwt is expired", false},
		{"for another server", `Bearer error="invalid_token", error_description="The audience is invalid"`, "", false},
		{"another sign-in", `Bearer error="insufficient_user_authentication", acr_values="myACR"`, "", false},
		{"a claim", `Bearer realm="", error="insufficient_claims", claims="e30="`, "", false},
	} {
		t.Run(row.why, func(t *testing.T) {
			h := honest()
			it := target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer expired-it-is" {
					h.ServeHTTP(w, r)
					return
				}
				w.Header().Set("WWW-Authenticate", row.challenge)
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = w.Write([]byte(row.body))
			}))
			it.UnprivilegedToken = "expired-it-is"
			r := borne(t, it, conformance.Options{
				Run: "^requestSample/(auth/refuses-user|valid/accepts-plain-request)"})
			if row.finding {
				require.Contains(t, broken(r), "refusal.status-role")
				return
			}
			require.Empty(t, broken(r))
			require.Equal(t, record.Conformant, r.Verdict)
			found := false
			for _, c := range r.Cases {
				if c.Outcome == record.Inconclusive {
					found = true
					require.Regexp(t, `^the unprivileged token was answered 401, and of the token itself the answer `+
						`says ".+"`, c.Reason)
				}
			}
			require.True(t, found)
		})
	}
}
