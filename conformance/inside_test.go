package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"fmaspec/conformance/internal/redact"
)

const askedURL = "http://127.0.0.1:8080/srv/api/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"

func TestEveryMarkOfAServersInsideIsFoundByItsWords(t *testing.T) {
	samples := map[string][]string{
		"the trace or the message of a crash": {
			// Go
			"goroutine 17 [running]:", "runtime error: index out of range [3]", "invalid memory address or nil " +
				"pointer dereference", "main.go:12",
			"Traceback (most recent call last)", `File "x", line 3`, "src/app.py:7", // Python
			// the JVM
			"at com.contoso.Api.post(Api.java:4)", "at java.base/java.lang.Thread.run(Unknown Source)", "Main.kt:10",
			"Main.scala:10",
			// .NET
			"x\n   at Api.Actions.Post(Request r) in /_/Api.cs:line 12", "  at Api.Actions.<Post>d__3.MoveNext()",
			"Api.cs:3", "--- End of stack trace",
			// Node
			"at handle (/usr/src/index.js:10:5)", "at node:internal/main:10:5", "at file:///x/index.mjs:10:5",
			"index.js:5", "index.ts:6",
			// PHP
			"#0 /var/www/index.php(12): handle()", "PHP Fatal error: x", "in <b>/x/index.php</b> on line <b>12</b>",
			"index.php:8",
			"api.rb:7:in `post'", "thread 'main' panicked at src/main.rs:9:5", "src/main.rs:9", "stack backtrace:",
			"at app.pl line 12", "main.cpp:3", "src/main.cc:3",
			"fatal error: all goroutines are asleep - deadlock!", "interface conversion: interface {} is nil, " +
				"not string",
			"... 23 common frames omitted", "... 12 more", // the JVM
			"Cannot read properties of undefined (reading 'Sha1')", "Cannot read property 'x' of null",
			"[UnhandledPromiseRejection]",
			"Uncaught TypeError", `Uncaught App\\Errors\\BadException`, "Call to undefined function x()",
			"Call to a member function x() on null", `Undefined array key "Sha1"`, "Undefined index: Sha1", // PHP
			"undefined method 'fetch' for nil", "undefined local variable or method `x' for #<Api>",
			"called `Option::unwrap()` on a `None` value", "called `Result::expect()` on an `Err` value",
			// Elixir and Erlang
			"** (FunctionClauseError) no function clause", "** (EXIT from #PID<0.1.0>)",
			"lib/api/router.ex:12: Api.Router.post/2",
			"src/api.erl:7", `{file,"src/api.erl"},{line,7}`,
			// C and C++
			"terminate called after throwing an instance of 'std::out_of_range'", "Aborted (core dumped)",
			"Segmentation fault", "std::bad_alloc", "std::runtime_error", "double free or corruption (out)",
			"==7==ERROR: AddressSanitizer: heap-use-after-free", "    #1 0x55d0c0ffee12 in handle",
			// Swift, Dart, Lua, Haskell
			"App/routes.swift:14: Fatal error", "Fatal error: Index out of range: file App/routes.swift, line 14",
			"package:api/main.dart:14:3", "access.lua:12: attempt to index", "CallStack (from HasCallStack)",
			`"stackTrace": "x"`, `"STACK_TRACE" : ["x"]`, `"traceback":{"x":1}`,
		},
		"an exception's name": {"NullPointerException", "SqlException: x", "java.lang.OutOfMemoryError",
			"sqlalchemy.exc.OperationalError", "django.db.utils.IntegrityError", "psycopg2.errors.UndefinedTable",
			"ActiveRecord::RecordNotFound", "PG::UndefinedTable", "Ecto.Query.CastError",
			"DBConnection.ConnectionError",
			"redis.exceptions.ConnectionError",
			"System.Data.DataException", "org.springframework.http.converter.HttpMessageNotReadableException"},
		"a query to a database": {"select id from machines where id = $1", "select * from x", "SELECT id FROM x",
			"SeLeCT * From x",
			"INSERT INTO a VALUES (1)", "insert into a (b) values (1)", "UPDATE a SET b = 1", "update a set b = 1",
			"DELETE FROM a", "delete from a where b = 1", "SQLSTATE[42S02]", "ORA-00942", "an error in your SQL syntax",
			"SQLITE_CANTOPEN"},
		"an error of a database": {`relation "machines" does not exist`, `column "x" of relation "y" does not exist`,
			`column "x" does not exist`,
			`syntax error at or near "'"`, `duplicate key value violates unique constraint "pk"`,
			`null value in column "sha1"`, `invalid input syntax for type uuid: "x"`, `invalid input syntax for uuid`,
			`invalid byte sequence for encoding "UTF8": 0x00`, "pq: password authentication failed",
			"Duplicate entry 'x' for key 'sha1'", "Unknown column 'x' in 'where clause'",
			"Data too long for column 'comment'",
			"ER_BAD_FIELD_ERROR", "Table 'api.machines' doesn't exist", "Incorrect syntax near 'x'",
			"Invalid object name 'dbo.x'",
			"Unclosed quotation mark after the character string ''", "String or binary data would be truncated",
			"Violation of PRIMARY KEY constraint", "Invalid column name 'x'", "PLS-00306", "TNS-12541",
			"no such table: machines",
			`near "x": syntax error`, "UNIQUE constraint failed: actions.id", "E11000 duplicate key error collection",
			"MongoServerError", "MongoNetworkError", "WRONGTYPE Operation against a key",
			"NOAUTH Authentication required",
			"MISCONF Redis is configured", "WRONGPASS invalid username", "READONLY You can't write",
			"LOADING Redis is loading",
			"search_phase_execution_exception"},
		"an address of another server of its own": {"dial tcp 10.0.0.5:5432: connect: connection refused",
			"connect ECONNREFUSED 10.0.0.5:6379", "getaddrinfo ENOTFOUND db.internal",
			"Connection refused: db.internal/10.0.0.5:1433",
			"connect to db:9200 failed: Connection refused"},
		"a variable of its environment": {"PATH=/usr/local/bin:/usr/bin", "JAVA_HOME=/opt/jdk", "AWS_SECRET_ACCESS_KEY",
			"API_SECRET=x", "DB_PASSWORD=x", "DATABASE_URL=x", "KUBERNETES_SERVICE_HOST=10.0.0.1",
			`"NODE_ENV": "production"`,
			`"ASPNETCORE_ENVIRONMENT":"Development"`, "RAILS_ENV=production", "SERVICE_API_KEY=x", "GITHUB_TOKEN=x"},
		"a connection string": {"postgresql+asyncpg://x@db/y", "sqlite:///x.db", "Endpoint=sb://x",
			"AccountKey=abcdefgh12==",
			"Data Source=db;User ID=x;Password=y", "host=db port=5432 user=x password=y", "redis://db:6379/0",
			"amqp://x@mq",
			"nats://mq:4222", "mysql2://x@db",
			"postgres://api:x@db/actions", "mongodb+srv://db/x", "jdbc:sqlserver://db",
			"Server=db;Database=actions", "User=x;Password=y;", "DefaultEndpointsProtocol=https"},
	}
	for _, i := range insideMarks {
		require.NotEmpty(t, samples[i.what], i.what)
	}
	for what, texts := range samples {
		for _, s := range texts {
			require.True(t, slices.ContainsFunc(insideMarks, func(i insideMark) bool {
				return i.what == what && i.announced(s, strings.ToLower(s)) && i.mark().MatchString(s)
			}), "%s: want %q found by a mark one of whose words it holds", what, s)
			struck := (&redact.Secrets{}).Text(s)
			require.Contains(t, insideOf(struck, askedURL), what, "want %q found without its secrets too", struck)
		}
	}
}

// Texts that an expression matches, drawn from the expression itself, hold one of its words: a mark
// that no word announces would never be looked for.
func TestAWordAnnouncesEachText(t *testing.T) {
	for _, i := range insideMarks {
		t.Run(i.what, func(t *testing.T) {
			texts := rapid.StringMatching(i.mark().String())
			for seed := range 4000 {
				text := texts.Example(seed)
				if strings.ContainsRune(text, 'ſ') { // an s in an expression without letter case
					continue
				}
				require.True(t, i.announced(text, strings.ToLower(text)), "%q is found, and holds no word", text)
			}
		})
	}
}

// Each word stands in a path that is found, and each path that is found has a word.
func TestEveryPathOfADiskIsFoundByItsWords(t *testing.T) {
	var paths []string
	for _, folder := range []string{"usr/local", "usr/lib", "usr/lib64", "usr/bin", "usr/sbin", "usr/share", "usr/src",
		"usr/include", "var/lib", "var/www", "var/log", "var/run", "var/task", "var/opt", "var/tmp", "var/spool",
		"var/cache", "var/folders", "var/app", "etc", "opt/x", "srv", "root", "tmp", "proc", "home/x"} {
		paths = append(paths, "/"+folder+"/x")
	}
	for _, folder := range []string{"app", "src", "build", "mnt", "code", "data", "run", "workspace", "go/src",
		"Users/x"} {
		paths = append(paths, "/"+folder+"/x.go")
	}
	paths = append(paths, `C:\inetpub\x`, `C:\\home\\site\\x`, `D:\a\1\s\x`, `c:\x\Program.cs`)
	for _, path := range paths {
		require.Regexp(t, diskPath(), path)
		require.True(t, slices.ContainsFunc(diskWords, func(w string) bool { return strings.Contains(path, w) }), path)
		require.NotEmpty(t, insideOf("open "+path+" failed", askedURL), path)
	}
	for _, w := range diskWords {
		require.True(t, slices.ContainsFunc(paths, func(p string) bool { return strings.Contains(p, w) }), w)
	}
}

func TestOnlyAServersInsideIsTakenForIt(t *testing.T) {
	for _, row := range []struct{ body, want, why string }{
		{`open /var/lib/actions/queue.db: permission denied`, `a path of its disk: "/var/lib/actions/queue.db"`,
			"a path of a Unix disk"},
		{`{"message":"can't open \"\/home\/api\/x.db\""}`, `a path of its disk: "/home/api/x.db"`,
			"a path with its slashes escaped, as PHP does"},
		{`/app/server.py failed`, `a path of its disk: "/app/server.py"`, "a path in a container"},
		{`{"detail":"C:\\inetpub\\wwwroot\\api\\Startup.cs"}`,
			`a path of its disk: "C:\\inetpub\\wwwroot\\api\\Startup.cs"`, "a path of a Windows disk"},
		{`{"message":"x\n   at Api.Actions.Post(String id)"}`, `the trace or the message of a crash: "at Api.Actions.Post(String id)"`,
			"a trace in a JSON string"},
		{`<pre>File &quot;/x/y.wsgi&quot;, line 3</pre>`, `the trace or the message of a crash: "File \"/x/y.wsgi\", line 3"`,
			"a trace in a page"},
		{`<title>Error</title><a href="/home/x/help">help</a><img src="/tmp/x/logo.png">`, "", "links of a page"},
		{`{"instance":"/srv/api/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"}`, "",
			"the path that was asked for"},
		{`{"path":"/opt/inner/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"}`, "",
			"the same behind a proxy, which rewrites its beginning"},
		{`{"path":"/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"}`, "",
			"the same without its beginning"},
		{`Please select a file from the machine`, "", "prose with the words of a query"},
		{`Select a machine from the list where the file was seen`, "", "prose with more words of a query"},
		{`Update the set of roles, insert into the body a Comment, and delete from it what is not known`, "",
			"prose with the words of others"},
		{`{"error":{"code":"BadRequest","message":"The body has to be JSON; see https://example.com/var/docs/errors."}}`, "", "a link to documents"},
		{`{"message":"The file C:\\Users\\x\\Downloads\\tool.exe is not there"}`, "", "a file of the machine"},
		{`{"traceId":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","type":"https://tools.ietf.org/html/rfc7231#section-6.5.1"}`, "", "ids of ASP.NET"},
		{`{"stackTrace":null,"exception":null}`, "", "members that say nothing"},
		{`{"__type":"com.amazon.coral.service#UnknownOperationException"}`, "", "a type as AWS names it"},
		{`api.example.rs:8443 and api.example.py:443 are hosts; 127.0.0.1:8080`, "",
			"hosts whose names end as files do"},
		{`Unexpected character encountered while parsing value: c. Path 'Comment', line 1, position 13.`, "",
			"a parser's words"},
		{`JSON parse error: expected ',' at line 1 column 5`, "", "another parser's words"},
		{`Failed to read JSON at the end (position 3)`, "", "words in front of brackets"},
		{`Not Found`, "", "a phrase"},
		{`{"message":"The relation of Sha1 to the file is unknown; near the end of the body a comma is missing"}`, "",
			"prose with the words of a database"},
		{`{"message":"There is no such machine, and no such table of contents"}`, "", "more such prose"},
		{`{"message":"Table 4 of the documents says which column is required"}`, "", "tables and columns in prose"},
		{`{"message":"Undefined is no value for Sha1. Please call to a member of the team."}`, "",
			"words of PHP in prose"},
		{`{"message":"... 12 more errors were found"}`, "", "a number of further errors"},
		{`{"message":"Set the PATH of your request to /machines/x; the TOKEN=... form is not supported"}`, "",
			"names as those of an environment"},
		{`{"message":"Use Authorization: Bearer TOKEN, as in curl -H \"Authorization: Bearer $ACCESS_TOKEN\""}`, "",
			"a variable of the shell"},
		{`{"message":"C++ clients: std::string is enough; terminate the body with a brace"}`, "", "words of C++"},
		{`{"message":"See https://docs.example.com/data/errors.html#E1000 and https://x.example/run/help.php?id=1"}`,
			"",
			"links to pages"},
		{`{"timestamp":"2026-01-01T00:00:00.000+00:00","version":"1.2.3","build":"2026.03.04.7"}`, "",
			"dates and versions"},
		{`{"message":"Connection refused by policy"}`, "", "a refusal in other words"},
		{`{"message":"host=x is not allowed"}`, "", "an equals sign"},
		{`{"message":"Redis, MongoDB and SQL are not supported as Comment"}`, "", "names of databases"},
		{`{"message":"** (required)"}`, "", "a mark of a footnote"},
		{`{"message":"open /proc/self/environ: permission denied"}`, `a path of its disk: "/proc/self/environ"`,
			"a path of Linux"},
		{`{"message":"/run/api/api.sock: no such file"}`, `a path of its disk: "/run/api/api.sock"`, "a socket"},
		{`Don't panic: the request can be sent again`, "", "a word of Go's in prose"},
	} {
		require.Equal(t, row.want, insideOf(row.body, askedURL), row.why)
	}
	require.NotEmpty(t, insideOf("open /var/lib/x.db", ""), "want paths found also where nobody knows what was asked")
}

func TestWhatTheRequestSentIsNothingOfTheInside(t *testing.T) {
	const comment = `x'; SELECT id FROM machines WHERE id = "1"; see /etc/passwd and main.go:12`
	body := []byte(
		`{"Comment":"x'; SELECT id FROM machines WHERE id = \"1\"; see /etc/passwd and main.go:12","Sha1":"zz"}`)
	sent := sentTexts(body)
	for _, answer := range []string{
		`{"error":{"code":"x","message":"The Comment x'; SELECT id FROM machines WHERE id = \"1\"; see /etc/passwd and main.go:12 is too long"}}`,
		`{"detail":[{"input":` + quotedJSON(string(body)) + `}]}`,
		"cannot read " + string(body), "the comment " + comment,
		"<p>" + strings.ReplaceAll(comment, `"`, "&quot;") + "</p>",
	} {
		require.Empty(t, insideOf(answer, askedURL, sent...), answer)
		require.NotEmpty(t, insideOf(answer, askedURL), "want it found where nobody sent it")
		require.NotEmpty(t, insideOf(answer+" goroutine 7 [running]:", askedURL, sent...), "want the rest searched")
	}
}

// An answer is judged without what looks like a secret, a request as it was sent.
func TestWhatTheRequestSentIsNothingOfTheInsideWithoutItsSecrets(t *testing.T) {
	const comment = "host=db password=8Zk3mXw7; token: x1y2z3"
	body := []byte(`{"Comment":"` + comment + `"}`)
	answer := (&redact.Secrets{}).Text("the comment " + comment + " is too long")
	require.NotContains(t, answer, "8Zk3mXw7")
	require.NotEmpty(t, insideOf(answer, askedURL))
	require.Empty(t, insideOf(answer, askedURL, sentTexts(body)...))
}

func quotedJSON(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

func TestTheEndsOfALongAnswerAreSearched(t *testing.T) {
	long := strings.Repeat("at x (1:1)\n", 2*endsKept/10)
	require.Empty(t, insideOf(long, askedURL))
	require.NotEmpty(t, insideOf("goroutine 7 [running]:\n"+long, askedURL))
	require.NotEmpty(t, insideOf(long+"goroutine 7 [running]:\n", askedURL))
	require.LessOrEqual(t, len(ends(long)), 2*endsKept+1)
}
