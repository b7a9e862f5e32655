package reference

import (
	"net/http"
	"strconv"
)

// answer is a complete answer before it is written.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// jsonAnswer returns an answer with a JSON object.
func jsonAnswer(status int, body Object) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body.JSON()}
}

// write sends the answer with its Content-Length. It keeps net/http from guessing a missing
// Content-Type.
func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil
	}
	if bodyAllowed(a.status) {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if bodyAllowed(a.status) {
		_, _ = w.Write(a.body)
	}
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// refusal is the reason why a request is refused.
type refusal struct {
	status        int
	code, message string
	header        http.Header
}

// answer returns the refusal as the OData error object that the successor and Microsoft Graph
// share.
func (no refusal) answer() *answer {
	a := jsonAnswer(no.status, Object{{"error", Object{{"code", no.code}, {"message", no.message}}}})
	for name, values := range no.header {
		a.header[name] = values
	}
	return a
}
