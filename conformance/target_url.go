package conformance

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"fmaspec/conformance/record"
)

// bareHost is a host, with a port or a path, to which a scheme can be added.
var bareHost = regexp.MustCompile(
	`\A([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?\z`)

// TargetURL returns the URL of a target as it is used: scheme and host as they are
// sent, a name in Unicode as punycode (RFC 5891), and nothing behind the path. What
// cannot be a target is a [*UsageError], which repeats no part of the text that may
// be a secret.
func TargetURL(text string) (string, error) {
	if text == "" {
		return "", usage("target: the URL is empty; want http:// or https:// and a host, such as http://127.0.0.1:8080")
	}
	u, err := url.Parse(text)
	switch {
	case bareHost.MatchString(text) && (err != nil || u.Host == ""):
		example := text
		if !strings.ContainsAny(text, ".:") && !strings.EqualFold(text, "localhost") {
			example = "127.0.0.1:8080" // a word, rather than a host
		}
		return "", usage("target %q: http:// is missing; want http:// or https:// and a host, such as http://%s", text,
			example)
	case err != nil:
		// The text is not repeated: it may hold a password.
		return "", usage("target: the URL cannot be read; want http:// or https:// and a host, such as " +
			"http://127.0.0.1:8080")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		if u.Host == "" { // what stands behind the scheme may be a password
			return "", usage("target: want http:// or https:// and a host, such as http://127.0.0.1:8080")
		}
		return "", usage("target %q: want http:// or https:// and a host, such as http://127.0.0.1:8080", u.Scheme+
			"://"+u.Host)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		// They are not repeated: a secret may stand in them.
		return "", usage("target %q: a query, a fragment or a user has no place here; give scheme, host and path alone",
			u.Scheme+"://"+u.Host+u.EscapedPath())
	}
	host, err := ASCIIHost(u.Hostname())
	if err != nil {
		return "", usage("target %q: %v", u.Scheme+"://"+u.Host, err)
	}
	if host != u.Hostname() { // a name: there is no address in Unicode
		u.Host = strings.TrimSuffix(host+":"+u.Port(), ":")
	}
	// A "?" or "#" with nothing behind it says nothing, and neither does a "/" at the end.
	out := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	for _, b := range []byte(u.RawPath) { // what was escaped stays so, and what was not does too
		if b > '~' {
			out.RawPath += fmt.Sprintf("%%%02X", b)
		} else {
			out.RawPath += string(rune(b))
		}
	}
	return strings.TrimRight(out.String(), "/"), nil
}

// ASCIIHost returns a host in the spelling that is looked up and sent: a name in
// Unicode as punycode, anything else as it is.
func ASCIIHost(host string) (string, error) {
	if !strings.ContainsFunc(host, func(r rune) bool { return r > '~' }) {
		return host, nil
	}
	out, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return "", fmt.Errorf("the host is no name in Unicode that can be looked up; give it in ASCII, beginning " +
			"with xn--")
	}
	return out, nil
}

// doubledPrefix returns the beginning of the documented paths that stands in the URL
// of a target too, so that requests would name it twice, and "" where there is none.
func (s *Suite) doubledPrefix(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	for _, op := range s.Operations {
		first, _, _ := strings.Cut(strings.Trim(op.Path, "/"), "/")
		for _, segment := range segments {
			if first != "" && !strings.Contains(first, "{") && strings.EqualFold(segment, first) {
				return "/" + first
			}
		}
	}
	return ""
}

// DoubledHint is what to do about a doubled prefix, or "".
func (s *Suite) DoubledHint(target string) string {
	prefix := s.doubledPrefix(target)
	if prefix == "" {
		return ""
	}
	u, _ := url.Parse(target) // it was read a moment ago
	at := strings.Index(strings.ToLower(u.Path)+"/", strings.ToLower(prefix)+"/")
	return fmt.Sprintf("%s stands in the URL of the target and in the documented path, so that requests name it "+
		"twice; the URL is what stands before it: %s", prefix, u.Scheme+"://"+u.Host+u.Path[:max(at, 0)])
}

// unserved returns the hint on a doubled prefix where it may be why nothing was
// served.
func (s *Suite) unserved(r *record.Report) string {
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			if x.Response != nil && x.Response.Status/100 == 2 {
				return ""
			}
		}
	}
	return s.DoubledHint(r.Target.URL)
}

// withHint is a reason with another behind it.
func withHint(reason, further string) string {
	if reason == "" || further == "" {
		return cmp.Or(reason, further)
	}
	return reason + "; " + further
}
