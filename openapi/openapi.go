// Package openapi holds the OpenAPI 3.1 description of the two operations, and
// reads it. Bodies are described by the files of package schemas, which the
// description refers to.
package openapi

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"fmaspec/schemas"
)

// name is the description's file, in the root of [FS].
const name = "fmaspec.openapi.yaml"

//go:embed fmaspec.openapi.yaml
var files embed.FS

// FS returns the file system whose root holds fmaspec.openapi.yaml.
func FS() fs.FS { return files }

// An Operation is one operation of a description.
type Operation struct {
	ID             string // its operationId
	Method         string // in capitals
	Path           string // a template: "/testwdatppreview/machines/{id}/requestSample"
	RequestSchema  string // name of the JSON request's schema, as for schemas.Compile; "" if none
	ResponseSchema string // name of the schema of the JSON answer 201; "" if none
	File           string // the description, from the root of the suite's repository
	Line           int    // where the description says it, from 1
	// how to take back what the operation does, from x-undo, a command on an indented line of its
	// own; "" where nobody says
	Undo string
}

// A Document is a description that was read and found valid.
type Document struct {
	T          *openapi3.T
	Operations []Operation // sorted by ID
}

// Load returns the embedded description. It reads neither disk nor network.
func Load() (*Document, error) { return LoadFS(files, name) }

// LoadFS returns the description in the named file of fsys, validated with its
// examples. References of the form ../schemas/NAME.schema.json are resolved in
// schemas.FS, others in fsys; whatever leads elsewhere is an error, as is an
// operation without an operationId.
func LoadFS(fsys fs.FS, name string) (*Document, error) {
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
		dir, file := path.Split(location.Path)
		switch {
		case location.Scheme != "" || location.Host != "":
		case dir == "openapi/":
			return fs.ReadFile(fsys, file)
		case dir == "schemas/":
			return fs.ReadFile(schemas.FS(), file)
		}
		return nil, fmt.Errorf("%s leads out of openapi/ and schemas/; refer to a file in one of them", location)
	}
	t, err := loader.LoadFromURI(&url.URL{Path: "openapi/" + name})
	if err != nil {
		return nil, fmt.Errorf("openapi/%s: %w; correct the description", name, err)
	}
	if err := t.Validate(loader.Context, openapi3.EnableExamplesValidation(),
		openapi3.EnableSchemaFormatValidation()); err != nil {
		return nil, fmt.Errorf("openapi/%s: %w; correct the description", name, err)
	}
	d := &Document{T: t}
	var errs []error
	for template, item := range t.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" {
				errs = append(errs, fmt.Errorf("openapi/%s: %s %s has no operationId; give it one", name, method,
					template))
			}
			if undo, said := op.Extensions["x-undo"]; said && !isText(undo) {
				errs = append(errs, fmt.Errorf("openapi/%s: %s %s has an x-undo that is no text; say in a sentence "+
					"how it is undone", name, method, template))
			}
			o := operation(t, method, template, op)
			o.File = "openapi/" + name
			if op.Origin != nil && op.Origin.Key != nil {
				o.Line = op.Origin.Key.Line
			}
			d.Operations = append(d.Operations, o)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(d.Operations, func(a, b Operation) int { return cmp.Compare(a.ID, b.ID) })
	return d, nil
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func operation(t *openapi3.T, method, template string, op *openapi3.Operation) Operation {
	o := Operation{ID: op.OperationID, Method: method, Path: template}
	o.Undo, _ = op.Extensions["x-undo"].(string)
	if body := op.RequestBody; body != nil && body.Value != nil {
		o.RequestSchema = schemaName(t, body.Value.Content)
	}
	if created := op.Responses.Value("201"); created != nil && created.Value != nil {
		o.ResponseSchema = schemaName(t, created.Value.Content)
	}
	return o
}

// schemaName returns the name of the schema file to which the JSON content
// refers, directly or by the name that components gives it.
func schemaName(t *openapi3.T, content openapi3.Content) string {
	media := content.Get("application/json")
	if media == nil || media.Schema == nil {
		return ""
	}
	ref := media.Schema.Ref
	if name, ok := strings.CutPrefix(ref, "#/components/schemas/"); ok && t.Components != nil &&
		t.Components.Schemas[name] != nil {
		ref = t.Components.Schemas[name].Ref
	}
	file, ok := strings.CutSuffix(path.Base(ref), ".schema.json")
	if !ok {
		return ""
	}
	return file
}
