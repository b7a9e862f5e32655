package reference

import (
	"encoding/json"
	"net/http"
	"strings"

	"fmaspec/conformance/internal/strictjson"
)

// parameters reads Comment and Sha1 out of the body. Their names are matched byte for
// byte, as encoding/json does not: it takes "comment" for "Comment".
func parameters(x *exchange) *refusal {
	members, err := strictjson.Members(x.body, "Comment", "Sha1")
	if x.readErr != nil || err != nil {
		return badBody("InvalidRequestBody", "The request body is incorrect.")
	}
	if members == nil {
		return badBody("InvalidRequestBody", "The request body has to be an object.")
	}
	for _, parameter := range []struct {
		name  string
		raw   []byte
		value *string
	}{{"Comment", members[0], &x.comment}, {"Sha1", members[1], &x.sha1}} {
		if parameter.raw == nil {
			return badBody("MissingRequiredParameter", "Parameter "+parameter.name+" is missing.")
		}
		if parameter.raw[0] != '"' || json.Unmarshal(parameter.raw, parameter.value) != nil {
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
