package reference

// mediaTypeFaults declare the answer to a good request as something else.
func mediaTypeFaults() []Fault {
	rows := []struct {
		name, says string
		types      []string
	}{
		{"omits-content-type", "does not say what the body is", nil},
		{"sends-empty-content-type", "sends a Content-Type with no value", []string{""}},
		{"sends-text-plain", "declares the JSON as plain text", []string{"text/plain; charset=utf-8"}},
		{"sends-text-json", "declares the JSON as text/json", []string{"text/json"}},
		{"sends-text-html", "declares the JSON as HTML", []string{"text/html; charset=utf-8"}},
		{"sends-text-javascript", "declares the JSON as a script", []string{"text/javascript"}},
		{"sends-application-xml", "declares the JSON as XML", []string{"application/xml"}},
		{"sends-octet-stream", "declares the JSON as mere bytes", []string{"application/octet-stream"}},
		{"sends-x-json", "declares the JSON as application/x-json", []string{"application/x-json"}},
		{"sends-json-seq", "declares the JSON as a sequence", []string{"application/json-seq"}},
		{"sends-vendor-json", "declares the JSON as a vendor's own type", []string{"application/vnd.contoso+json"}},
		{"sends-problem-json", "declares the action as a problem", []string{"application/problem+json"}},
		{"sends-form-type", "declares the JSON as a form", []string{"application/x-www-form-urlencoded"}},
		{"sends-half-a-type", "sends a Content-Type without a subtype", []string{"json"}},
		{"sends-slash-only-type", "sends a Content-Type that ends at the slash", []string{"application/"}},
		{"sends-type-list", "sends a list of two types in one Content-Type", []string{"application/json, text/html"}},
		{"sends-html-type-before-json", "sends two Content-Type lines that differ",
			[]string{"text/html", "application/json"}},
		{"sends-json-as-parameter", "names JSON only in a parameter of another type",
			[]string{`text/plain; as="application/json"`}},
	}
	var faults []Fault
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("response.media-type"),
			Wrap: onAccepted(withType(row.types...))})
	}
	return faults
}

// withType sets the Content-Type lines of an answer.
func withType(types ...string) func(*answer, *asked) {
	return func(a *answer, _ *asked) {
		a.header.Del("Content-Type")
		if len(types) > 0 {
			a.header["Content-Type"] = types
		}
	}
}
