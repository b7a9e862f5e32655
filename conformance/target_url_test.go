package conformance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

func TestTargetURLHasOneSpelling(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"as it is", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"a slash at the end", "https://host.example/api/", "https://host.example/api"},
		{"a scheme in capitals", "HTTPS://host.example", "https://host.example"},
		{"a question that asks nothing", "http://host.example/?", "http://host.example"},
		{"a fragment that names nothing", "http://host.example/api#", "http://host.example/api"},
		{"a name in Unicode", "http://bücher.example:8080/a", "http://xn--bcher-kva.example:8080/a"},
		{"and in capitals", "http://BÜCHER.example", "http://xn--bcher-kva.example"},
		{"and decomposed", "http://bu\u0308cher.example", "http://xn--bcher-kva.example"},
		{"a name with an underscore", "http://my_service:80", "http://my_service:80"},
		{"IPv6", "http://[::1]:8080", "http://[::1]:8080"},
		{"IPv6 with a zone", "http://[fe80::1%25eth0]:8080/x", "http://[fe80::1%25eth0]:8080/x"},
		{"an escaped path", "http://host.example/a%2Fb/ü", "http://host.example/a%2Fb/%C3%BC"},
	} {
		got, err := conformance.TargetURL(row.text)
		require.NoError(t, err, row.why)
		require.Equal(t, row.want, got, row.why)
	}
}

func TestTargetURLSaysWhatIsMissing(t *testing.T) {
	const want = "want http:// or https:// and a host, such as "
	for _, row := range []struct{ why, text, want string }{
		{"nothing", "", "target: the URL is empty; " + want + "http://127.0.0.1:8080"},
		{"an address", "127.0.0.1:8080", `target "127.0.0.1:8080": http:// is missing; ` + want +
			"http://127.0.0.1:8080"},
		{"a name with a port", "localhost:8080/api", `target "localhost:8080/api": http:// is missing; ` + want +
			"http://localhost:8080/api"},
		{"a name", "host.example", `target "host.example": http:// is missing; ` + want + "http://host.example"},
		{"IPv6", "[::1]:8080", `target "[::1]:8080": http:// is missing; ` + want + "http://[::1]:8080"},
		{"a word", "target", `target "target": http:// is missing; ` + want + "http://127.0.0.1:8080"},
		{"another scheme", "ftp://host.example", `target "ftp://host.example": ` + want},
		{"no host", "http://", "target: " + want},
		{"one slash", "http:/host.example", "target: " + want},
		{"user and password", "user:secret-1@host.example:80", "target: "},
		{"user and password behind a scheme", "http://user:secret-1@host.example",
			`target "http://host.example": a query, a fragment or a user has no place here`},
		{"a query", "http://host.example/?key=secret-1", `target "http://host.example/": a query`},
		{"no URL", "http://host.example:secret-1", "target: the URL cannot be read; " + want},
		{"no name in Unicode", "http://\u200d\u0300ü.example", "target \"http://"},
	} {
		_, err := conformance.TargetURL(row.text)
		var misuse *conformance.UsageError
		require.True(t, errors.As(err, &misuse), row.why)
		if !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: want an error that begins %q, got %q", row.why, row.want, err)
		}
		require.NotContains(t, err.Error(), "secret-1", row.why)
	}
}

func TestDoubledHintNamesTheURLWithoutIt(t *testing.T) {
	suite := load(t)
	const hint = "/testwdatppreview stands in the URL of the target and in the documented path, so that requests " +
		"name it twice; the URL is what stands before it: "
	for _, row := range []struct{ url, want string }{
		{"http://host.example", ""},
		{"http://host.example/api", ""},
		{"http://host.example/testwdatppreview2", ""},
		{"http://testwdatppreview", ""},
		{"http://host.example/testwdatppreview", hint + "http://host.example"},
		{"http://host.example/TestWDATPpreview/machines/1/requestSample", hint + "http://host.example"},
		{"http://host.example/a/testwdatppreview2/testwdatppreview/machines", hint +
			"http://host.example/a/testwdatppreview2"},
	} {
		require.Equal(t, row.want, suite.DoubledHint(row.url), row.url)
	}
}
