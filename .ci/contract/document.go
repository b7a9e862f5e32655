package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/flatten/allof"
	"github.com/oasdiff/oasdiff/flatten/commonparams"
	oasload "github.com/oasdiff/oasdiff/load"
)

// A document is a contract that was read.
type document struct {
	spec    *oasload.SpecInfo
	version string
	files   map[string][]byte // all that it consists of, by path
}

// read returns the contract in a file system that holds the description and the
// schemas where a checkout has them. References that lead elsewhere are errors.
func read(fsys fs.FS) (*document, error) {
	d := &document{files: map[string][]byte{}}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.IncludeOrigin = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		if dir := path.Dir(at.Path); at.Scheme != "" || at.Host != "" || dir != "openapi" && dir != "schemas" {
			return nil, fmt.Errorf("%s leads out of openapi/ and schemas/; refer to a file in one of them", at)
		}
		data, err := fs.ReadFile(fsys, at.Path)
		d.files[at.Path] = data
		return data, err
	}
	t, err := loader.LoadFromURI(&url.URL{Path: description})
	if err != nil {
		return nil, fmt.Errorf("%s: %w; correct the description", description, err)
	}
	if err := t.Validate(loader.Context, openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("%s: %w; correct the description", description, err)
	}
	d.version = t.Info.Version
	// Without these two oasdiff looks past the parameters of a path, and only
	// guesses what the parts of an allOf mean together.
	if t, err = allof.MergeSpec(t); err != nil {
		return nil, fmt.Errorf("%s: %w; write the allOf in a way that can be merged", description, err)
	}
	commonparams.Move(t)
	d.spec = &oasload.SpecInfo{Url: description, Spec: t, Version: d.version}
	return d, nil
}
