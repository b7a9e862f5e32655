package client_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/client"
)

func TestClientsAreNamedAndSaid(t *testing.T) {
	slug := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range slices.Concat(client.Faults(), client.Variants()) {
		require.Regexp(t, slug, c.Name)
		require.False(t, seen[c.Name], "%s stands twice", c.Name)
		require.False(t, seen[c.Says], "%s says what another one says", c.Name)
		seen[c.Name], seen[c.Says] = true, true
		require.Regexp(t, `^[a-z].*[^.]$`, c.Says)
		require.NotNil(t, c.Run, c.Name)
	}
	for _, c := range client.Faults() {
		require.NotEmpty(t, c.Breaks, c.Name)
	}
	for _, c := range client.Variants() {
		require.Empty(t, c.Breaks, c.Name)
	}
}
