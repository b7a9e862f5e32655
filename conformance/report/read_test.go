package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
)

func TestParseJSONReadsAReportHoweverItIsLaidOut(t *testing.T) {
	whole := render(t, "json", sample(), report.Style{})
	want, err := report.ParseJSON([]byte(whole))
	require.NoError(t, err)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, []byte(whole)))
	var members map[string]any // which are written in alphabetical order
	require.NoError(t, json.Unmarshal([]byte(whole), &members))
	sorted, err := json.MarshalIndent(members, "\t", "\t")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"compact":           compact.String(),
		"cases not last":    string(sorted),
		"byte order mark":   "\xef\xbb\xbf" + whole,
		"line breaks":       strings.ReplaceAll(whole, "\n", "\r\n"),
		"white space about": " \n\t" + whole + "\r\n ",
	} {
		got, err := report.ParseJSON([]byte(text))
		require.NoError(t, err, name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want the same report, got\n%s", name, diff)
		}
	}
}

func TestParseJSONNamesTheEncoding(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"\xff\xfe{\x00}\x00", "in UTF-16"},
		{"\xfe\xff\x00{\x00}", "in UTF-16"},
		{"{\x00}\x00", "in UTF-16"},
		{"\x00{\x00}", "in UTF-16"},
		{"\xff\xfe\x00\x00{\x00\x00\x00", "in UTF-32"},
		{"\x00\x00\xfe\xff\x00\x00\x00{", "in UTF-32"},
		{"{\x00\x00\x00}\x00\x00\x00", "in UTF-32"},
		{"\x00\x00\x00{\x00\x00\x00}", "in UTF-32"},
		{"{\n \"a\": \"\xe9\"}", "line 2, column 8: not UTF-8"},
		{"", "line 1, column 1: not JSON"},
		{"[]", "got a JSON array"},
		{"null", "/$schema: missing"},
		{`{"$schema": 7}`, "/$schema: got a JSON number"},
	} {
		_, err := report.ParseJSON([]byte(row.text))
		require.ErrorContains(t, err, row.want, "%q", row.text)
	}
}

func TestParseJSONRefusesCasesThatAreThereTwice(t *testing.T) {
	whole := render(t, "json", sample(), report.Style{})
	twice := strings.TrimSuffix(strings.TrimRight(whole, "\n"), "}") + `, "cases": []}`
	_, err := report.ParseJSON([]byte(twice))
	require.ErrorContains(t, err, "the member /cases stands twice")
}

func FuzzParseJSON(f *testing.F) {
	var whole bytes.Buffer
	require.NoError(f, report.JSON(&whole, sample()))
	f.Add(whole.Bytes())
	f.Add([]byte(`{"$schema": "` + report.Schema + `", "cases": [{}, [], "\"", 1]}`))
	f.Add([]byte(`{"cases":[ ] , "cases":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.ParseJSON(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		require.NoError(t, report.JSON(&again, r))
		same, err := report.ParseJSON(again.Bytes())
		require.NoError(t, err)
		if diff := cmp.Diff(r, same); diff != "" {
			t.Errorf("want what was read to be read again, got\n%s", diff)
		}
	})
}
