package curl_test

import (
	"fmt"
	"strings"

	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

func ExampleCommand() {
	command, why := curl.Command(nil, &record.ExchangeResult{
		Request: record.Request{
			Method: "POST", URL: "http://127.0.0.1:8080/requestSample",
			Header: []record.Field{
				{Name: "Host", Value: "127.0.0.1:8080"},
				{Name: "Authorization", Value: "Bearer $FMASPEC_TOKEN"},
				{Name: "Content-Type", Value: "application/json"},
			},
			Body: record.Body(`{"Comment": "Alert 32123"}`),
		},
		Response: &record.Response{Status: 400},
	})
	if why != "" {
		fmt.Println(why)
		return
	}
	fmt.Println(strings.ReplaceAll(command, " -", "\n  -"))
	// Output:
	// curl
	//   -sS
	//   -i
	//   -H 'Authorization: Bearer '"$FMASPEC_TOKEN"
	//   -H 'Content-Type: application/json'
	//   -H 'User-Agent:'
	//   -H 'Accept:'
	//   -H 'Content-Length:'
	//   --data-binary '{"Comment": "Alert 32123"}' 'http://127.0.0.1:8080/requestSample'
}
