package reference

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// errorVariants refuse in the forms that frameworks and proxies give a refusal
// by themselves.
func errorVariants() []variant {
	carries := func(mediaType string, body func(*answer, *asked) string, statuses ...int) wrap {
		return onRefused(func(a *answer, q *asked) {
			a.body = []byte(body(a, q))
			a.header.Set("Content-Type", mediaType)
		}, statuses...)
	}
	const json = "application/json"
	phrase := func(a *answer) string { return http.StatusText(a.status) }
	return []variant{
		{"text-refusals", "refuses with a sentence in plain text, as Go does", carries("text/plain; charset=utf-8",
			func(a *answer, _ *asked) string { return phrase(a) + "\n" })},
		{"aspnet-refusals", "refuses with a Message, as ASP.NET does",
			carries(json+"; charset=utf-8", text(`{"Message":"Authorization has been denied for this request."}`))},
		{"aspnet-model-state", "refuses with a Message and a ModelState, as ASP.NET does",
			carries(json+"; charset=utf-8",
				text(
					`{"Message":"The request is invalid.","ModelState":{"request.Sha1":["The Sha1 field is required."]}}`))},
		{"aspnet-core-refusals", "refuses with problem details that list errors and a traceId, as ASP.NET Core does",
			carries("application/problem+json; charset=utf-8", func(a *answer, _ *asked) string {
				return fmt.Sprintf(
					`{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":%d,"errors":{"Sha1":["The Sha1 field is required."]},"traceId":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}`, a.status)
			})},
		{"fastapi-refusals", "refuses with a detail, as FastAPI does",
			carries(json, func(a *answer, _ *asked) string { return `{"detail":"` + phrase(a) + `"}` })},
		{"fastapi-validation", "refuses with a list of details that repeat the request's body, as FastAPI does",
			carries(json, func(_ *answer, q *asked) string {
				return string(Object{{"detail", []any{Object{{"type", "missing"}, {"loc", []any{"body", "Sha1"}},
					{"msg", "Field required"}, {"input", string(q.body)}}}}}.JSON())
			}, 400, 422)},
		{"spring-refusals", "refuses with timestamp, status, error and path, as Spring does",
			carries(json, func(a *answer, q *asked) string {
				return string(Object{{"timestamp", "2026-01-01T00:00:00.000+00:00"}, {"status", a.status},
					{"error", phrase(a)}, {"path", q.URL.Path}}.JSON())
			})},
		{"express-refusals", "refuses with an error that is a word",
			carries(json+"; charset=utf-8", func(a *answer, _ *asked) string {
				return `{"error":"` + phrase(a) +
					`"}`
			})},
		{"express-pages", "refuses with a page that names the path, as Express does",
			carries("text/html; charset=utf-8", func(_ *answer, q *asked) string {
				return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta " +
					"charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot " + q.Method + " " +
					html.EscapeString(q.URL.Path) + "</pre>\n</body>\n</html>\n"
			})},
		{"proxy-pages", "answers 404, 405, 413 and 502 with a page of its own, as nginx does",
			carries("text/html", func(a *answer, _ *asked) string {
				title := fmt.Sprintf("%d %s", a.status, phrase(a))
				return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
					"</h1></center>\r\n<hr><center>nginx/1.24.0 (Ubuntu)</center>\r\n</body>\r\n</html>\r\n"
			}, 404, 405, 413, 502)},
		{"apache-pages", "refuses with a page that gives the path and the server's name, as Apache does",
			carries("text/html; charset=iso-8859-1", func(a *answer, q *asked) string {
				return "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>" + phrase(a) +
					"</title>\n</head><body>\n<h1>" + phrase(a) + "</h1>\n<p>The requested URL " +
					html.EscapeString(q.URL.Path) + " cannot be served.</p>\n<hr>\n" +
					"<address>Apache/2.4.58 (Ubuntu) Server at localhost Port " +
					"80</address>\n</body></html>\n"
			})},
		{"pages-with-quotations",
			"refuses with a page that repeats the request where nothing of it counts as markup",
			carries("text/html; charset=utf-8", func(_ *answer, q *asked) string {
				return "<!DOCTYPE html><title>Error</title><p title=\"" +
					strings.ReplaceAll(q.URL.Path, `"`, "&quot;") + "\">Refused: " +
					html.EscapeString(string(q.body)) + "<script>const request = " +
					strings.ReplaceAll(string(Object{{"path", q.URL.Path}}.JSON()), "</", `<\/`) + "</script>"
			})},
		{"problem-details-with-instance", "refuses with problem details whose instance is the request's path",
			carries("application/problem+json", func(a *answer, q *asked) string {
				return string(Object{{"type", "about:blank"}, {"title", phrase(a)}, {"status", a.status},
					{"instance", q.URL.Path}}.JSON())
			})},
		{"xml-refusals", "refuses in XML", carries("application/xml",
			text(`<?xml version="1.0"?><Error><Message>Refused</Message></Error>`))},
		{"untyped-refusals", "does not say what a refusal's body is",
			onRefused(func(a *answer, _ *asked) { a.header.Del("Content-Type") })},
		{"error-declared-html", "sends the error object and calls it HTML", carries("text/html", unchanged)},
		{"error-in-a-string", "refuses with a JSON string", carries(json, text(`"Refused"`))},
		{"error-in-an-array", "refuses with an array of errors",
			carries(json, text(`[{"error":{"code":"BadRequest","message":"Refused"}}]`))},
		{"error-list", "refuses with an error that is an array",
			carries(json, text(`{"error":[{"code":"BadRequest","message":"Refused"}]}`))},
		{"errors-list", "refuses with a list of errors, as JSON:API does", carries("application/vnd.api+json",
			text(`{"errors":[{"status":"400","title":"Refused"}]}`))},
		{"envelope-refusals", "refuses in an envelope with an id and a status of its own", carries(json,
			text(`{"id":"7d6f9c1e-7a3b-4f0e-9d55-2f1f4f1f9a01","status":"Failed","errors":[{"id":"1","status":"400",`+
				`"type":"SampleError","message":"Refused at {\"at\": \"Sha1\"}"}]}`))},
		{"names-operation-in-refusals", "names the operation that failed in a refusal, with an id and a type",
			carries(json, func(_ *answer, q *asked) string {
				operation := Object{{"id", "op-7"}, {"type", typeOf(q.URL.Path)}, {"status", "Failed"}}
				return string(Object{{"error", Object{{"code", "BadRequest"}, {"message", "Refused"},
					{"innererror", Object{{"operation", operation}}}}}}.JSON())
			})},
		{"traces-steps-in-refusals", "refuses with the steps that it took, each of which has an id and a status",
			carries(json, text(`{"error":{"code":"BadRequest","message":"Refused"},"trace":[{"id":"sign-in",`+
				`"status":"Succeeded"},{"id":"limits","status":"Pending"},{"id":"audit","status":"InProgress"}]}`))},
		{"asks-for-second-factor", "answers 401 with a question to the user that waits, which has an id and a status",
			carries(json, text(`{"id":"7d6f9c1e-7a3b-4f0e-9d55-2f1f4f1f9a01","type":"push","status":"Pending",`+
				`"expiresIn":300}`), 401)},
		{"null-refusals", "refuses with null", carries(json, text(`null`))},
		{"null-error", "refuses with an error that is null", carries(json, text(`{"error":null,"message":"Refused"}`))},
		{"empty-object-refusals", "refuses with an object without members", carries(json, text(`{}`))},
		{"capital-error", "refuses with Error, Code and Message in capitals",
			carries(json, text(`{"Error":{"Code":"BadRequest","Message":"Refused"}}`))},
		{"repeats-request-in-refusals", "repeats what was asked for in a refusal",
			carries(json, func(_ *answer, q *asked) string {
				o, _ := parseObject(q.body)
				return string(Object{{"message", "Refused"}, {"type", "RequestRefused"}, {"machineId", machineOf(q)},
					{"sha1", o.Get("Sha1")}, {"fileId", o.Get("Sha1")}, {"requestorComment", o.Get("Comment")}}.JSON())
			})},
		{"asks-for-a-file", "refuses in words that a query to a database has too",
			carries("text/plain", text("Please select a file from the machine, update the set of members, or delete "+
				"from it what is not known."))},
	}
}

// deviations are servers that keep every documented and standard requirement,
// and do what many do although the examples or plain sense suggest another way.
func deviations() []Variant {
	return []Variant{
		{Name: "times-with-offset-of-zero", Says: "writes +00:00 for the Z of times, as Python does",
			Deviates: ids("time.utc-z"),
			Wrap: reform(func(t time.Time) any { return t.Format("2006-01-02T15:04:05.000000") + "+00:00" },
				times...)},
		{Name: "times-in-nanoseconds", Says: "gives times by a clock of nanoseconds without the zeros at the end, as " +
			"Go does", Deviates: ids("time.utc-z"), Wrap: nanoseconds},
		{Name: "documented-machine-id", Says: "gives everyone the machineId of the documents, as a mock of one " +
			"template does", Deviates: ids("action.machine-differs"),
			Wrap: onAction(set("machineId", "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"))},
		{Name: "without-clock", Says: "sends no Date, as a server without a clock", Deviates: ids("http.date-sent"),
			Wrap: lenient("sends-no-date")},
		{Name: "reads-one-value", Says: "reads one JSON value and leaves what stands behind it, as a decoder of " +
			"Go does", Deviates: ids("request.grammar"), Wrap: lenient("takes-trailing-garbage")},
		{Name: "reads-json5", Says: "reads JSON5: comments, commas at the end, single quotes and bare names",
			Deviates: ids("request.grammar"),
			Wrap:     lenient("takes-comments", "takes-trailing-comma", "takes-single-quotes", "takes-bare-names")},
		{Name: "reads-not-a-number", Says: "reads NaN, as the json package of Python does",
			Deviates: ids("request.grammar"), Wrap: lenient("takes-not-a-number")},
		{Name: "500-for-hostile-json", Says: "answers 500 to JSON that its parser does not support, such as one with " +
			"limits of depth and characters whose error is not caught", Deviates: ids("request.hostile-json"),
			Wrap: lenient("crashes-on-deep-nesting", "crashes-on-lone-surrogate", "crashes-on-nul-character",
				"crashes-on-invalid-utf-8", "crashes-on-byte-order-mark", "crashes-on-repeated-name")},
		{Name: "hangs-up-on-hostile-json", Says: "closes the connection on deep or long JSON without an answer",
			Deviates: ids("request.hostile-json"), Wrap: lenient("hangs-up-on-deep-nesting", "hangs-up-on-long-body")},
		{Name: "reads-names-in-any-case", Says: "takes comment and SHA1 for Comment and Sha1, as a struct of Go does",
			Deviates: ids("request.name-case"), Wrap: lenient("ignores-name-case")},
		{Name: "reads-json-of-any-type", Says: "reads the body as JSON whatever its Content-Type says",
			Deviates: ids("refusal.media-type"), Wrap: lenient("takes-any-media-type")},
		{Name: "repeats-a-name", Says: "writes the status of the action twice, as two serialisers that know nothing " +
			"of each other do", Deviates: ids("response.names-unique"),
			Wrap: onBody(lastMember(`"status":"InProgress"`))},
		{Name: "instances-to-be-filled", Says: "gives a filePath and a status that are empty until the machine has " +
			"answered", Deviates: ids("action.instances-filled"),
			Wrap: onAction(
				instances(last(func(o Object) Object { return set("status", "")(set("filePath", "")(o)) })))},
		{Name: "action-in-refusal", Says: "refuses with the action that was not taken, whose status is Failed",
			Deviates: ids("refusal.no-action"),
			Wrap:     onRefused(func(a *answer, q *asked) { withAction(a, q); a.edit(set("status", "Failed")) })},
		{Name: "403-for-other-methods", Says: "answers 403 to other methods, as a guard against forged requests does",
			Deviates: ids("refusal.method-forbidden"),
			Wrap:     onRefused(asRefusal(http.StatusForbidden), http.StatusMethodNotAllowed)},
	}
}

// lenient puts the servers of several faults that break inferred requirements
// alone around each other.
func lenient(names ...string) wrap {
	return func(h http.Handler) http.Handler {
		for _, name := range names {
			if fault, ok := FindFault(name); ok {
				h = fault.Wrap(h)
			}
		}
		return h
	}
}

// nanoseconds gives the times of the nth action a fraction in which the last
// digits are zeros now and then, and are left out.
func nanoseconds(h http.Handler) http.Handler {
	return onCount(func(n int, a *answer, _ *asked) {
		for _, name := range times {
			a.edit(alterText(name, func(s string) string {
				t, err := time.Parse(time.RFC3339Nano, s)
				if err != nil {
					return s
				}
				fraction := time.Duration(n) * 123_456_789 % time.Second
				if n%10 == 0 {
					fraction -= fraction % time.Microsecond
				}
				return t.Truncate(time.Second).Add(fraction).Format(time.RFC3339Nano)
			}))
		}
	})(h)
}
