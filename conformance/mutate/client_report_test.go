package mutate

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/client"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// faultyClient returns the faulty client of that name.
func faultyClient(t *testing.T, name string) client.Client {
	t.Helper()
	i := slices.IndexFunc(client.Faults(), func(c client.Client) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return client.Faults()[i]
}

func TestAReportOnClientsKeepsTheSchemaAndIsRenderedInEveryFormat(t *testing.T) {
	data, err := os.ReadFile("../../schemas/report.schema.json")
	require.NoError(t, err)
	published, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(record.ReportSchema, published))
	schema, err := compiler.Compile(record.ReportSchema)
	require.NoError(t, err)
	suite := load(t)
	for _, name := range []string{"spells-names-small", "repeats-lost-request", "misspells-path", "repeats-host"} {
		r := judgeClient(t, suite, faultyClient(t, name))
		for _, format := range report.Formats() {
			var b bytes.Buffer
			require.NoError(t, format.Write(&b, r, report.Style{}), "%s of %s", format.Name, name)
			require.NotEmpty(t, b.String())
			require.NotContains(t, b.String(), clientToken, "%s of %s", format.Name, name)
			if format.Name != "json" {
				continue
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(document), name)
			read, err := report.ParseJSON(b.Bytes())
			require.NoError(t, err)
			require.Equal(t, r.Verdict, read.Verdict)
			require.Equal(t, r.Totals, read.Totals)
		}
	}
}

func TestAReportOnClientsSaysWhatTheyBreak(t *testing.T) {
	suite := load(t)
	for _, row := range []struct {
		why, fault string
		verdict    record.Verdict
		findings   int
		outcome    record.Outcome // of the requirement
		id         string
	}{
		{"a documented requirement fails the clients", "omits-sha1", record.NotConformant, 4, record.Failed,
			"request.sha1-required"},
		{"a standard one does", "repeats-host", record.NotConformant, 4, record.Failed, "client.single-fields"},
		{"an inferred one is a deviation", "waits-half", record.Conformant, 2, record.Deviated, "client.retry-after"},
	} {
		r := judgeClient(t, suite, faultyClient(t, row.fault))
		require.Equal(t, row.verdict, r.Verdict, row.why)
		require.Equal(t, row.findings, r.Totals.Findings, row.why)
		i := slices.IndexFunc(r.Requirements, func(q record.RequirementResult) bool { return q.ID == row.id })
		require.GreaterOrEqual(t, i, 0, row.id)
		require.Equal(t, row.outcome, r.Requirements[i].Outcome, row.why)
		require.Equal(t, "exercised", r.Requirements[i].State)
	}
}
