//go:build pact

package pact_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/provider"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/pact"
	"fmaspec/conformance/reference"
)

// scenarioVariable names the scenario for a process of its own: Verify fails its
// test, which would be this one.
const scenarioVariable = "FMASPEC_PACT_TEST_SCENARIO"

// faulty is a server with the fault of that name, or the honest one for none.
func faulty(name string) http.Handler {
	if name == "" {
		return honest()
	}
	f, ok := reference.FindFault(name)
	if !ok {
		panic(name + ": no such fault")
	}
	return f.Wrap(honest())
}

// scenarios are verifications that go wrong, or that show something in what they
// print.
func scenarios() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"fault": func(t *testing.T) { pact.Verify(t, target(faulty("drops-id")), only(plain)) },
		"hole":  func(t *testing.T) { pact.Verify(t, target(faulty("needs-no-comment")), only("without Comment")) },
		"good": func(t *testing.T) {
			pact.Verify(t, target(honest()), only("without the role|"+plain))
		},
		"far": func(t *testing.T) { pact.Verify(t, conformance.Target{URL: "https://graph.example"}) },
		"url": func(t *testing.T) { pact.Verify(t, conformance.Target{URL: "http://user:secret@127.0.0.1"}) },
		"nothing": func(t *testing.T) {
			pact.Verify(t, target(honest()), only("no such interaction"))
		},
		"reader": func(t *testing.T) {
			it := target(honest())
			it.UnprivilegedToken = ""
			pact.Verify(t, it, only("without the role|without Authorization"))
		},
		"state": func(t *testing.T) {
			it := target(honest())
			it.UnprivilegedToken = ""
			pact.Verify(t, it, theirs(t), only("without the role"))
		},
		"file": func(t *testing.T) {
			pact.Verify(t, target(honest()),
				func(r *provider.VerifyRequest) { r.PactFiles = []string{"no-such-file.json"} })
		},
		"token": func(t *testing.T) {
			it := target(honest())
			it.TokenSource = func(context.Context) (string, error) { return "", errors.New("the vault is shut") }
			pact.Verify(t, it, only("requestSample accepts a plain request"))
		},
		"elsewhere": func(t *testing.T) {
			server := httptest.NewServer(honest())
			defer server.Close()
			it := target(nil)
			it.URL = server.URL
			pact.Verify(t, it, only("requestSample accepts a plain request"),
				func(r *provider.VerifyRequest) { r.ProviderBaseURL = "http://127.0.0.1:1" })
		},
		"broker": func(t *testing.T) { pact.Verify(t, target(faulty(os.Getenv("FAULT"))), broker) },
	}
}

// theirs is the committed pact as a file, which is verified whole.
func theirs(t *testing.T) pact.Option {
	file, err := filepath.Abs("../../fixtures/pacts/fmaspec.v4.json")
	require.NoError(t, err)
	return func(r *provider.VerifyRequest) { r.PactFiles = []string{file} }
}

// TestScenario is for that other process, and nothing in this one.
func TestScenario(t *testing.T) {
	if scenario := scenarios()[os.Getenv(scenarioVariable)]; scenario != nil {
		scenario(t)
	}
}

// play runs a scenario and returns what it printed.
func play(t *testing.T, scenario string, environment ...string) (said string, failed bool) {
	t.Helper()
	require.Contains(t, scenarios(), scenario)
	c := exec.Command(os.Args[0], "-test.run=^TestScenario$", "-test.v", "-test.timeout=5m")
	c.Env = append(append(os.Environ(), scenarioVariable+"="+scenario), environment...)
	text, err := c.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil {
		require.True(t, ended, "%v", err)
	}
	return string(text), err != nil
}

func TestAVerificationThatFailsSaysWhy(t *testing.T) {
	for _, test := range []struct {
		scenario, why string
		fails         bool
		want          []string
	}{
		{"fault", "a member is missing", true, []string{"Actual map is missing the following keys: id",
			"requestSample/valid/accepts-plain-request", "action.members"}},
		{"hole", "what has to be refused is accepted", true, []string{"refuses a body without Comment",
			"Expected status code 201 to be a 400, 422"}},
		{"good", "all goes well, and then nothing is skipped", false,
			[]string{"--- PASS: TestScenario", "requestSample refuses the token of a user without the role"}},
		{"far", "the target is another machine", true, []string{"pact: graph.example is not loopback, and the " +
			"requests of a pact take effect"}},
		{"url", "the target's URL has a user", true, []string{"pact: the target's URL is not scheme, host and path"}},
		{"nothing", "the filter leaves nothing", true, []string{"pact: no request was sent to the target"}},
		{"reader", "the target has no such token", false,
			[]string{"--- SKIP: TestScenario/requestSample_refuses_the_token_of_a_user_without_the_role",
				"needs the token of a user without the roles; set Target.UnprivilegedToken or " +
					"FMASPEC_UNPRIVILEGED_TOKEN", "refuses a request without Authorization"}},
		{"state", "a pact of somebody else needs a state that the target cannot be in", true,
			[]string{"needs the token of a user without the roles; set Target.UnprivilegedToken"}},
		{"file", "there is no such pact file", true, []string{"no-such-file.json"}},
		{"token", "the source of tokens has none", true, []string{"pact: there is no token: the vault is shut"}},
		{"elsewhere", "an option cannot send the verification somewhere else", false,
			[]string{"--- PASS: TestScenario"}},
	} {
		said, failed := play(t, test.scenario)
		if failed != test.fails {
			t.Errorf("%s, where %s: want failed %v, got %v; it said\n%s", test.scenario, test.why, test.fails, failed,
				said)
		}
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s, where %s: want %q in\n%s", test.scenario, test.why, want, said)
			}
		}
	}
}

func TestNoTokenIsPrintedAtAnyLevel(t *testing.T) {
	for _, scenario := range []string{"good", "fault"} {
		said, _ := play(t, scenario, "PACT_LOG_LEVEL=TRACE")
		for _, secret := range []string{token, unprivileged} {
			if strings.Contains(said, secret) {
				t.Errorf("%s: want no %q in what is printed, got it in %q", scenario, secret, around(said, secret))
			}
		}
		if !strings.Contains(said, "TRACE") {
			t.Errorf("%s: want the most verbose log, got\n%s", scenario, said)
		}
	}
}

func around(text, part string) string {
	at := strings.Index(text, part)
	return text[max(0, at-200):min(len(text), at+200)]
}
