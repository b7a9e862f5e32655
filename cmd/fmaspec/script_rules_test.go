package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"fmaspec/conformance/reference"
)

// variant makes the server at $URL keep the contract in another way: variant NAME
func variant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: variant NAME")
	}
	for _, v := range reference.Variants() {
		if v.Name == args[0] {
			h := v.Wrap(honest())
			ts.Value("counter").(*counter).handler.Store(&h)
			return
		}
	}
	ts.Fatalf("no variant %s", args[0])
}
