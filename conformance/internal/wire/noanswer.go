package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// A Why is the kind of a reason for which package net/http got no answer.
type Why string

// The kinds.
const (
	NoConnection Why = "no-connection" // no connection came about
	UnknownName  Why = "unknown-name"  // the name of the target has no address
	NotTrusted   Why = "not-trusted"   // its certificate
	NoTLS        Why = "tls"           // the handshake failed for another reason
	NoProxy      Why = "proxy"         // a proxy on the way there
	Ended        Why = "ended"         // the connection ended before the answer was whole
	NotHTTP      Why = "not-http"      // what came cannot be read
)

// Whys returns all kinds.
func Whys() []Why {
	return []Why{NoConnection, UnknownName, NotTrusted, NoTLS, NoProxy, Ended, NotHTTP}
}

// WhyNoAnswer returns the kind of the reason for which a round trip of package net/http ended without an
// answer, and the reason with its remedy, where there is one. The reason may name addresses.
func WhyNoAnswer(err error, timeout time.Duration) (Why, string) {
	var at *net.OpError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var final finalError
	errors.As(err, &at)
	switch text := ErrorText(err); {
	case errors.As(err, &certificate):
		return NotTrusted, strings.TrimSuffix(secureError(&handshakeError{err}, timeout), inGo)
	case errors.As(err, &notTLS), strings.Contains(text, "HTTP response to HTTPS client"):
		return NoTLS, "the target does not speak TLS there; is the port one for https?"
	case errors.As(err, &final):
		return NoProxy, final.Error()
	case at != nil && (at.Op == "proxyconnect" || at.Op == "socks connect"):
		return NoProxy, "the proxy on the way to the target: " + ErrorText(at.Err) + "; is its address right, and " +
			"can it reach the target?"
	case isRefusal(err):
		return NoTLS, refused(err).Msg
	case isAlert(err, ""), strings.Contains(text, "TLS handshake"), strings.Contains(text, "tls: "):
		return NoTLS, secureError(&handshakeError{err}, timeout)
	case errors.As(err, &name) && !name.IsTimeout:
		return UnknownName, "the name " + name.Name + " of the target has no address; is it right?"
	case at != nil && at.Op == "dial", isTimeout(err):
		return NoConnection, dialError(context.Background(), err, timeout).Msg
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err), at != nil,
		strings.Contains(text, "server closed"):
		return Ended, "the connection was closed before an answer was there"
	case strings.Contains(text, "headers exceeded"):
		return NotHTTP, "the header of its answer is too long to be passed on"
	}
	return NotHTTP, "what came cannot be read as HTTP" // the library repeats a piece of it
}
