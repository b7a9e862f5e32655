package schemas_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

// action is a FileMachineAction with these file instances.
func action(instances ...string) []byte {
	return []byte(
		`{"@odata.context":"https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity","id":"c083f601-012f-4955-b4cc-fab50fb69d79",` +
			`"sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68","type":"RequestSample","requestor":"a@contoso.com","requestorComment":"test","status":"InProgress",` +
			`"fileId":"8d25682b3a82af25b42dc90291c35ff3293daa68","machineId":"f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f",` +
			`"creationDateTimeUtc":"2017-12-04T13:39:24.9399004Z","lastUpdateDateTimeUtc":"2017-12-04T13:39:24.9399004Z","fileInstances":[` + strings.Join(instances, ",") + `]}`)
}

func TestValidateFindsWhatIsWrongAtTheEndOfALongArray(t *testing.T) {
	s, err := schemas.Compile("file-machine-action-request-sample")
	require.NoError(t, err)
	valid := `{"filePath":"C:\\a.exe","status":"InProgress"}`
	for _, length := range []int{99, 100, 101, 199, 200, 201, 1000} {
		items := strings.Split(strings.Repeat(valid+"\n", length), "\n")[:length]
		found, err := s.Validate(action(items...))
		require.NoError(t, err)
		require.Empty(t, found, "%d items", length)
		for _, at := range []int{0, length / 2, length - 1} {
			before := items[at]
			items[at] = `{"filePath":"C:\\a.exe","status":7}`
			found, err := s.Validate(action(items...))
			require.NoError(t, err)
			require.Len(t, found, 1, "item %d of %d", at, length)
			require.Equal(t, fmt.Sprintf("/fileInstances/%d/status", at), found[0].Pointer)
			items[at] = before
		}
	}
}

func TestValidateTellsAViolationElsewhereOnce(t *testing.T) {
	s, err := schemas.Compile("file-machine-action-request-sample")
	require.NoError(t, err)
	items := append(strings.Split(strings.Repeat(`{"filePath":"C:\\a.exe","status":"x"}`+"\n", 380), "\n")[:380],
		strings.Split(strings.Repeat("{}\n", 20), "\n")[:20]...)
	found, err := s.Validate(bytes.Replace(action(items...), []byte(`"id":"c083f601-012f-4955-b4cc-fab50fb69d79",`),
		nil, 1))
	require.NoError(t, err)
	require.Len(t, found, 2*20+1)
	n := 0
	for _, v := range found {
		if v.Pointer == "/id" {
			n++
		}
	}
	require.Equal(t, 1, n)
}

// Long arrays are looked at by windows, so no keyword may ask about one as a whole.
func TestNoSchemaAsksAboutAWholeArray(t *testing.T) {
	names, err := fs.Glob(schemas.FS(), "*.schema.json")
	require.NoError(t, err)
	for _, name := range names {
		if name == "relations.schema.json" {
			continue // no body is judged by it, and what it describes is short
		}
		text, err := fs.ReadFile(schemas.FS(), name)
		require.NoError(t, err)
		for _, keyword := range []string{"minItems", "maxItems", "uniqueItems", "contains", "additionalItems"} {
			require.NotContains(t, string(text), `"`+keyword+`"`, "%s: judge it outside the windows of ValidateValue",
				name)
		}
	}
}
