package reference_test

import (
	"cmp"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fmaspec/conformance/reference"
)

const (
	token         = "good-token"
	unprivileged  = "reader-token"
	securityAdmin = "security-administrator-token"
	globalAdmin   = "global-administrator-token"
	machine       = "fb9ab6be3965095a09c057be7c90f0a2"
	otherMachine  = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"
	unknown       = "00000000000000000000000000000000"
	samplePath    = "/testwdatppreview/machines/" + machine + "/requestSample"
	stopPath      = "/testwdatppreview/machines/" + machine + "/stopAndQuarantineFile"
	hash          = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	good          = `{"Comment":"look at this","Sha1":"` + hash + `"}`
)

// longTimeout is for answers that come; shortTimeout for those that do not.
const longTimeout, shortTimeout = 30 * time.Second, 200 * time.Millisecond

// config returns a configuration whose clock stands still and whose ids count.
func config() reference.Config {
	var n atomic.Int64
	return reference.Config{
		Token: token, UnprivilegedToken: unprivileged, SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin,
		UnknownMachine: unknown,
		Now:            func() time.Time { return time.Date(2020, 3, 14, 15, 9, 26, 535_897_000, time.UTC) },
		NewID:          func() string { return fmt.Sprintf("c083f601-012f-4955-b4cc-%012x", n.Add(1)) },
	}
}

// probe is one request. The zero of a field is what a good request has.
type probe struct {
	method, path, body string
	header             []string // "Name: value"; a good Authorization and Content-Type come first unless bare
	bare               bool
	instead            []string // of a raw one, a text and what is written in its place; HOST is that of the server
	wire               string   // sent as it stands, but for HOST; a connection of its own is read to its end
	raw                bool     // sent on a connection of its own and read to its end, byte by byte
	atOnce             int      // so many are sent at once; seen is which of them were answered for themselves
	oneFile            bool     // all of these name one file
	machines           bool     // every second one of these is about another machine, whose machineId alone is good
}

// auth returns a probe that is good but for this Authorization.
func auth(value string) probe {
	return probe{bare: true, header: []string{"Authorization: " + value, "Content-Type: application/json"}}
}

// typed returns a probe that is good but for this Content-Type.
func typed(value string) probe {
	return probe{bare: true, header: []string{"Authorization: Bearer " + token, "Content-Type: " + value}}
}

// declared returns a probe with a body of that media type.
func declared(value, body string) probe {
	p := typed(value)
	p.body = body
	return p
}

func (p probe) request(ctx context.Context, base string) (*http.Request, error) {
	method, path, body := p.method, p.path, p.body
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = samplePath
	}
	switch body {
	case "":
		body = good
	case "none":
		body = ""
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", "identity")
	if !p.bare {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range p.header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r, nil
}

// seer sends probes to one server, in turn, on one connection.
type seer struct {
	server  *httptest.Server
	client  *http.Client
	timeout time.Duration
}

func newSeer(t *testing.T, h http.Handler, timeout time.Duration) *seer {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	if below, is := h.(reference.Listening); is {
		server.Listener = below.Listen(server.Listener)
	}
	server.Start()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return &seer{server: server, timeout: timeout, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// seenDate is a Date as probes see it: of one in its form they do not see the time.
func seenDate(values []string) []string {
	if len(values) == 1 {
		if t, err := time.Parse(http.TimeFormat, values[0]); err == nil && t.Format(http.TimeFormat) == values[0] {
			return []string{"a time"}
		}
	}
	return values
}

// see returns what a client sees of the answer, without the time of its Date and
// without the state of the connection.
func (s *seer) see(p probe) string {
	if p.atOnce > 0 {
		return s.seeAtOnce(p)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	r, err := p.request(ctx, s.server.URL)
	if err != nil {
		return "cannot ask: " + err.Error()
	}
	if p.raw || p.wire != "" {
		return s.seeRaw(ctx, p, r)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return "no answer"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	resp.Header["Date"] = seenDate(resp.Header["Date"])
	if resp.Header.Get("Connection") == "close" { // which hangs on what came before it
		resp.Header.Del("Connection")
	}
	return fmt.Sprintf("%s %s %v %v %d %v\n%s", resp.Proto, resp.Status, resp.Header, resp.TransferEncoding,
		resp.ContentLength, err != nil, body)
}

// laterDate is the time of an answer, with its second.
var laterDate = regexp.MustCompile(`\r\nDate: [A-Z][a-z, 0-9:A-Z]{24} GMT`)

func (s *seer) seeRaw(ctx context.Context, p probe, r *http.Request) string {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.server.Listener.Addr().String())
	if err != nil {
		return "no connection"
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	r.Close = true
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		return "cannot ask: " + err.Error()
	}
	request := text.String()
	if len(p.instead) > 0 {
		host := strings.NewReplacer("HOST", r.Host)
		request = strings.Replace(request, host.Replace(p.instead[0]), host.Replace(p.instead[1]), 1)
	}
	if p.wire != "" {
		request = strings.ReplaceAll(p.wire, "HOST", r.Host)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return "not sent"
	}
	b, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	head, rest, _ := strings.Cut(string(b), "\r\n\r\n")
	lines := slices.DeleteFunc(strings.Split(head, "\r\n"), func(line string) bool {
		return strings.HasPrefix(line, "Date:") || strings.HasPrefix(line, "Connection:")
	})
	if len(lines) > 1 {
		slices.Sort(lines[1:])
	}
	rest = laterDate.ReplaceAllString(rest, "") // of the answers behind the first
	return fmt.Sprintf("%v\n%s\n\n%s", err != nil, strings.Join(lines, "\n"), rest)
}

// seeAtOnce reports for each of several requests sent at once whether it was
// answered 201 with its own hash.
func (s *seer) seeAtOnce(p probe) string {
	seen := make([]bool, p.atOnce)
	machineIDs := map[string]string{ // as the reference server derives them
		samplePath: fmt.Sprintf("%x", sha1.Sum([]byte("machine "+machine))),
		strings.Replace(samplePath, machine, otherMachine, 1): fmt.Sprintf("%x", sha1.Sum([]byte("machine "+
			otherMachine))),
	}
	done := make(chan struct{})
	for i := range seen {
		go func() {
			defer func() { done <- struct{}{} }()
			own := fmt.Sprintf("%040x", i+1)
			if p.oneFile {
				own = fmt.Sprintf("%040x", 1)
			}
			q := p
			q.body = `{"Comment":"at once","Sha1":"` + own + `"}`
			if p.machines && i%2 == 1 {
				q.path = strings.Replace(samplePath, machine, otherMachine, 1)
			}
			ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
			defer cancel()
			r, err := q.request(ctx, s.server.URL)
			if err != nil {
				return
			}
			resp, err := s.client.Do(r)
			if err != nil {
				return
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if p.machines {
				q.path = cmp.Or(q.path, samplePath)
				seen[i] = strings.Contains(string(body), `"machineId":"`+machineIDs[q.path]+`"`)
				return
			}
			seen[i] = resp.StatusCode == http.StatusCreated && strings.Contains(string(body), `"sha1":"`+own+`"`)
		}()
	}
	for range seen {
		<-done
	}
	return fmt.Sprint(seen)
}

// look sends all probes in turn and returns what was seen.
func (s *seer) look(probes []probe) []string {
	seen := make([]string, len(probes))
	for i, p := range probes {
		seen[i] = s.see(p)
	}
	return seen
}
