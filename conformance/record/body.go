package record

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// A Body is the bytes of a message body. In JSON it is a string where the bytes
// are valid UTF-8, and {"base64": "…"} elsewhere, so that nothing is lost.
type Body []byte

// IsZero reports whether there is no body.
func (b Body) IsZero() bool { return len(b) == 0 }

// MarshalJSON writes the body as text where that keeps every byte.
func (b Body) MarshalJSON() ([]byte, error) {
	if utf8.Valid(b) {
		return json.Marshal(string(b))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString(b)})
}

// UnmarshalJSON reads either form.
func (b *Body) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*b = Body(text)
		return nil
	}
	var coded struct{ Base64 []byte }
	if err := json.Unmarshal(data, &coded); err != nil {
		return fmt.Errorf("body: want a string or {\"base64\": …}: %w", err)
	}
	*b = coded.Base64
	return nil
}
