package baseline

import (
	"bufio"
	"io"
	"strings"
)

// Write writes the file: comments that an empty line separates from the first entry, then the
// entries by their first key, then comments below the last. Keys of one block stay together,
// sorted. A comment above or in an entry is written above it, and moves with it. [Parse] and
// Write reproduce the output of Write byte for byte.
func (b *Baseline) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	apart := false
	paragraph := func(lines ...string) {
		if len(lines) == 0 {
			return
		}
		if apart {
			out.WriteString("\n")
		}
		apart = true
		out.WriteString(strings.Join(lines, "\n") + "\n")
	}
	paragraph(b.header...)
	for _, k := range b.blocks {
		lines := append([]string{}, k.comments...)
		for _, key := range k.keys {
			lines = append(lines, Spell(key.text))
		}
		for _, f := range fields(true) {
			if value := *f.of(&k.said); value != "" {
				lines = append(lines, "  "+f.name+": "+value)
			}
		}
		paragraph(lines...)
	}
	paragraph(b.footer...)
	return out.Flush()
}
