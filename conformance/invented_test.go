package conformance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// invented is a contract that has nothing in common with that of the two documents.
func invented() conformance.Contract {
	return conformance.Contract{
		OpenAPI:  os.DirFS("testdata/invented/openapi"),
		Schemas:  os.DirFS("testdata/invented/schemas"),
		Fixtures: os.DirFS("testdata/invented/fixtures"),
	}
}

// A depot is a server of the invented contract.
type depot struct {
	mu    sync.Mutex
	tasks int
	fault depotFault
}

// A depotFault is one way in which a depot breaks its contract.
type depotFault struct {
	name, breaks string
	task         func(n int, task map[string]any)                            // changes the answer to an accepted order
	respond      func(status int, body map[string]any) (int, map[string]any) // changes any answer
	careless     bool                                                        // accepts orders without credentials
	hasty        bool                                                        // accepts orders without reason
}

func set(name string, value any) func(int, map[string]any) {
	return func(_ int, task map[string]any) { task[name] = value }
}

func depotFaults() []depotFault {
	var first any // parcel that was ordered
	return []depotFault{
		{name: "drops a member", breaks: "task.members",
			task: func(_ int, task map[string]any) { delete(task, "clerk") }},
		{name: "sends a number", breaks: "task.members", task: set("clerk", 7)},
		{name: "names another operation", breaks: "task.kind", task: set("kind", "Burn")},
		{name: "writes no instant", breaks: "task.times", task: set("due", "tomorrow")},
		{name: "repeats another parcel", breaks: "task.parcel", task: set("parcel", "another")},
		{name: "repeats the parcel in capitals", breaks: "task.parcel", task: func(_ int, task map[string]any) {
			task["parcel"] = strings.ToUpper(task["parcel"].(string))
		}},
		{name: "repeats another reason", breaks: "task.reason", task: set("reason", "none")},
		{name: "writes another label", breaks: "task.label", task: set("label", "a label")},
		{name: "is in no known state", breaks: "task.state", task: set("state", "Lost")},
		{name: "has a step in no known state", breaks: "task.state",
			task: set("steps", []any{map[string]any{"state": "Queued"}, map[string]any{"state": "Lost"}})},
		{name: "names no clerk", breaks: "task.clerk", task: set("clerk", " ")},
		{name: "opened long ago", breaks: "task.window", task: set("opened", "2019-12-31T23:59:59Z")},
		{name: "opens in the future", breaks: "task.window", task: func(_ int, task map[string]any) {
			task["opened"] = time.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339)
			task["due"] = task["opened"]
		}},
		{name: "was due before it was opened", breaks: "task.order", task: set("due", "2020-01-01T00:00:00Z")},
		{name: "gives all one number", breaks: "task.fresh", task: set("number", "T-1")},
		{name: "writes fractions now and then", breaks: "task.seconds", task: func(n int, task map[string]any) {
			if n%2 == 0 {
				task["due"] = "2099-01-01T00:00:00.5Z"
			}
		}},
		{name: "has a key for each task", breaks: "task.depot",
			task: func(n int, task map[string]any) { task["depotKey"] = fmt.Sprint("key ", n) }},
		{name: "has one key for all depots", breaks: "task.depots", task: set("depotKey", "the key")},
		{name: "has a clerk for each task", breaks: "task.clerks",
			task: func(n int, task map[string]any) { task["clerk"] = fmt.Sprint("clerk ", n) }},
		{name: "opens each task before the one that came before it", breaks: "task.later",
			task: func(n int, task map[string]any) {
				task["opened"] = time.Now().Add(-time.Duration(n) * time.Hour).UTC().Format(time.RFC3339)
			}},
		{name: "answers another status of success", breaks: "order.answered",
			respond: func(status int, body map[string]any) (int, map[string]any) {
				if status == http.StatusAccepted {
					status = http.StatusCreated
				}
				return status, body
			}},
		{name: "serves nothing", breaks: "order.served", respond: func(int, map[string]any) (int, map[string]any) {
			return http.StatusNotFound, map[string]any{"trouble": map[string]any{"name": "NoSuchPath"}}
		}},
		{name: "accepts orders without reason", breaks: "order.object", hasty: true},
		{name: "accepts orders without credentials", breaks: "order.signed", careless: true},
		{name: "refuses with another status", breaks: "order.refusal",
			respond: func(status int, body map[string]any) (int, map[string]any) {
				if status == http.StatusUnprocessableEntity {
					status = http.StatusTeapot
				}
				return status, body
			}},
		{name: "names no trouble", breaks: "trouble.named", respond: func(status int, body map[string]any) (int,
			map[string]any) {
			if status >= 400 {
				body = map[string]any{"trouble": map[string]any{}}
			}
			return status, body
		}},
		{name: "mixes orders up", breaks: "order.alone", task: func(_ int, task map[string]any) {
			if first == nil {
				first = task["parcel"]
			}
			task["memo"] = first
		}},
	}
}

// depotFindings are what findings of some checks say, as expressions: wanted, and got.
func depotFindings() map[string][2]string {
	return map[string][2]string{
		"task-reason": {`^the request's reason, "fmaspec-[0-9a-f]+"$`, `^"none"$`},
		"task-label":  {`^the value of parcel, ".+"$`, `^".+"$`},
		"task-depot":  {`^"key \d+", as [a-z]+Parcel/\S+ got for the same machine$`, `^"key \d+"$`},
		"task-depots": {`^another value than for another machine$`,
			`^"the key", which [a-z]+Parcel/\S+ got for the machine [0-9a-z-]+$`},
	}
}

// ServeHTTP answers an order as the contract says, or as the fault has it.
func (d *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	status, answer := d.answer(r, body)
	if d.fault.respond != nil {
		status, answer = d.fault.respond(status, answer)
	}
	text, _ := json.Marshal(answer)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

func (d *depot) answer(r *http.Request, body []byte) (int, map[string]any) {
	refused := func(status int, name string) (int, map[string]any) {
		return status, map[string]any{"trouble": map[string]any{"name": name}}
	}
	kinds := map[string]string{"weighing": "Weigh", "sealing": "Seal", "return": "Return"}
	parts := strings.Split(r.URL.Path, "/") // "", depots, ID, parcels, KIND
	switch {
	case len(parts) != 5 || kinds[parts[4]] == "":
		return refused(http.StatusNotFound, "NoSuchPath")
	case r.Method != http.MethodPut:
		return refused(http.StatusMethodNotAllowed, "NoSuchMethod")
	case r.Header.Get("Authorization") == "" && !d.fault.careless:
		return refused(http.StatusUnauthorized, "NoCredentials")
	}
	var order struct{ Parcel, Reason string }
	if json.Unmarshal(body, &order) != nil || order.Parcel == "" || order.Reason == "" && !d.fault.hasty {
		return refused(http.StatusUnprocessableEntity, "NoOrder")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tasks++
	now := time.Now().UTC()
	task := map[string]any{
		"number": fmt.Sprint("T", d.tasks, "-", now.UnixNano()), "kind": kinds[parts[4]], "parcel": order.Parcel,
		"label":    strings.ToUpper(order.Parcel),
		"depotKey": "key of " + parts[2], "state": "Queued", "clerk": "Ada", "opened": now.Format(time.RFC3339),
		"due": now.Add(time.Hour).Format(time.RFC3339), "reason": order.Reason,
		"steps": []any{map[string]any{"state": "Moving"}},
	}
	if d.fault.task != nil {
		d.fault.task(d.tasks, task)
	}
	return http.StatusAccepted, task
}

func TestAnInventedContractIsJudgedFromItsFilesAlone(t *testing.T) {
	t.Parallel()
	suite, err := conformance.Load(invented())
	require.NoError(t, err)
	require.Len(t, suite.Operations, 3)
	require.Equal(t, []string{"returnParcel", "sealParcel", "weighParcel"},
		[]string{suite.Operations[0].ID, suite.Operations[1].ID, suite.Operations[2].ID})
	builtIn := load(t)
	require.NotEqual(t, builtIn.Contract, suite.Contract)
	require.NotEqual(t, builtIn.Fixtures, suite.Fixtures)
	require.Equal(t, []int{http.StatusAccepted}, suite.Case("sealParcel/valid/accepts-order").Steps[0].Statuses)

	judge := func(fault depotFault) *record.Report {
		r, err := suite.Run(t.Context(), conformance.Target{Handler: &depot{fault: fault}, Token: "a-token-of-a-clerk"},
			conformance.Options{Strict: true})
		require.NoError(t, err, fault.name)
		return r
	}
	r := judge(depotFault{})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	for _, c := range r.Cases {
		require.Equal(t, record.Passed, c.Outcome, "%s: %s %v", c.ID, c.Reason, c.Findings)
	}
	caught := map[string]bool{}
	for _, fault := range depotFaults() {
		r := judge(fault)
		require.Equal(t, record.NotConformant, r.Verdict, "%s: %s", fault.name, r.Reason)
		require.Contains(t, broken(r), fault.breaks, fault.name)
		for _, c := range r.Cases {
			for _, f := range c.Findings {
				require.NotNil(t, suite.Requirement(f.Requirement), "%s: %s charges %s, which is none of the contract",
					fault.name, f.Check, f.Requirement)
			}
		}
		caught[fault.breaks] = true
		for _, c := range r.Cases {
			for _, f := range c.Findings {
				if want := depotFindings()[f.Check]; want[0] != "" {
					require.Regexp(t, want[0], f.Want, f.Check)
					require.Regexp(t, want[1], f.Got, f.Check)
				}
			}
		}
	}
	for _, q := range suite.Requirements {
		require.True(t, caught[q.ID], "no fault breaks %s", q.ID)
	}
	v, err := suite.Verify(r)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
}

func TestAnInventedRefusalSaysThatATaskIsOpen(t *testing.T) {
	t.Parallel()
	suite, err := conformance.Load(invented())
	require.NoError(t, err)
	for name, want := range map[string]record.Verdict{"TaskIsOpen": record.Unjudged,
		"TaskIsClosed": record.NotConformant} {
		open := depotFault{name: name, respond: func(status int, body map[string]any) (int, map[string]any) {
			if status == http.StatusAccepted {
				return http.StatusBadRequest, map[string]any{"trouble": map[string]any{"name": name}}
			}
			return status, body
		}}
		target := conformance.Target{Handler: &depot{fault: open}, Token: "a-token-of-a-clerk",
			File: strings.Repeat("ab", 20)}
		r, err := suite.Run(t.Context(), target, conformance.Options{Run: "^sealParcel/valid"})
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict, "%s: %s", name, r.Reason)
	}
}

// A contract is refused with the file that is at fault and what to do.
func TestLoadRefusesAContractThatIsNotConsistent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ why, file, old, new, want string }{
		{"an unknown relation", "schemas/task.schema.json", `"relation": "fresh"`, `"relation": "new"`,
			`schemas/task.schema.json:26: x-relations/10: unknown relation "new"; the relations are differs-by-machine, `},
		{"a member that no answer has", "schemas/task.schema.json", `"at": ["/label"]`, `"at": ["/lable"]`,
			`schemas/task.schema.json:21: x-relations/5: there is no member at "/lable"; the members are /clerk, `},
		{"a member that no request has", "schemas/task.schema.json", `"member": "reason"`, `"member": "because"`,
			`schemas/task.schema.json:20: x-relations/4: the request of returnParcel has no member "because"; name one of its schema`},
		{"two relations in one check between answers", "schemas/task.schema.json", `"check": "task-depots"`,
			`"check": "task-depot"`,
			`schemas/task.schema.json:29: x-relations/13: the check task-depot is at 12 too, and one between answers has one relation; give it another name`},
		{"a name that another check has", "schemas/task.schema.json", `"check": "task-clerk"`, `"check": "utf-8"`,
			`schemas/task.schema.json:23: x-relations/7: the check utf-8 is one of the engine; give it another name`},
		{"a requirement that is not there", "schemas/task.schema.json", `"requirement": "task.clerk"`,
			`"requirement": "task.clark"`,
			`schemas/task.schema.json:23: x-relations/7: unknown requirement "task.clark" (did you mean "task.clerk"?)`},
		{"a check that says nothing", "schemas/task.schema.json", `, "says": "clerk is not blank."`, ``,
			`schemas/task.schema.json:23: x-relations/7: the check task-clerk says nothing; add says, a sentence, to its first entry`},
		{"no status of success", "openapi/parcels.openapi.yaml", `'202':`, `'302':`, "openapi/parcels.openapi.yaml: " +
			"PUT /depots/{depot}/parcels/weighing documents 0 statuses of success; give it one of the 2xx class"},
		{"two files name the file", "schemas/order.schema.json", `"reason": {`, `"reason": {"x-names": "file",`,
			"names the file too; leave it to one of them"},
		{"a sign of nothing", "schemas/task.schema.json", `"beside": "/number"`, `"beside": "/nr"`,
			`schemas/task-return.schema.json:1: x-resource: there is no member at "/nr"`},
	} {
		files := fstest.MapFS{}
		require.NoError(t, fs.WalkDir(os.DirFS("testdata/invented"), ".",
			func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := os.ReadFile("testdata/invented/" + name)
				files[name] = &fstest.MapFile{Data: data}
				return err
			}))
		before := string(files[row.file].Data)
		after := strings.Replace(before, row.old, row.new, 1)
		require.NotEqual(t, before, after, row.why)
		files[row.file].Data = []byte(after)
		sub := func(dir string) fs.FS {
			out, err := fs.Sub(files, dir)
			require.NoError(t, err)
			return out
		}
		_, err := conformance.Load(conformance.Contract{OpenAPI: sub("openapi"), Schemas: sub("schemas"),
			Fixtures: sub("fixtures")})
		require.ErrorContains(t, err, row.want, row.why)
	}
	_, err := conformance.Load(conformance.Contract{OpenAPI: fstest.MapFS{}})
	require.ErrorContains(t, err, "openapi: 0 files are named *.openapi.yaml; keep the description in one")
}

func TestClientsOfAnInventedContractAreJudgedFromItsFilesAlone(t *testing.T) {
	suite, err := conformance.Load(invented())
	require.NoError(t, err)
	require.Empty(t, suite.ClientRequirements)
	j := suite.JudgeClients(conformance.ClientOptions{})
	order := func(body string) *conformance.Exchange {
		return &conformance.Exchange{Sent: conformance.Sent{Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
			Request: record.Request{Method: "PUT", URL: "https://parcels.invalid/depots/north/parcels/weighing",
				Header: []record.Field{{Name: "Authorization", Value: "Bearer $TOKEN"}}, Body: record.Body(body)}},
			Response: &record.Response{Status: 202, Header: http.Header{}}}
	}
	found := j.Note(order(`{}`))
	require.NotEmpty(t, found, "want a member that the schema requires to be missed")
	for _, f := range found {
		require.NotNil(t, suite.Requirement(f.Requirement), f.Requirement)
		require.Contains(t, f.Case, "weighParcel/client/")
	}
	require.Equal(t, record.NotConformant, j.Report().Verdict)
}
