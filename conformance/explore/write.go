package explore

import (
	"bytes"
	"fmt"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
)

// Write returns a case as an .http file, and sets the lines of the steps. The error says what
// would be another request when the file is read.
func Write(c *conformance.Case) ([]byte, error) {
	var out bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "# %s: %s\n", key, value)
		}
	}
	fmt.Fprintf(&out, "# %s\n", c.Title)
	line("operation", c.Operation)
	line("proves", strings.Join(c.Proves, ", "))
	line("control", strings.TrimPrefix(c.Control, c.Operation+"/"))
	line("needs", strings.Join(c.Needs, ", "))
	line("because", c.Because)
	if c.AtOnce {
		line("send", "at-once")
	}
	for i, s := range c.Steps {
		if i > 0 {
			out.WriteString("###\n")
		}
		switch s.Expect {
		case conformance.Refused:
			line("expect", "refused"+strings.TrimSuffix(fmt.Sprintln(append([]any{""}, words(s.Statuses)...)...), "\n"))
		default:
			line("expect", s.Expect.String())
		}
		if s.Separate {
			line("connection", "separate")
		}
		if s.Abort {
			line("abort", "mid-body")
		}
		if s.Absolute {
			line("target", "absolute-form")
		}
		if s.Old {
			line("version", "1.0")
		}
		c.Steps[i].Line = bytes.Count(out.Bytes(), []byte("\n")) + 1
		fmt.Fprintf(&out, "%s %s\n", s.Method, s.Path)
		for _, f := range s.Header {
			fmt.Fprintf(&out, "%s: %s\n", f.Name, f.Value)
		}
		fmt.Fprintf(&out, "\n%s\n", s.Body)
	}
	return out.Bytes(), same(c, out.Bytes())
}

func words(statuses []int) (out []any) {
	for _, s := range statuses {
		out = append(out, s)
	}
	return out
}

// same returns an error if the requests of a file are not those of a case.
func same(c *conformance.Case, data []byte) error {
	file, err := httpfile.Parse(c.Name+".http", data)
	if err != nil {
		return err
	}
	fail := func(what string) error {
		return fmt.Errorf("%s: %s does not read back as it is; send the case again by its seed", c.ID, what)
	}
	if len(file.Requests) != len(c.Steps) {
		return fail("the number of requests")
	}
	for i, r := range file.Requests {
		s := c.Steps[i]
		if r.Method != s.Method || r.Target != s.Path || len(r.Header) != len(s.Header) || string(r.Body) != s.Body {
			return fail(fmt.Sprintf("request %d", i+1))
		}
		for n, f := range r.Header {
			if f.Key != s.Header[n].Name || f.Value != s.Header[n].Value {
				return fail(fmt.Sprintf("the field %s of request %d", s.Header[n].Name, i+1))
			}
		}
	}
	return nil
}
