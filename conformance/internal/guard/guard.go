// Package guard decides what may be sent to which target. It recognises the requests that are
// harmless by a closed table, looks at the very bytes that are about to be sent, and
// withholds the others from a target that is not loopback, but for what the user armed.
package guard

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// InertPrefix is the prefix of the machine ids and hashes that are made up for a target
// that is not loopback. No machine and no file has them, so that a request which is
// accepted unexpectedly still has no effect.
const InertPrefix = "0000000000"

// A Target is what a guard knows of the target of a run: how it is reached, and
// what the user named for it.
type Target struct {
	wire.Endpoint
	Token              string         // of a user who may act
	SecurityAdminToken string         // of another
	GlobalAdminToken   string         // of another
	UnprivilegedToken  string         // of a user who may not
	InvalidToken       string         // one that must not be accepted
	Machine            string         // the one that may be acted on
	UnknownMachine     string         // an id that the target does not know
	File               string         // the hash of the file that may be acted on
	Header             []record.Field // sent with every request
	RequestID          string         // the name of the field that carries an id of each request, "" for none
}

// A Config says what a guard lets pass.
type Config struct {
	Target     Target
	Operations []openapi.Operation
	Requests   map[string]*schemas.Schema // of a body that can be used, by operation ID
	// the file that the body of a request names, "" where none can be read
	File   func(body []byte) string
	Armed  []string                                 // operations that may take effect
	Allow  func(target, machine, sha1 string) error // what may be acted on; nil for what the target names
	Budget int                                      // how many requests may take effect
	Run    string                                   // the seed of the run, for the journal
	Now    func() time.Time                         // time.Now where nil
	// called before a request that could take effect, and with its answer; where nil, no such request is permitted
	Journal func(record.JournalEntry) error
	Secrets *redact.Secrets // none where nil
}

// A Guard decides before every request of a run whether it may be sent; it is the
// [wire.Gate] of the run. It looks at the bytes that are about to be sent, not at the
// case that they were made from, so that no mistake before it reaches a machine. To a
// target that is not loopback it permits nothing that a server could read as anything
// but one request; of requests those that are known to be harmless; and of the others
// what the user armed, up to the budget, and in the journal.
type Guard struct {
	local      bool
	target     Target
	operations []openapi.Operation
	request    map[string]*schemas.Schema
	file       func(body []byte) string
	armed      []string
	allow      func(target, machine, sha1 string) error
	budget     int
	run        string
	now        func() time.Time
	journal    func(record.JournalEntry) error
	secrets    *redact.Secrets

	mu   sync.Mutex
	sent int // that could take effect
}

// New returns a guard that has permitted nothing yet.
func New(c Config) *Guard {
	g := &Guard{
		local: c.Target.Local(), target: c.Target, operations: c.Operations, request: c.Requests, file: c.File,
		armed: c.Armed, allow: c.Allow,
		budget: c.Budget, run: c.Run, now: c.Now, journal: c.Journal, secrets: cmp.Or(c.Secrets, &redact.Secrets{}),
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.file == nil {
		g.file = func([]byte) string { return "" }
	}
	return g
}

// Local reports whether the target is on this machine, so that every request is
// permitted.
func (g *Guard) Local() bool { return g.local }

// An Effect is what a request would do if it were accepted.
type Effect struct {
	Can       bool   // take effect, or not be one request
	harmless  string // where it cannot: the shape of [harmlessShapes] that it has
	Broken    string // why a server could take it for something else than one request
	Odd       string // why it is not harmless though it has such a shape
	mistaken  string // why it may have another effect than it seems to have
	operation string // "" where it calls none
	Machine   string // of its path, in small letters
	sha1      string // of its body, in small letters where it is one
	Machines  []string
	Files     []string // machines and files that it names, by every reading, but for made-up ones
}

// Effect reads a request as servers would, the strictest and the most lenient.
func (g *Guard) Effect(request []byte) (e Effect) {
	r, err := parseOne(request)
	if err != nil {
		return Effect{Can: true, Broken: err.Error()}
	}
	m := g.reading(r)
	e.operation, e.Machine = m.operation, m.machine
	e.Odd = m.unlisted()
	for _, shape := range harmlessShapes() {
		if shape.match(m) {
			e.harmless = shape.name
			break
		}
	}
	if e.Can = e.harmless == "" || e.Odd != ""; !e.Can {
		return e
	}
	if e.harmless == "" {
		e.Odd = ""
	}
	e.harmless = ""
	e.mistaken = m.mistaken()
	e.sha1 = strings.ToLower(m.g.file(m.body))
	e.Machines, e.Files = m.names(e.sha1)
	return e
}

// A reading is a request with what servers may find in it.
type reading struct {
	oneRequest
	g         *Guard
	host      hostName
	path      string   // behind that of the target's URL
	operation string   // whose path it is, by the most lenient reading
	machine   string   // in that path, in small letters
	written   bool     // the path is written as the contract writes it
	exact     bool     // besides, with a machine that nobody has
	called    bool     // besides, with the method of an operation there
	texts     []string // that may be found in the body
	read      bool     // to their end
}

// hostName says to which host a request is addressed.
type hostName int

const (
	hostUnnamed   hostName = iota
	hostThere              // to the target
	hostElsewhere          // to another host
)

func (g *Guard) reading(r oneRequest) *reading {
	m := &reading{oneRequest: r, g: g}
	m.texts, m.read = readings(string(r.body))
	base := g.target.URL
	if u, err := url.Parse(g.target.URL); err == nil && !g.target.Absolute() {
		base = u.EscapedPath()
	}
	if strings.HasPrefix(m.target, g.target.URL+"/") {
		base = g.target.URL // the absolute form, which every server has to take (RFC 9112 3.2.2)
	}
	path, under := strings.CutPrefix(m.target, base)
	switch {
	case !under && strings.HasPrefix(m.target, "/"):
		m.path = m.target // of the same host, but outside the target's path
	case !under || !strings.HasPrefix(path, "/"):
		m.host = hostElsewhere
	default:
		m.path = path
	}
	for _, value := range m.values("host") {
		if m.host == hostUnnamed && g.isHost(value) {
			m.host = hostThere
		} else {
			m.host = hostElsewhere // also where it is named twice
		}
	}
	m.place(under)
	return m
}

// isHost reports whether the value of Host is that of the target.
func (g *Guard) isHost(value string) bool {
	u, err := url.Parse(g.target.URL)
	if err != nil || strings.ContainsAny(value, "@/\\?#% \t,") {
		return false
	}
	named := &url.URL{Scheme: u.Scheme, Host: value}
	return named.Hostname() != "" && wire.HostPort(named) == wire.HostPort(u)
}

// place finds the operation and the machine of the path.
func (m *reading) place(under bool) {
	for _, op := range m.g.operations {
		// A server may read escapes, parameters and backslashes in another way.
		values, is := op.Match(m.path)
		if !is || !under || strings.ContainsAny(m.path, "?#%;\\") || m.called {
			continue
		}
		m.operation, m.machine, m.written, m.called = op.ID, strings.ToLower(op.Subject(values)), true,
			op.Method == m.method
		m.exact = inert(m.machine) && m.machine != strings.ToLower(m.g.target.Machine)
	}
	if m.written {
		return
	}
	texts, ok := readings(m.target)
	for _, text := range texts {
		lower := strings.ToLower(text)
		for _, op := range m.g.operations {
			if !strings.Contains(lower, tail(op)) {
				continue
			}
			m.operation = op.ID
			before, after := around(op)
			if _, id, found := strings.Cut(lower, before); found && m.machine == "" {
				m.machine, _, _ = strings.Cut(id, after)
			}
		}
	}
	if !ok && m.operation == "" && len(m.g.operations) > 0 {
		m.operation = m.g.operations[0].ID // what cannot be read may be any
	}
}

// around returns the literal text of a path template before and behind its last
// parameter, in small letters: what shows an operation in a text that is not written as
// the contract writes it.
func around(op openapi.Operation) (before, after string) {
	before = strings.ToLower(op.Path)
	if at := strings.LastIndexByte(before, '{'); at >= 0 {
		_, after, _ = strings.Cut(before[at:], "}")
		before = before[:at]
	}
	return before[strings.LastIndexByte(before, '}')+1:], after
}

// tail is what stands behind the machine in the path of an operation, or before it
// where nothing does, in small letters.
func tail(op openapi.Operation) string {
	before, after := around(op)
	if strings.Trim(after, "/") == "" {
		after = before
	}
	return strings.Trim(after, "/")
}

// tails are those of all operations, as segments.
func (g *Guard) tails() (out []string) {
	for _, op := range g.operations {
		out = append(out, "/"+tail(op))
	}
	return out
}

// values are those of the fields of a name, which is given in small letters.
func (r *oneRequest) values(name string) (out []string) {
	for _, f := range r.header {
		if framed(f.Name) == name {
			out = append(out, f.Value)
		}
	}
	return out
}

// mistaken says why a server may read a request that acts as another one, "" where it
// may not.
func (m *reading) mistaken() string {
	switch {
	case m.host != hostThere:
		return "it does not name the target's host, and no other, as where it asks to be taken"
	case m.operation != "" && !m.written:
		return "its path is not written as the contract writes it"
	case !m.read:
		return "its body holds packed data, or more escapes than can be undone"
	case !plainCharset(m.values("content-type")):
		return "its body is in a charset in which it may name something else"
	}
	for _, f := range m.header {
		switch name := framed(f.Name); {
		case misleading(f) && !(name == "content-encoding" && strings.EqualFold(f.Value, "identity")):
			return fmt.Sprintf("a server may read another request out of its field %s", f.Name)
		case version.MatchString(" " + f.Value):
			return fmt.Sprintf("the value of its field %s may be taken for a second request", f.Name)
		}
	}
	return m.second()
}

// names returns the machines and the files that the request names by any reading,
// without those that were made up. What may be either is a file, unless it is the
// Machine of the path.
func (m *reading) names(sha1 string) (machines, files []string) {
	add := func(to *[]string, name string) {
		// as by a user whose unknown machine is all zeros
		named := m.g.named(name) || strings.EqualFold(name, m.g.target.File)
		if name != "" && (named || !inert(name)) && !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	add(&machines, m.machine)
	add(&files, sha1)
	texts := slices.Clone(m.texts)
	for _, f := range m.header {
		if name := framed(f.Name); !m.g.ofUser(f) && name != "authorization" {
			texts = append(texts, f.Value)
		}
	}
	for _, text := range texts {
		for _, found := range machineMember.FindAllStringSubmatch(text, -1) {
			add(&machines, strings.ToLower(found[1]))
		}
		for _, name := range hexNames(escaped.ReplaceAllString(text, "~"), narrowGaps) {
			if !slices.Contains(machines, name) && !madeUp(name) {
				add(&files, name)
			}
		}
	}
	return machines, files
}

// escaped is a word of hexadecimal digits with escapes in it: what it names is in
// the reading in which they are undone.
var escaped = regexp.MustCompile(`[0-9A-Fa-f]*(?:(?:\\+[uUxX]?\{?|%[uU]?|&#[xX]?)[0-9A-Fa-f]+[;}]?)+`)

// machineMember is a machine in a body or a field, under a name that says so.
var machineMember = regexp.MustCompile(`(?i)machine[a-z_-]*["']?\s*[:=]\s*["']?([^"'&\s,;{}<>]+)`)

// inert reports whether an id was made up: digits alone, so that no path can hide
// another behind it.
func inert(id string) bool {
	return strings.HasPrefix(id, InertPrefix) && AllHex(id)
}

// forbids says why a request with this effect may not be sent, or "".
func (g *Guard) forbids(e Effect) string {
	why, err := g.Objects(e)
	if err != nil {
		return err.Error()
	}
	return why
}

// Objects says why a request with this effect may not be sent, or ""; an objection of
// the allow-list is an error.
func (g *Guard) Objects(e Effect) (why string, unlisted error) {
	if why := g.withholds(e); g.local || !e.Can || why != "" {
		return why, nil
	}
	if g.allow == nil {
		for _, machine := range e.Machines {
			if !g.named(machine) {
				return fmt.Sprintf("it names the machine %q, which is not the one of -machine", machine), nil
			}
		}
		for _, file := range e.Files {
			if !strings.EqualFold(file, g.target.File) {
				return fmt.Sprintf("it names the file %s, which is not the one of -sha1", file), nil
			}
		}
	}
	switch {
	case len(e.Machines) == 0:
		return "it names no machine that somebody has, and could be accepted", nil
	case len(e.Files) == 0:
		return fmt.Sprintf("it names the file %s, which is not the one of -sha1",
			cmp.Or(e.sha1, "in a way that cannot be read")), nil
	}
	for _, machine := range e.Machines {
		for _, file := range e.Files {
			if g.allow == nil {
				continue
			}
			if err := g.allow(g.target.URL, machine, file); err != nil {
				return "", err
			}
		}
	}
	if len(e.Machines) > 1 || len(e.Files) > 1 {
		return fmt.Sprintf("it names %d machines and %d files, of which it could act on either; name one of each",
			len(e.Machines), len(e.Files)), nil
	}
	return "", nil
}

// named reports whether the user named the machine.
func (g *Guard) named(machine string) bool {
	return machine == strings.ToLower(g.target.Machine) || g.target.UnknownMachine != "" &&
		machine == strings.ToLower(g.target.UnknownMachine)
}

// NamesTarget reports whether a request names no machine and no file but those that the
// user named for every request.
func (g *Guard) NamesTarget(e Effect) bool {
	return !slices.ContainsFunc(e.Machines, func(machine string) bool { return !g.named(machine) }) &&
		!slices.ContainsFunc(e.Files, func(file string) bool { return !strings.EqualFold(file, g.target.File) })
}

// withholds says why a request may not be sent whatever it names, or "".
func (g *Guard) withholds(e Effect) string {
	switch {
	case g.local:
		return ""
	case e.Broken != "":
		return "it is not exactly one request: " + e.Broken
	case !e.Can:
		return ""
	case e.operation == "":
		return "it calls no operation of the contract" + because(e.Odd)
	case !slices.Contains(g.armed, e.operation):
		return fmt.Sprintf("it could take effect, and %s is not armed; pass -accept-risk=%[1]s with -machine and -sha1",
			e.operation) + because(e.Odd)
	case e.Odd != "":
		return "it is to have no effect, and may have one: " + e.Odd
	case e.mistaken != "":
		return "it could have another effect than it seems to: " + e.mistaken
	}
	return ""
}

func because(odd string) string {
	if odd == "" {
		return ""
	}
	return "; it is not harmless either: " + odd
}
