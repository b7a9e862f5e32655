package generate

import (
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
)

// scheme is a change of the scheme of the credentials.
func scheme(change func(scheme string) string) func(*request) {
	return func(r *request) {
		name, token, _ := strings.Cut(r.fieldValue("Authorization"), " ")
		r.field("Authorization", change(name)+" "+token)
	}
}

func schemeCases(b *builder) (out []item) {
	for _, v := range []value{{"lower", "in lower case", "bearer", "scheme"}, {"upper", "in upper case", "BEARER",
		"scheme"},
		{"mixed", "in both letter cases", "bEaReR", ""}, {"last", "with its last letter in upper case", "BeareR", ""}} {
		out = append(out, item{name: v.name, title: "a scheme " + v.title, dimension: v.use.dimension(),
			change: scheme(func(string) string { return v.text })})
	}
	return out
}

func schemes(*builder) (out []item) {
	value := func(name, title string, credentials func(scheme, token string) string) item {
		return item{name: name, title: "credentials " + title, combined: name == "shorter", change: func(r *request) {
			s, token, _ := strings.Cut(r.fieldValue("Authorization"), " ")
			r.field("Authorization", credentials(s, token))
		}}
	}
	out = []item{
		value("shorter", "of a scheme that lacks a letter", func(s, t string) string { return s[:len(s)-1] + " " + t }),
		value("longer", "of a scheme with a letter more", func(s, t string) string { return s + "s " + t }),
		value("before", "of a scheme with a letter before it", func(s, t string) string { return "X" + s + " " + t }),
		value("letter-x", "of a scheme with an x behind it", func(s, t string) string { return s + "x " + t }),
		value("hyphen", "of a scheme that goes on behind a hyphen", func(s, t string) string {
			return s + "-Token " +
				t
		}),
		value("colon", "with a colon behind the scheme", func(s, t string) string { return s + ": " + t }),
		value("equals", "with an equals sign", func(s, t string) string { return s + "=" + t }),
		value("comma", "with a comma", func(s, t string) string { return s + "," + t }),
		value("slash", "with a slash", func(s, t string) string { return s + "/" + t }),
		value("token", "of the scheme Token", func(_, t string) string { return "Token " + t }),
		value("oauth", "of the scheme OAuth", func(_, t string) string { return "OAuth " + t }),
		value("jwt", "of the scheme JWT", func(_, t string) string { return "JWT " + t }),
		value("mac", "of the scheme MAC", func(_, t string) string { return "MAC " + t }),
		value("api-key", "of the scheme ApiKey", func(_, t string) string { return "ApiKey " + t }),
		value("scheme-alone", "of the scheme alone", func(s, _ string) string { return s }),
	}
	out = dealt(out)
	for _, v := range []struct {
		name, title string
		credentials func(scheme, token string) string
	}{
		{"basic", "of the scheme Basic with a short name", func(_, _ string) string { return "Basic YTpi" }},
		{"basic-alone", "of the scheme Basic alone", func(_, _ string) string { return "Basic" }},
		{"basic-admin", "of the scheme Basic with a name and a password that many have",
			func(_, _ string) string { return "Basic YWRtaW46YWRtaW4=" }},
		{"basic-no-colon", "of the scheme Basic without a colon", func(_, _ string) string { return "Basic YWJj" }},
		{"digest", "of the scheme Digest", func(_, t string) string { return "Digest " + t }},
		{"negotiate", "of the scheme Negotiate", func(_, t string) string { return "Negotiate " + t }},
		{"dpop", "of the scheme DPoP", func(_, t string) string { return "DPoP " + t }},
		{"pop", "of the scheme PoP", func(_, t string) string { return "PoP " + t }},
		{"session", "of the scheme Session", func(_, t string) string { return "Session " + t }},
		{"key", "of the scheme Key", func(_, t string) string { return "Key " + t }},
		{"access", "of the scheme Access", func(_, t string) string { return "Access " + t }},
		{"shared-key", "of the scheme SharedKey", func(_, t string) string { return "SharedKey " + t }},
		{"escaped-blank", "with an escape for the blank", func(s, t string) string { return s + "%20" + t }},
		{"underscore", "with an underscore for the blank", func(s, t string) string { return s + "_" + t }},
		{"in-quotes", "in quotes as a whole", func(s, t string) string { return `"` + s + " " + t + `"` }},
		{"behind-another", "behind those of another scheme", func(s, t string) string {
			return "Basic YTpi, " + s + " " + t
		}},
	} {
		it := value(v.name, v.title, v.credentials)
		it.once = true
		out = append(out, it)
	}
	for _, v := range []struct{ name, title, variable string }{
		{"basic-password", "password", httpfile.BasicToken}, {"basic-user", "user", httpfile.UserToken},
	} {
		basic := value(v.name, "of the scheme Basic with the token as the "+v.title,
			func(_, _ string) string { return "Basic {{" + v.variable + "}}" })
		basic.once, basic.needs = true, v.variable
		out = append(out, basic)
	}
	return out
}

// authorization are requests without Authorization, and with another field in its place.
func authorization(*builder) (out []item) {
	for _, v := range []struct{ name, title, field, before string }{
		{"missing", "a request without Authorization", "", ""},
		{"other-name", "the credentials in X-Authorization", "X-Authorization", "Bearer "},
		{"proxy", "the credentials for a proxy", "Proxy-Authorization", "Bearer "},
		{"cookie", "the token in a cookie", "Cookie", "access_token="},
		{"auth-token", "the token in X-Auth-Token", "X-Auth-Token", ""},
		{"access-token", "the token in X-Access-Token", "X-Access-Token", ""},
		{"api-key", "the token in X-Api-Key", "X-Api-Key", ""},
		{"plural", "the credentials in Authorizations", "Authorizations", "Bearer "},
	} {
		out = append(out, item{name: v.name, title: v.title, combined: v.name == "missing", once: v.name != "missing",
			change: func(r *request) {
				r.withoutField("Authorization")
				if v.field != "" {
					r.field(v.field, v.before+"{{token}}")
				}
			}})
	}
	out = append(out, item{name: "probe", title: "a request of a probe, over a path that is known",
		once: true, change: func(r *request) {
			r.withoutField("Authorization")
			sets("X-Requested-With", "XMLHttpRequest", "User-Agent", "kube-probe/1.31 curl/8.5.0", "Accept", "{{none}}",
				"Forwarded", "for=127.0.0.1", "X-Forwarded-For", "127.0.0.1")(r)
		}})
	out = append(out, item{name: "browser", title: "a request of a browser, without Authorization", once: true,
		change: func(r *request) {
			r.withoutField("Authorization")
			sets("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept",
				"text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", "Accept-Language", "en-US,en;q=0.5",
				"Sec-Fetch-Mode", "navigate", "Upgrade-Insecure-Requests", "1")(r)
		}})
	return append(out, item{name: "principal", title: "a name that a proxy has authenticated",
		change: func(r *request) {
			r.withoutField("Authorization")
			for _, name := range []string{"X-Ms-Client-Principal-Name", "X-Forwarded-User", "X-Remote-User"} {
				r.field(name, "analyst@example.com")
			}
		}})
}

// credentialFields are fields in which programs send a token, or a proxy hands one on.
func credentialFields() []string {
	return []string{"Access-Token", "Api-Key", "Auth", "Auth-Token", "Authentication", "Bearer", "Id-Token", "Jwt",
		"Ocp-Apim-Subscription-Key", "Sec-WebSocket-Protocol", "Subscription-Key", "Token", "WWW-Authenticate",
		"X-Access-Key", "X-Amz-Security-Token", "X-Amzn-Authorization", "X-Amzn-Oidc-Data", "X-Auth",
		"X-Authentication", "X-Bearer-Token", "X-CSRF-Token", "X-Forwarded-Access-Token",
		"X-Forwarded-Authorization", "X-Functions-Key", "X-Goog-Iap-Jwt-Assertion", "X-Id-Token", "X-Jwt",
		"X-Jwt-Assertion", "X-Ms-Token-Aad-Access-Token", "X-Ms-Token-Aad-Id-Token", "X-Original-Authorization",
		"X-Secret", "X-Session-Token", "X-Token", "X-User-Token", "X-Vault-Token", "X-Zumo-Auth"}
}

// claimFields are fields by which a proxy, or a client in its place, says who calls.
func claimFields() []string {
	return []string{"Remote-User", "User", "X-Admin", "X-Auth-Request-User", "X-Authenticated", "X-Authenticated-User",
		"X-Client-Cert", "X-Forwarded-Client-Cert", "X-Forwarded-Email", "X-Forwarded-Preferred-Username",
		"X-Ms-Client-Principal", "X-Ms-Client-Principal-Id", "X-Role", "X-Ssl-Client-Verify", "X-User", "X-User-Id",
		"X-User-Name", "X-Username", "Impersonate-User", "X-Amzn-Oidc-Identity", "X-Anonymous-Consumer",
		"X-Arr-ClientCert", "X-Azure-Ref", "X-Consumer-Username", "X-Forwarded-User",
		"X-Goog-Authenticated-User-Email", "X-Groups", "X-Health-Check", "X-Impersonate-User",
		"X-Ms-Client-Principal-Name", "X-Remote-User", "X-Scope", "X-Service-Name", "X-User-Role", "X-Webauth-User"}
}

// claimed gives a request the fields by which a proxy, a test or a client says who calls, and from where.
func claimed(r *request) {
	for _, name := range claimFields() {
		r.field(name, "admin")
	}
	sets("X-Real-Ip", "127.0.0.1", "Client-Ip", "127.0.0.1", "X-Client-Ip", "127.0.0.1", "X-Originating-Ip",
		"127.0.0.1", "True-Client-Ip", "127.0.0.1", "From", "analyst@example.com", "Via", "1.1 localhost",
		"X-Internal", "1", "X-Debug", "true", "X-Test", "1", "X-Skip-Auth", "1", "X-Bypass", "1", "X-Trusted", "1",
		"X-Middleware-Subrequest", strings.TrimSuffix(strings.Repeat("middleware:", 5), ":"),
		"X-Custom-Ip-Authorization", "127.0.0.1", "X-Forwarded-Prefix", "/", "X-Forwarded-Uri", "/", "X-Original-Uri",
		"/", "TE", "trailers")(r)
}

// tokenNames are names under which a query or a body may have a token.
func tokenNames() []string {
	return []string{"access_token", "accessToken", "token", "auth", "authorization", "Authorization", "jwt", "api_key",
		"apikey", "subscription-key", "key", "bearer", "sig", "id_token", "code", "session", "password", "user", "test",
		"debug", "admin"}
}

// roles are requests of a user without a role that permits the action.
func roles(*builder) []item {
	unprivileged := tokenAs("{{unprivileged-token}}")
	return []item{
		{name: "none", title: "a user without the role", combined: true, change: unprivileged},
	}
}

// chunkedRoles are such requests with a body in chunks.
func chunkedRoles(b *builder) (out []item) {
	for _, it := range roles(b) {
		change := it.change
		it.title, it.combined = it.title+" whose body is in chunks", false
		it.change = func(r *request) {
			change(r)
			r.chunks = []chunk{{Length: 20}, {}}
		}
		out = append(out, it)
	}
	return out
}

// openAuthorization are requests without Authorization in forms that a server may refuse anyway.
func openAuthorization(b *builder) (out []item) {
	add := func(name, title string, change func(*request)) {
		out = append(out, item{name: name, title: "a request without Authorization, with " + title,
			change: func(r *request) {
				r.withoutField("Authorization")
				change(r)
			}})
	}
	add("chunks", "its body in chunks", func(r *request) { r.chunks = []chunk{{Length: 20}, {}} })
	add("query", "a query", func(r *request) { r.path += "?a=b" })
	add("whole-url", "the whole URL for its target", func(r *request) { r.absolute = true })
	for _, form := range pathForms(b) {
		if form.name == "escaped-letter" || form.name == "parameters" {
			add(form.name, form.title, form.change)
		}
	}
	plain := len(out)
	add("expectation", "an expectation", sets("Expect", "100-continue"))
	add("broken-body", "a body that is cut", whole(strings.TrimSuffix(b.plain.body(), "}")))
	add("override", "a wish to be taken for GET", sets("X-HTTP-Method-Override", "GET"))
	add("get", "the method GET", bodiless("GET"))
	add("credentials-in-fields", "the credentials in every other field that has some", func(r *request) {
		for _, name := range credentialFields() {
			r.field(name, "Bearer {{token}}")
		}
	})
	add("tokens-in-fields", "the token in every other field that has one", func(r *request) {
		for _, name := range credentialFields() {
			r.field(name, "{{token}}")
		}
	})
	add("claims", "the fields by which a proxy or a test says who calls", func(r *request) {
		claimed(r)
		sets("X-Forwarded-Host", authority, "Origin", "null")(r)
	})
	add("tokens-in-query", "the token in a query under every name", func(r *request) {
		for i, name := range tokenNames() {
			r.path += []string{"?", "&"}[min(i, 1)] + name + "={{token}}"
		}
	})
	for i := range out[plain:] {
		out[plain+i].once, out[plain+i].unreadable = true, true
		if out[plain+i].name == "get" { // what GET reads may be there for everyone
			out[plain+i].alone = "method/refuses-get"
		}
	}
	return out
}

// claimedRoles are requests of a user without the role that say that he has it.
func claimedRoles(*builder) (out []item) {
	claim := func(name, title string, change func(*request)) {
		it := roles(nil)[0]
		unprivileged := it.change
		it.name, it.title, it.combined, it.once = name, it.title+" and "+title, false, true
		it.change = func(r *request) {
			unprivileged(r)
			change(r)
		}
		out = append(out, it)
	}
	claim("field", "fields that say that he has it", sets("X-Role", "Global admin", "X-User-Role", "admin", "X-Roles",
		"Security administrator, Global admin", "X-Admin", "true", "X-Ms-Client-Roles", "admin", "X-Forwarded-Groups",
		"admin"))
	claim("member", "further members that say that he has it", func(r *request) {
		r.members = append(r.members, member{`"role"`, `"Global admin"`}, member{`"roles"`, `["admin"]`},
			member{`"Role"`, `"admin"`}, member{`"isAdmin"`, "true"}, member{`"admin"`, "true"})
	})
	claim("query", "a query that says that he has it", func(r *request) {
		r.path += "?role=admin&roles=admin&admin=true"
	})
	claim("chain", "fields of a proxy on the machine itself", sets("X-Forwarded-For", "127.0.0.1", "Forwarded",
		"for=127.0.0.1", "X-Real-IP", "127.0.0.1", "Origin", "http://127.0.0.1"))
	return out
}

// openRoles are requests of a user without the role that a server may refuse for something else.
func openRoles(b *builder) (out []item) {
	for _, v := range []struct {
		name, title string
		change      func(*request)
	}{
		{"broken-body", "whose body is cut", whole(strings.TrimSuffix(b.plain.body(), "}"))},
		{"query", "with a query", func(r *request) { r.path += "?a=b" }},
		{"whole-url", "with the whole URL for the target", func(r *request) { r.absolute = true }},
		{"two-blanks", "with two blanks behind the scheme", scheme(func(name string) string { return name + " " })},
		{"fields", "with fields of a browser and of a proxy", func(r *request) {
			claimed(r)
			sets("User-Agent", "Mozilla/5.0", "Origin", "null", "Referer", "http://127.0.0.1/", "X-Requested-With",
				"XMLHttpRequest", "X-Csrf-Token", "a", "X-Forwarded-For", "::1", "Expect", "100-continue",
				"Content-Type", "APPLICATION/JSON; charset=utf-8")(r)
		}},
	} {
		it := roles(b)[0]
		unprivileged := it.change
		it.name, it.title = v.name, it.title+" "+v.title
		it.combined, it.unreadable, it.once = false, true, true
		it.change = func(r *request) {
			unprivileged(r)
			v.change(r)
		}
		out = append(out, it)
	}
	return out
}

// oldAuthorization is a request of HTTP/1.0 without Authorization.
func oldAuthorization(*builder) []item {
	return []item{{name: "missing", title: "a request of HTTP/1.0 without Authorization", change: func(r *request) {
		r.old = true
		r.withoutField("Authorization")
	}}}
}

// oldRoles are requests of HTTP/1.0 of a user without the role.
func oldRoles(b *builder) (out []item) {
	for _, it := range roles(b) {
		change := it.change
		it.title, it.combined = it.title+" in HTTP/1.0", false
		it.change = func(r *request) {
			change(r)
			r.old = true
		}
		out = append(out, it)
	}
	return out
}

// tokenAs is a change of the token into another one.
func tokenAs(form string) func(*request) {
	return func(r *request) {
		r.field("Authorization", strings.Replace(r.fieldValue("Authorization"), "{{token}}", form, 1))
	}
}

// strangers are requests with a token that no comparison can take for the one that is accepted. A target that
// refuses it tells tokens apart, so that it has to refuse the nearer ones.
func strangers(*builder) []item {
	return []item{{name: strangerName, title: "a token that begins like the right one, and goes on otherwise",
		needs: httpfile.StrangerToken, change: tokenAs("{{" + httpfile.StrangerToken + "}}")}}
}

const strangerName = "token"

// credentials are tokens that are nearly the one that is accepted.
func credentials(b *builder) (out []item) {
	token := func(name, title, form string) item {
		return item{name: name, title: "a token " + title, combined: name == "longer" || name == "altered",
			change: tokenAs(form)}
	}
	derived := func(name, title, variable string) item {
		it := token(name, title, "{{"+variable+"}}")
		it.needs = variable
		return it
	}
	single := func(it item) item {
		it.once = true
		return it
	}
	words := func(forms ...string) (out []item) {
		for i := 0; i+1 < len(forms); i += 2 {
			it := token(forms[i], "that is "+forms[i+1], forms[i+1])
			it.once = true
			out = append(out, it)
		}
		return out
	}
	behind := token("behind-good", "with a character more, behind a request with the right one", "{{token}}.")
	behind.combined = false
	behind.change = after(behind.change, prior{request: b.plain, expect: conformance.Accepted})
	return slices.Concat([]item{
		behind,
		derived("shorter", "without its last character", "shorter-token"),
		derived("tail", "without its first character", "tail-token"),
		derived("altered", "with another character near its end", "altered-token"),
		derived("middle", "with another character in its middle", "middle-token"),
		derived("swapped", "with the other letter case of each letter", "swapped-token"),
		single(derived("first", "with another first character", httpfile.FirstToken)),
		single(derived("exchanged", "with two neighbours exchanged", httpfile.SwitchToken)),
		single(derived("reversed", "from its last character to its first", httpfile.ReverseToken)),
		single(derived("base64", "in base64", httpfile.Base64Token)),
		single(derived("hexadecimal", "in hexadecimal digits", httpfile.HexToken)),
		token("longer", "with a character more", "{{token}}."),
		single(token("before", "with a character before it", "x{{token}}")),
		single(token("segment", "with another segment", "{{token}}.x")),
		single(token("twice", "that is it twice", "{{token}}{{token}}")),
		single(token("path", "with a path behind it", "{{token}}/x")),
		single(token("three-parts", "of three parts that are no JSON", "abc.def.ghi")),
		single(token("unsigned", "that is signed by nobody", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.")),
		single(token("word", "that is a word", "null")),
	}, words("undefined", "undefined", "true", "true", "admin", "admin", "zeros", "0", "dots", "..", "dashes", "---",
		"letter", "x"),
		ridersOnly(words(defaultTokens()...)))
}

// ridersOnly are items that are sent in combinations alone.
func ridersOnly(items []item) []item {
	for i := range items {
		items[i].ridesOnly = true
	}
	return items
}

// defaultTokens are the names and the texts of tokens with which a service may be set up, or be open for its tests.
func defaultTokens() []string {
	out := []string{"signed-by-secret",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJub2JvZHkiLCJyb2xlIjoiR2xvYmFsIGFkbWluIn0.c2lnbmF0dXJl"}
	for _, word := range []string{"test", "debug", "anonymous", "guest", "dev", "secret", "token", "none", "root"} {
		out = append(out, "word-"+word, word)
	}
	return out
}

// credentialForms are credentials in forms that no token has, or of a length that a server may refuse. They are none
// without a token, and none of another scheme: a server that takes every token takes them too.
// White space of Unicode before the token is not among them: functions that trim a text take it away
// in many languages, and the token is known.
func credentialForms(*builder) (out []item) {
	for _, v := range []struct{ name, title, form string }{
		{"quoted", "in quotes", `"{{token}}"`},
		{"comma", "with a comma and another behind it", "{{token}},x"},
		{"long", "of 5,000 letters", strings.Repeat("x", 5000)},
		{"single-quotes", "in single quotes", "'{{token}}'"}, {"angles", "in angle brackets", "<{{token}}>"},
		{"semicolon", "with a semicolon and a word behind it", "{{token}};x"},
		{"hash-sign", "with a hash sign and a word behind it", "{{token}}#x"},
		{"named", "with a name before it", "token={{token}}"}, {"sql", "that is a condition of SQL", "' OR '1'='1' --"},
		{"escaped", "with each character as an escape of a URL", "{{escaped-token}}"},
		{"scheme", "that is the name of the scheme", "Bearer"},
		{"scheme-before", "with the name of the scheme before it", "Bearer {{token}}"},
		{"word-behind", "with a word behind it", "{{token}} x"},
		{"comma-behind", "with a comma behind it", "{{token}},"},
		{"placeholder", "that is a placeholder", "{token}"}, {"empty-quotes", "of two quotes", `""`},
		{"star", "that is a star", "*"}, {"beyond-ascii", "of characters beyond ASCII and an escape", "tök%20n"},
		{"parameter", "as a parameter", `token="{{token}}"`},
	} {
		it := item{name: v.name, title: "a token " + v.title, change: tokenAs(v.form), once: v.name != "long"}
		if v.name == "escaped" {
			it.needs = httpfile.EscapedToken
		}
		out = append(out, it)
	}
	return out
}
