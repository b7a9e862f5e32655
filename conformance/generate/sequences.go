package generate

import (
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

func unchanged(*request) {}

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
	}
	return out
}

// elsewhere are requests for a file that was asked for on another machine, or by another operation.
func elsewhere(b *builder) []item {
	asked := func(path, operation string) func(*request) {
		first := b.plain.clone()
		first.path, first.calls = path, operation
		return behind(unchanged, prior{request: first, expect: conformance.Accepted})
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
			change: behind(func(r *request) { r.withoutField("Authorization") },
				slices.Concat([]prior{{request: b.plain, expect: conformance.Accepted}},
					slices.Repeat([]prior{{request: b.plain, expect: conformance.Either}}, v.before-1))...)})
	}
	return out
}

// withoutRole are requests of a user without the role behind accepted ones for the same file.
func withoutRole(b *builder) (out []item) {
	for _, it := range roles(b) {
		it.combined, it.title = false, it.title+", behind an accepted request for the file"
		it.change = behind(it.change, prior{request: b.plain, expect: conformance.Accepted})
		out = append(out, it)
	}
	return out
}
