package reference

// challengeFaults returns faults that write a malformed WWW-Authenticate. Each still contains
// Bearer, for a client that only searches for that word.
func challengeFaults() []Fault {
	var faults []Fault
	for _, row := range []struct{ name, says, field string }{
		{"challenges-with-unquoted-blank", "writes a description with blanks without quotes",
			`Bearer realm="fmaspec", error_description=not a token`},
		{"challenges-with-open-quote", "does not end the quotes of a parameter", `Bearer realm="fmaspec`},
		{"challenges-with-single-quotes", "writes a parameter in single quotes that holds a blank",
			`Bearer realm="fmaspec", error_description='not a token'`},
		{"challenges-with-inner-quotes", "writes quotes inside of quotes as they are",
			`Bearer realm="fmaspec", error_description="the token "x" is not known"`},
		{"challenges-with-escaped-quotes", "writes escaped quotes into error_description, which RFC 6750 keeps free " +
			"of them", `Bearer realm="fmaspec", error_description="the token \"x\" is not known"`},
		{"challenges-without-comma", "leaves the comma between two parameters out",
			`Bearer realm="fmaspec" error="invalid_token"`},
		{"challenges-with-semicolon", "writes a semicolon between two parameters",
			`Bearer realm="fmaspec"; error="invalid_token"`},
		{"challenges-with-parameter-twice", "gives one parameter twice",
			`Bearer realm="fmaspec", error="invalid_token", error="invalid_token"`},
		{"challenges-with-realm-twice", "gives realm twice, in two letter cases",
			`Bearer realm="fmaspec", Realm="fmaspec"`},
		{"challenges-with-bare-realm", "writes realm without quotes", `Bearer realm=fmaspec`},
		{"challenges-with-colon", "writes a colon in place of =", `Bearer realm: "fmaspec"`},
		{"challenges-with-bare-value", "writes a value without a name", `Bearer realm="fmaspec", "invalid_token"`},
		{"challenges-without-value", "writes a parameter without a value", `Bearer realm=, error="invalid_token"`},
		{"challenges-in-json", "writes the parameters as JSON", `Bearer {"realm": "fmaspec"}`},
		{"challenges-before-scheme", "writes a parameter before the scheme", `realm="fmaspec", Bearer`},
		{"challenges-behind-token", "writes a parameter behind a scheme that is ended by its token",
			`Negotiate oQ==, realm="fmaspec", Bearer`},
		{"challenges-with-prose", "writes a sentence behind the scheme", `Bearer, please bring a token`},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("refusal.challenge"),
			Wrap: challengedBy(row.field)})
	}
	for _, row := range []struct{ name, says, field string }{
		{"challenges-for-scope-with-401", "says with a 401 that the scope is too small",
			`Bearer realm="fmaspec", error="insufficient_scope"`},
		{"challenges-for-request-with-401", "says with a 401 that the request is malformed",
			`Bearer realm="fmaspec", error="invalid_request"`},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("refusal.challenge-error"),
			Wrap: challengedBy(row.field)})
	}
	return append(faults, Fault{Name: "challenges-forbidden-with-open-quote", Says: "does not end the quotes of a " +
		"challenge that comes with a 403", Breaks: ids("refusal.challenge"), Wrap: onRefused(func(a *answer, _ *asked) {
		a.header.Set("WWW-Authenticate", `Bearer error="insufficient_scope`)
	}, 403)})
}

// challengedBy gives every 401 these WWW-Authenticate fields.
func challengedBy(fields ...string) wrap {
	return onRefused(func(a *answer, _ *asked) { a.header["Www-Authenticate"] = fields }, 401)
}
