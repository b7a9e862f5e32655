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

// Of an exchange whose operation is not known, what all operations have in common holds.
func TestAnUnknownOperationHasWhatAllHaveInCommon(t *testing.T) {
	s := shared(t)
	require.Equal(t, []int{201}, s.unknown.successes)
	require.Equal(t, "/id", s.unknown.identity)
	require.Len(t, s.unknown.relations, len(s.terms["requestSample"].relations))
	require.Len(t, s.unknown.across, 11)
	require.NotNil(t, s.unknown.errors)
	require.Nil(t, s.unknown.schema)
	looks := func(body map[string]any) bool { return s.unknown.looksLikeAction(schemas.DocumentOf(body)) }
	running := func(body map[string]any) bool { return s.unknown.running(schemas.DocumentOf(body)) }
	require.True(t, looks(map[string]any{"id": nil, "type": "StopAndQuarantineFile"}))
	require.False(t, looks(map[string]any{"type": "StopAndQuarantineFile"}))
	require.True(t,
		looks(map[string]any{"@odata.context": "x/$metadata#FileMachineActions/$entity"}))
	require.True(t, running(map[string]any{"error": map[string]any{"code": "ActiveRequestAlreadyExists"}}))
	require.False(t, running(map[string]any{"error": "ActiveRequestAlreadyExists"}))
}
