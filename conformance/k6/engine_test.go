package k6_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/k6"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/reference"
)

// engine is the variable of the environment that names a k6 to test with; make k6 sets it.
const engine = "FMASPEC_K6"

// Exit codes of k6.
const (
	kept    = 0
	missed  = 99  // a threshold is not kept
	refused = 107 // the script threw an error
)

// What the servers know.
const (
	token         = "k6-token-of-a-user-who-may"
	unprivileged  = "k6-token-of-a-user-who-may-not"
	securityAdmin = "k6-token-of-a-security-administrator"
	globalAdmin   = "k6-token-of-a-global-administrator"
	invalid       = "k6-token-of-nobody"
	unknown       = "0000000000000000000000000000000000000000"
	other         = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"
)

// settings are those with which every case is sent once and judged by all levels.
func settings() map[string]string {
	return map[string]string{"TOKEN": token, "UNPRIVILEGED_TOKEN": unprivileged, "SECURITY_ADMIN_TOKEN": securityAdmin,
		"GLOBAL_ADMIN_TOKEN": globalAdmin, "INVALID_TOKEN": invalid, "UNKNOWN_MACHINE": unknown, "OTHER_MACHINE": other,
		"ITERATIONS": "all", "VUS": "2", "LEVEL": "inferred"}
}

func with(changes ...string) map[string]string {
	out := settings()
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

// A summary is what handleSummary writes.
type summary struct {
	Answers          struct{ Judged, Unjudged int }
	Checks           struct{ Passes, Fails int }
	ThresholdsMissed []string `json:"thresholds_missed"`
	Failed           []struct{ Case, Requirement, Level, Check string }
	Skipped          []struct{ Case, Why string }
}

// broken are the checks that failed, each with its requirement.
func (s summary) broken() (out []string) {
	for _, f := range s.Failed {
		out = append(out, f.Requirement+" ("+f.Check+")")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tried returns the k6 to test with.
func tried(t *testing.T) string {
	t.Helper()
	name := os.Getenv(engine)
	if name == "" {
		t.Skip(engine + " names no k6; make k6 builds one and runs this test")
	}
	return name
}

// served returns the URL of the reference server with a change.
func served(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	handler := wrap(reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin, UnknownMachine: unknown}))
	server := httptest.NewUnstartedServer(handler)
	if below, is := handler.(reference.Listening); is {
		server.Listener = below.Listen(server.Listener)
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// run runs the script.
func run(t *testing.T, script []byte, at string, settings map[string]string, flags ...string) (code int, s summary,
	said string) {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, k6.FileName)
	require.NoError(t, os.WriteFile(file, script, 0o644))
	report := filepath.Join(folder, "summary.json")
	cmd := exec.CommandContext(t.Context(), tried(t), slices.Concat([]string{"run", "--quiet", "--no-color",
		"--address", ""}, flags, []string{file})...)
	cmd.Dir = folder
	cmd.Env = []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), "K6_NO_USAGE_REPORT=true", "SUMMARY=" + report,
		"NO_PROXY=*"}
	if at != "" {
		cmd.Env = append(cmd.Env, "BASE_URL="+at)
	}
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	text, err := os.ReadFile(report)
	require.NoError(t, err, "%s", out)
	require.NoError(t, json.Unmarshal(text, &s))
	for _, secret := range []string{token, unprivileged, securityAdmin, globalAdmin, invalid} {
		require.NotContains(t, string(out)+string(text), secret)
	}
	return cmd.ProcessState.ExitCode(), s, string(out)
}

func plain(h http.Handler) http.Handler { return h }

func TestK6FindsNothingOnTheReferenceServer(t *testing.T) {
	tried(t)
	_, script := built(t)
	code, s, said := run(t, script.Text, served(t, plain), settings())
	require.Equal(t, kept, code, said)
	require.Empty(t, s.Failed, said)
	require.Empty(t, s.Skipped)
	require.Zero(t, s.Answers.Unjudged)
	require.GreaterOrEqual(t, s.Answers.Judged, len(script.Cases))
	require.Greater(t, s.Checks.Passes, 5*len(script.Cases))
	require.Contains(t, said, "every threshold is kept")
}

// A case whose token is not given is skipped, and the summary says so.
func TestK6SkipsWhatNeedsMore(t *testing.T) {
	tried(t)
	_, script := built(t)
	code, s, said := run(t, script.Text, served(t, plain), map[string]string{"TOKEN": token, "ITERATIONS": "all"})
	require.Equal(t, kept, code, said)
	require.NotEmpty(t, s.Skipped)
	for _, skipped := range s.Skipped {
		require.Regexp(t, "^it needs ", skipped.Why)
	}
}

// The open model, the closed one, and a gate on the time.
func TestK6KeepsTheModelsAndTheGate(t *testing.T) {
	tried(t)
	_, script := built(t)
	at := served(t, plain)
	code, s, said := run(t, script.Text, at, with("ITERATIONS", "", "RATE", "50", "DURATION", "2s"))
	require.Equal(t, kept, code, said)
	require.InDelta(t, 105, s.Answers.Judged, 40)
	code, s, said = run(t, script.Text, at, with("ITERATIONS", "", "DURATION", "1s"))
	require.Equal(t, kept, code, said)
	require.NotZero(t, s.Answers.Judged)
	code, s, _ = run(t, script.Text, at, with("P99", "0.000001"))
	require.Equal(t, missed, code)
	require.Equal(t, []string{"http_req_duration p(99)<0.000001"}, s.ThresholdsMissed)
	require.Empty(t, s.Failed)
}

// A server that is too busy, or not there, breaks no contract, and the run does not pass either.
func TestK6DoesNotBlameAServerThatDoesNotAnswer(t *testing.T) {
	tried(t)
	_, script := built(t)
	for _, wrap := range []func(http.Handler) http.Handler{
		func(http.Handler) http.Handler { return http.HandlerFunc(busy) },
		func(http.Handler) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		},
	} {
		code, s, said := run(t, script.Text, served(t, wrap), with("ITERATIONS", "20"))
		require.Equal(t, missed, code, said)
		require.Empty(t, s.Failed)
		require.Zero(t, s.Answers.Judged)
		require.GreaterOrEqual(t, s.Answers.Unjudged, 20)
		require.Equal(t, []string{"judged rate>=1"}, s.ThresholdsMissed)
	}
}

func busy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

// Without its settings a script sends nothing.
func TestK6SendsNothingWhereASettingIsWrong(t *testing.T) {
	tried(t)
	_, script := built(t)
	sent := &seen{}
	at := served(t, sent.wrap)
	for _, row := range []struct {
		says, at string
		settings map[string]string
	}{
		{"BASE_URL: it is missing", "", settings()},
		{"TOKEN: it is missing", at, with("TOKEN", "")},
		{"LEVEL: there is no level low", at, with("LEVEL", "low")},
		{"ACCEPT_RISK: there is no operation nothing", at, with("ACCEPT_RISK", "nothing")},
		{"no case is left to send", at, with("RUN", "^nothing$")},
	} {
		code, _, said := run(t, script.Text, row.at, row.settings)
		require.Equal(t, refused, code, said)
		require.Contains(t, said, row.says)
	}
	require.Empty(t, sent.bodies)
}

// seen keeps what a server was sent.
type seen struct {
	mu            sync.Mutex
	paths, bodies []string
}

func (s *seen) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		s.paths, s.bodies = append(s.paths, r.URL.Path), append(s.bodies, string(body))
		s.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// Elsewhere than on this machine nothing takes effect that was not allowed by name and number.
func TestK6LetsNothingTakeEffectThatWasNotAllowed(t *testing.T) {
	tried(t)
	suite, script := built(t)
	operation := suite.Operations[0].ID
	const machine, file = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	elsewhere := func(t *testing.T, s *seen) (at string, flags []string) {
		u, err := url.Parse(served(t, s.wrap))
		require.NoError(t, err)
		config := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(config, []byte(`{"hosts": {"server.test": "127.0.0.1"}}`), 0o644))
		return "http://server.test:" + u.Port(), []string{"--config", config}
	}
	remote := func(changes ...string) map[string]string {
		return with(append([]string{"ITERATIONS", "", "RATE", "100", "DURATION", "3s", "OTHER_MACHINE", "", "LEVEL",
			"documented"}, changes...)...)
	}
	named := func(s *seen) (machines, files int) {
		for i, path := range s.paths {
			if strings.Contains(path, machine) {
				machines++
			}
			if strings.Contains(strings.ToLower(s.bodies[i]), file) {
				files++
			}
		}
		return machines, files
	}
	armed := []string{"MACHINE", machine, "SHA1", file}

	t.Run("no rate", func(t *testing.T) {
		s := &seen{}
		at, flags := elsewhere(t, s)
		code, _, said := run(t, script.Text, at, remote("RATE", ""), flags...)
		require.Equal(t, refused, code, said)
		require.Contains(t, said, "is not loopback; give RATE")
		require.Empty(t, s.paths)
	})
	t.Run("nothing is allowed", func(t *testing.T) {
		s := &seen{}
		at, flags := elsewhere(t, s)
		code, sum, said := run(t, script.Text, at, remote(armed...), flags...)
		require.Equal(t, kept, code, said)
		require.NotEmpty(t, s.paths)
		machines, files := named(s)
		require.Zero(t, machines+files, "a request that is to be refused names what is made up")
		for _, skipped := range sum.Skipped {
			require.Regexp(t, "^it (would take effect|needs)", skipped.Why)
		}
	})
	t.Run("too small a budget", func(t *testing.T) {
		s := &seen{}
		at, flags := elsewhere(t, s)
		code, _, said := run(t, script.Text, at, remote(append(armed, "ACCEPT_RISK", operation, "BUDGET", "10")...),
			flags...)
		require.Equal(t, refused, code, said)
		require.Contains(t, said, "requests would take effect at http://server.test")
		require.Empty(t, s.paths)
	})
	t.Run("no file", func(t *testing.T) {
		s := &seen{}
		at, flags := elsewhere(t, s)
		_, sum, said := run(t, script.Text, at, remote("MACHINE", machine, "ACCEPT_RISK", operation), flags...)
		machines, _ := named(s)
		require.Zero(t, machines, said)
		require.Contains(t, fmt.Sprint(sum.Skipped), "MACHINE or SHA1 is missing")
	})
	t.Run("one operation is allowed", func(t *testing.T) {
		s := &seen{}
		at, flags := elsewhere(t, s)
		code, _, said := run(t, script.Text, at, remote(append(armed, "ACCEPT_RISK", operation, "BUDGET", "100000")...),
			flags...)
		require.Equal(t, kept, code, said)
		machines, files := named(s)
		require.NotZero(t, machines)
		require.NotZero(t, files)
		for i, path := range s.paths {
			if strings.Contains(path, machine) {
				require.Equal(t, suite.Operations[0].PathFor(machine), path)
				require.Contains(t, strings.ToLower(s.bodies[i]), file)
			}
		}
	})
}

// quickVariants are conforming servers that differ in what the script judges.
func quickVariants() []string {
	return []string{
		"extra-members", "pretty-printed-with-crlf", "raw-unicode", "context-of-other-host", "upper-case-hashes",
		"upper-case-id", "comment-empty", "times-in-small-letters", "no-instances", "500-for-hostile-json",
		"refuses-file-under-way", "one-connection-at-a-time", "text-refusals", "null-error",
		"quoted-upper-case-charset", "times-without-fraction", "xml-refusals",
	}
}

// every has all conforming servers judged, which takes minutes.
const every = "FMASPEC_K6_VARIANTS"

func TestK6FindsNothingOnConformingServers(t *testing.T) {
	tried(t)
	_, script := built(t)
	count := 0
	for _, v := range reference.Variants() {
		if os.Getenv(every) == "" && !slices.Contains(quickVariants(), v.Name) {
			continue
		}
		count++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			set := settings()
			if len(v.Deviates) > 0 {
				set["LEVEL"] = "standard"
			}
			if v.Name == "one-connection-at-a-time" {
				set["VUS"] = "1" // another would wait for its connection
			}
			code, s, said := run(t, script.Text, served(t, v.Wrap), set)
			require.Empty(t, s.Failed, said)
			require.Equal(t, kept, code, said)
		})
	}
	require.GreaterOrEqual(t, count, 12)
}

// sampledFaults are 40 faults. They were drawn by a hash of their names, from those that show at every
// request and that no client has to wait for, so that the script was not written for them.
func sampledFaults() []string {
	return []string{
		"sends-number", "sends-empty-array", "repeats-a-member-escaped", "refuses-missing-token-with-500",
		"refuses-missing-host-with-421", "refuses-missing-token-with-501", "refuses-surrogate-pairs",
		"booleans-requestor-comment", "booleans-odata-context", "takes-text-plain", "errs-with-environment",
		"errs-with-proc-path", "refuses-missing-token-with-503", "writes-undefined", "refuses-token-and-acts",
		"challenges-with-colon", "takes-two-hosts", "drops-id", "booleans-requestor", "breaks-after-times",
		"takes-array-body", "cuts-a-character", "takes-truncated-object", "hides-an-instance",
		"answers-machine-id-of-connection", "offsets-times-by-nothing", "takes-single-quotes",
		"refuses-unicode-escapes", "crashes-on-letter-case-of-path", "blanks-for-t", "challenges-with-bare-realm",
		"counts-time-down", "takes-short-sha1", "snakes-names", "errs-with-token-in-header", "has-two-clocks",
		"crashes-on-array-body", "allows-lookalike", "numbers-times", "forgets-a-comma",
	}
}

// sides says why the script does not have a check of the suite.
func sides() map[string]string {
	const between = "it compares answers, and the script judges each by itself"
	return map[string]string{
		"ids-fresh": between, "machine-same": between, "machine-differs": between, "requestor-same": between,
		"times-monotone": between, "own-input": between,
		"challenge-form":   "the script looks for the scheme, and does not read the grammar of challenges",
		"error-inside":     "the script looks for the token, and not for traces of runtimes and machines",
		"utf-8":            "k6 replaces bytes that are no UTF-8 before the script sees them",
		"answer-complete":  "the client of k6 reads the framing in its own way",
		"coding-asked-for": "k6 undoes codings before the script sees them",
	}
}

// A foundRow is the outcome of a fault.
type foundRow struct{ name, level, suite, k6 string }

func TestTheTableOfDocsIsCurrent(t *testing.T) {
	tried(t)
	suite, script := built(t)
	proven, checks := column(t, "matrix.golden", 2), column(t, "matrix.golden", 3)
	killers := column(t, "killers.golden", 1)
	faults := sampledFaults()
	rows := make([]foundRow, len(faults))
	t.Run("faults", func(t *testing.T) {
		for i, name := range faults {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f, is := reference.FindFault(name)
				require.True(t, is, "there is no such fault; draw another")
				row := foundRow{name: name, level: mutate.Level(suite, f), suite: proven[name]}
				code, s, said := run(t, script.Text, served(t, f.Wrap), settings())
				// A fault is found for a requirement that it breaks.
				var right []string
				for _, b := range s.broken() {
					if id, _, _ := strings.Cut(b, " "); slices.Contains(f.Breaks, id) {
						right = append(right, b)
					}
				}
				switch {
				case len(right) > 0:
					require.Equal(t, missed, code, said)
					row.k6 = "`" + strings.Join(right, "`, `") + "`"
				case len(s.Failed) > 0:
					t.Fatalf("k6 blames the server for what it does not do: want one of %s, got %s", f.Breaks,
						s.broken())
				case s.Answers.Unjudged > 0:
					require.Equal(t, missed, code, said)
					row.k6 = "only as answers that say nothing (`judged`)"
				default:
					require.Equal(t, kept, code, said)
					row.k6 = "no: " + why(t, script, strings.Split(checks[name], ","), killers[name])
				}
				rows[i] = row
			})
		}
	})
	if t.Failed() {
		return
	}
	writeTable(t, rows)
}

// why says why k6 does not find a fault: by the checks and the case that find it.
func why(t *testing.T, script *k6.Script, checks []string, killer string) string {
	for _, check := range checks {
		if side := sides()[check]; side != "" {
			return "`" + check + "`: " + side
		}
	}
	for _, o := range script.LeftOut {
		if o.Case == killer {
			return "`" + killer + "` is left out: " + o.Why
		}
	}
	t.Errorf("nothing says why k6 does not find it; the suite does by the checks %s and the case %s: mend the "+
		"script, or add a row to sides", checks, killer)
	return ""
}

// writeTable compares the table of the page with the rows, or writes it.
func writeTable(t *testing.T, rows []foundRow) {
	t.Helper()
	const page, begin, end = "../../docs/k6.md", "<!-- k6:begin -->\n", "<!-- k6:end -->"
	count := map[string]int{}
	slices.SortStableFunc(rows, func(a, b foundRow) int { return cmp.Compare(a.level, b.level) })
	var b strings.Builder
	b.WriteString("| fault | level | the suite finds | k6 finds |\n|---|---|---|---|\n")
	levels := map[string][2]int{}
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", r.name, r.level, strings.ReplaceAll(r.suite, ",", "`, `"), r.k6)
		n := levels[r.level]
		n[1]++
		if strings.HasPrefix(r.k6, "`") {
			n[0]++
			count["found"]++
		}
		levels[r.level] = n
	}
	var parts []string
	for _, level := range []string{"documented", "standard", "inferred"} {
		parts = append(parts, fmt.Sprintf("%d of %d %s", levels[level][0], levels[level][1], level))
	}
	text := fmt.Sprintf("Of %d faults, each of which the suite finds, k6 finds %d: %s ones.\n\n%s", len(rows),
		count["found"], strings.Join(parts, ", "), b.String())
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	require.True(t, found && closed, "%s has no place for the table", page)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+text+end+after), 0o644))
		return
	}
	require.Equal(t, old, text, "%s is stale; run make k6 TESTFLAGS=-update, and review it", page)
}

// column returns a column of a golden file of package mutate by the name of the fault.
func column(t *testing.T, file string, n int) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "mutate", "testdata", file))
	require.NoError(t, err)
	defer f.Close()
	out := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); !strings.HasPrefix(lines.Text(), "#") && len(fields) > n {
			out[fields[0]] = fields[n]
		}
	}
	require.NotEmpty(t, out)
	return out
}
