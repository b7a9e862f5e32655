package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

func TestEveryRelationOfTheSchemasIsJudged(t *testing.T) {
	for _, kind := range schemas.RelationKinds() {
		one, between := relationJudges()[kind] != nil, acrossRelations()[kind] != nil
		require.True(t, one != between, "want one function for the relation %s, in checks_relation.go or checks_run.go",
			kind)
	}
	require.Len(t, schemas.RelationKinds(), len(relationJudges())+len(acrossRelations()))
}

func TestPointersLeadToEveryItem(t *testing.T) {
	body := map[string]any{"a": []any{map[string]any{"b/c": "x"}, "no object", map[string]any{"b/c": "y"}}, "d": nil}
	all := func(body any, pointer string) map[string]any {
		out := map[string]any{}
		eachAt(body, pointer, func(at string, value any) { out[at] = value })
		return out
	}
	require.Equal(t, map[string]any{"/a/0/b~1c": "x", "/a/2/b~1c": "y"}, all(body, "/a/*/b~1c"))
	require.Empty(t, all(body, "/a/b~1c"))
	require.Empty(t, all(body, "/e"))
	lists := []any{[]any{1}, 2, []any{3, 4}}
	require.Equal(t, map[string]any{"/0/0": 1, "/2/0": 3, "/2/1": 4}, all(lists, "/*/*"))
	require.True(t, isThere(body, "/d"), "want a null to be there")
	require.False(t, isThere(body, "/e"))
	require.Nil(t, memberAt(body, "/a/b"))
}

// Of an exchange whose operation is not known, what all operations have in common holds.
func TestAnUnknownOperationHasWhatAllHaveInCommon(t *testing.T) {
	s := shared(t)
	require.Equal(t, []int{201}, s.unknown.successes)
	require.Equal(t, "/id", s.unknown.identity)
	require.Len(t, s.unknown.relations, len(s.terms["requestSample"].relations))
	require.Len(t, s.unknown.across, 6)
	require.NotNil(t, s.unknown.errors)
	require.Nil(t, s.unknown.schema)
	require.True(t, s.unknown.looksLikeAction(map[string]any{"id": nil, "type": "StopAndQuarantineFile"}))
	require.False(t, s.unknown.looksLikeAction(map[string]any{"type": "StopAndQuarantineFile"}))
	require.True(t,
		s.unknown.looksLikeAction(map[string]any{"@odata.context": "x/$metadata#FileMachineActions/$entity"}))
	require.True(t, s.unknown.running(map[string]any{"error": map[string]any{"code": "ActiveRequestAlreadyExists"}}))
	require.False(t, s.unknown.running(map[string]any{"error": "ActiveRequestAlreadyExists"}))
}
