package conformance

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/openapi"
)

// A binder gives the variables of cases their values, for one target and seed.
type binder struct {
	target Target
	seed   string
	ops    map[string]openapi.Operation
}

// bound is a step with every variable replaced.
type bound struct {
	request Request // as a report keeps it: secrets struck out
	curl    string
	sending sending
	header  []Field // header fields as sent, for checks that look at the request
	sha1    string  // the value of Sha1 in the body, where there is a readable one
	marks   []string
}

// markPrefix begins every value of {{comment}}; with the values of {{sha1}} it
// lets an answer be traced to the request that it belongs to.
const markPrefix = "fmaspec-"

// value derives a value that belongs to one case, name and number alone.
func (b *binder) value(c *Case, name string) string {
	sum := sha1.Sum([]byte(b.seed + "\x00" + c.ID + "\x00" + name))
	if strings.HasPrefix(name, "comment") {
		return markPrefix + hex.EncodeToString(sum[:markDigits/2])
	}
	return hex.EncodeToString(sum[:])
}

func (b *binder) lookup(c *Case, step *Step, marks *[]string) func(string, []string) (string, error) {
	return func(name string, args []string) (string, error) {
		base, number, _ := strings.Cut(name, ".")
		switch base {
		case "token":
			return b.target.Token, nil
		case httpfile.UnprivilegedToken:
			return b.target.UnprivilegedToken, nil
		case httpfile.InvalidToken:
			return b.target.InvalidToken, nil
		case "machine":
			return b.target.Machine, nil
		case httpfile.UnknownMachine:
			return b.target.UnknownMachine, nil
		case "operation":
			return c.Operation, nil
		case "path":
			machine := b.target.Machine
			if len(args) > 0 && args[0] == httpfile.UnknownMachine {
				machine = b.target.UnknownMachine
			}
			return b.ops[step.operation(c)].PathFor(machine), nil
		case "sha1", "comment":
			if number == "n" {
				name = base + "." + strconv.Itoa(step.Index)
			}
			value := b.value(c, name)
			*marks = append(*marks, value)
			return value, nil
		}
		return "", fmt.Errorf("{{%s}} has no value here; see docs/fixtures.md for the variables", name)
	}
}

// bind returns the step as it goes to the target.
func (b *binder) bind(c *Case, step *Step) (bound, error) {
	var out bound
	lookup := b.lookup(c, step, &out.marks)
	var unbound error
	expand := func(text string) string {
		value, err := httpfile.Expand(text, lookup)
		unbound = cmp.Or(unbound, err)
		return value
	}
	u, err := url.Parse(b.target.URL)
	if err != nil {
		return out, err
	}
	path := expand(step.Path)
	header := []Field{{"Host", u.Host}}
	for _, f := range []Field{{"User-Agent", "fmaspec/" + Version}, {"Accept", "application/json"}, {"Accept-Encoding", "identity"}} {
		if !hasHeader(step.Header, f.Name) {
			header = append(header, f)
		}
	}
	for _, f := range step.Header {
		if f.Value != httpfile.None {
			header = append(header, Field{f.Name, expand(f.Value)})
		}
	}
	body := []byte(expand(step.Body))
	if unbound != nil {
		return out, fmt.Errorf("%s:%d: %w", c.File, step.Line, unbound)
	}
	if (len(body) > 0 || step.Method == "POST") && !hasHeader(step.Header, "Content-Length") {
		header = append(header, Field{"Content-Length", strconv.Itoa(len(body))})
	}
	if step.Separate && !hasHeader(step.Header, "Connection") {
		header = append(header, Field{"Connection", "close"})
	}
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\n", step.Method, u.EscapedPath()+path)
	for _, f := range header {
		fmt.Fprintf(&wire, "%s: %s\r\n", f.Name, f.Value)
	}
	wire.WriteString("\r\n")
	head := wire.Len()
	wire.Write(body)

	out.sending = sending{method: step.Method, bytes: wire.Bytes(), separate: step.Separate}
	if step.Abort {
		out.sending.abort = head + len(body)/2
	}
	out.header = header
	out.sha1 = sentSha1(body)
	plain := Request{Method: step.Method, URL: b.target.URL + path, Header: header, Body: wire.Bytes()[head:]}
	out.curl = curl(plain, b.target)
	out.request = b.struck(plain)
	return out, nil
}

func hasHeader(header []Field, name string) bool { return headerValue(header, name) != nil }

func headerValue(header []Field, name string) *string {
	for i := range header {
		if strings.EqualFold(header[i].Name, name) {
			return &header[i].Value
		}
	}
	return nil
}

// secrets lists what may not appear in a report, with the variable that stands
// for it.
func (t Target) secrets() []Field {
	var out []Field
	for _, s := range []Field{{"FMASPEC_TOKEN", t.Token}, {"FMASPEC_UNPRIVILEGED_TOKEN", t.UnprivilegedToken}, {"FMASPEC_INVALID_TOKEN", t.InvalidToken}} {
		if s.Value != "" {
			out = append(out, s)
		}
	}
	return out
}

// struck returns the request without its secrets.
func (b *binder) struck(r Request) Request {
	out := Request{Method: r.Method, URL: r.URL, Body: r.Body}
	out.Header = append(out.Header, r.Header...)
	for _, s := range b.target.secrets() {
		variable := "$" + s.Name
		out.URL = strings.ReplaceAll(out.URL, s.Value, variable)
		if bytes.Contains(out.Body, []byte(s.Value)) {
			out.Body = bytes.ReplaceAll(out.Body, []byte(s.Value), []byte(variable))
		}
		for i := range out.Header {
			out.Header[i].Value = strings.ReplaceAll(out.Header[i].Value, s.Value, variable)
		}
	}
	return out
}

// shortSecret is the length under which striking a secret out of an answer
// would rather destroy the answer than hide the secret.
const shortSecret = 4

// strike overwrites secrets in an answer with as many asterisks, so that lengths
// and JSON stay as they came. It tells whether there was one.
func (t Target) strike(r *Response) (found bool) {
	if r == nil {
		return false
	}
	for _, s := range t.secrets() {
		if len(s.Value) < shortSecret {
			continue
		}
		stars := strings.Repeat("*", len(s.Value))
		if bytes.Contains(r.Body, []byte(s.Value)) {
			found = true
			r.Body = bytes.ReplaceAll(r.Body, []byte(s.Value), []byte(stars))
		}
		for name, values := range r.Header {
			for i, v := range values {
				if strings.Contains(v, s.Value) {
					found = true
					r.Header[name][i] = strings.ReplaceAll(v, s.Value, stars)
				}
			}
		}
	}
	return found
}
