package pactfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// Write writes the pact as JSON, the same bytes for the same pact.
func (p *Pact) Write(w io.Writer) error {
	f := file{
		Consumer: party{p.Consumer}, Provider: party{p.Provider},
		Metadata: map[string]map[string]string{
			"pactSpecification": {"version": map[Version]string{V3: "3.0.0", V4: "4.0"}[p.Version]},
			"fmaspec":           {"version": conformance.Version},
		},
	}
	for i := range p.Interactions {
		f.Interactions = append(f.Interactions, p.written(&p.Interactions[i]))
	}
	var flat bytes.Buffer
	e := json.NewEncoder(&flat)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		return fmt.Errorf("pact: %w; report the case whose body it is", err)
	}
	var text bytes.Buffer
	layOut(&text, bytes.TrimSpace(flat.Bytes()), 0)
	text.WriteByte('\n')
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("pact: %w; name a file that can be written", err)
	}
	return nil
}

// lineWidth is the maximum length of a line of the file, if it can be broken.
const lineWidth = 120

// layOut writes compact JSON with a line for each member, but keeps values that fit on one line.
func layOut(to *bytes.Buffer, value []byte, depth int) {
	if len(value)+2*depth <= lineWidth && depth > 1 || value[0] != '{' && value[0] != '[' {
		to.Write(value)
		return
	}
	indent := func(n int) { to.WriteString("\n" + strings.Repeat("  ", n)) }
	to.WriteByte(value[0])
	d := json.NewDecoder(bytes.NewReader(value))
	d.Token()
	for n := 0; d.More(); n++ {
		if n > 0 {
			to.WriteByte(',')
		}
		indent(depth + 1)
		if value[0] == '{' {
			name, _ := d.Token()
			to.Write(encoded(fmt.Sprint(name)))
			to.WriteString(": ")
		}
		var inner json.RawMessage
		d.Decode(&inner) // it is valid
		layOut(to, inner, depth+1)
	}
	indent(depth)
	to.WriteByte(value[len(value)-1])
}

type file struct {
	Consumer     party                        `json:"consumer"`
	Provider     party                        `json:"provider"`
	Interactions []writtenInteraction         `json:"interactions"`
	Metadata     map[string]map[string]string `json:"metadata"`
}

type party struct {
	Name string `json:"name"`
}

type writtenInteraction struct {
	Type        string         `json:"type,omitempty"`
	Key         string         `json:"key,omitempty"`
	Description string         `json:"description"`
	States      []writtenState `json:"providerStates,omitempty"`
	Pending     *bool          `json:"pending,omitempty"`
	Comments    *comments      `json:"comments,omitempty"`
	Request     writtenRequest `json:"request"`
	Response    writtenAnswer  `json:"response"`
}

type writtenState struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"params,omitempty"`
}

// comments are for readers; the test's name is the case of the interaction.
type comments struct {
	TestName string   `json:"testname"`
	Text     []string `json:"text"`
}

type writtenRequest struct {
	Method     string         `json:"method"`
	Path       string         `json:"path"`
	Headers    map[string]any `json:"headers,omitempty"`
	Body       any            `json:"body,omitempty"`
	Rules      map[string]any `json:"matchingRules,omitempty"`
	Generators map[string]any `json:"generators,omitempty"`
}

type writtenAnswer struct {
	Status  int            `json:"status"`
	Headers map[string]any `json:"headers,omitempty"`
	Body    any            `json:"body,omitempty"`
	Rules   map[string]any `json:"matchingRules,omitempty"`
}

// contents is a body in V4.
type contents struct {
	Content     json.RawMessage `json:"content"`
	ContentType string          `json:"contentType"`
	Encoded     bool            `json:"encoded"`
}

// combined is a rule in the file.
type combined struct {
	Combine  string    `json:"combine"`
	Matchers []Matcher `json:"matchers"`
}

// injected is a generator in the file.
type injected struct {
	Type       string `json:"type"`
	Expression string `json:"expression"`
	DataType   string `json:"dataType"`
}

func (p *Pact) written(i *Interaction) writtenInteraction {
	out := writtenInteraction{
		Description: i.Name,
		Request: writtenRequest{
			Method: i.Request.Method, Path: i.Request.Path,
			Headers: p.headers(i.Request.Header), Body: p.body(i.Request.Body, i.Request.Header),
			Rules: rules(i.Request.Rules),
		},
		Response: writtenAnswer{
			Status: i.Response.Status, Headers: p.headers(i.Response.Header),
			Body: p.body(i.Response.Body, i.Response.Header), Rules: rules(i.Response.Rules),
		},
	}
	for _, s := range i.States {
		out.States = append(out.States, writtenState(s))
	}
	for _, g := range i.Request.Generators {
		if out.Request.Generators == nil {
			out.Request.Generators = map[string]any{}
		}
		put(out.Request.Generators, g.Category, g.Path, injected{"ProviderState", g.Expression, "STRING"})
	}
	if p.Version >= V4 {
		pending := false
		out.Type, out.Key, out.Pending = "Synchronous/HTTP", i.Key(), &pending
		out.Comments = &comments{i.Case, i.Proves}
	}
	return out
}

func (p *Pact) headers(fields []record.Field) map[string]any {
	if len(fields) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, f := range fields {
		if p.Version >= V4 {
			out[f.Name] = []string{f.Value}
		} else {
			out[f.Name] = f.Value
		}
	}
	return out
}

func (p *Pact) body(body []byte, header []record.Field) any {
	switch {
	case body == nil:
		return nil
	case p.Version >= V4:
		c := contents{Content: body, ContentType: mediaType}
		for _, f := range header {
			if f.Name == "Content-Type" {
				c.ContentType = f.Value
			}
		}
		return c
	}
	return json.RawMessage(body)
}

func rules(all []Rule) map[string]any {
	if len(all) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, r := range all {
		put(out, r.Category, r.Path, combined{"AND", r.Matchers})
	}
	return out
}

// put sets the value of a category, or of a path in it.
func put(categories map[string]any, category, path string, value any) {
	if path == "" {
		categories[category] = value
		return
	}
	paths, ok := categories[category].(map[string]any)
	if !ok {
		paths = map[string]any{}
		categories[category] = paths
	}
	paths[path] = value
}
