package conformance

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// A binder gives the variables of cases their values, for one target and seed.
type binder struct {
	target  Target
	base    *url.URL // of the target
	seed    string
	ops     map[string]openapi.Operation
	secrets *redact.Secrets
	local   bool     // the target is on this machine
	armed   []string // operations that may take effect where it is not
	before  []bound  // the steps of an earlier round of the case, or nil
	// those that were read; others are read when they are needed
	templates map[string]httpfile.Template
}

// bound is a step with every variable replaced.
type bound struct {
	request  record.Request // as a report keeps it: secrets struck out
	sending  wire.Sending
	file     string   // that the body names, where it can be read
	read     *subject // what the request names, as a report keeps it; nil where secrets were struck out of its body
	marks    []string
	absolute bool // it is about the absolute form of the target
	inert    bool // machine and file are made up, so that nothing takes effect
}

// sent returns the request as one that is sent.
func (b bound) sent(c *Case, step, round int) Sent {
	return Sent{Case: c, Step: step, Round: round, Operation: c.Steps[step].operation(c), Request: b.request,
		Marks: b.marks, Inert: b.inert, read: b.read}
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

// Sample returns a template with a stand-in for each variable, as long as what a run fills
// in, and as valid; one that cannot be expanded as it is.
func Sample(template string) string {
	text, err := httpfile.Expand(template, func(name string, _ []string) (string, error) {
		base, _, _ := strings.Cut(name, ".")
		switch base {
		case "sha1":
			return strings.Repeat("0a", sha1Digits/2), nil
		case "comment":
			return markPrefix + strings.Repeat("0a", markDigits/2), nil
		}
		return base, nil
	})
	if err != nil {
		return template
	}
	return text
}

// inert reports whether a step is sent with a made-up machine and file: on a target
// outside this machine, where the step is to be refused, or is not armed.
func (b *binder) inert(c *Case, step *Step) bool {
	if b.local {
		return false
	}
	return step.Expect == Refused && !strings.Contains(step.Path, httpfile.UnknownMachine) ||
		!slices.Contains(b.armed, step.operation(c))
}

// inertMachine is an id that no machine has, another one for each name.
func (b *binder) inertMachine(name string) string {
	sum := sha1.Sum([]byte(b.seed + "\x00" + name))
	return guard.InertPrefix + hex.EncodeToString(sum[:])[len(guard.InertPrefix):]
}

func (b *binder) lookup(c *Case, step *Step, out *bound) func(string, []string) (string, error) {
	machine, other := b.target.Machine, b.target.OtherMachine
	if out.inert {
		machine, other = b.inertMachine("machine"), b.inertMachine("other machine")
	}
	return func(name string, args []string) (string, error) {
		if k, is := TokenNamed(name); is {
			return *k.In(&b.target), nil
		}
		base, number, _ := strings.Cut(name, ".")
		switch base {
		case "machine":
			return machine, nil
		case httpfile.UnknownMachine:
			return b.target.UnknownMachine, nil
		case httpfile.OtherMachine:
			return other, nil
		case "authority":
			return b.base.Host, nil
		case "operation":
			return c.Operation, nil
		case "path":
			of := machine
			switch {
			case slices.Contains(args, httpfile.UnknownMachine):
				of = b.target.UnknownMachine
			case slices.Contains(args, httpfile.OtherMachine):
				of = other
			}
			return b.ops[step.operation(c)].PathFor(of), nil
		case "sha1", "comment":
			if number == "n" {
				name = base + "." + strconv.Itoa(step.Index)
			}
			value := b.value(c, name)
			switch {
			case base == "comment":
			case out.inert:
				value = guard.InertPrefix + value[len(guard.InertPrefix):]
			case b.target.File != "":
				return b.target.File, nil // of many requests, so that it marks none
			}
			out.marks = append(out.marks, value)
			return value, nil
		}
		if value, is := b.target.derived(name); is {
			return value, nil
		}
		return "", fmt.Errorf("{{%s}} has no value here; see docs/fixtures.md for the variables", name)
	}
}

// bind returns the step as it goes to the target.
func (b *binder) bind(c *Case, step *Step, inert bool) (bound, error) {
	out := bound{inert: inert, absolute: step.Absolute}
	lookup := b.lookup(c, step, &out)
	var unbound error
	expand := func(text string) string {
		value, err := b.expand(text, lookup)
		unbound = cmp.Or(unbound, err)
		return value
	}
	path := expand(step.Path)
	header := b.header(c, step, expand)
	body := expand(step.Body)
	if unbound != nil {
		return out, fmt.Errorf("%s: %w", c.place(step), unbound)
	}
	if (len(body) > 0 || step.Method == b.ops[step.operation(c)].Method) &&
		!record.HasHeader(header, "Content-Length") && !record.HasHeader(step.Header, "Content-Length") {
		header = append(header, record.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
	}
	if step.Separate && !record.HasHeader(header, "Connection") && !record.HasHeader(step.Header, "Connection") {
		header = append(header, record.Field{Name: "Connection", Value: "close"})
	}
	message, head := b.message(step, path, header, body)
	out.sending = wire.Sending{Method: step.Method, Bytes: message, Separate: step.Separate || step.Old, Case: c.ID,
		Step: step.Index - 1, Cookies: step.Cookies}
	if step.Abort {
		out.sending.Abort = head + len(body)/2
	}
	out.file = sentMember(unchunked(record.Request{Header: header, Body: message[head:]}),
		b.ops[step.operation(c)].FileMember)
	if file := strings.ToLower(out.file); slices.ContainsFunc(out.marks, isHash) && file != "" &&
		!strings.Contains(step.Body, out.file) && !slices.Contains(out.marks, file) {
		out.marks = append(out.marks, file) // made of the hash, and so of this request alone
	}
	version := ""
	if step.Old {
		version = "1.0"
	}
	out.request = b.secrets.Request(record.Request{Method: step.Method, URL: b.target.URL + path,
		Absolute: step.Absolute && !b.target.absolute(), Version: version, Header: header, Body: message[head:]})
	if string(out.request.Body) == body {
		out.read = &subject{out.file, b.machine(c, step, out.request.URL)}
	}
	return out, nil
}

// expand returns a text of a step with the values of its variables.
func (b *binder) expand(text string, lookup func(string, []string) (string, error)) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, known := b.templates[text]
	if !known {
		t = httpfile.ParseTemplate(text)
	}
	return t.Expand(lookup)
}

// header returns the fields that a step is sent with: what every request has, where neither the
// step nor the user's transport says otherwise, then those of the step and of the transport.
func (b *binder) header(c *Case, step *Step, expand func(string) string) (header []record.Field) {
	t := b.target.Transport
	for _, f := range []record.Field{
		{Name: "Host", Value: b.base.Host},
		{Name: "User-Agent", Value: cmp.Or(t.UserAgent, "fmaspec/"+Version)},
		{Name: "Accept", Value: "application/json"},
		{Name: "Accept-Encoding", Value: "identity"},
	} {
		if !record.HasHeader(step.Header, f.Name) && !record.HasHeader(t.Header, f.Name) {
			header = append(header, f)
		}
	}
	for _, f := range step.Header {
		if f.Value != httpfile.None {
			header = append(header, record.Field{Name: f.Name, Value: expand(f.Value)})
		}
	}
	if t.RequestID != "" {
		header = append(header, record.Field{Name: t.RequestID, Value: b.requestID(c, step)})
	}
	for _, f := range t.Header {
		if !record.HasHeader(step.Header, f.Name) {
			header = append(header, f)
		}
	}
	return header
}

// message returns the bytes of a request of HTTP/1, and how many of them are its head. The
// credentials for a proxy are there, and in no record.
func (b *binder) message(step *Step, path string, header []record.Field, body string) (message []byte, head int) {
	target, hop := b.base.EscapedPath()+path, ""
	if b.target.absolute() {
		proxy, _ := b.target.proxy()
		if hop = wire.ProxyAuthorization(proxy); hop != "" {
			hop = "Proxy-Authorization: " + hop + "\r\n"
		}
	}
	if step.Absolute || b.target.absolute() {
		target = b.target.URL + path
	}
	version, colon := " HTTP/1.1\r\n", ": "
	if step.Old {
		version = " HTTP/1.0\r\n"
	}
	if step.Glued {
		colon = ":"
	}
	long := len(step.Method) + len(target) + len(hop) + len(body) + len("  HTTP/1.1\r\n\r\n")
	for _, f := range header {
		long += len(f.Name) + len(f.Value) + len(": \r\n")
	}
	message = make([]byte, 0, long)
	add := func(texts ...string) {
		for _, text := range texts {
			message = append(message, text...)
		}
	}
	add(step.Method, " ", target, version)
	for _, f := range header {
		add(f.Name, colon, f.Value, "\r\n")
	}
	add(hop, "\r\n")
	head = len(message)
	add(body)
	return message, head
}

// machine returns the machine that the URL of a step names, "" where it names none. Most
// steps have one URL in all rounds.
func (b *binder) machine(c *Case, step *Step, address string) string {
	if i := step.Index - 1; i < len(b.before) && b.before[i].read != nil && b.before[i].request.URL == address {
		return b.before[i].read.machine
	}
	return namedMachine(address, b.ops[step.operation(c)])
}

// requestID is an id that belongs to one request alone, in the form of a GUID.
func (b *binder) requestID(c *Case, step *Step) string {
	sum := sha1.Sum([]byte(b.seed + "\x00" + c.ID + "\x00request " + strconv.Itoa(step.Index)))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80 // a name-based one (RFC 9562 5.5)
	id := hex.EncodeToString(sum[:16])
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}
