package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/signature"
)

func verifyCommand() command {
	return command{
		name:     "verify",
		operands: "FILE",
		short:    "check a report against its own exchanges",
		about: "Reads a report that fmaspec run -report json=FILE has written, judges its exchanges again, and " +
			"compares: requests, withheld cases, findings, outcomes, requirements, totals and the verdict. Nothing " +
			"is sent. The file - is standard input.\n" +
			"The report must be of this version, contract and cases; a run with -fixtures is verified with the same " +
			"-fixtures, and one with -baseline with the same -baseline. This shows that the verdict follows from the " +
			"exchanges, not that they took place.\n" +
			"With -key the signature that fmaspec run -sign-key or ssh-keygen -Y sign -n " + signature.Namespace +
			" has made is checked first, over the bytes of the file.\n" +
			"The exit code is 0 if the report matches its exchanges, 1 if it does not or is not signed as -key " +
			"requires, 2 if this suite cannot verify it, and 3 if there is no difference but the exchanges do not " +
			"show everything in the report, such as why a case was not sent.",
		examples: []string{"fmaspec verify results.json", "fmaspec verify -fixtures my-cases results.json",
			"fmaspec verify -baseline accepted.txt results.json", "fmaspec verify -key id_ed25519.pub results.json"},
		flags: func(set *flag.FlagSet) work {
			from, signed := &library{}, &keyFlags{}
			from.flags(set)
			accepted := set.String("baseline", "", "the `FILE` of accepted findings that the run used")
			signed.flags(set)
			quiet := set.Bool("q", false, "print only the differences, and what is not derived")
			return func(_ context.Context, e *env, operands []string) error {
				if len(operands) != 1 {
					return fmt.Errorf("%d files; name the one that -report json=FILE has written", len(operands))
				}
				known, err := (&baselineFlags{file: *accepted}).read(nil, false)
				if err != nil {
					return err
				}
				r, signer, err := signed.read(e, operands[0])
				if wrong := (*report.Inconsistent)(nil); errors.As(err, &wrong) {
					return writeInconsistent(e, wrong)
				}
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
				if suite, err = generated(suite, r.Suite.Generated...); err != nil {
					return fmt.Errorf("%s: %w", operands[0], err)
				}
				complete := []func(*record.Report){mutate.Prove}
				if known != nil {
					complete = append(complete, func(out *record.Report) {
						known.Apply(out, suiteNames(suite),
							r.Started)
					})
				}
				v, err := suite.Verify(r, complete...)
				if err != nil {
					return fmt.Errorf("%s: %w", operands[0], err)
				}
				return writeVerification(e, r, v, *quiet)
			}
		},
	}
}

// writeInconsistent writes the total that does not match the cases of a report, before
// anything is judged again.
func writeInconsistent(e *env, wrong *report.Inconsistent) error {
	_, err := fmt.Fprintf(e.stdout, "DIFFERS totals %s\n  the report says   %d\n  its cases show    %d\n\nthe report "+
		"does not match its exchanges: it contradicts itself\n", wrong.Total, wrong.Got, wrong.Want)
	if err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the difference was not written: %v", err)}
	}
	return &exit{code: exitNotConformant}
}

// differenceLength is how many characters of a text a difference shows.
const differenceLength = 200

func writeVerification(e *env, r *record.Report, v *conformance.Verification, quiet bool) error {
	var p page
	for _, d := range v.Differences {
		p.line("DIFFERS %s", d.Place)
		recorded, own := parted(d.Recorded, d.Found)
		p.line("  the report says   %s", recorded)
		p.line("  derived           %s", own)
	}
	if len(v.Differences) > 0 && !quiet {
		p.line("")
	}
	if !quiet {
		p.line("%s of %s judged again", counted(v.Exchanges, "exchange"), counted(v.Cases, "case"))
		if n := len(r.Cases); n < r.Suite.Cases {
			p.line("%d of %s selected, by the settings of the run", n, counted(r.Suite.Cases, "case"))
		}
	}
	var excepted []string
	for _, x := range v.Exceptions {
		excepted = append(excepted, x.What)
		if !quiet {
			p.line("not derived: %s: %s", x.What, firstOf(x.Places, 3))
		}
	}
	verdict := strings.TrimSuffix(r.VerdictName()+", "+r.Reason, ", ")
	except := strings.Join(excepted, ", ")
	switch {
	case len(v.Differences) > 0 && !quiet:
		p.line("the report does not match its exchanges: %s", counted(len(v.Differences), "difference"))
	case len(v.Differences) > 0:
	case except != "":
		p.line("the report matches its exchanges, except: %s", except)
		if !quiet {
			p.line("its verdict: %s", verdict)
		}
	case !quiet:
		p.line("the report matches its exchanges: %s", verdict)
	}
	if _, err := fmt.Fprint(e.stdout, p.String()); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the differences were not written: %v", err)}
	}
	switch {
	case len(v.Differences) > 0:
		return &exit{code: exitNotConformant}
	case except != "":
		return &exit{code: exitUnjudged}
	}
	return nil
}

// parted returns both texts from shortly before the point where they differ.
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

// firstOf lists the first words and the number of the others.
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
