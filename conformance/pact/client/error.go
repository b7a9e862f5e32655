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

// maxMessage is the most characters of a service's own words that an error keeps.
const maxMessage = 500

// An Error is an answer that cannot be used: a refusal, or a 201 without the
// action that was asked for.
type Error struct {
	Operation string // as in the path: "requestSample"
	Status    int    // of the answer; 201 where the action may have been started
	Code      string // of an OData error, or ""
	Message   string // of an OData error, else the text of the answer; where Status is 201, what is wrong with it
}

// Error names the operation, the status and the service's words, and ends with
// what can be done.
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
	http.StatusCreated:             "the action may have been started, so look for it before you ask again",
	http.StatusBadRequest:          "mend the comment or the hash",
	http.StatusUnprocessableEntity: "mend the comment or the hash",
	http.StatusUnauthorized:        "get a new token",
	http.StatusForbidden:           "use the token of a Security administrator or Global admin",
	http.StatusNotFound:            "check the URL and the machine id",
	http.StatusTooManyRequests:     "wait, and ask again",
	http.StatusServiceUnavailable:  "wait, and ask again",
}

// refusal makes an error of an answer that is not 201.
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

// short is a text on one line, without what a terminal might obey.
func short(text string) string {
	words := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " "))
	if len(words) > maxMessage {
		return string(words[:maxMessage]) + "…"
	}
	return string(words)
}
