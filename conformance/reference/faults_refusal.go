package reference

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// refusalStatusFaults returns faults that refuse with a status of another meaning.
func refusalStatusFaults() []Fault {
	var faults []Fault
	for _, row := range []struct {
		right  int
		slug   string
		says   string
		breaks []string
		wrong  []int
	}{
		{401, "missing-token", "credentials that do not count", ids("refusal.status-auth"),
			[]int{400, 403, 404, 407, 409, 422, 200, 204, 302, 500, 501, 503}},
		{403, "missing-role", "a user without the role", ids("refusal.status-role"), []int{400, 401, 405, 409, 422, 200,
			204, 302, 500, 503}},
		{400, "bad-body", "a body that it cannot use", ids("refusal.status-body"), []int{401, 402, 403, 404, 405, 406,
			409, 411, 418, 200, 202, 204, 302, 500, 501, 502, 503}},
		{415, "media-type", "a body that is not declared as JSON", ids("refusal.media-type"),
			[]int{401, 404, 406, 409, 500, 501, 200, 204, 302}},
		{405, "method", "another method than POST", ids("refusal.method"), []int{400, 401, 403, 409, 500, 502, 501, 200,
			204, 302}},
		{404, "unknown-machine", "a machine that it does not know", ids("machine.unknown"),
			[]int{400, 403, 409, 410, 422, 500, 503, 200, 204, 302}},
	} {
		for _, status := range row.wrong {
			breaks := append(ids(), row.breaks...)
			switch {
			case row.right == 405 && status == 403:
				breaks = ids("refusal.method-forbidden")
			case status >= 500 && row.right == 415: // which no standard requires
				breaks = append(ids("refusal.no-server-error"), breaks...)
			case status >= 500:
				breaks = append(breaks, "refusal.no-server-error")
			case status >= 300 && status < 400:
				breaks = append(breaks, "http.no-redirect")
			case status < 300:
				breaks = append(breaks, accepting[row.right]...)
			}
			faults = append(faults, Fault{
				Name:   fmt.Sprintf("refuses-%s-with-%d", row.slug, status),
				Says:   fmt.Sprintf("answers %d to %s", status, row.says),
				Breaks: breaks,
				Wrap:   onRefused(inRoute(asRefusal(status)), row.right),
			})
		}
	}
	return append(faults,
		Fault{Name: "redirects-missing-type", Says: "answers 307 to a body without Content-Type",
			Breaks: ids("http.no-redirect"), Wrap: onAccepted(func(a *answer, q *asked) {
				if q.Header.Get("Content-Type") == "" {
					withStatus(http.StatusTemporaryRedirect)(a, q)
				}
			})},
		Fault{Name: "forbids-get", Says: "answers 403 to GET", Breaks: ids("refusal.method-forbidden"),
			Wrap: onRefused(func(a *answer, q *asked) {
				if q.Method == http.MethodGet {
					asRefusal(http.StatusForbidden)(a, q)
				}
			}, 405)},
		Fault{Name: "crashes-on-missing-comment", Says: "answers 500 to a body without Comment",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap:   onRefused(whenBody(lacks("Comment"), asRefusal(500)), 400)},
		Fault{Name: "crashes-on-missing-sha1", Says: "answers 500 to a body without Sha1",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap:   onRefused(whenBody(lacks("Sha1"), asRefusal(500)), 400)},
		Fault{Name: "crashes-on-broken-json", Says: "answers 500 to a body that is not JSON",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap: onRefused(whenBody(func(b []byte) bool { return len(b) > 0 && !wellFormed(b) }, asRefusal(500)),
				400)},
		Fault{Name: "crashes-on-empty-body", Says: "answers 500 to a request without a body",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap:   onRefused(whenBody(func(b []byte) bool { return len(b) == 0 }, asRefusal(500)), 400)},
		Fault{Name: "crashes-on-array-body", Says: "answers 500 to an array for a body",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap:   onRefused(whenBody(func(b []byte) bool { return len(b) > 0 && b[0] == '[' }, asRefusal(500)), 400)},
		Fault{Name: "crashes-on-null-body", Says: "answers 500 to null for a body",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap:   onRefused(whenBody(func(b []byte) bool { return string(b) == "null" }, asRefusal(500)), 400)},
		Fault{Name: "crashes-on-short-sha1", Says: "answers 500 to a Sha1 of the wrong length",
			Breaks: ids("refusal.no-server-error", "refusal.status-body"),
			Wrap: onRefused(whenBody(func(b []byte) bool {
				o, _ := parseObject(b)
				s, ok := o.Get("Sha1").(string)
				return ok && len(s) != 40
			}, asRefusal(500)), 400)},
		Fault{Name: "calls-bad-token-a-bad-request", Says: "answers 400 to a token that it does not know",
			Breaks: ids("refusal.status-auth"), Wrap: onRefused(func(a *answer, q *asked) {
				if _, sent := bearer(q.Header.Values("Authorization")); sent {
					asRefusal(400)(a, q)
				}
			}, 401)},
	)
}

// accepting lists the requirements that a success in place of a refusal also breaks.
var accepting = map[int][]string{
	401: {"auth.required", "auth.bearer", "auth.token-known"},
	403: {"auth.role"},
	400: {"request.object", "request.grammar", "request.comment-required", "request.sha1-required",
		"request.comment-string", "request.sha1-string", "request.sha1-format", "request.comment-blank",
		"request.name-case"},
}

// inRoute does not change the 404 of a path that belongs to no operation.
func inRoute(change func(*answer, *asked)) func(*answer, *asked) {
	return func(a *answer, q *asked) {
		if a.status != http.StatusNotFound || bytes.Contains(a.body, []byte("ResourceNotFound")) {
			change(a, q)
		}
	}
}

// asRefusal changes the status of a refusal. It keeps the body, if the status allows one, and
// adds the header fields that the status requires.
func asRefusal(status int) func(*answer, *asked) {
	return func(a *answer, _ *asked) {
		a.status = status
		a.header.Del("Www-Authenticate")
		a.header.Del("Allow")
		switch status {
		case http.StatusUnauthorized:
			a.header.Set("WWW-Authenticate", challenge)
		case http.StatusMethodNotAllowed:
			a.header.Set("Allow", "POST")
		case http.StatusFound:
			a.header.Set("Location", "/login")
		case http.StatusNoContent:
			a.header.Del("Content-Type")
			a.body = nil
		}
	}
}

func whenBody(is func([]byte) bool, change func(*answer, *asked)) func(*answer, *asked) {
	return func(a *answer, q *asked) {
		if is(q.body) {
			change(a, q)
		}
	}
}

func lacks(name string) func([]byte) bool {
	return func(b []byte) bool {
		o, err := parseObject(b)
		for _, m := range o {
			if m.Name == name {
				return false
			}
		}
		return err == nil
	}
}

// refusalHeaderFaults returns faults in required header fields of a refusal.
func refusalHeaderFaults() []Fault {
	auth, method := ids("refusal.status-auth"), ids("refusal.method")
	header := func(name string, values ...string) func(*answer, *asked) {
		return func(a *answer, _ *asked) {
			a.header.Del(name)
			for _, v := range values {
				a.header.Add(name, v)
			}
		}
	}
	return []Fault{
		{Name: "omits-challenge", Says: "answers 401 without WWW-Authenticate", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate"), 401)},
		{Name: "sends-empty-challenge", Says: "answers 401 with an empty WWW-Authenticate", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate", ""), 401)},
		{Name: "challenges-for-basic", Says: "asks for Basic credentials alone", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate", `Basic realm="fmaspec"`), 401)},
		{Name: "challenges-for-negotiate", Says: "asks for Negotiate and NTLM alone", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate", "Negotiate", "NTLM"), 401)},
		{Name: "challenges-in-realm-only", Says: "names Bearer only inside another scheme's realm", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate", `Basic realm="Bearer"`), 401)},
		{Name: "challenges-for-lookalike", Says: "asks for a scheme that merely begins with Bearer", Breaks: auth,
			Wrap: onRefused(header("WWW-Authenticate", `BearerToken realm="fmaspec"`), 401)},
		{Name: "challenges-in-other-field", Says: "puts the challenge into Proxy-Authenticate", Breaks: auth,
			Wrap: onRefused(func(a *answer, q *asked) {
				header("Proxy-Authenticate", challenge)(a, q)
				a.header.Del("WWW-Authenticate")
			}, 401)},
		{Name: "omits-challenge-for-bad-token", Says: "leaves WWW-Authenticate out where a token was sent",
			Breaks: auth, Wrap: onRefused(func(a *answer, q *asked) {
				if _, sent := bearer(q.Header.Values("Authorization")); sent {
					a.header.Del("WWW-Authenticate")
				}
			}, 401)},
		{Name: "omits-allow", Says: "answers 405 without Allow", Breaks: method, Wrap: onRefused(header("Allow"), 405)},
		{Name: "sends-empty-allow", Says: "answers 405 with an empty Allow", Breaks: method,
			Wrap: onRefused(header("Allow", ""), 405)},
		{Name: "allows-get-instead", Says: "answers 405 with an Allow that lists only GET", Breaks: method,
			Wrap: onRefused(header("Allow", "GET, HEAD"), 405)},
		{Name: "allows-what-it-refuses", Says: "answers 405 with an Allow that lists the method that was refused",
			Breaks: method, Wrap: onRefused(func(a *answer, q *asked) {
				header("Allow", "POST, "+q.Method)(a, q)
			}, 405)},
		{Name: "allows-lower-post", Says: "lists post in small letters in Allow, which is another method",
			Breaks: method, Wrap: onRefused(header("Allow", "post"), 405)},
		{Name: "allows-lookalike", Says: "lists a method in Allow whose name merely holds POST", Breaks: method,
			Wrap: onRefused(header("Allow", "POSTPONE"), 405)},
		{Name: "allows-in-other-field", Says: "lists the methods in Access-Control-Allow-Methods only", Breaks: method,
			Wrap: onRefused(func(a *answer, q *asked) {
				header("Access-Control-Allow-Methods", "POST")(a, q)
				a.header.Del("Allow")
			}, 405)},
	}
}

// refusalBodyFaults returns faults in the body of a refusal.
func refusalBodyFaults() []Fault {
	type row struct {
		name, says, mediaType string
		body                  func(*answer, *asked) string
	}
	form := []row{
		{"errs-in-html-declared-json", "sends an HTML page with a refusal and calls it JSON", "application/json",
			text("<html><body>Error</body></html>")},
		{"errs-in-page-that-repeats-request",
			"sends a page that holds the path and the body of the request as they came",
			"text/html; charset=utf-8", func(_ *answer, q *asked) string {
				return "<!DOCTYPE html><title>Error</title><p>Cannot serve " + q.URL.Path +
					"<pre>" + string(q.body) + "</pre>"
			}},
		{"errs-in-broken-json", "sends an error object that is not JSON", "application/json",
			text(`{"error":{"code":"BadRequest","message":"Refused",}}`)},
		{"errs-with-trailing-garbage", "writes a word behind the error object", "application/json",
			func(a *answer, _ *asked) string { return string(a.body) + " sorry" }},
		{"errs-with-code-twice", "gives the error two codes", "application/json",
			text(`{"error":{"code":"BadRequest","message":"Refused","code":"Refused"}}`)},
		{"errs-twice", "writes the error object twice, as two handlers of errors do", "application/json",
			text(`{"error":{"code":"BadRequest","message":"Refused"},"error":{"code":"BadRequest","message":"Refused"}}`)},
		{"errs-without-code", "leaves code out of the error", "application/json",
			text(`{"error":{"message":"Refused"}}`)},
		{"errs-without-message", "leaves message out of the error", "application/json",
			text(`{"error":{"code":"BadRequest"}}`)},
		{"errs-with-number-code", "makes code a number", "application/json", func(a *answer, _ *asked) string {
			return `{"error":{"code":` + strconv.Itoa(a.status) + `,"message":"Refused"}}`
		}},
		{"errs-with-object-message", "makes message an object with a language, as OData 3 did", "application/json",
			text(`{"error":{"code":"BadRequest","message":{"lang":"en-US","value":"Refused"}}}`)},
		{"errs-with-null-message", "makes message null", "application/json",
			text(`{"error":{"code":"BadRequest","message":null}}`)},
		{"errs-with-message-list", "makes message an array", "application/json",
			text(`{"error":{"code":"BadRequest","message":["Refused"]}}`)},
	}
	problems := []row{
		{"errs-in-problem-list", "declares a JSON array as problem details", "application/problem+json",
			text(`["Refused"]`)},
		{"errs-with-problem-status-text", "makes the status of problem details a string", "application/problem+json",
			func(a *answer, _ *asked) string {
				return fmt.Sprintf(`{"type":"about:blank","title":"Refused","status":"%d"}`, a.status)
			}},
		{"errs-with-other-problem-status", "gives another status in problem details than it answers with",
			"application/problem+json", text(`{"type":"about:blank","title":"Refused","status":500}`)},
		{"errs-with-problem-title-list", "makes the title of problem details an array", "application/problem+json",
			text(`{"type":"about:blank","title":["Refused"]}`)},
	}
	inside := []row{
		{"errs-with-go-stack", "shows the stack of a panic in a refusal", "application/json",
			message(
				`panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 34 [running]:\nmain.(*server).handle(0xc0000b2000)\n\t/srv/app/main.go:87 +0x1d`)},
		{"errs-with-dotnet-stack", "shows a .NET stack in a refusal", "application/json",
			message(
				`System.NullReferenceException: Object reference not set to an instance of an object.\r\n   at Contoso.Actions.MachinesController.Post(String id) in D:\\a\\1\\s\\MachinesController.cs:line 42`)},
		{"errs-with-java-stack", "shows a Java stack in a refusal", "application/json",
			message(
				`java.lang.NullPointerException\n\tat com.contoso.actions.MachineResource.post(MachineResource.java:42)`)},
		{"errs-with-python-stack", "shows a Python stack in a refusal", "application/json",
			message(
				`Traceback (most recent call last):\n  File \"/usr/src/app/actions.py\", line 42, in post\nKeyError: 'Sha1'`)},
		{"errs-with-node-stack", "shows a Node stack in a refusal", "application/json",
			message(`TypeError: Cannot read properties of undefined\n    at post (/usr/src/app/machines.js:42:17)`)},
		{"errs-with-unix-path", "shows a path of its own disk in a refusal", "application/json",
			message(`open /var/lib/actions/queue.db: permission denied`)},
		{"errs-with-windows-path", "shows a path of its own Windows disk in a refusal", "application/json",
			message(`Could not load C:\\inetpub\\wwwroot\\actions\\web.config`)},
		{"errs-with-query", "shows a query to its database in a refusal", "application/json",
			message(`SQLSTATE[42S02]: Base table or view not found: select * from machines where id = 'x'`)},
		{"errs-with-connection-string", "shows how it reaches its database in a refusal", "text/plain; charset=utf-8",
			text("cannot reach postgres://actions:example@db.internal:5432/actions")},
		{"errs-with-debug-page", "sends a page with a stack trace, as a server under development does",
			"text/html; charset=utf-8", text("<!DOCTYPE html><title>KeyError</title><pre>Traceback (most recent call " +
				"last):\n  File &quot;/usr/src/app/actions.py&quot;, line 42, in post\n</pre>")},
		{"errs-with-php-warning", "prints a warning of PHP before the error object", "text/html",
			func(a *answer, _ *asked) string {
				return "<br />\n<b>Warning</b>:  Undefined array key \"Sha1\" in <b>/var/www/html/index.php</b> on " +
					"line <b>12</b><br />\n" + string(a.body)
			}},
	}
	var faults []Fault
	for _, of := range []struct {
		requirement string
		rows        []row
	}{{"error.form", form}, {"error.problem", problems}, {"error.inside", inside}} {
		for _, row := range of.rows {
			faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids(of.requirement),
				Wrap: onRefused(func(a *answer, q *asked) {
					a.body = []byte(row.body(a, q))
					a.header.Set("Content-Type", row.mediaType)
				})})
		}
	}
	carries := ids("refusal.no-action")
	return append(faults,
		Fault{Name: "errs-with-token", Says: "shows the sender's credentials in a refusal", Breaks: ids("error.inside"),
			Wrap: onRefused(func(a *answer, q *asked) {
				if sent := q.Header.Get("Authorization"); sent != "" {
					a.body = Object{{"error", Object{{"code", "BadRequest"}, {"message", "Refused: " + sent}}}}.JSON()
				}
			})},
		Fault{Name: "refuses-and-acts", Says: "sends a FileMachineAction with every refusal", Breaks: carries,
			Wrap: onRefused(withAction)},
		Fault{Name: "refuses-and-acts-within", Says: "sends a FileMachineAction in a member of the error's details",
			Breaks: carries, Wrap: onRefused(actsWithin(
				`{"error":{"code":"BadRequest","message":"Refused","details":[{"action":`, `}]}}`))},
		Fault{Name: "refuses-body-and-acts-in-list", Says: "sends a list of FileMachineActions with a 400",
			Breaks: carries, Wrap: onRefused(actsWithin(`[`, `]`), 400)},
		Fault{Name: "refuses-token-and-acts-in-string", Says: "sends a FileMachineAction in the message of a 401",
			Breaks: carries, Wrap: onRefused(func(a *answer, q *asked) {
				withAction(a, q)
				a.body = Object{{"error", Object{{"code", "Unauthorized"}, {"message", string(a.body)}}}}.JSON()
			}, 401)},
		Fault{Name: "refuses-and-goes-on", Says: "writes a FileMachineAction behind the text of a refusal, " +
			"after which it does not return", Breaks: carries, Wrap: onRefused(func(a *answer, q *asked) {
			actsWithin("Bad Request\n", "")(a, q)
			a.header.Set("Content-Type", "text/plain")
		})},
		Fault{Name: "refuses-and-names-action", Says: "gives a refusal the id and the status of an action",
			Breaks: carries, Wrap: onRefused(func(a *answer, _ *asked) {
				a.header.Set("Content-Type", "application/json")
				a.body = Object{{"error", Object{{"code", "BadRequest"}, {"message", "Refused"}}}, {"id", newUUID()},
					{"status", "InProgress"}}.JSON()
			})},
		Fault{Name: "refuses-and-outlines-action", Says: "gives the id, the type and the status of an action in the " +
			"details of a refusal", Breaks: carries, Wrap: onRefused(func(a *answer, q *asked) {
			a.header.Set("Content-Type", "application/json")
			a.body = Object{{"error", Object{{"code", "BadRequest"}, {"message", "Refused"}, {"details",
				[]any{Object{{"id", newUUID()}, {"type", typeOf(q.URL.Path)}, {"status", "InProgress"}}}}}}}.JSON()
		})},
		Fault{Name: "refuses-token-and-acts", Says: "sends a FileMachineAction with a 401", Breaks: carries,
			Wrap: onRefused(withAction, 401)},
		Fault{Name: "refuses-role-and-acts", Says: "sends a FileMachineAction with a 403", Breaks: carries,
			Wrap: onRefused(withAction, 403)},
		Fault{Name: "refuses-body-and-acts", Says: "sends a FileMachineAction with a 400", Breaks: carries,
			Wrap: onRefused(withAction, 400)},
		Fault{Name: "refuses-method-and-acts", Says: "sends a FileMachineAction with a 405", Breaks: carries,
			Wrap: onRefused(withAction, 405)},
		Fault{Name: "refuses-media-type-and-acts", Says: "sends a FileMachineAction with a 415", Breaks: carries,
			Wrap: onRefused(withAction, 415)},
	)
}

// withAction puts a FileMachineAction into a refusal.
func withAction(a *answer, q *asked) {
	hash := hashOf(q.body)
	a.header.Set("Content-Type", "application/json")
	a.body = Object{
		{"@odata.context", metadata}, {"id", newUUID()}, {"sha1", hash}, {"type", typeOf(q.URL.Path)},
		{"requestor", "analyst@contoso.com"}, {"requestorComment", "-"}, {"status", "InProgress"}, {"fileId", hash},
		{"machineId", machineID(q.URL.Path)},
		{"creationDateTimeUtc", "2020-12-04T13:39:24.9399004Z"}, {"lastUpdateDateTimeUtc",
			"2020-12-04T13:39:24.9399004Z"},
		{"fileInstances", []any{Object{{"filePath", `C:\Windows\a.exe`}, {"status", "InProgress"}}}},
	}.JSON()
}

// actsWithin puts a FileMachineAction between two texts into a refusal.
func actsWithin(before, after string) func(*answer, *asked) {
	return func(a *answer, q *asked) {
		withAction(a, q)
		a.body = []byte(before + string(a.body) + after)
	}
}

func text(s string) func(*answer, *asked) string { return func(*answer, *asked) string { return s } }

// message puts text, escaped as JSON wants it, into an error object.
func message(escaped string) func(*answer, *asked) string {
	return text(`{"error":{"code":"InternalError","message":"` + escaped + `"}}`)
}

func unchanged(a *answer, _ *asked) string { return string(a.body) }
