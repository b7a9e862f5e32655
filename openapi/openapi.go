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
	Success        int    // the one status of the 2xx class that it documents
	RequestSchema  string // name of the JSON request's schema, as for schemas.Compile; "" if none
	FileMember     string // the member of the request that names the file, from x-names; "" if none
	ResponseSchema string // name of the schema of the JSON answer of success; "" if none
	Scheme         string // the scheme of HTTP of its credentials, such as "bearer"; "" if it asks for none
	ErrorSchema    string // name of the schema of the JSON answer of any other status; "" if none
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
func Load() (*Document, error) { return LoadFS(nil, "", nil) }

// LoadFS returns the description in the named file of fsys, validated with its
// examples; without a name that in its root, the only file whose name ends in
// .openapi.yaml. References of the form ../schemas/NAME.schema.json are resolved in
// shapes, others in fsys; whatever leads elsewhere is an error, as is an operation
// without an operationId, or without exactly one status of success. Where a file
// system is nil, it is the embedded one: [FS], or schemas.FS.
func LoadFS(fsys fs.FS, name string, shapes fs.FS) (*Document, error) {
	examples := openapi3.EnableExamplesValidation()
	if fsys == nil && name == "" && shapes == nil {
		// A quarter of the time of loading. A test validates the embedded ones.
		examples = openapi3.DisableExamplesValidation()
	}
	if fsys == nil {
		fsys = files
	}
	if shapes == nil {
		shapes = schemas.FS()
	}
	if name == "" {
		found, err := fs.Glob(fsys, "*.openapi.yaml")
		switch {
		case err != nil:
			return nil, fmt.Errorf("openapi: %w", err)
		case len(found) != 1:
			return nil, fmt.Errorf("openapi: %d files are named *.openapi.yaml; keep the description in one",
				len(found))
		}
		name = found[0]
	}
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
		dir, file := path.Split(location.Path)
		switch {
		case location.Scheme != "" || location.Host != "":
		case dir == "openapi/":
			return fs.ReadFile(fsys, file)
		case dir == "schemas/":
			return fs.ReadFile(shapes, file)
		}
		return nil, fmt.Errorf("%s leads out of openapi/ and schemas/; refer to a file in one of them", location)
	}
	t, err := loader.LoadFromURI(&url.URL{Path: "openapi/" + name})
	if err != nil {
		return nil, fmt.Errorf("openapi/%s: %w; correct the description", name, err)
	}
	if err := t.Validate(loader.Context, examples, openapi3.EnableSchemaFormatValidation()); err != nil {
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
			if found := successes(op); len(found) == 1 {
				o.describe(t, op, found[0])
			} else {
				errs = append(errs, fmt.Errorf("openapi/%s: %s %s documents %d statuses of success; give it one of "+
					"the 2xx class", name, method, template, len(found)))
			}
			var err error
			if o.FileMember, err = fileMember(shapes, o.RequestSchema); err != nil {
				errs = append(errs, fmt.Errorf("openapi/%s: %s %s: %w", name, method, template, err))
			}
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
	o.Scheme = scheme(t, op)
	o.Undo, _ = op.Extensions["x-undo"].(string)
	if body := op.RequestBody; body != nil && body.Value != nil {
		o.RequestSchema = schemaName(t, body.Value.Content)
	}
	return o
}

// scheme returns the scheme of HTTP by which an operation asks for credentials, in small
// letters, "" where it has none, or others suffice.
func scheme(t *openapi3.T, op *openapi3.Operation) (name string) {
	asked := t.Security
	if op.Security != nil {
		asked = *op.Security
	}
	for _, alternative := range asked {
		found := ""
		for id := range alternative {
			if t.Components == nil || t.Components.SecuritySchemes[id] == nil {
				continue
			}
			if s := t.Components.SecuritySchemes[id].Value; s != nil && s.Type == "http" {
				found = strings.ToLower(s.Scheme)
			}
		}
		if found == "" || name != "" && found != name {
			return ""
		}
		name = found
	}
	return name
}

// describe reads what the answers of an operation are.
func (o *Operation) describe(t *openapi3.T, op *openapi3.Operation, success string) {
	fmt.Sscan(success, &o.Success)
	for status, of := range map[string]*string{success: &o.ResponseSchema, "default": &o.ErrorSchema} {
		if answer := op.Responses.Value(status); answer != nil && answer.Value != nil {
			*of = schemaName(t, answer.Value.Content)
		}
	}
}

// successes are the statuses of the 2xx class that an operation documents, sorted.
func successes(op *openapi3.Operation) (found []string) {
	for status := range op.Responses.Map() {
		if len(status) == 3 && status[0] == '2' && status != "2XX" {
			found = append(found, status)
		}
	}
	slices.Sort(found)
	return found
}

// fileMember returns the member of a request that names the file.
func fileMember(shapes fs.FS, request string) (string, error) {
	if request == "" {
		return "", nil
	}
	outline, err := schemas.Library{FS: shapes}.Outline(request)
	if err != nil {
		return "", err
	}
	member := strings.TrimPrefix(outline.Names["file"], "/")
	if strings.Contains(member, "/") {
		return "", fmt.Errorf("schemas/%s.schema.json: the file is named at /%s; name it in a member of the request "+
			"itself", request, member)
	}
	return member, nil
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
