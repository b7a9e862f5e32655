//go:build pact

package pact

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	logging "github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/provider"

	"fmaspec/conformance"
	"fmaspec/conformance/pactfile"
)

// An Option changes the request to pact-go: a broker, other
// pact files, a filter, more state handlers, the publishing of results. The URL
// of the provider is set afterwards.
type Option func(*provider.VerifyRequest)

// Verify verifies the target by the suite's own pact, or by the pacts of the broker, files,
// folders or URLs that an option or PACT_URL names. Tokens that the target does not name are
// taken from FMASPEC_TOKEN, FMASPEC_UNPRIVILEGED_TOKEN, FMASPEC_SECURITY_ADMIN_TOKEN and
// FMASPEC_GLOBAL_ADMIN_TOKEN. An interaction of the suite's pact for whose state the target
// lacks a token is a skipped subtest. Only certificates and Header of the target's Transport
// are used, and the target must be on this machine, because the requests of a pact take
// effect. Pact-go's proxy listens on every address of the machine and outlives the test. A
// request through it after the test is not forwarded, and before that gets no token unless it
// is from the verifier. The library's usage analytics are off unless PACT_DO_NOT_TRACK is set
// already.
func Verify(t *testing.T, target conformance.Target, options ...Option) {
	t.Helper()
	for _, k := range conformance.Tokens() {
		*k.In(&target) = cmp.Or(*k.In(&target), os.Getenv(k.Env()))
	}
	f, err := newFront(target)
	if err != nil {
		t.Fatalf("pact: %v", err)
	}
	if _, chosen := os.LookupEnv("PACT_DO_NOT_TRACK"); !chosen {
		os.Setenv("PACT_DO_NOT_TRACK", "true")
	}
	quiet()
	r := provider.VerifyRequest{
		Provider:             pactfile.Provider,
		StateHandlers:        f.states(),
		FailIfNoPactsFound:   true,
		DisableColoredOutput: true,
	}
	for _, option := range options {
		option(&r)
	}
	if len(r.PactFiles)+len(r.PactDirs)+len(r.PactURLs) == 0 && r.BrokerURL+os.Getenv("PACT_URL") == "" {
		r.PactFiles = []string{own(t, f)}
	}
	f.start()
	t.Cleanup(f.stop)
	r.ProviderBaseURL = f.url()
	err = provider.NewVerifier().VerifyProvider(t, r)
	for _, problem := range f.sortedProblems() {
		t.Errorf("pact: %s", problem)
	}
	if err == nil && f.asked() == 0 && r.FailIfNoPactsFound {
		t.Error("pact: no request was sent to the target; remove the filter that leaves no interaction, in the " +
			"options or in PACT_DESCRIPTION, PACT_PROVIDER_STATE or PACT_PROVIDER_NO_STATE")
	}
}

// quiet sets the log level of pact-go and the library to errors, unless another level was
// chosen. Otherwise they write six lines per interaction.
func quiet() {
	const level = "ERROR"
	// Setting it again would race with proxies of earlier verifications.
	if os.Getenv("PACT_LOG_LEVEL")+os.Getenv("LOG_LEVEL") == "" && logging.LogLevel() != level {
		logging.SetLogLevel(level)
	}
}

// own writes the suite's pact to a file, without the interactions for which the target lacks a
// state: each of these is a skipped subtest with the reason.
func own(t *testing.T, f *front) string {
	t.Helper()
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		t.Fatalf("pact: %v", err)
	}
	p, err := pactfile.Build(suite, pactfile.V4)
	if err != nil {
		t.Fatalf("pact: %v", err)
	}
	can := p.Interactions[:0:0]
	for _, i := range p.Interactions {
		if lacks := f.lacks(i.States); lacks != "" {
			t.Run(i.Name, func(t *testing.T) { t.Skip(lacks) })
			continue
		}
		rename(&i, cmp.Or(f.target.File, hash()))
		can = append(can, i)
	}
	p.Interactions = can
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		t.Fatalf("pact: %v", err)
	}
	file := filepath.Join(t.TempDir(), "fmaspec.json")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatalf("pact: %v; set TMPDIR to a folder that can be written", err)
	}
	return file
}

// rename replaces the file in the request and response of an interaction, because a server may
// refuse a second action on the same file.
func rename(i *pactfile.Interaction, sha1 string) {
	var asked struct{ Sha1 string }
	if json.Unmarshal(i.Request.Body, &asked) != nil || len(asked.Sha1) != len(sha1) {
		return
	}
	i.Request.Body = bytes.ReplaceAll(i.Request.Body, []byte(asked.Sha1), []byte(sha1))
	i.Response.Body = bytes.ReplaceAll(i.Response.Body, []byte(asked.Sha1), []byte(sha1))
	for _, r := range i.Response.Rules {
		if r.Category != "body" || r.Path != "$.sha1" {
			continue
		}
		for n := range r.Matchers {
			if r.Matchers[n].Match == "regex" {
				r.Matchers[n].Regex = "^(?i:" + sha1 + ")$"
			}
		}
	}
}

// hash returns the hash of a file that does not exist.
func hash() string {
	sum := make([]byte, 20)
	rand.Read(sum) // never fails, see crypto/rand
	return hex.EncodeToString(sum)
}
