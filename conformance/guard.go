package conformance

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// inertPrefix begins the machine ids and hashes that are made up for a target
// that is not loopback. No machine and no file has them, so that a request which
// is accepted against all expectation still has no effect.
const inertPrefix = "0000000000"

// A guard stands before every request of a run. It looks at the bytes that are
// about to go out, not at the case that they were made from, so that no mistake
// before it reaches a machine. To a target that is not loopback it lets nothing
// pass that a server could take for something else than one request; of requests
// those that are known to be harmless; and of the rest what the user armed, up to
// the budget, and on record.
type guard struct {
	local      bool
	target     Target
	operations []openapi.Operation
	request    map[string]*schemas.Schema // of a body that can be used, by operation ID
	armed      []string
	allow      func(target, machine, sha1 string) error // what may be acted on; nil for what the target names
	budget     int
	run        string
	now        func() time.Time
	journal    func(record.JournalEntry) error
	secrets    *secrets

	mu   sync.Mutex
	sent int // that could take effect
}

// An effect is what a request would do if it were accepted.
type effect struct {
	can       bool   // take effect, or not be one request
	harmless  string // where it cannot: the shape of [harmlessShapes] that it has
	broken    string // why a server could take it for something else than one request
	odd       string // why it is not harmless though it has such a shape
	mistaken  string // why it may have another effect than it seems to have
	operation string // "" where it calls none
	machine   string // of its path, in small letters
	sha1      string // of its body, in small letters where it is one
	machines  []string
	files     []string // machines and files that it names, by every reading, but for made-up ones
}

// effect reads a request as servers would, the strictest and the most lenient.
func (g *guard) effect(request []byte) (e effect) {
	r, err := parseOne(request)
	if err != nil {
		return effect{can: true, broken: err.Error()}
	}
	m := g.reading(r)
	e.operation, e.machine = m.operation, m.machine
	e.odd = m.unlisted()
	for _, shape := range harmlessShapes() {
		if shape.match(m) {
			e.harmless = shape.name
			break
		}
	}
	if e.can = e.harmless == "" || e.odd != ""; !e.can {
		return e
	}
	if e.harmless == "" {
		e.odd = ""
	}
	e.harmless = ""
	e.mistaken = m.mistaken()
	e.sha1 = strings.ToLower(sentFile(m.body, g.operations))
	e.machines, e.files = m.names(e.sha1)
	return e
}

// A reading is a request with what servers may find in it.
type reading struct {
	oneRequest
	g         *guard
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

// hostName says where a request asks to be taken.
type hostName int

const (
	hostUnnamed   hostName = iota
	hostThere              // to the target
	hostElsewhere          // to another host
)

func (g *guard) reading(r oneRequest) *reading {
	m := &reading{oneRequest: r, g: g}
	m.texts, m.read = readings(string(r.body))
	base := g.target.URL
	if u, err := url.Parse(g.target.URL); err == nil && !g.target.absolute() {
		base = u.EscapedPath()
	}
	if strings.HasPrefix(m.target, g.target.URL+"/") {
		base = g.target.URL // the absolute form, which every server has to take (RFC 9112 3.2.2)
	}
	path, under := strings.CutPrefix(m.target, base)
	switch {
	case !under && strings.HasPrefix(m.target, "/"):
		m.path = m.target // of the same host, but beside the target's path
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
func (g *guard) isHost(value string) bool {
	u, err := url.Parse(g.target.URL)
	if err != nil || strings.ContainsAny(value, "@/\\?#% \t,") {
		return false
	}
	named := &url.URL{Scheme: u.Scheme, Host: value}
	return named.Hostname() != "" && hostPort(named) == hostPort(u)
}

// place finds out whose path it is, and of which machine.
func (m *reading) place(under bool) {
	for _, op := range m.g.operations {
		before, after, _ := strings.Cut(op.Path, "{id}")
		id, is := strings.CutPrefix(m.path, before)
		if id, is = cutSuffix(id, after, is && under); !is || id == "" || strings.ContainsAny(id, "/?#%;\\") || m.called {
			continue
		}
		m.operation, m.machine, m.written, m.called = op.ID, strings.ToLower(id), true, op.Method == m.method
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
			before, after, _ := strings.Cut(strings.ToLower(op.Path), "{id}")
			if _, id, found := strings.Cut(lower, before); found && m.machine == "" {
				m.machine, _, _ = strings.Cut(id, after)
			}
		}
	}
	if !ok && m.operation == "" && len(m.g.operations) > 0 {
		m.operation = m.g.operations[0].ID // what cannot be read may be any
	}
}

// cutSuffix is strings.CutSuffix where the text may have it.
func cutSuffix(text, suffix string, may bool) (before string, found bool) {
	if !may {
		return text, false
	}
	return strings.CutSuffix(text, suffix)
}

// tail is what shows an operation in a text that is not written as the contract
// writes it: what stands behind its machine, in small letters.
func tail(op openapi.Operation) string {
	before, after, found := strings.Cut(op.Path, "{id}")
	if !found || strings.Trim(after, "/") == "" {
		after = before
	}
	return strings.ToLower(strings.Trim(after, "/"))
}

// tails are those of all operations, as segments.
func (g *guard) tails() (out []string) {
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

// mistaken says what lets a server take a request that acts for another than it
// seems to be, "" for nothing.
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
// machine of the path.
func (m *reading) names(sha1 string) (machines, files []string) {
	add := func(to *[]string, name string) {
		named := m.g.named(name) || strings.EqualFold(name, m.g.target.File) // as by a user whose unknown machine is all zeros
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
	return strings.HasPrefix(id, inertPrefix) && allHex(id)
}

// forbids says why a request with this effect may not be sent, or "".
func (g *guard) forbids(e effect) string {
	why, err := g.objects(e)
	if err != nil {
		return err.Error()
	}
	return why
}

// objects is forbids with what the allow-list says apart, as an error.
func (g *guard) objects(e effect) (why string, unlisted error) {
	if why := g.withholds(e); g.local || !e.can || why != "" {
		return why, nil
	}
	if g.allow == nil {
		for _, machine := range e.machines {
			if !g.named(machine) {
				return fmt.Sprintf("it names the machine %q, which is not the one of -machine", machine), nil
			}
		}
		for _, file := range e.files {
			if !strings.EqualFold(file, g.target.File) {
				return fmt.Sprintf("it names the file %s, which is not the one of -sha1", file), nil
			}
		}
	}
	switch {
	case len(e.machines) == 0:
		return "it names no machine that somebody has, and could be accepted", nil
	case len(e.files) == 0:
		return fmt.Sprintf("it names the file %s, which is not the one of -sha1", cmp.Or(e.sha1, "in a way that cannot be read")), nil
	}
	for _, machine := range e.machines {
		for _, file := range e.files {
			if g.allow == nil {
				continue
			}
			if err := g.allow(g.target.URL, machine, file); err != nil {
				return "", err
			}
		}
	}
	if len(e.machines) > 1 || len(e.files) > 1 {
		return fmt.Sprintf("it names %d machines and %d files, of which it could act on either; name one of each", len(e.machines), len(e.files)), nil
	}
	return "", nil
}

// named reports whether the user named the machine.
func (g *guard) named(machine string) bool {
	return machine == strings.ToLower(g.target.Machine) || g.target.UnknownMachine != "" && machine == strings.ToLower(g.target.UnknownMachine)
}

// ofFlags reports whether the request names nothing but what the user named for
// every request.
func (g *guard) ofFlags(e effect) bool {
	return !slices.ContainsFunc(e.machines, func(machine string) bool { return !g.named(machine) }) &&
		!slices.ContainsFunc(e.files, func(file string) bool { return !strings.EqualFold(file, g.target.File) })
}

// withholds says why a request may not be sent whatever it names, or "".
func (g *guard) withholds(e effect) string {
	switch {
	case g.local:
		return ""
	case e.broken != "":
		return "it is not exactly one request: " + e.broken
	case !e.can:
		return ""
	case e.operation == "":
		return "it calls no operation of the contract" + because(e.odd)
	case !slices.Contains(g.armed, e.operation):
		return fmt.Sprintf("it could take effect, and %s is not armed; pass -accept-risk=%[1]s with -machine and -sha1", e.operation) + because(e.odd)
	case e.odd != "":
		return "it is to have no effect, and may have one: " + e.odd
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
