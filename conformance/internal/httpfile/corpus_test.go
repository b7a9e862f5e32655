package httpfile_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/fixtures"
)

// The corpus is the suite's own cases and catalogue. The tests here hold it to
// what the grammar cannot say; each rule is a function over an fs.FS, so that a
// second test can make it ring.

// A requirement and a contradiction, as far as the rules need them.
type requirement struct {
	ID, Level, Says, Because, Waived, Kind string

	Clauses  []any
	MilderOf map[string]any `yaml:"milder-of"`
}
type contradiction struct {
	ID, What, Ruling string
	Where, Pinned    []string
}

type corpus struct {
	files        map[string]*httpfile.File // by case name
	requirements []requirement
	ledger       []contradiction
}

func read(fsys fs.FS) (*corpus, error) {
	c := &corpus{files: map[string]*httpfile.File{}}
	err := fs.WalkDir(fsys, "cases", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".http" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		c.files[strings.TrimSuffix(strings.TrimPrefix(name, "cases/"), ".http")], err = httpfile.Parse(name, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, "requirements/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		switch path.Base(name) {
		case "contradictions.yaml":
			err = decoder.Decode(&c.ledger)
		// which the loader compares with the clauses
		case "documents.yaml", "statements.yaml", "groups.yaml", "clients.yaml":
		default:
			var some []requirement
			err = decoder.Decode(&some)
			for _, r := range some {
				if level := strings.TrimSuffix(path.Base(name), ".yaml"); r.Level != level {
					return nil, fmt.Errorf("%s: %s is of level %q; move it to the file of that name", name, r.ID,
						r.Level)
				}
			}
			c.requirements = append(c.requirements, some...)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

func (c *corpus) names() []string { return slices.Sorted(maps.Keys(c.files)) }

func field(f *httpfile.File, key string) string {
	for _, field := range f.Fields {
		if field.Key == key {
			return field.Value
		}
	}
	return ""
}

func proves(f *httpfile.File) []string { return httpfile.List(field(f, "proves")) }

// single tells a case of one request that is to be refused.
func single(f *httpfile.File) bool {
	return len(f.Requests) == 1 && strings.HasPrefix(field(f, "expect"), "refused")
}

// The rules, each returning what it finds.
var rules = []struct {
	name string
	find func(*corpus) []string
}{
	{"titles are unique", titles},
	{"controls are accepted cases of the same operations", controls},
	{"every requirement is valid", requirementsAreSound},
	{"every requirement is proven or waived", proven},
	{"a refused case differs from its control in one thing", oneDifference},
	{"a refused case names its family of requirements", families},
	{"a body is broken in the one way that its case names", bodies},
	{"the ledger is valid", ledger},
}

func TestTheCorpusKeepsEveryRule(t *testing.T) {
	c, err := read(fixtures.FS())
	require.NoError(t, err)
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, found := range rule.find(c) {
				t.Error(found)
			}
		})
	}
}

func TestTheCorpusIsLargeEnoughForBothOperations(t *testing.T) {
	c, err := read(fixtures.FS())
	require.NoError(t, err)
	count := map[string]int{}
	for _, f := range c.files {
		for _, op := range httpfile.List(field(f, "operation")) {
			if strings.Contains(f.Title, "the two operations") {
				op = "both" // calls the other one itself
			}
			count[op]++
		}
	}
	if pairs := 2*count["all"] + count["requestSample"] + count["stopAndQuarantineFile"]; pairs < 200 {
		t.Errorf("want at least 200 cases over both operations, got %d", pairs)
	}
	if count["requestSample"] != count["stopAndQuarantineFile"] {
		t.Errorf("want as many cases of the one operation alone as of the other, got %v", count)
	}
}

func titles(c *corpus) (out []string) {
	taken := map[string]string{}
	for _, name := range c.names() {
		title := c.files[name].Title
		if other := taken[title]; other != "" {
			out = append(out, fmt.Sprintf("%s and %s have the title %q", other, name, title))
		}
		taken[title] = name
	}
	return out
}

func controls(c *corpus) (out []string) {
	for _, name := range c.names() {
		f := c.files[name]
		control := c.files[field(f, "control")]
		switch {
		case field(f, "control") == "":
			if single(f) {
				out = append(out, name+" is refused and has no control")
			}
		case control == nil:
			out = append(out, name+": the control does not exist")
		case field(control, "expect") != "accepted" || len(control.Requests) > 1:
			out = append(out, name+": the control is not one accepted request")
		case field(control, "operation") != "all" && field(control, "operation") != field(f, "operation"):
			out = append(out, name+": the control is for other operations")
		}
	}
	return out
}

var requirementID = regexp.MustCompile(`^[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*$`)

func requirementsAreSound(c *corpus) (out []string) {
	seen := map[string]bool{}
	for _, r := range c.requirements {
		switch {
		case !requirementID.MatchString(r.ID):
			out = append(out, fmt.Sprintf("%q is no id", r.ID))
		case seen[r.ID]:
			out = append(out, r.ID+" is written twice")
		case len(r.Clauses) == 0 || r.Says == "":
			out = append(out, r.ID+" lacks its clauses or sentence")
		case r.Level == "inferred" && r.Because == "":
			out = append(out, r.ID+" is inferred without a reason")
		case strings.HasSuffix(r.Says, ".") || r.Says[:1] != strings.ToLower(r.Says[:1]) ||
			regexp.MustCompile(`\b(should|must)\b`).MatchString(r.Says):
			out = append(out, r.ID+" does not read on from \"an implementation\"")
		}
		seen[r.ID] = true
	}
	return out
}

func proven(c *corpus) (out []string) {
	by := map[string]bool{}
	known := map[string]bool{}
	for _, r := range c.requirements {
		known[r.ID] = true
	}
	for _, name := range c.names() {
		for _, id := range proves(c.files[name]) {
			by[id] = true
			if !known[id] {
				out = append(out, name+" proves the unknown "+id)
			}
		}
	}
	for _, r := range c.requirements {
		switch {
		case !by[r.ID] && r.Waived == "":
			out = append(out, r.ID+" is proven by no case, and not waived")
		case by[r.ID] && r.Waived != "":
			out = append(out, r.ID+" is waived, yet proven by a case")
		}
	}
	return out
}

// moreThanOne names the cases in which one thing takes two changes.
var moreThanOne = map[string]string{
	"auth/refuses-token-in-query": "the token moves, so that it goes in one place and comes in another",
}

// oneDifference compares each refused request with its control: another method
// (with the body and its Content-Type, where the method carries none), another
// target, one header field or the body.
func oneDifference(c *corpus) (out []string) {
	for _, name := range c.names() {
		f := c.files[name]
		control := c.files[field(f, "control")]
		if !single(f) || control == nil {
			continue
		}
		found := httpfile.Differences(f.Requests[0], control.Requests[0])
		switch _, excused := moreThanOne[name]; {
		case len(found) != 1 && !excused:
			out = append(out, fmt.Sprintf("%s differs from its control in %d things: %v", name, len(found), found))
		case len(found) == 1 && excused:
			out = append(out, name+" is excused, yet differs in one thing only")
		}
	}
	return out
}

// statuses lists what may count as refusal for each requirement on it.
var statuses = map[string][]string{
	"refusal.status-auth": {"401", "400"},
	"refusal.status-role": {"403", "404"},
	"refusal.status-body": {"400", "422", "413"},
	"refusal.media-type":  {"415", "400", "422"},
	"refusal.method":      {"405", "404", "501", "400"},
	"machine.unknown":     {"404"},
	"request.host":        {"400"},
	"path.exact":          {"404", "400", "401", "403", "405", "409", "410", "414", "415", "422"},
}

// families holds each refused case to the requirements that every refusal owes,
// and to exactly one on the status. A method that HTTP does not know may be
// answered 501, so that such a case does not owe refusal.no-server-error; nor does
// one of JSON that a parser may need not support, which has a requirement of its own.
func families(c *corpus) (out []string) {
	for _, name := range c.names() {
		f := c.files[name]
		if !single(f) {
			continue
		}
		ids := proves(f)
		given := strings.Fields(field(f, "expect"))[1:]
		for _, owed := range []string{"refusal.no-server-error", "refusal.no-action", "error.form", "error.inside"} {
			if !slices.Contains(ids, owed) && !(owed == "refusal.no-server-error" &&
				(slices.Contains(given, "501") || slices.Contains(ids, "request.hostile-json"))) {
				out = append(out, name+" does not prove "+owed)
			}
		}
		var on []string
		for _, id := range ids {
			if statuses[id] != nil {
				on = append(on, id)
			}
		}
		if len(on) != 1 {
			out = append(out, fmt.Sprintf("%s proves %d requirements on the status, not one: %v", name, len(on), on))
			continue
		}
		for _, status := range given {
			// A hash of the wrong form may be looked for all the same, and not found.
			lookedFor := status == "404" && ids[0] == "request.sha1-format"
			// Nor need a query be one that the resource knows.
			asked := status == "404" && strings.Contains(f.Requests[0].Target, "?")
			if !slices.Contains(statuses[on[0]], status) && !lookedFor && !asked {
				out = append(out, fmt.Sprintf("%s takes %s, which is no answer under %s", name, status, on[0]))
			}
		}
	}
	return out
}

// bodies expands every body and holds it to what its case says: a valid request
// where only the header, method or target matters, and broken in one way where
// the body does.
func bodies(c *corpus) (out []string) {
	for _, name := range c.names() {
		f := c.files[name]
		for i, r := range f.Requests {
			fields := r.Fields
			if i == 0 {
				fields = f.Fields
			}
			expect := field(&httpfile.File{Fields: fields}, "expect")
			if strings.HasPrefix(expect, "either") || !r.HasBody {
				continue
			}
			got := faults([]byte(expand(string(r.Body))))
			var want []string
			if single(f) && strings.HasPrefix(name, "body/") {
				want = proves(f)[:1]
			}
			if len(f.Requests) > 1 && strings.HasPrefix(expect, "refused") {
				continue // such a request is faulty in a way that a case of its own shows
			}
			if !slices.Equal(want, got) {
				out = append(out, fmt.Sprintf("%s, request %d: want a body that breaks %v, got one that breaks %v",
					name, i+1, want, got))
			}
		}
	}
	return out
}

func expand(text string) string {
	value, err := httpfile.Expand(text, func(name string, _ []string) (string, error) {
		if strings.HasPrefix(name, "sha1") {
			return fmt.Sprintf("%040x", len(name)), nil
		}
		return "fmaspec", nil
	})
	if err != nil {
		panic(err) // Parse lets no such text through
	}
	return value
}

var sha1Form = regexp.MustCompile(`\A[0-9A-Fa-f]{40}\z`)

// faults judges a request's body by the catalogue, apart from the suite's own
// schemas: the requirements that it breaks.
func faults(body []byte) (out []string) {
	var members map[string]any
	var bad *strictjson.Error
	switch err := strictjson.Check(body); {
	case errors.As(err, &bad) && bad.Kind != strictjson.Cut && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")):
		return []string{"request.grammar"} // an object, by some extension
	case err != nil || json.Unmarshal(body, &members) != nil || members == nil:
		return []string{"request.object"}
	}
	for _, m := range []struct{ name, id string }{{"Comment", "request.comment"}, {"Sha1", "request.sha1"}} {
		value, there := members[m.name]
		text, isText := value.(string)
		switch {
		case !there && slices.ContainsFunc(slices.Collect(maps.Keys(members)),
			func(k string) bool { return strings.EqualFold(k, m.name) }):
			out = append(out, "request.name-case")
		case !there:
			out = append(out, m.id+"-required")
		case !isText:
			out = append(out, m.id+"-string")
		case m.name == "Comment" && strings.TrimSpace(text) == "":
			out = append(out, "request.comment-blank")
		case m.name == "Sha1" && !sha1Form.MatchString(text):
			out = append(out, "request.sha1-format")
		}
	}
	return out
}

func ledger(c *corpus) (out []string) {
	seen := map[string]bool{}
	for _, k := range c.ledger {
		if k.ID == "" || seen[k.ID] || k.What == "" || k.Ruling == "" || len(k.Where) == 0 || len(k.Pinned) == 0 {
			out = append(out, fmt.Sprintf("the contradiction %q lacks something, or is there twice", k.ID))
		}
		seen[k.ID] = true
		for _, where := range k.Where {
			document, line, _ := strings.Cut(where, ":")
			if n, err := strconv.Atoi(line); err != nil || n < 1 || document != "Stop and quarantine file API" &&
				document != "Request sample API" {
				out = append(out, fmt.Sprintf("%s: %q is no \"document:line\"", k.ID, where))
			}
		}
		for _, pin := range k.Pinned {
			kind, name, _ := strings.Cut(pin, " ")
			switch {
			case kind == "case" && c.files[name] == nil:
				out = append(out, fmt.Sprintf("%s is pinned by the case %s, which does not exist", k.ID, name))
			case kind == "test" && !strings.HasPrefix(name, "Test"), kind != "case" && kind != "test" &&
				kind != "variant":
				out = append(out, fmt.Sprintf("%s: %q pins nothing; write \"case NAME\", \"variant NAME\" or "+
					"\"test NAME\"", k.ID, pin))
			}
		}
	}
	return out
}

// TestEveryRuleRings breaks a small valid corpus in one place at a time.
func TestEveryRuleRings(t *testing.T) {
	const (
		plain = "# Accepts x.\n# operation: all\n# proves: request.json\n# expect: accepted\nPOST " +
			"{{path}}\nAuthorization: Bearer {{token}}\n\n{\"Comment\": \"{{comment}}\", \"Sha1\": \"{{sha1}}\"}\n"
		bad = "# Refuses y.\n# operation: all\n# proves: request.comment-required, refusal.status-body, " +
			"refusal.no-server-error, refusal.no-action, error.form, error.inside\n# expect: refused 400\n# control: " +
			"valid/x\nPOST {{path}}\nAuthorization: Bearer {{token}}\n\n{\"Sha1\": \"{{sha1}}\"}\n"
	)
	var catalogue strings.Builder
	for _, id := range []string{"request.json", "request.comment-required", "refusal.status-body",
		"refusal.no-server-error", "refusal.no-action", "error.form", "error.inside"} {
		fmt.Fprintf(&catalogue, "- id: %s\n  level: inferred\n  clauses: [{document: d, section: s, basis: MAY}]\n  "+
			"says: does so\n  because: b\n", id)
	}
	const entry = "- id: a\n  what: w\n  where: [\"Request sample API:1\"]\n  ruling: r\n  pinned: [case valid/x, " +
		"test TestX]\n"
	valid := map[string]string{
		"cases/valid/x.http": plain, "cases/body/y.http": bad,
		"requirements/inferred.yaml": catalogue.String(), "requirements/contradictions.yaml": entry,
	}
	findings := func(files map[string]string) (out []string) {
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		c, err := read(fsys)
		require.NoError(t, err)
		for _, rule := range rules {
			out = append(out, rule.find(c)...)
		}
		return out
	}
	require.Empty(t, findings(valid), "the valid corpus breaks no rule")

	const (
		x, y, req, led = "cases/valid/x.http", "cases/body/y.http", "requirements/inferred.yaml",
			"requirements/contradictions.yaml"
	)
	for _, row := range []struct{ file, old, new, want string }{
		{y, "Refuses y.", "Accepts x.", `body/y and valid/x have the title "Accepts x."`},
		{y, "# control: valid/x\n", "", "body/y is refused and has no control"},
		{y, "valid/x", "valid/z", "body/y: the control does not exist"},
		{y, "valid/x", "body/y", "body/y: the control is not one accepted request"},
		{x, "operation: all", "operation: requestSample", "body/y: the control is for other operations"},
		{req, "request.json", "request", `"request" is no id`},
		{req, "request.json", "error.form", "error.form is written twice"},
		{req, "  clauses: [{document: d, section: s, basis: MAY}]\n", "", "request.json lacks its clauses or sentence"},
		{req, "  because: b\n", "", "request.json is inferred without a reason"},
		{req, "does so", "must do so", `request.json does not read on from "an implementation"`},
		{req, "request.json", "request.xml", "valid/x proves the unknown request.json"},
		{req, "request.json", "request.xml", "request.xml is proven by no case, and not waived"},
		{req, "  says", "  waived: w\n  says", "request.json is waived, yet proven by a case"},
		{y, "Bearer", "bearer", "body/y differs from its control in 2 things: [body header authorization]"},
		{y, "POST {{path}}", "PUT {{path}}?x", "body/y differs from its control in 3 things: [method target body]"},
		{y, ", error.form", "", "body/y does not prove error.form"},
		{y, "refusal.status-body", "request.json", "body/y proves 0 requirements on the status, not one: []"},
		{y, "refused 400", "refused 401", "body/y takes 401, which is no answer under refusal.status-body"},
		{y, "{\"Sha1\"", "{\"Comment\": \" \", \"Sha1\"", "body/y, request 1: want a body that breaks " +
			"[request.comment-required], got one that breaks [request.comment-blank]"},
		{y, "{{sha1}}", "{{sha1}}0", "body/y, request 1: want a body that breaks [request.comment-required], got one " +
			"that breaks [request.comment-required request.sha1-format]"},
		{x, "\"}", "\"", "valid/x, request 1: want a body that breaks [], got one that breaks [request.object]"},
		{led, "  what: w\n", "", `the contradiction "a" lacks something, or is there twice`},
		{led, "API:1", "API:one", `a: "Request sample API:one" is no "document:line"`},
		{led, "valid/x", "valid/z", "a is pinned by the case valid/z, which does not exist"},
		{led, "test TestX", "test x", `a: "test x" pins nothing; write "case NAME", "variant NAME" or "test NAME"`},
	} {
		t.Run(row.want, func(t *testing.T) {
			files := maps.Clone(valid)
			require.Contains(t, files[row.file], row.old)
			files[row.file] = strings.Replace(files[row.file], row.old, row.new, 1)
			require.Contains(t, findings(files), row.want)
		})
	}
}

func TestTheCorpusIsWrittenInOneHand(t *testing.T) {
	order := []string{"operation", "proves", "expect", "control", "needs", "because", "send", "connection", "times",
		"abort", "target", "cookies", "version"}
	c, err := read(fixtures.FS())
	require.NoError(t, err)
	for _, name := range c.names() {
		f := c.files[name]
		if !slices.IsSortedFunc(f.Fields, func(a, b httpfile.Field) int {
			return cmp.Compare(slices.Index(order, a.Key), slices.Index(order, b.Key))
		}) {
			t.Errorf("%s: want the fields in the order %v, got %v", name, order, f.Fields)
		}
		word := map[string]string{"accepted": "Accepts", "refused": "Refuses",
			"either": "Answers"}[strings.Fields(field(f, "expect"))[0]]
		if len(f.Requests) == 1 && !strings.HasPrefix(f.Title, word+" ") {
			t.Errorf("%s: want a title that begins with %s, got %q", name, word, f.Title)
		}
		if !strings.HasPrefix(path.Base(name), strings.ToLower(strings.Fields(f.Title)[0])+"-") {
			t.Errorf("%s: want a name that begins as the title does, got %q", name, f.Title)
		}
		if !utf8.ValidString(f.Title) || len(f.Title) > 79 {
			t.Errorf("%s: want a title of at most 79 bytes, got %d", name, len(f.Title))
		}
	}
}
