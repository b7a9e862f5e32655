package redact

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

const (
	opaque = "kT9vQ2xLm4Rz8WcY1uHbN6sEoJ3dPf7A"
	header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ18ifQ"
	claims = "eyJzdWIiOiJhbmFseXN0IiwiYXVkIjoiaHR0cHM6Ly9hcGkuY29udG9zby5jb20ifQ"
	mac    = "dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func TestAPartOfATokenIsFoundAndStruckOut(t *testing.T) {
	part := opaque[5:21]
	each := func(format string) (out string) {
		for _, c := range []byte(part) {
			out += fmt.Sprintf(format, c)
		}
		return out
	}
	rows := []struct{ why, text string }{
		{"as it is", part},
		{"within a word", "x" + part + "y"},
		{"in capitals", strings.ToUpper(part)},
		{"in percent encoding", each("%%%02x")},
		{"in escapes of JSON", each(`\u%04X`)},
		{"in hexadecimal digits", hex.EncodeToString([]byte(part))},
		{"in hexadecimal digits of capitals", strings.ToUpper(hex.EncodeToString([]byte(part)))},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(part))},
		{"in base64 behind one byte", base64.StdEncoding.EncodeToString([]byte(" " + part))},
		{"in base64 behind two bytes", base64.RawURLEncoding.EncodeToString([]byte("a:" + part + "!"))},
		{"in base64 in percent encoding", strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(part)), "=",
			"%3D")},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			s := &Secrets{}
			s.AddToken(TokenVariable, opaque)
			text := `{"a":"before ` + row.text + ` behind"}`
			out, found := s.Bytes([]byte(text), false)
			require.True(t, found)
			require.True(t, s.HoldsToken([]byte(text)))
			require.Len(t, out, len(text))
			require.NotContains(t, string(out), row.text)
			require.Greater(t, strings.Count(string(out), "*"), len(row.text)*2/3)

			s = &Secrets{}
			s.Add("HEADER_X", opaque)
			out, found = s.Bytes([]byte(text), false)
			require.False(t, found, "want parts of tokens looked for alone")
			require.Equal(t, text, string(out))
		})
	}
}

func TestWhatIsNoPartOfATokenIsLeft(t *testing.T) {
	rows := []struct{ why, token, text string }{
		{"15 characters", opaque, "x " + opaque[4:19] + " y"},
		{"15 characters in hexadecimal digits", opaque, hex.EncodeToString([]byte(opaque[4:19]))},
		{"the header of a JSON Web Token", header + "." + claims + "." + mac, `{"header":"` + header + `"}`},
		{"few different characters", "----------------------ab12", "Subject\n----------------\n"},
		{"few different characters in hexadecimal digits", "abababababababababababab", hex.EncodeToString([]byte(
			"abababababababab"))},
		{"the user in the name of a token", "token-for-analyst@contoso.com", `{"requestor":"analyst@contoso.com"}`},
		{"the user in a sentence", "token-for-analyst@contoso.com", "The user analyst@contoso.com may not do this."},
		{"the user behind a colon", "token:analyst@contoso.com", "user:analyst@contoso.com"},
		{"the user with digits", "tok_analyst-01@contoso.example", "<analyst-01@contoso.example>"},
		{"words of a token", "token-of-a-user-who-may-act", "a user-who-may-act is needed"},
		{"a token that is too short", "secret-token", "x"},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			s := &Secrets{}
			s.AddToken(TokenVariable, row.token)
			out, found := s.Bytes([]byte(row.text), false)
			require.Equal(t, row.text, string(out))
			require.False(t, found)
			require.False(t, s.HoldsToken([]byte(row.text)))
		})
	}
}

func TestDigitsInTheirOrderAreNoPartOfAToken(t *testing.T) {
	s := &Secrets{}
	s.AddToken("TOKEN", "hunt-token-0123456789abcdef")
	for _, text := range []string{"deadbeef0123456789abcdefcafebabe", "ABCDEF0123456789ABCDEF"} {
		require.False(t, s.HoldsToken([]byte(text)), text)
	}
	require.True(t, s.HoldsToken([]byte("t-token-01234567")))
}

func TestWhatOnlyLooksLikeANameIsAPart(t *testing.T) {
	for token, text := range map[string]string{
		header + "." + claims + "." + mac: `{"a":"` + claims + `"}`,
		"x." + mac + ".y":                 `{"a":"` + mac + `"}`,
		"token-of-a-user-who-may-act":     `{"a":"ken-of-a-user-wh"}`,
		"xoxb-123456789012-abcDEFghi":     `{"a":"123456789012-abcDEF"}`,
	} {
		s := &Secrets{}
		s.AddToken(TokenVariable, token)
		require.True(t, s.HoldsToken([]byte(text)), token)
	}
}

func TestAWholeTokenCountsUnlessItIsTheUser(t *testing.T) {
	s := &Secrets{}
	s.AddToken("A", opaque)
	s.AddToken("B", "analyst@contoso.com")
	s.AddToken("C", "analyst-7")
	s.Add("D", "correlation-0123456789")
	require.True(t, s.HoldsToken([]byte("x"+opaque)))
	for _, text := range []string{`{"requestor":"analyst@contoso.com"}`, `{"requestor":"analyst-7"}`,
		"correlation-0123456789"} {
		require.False(t, s.HoldsToken([]byte(text)), text)
		_, found := s.Bytes([]byte(text), false)
		require.True(t, found, "want it struck out nevertheless")
	}
}

func TestAnAnswerNamesThePlacesOfAToken(t *testing.T) {
	const part = "Lm4Rz8WcY1uHbN6sEoJ3"
	rows := []struct {
		why  string
		r    record.Response
		want []string
	}{
		{"nowhere", record.Response{Header: http.Header{"X": {"y"}}, Body: record.Body("{}")}, nil},
		{"the body", record.Response{Body: record.Body(`{"a":"` + part + `"}`)}, []string{"body"}},
		{"a packed body", record.Response{Header: http.Header{"Content-Encoding": {"gzip"}},
			Body: coding.Encode([]byte(part))}, []string{"body"}},
		{"header fields", record.Response{Header: http.Header{"X-B": {part}, "X-A": {"1", opaque, part}}},
			[]string{"header X-A", "header X-B"}},
		{"the name of one", record.Response{Header: http.Header{"X-" + opaque: {"1"}}},
			[]string{"the name of a header field"}},
		{"what no record keeps", record.Response{Unkept: []record.Field{{Name: "trailer X", Value: part},
			{Name: "status line",
				Value: "201 Created"}}}, []string{"trailer X"}},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			s := &Secrets{}
			s.AddToken(TokenVariable, opaque)
			_, got := s.Response(&row.r, record.Request{}, false)
			require.Equal(t, row.want, got)
			require.Nil(t, row.r.Unkept)
			_, again := s.Response(&row.r, record.Request{}, false)
			require.Nil(t, again, "want nothing left")
		})
	}
}

// Whatever piece of a token stands in whatever text, it is found by the index of grams
// where a search for each of its parts finds it.
func TestTheIndexFindsWhatASearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`([A-Za-z]{0,5}[0-9+/]){10,20}`).Draw(t, "token") // no part of it is a name
		from := rapid.IntRange(0, len(token)).Draw(t, "from")
		to := rapid.IntRange(from, len(token)).Draw(t, "to")
		around := rapid.StringMatching(`[a-zA-Z0-9 ]{0,40}`)
		text := around.Draw(t, "before") + token[from:to] + around.Draw(t, "behind")
		s := &Secrets{}
		s.AddToken(TokenVariable, token)
		want := false
		for at := 0; at+shortestPart <= len(token); at++ {
			part := strings.ToLower(token[at : at+shortestPart])
			want = want || varied(part) && strings.Contains(strings.ToLower(text), part)
		}
		if got := s.HoldsToken([]byte(text)); got != want {
			t.Errorf("want %v, got %v: token %q, text %q", want, got, token, text)
		}
	})
}

// Traffic shows one token after the other, and each exchange is searched for all: what a token costs must not grow with
// their number.
func TestATokenIsAddedToTheIndexOnce(t *testing.T) {
	work := func(tokens int) int {
		s := &Secrets{}
		for i := range tokens {
			token := fmt.Sprintf("%s%04d", opaque, i)
			s.AddToken(TokenVariable, token)
			require.True(t, s.HoldsToken([]byte("not with "+token)))
		}
		return s.index.work
	}
	one := work(1)
	require.Positive(t, one)
	require.LessOrEqual(t, work(50), 55*one, "want the work of 50 tokens about 50 times that of one")
}

// A token that is added while another goroutine searches is found from then on.
func TestTokensAreAddedWhileTextsAreSearched(t *testing.T) {
	s := &Secrets{}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 20 {
				token := fmt.Sprintf("%s-%d-%04d", opaque, g, i)
				s.AddToken(TokenVariable, token)
				if !s.HoldsToken([]byte(token)) {
					t.Errorf("want %s found", token)
				}
			}
		})
	}
	all.Wait()
}

// A mock may have a word for a token, which stands in an answer in its own right.
func TestAPlainTokenIsHiddenInFieldsOfRequestsAlone(t *testing.T) {
	for _, token := range []string{"test", "InProgress", "2026", "cafe", "1234567", "abcdefghijklmno"} {
		s := &Secrets{}
		s.AddToken(TokenVariable, token)
		text := `{"@odata.context":"/testwdatppreview/` + token + `"}`
		require.Equal(t, text, s.Text(text))
		r := s.Request(record.Request{URL: "http://h/" + token, Header: []record.Field{
			{Name: "Authorization", Value: "Bearer " + token}, {Name: "Authorization", Value: token},
			{Name: "Authorization", Value: "Bearer " + token + "x"}, {Name: "Accept", Value: token},
			{Name: "X-Api-Token", Value: token}}})
		require.Equal(t, "http://h/"+token, r.URL)
		own := token // where it is too short for a field to be more than a word
		if len(token) >= 8 {
			own = "$" + TokenVariable
		}
		require.Equal(t, []record.Field{{Name: "Authorization", Value: "Bearer $" + TokenVariable},
			{Name: "Authorization", Value: "$" + TokenVariable},
			{Name: "Authorization", Value: "Bearer " + token + "x"}, {Name: "Accept", Value: token},
			{Name: "X-Api-Token", Value: own}}, r.Header)
	}
	for _, token := range []string{"tok-7", "s3cr3t", "12345678", "abcdefghijklmnop", "a-token"} {
		s := &Secrets{}
		s.AddToken(TokenVariable, token)
		require.NotContains(t, s.Text("a "+token+" b"), token)
	}
}
