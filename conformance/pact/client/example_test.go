package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"fmaspec/conformance/pact/client"
	"fmaspec/conformance/reference"
)

func Example() {
	server := httptest.NewServer(reference.New(reference.Config{Token: "a-token"}))
	defer server.Close()

	c := client.Client{URL: server.URL, Token: "a-token"}
	action, err := c.RequestSample(context.Background(), "fb9ab6be3965095a09c057be7c90f0a2",
		"87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "Alert 32123")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(action.Type, "of", action.Sha1)
	// Output: RequestSample of 87662bc3d60e4200ceaf7aae249d1c343f4b83c9
}
