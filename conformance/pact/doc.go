// Package pact verifies an implementation by the consumer contract, inside its
// owner's own "go test", with pact-go. Everything but this comment is behind the
// build tag "pact", because pact-go links with a native library:
//
//	make pact-lib                     # in a checkout of fmaspec; prints the folder
//	CGO_LDFLAGS="-L$folder -Wl,-rpath,$folder" go test -tags pact ./...
//
// The contract as a pact file, without any of that, is package pactfile. docs/pact.md
// describes which faults a verification by Pact finds, and which only the suite finds.
package pact
