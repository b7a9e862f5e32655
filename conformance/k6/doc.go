// Package k6 writes the cases of a suite as a script for [k6], a load tool, so that many
// machines can send them: [Build] returns the script, and [TestRun] a resource of its
// operator.
//
// The script has the requests as data, and with them what the contract says of the answers: the
// status, the schemas, and the relations that one answer shows. It judges each answer by its
// own code, in JavaScript, which knows less than the suite does; what it finds, the suite finds
// too. docs/k6.md has a table of what it misses.
//
// [k6]: https://k6.io
package k6
