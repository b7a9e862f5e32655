package reference

import (
	"encoding/json"
	"net/http"
	"strings"
)

// parameters reads Comment and Sha1 out of the body. Their names are matched
// byte for byte: a map keeps encoding/json from taking "comment" for "Comment".
func parameters(x *exchange) *refusal {
	if x.readErr != nil || !wellFormed(x.body) {
		return badBody("InvalidRequestBody", "The request body is incorrect.")
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(x.body, &members) != nil || members == nil {
		return badBody("InvalidRequestBody", "The request body has to be an object.")
	}
	for _, parameter := range []struct {
		name  string
		value *string
	}{{"Comment", &x.comment}, {"Sha1", &x.sha1}} {
		raw, ok := members[parameter.name]
		if !ok {
			return badBody("MissingRequiredParameter", "Parameter "+parameter.name+" is missing.")
		}
		if raw[0] != '"' || json.Unmarshal(raw, parameter.value) != nil {
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
