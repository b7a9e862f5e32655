package wire

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// A sentConn is a connection over which bytes come.
type sentConn struct {
	net.Conn
	io.Reader
}

func (c *sentConn) Read(b []byte) (int, error) { return c.Reader.Read(b) }

func TestWhatNetHTTPHidesIsSeen(t *testing.T) {
	const good, length = "HTTP/1.1 201 Created\r\n", "Content-Length: 2\r\n"
	const interim = "HTTP/1.1 102 X\r\n\r\n"
	const chunks, end = "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"
	for sent, want := range map[string]string{
		good + length + "\r\n{}": "",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + good + "\r\n":  "",
		good + chunks + "\r\n2\r\n{}\r\n" + end:                           "",
		good + length + "\r\nHTTP/1.1 2 folded\r\n x: y":                  "", // the body
		good + "X: a\r\n b\r\n" + length + "\r\n{}":                       "goes on in the next one",
		good + "X : a\r\n\r\n":                                            `behind the name of the field: "X "`,
		good + "X Y: a\r\n\r\n":                                           `has a name that is none: "X Y"`,
		good + strings.Repeat("X", 41) + " Y: a\r\n\r\n":                  "a field has a name that is none\n",
		"HTTP/1.1 201\r\n\r\n":                                            "its first line is not",
		strings.Replace(good, "\r\n", "\n", 1) + "\r\n":                   "without a carriage return",
		"\r\n" + good + "\r\n":                                            "the head of the answer is not HTTP",
		"HELLO\r\n\r\n":                                                   "not an HTTP answer: it does not begin",
		"\x15\x03\x01":                                                    "is the port one for https?",
		good + "no colon\r\n\r\n":                                         "the head of the answer is not HTTP",
		"HTTP/1.1 099 X\r\n\r\n":                                          "the status 099 is none",
		"HTTP/2.0 201 X\r\n\r\n":                                          "the version HTTP/2.0 is none of HTTP/1",
		"HTTP/1.1 100 X\r\nContent-Length: 0\r\n\r\n":                     "the interim answer 100 has",
		strings.Repeat("HTTP/1.1 102 X\r\n\r\n", 100):                     "more than 100 interim",
		good + "X: " + strings.Repeat("x", 129<<10):                       "goes on beyond 128 KiB",
		good + length + chunks + "\r\n" + end:                             "both Content-Length and",
		"HTTP/1.1 204 No Content\r\n" + length + "\r\n":                   "a Content-Length of 2",
		good + chunks + "\r\n2 \r\n{}\r\n" + end:                          "a chunk of the body does not begin",
		"HTTP/1.1 103 Early Hints\r\nLink : </a>\r\n\r\n" + good + "\r\n": `behind the name of the field: "Link "`,
		good + "Server: a\r\n" + length:                                   "",
		strings.Repeat(interim, 99) + good + length + "\r\n":              "",
	} {
		for _, slowly := range []bool{false, true} {
			from := io.Reader(strings.NewReader(sent))
			if slowly {
				from = iotest.OneByteReader(from)
			}
			l := LookAt(&sentConn{Reader: from})
			l.Begin(http.MethodPost)
			got, err := io.ReadAll(l)
			require.NoError(t, err)
			require.Equal(t, sent, string(got))
			text := ""
			if fault := l.Fault(); fault != nil {
				text = fault.Msg + "\n"
				require.Contains(t, []record.WireKind{record.Malformed, record.Conflict}, fault.Kind)
			}
			require.Equal(t, want == "", text == "", "%.80q: %s", sent, text)
			require.Contains(t, text, want, "%.80q", sent)
		}
	}
}

func TestALookIsAtOneAnswer(t *testing.T) {
	answers := []string{"HTTP/1.1 201\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: "}
	conn := &sentConn{}
	l := LookAt(conn)
	read := func(text string) {
		conn.Reader = strings.NewReader(text)
		_, err := io.ReadAll(l)
		require.NoError(t, err)
	}
	read("HTTP/1.1 no answer to a request\r\n\r\n")
	require.Nil(t, l.Fault(), "nothing was asked")
	require.Nil(t, l.Ended())
	for i, answer := range answers {
		l.Begin(http.MethodPost)
		require.Nil(t, l.Ended(), "no answer began")
		read(answer)
		require.Equal(t, i == 0, l.Fault() != nil)
		require.Equal(t, i == 2, l.Ended() != nil)
		header := http.Header{"Content-Length": {"0"}}
		l.Restore(header)
		require.Len(t, header["Content-Length"], 1+i%2)
	}
}
