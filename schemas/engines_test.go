package schemas_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// places are where mutants of a FileMachineAction differ; some are not in the
// example, some hold no member.
var places = []string{
	"/@odata.context", "/id", "/sha1", "/type", "/requestor", "/requestorComment", "/status", "/fileId", "/machineId",
	"/creationDateTimeUtc", "/lastUpdateDateTimeUtc", "/fileInstances", "/fileInstances/0", "/fileInstances/0/filePath",
	"/fileInstances/0/status", "/extra", "/fileInstances/0/extra",
}

// A value of any JSON type, often one that is nearly right.
func anyValue() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		return rapid.OneOf(
			rapid.SampledFrom([]any{
				nil, true, json.Number("7"), json.Number("-0.5"), json.Number("1e300"), []any{}, []any{nil},
				map[string]any{},
				[]any{map[string]any{"filePath": "a", "status": "b"}, map[string]any{"filePath": ""}},
				map[string]any{"filePath": "a", "status": "b"}, map[string]any{"filePath": nil},
				"", " ", "RequestSample", "StopAndQuarantineFile", "RequestSample\n", "InProgress", "7", "null",
				"https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
				"$metadata#FileMachineActions/$entity",
			}),
			rapid.Map(
				rapid.StringMatching(
					`[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,9})?([Zz]|\+00:00)?\n?`), asAny),
			rapid.Map(rapid.String(), asAny),
		).Draw(t, "value")
	})
}

func asAny(s string) any { return s }

func TestEnginesAgreeOnMutants(t *testing.T) {
	for _, name := range []string{"file-machine-action", "file-machine-action-request-sample",
		"file-machine-action-stop-and-quarantine-file"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := load(t, name)
			base := table(t, name)[0].Base
			rapid.Check(t, func(rt *rapid.T) {
				doc := clone(t, base)
				for _, place := range rapid.SliceOfNDistinct(rapid.SampledFrom(places), 1, 4, rapid.ID[string]).Draw(rt,
					"places") {
					parent, last := reach(doc, place)
					object, ok := parent.(map[string]any)
					switch {
					case !ok && place != "/fileInstances/0":
						continue // an earlier mutation took the parent away
					case !ok:
						if items, ok := parent.([]any); ok && len(items) > 0 {
							items[0] = anyValue().Draw(rt, place)
						}
					case rapid.Bool().Draw(rt, "drop "+place):
						delete(object, last)
					default:
						object[last] = anyValue().Draw(rt, place)
					}
				}
				data, err := json.Marshal(doc)
				require.NoError(rt, err)
				ours, oracle, kin := all.verdicts(rt, data)
				require.Equal(rt, oracle, ours, "santhosh-tekuri/jsonschema and this package on %s", data)
				// kin stops at an allOf that fails, so it may see less, but never nothing.
				ours = all.constraints(ours)
				require.Equal(rt, len(ours) == 0, len(kin) == 0, "kin-openapi on %s", data)
				for _, b := range kin {
					// A wrong type hides the rest here; kin may not have got as far as the type.
					require.True(rt, slices.Contains(ours, b) || slices.Contains(ours, breach{b.Pointer, "type"}),
						"kin-openapi alone finds %v in %s", b, data)
				}
			})
		})
	}
}

// reach is hold for documents in which anything may be missing.
func reach(doc any, pointer string) (any, string) {
	path := strings.Split(pointer, "/")[1:]
	for _, name := range path[:len(path)-1] {
		switch node := doc.(type) {
		case map[string]any:
			doc = node[name]
		case []any:
			if name != "0" || len(node) == 0 {
				return nil, ""
			}
			doc = node[0]
		default:
			return nil, ""
		}
	}
	return doc, path[len(path)-1]
}
