package generate

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/schemas"
)

// required calls f with each member of the plain body that the schema requires.
func (b *builder) required(f func(name string, rule *schemas.Rule)) {
	for _, m := range b.plain.members {
		name := unquoted(m.name)
		if rule := b.rule(name, "required"); rule != nil {
			f(name, rule)
		}
	}
}

// missing are bodies that lack a member, and the empty object.
func missing(b *builder) (out []item) {
	var first *schemas.Rule
	b.required(func(name string, rule *schemas.Rule) {
		if first == nil {
			first = rule
		}
		out = append(out, item{name: slug(name), title: "a body without " + name, breaks: rule, combined: true,
			change: func(r *request) { r.without(name) }})
		out = append(out, item{name: slug(name, "but-another"), title: "a body with another member in the place of " +
			name,
			breaks: rule, change: func(r *request) { r.rename(name, `"Other"`) }})
		out = append(out, item{name: slug(name, "but-in-query"), title: "a body without " + name +
			", which stands in the query", breaks: rule, once: true, change: func(r *request) {
			r.path += "?" + b.plainQuery()
			r.without(name)
		}})
		out = append(out, item{name: slug(name, "but-inside"), title: "a body with " + name + " in an object inside",
			breaks: rule, change: func(r *request) {
				m := member{quote(name), b.plain.find(name).value}
				r.without(name)
				r.members = append(r.members, member{`"Request"`, "{" + m.name + ": " + m.value + "}"})
			}})
	})
	if first != nil {
		out = append(out, item{name: "every-member-inside", title: "a body with every member in an object inside",
			breaks: first, attacks: b.turn > 0, change: func(r *request) {
				body := r.body()
				r.members = []member{{`"Request"`, body}}
				if b.turn > 0 { // under each name that software takes for a wrapper
					for _, name := range []string{"d", "data", "value", "body", "request", "params", "parameters",
						"input", "action", "root", "Parameters", "__proto__"} {
						r.members = append(r.members, member{quote(name), body})
					}
				}
			}})
		out = append(out, item{name: "every-member", title: "the empty object", breaks: first, combined: true,
			change: func(r *request) { r.members = nil }})
	}
	return out
}

// nearNames are names that are nearly that of a required member, in its place.
func nearNames(b *builder) (out []item) {
	b.required(func(name string, rule *schemas.Rule) {
		for _, n := range []value{
			{"plural", "with an s behind it", name + "s", ""},
			{"shorter", "without its last letter", name[:len(name)-1], ""},
			{"shorter-first", "without its first letter", name[1:], once},
			{"blank-behind", "with a blank behind it", name + " ", ""},
			{"blank-before", "with a blank before it", " " + name, once},
			{"tab-behind", "with a tab behind it", name + "\t", once},
			{"underscore", "with an underscore before it", "_" + name, once},
			{"dollar", "with a dollar sign before it", "$" + name, once},
			{"at", "with an at sign before it", "@" + name, once},
			{"hyphen", "with a hyphen before its last sign", name[:len(name)-1] + "-" + name[len(name)-1:], once},
			{"dot", "with a dot in it", name[:1] + "." + name[1:], once},
			{"twice", "written twice", name + name, once},
			{"brackets", "with brackets behind it", name + "[]", once},
			{"quotes", "in quotes", `"` + name + `"`, once},
			{"wide", "with a full-width letter", string(rune(name[0])-'!'+'！') + name[1:], once},
			{"number", "with another number behind it", strings.TrimRight(name, "0123456789") + "256", ""},
			{"zero-width", "with a zero-width space in it", name[:1] + "\u200B" + name[1:], once},
			{"slash", "with a slash before it", "/" + name, once},
			{"kind", "of its kind", b.kindOf(name), ""},
		} {
			if n.text == "" || n.text == name {
				continue
			}
			out = append(out, item{name: slug(name, n.name), title: fmt.Sprintf("the name %s %s", name, n.title),
				breaks: rule,
				change: func(r *request) { r.rename(name, quote(n.text)) }, combined: n.name == "plural",
				once: n.use == once})
		}
		others := []value{
			{"colon", "with a colon behind it", name + ":", ""},
			{"index", "with an index behind it", name + "[0]", ""},
			{"underscore-inside", "with an underscore before its last sign",
				name[:len(name)-1] + "_" + name[len(name)-1:], ""},
		}
		if b.kindOf(name) != "" {
			for _, other := range []string{"FileHash", "FileIdentifier", "Identifier", "FileSha1"} {
				others = append(others, value{other, "replaced by " + other, other, ""})
			}
		}
		for _, n := range others {
			out = append(out, item{name: slug(name, n.name), title: fmt.Sprintf("the name %s %s", name, n.title),
				breaks: rule, once: true, change: func(r *request) { r.rename(name, quote(n.text)) }})
		}
	})
	return out
}

// longS writes the first letter s of a name as one whose upper case is S too.
func longS(name string) string {
	if at := strings.IndexAny(name, "sS"); at >= 0 {
		return name[:at] + "ſ" + name[at+1:]
	}
	return name
}

// kindOf is the word for what a member holds, "" where there is none.
func (b *builder) kindOf(name string) string {
	if slices.Contains(b.hashMembers(), name) {
		return "Hash"
	}
	return ""
}

// nameCases are the name of a required member in other letter cases, in its place.
func nameCases(b *builder) (out []item) {
	var first *schemas.Rule
	b.required(func(name string, rule *schemas.Rule) {
		if first == nil {
			first = rule
		}
		seen := []string{name}
		for _, n := range []value{
			{"lower", "in lower case", strings.ToLower(name), ""}, {"upper", "in upper case", strings.ToUpper(name),
				""},
			{"first", "with its first letter in lower case", strings.ToLower(name[:1]) + name[1:], ""},
			{"last", "with its last letter in another case", name[:len(name)-1] + strings.ToUpper(name[len(name)-1:]),
				""},
			{"second", "with its second letter in upper case", name[:1] + strings.ToUpper(name[1:2]) + name[2:], ""},
			{"long-s", "with a long s", longS(name), ""}, // of which S is the upper case too
		} {
			if n.text == "" || slices.Contains(seen, n.text) {
				continue
			}
			seen = append(seen, n.text)
			out = append(out, item{name: slug(name, n.name), title: fmt.Sprintf("the name %s %s", name, n.title),
				breaks: rule,
				change: func(r *request) { r.rename(name, quote(n.text)) }, combined: n.name == "lower"})
		}
		swapped := strings.ToLower(name[:1]) + strings.ToUpper(name[1:])
		out = append(out, item{name: slug(name, "swapped"), breaks: rule, once: true,
			title:  fmt.Sprintf("the name %s with every letter in the other case", name),
			change: func(r *request) { r.rename(name, quote(swapped)) }})
	})
	if first != nil {
		out = append(out, item{name: "all-lower", title: "every name in lower case", breaks: first,
			change: everyName(strings.ToLower)},
			item{name: "all-upper", title: "every name in upper case", breaks: first,
				change: everyName(strings.ToUpper)})
	}
	return out
}

// everyName gives each required member its name in another form.
func everyName(form func(string) string) func(*request) {
	return func(r *request) {
		for i, m := range r.members {
			r.members[i].name = form(m.name)
		}
	}
}

// orders are the members in another order, and between further ones.
func orders(*builder) []item {
	return []item{
		{name: "reversed", title: "the members from the last to the first", dimension: "order",
			change: func(r *request) { slices.Reverse(r.members) }},
	}
}

// further are bodies with further members.
func further(b *builder) (out []item) {
	for _, v := range []value{
		{"string", "a string", `"text"`, "json"},
		{"empty-string", "an empty string", `""`, once},
		{"null", "null", "null", "json"},
		{"true", "true", "true", ""},
		{"false", "false", "false", once},
		{"zero", "zero", "0", once},
		{"minus-zero", "minus zero", "-0", once},
		{"minus", "a negative number", "-17", once},
		{"fraction", "a fraction", "0.1", once},
		{"long-fraction", "a long fraction", "3.14159265358979323846264338327950288", once},
		{"exponent", "a number with an exponent", "1E+2", ""},
		{"small", "a small number", "1.5e-7", once},
		{"53-bits", "a number beyond 53 bits", "9007199254740993", ""},
		{"array", "an empty array", "[]", once},
		{"array-of-all", "an array of all types", `[ 1 , "a" , null, true, { } , [ ] ]`, "json"},
		{"object", "an empty object", "{}", once},
		{"object-of-all", "an object of all types", `{ "a" : 1e+5 , "b": [null] , "c": {"d": "e"} }`, ""},
		{"deep-8", "eight arrays inside each other", strings.Repeat("[", 8) + strings.Repeat("]", 8), ""},
		{"deep-24", "24 objects inside each other",
			strings.Repeat(`{"a":`, 24) + "1" + strings.Repeat("}", 24), "json"},
		{"long-string", "a string of 2,000 characters", `"{{repeat 2000 y}}"`, ""},
		{"unicode", "a string beyond ASCII", `"漢字 😀"`, ""},
		{"escapes", "a string of escapes", `"\"\\\/\b\f\n\r\t\u0041"`, ""},
	} {
		out = append(out, item{name: v.name, title: "a further member that is " + v.title, dimension: v.use.dimension(),
			once:   v.use == once,
			change: func(r *request) { r.members = append(r.members, member{`"Further"`, v.text}) }})
	}
	out = append(out, item{name: "same-names", title: "an array of objects with the names of the members as a " +
		"further member first, and such an object as one more and as the last", once: true, change: func(r *request) {
		inside := r.clone()
		for i := range inside.members {
			inside.members[i].value = `"of another"`
		}
		object := inside.body()
		r.members = slices.Insert(r.members, 0, member{`"Further"`, "[" + object + ", " + object + "]"},
			member{`"One"`, object})
		r.members = append(r.members, member{`"Last"`, object})
	}})
	for _, n := range []value{
		{"empty-name", "an empty name", "", ""},
		{"blank-name", "a blank for a name", " ", once},
		{"digit-name", "a digit for a name", "0", once},
		{"dotted-name", "a dot and other marks in its name", "a.b-c:d", once},
		{"constructor-name", "the name constructor", "constructor", ""},
		{"dollar-name", "a dollar sign in its name", "$where", once},
		{"unicode-name", "a name beyond ASCII", "größe", ""},
		{"long-name", "a name of 300 letters", strings.Repeat("n", 300), ""},
		{"quoted-name", "quotes in its name", `a"b\c`, ""},
		{"id-name", "the name id", "id", ""},
		{"type-name", "the name type", "type", ""},
		{"status-name", "the name status", "status", ""},
	} {
		out = append(out, item{name: n.name, title: "a further member with " + n.title,
			once:   n.use == once,
			change: func(r *request) { r.members = append(r.members, member{quote(n.text), `"text"`}) }})
	}
	out = append(out, item{name: "answer-names", title: "further members with names of the answer",
		change: func(r *request) {
			for _, name := range b.suite.AnswerMembers(b.op) {
				own := slices.ContainsFunc(b.plain.members,
					func(m member) bool { return strings.EqualFold(m.name, quote(name)) })
				if !own && !strings.HasPrefix(name, "@") { // an annotation may be refused
					r.members = append(r.members, member{quote(name), `"none"`})
				}
			}
		}})
	for _, n := range []int{2, 10, 100} {
		out = append(out, item{name: fmt.Sprintf("%d-members", n), title: fmt.Sprintf("%d further members", n),
			change: func(r *request) {
				for i := range n {
					r.members = append(r.members, member{fmt.Sprintf(`"Further%d"`, i), fmt.Sprint(i)})
				}
			}})
	}
	once := []item{
		{name: "capital-answer-names", title: "further members with names of the answer, with a capital letter first",
			change: func(r *request) {
				for _, name := range b.suite.AnswerMembers(b.op) {
					capital := strings.ToUpper(name[:1]) + name[1:]
					if r.find(capital) == nil && !strings.HasPrefix(name, "@") {
						r.members = append(r.members, member{quote(capital), `"none"`})
					}
				}
			}},
		{name: "known-names", title: "further members of names that sibling actions and languages know",
			change: func(r *request) {
				for _, name := range []string{"IsolationType", "ScanType", "Title", "Comments", "class", "toString",
					"hasOwnProperty", "valueOf", "length", "then", "toJSON", "a b", "a/b", "a#b", "a,b", "a:b", "0x1"} {
					r.members = append(r.members, member{quote(name), "9223372036854775808"})
				}
			}},
		{name: "array-of-1000", title: "a further member that is an array of 1,000 numbers", change: func(r *request) {
			r.members = append(r.members, member{`"Further"`, "[{{repeat 999 1,}}1]"})
		}},
		{name: "1000-letter-name", title: "a further member with a name of 1,000 letters", change: func(r *request) {
			r.members = append(r.members, member{`"{{repeat 1000 n}}"`, "1"})
		}},
	}
	for _, name := range b.textMembers() {
		once = append(once, item{name: slug("same-as", name), title: "a further member with the value of " + name,
			change: func(r *request) { r.members = append(r.members, member{`"Further"`, r.find(name).value}) }})
	}
	for _, name := range b.hashMembers() {
		other := strings.TrimRight(name, "0123456789") + "256"
		once = append(once, item{name: slug("next-to", name), title: "a further member " + other + ", a longer hash",
			change: func(r *request) {
				r.members = append(r.members, member{quote(other),
					`"{{repeat 8 0123abcd}}"`})
			}})
	}
	for _, it := range once {
		it.once = true
		out = append(out, it)
	}
	return append(out, item{name: "in-front", title: "a further member before the others", dimension: "json",
		change: func(r *request) { r.members = append([]member{{`"Further"`, "[1]"}}, r.members...) }},
		item{name: "between", title: "a further member between the others",
			change: func(r *request) { r.members = slices.Insert(r.members, 1, member{`"Further"`, `{"a": 1}`}) }})
}

// several are bodies in which every required member breaks the same rule.
func several(b *builder) (out []item) {
	for _, v := range []struct {
		name, title, owed string
		change            func(r *request, name string)
	}{
		{"null", "null", "", func(r *request, name string) { r.set(name, "null") }},
		{"empty", "an empty string", "request.comment-blank", func(r *request, name string) { r.set(name, `""`) }},
		{"number", "a number", "", func(r *request, name string) { r.set(name, "1") }},
		{"object", "an object", "", func(r *request, name string) { r.set(name, "{}") }},
		{"lower-case", "small letters for its name", "request.name-case", func(r *request, name string) {
			r.rename(name, quote(strings.ToLower(name)))
		}},
	} {
		out = append(out, item{once: true, name: v.name, title: "a body in which every member has " + v.title,
			unreadable: true, owed: v.owed, change: func(r *request) {
				b.required(func(name string, _ *schemas.Rule) { v.change(r, name) })
			}})
	}
	return out
}

// furtherOpen are further members that a reader may refuse, or may take for one that it knows.
func furtherOpen(b *builder) (out []item) {
	for _, v := range []value{
		{"huge-exponent", "beyond every number that software has", "1e400", ""},
		{"tiny-exponent", "below every number that software has", "1e-400", ""},
		{"long-number", "a number of 1,000 digits", strings.Repeat("9", 1000), ""},
		{"deep-100", "100 arrays inside each other", strings.Repeat("[", 100) + strings.Repeat("]", 100), ""},
		{"deep-600", "600 arrays inside each other", strings.Repeat("[", 600) + strings.Repeat("]", 600), ""},
		{"lone-surrogate", "half of a surrogate pair", `"\ud800"`, ""},
		{"64-bits", "a number beyond 64 bits", "18446744073709551616", once},
	} {
		out = append(out, item{name: v.name, title: "a further member that is " + v.title, once: v.use == once,
			change: func(r *request) { r.members = append(r.members, member{`"Further"`, v.text}) }})
	}
	for _, m := range b.plain.members {
		name := unquoted(m.name)
		for _, other := range []string{strings.ToLower(name), strings.ToUpper(name)} {
			out = append(out, item{name: "beside-" + other, title: fmt.Sprintf("a further member %s next to %s", other,
				name),
				change: func(r *request) { r.members = append(r.members, member{quote(other), `"other"`}) }})
		}
	}
	// A parser may refuse this name, which changes the prototype of an object in JavaScript.
	out = append(out, item{name: "prototype-name", title: "a further member with a name of a prototype",
		change: func(r *request) { r.members = append(r.members, member{`"__proto__"`, `"text"`}) }})
	out = append(out, item{name: "type-hint", title: "a hint of a type for a serialiser",
		change: func(r *request) { r.members = append(r.members, member{`"$type"`, `"any, any"`}) }})
	out = append(out, item{name: "hints", title: "hints of a type and of another place", once: true,
		change: func(r *request) {
			for _, name := range []string{"__type", "$ref", "$id", "@type", "@class", "__class__", "#text", "$schema"} {
				r.members = append(r.members, member{quote(name), `"#/any"`})
			}
		}})
	return append(out, item{name: "annotation", title: "annotations of OData", change: func(r *request) {
		r.members = append(r.members, member{`"@odata.type"`, `"#any"`}, member{`"@odata.context"`, `"#any"`})
	}})
}
