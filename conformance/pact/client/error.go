package client

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage is the maximum length of a service's message in an error, in characters.
const maxMessage = 500

// An Error is an answer that cannot be used: a refusal, or a 201 without the requested action.
type Error struct {
	Operation string // as in the path: "requestSample"
	Status    int    // of the answer; 201 if the action may have been started
	Code      string // of an OData error, or ""
	Message   string // of an OData error, else the text of the answer; if Status is 201, the problem
}

// Error returns the operation, the status and the service's message, followed by the remedy.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: status %d", e.Operation, e.Status)
	for _, more := range []string{e.Code, e.Message} {
		if more != "" {
			text += ": " + more
		}
	}
	return text + "; " + cmp.Or(remedies[e.Status], "ask the operator of the service")
}

var remedies = map[int]string{
	http.StatusCreated:             "the action may have been started, so look for it before you try again",
	http.StatusBadRequest:          "correct the comment or the hash",
	http.StatusUnprocessableEntity: "correct the comment or the hash",
	http.StatusUnauthorized:        "get a new token",
	http.StatusForbidden:           "use the token of a Security administrator or Global admin",
	http.StatusNotFound:            "check the URL and the machine id",
	http.StatusTooManyRequests:     "wait, and try again",
	http.StatusServiceUnavailable:  "wait, and try again",
}

// refusal returns the error for an answer that is not 201.
func (c *Client) refusal(op operation, status int, body []byte) *Error {
	e := &Error{Operation: op.name, Status: status}
	var odata struct {
		Error *struct{ Code, Message string } `json:"error"`
	}
	if json.Unmarshal(body, &odata) == nil && odata.Error != nil {
		e.Code, e.Message = odata.Error.Code, odata.Error.Message
	} else if utf8.Valid(body) {
		e.Message = string(body)
	}
	e.Code, e.Message = short(c.struck(e.Code)), short(c.struck(e.Message))
	return e
}

// short returns a text on one line, without control characters.
func short(text string) string {
	words := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) ||
			!unicode.IsPrint(r)
	}), " "))
	if len(words) > maxMessage {
		return string(words[:maxMessage]) + "…"
	}
	return string(words)
}
