// Package coding undoes the content codings of answers.
package coding

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// Limit is how many bytes of a body are read, and of one that is unpacked.
const Limit = 2 << 20

// Decode undoes a content coding, in lower case; of the registered ones it knows gzip.
func Decode(coding string, body []byte) ([]byte, error) {
	switch coding {
	case "":
		return body, nil
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		out, err := io.ReadAll(io.LimitReader(r, Limit+1))
		if err == nil && len(out) > Limit {
			err = fmt.Errorf("it unpacks to more than %d MiB", Limit>>20)
		}
		return out, err
	}
	return nil, fmt.Errorf("the coding %s is not known here", coding)
}

// Encode packs text with gzip.
func Encode(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text) // into memory, where nothing fails
	w.Close()
	return b.Bytes()
}
