package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/record"
)

// common holds once what many exchanges of a run have in common: the fields of
// their requests and answers. A run of many repetitions keeps every exchange.
type common struct {
	mu       sync.Mutex
	texts    map[string]string
	requests map[string][]record.Field // by case and step
	answers  map[string]http.Header    // by their text: those of one second are mostly alike
}

// The bounds of what is held in common: what varies with each exchange, such as an
// id of the request, is not worth it.
const commonTexts, commonText, commonAnswers = 4096, 256, 256

func (c *common) text(s string) string {
	if len(s) > commonText {
		return s
	}
	if known, is := c.texts[s]; is {
		return known
	}
	if c.texts == nil || len(c.texts) >= commonTexts {
		c.texts = map[string]string{}
	}
	s = strings.Clone(s)
	c.texts[s] = s
	return s
}

// request returns fields that are equal to those of a request.
func (c *common) request(place string, header []record.Field) []record.Field {
	if known, is := c.requests[place]; is && slices.Equal(known, header) {
		return known
	}
	header = slices.Clone(header)
	for i, f := range header {
		header[i] = record.Field{Name: c.text(f.Name), Value: c.text(f.Value)}
	}
	if c.requests == nil {
		c.requests = map[string][]record.Field{}
	}
	c.requests[place] = header
	return header
}

// answer returns a header that is equal to that of an answer.
func (c *common) answer(header http.Header) http.Header {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(header)) {
		fmt.Fprintf(&b, "%q %q\n", name, header[name])
	}
	if b.Len() > keptShort {
		return header
	}
	if known, is := c.answers[b.String()]; is {
		return known
	}
	if c.answers == nil || len(c.answers) >= commonAnswers {
		c.answers = map[string]http.Header{}
	}
	c.answers[b.String()] = header
	return header
}

// compact lets go of what a settled exchange holds besides what is kept: the room
// behind its bodies, and the fields that another exchange has too.
func (c *common) compact(x *Exchange) {
	x.Request.Body = trimmed(x.Request.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	x.Request.Method, x.Request.URL = c.text(x.Request.Method), c.text(x.Request.URL)
	x.Request.Header = c.request(fmt.Sprintf("%s#%d", x.Case.ID, x.Step), x.Request.Header)
	if x.Response == nil {
		return
	}
	x.Response.Body = trimmed(x.Response.Body)
	x.Response.Proto = c.text(x.Response.Proto)
	x.Response.Header = c.answer(x.Response.Header)
}

// trimmed returns a body in a piece of memory of its own and of its length.
func trimmed(body record.Body) record.Body {
	if len(body) == 0 {
		return body
	}
	return append(make(record.Body, 0, len(body)), body...)
}
