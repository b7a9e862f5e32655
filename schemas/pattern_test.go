package schemas_test

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

// A pattern matches what package regexp has it match.
func TestPatternsMatchAsPackageRegexpDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for _, row := range []struct {
		expr  string
		texts []string
	}{
		{`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`, []string{"c083f601-012f-4955-b4cc-fab50fb69d79"}},
		{`^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})$`, []string{"7b1f4967d9728e5aa3c06a9e617a22a4a5a17378",
			"7b1f4967d9728e5aa3c06a9e617a22a4"}},
		{`[^\s\p{Z}\p{C}]`, []string{" ", "x ", "\t\n", "\u00a0", "\u00a0x", "\u200b", "\x7f", "\xff"}},
		{`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt](([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|23:59:60)` +
			`(\.[0-9]+)?([Zz]|[+-]00:00)$`, []string{"2026-03-03T09:59:59.9399004Z", "2016-12-31t23:59:60-00:00"}},
		{`^[^.]*(\.[0-9]{1,7})?[Zz]$`, []string{"2026-03-03T09:59:59.9399004Z", "z", ".12345678Z", "\u00e4z"}},
		{`/testwdatppreview/\$metadata#FileMachineActions/\$entity$`,
			[]string{"https://x/testwdatppreview/$metadata#FileMachineActions/$entity", "/testwdatppreview/"}},
		{``, []string{"", "x", "\xff"}},
		{`^$`, []string{"", "x"}},
		{`^`, []string{"", "x"}},
		{`$`, []string{"", "x"}},
		{`a|^b|c$|^d$`, []string{"xa", "ax", "b", "xb", "c", "cx", "d", "dx", "xd"}},
		{`a*b+c?`, []string{"aabbcc", "ac"}},
		{`(a|ab)(c|bcd)$`, []string{"abcd", "abc", "xacx"}},
		{`(?i)k[^a-c].`, []string{"KxK", "k\nx", "\u212axx", "kbx"}},
		{`(?s)^.x.$`, []string{"\nx\n", "ax"}},
		{`(?m)^x$`, []string{"a\nx\nb", "x"}},
		{`\bx\b`, []string{"a x b", "axb"}},
		{`x^y`, []string{"xy"}},
		{`(^|,)a(,|$)`, []string{"a", "b,a", "b,a,c", "ba"}},
		{`([a-z]{90}[0-9]{90}){2}|y`, []string{"xy", "y"}}, // of many states
		{`(x[ab]{9}y|a)[ab]{9}z`, []string{"az"}},          // of more still
		{`[^\x00-\x{10FFFF}]`, []string{"x", ""}},          // matches nothing
	} {
		want, got := regexp.MustCompile(row.expr), pattern(t, row.expr)
		same := func(text string) {
			require.Equal(t, want.MatchString(text), got.MatchString(text), "%s: %q", row.expr, text)
		}
		for i := range 5_000 {
			text := row.texts[i%len(row.texts)]
			same(text)
			same(mutate(random, text))
		}
	}
	_, err := schemas.CompilePattern(`(`)
	require.Error(t, err)
}

func pattern(t *testing.T, expr string) *schemas.Pattern {
	t.Helper()
	p, err := schemas.CompilePattern(expr)
	require.NoError(t, err)
	return p
}
