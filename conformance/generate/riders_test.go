package generate_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// What one operation was dealt rides along in the combinations of the other, all of it where
// there is room.
func TestWhatOneOperationWasDealtRidesAlongInTheOther(t *testing.T) {
	_, made := coverage(t)
	fields := map[string]map[record.Field]bool{}
	for _, c := range made {
		if fields[c.Operation] == nil {
			fields[c.Operation] = map[record.Field]bool{}
		}
		for _, s := range c.Steps {
			for _, f := range s.Header {
				fields[c.Operation][f] = true
			}
		}
	}
	require.Len(t, fields, 2)
	for _, c := range made {
		_, group, _ := strings.Cut(c.Name, "/")
		group, _, _ = strings.Cut(group, "/")
		if group != "negotiation" && group != "accept" {
			continue
		}
		for operation, of := range fields {
			for _, f := range c.Steps[0].Header {
				require.True(t, of[f], "%s: %s is never sent %s: %s", c.ID, operation, f.Name, f.Value)
			}
		}
	}
}

// A fault in one operation alone is met, whichever of them was dealt the form.
func TestAFaultInOneOperationAloneIsMet(t *testing.T) {
	out, _ := coverage(t)
	for _, operation := range []string{"requestSample", "stopAndQuarantineFile"} {
		for name, when := range map[string]func(*http.Request) bool{
			"agent": func(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "okhttp") },
			"query": func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "$select") },
		} {
			it := target()
			honest := it.Handler
			it.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/"+operation) && when(r) {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				honest.ServeHTTP(w, r)
			})
			r, err := out.Suite.Run(t.Context(), it, conformance.Options{Strict: true,
				Run: "/coverage/(pairs|open-pairs|negotiation|query)/"})
			require.NoError(t, err)
			require.Equal(t, record.NotConformant, r.Verdict, "%s %s", operation, name)
			for _, c := range r.Cases {
				if len(c.Findings) > 0 {
					require.Equal(t, operation, c.Operation)
				}
			}
		}
	}
}

// What rides in a combination is charged once, in the case that has it alone: the combinations show
// nothing more. Where the other operation accepts it, they do.
func TestWhatIsRefusedAloneIsNotChargedWhereItRides(t *testing.T) {
	out, made := coverage(t)
	carriers := map[string]string{} // of forms of the header, by the case that has the form alone
	for _, c := range made {
		for _, id := range c.Carries {
			require.NotEqual(t, c.Operation, out.Suite.Case(id).Operation)
			if strings.Contains(id, "/coverage/header/") {
				carriers[id] = c.ID
			}
		}
	}
	require.NotEmpty(t, carriers)
	field := func(own, carrier *conformance.Case) (record.Field, bool) { // in these two alone
		plain := out.Suite.Case(own.Control)
		for _, f := range own.Steps[0].Header {
			if slices.Contains(carrier.Steps[0].Header, f) && !record.HasHeader(plain.Steps[0].Header, f.Name) {
				return f, true
			}
		}
		return record.Field{}, false
	}
	for id, at := range carriers {
		own, carrier := out.Suite.Case(id), out.Suite.Case(at)
		f, there := field(own, carrier)
		if !there || strings.Contains(f.Value, "{{") {
			continue
		}
		for _, alone := range []bool{true, false} { // whether the other operation refuses it too
			it := target()
			honest := it.Handler
			it.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mine := strings.HasSuffix(r.URL.Path, "/"+carrier.Operation)
				if (mine || alone) && slices.Contains(r.Header.Values(f.Name), f.Value) {
					w.WriteHeader(http.StatusNotImplemented)
					return
				}
				honest.ServeHTTP(w, r)
			})
			r, err := out.Suite.Run(t.Context(), it, conformance.Options{Strict: true, Only: []string{id, at}})
			require.NoError(t, err)
			for _, c := range r.Cases {
				switch {
				case c.ID == at && alone:
					require.Equal(t, record.Inconclusive, c.Outcome, "%s: %v", f, c.Findings)
					require.Equal(t, id+", which has a form of it alone, was not accepted, so this answer proves "+
						"nothing more", c.Reason)
				case c.ID == at, c.ID == id && alone:
					require.Equal(t, record.Failed, c.Outcome, "%s", f)
				}
			}
		}
		return
	}
	t.Fatal("no combination has a field of its own that another operation was dealt")
}

// A target that refuses a token of nobody has to refuse those that are nearly the right one. One
// that takes every token, or every one that begins so, may do that, where the user names none that
// must not be accepted.
func TestANearTokenShowsSomethingWhereTokensAreToldApart(t *testing.T) {
	out, _ := coverage(t)
	for _, row := range []struct {
		name    string
		takes   func(token, got string) bool
		vouched bool
		verdict record.Verdict
	}{
		{"the right one", func(token, got string) bool { return got == token }, false, record.Conformant},
		{"every letter case", strings.EqualFold, false, record.NotConformant},
		{"a longer one", func(token, got string) bool { return strings.HasPrefix(got, token) }, false,
			record.NotConformant},
		{"a word", func(token, got string) bool { return got == token || got == "undefined" }, false,
			record.NotConformant},
		{"every one", func(string, string) bool { return true }, false, record.Conformant},
		{"a prefix", func(_, got string) bool { return strings.HasPrefix(got, "gener") }, false, record.Conformant},
		{"a prefix, though the user names one", func(_, got string) bool { return strings.HasPrefix(got, "gener") },
			true, record.NotConformant},
	} {
		it := target()
		honest, token := it.Handler, it.Token
		it.UnprivilegedToken = ""
		if !row.vouched {
			it.InvalidToken = ""
		}
		it.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); is && row.takes(token, got) {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			honest.ServeHTTP(w, r)
		})
		r, err := out.Suite.Run(t.Context(), it, conformance.Options{Strict: true,
			Run: "/coverage/credentials|/same-violations/|auth/refuses-invalid-token"})
		require.NoError(t, err)
		require.Equal(t, row.verdict, r.Verdict, row.name)
		unproven := 0
		for _, c := range r.Cases {
			if strings.Contains(c.ID, "/coverage/credentials/") && c.Outcome == record.Inconclusive {
				require.Contains(t, c.Reason, "may take any token")
				unproven++
			}
		}
		require.Equal(t, row.name == "every one" || row.name == "a prefix", unproven > 0, row.name)
	}
}

// What looks like a secret is struck out of a body before it is judged, so that a true digest of
// the body fits it no longer.
func TestATrueDigestOfABodyThatWasStruckIsNoFault(t *testing.T) {
	out, _ := coverage(t)
	it := target()
	for _, v := range reference.Variants() {
		if v.Name == "true-fields" {
			it.Handler = v.Wrap(it.Handler)
		}
	}
	r, err := out.Suite.Run(t.Context(), it, conformance.Options{Strict: true,
		Run: "/coverage/text/comment-(bearer|plus|tilde)$"})
	require.NoError(t, err)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
}
