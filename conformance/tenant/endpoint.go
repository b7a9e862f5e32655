package tenant

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// formLimit is the most bytes of a request to the token endpoint.
const formLimit = 64 << 10

// The ends of the paths of the token endpoint, which follow the tenant.
const pathV1, pathV2 = "/oauth2/token", "/oauth2/v2.0/token"

// defaultScope ends a scope of client credentials: all that the application was granted.
const defaultScope = "/.default"

// IsTokenPath reports whether a path is one of a token endpoint, of whichever tenant.
func IsTokenPath(path string) bool {
	for _, end := range []string{pathV1, pathV2} {
		if name, ok := strings.CutSuffix(path, end); ok && strings.LastIndexByte(name, '/') == 0 && name != "/" {
			return true
		}
	}
	return false
}

// A denial is the answer of a token endpoint that issues nothing (RFC 6749 section 5.2).
type denial struct {
	status int
	Code   string `json:"error"`
	Text   string `json:"error_description"`
}

// TokenEndpoint returns the handler of the token endpoint, in the forms v1, which is asked for
// a resource, and v2.0, which is asked for a scope. It knows the grant of client credentials
// (RFC 6749 section 4.4), with id and secret in the Authorization field or in the body.
func (t *Tenant) TokenEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		answer, no := t.issue(w, r)
		status := http.StatusOK
		if no != nil {
			status, answer = no.status, no
		}
		switch status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", http.MethodPost)
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", `Basic realm="`+t.config.Name+`"`)
		}
		body, err := json.Marshal(answer)
		if err != nil { // it holds texts and numbers alone
			status, body = http.StatusInternalServerError, nil
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

func (t *Tenant) issue(w http.ResponseWriter, r *http.Request) (answer any, no *denial) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	v1 := strings.HasSuffix(r.URL.Path, pathV1)
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	switch {
	case r.Method != http.MethodPost:
		return nil, &denial{http.StatusMethodNotAllowed, "invalid_request", "a token is asked for by POST"}
	case name != t.config.Name:
		return nil, &denial{http.StatusBadRequest, "invalid_request", "there is no tenant of this name; it is " +
			t.config.Name}
	case r.ParseForm() != nil:
		return nil, &denial{http.StatusBadRequest, "invalid_request", "the body is no form of at most " +
			strconv.Itoa(formLimit) + " bytes"}
	case r.PostForm.Get("grant_type") != "client_credentials":
		return nil, &denial{http.StatusBadRequest, "unsupported_grant_type", "only client_credentials is known here"}
	}
	client, ok := t.client(r)
	if !ok {
		return nil, &denial{http.StatusUnauthorized, "invalid_client", "there is no client with this id and secret; " +
			"each start of the tenant makes new secrets"}
	}
	audience, no := t.audience(r.PostForm, v1)
	if no != nil {
		return nil, no
	}
	role := readRole
	if client.Acts {
		role = actRole
	}
	now := t.config.Now()
	token, err := t.sign(claims{Audience: audience, Kind: "app", App: client.ID, Roles: []string{role}}, now,
		t.config.Life)
	if err != nil {
		return nil, &denial{http.StatusInternalServerError, "server_error", err.Error()}
	}
	life := int64(t.config.Life.Seconds())
	if v1 { // which writes its numbers as texts
		return map[string]string{"token_type": "Bearer", "expires_in": strconv.FormatInt(life, 10),
			"expires_on": strconv.FormatInt(now.Unix()+life, 10), "resource": audience, "access_token": token}, nil
	}
	return map[string]any{"token_type": "Bearer", "expires_in": life, "access_token": token}, nil
}

// client returns the client whose id and secret a request has: form-encoded in the
// Authorization field (RFC 6749 section 2.3.1), or in the body.
func (t *Tenant) client(r *http.Request) (Client, bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		var bad [2]error
		id, bad[0] = url.QueryUnescape(id)
		secret, bad[1] = url.QueryUnescape(secret)
		if bad[0] != nil || bad[1] != nil {
			return Client{}, false
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	at := slices.IndexFunc(t.config.Clients, func(c Client) bool { return c.ID == id })
	if at < 0 || subtle.ConstantTimeCompare([]byte(t.config.Clients[at].Secret), []byte(secret)) != 1 {
		return Client{}, false
	}
	return t.config.Clients[at], true
}

// audience returns the resource for which a token is asked.
func (t *Tenant) audience(form url.Values, v1 bool) (string, *denial) {
	asked, ends := form.Get("scope"), strings.HasSuffix(form.Get("scope"), defaultScope)
	want := &denial{http.StatusBadRequest, "invalid_scope", "the scope is not one that this tenant knows; it is " +
		t.config.Audience + defaultScope}
	if v1 {
		asked, ends = form.Get("resource"), true
		want = &denial{http.StatusBadRequest, "invalid_resource", "the resource is not one that this tenant knows; " +
			"it is " + t.config.Audience}
	}
	asked = strings.TrimSuffix(strings.TrimSuffix(asked, defaultScope), "/")
	if !ends || asked != t.config.Audience && !slices.Contains(t.config.Others, asked) {
		return "", want
	}
	return asked, nil
}
