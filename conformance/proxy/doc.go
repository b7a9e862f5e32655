// Package proxy passes HTTP on between clients and one upstream, and has each exchange on a
// documented path judged from a copy.
//
// A [Proxy] passes everything on as it came: method, target, header, bodies, trailers, interim
// answers and upgrades. It removes the fields of the connection (RFC 9110 7.6.1), replaces Host by
// the upstream's, and changes nothing else. Where [Options.Enforce] is not set, nothing that passes
// waits for the judge: what cannot be copied or queued is not judged, and counted.
//
// What net/http does not keep is lost: the letter case and the order of the names of fields, the
// sizes of chunks, and the reason phrase of a status. Of an answer with "Connection: close" net/http
// removes the field, so that the other fields that it names are passed on. What net/http reads although
// it is not HTTP is judged as it came, over connections of [NewTransport] in HTTP/1.1, and passed on as
// net/http reads it.
package proxy
