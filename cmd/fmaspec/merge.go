package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
)

// mergeOperand is the operand of fmaspec report that merges the reports of shards.
const mergeOperand = "merge"

// mergeFlags are the settings of fmaspec report merge.
type mergeFlags struct {
	library
	baseline string
}

func (f *mergeFlags) flags(set *flag.FlagSet) {
	f.library.flags(set)
	set.StringVar(&f.baseline, "baseline", "", "with merge, the `FILE` of accepted findings")
}

// merged reads the reports of shards and returns the one of the whole run.
func (f *mergeFlags) merged(e *env, files []string) (*record.Report, error) {
	if len(files) == 0 {
		return nil, errors.New("merge: no file; name the reports of all shards, which fmaspec run -shard I/N -report " +
			"json=FILE has written")
	}
	known, err := (&baselineFlags{file: f.baseline}).read(nil, false)
	if err != nil {
		return nil, err
	}
	var shards []*record.Report
	for _, name := range files {
		r, err := e.readReport(name)
		if err != nil {
			return nil, err
		}
		shards = append(shards, r)
	}
	suite, _, err := f.load()
	if err != nil {
		return nil, err
	}
	if suite, err = generated(suite, shards[0].Suite.Generated...); err != nil {
		return nil, fmt.Errorf("%s: %w", files[0], err)
	}
	complete := []func(*record.Report){mutate.Prove}
	if known != nil {
		complete = append(complete, func(out *record.Report) { known.Apply(out, suiteNames(suite), out.Started) })
	}
	out, err := suite.Merge(shards, complete...)
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	if out.Load, err = load.Merge(shards); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	return out, nil
}

// A shardFlag is a flag of the form "2/5".
type shardFlag struct{ conformance.Shard }

func (s *shardFlag) Set(text string) error {
	index, of, found := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(of)
	if !found || err != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return errors.New("want the number of a part, from 1, a slash, and the number of parts, such as 2/5")
	}
	s.Shard = conformance.Shard{Index: i, Of: n}
	return nil
}
