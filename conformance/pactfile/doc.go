// Package pactfile writes the suite's contract as a Pact file, and reports interactions of
// other Pact files that a conforming server may violate. The file is never stricter than the
// contract, and weaker if Pact cannot express a requirement. [Pact.LeftOut] has the reason for
// each case that is not an interaction. Of the others, Pact cannot express that
//   - a refusal carries no action, and has no body or one of a few forms: a pact
//     can require presence, but not absence;
//   - a 401 names the Bearer scheme in WWW-Authenticate: a server may send more
//     challenges in separate fields, and Pact compares each field;
//   - no member of an answer is repeated, and that a time is an existing date.
//
// V3 cannot express several statuses, so most refusals are only in V4.
package pactfile
