package docs_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxREADME is how many lines a newcomer is asked to read.
const maxREADME = 200

// wordy returns by how many lines a text is too long.
func wordy(text string) int { return max(0, strings.Count(text, "\n")-maxREADME) }

func TestTheREADMEIsShort(t *testing.T) {
	require.Zero(t, wordy(read(t, "README.md")), "README.md has more than %d lines; move something to docs", maxREADME)
	require.Equal(t, 1, wordy(strings.Repeat("line\n", maxREADME+1)))
}

// bodies are the JSON texts of the blocks of HTTP in a page.
func bodies(t *testing.T, page string) (out []any) {
	t.Helper()
	for _, block := range regexp.MustCompile("(?s)```http\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for rest := block[1]; ; {
			at := strings.Index("\n"+rest, "\n{")
			if at < 0 {
				break
			}
			var body any
			d := json.NewDecoder(strings.NewReader(rest[at:]))
			require.NoError(t, d.Decode(&body), block[1])
			out = append(out, body)
			rest = rest[at+int(d.InputOffset()):]
		}
	}
	return out
}

func TestTheREADMEShowsTheExampleOfTheContract(t *testing.T) {
	shown, documented := bodies(t, read(t, "README.md")), bodies(t, read(t, "docs/contract.md"))
	require.Len(t, shown, 2)
	for _, body := range shown {
		require.Contains(t, documented, body)
	}
}

// The picture of a terminal.

const picture = "docs/terminal.svg"

// pictured is the command whose output the picture shows.
const pictured = "fmaspec run -run requestSample/body/refuses-missing-comment"

// sample are values in the place of what differs from run to run, so that the picture is always
// the same.
var sample = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:8080"},
	{regexp.MustCompile(`seed [0-9a-f]{16}`), "seed 70de3f54b40eb8a4"},
	{regexp.MustCompile(`"Sha1": "[0-9a-f]{40}"`), `"Sha1": "1a436e7ebdf7ffba84e10829605d7e76192be0a5"`},
	{regexp.MustCompile(`-machine [0-9a-f]{40}`), "-machine 0c172184c09d1f053eec45a642d1a6b87e7b770f"},
	{regexp.MustCompile(`\d+ bytes in [0-9.]+(µs|ms|s)`), "690 bytes in 5.206ms"},
	{regexp.MustCompile(`requests in [0-9.]+s`), "requests in 0.01s"},
}

// The picture has so many columns; what is longer ends in an ellipsis.
const columns = 108

// A run of characters of one colour.
type spell struct{ style, text string }

// spells splits a line of a terminal at its colours.
func spells(line string) (out []spell) {
	style := ""
	for line != "" {
		text, rest, coloured := strings.Cut(line, "\x1b[")
		if text != "" {
			out = append(out, spell{style, text})
		}
		if !coloured {
			break
		}
		style, line, _ = strings.Cut(rest, "m")
		if style == "0" {
			style = ""
		}
	}
	return out
}

// clipped are the spells of a line, up to the number of columns.
func clipped(all []spell) (out []spell) {
	left := columns
	for _, s := range all {
		text := []rune(s.text)
		if len(text) > left {
			return append(out, spell{s.style, string(text[:left-1]) + "…"})
		}
		left -= len(text)
		out = append(out, s)
	}
	return out
}

// terminal draws what a terminal shows. An unknown style is an error.
func terminal(command, output string) (string, error) {
	styles := map[string]string{"": "t", "1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "36": "c",
		"1;31": "r b", "1;32": "g b", "1;33": "y b"}
	lines := append([][]spell{{{"32", "$ "}, {"1", command}}}, nil)[:1]
	skipping := false
	for line := range strings.Lines(output) {
		all := spells(strings.TrimRight(line, "\n"))
		plain := ""
		for _, s := range all {
			plain += s.text
		}
		// Of a body that goes on for lines only the first is drawn.
		if strings.HasPrefix(plain, "          ") && skipping {
			continue
		}
		skipping = strings.HasPrefix(plain, `          {"@odata`)
		lines = append(lines, clipped(all))
		if skipping {
			last := &lines[len(lines)-1]
			*last = append(*last, spell{"", " …"})
		}
	}
	const height, above = 18, 44
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n",
		columns*8+48, above+height*len(lines)+14, "A terminal: "+command)
	b.WriteString(`<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.t { fill: #d8dee9; } .d { fill: #8b95a7; } .r { fill: #ff7b72; } .g { fill: #7ee787; } .y { fill: #e3b341; }
.c { fill: #79c0ff; } .b { font-weight: bold; } .b:not(.r):not(.g):not(.y) { fill: #ffffff; }
</style>
<rect width="100%" height="100%" rx="8" fill="#1b2029"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/>` +
		`<circle cx="60" cy="18" r="6" fill="#28c840"/>` + "\n")
	for i, line := range lines {
		if len(line) == 0 {
			continue
		}
		fmt.Fprintf(&b, `<text x="20" y="%d" textLength="%d" xml:space="preserve">`, above+height*(i+1)-6, 8*width(line))
		for _, s := range line {
			class, ok := styles[s.style]
			if !ok {
				return "", fmt.Errorf("the console has the style %q; give it a colour in styles", s.style)
			}
			var text bytes.Buffer
			if err := xml.EscapeText(&text, []byte(s.text)); err != nil {
				return "", err
			}
			fmt.Fprintf(&b, `<tspan class="%s">%s</tspan>`, class, text.String())
		}
		b.WriteString("</text>\n")
	}
	return b.String() + "</svg>\n", nil
}

func width(line []spell) (n int) {
	for _, s := range line {
		n += len([]rune(s.text))
	}
	return n
}

func TestThePictureShowsWhatTheCommandPrints(t *testing.T) {
	if testing.Short() && !*update {
		t.Skip("it builds the command, and runs it")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to run the command with")
	}
	require.Contains(t, read(t, "README.md"), strings.TrimPrefix(picture, "docs/"))
	s := newShell(t, picture, environment(t))
	defer s.stop()
	s.serve(command{line: "fmaspec serve -fault needs-no-comment"})
	out := s.run([]command{{line: pictured + " -color always"}}, s.there)[0].output
	for _, x := range sample {
		out = x.pattern.ReplaceAllString(out, x.with)
	}
	drawn, err := terminal(pictured, out)
	require.NoError(t, err)
	if *update {
		write(t, picture, drawn)
	}
	require.Equal(t, drawn, read(t, picture), "%s is stale; run go test ./docs -update", picture)
}

func TestAStyleWithoutAColourIsSeen(t *testing.T) {
	_, err := terminal("c", "\x1b[95mpink\x1b[0m\n")
	require.ErrorContains(t, err, `the style "95"`)
	drawn, err := terminal("c", "\x1b[31ma<b\x1b[0m c\n"+strings.Repeat("x", columns+1)+"\n")
	require.NoError(t, err)
	require.Contains(t, drawn, `<tspan class="r">a&lt;b</tspan><tspan class="t"> c</tspan>`)
	require.Contains(t, drawn, ">"+strings.Repeat("x", columns-1)+"…<")
	require.Equal(t, []spell{{"1", "a"}, {"", "b"}}, slices.Clip(spells("\x1b[1ma\x1b[0mb")))
}
