package generate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/reference"
	"fmaspec/schemas"
)

func TestX(t *testing.T) {
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	began := time.Now()
	out, err := generate.Coverage(suite, schemas.Library{})
	require.NoError(t, err)
	fmt.Println(time.Since(began), out.Cases, out.Dropped)
	n := map[string]int{}
	for _, c := range out.Suite.Cases {
		if c.Generator != "" && c.Operation == "RequestSample" || c.Operation == "requestSample" {
			n[fmt.Sprintf("%.40s", c.Seed[:max(0, len(c.Seed)-0)])[:min(len(c.Seed), 8)]]++
		}
	}
	fmt.Println(n)
	began = time.Now()
	h := reference.New(reference.Config{Token: "abcdefgh", UnprivilegedToken: "vfvfvfvfvfvf", UnknownMachine: "0000000000000000000000000000000000000000"})
	r, err := out.Suite.Run(context.Background(), conformance.Target{Handler: h, Token: "abcdefgh", InvalidToken: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ2b2JvZHkifQ.xxx", UnknownMachine: "0000000000000000000000000000000000000000"}, conformance.Options{Strict: true})
	require.NoError(t, err)
	fmt.Println(time.Since(began), r.Verdict, r.Reason, r.Totals)
	k := 0
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			if k++; k < 60 {
				fmt.Println(c.ID, f.Requirement, f.Check, f.Want, f.Got)
			}
		}
		if c.Outcome.String() != "passed" && len(c.Findings) == 0 && k < 60 {
			k++
			fmt.Println(c.ID, c.Outcome, c.Reason)
		}
	}
}
