package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/report"
)

func manCommand() command {
	return command{
		name: "man", operands: "[COMMAND]",
		short: "print the manual page of fmaspec or of one of its commands",
		about: "The page is roff, made from the same tables as help: pipe it to man -l -, or write all pages to a " +
			"folder with -o and install them, as in ~/.local/share/man/man1.",
		examples: []string{"fmaspec man run", "fmaspec man -o man1"},
		flags: func(set *flag.FlagSet) work {
			folder := set.String("o", "", "write the pages of fmaspec and of every command to a `FOLDER`, which is "+
				"made if there is none: fmaspec.1, fmaspec-run.1 and so on")
			return func(_ context.Context, e *env, operands []string) error {
				switch {
				case *folder != "" && len(operands) > 0:
					return fmt.Errorf("unexpected argument %q; -o writes the pages of all commands", operands[0])
				case *folder != "":
					return writeManuals(*folder)
				case len(operands) > 1:
					return fmt.Errorf("unexpected argument %q; name one command", operands[1])
				case len(operands) == 0:
					return e.put("the page", manual().String())
				}
				c, err := findCommand(operands[0])
				if err != nil {
					return err
				}
				return e.put("the page", manualOf(c).String())
			}
		},
	}
}

// writeManuals writes every page to a folder.
func writeManuals(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("-o %s: %w; name a folder that can be written to", folder, reason(err))
	}
	pages := map[string]*roff{"fmaspec.1": manual()}
	for _, c := range commands() {
		pages["fmaspec-"+c.name+".1"] = manualOf(c)
	}
	var errs []error
	for name, page := range pages {
		write := func(w io.Writer) error { _, err := io.WriteString(w, page.String()); return err }
		if err := report.WriteWhole(filepath.Join(folder, name), write); err != nil {
			errs = append(errs, fmt.Errorf("-o %s: %s was not written: %w; name a folder that can be written to",
				folder, name, reason(err)))
		}
	}
	return errors.Join(errs...)
}

// A roff is a manual page in the macros of man(7).
type roff struct {
	strings.Builder
	begun bool // a section, in which nothing is written yet
}

// newRoff begins a page.
func newRoff(title, says string) *roff {
	r := &roff{}
	// The date is not escaped: mandoc reads no dash that is.
	fmt.Fprintf(r, ".TH \"%s\" \"1\" \"%s\" \"fmaspec %s\" \"fmaspec\"\n", r.escaped(strings.ToUpper(title)), builtOn(),
		r.escaped(conformance.Version))
	r.macro("SH", "NAME")
	r.text(title + " - " + says)
	return r
}

// builtOn returns the day of the commit that the binary was built from, or that on which it was built
// where it does not name the commit, or "".
func builtOn() string {
	if info, _ := debug.ReadBuildInfo(); info != nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" && len(s.Value) >= len(time.DateOnly) {
				return s.Value[:len(time.DateOnly)]
			}
		}
	}
	binary, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(binary)
	if err != nil {
		return ""
	}
	return info.ModTime().UTC().Format(time.DateOnly)
}

// escaped returns text as roff: no character of it is a command, a dash is what can be typed, and
// others that roff replaces by typographic ones stay as they are.
func (r *roff) escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

// macro writes a macro with its arguments.
func (r *roff) macro(name string, args ...string) {
	r.begun = name == "SH"
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(` "` + strings.ReplaceAll(r.escaped(arg), `"`, `\(dq`) + `"`)
	}
	r.WriteString("\n")
}

// text writes a line of a paragraph.
func (r *roff) text(line string) {
	r.begun = false
	r.WriteString(r.escaped(line) + "\n")
}

// paragraph begins a paragraph. A section begins with one.
func (r *roff) paragraph() {
	if !r.begun {
		r.WriteString(".PP\n")
	}
}

// verbatim writes lines that are not filled.
func (r *roff) verbatim(lines []string) {
	r.paragraph()
	r.WriteString(".RS 2\n.nf\n")
	for _, line := range lines {
		r.text(line)
	}
	r.WriteString(".fi\n.RE\n")
}

// headingLength is longer than any heading of help.
const headingLength = 40

// conventional returns the headings that man pages have for sections of help.
func conventional() map[string]string {
	return map[string]string{"Exit codes": "EXIT STATUS", "Variables": "ENVIRONMENT"}
}

// help writes a text that is laid out for a terminal: headings, paragraphs, and indented lines,
// which stay as they are.
func (r *roff) help(text string) {
	var kept []string
	flush := func() {
		if len(kept) > 0 {
			r.verbatim(kept)
		}
		kept = nil
	}
	begins := true
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch heading, is := strings.CutSuffix(line, ":"); {
		case strings.HasPrefix(line, "  "):
			kept = append(kept, strings.TrimPrefix(line, "  "))
			begins = true
		case line == "":
			begins = true
		case is && begins && len(heading) < headingLength:
			flush()
			r.macro("SH", cmp.Or(conventional()[heading], strings.ToUpper(heading)))
		default:
			flush()
			if begins {
				r.paragraph()
			}
			r.text(line)
			begins = false
		}
	}
	flush()
}

// manual returns the page on fmaspec as a whole.
func manual() *roff {
	r := newRoff("fmaspec", "judge servers and clients of two HTTP actions by their contract")
	r.macro("SH", "SYNOPSIS")
	r.text("fmaspec COMMAND [FLAGS]")
	about, rest, _ := strings.Cut(overview(), "\nUsage:\n")
	_, rest, _ = strings.Cut(rest, "\n\n")
	r.macro("SH", "DESCRIPTION")
	r.help(about)
	r.help(rest)
	r.macro("SH", "SEE ALSO")
	var pages []string
	for _, c := range commands() {
		pages = append(pages, "fmaspec-"+c.name+"(1)")
	}
	r.text(strings.Join(pages, ", "))
	return r
}

// manualOf returns the page on a command.
func manualOf(c command) *roff {
	r := newRoff("fmaspec-"+c.name, c.short)
	set := flagSet(c)
	c.flags(set)
	usage, some := c.usage(set)
	r.macro("SH", "SYNOPSIS")
	r.text(usage)
	r.macro("SH", "DESCRIPTION")
	for part := range strings.SplitSeq(c.about, "\n") {
		if name, text, item := listItem(part); item {
			r.WriteString(".TP\n" + `\fB` + r.escaped(name) + "\\fR\n")
			r.text(text)
		} else {
			r.paragraph()
			r.text(part)
		}
	}
	if some {
		r.macro("SH", "OPTIONS")
		r.text("Each flag may be written with one dash or two.")
	}
	set.VisitAll(func(f *flag.Flag) {
		operand, text := flag.UnquoteUsage(f)
		r.WriteString(".TP\n")
		r.WriteString(`\fB` + r.escaped("-"+f.Name) + `\fR`)
		if operand != "" {
			r.WriteString(` \fI` + r.escaped(operand) + `\fR`)
		}
		r.WriteString("\n")
		r.text(text + withDefault(f) + separator(f.Value) + " (" + variable(f.Name) + ")")
	})
	if len(c.examples) > 0 {
		r.macro("SH", "EXAMPLES")
		r.verbatim(c.examples)
	}
	if c.name == "run" {
		var p page
		p.exitCodes()
		r.macro("SH", conventional()["Exit codes"])
		r.help(p.String())
	}
	r.macro("SH", "SEE ALSO")
	r.text("fmaspec(1)")
	return r
}
