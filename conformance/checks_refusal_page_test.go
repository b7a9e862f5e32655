package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

func TestElementsOfARequestAreFoundWhereverTheyStand(t *testing.T) {
	for name, row := range map[string]struct {
		request record.Request
		want    []string
	}{
		"a member of the body": {record.Request{Body: []byte(`{"Sha1": "a <b title=x> c"}`)}, []string{"<b title=x>"}},
		"an escaped body":      {record.Request{Body: []byte(`{"Sha1": "\u003cb title=\"x\">"}`)}, []string{`<b title="x">`}},
		"an escaped path":      {record.Request{URL: "http://h/%3Cb%20title=x%3E"}, []string{"<b title=x>"}},
		"an escaped query":     {record.Request{URL: "http://h/?a=%3Cb+title=x%3E"}, []string{"<b title=x>"}},
		"a field": {record.Request{Header: []record.Field{{Name: "Accept", Value: "<b title=x>"}}},
			[]string{"<b title=x>"}},
		"one without attributes": {record.Request{Body: []byte(`{"Comment": "<b>bold</b> <br />"}`)}, nil},
		"no element":             {record.Request{Body: []byte(`{"Comment": "a < b = c > d"}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Subset(t, sentElements(row.request), row.want)
			require.Equal(t, len(row.want) == 0, len(sentElements(row.request)) == 0)
		})
	}
}
