package reference

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// A Listening handler has a fault that shows in requests which package net/http
// refuses before any handler sees them. It shows only where the handler is served on
// the listener that Listen makes of another one.
type Listening interface {
	http.Handler
	Listen(net.Listener) net.Listener
}

// hostField stands, in the first request of a connection of a [hostListener], for a
// Host that net/http would refuse, and says what is wrong with it.
const hostField = "X-Fmaspec-Host"

// The ways in which a request may have no valid Host.
const (
	hostMissing = "missing"
	hostTwice   = "twice"
	hostInvalid = "invalid"
)

// A hostHandler answers requests without a valid Host by hand.
type hostHandler struct{ http.Handler }

// Listen returns a listener whose connections are read before the server of package
// net/http reads them.
func (hostHandler) Listen(l net.Listener) net.Listener { return hostListener{l} }

// onBadHost answers requests whose Host is bad in one of these ways by answering, and
// all others of them as net/http does.
func onBadHost(answering func(w http.ResponseWriter, r *http.Request, h http.Handler), ways ...string) wrap {
	return func(h http.Handler) http.Handler {
		return hostHandler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			bad := r.Header.Get(hostField)
			r.Header.Del(hostField)
			switch {
			case bad == "":
				h.ServeHTTP(w, r)
			case strings.Contains(" "+strings.Join(ways, " ")+" ", " "+bad+" "):
				answering(w, r, h)
			default:
				w.Header().Set("Connection", "close")
				http.Error(w, "400 Bad Request", http.StatusBadRequest)
			}
		})}
	}
}

// served answers as if nothing were wrong with Host.
func served(w http.ResponseWriter, r *http.Request, h http.Handler) { h.ServeHTTP(w, r) }

// answered answers with a status and a line of text.
func answered(status int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, http.StatusText(status), status)
	}
}

// hostFaults take a request without a valid Host, or refuse it otherwise than with 400.
func hostFaults() []Fault {
	host := ids("request.host")
	crash := ids("request.host", "refusal.no-server-error")
	return []Fault{
		{Name: "takes-missing-host", Says: "accepts a request without Host", Breaks: host,
			Wrap: onBadHost(served, hostMissing)},
		{Name: "takes-two-hosts", Says: "accepts a request with two Host fields", Breaks: host,
			Wrap: onBadHost(served, hostTwice)},
		{Name: "takes-invalid-host", Says: "accepts a Host that no host can have", Breaks: host,
			Wrap: onBadHost(served, hostInvalid)},
		{Name: "takes-any-host", Says: "does not look at Host", Breaks: host, Wrap: onBadHost(served, hostMissing,
			hostTwice, hostInvalid)},
		{Name: "refuses-missing-host-with-404", Says: "answers 404 to a request without Host", Breaks: host,
			Wrap: onBadHost(answered(http.StatusNotFound), hostMissing)},
		{Name: "refuses-missing-host-with-421", Says: "answers 421 to a request without Host", Breaks: host,
			Wrap: onBadHost(answered(http.StatusMisdirectedRequest), hostMissing)},
		{Name: "refuses-missing-host-with-500", Says: "answers 500 to a request without Host", Breaks: crash,
			Wrap: onBadHost(answered(http.StatusInternalServerError), hostMissing)},
		{Name: "refuses-two-hosts-with-500", Says: "answers 500 to a request with two Host fields", Breaks: crash,
			Wrap: onBadHost(answered(http.StatusInternalServerError), hostTwice)},
		{Name: "refuses-invalid-host-with-403", Says: "answers 403 to a Host that no host can have", Breaks: host,
			Wrap: onBadHost(answered(http.StatusForbidden), hostInvalid)},
		{Name: "hangs-up-on-missing-host", Says: "closes the connection on a request without Host",
			Breaks: ids("http.framing", "request.host"),
			Wrap: onBadHost(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				hijack(w, &answer{}, func(net.Conn, *answer) {})
			}, hostMissing)},
	}
}

// absoluteFormFaults do not know a target that is a whole URL.
func absoluteFormFaults() []Fault {
	whole := func(q *asked) bool { return q.URL.IsAbs() }
	var faults []Fault
	for _, row := range []struct {
		name, says string
		no         refusal
	}{
		{"refuses-absolute-form-with-404", "takes a target that is a whole URL for a path that it does not know",
			refusal{status: http.StatusNotFound, code: "NotFound", message: "No such resource."}},
		{"refuses-absolute-form-with-400", "answers 400 to a target that is a whole URL",
			*badBody("BadRequest", "The target is no path.")},
		{"refuses-absolute-form-with-403", "takes a target that is a whole URL for an attempt to use it as a proxy",
			refusal{status: http.StatusForbidden, code: "Forbidden", message: "This is no proxy."}},
		{"refuses-absolute-form-with-501", "answers 501 to a target that is a whole URL",
			refusal{status: http.StatusNotImplemented, code: "NotImplemented", message: "This is no proxy."}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("request.absolute-form"),
			Wrap: refuseIf(row.no, whole)})
	}
	return faults
}

// A hostListener rewrites the first request of each connection where it has no valid
// Host.
type hostListener struct{ net.Listener }

// Accept returns the next connection, of which nothing is read yet.
func (l hostListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &hostConn{Conn: conn}, nil
}

// hostConn is a connection to the server of a [hostListener].
type hostConn struct {
	net.Conn
	read io.Reader // nil before the first Read
}

// NetConn returns the connection itself, as that of a [crypto/tls.Conn] does.
func (c *hostConn) NetConn() net.Conn { return c.Conn }

// Read returns the bytes of the connection, of which the head of the first request is
// read whole.
func (c *hostConn) Read(b []byte) (int, error) {
	if c.read == nil {
		c.read = io.MultiReader(bytes.NewReader(withHost(readHead(c.Conn))), c.Conn)
	}
	return c.read.Read(b)
}

// readHead reads up to the end of a head, and as much more as came with it.
func readHead(from io.Reader) (head []byte) {
	block := make([]byte, 4<<10)
	for len(head) < http.DefaultMaxHeaderBytes && !bytes.Contains(head, []byte("\r\n\r\n")) {
		n, err := from.Read(block)
		head = append(head, block[:n]...)
		if err != nil {
			break
		}
	}
	return head
}

var (
	hostLine  = regexp.MustCompile(`(?i)\r\nHost:[ \t]*([^\r\n]*)`)
	validHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)
)

// withHost gives a request one valid Host, and says in another field what was wrong
// with those that it had.
func withHost(request []byte) []byte {
	head, rest, whole := bytes.Cut(request, []byte("\r\n\r\n"))
	hosts := hostLine.FindAllSubmatch(head, -1)
	var bad string
	switch {
	case !whole, len(hosts) == 1 && validHost.Match(bytes.TrimSpace(hosts[0][1])):
		return request
	case len(hosts) == 0:
		bad = hostMissing
	case len(hosts) > 1:
		bad = hostTwice
	default:
		bad = hostInvalid
	}
	head = hostLine.ReplaceAll(head, nil)
	return fmt.Appendf(nil, "%s\r\nHost: host.invalid\r\n%s: %s\r\n\r\n%s", head, hostField, bad, rest)
}
