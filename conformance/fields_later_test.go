package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFieldsKeepTheirGrammar(t *testing.T) {
	rules := map[string]fieldRule{}
	for _, rule := range append(fieldRules(), laterFieldRules()...) {
		rules[rule.name] = rule
	}
	rows := map[string]struct{ good, bad []string }{
		"Link": {[]string{"", "</a>;rel=next", `<>; REL="help https://a.example/b"; title="a; b", <?p>; rel=a`},
			[]string{"</a>", `</a>; rel`, `</a>; rel=""`, `</a>; rel=a; rel=b`, `</a b>; rel=a`, `</a>; rel=a, <b>`,
				`</a>; rel=a; anchor="b c"`, `</a>; rel=a; type=html`}},
		"Cache-Control": {[]string{"", ",no-store,,max-age=0", `NO-CACHE="a, b", x="max-age=y"`},
			[]string{`max-age="0"`, "max-age", "max-age=-1", "no-store; max-age=0", "stale-if-error=soon"}},
		"Strict-Transport-Security": {[]string{"max-age=0", `;Max-Age = "1" ; includeSubDomains; preload;`},
			[]string{"", "includeSubDomains", "max-age", "max-age=a", "max-age=1x", "max-age=1; MAX-AGE=1",
				"max-age=1; includeSubDomains=1", "max-age=1, preload"}},
		"Alt-Svc": {[]string{"clear", `h3=":443"; ma=86400, h2="[::1]:8000"; persist=1`, `w%3Dx%3Ay#z="a.example:1"`},
			[]string{"h3=:443", `h3="443"`, `h3=":443"; ma=day`, "h3 on 443"}},
		"Content-Disposition": {[]string{"inline", `attachment ; filename = "a b"; filename*=UTF-8''a%20b`},
			[]string{"", `filename="a"`, "inline; filename=a b", "inline; a=1; A=2"}},
		"Cache-Status": {[]string{`a; hit; ttl=-1; key="b", "c, d"; fwd=miss;stored=?0;detail=x`, "HIT"},
			[]string{"HIT from a", `"a`, "a; ttl=long", "a; hit=1", "a,", "a; fwd=\"miss\""}},
		"CDN-Cache-Control": {[]string{"max-age=60, no-store;x, y=(1 \"a\");z, w=@1, v=%\"a\""},
			[]string{`max-age="60"`, "No-Store", "max-age=1.5", "x=(1 2", "x=1234567890123456", "x=1.2345"}},
		"Priority":            {[]string{"u=0, i", "i=?0, z=9"}, []string{"u=8", "u=?1", "i=1", "U=3", "u=high=er"}},
		"Content-Digest":      {[]string{"sha-256=:AAAA:;a, id=:AA==:"}, []string{"sha-256=abc", "sha-256=:AAAA"}},
		"Want-Repr-Digest":    {[]string{"sha-256=10, a=0"}, []string{"sha-256=11", "sha-256=high"}},
		"Accept-CH":           {[]string{"", "DPR, Sec-CH-UA"}, []string{"DPR Width", `"DPR"`}},
		"Sunset":              {[]string{"Fri, 31 Dec 2027 23:59:59 GMT"}, []string{"2027-12-31"}},
		"Deprecation":         {[]string{"@1", "true", "Sun, 11 Nov 2018 23:59:59 GMT"}, []string{"yes", "2018-11-11"}},
		"OData-Version":       {[]string{"4.0", "4.01"}, []string{"4", "4.0;", "four"}},
		"Preference-Applied":  {[]string{`return=minimal, a="b", c`}, []string{"return minimal"}},
		"Content-Range":       {[]string{"bytes 0-1/2", "bytes */2", "x 0-1/*"}, []string{"bytes 0-1", "0-1/2"}},
		"Accept":              {[]string{"", "*/*;q=0, a/b;c=\"d,e\""}, []string{"json", "a/b c"}},
		"Accept-Encoding":     {[]string{"", "gzip;q=1.0, *; q=0.5"}, []string{"gzip;q=2", "gzip;q=high"}},
		"Proxy-Authenticate":  {[]string{`Basic realm="a", Negotiate`}, []string{"Basic realm=a"}},
		"Trailer":             {[]string{"", "A, B"}, []string{"A B"}},
		"OData-EntityId":      {[]string{"https://a.example/b('1')"}, []string{"a b"}},
		"Proxy-Status":        {[]string{`"a"; error=dns_error; received-status=503`}, []string{"a said no"}},
		"Want-Content-Digest": {[]string{"sha-512=3"}, []string{"sha-512"}},

		"Access-Control-Allow-Credentials": {[]string{"true", "false"}, []string{"True", ""}},
		"Access-Control-Max-Age":           {[]string{"0", "-1"}, []string{"1.5", "1 day"}},
		"Access-Control-Allow-Methods":     {[]string{"", "*", "GET,POST"}, []string{"GET; POST"}},
	}
	for name, row := range rows {
		rule := rules[name]
		require.Equal(t, name, rule.name)
		for _, v := range row.good {
			require.True(t, rule.keeps(v), "%s: %s", name, v)
		}
		for _, v := range row.bad {
			require.False(t, rule.keeps(v), "%s: %s", name, v)
		}
	}
	require.True(t, strings.Contains(namesOf([]fieldRule{{name: "Vary"}}), "Content-Length and Vary"))
}
