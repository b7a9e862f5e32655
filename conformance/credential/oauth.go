package credential

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// endpointLimit is the timeout of a token endpoint, and errorShown the number of characters of
// its message that an error shows.
const (
	endpointLimit = 30 * time.Second
	errorShown    = 200
)

// A Config holds the token endpoint and the credentials of an application (RFC 6749 4.4). The
// Microsoft identity platform accepts two forms:
//
//	v2.0  TokenURL https://login.microsoftonline.com/TENANT/oauth2/v2.0/token
//	      Scopes   https://graph.microsoft.com/.default
//	v1    TokenURL https://login.microsoftonline.com/TENANT/oauth2/token
//	      Resource https://graph.microsoft.com
type Config struct {
	TokenURL   string
	ID, Secret string
	Scopes     []string
	Resource   string
	Audience   string
	Client     *http.Client // http.DefaultClient if nil; redirects are never followed
}

// ClientCredentials returns a source that asks a token endpoint, with id and secret in the
// Authorization header, or if that is refused in the body. An error describes an invalid
// configuration.
func ClientCredentials(c Config) (Source, error) {
	u, err := url.Parse(c.TokenURL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the URL of the token endpoint cannot be used; give one such as " +
			"https://login.microsoftonline.com/TENANT/oauth2/v2.0/token")
	case u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("the token endpoint at %s: a user or a fragment is not allowed in its URL; give the "+
			"id and the secret separately", u.Host)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("the token endpoint at %s: http:// would send the secret in clear text; give an "+
			"https:// URL", u.Host)
	case c.ID == "":
		return nil, fmt.Errorf("the token endpoint at %s: no client id; give the id of the application", u.Host)
	case c.Secret == "":
		return nil, fmt.Errorf("the token endpoint at %s: no client secret; give the secret of the application", u.Host)
	}
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	parameters := url.Values{}
	for name, value := range map[string]string{"resource": c.Resource, "audience": c.Audience} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	e := &endpoint{
		place:  u.Scheme + "://" + u.Host + u.EscapedPath(),
		client: &client,
		config: clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenURL, Scopes: c.Scopes,
			EndpointParams: parameters},
	}
	return e.token, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

type endpoint struct {
	place  string
	client *http.Client
	config clientcredentials.Config
}

func (e *endpoint) token(ctx context.Context) (Token, error) {
	limited, cancel := context.WithTimeout(ctx, endpointLimit)
	defer cancel()
	answer, err := e.config.Token(context.WithValue(limited, oauth2.HTTPClient, e.client))
	switch {
	case err != nil && ctx.Err() != nil:
		return Token{}, fmt.Errorf("%s: the request was stopped: %w; try again", e.place, context.Cause(ctx))
	case err != nil:
		return Token{}, fmt.Errorf("%s: %w", e.place, e.failure(err))
	case !strings.EqualFold(answer.Type(), "Bearer"):
		return Token{}, fmt.Errorf("%s: want a bearer token, got one of type %q; check the configuration of the "+
			"application", e.place, e.shown(answer.TokenType))
	case Bare(answer.AccessToken) != nil:
		return Token{}, fmt.Errorf("%s: its token has a character that is not allowed in a bearer token (RFC 6750 "+
			"section 2.1); check that this is a token endpoint", e.place)
	}
	return Token{answer.AccessToken, answer.Expiry, e.place}, nil
}

// remedies are the remedies for the error codes of a token endpoint (RFC 6749 5.2, RFC 8707 2).
var remedies = map[string]string{
	"invalid_client":         "check that id and secret belong together and that the secret has not expired",
	"unauthorized_client":    "let the application ask for tokens by client credentials, in this tenant",
	"invalid_scope":          "give a scope that the endpoint knows",
	"invalid_target":         "give a resource that the endpoint knows",
	"invalid_resource":       "give a resource that the endpoint knows",
	"unsupported_grant_type": "give the URL of an endpoint that supports client credentials",
}

// failure returns the error without the body of the answer.
func (e *endpoint) failure(err error) error {
	var refused *oauth2.RetrieveError
	var sent *url.Error
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return e.refusal(refused)
	case errors.As(err, &untrusted):
		return fmt.Errorf("its certificate is not trusted: %s; name the certificate of its authority "+
			"with -ca (in Go, Config.Client)",
			e.shown(untrusted.Err.Error()))
	case errors.As(err, &sent) && sent.Timeout():
		return errors.New("no answer came in time; check the address")
	case errors.As(err, &sent):
		return fmt.Errorf("%s; check the address", e.shown(sent.Err.Error()))
	}
	return errors.New("its answer has no readable access_token; check that this is a token endpoint")
}

func (e *endpoint) refusal(r *oauth2.RetrieveError) error {
	status := r.Response.StatusCode
	said := strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	for _, words := range []string{r.ErrorCode, r.ErrorDescription} {
		if words = e.shown(words); words != "" {
			said += ": " + words
		}
	}
	switch {
	case status >= 300 && status < 400:
		return fmt.Errorf("%s: a redirect is not followed, because it would pass on the secret; give the URL that it "+
			"leads to", said)
	case status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("%s; try again later", said)
	}
	return fmt.Errorf("%s; %s", said, cmp.Or(remedies[r.ErrorCode], "check that this is a token endpoint, and its "+
		"requirements"))
}

// shown returns text from outside without the secret, in any form in which it was sent.
func (e *endpoint) shown(words string) string {
	id, secret := url.QueryEscape(e.config.ClientID), url.QueryEscape(e.config.ClientSecret)
	words = cleaned(words, len(words))
	for _, form := range []string{e.config.ClientSecret, secret,
		base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))} {
		words = strings.ReplaceAll(words, form, stars)
	}
	// Less is redacted than by struck, because trace ids help the operators of the endpoint.
	words = jwt.ReplaceAllString(scheme.ReplaceAllString(words, "$1 "+stars), stars)
	return cleaned(words, errorShown)
}
