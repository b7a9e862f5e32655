package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
	"fmaspec/schemas"
)

// The suite's own engine has to agree with the oracle about the published schema.
func TestTheEmbeddedSchemaJudgesReports(t *testing.T) {
	schema, err := schemas.Compile("report")
	require.NoError(t, err)
	text := render(t, "json", sample(), report.Style{})
	found, err := schema.Validate([]byte(text))
	require.NoError(t, err)
	if len(found) > 0 {
		t.Errorf("want no violation, got %+v", found)
	}
	for _, row := range []struct{ from, to, want string }{
		{`"seed": "7f3a",`, "", "/suite/seed"},
		{`"seed": "7f3a"`, `"seed": "7f3a", "more": 1`, "/suite"},
		{`"outcome": "deviated"`, `"outcome": "perfect"`, "/requirements/5/outcome"},
		{`"failed": 4`, `"failed": -4`, "/totals/failed"},
	} {
		changed := strings.Replace(text, row.from, row.to, 1)
		require.NotEqual(t, text, changed, "%s: the row changes nothing", row.from)
		found, err := schema.Validate([]byte(changed))
		require.NoError(t, err)
		if len(found) == 0 || !strings.HasPrefix(found[0].Pointer, row.want) {
			t.Errorf("%s: want a violation at %s, got %+v", row.to, row.want, found)
		}
	}
}
