package main

import (
	"context"
	"flag"
	"fmt"

	"fmaspec/conformance"
	"fmaspec/conformance/signature"
)

func verifyCommand() command {
	return command{
		name:     "verify",
		operands: "FILE",
		short:    "judge the exchanges of a recorded run again",
		about: "Reads the record that fmaspec run -report json=FILE has written, judges every exchange in it again, and compares: requests with those that the suite sends, findings, outcomes, totals and the verdict. Nothing is sent. The file - is standard input.\n" +
			"The record has to be of this version, contract and cases; a run with -fixtures is verified with the same -fixtures. It is shown that the verdict is what the exchanges come to, not that they took place.\n" +
			"With -key the signature that fmaspec run -sign-key or ssh-keygen -Y sign -n " + signature.Namespace + " has made is checked first, over the very bytes of the file.\n" +
			"The exit code is 0 where the report says what its exchanges come to, 1 where it does not or is not signed as -key wants it, and 2 where this suite cannot tell.",
		examples: []string{"fmaspec verify results.json", "fmaspec verify -fixtures my-cases results.json", "fmaspec verify -key id_ed25519.pub results.json"},
		flags: func(set *flag.FlagSet) work {
			from, signed := &library{}, &keyFlags{}
			from.flags(set)
			signed.flags(set)
			quiet := set.Bool("q", false, "tell the differences alone")
			return func(_ context.Context, e *env, operands []string) error {
				if len(operands) != 1 {
					return fmt.Errorf("%d files; name the one that -report json=FILE has written", len(operands))
				}
				r, signer, err := signed.read(e, operands[0])
				if err != nil {
					return err
				}
				if signer != "" && !*quiet {
					if _, err := fmt.Fprintf(e.stdout, "the report is signed by %s\n", signer); err != nil {
						return &exit{exitUnjudged, fmt.Sprintf("stdout: the signer was not written: %v", err)}
					}
				}
				suite, _, err := from.load()
				if err != nil {
					return err
				}
				v, err := suite.Verify(r)
				if err != nil {
					return fmt.Errorf("%s: %w", operands[0], err)
				}
				return tellVerification(e, r, v, *quiet)
			}
		},
	}
}

// differenceLength is how much of a text a difference shows.
const differenceLength = 200

func tellVerification(e *env, r *conformance.Report, v *conformance.Verification, quiet bool) error {
	var p page
	for _, d := range v.Differences {
		p.line("DIFFERS %s", d.Place)
		told, own := parted(d.Recorded, d.Found)
		p.line("  the report says   %s", told)
		p.line("  it comes to       %s", own)
	}
	if !quiet {
		if len(v.Differences) > 0 {
			p.line("")
		}
		p.line("%s of %s judged again, %s without an exchange", counted(v.Exchanges, "exchange"), counted(v.Cases, "case"), counted(v.Absent, "case"))
		if n := len(v.Taken); n > 0 {
			p.line("%s too long for the record, so that the findings were taken over: %s", counted(n, "answer"), firstOf(v.Taken, 3))
		}
		if r.Baseline != nil {
			p.line("what %s accepts was not verified", r.Baseline.File)
		}
		switch {
		case len(v.Differences) > 0:
			p.line("the report is not borne out: %s", counted(len(v.Differences), "difference"))
		case r.Reason != "":
			p.line("the report is borne out: %s, %s", r.Verdict, r.Reason)
		default:
			p.line("the report is borne out: %s", r.Verdict)
		}
	}
	if _, err := fmt.Fprint(e.stdout, p.String()); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the differences were not written: %v", err)}
	}
	if len(v.Differences) > 0 {
		return &exit{code: exitNotConformant}
	}
	return nil
}

// parted returns both texts from a little before the point where they part.
func parted(a, b string) (string, string) {
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	if from < differenceLength/2 {
		from = 0
	} else {
		from -= differenceLength / 4
	}
	cut := func(text string) string {
		runes := []rune(text[from:])
		end := ""
		if len(runes) > differenceLength {
			runes, end = runes[:differenceLength], "…"
		}
		start := ""
		if from > 0 {
			start = "…"
		}
		return start + string(runes) + end
	}
	return cut(a), cut(b)
}

func counted(n int, word string) string { return fmt.Sprintf("%d %s", n, plural(n, word)) }

// firstOf lists the first words and says how many more there are.
func firstOf(words []string, n int) string {
	text := ""
	for i, w := range words {
		if i == n {
			return text + fmt.Sprintf(" … (+%d)", len(words)-n)
		}
		if i > 0 {
			text += ", "
		}
		text += w
	}
	return text
}
