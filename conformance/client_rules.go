package conformance

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// A clientRule judges one aspect of a request, or what a client does after an answer.
type clientRule struct {
	name        string // a slug
	title       string // what a conforming client does
	requirement string // charged where a problem names none
	check       string // of a single request that finds it; name where empty
	idle        string // why it was not applied, where no request was judged by it
	anywhere    bool   // also where no operation is called
	alone       bool   // it judges a request by itself, and no check of a single request does
	needs       []record.Part
	judge       func(*clientCall) (judged bool, found []Problem)
}

// A ClientRule is what a reader needs to know of a rule by which clients are judged.
type ClientRule struct {
	Name        string // of the cases of the reports on clients, behind "OPERATION/client/"
	Says        string // what a conforming client does, one sentence that follows "it"
	Requirement string
}

// ClientRules returns the rules by which clients are judged, those of all operations, each
// once.
func (s *Suite) ClientRules() (out []ClientRule) {
	for _, op := range s.Operations {
		for _, r := range s.clientRules(op) {
			known := slices.ContainsFunc(out, func(k ClientRule) bool { return k.Name == r.name })
			if !known && s.clientRequirement(r.requirement) != nil {
				out = append(out, ClientRule{r.name, r.title, r.requirement})
			}
		}
	}
	return out
}

const noRequest = "no request called the operation"

// clientRules returns the rules for an operation: those of single requests, in the order of
// path and method, header, body, and then those across requests.
func (s *Suite) clientRules(op openapi.Operation) []clientRule {
	credentials := []record.Part{record.Credentials}
	header := []record.Part{record.RequestHeader}
	framing := []record.Part{record.RequestHeader, record.WireForm}
	body := []record.Part{record.RequestBody}
	across := []record.Part{record.Times, record.RequestBody}
	rules := []clientRule{
		{name: "documented-path", title: "calls the documented path", requirement: "operation.exists",
			check: "request-path", anywhere: true, judge: anyRequest},
		{name: "documented-method", title: "calls by the documented method", requirement: "operation.exists",
			check: "request-method", anywhere: true, judge: onPath},
		{name: "authorization", title: "sends an Authorization field", requirement: "auth.required",
			check: "request-authorization", anywhere: true, needs: credentials, judge: onPath},
		{name: "bearer", title: "sends one Authorization field with Bearer and a token", requirement: "auth.bearer",
			check: "request-authorization", anywhere: true, needs: credentials, judge: onPath},
		{name: "token-not-in-query", title: "sends no token in the query of the URL",
			requirement: "client.token-in-query", alone: true, judge: tokenNotInQuery},
		{name: "one-token-method", title: "sends the token in one place alone", requirement: "client.one-token-method",
			needs: credentials, alone: true, judge: oneTokenMethod},
		{name: "tls", title: "sends a token to another machine over TLS", requirement: "client.tls",
			idle: "no request with a token went to another machine, or the server offers no TLS", needs: credentials,
			judge: overTLS},
		{name: "media-type", title: "declares its body as application/json or not at all",
			requirement: "refusal.media-type", check: "request-media-type", needs: header, judge: anyRequest},
		{name: "content-coding", title: "sends its body without a content coding", requirement: "refusal.media-type",
			check: "request-coding", needs: framing, judge: anyRequest},
		{name: "accept", title: "takes an answer in JSON", requirement: "client.accept", needs: header,
			alone: true, judge: acceptsJSON},
		{name: "single-fields", title: "sends no field twice whose value is no list",
			requirement: "client.single-fields", needs: framing, alone: true, judge: singleFields},
		{name: "framing", title: "frames its body in one way", requirement: "client.framing", needs: framing,
			alone: true, judge: framedOnce},
		{name: "body-object", title: "sends one JSON object", requirement: "request.object", check: "request-body",
			needs: body, judge: plainBody},
		{name: "body-encoding", title: "sends UTF-8 without a byte order mark", requirement: "json.encoding",
			check: "request-body", needs: body, judge: plainBody},
		{name: "names-unique", title: "sends each name once", requirement: "client.names-unique",
			check: "request-body", needs: body, judge: readBody},
		{name: "name-case", title: "spells names in the documented letter case", requirement: "request.name-case",
			check: "request-body", needs: body, judge: readBody},
		{name: "surrogates", title: "sends whole characters", requirement: "client.surrogates", needs: body,
			alone: true, judge: wholeCharacters},
	}
	charged := []string{}
	for _, r := range rules {
		charged = append(charged, r.requirement)
	}
	for _, id := range s.keywordRequirements(op) {
		if r := s.clientRequirement(id); r != nil && !slices.Contains(charged, id) {
			charged = append(charged, id)
			_, name, _ := strings.Cut(id, ".")
			rules = append(rules, clientRule{name: strings.ReplaceAll(name, ".", "-"), title: r.Says, requirement: id,
				check: "request-body", needs: body, judge: readBody})
		}
	}
	rules = append(rules,
		clientRule{name: "waits-after-429", title: "sends nothing after a 429 before the time that Retry-After gives",
			requirement: "client.retry-after", idle: "no answer of 429 with Retry-After was followed by a request",
			needs: across[:1], judge: waitsAfter429},
		clientRule{name: "waits-after-503", title: "repeats a request after a 503 at the time that Retry-After gives",
			requirement: "client.retry-after", idle: "no request was repeated after a 503 with Retry-After",
			needs: across, judge: waitsAfter503},
		clientRule{name: "stops-after-refusal", title: "does not repeat a refused request again and again",
			requirement: "client.repeat-refused", idle: "no request was repeated after a refusal", needs: across,
			judge: stopsAfterRefusal},
		clientRule{name: "renews-token", title: "does not go on with an invalid token",
			requirement: "client.token-renewed", idle: "no answer called the token invalid before another request " +
				"with it",
			needs: append(across[:1:1], credentials...), judge: renewsToken},
		clientRule{name: "effect-once", title: "causes no second action after a lost answer",
			requirement: "client.effect-once", idle: "no request followed a like one whose answer was lost",
			needs: across, judge: effectOnce},
	)
	for i := range rules {
		r := &rules[i]
		if r.idle == "" {
			r.idle = noRequest
		}
		if r.check != "" {
			on := r.judge
			r.judge = func(c *clientCall) (bool, []Problem) {
				judged, _ := on(c)
				found := c.foundBy(r.check, r.requirement)
				return judged || found != nil, found
			}
		}
	}
	return rules
}

// keywordRequirements are those of the keywords of an operation's request, in their order.
func (s *Suite) keywordRequirements(op openapi.Operation) (out []string) {
	_, rules := s.RequestSchema(op)
	for _, r := range rules {
		if !slices.Contains(out, r.Requirement) {
			out = append(out, r.Requirement)
		}
	}
	return out
}

// foundBy returns what a check of a single request found against a requirement.
func (c *clientCall) foundBy(check, requirement string) (out []Problem) {
	for _, f := range c.findings {
		if f.Check == check && f.Requirement == requirement {
			out = append(out, Problem{f.Place, f.Want, f.Got, f.Requirement})
		}
	}
	return out
}

// Of a check of a single request these say whether its rule can judge a request; what is
// found, the check knows.

func anyRequest(*clientCall) (bool, []Problem) { return true, nil }

func onPath(c *clientCall) (bool, []Problem) { return c.paths != nil, nil }

// plainBody reports whether the body is not coded.
func plainBody(c *clientCall) (bool, []Problem) { return requestCoding(c.called) == nil, nil }

// readBody reports whether the body is the JSON text of an object, so that its members can be
// judged.
func readBody(c *clientCall) (bool, []Problem) {
	if c.accepted {
		return true, nil
	}
	plain, _ := plainBody(c)
	return plain && strictjson.CheckText(c.body) == nil && bytes.HasPrefix(bytes.TrimLeft(c.body, " \t\r\n"),
		[]byte("{")), nil
}

// tokenParameter is the parameter of a query that holds a token (RFC 6750 2.3).
const tokenParameter = "access_token"

func tokenNotInQuery(c *clientCall) (bool, []Problem) {
	if c.url.RawQuery != "" && c.url.Query().Has(tokenParameter) {
		return true, problem("query", "no token", "the parameter "+tokenParameter)
	}
	return true, nil
}

func oneTokenMethod(c *clientCall) (bool, []Problem) {
	if c.url.RawQuery != "" && c.url.Query().Has(tokenParameter) && c.hasToken() {
		return true, problem("query", "no token in addition to the field Authorization",
			"the parameter "+tokenParameter)
	}
	return c.hasToken(), nil
}

// hasToken reports whether the request has an Authorization field.
func (c *clientCall) hasToken() bool { return len(c.header.Values("Authorization")) > 0 }

func overTLS(c *clientCall) (bool, []Problem) {
	host := c.url.Hostname()
	if c.noTLS || !c.hasToken() || host == "" || isLoopback(host) {
		return false, nil
	}
	if strings.EqualFold(c.url.Scheme, "http") {
		return true, problem("URL", "https", "http to "+brief(host))
	}
	return true, nil
}

// isLoopback reports whether a host is the machine itself.
func isLoopback(host string) bool {
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name,
		".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && net.IP(address.AsSlice()).IsLoopback()
}

// acceptsJSON looks for a range of media types that application/json is in, and that has
// not the weight 0; the most specific range counts (RFC 9110 12.5.1).
func acceptsJSON(c *clientCall) (bool, []Problem) {
	values := c.header.Values("Accept")
	if len(values) == 0 {
		return false, nil
	}
	weights := map[string]bool{}
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		media, parameters, _ := strings.Cut(item, ";")
		weights[strings.ToLower(strings.TrimSpace(media))] = !isZero(parameters)
	}
	for _, media := range []string{"application/json", "application/*", "*/*"} {
		if taken, is := weights[media]; is {
			if taken {
				return true, nil
			}
			break
		}
	}
	return true, problem("header Accept", "application/json among the media types",
		show(strings.Join(values, ", ")))
}

// isZero reports whether the parameters of an element hold the weight 0.
func isZero(parameters string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(parameters), ";"), zeroWeight.MatchString)
}

// singleNames are the fields of requests that have one value. Authorization and Content-Type
// have rules of their own.
var singleNames = []string{"Host", "Content-Length", "Date", "From", "Max-Forwards", "Referer", "User-Agent"}

func singleFields(c *clientCall) (bool, []Problem) {
	for _, name := range singleNames {
		if n := len(c.header.Values(name)); n > 1 {
			return true, problem("header "+name, "one field", strconv.Itoa(n)+" fields")
		}
	}
	return true, nil
}

func framedOnce(c *clientCall) (bool, []Problem) {
	if len(c.header.Values("Transfer-Encoding")) > 0 && len(c.header.Values("Content-Length")) > 0 {
		return true, problem("header Content-Length", "no such header in addition to Transfer-Encoding", "both")
	}
	return true, nil
}

// wholeCharacters looks for an escape of a surrogate without its other half. The body is JSON
// text, in which a backslash stands in strings alone.
func wholeCharacters(c *clientCall) (bool, []Problem) {
	if judged, _ := readBody(c); !judged {
		return false, nil
	}
	for i := 0; i+1 < len(c.body); i++ {
		if c.body[i] != '\\' {
			continue
		}
		unit, is := escapedUnit(c.body[i:])
		switch {
		case !is:
			i++ // what is escaped, such as another backslash
		case unit&0xfc00 == 0xd800:
			if second, is := escapedUnit(c.body[i+6:]); is && second&0xfc00 == 0xdc00 {
				i += 11
				continue
			}
			fallthrough
		case unit&0xfc00 == 0xdc00:
			return true, problem("body", "both halves of a character", fmt.Sprintf("byte %d: \\u%04x alone", i, unit))
		default:
			i += 5
		}
	}
	return true, nil
}

// escapedUnit reads an escape of the form \uXXXX at the beginning of a text.
func escapedUnit(text []byte) (unit uint64, is bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return unit, err == nil
}

// canonical returns the name of a field in the letter case in which [net/http.Header] has it.
func canonical(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }
