package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"fmaspec/conformance/term"
)

// JSON writes the comparison: indented, the same bytes for the same comparison, with a line
// break at the end. Control sequences for a terminal or a build server are escaped as \uNNNN,
// which is the same JSON.
func JSON(w io.Writer, c *Comparison) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("comparison: cannot be written as JSON: %w", err)
	}
	_, err := w.Write(term.JSON(b.Bytes()))
	return err
}
