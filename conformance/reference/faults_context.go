package reference

import "strings"

// contextFaults spoil the context URL.
func contextFaults() []Fault {
	swap := func(old, new string) string { return strings.Replace(metadata, old, new, 1) }
	rows := []struct{ name, says, value string }{
		{"empties-context", "gives an empty context", ""},
		{"answers-machine-actions-context", "gives the context of MachineActions",
			swap("#FileMachineActions", "#MachineActions")},
		{"answers-file-actions-context", "gives the context of FileActions",
			swap("#FileMachineActions", "#FileActions")},
		{"answers-collection-context", "gives the context of the collection", swap("/$entity", "")},
		{"answers-service-context", "gives the context of the whole service", swap("#FileMachineActions/$entity", "")},
		{"answers-keyed-context", "gives the context of one entity by its key", swap("/$entity", "('1')")},
		{"forgets-context-fragment-sign", "leaves the # out of the context", swap("#", "/")},
		{"forgets-context-dollar", "leaves the $ out of $metadata", swap("$metadata", "metadata")},
		{"escapes-context", "writes $ as %24 in the context", strings.ReplaceAll(metadata, "$", "%24")},
		{"escapes-context-fragment-sign", "writes # as %23 in the context", swap("#", "%23")},
		{"answers-successor-context", "gives the context of the successor's path", swap("/testwdatppreview/", "/api/")},
		{"answers-other-version-context", "gives the context of version v1.0", swap("/testwdatppreview/", "/v1.0/")},
		{"lowers-context", "writes the context in lower case", strings.ToLower(metadata)},
		{"answers-singular-context", "writes FileMachineAction for FileMachineActions in the context",
			swap("FileMachineActions", "FileMachineAction")},
		{"ends-context-with-slash", "ends the context in a slash", metadata + "/"},
		{"ends-context-with-element", "ends the context in @Element, as OData 3 did", swap("/$entity", "/@Element")},
		{"blanks-around-context", "writes a blank behind the context", metadata + " "},
		{"relates-context", "gives a context relative to the request", metadata[strings.Index(metadata, "$metadata"):]},
		{"buries-context", "gives another URL with the context in its query", "https://contoso.com/?see=" + metadata +
			"&ok=1"},
	}
	var faults []Fault
	for _, row := range []struct{ name, says, value string }{
		{"forgets-host-of-context", "gives a context without the host of its service, and with the port",
			swap("graph.microsoft.com", ":8080")},
		{"forgets-scheme-of-context", "leaves https:// out of the context", swap("https://", "")},
		{"doubles-slash-of-context", "joins the context of a base that ends in a slash", swap(".com/", ".com//")},
		{"leaves-placeholder-in-context", "leaves a placeholder for the host in the context",
			swap("graph.microsoft.com", "{host}")},
		{"blanks-before-context", "writes a blank before the context", " " + metadata},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("action.context-url"),
			Wrap: onAction(set("@odata.context", row.value))})
	}
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("action.context"),
			Wrap: onAction(set("@odata.context", row.value))})
	}
	return faults
}
