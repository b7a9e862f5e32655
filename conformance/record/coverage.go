package record

import "fmt"

// A Coverage says which places of the contract the cases of a run met, by requests that were
// sent, answered and judged. A case counts once at a place, however often it was repeated. Cases
// that were skipped, or that prove nothing, do not count.
//
// A place of a request is met valid by a request that is to be accepted and is valid there, and
// met invalid by a request that is to be refused and is at fault there and nowhere else in its
// header and body. A status is met valid where the answer has it and it counts, and met invalid
// where it does not.
type Coverage struct {
	// the percentage that was asked for, of -min-coverage; 0 for none
	Least  int           `json:"least,omitempty"`
	Places int           `json:"places"` // that can be met both valid and invalid: those that are not open
	Met    int           `json:"met"`    // of them, those that were met both ways
	Rows   []CoverageRow `json:"rows"`   // by operation: keywords of the body, forms of the header, statuses
}

// A CoverageRow is one place, and how many cases met it.
type CoverageRow struct {
	Operation string `json:"operation"`
	// "body", a JSON pointer and a keyword, such as "body /Comment type"; "header", a field and what
	// is asked of it, such as "header Authorization: scheme"; or "status" and a status
	Place string `json:"place"`
	// why no request can be asked for that meets it invalid, so that it does not count as one of the
	// places; "" where one can
	Open      string        `json:"open,omitempty"`
	Written   CoverageCount `json:"written"`   // by cases of files
	Generated CoverageCount `json:"generated"` // by cases that a generator made
}

// A CoverageCount counts the cases that met a place.
type CoverageCount struct {
	Valid   int `json:"valid"`
	Invalid int `json:"invalid"`
}

// Valid returns how many cases met the place valid.
func (r CoverageRow) Valid() int { return r.Written.Valid + r.Generated.Valid }

// Invalid returns how many cases met the place invalid.
func (r CoverageRow) Invalid() int { return r.Written.Invalid + r.Generated.Invalid }

// Lacks returns which ways of a place that is not open were not met: "valid", "invalid", "valid
// or invalid", or "".
func (r CoverageRow) Lacks() string {
	switch {
	case r.Open != "" || r.Valid() > 0 && r.Invalid() > 0:
		return ""
	case r.Valid() > 0:
		return "invalid"
	case r.Invalid() > 0:
		return "valid"
	}
	return "valid or invalid"
}

// Missed returns the places that were not met both ways and can be.
func (c *Coverage) Missed() (out []CoverageRow) {
	for _, r := range c.Rows {
		if r.Lacks() != "" {
			out = append(out, r)
		}
	}
	return out
}

// Percent returns the percentage of the places that were met, rounded down, 0 where there is
// none.
func (c *Coverage) Percent() int {
	if c.Places <= 0 {
		return 0
	}
	return int(int64(c.Met) * 100 / int64(c.Places))
}

// Fails reports whether the coverage fails the run: less was met than was asked for. It reports
// false for nil.
func (c *Coverage) Fails() bool { return c != nil && c.Least > 0 && c.Percent() < c.Least }

// String returns the coverage in words.
func (c *Coverage) String() string {
	return fmt.Sprintf("%d of %d places met valid and invalid (%d %%)", c.Met, c.Places, c.Percent())
}
