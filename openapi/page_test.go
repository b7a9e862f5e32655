package openapi_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of the page are those that the description took from the documents.
func TestThePageShowsTheExamplesOfTheDocuments(t *testing.T) {
	page := string(must(newBundle(t).Markdown()))
	for _, o := range load(t).Operations {
		require.Contains(t, page, "```\n"+o.Method+" "+o.Path+"\n```")
		require.Contains(t, page, "POST https://graph.microsoft.com"+o.PathFor("fb9ab6be3965095a09c057be7c90f0a2")+
			"\nContent-Type: application/json\n\n{")
	}
	d := load(t)
	bodies := regexp.MustCompile("(?ms)^Content-Type: application/json\n\n(\\{.*?^\\})").FindAllStringSubmatch(page, -1)
	require.Len(t, bodies, 4)
	for i, o := range d.Operations {
		op := d.T.Paths.Value(o.Path).Post
		for j, example := range []any{
			op.RequestBody.Value.Content.Get("application/json").Examples["documented"].Value.Value,
			op.Responses.Value("201").Value.Content.Get("application/json").Examples["documented"].Value.Value,
		} {
			want, err := json.Marshal(example)
			require.NoError(t, err)
			require.JSONEq(t, string(want), bodies[2*i+j][1])
		}
	}
}

func TestThePageGivesEachMemberWithItsLevel(t *testing.T) {
	page := string(must(newBundle(t).Markdown()))
	for _, member := range []string{"Comment", "Sha1", "@odata.context", "id", "sha1", "type", "requestor",
		"requestorComment", "status",
		"fileId", "machineId", "creationDateTimeUtc", "lastUpdateDateTimeUtc", "fileInstances", "filePath"} {
		rows := regexp.MustCompile("(?m)^\\| `"+regexp.QuoteMeta(member)+"` \\| .* \\|$").FindAllString(page, -1)
		require.GreaterOrEqual(t, len(rows), 2, "one for each operation: %s", member)
		for _, row := range rows {
			require.Regexp(t, `\| (documented|standard|inferred): [^|]+ \|$`, row)
		}
	}
	require.Contains(t, page, "| `fileInstances` | array of FileInstance | yes |")
	require.Contains(t, page, "| `Location` | no |")
	require.Contains(t, page, "| 405 Method Not Allowed, to another method |")
	require.Contains(t, page, "```\n\"%ProgramFiles%\\Windows Defender\\MpCmdRun.exe\" -Restore")
	require.Equal(t, 2, strings.Count(page, "(deprecated)\n"))
	require.Equal(t, 1, strings.Count(page, "\n## Refusals\n"))
	require.NotContains(t, page, "\n\n\n")
}

func TestThePageOfAThirdOperationIsDataOnly(t *testing.T) {
	require.NotContains(t, string(must(os.ReadFile("page.go"))), "requestSample", "no line of Go knows the two")
}
