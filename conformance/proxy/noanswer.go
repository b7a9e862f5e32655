package proxy

import (
	"time"

	"fmaspec/conformance/internal/wire"
)

// A noAnswer is the reason why the upstream's answer is not passed on.
type noAnswer struct {
	kind string // one of those of [Counts.UpstreamErrors]
	text string // with the remedy, for who runs the proxy; it may name addresses
}

// BadStatus is the kind where the status of an answer is none. The other kinds are those of [NoAnswerKinds].
const badStatus = "bad-status"

// noAnswerKinds returns the kinds of reasons why no answer is passed on.
func noAnswerKinds() (out []string) {
	for _, why := range wire.Whys() {
		out = append(out, string(why))
	}
	return append(out, badStatus)
}

// whyNone returns the reason of an error.
func whyNone(err error) noAnswer {
	if err == errNoStatus {
		return noAnswer{badStatus, "the status of its answer is none"}
	}
	kind, text := wire.WhyNoAnswer(err, 30*time.Second)
	return noAnswer{string(kind), text}
}

// says returns the reason in the words for a client, which name no address.
func (n noAnswer) says() string {
	switch wire.Why(n.kind) {
	case wire.NoConnection:
		return "No connection to it came about, so that it did not get the request."
	case wire.UnknownName:
		return "Its name has no address, so that it did not get the request."
	case wire.NotTrusted:
		return "Its certificate is not trusted, so that it did not get the request."
	case wire.NoTLS:
		return "The TLS handshake with it failed, so that it did not get the request."
	case wire.NoProxy:
		return "Another proxy on the way to it did not let the request through."
	case wire.Ended:
		return "The proxy sent the request to it, and the connection ended before an answer was there."
	}
	return "The proxy sent the request to it, and got no answer that it can pass on."
}
