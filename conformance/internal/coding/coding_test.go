package coding_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/coding"
)

func TestACodingIsUndoneUpToTheLimit(t *testing.T) {
	whole := bytes.Repeat([]byte("x"), coding.Limit)
	for _, name := range []string{"gzip", "x-gzip"} {
		got, err := coding.Decode(name, coding.Encode(whole))
		require.NoError(t, err)
		require.Equal(t, whole, got)
		_, err = coding.Decode(name, coding.Encode(append(whole, 'x')))
		require.EqualError(t, err, "it unpacks to more than 2 MiB")
		_, err = coding.Decode(name, []byte("x"))
		require.Error(t, err)
	}
	var packed, bare bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(whole)
	require.NoError(t, z.Close())
	f, err := flate.NewWriter(&bare, flate.BestSpeed)
	require.NoError(t, err)
	f.Write(whole)
	require.NoError(t, f.Close())
	for _, body := range [][]byte{packed.Bytes(), bare.Bytes()} {
		got, err := coding.Decode("deflate", body)
		require.NoError(t, err)
		require.Equal(t, whole, got)
	}
	_, err = coding.Decode("deflate", []byte("x"))
	require.Error(t, err)
	for name, known := range map[string]bool{"": true, "gzip": true, "x-gzip": true, "deflate": true, "br": false} {
		require.Equal(t, known, coding.Known(name), name)
	}
	got, err := coding.Decode("", whole)
	require.NoError(t, err)
	require.Equal(t, whole, got)
	_, err = coding.Decode("br", nil)
	require.EqualError(t, err, "the coding br is not known here")
}
