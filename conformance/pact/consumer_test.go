//go:build pact

package pact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pact-foundation/pact-go/v2/consumer"
	logging "github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/matchers"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/pact/client"
	"fmaspec/conformance/pactfile"
	"fmaspec/conformance/record"
)

func contract(t *testing.T, version pactfile.Version) *pactfile.Pact {
	t.Helper()
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	p, err := pactfile.Build(suite, version)
	require.NoError(t, err)
	return p
}

// A said is a value with its matchers, in the form that the native library reads.
type said struct {
	matchers.Matcher // for its mark, which no other package can give
	json             json.RawMessage
}

func (s said) MarshalJSON() ([]byte, error) { return s.json, nil }

// body is the value for a builder that takes the quotes off a text, but not those
// of a string.
func (s said) body() any {
	if s.json[0] == '"' {
		return string(s.json)
	}
	return s.json
}

// say writes an example with the rules of a category. Each rule of a body is for
// one path.
func say(t *testing.T, example any, category string, rules []pactfile.Rule, generators []pactfile.Generator) said {
	t.Helper()
	var wrap func(value any, at string) any
	wrap = func(value any, at string) any {
		switch v := value.(type) {
		case map[string]any:
			out := map[string]any{}
			for name, inner := range v {
				out[name] = wrap(inner, at+"."+name)
			}
			value = out
		case []any:
			out := []any{}
			for _, inner := range v {
				out = append(out, wrap(inner, at+"[*]"))
			}
			value = out
		}
		out := map[string]any{}
		for _, r := range rules {
			if r.Category != category || plainPath(r.Path) != at {
				continue
			}
			for _, m := range r.Matchers { // a regex says type too, for what it is given is a string
				out["value"], out["pact:matcher:type"] = value, m.Match
				if m.Match == "regex" {
					out["regex"] = m.Regex
				}
				if m.Min != nil {
					out["min"] = *m.Min
				}
			}
		}
		for _, g := range generators {
			if g.Category == category && g.Path == at {
				out["pact:generator:type"], out["expression"] = "ProviderState", g.Expression
			}
		}
		if len(out) == 0 {
			return value
		}
		return out
	}
	at := map[string]string{"body": "$"}[category]
	if name, isField := strings.CutPrefix(category, "header "); isField {
		category, at = "header", name
	}
	text, err := json.Marshal(wrap(example, at))
	require.NoError(t, err)
	if bytes.Contains(text, []byte(`\"`)) && category == "header" && text[0] == '"' {
		text = append(append([]byte(`{"value":`), text...), '}')
	}
	return said{matchers.S(""), text}
}

// plainPath writes a path in one way: $['a'] is $.a.
func plainPath(path string) string {
	return strings.NewReplacer("['", ".", "']", "").Replace(path)
}

func decode(t *testing.T, data []byte) (value any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(data, &value))
	return value
}

func TestTheClientHonoursEachInteraction(t *testing.T) {
	t.Setenv("PACT_DO_NOT_TRACK", "true")
	if logging.LogLevel() != "ERROR" { // to set it again would race, see quiet
		require.NoError(t, logging.SetLogLevel("ERROR"))
	}
	dir := t.TempDir()
	mock, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: pactfile.Consumer,
		Provider: pactfile.Provider, PactDir: dir, LogDir: dir})
	require.NoError(t, err)
	p := contract(t, pactfile.V4)
	var had []pactfile.Interaction
	for _, i := range p.Interactions {
		t.Run(i.Name, func(t *testing.T) {
			had = append(had, i)
			unset := mock.AddInteraction()
			for _, s := range i.States {
				params := map[string]any{}
				for name, value := range s.Params {
					params[name] = value
				}
				unset.GivenWithParameter(models.ProviderState{Name: s.Name, Parameters: params})
			}
			path := say(t, i.Request.Path, "path", i.Request.Rules, i.Request.Generators)
			asked := unset.UponReceiving(i.Name).WithRequestPathMatcher(consumer.Method(i.Request.Method), path,
				func(b *consumer.V4RequestBuilder) {
					for _, f := range i.Request.Header {
						b.Header(f.Name, say(t, f.Value, "header "+f.Name, i.Request.Rules, i.Request.Generators))
					}
					if i.Request.Body != nil {
						b.JSONBody(say(t, decode(t, i.Request.Body), "body", i.Request.Rules, nil).body())
					}
				})
			answered := asked.WillRespondWith(i.Response.Status, func(b *consumer.V4ResponseBuilder) {
				for _, f := range i.Response.Header {
					b.Header(f.Name, say(t, f.Value, "header "+f.Name, i.Response.Rules, nil))
				}
				if i.Response.Body != nil {
					b.JSONBody(say(t, decode(t, i.Response.Body), "body", i.Response.Rules, nil).body())
				}
			})
			err := answered.ExecuteTest(t, func(at consumer.MockServerConfig) error {
				url := fmt.Sprintf("http://%s:%d", at.Host, at.Port)
				if i.Accepted {
					return accepted(t, url, i)
				}
				return refused(t, url, i)
			})
			if err != nil {
				t.Errorf("want the interaction to be as in the pact, got %v", err)
			}
		})
	}
	p.Interactions = had // those that go test -run selects
	compare(t, p, filepath.Join(dir, pactfile.Consumer+"-"+pactfile.Provider+".json"))
}

// accepted has the client ask for what the interaction says.
func accepted(t *testing.T, url string, i pactfile.Interaction) error {
	var body struct{ Comment, Sha1 string }
	require.NoError(t, json.Unmarshal(i.Request.Body, &body))
	c := client.Client{URL: url, Token: pactfile.Token, HTTP: &http.Client{Transport: dressed{i.Request.Header}}}
	call, ok := map[string]func(*client.Client) (*client.FileMachineAction, error){
		"requestSample": func(c *client.Client) (*client.FileMachineAction, error) {
			return c.RequestSample(t.Context(), pactfile.Machine, body.Sha1, body.Comment)
		},
		"stopAndQuarantineFile": func(c *client.Client) (*client.FileMachineAction, error) {
			return c.StopAndQuarantineFile(t.Context(), pactfile.Machine, body.Sha1, body.Comment)
		},
	}[i.Operation]
	if !ok {
		return fmt.Errorf("the client has no %s; teach it", i.Operation)
	}
	got, err := call(&c)
	if err != nil {
		return err
	}
	var want client.FileMachineAction
	require.NoError(t, json.Unmarshal(i.Response.Body, &want))
	if diff := cmp.Diff(want, *got); diff != "" {
		return fmt.Errorf("want the example's action, got (-want +got)\n%s", diff)
	}
	return nil
}

// dressed sends requests with further header fields.
type dressed struct{ fields []record.Field }

func (d dressed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for _, f := range d.fields {
		if f.Name != "Authorization" {
			r.Header[f.Name] = []string{f.Value}
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// refused sends what the client would never send.
func refused(t *testing.T, url string, i pactfile.Interaction) error {
	r, err := http.NewRequestWithContext(t.Context(), i.Request.Method, url+i.Request.Path,
		bytes.NewReader(i.Request.Body))
	require.NoError(t, err)
	for _, f := range i.Request.Header {
		r.Header[f.Name] = []string{f.Value}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != i.Response.Status {
		return fmt.Errorf("want status %d, got %d", i.Response.Status, answer.StatusCode)
	}
	return nil
}

// An essence is what two pact files have to agree on.
type essence struct {
	States  []string
	Method  string
	Path    string
	Status  int
	Request map[string]string // category and path → the matchers that decide
	Answer  map[string]string
	Inject  map[string]string // category and path → expression
}

// compare compares the pact that pact-go has written with the suite's own.
func compare(t *testing.T, p *pactfile.Pact, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var ours bytes.Buffer
	require.NoError(t, p.Write(&ours))
	want, got := essences(t, ours.Bytes()), essences(t, data)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want the pact that pact-go writes to say what the suite's own says (-suite +pact-go)\n%s", diff)
	}
}

func essences(t *testing.T, data []byte) map[string]essence {
	t.Helper()
	type part struct {
		MatchingRules map[string]json.RawMessage
		Generators    map[string]json.RawMessage
	}
	var file struct {
		Interactions []struct {
			Description    string
			ProviderStates []struct {
				Name   string
				Params map[string]string
			}
			Request struct {
				Method, Path string
				part
			}
			Response struct {
				Status int
				part
			}
		}
	}
	require.NoError(t, json.Unmarshal(data, &file))
	out := map[string]essence{}
	for _, i := range file.Interactions {
		e := essence{Method: i.Request.Method, Path: i.Request.Path, Status: i.Response.Status,
			Request: matching(t, i.Request.MatchingRules), Answer: matching(t, i.Response.MatchingRules),
			Inject: map[string]string{}}
		for _, s := range i.ProviderStates {
			e.States = append(e.States, fmt.Sprint(s.Name, s.Params))
		}
		for category, raw := range i.Request.Generators {
			each(t, category, raw, "type", func(at string, value json.RawMessage) {
				var g struct{ Expression string }
				require.NoError(t, json.Unmarshal(value, &g))
				e.Inject[at] = g.Expression
			})
		}
		out[i.Description] = e
	}
	return out
}

// matching gives the deciding matchers of each path. A type next to a regex decides
// nothing, and no builder of pact-go has a word for several statuses.
func matching(t *testing.T, categories map[string]json.RawMessage) map[string]string {
	t.Helper()
	out := map[string]string{}
	for category, raw := range categories {
		if category == "status" {
			continue
		}
		each(t, category, raw, "matchers", func(at string, value json.RawMessage) {
			var rule struct{ Matchers []pactfile.Matcher }
			require.NoError(t, json.Unmarshal(value, &rule))
			for _, m := range rule.Matchers {
				text, err := json.Marshal(m)
				require.NoError(t, err)
				out[at] = string(text)
			}
		})
	}
	return out
}

// each calls f for the one thing that a category says, or for that of each path.
func each(t *testing.T, category string, raw json.RawMessage, mark string, f func(at string, value json.RawMessage)) {
	t.Helper()
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &parts))
	if _, one := parts[mark]; one {
		f(category, raw)
		return
	}
	for path, value := range parts {
		f(category+" "+plainPath(path), value)
	}
}
