package tenant

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// claims are those of a JSON Web Token (RFC 7519), by the names of the Microsoft identity
// platform.
type claims struct {
	Issuer         string   `json:"iss"`
	Audience       string   `json:"aud"`
	Tenant         string   `json:"tid"`
	ID             string   `json:"jti"`
	Kind           string   `json:"idtyp"` // app or user
	App            string   `json:"appid,omitempty"`
	User           string   `json:"upn,omitempty"`
	Roles          []string `json:"roles,omitempty"`
	Scopes         string   `json:"scp,omitempty"`
	DirectoryRoles []string `json:"wids,omitempty"`
	Issued         int64    `json:"iat"`
	NotBefore      int64    `json:"nbf"`
	Expires        int64    `json:"exp"`
}

// tokenHeader is the first part of every token: RS256 (RFC 7518 section 3.3), as a JWT.
const tokenHeader = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"

// sign returns a token with the claims, and those that every token of the tenant has.
func (t *Tenant) sign(c claims, since time.Time, life time.Duration) (string, error) {
	c.Issuer, c.Tenant, c.ID = t.config.Issuer, t.config.Name, rand.Text()
	c.Issued, c.NotBefore, c.Expires = since.Unix(), since.Unix(), since.Add(life).Unix()
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("a token: %w; report this", err)
	}
	text := tokenHeader + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, t.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("a token was not signed: %w; report this", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// verified returns the claims of a token that the tenant signed. Its text is the one that was
// issued: the bits that base64 leaves unused have to be zero.
func (t *Tenant) verified(token string) (c claims, ok bool) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 || !strings.HasPrefix(token, tokenHeader+".") || at < len(tokenHeader)+1 {
		return claims{}, false
	}
	strict := base64.RawURLEncoding.Strict()
	signature, err := strict.DecodeString(token[at+1:])
	sum := sha256.Sum256([]byte(token[:at]))
	if err != nil || strings.ContainsAny(token[at:], "\r\n") ||
		rsa.VerifyPKCS1v15(&t.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return claims{}, false
	}
	payload, err := strict.DecodeString(token[len(tokenHeader)+1 : at])
	return c, err == nil && json.Unmarshal(payload, &c) == nil
}
