package conformance

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// insideMarks are the marks of a server's inside in an answer. One of the words
// stands in all that a mark finds; looking for them first saves most of the
// time. The forms are narrow enough to pass over prose about requests: "Please
// select a file from the machine" is no query.
var insideMarks = []struct {
	what  string
	words []string
	mark  *regexp.Regexp
}{
	{"a stack trace", []string{"goroutine ", "runtime error: ", "nil pointer", "raceback", "RACEBACK", ", line ", "at ",
		"tack", "TACK", ":line ", ".php", "PHP ", ".rb:", "panicked at ",
		".go:", ".py:", ".cs:", ".java:", ".js:", ".ts:", ".rs:", ".kt:", ".scala:", ".cpp:", ".cc:"}, anyOf(
		// Go
		`goroutine \d+ \[`,
		`\bruntime error: (invalid memory|index out of|slice bounds|integer divide|makeslice|hash of)`,
		`nil pointer dereference`,
		`Traceback \(most recent call last\)`, `File "[^"\n]+", line \d+`, // Python
		// the JVM
		`\bat [\w$.<>/@-]+\([\w$.-]+\.(java|kt|scala|groovy|clj):\d+\)`,
		`\bat [\w$.<>/@-]+\((Native Method|Unknown Source)\)`,
		// .NET
		"(?m:^[ \\t]+at (async )?[\\w<>$]+(\\.[\\w<>$`\\[\\],+]+)+\\([^)\\n]*\\))", `:line \d+\b`,
		`--- End of (inner exception )?stack trace`,
		// Node
		`\bat [^\n(]{1,200} \((file://|node:|/|[A-Za-z]:\\)[^)\n]*:\d+:\d+\)`,
		`\bat (file://|node:internal|/)[^\s)]+:\d+:\d+`,
		// PHP
		`(?m:^#\d+ .+\.php\(\d+\): )`, `\bPHP (Fatal error|Parse error|Warning|Notice)\b`,
		`\.php(</b>)?(:\d+\b| on line (<b>)?\d+)`,
		"\\.rb:\\d+:in [`']", `\bpanicked at `, `\bstack backtrace:`, `\bat \S+\.p[lm] line \d+`, // Ruby, Rust, Perl
		// the last three end names of hosts too
		`\b[\w-]+\.(go|cs|java|js|ts|rb|kt|scala|cpp):\d+\b`, `[\w.-]/[\w-]+\.(py|rs|cc):\d+\b`,
		`"(?i:stack_?trace|traceback)"\s*:\s*("[^"]|\[\s*["{\d]|\{)`,
	)},
	{"an exception's name", []string{"Exception", "java.lang."}, anyOf(
		`\b(NullPointer|NullReference|ArgumentNull|IllegalArgument|IllegalState|InvalidOperation|ClassCast|IndexOutOfRange|ArrayIndexOutOfBounds|NumberFormat|Sql|SQL|IO|Runtime)Exception\b`,
		`\b(java|javax|jakarta|kotlin|scala|org|com|net|io|System|Microsoft)(\.[A-Za-z_]\w*)*\.\w+Exception\b`,
		`\bjava\.lang\.\w+Error\b`,
	)},
	{"a query to a database", []string{"elect", "ELECT", "nsert", "NSERT", "pdate", "PDATE", "elete", "ELETE", "SQL",
		"ORA-"}, anyOf(
		`\bSELECT\b.+\b(?i:from)\b`, `\bINSERT (?i:into)\b`, `\bUPDATE\b.+\bSET\b`, `\bDELETE (?i:from)\b`,
		`(?i:\bselect\s+\*\s+from\b)`,
		"(?i:\\bselect\\s.+\\sfrom\\s+[\\w.\"`\\[\\]]+\\s+(as\\s+\\w+\\s+)?where\\s+"+
			"[\\w.\"`\\[\\]]+\\s*(=|<|>|!=|in\\s*\\(|like\\s+['$?:@]))",
		"(?i:\\binsert\\s+into\\s+[\\w.\"`\\[\\]]+\\s*(\\([^)]*\\)\\s*)?values\\s*\\()",
		"(?i:\\bupdate\\s+[\\w.\"`\\[\\]]+\\s+set\\s+[\\w.\"`\\[\\]]+\\s*=)",
		"(?i:\\bdelete\\s+from\\s+[\\w.\"`\\[\\]]+\\s+where\\s+[\\w.\"`\\[\\]]+\\s*(=|<|>|in\\b|like\\b))",
		`\bSQLSTATE\b`, `\bORA-\d{5}\b`, `error in your SQL syntax`, `\bSQLITE_[A-Z]+\b`,
	)},
	{"a connection string", []string{"://", "jdbc:", "=", "DefaultEndpointsProtocol"}, anyOf(
		`\b(postgres(ql)?|mysql|mariadb|mongodb(\+srv)?|rediss?|amqps?|sqlserver|mssql)://[^\s"'<>]+`,
		`\bjdbc:[a-z]+[:/][^\s"'<>]+`,
		`(?i:\b(password|pwd|accountkey|sharedaccesskey)\s*=\s*[^;\s"]+;)`,
		`(?i:\b(server|data source|host)\s*=[^;\n"]+;\s*(database|initial catalog|user id|uid|integrated security|port)\s*=)`, `\bDefaultEndpointsProtocol=`,
	)},
}

// diskPath is a path of a server's disk: below a folder with which URLs do not
// begin, or to a file of a kind that programs consist of or keep.
var diskPath = anyOf(
	`(^|[\s"'(\[=:>`+"`"+
		`])/(usr/(local|lib|lib64|bin|sbin|share|src|include)|var/(lib|www|log|run|task|opt|tmp|spool|cache|folders|app)|etc|opt/[\w.@-]+|srv|root|tmp|proc|home/[\w.@-]+)/[\w.@/+-]+`,
	`(^|[\s"'(\[=:>`+"`"+
		`])/(app|src|build|mnt|code|workspace|go/src|Users/[\w.@-]+)/[\w./@+-]*\.(go|py|cs|java|rb|rs|kt|pl|db|sqlite3?|conf|ini|toml|env|jar|so)\b`,
	`\b[A-Za-z]:\\+(inetpub|wwwroot|home\\+site|a\\+\d+\\+s|agent|build|src|app)\\+[\w .\\-]+`,
	`\b[A-Za-z]:\\+[\w .\\-]+\.(cs|vb|cshtml|config|pdb|go|py|java|php|rb|js|ts)\b`,
)

// diskWords are texts of which one stands in all that diskPath finds. Looking for them
// first saves most of the time.
var diskWords = []string{"/usr/", "/var/", "/etc/", "/opt/", "/srv/", "/root/", "/tmp/", "/proc/", "/home/", "/app/",
	"/src/", "/build/", "/mnt/", "/code/", "/workspace/", "/go/src/", "/Users/", `:\`}

// link is what leads elsewhere in a page, and is a path of no disk.
var link = regexp.MustCompile(`(?i)\b(href|src|action|content)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)

func anyOf(forms ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(forms, "|")) }

// unescaped undoes the escapes of JSON strings that stand in paths and traces.
var unescaped = strings.NewReplacer(`\\`, `\`, `\/`, `/`, `\"`, `"`, `\n`, "\n", `\r`, "", `\t`, "\t", `\u0022`, `"`,
	`\u0027`, `'`, `\u003c`, "<", `\u003e`, ">")

// insideOf says what of a server's inside stands in the body of an answer, ""
// for nothing. The path that was asked for is none of it: problem details and
// the errors of frameworks repeat it.
func insideOf(body, asked string) string {
	texts := []string{body}
	if strings.Contains(body, `\`) {
		texts = []string{unescaped.Replace(body), body}
	}
	if strings.Contains(body, "&") {
		texts = append(texts, html.UnescapeString(body))
	}
	for _, i := range insideMarks {
		for _, text := range texts {
			if !slices.ContainsFunc(i.words, func(w string) bool { return strings.Contains(text, w) }) {
				continue
			}
			if found := i.mark.FindString(text); found != "" {
				return fmt.Sprintf("%s: %q", i.what, brief(strings.TrimSpace(found)))
			}
		}
	}
	own := asked
	if u, err := url.Parse(asked); err == nil {
		own = u.Path
	}
	segments := strings.Split(own, "/")
	// machine and operation, whatever a proxy put before them
	tail := strings.Join(segments[max(len(segments)-2, 0):], "/")
	for _, text := range texts {
		if strings.Contains(text, "<") {
			text = link.ReplaceAllString(text, "")
		}
		if !slices.ContainsFunc(diskWords, func(w string) bool { return strings.Contains(text, w) }) {
			continue
		}
		for _, found := range diskPath.FindAllString(text, -1) {
			path := strings.TrimLeft(found, " \t\r\n\"'([=:>`")
			if !strings.HasPrefix(own, path) && (tail == "" || !strings.Contains(path, tail)) {
				return fmt.Sprintf("a path of its disk: %q", brief(strings.TrimSpace(path)))
			}
		}
	}
	return ""
}
