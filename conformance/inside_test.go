package conformance

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryMarkOfAServersInsideIsFoundByItsWords(t *testing.T) {
	samples := map[string][]string{
		"a stack trace": {
			"goroutine 17 [running]:", "Traceback (most recent call last)", "  at Api.Actions.Post(Request r) in /_/Api.cs:line 12", "\n   at handle (index.js:10:5)",
			"main.go:12", "app.py:7", "Api.cs:3", "Api.java:4", "index.js:5", "index.ts:6", "api.rb:7", "index.php:8", "main.rs:9", "Main.kt:10",
			"panic: oops", "runtime error: index out of range", "nil pointer dereference", `"stack": 1`, `"stackTrace":[]`, `"STACK_TRACE" : ""`, `"traceback":""`, `"Exception":""`, `File "x", line 3`, `File \"x\", line 3`,
		},
		"an exception's name":   {"NullPointerException", "SqlException: x", "java.lang.OutOfMemoryError", "System.Data.DataException", "SQLSTATE 42", "ORA-00942"},
		"a query to a database": {"select id from machines", "SELECT * FROM x", "INSERT INTO a VALUES (1)", "update a set b", "DELETE FROM a WHERE b"},
		"an internal path":      {"/var/lib/x", "(/home/api/x.db)", `C:\inetpub\www`, `C:\\inetpub\\www`},
	}
	for _, i := range inside {
		if len(samples[i.what]) == 0 {
			t.Errorf("want samples of %s", i.what)
		}
		for _, s := range samples[i.what] {
			if !i.mark.MatchString(s) {
				t.Errorf("%s: want %q found", i.what, s)
			}
			if !slices.ContainsFunc(i.words, func(w string) bool { return strings.Contains(s, w) }) {
				t.Errorf("%s: want one of the words in %q", i.what, s)
			}
		}
		for _, s := range []string{`{"error":{"code":"BadRequest","message":"The body has to be JSON; see https://example.com/docs/errors."}}`, "Not Found", "Parameter Sha1 is missing. Update it.", "Select another machine."} {
			if i.mark.MatchString(s) {
				t.Errorf("%s: want nothing found in %q", i.what, s)
			}
		}
	}
}
