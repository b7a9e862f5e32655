// Package pactfile says the suite's contract as a Pact file, and tells which
// interactions of anybody's Pact file no conforming server could honour.
//
// What it writes is never stricter than the contract, and weaker wherever Pact has
// no word for it. [Pact.LeftOut] says of each case why it is no interaction. Of the
// cases that are one, Pact cannot say that
//   - a refusal carries no action, and has no body or one of a few forms: a pact
//     says what is there, never what is not;
//   - a 401 names the Bearer scheme in WWW-Authenticate: a server may send further
//     challenges in fields of their own, and Pact compares each field;
//   - no member stands twice in an answer, and that a time is a day that exists.
//
// V3 has no word for several statuses, so that most refusals are in V4 alone.
package pactfile
