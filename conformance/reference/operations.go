package reference

import (
	"sync"

	"fmaspec/openapi"
)

// operations reads the operations out of the embedded document, once.
var operations = sync.OnceValues(func() ([]openapi.Operation, error) {
	doc, err := openapi.Load()
	if err != nil {
		return nil, err
	}
	return doc.Operations, nil
})
