package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/internal/redact"
)

// insideMark is a mark of a server's inside in an answer.
type insideMark struct {
	what string

	// One of these texts stands in all that the mark finds: of words as it is, of folded in a text
	// whose letters are made small. Looking for them first saves most of the time.
	words, folded []string

	mark func() *regexp.Regexp
}

// announced reports whether one of the texts that announce the mark stands in a text, which is also
// given in small letters.
func (m *insideMark) announced(text, small string) bool {
	return slices.ContainsFunc(m.words, func(w string) bool { return strings.Contains(text, w) }) ||
		slices.ContainsFunc(m.folded, func(w string) bool { return strings.Contains(small, w) })
}

// insideMarks are the marks that are looked for, in this order. The forms are narrow enough to pass
// over prose about requests: "Please select a file from the machine" is no query. A kind has several
// rows where the words of some forms are common in prose.
var insideMarks = []insideMark{
	{"the trace or the message of a crash", []string{"goroutine ", "runtime error: ", "nil pointer", "Traceback (",
		", line ", "--- End of ", ":line ", ".php", "PHP ", ".rb:", "panicked at ",
		".go:", ".py:", ".cs:", ".java:", ".js:", ".ts:", ".rs:", ".kt:", ".scala:", ".cpp:", ".cc:", ".ex:", ".exs:",
		".erl", ".swift:", ".dart:", ".lua:", "fatal error: ", "Fatal error: ", "interface conversion: ", "... ",
		"undefined ", "Cannot read propert", "UnhandledPromise", "Uncaught ", "Call to ", "Undefined ", "called `",
		"** (", "{line,",
		"terminate called", "core dumped", "Segmentation fault", "std::", "double free", "Sanitizer", "CallStack",
		"stack backtrace:", "0x", ".pl line ", ".pm line "}, nil, anyOf(
		// Go
		`goroutine \d+ \[`,
		`\bruntime error: (invalid memory|index out of|slice bounds|integer divide|makeslice|hash of)`,
		`nil pointer dereference`, `\bfatal error: (all goroutines|concurrent map|stack overflow|runtime:)`,
		`\binterface conversion: [^\n]{1,200} is [^\n]{1,200}, not `,
		`Traceback \(most recent call last\)`, `File "[^"\n]+", line \d+`, // Python
		`\.\.\. \d+ (more\s*$|common frames omitted)`, // the JVM
		`:line \d+\b`, `--- End of (inner exception )?stack trace`, // .NET
		// Node
		`\bCannot read propert(y|ies) ([^\n]{1,80} )?of (undefined|null)\b`,
		`\bUnhandledPromiseRejection`,
		// PHP
		`(?m:^#\d+ .+\.php\(\d+\): )`, `\bPHP (Fatal error|Parse error|Warning|Notice)\b`,
		`\.php(</b>)?(:\d+\b| on line (<b>)?\d+)`, `\bUncaught [\w\\]*(Error|Exception)\b`,
		`\bCall to (undefined|a member) (function|method)\b`, `\bUndefined (array key|index|variable|offset)\b:? `,
		// Ruby
		"\\bundefined (local variable or )?method [`'][^'\\n]+' for (an instance of|nil|#<|main)",
		"called `(Option|Result)::(unwrap|expect)\\(\\)`", // Rust
		// Elixir and Erlang
		`\*\* \((\w+(\.\w+)*Error|EXIT[^)]*|exit|throw)\)`, `\w/[\w-]+\.(exs?|erl):\d+\b`, `\.erl"?\},\s*\{line,\s*\d+`,
		// C and C++
		`\bterminate called (after throwing|without an active)`, `\(core dumped\)`, `\bSegmentation fault\b`,
		`\bstd::(bad_\w+|\w+_error|exception)\b`, `\bdouble free or corruption\b`, `\b\w+Sanitizer: `,
		`(?m:^\s*#\d+\s+0x[0-9a-f]{6,} in )`,
		`\.swift:\d+\b`, `\.swift, line \d+`, // Swift
		`\.dart:\d+:\d+\b`, `\.lua:\d+: `, `\bCallStack \(from HasCallStack\)`,
		"\\.rb:\\d+:in [`']", `\bpanicked at `, `\bstack backtrace:`, `\bat \S+\.p[lm] line \d+`, // Ruby, Rust, Perl
		// the last three end names of hosts too
		`\b[\w-]+\.(go|cs|java|js|ts|rb|kt|scala|cpp):\d+\b`, `[\w.-]/[\w-]+\.(py|rs|cc):\d+\b`,
	)},
	{"the trace or the message of a crash", nil, []string{"stacktrace", "stack_trace", "traceback"}, anyOf(
		`"(?i:stack_?trace|traceback)"\s*:\s*("[^"]|\[\s*["{\d]|\{)`,
	)},
	{"the trace or the message of a crash", []string{".java:", ".kt:", ".scala:", ".groovy:", ".clj:",
		"(Native Method)", "(Unknown Source)", "(file://", "(node:", "(/", `:\`, "at file://", "at node:internal", "at /"},
		nil, anyOf(
			// the JVM
			`\bat [\w$.<>/@-]+\([\w$.-]+\.(java|kt|scala|groovy|clj):\d+\)`,
			`\bat [\w$.<>/@-]+\((Native Method|Unknown Source)\)`,
			// Node
			`\bat [^\n(]{1,200} \((file://|node:|/|[A-Za-z]:\\)[^)\n]*:\d+:\d+\)`,
			`\bat (file://|node:internal|/)[^\s)]+:\d+:\d+`,
		)},
	{"the trace or the message of a crash", []string{" at ", "\tat "}, nil, anyOf( // .NET
		"(?m:^[ \\t]+at (async )?[\\w<>$]+(\\.[\\w<>$`\\[\\],+]+)+\\([^)\\n]*\\))",
	)},
	{"an exception's name", []string{"Exception", "java.lang.", "sqlalchemy", "django", "psycopg", "pymysql", "asyncpg",
		"pymongo", "redis", "werkzeug", "::", "Error"}, nil, anyOf(
		`\b(NullPointer|NullReference|ArgumentNull|IllegalArgument|IllegalState|InvalidOperation|ClassCast|IndexOutOfRange|ArrayIndexOutOfBounds|NumberFormat|Sql|SQL|IO|Runtime)Exception\b`,
		`\b(java|javax|jakarta|kotlin|scala|org|com|net|io|System|Microsoft)(\.[A-Za-z_]\w*)*\.\w+Exception\b`,
		`\bjava\.lang\.\w+Error\b`,
		`\b(sqlalchemy\.exc|django(\.\w+)+|psycopg2?(\.errors)?|pymysql\.err|asyncpg\.exceptions|pymongo\.errors|redis\.exceptions|werkzeug\.exceptions)\.[A-Z]\w+\b`,
		`\b(ActiveRecord|ActionController|ActionDispatch|PG|Mysql2|Sequel|Mongo|Redis)::[A-Z]\w*(::[A-Z]\w*)*\b`,
		`\b(Ecto|Phoenix|Postgrex|DBConnection|Plug)\.\w*(\.\w+)*Error\b`,
	)},
	{"a query to a database", []string{"SQL", "ORA-"}, []string{"select", "insert", "update", "delete"}, anyOf(
		`\bSELECT\b.+\b(?i:from)\b`, `\bINSERT (?i:into)\b`, `\bUPDATE\b.+\bSET\b`, `\bDELETE (?i:from)\b`,
		`(?i:\bselect\s+\*\s+from\b)`,
		"(?i:\\bselect\\s.+\\sfrom\\s+[\\w.\"`\\[\\]]+\\s+(as\\s+\\w+\\s+)?where\\s+"+
			"[\\w.\"`\\[\\]]+\\s*(=|<|>|!=|in\\s*\\(|like\\s+['$?:@]))",
		"(?i:\\binsert\\s+into\\s+[\\w.\"`\\[\\]]+\\s*(\\([^)]*\\)\\s*)?values\\s*\\()",
		"(?i:\\bupdate\\s+[\\w.\"`\\[\\]]+\\s+set\\s+[\\w.\"`\\[\\]]+\\s*=)",
		"(?i:\\bdelete\\s+from\\s+[\\w.\"`\\[\\]]+\\s+where\\s+[\\w.\"`\\[\\]]+\\s*(=|<|>|in\\b|like\\b))",
		`\bSQLSTATE\b`, `\bORA-\d{5}\b`, `error in your SQL syntax`, `\bSQLITE_[A-Z]+\b`,
	)},
	{"an error of a database", []string{"relation ", `column "`, "near ", "constraint", "value in column", "input syntax",
		"byte sequence", "pq: ", "Duplicate entry", "Unknown column", "for column", "ER_", "' doesn't exist",
		"object name", "quotation mark", "binary data would", "column name", "PLS-", "TNS-", "no such ",
		"E11000", "Mongo", "WRONGTYPE", "NOAUTH", "MISCONF", "WRONGPASS", "READONLY You", "Redis is",
		"search_phase"}, nil, anyOf(
		// PostgreSQL
		`\b(relation|column) "[^"\n]+" (of relation "[^"\n]+" )?does not exist`, `\bsyntax error at or near "`,
		`\bviolates (unique|not-null|foreign key|check|exclusion) constraint\b`, `\bnull value in column "`,
		`\binvalid input syntax for (type )?(uuid|integer|bigint|json|timestamp)\b`,
		`\binvalid byte sequence for encoding "`,
		`\bpq: \w`,
		// MySQL
		`\bDuplicate entry '[^\n]*' for key\b`, `\bUnknown column '[^'\n]+' in '`, `\bData too long for column '`,
		`\bER_[A-Z]+_[A-Z_]+\b`, `\bTable '[\w.-]+' doesn't exist`,
		// SQL Server
		`\bIncorrect syntax near `, `\bInvalid object name '`, `\bUnclosed quotation mark after the character string\b`,
		`\bString or binary data would be truncated\b`, `\bViolation of (PRIMARY|UNIQUE) KEY constraint\b`,
		`\bInvalid column name '`,
		// Oracle
		`\b(PLS|TNS)-\d{5}\b`,
		// SQLite
		`\bno such (table|column): \w`, `\bnear "[^"\n]*": syntax error`,
		`\b(UNIQUE|NOT NULL|FOREIGN KEY|CHECK) constraint failed\b`,
		`\bE11000 duplicate key error\b`, `\bMongo(Server|Network|Write|Bulk|Parse|Timeout|ServerSelection)?Error\b`,
		// Redis
		`\bWRONGTYPE Operation against a key\b`, `\bNOAUTH Authentication required\b`, `\bMISCONF Redis\b`,
		`\bWRONGPASS invalid username\b`, `\bREADONLY You can't write\b`, `\bLOADING Redis is\b`,
		`\bsearch_phase_execution_exception\b`, // Elasticsearch
	)},
	{"an address of another server of its own", []string{"dial ", "connect E", "getaddrinfo "},
		[]string{"connection refused"}, anyOf(
			`\bdial (tcp|udp|unix) \S+`, `\bconnect E(CONNREFUSED|TIMEDOUT|HOSTUNREACH) \S+`, `\bgetaddrinfo E\w+ \S+`,
			`(?i:\bconnection refused: \S+:\d+)`, `\bconnect to [\w.-]+[/:][\w.:-]+ failed: Connection refused\b`,
		)},
	{"a variable of its environment", []string{"PATH", "_HOME", "_SECRET", "_PASSWORD", "_KEY", "_TOKEN",
		"DATABASE_URL",
		"KUBERNETES_", "ASPNETCORE_", "NODE_ENV", "RAILS_ENV"}, nil, anyOf(
		`\b(LD_LIBRARY_PATH|PATH|PYTHONPATH|GOPATH|GEM_PATH|CLASSPATH|NODE_PATH)=[/A-Z][^\s"]*[:;/\\]`,
		`\bJAVA_HOME=\S`,
		`\bAWS_(SECRET_ACCESS_KEY|ACCESS_KEY_ID|SESSION_TOKEN)\b`,
		`\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_(SECRET|PASSWORD|API_KEY|SECRET_KEY|ACCESS_KEY|TOKEN)=[^\s"]`,
		`\b(DATABASE_URL|KUBERNETES_\w+|ASPNETCORE_\w+|NODE_ENV|RAILS_ENV)=[^\s"]`,
		`"(PATH|DATABASE_URL|KUBERNETES_\w+|ASPNETCORE_\w+|NODE_ENV|RAILS_ENV|[A-Z0-9_]+_(SECRET|PASSWORD|API_KEY))"\s*:\s*"[^"]`,
	)},
	{"a connection string", []string{"://", "jdbc:", "=", "DefaultEndpointsProtocol"}, nil, anyOf(
		`\b(postgres(ql)?|mysql2?|mariadb|mongodb|rediss?|amqps?|sqlserver|mssql|oracle|nats|clickhouse|cassandra)(\+\w+)?://[^\s"'<>]+`,
		`\bsqlite3?:///[^\s"'<>]+`, `\bEndpoint=sb://`, `\b(AccountKey|SharedAccessKey)=[A-Za-z0-9+/*]{8,}`,
		`(?i:\b(server|data source|host|user id|uid|username)\s*=[^;\n"]+;[^"\n]*\b(password|pwd)\s*=)`,
		`(?i:\bhost=\S+ ((port|user|dbname|sslmode)=\S+ )*(password|dbname)=\S)`,
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
		`])/(app|src|build|mnt|code|data|run|workspace|go/src|Users/[\w.@-]+)/[\w./@+-]*\.(go|py|cs|java|rb|rs|kt|pl|pm|php|exs?|erl|swift|cpp|lua|db|sqlite3?|conf|ini|toml|env|log|pem|sock|jar|so)\b`,
	`\b[A-Za-z]:\\+(inetpub|wwwroot|home\\+site|a\\+\d+\\+s|agent|build|src|app)\\+[\w .\\-]+`,
	`\b[A-Za-z]:\\+Windows\\+Microsoft\.NET\\+[\w .\\-]+`,
	`\b[A-Za-z]:\\+[\w .\\-]+\.(cs|vb|cshtml|config|pdb|go|py|java|php|rb|js|ts)\b`,
)

// diskWords are texts of which one stands in all that diskPath finds. Looking for them
// first saves most of the time.
var diskWords = []string{"/usr/", "/var/", "/etc/", "/opt/", "/srv/", "/root/", "/tmp/", "/proc/", "/home/", "/app/",
	"/src/", "/build/", "/mnt/", "/code/", "/data/", "/run/", "/workspace/", "/go/src/", "/Users/", `:\`}

// link is what leads elsewhere in a page, and is a path of no disk.
var link = regexp.MustCompile(`(?i)\b(href|src|action|content)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)

// anyOf returns what compiles an expression that matches any of the forms, when it is first
// needed: most answers show nothing of a server's inside, and compiling takes milliseconds.
func anyOf(forms ...string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(strings.Join(forms, "|")) })
}

// unescaped undoes the escapes of JSON strings that stand in paths and traces.
var unescaped = strings.NewReplacer(`\\`, `\`, `\/`, `/`, `\"`, `"`, `\n`, "\n", `\r`, "", `\t`, "\t", `\u0022`, `"`,
	`\u0027`, `'`, `\u003c`, "<", `\u003e`, ">")

// endsKept is how much of the beginning and of the end of a long text is searched for what is of a
// server's inside: the search takes a second for a megabyte that looks like a trace and is none.
const endsKept = 64 << 10

// ends returns a text without what stands in the middle of a long one.
func ends(text string) string {
	if len(text) <= 2*endsKept {
		return text
	}
	return text[:endsKept] + "\n" + text[len(text)-endsKept:]
}

// insideOf says what of a server's inside stands in the body of an answer, ""
// for nothing. The path that was asked for is none of it: problem details and
// the errors of frameworks repeat it; neither is what the request sent.
func insideOf(body, asked string, sent ...string) string {
	texts := []string{body}
	if strings.Contains(body, `\`) {
		texts = []string{unescaped.Replace(body), body}
	}
	if strings.Contains(body, "&") {
		for i := range texts {
			texts[i] = html.UnescapeString(texts[i])
		}
	}
	for i := range texts {
		for _, s := range sent {
			texts[i] = strings.ReplaceAll(texts[i], s, "")
		}
		texts[i] = ends(texts[i])
	}
	small := make([]string, len(texts))
	for i := range texts {
		small[i] = strings.ToLower(texts[i])
	}
	for _, i := range insideMarks {
		for k, text := range texts {
			if !i.announced(text, small[k]) {
				continue
			}
			if found := i.mark().FindString(text); found != "" {
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
		for _, found := range diskPath().FindAllString(text, -1) {
			path := strings.TrimLeft(found, " \t\r\n\"'([=:>`")
			if !strings.HasPrefix(own, path) && (tail == "" || !strings.Contains(path, tail)) {
				return fmt.Sprintf("a path of its disk: %q", brief(strings.TrimSpace(path)))
			}
		}
	}
	return ""
}

// shortestSent is the length from which a text of a request is looked for in an answer.
const shortestSent = 4

// sentTexts returns the texts of a request that an error may repeat, longest first: the
// body, and the strings of its members, also as JSON writes them, in JSON too.
func sentTexts(body []byte) (out []string) {
	add := func(text string) {
		// An answer repeats it as its record has it: without what looks like a secret.
		for _, text := range []string{text, (&redact.Secrets{}).Text(text)} {
			if len(text) >= shortestSent && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	escaped := func(text string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(text) != nil {
			return text
		}
		quoted := strings.TrimSpace(b.String())
		return quoted[1 : len(quoted)-1]
	}
	for _, text := range []string{string(body), escaped(string(body))} {
		add(text)
	}
	var members map[string]any
	if json.Unmarshal(body, &members) == nil {
		for _, value := range members {
			text, is := value.(string)
			if !is {
				continue
			}
			add(text)
			add(escaped(text))
			add(escaped(escaped(text)))
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return out
}
