package heads_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/heads"
)

// seen sends bytes to a server, in pieces of a length, and returns what a handler knows of the lengths of
// each request that is served.
func seen(t *testing.T, sent string, piece int) (out []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	lines := make(chan string, 100)
	s := &http.Server{ConnContext: heads.ConnContext, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			values, known := heads.Lengths(r)
			body, err := io.ReadAll(r.Body)
			lines <- fmt.Sprintf("%s %q %v %q %v", r.Method, values, known, body, err == nil)
		})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(heads.Listener(l)) }()
	defer func() {
		s.Close()
		<-ended
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	for rest := sent; rest != ""; {
		n := min(piece, len(rest))
		if _, err := io.WriteString(c, rest[:n]); err != nil {
			break // the server has closed the connection
		}
		rest = rest[n:]
	}
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	in := bufio.NewReader(c)
	for {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, answer.Body)
	}
	close(lines)
	for line := range lines {
		out = append(out, line)
	}
	return out
}

func TestWhatTheServerHidesIsSeen(t *testing.T) {
	const host = " HTTP/1.1\r\nHost: h\r\n"
	both := "POST /both" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n"
	twice := "PUT /twice" + host + "content-length: 2\r\nContent-Length:2 \r\n\r\nhi"
	none := "GET /none" + host + "\r\n"
	chunked := "POST /c" + host + "transfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n"
	long := "PATCH /" + strings.Repeat("x", 5000) + host + "X-Long: " + strings.Repeat("y", 6000) +
		"\r\nContent-Length: 1\r\n\r\nz"
	old := "POST /old HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\na"
	bare := strings.ReplaceAll("POST /bare"+host+"Content-Length: 4\r\n\r\n", "\r\n", "\n") + "\r\n\r\n"
	sent := both + twice + none + chunked + long + old + bare + both
	want := []string{`POST ["3"] true "abc" true`, `PUT ["2" "2"] true "hi" true`, `GET [] true "" true`,
		`POST [] true "x" true`, `PATCH ["1"] true "z" true`, `POST ["1"] true "a" true`,
		`POST ["4"] true "\r\n\r\n" true`, `POST ["3"] true "abc" true`}
	for _, piece := range []int{1, 2, 3, 7, 100, 4096, 1 << 20} {
		require.Equal(t, want, seen(t, sent, piece), "pieces of %d bytes", piece)
	}
}

func TestRequestsThatTheServerAnswersItselfArePassedOver(t *testing.T) {
	require.Equal(t, []string{`POST ["1" "1"] true "a" true`}, seen(t, "OPTIONS * HTTP/1.1\r\nHost: h"+
		"\r\nContent-Length: 0"+
		"\r\n\r\nPOST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 4096))
}

func TestWhatCannotBeFollowedIsNotKnown(t *testing.T) {
	for _, sent := range []string{
		"POST /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na",
		"POST /a HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("Content-Length: 1\r\n", 5) + "\r\na",
	} {
		require.Equal(t, []string{`POST [] false "a" true`}, seen(t, sent, 4096))
	}
	require.Empty(t, seen(t, "nothing of HTTP\r\n\r\n", 4096))
}

func TestManyWaitingHeadsAreNotKept(t *testing.T) {
	// The server reads no more than 4 KiB ahead, so that all are known.
	got := seen(t, strings.Repeat("GET / HTTP/1.1\r\nHost:h\r\n\r\n", 90)+
		strings.Repeat("GET / HTTP/1.1\nHost:\n\n", 5), 1<<20)
	require.Len(t, got, 95)
	for _, line := range got {
		require.Equal(t, `GET [] true "" true`, line)
	}
}
