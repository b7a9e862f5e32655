package reference

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// partLength is how much of a token gives it away.
const partLength = 16

// tokenOf returns the bearer token of a request, "" where it has none.
func tokenOf(q *asked) string {
	if token, sent := bearer(q.Header.Values("Authorization")); sent {
		return token
	}
	return ""
}

// partOf returns a piece of a token from its middle, "" where the token is too short to
// have one.
func partOf(token string) string {
	from := min(len(token)/3, len(token)-partLength)
	if from < 1 {
		return ""
	}
	return token[from : from+partLength]
}

// A spelledToken is a way to write a token, or a part of it.
type spelledToken struct {
	name, says string
	spell      func(token string) string
}

// tokenSpellings are those in which a token is given back.
func tokenSpellings() []spelledToken {
	return []spelledToken{
		{"token", "the token", func(token string) string { return token }},
		{"part-of-token", "16 characters of the token", partOf},
		{"token-in-base64", "the credentials in base64",
			func(token string) string { return base64.StdEncoding.EncodeToString([]byte("Bearer " + token)) }},
		{"part-of-token-in-base64", "a part of the token in base64",
			func(token string) string {
				return base64.RawURLEncoding.EncodeToString([]byte("<" + partOf(token) + ">"))
			}},
		{"token-in-hex", "the token in hexadecimal digits",
			func(token string) string { return hex.EncodeToString([]byte(token)) }},
		{"part-of-token-in-capital-hex", "a part of the token in hexadecimal digits of capitals",
			func(token string) string { return strings.ToUpper(hex.EncodeToString([]byte(partOf(token)))) }},
		{"token-in-percents", "the token in percent encoding", func(token string) string {
			var b strings.Builder
			for _, c := range []byte(token) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			return b.String()
		}},
	}
}

// tokenFaults give the caller's token back.
func tokenFaults() []Fault {
	none, inside := ids("response.no-token"), ids("error.inside")
	var faults []Fault
	for _, s := range tokenSpellings() {
		faults = append(faults, Fault{Name: "returns-" + s.name, Says: "gives back " + s.says + " in a member of the " +
			"action", Breaks: none, Wrap: onAccepted(func(a *answer, q *asked) {
			a.edit(add(Member{"sessionKey", s.spell(tokenOf(q))}))
		})})
	}
	for _, s := range tokenSpellings()[1:] {
		faults = append(faults, Fault{Name: "errs-with-" + s.name, Says: "shows " + s.says + " in a refusal",
			Breaks: inside, Wrap: onRefused(func(a *answer, q *asked) {
				if token := tokenOf(q); token != "" && a.status != http.StatusUnauthorized {
					a.body = Object{{"error", Object{{"code", "Refused"}, {"message",
						"Refused for " + s.spell(token)}}}}.JSON()
				}
			})})
	}
	inHeader := func(name string, value func(token string) string) func(*answer, *asked) {
		return func(a *answer, q *asked) {
			if token := tokenOf(q); token != "" {
				a.header.Set(name, value(token))
			}
		}
	}
	bare := func(token string) string { return token }
	raw := func(name, says string, breaks []string, text func(a *answer, token string) string) Fault {
		return Fault{Name: name, Says: says, Breaks: breaks, Wrap: between(
			func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if a.status != http.StatusCreated {
					a.write(w)
					return
				}
				hijack(w, a, func(conn net.Conn, a *answer) { _, _ = io.WriteString(conn, text(a, tokenOf(q))) })
			})}
	}
	return append(faults,
		Fault{Name: "returns-token-as-requestor", Says: "names the caller by the token", Breaks: none,
			Wrap: onAccepted(func(a *answer, q *asked) { a.edit(set("requestor", tokenOf(q))) })},
		Fault{Name: "returns-part-of-token-as-requestor", Says: "names the caller by a part of the token", Breaks: none,
			Wrap: onAccepted(func(a *answer, q *asked) { a.edit(set("requestor", partOf(tokenOf(q)))) })},
		Fault{Name: "returns-token-in-member-name", Says: "gives the token back as the name of a member", Breaks: none,
			Wrap: onAccepted(func(a *answer, q *asked) { a.edit(add(Member{"of " + tokenOf(q), true})) })},
		Fault{Name: "returns-token-in-header", Says: "gives the token back in a header field", Breaks: none,
			Wrap: onAccepted(inHeader("X-Echo", func(token string) string { return "Bearer " + token }))},
		Fault{Name: "returns-part-of-token-in-header", Says: "gives a part of the token back in a header field",
			Breaks: none, Wrap: onAccepted(inHeader("X-Trace", partOf))},
		Fault{Name: "returns-token-in-cookie", Says: "sets a cookie of the token", Breaks: none,
			Wrap: onAccepted(inHeader("Set-Cookie", func(token string) string { return "session=" + token }))},
		Fault{Name: "returns-token-in-location", Says: "gives the token back in the URL of the action", Breaks: none,
			Wrap: onAccepted(inHeader("Location", func(token string) string { return "/actions/1?access=" + token }))},
		Fault{Name: "returns-token-as-header-name", Says: "gives the token back as the name of a header field",
			Breaks: none, Wrap: onAccepted(func(a *answer, q *asked) {
				a.header["X-"+strings.Trim(tokenOf(q), "=/+~")] = []string{"1"}
			})},
		raw("returns-token-in-trailer", "gives the token back in a trailer", none,
			func(a *answer, token string) string {
				return a.head(chunked) + chunk(a.body) + "0\r\nX-Echo: " + token + "\r\n\r\n"
			}),
		raw("returns-token-as-reason", "gives the token back as the reason of the status", none,
			func(a *answer, token string) string {
				return strings.Replace(a.head(a.length(0)), "201 Created", "201 "+token, 1) + string(a.body)
			}),
		raw("returns-token-in-interim-answer", "gives the token back in an answer before the answer", none,
			func(a *answer, token string) string {
				return "HTTP/1.1 103 Early Hints\r\nLink: </x?" + token + ">; rel=preload\r\n\r\n" +
					a.head(a.length(0)) +
					string(a.body)
			}),
		raw("answers-token-for-http", "sends the credentials where an answer begins", append(ids(none...),
			"http.framing"), func(_ *answer, token string) string {
			return "Bearer " + token +
				"\r\n"
		}),
		Fault{Name: "errs-with-token-in-header", Says: "shows the token in a header field of a refusal", Breaks: inside,
			Wrap: onRefused(inHeader("X-Debug", bare))},
		Fault{Name: "errs-with-token-in-trailer", Says: "shows the token in a trailer of a refusal", Breaks: inside,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if a.status < 400 {
					a.write(w)
					return
				}
				for name, values := range a.header {
					w.Header()[name] = values
				}
				w.Header().Set(http.TrailerPrefix+"X-Debug", tokenOf(q))
				w.WriteHeader(a.status)
				_, _ = w.Write(a.body)
				_ = http.NewResponseController(w).Flush() // so that chunks are sent, which have trailers
			})},
		Fault{Name: "errs-with-token-in-challenge", Says: "shows the token in WWW-Authenticate", Breaks: inside,
			Wrap: onRefused(func(a *answer, q *asked) {
				if token := tokenOf(q); token != "" {
					a.header.Set("WWW-Authenticate",
						`Bearer realm="fmaspec", error="invalid_token", error_description="`+
							token+` is unknown"`)
				}
			}, http.StatusUnauthorized)},
	)
}

// insideFaults show what a server is made of, as runtimes and databases write it.
func insideFaults() []Fault {
	faults := []Fault{
		{Name: "errs-in-field", Says: "shows a query to its database in a field of a refusal",
			Breaks: ids("error.inside"), Wrap: onRefused(func(a *answer, _ *asked) {
				a.header.Set("X-Debug-Query", "SELECT id FROM actions WHERE machine = 'a'")
			})},
	}
	for _, row := range []struct{ name, says, message string }{
		{"errs-with-elixir-stack", "shows an Elixir stack in a refusal",
			"** (FunctionClauseError) no function clause matching in Api.Router.post/2\n    (api 0.1.0) " +
				"lib/api/router.ex:12: " +
				"Api.Router.post/2"},
		{"errs-with-erlang-stack", "shows an Erlang stack in a refusal",
			`{badmatch,[{actions,post,2,[{file,"src/actions.erl"},{line,42}]}]}`},
		{"errs-with-ruby-stack", "shows a Ruby stack in a refusal",
			"undefined method 'fetch' for nil (NoMethodError)\n\tfrom app/actions.rb:42:in 'Actions#post'"},
		{"errs-with-rust-panic", "shows what a Rust program panicked at",
			"called `Option::unwrap()` on a `None` value"},
		{"errs-with-perl-line", "shows where a Perl program died", "Can't use an undefined value as a HASH " +
			"reference at " +
			"lib/Actions.pm line 42."},
		{"errs-with-cpp-terminate", "shows how a C++ program ended",
			"terminate called after throwing an instance of 'std::out_of_range'\n  what():  vector::_M_range_check"},
		{"errs-with-core-dump", "says in a refusal that it dumped core", "Segmentation fault (core dumped)"},
		{"errs-with-swift-trap", "shows where a Swift program trapped",
			"Fatal error: Unexpectedly found nil while unwrapping an Optional value: file Actions/routes.swift, " +
				"line 42"},
		{"errs-with-kotlin-stack", "shows a Kotlin stack in a refusal",
			"kotlin.UninitializedPropertyAccessException\n\tat com.contoso.actions.RoutesKt.post(Routes.kt:42)"},
		{"errs-with-windows-dotnet-stack", "shows a .NET stack with the lines of a Windows disk",
			"   at Contoso.Actions.MachinesController.Post(String id) in " +
				"C:\\build\\Actions\\MachinesController.cs:line 42"},
		{"errs-with-go-deadlock", "shows a fatal error of Go's runtime", "fatal error: concurrent map writes"},
		{"errs-with-node-type-error", "shows what Node read of nothing",
			"Cannot read properties of undefined (reading 'Sha1')"},
		{"errs-with-php-uncaught-error", "shows an error of PHP that nobody caught",
			"Uncaught TypeError: post(): Argument #1 must be of type array, null given"},
		{"errs-with-postgres-error", "shows an error of PostgreSQL in a refusal",
			`duplicate key value violates unique constraint "actions_pkey"`},
		{"errs-with-mysql-error", "shows an error of MySQL in a refusal", "Data too long for column 'comment' " +
			"at row 1"},
		{"errs-with-sql-server-error", "shows an error of SQL Server in a refusal",
			"String or binary data would be truncated in table 'dbo.Actions'"},
		{"errs-with-oracle-error", "shows an error of Oracle in a refusal", "ORA-01400: cannot insert NULL"},
		{"errs-with-sqlite-error", "shows an error of SQLite in a refusal", "UNIQUE constraint failed: actions.id"},
		{"errs-with-mongodb-error", "shows an error of MongoDB in a refusal",
			"E11000 duplicate key error collection: api.actions index: _id_"},
		{"errs-with-redis-error", "shows an error of Redis in a refusal",
			"WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"errs-with-storage-key", "shows the key of its storage in a refusal",
			"AccountName=actions;AccountKey=ZXhhbXBsZWtleQ==;EndpointSuffix=core.windows.net"},
		{"errs-with-database-login", "shows its login at the database in a refusal",
			"Data Source=db;User ID=actions;Password=example"},
		{"errs-with-address-inside", "shows the address of a server behind it",
			"dial tcp 10.0.0.5:5432: connect: connection refused"},
		{"errs-with-environment", "shows its environment in a refusal",
			"HOME=/nonexistent PATH=/usr/local/bin:/usr/bin DB_PASSWORD=example"},
		{"errs-with-proc-path", "shows a path of Linux in a refusal", "open /proc/self/environ: permission denied"},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("error.inside"),
			Wrap: onRefused(func(a *answer, _ *asked) {
				a.body = Object{{"error", Object{{"code", "InternalError"}, {"message", row.message}}}}.JSON()
			})})
	}
	return faults
}

// charsetFaults declare JSON as another charset than it is in.
func charsetFaults() []Fault {
	var faults []Fault
	for _, row := range []struct{ name, says, mediaType string }{
		{"declares-latin-1", "declares its UTF-8 as ISO 8859-1", "application/json; charset=ISO-8859-1"},
		{"declares-ascii", "declares what is beyond ASCII as ASCII", `application/json;charset="us-ascii"`},
		{"declares-utf-16", "declares its UTF-8 as UTF-16", "application/json; charset=utf-16"},
		{"declares-windows-1252", "declares its UTF-8 as Windows-1252, with an upper-case parameter",
			"application/json; CHARSET=windows-1252"},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("json.encoding"),
			Wrap: onAccepted(withType(row.mediaType))})
	}
	return append(faults, Fault{Name: "errs-beyond-declared-charset", Says: "declares a refusal beyond ASCII as " +
		"ISO 8859-1", Breaks: ids("json.encoding"), Wrap: onRefused(func(a *answer, _ *asked) {
		a.header.Set("Content-Type", "application/json; charset=iso-8859-1")
		a.body = Object{{"error", Object{{"code", "Refused"}, {"message", "Ungültig"}}}}.JSON()
	})})
}

// escapedBeyondASCII writes JSON in ASCII alone.
func escapedBeyondASCII(b []byte) []byte {
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r < 0x80:
			out.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return []byte(out.String())
}

// tokenVariants say words that the token of a mock has too, and declare charsets that
// are right.
func tokenVariants() []variant {
	// The name of a user in a token, as in token-for-NAME.
	named := func(q *asked) string {
		_, name, _ := strings.Cut(tokenOf(q), "-")
		return name
	}
	const json = "application/json; charset="
	return []variant{
		{"token-named-after-user", "issues tokens that end in the name of the user, whom it names as requestor",
			onAccepted(func(a *answer, q *asked) {
				if name := named(q); name != "" {
					a.edit(set("requestor", name))
				}
			})},
		{"refuses-user-by-name", "issues tokens that end in the name of the user, whom it names in a refusal",
			onRefused(func(a *answer, q *asked) {
				if name := named(q); name != "" {
					a.body = Object{{"error", Object{{"code", "Forbidden"}, {"message", "The user " + name +
						" may not do this."}}}}.JSON()
				}
			}, http.StatusForbidden)},
		{"realm-of-the-tokens-words", "names its service by the words that the tokens of a self-test begin with",
			rewrite(func(a *answer, _ *asked) {
				a.header.Set("X-Service", "matrix-token")
				if a.status == http.StatusUnauthorized {
					a.header.Set("WWW-Authenticate",
						`Bearer realm="matrix-token", error_description="no matrix-token-of"`)
				}
			})},
		{"ascii-charset", "declares us-ascii and escapes what is beyond it", rewrite(func(a *answer, q *asked) {
			a.body = escapedBeyondASCII(a.body)
			withType(json+"us-ascii")(a, q)
		})},
		{"latin-1-charset-of-ascii", "declares ISO 8859-1 and escapes what is beyond ASCII, as Spring did",
			rewrite(func(a *answer, q *asked) {
				a.body = escapedBeyondASCII(a.body)
				withType(json+"ISO-8859-1")(a, q)
			})},
		{"short-name-of-utf-8", "calls UTF-8 utf8", rewrite(withType(json + "utf8"))},
		{"quotes-the-comment", "repeats the Comment and the body of the request in a refusal",
			onRefused(func(a *answer, q *asked) {
				o, _ := parseObject(q.body)
				a.body = Object{{"message", "Refused"}, {"comment", o.Get("Comment")}, {"input", string(q.body)}}.JSON()
			}, 400, 422)},
	}
}
