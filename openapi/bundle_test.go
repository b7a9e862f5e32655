package openapi_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/openapi"
)

var update = flag.Bool("update", false, "rewrite the bundles")

func newBundle(t *testing.T) *openapi.Bundle {
	t.Helper()
	b, err := openapi.NewBundle()
	require.NoError(t, err)
	return b
}

func TestTheCommittedBundlesAreThoseOfTheDescription(t *testing.T) {
	b := newBundle(t)
	for file, write := range map[string]func() ([]byte, error){"fmaspec.bundled.yaml": b.YAML,
		"fmaspec.bundled.json": b.JSON} {
		now, err := write()
		require.NoError(t, err)
		committed, err := os.ReadFile(file)
		if *update && (err != nil || string(committed) != string(now)) {
			require.NoError(t, os.WriteFile(file, now, 0o644))
			committed, err = os.ReadFile(file)
		}
		require.NoError(t, err)
		require.Equal(t, string(now), string(committed), "openapi/%s is stale; run go test ./openapi -update", file)
	}
}

// read returns a document as the loader of the suite reads it, which validates it
// with its examples.
func read(t *testing.T, text []byte) *openapi.Document {
	t.Helper()
	d, err := openapi.LoadFS(fstest.MapFS{"x.yaml": {Data: text}}, "x.yaml", nil)
	require.NoError(t, err)
	return d
}

func each(t *testing.T, visit func(t *testing.T, name string, text []byte)) {
	t.Helper()
	b := newBundle(t)
	old, err := b.Downgrade()
	require.NoError(t, err)
	for name, write := range map[string]func() ([]byte, error){
		"3.1 yaml": b.YAML, "3.1 json": b.JSON, "3.0 yaml": old.YAML, "3.0 json": old.JSON,
	} {
		text, err := write()
		require.NoError(t, err, name)
		again, err := write()
		require.NoError(t, err, name)
		require.Equal(t, string(text), string(again), "%s is not the same each time", name)
		visit(t, name, text)
	}
}

func TestTheBundleIsOneValidDocumentInEachForm(t *testing.T) {
	want := load(t)
	each(t, func(t *testing.T, name string, text []byte) {
		d := read(t, text)
		require.True(t, strings.HasPrefix(d.T.OpenAPI, name[:3]+"."), name)
		require.NotRegexp(t, `"?\$(id|schema)"?:|x-rules|\.schema\.json`, string(text), name)
		require.Equal(t, len(want.Operations), len(d.Operations), name)
		for i, o := range d.Operations {
			require.Equal(t, want.Operations[i].Path, o.Path, name)
			require.Equal(t, want.Operations[i].Undo, o.Undo, name)
		}
		require.Equal(t, []string{"ActionRequest", "Error", "ErrorDetail", "FileInstance", "FileMachineAction",
			"Instant", "Problem", "RequestSampleAction", "StopAndQuarantineFileAction"},
			slices.Sorted(maps.Keys(d.T.Components.Schemas)), name)
		require.Empty(t, unsourced(d.T), name)
	})
}

// A generator that finds no type makes a member of any type.
func TestEveryMemberOfTheBundleHasAType(t *testing.T) {
	each(t, func(t *testing.T, name string, text []byte) {
		for component, schema := range read(t, text).T.Components.Schemas {
			for member, s := range schema.Value.Properties {
				at := name + " " + component + "." + member
				switch {
				case s.Ref != "" || s.Value.AllOf != nil:
				default:
					require.NotNil(t, s.Value.Type, at)
					level, source := s.Value.Extensions["x-level"], s.Value.Extensions["x-source"]
					require.True(t, component == "Problem" || level != nil && source != nil,
						"%s does not say what it stands on", at)
				}
			}
		}
	})
}

func TestTheBundleJudgesAsTheSchemasDo(t *testing.T) {
	d := read(t, must(newBundle(t).YAML()))
	good := map[string]any{"Comment": "x", "Sha1": strings.Repeat("a", 40)}
	request := d.T.Components.Schemas["ActionRequest"].Value
	require.NoError(t, request.VisitJSON(good))
	for member := range good {
		bad := maps.Clone(good)
		delete(bad, member)
		require.Error(t, request.VisitJSON(bad), "without %s", member)
		bad[member] = 7.0
		require.Error(t, request.VisitJSON(bad), "with a number as %s", member)
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

// openapi-typescript takes a header that is referred to as one that is always there.
func TestTheBundleWritesHeadersOut(t *testing.T) {
	each(t, func(t *testing.T, name string, text []byte) {
		require.NotContains(t, string(text), "#/components/headers/", name)
		for _, o := range load(t).Operations {
			responses := read(t, text).T.Paths.Value(o.Path).Post.Responses
			require.False(t, responses.Value("201").Value.Headers["Location"].Value.Required, name)
			require.True(t, responses.Value("401").Value.Headers["WWW-Authenticate"].Value.Required, name)
		}
	})
}
