package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// A mock may have any word for a token, also one that its answers hold or that a case makes up.
func TestATokenThatIsAWordSpoilsNoAnswer(t *testing.T) {
	for _, word := range []string{"test", "token", "type", "json", "status", "InProgress", "2026", "1234"} {
		it := conformance.Target{Handler: reference.New(reference.Config{Token: word}), Token: word}
		r := borne(t, it, conformance.Options{Run: "/valid/|/auth/", Strict: true})
		require.Zero(t, r.Totals.Findings, word)
		require.Equal(t, record.Conformant, r.Verdict, word)
	}
}

func TestATokenThatACaseMakesUpMayBeTheUsers(t *testing.T) {
	with, err := generate.Coverage(load(t))
	require.NoError(t, err)
	it := conformance.Target{Handler: reference.New(reference.Config{Token: "debug"}), Token: "debug",
		InvalidToken: "an-invalid-token"}
	r, err := with.Suite.Run(t.Context(), it, conformance.Options{Run: "/coverage/(open-)?violations/", Strict: true})
	require.NoError(t, err)
	require.Zero(t, r.Totals.Findings)
	skipped := 0
	for _, c := range r.Cases {
		if c.Reason == "the token that it makes up is one of this target" {
			require.Equal(t, record.NotApplicable, c.Outcome)
			skipped++
		}
	}
	require.NotZero(t, skipped)
}

// The hash and the machine of a case may stand in a token, whole or in part, and a token in them.
func TestATokenMayHaveInCommonWithACaseWhatAnAnswerRepeats(t *testing.T) {
	with, err := generate.Coverage(load(t))
	require.NoError(t, err)
	for _, token := range []string{"token-0123456789abcdef", "0123456789abcdef", "12345678",
		conformance.DefaultMachine} {
		it := conformance.Target{Handler: reference.New(reference.Config{Token: token}), Token: token}
		r, err := with.Suite.Run(t.Context(), it, conformance.Options{Run: "/valid/|/coverage/hash/", Strict: true})
		require.NoError(t, err)
		require.Zero(t, r.Totals.Findings, token)
		require.Equal(t, record.Conformant, r.Verdict, token)
		v, err := with.Suite.Verify(r)
		require.NoError(t, err)
		require.Empty(t, v.Differences, token)
	}
}
