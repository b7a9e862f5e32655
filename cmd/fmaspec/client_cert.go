package main

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// identity is the certificate of the client, with the key and the intermediate certificates.
type identity struct {
	chain []*x509.Certificate
	keys  []crypto.PrivateKey // of which one belongs to a certificate of the chain
	from  string              // the flags and files
	lacks string              // what to name if no key fits
}

// certificates returns the one of -client-cert, or none. No error contains a part of a key or of
// the password.
func (c *connectionFlags) certificates(e *env) ([]tls.Certificate, error) {
	switch {
	case c.cert == "" && c.key == "" && c.keyPassword != "":
		return nil, errors.New("-client-key-password-file without -client-cert; add the file with the certificate")
	case c.cert == "" && c.key == "":
		return nil, nil
	case c.cert == "":
		return nil, errors.New("-client-key without -client-cert; add the file with its certificate, which may be " +
			"the same")
	}
	data, err := rawContent("client-cert", c.cert, "a certificate")
	if err != nil {
		return nil, err
	}
	var own *identity
	switch isBundle := isDER(data); {
	case isBundle && c.key != "" && !same(c.key, c.cert):
		return nil, fmt.Errorf("-client-cert %s is PKCS#12, which contains the key; drop -client-key", c.cert)
	case isBundle:
		own, err = c.bundle(e, data)
	case c.key == "":
		return nil, errors.New("-client-cert without -client-key; add the file with its key, which may be the same")
	default:
		own, err = c.pair(e)
	}
	if err != nil {
		return nil, err
	}
	certificate, err := own.certificate()
	if err != nil {
		return nil, err
	}
	return []tls.Certificate{certificate}, validNow(certificate.Leaf, c.cert, time.Now())
}

// isDER reports whether data may be PKCS#12: a sequence in DER or BER, and no PEM.
func isDER(data []byte) bool {
	return len(data) > 2 && data[0] == 0x30 && !bytes.Contains(data, []byte("-----BEGIN "))
}

// certificate returns the certificate that belongs to a key, followed by the others.
func (i *identity) certificate() (tls.Certificate, error) {
	for _, key := range i.keys {
		signer, is := key.(crypto.Signer)
		if !is {
			continue
		}
		public, is := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
		at := slices.IndexFunc(i.chain, func(c *x509.Certificate) bool { return is && public.Equal(c.PublicKey) })
		if at < 0 {
			continue
		}
		out := tls.Certificate{PrivateKey: key, Leaf: i.chain[at], Certificate: [][]byte{i.chain[at].Raw}}
		for n, c := range i.chain {
			if n != at {
				out.Certificate = append(out.Certificate, c.Raw)
			}
		}
		return out, nil
	}
	return tls.Certificate{}, fmt.Errorf("%s: private key does not match public key; %s", i.from, i.lacks)
}

// validNow returns an error for a certificate that no server accepts at this time.
func validNow(c *x509.Certificate, file string, now time.Time) error {
	switch day := time.DateOnly; {
	case now.After(c.NotAfter):
		return fmt.Errorf("-client-cert %s: the certificate expired on %s; name one that is valid", file,
			c.NotAfter.UTC().Format(day))
	case now.Before(c.NotBefore):
		return fmt.Errorf("-client-cert %s: the certificate is valid from %s on; name one that is valid, or correct "+
			"the clock", file, c.NotBefore.UTC().Format(day))
	}
	return nil
}

// password returns the password of the key, and whether there is one. It is read only if needed.
func (c *connectionFlags) password(e *env) (password string, is bool, err error) {
	_, password, err = e.hidden("client-key-password-file", c.keyPassword, keyPasswordVariable, "password")
	return password, password != "", err
}

// needsPassword is the remedy for an encrypted key without a password.
const needsPassword = "set " + keyPasswordVariable + " or pass -client-key-password-file"

// bundle reads a certificate and its key from PKCS#12.
func (c *connectionFlags) bundle(e *env, data []byte) (own *identity, err error) {
	password, is, err := c.password(e)
	if err != nil {
		return nil, err
	}
	place := "-client-cert " + c.cert
	defer func() { // of the library, with a file that is damaged
		if recover() != nil {
			own, err = nil, fmt.Errorf("%s: the PKCS#12 data cannot be read; export it again", place)
		}
	}()
	key, leaf, others, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && !is:
		return nil, fmt.Errorf("%s: it has a password; %s", place, needsPassword)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, fmt.Errorf("%s: the password is wrong; correct %s", place, c.passwordPlace())
	case err != nil && strings.Contains(err.Error(), "exactly one key bag"):
		return nil, fmt.Errorf("%s: it contains several keys; export one certificate with its key, as openssl pkcs12 "+
			"-export does", place)
	case err != nil && strings.Contains(err.Error(), "private key missing"):
		return nil, fmt.Errorf("%s: no key in it; export the certificate with its key, as openssl pkcs12 -export does",
			place)
	case err != nil && strings.Contains(err.Error(), "certificate missing"):
		return nil, fmt.Errorf("%s: no certificate in it; export the key with its certificate, as openssl pkcs12 "+
			"-export does", place)
	case err != nil:
		return nil, fmt.Errorf("%s: it is neither PEM nor PKCS#12 that can be read: %s; export it again, as openssl "+
			"pkcs12 -export does", place, strings.TrimPrefix(err.Error(), "pkcs12: "))
	}
	return &identity{append([]*x509.Certificate{leaf}, others...), []crypto.PrivateKey{key}, place,
		"export a certificate with its own key"}, nil
}

// passwordPlace names where the password is from.
func (c *connectionFlags) passwordPlace() string {
	if c.keyPassword != "" {
		return "the file of -client-key-password-file"
	}
	return keyPasswordVariable
}

// pair reads a certificate and its key from PEM.
func (c *connectionFlags) pair(e *env) (*identity, error) {
	own := &identity{from: fmt.Sprintf("-client-cert %s with -client-key %s", c.cert, c.key),
		lacks: "name a certificate and its own key"}
	all, err := blocks("client-cert", c.cert, "a certificate")
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if !b.isCertificate() {
			continue
		}
		certificate, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("-client-cert %s:%d: the certificate cannot be read: %w; write it again", c.cert,
				b.line, err)
		}
		own.chain = append(own.chain, certificate)
	}
	if len(own.chain) == 0 {
		return nil, fmt.Errorf("-client-cert %s: no certificate in it; give PEM, which begins -----BEGIN "+
			"CERTIFICATE-----, or PKCS#12", c.cert)
	}
	if all, err = blocks("client-key", c.key, "a key"); err != nil {
		return nil, err
	}
	locked := false
	for _, b := range all {
		if !b.isKey() {
			continue
		}
		locked = locked || b.isEncrypted()
		key, err := c.keyOf(e, b)
		if err != nil {
			return nil, err
		}
		own.keys = append(own.keys, key)
	}
	switch {
	case len(own.keys) == 0:
		return nil, fmt.Errorf("-client-key %s: no key in it; give PEM with a line -----BEGIN PRIVATE KEY-----", c.key)
	case !locked && c.keyPassword != "":
		return nil, fmt.Errorf("-client-key-password-file: the key in %s is not encrypted; drop the flag", c.key)
	}
	return own, nil
}

// keyOf returns the key in a block, which the password decrypts if it is encrypted.
func (c *connectionFlags) keyOf(e *env, b block) (key crypto.PrivateKey, err error) {
	place := fmt.Sprintf("-client-key %s:%d", c.key, b.line)
	undecrypted := fmt.Errorf("%s: the key cannot be decrypted; correct %s, or write the key again with openssl "+
		"pkcs8 -topk8", place, c.passwordPlace())
	der := b.Bytes
	if b.isEncrypted() {
		password, is, err := c.password(e)
		switch {
		case err != nil:
			return nil, err
		case !is:
			return nil, fmt.Errorf("%s: the key is encrypted; %s", place, needsPassword)
		}
		if b.Type == "ENCRYPTED PRIVATE KEY" {
			return c.unlocked(place, der, password)
		}
		if der, err = legacyKey(b.Block, password); err != nil {
			return nil, undecrypted
		}
	}
	if key, err = x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if b.isEncrypted() { // by a wrong password, of which the padding happened to fit
		return nil, undecrypted
	}
	return nil, fmt.Errorf("%s: the key cannot be read; write it again", place)
}

// legacyKey decrypts a key whose block has a DEK-Info header (RFC 1423). That is weak, and still in
// use: the key is only read.
func legacyKey(b *pem.Block, password string) ([]byte, error) {
	return x509.DecryptPEMBlock(b, []byte(password)) //nolint:staticcheck // no other function reads this form
}

// unlocked decrypts a key of PKCS#8 (PBES2).
func (c *connectionFlags) unlocked(place string, der []byte, password string) (key crypto.PrivateKey, err error) {
	defer func() { // of the library, with data that is damaged
		if recover() != nil {
			key, err = nil, fmt.Errorf("%s: the encrypted key cannot be read; write it again", place)
		}
	}()
	key, _, err = pkcs8.ParsePrivateKey(der, []byte(password))
	switch {
	case err != nil && strings.Contains(err.Error(), "incorrect password"):
		return nil, fmt.Errorf("%s: the password is wrong; correct %s", place, c.passwordPlace())
	case err != nil:
		return nil, fmt.Errorf("%s: the encrypted key cannot be read: %s; write it again, as openssl pkcs8 -topk8 does",
			place, strings.TrimPrefix(err.Error(), "pkcs8: "))
	}
	return key, nil
}
