package httpfile

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// values checks a whole file: the variables of every text, the required fields, and that needs
// and variables agree.
func (p *parser) values(f *File) {
	used := map[string]int{} // name of a need → the line that uses it
	repeated := 0
	check := func(text string, line int) {
		found, err := Variables(text)
		var fault *Error
		if errors.As(err, &fault) {
			p.fault(line+fault.Line-1, "%s", fault.Msg)
		}
		for _, v := range found {
			if repeated += v.repeated(); repeated > MaxRepeat {
				p.fault(line+v.Line-1, "the {{repeat}} of the file come to more than %d bytes; repeat less", MaxRepeat)
				repeated = 0
			}
			for _, need := range Needs() {
				if used[need] == 0 && (v.Name == need || slices.Contains(v.Args, need)) {
					used[need] = line + v.Line - 1
				}
			}
		}
	}
	for i, r := range f.Requests {
		if r.Line == 0 {
			continue // the head without a request is reported already
		}
		check(r.Target, r.Line)
		for _, h := range r.Header {
			if h.Value != None {
				check(h.Value, h.Line)
			}
		}
		check(string(r.Body), r.bodyLine)
		fields := r.Fields
		if i == 0 {
			fields = f.Fields
			p.require(fields, "proves", r.Line)
		}
		p.require(fields, "expect", r.Line)
		if abort := value(fields, "abort"); abort != nil && len(r.Body) == 0 {
			p.fault(abort.Line, "field \"abort\": the request has no body to cut; give it one, or take the line away")
		}
	}
	p.needs(f.Fields, used)
}

func (p *parser) require(fields []Field, key string, line int) {
	if value(fields, key) == nil {
		p.fault(line, "field %q is missing; add \"# %s: %s\" above the request", key, key,
			strings.ReplaceAll(fieldNamed(key).Value, "`", ""))
	}
}

func (p *parser) needs(fields []Field, used map[string]int) {
	var declared []string
	field := value(fields, "needs")
	if field != nil {
		declared = List(field.Value)
	}
	for _, need := range Needs() {
		switch line, is := used[need]; {
		case is && !slices.Contains(declared, need):
			p.fault(line, "{{%s}} is used but not needed; add \"# needs: %s\" to the first head", need,
				strings.Join(append(declared, need), ", "))
		case !is && slices.Contains(declared, need):
			p.fault(field.Line, "field \"needs\": {{%s}} is nowhere used; take %s away", need, need)
		}
	}
}

func value(fields []Field, key string) *Field {
	for i := range fields {
		if fields[i].Key == key {
			return &fields[i]
		}
	}
	return nil
}

// sorted returns the faults in the order of their lines.
func (p *parser) sorted() []error {
	slices.SortStableFunc(p.faults, func(a, b error) int { return cmp.Compare(a.(*Error).Line, b.(*Error).Line) })
	return p.faults
}
