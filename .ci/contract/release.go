package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// release makes the contract of a checkout the released one and empties the
// record. It refuses what check refuses, and a version that was not raised.
func release(dir string) (string, error) {
	if _, err := check(dir); err != nil {
		return "", err
	}
	released, current, _, err := load(dir)
	if err != nil {
		return "", err
	}
	before, err := numbers(released.version)
	if err != nil {
		return "", fmt.Errorf("%s/%s: %w", releasedDir, description, err)
	}
	after, err := numbers(current.version)
	if err != nil {
		return "", fmt.Errorf("%s: %w", description, err)
	}
	if slices.Compare(before, after) >= 0 {
		return "", fmt.Errorf("%s: info.version is %s, and %s is released; raise it", description, current.version,
			released.version)
	}
	if err := replace(filepath.Join(dir, releasedDir), current.files); err != nil {
		return "", fmt.Errorf("%s: %w; bring the folder back from version control", releasedDir, err)
	}
	if err := os.WriteFile(filepath.Join(dir, recordFile), []byte(head), 0o644); err != nil {
		return "", fmt.Errorf("%s: %w; empty it by hand", recordFile, err)
	}
	return fmt.Sprintf("%s is released, after %s; commit %s and %s", current.version, released.version, releasedDir,
		recordFile), nil
}

// numbers reads a version: "0.1.0", or a day such as "2017-12-08".
func numbers(version string) (out []int, err error) {
	if !regexp.MustCompile(`^[0-9]{1,9}([.-][0-9]{1,9})*$`).MatchString(version) {
		return nil, fmt.Errorf("info.version is %q; write numbers with dots or hyphens in between", version)
	}
	for _, n := range strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' }) {
		number, _ := strconv.Atoi(n)
		out = append(out, number)
	}
	return out, nil
}

// replace makes a folder hold these files and nothing else.
func replace(dir string, files map[string][]byte) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, data := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
