package generate

// A Group is a row of the table of groups: the entry of requirements/groups.yaml of the same
// name says what its cases prove.
type Group struct {
	Name  string
	Says  string // what its cases are, for the documentation
	items func(*builder) []item
}

// Groups returns the table of groups, in the order in which their cases are made.
func Groups() []Group {
	return []Group{
		{"text", "each text member holds a text of ASCII at which software is known to fail", followed(ownNames,
			texts(asciiTexts,
				asciiTurns, value{"own-hash", "the hash that the request names", `"{{sha1}}"`, ""},
				value{"own-machine", "the machine of the path", `"{{machine}}"`, ""}))},
		{"text-unicode", "each text member holds characters beyond ASCII or escapes, of each general category of " +
			"Unicode",
			func(b *builder) []item { return dealt(texts(unicodeTexts, unicodeTurns)(b)) }},
		{"text-open", "the same with characters that a reader need not support", texts(openTexts, openTurns)},
		{"text-length", "each text member is as long as a power of two, and one off, up to 65,536", lengths},
		{"text-blank", "each text member is empty or blank, in every way that its pattern refuses", blanks},
		{"hash", "each hash is of every make-up that hexadecimal digits allow", hashes},
		{"hash-form", "each hash is nearly one: another length, another character, something before or behind it",
			notHashes},
		{"hash-open", "the same with characters that a reader need not support", openNotHashes},
		{"escapes", "texts and names are written with the escapes of JSON", escapes},
		{"space", "white space stands in every place that the grammar has for it", spaces},
		{"order", "the members stand in another order", orders},
		{"further", "there are further members, of every type and number", further},
		{"further-open", "the same in ways that a reader need not support, or may take for something it knows",
			furtherOpen},
		{"missing", "a required member is missing", missing},
		{"name", "a required member has nearly its name", nearNames},
		{"name-case", "a required member has its name in another letter case", nameCases},
		{"type", "a member has every other JSON type", types},
		{"several", "every required member breaks the same rule", several},
		{"not-object", "the body is JSON, and no object", notObjects},
		{"grammar", "the body is nearly JSON", nearJSON},
		{"media-type", "the media type has parameters and blanks that mean nothing", mediaTypes},
		{"media-type-case", "the media type is written in other letter cases", mediaTypeCases},
		{"media-type-other", "the media type is nearly that of JSON", otherMediaTypes},
		{"media-type-open", "the media type has parameters that a server may refuse, or is of a +json type",
			openMediaTypes},
		{"accept", "the client accepts JSON among others", accepts},
		{"negotiation", "the client prefers languages, codings and charsets", negotiation},
		{"header", "header fields are written, ordered and filled in every legal way", headers},
		{"header-open", "the same up to sizes that a server may refuse", openHeaders},
		{"target", "the target is the whole URL", targets},
		{"connection", "plain requests go before it over one connection", connections},
		{"behind", "another request goes before it over one connection: HEAD, GET, one to another path, in chunks, " +
			"with an expectation, or long", behindOthers},
		{"again", "a request for the same file was refused before", againAfterRefusals},
		{"twin", "the hash differs in one digit from that of the request before", twins},
		{"ids", "the ids of the request are those of the one before", numberedAlike},
		{"elsewhere", "the same file was asked for on another machine, or by another operation", elsewhere},
		{"repetition", "the file was asked for before", repetitions},
		{"chunked", "the body is sent in chunks, written in every legal way", chunkedBodies},
		{"chunked-media-type", "the same with a media type in capitals", chunkedCapitals},
		{"chunked-hash", "the same with a hash in upper case", chunkedHashes},
		{"chunked-length", "the same with a long text", chunkedLengths},
		{"old-version", "the request is of HTTP/1.0", oldVersions},
		{"old-version-authorization", "the request is of HTTP/1.0 and has no Authorization", oldAuthorization},
		{"old-version-role", "the request is of HTTP/1.0, and the user lacks the role", oldRoles},
		{"query", "a query stands behind the path", queries},
		{"path-form", "the path is written with escapes that mean the same", pathForms},
		{"scheme-case", "the scheme is written in other letter cases", schemeCases},
		{"scheme", "the scheme is nearly Bearer", schemes},
		{"authorization", "the request has no Authorization, and may have another field in its place", authorization},
		{"authorization-again", "the request has no Authorization, and goes behind accepted ones for the same file",
			withoutAuthorization},
		{"authorization-open", "the same in forms that a server may refuse for themselves", openAuthorization},
		{"stranger", "the token begins like the one that is accepted, and goes on otherwise", strangers},
		{"credentials", "the token is nearly the one that is accepted", credentials},
		{"credentials-form", "the same in a form that no token has, or too long", credentialForms},
		{"role", "the user lacks the role", roles},
		{"role-again", "the user lacks the role, and another one was permitted the same before", withoutRole},
		{"role-chunked", "the user lacks the role, and the body is sent in chunks", chunkedRoles},
		{"role-claimed", "the user lacks the role, and the request says that he has it", claimedRoles},
		{"role-open", "the user lacks the role, and the request has a query or a body that is cut", openRoles},
		{"method", "the method is nearly POST", methods},
		{"method-open", "the method is HEAD, OPTIONS or TRACE", openMethods},
		{"path-open", "the path leads to nothing", openPaths},
		{"path-near", "the path is nearly that of the operation, and leads to nothing", nearPaths},
		{"path-action", "the path is that of another action, which needs more than the body has", otherActions},
		{"override", "another method asks to be taken for the right one", overrides},
	}
}
