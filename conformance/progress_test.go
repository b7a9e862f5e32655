package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

func TestAnActionGoesOnAndNotBack(t *testing.T) {
	r := &relation{Relation: schemas.Relation{Values: []string{"Succeeded", "Failed"}}, tolerance: 5 * time.Second}
	for _, row := range []struct {
		judge        func(*relation, string, string) (string, bool)
		before, text string
		back         bool
	}{
		{stays, "InProgress", "Succeeded", false},
		{stays, "InProgress", "Pending", false},
		{stays, "Succeeded", "Succeeded", false},
		{stays, "Succeeded", "InProgress", true},
		{stays, "Failed", "Succeeded", true},
		{stays, "Succeeded", "", true},
		{later, "2026-11-30T08:00:00Z", "2026-11-30T08:00:01.5Z", false},
		{later, "2026-11-30T08:00:05Z", "2026-11-30T08:00:00Z", false},
		{later, "2026-11-30T08:00:05.1Z", "2026-11-30T08:00:00Z", true},
		{later, "no time", "2026-11-30T08:00:00Z", false},
		{later, "2026-11-30T08:00:00Z", "no time", false},
	} {
		_, back := row.judge(r, row.before, row.text)
		require.Equal(t, row.back, back, "%s, then %s", row.before, row.text)
	}
}

// A finding on a case of several requests says which of them had the other answer.
func TestAFindingNamesTheOtherRequestOfItsCase(t *testing.T) {
	c, other := &Case{ID: "requestSample/state/a"}, &Case{ID: "requestSample/state/b"}
	first := mention{ref: ref{c: c, step: 0}}
	require.Equal(t, "request 1 of this case", first.nameIn(ref{c: c, step: 1}))
	require.Equal(t, c.ID, first.nameIn(ref{c: other, step: 1}))
}
