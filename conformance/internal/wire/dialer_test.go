package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// elsewhere is a connection that says it leads to another address.
type elsewhere struct {
	net.Conn
	to     net.Addr
	closed bool
}

func (c *elsewhere) RemoteAddr() net.Addr { return c.to }

func (c *elsewhere) Close() error {
	c.closed = true
	return nil
}

func TestATargetOnThisMachineIsNotDialledElsewhere(t *testing.T) {
	rows := []struct {
		why    string
		to     net.Addr
		stayed bool
	}{
		{"loopback", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, true},
		{"loopback of another number", &net.TCPAddr{IP: net.IPv4(127, 1, 2, 3), Port: 80}, true},
		{"loopback of IPv6", &net.TCPAddr{IP: net.IPv6loopback, Port: 80}, true},
		{"a machine in the same network", &net.TCPAddr{IP: net.IPv4(192, 168, 0, 7), Port: 80}, false},
		{"a machine far away", &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 443}, false},
		{"any address", &net.TCPAddr{IP: net.IPv4zero, Port: 80}, false},
		{"what is no TCP", &net.UnixAddr{Name: "/run/x"}, false},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			c := &elsewhere{to: r.to}
			got, err := loopbackOnly(func(context.Context) (net.Conn, error) { return c, nil })(t.Context())
			if r.stayed {
				require.NoError(t, err)
				require.Same(t, c, got)
				require.False(t, c.closed)
				return
			}
			require.Nil(t, got)
			require.True(t, c.closed)
			werr := dialError(t.Context(), err, time.Second)
			require.Equal(t, &record.WireError{Kind: record.Unreachable, Msg: "the name leads to " + r.to.String() +
				", which is another machine; name it as it is"}, werr)
		})
	}
	cause := errors.New("no way")
	_, err := loopbackOnly(func(context.Context) (net.Conn, error) { return nil, cause })(t.Context())
	require.ErrorIs(t, err, cause)
}

func TestATargetIsLocalWhereNothingLeavesTheMachine(t *testing.T) {
	through := func(proxy string) func(*url.URL) (*url.URL, error) {
		return func(*url.URL) (*url.URL, error) { return url.Parse(proxy) }
	}
	rows := []struct {
		why    string
		target Endpoint
		local  bool
	}{
		{"a handler", Endpoint{Handler: http.NotFoundHandler()}, true},
		{"an address", Endpoint{URL: "http://127.0.0.1:8080"}, true},
		{"another one", Endpoint{URL: "https://127.9.9.9"}, true},
		{"IPv6", Endpoint{URL: "http://[::1]:8080"}, true},
		{"IPv4 inside IPv6", Endpoint{URL: "http://[::ffff:127.0.0.1]"}, true},
		{"the name", Endpoint{URL: "http://localhost:8080"}, true},
		{"the name in capitals", Endpoint{URL: "http://LocalHost:8080"}, true},
		{"a name elsewhere", Endpoint{URL: "https://tenant.example"}, false},
		{"a name that begins alike", Endpoint{URL: "http://localhost.example"}, false},
		{"a name that ends alike", Endpoint{URL: "http://my.localhost"}, false},
		{"an address elsewhere", Endpoint{URL: "http://128.0.0.1"}, false},
		{"any address", Endpoint{URL: "http://0.0.0.0"}, false},
		{"an address in a form that net does not know", Endpoint{URL: "http://127.1"}, false},
		{"what cannot be read", Endpoint{URL: "http://[::1"}, false},
		{"the name, dialled elsewhere", Endpoint{URL: "http://localhost",
			Resolve: map[string]string{"localhost:80": "192.0.2.1:80"}}, false},
		{"the name in capitals, dialled elsewhere", Endpoint{URL: "http://LOCALHOST",
			Resolve: map[string]string{"localhost:80": "192.0.2.1:80"}}, false},
		{"an address, dialled elsewhere", Endpoint{URL: "https://127.0.0.1",
			Resolve: map[string]string{"127.0.0.1:443": "tenant.example:443"}}, false},
		{"dialled at what cannot be read", Endpoint{URL: "http://localhost",
			Resolve: map[string]string{"localhost:80": "127.0.0.1"}}, false},
		{"dialled at another address of this machine", Endpoint{URL: "http://localhost",
			Resolve: map[string]string{"localhost:80": "127.0.0.1:8080"}}, true},
		{"another name dialled elsewhere", Endpoint{URL: "http://localhost",
			Resolve: map[string]string{"localhost:443": "192.0.2.1:80"}}, true},
		{"a name elsewhere, dialled here", Endpoint{URL: "http://tenant.example",
			Resolve: map[string]string{"tenant.example:80": "127.0.0.1:8080"}}, false},
		{"a proxy elsewhere", Endpoint{URL: "http://localhost", Proxy: through("http://proxy.example:3128")}, false},
		{"a proxy here", Endpoint{URL: "http://localhost", Proxy: through("http://127.0.0.1:3128")}, true},
		{"a proxy here for a target elsewhere", Endpoint{URL: "http://tenant.example",
			Proxy: through("http://127.0.0.1:3128")}, false},
		{"no proxy after all", Endpoint{URL: "http://localhost", Proxy: func(*url.URL) (*url.URL, error) {
			return nil,
				nil
		}}, true},
		{"a proxy that nobody knows", Endpoint{URL: "http://localhost",
			Proxy: func(*url.URL) (*url.URL, error) { return nil, io.EOF }}, false},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			require.Equal(t, r.local, r.target.Local())
		})
	}
}

// behind serves each connection of a loopback port.
func behind(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestATunnelBeginsBehindTheAnswerOfTheProxy(t *testing.T) {
	asked := make(chan string, 1)
	address := behind(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		asked <- r.Method + " " + r.RequestURI + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		io.WriteString(c, "HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\nfirst words of the target")
	})
	c, err := tunnel(t.Context(), &url.URL{Scheme: "http", Host: address, User: url.UserPassword("user", "pa:ss")},
		"tenant.example:443")
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, "CONNECT tenant.example:443 tenant.example:443 Basic dXNlcjpwYTpzcw==", <-asked)
	words, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "first words of the target", string(words))
}

func TestAProxyThatOpensNoTunnelIsNamed(t *testing.T) {
	says := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, text)
		}
	}
	rows := []struct {
		why   string
		serve func(net.Conn)
		want  string
	}{
		{"it wants a password", says("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"),
			"the proxy HOST answered 407 to CONNECT; give it a user and a password, in its URL"},
		{"it cannot reach the target", says("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>"), "the proxy HOST answered 502 " +
			"to CONNECT; can it reach the target?"},
		{"it does not let it through", says("HTTP/1.1 403 Forbidden\r\n\r\n"), "the proxy HOST answered 403 to " +
			"CONNECT; does it let this target through?"},
		{"it sends elsewhere", says("HTTP/1.1 302 Found\r\nLocation: http://login.example\r\n\r\n"),
			"the proxy HOST answered 302 to CONNECT; does it let this target through?"},
		{"it speaks another protocol", says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "the proxy HOST gave no HTTP answer to " +
			"CONNECT; is it a proxy?"},
		{"it closes", func(net.Conn) {}, "the proxy HOST gave no HTTP answer to CONNECT; is it a proxy?"},
		{"it closes in the head", says("HTTP/1.1 200 OK\r\n"), "the proxy HOST gave no HTTP answer to CONNECT; is it " +
			"a proxy?"},
		{"its head has no end", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "X: "+strings.Repeat("x", 4000)+"\r\n"); err != nil {
					return
				}
			}
		}, "the proxy HOST gave no HTTP answer to CONNECT; is it a proxy?"},
		{"it never answers", func(c net.Conn) { io.Copy(io.Discard, c) }, "the proxy HOST: no connection within " +
			"200ms; is its address right, and can it reach the target?"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			t.Parallel()
			proxy := &url.URL{Scheme: "http", Host: behind(t, r.serve)}
			timeout := 20 * time.Second
			if strings.Contains(r.want, "200ms") {
				timeout = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			_, err := tunnel(ctx, proxy, "tenant.example:443")
			require.Error(t, err)
			require.Equal(t, &record.WireError{Kind: record.Unreachable, Msg: strings.ReplaceAll(r.want, "HOST",
				proxy.Host)}, dialError(ctx, err, timeout))
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		l.Close()
		_, err = tunnel(t.Context(), &url.URL{Scheme: "http", Host: l.Addr().String()}, "tenant.example:443")
		require.ErrorContains(t, err, "the proxy "+l.Addr().String()+": ")
		require.Equal(t, "the proxy "+l.Addr().String()+": the connection failed: connection refused; is its address "+
			"right, and can it reach the target?", dialError(t.Context(), err, time.Second).Msg)
	})
	t.Run("the run is stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		address := behind(t, func(c net.Conn) { cancel(); io.Copy(io.Discard, c) })
		_, err := tunnel(ctx, &url.URL{Scheme: "http", Host: address}, "tenant.example:443")
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, record.Cancelled, dialError(ctx, err, time.Second).Kind)
	})
}

func TestOnlyPlainProxiesAreKnown(t *testing.T) {
	for _, proxy := range []string{"https://user:hunter2@proxy.example", "socks5://user:hunter2@proxy.example:1080",
		"http://", "user:hunter2@proxy.example:3128", "//proxy.example"} {
		_, err := Endpoint{URL: "http://tenant.example",
			Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(proxy) }}.ProxyURL()
		require.ErrorContains(t, err, "only http:// proxies are known here; name one, or none", proxy)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := Endpoint{URL: "http://tenant.example", Proxy: func(*url.URL) (*url.URL, error) {
		_, err := url.Parse("http://user:hunter2@proxy.example:%zz")
		return nil, err
	}}.ProxyURL()
	require.EqualError(t, err, `parse "proxy.example:%zz": invalid port ":%zz" after host`)
	_, err = Endpoint{URL: "http://[::1", Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }}.ProxyURL()
	require.Error(t, err)
}

func TestAnAnswerThatBeginsLikeTLSIsNamed(t *testing.T) {
	address := behind(t, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x16")
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://" + address}, Timeout: 20 * time.Second,
		Gate: open{}})
	require.NoError(t, err)
	defer stop()
	_, werr := d.NewPool().Send(t.Context(), plainSending(true))
	require.Equal(t, &record.WireError{Kind: record.Malformed,
		Msg: `not an HTTP answer: it begins "\x15\x03\x01\x00\x02\x02\x16"; is the port one for https?`}, werr)
}

func TestALongMessageOfAServerIsCut(t *testing.T) {
	address := behind(t, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 2"+strings.Repeat("0", 5000)+" Created\r\n\r\n")
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://" + address}, Timeout: 20 * time.Second,
		Gate: open{}})
	require.NoError(t, err)
	defer stop()
	_, werr := d.NewPool().Send(t.Context(), plainSending(true))
	require.Equal(t, record.Malformed, werr.Kind)
	require.Len(t, werr.Msg, longMessage)
}

func TestAStatusThatIsNoneIsNamed(t *testing.T) {
	address := behind(t, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 007 Bond\r\nContent-Length: 0\r\n\r\n")
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://" + address}, Timeout: 20 * time.Second,
		Gate: open{}})
	require.NoError(t, err)
	defer stop()
	_, werr := d.NewPool().Send(t.Context(), plainSending(true))
	require.Equal(t, &record.WireError{Kind: record.Malformed, Msg: "the head of the answer is not HTTP: the status " +
		"007 is none"}, werr)
}

func TestOnlyWhatIsSaidOfCertificatesIsARefusal(t *testing.T) {
	for text, refusal := range map[string]bool{
		"tls: certificate required": true, "tls: bad certificate": true, "tls: unknown certificate authority": true,
		"tls: access denied":  true,
		"tls: internal error": false, "tls: user canceled": false, "tls: no application protocol": false,
	} {
		err := &net.OpError{Op: "remote error", Err: errors.New(text)}
		require.Equal(t, refusal, isRefusal(fmt.Errorf("so: %w", err)), text)
		werr := (&Pool{d: &Dialer{timeout: time.Second}}).readError(t.Context(), err, record.Silent, record.Closed,
			"before an answer began")
		if refusal {
			require.Equal(t, &record.WireError{Kind: record.Unreachable, Msg: "the target refused the TLS " +
				"connection: " + strings.TrimPrefix(text, "tls: ") + "; does it want a client certificate, or " +
				"another one?"}, werr)
		} else {
			require.Equal(t, record.Closed, werr.Kind, "want what may have been read not told as if it never went out")
		}
	}
	require.False(t, isRefusal(&net.OpError{Op: "read", Err: errors.New("certificate")}))
	require.False(t, isRefusal(nil))
}
