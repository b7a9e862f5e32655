package arch

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ofTheContract are words that are in the documents of the contract, and that the code
// takes from there: members, values, the status of success.
var ofTheContract = regexp.MustCompile(
	`\b(Sha1|FileMachineActions?|machineId|fileId|StopAndQuarantineFile|RequestSample|ActiveRequestAlreadyExists|creationDateTimeUtc|lastUpdateDateTimeUtc|201|StatusCreated)\b`)

// ownContract are the folders whose code is about the contract of the two documents and
// no other, with the reason.
func ownContract() map[string]string {
	return map[string]string{
		"conformance/reference":        "the server is written from the two documents, and not from the schemas",
		"conformance/pact":             "the pacts are of the two documents, and so are their states and clients",
		"conformance/pactfile":         "its answers are written member by member, not derived from x-relations",
		"conformance/internal/hostile": "its servers misbehave whatever they are asked; a status is a text to them",
	}
}

// namesOfTheContract returns where a file has a word of the contract.
func namesOfTheContract(name, text string) (found []string) {
	for i, line := range strings.Split(text, "\n") {
		for _, word := range ofTheContract.FindAllString(line, -1) {
			found = append(found, fmt.Sprintf("%s:%d: %s", name, i+1, word))
		}
	}
	return found
}

func TestTheCodeKnowsNoContract(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	stale := ownContract()
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(base, ".") && name != "." || name == "docs" ||
			base == "testdata" || base == "client" || base == "node_modules"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		found := namesOfTheContract(name, string(text))
		for folder := range ownContract() {
			if strings.HasPrefix(name, folder+"/") {
				if len(found) > 0 {
					delete(stale, folder)
				}
				return err
			}
		}
		for _, f := range found {
			t.Errorf("%s is of the contract; take it from the OpenAPI document or the schemas (docs/relations.md)", f)
		}
		return err
	}))
	for folder := range stale {
		t.Errorf("nothing in %s is of the contract any more; take its row out of ownContract", folder)
	}
}

func TestAWordOfTheContractIsSeen(t *testing.T) {
	require.Equal(t, []string{"x.go:2: Sha1", "x.go:3: 201", "x.go:3: machineId"},
		namesOfTheContract("x.go", "// isSha1 and 2010 are none\n_ = all[\"Sha1\"]\nif s == 201 { // machineId\n"))
}
