package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// spelt are the ways in which servers write a value that they give back, made here
// by other means than those of the code under test.
func spelt() map[string]func(string) string {
	each := func(format string) func(string) string {
		return func(v string) string {
			var b strings.Builder
			for _, c := range []byte(v) {
				fmt.Fprintf(&b, format, c)
			}
			return b.String()
		}
	}
	// unlike escapes what is neither letter nor digit, as encoders of many languages do.
	unlike := func(format string) func(string) string {
		return func(v string) string {
			var b strings.Builder
			for _, c := range []byte(v) {
				if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
					b.WriteByte(c)
				} else {
					fmt.Fprintf(&b, format, c)
				}
			}
			return b.String()
		}
	}
	json := func(v string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) }
	return map[string]func(string) string{
		"as it is":                     func(v string) string { return v },
		"in capitals":                  strings.ToUpper,
		"in small letters":             strings.ToLower,
		"in a query":                   url.QueryEscape,
		"in a path":                    url.PathEscape,
		"in percents of small letters": each("%%%02x"),
		"in percents of capitals":      each("%%%02X"),
		"in some percents":             unlike("%%%02X"),
		"in a string of JSON":          json,
		"in JSON inside JSON":          func(v string) string { return json(json(v)) },
		"in JSON of Go": strings.NewReplacer(`\`, `\\`, `"`, `\"`, "<", `\u003c`, ">", `\u003e`, "&",
			`\u0026`).Replace,
		"with escaped solidus":           func(v string) string { return strings.ReplaceAll(json(v), "/", `\/`) },
		"in escapes of JSON":             each(`\u%04x`),
		"in escapes of JSON in capitals": each(`\u%04X`),
		"in some escapes of JSON":        unlike(`\u%04X`),
		"in HTML":                        html.EscapeString,
		"in HTML by name": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
			"'", "&apos;").Replace,
		"in numbers of HTML":             each("&#%d;"),
		"in hexadecimal numbers of HTML": each("&#x%X;"),
		"in UTF-16":                      each("%c\x00"),
		"in Go's quotes":                 func(v string) string { q := fmt.Sprintf("%q", v); return q[1 : len(q)-1] },
		"in base64":                      func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
		"in base64 without padding": func(v string) string {
			return base64.RawStdEncoding.EncodeToString(
				[]byte(v))
		},
		"in base64 for URLs":       func(v string) string { return base64.URLEncoding.EncodeToString([]byte(v)) },
		"in base64 for URLs, bare": func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) },
	}
}

// a secret of printable ASCII; one of asterisks alone cannot be told from what is
// put in its place.
func anySecret() *rapid.Generator[string] {
	all := rapid.StringOfN(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: ' ', Hi: '~',
		Stride: 1}}}), 4, 200, -1)
	likely := rapid.StringMatching(`[A-Za-z0-9+/=_.~-]{4,60}`)
	return rapid.OneOf(all, likely).Filter(func(v string) bool { return strings.Trim(v, "*") != "" })
}

func TestNoSpellingOfASecretSurvives(t *testing.T) {
	ways := spelt()
	names := make([]string, 0, len(ways))
	for name := range ways {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		s := &Secrets{}
		all := rapid.SliceOfN(anySecret(), 1, 3).Draw(t, "secrets")
		for i, v := range all {
			s.Add(fmt.Sprintf("NAME_%d", i), v)
		}
		name := rapid.SampledFrom(names).Draw(t, "spelling")
		spelling := ways[name](rapid.SampledFrom(all).Draw(t, "secret"))
		around := rapid.StringMatching(`[a-zA-Z0-9 {}":,/\\%&;.*-]{0,30}`)
		// An escape that begins before the spelling would make another one of it.
		before := around.Filter(func(b string) bool { return !strings.ContainsAny(b[max(len(b)-6, 0):], `%&\`) }).Draw(
			t, "before")
		text := before + spelling + around.Draw(t, "behind")
		gone := func(where, got string) {
			if len(got) != len(text) {
				t.Errorf("want the %s as long as before: %q became %q", where, text, got)
			}
			if strings.Trim(spelling, "*") != "" && strings.Contains(strings.ToLower(got), strings.ToLower(spelling)) {
				t.Errorf("want no %q in the %s %q", spelling, where, got)
			}
		}
		gone("text", s.Text(text))
		same := strings.Clone(text)
		body, found := s.Bytes([]byte(text), false)
		gone("body", string(body))
		if !found {
			t.Errorf("want %q found in %q", spelling, text)
		}
		r := &record.Response{Header: http.Header{"X-More": {"more", text}}, Body: record.Body(text)}
		if found, _ := s.Response(r, record.Request{}, false); !found || text != same {
			t.Errorf("want %q found in an answer", spelling)
		}
		gone("answer", string(r.Body))
		gone("header", r.Header["X-More"][1])
	})
}

func TestATextWithoutASecretIsLeftAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Secrets{}
		for i, v := range rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9+/=_.~-]{4,60}`), 1, 3).Draw(t, "secrets") {
			s.Add(fmt.Sprint(i), v)
		}
		// Nothing of it is in the alphabet of the secrets, nor of base64.
		text := rapid.StringMatching(`[äöüß{}":, \\%&;?<>]{0,300}`).Draw(t, "text")
		if got := s.Text(text); got != text {
			t.Errorf("want %q, got %q", text, got)
		}
		body, found := s.Bytes([]byte(text), true)
		if string(body) != text || found {
			t.Errorf("want %q, got %q, found %v", text, body, found)
		}
		r := &record.Response{Header: http.Header{"X": {text}, "Y-Z": {"", text}}, Body: record.Body(text)}
		if found, _ := s.Response(r, record.Request{}, true); found || string(r.Body) != text ||
			r.Header["Y-Z"][1] != text || r.Header["X"][0] != text || len(r.Header) != 2 {
			t.Errorf("want an answer as it came, got %+v", r)
		}
	})
}

func TestEachSpellingIsStruckOut(t *testing.T) {
	const secret = `aB/cD+eF=gH&iJ<kL>mN"oP'qR\sT%41uV wX`
	s := &Secrets{}
	s.Add("SECRET", secret)
	for name, way := range spelt() {
		t.Run(name, func(t *testing.T) {
			got := s.Text("before " + way(secret) + " behind")
			require.Equal(t, "before "+stars(way(secret))+" behind", got)
		})
	}
	for shift := range 3 {
		packed := base64.StdEncoding.EncodeToString([]byte("Bearer "[:shift+4] + secret + " and so on"))
		got := s.Text(packed)
		require.Len(t, got, len(packed))
		require.Greater(t, strings.Count(got, "*"), len(secret)*4/3-3, "want all but a digit at either end gone: %s",
			got)
	}
}

func TestWhatIsCutOffIsStruckOutToo(t *testing.T) {
	const secret = "secret/0123456789+abc"
	s := &Secrets{}
	s.Add("SECRET", secret)
	rows := []struct {
		why, body string
		cut       bool
		want      string
	}{
		{"the beginning of a secret at the end of a body that was cut", "x " + secret[:12], true, "x " +
			stars(secret[:12])},
		{"in a spelling", `x ` + `secret\/012345`, true, "x " + stars(`secret\/012345`)},
		{"in base64", "x " + base64.StdEncoding.EncodeToString([]byte(secret))[:16], true, "x " +
			stars("0123456789abcdef")},
		{"too little to tell", "x " + secret[:7], true, "x " + secret[:7]},
		{"in the middle, where nothing was cut", "x " + secret[:12] + " y", true, "x " + secret[:12] + " y"},
		{"a body that is whole", "x " + secret[:12], false, "x " + secret[:12]},
		{"the whole of it, and the beginning of another", secret + secret[:8], true, stars(secret + secret[:8])},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			body := []byte(r.body)
			got, found := s.Bytes(body, r.cut)
			require.Equal(t, r.want, string(got))
			require.Equal(t, r.want != r.body, found)
			require.Equal(t, r.body, string(body), "want the body that was given as it was")
		})
	}
}

func TestAnAnswerIsStruckWhereverASecretStands(t *testing.T) {
	const secret = "Secret-of-mine-0123"
	s := &Secrets{}
	s.Add("SECRET", secret)
	gzipped := func(text string) record.Body { return coding.Encode([]byte(text)) }
	rows := []struct {
		why   string
		r     record.Response
		found bool
		want  func(*record.Response) bool
	}{
		{"the value of a field", record.Response{Header: http.Header{"X": {"a", "Bearer " + secret}}}, true,
			func(r *record.Response) bool {
				return r.Header["X"][1] == "Bearer "+stars(secret) && r.Header["X"][0] == "a"
			}},
		{"the name of a field, as it is written then", record.Response{Header: http.Header{http.CanonicalHeaderKey(
			secret): {"a"}}}, true,
			func(r *record.Response) bool {
				return slices.Equal(r.Header[stars(secret)], []string{"a"}) && len(r.Header) == 1
			}},
		{"a cookie of any owner",
			record.Response{Header: http.Header{"Set-Cookie": {"session=0123456789abc; Path=/; HttpOnly",
				"bare-0123456789", "empty=; Secure"}}}, false,
			func(r *record.Response) bool {
				return slices.Equal(r.Header["Set-Cookie"], []string{"session=" + stars("0123456789abc") +
					"; Path=/; HttpOnly", stars("bare-0123456789"), "empty=; Secure"})
			}},
		{"a packed body", record.Response{Header: http.Header{"Content-Encoding": {" GZIP "}},
			Body: gzipped(`{"a":"` + secret + `"}`)}, true,
			func(r *record.Response) bool {
				plain, err := coding.Decode("gzip", r.Body)
				return err == nil && string(plain) == `{"a":"`+stars(secret)+`"}`
			}},
		{"a packed body that breaks off behind it", record.Response{Header: http.Header{"Content-Encoding": {"gzip"}},
			Body: func() record.Body {
				b := gzipped(secret + strings.Repeat(" ", 100))
				return b[:len(b)-8]
			}()}, true, func(r *record.Response) bool { return len(bytes.Trim(r.Body, "*")) == 0 }},
		{"a packed body that breaks off in it", record.Response{Header: http.Header{"Content-Encoding": {"gzip"}},
			Body: func() record.Body {
				var b bytes.Buffer
				w, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
				io.WriteString(w, secret)
				w.Close()
				return b.Bytes()[:bytes.IndexByte(b.Bytes(), 'S')+12]
			}()}, true, func(r *record.Response) bool { return len(bytes.Trim(r.Body, "*")) == 0 }},
		{"a packed body without it", record.Response{Header: http.Header{"Content-Encoding": {"gzip"}},
			Body: gzipped("{}")}, false,
			func(r *record.Response) bool { return bytes.Equal(r.Body, gzipped("{}")) }},
		{"what says it is packed and is not", record.Response{Header: http.Header{"Content-Encoding": {"gzip"}},
			Body: record.Body("plain " + secret)}, true,
			func(r *record.Response) bool { return string(r.Body) == "plain "+stars(secret) }},
		{"a coding that nobody knows", record.Response{Header: http.Header{"Content-Encoding": {"br"}},
			Body: record.Body("x")}, false,
			func(r *record.Response) bool { return string(r.Body) == "x" }},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			found, _ := s.Response(&r.r, record.Request{}, false)
			require.Equal(t, r.found, found)
			require.True(t, r.want(&r.r), "got %q", r.r)
		})
	}
	found, _ := s.Response(nil, record.Request{}, false)
	require.False(t, found)
}

func TestWhatLooksLikeASecretIsStruckOut(t *testing.T) {
	const header, claims, mac = "eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJub2JvZHkifQ", "c2lnbmF0dXJl"
	s := &Secrets{}
	rows := []struct{ why, text, secret string }{
		{"a signed token", "token " + header + "." + claims + "." + mac + " end", header + "." + claims + "." + mac},
		{"a token without its signature", `"` + header + "." + claims + `"`, header + "." + claims},
		{"an encrypted token of five parts", header + ".AAAAAAAAAAAA.BBBBBBBB.CCCCCCCC.DDDD", header +
			".AAAAAAAAAAAA.BBBBBBBB.CCCCCCCC.DDDD"},
		{"an encrypted token without a key", header + "..BBBBBBBBBBBB.CCCCCCCC.DDDD", header +
			"..BBBBBBBBBBBB.CCCCCCCC.DDDD"},
		{"a signature in a URL", "https://x.example/c?sv=2020&sig=abc%2Bdef%3D&se=2026", "abc%2Bdef%3D"},
		{"in JSON as Go and .NET write it", `"https://x.example/c?sv=2020\u0026sig=abc%2Bdef\u0026se=2026"`,
			"abc%2Bdef"},
		{"in HTML", "https://x.example/c?sv=2020&amp;sig=abcdef&amp;se=2026", "abcdef"},
		{"in a URL inside a URL", "https://y.example/?to=https%3A%2F%2Fx.example%3Fsig%3Dabcdef", "abcdef"},
		{"in capitals", "/x?SIG=abcdef", "abcdef"},
		{"behind a hash", "/x#access_token=abcdef&state=1", "abcdef"},
		{"a code", "/x?state=1;code=abcdef", "abcdef"},
		{"of another cloud", "/x?X-Amz-Signature=abcdef&y", "abcdef"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(r.text, r.secret))
			require.Equal(t, strings.Replace(r.text, r.secret, stars(r.secret), 1), s.Text(r.text))
			require.Equal(t, s.Text(r.text), s.Text(s.Text(r.text)))
			body, found := s.Bytes([]byte(r.text), false)
			require.Equal(t, s.Text(r.text), string(body))
			require.False(t, found, "want nothing found of the user's")
		})
	}
	for _, plain := range []string{
		"https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity", `{"a":1,"key":"b=c"}`,
		"keyJsonSettings.Default", "/x?design=1&keys=2", "a=b", "eyJ.eyJ.x",
	} {
		require.Equal(t, plain, s.Text(plain))
	}
}

func TestSecretsJoinAndAreCountedOnce(t *testing.T) {
	s := &Secrets{}
	s.Add("A", "abc")
	require.Empty(t, s.Values(), "want what is too short left in texts")
	s.Add("A", "first-token")
	s.Add("B", "first-token")
	require.Len(t, s.Values(), 1)
	s.Add("A", "second-token")
	require.Equal(t, stars("first-token")+" "+stars("second-token"), s.Text("first-token second-token"))
}

// A text that was clean before the first secret is not taken for clean after it.
func TestATextIsNotCleanForASecretThatIsAddedMeanwhile(t *testing.T) {
	var s Secrets
	added := s.added
	s.Add("X", "s3cret-value")
	s.noteClean("a s3cret-value", added)
	out, found, _ := s.strikeShort("a s3cret-value", nil)
	require.True(t, found)
	require.NotContains(t, out, "s3cret")
}
