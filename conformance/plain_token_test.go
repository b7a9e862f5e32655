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

func TestAFieldOfTheUserThatIsAWordSpoilsNoAnswer(t *testing.T) {
	const hidden = "$HEADER_X_ROUTE"
	for value, shown := range map[string]string{
		"requestSample": hidden, "InProgress": hidden, "application/json": "application/json",
		"text/html; charset=utf-8": "text/html; charset=utf-8", "a5c1be4f-77e9-swordfish": hidden,
	} {
		it := target(honest())
		it.Transport.Header = []record.Field{{Name: "X-Route", Value: value}}
		r := borne(t, it, conformance.Options{Run: "/valid/|/auth/", Strict: true})
		require.Zero(t, r.Totals.Findings, value)
		require.Equal(t, record.Conformant, r.Verdict, value)
		for _, c := range r.Cases {
			for _, x := range c.Exchanges {
				require.Equal(t, []string{shown}, record.HeaderValues(x.Request.Header, "X-Route"), value)
			}
		}
	}
}

// A token may have a piece in common with what cases send, and so with what a server gives back.
func TestATokenLikeWhatCasesSendSpoilsNoAnswer(t *testing.T) {
	with, err := generate.Coverage(load(t))
	require.NoError(t, err)
	const machine = "fb9ab6be3965095a09c057be7c90f0a2"
	for _, token := range []string{"tok-0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF",
		"tok-DeadBeef01234567feedface", "stopAndQuarantineFile-token", "a-token-of-testwdatppreview",
		"deadbeef01234567feedfacecafebabe0badf00d", machine + "-token", machine, "0123456789abcdef"} {
		it := conformance.Target{Handler: reference.New(reference.Config{Token: token}), Token: token,
			Machine: machine}
		r, err := with.Suite.Run(t.Context(), it, conformance.Options{Run: "/valid/|/auth/|/body/|/coverage/hash/",
			Strict: true})
		require.NoError(t, err)
		require.Zero(t, r.Totals.Findings, token)
		require.Equal(t, record.Conformant, r.Verdict, token)
		v, err := with.Suite.Verify(written(t, r))
		require.NoError(t, err)
		require.Empty(t, v.Differences, token)
	}
}
