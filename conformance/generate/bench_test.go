package generate_test

import (
	"testing"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
)

func BenchmarkCoverage(b *testing.B) {
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := generate.Coverage(suite); err != nil {
			b.Fatal(err)
		}
	}
}
