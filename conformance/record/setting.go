package record

import (
	"regexp"
	"strings"
)

// A Setting is a flag of a run as the user set it, so that a report can say how the
// run is made again. A variable stands for what may be a secret.
type Setting struct {
	Flag  string `json:"flag"`  // without its dash
	Value string `json:"value"` // secrets as "$NAME", where NAME is a shell variable
}

// A SettingKind is the way in which a report has a flag of fmaspec run.
type SettingKind int

// The kinds of settings.
const (
	Carried SettingKind = iota + 1 // its value stands in the report
	Hidden                         // it may hold a secret: a variable stands for the value, or for a part of it
	// it says nothing of what was sent and how it was judged, or the report holds it elsewhere
	Dropped
)

// SettingKinds returns the kind of every flag of fmaspec run that a report may name,
// by the flag's name. No other flag stands in a report.
func SettingKinds() map[string]SettingKind {
	out := map[string]SettingKind{}
	for kind, flags := range map[SettingKind]string{
		Carried: "config profile fixtures builtin token-file unprivileged-token-file security-admin-token-file " +
			"global-admin-token-file invalid-token-file unknown-machine other-machine client-id client-secret-file " +
			"scope resource audience " +
			"ca client-cert client-key client-key-password-file insecure resolve http2 header-file user-agent " +
			"request-id machine level strict " +
			"min-coverage repeat parallel timeout seed " +
			"generate sha1 accept-risk max-actions journal allow-list rate retry wait shard",
		Hidden: "header proxy token-command unprivileged-token-command token-url",
		Dropped: "url run skip report baseline baseline-update sign-key v q color yes dry-run " +
			"n for save record duration workers warm-up ramp mix stop-on-failure max-p99 max-flips max-errors " +
			"min-throughput fail-fast retry-failed list watch history",
	} {
		for flag := range strings.FieldsSeq(flags) {
			out[flag] = kind
		}
	}
	return out
}

// secretVariable is a variable that stands for a secret in a record.
var secretVariable = regexp.MustCompile(
	`\$(?:FMASPEC_(?:UNPRIVILEGED_|SECURITY_ADMIN_|GLOBAL_ADMIN_|INVALID_|SHORTER_|TAIL_|ALTERED_|SWAPPED_|MIDDLE_|FIRST_|EXCHANGED_|` +
		`REVERSED_|BASE64_|HEXADECIMAL_|ESCAPED_|STRANGER_|BASIC_USER_|BASIC_)?TOKEN(?:_COMMAND|_URL)?|PROXY_(?:USER|PASSWORD|AUTHORIZATION)|HEADER_[A-Z0-9_]+)`)

// SecretVariables returns where in a text the variables are that stand for secrets, each
// as the offsets of its start and its end.
func SecretVariables(text string) [][]int { return secretVariable.FindAllStringIndex(text, -1) }
