package main

import (
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/credential"
)

// written returns the path of a new file.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// given returns the flags as the command line and the variables fill them.
func given(t *testing.T, environ []string, args ...string) (*credentialFlags, *env) {
	t.Helper()
	f, e := &credentialFlags{now: noon}, &env{stdin: strings.NewReader("from-stdin\n"), environ: environ,
		terminal: noTerminal}
	set := flag.NewFlagSet("x", flag.ContinueOnError)
	f.flags(set)
	_, err := parse(set, args)
	require.NoError(t, err)
	require.NoError(t, e.fill(set))
	return f, e
}

// value is what a source gives, and from where.
func value(t *testing.T, s credential.Source) string {
	t.Helper()
	if s == nil {
		return ""
	}
	token, err := s(t.Context())
	require.NoError(t, err)
	return token.Value + " of " + token.From
}

func TestCredentialsComeFromWhereTheyAreNamed(t *testing.T) {
	privileged, unprivileged := written(t, "a\n"), written(t, "b\r\n")
	all := []string{tokenVariable + "=v", unprivilegedVariable + "=w", invalidVariable + "=x"}
	for _, row := range []struct {
		environ, args                []string
		token, unprivileged, invalid string
		why                          string
	}{
		{nil, nil, "", "", "", "none is none"},
		{all, nil, "v of FMASPEC_TOKEN", "w of FMASPEC_UNPRIVILEGED_TOKEN", "x", "variables"},
		{all, []string{"-token-file", privileged, "-unprivileged-token-file", unprivileged, "-invalid-token-file",
			privileged}, "a of -token-file", "b of -unprivileged-token-file", "a", "files count"},
		{all, []string{"-token-file", "-"}, "from-stdin of -token-file", "w of FMASPEC_UNPRIVILEGED_TOKEN", "x",
			"standard input"},
		{all, []string{"-invalid-token-file", "-"}, "v of FMASPEC_TOKEN", "w of FMASPEC_UNPRIVILEGED_TOKEN",
			"from-stdin", "for any of them"},
		{all, []string{"-token-command", "echo c", "-unprivileged-token-command", "echo d"}, "c of -token-command",
			"d of -unprivileged-token-command", "x", "commands count too"},
		{append(all, "FMASPEC_TOKEN_COMMAND=echo e"), nil, "e of -token-command", "w of FMASPEC_UNPRIVILEGED_TOKEN",
			"x", "also from a variable"},
		{append(all, "FMASPEC_TOKEN_COMMAND=echo e"), []string{"-token-file", privileged}, "a of -token-file",
			"w of FMASPEC_UNPRIVILEGED_TOKEN", "x", "which a flag outdoes"},
		{append(all, "FMASPEC_TOKEN_URL=http://127.0.0.1", "FMASPEC_CLIENT_ID=i", "FMASPEC_SCOPE=s"),
			[]string{"-token-command", "echo c"}, "c of -token-command", "w of FMASPEC_UNPRIVILEGED_TOKEN", "x",
			"with all that belongs to it"},
		{append(all, "FMASPEC_UNPRIVILEGED_TOKEN_COMMAND=echo e"), []string{"-unprivileged-token-file", unprivileged},
			"v of FMASPEC_TOKEN", "b of -unprivileged-token-file", "x", "for the other credential too"},
		{append(all, "NAME=f"), []string{"-token-command", "echo $NAME"}, "f of -token-command",
			"w of FMASPEC_UNPRIVILEGED_TOKEN", "x", "a command sees the variables"},
	} {
		f, e := given(t, row.environ, row.args...)
		got, err := f.sources(e, http.DefaultClient)
		require.NoError(t, err, row.why)
		if token, unprivileged := value(t, got.token), value(t, got.unprivileged); token != row.token ||
			unprivileged != row.unprivileged || got.invalid != row.invalid {
			t.Errorf("%s: want %q %q %q, got %q %q %q", row.why, row.token, row.unprivileged, row.invalid, token,
				unprivileged, got.invalid)
		}
		require.Empty(t, got.secrets)
	}
}

func TestAlternativesAreFlags(t *testing.T) {
	set := flagSet(runCommand()) // which has those of credentials, and of output
	runCommand().flags(set)
	for _, ways := range alternatives() {
		for _, name := range slices.Concat(ways...) {
			require.NotNil(t, set.Lookup(name), name)
		}
	}
}

func TestTheUnknownMachineIsAFlagOfRunsAlone(t *testing.T) {
	f, _ := given(t, []string{"FMASPEC_UNKNOWN_MACHINE=m"})
	require.Equal(t, "m", f.unknownMachine)
	set := flag.NewFlagSet("x", flag.ContinueOnError)
	(&credentialFlags{}).sourceFlags(set)
	require.Nil(t, set.Lookup("unknown-machine"))
	require.NotNil(t, set.Lookup("token-command"))
}

func TestCredentialsThatCannotBeMeantAreRefused(t *testing.T) {
	file := written(t, "secret-77")
	url := []string{"-token-url", "https://login.example.com/token"}
	for _, row := range []struct {
		environ, args []string
		want, why     string
	}{
		{nil, []string{"-token-file", file, "-token-command", "echo"}, "-token-file and -token-command (or their " +
			"variables) both name a source of the token; drop one", "a file and a command"},
		{nil, append(url, "-token-command", "echo"), "-token-command and -token-url (or their variables) both name a " +
			"source of the token; drop one", "a command and an endpoint"},
		{nil, append(url, "-token-file", file), "-token-file and -token-url (or their variables) both name a source",
			"a file and an endpoint"},
		{[]string{"FMASPEC_TOKEN_FILE=" + file, "FMASPEC_TOKEN_COMMAND=echo"}, nil, "-token-file and -token-command " +
			"(or their variables) both name a source", "two variables"},
		{nil, []string{"-unprivileged-token-file", file, "-unprivileged-token-command", "echo"},
			"-unprivileged-token-file and -unprivileged-token-command (or their variables) both name a source of the " +
				"unprivileged token; drop one", "twice the other token"},
		{nil, []string{"-token-file", "-", "-unprivileged-token-file", "-"},
			"-token-file and -unprivileged-token-file both read standard input; name a file for one of them",
			"one standard input for two"},
		{nil, []string{"-invalid-token-file", "-", "-client-secret-file", "-"},
			"-invalid-token-file and -client-secret-file both read standard input", "for any two"},
		{nil, url, "-token-url without -client-id; add the id of the application", "nobody asks"},
		{nil, append(url, "-client-id", "i"), "-token-url without the application's secret; set " +
			"FMASPEC_CLIENT_SECRET or pass -client-secret-file", "no secret"},
		{nil, append(url, "-client-id", "i", "-client-secret-file", "nowhere"), "-client-secret-file: no such file " +
			"or directory; name a readable file that contains only the secret", "no file"},
		{nil, append(url, "-client-id", "i", "-client-secret-file", written(t, "\n")),
			"-client-secret-file: the file is empty; write only the secret into it", "an empty file"},
		{[]string{"FMASPEC_CLIENT_SECRET=secret-77"}, []string{"-token-url", "http://login.example.com/token",
			"-client-id", "i"}, "-token-url: the token endpoint at login.example.com: http:// would send the secret " +
			"in clear text; give an https:// URL", "in the clear"},
		{nil, []string{"-client-id", "i"}, "-client-id without -token-url has no effect; add -token-url, or drop it",
			"an id for nothing"},
		{nil, []string{"-client-secret-file", file}, "-client-secret-file without -token-url", "a secret for nothing"},
		{nil, []string{"-scope", "s"}, "-scope without -token-url", "a scope for nothing"},
		{nil, []string{"-resource", "r"}, "-resource without -token-url", "a resource for nothing"},
		{nil, []string{"-audience", "a"}, "-audience without -token-url", "an audience for nothing"},
		{nil, []string{"-token-file", written(t, "secret-77 b")}, " it has a blank", "no bare token"},
		{nil, []string{"-token-file", written(t, strings.Repeat("secret-77", 10<<10))}, "-token-file: longer than 64 " +
			"KiB; give only the token", "no token is so long"},
		{[]string{unprivilegedVariable + "=secret-77 b"}, nil, "FMASPEC_UNPRIVILEGED_TOKEN: it has a blank",
			"in a variable"},
		{[]string{invalidVariable + "=secret-77 b"}, nil, "FMASPEC_INVALID_TOKEN: it has a blank", "in the third"},
	} {
		f, e := given(t, row.environ, row.args...)
		_, err := f.sources(e, http.DefaultClient)
		require.ErrorContains(t, err, row.want, row.why)
		require.NotContains(t, err.Error(), "secret-77", row.why)
	}
}

func TestTheSecretOfAnApplicationIsReadOnceAndKnown(t *testing.T) {
	args := []string{"-token-url", "https://login.example.com/token", "-client-id", "i"}
	for _, row := range []struct {
		environ, args []string
		want, why     string
	}{
		{[]string{clientSecretVariable + "=a b"}, args, "a b", "a secret may hold what a token may not"},
		{[]string{clientSecretVariable + "=a"}, append(args, "-client-secret-file", written(t, "c\n")), "c",
			"the file counts"},
		{nil, append(args, "-client-secret-file", "-"), "from-stdin", "standard input too"},
	} {
		f, e := given(t, row.environ, row.args...)
		got, err := f.sources(e, http.DefaultClient)
		require.NoError(t, err, row.why)
		if len(got.secrets) != 1 || got.secrets[0] != row.want {
			t.Errorf("%s: want the secret %q, got %q", row.why, row.want, got.secrets)
		}
	}
}

func TestATokenIsNotTypedOnATerminal(t *testing.T) {
	f, e := given(t, nil, "-token-file", "-")
	e.terminal = func(of any) (int, bool) { return 80, of == e.stdin }
	_, err := f.sources(e, nil)
	require.EqualError(t, err, "-token-file: standard input is a terminal, which would show the token; pipe it in, "+
		"or name a file")
	e.terminal, e.stdin = noTerminal, iotest.ErrReader(io.ErrUnexpectedEOF)
	_, err = f.sources(e, nil)
	require.EqualError(t, err, "-token-file: unexpected EOF; name a readable file that contains only the token")
}

func TestServeReadsStandardInputOnceToo(t *testing.T) {
	got := call(t.Context(), nil, "serve", "-token-file", "-", "-unprivileged-token-file", "-")
	require.Equal(t, exitMisuse, got.code)
	require.Contains(t, got.stderr, "serve: -token-file and -unprivileged-token-file both read standard input")
}
