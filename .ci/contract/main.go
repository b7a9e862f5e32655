// Command contract holds the OpenAPI document, and the schemas it refers to,
// against those released last.
package main

import (
	"fmt"
	"io"
	"os"
)

const usage = `contract check DIR     exits with 1 if the contract in DIR breaks the released
                       one in a way that is not recorded
contract release DIR   makes the contract in DIR the released one
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 1 if the contract does not pass, 2 for misuse.
func run(args []string, stdout, stderr io.Writer) int {
	work := map[string]func(dir string) (string, error){"check": check, "release": release}
	if len(args) != 2 || work[args[0]] == nil {
		fmt.Fprint(stderr, usage)
		return 2
	}
	said, err := work[args[0]](args[1])
	if err != nil {
		fmt.Fprintf(stderr, "contract: %v\n", err)
		return 1
	}
	fmt.Fprintf(stdout, "contract: %s\n", said)
	return 0
}
