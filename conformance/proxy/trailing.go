package proxy

import (
	"io"
	"net/http"
)

// A trailing body copies the trailer of a request when it ends.
type trailing struct {
	io.ReadCloser
	of *http.Request
	to http.Header
}

func (t *trailing) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err == io.EOF {
		for name, values := range t.of.Trailer {
			t.to[name] = values
		}
	}
	return n, err
}
