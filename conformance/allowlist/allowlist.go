// Package allowlist reads lists of the targets, machines and files on which requests may take
// effect.
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
	"fmaspec/conformance/nearest"
)

// A List holds the allowed targets, machines and files. The zero value permits nothing.
type List struct {
	name  string
	lines map[permission]int // line of each
}

// A permission is one line of a list, with its value in normal form.
type permission struct{ keyword, value string }

func (p permission) String() string { return p.keyword + " " + p.value }

// keywords are what can be permitted, and how a value is normalized.
var keywords = [...]struct {
	name    string
	spelled func(string) (string, error)
}{
	{"target", origin},
	{"machine", machine},
	{"sha1", hash},
}

// fileLimit is the maximum size of a list in bytes.
const fileLimit = 1 << 20

// Parse parses a list: one permission per line, "target URL", "machine ID" or "sha1 HASH".
// Empty lines are ignored, and so is text after a # at the beginning of a word. Each invalid
// line is part of the error, with name:line.
func Parse(name string, r io.Reader) (List, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileLimit+1))
	switch {
	case err != nil:
		return List{}, fmt.Errorf("%s: %w; name a file that can be read", name, err)
	case len(data) > fileLimit:
		return List{}, fmt.Errorf("%s: longer than %d MiB; name an allow-list, a file of lines such as \"machine ID\"",
			name, fileLimit>>20)
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return List{}, fmt.Errorf("%s: not UTF-8; save it as UTF-8", name)
	}
	l := List{name: name, lines: map[permission]int{}}
	var errs []error
	number := 0
	// some editors begin a file with a byte order mark
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		number++
		p, err := parseLine(line)
		switch before := l.lines[p]; {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, number, err))
		case before > 0:
			errs = append(errs, fmt.Errorf("%s:%d: %q is in line %d already; remove one of them", name, number, p,
				before))
		case p != permission{}:
			l.lines[p] = number
		}
	}
	if len(errs) > 0 {
		return List{}, errors.Join(errs...)
	}
	return l, nil
}

// parseLine returns the permission of a line, the zero one if it has none.
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
			return permission{}, fmt.Errorf("%s: want one value after it, got %d; write each permission on a "+
				"separate line", k.name, len(words)-1)
		}
		value, err := k.spelled(words[1])
		if err != nil {
			// the value is not repeated: a URL may hold a password
			return permission{}, fmt.Errorf("%s: %w", k.name, err)
		}
		return permission{k.name, value}, nil
	}
	near := nearest.Hint(words[0], names)
	return permission{}, fmt.Errorf("unknown keyword %q%s; keywords are %s", words[0], near, strings.Join(names, ", "))
}

// origin returns a target in normal form: scheme and host in lower case, with the port.
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
		return "", errors.New("a path, a query, a fragment or a user is not allowed; give only scheme, host and port")
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
		return "", errors.New("it has characters that are not allowed in a path segment; give only the id")
	}
	return strings.ToLower(text), nil
}

// digits is the number of hexadecimal digits of a SHA-1.
const digits = 40

func hash(text string) (string, error) {
	if len(text) != digits || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "" {
		return "", fmt.Errorf("want the %d hexadecimal digits of the file's SHA-1", digits)
	}
	return strings.ToLower(text), nil
}

// Check returns nil if the list has the machine and the hash, and, if it has any target, also
// that of the URL, ignoring its path. Letter case is ignored. Otherwise it returns a
// [*conformance.SafetyError] that names what is not listed.
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
			missing = append(missing, "a "+p.keyword+", which was not named")
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
	return &conformance.SafetyError{Msg: fmt.Sprintf("%s does not list %s; add the missing lines, or name other things",
		name, strings.Join(missing, ", nor "))}
}

// targetOf returns the target of a run's URL, which may have a path. A malformed URL is no
// target that a list could have.
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
