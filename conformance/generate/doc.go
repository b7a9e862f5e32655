// Package generate derives cases from a contract: from the schema of each operation's
// request, and from the forms that HTTP and JSON give to a request. [Coverage] is the
// deterministic phase. It takes the plain accepted case of each operation and changes it in
// one thing, and then in two things at once. Which requirement a group of cases proves is
// data of the contract, in requirements/groups.yaml; a group that is not there generates
// nothing.
package generate
