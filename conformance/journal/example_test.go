package journal_test

import (
	"fmt"
	"strings"

	"fmaspec/conformance/journal"
)

func ExampleRead() {
	const file = `{"event":"sending","time":"2026-11-28T22:48:57Z","run":"80c5","number":1,` +
		`"case":"requestSample/valid/accepts-plain-request","step":0,"operation":"requestSample",` +
		`"target":"https://graph.example","machine":"fb9ab6be3965095a09c057be7c90f0a2",` +
		`"sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}
{"event":"answered","time":"2026-11-28T22:48:5`
	entries, torn, err := journal.Read("journal.ndjson", strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range journal.Summarize(entries) {
		fmt.Println(a.State, a.Operation, "on", a.Machine)
	}
	fmt.Println("incomplete lines:", torn)
	// Output:
	// unknown requestSample on fb9ab6be3965095a09c057be7c90f0a2
	// incomplete lines: [2]
}
