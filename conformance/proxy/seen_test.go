package proxy_test

import (
	"bufio"
	"bytes"
	"flag"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

var every = flag.Bool("every", false, "compare every fault that written cases find, and no sample")

// faulty starts a server of a handler, below package net/http where it asks for that.
func faulty(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.DisableGeneralOptionsHandler = true
	if below, is := h.(reference.Listening); is {
		s.Listener = below.Listen(s.Listener)
	}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// killers returns the cases that are known to catch each fault, where few do.
func killers(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../mutate/testdata/killers.golden")
	require.NoError(t, err)
	out := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if name, id, is := strings.Cut(lines.Text(), "  "); is && strings.Contains(id, "/") {
			out[name] = id
		}
	}
	require.NotEmpty(t, out)
	return out
}

// listed returns the names of faults in the tables of a section of the page on the proxy.
func listed(t *testing.T, heading string) (out []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/proxy.md")
	require.NoError(t, err)
	_, section, is := strings.Cut(string(page), "\n## "+heading+"\n")
	require.True(t, is, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, found := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(cells[2], -1) {
				out = append(out, found[1])
			}
		}
	}
	require.NotEmpty(t, out, heading)
	return out
}

// finds reports whether a report has a finding.
func finds(r *record.Report) bool {
	return slices.ContainsFunc(r.Cases, func(c record.CaseResult) bool { return len(c.Findings) > 0 })
}

// compared runs the cases that catch a fault against it and through the proxy to another such server,
// and reports who finds something: the run, that through the proxy, and the report of the proxy.
func compared(t *testing.T, f reference.Fault, by string) (direct, passed, own bool) {
	t.Helper()
	all, err := suite()
	require.NoError(t, err)
	only := strings.Fields(by)
	for _, id := range []string{"requestSample/valid/accepts-plain-request",
		"requestSample/auth/accepts-global-administrator", "requestSample/body/refuses-array-as-body"} {
		if !slices.Contains(only, id) {
			only = append(only, id)
		}
	}
	o := conformance.Options{Only: only, Strict: true, Timeout: conformance.DefaultTimeout, Parallel: 8, Seed: "1"}
	if f.Waits {
		o.Timeout = 300 * time.Millisecond
	}
	run := func(url string) bool {
		r, err := all.Run(t.Context(), conformance.Target{URL: url, Token: token, UnprivilegedToken: unprivileged,
			InvalidToken: "test-invalid-77aa", UnknownMachine: unknown}, o)
		require.NoError(t, err)
		return finds(r)
	}
	direct = run(faulty(t, f.Wrap(honest()))) // which may remember what it was asked
	s := through(t, faulty(t, f.Wrap(honest())), watching(t))
	passed = run(s.url)
	require.NoError(t, s.stop())
	r, err := s.Report(t.Context())
	require.NoError(t, err)
	return direct, passed, finds(r)
}

// sampled reports whether a name is in a sample of one in some, which further names leave as it is.
func sampled(name string, of uint32) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return *every || h.Sum32()%of == 0 && (!testing.Short() || h.Sum32()%2 == 0)
}

// chance reports whether a fault shows in one request behind another one on the same connection, or in those that
// are under way at once: which of its connections the proxy takes is chance.
func chance(fault string) bool {
	return strings.HasPrefix(fault, "fails-behind-") || strings.HasPrefix(fault, "remembers-")
}

// TestARunThroughTheProxyFindsWhatARunDoes takes a sample of the faults and the honest server. What the page says of
// the proxy is exempt.
func TestARunThroughTheProxyFindsWhatARunDoes(t *testing.T) {
	direct, passed, own := compared(t, reference.Fault{Wrap: func(h http.Handler) http.Handler { return h }}, "")
	require.Equal(t, [3]bool{}, [3]bool{direct, passed, own}, "the server keeps the contract")
	exempt := slices.Concat(listed(t, "What it cannot see"), listed(t, "What it sees and hides from clients"))
	by, found := killers(t), atomic.Int64{}
	t.Cleanup(func() { require.Positive(t, found.Load()) })
	for _, f := range reference.Faults() {
		if !sampled(f.Name, 37) || f.Phase != "" || slices.Contains(exempt, f.Name) || chance(f.Name) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			direct, passed, _ := compared(t, f, by[f.Name])
			require.Equal(t, direct, passed, "want it exempt by name in docs/proxy.md, with the reason")
			if direct {
				found.Add(1)
			}
		})
	}
}

// TestTheProxyHasNoFalseAlarm takes a sample of the servers that keep the contract in other ways.
func TestTheProxyHasNoFalseAlarm(t *testing.T) {
	for _, v := range reference.Variants() {
		if !sampled(v.Name, 11) && v.Name != "fields-of-every-standard" || len(v.Deviates) > 0 {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			direct, passed, own := compared(t, reference.Fault{Wrap: v.Wrap}, "")
			require.Equal(t, [3]bool{}, [3]bool{direct, passed, own}, "the server keeps the contract")
		})
	}
}

// TestThePageSaysWhatTheProxyHides compares the page with what is found.
func TestThePageSaysWhatTheProxyHides(t *testing.T) {
	by := killers(t)
	for heading, seen := range map[string]bool{"What it cannot see": false,
		"What it sees and hides from clients": true} {
		for i, name := range listed(t, heading) {
			if testing.Short() && i%3 != 0 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f, is := reference.FindFault(name)
				require.True(t, is)
				direct, passed, own := compared(t, f, by[name])
				require.True(t, direct, "a run finds it")
				require.False(t, passed, "a run through the proxy does not find it")
				require.Equal(t, seen, own, "whether the report of the proxy has it")
			})
		}
	}
}
