package generate

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// The single cases of a group are dealt out to the operations. So that a fault in one operation
// alone is seen, what an operation was not dealt rides along in the combinations of that
// operation, which are sent anyway.

// A rider is a form that another operation was dealt.
type rider struct {
	item
	row      conformance.Group
	parts    []string     // of the request that it changes
	own      string       // the case in which the other operation is sent it alone, where that is to be accepted
	strength record.Level // of what it proves
}

// ride keeps an item that another operation was dealt, where it can be combined with others.
func (b *builder) ride(name string, it item, row conformance.Group, other string) {
	if it.before || it.needs != "" || len(row.Needs) > 0 {
		return
	}
	r := b.plain.clone()
	it.change(&r)
	parts := changed(b.plain, r)
	if r.prior != nil || slices.Contains(parts, "old") || slices.Contains(parts, "raw") || !b.holds(it, row, r) {
		return
	}
	own := ""
	if row.Expect == conformance.Accepted && !it.ridesOnly { // which nothing is sent alone
		own = other + "/" + nameIn(name, it.name)
	}
	b.riders[name] = append(b.riders[name], rider{it, row, parts, own,
		b.suite.Requirement(weakest(b.suite, b.proves(row, it))).Level})
}

// changed names the parts in which a request differs from another one.
func changed(plain, r request) (out []string) {
	add := func(differs bool, part string) {
		if differs {
			out = append(out, part)
		}
	}
	add(r.method != plain.method, "method")
	add(r.path != plain.path, "path")
	add(r.absolute != plain.absolute, "target")
	add(r.old != plain.old, "old")
	add(r.raw != nil, "raw")
	add(r.space != plain.space, "space")
	add(r.glued != plain.glued, "glued")
	add(r.chunks != nil, "transfer")
	names := func(r request) (out []string) {
		for _, f := range r.header {
			if record.HasHeader(plain.header, f.Name) {
				out = append(out, f.Name)
			}
		}
		return out
	}
	rewritten := !slices.ContainsFunc(plain.header, func(f record.Field) bool { return slices.Contains(r.header, f) })
	add(rewritten || !slices.Equal(names(r), names(plain)), "header")
	for _, f := range r.header {
		if !slices.Contains(plain.header, f) {
			out = append(out, "field "+strings.ToLower(f.Name))
			add(strings.EqualFold(f.Name, "Content-Length"), "transfer") // nothing has a length and chunks
		}
	}
	for _, f := range plain.header {
		add(r.fieldValue(f.Name) == "" && f.Value != "", "field "+strings.ToLower(f.Name))
	}
	at := 0
	for _, m := range plain.members {
		i := slices.IndexFunc(r.members, func(o member) bool { return o.is(unquoted(m.name)) })
		add(i < at || len(r.members) != len(plain.members), "members")
		add(i < 0 || r.members[max(i, 0)] != m, "member "+unquoted(m.name))
		at = max(at, i)
	}
	return out
}

// apart reports whether two changes leave each other alone.
func apart(one, other []string) bool {
	for _, p := range one {
		for _, q := range other {
			field := strings.HasPrefix(p, "field ") || strings.HasPrefix(q, "field ")
			if p == q || field && (p == "header" || q == "header") {
				return false
			}
		}
	}
	return true
}

// aboard takes riders of the groups along with a request, at most one of each group and those
// that leave it and each other alone, and returns the names of what it took, and an item with the
// controls that this needs. Each rides once.
func (b *builder) aboard(r *request, level record.Level, groups ...string) (names []string, it item) {
	parts := changed(b.plain, *r)
	for _, group := range groups {
		i := slices.IndexFunc(b.riders[group], func(o rider) bool {
			return o.strength <= level && apart(parts, o.parts)
		})
		if i < 0 {
			continue
		}
		o := b.riders[group][i]
		b.riders[group] = slices.Delete(b.riders[group], i, i+1)
		o.change(r)
		parts = append(parts, o.parts...)
		names = append(names, o.title)
		if o.row.Control != "" {
			it.also = append(it.also, o.row.Control)
		}
		if o.own != "" {
			it.carries = append(it.carries, o.own)
		}
	}
	return names, it
}

// swapped returns the next violation of a group that another operation was dealt and that leaves
// a request alone, in the place of one of the same group; or that one, as it does the first time.
func (b *builder) swapped(v violation, r request) violation {
	group, parts := v.row.Name, changed(b.plain, r)
	fields := func(o rider) bool { // these replace whatever stands there
		return !slices.ContainsFunc(o.parts, func(p string) bool {
			return p != "header" && !strings.HasPrefix(p, "field ")
		})
	}
	i := slices.IndexFunc(b.riders[group], func(o rider) bool { return fields(o) || apart(parts, o.parts) })
	if own := v.row.Name + "/" + v.name; i < 0 || !b.met[own] {
		b.met[own] = true
		return v
	}
	o := b.riders[group][i]
	b.riders[group] = slices.Delete(b.riders[group], i, i+1)
	return violation{o.item, o.row}
}

// together adds cases with a text that holds several of those that another operation was dealt
// and that found no place: each of them is seen in the whole.
func (b *builder) together() {
	const most = 12
	for _, group := range []string{"text", "text-unicode", "escapes"} {
		for _, name := range b.textMembers() {
			var texts, own []string
			b.riders[group] = slices.DeleteFunc(b.riders[group], func(o rider) bool {
				r := b.plain.clone()
				o.change(&r)
				text := r.find(name)
				apart := text != nil && slices.Equal(o.parts, []string{"member " + name}) && len(text.value) < 400 &&
					!strings.Contains(text.value, "{{") && strings.HasPrefix(text.value, `"`)
				if apart {
					texts, own = append(texts, text.value[1:len(text.value)-1]), append(own, o.own)
				}
				return apart
			})
			n := 0
			for some := range slices.Chunk(texts, most) {
				n++
				r := b.plain.clone()
				r.set(name, `"`+strings.Join(some, " ")+`"`)
				it := item{name: fmt.Sprintf("%s-of-others-%d", slug(name), n),
					title:   "texts together each of which another operation is sent alone in " + name,
					carries: own[(n-1)*most : (n-1)*most+len(some)]}
				b.combination(b.rows[group], group, it, r, nil)
			}
		}
	}
}

// takenAlong are the groups whose items ride along with requests that are accepted.
func takenAlong() []string {
	return []string{"header", "negotiation", "accept", "media-type", "chunked", "hash", "text", "text-unicode",
		"escapes", "space", "order", "further"}
}

// dealt are items each of which one operation alone has, but for those that meet others.
func dealt(items []item) []item {
	for i, it := range items {
		if it.dimension == "" && !it.combined {
			items[i].once = true
		}
	}
	return items
}
