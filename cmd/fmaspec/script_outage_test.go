package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// ends are ways to end a connection without an answer.
var ends = map[string]func(net.Conn){
	"closes": func(net.Conn) {},
	"resets": func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) },
	"hears and closes": func(c net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.Copy(io.Discard, r.Body)
		}
	},
}

// ports is what a script may stand on a port, by the name of its kind.
var ports = map[string]func(*testscript.TestScript, []string) string{
	"closing":   func(ts *testscript.TestScript, _ []string) string { return ending(ts, ends["closes"]) },
	"resetting": func(ts *testscript.TestScript, _ []string) string { return ending(ts, ends["resets"]) },
	"hearing":   func(ts *testscript.TestScript, _ []string) string { return ending(ts, ends["hears and closes"]) },
	"tls": func(ts *testscript.TestScript, _ []string) string {
		s := httptest.NewUnstartedServer(honest())
		s.Config.ErrorLog = newServer(nil).ErrorLog
		s.StartTLS()
		ts.Defer(s.Close)
		return "http" + strings.TrimPrefix(s.URL, "https")
	},
	"status": func(ts *testscript.TestScript, args []string) string {
		status, err := strconv.Atoi(args[0])
		ts.Check(err)
		return stood(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if status/100 == 3 {
				w.Header().Set("Location", "https://other.example"+r.URL.RequestURI())
			}
			w.WriteHeader(status)
		}))
	},
	// An honest server that answers so many requests, and ends.
	"dying": func(ts *testscript.TestScript, args []string) string {
		left, err := strconv.ParseInt(args[0], 10, 64)
		ts.Check(err)
		var n atomic.Int64
		h := honest()
		var s *httptest.Server
		s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) > left {
				s.Listener.Close()
				panic(http.ErrAbortHandler)
			}
			h.ServeHTTP(w, r)
		}))
		ts.Defer(s.Close)
		return s.URL
	},
	// An honest server that closes the connection in place of every third answer.
	"moody": func(ts *testscript.TestScript, _ []string) string {
		var n atomic.Int64
		h := honest()
		return stood(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%3 == 0 {
				io.Copy(io.Discard, r.Body)
				panic(http.ErrAbortHandler)
			}
			h.ServeHTTP(w, r)
		}))
	},
	// An honest server that answers one request by a status, once.
	"once": func(ts *testscript.TestScript, args []string) string {
		status, err := strconv.Atoi(args[0])
		ts.Check(err)
		var n atomic.Int64
		h := honest()
		return stood(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) == 5 {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
				return
			}
			h.ServeHTTP(w, r)
		}))
	},
	// An honest server that answers those by a status that take effect there.
	"always": func(ts *testscript.TestScript, args []string) string {
		status, err := strconv.Atoi(args[0])
		ts.Check(err)
		h := honest()
		return stood(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/requestSample") && r.Method == "POST" &&
				r.Header.Get("Content-Type") == "application/json" && r.Header.Get("Authorization") != "" {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
				return
			}
			h.ServeHTTP(w, r)
		}))
	},
}

func stood(ts *testscript.TestScript, h http.Handler) string {
	s := httptest.NewServer(h)
	ts.Defer(s.Close)
	return s.URL
}

// ending accepts connections and ends each.
func ending(ts *testscript.TestScript, end func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				end(c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// port stands a server on a port and puts its URL into a variable:
// port VARIABLE KIND [ARGS…]
func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || ports[args[1]] == nil {
		ts.Fatalf("usage: port VARIABLE KIND [ARGS…]")
	}
	ts.Setenv(args[0], ports[args[1]](ts, args[2:]))
}
