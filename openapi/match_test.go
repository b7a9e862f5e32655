package openapi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/openapi"
)

// The rows are paths on which the parts of the suite that look for the operation of a
// path once disagreed, and their neighbours.
func TestAPathIsMatchedAsAWhole(t *testing.T) {
	type values = map[string]string
	const sample = "/testwdatppreview/machines/{id}/requestSample"
	for _, row := range []struct {
		why, template, path string
		want                values // nil for no match
	}{
		{"the path", sample, "/testwdatppreview/machines/m1/requestSample", values{"id": "m1"}},
		{"another name of the parameter", "/testwdatppreview/machines/{machineId}/requestSample",
			"/testwdatppreview/machines/m1/requestSample", values{"machineId": "m1"}},
		{"several segments for one parameter", sample, "/testwdatppreview/machines/a/b/c/requestSample", nil},
		{"the template twice", sample,
			"/testwdatppreview/machines/a/requestSample/testwdatppreview/machines/b/requestSample", nil},
		{"no segment for the parameter", sample, "/testwdatppreview/machines/requestSample", nil},
		{"an empty segment", sample, "/testwdatppreview/machines//requestSample", nil},
		{"an escaped segment", sample, "/testwdatppreview/machines/%6d1/requestSample", values{"id": "m1"}},
		{"an escaped slash", sample, "/testwdatppreview/machines/a%2Fb/requestSample", values{"id": "a/b"}},
		{"an escape that is none", sample, "/testwdatppreview/machines/%zz/requestSample", nil},
		{"the name of the parameter itself", sample, "/testwdatppreview/machines/{id}/requestSample",
			values{"id": "{id}"}},
		{"an escape in a literal", sample, "/testwdatppreview/%6dachines/m1/requestSample", nil},
		{"another letter case", sample, "/testwdatppreview/machines/m1/RequestSample", nil},
		{"a slash more at the end", sample, "/testwdatppreview/machines/m1/requestSample/", nil},
		{"a slash more at the beginning", sample, "//testwdatppreview/machines/m1/requestSample", nil},
		{"more behind it", sample, "/testwdatppreview/machines/m1/requestSample/x", nil},
		{"a longer last segment", sample, "/testwdatppreview/machines/m1/myrequestSample", nil},
		{"the path of a server before it", sample, "/api/testwdatppreview/machines/m1/requestSample", nil},
		{"a query", sample, "/testwdatppreview/machines/m1/requestSample?x=y", nil},
		{"a parameter at the end", "/files/{name}", "/files/a.b", values{"name": "a.b"}},
		{"a parameter at the end, empty", "/files/{name}", "/files/", nil},
		{"two parameters", "/tenants/{tenant}/files/{name}", "/tenants/t/files/f", values{"tenant": "t", "name": "f"}},
		{"a parameter next to literal text", "/files/v{n}.json", "/files/v7.json", values{"n": "7"}},
		{"a parameter next to literal text, empty", "/files/v{n}.json", "/files/v.json", nil},
		{"literal text that overlaps", "/files/ab{n}ba", "/files/aba", nil},
		{"two parameters in one segment", "/files/{a}-{b}", "/files/x-y", nil},
		{"no parameter", "/health", "/health", values{}},
		{"nothing", sample, "", nil},
	} {
		t.Run(row.why, func(t *testing.T) {
			op := openapi.Operation{Path: row.template}
			got, ok := op.Match(row.path)
			require.Equal(t, row.want != nil, ok)
			require.Equal(t, row.want, got)
			require.Equal(t, ok, op.Matches(row.path))
			subject, is := op.SubjectOf(row.path)
			require.Equal(t, ok, is)
			require.Equal(t, op.Subject(got), subject)
			if names := op.Parameters(); ok && len(names) > 0 {
				require.Equal(t, got[names[len(names)-1]], subject)
			}
		})
	}
}

func TestAPathOfAnyValueIsMatched(t *testing.T) {
	op := openapi.Operation{Path: "/tenants/{tenant}/machines/{machineId}/x"}
	require.Equal(t, []string{"tenant", "machineId"}, op.Parameters())
	for _, id := range []string{"m1", "a b", "a/b", "%2F", "{id}", "ä", "?#"} {
		values, ok := op.Match(op.PathFor(id))
		require.True(t, ok, id)
		require.Equal(t, id, op.Subject(values))
	}
	require.Empty(t, openapi.Operation{Path: "/x"}.Subject(map[string]string{}))
	require.Equal(t, "/tenants/<tenant>/machines/<machineId>/x",
		op.Expand(func(name string) string { return "<" + name + ">" }))
}

func TestAnOperationIsFoundBehindThePathOfAServer(t *testing.T) {
	operations := []openapi.Operation{
		{ID: "read", Method: "GET", Path: "/files/{name}"},
		{ID: "act", Method: "POST", Path: "/machines/{machine}/files/{name}"},
		{ID: "write", Method: "POST", Path: "/files/{name}"},
	}
	for _, row := range []struct{ method, path, want string }{
		{"GET", "/files/f", "read"},
		{"GET", "/api/v1/files/f", "read"},
		{"POST", "/machines/m/files/f", "act"},
		{"POST", "/api/files/f", "write"},
		{"POST", "/files/a/b", ""},
		{"POST", "/machines/a/b/c/files/f", "write"},
		{"POST", "/machines/a/b/c/folders/f", ""},
		{"GET", "/files/f/", ""},
		{"PUT", "/files/f", ""},
		{"GET", "", ""},
		{"GET", "/", ""},
		{"GET", "files", ""},
	} {
		got := openapi.Find(operations, row.method, row.path)
		if row.want == "" {
			require.Nil(t, got, "%s %s", row.method, row.path)
			continue
		}
		require.NotNil(t, got, "%s %s", row.method, row.path)
		require.Equal(t, row.want, got.ID)
	}
}
