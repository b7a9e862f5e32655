package credential

import "testing"

func TestWhatLooksLikeASecretIsStruck(t *testing.T) {
	for _, row := range []struct{ text, want, why string }{
		{"", "", "nothing"},
		{"ERROR: Please run 'az login' to setup account.", "ERROR: Please run 'az login' to setup account.",
			"prose stays"},
		{"error getting token: connection refused", "error getting token: connection refused",
			"so does what is said of a token"},
		{"no such file: /home/u/.config/tools/token", "no such file: /home/u/.config/tools/token", "and a path"},
		{"POST https://login.microsoftonline.com/common/oauth2/v2.0/token",
			"POST https://login.microsoftonline.com/common/oauth2/v2.0/token", "and an address"},
		{"the known one is hunter2 here", "the known one is *** here", "what is known to be secret goes"},
		{"got " + made(`{"alg":"none"}`, `{}`) + " back", "got *** back", "a JSON Web Token goes"},
		{"Authorization: Bearer abc", "Authorization: Bearer ***", "and what follows a scheme"},
		{"--password=abc&user=u", "--password=***&user=u", "and the value of a password"},
		{"client_secret: 'abc'", "client_secret: '***'", "in any notation"},
		{`{"access_token": "abc", "x": "y"}`, `{"access_token": "***", "x": "y"}`, "in JSON too"},
		{"token=abc", "token=***", "a token by its name"},
		{"token: abc7", "token: ***", "which prose would not be"},
		{"key Zm9vYmFyYmF6cXV4Zm9v/2d5 used", "key *** used", "a long word of letters and digits"},
		{"see /cache/Zm9vYmFyYmF6cXV4Zm9v2d5/x", "see /cache/***/x", "also in a path"},
		{"12345678901234567890", "12345678901234567890", "a number is none"},
	} {
		if got := struck(row.text, "hunter2", ""); got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
}
