package conformance

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

func TestARequestIsKeptWithVariablesForSecrets(t *testing.T) {
	s := newSecrets(Target{Token: "token-0123", UnprivilegedToken: "token-0123-and-more", InvalidToken: "FMASPEC_",
		Transport: Transport{Header: []record.Field{
			{Name: "X-Api-Key", Value: "key-987654"}, {Name: "Accept-Language", Value: "de-CH-1996"}, {Name: "X-Ring",
				Value: "prod"}, {Name: "X-Flag", Value: "true"},
		}}}, nil)
	got := s.Request(record.Request{
		Method: "POST", URL: "http://h/x?t=token-0123",
		Header: []record.Field{{Name: "Authorization", Value: "Bearer token-0123-and-more"},
			{Name: "X-Api-Key", Value: "key-987654"}, {Name: "X-Ring", Value: "prod"}, {Name: "X-Flag", Value: "true"},
			{Name: "Accept-Language", Value: "de-CH-1996"}},
		Body: record.Body(`"token-0123 token-0123-and-more FMASPEC_"`),
	})
	require.Equal(t, record.Request{
		Method: "POST", URL: "http://h/x?t=$FMASPEC_TOKEN",
		Header: []record.Field{{Name: "Authorization", Value: "Bearer $FMASPEC_UNPRIVILEGED_TOKEN"},
			{Name: "X-Api-Key", Value: "$HEADER_X_API_KEY"}, {Name: "X-Ring", Value: "prod"}, {Name: "X-Flag",
				Value: "true"}, {Name: "Accept-Language", Value: "de-CH-1996"}},
		Body: record.Body(`"$FMASPEC_TOKEN $FMASPEC_UNPRIVILEGED_TOKEN $FMASPEC_INVALID_TOKEN"`),
	}, got)
}

func TestTheSecretsOfATargetAreAllOfIt(t *testing.T) {
	proxy := func(*url.URL) (*url.URL, error) { return url.Parse("http://user:pass%2Fword@proxy.example:3128") }
	s := newSecrets(Target{URL: "http://tenant.example", Token: "token-one", UnprivilegedToken: "token-two",
		InvalidToken: "token-three",
		Transport:    Transport{Proxy: proxy, Header: []record.Field{{Name: "X-Key", Value: "the-key-itself"}}}}, nil)
	for _, secret := range []string{"token-one", "token-two", "token-three", "the-key-itself", "pass/word",
		"pass%2Fword", "dXNlcjpwYXNzL3dvcmQ="} {
		require.Equal(t, strings.Repeat("*", len(secret)), s.Text(secret))
	}
}
