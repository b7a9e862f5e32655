package credential

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheOutputOfACommandIsATokenOrJSON(t *testing.T) {
	now := time.Unix(1500000000, 0)
	for _, row := range []struct {
		out, want string
		expiry    time.Time
		err       error
		why       string
	}{
		{"abc", "abc", time.Time{}, nil, "the bare token"},
		{"\ufeff  abc \r\n\n", "abc", time.Time{}, nil, "blanks around it do not matter"},
		{`"abc"` + "\n", "abc", time.Time{}, nil, "a JSON string, as az prints with --query"},
		{`{"access_token":"abc","token_type":"Bearer","expires_in":3600}`, "abc", now.Add(time.Hour), nil,
			"an answer of OAuth 2.0"},
		{`{"access_token":"abc","expires_in":"3600"}`, "abc", now.Add(time.Hour), nil, "with a text for a number"},
		{`{"accessToken":"abc","expiresOn":"2017-07-14 04:40:00.000000","expires_on":1500003600,"tokenType":"Bearer"}`,
			"abc", time.Unix(1500003600, 0), nil, "what az prints"},
		{`{"access_token":"abc","expires_on":"1500003600","expires_in":"7"}`, "abc", time.Unix(1500003600, 0), nil,
			"the moment counts more than the time until then"},
		{`{"accessToken":"abc","expiresOn":"2017-07-14 04:40:00.000000"}`, "abc", time.Time{}, nil,
			"a local time says nothing"},
		{`{"accessToken":"abc","expires_on":"soon","expires_in":-1}`, "abc", time.Time{}, nil,
			"nor does what is no time"},
		{`{"accessToken":"abc","expires_on":"NaN","expires_in":"1e300"}`, "abc", time.Time{}, nil,
			"nor does what is no number"},
		{"", "", time.Time{}, errSilent, "nothing"},
		{" \n", "", time.Time{}, errSilent, "nothing but blanks"},
		{`{"token":"abc"}`, "", time.Time{}, errNoToken, "no token in it"},
		{`{"access_token":7}`, "", time.Time{}, errNoToken, "a token that is no text"},
		{`{"access_token":`, "", time.Time{}, errNotJSON, "cut"},
		{`"abc`, "", time.Time{}, errNotJSON, "cut too"},
		{"abc def", "", time.Time{}, errNotBare, "two words"},
		{"Logged in.\nabc", "", time.Time{}, errNotBare, "two lines"},
		{`{"access_token":"a\nb"}`, "", time.Time{}, errNotBare, "a line break in the token"},
		{`""`, "", time.Time{}, errNotBare, "an empty token"},
		{"[1]é", "", time.Time{}, errNotBare, "what no header carries"},
	} {
		got, expiry, err := parse([]byte(row.out), now)
		if got != row.want || !expiry.Equal(row.expiry) || !errors.Is(err, row.err) {
			t.Errorf("%s: want %q %v %v, got %q %v %v", row.why, row.want, row.expiry, row.err, got, expiry, err)
		}
	}
}

func FuzzCommandOutput(f *testing.F) {
	for _, out := range []string{"", "abc", "a b", `"abc"`, `{"access_token":"abc","expires_in":"3600"}`,
		`{"accessToken":"abc","expires_on":1500003600}`, `{"expires_in":1e999}`, "\ufeff{", "\x00"} {
		f.Add(out)
	}
	now := time.Unix(1500000000, 0)
	f.Fuzz(func(t *testing.T, out string) {
		value, expiry, err := parse([]byte(out), now)
		if err != nil {
			if known := []error{errSilent, errNotJSON, errNoToken, errNotBare}; !slices.Contains(known, err) {
				t.Errorf("want an error that holds nothing of the output, got %v", err)
			}
			require.Empty(t, value)
			return
		}
		require.NoError(t, Bare(value))
		if !expiry.IsZero() && (expiry.Year() < 1970 || expiry.Year() > 9999) {
			t.Errorf("want a time of this era, got %v", expiry)
		}
	})
}

func TestATailIsTheEndOfWhatWasSaidWithoutSecrets(t *testing.T) {
	for _, row := range []struct{ said, want, why string }{
		{"", "", "nothing"},
		{" \n", "", "nothing but blanks"},
		{"please\r\n log in\x1b[2J", ", saying: please log in[2J", "one harmless line"},
		{"it is hunter2", ", saying: it is ***", "no secret"},
		{strings.Repeat("x", saidLimit) + " the end", ", saying: the end", "the first word of what was cut may be " +
			"the end of a secret"},
		{strings.Repeat("ab ", 200), ", saying: … " + strings.Repeat("ab ", 200)[:299], "the last of much"},
	} {
		tail := &tail{}
		for chunk := range slices.Chunk([]byte(row.said), 7) {
			tail.Write(chunk)
		}
		if got := tail.text("hunter2"); got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
}
