// Package traffic reads exchanges from files of recorded traffic: HAR 1.2 as eight known tools
// write it, Playwright's .har.zip, and the NDJSON that the suite itself records; each of them
// plain or in gzip, zstd or a zip archive. It looks at the content of a file and never at its
// name.
//
// A record is not what was on the wire. Recorders decode bodies, leave out credentials and
// bodies, and add pseudo-headers. What a record does not hold is named in Lacks of the exchange,
// so that the judge finds it impossible to judge and not violated.
//
// A file is read as a stream: of what it holds, one entry is in memory at a time, and an entry
// has a limit. A broken entry is reported with its place and does not end the reading. A HAR is
// divided into its entries by a scan of strings and brackets that continues behind a broken
// entry; each entry is then parsed by jsontext.
package traffic
