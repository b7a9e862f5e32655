package allowlist_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/allowlist"
)

const (
	machine = "fb9ab6be3965095a09c057be7c90f0a2"
	sha1    = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	target  = "https://graph.example"
)

const both = "machine " + machine + "\nsha1 " + sha1 + "\n"

func parse(t *testing.T, text string) allowlist.List {
	t.Helper()
	l, err := allowlist.Parse("allow.txt", strings.NewReader(text))
	require.NoError(t, err)
	return l
}

func TestCheckPermitsWhatIsListed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ list, target, machine, sha1, why string }{
		{both, target, machine, sha1, "without a target line every target will do"},
		{both, "http://10.0.0.1:8080/base", machine, sha1, "of any kind"},
		{both, target, strings.ToUpper(machine), strings.ToUpper(sha1), "letter case does not count"},
		{"machine " + strings.ToUpper(machine) + "\nsha1 " + strings.ToUpper(sha1), target, machine, sha1,
			"nor in the list"},
		{"\ufeff" + strings.ReplaceAll(both, "\n", "\r\n"), target, machine, sha1, "an editor's line ends and byte " +
			"order mark"},
		{"# ours\n\n  machine\t" + machine + "  # the test machine\nsha1 " + sha1, target, machine, sha1,
			"comments and blanks"},
		{both + "target https://graph.example", target, machine, sha1, "a target that is listed"},
		{both + "target HTTPS://Graph.Example:443/", target + "/base", machine, sha1,
			"in another spelling, and with a path"},
		{both + "target http://h", "http://h:80", machine, sha1, "the port that the scheme stands for"},
		{both + "target https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443", machine, sha1, "an address"},
		{both + "target https://bücher.example:444", "https://xn--bcher-kva.example:444/a", machine, sha1,
			"a name in Unicode"},
		{both + "target https://xn--bcher-kva.example", "https://Bücher.example", machine, sha1, "one in punycode"},
		{both + "target https://a.example\ntarget https://graph.example", target, machine, sha1, "one of two"},
	} {
		if err := parse(t, row.list).Check(row.target, row.machine, row.sha1); err != nil {
			t.Errorf("want it permitted, got %v: %s", err, row.why)
		}
	}
}

func TestCheckRefusesAllElse(t *testing.T) {
	t.Parallel()
	const cure = "; add the missing lines, or name other things"
	other := strings.Repeat("a", 40)
	for _, row := range []struct{ list, target, machine, sha1, want, why string }{
		{"", target, machine, sha1, `allow.txt does not list "machine ` + machine + `", nor "sha1 ` + sha1 + `"`,
			"an empty list permits nothing"},
		{"# " + both, target, machine, sha1, `allow.txt does not list "machine ` + machine + `";`,
			"a comment permits nothing, and ends with its line"},
		{both, target, "m2", sha1, `allow.txt does not list "machine m2"`, "another machine"},
		{both, target, machine, other, `allow.txt does not list "sha1 ` + other + `"`, "another file"},
		{both, target, sha1, machine, `allow.txt does not list "machine ` + sha1 + `", nor "sha1 ` + machine + `"`,
			"a hash is no machine"},
		{both, target, "", "", "allow.txt does not list a machine, which was not named, nor a sha1, which was " +
			"not named", "nothing named"},
		{both + "target https://a.example", target, machine, sha1,
			`allow.txt does not list "target https://graph.example:443"`, "another host"},
		{both + "target https://graph.example", "http://graph.example", machine, sha1,
			`"target http://graph.example:80"`, "another scheme"},
		{both + "target https://graph.example", target + ":444", machine, sha1, `"target https://graph.example:444"`,
			"another port"},
		{both + "target https://graph.example", target + ".evil.example", machine, sha1,
			`"target https://graph.example.evil.example:443"`, "a host that begins alike"},
		{both + "target https://graph.example", "https://graph.example@evil.example", machine, sha1,
			`"target https://evil.example:443"`, "a user that looks like the host"},
		{both + "target https://graph.example", "\x7f:\x1b", machine, sha1, `"target \x7f:\x1b"`, "no URL"},
		{both + "target https://graph.example", "", machine, sha1, "a target, which was not named", "no target"},
		{"target https://graph.example", target, machine, sha1, `"machine ` + machine + `", nor "sha1`,
			"a target permits nothing by itself"},
	} {
		err := parse(t, row.list).Check(row.target, row.machine, row.sha1)
		var safety *conformance.SafetyError
		require.ErrorAs(t, err, &safety, row.why)
		require.Contains(t, err.Error(), row.want, row.why)
		require.True(t, strings.HasSuffix(err.Error(), cure), row.why)
	}
}

func TestTheZeroListPermitsNothing(t *testing.T) {
	t.Parallel()
	err := allowlist.List{}.Check(target, machine, sha1)
	var safety *conformance.SafetyError
	require.ErrorAs(t, err, &safety)
	require.Contains(t, err.Error(), "the allow-list does not list ")
}

func TestParseTellsEveryBadLine(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ list, want, why string }{
		{"machines m",
			`allow.txt:1: unknown keyword "machines" (did you mean "machine"?); keywords are target, machine, sha1`,
			"a typing error"},
		{"sha-1 " + sha1,
			`allow.txt:1: unknown keyword "sha-1" (did you mean "sha1"?); keywords are target, machine, sha1`,
			"another"},
		{"allow everything", `allow.txt:1: unknown keyword "allow"; keywords are target, machine, sha1`,
			"nothing near"},
		{"machine", "allow.txt:1: machine: want one value after it, got 0; write each permission on a separate line",
			"no value"},
		{"machine a b", "allow.txt:1: machine: want one value after it, got 2; ", "two values"},
		{"machine # a", "allow.txt:1: machine: want one value after it, got 0; ", "a value that is a comment"},
		{"machine a/b", "allow.txt:1: machine: it has characters that are not allowed in a path segment; give " +
			"only the id", "a path"},
		{"machine *", "allow.txt:1: machine: ", "a pattern, which would not mean what it seems to"},
		{"sha1 " + sha1[1:], "allow.txt:1: sha1: want the 40 hexadecimal digits of the file's SHA-1", "a digit short"},
		{"sha1 g" + sha1[1:], "allow.txt:1: sha1: want the 40 hexadecimal digits", "no digit"},
		{"sha1 " + sha1 + strings.Repeat("0", 24), "allow.txt:1: sha1: want the 40 hexadecimal digits", "a SHA-256"},
		{"target graph.example", "allow.txt:1: target: want http:// or https:// and a host, such as " +
			"https://graph.example", "no scheme"},
		{"target ftp://graph.example", "allow.txt:1: target: want http:// or https://", "another scheme"},
		{"target https://", "allow.txt:1: target: want http:// or https:// and a host", "no host"},
		{"target https://a\x7f", "allow.txt:1: target: want http:// or https:// and a host", "no URL"},
		{"target https://a/base", "allow.txt:1: target: a path, a query, a fragment or a user is not allowed",
			"a path would not be compared"},
		{"target https://a?b", "allow.txt:1: target: a path, a query", "nor a query"},
		{"target https://a?", "allow.txt:1: target: a path, a query", "not even an empty one"},
		{"target https://a#b", "allow.txt:1: target: a path, a query", "a fragment"},
		{both + both, "allow.txt:3: \"machine " + machine + "\" is in line 1 already; remove one of " +
			"them\nallow.txt:4: \"sha1 " + sha1 + "\" is in line 2 already; remove one of them", "each twice"},
		{"target https://a\ntarget HTTPS://A:443", "allow.txt:2: \"target https://a:443\" is in line 1 already",
			"twice in two spellings"},
		{"machine M\n\n# x\nmachine m", "allow.txt:4: \"machine m\" is in line 1 already",
			"lines are counted with comments"},
		{"x\nmachine a\ny", "allow.txt:1: unknown keyword \"x\"; keywords are target, machine, sha1\nallow.txt:3: " +
			"unknown keyword \"y\"", "every one"},
		{"machine \xff", "allow.txt: not UTF-8; save it as UTF-8", "another encoding"},
		{"m\x00a\x00", "allow.txt: not UTF-8", "UTF-16"},
		{strings.Repeat("#", 1<<20+1), "allow.txt: longer than 1 MiB; name an allow-list", "some other file"},
	} {
		l, err := allowlist.Parse("allow.txt", strings.NewReader(row.list))
		require.ErrorContains(t, err, row.want, row.why)
		require.Error(t, l.Check(target, machine, sha1), "a list with errors permits nothing: %s", row.why)
	}
}

func TestParseTakesAListAsLongAsItMayBe(t *testing.T) {
	t.Parallel()
	text := both + strings.Repeat("#", 1<<20-len(both))
	require.NoError(t, parse(t, text).Check(target, machine, sha1))
}

func TestParseRepeatsNoPassword(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"target https://me:s3cret@graph.example", "target https://me:s3cret@%zz"} {
		_, err := allowlist.Parse("allow.txt", strings.NewReader(text))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestParseTellsThatAFileCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := allowlist.Parse("allow.txt", iotest.ErrReader(errors.New("the disk is gone")))
	require.EqualError(t, err, "allow.txt: the disk is gone; name a file that can be read")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", both, both + "target https://graph.example # ours\n", "# a\n\n", "\ufeffmachine a\r\n",
		"machines a\nsha1 b\ntarget c\n",
		both + both, "target https://me:pw@h:99999/?#", "\xff", "machine \u202ea\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := allowlist.Parse("allow.txt", bytes.NewReader(data))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "allow.txt:") {
					t.Errorf("%q: want each error to begin with its place, got %q", data, line)
				}
			}
			if l.Check(target, machine, sha1) == nil {
				t.Errorf("%q: want nothing permitted by a list with errors", data)
			}
			return
		}
		for line := range strings.Lines(string(bytes.TrimPrefix(data, []byte("\ufeff")))) {
			words := append(strings.Fields(line), "", "")
			if words[0] != "machine" {
				continue
			}
			if err := l.Check("", words[1], ""); err == nil || strings.Contains(err.Error(),
				fmt.Sprintf("%q", "machine "+strings.ToLower(words[1]))) {
				t.Errorf("%q: want the machine %q on the list and no hash, got %v", data, words[1], err)
			}
		}
	})
}
