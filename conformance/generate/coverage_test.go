package generate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// The suites that the tests share: a Suite is not changed after Load, and generated cases
// are added to a copy.
var (
	builtIn   = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })
	generated = sync.OnceValues(generatedAnew)
)

func generatedAnew() (generate.Result, error) {
	suite, err := builtIn()
	if err != nil {
		return generate.Result{}, err
	}
	return generate.Coverage(suite)
}

// coverage returns the suite with the generated cases, and these.
func coverage(t testing.TB) (generate.Result, []*conformance.Case) {
	t.Helper()
	out, err := generated()
	require.NoError(t, err)
	return out, madeIn(t, out)
}

// madeIn returns the generated cases.
func madeIn(t testing.TB, out generate.Result) []*conformance.Case {
	t.Helper()
	var made []*conformance.Case
	for _, c := range out.Suite.Cases {
		if c.Generator != "" {
			made = append(made, c)
		}
	}
	require.Len(t, made, out.Cases)
	return made
}

// target is a server that knows every token that the cases need.
func target() conformance.Target {
	const unknown = "0000000000000000000000000000000000000000"
	c := reference.Config{Token: "generated-token-of-a-user", UnprivilegedToken: "generated-token-of-nobody",
		SecurityAdminToken: "generated-token-of-security", GlobalAdminToken: "generated-token-of-global",
		UnknownMachine: unknown}
	return conformance.Target{Handler: reference.New(c), OtherMachine: strings.Repeat("4", 40), Token: c.Token,
		UnprivilegedToken:  c.UnprivilegedToken,
		SecurityAdminToken: c.SecurityAdminToken, GlobalAdminToken: c.GlobalAdminToken, UnknownMachine: unknown,
		InvalidToken: "generated-token-that-expired"}
}

func TestAnHonestServerPassesEveryCase(t *testing.T) {
	out, _ := coverage(t)
	r, err := out.Suite.Run(t.Context(), target(), conformance.Options{Strict: true})
	require.NoError(t, err)
	for _, c := range r.Cases {
		require.Equal(t, record.Passed, c.Outcome, "%s: %s %v", c.ID, c.Reason, c.Findings)
	}
	require.Equal(t, record.Conformant, r.Verdict)
	require.Equal(t, []string{generate.Generator}, r.Suite.Generated)
	v, err := out.Suite.Verify(r, mutate.Prove)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
}

func TestCoverageStaysInItsBudget(t *testing.T) {
	_, made := coverage(t)
	requests := 0
	for _, c := range made {
		requests += len(c.Steps)
	}
	require.LessOrEqual(t, requests, 2500)
	require.Greater(t, requests, 2000)
}

func TestTheSameContractGivesTheSameCases(t *testing.T) {
	_, a := coverage(t)
	again, err := generatedAnew()
	require.NoError(t, err)
	b := madeIn(t, again)
	require.Equal(t, len(a), len(b))
	for i := range a {
		require.Equal(t, a[i].ID, b[i].ID)
		require.Equal(t, a[i].Steps, b[i].Steps)
		require.Equal(t, a[i].Proves, b[i].Proves)
	}
}

// What one operation alone is sent is dealt out: each of them has a part.
func TestSinglesAreDealtOutToTheOperations(t *testing.T) {
	_, made := coverage(t)
	operations := map[string][]string{}
	for _, c := range made {
		operations[c.Name] = append(operations[c.Name], c.Operation)
	}
	alone := map[string]int{}
	for name, of := range operations {
		if len(of) == 1 && !strings.Contains(name, "pairs/") && !strings.Contains(name, "/violations/") {
			alone[of[0]]++
		}
	}
	require.Len(t, alone, 2)
	for operation, n := range alone {
		require.Greater(t, n, 40, operation)
	}
	require.Len(t, operations["coverage/text/comment-tilde"], 1)
	require.Len(t, operations["coverage/header/trace-ids"], 1)
	require.Len(t, operations["coverage/header/cookie"], 2)
}

// The table of groups and the catalogue name the same groups, so that none is left out
// silently.
func TestEveryGroupStandsInTheCatalogueAndMakesCases(t *testing.T) {
	out, made := coverage(t)
	var named, listed []string
	for _, g := range out.Suite.Groups {
		named = append(named, g.Name)
	}
	for _, g := range generate.Groups() {
		listed = append(listed, g.Name)
		require.NotEmpty(t, g.Says, g.Name)
		require.True(t, slices.ContainsFunc(made, func(c *conformance.Case) bool {
			return strings.Contains(c.ID, "/"+generate.Generator+"/"+g.Name+"/")
		}), "the group %s makes no case", g.Name)
	}
	require.ElementsMatch(t, listed, named, "fixtures/requirements/groups.yaml and conformance/generate/groups.go")
}

// What is sent holds exactly the violation that the case is about, or none: by the second
// engine too, of every body as it is sent.
func TestEachBodyHoldsOneViolationOrNone(t *testing.T) {
	out, made := coverage(t)
	plan, err := out.Suite.Plan(t.Context(), target(), conformance.Options{Seed: "1"})
	require.NoError(t, err)
	bodies := map[string][]record.Body{}
	for _, r := range plan.Requests {
		bodies[r.Case] = append(bodies[r.Case], r.Request.Body)
	}
	second := secondEngine(t, "action-request")
	counts := map[string]int{}
	for _, c := range made {
		last := len(c.Steps) - 1
		body := []byte(bodies[c.ID][last])
		group := strings.Split(c.Name, "/")[1]
		if chunked(c.Steps[last]) {
			body = unchunked(t, body)
		}
		valid := json.Valid(body)
		switch step := c.Steps[last]; {
		case group == "grammar":
			require.False(t, valid, "%s: %s", c.ID, body)
			counts["no JSON"]++
		case step.Expect == conformance.Accepted:
			require.True(t, valid, c.ID)
			require.Empty(t, second(body), "%s: %.200s", c.ID, body)
			counts["valid"]++
		case slices.ContainsFunc(c.Proves, func(id string) bool {
			return id == "request.sha1-format" || id == "request.comment-blank" || strings.HasSuffix(id, "-string") ||
				strings.HasSuffix(id, "-required")
		}):
			require.True(t, valid, c.ID)
			require.NotEmpty(t, second(body), "%s: %.200s", c.ID, body)
			counts["one violation"]++
		}
	}
	require.Greater(t, counts["valid"], 700, counts)
	require.Greater(t, counts["one violation"], 400, counts)
	require.Greater(t, counts["no JSON"], 100, counts)
}

func chunked(s conformance.Step) bool {
	return slices.ContainsFunc(s.Header,
		func(f record.Field) bool { return strings.EqualFold(f.Name, "Transfer-Encoding") })
}

// unchunked decodes a body; it is what a recipient by the grammar of RFC 9112 7.1 reads.
func unchunked(t *testing.T, body []byte) (out []byte) {
	t.Helper()
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		require.True(t, found, "%q", body)
		size, _, _ := strings.Cut(string(line), ";")
		var n int
		_, err := fmt.Sscanf(size, "%x", &n)
		require.NoError(t, err)
		if n == 0 {
			return out
		}
		out, body = append(out, rest[:n]...), rest[n:]
		require.True(t, bytes.HasPrefix(body, []byte("\r\n")), "%q", body)
		body = body[2:]
	}
}

// A fault that no written case meets is caught by the group that is about it.
func TestAConditionThatNobodyWroteDownIsMet(t *testing.T) {
	out, _ := coverage(t)
	written, err := builtIn()
	require.NoError(t, err)
	honest := target()
	honest.Handler = failsFor(honest.Handler, func(body string) bool {
		return strings.Contains(body, "\u2028") && len(body) > 400
	})
	r, err := written.Run(context.Background(), honest, conformance.Options{Strict: true})
	require.NoError(t, err)
	require.Equal(t, record.Conformant, r.Verdict)
	r, err = out.Suite.Run(context.Background(), honest, conformance.Options{Strict: true})
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, r.Verdict)
	shown := map[string]int{}
	for _, c := range r.Cases {
		if len(c.Findings) > 0 {
			shown[strings.Split(c.ID, "/")[2]]++
		}
	}
	require.Positive(t, shown["pairs"], shown)
	delete(shown, "pairs")
	delete(shown, "violations") // where the two conditions meet too
	delete(shown, "open-pairs")
	require.Empty(t, shown)
}

// What a server may refuse meets what it has to take, and each kind of violation.
func TestAFormThatMayBeRefusedMeetsTheOthers(t *testing.T) {
	out, _ := coverage(t)
	plain := target()
	for name, row := range map[string]struct {
		folder string
		fails  func(*http.Request, string) bool
	}{
		"a query and a reversed body": {"open-pairs", func(r *http.Request, body string) bool {
			return r.URL.RawQuery == "a=b" && strings.HasPrefix(body, `{"Sha1"`) && strings.Contains(body, `, "Comment": "`)
		}},
		"HTTP/1.0 and quotes": {"open-pairs", func(r *http.Request, body string) bool {
			return r.ProtoMinor == 0 && strings.Contains(body, `\"quoted`)
		}},
		"an origin and no Comment": {"open-violations", func(r *http.Request, body string) bool {
			return r.Method == http.MethodPost && r.Header.Get("Origin") == "http://other.example" &&
				!strings.Contains(body, "omment") &&
				!strings.Contains(body, `\u`)
		}},
	} {
		faulty := plain
		faulty.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if row.fails(r, string(body)) {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			plain.Handler.ServeHTTP(w, r)
		})
		r, err := out.Suite.Run(t.Context(), faulty, conformance.Options{Strict: true})
		require.NoError(t, err)
		require.Equal(t, record.NotConformant, r.Verdict, name)
		for _, c := range r.Cases {
			if len(c.Findings) > 0 {
				require.Equal(t, row.folder, strings.Split(c.ID, "/")[2], "%s: %s", name, c.ID)
			}
		}
	}
}

// A server that accepts a violation anyhow is reported for the request that holds it alone.
func TestAViolationThatIsAcceptedAloneIsReportedOnce(t *testing.T) {
	out, _ := coverage(t)
	server := target()
	honest := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var members map[string]any
		if json.Unmarshal(body, &members) == nil && members["Comment"] == nil && members["Sha1"] != nil {
			members["Comment"] = "none was given"
			body, _ = json.Marshal(members)
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			r.ContentLength = int64(len(body))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		honest.ServeHTTP(w, r)
	})
	r, err := out.Suite.Run(t.Context(), server, conformance.Options{})
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, r.Verdict)
	for _, c := range r.Cases {
		if strings.Contains(c.ID, "/violations/") {
			require.Empty(t, c.Findings, c.ID)
		}
		if strings.Contains(c.ID, "/violations/") && strings.HasSuffix(c.ID, "-comment") {
			require.Equal(t, record.Inconclusive, c.Outcome, c.ID)
			require.Contains(t, c.Reason, "was accepted too")
		}
	}
}

// A server that reads JSON of any media type breaks what is inferred about media types, and nothing
// else, also in sequences.
func TestAMediaTypeThatIsReadAnywayIsChargedToThatAlone(t *testing.T) {
	out, _ := coverage(t)
	server := target()
	honest := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			r.Header.Set("Content-Type", "application/json")
		}
		honest.ServeHTTP(w, r)
	})
	r, err := out.Suite.Run(t.Context(), server, conformance.Options{Run: "media-type|same-violations|content-type"})
	require.NoError(t, err)
	found := 0
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			require.Contains(t, []string{"refusal.media-type", "state.isolated"}, f.Requirement, "%s: %+v", c.ID, f)
			found++
		}
	}
	require.Positive(t, found)
	require.Equal(t, record.Conformant, r.Verdict)
}

// A slow target is judged by the written cases, and by as many generated ones as there is
// time for.
func TestGeneratedCasesTakeNoLongerThanTheyMay(t *testing.T) {
	out, made := coverage(t)
	var ticks atomic.Int64
	began := time.Now()
	r, err := out.Suite.Run(t.Context(), target(), conformance.Options{Parallel: 1, Now: func() time.Time {
		return began.Add(time.Duration(ticks.Add(1)) * 20 * time.Millisecond)
	}})
	require.NoError(t, err)
	sent, left := 0, 0
	for _, c := range r.Cases {
		switch generated := c.File == ""; {
		case len(c.Exchanges) > 0 && generated:
			sent++
		case len(c.Exchanges) == 0:
			require.True(t, generated, c.ID)
			require.Equal(t, record.Skipped, c.Outcome)
			require.Contains(t, c.Reason, "as long as they may")
			left++
		}
	}
	require.Positive(t, sent)
	require.Positive(t, left)
	require.Equal(t, len(made), sent+left)
	require.Equal(t, record.Conformant, r.Verdict)
	require.Contains(t, r.Reason, "were not sent, since the generated ones had taken as long as they may")
	v, err := out.Suite.Verify(r, mutate.Prove)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
}

// RFC 9112 6.2: a sender gives no length with chunks.
func TestNoAcceptedRequestHasALengthAndChunks(t *testing.T) {
	_, cases := coverage(t)
	for _, c := range cases {
		for _, step := range c.Steps {
			lengths := record.HeaderValues(step.Header, "Content-Length")
			given := slices.DeleteFunc(lengths, func(v string) bool { return v == httpfile.None })
			if step.Expect == conformance.Accepted && record.HasHeader(step.Header, "Transfer-Encoding") {
				require.Empty(t, given, c.ID)
			}
		}
	}
}
