package conformance_test

import (
	"bufio"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

// heads keeps the first line and the Host fields of what a server is sent.
type heads struct {
	net.Listener
	mu  sync.Mutex
	all []string
}

type headConn struct {
	net.Conn
	in *bufio.Reader
}

func (c headConn) Read(b []byte) (int, error) { return c.in.Read(b) }

// Accept looks at the first request of each connection.
func (h *heads) Accept() (net.Conn, error) {
	conn, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := headConn{conn, bufio.NewReaderSize(conn, 64<<10)}
	c.in.Peek(1)
	begun, _ := c.in.Peek(c.in.Buffered())
	head, _, _ := strings.Cut(string(begun), "\r\n\r\n")
	var kept []string
	for i, line := range strings.Split(head, "\r\n") {
		if i == 0 || strings.HasPrefix(line, "Host:") {
			kept = append(kept, line)
		}
	}
	h.mu.Lock()
	h.all = append(h.all, strings.Join(kept, "|"))
	h.mu.Unlock()
	return c, nil
}

func TestHostAndFormOfTheTargetGoOutAsTheCaseSays(t *testing.T) {
	server := httptest.NewUnstartedServer(honest())
	seen := &heads{Listener: server.Listener}
	server.Listener = seen
	server.Start()
	defer server.Close()
	it := target(nil)
	it.URL = server.URL
	r := run(t, it, conformance.Options{Run: "^requestSample/host/", Parallel: 1})
	require.Equal(t, record.Conformant, r.Verdict)
	host, path := strings.TrimPrefix(server.URL, "http://"), "/testwdatppreview/machines/"+conformance.DefaultMachine+
		"/requestSample HTTP/1.1"
	seen.mu.Lock()
	defer seen.mu.Unlock()
	require.ElementsMatch(t, []string{
		"POST " + path + "|Host: " + host, // the control
		"POST " + server.URL + path + "|Host: " + host,
		"POST " + path,
		"POST " + path + "|Host: " + host + "|Host: " + host,
		"POST " + path + "|Host: not a host",
		"POST " + path + "|Host: " + host + "/elsewhere",
	}, seen.all)

	x := caseOf(t, r, "requestSample/host/accepts-absolute-form").Exchanges[0]
	require.True(t, x.Request.Absolute)
	command, _ := curl.Command(r, &x)
	require.Contains(t, command, "--request-target '"+x.Request.URL+"'")
	require.True(t, strings.HasSuffix(command, " '"+server.URL+"/'"), command)
	x = caseOf(t, r, "requestSample/host/refuses-missing-host").Exchanges[0]
	command, _ = curl.Command(r, &x)
	require.Contains(t, command, "-H 'Host:'")
}

func TestHostAndFormOfTheTargetAreNotAskedWhereTheyDoNotArrive(t *testing.T) {
	server := httptest.NewServer(honest())
	defer server.Close()
	proxied, two := target(nil), target(honest())
	proxied.URL = server.URL
	proxied.Transport.Proxy = through(t, strings.TrimPrefix(server.URL, "http://")).of
	two.Transport.HTTP2 = true
	for want, it := range map[string]conformance.Target{
		"the proxy writes the target and Host of a request itself; ask without a proxy (-proxy none)": proxied,
		"HTTP/2 has no such target and no Host; leave -http2 out":                                     two,
	} {
		r := run(t, it, conformance.Options{Run: "^requestSample/host/"})
		require.Equal(t, 5, r.Totals.NotApplicable, want)
		for _, c := range r.Cases {
			if c.Outcome == record.NotApplicable {
				require.Equal(t, want, c.Reason)
				require.Empty(t, c.Exchanges)
			}
		}
	}
}
