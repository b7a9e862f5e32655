package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

func TestCompactChangesNothingThatIsKept(t *testing.T) {
	headers := []http.Header{
		nil, {}, {"Date": {"now"}}, {"Date": {"now "}}, {"Date": {"now", ""}}, {"Date": {"now"}, "Empty": nil},
		{"Date": {"now"}, "Empty": {}},
		{"date": {"now"}}, {"Da te": {"now"}}, {"A": {"b\" \"c"}}, {"A": {"b", "c"}}, {"A": {"1\nB: 2"}}, {"A": {"1"},
			"B": {"2"}},
		{"Long": {strings.Repeat("x", keptShort)}},
	}
	var c common
	for range 2 {
		for i, header := range headers {
			x := &Exchange{Sent: Sent{Case: &Case{ID: "a/b"}, Step: i % 2,
				Request: record.Request{Method: "POST", URL: "http://x",
					Header: []record.Field{{Name: "A", Value: fmt.Sprint(i)},
						{Name: "B", Value: strings.Repeat("y", commonText+1)}}, Body: make(record.Body, 3, 900)}},
				Response: &record.Response{Proto: "HTTP/1.1", Header: header, Body: record.Body("body")}}
			response := *x.Response
			want := *x
			want.Response = &response
			request := append([]record.Field{}, x.Request.Header...)
			c.compact(x)
			if diff := cmp.Diff(want.Request, x.Request); diff != "" {
				t.Errorf("%v: want the same request, got\n%s", header, diff)
			}
			if diff := cmp.Diff(want.Response, x.Response, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%v: want the same answer, got\n%s", header, diff)
			}
			require.Equal(t, request, x.Request.Header)
			require.Equal(t, len(x.Request.Body), cap(x.Request.Body))
		}
	}
	require.Nil(t, trimmed(nil))
}

func TestCompactHoldsLittleHoweverMuchVaries(t *testing.T) {
	var c common
	for i := range 3 * commonTexts {
		c.compact(&Exchange{Sent: Sent{Case: &Case{ID: "a"},
			Request: record.Request{Header: []record.Field{{Name: "Id", Value: fmt.Sprint(i)}}}},
			Response: &record.Response{Header: http.Header{"Id": {fmt.Sprint(i)}}}})
	}
	require.LessOrEqual(t, len(c.texts), commonTexts)
	require.LessOrEqual(t, len(c.answers), commonAnswers)
	require.Len(t, c.requests, 1)
}
