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
//
// # NDJSON
//
// The suite's own form has one exchange on each line, a [record.Exchange] in JSON:
//
//	{"case": "…", "step": 0,
//	 "request": {"method": "POST", "url": "https://…", "header": [{"name": "…", "value": "…"}], "body": "…"},
//	 "response": {"status": 200, "proto": "HTTP/1.1", "header": {"Name": ["value"]}, "body": "…"},
//	 "started": "2024-01-02T03:04:05Z", "elapsed_ns": 1000000}
//
// Required are request with its method and url, and response, which is null where no answer came;
// error and error_kind then say why. A body that is not UTF-8 is {"base64": "…"}; one that is
// absent is empty. A header that is absent or null, and an instant that is absent, are lacking;
// what else is lacking stands in lacks. Other members are ignored, and so are blank lines. A line
// with "$schema" and "suite" is a report without cases and requirements: what made the record.
package traffic
