// Package nearest finds the known name that a mistyped one most likely meant.
package nearest

import "strings"

// Nearest returns the name in of that takes the fewest insertions, deletions
// and replacements of a character to become word, letter case aside, or "" where
// none comes near. Of equally near names the first wins.
func Nearest(word string, of []string) string {
	word = strings.ToLower(word)
	n := len([]rune(word))
	best, least := "", min(max(2, n/3)+1, n)
	for _, name := range of {
		if d := distance(word, strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b, in characters.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replace := diagonal
			if r != s {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
