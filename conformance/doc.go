// Package conformance replays requests against an implementation of the
// Windows Defender ATP preview actions "Stop and quarantine file" and "Request
// sample", and judges every answer.
//
// A [Suite] is loaded from the catalogue of requirements and the case files in
// package fixtures, or in a folder of the user's own. [Suite.Run] sends the
// cases to a [Target] and returns a [record.Report]; [Suite.Judge] judges a single
// [Exchange]. The package prints nothing and reads no environment.
package conformance
