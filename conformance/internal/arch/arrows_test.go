package arch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ours begins the import path of every package of ours, whatever the module is called.
func ours() string { return strings.TrimSuffix("fmaspec/...", "...") }

// An arrows row says which packages of ours a package may import. Each of them has a row
// above, so that the table has no cycle.
type arrows struct {
	of  string   // below the path of the module
	to  []string // in the same form
	why string   // no others
}

// core are the arrows from the judge down to the records.
func core() []arrows {
	return []arrows{
		{"conformance/record", nil, "a record is data, for whatever reads it"},
		{"conformance/term", nil, "whatever prints can use it"},
		{"conformance/nearest", nil, "a suggestion needs two words alone"},
		{"schemas", nil, "shapes stand on nothing else"},
		{"openapi", []string{"schemas"}, "the contract knows no judge"},
		{"fixtures", nil, "fixtures are data"},
		{"conformance/internal/strictjson", nil, "JSON is the same for everything that reads it"},
		{"conformance/internal/coding", nil, "a content coding is undone in the same way for everything that " +
			"reads bodies"},
		{"conformance/internal/httpfile", []string{"conformance/nearest"}, "a file of requests is text, whatever is " +
			"done with it"},
		{"conformance/internal/redact", []string{"conformance/record", "conformance/internal/coding"},
			"secrets are struck out of records, whatever made them; where they come from is known above"},
		{"conformance/internal/pace", []string{"conformance/record"}, "a wait depends on a clock and an answer, and " +
			"not on what is sent"},
		{"conformance/internal/heads", nil, "what stands in a head is looked at before anybody judges it"},
		{"conformance/internal/wire", []string{"conformance/record", "conformance/internal/coding",
			"conformance/internal/strictjson", "conformance/internal/redact"},
			"the wire sends bytes that its gate permits, and knows neither the contract nor the guard that decides"},
		{"conformance/internal/guard", []string{"conformance/record", "openapi", "schemas",
			"conformance/internal/httpfile", "conformance/internal/strictjson", "conformance/internal/redact",
			"conformance/internal/wire"},
			"the guard looks at the bytes that are about to be sent, and at no case that they were made from"},
		{"conformance", []string{"conformance/record", "openapi", "schemas", "fixtures", "conformance/nearest",
			"conformance/internal/coding", "conformance/internal/strictjson", "conformance/internal/httpfile",
			"conformance/internal/heads", "conformance/internal/redact", "conformance/internal/pace",
			"conformance/internal/wire", "conformance/internal/guard"},
			"the judge is given what it needs, and returns what it made"},
		{"conformance/explore", []string{"conformance", "conformance/record", "openapi",
			"conformance/internal/httpfile"}, "an exploration makes cases and sends them by a session of the judge; " +
			"it knows no server, and saves what it found as a file of requests"},
		{"conformance/load", []string{"conformance", "conformance/internal/pace", "conformance/record",
			"conformance/term"}, "a load decides when which " +
			"case is sent and measures; how an answer is judged is known to the session alone"},
		{"conformance/k6", []string{"conformance", "conformance/record", "conformance/load", "openapi", "schemas",
			"conformance/internal/httpfile", "conformance/internal/guard"}, "a script is made of the cases and of " +
			"the contract as data, and sends nothing itself"},
	}
}

// newArrows lists the imports that no row of the table has.
func newArrows(all map[string]pkg, table []arrows) (out []string) {
	for _, row := range table {
		for _, i := range all[ours()+row.of].Imports {
			to, is := strings.CutPrefix(i, ours())
			if is && !slices.Contains(row.to, to) {
				out = append(out, fmt.Sprintf("%s imports %s: %s; where the arrow is right, add it to its row in core",
					row.of, to, row.why))
			}
		}
	}
	return out
}

// cycles lists the arrows of a table that lead to no row above, by which a cycle could
// come about.
func cycles(table []arrows) (out []string) {
	for n, row := range table {
		for _, to := range row.to {
			if !slices.ContainsFunc(table[:n], func(above arrows) bool { return above.of == to }) {
				out = append(out, fmt.Sprintf("%s → %s leads to no row above: %s", row.of, to, row.why))
			}
		}
	}
	return out
}

// staleArrows lists the arrows of a table that no import has.
func staleArrows(all map[string]pkg, table []arrows) (out []string) {
	for _, row := range table {
		for _, to := range row.to {
			if !slices.Contains(all[ours()+row.of].Imports, ours()+to) {
				out = append(out, row.of+" does not import "+to+"; remove the arrow from its row in core")
			}
		}
	}
	return out
}

func TestTheCoreHasNoOtherArrows(t *testing.T) {
	all := list(t)
	require.Empty(t, newArrows(all, core()))
	require.Empty(t, staleArrows(all, core()))
	require.Empty(t, cycles(core()))
	for _, row := range core() {
		require.NotEmpty(t, all[ours()+row.of].ImportPath, "want the package %s to exist", row.of)
		require.NotEmpty(t, row.why, row.of)
	}
	below := "fmaspec/conformance/internal/"
	for path := range all {
		// tests alone
		if name, is := strings.CutPrefix(path, below); is && !slices.Contains([]string{"arch", "hostile"}, name) {
			require.True(t, slices.ContainsFunc(core(), func(row arrows) bool { return ours()+row.of == path }),
				"%s has no row in core; add one that says what it may import, and why", path)
		}
	}
}

func TestANewArrowAndACycleAreSeen(t *testing.T) {
	all := list(t)
	for _, row := range []struct{ of, to, why string }{
		{"conformance/internal/wire", "conformance/internal/guard", "knows neither the contract nor the guard"},
		{"conformance/internal/wire", "openapi", "knows neither the contract nor the guard"},
		{"conformance/internal/guard", "conformance", "at no case that they were made from"},
		{"conformance/internal/redact", "conformance/internal/wire", "where they come from is known above"},
		{"conformance/internal/pace", "conformance/internal/wire", "not on what is sent"},
		{"conformance/record", "conformance/internal/redact", "a record is data"},
		{"conformance", "conformance/report", "returns what it made"},
		{"conformance/term", "conformance/record", "whatever prints can use it"},
	} {
		changed := all[ours()+row.of]
		changed.Imports = append(slices.Clone(changed.Imports), ours()+row.to)
		found := newArrows(map[string]pkg{ours() + row.of: changed}, core())
		require.Len(t, found, 1)
		require.Contains(t, found[0], row.of+" imports "+row.to)
		require.Contains(t, found[0], row.why)

		// The arrow is no better where somebody adds it to the table.
		table := core()
		at := slices.IndexFunc(table, func(a arrows) bool { return a.of == row.of })
		table[at].to = append(slices.Clone(table[at].to), row.to)
		require.NotEmpty(t, staleArrows(all, table))
		if row.to != "openapi" && row.of != "conformance/term" { // which lead to a row above
			require.Len(t, cycles(table), 1, "%s → %s", row.of, row.to)
		}
	}
}
