package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/reference"
)

// The headers by which a request chooses faults and troubles for its answer.
const (
	faultHeader   = "X-Fmaspec-Fault"
	troubleHeader = "X-Fmaspec-Trouble"
)

// mostChosen is the maximum number of faults and troubles that one request may choose.
const mostChosen = 16

// A wrapper returns a handler that wraps another one.
type wrapper = func(http.Handler) http.Handler

// A shelf holds the faults or the troubles by name.
type shelf struct {
	kind, header string
	names        []string
	wraps        map[string]wrapper
	hint         string // how to list the names
}

func (s *shelf) add(name string, wrap wrapper) {
	s.names = append(s.names, name)
	s.wraps[name] = wrap
}

// unknown returns the error text for an unknown name.
func (s *shelf) unknown(name string) string {
	return fmt.Sprintf("unknown %s%s; %s", s.kind, nearest.Hint(name, s.names), s.hint)
}

func faultShelf() *shelf {
	s := &shelf{kind: "fault", header: faultHeader, wraps: map[string]wrapper{}, hint: "fmaspec list faults prints " +
		"the names"}
	for _, f := range reference.Faults() {
		s.add(f.Name, f.Wrap)
	}
	return s
}

func troubleShelf(wait reference.Wait) *shelf {
	s := &shelf{kind: "trouble", header: troubleHeader, wraps: map[string]wrapper{}}
	for _, t := range reference.Troubles(wait) {
		s.add(t.Name, t.Wrap)
	}
	s.hint = "troubles are " + strings.Join(s.names, ", ")
	return s
}

// rest is the context key of the wrappers that a request has yet to pass.
type rest struct{}

// byHeader lets each request choose faults and troubles for its own answer. There is one
// instance of each for all requests, so that those with state keep it from one request that
// chooses them to the next. As with flags, each is applied to the result of those named before
// it, and those of a shelf to the result of the shelves before it.
func byHeader(h http.Handler, shelves ...*shelf) http.Handler {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		links, _ := r.Context().Value(rest{}).([]http.Handler)
		if len(links) == 0 {
			h.ServeHTTP(w, r)
			return
		}
		last := len(links) - 1
		links[last].ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), rest{}, links[:last])))
	})
	links := map[*shelf]map[string]http.Handler{}
	for _, s := range shelves {
		links[s] = map[string]http.Handler{}
		for name, wrap := range s.wraps {
			links[s][name] = wrap(next)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var chosen []http.Handler
		for _, s := range shelves {
			for i, name := range chosenNames(r.Header.Values(s.header)) {
				link, ok := links[s][name]
				switch {
				case !ok:
					refuseChoice(w, s.header+": "+brief(name)+": "+s.unknown(brief(name)))
					return
				case i == mostChosen:
					refuseChoice(w, fmt.Sprintf("%s: more than %d names; choose fewer per request", s.header,
						mostChosen))
					return
				}
				chosen = append(chosen, link)
			}
		}
		next(w, r.WithContext(context.WithValue(r.Context(), rest{}, chosen)))
	})
}

// chosenNames parses a list header (RFC 9110 section 5.6.1) and returns each name once.
func chosenNames(values []string) (names []string) {
	for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if name = strings.Trim(name, " \t"); name != "" && !slices.Contains(names, name) {
			if names = append(names, name); len(names) > mostChosen {
				break
			}
		}
	}
	return names
}

// refuseChoice answers 400 with an error object such as the server's own.
func refuseChoice(w http.ResponseWriter, message string) {
	type fault struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.Encode(map[string]fault{"error": {"UnknownChoice", message}})
}

// brief cuts text to the length of a line.
func brief(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
