package guard

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseOneTakesExactlyOneRequest(t *testing.T) {
	t.Parallel()
	const head = "POST /x HTTP/1.1\r\nHost: h\r\n"
	for _, row := range []struct{ bytes, body, why string }{
		{"GET / HTTP/1.1\r\n\r\n", "", "no field at all"},
		{head + "Content-Length: 0\r\n\r\n", "", "a length of nothing"},
		{head + "Content-Length: 2\r\n\r\n{}", "{}", "a length"},
		{head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", "{}", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "0123456789", "a size in capitals"},
		{head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "no chunk but the last"},
		{head + "Connection: close\r\nX:\r\nY: a\tb \r\n\r\n", "", "blanks in values"},
	} {
		r, err := parseOne([]byte(row.bytes))
		if err != nil || string(r.body) != row.body {
			t.Errorf("want the body %q, got %q and %v: %s", row.body, r.body, err, row.why)
		}
	}
}

func TestParseOneRefusesWhatMayBeTwo(t *testing.T) {
	t.Parallel()
	const line, head = "POST /x HTTP/1.1\r\n", "POST /x HTTP/1.1\r\nHost: h\r\n"
	for _, row := range []struct{ bytes, want string }{
		{"", "its head has no end"},
		{"GET / HTTP/1.1\n\n", "its head has no end"},
		{line + "X: a\nY: b\r\n\r\n", "line 2 of its head has the byte 0x0a"},
		{line + "X: a\rY: b\r\n\r\n", "line 2 of its head has the byte 0x0d"},
		{line + "X: a\x00\r\n\r\n", "line 2 of its head has the byte 0x00"},
		{line + "X: a\x0b\r\n\r\n", "line 2 of its head has the byte 0x0b"},
		{line + "X: a\xc2\x85b\r\n\r\n", "line 2 of its head has the byte 0xc2"},
		{line + "X: a\x85b\r\n\r\n", "line 2 of its head has the byte 0x85"},
		{line + "X: a\u2028b\r\n\r\n", "line 2 of its head has the byte 0xe2"},
		{"GET\t/ HTTP/1.1\r\n\r\n", "line 1 of its head has the byte 0x09"},
		{"\r\nGET / HTTP/1.1\r\n\r\n", "its first line"},
		{"GET  / HTTP/1.1\r\n\r\n", "its first line"},
		{"GET / HTTP/1.0\r\n\r\n", "its first line"},
		{"GET /\r\n\r\n", "its first line"},
		{"GET / x HTTP/1.1\r\n\r\n", "its first line"},
		{"G(T / HTTP/1.1\r\n\r\n", "its first line"},
		{line + "X : a\r\n\r\n", "a line of its head is not"},
		{line + "X: a\r\n b\r\n\r\n", "a line of its head is not"},
		{line + "no colon\r\n\r\n", "a line of its head is not"},
		{head + "\r\nx", "1 bytes stand behind its head, and no field says so"},
		{head + "Content-Length: 1\r\n\r\n", "its Content-Length says 1, and 0 bytes stand behind its head"},
		{head + "Content-Length: 0\r\n\r\nx", "its Content-Length says 0, and 1 bytes stand behind its head"},
		{head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "two framing fields"},
		{head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "two framing fields"},
		{head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "two framing fields"},
		{head + "Content_Length: 0\r\n\r\n", "a server may take its field Content_Length for content-length"},
		{head + "Content-Length: 01\r\n\r\nx", "not plain digits"},
		{head + "Content-Length: +1\r\n\r\nx", "not plain digits"},
		{head + "Content-Length: 1, 1\r\n\r\nx", "not plain digits"},
		{head + "Content-Length:  1\r\n\r\nx", "not plain digits"},
		{head + "Content-Length: 1 \r\n\r\nx", "not plain digits"},
		{head + "Content-Length: -1\r\n\r\nx", "not plain digits"},
		{head + "Content-Length: 99999999999999999999\r\n\r\nx", "not plain digits"},
		{head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "not the one word chunked"},
		{head + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "not the one word chunked"},
		{head + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", "not the one word chunked"},
		{head + "Transfer-Encoding: chunked\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n1;x\r\n{\r\n0\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n01\r\n{\r\n0\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n0x1\r\n{\r\n0\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n1\n{\n0\n\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{\r\n0\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", "chunks"},
		{head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{\r\n0\r\n\r\n", "chunks"},
		{head + "Connection: close, Content-Length\r\nContent-Length: 1\r\n\r\nx", "Connection names another field"},
		{head + "Upgrade: h2c\r\n\r\n", "changes how what follows is read"},
	} {
		if _, err := parseOne([]byte(row.bytes)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("want %q refused with %q, got %v", row.bytes, row.want, err)
		}
	}
}

func TestEveryReadingOfATextIsFound(t *testing.T) {
	t.Parallel()
	const id = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	for _, row := range []struct{ text, why string }{
		{id, "as it is"},
		{`\u00387662bc3d60e4200ceaf7aae249d1c343f4b83c9`, "an escape of JSON"},
		{`\\u00387662bc3d60e4200ceaf7aae249d1c343f4b83c9`, "an escape inside a string inside a string"},
		{`\x387662bc3d60e4200ceaf7aae249d1c343f4b83c9`, "an escape of JavaScript"},
		{`\u{38}7662bc3d60e4200ceaf7aae249d1c343f4b83c9`, "another"},
		{`\0707662bc3d60e4200ceaf7aae249d1c343f4b83c9`, "an octal escape"},
		{"8766\\\n2bc3d60e4200ceaf7aae249d1c343f4b83c9", "a string that goes on in the next line"},
		{"%387662bc3d60e4200ceaf7aae249d1c343f4b83c9", "a percent escape"},
		{"%25387662bc3d60e4200ceaf7aae249d1c343f4b83c9", "of a percent escape"},
		{"%u00387662bc3d60e4200ceaf7aae249d1c343f4b83c9", "of another kind"},
		{"&#56;7662bc3d60e4200ceaf7aae249d1c343f4b83c9", "an entity"},
		{"&#x38;7662bc3d60e4200ceaf7aae249d1c343f4b83c9", "in hexadecimal"},
		{"8766<!-- x -->2bc3d60e4200ceaf7aae249d1c343f4b83c9", "a comment of XML"},
		{"<![CDATA[8766]]><![CDATA[2bc3d60e4200ceaf7aae249d1c343f4b83c9]]>", "sections of XML"},
		{"+ADg-7662bc3d60e4200ceaf7aae249d1c343f4b83c9", "UTF-7"},
		{"quoted-printable =387662bc3d60e4200ceaf7aae249d1c343f4b83c9", "quoted-printable"},
		{strings.Join(strings.Split(id, ""), "\x00"), "UTF-16"},
		{"８７６６2bc3d60e4200ceaf7aae249d1c343f4b83c9", "wide digits"},
		{"٨٧٦٦2bc3d60e4200ceaf7aae249d1c343f4b83c9", "Arabic digits"},
		{"8766\u200b2bc3d60e4200ceaf7aae249d1c343f4b83c9", "no width"},
		{"8766 2bc3-d60e:4200.ceaf7aae249d1c343f4b83c9", "in groups"},
		{"ODc2NjJiYzNkNjBlNDIwMGNlYWY3YWFlMjQ5ZDFjMzQzZjRiODNjOQ==", "base64"},
		{"x/ODc2NjJiYzNkNjBlNDIwMGNlYWY3YWFlMjQ5ZDFjMzQzZjRiODNjOQ", "base64 behind something"},
		{"ODc2NjJiYzNkNjBl\\r\\nNDIwMGNlYWY3YWFl\\r\\nMjQ5ZDFjMzQzZjRi\\r\\nODNjOQ==", "base64 in lines"},
		{`\u004fDc2NjJiYzNkNjBlNDIwMGNlYWY3YWFlMjQ5ZDFjMzQzZjRiODNjOQ==`, "base64 with an escape"},
	} {
		all, ok := readings(row.text)
		found := false
		for _, text := range all {
			for _, name := range hexNames(text, wideGaps) {
				found = found || strings.Contains(name, id)
			}
		}
		if !ok || !found {
			t.Errorf("want %s found in %q, got %q: %s", id, row.text, all, row.why)
		}
	}
	for _, text := range []string{"H4sIAAAAAAAAA6tWKs5ILTK0qgUALk0nHQwAAAA=", "%" + strings.Repeat("25", 300) + "38"} {
		_, ok := readings(text)
		require.False(t, ok, "want it said that this cannot be read: %q", text)
	}
}
