package conformance

import (
	"errors"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/guard"
)

// mutant returns a text with some bytes changed, taken away or repeated.
func mutant(r *rand.Rand, text string) string {
	const bytes = " /:;=%.,-_?@#aAzZ09\t\x7f\xe4"
	b := []byte(text)
	for range r.IntN(3) {
		at := r.IntN(len(b) + 1)
		with := []byte{bytes[r.IntN(len(bytes))]}
		b = slices.Concat(b[:at], with, b[min(len(b), at+r.IntN(2)):])
	}
	return string(b)
}

// A plain scan says what the library does that reads the text wholly.
func TestPlainScansSayWhatTheLibrariesDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	plain := map[string]int{}
	for range 40_000 {
		address := mutant(random, "https://api.example.com:8443/v1.0/machines/7b1f-x_y/requestSample")
		u, err := url.Parse(address)
		if path, is := plainPath(address); is {
			plain["path"]++
			require.NoError(t, err, address)
			require.Equal(t, u.EscapedPath(), path, address)
			require.Empty(t, u.RawQuery, address)
			require.Nil(t, u.User, address)
		}
		if path, _ := pathOf(address); err == nil {
			require.Equal(t, u.EscapedPath(), path, address)
		}

		value := mutant(random, []string{"application/json", "text/html; charset=utf-8",
			"application/json; odata.metadata=minimal", "a/b;charset=x;charset=x"}[random.IntN(4)])
		media, parameters, err := mime.ParseMediaType(value)
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
			media, parameters = "", nil
		}
		gotMedia, gotCharset := mediaOf(value)
		require.Equal(t, media, gotMedia, value)
		require.Equal(t, strings.ToLower(strings.TrimSpace(parameters["charset"])), gotCharset, value)

		at := time.Unix(random.Int64N(4e9), 0).UTC()
		date := mutant(random, at.Format(http.TimeFormat))
		read, err := time.Parse(http.TimeFormat, date)
		want := err == nil && read.Format(http.TimeFormat) == date
		require.Equal(t, want, isPlainDate(date), date)
		if want {
			plain["date"]++
		}
	}
	require.Greater(t, plain["path"], 10_000)
	require.Greater(t, plain["date"], 10_000)
}

// Traces are found wherever they stand.
func TestTracesAreFoundAtEveryPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		var text []byte
		for range random.IntN(5) {
			n := []int{1, 15, markDigits, markDigits + 1, 39, sha1Digits, 41, 80}[random.IntN(8)]
			text = append(text, []string{"", " ", "fmaspec-", "g"}[random.IntN(4)]...)
			for range n {
				text = append(text, "0123456789abcdefABCDEF"[random.IntN(22)])
			}
		}
		var want []string
		for from := 0; from < len(text); from++ {
			to := from
			for to < len(text) && guard.IsHexDigit(text[to]) {
				to++
			}
			switch run := string(text[from:to]); {
			case len(run) == sha1Digits:
				want = append(want, strings.ToLower(run))
			case len(run) == markDigits && strings.HasSuffix(string(text[:from]), markPrefix):
				want = append(want, markPrefix+run)
			}
			from = max(from, to)
		}
		require.Equal(t, want, traces(text), "%s", text)
	}
}

// The items of a list in YAML begin where its parser says, or the scan says nothing.
func TestLinesOfListsAreThoseOfTheParser(t *testing.T) {
	for _, row := range []struct {
		text string
		want []int
	}{
		{"# a\n- id: a\n  x: |\n    - id: b\n\n- id: c\n", []int{2, 6}},
		{"-\n  id: a\n- id: b\n", []int{2, 3}},
		{"  - id: a\n  - id: b\n", []int{1, 2}},
		{"[{id: a},\n {id: b}]\n", []int{1, 2}},
		{"-  id: a\n- x: b\n", []int{1, 2}},
	} {
		_, lines, err := readList[map[string]string]("x.yaml", []byte(row.text))
		require.NoError(t, err, row.text)
		require.Equal(t, row.want, lines, row.text)
	}
}
