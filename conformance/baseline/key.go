package baseline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Spell returns a key as written in a file: on one line, with every character visible. A
// backslash is doubled, a line break is \n, a blank at the end \x20, and other invisible
// characters and bytes that are not UTF-8 are \xNN or \uNNNN.
func Spell(key string) string {
	var b strings.Builder
	for rest := key; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && size == 1, r < ' ', r == 0x7f, r == ' ' && len(rest) == 1:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		case unicode.IsPrint(r) && r != utf8.RuneError:
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		rest = rest[size:]
	}
	return b.String()
}

// digits returns the number of hexadecimal digits of an escape.
func digits(letter byte) int { return map[byte]int{'x': 2, 'u': 4, 'U': 8}[letter] }

// read is the inverse of [Spell].
func read(text string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(text, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		if rest == "" {
			return "", errors.New(`a backslash ends it; write \\ for the character itself`)
		}
		letter := rest[0]
		n := digits(letter)
		switch {
		case letter == '\\':
			b.WriteByte('\\')
		case letter == 'n':
			b.WriteByte('\n')
		case n == 0 || len(rest) <= n:
			return "", fmt.Errorf(`\%.10s is not an escape; escapes are \\, \n, \xNN, \uNNNN and \UNNNNNNNN`, rest)
		default:
			value, err := strconv.ParseUint(rest[1:1+n], 16, 32)
			if err != nil || letter != 'x' && !utf8.ValidRune(rune(value)) {
				return "", fmt.Errorf(`\%s is not a character; want %d hexadecimal digits`, rest[:1+n], n)
			}
			if letter == 'x' {
				b.WriteByte(byte(value))
			} else {
				b.WriteRune(rune(value))
			}
		}
		text = rest[1+n:]
	}
}

// parts splits a key: "check case#step place".
func parts(key string) (check, id, place string, ok bool) {
	check, rest, _ := strings.Cut(key, " ")
	for at := range rest {
		if rest[at] != '#' {
			continue
		}
		step, place, _ := strings.Cut(rest[at+1:], " ")
		if _, err := strconv.ParseUint(step, 10, 31); err == nil {
			return check, rest[:at], place, check != "" && check[0] != '#' && at > 0 && place != ""
		}
	}
	return "", "", "", false
}
