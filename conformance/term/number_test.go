package term_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/term"
)

func TestNumbersHaveThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 999: "999ns", 1234: "1.23µs", 1_234_567: "1.23ms", 999_999_999: "1s",
		12_345_678_901: "12.3s", 100 * time.Second: "1m40s",
	} {
		require.Equal(t, want, term.Duration(d))
	}
	for f, want := range map[float64]string{0: "0", 0.12345: "0.123", 12.345: "12.3", 99.4: "99.4", 12345.6: "12346"} {
		require.Equal(t, want, term.Number(f))
	}
}
