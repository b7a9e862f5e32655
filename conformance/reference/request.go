package reference

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// parameters reads Comment and Sha1 out of the body. Their names are matched byte for
// byte, as encoding/json does not: it takes "comment" for "Comment".
func parameters(x *exchange) *refusal {
	if x.readErr != nil || !wellFormed(x.body) {
		return badBody("InvalidRequestBody", "The request body is incorrect.")
	}
	var members struct{ Comment, Sha1 jsontext.Value }
	lenient := jsontext.AllowInvalidUTF8(true) // of lone surrogates, which are well-formed
	if jsontext.Value(x.body).Kind() != '{' || json.Unmarshal(x.body, &members, lenient) != nil {
		return badBody("InvalidRequestBody", "The request body has to be an object.")
	}
	for _, parameter := range []struct {
		name  string
		raw   jsontext.Value
		value *string
	}{{"Comment", members.Comment, &x.comment}, {"Sha1", members.Sha1, &x.sha1}} {
		if parameter.raw == nil {
			return badBody("MissingRequiredParameter", "Parameter "+parameter.name+" is missing.")
		}
		if parameter.raw.Kind() != '"' || json.Unmarshal(parameter.raw, parameter.value, lenient) != nil {
			return badBody("InvalidInput", "Parameter "+parameter.name+" has to be a string.")
		}
	}
	if strings.TrimSpace(x.comment) == "" {
		return badBody("InvalidInput", "Parameter Comment is blank.")
	}
	if len(x.sha1) != 40 || !isHex(x.sha1) {
		return badBody("InvalidHashValue", "Parameter Sha1 has to be 40 hexadecimal digits.")
	}
	return nil
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

func badBody(code, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, message: message}
}
