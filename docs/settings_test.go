package docs_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

const settingsPage = "docs/settings.md"

// settingsTable lists the keys of the settings file, as the schema has them.
func settingsTable(t *testing.T) string {
	t.Helper()
	data, err := fs.ReadFile(schemas.FS(), "settings.schema.json")
	require.NoError(t, err)
	type key struct {
		Description string
		Type        any
		Enum        []string
		Default     any
		AnyOf       []struct{ Type any }
	}
	var schema struct{ Definitions map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(data, &schema))
	var b strings.Builder
	b.WriteString("| key | value | default | |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(schema.Definitions)) {
		flag, is := strings.CutPrefix(name, "key-")
		if !is {
			continue
		}
		var k key
		require.NoError(t, json.Unmarshal(schema.Definitions[name], &k))
		value := "text"
		switch {
		case len(k.Enum) > 0:
			value = strings.Join(k.Enum, ", ")
		case len(k.AnyOf) == 2 && k.AnyOf[1].Type == "array":
			value = "list"
		case len(k.AnyOf) == 2:
			value = "duration"
		case k.Type == "boolean":
			value = "true or false"
		case k.Type == "integer":
			value = "whole number"
		}
		byDefault := ""
		if k.Default != nil {
			byDefault = "`" + fmt.Sprint(k.Default) + "`"
			if n, is := k.Default.(float64); is {
				byDefault = fmt.Sprintf("`%.0f`", n)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", flag, value, byDefault, prose(k.Description))
	}
	return b.String()
}

// What the page shows as settings is what the command reads.
func TestSettingsThatThePageShowsAreValid(t *testing.T) {
	path, err := build()
	require.NoError(t, err)
	shown := 0
	for _, f := range fence.FindAllStringSubmatch(read(t, settingsPage), -1) {
		if f[1] != "yaml" {
			continue
		}
		shown++
		file := filepath.Join(t.TempDir(), "fmaspec.yaml")
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(f[2], "fixtures: fmaspec-cases\n", "")), 0o644))
		c := in(t.TempDir(), path, "list", "checks", "-config", file)
		c.Env = plain()
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s\n%s", f[2], out)
	}
	require.Equal(t, 2, shown)
}
