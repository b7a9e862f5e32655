package redact

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

func TestWhatARequestSaysIsNoPartOfAToken(t *testing.T) {
	const token, part = "tok-01234567fedcba98-qwertzuiop", "01234567fedcba98"
	body := func(text string) record.Request { return record.Request{Body: record.Body(text)} }
	rows := []struct {
		why     string
		request record.Request
		answer  string
		found   bool
	}{
		{"in the body of both", body(`{"Sha1": "dead` + part + `beef"}`), `{"sha1": "dead` + part + `beef"}`, false},
		{"in other letters", body("01234567FEDCBA98"), part, false},
		{"escaped", body(`\u00301234567fedcba98`), part, false},
		{"in the path", record.Request{URL: "/machines/" + part}, part, false},
		{"in a field", record.Request{Header: []record.Field{{Name: "X-Id", Value: part}}}, part, false},
		{"in credentials", record.Request{Header: []record.Field{{Name: "authorization", Value: part}}}, part, true},
		{"in a cookie", record.Request{Header: []record.Field{{Name: "Cookie", Value: part}}}, part, true},
		{"in the answer alone", body("{}"), part, true},
		{"more of it in the answer", body(part), part + "-q", true},
		{"another part", body(part), part + " fedcba98-qwertzuiop", true},
		{"the whole", body(part), token, true},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			var s Secrets
			s.AddToken("T", token)
			for range 2 { // what was found clean once is so for its own request
				answer := &record.Response{Body: record.Body(r.answer),
					Header: map[string][]string{"X-Seen": {r.answer}}}
				found, in := s.Response(answer, r.request, false)
				require.Equal(t, r.found, found)
				require.Equal(t, r.found, len(in) == 2, in)
				other := &record.Response{Header: map[string][]string{"X-Seen": {part}}}
				found, _ = s.Response(other, record.Request{}, false)
				require.True(t, found)
			}
		})
	}
}
