// Package docs compares the pages with their sources: lists are generated from the tables,
// commands are run, flags and links are looked up.
package docs
