package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const askedURL = "http://127.0.0.1:8080/srv/api/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"

func TestEveryMarkOfAServersInsideIsFoundByItsWords(t *testing.T) {
	samples := map[string][]string{
		"a stack trace": {
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
			`"stackTrace": "x"`, `"STACK_TRACE" : ["x"]`, `"traceback":{"x":1}`,
		},
		"an exception's name": {"NullPointerException", "SqlException: x", "java.lang.OutOfMemoryError",
			"System.Data.DataException", "org.springframework.http.converter.HttpMessageNotReadableException"},
		"a query to a database": {"select id from machines where id = $1", "select * from x", "SELECT id FROM x",
			"INSERT INTO a VALUES (1)", "insert into a (b) values (1)", "UPDATE a SET b = 1", "update a set b = 1",
			"DELETE FROM a", "delete from a where b = 1", "SQLSTATE[42S02]", "ORA-00942", "an error in your SQL syntax",
			"SQLITE_CANTOPEN"},
		"a connection string": {"postgres://api:x@db/actions", "mongodb+srv://db/x", "jdbc:sqlserver://db",
			"Server=db;Database=actions", "User=x;Password=y;", "DefaultEndpointsProtocol=https"},
	}
	for _, i := range insideMarks {
		require.NotEmpty(t, samples[i.what], i.what)
		for _, s := range samples[i.what] {
			require.Regexp(t, i.mark, s, i.what)
			require.True(t, slices.ContainsFunc(i.words, func(w string) bool { return strings.Contains(s, w) }),
				"%s: want one of the words in %q", i.what, s)
		}
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
	for _, folder := range []string{"app", "src", "build", "mnt", "code", "workspace", "go/src", "Users/x"} {
		paths = append(paths, "/"+folder+"/x.go")
	}
	paths = append(paths, `C:\inetpub\x`, `C:\\home\\site\\x`, `D:\a\1\s\x`, `c:\x\Program.cs`)
	for _, path := range paths {
		require.Regexp(t, diskPath, path)
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
		{`{"message":"x\n   at Api.Actions.Post(String id)"}`, `a stack trace: "at Api.Actions.Post(String id)"`,
			"a trace in a JSON string"},
		{`<pre>File &quot;/x/y.wsgi&quot;, line 3</pre>`, `a stack trace: "File \"/x/y.wsgi\", line 3"`,
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
		{`Don't panic: the request can be sent again`, "", "a word of Go's in prose"},
	} {
		require.Equal(t, row.want, insideOf(row.body, askedURL), row.why)
	}
	require.NotEmpty(t, insideOf("open /var/lib/x.db", ""), "want paths found also where nobody knows what was asked")
}
