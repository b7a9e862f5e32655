package reference

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The phases of a run that find a fault: the written cases, which is the zero Phase, and
// those below.
const (
	Coverage    = "coverage"    // the cases generated for each value and form, and for all pairs
	Exploration = "exploration" // the random cases

	// Unfound is the phase of a fault that no phase finds.
	Unfound = "unfound"
)

// conditionalFaults break the contract only for requests with one property, or with two
// together.
func conditionalFaults() (faults []Fault) {
	for _, row := range slices.Concat(wordFaults(), lengthFaults(), hashFaults(), escapeFaults(), furtherFaults(),
		mediaConditionFaults(), negotiationFaults(), fieldFaults(), headFaults(), transferFaults(), chunkFaults(),
		pairFaults(), nearConditionals()) {
		when, then := row.when, row.then
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Phase: row.phase,
			Wrap: row.on(onAccepted(func(a *answer, q *asked) {
				if when(q) {
					then(a, q)
				}
			}))})
	}
	return slices.Concat(faults, sequenceFaults(), behindFaults(), conditionalHoles(), credentialNearMisses(),
		conditionalRefusals(), beyondFaults(), nearFaults())
}

// A conditional is a fault that shows in the answers to those valid requests for which the
// condition holds.
type conditional struct {
	name, says string
	breaks     []string
	phase      string
	when       condition
	then       effect
	raw        bool // the condition is one of bytes that package net/http does not show
}

// on returns the wrap, tapped where the condition asks for it.
func (row conditional) on(w wrap) wrap {
	if row.raw {
		return tapped(w)
	}
	return w
}

// What the conditional faults break.
var (
	breaksWords  = ids("request.json", "response.created")
	breaksForms  = ids("request.json-forms", "response.created")
	breaksLength = ids("request.comment-length")
	breaksHash   = ids("request.sha1-format")
	// of a pair with a hash: the inferred requirement on which it rests may be that of the other
	breaksPair   = ids("request.sha1-format", "request.extra-members", "request.comment-length")
	breaksMember = ids("request.extra-members")
	breaksHTTP   = ids("request.json-forms", "refusal.no-server-error", "http.framing", "response.created")
	breaksEither = ids("refusal.no-server-error", "http.framing")
)

// wordFaults fail on what a Comment holds.
func wordFaults() []conditional {
	return []conditional{
		{name: "crashes-on-line-separator", says: "answers 500 to a Comment with U+2028, which it pastes into a script",
			breaks: breaksForms, phase: Coverage, when: commentHas("\u2028"), then: crash},
		{name: "refuses-paragraph-separator", says: "does not take U+2029 in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u2029"), then: refuse(400)},
		{name: "crashes-on-full-stop", says: "answers 500 to a Comment that is a full stop", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^\.$`), then: crash},
		{name: "refuses-own-name", says: "does not take a Comment that is the name of the operation itself",
			breaks: breaksWords, phase: Coverage, when: func(q *asked) bool {
				return comment(func(text string) bool { return strings.HasSuffix(q.URL.Path, "/"+text) })(q)
			}, then: refuse(400)},
		{name: "crashes-on-name-of-member", says: "answers 500 to a Comment that is the name of a member",
			breaks: breaksWords, phase: Coverage, when: commentLike(`^(Comment|Sha1)$`), then: crash},
		{name: "refuses-test-virus", says: "does not take the text that scanners take for a virus", breaks: breaksWords,
			phase: Coverage, when: commentHas("X5O!P%@AP"), then: refuse(403)},
		{name: "crashes-on-joined-emoji", says: "answers 500 to emoji that a zero-width joiner joins",
			breaks: breaksForms, phase: Coverage, when: commentHas("\u200d"), then: crash},
		{name: "refuses-zero-width-space", says: "does not take a zero-width space in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u200b"), then: refuse(400)},
		{name: "refuses-bidirectional-override", says: "does not take U+202E in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u202e"), then: refuse(400)},
		{name: "refuses-right-to-left-letters", says: "does not take Hebrew and Arabic in a Comment",
			breaks: breaksForms, when: commentLike(`[\p{Hebrew}\p{Arabic}]`), then: refuse(400)},
		{name: "crashes-on-inner-byte-order-mark", says: "answers 500 to a byte order mark inside a Comment",
			breaks: breaksForms, phase: Coverage, when: commentHas("\ufeff"), then: crash},
		{name: "drops-comment-with-combining-marks", says: "leaves requestorComment out where the Comment has " +
			"combining marks", breaks: ids("action.members"), when: commentLike(`\p{Mn}`),
			then: edits(drop("requestorComment"))},
		{name: "crashes-on-delete-character", says: "answers 500 to U+007F in a Comment", breaks: breaksForms,
			when: commentHas("\x7f"), then: crash},
		{name: "refuses-c1-controls", says: "does not take U+0080 to U+009F in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentLike("[\u0080-\u009f]"), then: refuse(400)},
		{name: "refuses-no-break-space", says: "does not take a space that does not break", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u00a0"), then: refuse(400)},
		{name: "crashes-on-soft-hyphen", says: "answers 500 to a soft hyphen in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u00ad"), then: crash},
		{name: "crashes-on-private-use", says: "answers 500 to a character of private use", breaks: breaksForms,
			phase: Coverage, when: commentLike(`\p{Co}`), then: crash},
		{name: "crashes-on-noncharacters", says: "answers 500 to U+FFFE and U+FFFF in a Comment", breaks: breaksForms,
			phase: Unfound, when: commentLike(`[\x{fffe}\x{ffff}]`), then: crash},
		{name: "refuses-replacement-character", says: "takes U+FFFD in a Comment for broken UTF-8", breaks: breaksForms,
			phase: Coverage, when: commentHas("\ufffd"), then: refuse(400)},
		{name: "crashes-on-dotted-capital-i", says: "answers 500 to İ, which is longer in lower case",
			breaks: breaksForms, phase: Coverage, when: commentHas("\u0130"), then: crash},
		{name: "answers-number-for-letter-number", says: "gives requestorComment as a number where the Comment has a " +
			"character of category Nl", breaks: ids("action.types"), phase: Coverage, when: commentLike(`\p{Nl}`),
			then: edits(set("requestorComment", 1))},
		{name: "crashes-on-currency-signs", says: "answers 500 to a currency sign beyond ASCII", breaks: breaksForms,
			phase: Coverage, when: both(beyondASCII, commentLike(`\p{Sc}`)), then: crash},
		{name: "refuses-ideographs-beyond-bmp", says: "does not take ideographs beyond the first plane of Unicode",
			breaks: breaksForms, phase: Coverage, when: commentLike(`[\x{20000}-\x{2ffff}]`), then: refuse(400)},
		{name: "crashes-on-surrogate-range-neighbours", says: "answers 500 to U+D7FF and U+E000 in a Comment",
			breaks: breaksForms, phase: Coverage, when: commentLike(`[\x{d7ff}\x{e000}]`), then: crash},

		{name: "crashes-on-old-letters-of-korean", says: "answers 500 to the letters of which Hangul is composed",
			breaks: breaksForms, phase: Coverage, when: commentLike(`[\x{1100}-\x{11ff}]`), then: crash},
		{name: "refuses-wide-space", says: "does not take U+3000 in a Comment", breaks: breaksForms, phase: Coverage,
			when: commentHas("\u3000"), then: refuse(400)},
		{name: "crashes-on-directional-mark", says: "answers 500 to U+200F in a Comment", breaks: breaksForms,
			phase: Coverage, when: commentHas("\u200f"), then: crash},
		{name: "crashes-on-keycap", says: "answers 500 to the enclosing mark of a key in a Comment",
			breaks: breaksForms, phase: Coverage, when: commentHas("\u20e3"), then: crash},
		{name: "crashes-on-tag-characters", says: "answers 500 to the tags of which some flags are made",
			breaks: breaksForms, phase: Coverage, when: commentLike(`[\x{e0000}-\x{e007f}]`), then: crash},
		{name: "crashes-on-private-planes", says: "answers 500 to a character of the planes for private use",
			breaks: breaksForms, phase: Coverage, when: commentLike(`[\x{f0000}-\x{ffffd}]`), then: crash},
		{name: "crashes-on-final-sigma", says: "answers 500 to the letter sigma at the end of a word",
			breaks: breaksForms, phase: Coverage, when: commentHas("ς"), then: crash},
		{name: "crashes-on-leading-mark", says: "answers 500 to a Comment that begins with a combining mark",
			breaks: breaksForms, phase: Coverage, when: commentLike(`^\p{Mn}`), then: crash},
		{name: "refuses-line-feed-at-end", says: "does not take a Comment that ends in a line feed",
			breaks: breaksForms, phase: Coverage, when: commentLike(`\n$`), then: refuse(400)},
		{name: "refuses-many-lines", says: "does not take a Comment of more than four lines", breaks: breaksForms,
			phase: Coverage, when: commentLike(`\n(.*\n){4}`), then: refuse(400)},

		{name: "refuses-leading-slash", says: "does not take a Comment that begins with a slash", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^/`), then: refuse(400)},
		{name: "refuses-question", says: "does not take a Comment that ends in a question mark", breaks: breaksWords,
			phase: Coverage, when: commentLike(`\?$`), then: refuse(400)},
		{name: "crashes-on-colon-at-end", says: "answers 500 to a Comment that ends in a colon", breaks: breaksWords,
			phase: Coverage, when: commentLike(`:$`), then: crash},
		{name: "refuses-marks-alone", says: "does not take a Comment of punctuation alone", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^\pP+$`), then: refuse(400)},
		{name: "forbids-secure-url", says: "takes https:// in a Comment for an advertisement, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentHas("https://"), then: refuse(403)},
		{name: "forbids-union", says: "takes UNION SELECT in a Comment for an attack, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentLike(`(?i)union select`), then: refuse(403)},
		{name: "forbids-command", says: "takes cmd.exe in a Comment for an attack, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentHas("cmd.exe"), then: refuse(403)},
		{name: "refuses-word-password", says: "does not take the word password in a Comment", breaks: breaksWords,
			phase: Coverage, when: commentLike(`(?i)password`), then: refuse(400)},
		{name: "answers-array-for-brackets", says: "gives requestorComment as an array where the Comment is []",
			breaks: ids("action.types"), phase: Coverage, when: commentLike(`^\[\]$`),
			then: edits(set("requestorComment", []any{}))},
		{name: "answers-object-for-braces", says: "gives requestorComment as an object where the Comment is {}",
			breaks: ids("action.types"), phase: Coverage, when: commentLike(`^\{\}$`),
			then: edits(set("requestorComment", Object{}))},
		{name: "crashes-on-instant-of-json", says: "answers 500 to a Comment that is /Date(n)/", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^/Date\(`), then: crash},
		{name: "crashes-on-base64", says: "answers 500 to a Comment that is base64, which it decodes",
			breaks: breaksWords, phase: Coverage, when: commentLike(`^[A-Za-z0-9+/]{16,}={1,2}$`), then: crash},

		{name: "crashes-on-percent-sign", says: "answers 500 to a percent sign in a Comment", breaks: breaksWords,
			phase: Coverage, when: commentHas("%"), then: crash},
		{name: "crashes-on-format-verb", says: "answers 500 to %s and %n in a Comment, which it takes for a format",
			breaks: breaksWords, phase: Coverage, when: commentHas("%s", "%n"), then: crash},
		{name: "refuses-percent-zero", says: "takes %00 in a Comment for an attack", breaks: breaksWords,
			phase: Coverage, when: commentHas("%00"), then: refuse(400)},
		{name: "forbids-lookup", says: "takes ${jndi in a Comment for an attack, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentHas("${jndi"), then: refuse(403)},
		{name: "crashes-on-placeholder", says: "answers 500 to ${ in a Comment, which it expands", breaks: breaksWords,
			phase: Coverage, when: commentHas("${"), then: crash},
		{name: "crashes-on-template", says: "answers 500 to two opening braces in a Comment, which it expands",
			breaks: breaksWords, phase: Coverage, when: commentHas("{{"), then: crash},
		{name: "refuses-backtick", says: "does not take a backtick in a Comment", breaks: breaksWords, phase: Coverage,
			when: commentHas("`"), then: refuse(400)},
		{name: "crashes-on-apostrophe", says: "answers 500 to an apostrophe in a Comment, which ends its SQL",
			breaks: breaksWords, when: commentHas("'"), then: crash},
		{name: "forbids-two-hyphens", says: "takes -- in a Comment for an attack, and answers 403",
			breaks: breaksWords, when: commentHas("--"), then: refuse(403)},
		{name: "forbids-script", says: "takes <script in a Comment for an attack, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentHas("<script"), then: refuse(403)},
		{name: "crashes-on-end-of-cdata", says: "answers 500 to ]]> in a Comment, which ends its XML",
			breaks: breaksWords, phase: Coverage, when: commentHas("]]>"), then: crash},
		{name: "forbids-path-up", says: "takes ../ in a Comment for an attack, and answers 403", breaks: breaksWords,
			phase: Coverage, when: commentHas("../"), then: refuse(403)},
		{name: "forbids-url", says: "takes a URL in a Comment for an advertisement, and answers 403",
			breaks: breaksWords, phase: Coverage, when: commentLike(`https?://`), then: refuse(403)},
		{name: "refuses-formula", says: "does not take a Comment that begins with =", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^=`), then: refuse(400)},
		{name: "crashes-on-leading-at-sign", says: "answers 500 to a Comment that begins with @", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^@`), then: crash},
		{name: "refuses-leading-sign", says: "does not take a Comment that begins with + or -", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^[-+]`), then: refuse(400)},
		{name: "crashes-on-share", says: "answers 500 to a Comment that begins with two backslashes",
			breaks: breaksForms, phase: Exploration, when: commentLike(`^\\\\`), then: crash},
		{name: "crashes-on-trailing-backslash", says: "answers 500 to a Comment that ends in a backslash",
			breaks: breaksForms, phase: Unfound, when: commentLike(`\\$`), then: crash},
		{name: "unescapes-twice", says: `answers 500 to a Comment with a backslash and a u, which it unescapes again`,
			breaks: breaksForms, phase: Coverage, when: commentLike(`\\u`), then: crash},
		{name: "refuses-line-break-in-comment", says: "does not take a carriage return and line feed in a Comment",
			breaks: breaksForms, phase: Coverage, when: commentHas("\r\n"), then: refuse(400)},
		{name: "refuses-leading-blank", says: "does not take a blank before a Comment", breaks: breaksWords,
			phase: Coverage, when: both(commentLike(`^ `), not(commentLike(` $`))), then: refuse(400)},
		{name: "refuses-trailing-blank", says: "does not take a blank behind a Comment", breaks: breaksWords,
			phase: Coverage, when: both(commentLike(`^[^ ].* $`), commentBytes(1, 999)), then: refuse(400)},
		{name: "answers-number-for-digits", says: "gives requestorComment as a number where the Comment is one of " +
			"digits", breaks: ids("action.types"), when: commentLike(`^[0-9]+$`),
			then: edits(alter("requestorComment", asNumber))},
		{name: "answers-number-for-decimal", says: "gives requestorComment as a number where the Comment looks like " +
			"a decimal one", breaks: ids("action.types"), phase: Coverage, when: commentLike(`^[1-9][0-9]*\.[0-9]+$`),
			then: edits(alter("requestorComment", asNumber))},
		{name: "answers-number-for-exponent", says: "gives requestorComment as a number where the Comment looks like " +
			"one with an exponent", breaks: ids("action.types"), phase: Coverage,
			when: commentLike(`^[0-9](\.[0-9]+)?[eE][-+]?[0-9]+$`), then: edits(set("requestorComment", 100000))},
		{name: "answers-boolean-for-true", says: "gives requestorComment as a boolean where the Comment is true",
			breaks: ids("action.types"), phase: Coverage, when: commentLike(`^(?i:true|false)$`),
			then: edits(set("requestorComment", true))},
		{name: "answers-boolean-for-yes", says: "gives requestorComment as a boolean where the Comment is yes or no, " +
			"as YAML 1.1 reads them", breaks: ids("action.types"), phase: Coverage,
			when: commentLike(`^(?i:yes|no|on|off)$`), then: edits(set("requestorComment", false))},
		{name: "answers-null-for-the-word", says: "gives requestorComment as null where the Comment is the word",
			breaks: ids("action.types"), when: commentLike(`^(?i:null|nil|none|undefined)$`),
			then: edits(set("requestorComment", nil))},
		{name: "crashes-on-word-nan", says: "answers 500 to the Comment NaN", breaks: breaksWords, phase: Coverage,
			when: commentLike(`^NaN$`), then: crash},
		{name: "crashes-on-date-as-comment", says: "answers 500 to a Comment that begins with a date",
			breaks: breaksWords, phase: Coverage, when: commentLike(`^[0-9]{4}-[0-9]{2}-[0-9]{2}`), then: crash},
		{name: "refuses-hash-as-comment", says: "does not take a Comment that is the Sha1 too", breaks: breaksWords,
			phase: Coverage, when: func(q *asked) bool {
				o, _ := parseObject(q.body)
				c, _ := o.Get("Comment").(string)
				s, _ := o.Get("Sha1").(string)
				return c != "" && strings.EqualFold(c, s)
			}, then: refuse(400)},
		{name: "crashes-on-device-name", says: "answers 500 to the Comments CON, NUL and AUX", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^(?i:con|nul|aux|prn|com1|lpt1)$`), then: crash},
		{name: "crashes-on-comment-of-punctuation", says: "answers 500 to a Comment without a letter or digit",
			breaks: breaksForms, phase: Coverage, when: commentLike(`^[^\pL\pN]+$`), then: crash},
		{name: "expands-entities", says: "answers 500 to &amp; in a Comment, which it unescapes", breaks: breaksWords,
			phase: Coverage, when: commentLike(`&(amp|lt|#)`), then: crash},
	}
}

// lengthFaults fail on how long a Comment or a body is.
func lengthFaults() (out []conditional) {
	for _, n := range []int{10, 160, 200, 255, 256, 257, 280, 1024, 2000, 3000, 4095, 4096, 8192, 32767, 32768, 50000,
		65535} {
		out = append(out, conditional{name: fmt.Sprintf("crashes-at-%d-characters", n),
			says: fmt.Sprintf("answers 500 to a Comment of just %d characters", n), breaks: breaksLength,
			phase: Coverage,
			when:  commentOf(n, n), then: crash})
	}
	return append(out,
		conditional{name: "crashes-at-65536-characters", says: "answers 500 to a Comment of just 65536 characters",
			breaks: ids("request.comment-length", "refusal.no-server-error"), when: commentOf(65536, 65536),
			then: crash},
		conditional{name: "refuses-257-to-512-characters", says: "does not take a Comment of 257 to 512 characters",
			breaks: breaksLength, phase: Coverage, when: commentOf(257, 512), then: refuse(400)},
		conditional{name: "drops-status-of-long-comment", says: "leaves status out where the Comment has 2,048 to " +
			"16,383 characters", breaks: ids("action.members"), phase: Coverage, when: commentOf(2048, 16383),
			then: edits(drop("status"))},
		conditional{name: "crashes-on-body-of-4096-bytes", says: "answers 500 to a body of just 4,096 bytes",
			breaks: breaksLength, phase: Unfound, when: bodyBytes(4096, 4096), then: crash},
		conditional{name: "refuses-length-1000-to-1100", says: "does not take a Comment of 1,000 to 1,100 bytes",
			breaks: breaksLength, phase: Coverage, when: commentBytes(1000, 1100), then: refuse(413)},
	)
}

// hashFaults fail on the make-up of a Sha1.
func hashFaults() []conditional {
	return []conditional{
		{name: "answers-sha1-of-digits-as-number", says: "gives sha1 as a number where it is of digits alone",
			breaks: ids("action.types", "action.sha1"), phase: Coverage, when: sha1Like(`^[0-9]{40}$`),
			then: edits(alter("sha1", asNumber))},
		{name: "refuses-sha1-of-digits", says: "takes a Sha1 of digits alone for a number", breaks: breaksHash,
			phase: Coverage, when: sha1Like(`^[0-9]{40}$`), then: refuse(400)},
		{name: "crashes-on-sha1-of-letters", says: "answers 500 to a Sha1 of letters alone", breaks: breaksHash,
			phase: Coverage, when: sha1Like(`^[A-Fa-f]{40}$`), then: crash},
		{name: "trims-zeros-of-sha1", says: "leaves zeros at the start of sha1 out where there are four or more",
			breaks: ids("action.sha1", "action.file-id"), phase: Coverage, when: sha1Like(`^0{4}`),
			then: edits(alterText("sha1", func(s string) string { return strings.TrimLeft(s, "0") }))},
		{name: "trims-trailing-zeros-of-sha1", says: "leaves zeros at the end of sha1 out where there are four or more",
			breaks: ids("action.sha1", "action.file-id"), phase: Coverage, when: sha1Like(`0{4}$`),
			then: edits(alterText("sha1", func(s string) string { return strings.TrimRight(s, "0") }))},
		{name: "answers-sha1-like-float-as-number", says: "gives sha1 as a number where it looks like one with an " +
			"exponent", breaks: ids("action.types", "action.sha1"), phase: Coverage,
			when: sha1Like(`^[0-9]+[eE][0-9]+$`),
			then: edits(set("sha1", json.RawMessage("1e+99")))},
		{name: "takes-magic-hash-for-zero", says: "answers 500 to a Sha1 of 0e and digits, which equals 0 in PHP",
			breaks: breaksHash, phase: Coverage, when: sha1Like(`^0[eE][0-9]{38}$`), then: crash},
		{name: "refuses-sha1-in-two-cases", says: "does not take a Sha1 whose first half alone is in capitals",
			breaks: breaksHash, phase: Coverage, when: sha1Like(`^[0-9]*[A-F][0-9A-F]*[0-9]*[a-f][0-9a-f]*$`),
			then: refuse(400)},
		{name: "crashes-on-one-capital-in-sha1", says: "answers 500 to a Sha1 with a single capital",
			breaks: breaksHash, phase: Coverage, when: both(sha1Like(`^[^A-F]*[A-F][^A-F]*$`), sha1Like(`[a-f]`)),
			then: crash},
		{name: "crashes-on-alternating-case", says: "answers 500 to a Sha1 whose letters change case one by one",
			breaks: breaksHash, phase: Unfound,
			when: sha1Like(`^[0-9]*([a-f][0-9]*[A-F][0-9]*){8,}[a-f]?[0-9]*$`), then: crash},
		{name: "refuses-sha1-of-zeros", says: "takes a Sha1 of zeros for none", breaks: breaksHash, phase: Coverage,
			when: sha1Like(`^0{40}$`), then: refuse(400)},
		{name: "crashes-on-sha1-of-one-digit", says: "answers 500 to a Sha1 of one digit forty times",
			breaks: breaksHash, phase: Coverage, when: member("Sha1", func(s string) bool {
				return s != "" && strings.Count(s, s[:1]) == len(s)
			}), then: crash},
		{name: "refuses-sha1-of-nothing", says: "does not take the Sha1 of an empty file", breaks: breaksHash,
			phase: Coverage, when: sha1Like(`(?i)^da39a3ee5e6b4b0d3255bfef95601890afd80709$`), then: refuse(400)},
		{name: "answers-file-id-of-lower-case-alone", says: "gives another fileId where Sha1 is in capitals",
			breaks: ids("action.file-id"), when: upperSha1,
			then: edits(set("fileId", strings.Repeat("0f", 20)))},
	}
}

// escapeFaults fail on the form that JSON gives a valid body.
func escapeFaults() []conditional {
	return []conditional{
		{name: "crashes-on-upper-case-escapes", says: `answers 500 to capitals in a \u escape`, breaks: breaksForms,
			when: bodyLike(`\\u[0-9a-f]*[A-F]`), then: crash},
		{name: "crashes-on-lower-case-escapes", says: `answers 500 to small letters in a \u escape`,
			breaks: breaksForms, when: bodyLike(`\\u[0-9A-F]*[a-f]`), then: crash},
		{name: "refuses-escaped-capital", says: "does not take an escape for a letter of ASCII", breaks: breaksForms,
			when: bodyLike(`(?i)\\u00(4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])`), then: refuse(400)},
		{name: "refuses-last-escaped-low-surrogate", says: "does not take a pair of escaped surrogates that " +
			"ends in DFFF", breaks: breaksForms, phase: Coverage, when: bodyLike(`(?i)\\ud[89ab][0-9a-f]{2}\\udfff`),
			then: refuse(400)},
		{name: "refuses-last-escaped-high-surrogate", says: "does not take a pair of escaped surrogates that begins " +
			"with DBFF", breaks: breaksForms, phase: Coverage, when: bodyLike(`(?i)\\udbff\\ud[c-f]`),
			then: refuse(400)},
		{name: "crashes-on-escape-before-surrogates", says: "answers 500 to the escape of D7FF, which it takes for " +
			"half of a pair", breaks: breaksForms, phase: Coverage, when: bodyLike(`(?i)\\ud7ff`), then: crash},
		{name: "crashes-on-escaped-backspace", says: `answers 500 to the escape \b`, breaks: breaksForms,
			when: bodyLike(`[^\\]\\b`), then: crash},
		{name: "crashes-on-escaped-form-feed", says: `answers 500 to the escape \f`, breaks: breaksForms,
			when: bodyLike(`[^\\]\\f`), then: crash},
		{name: "crashes-on-quote-by-number", says: `answers 500 to \u0022, which it writes as a bare quote`,
			breaks: breaksForms, phase: Coverage, when: bodyLike(`\\u0022`), then: crash},
		{name: "crashes-on-backslash-by-number", says: `answers 500 to \u005c`, breaks: breaksForms, phase: Coverage,
			when: bodyLike(`(?i)\\u005c`), then: crash},
		{name: "refuses-escaped-separator", says: `does not take \u2028`, breaks: breaksForms, phase: Coverage,
			when: bodyLike(`\\u2028`), then: refuse(400)},
		{name: "crashes-on-escape-over-4096", says: "answers 500 to an escape over the end of a buffer of 4,096 bytes",
			breaks: breaksForms, phase: Coverage, when: func(q *asked) bool {
				return len(q.body) > 4096+6 && strings.Contains(string(q.body[4096-5:4096]), `\u`)
			}, then: crash},
		{name: "refuses-body-of-4096-bytes", says: "does not take a body that fills a buffer of 4,096 bytes",
			breaks: breaksForms, phase: Coverage, when: bodyBytes(4096, 4096), then: refuse(400)},
		{name: "refuses-solidus-by-number", says: `does not take \u002f`, breaks: breaksForms, phase: Unfound,
			when: bodyLike(`(?i)\\u002f`), then: refuse(400)},
		{name: "refuses-escaped-digits-in-sha1", says: "does not take an escape inside Sha1", breaks: breaksForms,
			phase: Unfound, when: bodyLike(`"Sha1"\s*:\s*"[^"]*\\u`), then: refuse(400)},
		{name: "refuses-blank-before-colon", says: "does not take white space before a colon", breaks: breaksForms,
			when: bodyLike(`"(Comment|Sha1)"\s+:`), then: refuse(400)},
		{name: "refuses-blank-before-comma", says: "does not take white space before a comma", breaks: breaksForms,
			when: bodyLike(`"\s+,\s*"`), then: refuse(400)},
		{name: "crashes-on-bare-carriage-return", says: "answers 500 to a carriage return alone between tokens",
			breaks: breaksForms, phase: Coverage, when: both(bodyLike("\r"), not(bodyLike("\n"))), then: crash},
		{name: "refuses-long-white-space", says: "looks for the brace in the first 64 bytes alone", breaks: breaksForms,
			phase: Coverage, when: bodyLike(`^\s{64}`), then: refuse(400)},
		{name: "refuses-long-white-space-behind", says: "does not take 64 bytes of white space behind the body",
			breaks: breaksForms, phase: Coverage, when: bodyLike(`\s{64}$`), then: refuse(400)},
	}
}

// furtherFaults fail on further members of the body.
func furtherFaults() (out []conditional) {
	// Those that a parser may refuse are charged to what holds for hostile JSON.
	hostile := ids("request.hostile-json", "request.extra-members")
	for _, row := range []struct {
		slug, says, text string
		breaks           []string
	}{
		{"proto-member", "a further member __proto__", "__proto__", hostile},
		{"constructor-member", "a further member constructor", "constructor", breaksMember},
		{"type-hint-member", "a further member $type", "$type", hostile},
		{"odata-type-member", "a further member @odata.type", "@odata.type", hostile},
		{"nameless-member", "a further member whose name is empty", "", breaksMember},
	} {
		out = append(out, conditional{name: "crashes-on-" + row.slug, says: "answers 500 to " + row.says,
			breaks: row.breaks, phase: Coverage, when: furtherName(row.text), then: crash})
	}
	for _, row := range []struct {
		name, member string
		breaks       []string
	}{
		{"takes-id-from-body", "id", ids("action.id")},
		{"takes-type-from-body", "type", ids("action.type", "action.types")},
		{"takes-status-from-body", "status", ids("action.status", "action.types")},
		{"sets-machine-of-body", "machineId", ids("action.machine-id", "action.machine-same")},
		{"sets-requestor-of-body", "requestor", ids("action.requestor", "action.requestor-same")},
		{"sets-instances-of-body", "fileInstances", ids("action.types")},
	} {
		out = append(out, conditional{name: row.name, breaks: row.breaks, phase: Coverage,
			says: "gives " + row.member + " as a further member of the body has it",
			when: furtherName(row.member), then: fromBody(row.member)})
	}
	return append(out, []conditional{
		{name: "takes-sha1-over-right-one", says: "gives as sha1 what stands under sha1 next to Sha1, as a plain Go " +
			"server does", breaks: ids("action.sha1"), phase: Coverage, when: furtherName("sha1", "SHA1"),
			then: func(a *answer, q *asked) {
				o, _ := parseObject(q.body)
				for _, m := range o {
					if m.Name == "sha1" || m.Name == "SHA1" {
						a.edit(set("sha1", m.Value))
					}
				}
			}},
		{name: "takes-sha1-of-object-inside", says: "gives as sha1 what stands under Sha1 in an object that is a " +
			"further member", breaks: ids("action.sha1"), phase: Coverage,
			when: further(func(m Member) bool { _, is := m.Value.(Object); return is }),
			then: func(a *answer, q *asked) {
				o, _ := parseObject(q.body)
				for _, m := range o {
					if inside, is := m.Value.(Object); is && inside.Get("Sha1") != nil {
						a.edit(set("sha1", inside.Get("Sha1")))
					}
				}
			}},
		{name: "refuses-lower-case-comment-beside", says: "does not take a further member comment",
			breaks: breaksMember,
			phase:  Unfound, when: furtherName("comment", "COMMENT"), then: refuse(400)},
		{name: "refuses-further-null", says: "does not take a further member that is null", breaks: breaksMember,
			when: further(func(m Member) bool { return m.Value == nil }), then: refuse(400)},
		{name: "refuses-further-empty-array", says: "does not take a further member that is an empty array",
			breaks: breaksMember, phase: Coverage, when: further(func(m Member) bool {
				list, ok := m.Value.([]any)
				return ok && len(list) == 0
			}), then: refuse(400)},
		{name: "crashes-on-further-empty-object", says: "answers 500 to a further member that is an empty object",
			breaks: breaksMember, phase: Coverage, when: further(func(m Member) bool {
				o, ok := m.Value.(Object)
				return ok && len(o) == 0
			}), then: crash},
		{name: "refuses-blank-before-comma-of-array", says: "does not take white space before a comma or the end of " +
			"an array", breaks: breaksMember, phase: Coverage, when: bodyLike(`:\s*\[[^"\]]*\d\s+[,\]]`),
			then: refuse(400)},
		{name: "refuses-blank-in-empty-object", says: "does not take white space in an empty object",
			breaks: breaksMember, phase: Coverage, when: bodyLike(`\{\s+\}`), then: refuse(400)},
		{name: "crashes-on-blank-in-empty-array", says: "answers 500 to white space in an empty array",
			breaks: breaksMember, phase: Coverage, when: bodyLike(`\[\s+\]`), then: crash},
		{name: "crashes-on-blank-before-inner-colon", says: "answers 500 to white space before a colon in an object " +
			"inside the body", breaks: breaksMember, phase: Coverage, when: bodyLike(`:\s*\{\s*"\w*"\s+:`), then: crash},
		{name: "crashes-on-huge-number", says: "answers 500 to a number beyond those of 64 bits, such as 1e400",
			breaks: ids("request.extra-members", "request.hostile-json"), phase: Coverage,
			when: furtherNumber(`[eE]\+?([4-9][0-9]{2}|[0-9]{4})`), then: crash},
		{name: "crashes-on-long-integer", says: "answers 500 to an integer of twenty digits or more",
			breaks: ids("request.extra-members", "request.hostile-json"), phase: Coverage,
			when: furtherNumber(`^-?[0-9]{20}`), then: crash},
		{name: "crashes-on-negative-zero", says: "answers 500 to the number -0", breaks: breaksMember, phase: Coverage,
			when: furtherNumber(`^-0(\.0+)?$`), then: crash},
		{name: "refuses-exponent", says: "does not take a number with an exponent", breaks: breaksMember,
			phase: Coverage, when: furtherNumber(`[eE]`), then: refuse(400)},
		{name: "refuses-nesting-of-20", says: "does not take twenty brackets in each other", breaks: breaksMember,
			phase: Coverage, when: both(nested(20), not(nested(64))), then: refuse(400)},
		{name: "crashes-on-nesting-of-64", says: "answers 500 to 64 to 999 brackets in each other",
			breaks: ids("request.extra-members", "request.hostile-json"), phase: Coverage,
			when: both(nested(64), not(nested(1000))), then: crash},
		{name: "crashes-on-50-members", says: "answers 500 to an object of fifty members or more", breaks: breaksMember,
			phase: Coverage, when: manyMembers(50), then: crash},
		{name: "refuses-long-name", says: "does not take a name of 256 characters or more", breaks: breaksMember,
			phase: Coverage, when: further(func(m Member) bool { return len(m.Name) >= 256 }), then: refuse(400)},
		{name: "crashes-on-dotted-name", says: "answers 500 to a name with a dot in it", breaks: breaksMember,
			phase: Coverage, when: further(func(m Member) bool {
				return strings.Contains(m.Name, ".") && m.Name[0] != '@'
			}), then: crash},
		{name: "refuses-name-beyond-ascii", says: "does not take a name beyond ASCII", breaks: breaksMember,
			phase: Coverage, when: further(func(m Member) bool {
				return strings.IndexFunc(m.Name, func(r rune) bool { return r > 0x7f }) >= 0
			}), then: refuse(400)},
	}...)
}

// mediaConditionFaults fail on a form of the media type application/json.
func mediaConditionFaults() (out []conditional) {
	for _, row := range []struct{ slug, says, expr string }{
		{"blank-before-semicolon", "a blank before a semicolon in Content-Type", `\s;`},
		{"tab-in-content-type", "a tab in Content-Type", "\t"},
		{"two-blanks-in-content-type", "two blanks in Content-Type", ";  "},
		{"mixed-case-media-type", "a Content-Type in mixed case", `^[Aa]p+li?cation/j?[A-Za-z]*[a-z][A-Z]`},
	} {
		out = append(out, conditional{name: "refuses-" + row.slug, says: "answers 415 to " + row.says,
			breaks: ids("request.json-forms", "request.media-type-case", "response.created"), phase: Coverage,
			when: field("Content-Type", row.expr), then: refuse(415)})
	}
	// A server may refuse these, with a status of a refusal.
	for _, row := range []struct{ slug, says, expr string }{
		{"semicolon-at-the-end", "a Content-Type that ends in a semicolon", `;\s*$`},
		{"odata-parameter", "a Content-Type with the parameter odata.metadata", `odata\.metadata`},
		{"quality-parameter", "a Content-Type with the parameter q", `;\s*q=`},
		{"two-parameters", "a Content-Type with two parameters", `;[^;]*;\s*[a-z]`},
		{"semicolon-in-quotes", "a Content-Type with a semicolon in quotes", `"[^"]*;`},
	} {
		out = append(out, conditional{name: "crashes-on-" + row.slug, says: "answers 500 to " + row.says,
			breaks: ids("refusal.no-server-error"), phase: Coverage, when: field("Content-Type", row.expr),
			then: crash})
	}
	return append(out, conditional{name: "refuses-parameter-without-blank", says: "answers 415 to a Content-Type " +
		"without a blank behind the semicolon", breaks: breaksForms, when: field("Content-Type", `;[^ ]`),
		then: refuse(415)})
}

// negotiationFaults fail on what a request says of the answer that it wants.
func negotiationFaults() []conditional {
	zip := coded("gzip", gzipped)
	return []conditional{
		{name: "crashes-on-quality", says: "answers 500 to a quality in Accept", breaks: breaksHTTP, phase: Coverage,
			when: field("Accept", `;\s*q=`), then: crash},
		{name: "refuses-subtype-range", says: "answers 406 to Accept: application/*", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept", `^application/\*`), then: refuse(406)},
		{name: "refuses-weighted-range", says: "answers 406 to Accept: */*;q=0.1", breaks: breaksHTTP, phase: Coverage,
			when: field("Accept", `^\*/\*;`), then: refuse(406)},
		{name: "refuses-accept-of-two-lines", says: "answers 406 to two lines of Accept", breaks: breaksHTTP,
			phase: Coverage, when: fieldTwice("Accept"), then: refuse(406)},
		{name: "crashes-on-broken-accept", says: "answers 500 to an Accept without a slash", breaks: breaksEither,
			phase: Coverage, when: field("Accept", `^[^/]+$`), then: crash},
		{name: "crashes-without-coding", says: "answers 500 to a client that takes no coding", breaks: breaksEither,
			phase: Coverage, when: field("Accept-Encoding", `identity;q=0`), then: crash},
		{name: "crashes-on-charset-of-two-bytes", says: "answers 500 to UTF-16 in Accept-Charset", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept-Charset", `(?i)utf-16`), then: crash},
		{name: "refuses-accept-list", says: "answers 406 to a list in Accept that does not begin with JSON",
			breaks: breaksHTTP, phase: Coverage, when: both(field("Accept", `,`), not(field("Accept",
				`^\s*application/`))),
			then: refuse(406)},
		{name: "refuses-accept-in-capitals", says: "answers 406 to Accept: APPLICATION/JSON", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept", `APPLICATION/JSON`), then: refuse(406)},
		{name: "answers-xml-to-accept-list", says: "declares the JSON as XML where Accept names XML among others",
			breaks: ids("response.media-type"), when: field("Accept", `xml`),
			then: func(a *answer, _ *asked) { a.header.Set("Content-Type", "application/xml") }},
		{name: "crashes-on-two-accepts", says: "answers 500 to two Accept fields", breaks: breaksHTTP,
			phase: Coverage, when: fieldTwice("Accept"), then: crash},
		{name: "crashes-on-empty-accept", says: "answers 500 to an Accept without a value", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept", `^$`), then: crash},
		{name: "zips-what-forbids-gzip", says: "compresses the body with gzip where Accept-Encoding says gzip;q=0",
			breaks: ids("http.framing"), phase: Coverage, when: field("Accept-Encoding",
				`gzip;\s*q=0(\.0*)?($|[^.0-9])`),
			then: zip},
		{name: "claims-brotli-if-asked", says: "says that a plain body is compressed with brotli where " +
			"Accept-Encoding " +
			"names it", breaks: ids("http.framing", "response.json"), phase: Coverage,
			when: field("Accept-Encoding", `br`),
			then: coded("br", func(b []byte) []byte { return b })},
		{name: "crashes-on-encoding-list", says: "answers 500 to a list in Accept-Encoding", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept-Encoding", `,`), then: crash},
		{name: "translates-status", says: "gives status in German where Accept-Language asks for German",
			breaks: ids("action.status"), phase: Coverage, when: field("Accept-Language", `^de`),
			then: edits(set("status", "In Bearbeitung"))},
		{name: "translates-type", says: "gives type in Japanese where Accept-Language asks for Japanese",
			breaks: ids("action.type"), phase: Coverage, when: field("Accept-Language", `^ja`),
			then: edits(set("type", "停止"))},
		{name: "crashes-on-new-coding", says: "answers 500 to zstd in Accept-Encoding", breaks: breaksHTTP,
			phase: Coverage, when: field("Accept-Encoding", `zstd`), then: crash},
		{name: "crashes-on-accept-language", says: "answers 500 to a list with qualities in Accept-Language",
			breaks: breaksHTTP, phase: Coverage, when: field("Accept-Language", `,.*q=`), then: crash},
		{name: "answers-range", says: "answers 206 to a request with Range", breaks: ids("response.created"),
			phase: Coverage, when: field("Range", `.`), then: withStatus(http.StatusPartialContent)},
		{name: "answers-not-modified", says: "answers 304 to a request with If-Modified-Since",
			breaks: append(ids("http.not-modified"), breaksHTTP...), phase: Coverage,
			when: field("If-Modified-Since", `.`), then: withStatus(http.StatusNotModified)},
	}
}

// fieldFaults fail on another field of the head.
func fieldFaults() []conditional {
	return []conditional{
		{name: "crashes-on-origin", says: "answers 500 to a request with Origin", breaks: breaksHTTP, phase: Coverage,
			when: field("Origin", `.`), then: crash},
		{name: "crashes-on-cookie", says: "answers 500 to a request with Cookie", breaks: breaksHTTP, phase: Coverage,
			when: field("Cookie", `.`), then: crash},
		{name: "crashes-on-forwarded-for", says: "answers 500 to an X-Forwarded-For that is no address",
			breaks: breaksHTTP, phase: Coverage, when: field("X-Forwarded-For", `[^0-9a-fA-F.:, \[\]]`), then: crash},
		{name: "crashes-on-idempotency-key", says: "answers 500 to a request with Idempotency-Key", breaks: breaksHTTP,
			phase: Coverage, when: field("Idempotency-Key", `.`), then: crash},
		{name: "crashes-on-preference-to-wait", says: "answers 500 to a preference to wait", breaks: breaksHTTP,
			phase: Coverage, when: field("Prefer", `wait=`), then: crash},
		{name: "crashes-on-trace-parent", says: "answers 500 to a traceparent of another form", breaks: breaksHTTP,
			phase: Coverage, when: both(field("Traceparent", `.`), not(field("Traceparent",
				`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`))), then: crash},
		{name: "follows-method-override", says: "answers 405 to a POST that X-HTTP-Method-Override calls a GET",
			breaks: ids("operation.exists", "response.created"), phase: Unfound,
			when: field("X-Http-Method-Override", `^(GET|DELETE|PUT)$`), then: refuse(405)},
		{name: "crashes-on-upgrade", says: "answers 500 to a request with Upgrade", breaks: breaksHTTP, phase: Coverage,
			when: field("Upgrade", `.`), then: crash},
		{name: "crashes-on-te", says: "answers 500 to a request with TE", breaks: breaksHTTP, phase: Coverage,
			when: field("Te", `.`), then: crash},
		{name: "crashes-on-identity-coding", says: "answers 500 to Content-Encoding: identity", breaks: breaksHTTP,
			phase: Coverage, when: field("Content-Encoding", `^(?i:identity)$`), then: crash},
		{name: "fails-expectation", says: "answers 400 to an Expect in capitals", breaks: breaksHTTP,
			phase: Coverage, when: field("Expect", `100-[A-Z]`), then: refuse(400)},
		{name: "crashes-on-missing-user-agent", says: "answers 500 to a request without User-Agent", breaks: breaksHTTP,
			phase: Coverage, when: without("User-Agent"), then: crash},
		{name: "crashes-on-tool", says: "answers 500 to a User-Agent that names a tool", breaks: breaksHTTP,
			phase: Coverage, when: field("User-Agent", `(?i)curl|python|wget`), then: crash},
		{name: "crashes-on-50-fields", says: "answers 500 to a head of fifty fields or more", breaks: breaksHTTP,
			phase: Coverage, when: fields(50), then: crash},
		{name: "crashes-on-long-field", says: "answers 500 to a field of 4,000 bytes or more", breaks: breaksHTTP,
			phase: Coverage, when: anyField(func(_, v string) bool { return len(v) >= 4000 }), then: crash},
		{name: "crashes-on-empty-field", says: "answers 500 to a field without a value", breaks: breaksHTTP,
			phase: Coverage, when: anyField(func(_, v string) bool { return v == "" }), then: crash},
		{name: "refuses-tab-in-field", says: "answers 400 to a tab inside the value of a field", breaks: breaksHTTP,
			phase: Coverage, when: anyField(func(n, v string) bool {
				return n != "Content-Type" && strings.Contains(v, "\t")
			}), then: refuse(400)},
		{name: "crashes-on-field-beyond-ascii", says: "answers 500 to a field with bytes beyond ASCII",
			breaks: breaksHTTP, phase: Coverage, when: anyField(func(_, v string) bool {
				return strings.IndexFunc(v, func(r rune) bool { return r > 0x7f }) >= 0
			}), then: crash},
		{name: "crashes-on-odd-field-name", says: "answers 500 to a field whose name has signs such as ! and ~",
			breaks: breaksHTTP, phase: Coverage,
			when: anyField(func(n, _ string) bool { return strings.ContainsAny(n, "!#$%&'*+.^_`|~") }), then: crash},
		{name: "crashes-on-repeated-field", says: "answers 500 to a field of its own that stands twice",
			breaks: breaksHTTP, phase: Coverage, when: func(q *asked) bool {
				for name, values := range q.Header {
					if strings.HasPrefix(name, "X-") && len(values) > 1 {
						return true
					}
				}
				return false
			}, then: crash},
		{name: "refuses-no-blank-behind-colon", says: "answers 400 to a field without a blank behind the colon",
			breaks: breaksHTTP, phase: Coverage, when: rawLike(`\r\n[A-Za-z-]+:[^ \t\r]`), then: refuse(400),
			raw: true},
		{name: "refuses-blanks-behind-colon", says: "answers 400 to two blanks behind the colon of a field",
			breaks: breaksHTTP, phase: Coverage, when: rawLike(`\r\n[A-Za-z-]+:[ \t]{2}`), then: refuse(400),
			raw: true},
		{name: "refuses-blank-behind-field", says: "answers 400 to a blank at the end of a field", breaks: breaksHTTP,
			phase: Coverage, when: rawLike(`\r\n[A-Za-z-]+:[^\r\n]*[ \t]\r\n`), then: refuse(400), raw: true},
		{name: "refuses-lower-case-field-names", says: "knows Authorization with a capital alone, and answers 401",
			breaks: breaksHTTP, when: rawLike(`\r\nauthorization:`), then: refuse(401), raw: true},
		{name: "refuses-upper-case-content-length", says: "answers 411 to CONTENT-LENGTH", breaks: breaksHTTP,
			phase: Coverage, when: rawLike(`\r\nCONTENT-LENGTH:`), then: refuse(411), raw: true},
		{name: "crashes-on-zeros-in-length", says: "answers 500 to a Content-Length with zeros before it",
			breaks: breaksHTTP, phase: Coverage, when: rawLike(`(?i)\r\ncontent-length: *0[0-9]`), then: crash,
			raw: true},
	}
}

// transferFaults fail on the target, the version, or the way the body comes in.
func transferFaults() []conditional {
	return []conditional{
		{name: "crashes-on-query", says: "answers 500 to a query behind the path", breaks: breaksEither,
			phase: Coverage, when: queried, then: crash},
		{name: "crashes-on-absolute-form", says: "answers 500 to a target that is a whole URL",
			breaks: ids("request.absolute-form", "response.created"),
			when:   func(q *asked) bool { return q.URL.IsAbs() }, then: crash},
		{name: "crashes-on-host-in-capitals", says: "answers 500 to a Host in capitals", breaks: breaksEither,
			phase: Unfound, when: func(q *asked) bool { return strings.ToLower(q.Host) != q.Host }, then: crash},
		{name: "crashes-on-old-version", says: "answers 500 to HTTP/1.0", breaks: breaksEither, phase: Coverage,
			when: oldVersion, then: crash},
		{name: "crashes-on-upper-expectation-and-upper-hash",
			says: "answers 500 to 100-CONTINUE where the Sha1 is in " +
				"capitals", breaks: breaksPair, phase: Coverage, when: both(field("Expect", `[A-Z]`), upperSha1),
			then: crash},
		{name: "crashes-on-chunks-with-sha1-first", says: "answers 500 to a body in chunks in which Sha1 stands first",
			breaks: breaksForms, phase: Coverage, when: both(chunky, sha1First), then: crash},
		{name: "refuses-lower-scheme-in-chunks",
			says: "takes bearer in small letters for another scheme where the body " +
				"is in chunks", breaks: ids("auth.scheme-case", "request.json-forms"), phase: Coverage,
			when: both(chunky, field("Authorization", `^bearer`)), then: refuse(401)},
		{name: "gives-one-id-to-chunks", says: "gives every action whose request came in chunks one id",
			breaks: ids("action.id"), when: chunky,
			then: edits(set("id", "6f1d364c-680c-499a-b30c-dd9265ad4c9d"))},
		{name: "answers-chunks-with-other-hash", says: "answers a body in chunks about another file",
			breaks: ids("action.sha1"), when: chunky, then: edits(set("sha1", freshHash))},
		{name: "crashes-on-zip-and-hash-of-digits",
			says: "answers 500 to a Sha1 of digits alone of a client that takes " +
				"gzip", breaks: breaksPair, phase: Coverage,
			when: both(field("Accept-Encoding", `gzip`), sha1Like(`^[0-9]+$`)), then: crash},
		{name: "crashes-on-100-members", says: "answers 500 to 64 members or more",
			breaks: ids("request.extra-members", "response.created"), phase: Coverage, when: manyMembers(64),
			then: crash},
		{name: "refuses-second-hash", says: "does not take a further member Sha256",
			breaks: ids("request.extra-members", "response.created"), phase: Coverage, when: furtherName("Sha256"),
			then: refuse(400)},
		{name: "reads-hash-in-comment", says: "takes the Sha1 from a Comment that holds the members of a request",
			breaks: ids("action.sha1", "action.file-id"), phase: Coverage, when: commentLike(`"Sha1":\s*"`),
			then: edits(set("sha1", freshHash))},
		{name: "crashes-on-machine-in-comment", says: "answers 500 to a Comment that is the machine's id",
			breaks: breaksWords, phase: Coverage, when: func(q *asked) bool {
				o, _ := parseObject(q.body)
				return o.Get("Comment") == machineOf(q)
			}, then: crash},
		{name: "refuses-machine-of-40-digits",
			says:   "knows machine ids of 32 digits alone, and answers 404 to one of 40",
			breaks: ids("operation.exists", "response.created"), phase: Unfound, when: func(q *asked) bool {
				return regexp.MustCompile(`/[0-9a-fA-F]{40}/`).MatchString(q.URL.Path)
			}, then: refuse(404)},
		{name: "crashes-on-chunks", says: "answers 500 to a body in chunks", breaks: breaksEither,
			when: chunky, then: crash},
		{name: "crashes-on-chunk-extension", says: "answers 500 to a chunk with an extension", breaks: breaksChunks,
			phase: Coverage, when: both(chunky, rawLike(`\r\n[0-9A-Fa-f]+\s*;[^\r\n]*\r\n`)), then: crash, raw: true},
		{name: "hangs-up-on-capital-chunk-size", says: "closes the connection on a chunk whose size has capitals",
			breaks: breaksChunks, phase: Coverage, when: both(chunky,
				rawLike(`\r\n[0-9]*[A-F][0-9A-F]*\s*(;[^\r\n]*)?\r\n`)),
			then: breakOff, raw: true},
		{name: "crashes-on-zeros-in-chunk-size", says: "answers 500 to a chunk size with zeros before it",
			breaks: breaksChunks, phase: Coverage, when: both(chunky, rawLike(`\r\n0+[1-9A-Fa-f][0-9A-Fa-f]*\r\n`)),
			then: crash, raw: true},
		{name: "crashes-on-50-chunks", says: "answers 500 to a body in fifty chunks or more", breaks: breaksChunks,
			phase: Coverage, when: both(chunky, rawLike(`(?s)(\r\n[0-9A-Fa-f]{1,4}\r\n.*?){50}`)), then: crash,
			raw: true},
		{name: "crashes-on-trailer", says: "answers 500 to a field behind the last chunk", breaks: breaksChunks,
			phase: Coverage, when: both(chunky, rawLike(`\r\n0+\r\n[A-Za-z-]+:`)), then: crash, raw: true},
		{name: "crashes-on-close", says: "answers 500 to Connection: close",
			breaks: ids("response.created", "refusal.no-server-error",
				"state.isolated"),
			when: func(q *asked) bool { return q.Close }, then: crash},
	}
}

// pairFaults fail on two properties together, each of which they take alone.
func pairFaults() []conditional {
	return []conditional{
		{name: "crashes-on-long-line-separator", says: "answers 500 to a Comment that is longer than 300 bytes and " +
			"holds U+2028", breaks: breaksForms, phase: Unfound,
			when: both(commentHas("\u2028"), commentBytes(301, maxBody)), then: crash},
		{name: "crashes-on-long-comment-beyond-ascii", says: "answers 500 to a Comment beyond ASCII that is longer " +
			"than 255 bytes", breaks: ids("request.json-forms", "request.comment-length", "response.created"),
			phase: Coverage, when: both(beyondASCII, commentBytes(256, maxBody)), then: crash},
		{name: "counts-comment-in-utf-16", says: "does not take a Comment of 200 to 256 characters and more than 256 " +
			"UTF-16 units", breaks: ids("request.json-forms", "request.comment-length", "response.created"),
			phase: Unfound, when: both(commentOf(129, 256), commentUnits(257, maxBody)), then: refuse(400)},
		{name: "answers-sha1-in-half-at-escapes",
			says: "cuts sha1 in half where the body has an escape and Sha1 is in " +
				"capitals", breaks: ids("action.sha1"), phase: Coverage, when: both(bodyLike(`\\`), upperSha1),
			then: edits(alterText("sha1", func(s string) string { return s[:20] }))},
		{name: "crashes-on-chunks-with-charset",
			says:   "answers 500 to a body in chunks where Content-Type has a charset",
			breaks: breaksChunks, phase: Coverage, when: both(chunky, field("Content-Type", `(?i)charset`)),
			then: crash},
		{name: "crashes-on-escaped-emoji-in-reverse", says: "answers 500 to a pair of escaped surrogates where Sha1 " +
			"stands before Comment", breaks: breaksForms, phase: Coverage,
			when: both(bodyLike(`(?i)\\ud[89ab]`), sha1First), then: crash},
		{name: "refuses-lower-case-scheme-with-capital-type",
			says: "answers 401 to a scheme in small letters where the " +
				"media type has capitals", breaks: ids("request.media-type-case", "auth.scheme-case",
				"request.json-forms",
				"response.created"), phase: Coverage,
			when: both(field("Authorization", `^bearer`), field("Content-Type", `^[^;]*[A-Z]`)), then: refuse(401)},
		{name: "refuses-sha1-first-with-blanks", says: "does not take Sha1 before Comment with white space before a " +
			"colon", breaks: breaksForms, phase: Coverage, when: both(sha1First, bodyLike(`"\s+:`)),
			then: refuse(400)},
		{name: "drops-file-id-of-digits-in-reverse", says: "leaves fileId out where Sha1 is of digits and stands first",
			breaks: ids("action.members"), phase: Coverage, when: both(sha1First, sha1Like(`^[0-9]{40}$`)),
			then: edits(drop("fileId"))},
		{name: "answers-latin-1-beyond-ascii",
			says: "writes a Comment beyond ASCII as ISO 8859-1 where Accept-Charset " +
				"asks for that", breaks: ids("json.encoding"), phase: Unfound,
			when: both(beyondASCII, field("Accept-Charset", `8859`)),
			then: func(a *answer, _ *asked) {
				var latin []byte
				for _, r := range string(a.body) {
					latin = append(latin, byte(r))
				}
				a.body = latin
			}},
		{name: "zips-long-comment-unasked", says: "compresses the answer with gzip where the Comment is longer than " +
			"1,000 bytes and Accept-Encoding is missing", breaks: ids("http.framing"), phase: Unfound,
			when: both(without("Accept-Encoding"), commentBytes(1001, maxBody)), then: coded("gzip", gzipped)},
		{name: "drops-instances-of-further-member-and-accept", says: "leaves fileInstances out where the body has a " +
			"further member and Accept has a list", breaks: ids("action.members"), phase: Coverage,
			when: both(manyMembers(3), field("Accept", `,`)), then: edits(drop("fileInstances"))},
		{name: "crashes-on-upper-case-sha1-in-chunks", says: "answers 500 to a Sha1 in capitals in a body in chunks",
			breaks: ids("request.json-forms", "request.sha1-format", "refusal.no-server-error", "http.framing"),
			phase:  Coverage, when: both(upperSha1, chunky), then: crash},
		{name: "crashes-on-old-version-beyond-ascii", says: "answers 500 to HTTP/1.0 where the Comment is beyond ASCII",
			breaks: breaksEither, phase: Coverage, when: both(oldVersion, beyondASCII), then: crash},
		{name: "answers-local-time-to-language-and-zeros",
			says: "gives times with an offset where Accept-Language is " +
				"there and Sha1 begins with a zero", breaks: ids("time.format", "time.utc-z"), phase: Coverage,
			when: both(field("Accept-Language", `.`), sha1Like(`^0`)),
			then: edits(alterText("creationDateTimeUtc", func(s string) string {
				return strings.TrimSuffix(s, "Z") + "+02:00"
			}))},
		{name: "crashes-on-percent-in-capital-type",
			says: "answers 500 to a percent sign in a Comment where the media " +
				"type has capitals", breaks: ids("request.json", "request.media-type-case", "response.created"),
			phase: Unfound, when: both(commentHas("%"), field("Content-Type", `^[^;]*[A-Z]`)), then: crash},
		{name: "crashes-on-deep-member-and-emoji", says: "answers 500 to ten brackets in each other with a Comment " +
			"beyond the first plane of Unicode", breaks: ids("request.extra-members", "request.json-forms",
			"response.created"), phase: Unfound, when: both(nested(10), commentLike(`[\x{10000}-\x{10ffff}]`)),
			then: crash},
	}
}

// sequenceFaults fail on a request by those that were before it.
func sequenceFaults() []Fault {
	count := func(a *answer, status int) int {
		if a.status == status {
			return 1
		}
		return 0
	}
	isolated := ids("state.isolated", "response.created", "request.sha1-format")
	return []Fault{
		{Name: "crashes-on-third-with-upper-case-sha1",
			Says: "answers 500 to the third request of a connection if its " +
				"Sha1 is in capitals", Breaks: isolated, Phase: Exploration, Wrap: nthOfConnection(3, upperSha1,
				crash)},
		{Name: "refuses-second-with-long-comment", Says: "does not take a Comment of 500 bytes or more in the second " +
			"request of a connection", Breaks: isolated, Phase: Exploration,
			Wrap: nthOfConnection(2, commentBytes(500, maxBody), refuse(400))},
		{Name: "crashes-on-100th-of-connection", Says: "answers 500 to the hundredth request of a connection",
			Breaks: ids("state.isolated", "response.created"), Phase: Unfound,
			Wrap: nthOfConnection(100, func(*asked) bool { return true }, crash)},
		{Name: "locks-out-after-refused-tokens", Says: "answers 403 to a valid token on a connection that has sent " +
			"three refused ones", Breaks: isolated, Phase: Unfound,
			Wrap: remembering(func(past map[string]int, q *asked, a *answer) bool {
				past[q.RemoteAddr] += count(a, http.StatusUnauthorized)
				return past[q.RemoteAddr] >= 3
			}, refuse(http.StatusForbidden))},
		{Name: "refuses-file-of-other-operation", Says: "answers 409 to RequestSample for a file that was stopped " +
			"before", Breaks: isolated, Phase: Coverage,
			Wrap: remembering(func(past map[string]int, q *asked, a *answer) bool {
				o, _ := parseObject(q.body)
				s, _ := o.Get("Sha1").(string)
				if q.operationOf() != "requestSample" {
					past[strings.ToLower(s)] += count(a, http.StatusCreated)
					return false
				}
				return past[strings.ToLower(s)] > 0
			}, refuse(http.StatusConflict))},
		{Name: "refuses-same-comment-again", Says: "answers 409 to the Comment of the request before it on the same " +
			"connection, for another file", Breaks: isolated, Phase: Unfound,
			Wrap: remembering(func(past map[string]int, q *asked, _ *answer) bool {
				o, _ := parseObject(q.body)
				c, _ := o.Get("Comment").(string)
				s, _ := o.Get("Sha1").(string)
				key := q.RemoteAddr + "\n" + c
				again := past[key] > 0 && past[key+"\n"+s] == 0 && strings.Contains(c, "twice")
				past[key]++
				past[key+"\n"+s]++
				return again
			}, refuse(http.StatusConflict))},
	}
}

// conditionalHoles accept what is to be refused, where it is near to what is accepted.
func conditionalHoles() []Fault {
	const format, required = "request.sha1-format", "refusal.status-body"
	hash := func(name, says, expr string, phase string) Fault {
		return Fault{Name: name, Says: says, Breaks: ids(format), Phase: phase, Wrap: excuseText("Sha1", expr,
			freshHash)}
	}
	noComment := ids("request.comment-required", required, "refusal.no-action")
	noSha1 := ids("request.sha1-required", required, "refusal.no-action")
	mistyped := func(name, says, p, value string, is func(any) bool, phase string) Fault {
		return Fault{Name: name, Says: says, Breaks: ids("request."+strings.ToLower(p)+"-string", required,
			"refusal.no-action"), Phase: phase, Wrap: excuseMember(p, is, value)}
	}
	number := func(is string) func(any) bool {
		re := regexp.MustCompile(is)
		return func(v any) bool { n, ok := v.(json.Number); return ok && re.MatchString(n.String()) }
	}
	grammar := func(name, says, expr, by string) Fault {
		return Fault{Name: name, Says: says, Breaks: ids("request.grammar"), Phase: Coverage,
			Wrap: excuseBody(replaced(expr, by))}
	}
	media := func(name, says, expr string) Fault {
		return Fault{Name: name, Says: says, Breaks: ids("refusal.media-type", "refusal.no-action"), Phase: Coverage,
			Wrap: excuseType(expr)}
	}
	method := ids("refusal.method", "refusal.no-action")
	faults := []Fault{
		{Name: "takes-empty-object", Says: "accepts {} for the body",
			Breaks: ids("request.comment-required", "request.sha1-required", required, "refusal.no-action"),
			Phase:  Coverage, Wrap: excuseObject(func(o Object) (Object, bool) {
				return Object{{"Comment", "-"}, {"Sha1", freshHash}}, len(o) == 0
			})},
		{Name: "takes-comments-name", Says: "takes Comments for Comment", Breaks: noComment, Phase: Coverage,
			Wrap: renamed("Comments", "Comment")},
		{Name: "takes-comment-name-with-blank", Says: "takes Comment with a blank behind it for Comment",
			Breaks: noComment, Phase: Coverage, Wrap: renamed("Comment ", "Comment")},
		{Name: "takes-comment-name-cut", Says: "takes Commen for Comment", Breaks: noComment, Phase: Coverage,
			Wrap: renamed("Commen", "Comment")},
		{Name: "takes-sha256-name", Says: "takes Sha256 for Sha1", Breaks: noSha1, Phase: Coverage,
			Wrap: renamed("Sha256", "Sha1")},
		{Name: "takes-file-hash-name", Says: "takes FileHash for Sha1", Breaks: noSha1, Phase: Coverage,
			Wrap: renamed("FileHash", "Sha1")},
		{Name: "takes-sha-1-name", Says: "takes Sha-1 for Sha1", Breaks: noSha1, Phase: Coverage,
			Wrap: renamed("Sha-1", "Sha1")},
		{Name: "takes-wide-sha1-name", Says: "takes Ｓha1, with a wide letter, for Sha1", Breaks: noSha1,
			Phase: Coverage, Wrap: renamed("Ｓha1", "Sha1")},
		{Name: "takes-upper-case-names-alone", Says: "takes COMMENT and SHA1 together for Comment and Sha1",
			Breaks: ids("request.name-case"), Phase: Coverage, Wrap: excuseObject(func(o Object) (Object, bool) {
				if o.Get("COMMENT") == nil || o.Get("SHA1") == nil {
					return o, false
				}
				return recase("Comment", "Sha1")(o)
			})},
		{Name: "takes-members-of-prototype", Says: "takes the two members inside a further object __proto__, as a " +
			"copy of members in JavaScript may", Breaks: noComment, Phase: Coverage, Wrap: excuseObject(
			func(o Object) (Object, bool) {
				inner, ok := o.Get("__proto__").(Object)
				return inner, ok && o.Get("Comment") == nil && inner.Get("Comment") != nil && inner.Get("Sha1") != nil
			})},
		{Name: "takes-wrapped-body", Says: "takes the two members inside a further object", Breaks: noComment,
			Phase: Coverage, Wrap: excuseObject(func(o Object) (Object, bool) {
				for _, m := range o {
					if inner, ok := m.Value.(Object); ok && inner.Get("Comment") != nil && inner.Get("Sha1") != nil {
						return inner, true
					}
				}
				return o, false
			})},

		hash("takes-41-upper-case-digits", "accepts a Sha1 of 41 digits if its letters are capitals",
			`^[0-9A-F]{41}$`, Coverage),
		hash("takes-line-break-behind-sha1", "accepts a Sha1 with a line feed behind it", `^[0-9A-Fa-f]{40}\n$`,
			Coverage),
		hash("takes-blank-before-sha1", "accepts a Sha1 with a blank before it alone", `^ [0-9A-Fa-f]{40}$`, Coverage),
		hash("takes-blank-behind-sha1", "accepts a Sha1 with a blank behind it alone", `^[0-9A-Fa-f]{40} $`, Coverage),
		hash("takes-tab-behind-sha1", "accepts a Sha1 with a tab behind it", `^[0-9A-Fa-f]{40}\t$`, Coverage),
		hash("takes-nul-behind-sha1", "accepts a Sha1 with a NUL character behind it", `^[0-9A-Fa-f]{40}\x00`,
			Coverage),
		hash("takes-20-digits", "accepts a Sha1 of 20 digits", `^[0-9A-Fa-f]{20}$`, Coverage),
		hash("takes-38-digits", "accepts a Sha1 of 38 digits", `^[0-9A-Fa-f]{38}$`, Coverage),
		hash("takes-underscore-in-sha1", "accepts an underscore among the digits of a Sha1",
			`^[0-9A-Fa-f]+_[0-9A-Fa-f]+$`, Coverage),
		hash("takes-list-of-sha1", "accepts several hashes between commas", `^[0-9A-Fa-f]{40}(,[0-9A-Fa-f]{40})+$`,
			Coverage),
		hash("takes-invisible-behind-sha1", "accepts a Sha1 with a zero-width space behind it",
			"^[0-9A-Fa-f]{40}\u200b$", Coverage),
		hash("takes-hex-prefix", "accepts a Sha1 of 0x and 38 digits", `^0[xX][0-9A-Fa-f]{38}$`, Coverage),
		hash("takes-hex-prefix-before-40-digits", "accepts a Sha1 with 0x before it", `^0[xX][0-9A-Fa-f]{40}$`, ""),
		hash("takes-algorithm-prefix", "accepts a Sha1 with sha1: before it", `^(?i:sha1)[:=][0-9A-Fa-f]{40}$`,
			Coverage),
		hash("takes-escaped-sha1", "accepts a Sha1 with an escape of a URL for a digit, which it decodes",
			`^(%3[0-9]|[0-9A-Fa-f]){40}$`, Coverage),
		hash("takes-wide-digits", "accepts a Sha1 with full-width digits", `^[0-9A-Fa-f０-９]{40}$`, ""),
		hash("takes-arabic-digits", "accepts a Sha1 with digits of another script, as \\d does in Python and .NET",
			`^[0-9A-Fa-f\p{Nd}]{40}$`, ""),
		hash("takes-letter-behind-f", "accepts a Sha1 with the letter g", `^[0-9A-Ga-g]{40}$`, ""),
		hash("takes-hyphens-in-sha1", "accepts a Sha1 with hyphens between its digits",
			`^[0-9A-Fa-f]+(-[0-9A-Fa-f]+)+$`,
			Coverage),
		hash("takes-colons-in-sha1", "accepts a Sha1 with colons between its bytes",
			`^([0-9A-Fa-f]{2}:){19}[0-9A-Fa-f]{2}$`,
			Coverage),
		hash("takes-base64-sha1", "accepts a Sha1 in base64", `^[A-Za-z0-9+/]{27}=$`, Coverage),
		hash("takes-80-digits", "accepts a Sha1 of 80 digits", `^[0-9A-Fa-f]{80}$`, Coverage),
		hash("takes-40-digits-and-more", "looks at the first 40 digits of Sha1 alone, if a blank follows",
			`^[0-9A-Fa-f]{40} .`, Unfound),
		hash("takes-sha224", "accepts a SHA-224 hash for Sha1", `^[0-9A-Fa-f]{56}$`, Coverage),
		hash("takes-sha512", "accepts a SHA-512 hash for Sha1", `^[0-9A-Fa-f]{128}$`, Coverage),
		hash("takes-signed-sha1", "accepts a Sha1 of a sign and 39 digits", `^[-+][0-9A-Fa-f]{39}$`, Coverage),
		hash("takes-percent-escaped-sha1", "accepts a Sha1 with an escaped digit as in a URL", `%[0-9A-Fa-f]{2}`,
			Coverage),

		mistyped("takes-false-for-comment-alone", "accepts false for Comment, and refuses true", "Comment", "-",
			func(v any) bool { return v == false }, Coverage),
		mistyped("takes-zero-for-comment", "accepts 0 for Comment, and refuses other numbers", "Comment", "-",
			number(`^0$`), Coverage),
		mistyped("takes-decimal-for-comment", "accepts a number with a fraction for Comment", "Comment", "-",
			number(`\.`), Coverage),
		mistyped("takes-empty-array-for-comment", "accepts [] for Comment", "Comment", "-",
			func(v any) bool { l, ok := v.([]any); return ok && len(l) == 0 }, Coverage),
		mistyped("takes-empty-object-for-comment", "accepts {} for Comment", "Comment", "-",
			func(v any) bool { o, ok := v.(Object); return ok && len(o) == 0 }, Coverage),
		mistyped("takes-hash-in-array", "accepts an array of one hash for Sha1", "Sha1", freshHash,
			func(v any) bool {
				l, ok := v.([]any)
				if !ok || len(l) != 1 {
					return false
				}
				s, ok := l[0].(string)
				return ok && len(s) == 40 && isHex(s)
			}, ""),
		mistyped("takes-number-of-40-digits", "accepts a number of 40 digits for Sha1", "Sha1", freshHash,
			number(`^[0-9]{40}$`), ""),
		{Name: "takes-number-for-comment-with-upper-case-sha1", Says: "accepts a number for Comment if Sha1 is in " +
			"capitals", Breaks: ids("request.comment-string", required, "refusal.no-action"), Phase: Coverage,
			Wrap: excuseObject(func(o Object) (Object, bool) {
				s, _ := o.Get("Sha1").(string)
				_, number := o.Get("Comment").(json.Number)
				return set("Comment", "-")(o), number && s != strings.ToLower(s) && s == strings.ToUpper(s)
			})},

		grammar("takes-leading-zero", "accepts a number that begins with a zero", `(:\s*-?)0+([0-9])`, "$1$2"),
		grammar("takes-plus-sign", "accepts a number with a plus sign", `(:\s*)\+([0-9])`, "$1$2"),
		grammar("takes-hexadecimal-number", "accepts a number such as 0x1F", `:\s*0[xX][0-9A-Fa-f]+`, ":0"),
		grammar("takes-infinity", "accepts Infinity for a value", `:\s*-?Infinity`, ":0"),
		grammar("takes-capital-true", "accepts True and None for values, as Python writes them",
			`:\s*(True|False|None)`,
			":null"),
		grammar("takes-word-by-first-letter", "takes four letters of which the first is t for true",
			`:\s*t[a-qs-z0-9][a-z]{2}\b|:\s*tru[a-df-z]\b`, ":true"),
		grammar("takes-bare-tab-in-string", "accepts a tab inside a string", "\t", " "),
		{Name: "takes-hexadecimal-escape", Says: `accepts the escape \x41`, Breaks: ids("request.grammar"),
			Wrap: excuseBody(replaced(`\\x[0-9A-Fa-f]{2}`, "x"))},
		grammar("takes-escaped-v", `accepts the escape \v`, `\\v`, " "),
		grammar("takes-number-before", "accepts a number before the object", `^\s*[0-9]+\s*\{`, "{"),
		grammar("takes-name-alone", "accepts a name without a colon and a value", `,\s*"[A-Za-z]+"\s*\}`, "}"),
		grammar("takes-escaped-apostrophe", `accepts the escape \'`, `\\'`, "'"),
		grammar("takes-form-feed", "takes a form feed or a vertical tab between tokens for white space", "[\f\v]", " "),
		grammar("takes-no-break-space", "takes a space that does not break for white space between tokens", "\u00a0",
			" "),
		grammar("takes-hash-comments", "accepts a comment that begins with #", `#[^\n"]*(\n|$)`, "\n"),
		grammar("takes-semicolon-behind", "accepts a semicolon behind the object", `;\s*$`, ""),
		grammar("takes-nul-behind", "accepts NUL characters behind the object", `\x00+$`, ""),
		grammar("takes-trailing-comma-in-array", "accepts a comma before a closing bracket", `,(\s*\])`, "$1"),
		grammar("takes-two-commas", "accepts two commas in a row", `,\s*,`, ","),
		grammar("takes-callback", "accepts an object inside a call, as JSONP has it", `^\s*\w+\((.*)\);?\s*$`, "$1"),
		grammar("takes-guard-prefix", "accepts )]}' before the object", `^\)\]\}'[,\n]*`, ""),

		media("takes-longer-json-type", "accepts a body declared as application/jsonx", `application/jsonx.*`),
		media("takes-shorter-json-type", "accepts a body declared as application/jso", `application/jso`),
		media("takes-type-without-subtype", "accepts a body declared as application", `application/?`),
		media("takes-bare-json-type", "accepts a body declared as json", `/?json`),
		media("takes-json-lines", "accepts a body declared as JSON lines",
			`application/(x-)?(ndjson|jsonl|json-lines|jsonlines|json-seq)`),
		media("takes-script-type", "accepts a body declared as a script", `(application|text)/(x-)?javascript.*`),
		media("takes-any-application-type", "accepts a body declared as application/*", `application/\*`),

		{Name: "takes-get-with-body", Says: "takes a GET that has a body for POST", Breaks: method, Phase: Coverage,
			Wrap: excuseMethod(func(q *asked) bool { return q.Method == http.MethodGet && len(q.body) > 0 })},
		{Name: "takes-lower-case-post", Says: "takes the method post for POST", Breaks: method, Phase: Coverage,
			Wrap: excuseMethod(func(q *asked) bool { return strings.EqualFold(q.Method, "POST") })},
		{Name: "takes-longer-method", Says: "takes a method that begins with POST for it", Breaks: method,
			Phase: Coverage,
			Wrap:  excuseMethod(func(q *asked) bool { return strings.HasPrefix(q.Method, "POST") })},
		{Name: "takes-propfind", Says: "takes the methods of WebDAV for POST", Breaks: method, Phase: Coverage,
			Wrap: excuseMethod(func(q *asked) bool { return q.Method == "PROPFIND" || q.Method == "MKCOL" })},
		{Name: "takes-long-method", Says: "takes a method of 32 letters or more for POST", Breaks: method,
			Phase: Coverage, Wrap: excuseMethod(func(q *asked) bool { return len(q.Method) >= 32 })},
		{Name: "takes-search", Says: "takes the methods SEARCH and QUERY for POST", Breaks: method, Phase: Coverage,
			Wrap: excuseMethod(func(q *asked) bool { return q.Method == "SEARCH" || q.Method == "QUERY" })},
		{Name: "takes-method-override", Says: "takes a GET that X-HTTP-Method-Override calls a POST for one",
			Breaks: method, Phase: Coverage, Wrap: excuseMethod(func(q *asked) bool {
				return q.Header.Get("X-Http-Method-Override") == "POST" || q.Header.Get("X-Method-Override") == "POST"
			})},
		{Name: "takes-method-in-query", Says: "takes a GET that _method in the query calls a POST for one",
			Breaks: method, Phase: Coverage, Wrap: excuseMethod(func(q *asked) bool {
				return q.URL.Query().Get("_method") == "POST"
			})},
	}
	return faults
}

// credentialNearMisses accept credentials that are near to valid ones.
func credentialNearMisses() []Fault {
	known := ids("auth.token-known", "refusal.status-auth", "refusal.no-action")
	scheme := ids("auth.bearer", "refusal.status-auth", "refusal.no-action")
	required := ids("auth.required", "refusal.status-auth", "refusal.no-action")
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="
	var faults []Fault
	for _, row := range []struct {
		name, says string
		breaks     []string
		phase      string
		near       func(value string) []string
	}{
		{"takes-token-cut-by-one", "accepts a token that lacks its last character", known, Coverage,
			func(value string) (out []string) {
				for _, r := range letters {
					out = append(out, value+string(r))
				}
				return out
			}},
		{"takes-token-without-first", "accepts a token that lacks its first character", known, Coverage,
			func(value string) (out []string) {
				token, sent := bearer([]string{value})
				for _, r := range letters {
					if sent {
						out = append(out, "Bearer "+string(r)+token)
					}
				}
				return out
			}},
		{"takes-token-in-capitals", "compares tokens without regard to case, if they are in capitals", known,
			Coverage,
			func(value string) []string {
				token, sent := bearer([]string{value})
				if !sent || token != strings.ToUpper(token) {
					return nil
				}
				return []string{"Bearer " + strings.ToLower(token)}
			}},
		{"takes-token-in-any-letter-case", "compares tokens without regard to letter case", known, Coverage,
			func(value string) []string {
				token, sent := bearer([]string{value})
				if !sent {
					return nil
				}
				swapped := strings.Map(func(r rune) rune {
					if unicode.IsUpper(r) {
						return unicode.ToLower(r)
					}
					return unicode.ToUpper(r)
				}, token)
				return []string{"Bearer " + swapped, "Bearer " + strings.ToLower(token),
					"Bearer " + strings.ToUpper(token)}
			}},
		{"takes-token-with-another-middle", "compares all of a token but the character in its middle", known, Coverage,
			func(value string) (out []string) {
				token, _ := bearer([]string{value})
				for _, r := range letters {
					if at := (len(token) - 1) / 2; at > 0 {
						out = append(out, "Bearer "+token[:at]+string(r)+token[at+1:])
					}
				}
				return out
			}},
		{"takes-token-that-begins-alike", "compares all of a token but the fourth character from its end", known,
			Coverage,
			func(value string) (out []string) {
				for _, r := range letters {
					if at := len(value) - 4; at > len("Bearer ") {
						out = append(out, value[:at]+string(r)+value[at+1:])
					}
				}
				return out
			}},
		{"takes-token-with-one-more", "accepts a token with a character more at its end", known, Coverage,
			replaceToken(`^(Bearer .+).$`, "$1")},
		{"takes-token-with-suffix", "accepts a token with a dot and more behind it", known, Coverage,
			replaceToken(`^(Bearer [^.]+)\..*$`, "$1")},
		{"takes-token-with-prefix", "accepts a token with a character more before it", known, Coverage,
			replaceToken(`^(Bearer ).(.+)$`, "$1$2")},
		{"takes-token-twice", "accepts a token that is written twice", known, Coverage,
			func(value string) []string {
				token, _ := bearer([]string{value})
				half := token[:len(token)/2]
				if token == "" || half+half != token {
					return nil
				}
				return []string{"Bearer " + half}
			}},
		{"takes-quoted-token", "accepts a token in quotes", known, Coverage,
			replaceToken(`^Bearer "(.+)"$`, "Bearer $1")},
		{"takes-escaped-token", "accepts a token with an escape as in a URL", known, Unfound,
			func(value string) []string {
				if !strings.Contains(value, "%2D") && !strings.Contains(value, "%2d") {
					return nil
				}
				return []string{strings.NewReplacer("%2D", "-", "%2d", "-").Replace(value)}
			}},
		{"takes-token-with-comma", "accepts a token with a comma and a second value behind it", known, Coverage,
			replaceToken(`^(Bearer [^,]+),.*$`, "$1")},
		{"takes-colon-behind-scheme", "accepts Bearer with a colon", scheme, Coverage,
			replaceToken(`^Bearer: ?(.+)$`, "Bearer $1")},
		{"takes-equals-behind-scheme", "accepts Bearer and an equals sign before the token", scheme, Coverage,
			replaceToken(`^Bearer ?= ?"?([^"]+)"?$`, "Bearer $1")},
		{"takes-scheme-bearerx", "accepts the scheme Bearerx", scheme, Coverage,
			replaceToken(`^(?i:Bearerx) (.+)$`, "Bearer $1")},
		{"takes-scheme-cut-by-one", "accepts the scheme Beare", scheme, Coverage,
			replaceToken(`^(?i:Beare) (.+)$`, "Bearer $1")},
		{"takes-token-scheme", "accepts the scheme Token", scheme, Coverage,
			replaceToken(`^(?i:Token) (.+)$`, "Bearer $1")},
		{"takes-oauth-scheme", "accepts the schemes OAuth and JWT", scheme, Coverage,
			replaceToken(`^(?i:OAuth|JWT) (.+)$`, "Bearer $1")},
		{"takes-scheme-twice", "accepts Bearer written twice", known, Coverage,
			replaceToken(`^Bearer Bearer (.+)$`, "Bearer $1")},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Phase: row.phase,
			Wrap: excuseToken(row.near)})
	}
	for _, row := range []struct{ name, field string }{
		{"takes-x-auth-token", "X-Auth-Token"}, {"takes-proxy-authorization", "Proxy-Authorization"},
		{"takes-x-authorization", "X-Authorization"}, {"takes-api-key", "X-Api-Key"},
		{"takes-cookie-for-token", "Cookie"}, {"takes-principal-of-a-proxy", "X-Ms-Client-Principal-Name"},
	} {
		faults = append(faults, Fault{Name: row.name,
			Says:   "accepts a request without Authorization that has " + row.field,
			Breaks: required, Phase: Coverage, Wrap: excuseField(row.field)})
	}
	for _, row := range []struct {
		name, where string
		when        condition
	}{
		{"takes-chunks-of-anyone", "has its body in chunks", chunky},
		{"takes-query-of-anyone", "has a query without a token", func(q *asked) bool {
			return queried(q) && !strings.Contains(q.URL.RawQuery, "token")
		}},
		{"takes-requests-of-probes", "names a probe as its User-Agent", field("User-Agent", `probe`)},
	} {
		faults = append(faults, Fault{Name: row.name, Says: "accepts a request without Authorization that " + row.where,
			Breaks: required, Phase: Coverage, Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				if len(q.Header.Values("Authorization")) > 0 || !row.when(q) {
					return false
				}
				q.Request = trust(q.Request)
				return true
			})})
	}
	for _, row := range []struct {
		name, says string
		breaks     []string
		expr       string
	}{
		{"takes-placeholder", "accepts a placeholder for the token", known, `^Bearer \{token\}$`},
		{"takes-word-undefined", "accepts undefined for the token", known, `^Bearer undefined$`},
	} {
		sent := field("Authorization", row.expr)
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Phase: Coverage,
			Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				if !sent(q) {
					return false
				}
				q.Request = trust(q.Request)
				return true
			})})
	}
	return faults
}

// conditionalRefusals refuse what is to be refused, and wrongly so under one condition.
func conditionalRefusals() (faults []Fault) {
	crashed := ids("refusal.no-server-error", "refusal.status-body", "http.framing")
	inside := ids("error.inside", "error.form")
	for _, row := range []struct {
		name, says string
		breaks     []string
		phase      string
		status     int
		when       condition
		then       effect
	}{
		{"crashes-on-sha1-of-1000-digits", "answers 500 to a Sha1 of a thousand characters or more", crashed, Coverage,
			400, member("Sha1", func(s string) bool { return len(s) >= 1000 }), crash},
		{"crashes-on-emoji-in-sha1", "answers 500 to a Sha1 with characters beyond ASCII", crashed, "", 400,
			sha1Like(`[^\x00-\x7f]`), crash},
		{"crashes-on-nulls-alone", "answers 500 where both Comment and Sha1 are null",
			ids("refusal.no-server-error", "refusal.status-body"), Coverage, 400,
			both(bodyLike(`"Comment"\s*:\s*null`), bodyLike(`"Sha1"\s*:\s*null`)), crash},
		{"crashes-on-percent-in-sha1", "answers 500 to a Sha1 with a percent sign", crashed, Coverage, 400,
			sha1Like(`%`), crash},
		{"hangs-up-on-empty-object", "closes the connection on {} for the body", crashed, Coverage, 400,
			bodyLike(`^\s*\{\s*\}\s*$`), breakOff},
		{"crashes-on-decimal-comment", "answers 500 to a number with a fraction for Comment", crashed, Coverage, 400,
			bodyLike(`"Comment"\s*:\s*-?[0-9]+\.`), crash},
		{"crashes-on-negative-comment", "answers 500 to a negative number for Comment", crashed, Coverage, 400,
			bodyLike(`"Comment"\s*:\s*-`), crash},
		{"crashes-on-nested-comment", "answers 500 to an array in an array for Comment", crashed, Coverage, 400,
			bodyLike(`"Comment"\s*:\s*\[\s*\[`), crash},
		{"crashes-on-missing-comment-with-upper-case-sha1", "answers 500 where Comment is missing and Sha1 is in " +
			"capitals", crashed, Coverage, 400, both(upperSha1, not(bodyLike(`"Comment"`))), crash},
		{"crashes-on-missing-sha1-with-further-member", "answers 500 where Sha1 is missing and a further " +
			"member is there", crashed, "", 400, both(not(bodyLike(`"Sha1"`)), manyMembers(2)), crash},
		{"crashes-on-escaped-path", "answers 500 to an escaped letter in the path",
			ids("refusal.no-server-error"), Coverage,
			404, func(q *asked) bool { return strings.Contains(q.RequestURI, "%") }, crash},
		{"crashes-on-broken-body-of-anyone", "answers 500 to broken JSON without Authorization",
			ids("refusal.no-server-error", "refusal.status-auth"), Coverage, 401, both(without("Authorization"),
				not(bodyLike(`\}\s*$`))), crash},
		{"crashes-on-half-media-type", "answers 500 to a Content-Type without a slash",
			ids("refusal.no-server-error", "refusal.media-type"), "", 415, field("Content-Type", `^[^/]*$`), crash},
		{"crashes-on-bad-charset", "answers 500 to another type whose charset it does not know",
			ids("refusal.no-server-error", "refusal.media-type"), Coverage, 415, field("Content-Type", `charset=[^uU]`),
			crash},
		{"crashes-on-long-token", "answers 500 to a token of 4,000 characters or more",
			ids("refusal.no-server-error", "refusal.status-auth", "http.framing"), Coverage, 401,
			field("Authorization", `^.{1000}.{1000}.{1000}.{900}`), crash},
		{"crashes-on-token-of-three-parts", "answers 500 to a token of three parts that are not base64",
			ids("refusal.no-server-error", "refusal.status-auth"), Unfound, 401,
			field("Authorization", `^Bearer [^.]*[^A-Za-z0-9_.-][^.]*\.[^.]*\.[^.]*$`), crash},
		{"shows-stack-on-long-sha1", "shows a stack in the refusal of a Sha1 of more than 100 characters", inside,
			Coverage, 400, member("Sha1", func(s string) bool { return len(s) > 100 }),
			reveals("   at Contoso.Api.Hash.Parse(String s) in C:\\src\\Hash.cs:line 17")},
		{"shows-sql-on-apostrophe-in-sha1", "shows SQL in the refusal of a Sha1 with an apostrophe", inside, Coverage,
			400, sha1Like(`'`), reveals(`ERROR: syntax error at or near "'": SELECT * FROM files WHERE sha1 = ''`)},
		{"shows-path-on-empty-object", "shows a path of its disk in the refusal of {}", inside, Coverage, 400,
			bodyLike(`^\s*\{\s*\}\s*$`), reveals("KeyError in /usr/lib/python3/dist-packages/api/views.py, line 42")},
		{"shows-token-on-missing-sha1-in-reverse",
			"shows the credentials where Comment is missing and a further member " +
				"is there", inside, "", 400, both(not(bodyLike(`"Comment"`)), manyMembers(2)),
			func(a *answer, q *asked) { reveals("denied to "+q.Header.Get("Authorization"))(a, q) }},
	} {
		when, then := row.when, row.then
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Phase: row.phase,
			Wrap: onRefused(func(a *answer, q *asked) {
				if when(q) {
					then(a, q)
				}
			}, row.status)})
	}
	return faults
}

// fromBody gives a member of the answer the value that the body has for it.
func fromBody(name string) effect {
	return func(a *answer, q *asked) {
		o, _ := parseObject(q.body)
		a.edit(set(name, o.Get(name)))
	}
}

// furtherNumber reports whether the body has a further member that is a number so written.
func furtherNumber(expr string) condition {
	re := regexp.MustCompile(expr)
	return further(func(m Member) bool {
		n, ok := m.Value.(json.Number)
		return ok && re.MatchString(n.String())
	})
}

// asNumber makes a number of a text, or 0 of one that is none.
func asNumber(v any) any {
	s, _ := v.(string)
	if s = strings.TrimLeft(s, "0"); s == "" || !json.Valid([]byte(s)) {
		return 0
	}
	return json.RawMessage(s)
}
