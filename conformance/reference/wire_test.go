package reference_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

func TestWrappingAloneIsInvisible(t *testing.T) {
	probes := append(probes(), probe{body: strings.Repeat(" ", 3<<20)})
	honest := newSeer(t, reference.New(config()), longTimeout).look(probes)
	require.Contains(t, honest[len(honest)-1], "413")
	require.Equal(t, honest, newSeer(t, reference.Unchanged(reference.New(config())), longTimeout).look(probes))
	// What is written by hand ends the connection, and with it what came behind the request.
	alone := slices.DeleteFunc(probes, func(p probe) bool { return p.wire != "" })
	honest = newSeer(t, reference.New(config()), longTimeout).look(alone)
	require.Equal(t, honest, newSeer(t, reference.ByHand(reference.New(config())), longTimeout).look(alone))
}

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
}

func (l pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.made:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipes) Close() error   { close(l.closed); return nil }
func (l pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func TestWireFaultsWorkOverPipes(t *testing.T) {
	for _, fault := range reference.Faults() {
		if !slices.Contains(fault.Breaks, "http.framing") && !slices.Contains(fault.Breaks, "http.timely") {
			continue
		}
		if strings.HasPrefix(fault.Name, "drops-what-came-with-") {
			continue // it takes two requests to see it
		}
		if fault.Name == "keeps-connection-of-capital-close" {
			continue // it takes a Connection: Close to see it
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			l := pipes{make(chan net.Conn), make(chan struct{})}
			server := &http.Server{Handler: fault.Wrap(reference.New(config()))}
			go func() { _ = server.Serve(l) }()
			defer server.Close()
			near, far := net.Pipe()
			defer near.Close()
			l.made <- far
			timeout := longTimeout
			if fault.Waits {
				timeout = shortTimeout
			}
			require.NoError(t, near.SetDeadline(time.Now().Add(timeout)))
			body := good
			if fault.Name == "never-refuses" {
				body = "{}"
			}
			r, err := probe{body: body}.request(t.Context(), "http://pipe")
			require.NoError(t, err)
			r.Close = true
			require.NoError(t, r.Write(near))
			seen, err := io.ReadAll(io.LimitReader(near, 1<<20))
			require.Equal(t, fault.Waits, err != nil, "got %v after %q", err, seen[:min(len(seen), 200)])
		})
	}
}

func TestWireFaultsSayThatTheyNeedAConnection(t *testing.T) {
	fault, ok := reference.FindFault("hangs-up-in-body")
	require.True(t, ok)
	require.Equal(t, http.StatusInternalServerError, ask(t, fault.Wrap(reference.New(config())), probe{}).StatusCode)
}

func TestServerSendsContinueOnlyToThoseWhoWaitForIt(t *testing.T) {
	server := httptest.NewServer(reference.New(config()))
	defer server.Close()
	s := &seer{server: server, timeout: longTimeout}
	require.NotContains(t, s.see(probe{raw: true}), "100 Continue")
	require.True(t, strings.HasPrefix(s.see(probe{raw: true, header: []string{"Expect: 100-continue"}}),
		"false\nHTTP/1.1 100 Continue"))
}
