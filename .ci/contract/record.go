package main

import (
	"fmt"
	"strings"
)

// A record is a breaking change that is meant.
type record struct {
	key  string
	why  string
	line int
}

// head is what stands in the record after a release.
const head = `# Breaking changes since the contract in openapi/released that are meant. A
# comment says why, the lines below it are the keys that "make contract" prints,
# and an empty line ends what the comment is about. A release empties this file.
`

// parse reads a record. A key without a reason above it, and one that stands
// there twice, are errors.
func parse(text string) ([]record, error) {
	var all []record
	why := ""
	seen := map[string]int{}
	if rest, ok := strings.CutPrefix(text, head); ok { // which is nobody's reason
		text = strings.Repeat("\n", strings.Count(head, "\n")) + rest
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		comment, isComment := strings.CutPrefix(line, "#")
		switch {
		case line == "":
			why = ""
		case isComment:
			why = strings.TrimSpace(why + " " + strings.TrimSpace(comment))
		case why == "":
			return nil, fmt.Errorf("%s:%d: nobody says why; put a comment right above the key", recordFile, i+1)
		case seen[line] > 0:
			return nil, fmt.Errorf("%s:%d: the key stands in line %d already; keep one", recordFile, i+1, seen[line])
		default:
			seen[line] = i + 1
			all = append(all, record{line, why, i + 1})
		}
	}
	return all, nil
}
