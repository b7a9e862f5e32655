package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Where things are, from the root of the repository.
const (
	description = "openapi/fmaspec.openapi.yaml"
	releasedDir = "openapi/released"
	recordFile  = "openapi/breaking.txt"
)

// check fails where the contract in a checkout breaks the released one in a way
// that is not recorded, or where something is recorded that does not occur.
func check(dir string) (string, error) {
	released, current, changes, err := load(dir)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return "", fmt.Errorf("%s: %w; an empty file records nothing", recordFile, err)
	}
	records, err := parse(string(text))
	if err != nil {
		return "", err
	}
	if err := judge(changes, records); err != nil {
		return "", err
	}
	said := fmt.Sprintf("%s keeps what was released as %s", current.version, released.version)
	if len(records) > 0 {
		said = fmt.Sprintf("%s breaks what was released as %s in %d recorded ways", current.version, released.version,
			len(records))
	}
	return said, nil
}

// load returns both contracts of a checkout, and what breaks.
func load(dir string) (released, current *document, changes []change, err error) {
	if released, err = read(os.DirFS(filepath.Join(dir, releasedDir))); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", releasedDir, err)
	}
	if current, err = read(os.DirFS(dir)); err != nil {
		return nil, nil, nil, err
	}
	changes, err = compare(released, current)
	return released, current, changes, err
}

// judge fails for each change that is not recorded and each record of no change.
func judge(changes []change, records []record) error {
	var failures []string
	occurs, recorded := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		occurs[c.key] = true
	}
	for _, r := range records {
		recorded[r.key] = true
		if !occurs[r.key] {
			failures = append(failures, fmt.Sprintf("%s:%d: %s: no such change; remove the line", recordFile, r.line,
				r.key))
		}
	}
	missing := 0
	for _, c := range changes {
		if !recorded[c.key] {
			missing++
			failures = append(failures, c.String())
		}
	}
	if missing > 0 {
		failures = append(failures, fmt.Sprintf("%d of the breaking changes not recorded; take them back, or write "+
			"their keys into %s, under a comment that says why", missing, recordFile))
	}
	if failures == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(failures, "\n"))
}
