package conformancetest_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/client"
	"fmaspec/conformance/conformancetest"
)

// observed is a test whose failures are kept and do not fail the test around it.
type observed struct {
	testing.TB
	errors, logs []string
	cleanups     []func()
}

func (o *observed) Helper()          {}
func (o *observed) Cleanup(f func()) { o.cleanups = append(o.cleanups, f) }
func (o *observed) Error(args ...any) {
	o.errors = append(o.errors, fmt.Sprint(args...))
}
func (o *observed) Errorf(format string, args ...any) { o.Error(fmt.Sprintf(format, args...)) }
func (o *observed) Log(args ...any)                   { o.logs = append(o.logs, fmt.Sprint(args...)) }
func (o *observed) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	runtime.Goexit()
}

// watch runs a test body as go test does.
func watch(t *testing.T, body func(testing.TB)) *observed {
	t.Helper()
	o := &observed{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		body(o)
	}()
	<-done
	for _, f := range slices.Backward(o.cleanups) {
		f()
	}
	return o
}

// call sends the requests of a client to a server.
func call(t testing.TB, s conformancetest.Server, name string) {
	all := slices.Concat(client.Variants(), client.Faults())
	i := slices.IndexFunc(all, func(c client.Client) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	all[i].Run(t.Context(), client.Setting{URL: s.URL, Token: s.Token, Unprivileged: s.UnprivilegedToken,
		Expired: s.ExpiredToken, Machine: s.Machine, Unknown: s.UnknownMachine,
		HTTP: &http.Client{Transport: transport}})
}

func TestClientJudgesAClientInItsOwnTest(t *testing.T) {
	for _, row := range []struct {
		why, client  string
		options      conformancetest.ClientOptions
		errors, logs []string // a part of each
	}{
		{why: "an honest client passes", client: "plain"},
		{why: "one that streams its body does", client: "streams-body"},
		{why: "one that reports refusals does", client: "reports-refusals"},
		{why: "one that renews its token does", client: "renews-token"},
		{why: "a documented requirement fails the test, once for both operations", client: "omits-comment",
			errors: []string{"FAIL requestSample/client/comment-required"}},
		{why: "each broken rule is an error", client: "spells-names-small",
			errors: []string{"/client/comment-required", "/client/sha1-required"}, logs: []string{"/client/name-case"}},
		{why: "an inferred one is logged", client: "sends-sha256", logs: []string{"/client/sha1-format"}},
		{why: "and fails the test where that is asked for", client: "sends-sha256",
			options: conformancetest.ClientOptions{Strict: true}, errors: []string{"/client/sha1-format"}},
		{why: "troubles show how a client deals with them", client: "repeats-lost-request",
			options: conformancetest.ClientOptions{Strict: true, Trouble: "loses-every-third-answer"},
			errors:  []string{"/client/effect-once"}},
		{why: "a test without a request fails", errors: []string{"the client was not judged: no request came"}},
		{why: "an unknown trouble is an error", options: conformancetest.ClientOptions{Trouble: "throtled"},
			errors: []string{`the trouble "throtled" is unknown (did you mean "throttled"?); fmaspec help serve lists them`}},
	} {
		t.Run(row.why, func(t *testing.T) {
			token := ""
			got := watch(t, func(o testing.TB) {
				s := conformancetest.ClientWith(o, row.options)
				token = s.Token
				if row.client != "" {
					call(t, s, row.client)
				}
			})
			for _, part := range []struct {
				name      string
				want, got []string
			}{{"errors", row.errors, got.errors}, {"logs", row.logs, got.logs}} {
				require.Len(t, part.got, len(part.want), "%s: %v", part.name, part.got)
				for i := range part.want {
					require.Contains(t, part.got[i], part.want[i], part.name)
					if token != "" {
						require.NotContains(t, part.got[i], token)
					}
				}
			}
		})
	}
}

func TestAClientOfASkippedTestIsNotJudged(t *testing.T) {
	got := watch(t, func(o testing.TB) {
		conformancetest.Client(o)
		o.Skip("no client here")
	})
	require.Empty(t, got.errors)
}

func TestClientSaysWhatWasSentAndWhatCame(t *testing.T) {
	got := watch(t, func(o testing.TB) { call(t, conformancetest.Client(o), "omits-comment") })
	require.Len(t, got.errors, 1)
	for _, part := range []string{"want the member \"Comment\"", "got no such member", "request.comment-required",
		"both documents", "sent", `{"Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`, "400 Bad Request", "replay"} {
		require.True(t, strings.Contains(got.errors[0], part), "want %q in %s", part, got.errors[0])
	}
}
