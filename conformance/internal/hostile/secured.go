package hostile

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"
)

// secured returns behaviours that are spoilt in TLS.
func secured() []Behaviour {
	certificate := func(name, says, cause string, change func(*x509.Certificate)) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: errored("unreachable", cause),
			tls: func(a *authority) *tls.Config {
				template := leaf()
				change(template)
				return a.shows(template)
			}}
	}
	honest := func(a *authority) *tls.Config { return a.shows(leaf()) }
	return []Behaviour{
		{Name: "honest-over-tls", Says: "does nothing wrong",
			tls: honest, Expect: passed()},
		certificate("certificate-expired", "shows a certificate that has expired", "expired.* is after",
			func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
			}),
		certificate("certificate-not-yet-valid", "shows a certificate that is not valid yet",
			"not yet valid.* is before", func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
			}),
		certificate("certificate-of-another-address", "shows the certificate of another address",
			`valid for 127\.0\.0\.2, not 127\.0\.0\.1`, func(c *x509.Certificate) {
				c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)}
			}),
		certificate("certificate-of-another-host", "shows the certificate of another host",
			"127.0.0.1 because it doesn't contain any IP SANs", func(c *x509.Certificate) {
				c.IPAddresses, c.DNSNames = nil, []string{"other.example"}
			}),
		certificate("certificate-for-clients", "shows a certificate that is for clients alone",
			"incompatible key usage", func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			}),
		{Name: "certificate-self-signed", Says: "shows a certificate that it signed itself",
			tls:    func(*authority) *tls.Config { return (*authority)(nil).shows(leaf()) },
			Expect: errored("unreachable", "unknown authority")},
		{Name: "certificate-without-chain", Says: "keeps the certificate between its own and the authority's to itself",
			tls: func(a *authority) *tls.Config {
				between, err := a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true,
					KeyUsage: x509.KeyUsageCertSign})
				if err != nil {
					return &tls.Config{}
				}
				return between.shows(leaf())
			}, Expect: errored("unreachable", "unknown authority")},
		{Name: "no-certificate", Says: "has no certificate to show",
			tls:    func(*authority) *tls.Config { return &tls.Config{} },
			Expect: errored("unreachable", "unrecognized name")},
		{Name: "tls-too-old", Says: "speaks no TLS beyond 1.1",
			tls: func(a *authority) *tls.Config {
				config := honest(a)
				config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
				return config
			}, Expect: errored("unreachable", "protocol version")},
		{Name: "wants-client-certificate", Says: "wants to see a certificate of the client",
			tls: func(a *authority) *tls.Config {
				config := honest(a)
				config.ClientAuth = tls.RequireAnyClientCert
				return config
			}, Expect: errored("unreachable", "client certificate|certificate required")},
		{Name: "wants-client-certificate-in-tls-1.2", Says: "wants to see a certificate of the client, in the " +
			"handshake",
			tls: func(a *authority) *tls.Config {
				config := honest(a)
				config.ClientAuth, config.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
				return config
			}, Expect: errored("unreachable", "client certificate|bad certificate|handshake failure")},
		{Name: "closes-in-handshake", Says: "closes the connection in the TLS handshake",
			secure: true, accept: hear, Expect: errored("unreachable", "(?i)closed|EOF|handshake")},
		{Name: "resets-in-handshake", Says: "resets the connection in the TLS handshake",
			secure: true, accept: acts(hear, reset), Expect: errored("unreachable", "reset|(?i)handshake")},
		{Name: "never-shakes-hands", Says: "begins no TLS handshake",
			secure: true, Waits: true, accept: hold, Expect: errored("unreachable", "within .*")},
		{Name: "never-ends-handshake", Says: "drips the first record of a TLS handshake",
			secure: true, Waits: true, accept: acts(hear, say("\x16\x03\x03\x40\x00"), drip("\x02")),
			Expect: errored("unreachable", "within .*")},
		{Name: "huge-handshake", Says: "announces a handshake message of 16 MiB",
			secure: true, accept: acts(hear, say("\x16\x03\x03\x40\x00\x02\xff\xff\xff"), again("\x00")),
			Expect: errored("unreachable", "(?i)handshake")},
		{Name: "garbled-tls", Says: "answers the TLS handshake with rubbish of its form",
			secure: true, accept: acts(hear, say("\x16\x03\x03\x00\x08\x02\x00\x00\x04\xff\xff\xff\xff"), hold),
			Expect: errored("unreachable", "(?i)handshake|error decoding")},
		{Name: "speaks-http-on-a-tls-port", Says: "answers the TLS handshake in plain HTTP",
			secure: true, accept: acts(hear, say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")),
			Expect: errored("unreachable", "does not speak TLS|not look like a TLS")},
		{Name: "resets-in-body-over-tls", Says: "resets a TLS connection in the body",
			tls: honest, answer: acts(say(start+"Content-Length: {length}\r\n\r\n{half}"), reset),
			Expect: failed("cut", "of the body")},
		{Name: "cuts-tls-in-body", Says: "ends a TLS connection in the body without saying so",
			tls: honest, answer: acts(say(start+"Content-Length: {length}\r\n\r\n{half}"), cut),
			Expect: failed("cut", "of the body, Content-Length said")},
		{Name: "cuts-tls-for-an-end", Says: "ends a body by a TLS connection that ends without saying so",
			tls: honest, answer: acts(say(start+"Connection: close\r\n\r\n{half}"), cut),
			Expect: failed("", "ends inside")},
		{Name: "garbles-tls-in-body", Says: "sends rubbish in place of a TLS record",
			tls: honest, answer: acts(say(start+"Content-Length: {length}\r\n\r\n{half}"), rubbish, hold),
			Expect: failed("cut", "of the body")},
	}
}

// rubbish is written beneath TLS.
func rubbish(s *scene) {
	s.tcp().Write([]byte("\x17\x03\x03\x00\x20 this is no record of TLS at all "))
}
