package main

import (
	"encoding/binary"
	"os"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

// reencode writes a file in another encoding, as shells do: reencode
// utf8-bom|utf16le|utf16be FILE TO
func reencode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: reencode utf8-bom|utf16le|utf16be FILE TO")
	}
	text := ts.ReadFile(args[1])
	var out []byte
	switch args[0] {
	case "utf8-bom":
		out = append([]byte("\xef\xbb\xbf"), text...)
	case "utf16le":
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			out = binary.LittleEndian.AppendUint16(out, unit)
		}
	case "utf16be":
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			out = binary.BigEndian.AppendUint16(out, unit)
		}
	default:
		ts.Fatalf("no encoding %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out, 0o644))
}
