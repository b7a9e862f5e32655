package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
)

// A change is one way in which a contract breaks the one before.
type change struct {
	key   string // rule, method, path, and the arguments of the rule, without prose
	text  string
	where string // the nearest place that is known
}

func (c change) String() string {
	return fmt.Sprintf("%s\n  where  %s\n  key    %s", c.text, c.where, c.key)
}

// keyOf returns the identity of a change: "-" stands for no method and no
// path, and arguments are JSON.
func keyOf(rule, method, path string, args ...any) string {
	words := []string{rule, cmp.Or(method, "-"), cmp.Or(path, "-")}
	for _, a := range args {
		words = append(words, encode(a))
	}
	return strings.Join(words, " ")
}

// encode writes a value as JSON, or in a string where it has no JSON.
func encode(value any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) != nil {
		enc.Encode(fmt.Sprint(value))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// raised are rules of oasdiff whose changes it calls no more than news, and why
// they break something here.
func raised() map[string]string {
	return map[string]string{
		"response-non-success-status-removed":  "half of the cases ask for refusals, by status",
		"response-media-type-name-specialized": "clients and cases compare the media type by its name",
		"api-operation-id-removed":             "the names of cases begin with it, as do those in generated clients",
		"api-path-removed-with-deprecation": "the documents call both operations deprecated, and servers have " +
			"them all the same",
		"api-removed-with-deprecation": "the documents call both operations deprecated, and servers have them all " +
			"the same",
	}
}

// compare returns what breaks, sorted by key, each once: what oasdiff calls an
// error or a warning, what is raised, and each change of a keyword that oasdiff
// does not see.
func compare(released, current *document) ([]change, error) {
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), released.spec, current.spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; keep both contracts and report it", description, err)
	}
	levels := map[string]checker.Level{}
	for rule := range raised() {
		levels[rule] = checker.ERR
	}
	config := checker.NewConfig(checker.GetAllChecks(), checker.WithSeverityLevels(levels))
	words := checker.NewDefaultLocalizer()
	var all []change
	for _, c := range checker.CheckBackwardCompatibility(config, report, sources) {
		place := strings.TrimSpace(c.GetOperation() + " " + c.GetPath())
		all = append(all, change{
			key:   keyOf(c.GetId(), c.GetOperation(), c.GetPath(), c.GetArgs()...),
			text:  cmp.Or(place, c.GetSection()) + ": " + c.GetUncolorizedText(words),
			where: where(c),
		})
	}
	unseen, err := keywords(released.files, current.files)
	if err != nil {
		return nil, err
	}
	all = append(all, unseen...)
	slices.SortFunc(all, func(a, b change) int { return cmp.Compare(a.key, b.key) })
	return slices.CompactFunc(all, func(a, b change) bool { return a.key == b.key }), nil
}

// where names the place in the current contract, else that in the released one.
func where(c checker.Change) string {
	if s := c.GetRevisionSource(); s != nil && s.Line > 0 {
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	if s := c.GetBaseSource(); s != nil && s.Line > 0 {
		return fmt.Sprintf("%s/%s:%d", releasedDir, s.File, s.Line)
	}
	return description + ", or a schema that it refers to"
}
