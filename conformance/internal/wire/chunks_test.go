package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChunksKeepTheirGrammar(t *testing.T) {
	for _, row := range []struct {
		why, text string
		bad       bool
	}{
		{"plain chunks", "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n", false},
		{"extensions", "3;a;b=c;d=\"e\\\";f\"\r\nabc\r\n0;g\r\n\r\n", false},
		{"what looks like a size is data", "4\r\n9 \r\n\r\n0\r\n\r\n", false},
		{"behind the last chunk comes anything", "0\r\nX: y\r\n\r\n1 \r\n", false},
		{"a blank behind the size", "3 \r\nabc\r\n0\r\n\r\n", true},
		{"a blank behind the size of the last chunk", "3\r\nabc\r\n0 \r\n\r\n", true},
		{"no name", "3;=a\r\nabc\r\n0\r\n\r\n", true},
		{"open quotes", "3;a=\"b\r\nabc\r\n0\r\n\r\n", true},
		{"a line feed alone", "3\nabc\r\n0\r\n\r\n", true},
	} {
		for size := 1; size <= len(row.text); size++ {
			var c chunkWatch
			for at := 0; at < len(row.text); at += size {
				n, err := c.Write([]byte(row.text[at:min(at+size, len(row.text))]))
				require.NoError(t, err)
				require.Equal(t, min(size, len(row.text)-at), n)
			}
			require.Equal(t, row.bad, c.bad, "%s, in pieces of %d bytes", row.why, size)
		}
	}
}
