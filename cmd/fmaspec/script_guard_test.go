package main

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// A lineReader is a server that splits what it is sent on bare line feeds, obeys no
// length, and takes every line that looks like the first of a request for one. It
// acts on each POST and says so.
type lineReader struct {
	net.Listener
	mu    sync.Mutex
	lines []string // first lines, and the fields Host
}

func newLineReader(t require.TestingT) *lineReader {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &lineReader{Listener: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *lineReader) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	due := 0 // answers, which come when the lines of a head are noted
	for {
		line, err := r.ReadString('\n')
		line = strings.TrimSpace(line)
		first := strings.Contains(line, " /") && !strings.HasPrefix(line, "{")
		if first || strings.HasPrefix(strings.ToLower(line), "host:") {
			s.mu.Lock()
			s.lines = append(s.lines, line)
			s.mu.Unlock()
		}
		if first {
			due++
		}
		for ; due > 0 && (line == "" || err != nil); due-- {
			const body = `{"id":"6f1d364c-680c-499a-b30c-dd9265ad4c9d"}`
			io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "+
				strconv.Itoa(len(body))+"\r\n\r\n"+body)
		}
		if err != nil {
			return
		}
	}
}

// lineServer starts such a server, which the name tenant.example leads to where
// $TO_LINES is the value of -resolve.
func lineServer(t require.TestingT, e *testscript.Env) {
	s := newLineReader(t)
	e.Defer(func() { s.Close() })
	e.Values["lines"] = s
	e.Setenv("TO_LINES", "tenant.example:80:"+s.Addr().String())
	e.Setenv("LINES", "http://"+s.Addr().String())
}

// elsewhere looks for a line at the server of $TO_LINES, and forgets what it has:
// elsewhere TEXT, or ! elsewhere TEXT
func elsewhere(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value("lines").(*lineReader)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := strings.Contains(strings.Join(s.lines, "\n"), args[0])
	if found == neg {
		ts.Fatalf("want %q arrived: %v, got these lines:\n%s", args[0], !neg, strings.Join(s.lines, "\n"))
	}
	s.lines = nil
}
