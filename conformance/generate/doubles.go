package generate

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// The cases below hold two violations at once, or one behind an accepted request with the same
// texts: what a server looks for after the first violation, and what it keeps.

// breach returns a violation by the names of its group and of its item, among those that every
// operation has.
func (b *builder) breach(group, name string) (violation, bool) {
	row, there := b.rows[group]
	i := slices.IndexFunc(b.items[group], func(it item) bool { return it.name == name })
	if !there || i < 0 {
		return violation{}, false
	}
	return violation{b.items[group][i], row}, true
}

// breaches returns those of the names that there are, each a group and an item.
func (b *builder) breaches(names ...[2]string) (out []violation) {
	for _, name := range names {
		if v, there := b.breach(name[0], name[1]); there {
			out = append(out, v)
		}
	}
	return out
}

// bodyBreaches are violations of each kind that a body may hold.
func (b *builder) bodyBreaches() []violation {
	var names [][2]string
	for _, text := range b.textMembers()[:min(1, len(b.textMembers()))] {
		names = append(names, [][2]string{{"missing", slug(text)}, {"type", slug(text, "null")},
			{"text-blank", slug(text, "one-blank")}, {"type", slug(text, "one")}, {"type", slug(text,
				"array-of-it")}}...)
	}
	for _, hash := range b.hashMembers()[:min(1, len(b.hashMembers()))] {
		names = append(names, [][2]string{{"missing", slug(hash)}, {"type", slug(hash, "null")},
			{"hash-form", slug(hash, "41-digits")}}...)
	}
	return b.breaches(append(names, [2]string{"missing", "every-member"}, [2]string{"grammar", "no-end"},
		[2]string{"not-object", "array-of-it"})...)
}

// behindAccepted adds the cases in which a body with a violation goes twice behind an accepted
// request with the same texts, by the operation, by another one, or on another machine: what a
// server keeps of an action or of a buffer makes up for nothing, and neither does asking again.
func (b *builder) behindAccepted() {
	again, there := b.rows["again"]
	if !there {
		return
	}
	type first struct {
		title, needs string
		request      request
	}
	priors := []first{{"an accepted request", "", b.plain.clone()}}
	if other := b.sibling(); other != "" {
		r := b.plain.clone()
		r.calls = other
		priors = append(priors, first{"an accepted request of another operation", "", r})
	}
	elsewhere := b.plain.clone()
	elsewhere.path = "{{path " + httpfile.OtherMachine + "}}"
	priors = append(priors, first{"an accepted request on another machine", httpfile.OtherMachine, elsewhere})
	for n, v := range b.bodyBreaches() {
		p, broken := priors[(n+b.turn)%len(priors)], b.plain.clone()
		v.change(&broken)
		for _, hash := range b.hashMembers() {
			if v.name == slug(hash, "41-digits") { // of the same hash, in the place of one that is written out
				broken.set(hash, `"{{sha1}}0"`)
			}
		}
		row := v.row
		row.Because = "a server may keep what it read, or what it answered for the same file or the same body"
		row.Proves = append(slices.Clone(row.Proves), again.Proves...)
		// A server may see first that the action is under way.
		row.Statuses = append(slices.Clone(row.Statuses), http.StatusConflict)
		same(unchanged, prior{request: p.request, expect: conformance.Accepted},
			prior{request: broken, expect: conformance.Refused, open: row.Statuses})(&broken)
		it := v.item
		it.name, it.title, it.needs = fmt.Sprintf("%02d-%s", n+1, v.name), v.title+", twice, behind "+p.title+
			" with the same texts", p.needs
		it.unreadable = true
		if c := b.combination(row, "behind-accepted", it, broken, nil); c != nil {
			c.Alone = b.op.ID + "/" + nameIn(v.row.Name, v.name)
		}
	}
}

// sibling returns another operation that takes the same requests, or "".
func (b *builder) sibling() string {
	for _, op := range b.suite.Operations {
		if op.ID != b.op.ID && op.RequestSchema == b.op.RequestSchema {
			return op.ID
		}
	}
	return ""
}

// doubles adds the cases that hold two violations at once. Which of them a server refuses the
// request for is its own matter; that it refuses it is not.
func (b *builder) doubles() {
	several, there := b.rows["several"]
	if !there {
		return
	}
	n := 0
	add := func(one, other violation, row conformance.Group) {
		if n++; !b.mine(n - 1) {
			return
		}
		r := b.plain.clone()
		one.change(&r)
		other.change(&r)
		// The stronger of the two is why it is refused.
		why := slices.MinFunc([]violation{one, other}, func(v, w violation) int {
			return cmp.Compare(b.owedLevel(v), b.owedLevel(w))
		})
		row.Because = "a server may look for one violation alone, and fail on two"
		row.Statuses = union(one.row.Statuses, other.row.Statuses, row.Statuses)
		it := item{name: fmt.Sprintf("%03d-%s-%s", n, one.name, other.name), title: one.title + ", and " + other.title,
			unreadable: true}
		row.Needs = union(one.row.Needs, other.row.Needs)
		for _, needs := range []string{one.needs, other.needs} {
			if needs != "" {
				row.Needs = append(row.Needs, needs)
			}
		}
		if c := b.combination(row, "two-violations", it, r, nil); c != nil && why.row.Name != "" {
			c.Alone = b.op.ID + "/" + nameIn(why.row.Name, why.name)
		}
	}
	proves := func(lists ...[]string) (out []string) {
		for _, id := range slices.Concat(lists...) {
			if id != conformance.KeywordRequirement && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		return out
	}
	owed := func(v violation) []string { return b.proves(v.row, v.item)[:1] }
	for _, one := range b.memberBreaches(b.textMembers()) {
		for _, other := range b.memberBreaches(b.hashMembers()) {
			if one.row.Name == other.row.Name && b.kindOfBreach(one) == b.kindOfBreach(other) &&
				b.kindOfBreach(one) != "array-of-it" {
				continue // the group of bodies that break one rule in every member has these
			}
			row := several
			row.Proves = proves(owed(one), owed(other), several.Proves)
			add(one, other, row)
		}
	}
	outside := b.breaches([2]string{"authorization", "missing"}, [2]string{"credentials", "altered"},
		[2]string{"role", "none"}, [2]string{"media-type-other", "text"})
	if row, there := b.rows["override"]; there {
		outside = append(outside, violation{item{name: "body-put", title: "PUT with a body",
			change: func(r *request) { r.method = "PUT" }}, row})
	}
	unknown := func(r *request) { r.path = "{{path " + httpfile.UnknownMachine + "}}" }
	for i, one := range append(b.plainBreaches(), outside...) {
		if !b.mine(i) || one.name == "every-member" {
			continue
		}
		r := b.plain.clone()
		one.change(&r)
		unknown(&r)
		row, it := one.row, one.item
		row.Because = "a server may look for one violation alone"
		row.Statuses = union(row.Statuses, refusedInAnyForm())
		row.Needs = append(slices.Clone(row.Needs), httpfile.UnknownMachine)
		it.name, it.title = "unknown-machine-"+one.name, one.title+", for a machine that is unknown"
		it.unreadable = true
		if c := b.combination(row, "two-violations", it, r, nil); c != nil {
			c.Alone = b.op.ID + "/" + nameIn(one.row.Name, one.name)
		}
	}
	if row, there := b.rows["media-type-open"]; there {
		outside = append(outside, violation{item{name: "no-media-type", title: "no media type",
			change: func(r *request) { r.withoutField("Content-Type") }}, row})
	}
	for i, one := range outside {
		row := one.row
		row.Statuses = refusedInAnyForm()
		for _, other := range b.plainBreaches() {
			if one.row.Name != "override" { // no server reads the body of a request that it has no method for
				row.Proves = proves(owed(one), owed(other), b.proves(one.row, one.item))
				if one.row.Expect != conformance.Refused { // it is refused for the body alone
					row.Proves, row.Expect = proves(owed(other), several.Proves), conformance.Refused
				}
				add(one, other, row)
			}
		}
		if !slices.Contains([]string{"media-type-other", "override"}, one.row.Name) {
			continue
		}
		for _, other := range outside[:i] {
			row := other.row
			row.Proves = proves(owed(other), owed(one), b.proves(other.row, other.item))
			row.Statuses = refusedInAnyForm()
			add(other, one, row)
		}
	}
}

// far adds the cases in which a violation stands behind more than what software looks at: blanks
// before the body, or a long member before the others. The body is hardly longer than those that have to be accepted:
// a server may close the connection on one that is too long for it (RFC 9110 15.5.14).
func (b *builder) far() {
	const long = 65600
	for i, v := range b.plainBreaches() {
		if v.row.Name == "grammar" || v.name == "every-member" {
			continue
		}
		for j, form := range []struct {
			title  string
			change func(*request)
		}{
			{"behind many blanks", func(r *request) { r.space.front = strings.Repeat(" ", long) }},
			{"behind a long member", func(r *request) {
				r.members = slices.Insert(r.members, 0, member{`"Further"`, fmt.Sprintf(`"{{repeat %d x}}"`, long)})
			}},
		} {
			if !b.mine(i + j) {
				continue
			}
			r := b.plain.clone()
			v.change(&r)
			form.change(&r)
			row, it := v.row, v.item
			row.Because = "a server may look at the beginning of a body alone"
			it.name, it.title = fmt.Sprintf("%02d-%s", 2*i+j+1, v.name), v.title+" "+form.title
			if c := b.combination(row, "far-violations", it, r, nil); c != nil {
				c.Alone = b.op.ID + "/" + nameIn(v.row.Name, v.name)
			}
		}
	}
}

// kindOfBreach is the name of a violation without that of the member.
func (b *builder) kindOfBreach(v violation) string {
	name := v.name
	for _, m := range b.plain.members {
		name = strings.TrimPrefix(name, slug(unquoted(m.name)))
	}
	return strings.TrimPrefix(name, "-")
}

// owedLevel is the level of what a violation breaks.
func (b *builder) owedLevel(v violation) record.Level {
	return b.suite.Requirement(b.proves(v.row, v.item)[0]).Level
}

// memberBreaches are the violations of each kind that a member may hold.
func (b *builder) memberBreaches(members []string) []violation {
	if len(members) == 0 {
		return nil
	}
	name := members[0]
	return b.breaches([2]string{"missing", slug(name)}, [2]string{"type", slug(name, "null")},
		[2]string{"type", slug(name, "one")}, [2]string{"type", slug(name, "array-of-it")},
		[2]string{"text-blank", slug(name, "one-blank")},
		[2]string{"hash-form", slug(name, "39-digits")})
}

// plainBreaches are violations in a body that stand next to one outside of it.
func (b *builder) plainBreaches() []violation {
	names := [][2]string{{"grammar", "no-end"}, {"missing", "every-member"}}
	for _, v := range b.memberBreaches(b.textMembers()) {
		if v.row.Name == "missing" || v.row.Name == "text-blank" || v.name == slug(b.textMembers()[0], "null") {
			names = append(names, [2]string{v.row.Name, v.name})
		}
	}
	for _, hash := range b.hashMembers()[:min(1, len(b.hashMembers()))] {
		names = append(names, [2]string{"hash-form", slug(hash, "39-digits")})
	}
	return b.breaches(names...)
}
