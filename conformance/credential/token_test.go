package credential

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStaticSourceGivesItsToken(t *testing.T) {
	got, err := Static("abc", "FMASPEC_TOKEN")(t.Context())
	require.NoError(t, err)
	require.Equal(t, Token{Value: "abc", From: "FMASPEC_TOKEN"}, got)
}

func TestBareSaysWhatIsNoToken(t *testing.T) {
	for _, row := range []struct{ value, want, why string }{
		{"abc.~+/-_=", "", "all that a token has"},
		{"", "there is no token; give only the token", "nothing"},
		{"secret-77==", "", "padding"},
		{"secret-77 b", "it has a blank, a line break, a quote, a brace or another character that is not allowed in " +
			"a bearer token (RFC 6750 section 2.1); give only the token", "a blank"},
		{`"secret-77"`, "it has a blank, ", "quotes"},
		{"{secret-77}", "it has a blank, ", "braces"},
		{"secret=77", "it has a blank, ", "padding inside"},
		{"==", "it has a blank, ", "padding alone"},
		{"secret-77:b", "it has a blank, ", "a user and a password"},
		{"secret-77\n", "it has a blank, ", "a line break"},
		{"secret-77\x7f", "it has a blank, ", "a control character"},
		{"secret-77é", "it has a blank, ", "beyond ASCII"},
	} {
		err := Bare(row.value)
		if row.want == "" {
			require.NoError(t, err, row.why)
			continue
		}
		require.ErrorContains(t, err, row.want, row.why)
		require.NotContains(t, err.Error(), "secret-77", row.why)
	}
}

func TestATokenPrintsAsItsPlace(t *testing.T) {
	token := Token{Value: "secret-77", From: "FMASPEC_TOKEN"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got, want := fmt.Sprintf(verb, token), "a token from FMASPEC_TOKEN"; got != want {
			t.Errorf("%s: want %q, got %q", verb, want, got)
		}
	}
}

func TestATokenEndsWhenItSaysWhereNobodyElseDoes(t *testing.T) {
	claims := made(`{"alg":"none"}`, `{"exp":1500000000}`)
	said, shown := time.Unix(1500000000, 0).UTC(), time.Unix(1600000000, 0)
	for _, row := range []struct {
		token Token
		want  time.Time
		why   string
	}{
		{Token{Value: "opaque"}, time.Time{}, "nobody says"},
		{Token{Value: claims}, said, "the token says"},
		{Token{Value: claims, Expiry: shown}, shown, "its issuer knows better"},
	} {
		if got := row.token.Ends(); !got.Equal(row.want) {
			t.Errorf("want %v, got %v: %s", row.want, got, row.why)
		}
	}
}
