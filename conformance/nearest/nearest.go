// Package nearest finds the known name that a mistyped one most likely meant.
package nearest

import (
	"fmt"
	"strings"
)

// Hint returns the nearest of the known names as a remark behind a word that is none of
// them, with a leading blank, or "" where none comes near:
//
//	unknown command "rum" (did you mean "run"?)
func Hint(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// Nearest returns the name that takes the fewest insertions, deletions, replacements and
// swaps of neighbouring characters to become word, letter case aside. Where none comes
// near it returns the first name that contains the word, or "". Of equally near names
// the first wins.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	n := len([]rune(word))
	best, least := "", min(max(2, n/3)+1, n)
	for _, name := range known {
		if d := distance(word, strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best != "" || n < shortestPart {
		return best
	}
	for _, name := range known {
		if strings.Contains(strings.ToLower(name), word) {
			return name
		}
	}
	return ""
}

// shortestPart is the length from which a word may be a part of the name that it means.
const shortestPart = 3

// distance returns the number of insertions, deletions, replacements and swaps of
// neighbours between a and b, in characters.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, row := make([]int, len(to)+1), make([]int, len(to)+1) // the last row but one, and the last
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		next := make([]int, len(to)+1)
		next[0] = i + 1
		for j, s := range to {
			replace := row[j]
			if r != s {
				replace++
			}
			next[j+1] = min(replace, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && r == to[j-1] && from[i-1] == s {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(to)]
}
