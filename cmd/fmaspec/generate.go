package main

import (
	"flag"
	"fmt"
	"slices"

	"fmaspec/conformance"
	"fmaspec/conformance/explore"
	"fmaspec/conformance/generate"
)

// The values of -generate.
const (
	generateAuto     = "auto"
	generateNone     = "none"
	generateCoverage = generate.Generator
	generateExplore  = explore.Generator
)

// generateFlags say which cases are generated and sent with those of the suite.
type generateFlags struct{ phase string } // generateNone where empty

func (g *generateFlags) flags(set *flag.FlagSet) {
	g.phase = generateAuto
	set.Var((*phaseFlag)(&g.phase), "generate", "add generated cases of this `PHASE`: none, coverage, "+
		"explore, or auto, which is coverage for a target on this machine and none for another; explore sends random "+
		"requests after the written cases, and reduces what fails; -run and -skip, whose patterns have to match "+
		"written "+
		"cases too, select them by ids such as requestSample/explore/SEED-17")
}

// A phaseFlag is a flag that names a phase. An unknown one is an error of the command.
type phaseFlag string

func (p *phaseFlag) String() string { return string(*p) }

func (p *phaseFlag) Set(text string) error {
	*p = phaseFlag(text)
	return nil
}

// generatePhases returns the values of -generate.
func generatePhases() []string {
	return []string{generateNone, generateCoverage, generateExplore, generateAuto}
}

func (g *generateFlags) validate() error {
	if g.phase != "" && !slices.Contains(generatePhases(), g.phase) {
		return fmt.Errorf("-generate %q: no such phase; give none, coverage, explore or auto", g.phase)
	}
	return nil
}

// extend returns the suite with the generated cases that are asked for.
func (g *generateFlags) extend(suite *conformance.Suite, target conformance.Target) (*conformance.Suite, error) {
	if g.phase == generateCoverage || g.phase == generateAuto && target.Local() {
		return generated(suite, generate.Generator)
	}
	return suite, nil
}

// generated returns the suite with the cases of generators, but for those of an exploration,
// which no suite has.
func generated(suite *conformance.Suite, generators ...string) (*conformance.Suite, error) {
	for _, name := range generators {
		if name == generateExplore {
			continue // it makes up its cases during the run
		}
		if name != generate.Generator {
			return nil, fmt.Errorf("%q generates no cases here; verify with the fmaspec that wrote the report", name)
		}
		out, err := generate.Coverage(suite)
		if err != nil {
			return nil, fmt.Errorf("%v; that is an error of fmaspec: please report it", err)
		}
		suite = out.Suite
	}
	return suite, nil
}
