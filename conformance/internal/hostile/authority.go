package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// An authority signs the certificates of one server.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	a, err := (*authority)(nil).sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		return nil, fmt.Errorf("hostile: no certificate can be made: %w; check the source of random numbers", err)
	}
	return a, nil
}

// sign returns a certificate, self-signed if there is no authority. By default it is valid
// from an hour ago for two hours.
func (a *authority) sign(template *x509.Certificate) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, err
	}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent := &authority{template, key}
	if a != nil {
		parent = a
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.certificate, &key.PublicKey, parent.key)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	return &authority{made, key}, err
}

func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// leaf returns a template for a server on loopback.
func leaf() *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "a server"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// shows returns the configuration of a server with this one certificate, or without any if it
// cannot be made.
func (a *authority) shows(template *x509.Certificate) *tls.Config {
	made, err := a.sign(template)
	if err != nil {
		return &tls.Config{}
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made.certificate.Raw},
		PrivateKey: made.key}}}
}
