// Package allowlist reads which machines and files somebody has agreed to have
// acted on, and at which targets.
package allowlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance"
	"fmaspec/internal/nearest"
)

// A List is what may be acted on. The zero value permits nothing.
type List struct {
	name  string
	lines map[permission]int // where each stands
}

// A permission is one line of a list, its value spelled in the one way that is
// compared.
type permission struct{ keyword, value string }

func (p permission) String() string { return p.keyword + " " + p.value }

// keywords are what can be permitted, and how a value is spelled.
var keywords = [...]struct {
	name    string
	spelled func(string) (string, error)
}{
	{"target", origin},
	{"machine", machine},
	{"sha1", hash},
}

// fileLimit is how many bytes a list has at most.
const fileLimit = 1 << 20

// Parse reads a list: a permission a line, "target URL", "machine ID" or "sha1
// HASH". Empty lines count for nothing, nor does what follows a # that begins a
// word. Each line that is none is part of the error, with name:line.
func Parse(name string, r io.Reader) (List, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileLimit+1))
	switch {
	case err != nil:
		return List{}, fmt.Errorf("%s: %w; name a file that can be read", name, err)
	case len(data) > fileLimit:
		return List{}, fmt.Errorf("%s: it is longer than %d MiB; name a list of permissions, such as \"machine ID\"", name, fileLimit>>20)
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return List{}, fmt.Errorf("%s: it is no text in UTF-8; save it as such", name)
	}
	l := List{name: name, lines: map[permission]int{}}
	var errs []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) { // some editors begin a file with a byte order mark
		number++
		p, err := parseLine(line)
		switch before := l.lines[p]; {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, number, err))
		case before > 0:
			errs = append(errs, fmt.Errorf("%s:%d: %q stands in line %d already; remove one of them", name, number, p, before))
		case p != permission{}:
			l.lines[p] = number
		}
	}
	if len(errs) > 0 {
		return List{}, errors.Join(errs...)
	}
	return l, nil
}

// parseLine returns the permission of a line, the zero one where it has none.
func parseLine(line string) (permission, error) {
	words := strings.Fields(line)
	if at := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); at >= 0 {
		words = words[:at]
	}
	if len(words) == 0 {
		return permission{}, nil
	}
	var names []string
	for _, k := range keywords {
		names = append(names, k.name)
		if k.name != words[0] {
			continue
		}
		if len(words) != 2 {
			return permission{}, fmt.Errorf("%s: want one value behind it, got %d; write each permission on a line of its own", k.name, len(words)-1)
		}
		value, err := k.spelled(words[1])
		if err != nil {
			return permission{}, fmt.Errorf("%s: %w", k.name, err) // the value is not repeated: a URL may hold a password
		}
		return permission{k.name, value}, nil
	}
	near := nearest.Hint(words[0], names)
	return permission{}, fmt.Errorf("unknown keyword %q%s; keywords are %s", words[0], near, strings.Join(names, ", "))
}

// origin spells a target: scheme and host in small letters, with the port.
func origin(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", errors.New("want http:// or https:// and a host, such as https://graph.example")
	}
	host, err := conformance.ASCIIHost(u.Hostname())
	if err != nil {
		return "", err
	}
	if host != u.Hostname() { // a name: there is no address in Unicode
		u.Host = strings.TrimSuffix(host+":"+u.Port(), ":")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		return "", errors.New("a path, a query, a fragment or a user has no place here; give scheme, host and port alone")
	}
	return originOf(u), nil
}

func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func machine(text string) (string, error) {
	if text != url.PathEscape(text) {
		return "", errors.New("it has characters that a path segment cannot carry; give the bare id")
	}
	return strings.ToLower(text), nil
}

// digits is how many hexadecimal digits a SHA-1 has.
const digits = 40

func hash(text string) (string, error) {
	if len(text) != digits || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "" {
		return "", fmt.Errorf("want the %d hexadecimal digits of the file's SHA-1", digits)
	}
	return strings.ToLower(text), nil
}

// Check returns nil where the list names the machine and the hash, and, where it
// names any target, that of the URL too, whatever its path. Letter case does not
// count. Elsewhere it returns a [*conformance.SafetyError] that says what is not
// listed.
func (l List) Check(target, machine, sha1 string) error {
	asked := []permission{{"machine", strings.ToLower(machine)}, {"sha1", strings.ToLower(sha1)}}
	for p := range l.lines {
		if p.keyword == "target" {
			asked = append([]permission{{"target", targetOf(target)}}, asked...)
			break
		}
	}
	var missing []string
	for _, p := range asked {
		switch {
		case p.value == "":
			missing = append(missing, "a "+p.keyword+", which nobody named")
		case l.lines[p] == 0:
			missing = append(missing, fmt.Sprintf("%q", p))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	name := l.name
	if name == "" {
		name = "the allow-list"
	}
	return &conformance.SafetyError{Msg: fmt.Sprintf("%s does not list %s; add what may be acted on, each on a line of its own, or name other things", name, strings.Join(missing, ", nor "))}
}

// targetOf spells the URL of a run, which may have a path. What cannot be read
// is no target that a list could name.
func targetOf(text string) string {
	if used, err := conformance.TargetURL(text); err == nil {
		text = used
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return text
	}
	return originOf(u)
}
