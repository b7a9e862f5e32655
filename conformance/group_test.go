package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

func TestLoadNamesWhatIsWrongWithAGroup(t *testing.T) {
	for _, row := range []struct{ entry, want string }{
		{"{group: a, proves: [request.jsn], expect: accepted}",
			`mine/requirements/groups.yaml:1: the group a: unknown requirement "request.jsn" (did you mean "request.json"?)`},
		{"{group: a, proves: [request.json], expect: maybe}",
			`mine/requirements/groups.yaml:1: the group a: "maybe" is no expectation; write accepted, either, or refused`},
		{"{group: a, proves: [request.json], expect: accepted, needs: [luck]}",
			`mine/requirements/groups.yaml:1: the group a: `},
		{"{group: a, expect: accepted}",
			`mine/requirements/groups.yaml:1: the group a proves nothing; name requirements under "proves:"`},
		{"{proves: [request.json], expect: accepted}",
			`mine/requirements/groups.yaml:1: a group has no name; give it one, "group: NAME"`},
		{"{group: text, proves: [request.json], expect: accepted}",
			`mine/requirements/groups.yaml:1: the group text is there twice; take one away`},
		{"{group: a, proofs: [request.json], expect: accepted}",
			`mine/requirements/groups.yaml:1: field proofs is unknown`},
	} {
		source := conformance.Source{Name: "mine", Own: true, FS: fstest.MapFS{
			"x.http":                   {Data: []byte(sound)},
			"requirements/groups.yaml": {Data: []byte("- " + row.entry + "\n")},
		}}
		_, err := conformance.Load(conformance.Contract{}, conformance.BuiltIn(), source)
		require.ErrorContains(t, err, row.want, row.entry)
	}
}

func TestFurtherCasesAreCompared(t *testing.T) {
	suite := load(t)
	plain := suite.Case("requestSample/valid/accepts-plain-request")
	require.NotNil(t, plain)
	made := func(change func(*conformance.Case)) *conformance.Case {
		c := &conformance.Case{ID: "requestSample/made/a", Operation: "requestSample", Control: plain.ID,
			Proves: []string{"request.json"}, Steps: plain.Steps, Origin: conformance.Origin{Generator: "made"}}
		change(c)
		return c
	}
	for _, row := range []struct {
		want   string
		change func(*conformance.Case)
	}{
		{"there is one of that id; give it another", func(c *conformance.Case) { c.ID = plain.ID }},
		{`unknown operation "none"; name one of the contract`, func(c *conformance.Case) { c.Operation = "none" }},
		{"it has no step; give it one", func(c *conformance.Case) { c.Steps = nil }},
		{"it proves nothing; name requirements of the catalogue", func(c *conformance.Case) { c.Proves = nil }},
		{`unknown requirement "request.jsn" (did you mean "request.json"?)`,
			func(c *conformance.Case) { c.Proves = []string{"request.jsn"} }},
		{`the control "none" is no other accepted case; name one that is`,
			func(c *conformance.Case) { c.Control = "none" }},
		{`the control "requestSample/body/refuses-missing-comment" is no other accepted case`,
			func(c *conformance.Case) { c.Also = []string{"requestSample/body/refuses-missing-comment"} }},
		{`the case "requestSample/body/refuses-missing-comment", of which it has the form, is no other accepted one`,
			func(c *conformance.Case) { c.Carries = []string{"requestSample/body/refuses-missing-comment"} }},
		{`the case "none", of which it has the form, is no other accepted one; name one that is`,
			func(c *conformance.Case) { c.Carries = []string{"none"} }},
	} {
		_, err := suite.With(made(row.change))
		require.ErrorContains(t, err, row.want)
	}
	_, err := suite.With(made(func(c *conformance.Case) { c.Control = "requestSample/body/answers-chunked-body" }))
	require.ErrorContains(t, err, "is no other accepted case")
	open, err := suite.With(made(func(c *conformance.Case) {
		c.Also = []string{"requestSample/body/answers-chunked-body"}
	}))
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusLengthRequired)
	}))
	defer server.Close()
	r, err := open.Run(t.Context(), conformance.Target{URL: server.URL}, conformance.Options{Run: "/made/a$"})
	require.NoError(t, err)
	require.Equal(t, record.Inconclusive, caseOf(t, r, "requestSample/made/a").Outcome)

	before := len(suite.Cases)
	with, err := suite.With(made(func(*conformance.Case) {}))
	require.NoError(t, err)
	require.Len(t, suite.Cases, before)
	require.Empty(t, suite.Generators)
	require.Len(t, with.Cases, before+1)
	require.Equal(t, []string{"made"}, with.Generators)
	require.Equal(t, []int{201}, with.Case("requestSample/made/a").Steps[0].Statuses)
}
