// Command generate judges code in Go that was made of the OpenAPI document, as its
// reader would: named types and none twice, members with a type, tags that can be
// read.
//
//	go run . PREFIX FILE… -- NAME…
//
// The types of the files that are structures have to be those of the names, each
// once; one whose name begins with PREFIX and goes on with such a name is passed
// over. It exits with 1 where something is wrong, 2 for misuse.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	i := slices.Index(args, "--")
	if i < 2 || i == len(args)-1 {
		fmt.Fprintln(stderr, "generate: want PREFIX FILE… -- NAME…")
		return 2
	}
	files := map[string]string{}
	for _, name := range args[1:i] {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintf(stderr, "generate: %v\n", err)
			return 2
		}
		files[name] = string(text)
	}
	found := judge(args[0], files, args[i+1:])
	if found == nil {
		fmt.Fprintf(stdout, "generate: %s, each with named types and readable tags\n", strings.Join(args[i+1:], ", "))
		return 0
	}
	fmt.Fprintln(stderr, strings.Join(found, "\n"))
	return 1
}
