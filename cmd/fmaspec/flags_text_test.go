package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListsOfAFlagOrItsVariable(t *testing.T) {
	for _, row := range []struct {
		why, text string
		want      []string // nil for an error
	}{
		{"one", "a", []string{"a"}},
		{"commas", "a,b, c ", []string{"a", "b", "c"}},
		{"a comma in a value", `a\,b,c`, []string{"a,b", "c"}},
		{"several of them", `a\,\,b\,`, []string{"a,,b,"}},
		{"a backslash elsewhere", `C:\a,D:\b`, []string{`C:\a`, `D:\b`}},
		{"a line each", "a\nb\n", []string{"a", "b"}},
		{"a comma in a line", "json=a,b.json\njunit=c.xml", []string{"json=a,b.json", "junit=c.xml"}},
		{"a backslash in a line", `a\,b` + "\n", []string{`a\,b`}},
		{"lines of Windows", "a\r\n\r\n b \r\n", []string{"a", "b"}},
		{"nothing", "", nil},
		{"blanks", " ", nil},
		{"empty lines", "\n\n", nil},
		{"nothing between commas", "a,,b", nil},
		{"nothing behind a comma", "a,", nil},
	} {
		t.Run(row.why, func(t *testing.T) {
			var got list
			err := got.Set(row.text)
			if row.want == nil {
				require.EqualError(t, err, "want a name, or several with commas between them or one a line")
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, []string(got))
		})
	}
}

func TestEveryRepeatedFlagSaysHowItsVariableIsWritten(t *testing.T) {
	for _, c := range commands() {
		set := flagSet(c)
		c.flags(set)
		help := strings.Join(strings.Fields(helpOn(c)), " ")
		for _, name := range []string{"accept-risk", "fixtures", "report", "resolve", "scope", "fault", "variant",
			"trouble", "header"} {
			f := set.Lookup(name)
			if f == nil || c.name == "serve" && name == "variant" {
				continue
			}
			_, rest, found := strings.Cut(help, " "+variable(name)+" ")
			require.True(t, found, "%s -%s", c.name, name)
			if before, _, _ := strings.Cut(rest, " FMASPEC_"); !strings.Contains(before,
				"in the variable one per line") {
				t.Errorf("%s -%s: want the help to say how several values stand in the variable, got %s", c.name, name,
					before)
			}
		}
	}
}

func TestTextFilesOfWindowsAreRead(t *testing.T) {
	big := func(text string) []byte {
		data := inUTF16(text)
		for i := 0; i < len(data); i += 2 {
			data[i], data[i+1] = data[i+1], data[i]
		}
		return data
	}
	const text = "A: b\r\n# é 𝄞\r\n"
	for _, row := range []struct {
		why  string
		data []byte
		err  string
	}{
		{"UTF-8", []byte(text), ""},
		{"UTF-8 with its mark", []byte("\ufeff" + text), ""},
		{"UTF-16 as PowerShell writes it", inUTF16(text), ""},
		{"UTF-16, the high byte first", big(text), ""},
		{"UTF-16 without a mark", inUTF16(text)[2:], "it is UTF-16 without a byte order mark; save it as UTF-8"},
		{"UTF-16, the high byte first, without a mark", big(text)[2:], "it is UTF-16 without a byte order mark; save " +
			"it as UTF-8"},
		{"half a character", append(inUTF16(text), 0), "it begins with a UTF-16 byte order mark and is not UTF-16; " +
			"save it as UTF-8"},
	} {
		t.Run(row.why, func(t *testing.T) {
			got, err := io.ReadAll(&utf8Reader{from: strings.NewReader(string(row.data))})
			if row.err != "" {
				require.EqualError(t, err, row.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, text, string(got))
		})
	}
}
