package pactfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
)

var update = flag.Bool("update", false, "rewrite the pacts in fixtures/pacts")

// The suite and what is made of it are the same in every test, and not changed.
var (
	loaded  = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })
	written = map[Version]func() (*made, error){V3: sync.OnceValues(func() (*made, error) { return makePact(V3) }),
		V4: sync.OnceValues(func() (*made, error) { return makePact(V4) })}
)

func load(t testing.TB) *conformance.Suite {
	t.Helper()
	suite, err := loaded()
	require.NoError(t, err)
	return suite
}

type made struct {
	pact *Pact
	text []byte
}

func makePact(v Version) (*made, error) {
	suite, err := loaded()
	if err != nil {
		return nil, err
	}
	p, err := Build(suite, v)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = p.Write(&text)
	return &made{p, text.Bytes()}, err
}

func built(t testing.TB, v Version) (*Pact, []byte) {
	t.Helper()
	m, err := written[v]()
	require.NoError(t, err)
	return m.pact, m.text
}

func TestTheCommittedPactsAreWhatTheCasesSay(t *testing.T) {
	t.Parallel()
	for _, v := range []Version{V3, V4} {
		name := fmt.Sprintf("../../fixtures/pacts/fmaspec.v%d.json", int(v))
		_, got := built(t, v)
		want, err := os.ReadFile(name)
		if *update && (err != nil || !bytes.Equal(want, got)) {
			require.NoError(t, os.WriteFile(name, got, 0o644))
			want, err = os.ReadFile(name)
		}
		require.NoError(t, err)
		if !bytes.Equal(want, got) {
			t.Errorf("%s is stale; run make golden and look at the difference", name)
		}
		again, err := makePact(v)
		require.NoError(t, err)
		require.True(t, bytes.Equal(got, again.text), "the same cases make the same bytes")
	}
}

// The pacts are made from the fixtures, so that they are none themselves: the hash
// over the fixtures, which reports carry, does not hang on them.
func TestThePactsAreNoFixtures(t *testing.T) {
	t.Parallel()
	_, err := fs.Stat(fixtures.FS(), "pacts")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestEveryCaseIsSaidOnceOrLeftOutWithAReason(t *testing.T) {
	t.Parallel()
	suite := load(t)
	for _, v := range []Version{V3, V4} {
		p, err := Build(suite, v)
		require.NoError(t, err)
		names, cases := map[string]bool{}, map[string]bool{}
		for _, i := range p.Interactions {
			require.False(t, names[i.Name], "%s stands twice", i.Name)
			names[i.Name] = true
			require.False(t, cases[i.Case], "%s is said twice", i.Case)
			cases[i.Case] = true
		}
		for _, o := range p.LeftOut {
			require.NotEmpty(t, o.Why)
			require.False(t, cases[o.Case], "%s is said and left out", o.Case)
			cases[o.Case] = true
		}
		require.Len(t, cases, len(suite.Cases))
	}
}

func TestEachReasonToLeaveACaseOutIsGiven(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, version, why string }{
		{"state/accepts-two-files-in-turn", "V4", "it has more than one request"},
		{"media/answers-missing-content-type", "V4", "the expected answer is not specified"},
		{"machine/refuses-unknown-machine", "V4", "it tests machine.unknown, which is inferred"},
		{"method/refuses-get", "V4", "it tests refusal.method, which is standard"},
		{"body/refuses-missing-comment", "V3", "more than one status is valid, which V3 cannot express"},
		{"auth/refuses-token-in-query", "V4", "it has a query, and no operation has one"},
		{"auth/refuses-digest-credentials", "V4", "a header field has a comma, at which Pact splits it"},
		{"auth/refuses-blank-token", "V4", "a header field is empty or ends in a blank"},
		{"valid/accepts-missing-accept", "V4", "Pact cannot express the absence of Accept"},
		{"valid/accepts-gzip", "V4", "the verifier sets Accept-Encoding"},
		{"body/refuses-two-objects", "V4", "it tests request.grammar, which is inferred"},
		{"valid/accepts-long-comment", "V4", "it tests request.comment-length, which is inferred"},
		{"body/refuses-cut-off-body", "V4", "the body is not JSON"},
		{"body/refuses-empty-body", "V4", "the body is not JSON"},
		{"body/refuses-null-as-body", "V4", "to Pact a null body is no body"},
		{"valid/accepts-escaped-slash", "V4", "it tests a spelling of JSON, and Pact keeps only values"},
		{"valid/accepts-header-names-as-in-the-examples", "V4", "to Pact it is the same request as " +
			"valid/accepts-plain-request"},
	}
	left := map[string]string{}
	for _, v := range []Version{V3, V4} {
		p, _ := built(t, v)
		for _, o := range p.LeftOut {
			left[v.String()+" "+o.Case] = o.Why
		}
	}
	for _, r := range rows {
		if got := left[r.version+" requestSample/"+r.name]; got != r.why {
			t.Errorf("%s: want %q, got %q", r.name, r.why, got)
		}
	}
}

// No case of the suite has these; Build says why of them too.
func TestOddRequestsAreLeftOut(t *testing.T) {
	t.Parallel()
	field := func(name, value string) conformance.Step {
		return conformance.Step{Method: "POST", Path: "{{path}}",
			Header: []record.Field{{Name: name, Value: value}}, Body: "{}"}
	}
	twice := field("X-Team", "blue")
	twice.Header = append(twice.Header, record.Field{Name: "x-team", Value: "red"})
	rows := []struct {
		step conformance.Step
		why  string
	}{
		{twice, "a header field is repeated"},
		{field("X-Team", "{{sha1.2}}"), "it uses a variable of the suite in a header field"},
		{conformance.Step{Method: "POST", Path: "{{path}}", Body: `{"Sha1": "{{sha1.2}}"}`},
			"it uses a variable of the suite in its body"},
		{conformance.Step{Method: "POST", Path: "{{path unknown-machine}}"}, "it uses a variable of the suite in " +
			"its path"},
	}
	suite := load(t)
	b := &builder{suite: suite, version: V4}
	for _, r := range rows {
		if got := b.request(&Interaction{}, r.step, suite.Operations[0]); got != r.why {
			t.Errorf("want %q, got %q", r.why, got)
		}
	}
	other := &conformance.Case{Operation: "requestSample", Proves: []string{"response.created"},
		Steps: []conformance.Step{{Operation: "stopAndQuarantineFile", Expect: conformance.Accepted}}}
	if got := b.inexpressible(other); got != "it calls a different operation" {
		t.Errorf("got %q", got)
	}
}

func TestRequirementsOfTheDocumentsAreSaid(t *testing.T) {
	t.Parallel()
	p, _ := built(t, V4)
	said := map[string]bool{}
	for _, i := range p.Interactions {
		for _, text := range i.Proves {
			id, _, _ := strings.Cut(text, ": ")
			said[id] = true
		}
	}
	for _, r := range load(t).Requirements {
		if r.Level == record.Documented && r.Waived == "" && !said[r.ID] {
			t.Errorf("no interaction stands for %s", r.ID)
		}
	}
}

// The shape of the file is that of the Pact specification, as its core library
// writes it.
func TestTheFilesHaveTheShapeOfTheirVersion(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[0-9a-f]{16}$`)
	for _, v := range []Version{V3, V4} {
		p, text := built(t, v)
		var f struct {
			Consumer, Provider struct{ Name string }
			Interactions       []struct {
				Type, Key, Description string
				Pending                *bool
				Comments               any
				ProviderStates         []struct {
					Name   string
					Params map[string]any
				}
				Request, Response map[string]any
			}
			Metadata map[string]map[string]string
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&f))
		require.Equal(t, Consumer, f.Consumer.Name)
		require.Equal(t, Provider, f.Provider.Name)
		require.Equal(t, map[Version]string{V3: "3.0.0", V4: "4.0"}[v], f.Metadata["pactSpecification"]["version"])
		require.Len(t, f.Interactions, len(p.Interactions))
		for _, i := range f.Interactions {
			require.NotEmpty(t, i.Description)
			require.NotEmpty(t, i.ProviderStates)
			header, _ := i.Request["headers"].(map[string]any)
			body, _ := i.Response["body"].(map[string]any)
			if v == V3 {
				require.Empty(t, i.Type+i.Key)
				require.Nil(t, i.Pending)
				require.Nil(t, i.Comments)
				require.IsType(t, "", header["Content-Type"])
				require.False(t, body != nil && body["content"] != nil)
				rules, _ := i.Response["matchingRules"].(map[string]any)
				require.NotContains(t, rules, "status", "V3 has no matcher for a status")
				continue
			}
			require.Equal(t, "Synchronous/HTTP", i.Type)
			require.Regexp(t, name, i.Key)
			require.IsType(t, []any{}, header["Content-Type"])
			if body != nil {
				require.Equal(t, "application/json", body["contentType"])
				require.Equal(t, false, body["encoded"])
				require.NotEmpty(t, body["content"])
			}
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteSaysThatItCouldNot(t *testing.T) {
	t.Parallel()
	p, err := Build(load(t), V4)
	require.NoError(t, err)
	p.Interactions = p.Interactions[:1]
	require.EqualError(t, p.Write(broken{}), "pact: disk full; name a file that can be written")
	p.Interactions[0].Request.Body = []byte("{")
	require.ErrorContains(t, p.Write(&bytes.Buffer{}), "report the case whose body it is")
}

func TestParseVersionNamesTheVersions(t *testing.T) {
	t.Parallel()
	for _, v := range []Version{V3, V4} {
		got, err := ParseVersion(v.String())
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
	_, err := ParseVersion("V2")
	require.EqualError(t, err, `unknown version "V2" of the Pact specification; want V3 or V4`)
}

// A server may refuse a second action on one file, whichever it was asked for first.
func TestNoTwoAcceptedInteractionsNameOneFile(t *testing.T) {
	t.Parallel()
	for _, v := range []Version{V3, V4} {
		p, _ := built(t, v)
		first := map[string]string{}
		for _, i := range p.Interactions {
			if !i.Accepted {
				continue
			}
			file := namedFile(t, p, i.Name)
			if other := first[file]; other != "" {
				t.Errorf("%v: %s: want a file of its own, got that of %s", v, i.Name, other)
			}
			first[file] = i.Name
		}
		require.NotEmpty(t, first)
	}
}

// What the suite's own cases do not need: a user's case that rests on a documented
// requirement may still be one that Pact has no words for.
func TestAUsersCaseThatPactHasNoWordsForIsLeftOut(t *testing.T) {
	t.Parallel()
	const head = "# Accepts a request of ours.\n# operation: requestSample\n# proves: request.json\n# expect: " +
		"accepted\n" +
		"POST {{path}}\nAuthorization: Bearer {{token}}\nContent-Type: application/json\n\n"
	for body, why := range map[string]string{
		`{"Comment": "{{comment}} ` + strings.Repeat("x", 1024) + `", "Sha1": "{{sha1}}"}`: "the body is longer than " +
			"1024 bytes",
		`{"Comment": "{{comment}} \u0041", "Sha1": "{{sha1}}"}`: "it tests a spelling of JSON, and Pact keeps " +
			"only values",
	} {
		suite, err := conformance.Load(conformance.Contract{}, conformance.Source{Name: "mine", Own: true,
			FS: fstest.MapFS{"area/x.http": {Data: []byte(head + body + "\n")}}})
		require.NoError(t, err)
		p, err := Build(suite, V4)
		require.NoError(t, err)
		require.Equal(t, []Omission{{"requestSample/area/x", why}}, p.LeftOut)
	}
}
