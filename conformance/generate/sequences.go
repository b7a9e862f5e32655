package generate

import (
	"fmt"
	"net/http"
	"slices"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
)

// The cases below are requests behind others for the same file, or for one that differs in a
// digit: what a server keeps of a file is kept too coarsely, or of a request that it refused.

// after puts requests before another one, over its connection.
func after(change func(*request), first ...prior) func(*request) {
	return func(r *request) {
		change(r)
		r.prior = first
	}
}

// behind is [after] where all of the requests name one file.
func behind(change func(*request), first ...prior) func(*request) {
	return after(func(r *request) {
		change(r)
		r.oneFile = true
	}, first...)
}

// same is [behind] where all of the requests have the same texts too, so that two may have the
// same body.
func same(change func(*request), first ...prior) func(*request) {
	return behind(func(r *request) {
		change(r)
		r.oneText = true
	}, first...)
}

func unchanged(*request) {}

// correlated gives a request the fields by which tools tell requests apart. None of them says
// that a request is the same as another one.
func correlated(r *request) {
	const id = "0f2b6f0e-5f2c-4f6f-9a51-2d9c7d0d8e"
	sets("Client-Request-Id", id+"21", "Request-Id", id+"22", "X-Correlation-Id", id+"23", "X-Request-Id", id+"24",
		"x-ms-client-request-id", id+"25", "x-ms-correlation-id", id+"26", "X-Trace-Id", id+"27", "X-B3-TraceId",
		id+"29", "X-Transaction-Id", id+"30", "X-Session-Id", id+"31", "Message-Id", id+"32", "Traceparent",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Cookie", "session="+id+"28")(r)
}

// numberedAlike are requests with the ids and the session of the request before, which was for another file.
func numberedAlike(b *builder) []item {
	first := b.plain.clone()
	correlated(&first)
	return []item{{name: "ids", title: "a request with the ids and the session of the request before, for another file",
		change: after(correlated, prior{request: first, expect: conformance.Accepted})}}
}

// besideBody are the violations that leave the body as it is, and another method.
func (b *builder) besideBody() (out []violation) {
	for _, v := range b.violations {
		r := b.plain.clone()
		if v.change(&r); r.body() == b.plain.body() && r.chunks == nil && r.prior == nil {
			out = append(out, v)
		}
	}
	if row, there := b.rows["override"]; there {
		out = append(out, violation{item{name: "body-put", title: "PUT with the body of a valid request",
			change: func(r *request) { r.method = "PUT" }}, row})
	}
	return out
}

// repeats adds the cases in which a valid request, and one that differs from it in one thing
// outside of its body, follow each other: what a server keeps of the one is nothing for the other.
func (b *builder) repeats() {
	for n, v := range b.besideBody() {
		valid, broken := b.plain.clone(), b.plain.clone()
		correlated(&valid)
		correlated(&broken)
		v.change(&broken)
		refused, accepted := v.row, b.rows["again"]
		refused.Because = "a server may keep what it answered to the same request"
		refused.Proves = append(slices.Clone(refused.Proves), accepted.Proves...)
		accepted.Needs = refused.Needs
		if slices.Contains(refused.Statuses, http.StatusUnsupportedMediaType) {
			// A server may see first that the action is under way.
			refused.Statuses = append(slices.Clone(refused.Statuses), http.StatusConflict)
		}
		for i, c := range []struct {
			folder, title string
			row           conformance.Group
			of            request
			first         []prior
		}{
			{"same-violations", v.title + ", twice, behind an accepted request with the same body and ids", refused,
				broken, []prior{{request: valid, expect: conformance.Accepted},
					{request: broken, expect: conformance.Either, open: refused.Statuses}}},
			{"same-again", "a request behind " + v.title + ", with the same body and ids", accepted, valid,
				[]prior{{request: broken, expect: conformance.Either, open: refused.Statuses}}},
		} {
			if !b.mine(n + i) {
				continue
			}
			same(unchanged, c.first...)(&c.of)
			it := item{name: fmt.Sprintf("%02d-%s", n+1, v.name), title: c.title, breaks: v.breaks, owed: v.owed,
				needs: v.needs}
			b.combination(c.row, c.folder, it, c.of, nil)
		}
	}
}

// twins are requests for a file whose hash differs in one digit from that of the request before.
func twins(b *builder) (out []item) {
	for _, name := range b.hashMembers() {
		for _, form := range []string{"last", "first"} {
			out = append(out, item{once: true, name: slug(name, form),
				title: name + " that differs from that of the request before in its " + form + " digit",
				change: behind(func(r *request) { r.hashAs(name, form+"-digit") },
					prior{request: b.plain, expect: conformance.Accepted})})
		}
	}
	return out
}

// againAfterRefusals are plain requests for a file whose request before was refused.
func againAfterRefusals(b *builder) (out []item) {
	for _, v := range []struct {
		name, title string
		change      func(*request)
	}{
		{"missing-member", "lacked a member", func(r *request) { r.without(b.textMembers()[0]) }},
		{"no-json", "was no JSON", func(r *request) {
			body := r.body()
			r.raw = new(body[:len(body)-1])
		}},
		{"no-authorization", "had no Authorization", func(r *request) { r.withoutField("Authorization") }},
	} {
		first := b.plain.clone()
		v.change(&first)
		out = append(out, item{once: true, name: v.name, title: "a request for a file behind one that " + v.title,
			change: behind(unchanged, prior{request: first, expect: conformance.Either})})
		if first.calls = b.sibling(); first.calls != "" {
			out = append(out, item{once: true, name: v.name + "-elsewhere",
				title: "a request for a file behind one of another " +
					"operation that " + v.title,
				change: same(unchanged, prior{request: first, expect: conformance.Either})})
		}
	}
	return out
}

// permittedElsewhere are requests behind accepted ones with the same body by another operation, and
// on another machine.
func permittedElsewhere(b *builder, title string, change func(*request)) (out []item) {
	if other := b.sibling(); other != "" {
		first := b.plain.clone()
		first.calls = other
		out = append(out, item{name: "operation", title: title + " behind an accepted one of another operation " +
			"with the same body", change: same(change, prior{request: first, expect: conformance.Accepted})})
	}
	first := b.plain.clone()
	first.path = "{{path " + httpfile.OtherMachine + "}}"
	return append(out, item{name: "machine", once: true, needs: httpfile.OtherMachine,
		title:  title + " behind an accepted one with the same body on another machine",
		change: same(change, prior{request: first, expect: conformance.Accepted})})
}

// alikes are requests over one connection, each for another file, with texts that a database or a cache takes for
// equal: a server that keeps each text once, and finds it by less than all of it, gives the first one back.
func alikes(b *builder) (out []item) {
	controls := slices.DeleteFunc([]string{"valid/accepts-surrogate-pair", "valid/accepts-combining-characters"},
		func(name string) bool { return b.suite.Case(b.op.ID+"/"+name) == nil }) // where the cases are others
	texts := alikeTexts()
	for _, name := range b.textMembers() {
		var first []prior
		for _, text := range texts[:len(texts)-1] {
			r := b.plain.clone()
			r.set(name, quote(text))
			first = append(first, prior{request: r, expect: conformance.Accepted})
		}
		out = append(out, item{name: slug(name), once: true, before: true,
			title:  fmt.Sprintf("requests over one connection whose %s differs in little, each for another file", name),
			also:   controls,
			change: after(func(r *request) { r.set(name, quote(texts[len(texts)-1])) }, first...)})
	}
	return out
}

// elsewhere are requests for a file that was asked for on another machine, or by another operation.
func elsewhere(b *builder) []item {
	asked := func(path, operation string) func(*request) {
		first := b.plain.clone()
		first.path, first.calls = path, operation
		correlated(&first)
		return same(correlated, prior{request: first, expect: conformance.Accepted})
	}
	out := []item{{once: true, name: "machine",
		title: "a request for a file behind one for the same file on another machine",
		needs: httpfile.OtherMachine, change: asked("{{path "+httpfile.OtherMachine+"}}", "")}}
	for _, op := range b.suite.Operations {
		if op.ID != b.op.ID && op.RequestSchema == b.op.RequestSchema {
			return append(out, item{name: "operation", title: "a request for a file behind one for the same file by " +
				"another operation", change: asked("{{path}}", op.ID)})
		}
	}
	return out
}

// repetitions are further requests for one file.
func repetitions(b *builder) (out []item) {
	accepted, open := prior{request: b.plain, expect: conformance.Accepted},
		prior{request: b.plain, expect: conformance.Either}
	out = append(out, item{once: true, name: "third", title: "a third request for a file",
		change: behind(unchanged, accepted, open)})
	keyed := func(r *request) { r.field("Idempotency-Key", `"{{comment}}"`) }
	first := b.plain.clone()
	keyed(&first)
	out = append(out, item{once: true, name: "key", title: "a request for a file with the Idempotency-Key of one for " +
		"another", change: after(keyed, prior{request: first, expect: conformance.Accepted})})
	for _, name := range b.hashMembers() {
		out = append(out, item{once: true, name: slug(name, "upper"),
			title:  "a second request for a file, with " + name + " in upper case",
			change: behind(func(r *request) { r.hashAs(name, "upper") }, accepted)})
	}
	return out
}

// withoutAuthorization are requests without Authorization behind accepted ones for the same file.
func withoutAuthorization(b *builder) (out []item) {
	for _, v := range []struct {
		name, title string
		before      int
	}{{"second", "an accepted request", 1}, {"third", "two accepted requests", 2}} {
		out = append(out, item{once: true, name: v.name, title: "a request without Authorization behind " + v.title +
			" for the file",
			change: same(func(r *request) { r.withoutField("Authorization") },
				slices.Concat([]prior{{request: b.plain, expect: conformance.Accepted}},
					slices.Repeat([]prior{{request: b.plain, expect: conformance.Either}}, v.before-1))...)})
	}
	others := []prior{{request: b.plain, expect: conformance.Accepted}}
	for _, it := range behindOthers(b) {
		if slices.Contains([]string{"options", "head", "get", "other-path", "media-type", "forms"}, it.name) {
			r := b.plain.clone()
			it.change(&r)
			others = append(others, r.prior...)
		}
	}
	out = append(out, item{once: true, name: "many", title: "a request without Authorization behind many others " +
		"on its connection", change: after(func(r *request) { r.withoutField("Authorization") }, others...)})
	first := b.plain.clone()
	keyed := func(r *request) {
		correlated(r)
		r.field("Idempotency-Key", `"{{comment}}"`)
	}
	keyed(&first)
	out = append(out, permittedElsewhere(b, "a request without Authorization",
		func(r *request) { r.withoutField("Authorization") })...)
	return append(out, item{once: true, name: "key", title: "a request without Authorization behind an accepted one " +
		"with the same body, ids and Idempotency-Key", change: same(func(r *request) {
		keyed(r)
		r.withoutField("Authorization")
	}, prior{request: first, expect: conformance.Accepted})})
}

// withoutRole are requests of a user without the role behind accepted ones for the same file.
func withoutRole(b *builder) (out []item) {
	for _, it := range roles(b) {
		it.combined, it.title = false, it.title+", behind an accepted request for the file"
		change := it.change
		it.change = same(change, prior{request: b.plain, expect: conformance.Accepted})
		out = append(append(out, it), permittedElsewhere(b, "a request of a user without the role", change)...)
	}
	return out
}
