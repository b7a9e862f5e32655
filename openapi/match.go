package openapi

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// parameter is a parameter in a path template.
var parameter = regexp.MustCompile(`\{[^{}/]*\}`)

// Parameters returns the names of the parameters of the path template, in order.
func (o Operation) Parameters() (names []string) {
	for _, found := range parameter.FindAllString(o.Path, -1) {
		names = append(names, strings.Trim(found, "{}"))
	}
	return names
}

// Match reports whether an escaped path is one of the operation's template, and returns
// the values of the template's parameters by name, unescaped. A parameter stands for one
// segment, or for the part of one that is not literal, and is never empty; of several in
// one segment none matches. Everything else is compared as it is written, in the same
// letter case. A path has no query, and
// begins where the template begins: the caller removes what the URL of a server puts
// before it.
func (o Operation) Match(path string) (values map[string]string, ok bool) {
	values = map[string]string{}
	if !o.match(path, func(name, value string) { values[name] = value }) {
		return nil, false
	}
	return values, true
}

// Matches reports whether an escaped path is one of the operation's template, as [Operation.Match]
// does.
func (o Operation) Matches(path string) bool { return o.match(path, func(string, string) {}) }

// SubjectOf returns what [Operation.Subject] does of the values of an escaped path, and whether the
// path is one of the template.
func (o Operation) SubjectOf(path string) (subject string, is bool) {
	last := lastParameter(o.Path)
	if !o.match(path, func(name, value string) {
		if name == last {
			subject = value
		}
	}) {
		return "", false
	}
	return subject, true
}

// match reports whether a path is one of the template, and calls keep with each parameter.
func (o Operation) match(path string, keep func(name, value string)) bool {
	if strings.Count(o.Path, "/") != strings.Count(path, "/") {
		return false
	}
	for segment := range strings.SplitSeq(o.Path, "/") {
		got, rest, _ := strings.Cut(path, "/")
		path = rest
		from, to := parameterOf(segment)
		if to == 0 {
			if segment != got {
				return false
			}
			continue
		}
		value, found := strings.CutPrefix(got, segment[:from])
		if found {
			value, found = strings.CutSuffix(value, segment[to:])
		}
		value, err := url.PathUnescape(value)
		if !found || err != nil || value == "" {
			return false
		}
		keep(segment[from+1:to-1], value)
	}
	return true
}

// parameterOf returns where the first parameter of a template's segment begins and ends;
// 0 and 0 where it has none.
func parameterOf(segment string) (from, to int) {
	for at, c := range []byte(segment) {
		switch {
		case c == '{':
			from, to = at, at+1
		case c == '}' && to > 0:
			return from, at + 1
		}
	}
	return 0, 0
}

// Subject returns the value of the last parameter of the template among those that
// [Operation.Match] returned: the id of what the operation acts on. It is "" where the
// template has no parameter.
func (o Operation) Subject(values map[string]string) string { return values[lastParameter(o.Path)] }

// lastParameter returns the name of the last parameter of a template, "" where it has none.
func lastParameter(template string) string {
	for end := strings.LastIndexByte(template, '}'); end >= 0; end = strings.LastIndexByte(template[:end], '}') {
		if from := strings.LastIndexAny(template[:end], "{}/"); from >= 0 && template[from] == '{' {
			return template[from+1 : end]
		}
	}
	return ""
}

// Expand returns the path with each parameter of the template replaced by what value
// returns for its name, which is not escaped.
func (o Operation) Expand(value func(name string) string) string {
	return parameter.ReplaceAllStringFunc(o.Path, func(found string) string { return value(strings.Trim(found, "{}")) })
}

// PathFor returns the operation's path for a machine, whose id is escaped to stand as
// one segment. It is filled in for the template's parameter, whatever its name is.
func (o Operation) PathFor(machine string) string {
	return o.Expand(func(string) string { return url.PathEscape(machine) })
}

// Find returns the operation of a method and a path before which the URL of a server may
// have put further segments, or nil. Of several that match, the one with the longest
// path is returned.
func Find(operations []Operation, method, path string) *Operation {
	for path != "" {
		at := slices.IndexFunc(operations, func(o Operation) bool {
			ok := o.Matches(path)
			return ok && o.Method == method
		})
		if at >= 0 {
			return &operations[at]
		}
		_, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if !more {
			return nil
		}
		path = "/" + rest
	}
	return nil
}

// Within returns the operation whose path a path ends with, by whatever method, and that part of
// the path: a server may be under a path prefix. Of two operations with that path it is the one
// with the method. It is nil where no operation has such a path.
func Within(operations []Operation, method, path string) (op *Operation, within string) {
	for path != "" && op == nil {
		for i, o := range operations {
			if o.Matches(path) && (op == nil || o.Method == method) {
				op, within = &operations[i], path
			}
		}
		_, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if !more {
			break
		}
		path = "/" + rest
	}
	return op, within
}
