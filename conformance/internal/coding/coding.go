// Package coding undoes the content codings of answers.
package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
)

// Limit is how many bytes of a body are read, and of one that is unpacked.
const Limit = 2 << 20

// A decoder reads what a coding has packed.
type decoder func(packed []byte) (io.Reader, error)

// decoders are those of the codings that are known here, by name in lower case.
func decoders() map[string]decoder {
	unzip := func(packed []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(packed)) }
	return map[string]decoder{"gzip": unzip, "x-gzip": unzip, "deflate": inflate}
}

// inflate reads the zlib format, and the bare one, which some servers send (RFC 9110 8.4.1.2).
func inflate(packed []byte) (io.Reader, error) {
	if r, err := zlib.NewReader(bytes.NewReader(packed)); err == nil {
		return r, nil
	}
	return flate.NewReader(bytes.NewReader(packed)), nil
}

// Known reports whether [Decode] knows a coding, in lower case.
func Known(coding string) bool { return coding == "" || decoders()[coding] != nil }

// Decode undoes a content coding, in lower case; of the registered ones it knows gzip and deflate.
func Decode(coding string, body []byte) ([]byte, error) {
	if coding == "" {
		return body, nil
	}
	decode := decoders()[coding]
	if decode == nil {
		return nil, fmt.Errorf("the coding %s is not known here", coding)
	}
	r, err := decode(body)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, Limit+1))
	if err == nil && len(out) > Limit {
		err = fmt.Errorf("it unpacks to more than %d MiB", Limit>>20)
	}
	return out, err
}

// Encode packs text with gzip.
func Encode(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text) // into memory, where nothing fails
	w.Close()
	return b.Bytes()
}
