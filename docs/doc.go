// Package docs compares the pages with their sources: lists are generated from the tables,
// commands are run, flags and links are looked up. It holds the recipes that fmaspec init writes.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed ci/gate.sh ci/github-workflow.yml ci/gitlab-ci.yml
var recipes embed.FS

// Recipes returns the recipes for build services, in the folder ci.
func Recipes() fs.FS { return recipes }
