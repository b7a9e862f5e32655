package term

// The control sequences that fmaspec writes to a terminal, and no others.
const (
	Reset  = "\x1b[0m"
	Bold   = "\x1b[1m"
	Dim    = "\x1b[2m"
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
)

// Columns returns the width of safe text on a terminal.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

// wide are the blocks whose characters take about two columns: if a line counts as too long,
// it is only cut a little early.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
}

func runeColumns(r rune) int {
	for _, block := range wide {
		if block[0] <= r && r <= block[1] {
			return 2
		}
	}
	return 1
}

// Split returns the longest start of safe text that fits the columns, and the rest.
func Split(text string, columns int) (head, tail string) {
	for i, r := range text {
		if columns -= runeColumns(r); columns < 0 {
			return text[:i], text[i:]
		}
	}
	return text, ""
}
