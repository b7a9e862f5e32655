package coding_test

import (
	"bytes"
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
	got, err := coding.Decode("", whole)
	require.NoError(t, err)
	require.Equal(t, whole, got)
	_, err = coding.Decode("br", nil)
	require.EqualError(t, err, "the coding br is not known here")
}
