// Package arch tests the rules of the repository: imports, lengths of lines, and terms.
package arch
