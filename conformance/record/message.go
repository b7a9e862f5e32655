package record

import "net/http"

// A Field is one header field as it goes over the wire, name in its own letter case.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Request is one request with every variable bound, secrets struck out where
// it is part of a [Report].
type Request struct {
	Method   string  `json:"method"`
	URL      string  `json:"url"`
	Absolute bool    `json:"absolute,omitzero"` // the request line named the whole URL although no proxy was asked
	Version  string  `json:"version,omitzero"`  // "1.0" where the request line said so, else ""
	Header   []Field `json:"header"`
	Body     Body    `json:"body,omitzero"`
}

// A Response is one answer, as far as it came.
type Response struct {
	Status int         `json:"status"`
	Proto  string      `json:"proto"`
	Header http.Header `json:"header"`
	Body   Body        `json:"body,omitzero"` // at most the run's body limit
	// the answer went on beyond the limit: only the beginning is here, and was judged
	Truncated bool `json:"truncated,omitzero"`
	// the whole answer was judged; it is too long for a record, which keeps only the beginning of Header or Body
	Shortened bool `json:"shortened,omitzero"`
	// what else came, as it came, by the names of the places, such as "trailer X-More": searched for
	// secrets when the exchange is made, and dropped
	Unkept []Field `json:"-"`
}
