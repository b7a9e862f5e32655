package record

import "time"

// ReportSchema is the $id of the JSON Schema that a [Report] in JSON keeps;
// schemas/report.schema.json holds it.
const ReportSchema = "https://fmaspec.invalid/schemas/report.schema.json"

// A Report is everything that a run found out, in stable order, without a
// secret in it. Every format is rendered from it.
type Report struct {
	Schema      string      `json:"$schema"`           // the $id of the report's JSON Schema
	Subject     string      `json:"subject,omitempty"` // ClientSubject where clients were judged; "" for a server
	Suite       SuiteInfo   `json:"suite"`
	Environment Environment `json:"environment"`
	Target      TargetInfo  `json:"target"`
	Settings    []Setting   `json:"settings"` // the flags of the run, as far as the user set them
	Safety      SafetyInfo  `json:"safety"`
	Pace        PaceInfo    `json:"pace"`
	// what was tried when the cases were done; nil where their answers left nothing open
	LastLook    *LastLook     `json:"last_look,omitempty"`
	Started     time.Time     `json:"started"`
	Elapsed     time.Duration `json:"elapsed_ns"`
	Verdict     Verdict       `json:"verdict"`
	Reason      string        `json:"reason,omitempty"`      // why the verdict is inconclusive or interrupted
	Interrupted bool          `json:"interrupted,omitempty"` // the run was stopped before its end
	Totals      Totals        `json:"totals"`
	Coverage    *Coverage     `json:"coverage,omitempty"`    // nil in a report that no run made
	Panics      []Panic       `json:"panics,omitempty"`      // of a handler that was judged in memory
	Exploration *Exploration  `json:"exploration,omitempty"` // nil where there was none
	// how the findings stand to those that are accepted; absent where nobody asked
	Baseline *BaselineResult `json:"baseline,omitempty"`
	// what was seen, where the suite did not send the requests; nil in the report of a run
	Traffic *TrafficInfo `json:"traffic,omitempty"`
	// the report on the clients that sent them
	Client       *Report             `json:"client,omitempty"`
	Load         *LoadInfo           `json:"load,omitempty"`   // nil where the target was put under no load
	Merged       *MergedInfo         `json:"merged,omitempty"` // nil where it is not the report of several shards
	Operations   []OperationInfo     `json:"operations"`       // those of the cases, sorted by id
	Requirements []RequirementResult `json:"requirements"`     // in the catalogue's order
	Cases        []CaseResult        `json:"cases"`            // in the order of their ids
}

// Explored is the generator of the cases of an exploration, and how their names begin.
const Explored = "explore"

// An Exploration counts the cases that a run drew from its seed in addition to those of its suite. Of
// these the report holds the smallest of each cause of failure alone.
type Exploration struct {
	Asked  int `json:"asked,omitempty"`    // how many cases were asked for; 0 where a time alone was
	Drawn  int `json:"drawn"`              // as many again draw the same cases, with those that nobody can judge
	Sent   int `json:"sent"`               // of them, that were judged
	Unsent int `json:"unsent,omitempty"`   // that were not sent, or not as a whole
	Left   int `json:"left_out,omitempty"` // that -run and -skip left out
	Causes int `json:"causes"`             // for which cases failed
}

// ClientSubject is the subject of a report on the clients of a server.
const ClientSubject = "client"

// TrafficInfo counts the exchanges of recorded or passing traffic.
type TrafficInfo struct {
	Exchanges int  `json:"exchanges"`     // that could be read
	Other     int  `json:"other"`         // of them, on paths that are no operation's: not applicable
	Unjudged  int  `json:"unjudged"`      // of them, on an operation's path, and no evidence
	Broken    int  `json:"broken"`        // entries that cannot be read
	Dropped   int  `json:"dropped"`       // exchanges that passed while the judge was busy
	Cut       bool `json:"cut,omitempty"` // a record ends in the middle of an entry
}

// A MergedInfo says that a report was put together from those of shards.
type MergedInfo struct {
	Shards int `json:"shards"`
	// the checks between answers that were made within each shard alone
	Apart []string `json:"apart,omitempty"`
}

// A Verdict is what a whole run comes to.
type Verdict string

// The verdicts.
const (
	Conformant    Verdict = "conformant"     // nothing failed, and something was proven
	NotConformant Verdict = "not-conformant" // at least one case failed
	Unjudged      Verdict = "unjudged"       // nothing failed, but too much could not be judged
)

// SuiteInfo identifies the suite that judged, and how it was set.
type SuiteInfo struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Contract string   `json:"contract"`       // SHA-256, in hex, over the OpenAPI document and the schemas
	Fixtures string   `json:"fixtures"`       // SHA-256, in hex, over the requirements and the cases
	Cases    int      `json:"cases"`          // in the suite, whether they were selected or not
	Run      string   `json:"run"`            // the pattern that chose cases, or ""
	Skip     string   `json:"skip"`           // the pattern that left cases out, or ""
	Only     []string `json:"only,omitempty"` // where there are any, the only cases that were chosen
	// the generators of cases that are not written down, such as "coverage"
	Generated []string `json:"generated,omitempty"`
	Shard     string   `json:"shard,omitempty"` // which part of the cases was sent, as "2/5"; "" for all
	// the user's own rules by which the suite judged, in their order; none where it judged by its catalogue
	OwnRules []OwnRule `json:"own_rules,omitempty"`
	Level    Level     `json:"level"` // the weakest level judged
	Strict   bool      `json:"strict"`
	Seed     string    `json:"seed"`   // repeats the values of {{sha1}} and {{comment}}
	Repeat   int       `json:"repeat"` // how often each case was sent
	Parallel int       `json:"parallel"`
	Timeout  string    `json:"timeout"`
}

// Filtered reports whether cases were left out of a run by a pattern or a level.
func (r *Report) Filtered() bool { return len(r.Cases) < r.Suite.Cases }

// StoppedAtFailure is the reason of the cases that are skipped since another had failed.
const StoppedAtFailure = "not sent: another case had failed, and the run stops at the first (-fail-fast)"

// Stopped returns how many cases were not sent, or not as often as was planned, since another had
// failed.
func (r *Report) Stopped() (n int) {
	for _, c := range r.Cases {
		if c.Outcome == Skipped && c.Reason == StoppedAtFailure {
			n++
		}
	}
	return n
}

// Environment is where the suite ran.
type Environment struct {
	Go         string `json:"go"` // the version it was built with
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
}

// OperationInfo is an operation of the contract, and where it is described.
type OperationInfo struct {
	ID     string `json:"id"`
	Method string `json:"method"`
	Path   string `json:"path"` // a template
	File   string `json:"file"` // the OpenAPI document, from the root of the suite's repository
	Line   int    `json:"line"`
}

// TargetInfo identifies what was judged.
type TargetInfo struct {
	URL            string `json:"url"`
	Name           string `json:"name"`
	Machine        string `json:"machine"`
	UnknownMachine string `json:"unknown_machine"` // one that the target does not know, or ""
	// a second one that accepted requests named
	OtherMachine string `json:"other_machine,omitempty"`
	// of the file that accepted requests named; "" for one of its own each
	File     string `json:"sha1"`
	Protocol string `json:"protocol"` // "HTTP/1.1" or "HTTP/2"
	Insecure bool   `json:"insecure"` // the target's certificate was not verified
	Proxy    string `json:"proxy"`    // host and port of the proxy in between, or ""
	// the address that was dialled in place of another, each as host and port
	Resolve map[string]string `json:"resolve,omitempty"`
	// no token was given, so that a made-up one was sent
	MadeUpToken bool `json:"made_up_token,omitempty"`
}

// SafetyInfo says what a run was allowed to cause, and how much of it was tried.
type SafetyInfo struct {
	Local      bool     `json:"local"`       // nothing that was sent left this machine, so that nothing had to be armed
	Armed      []string `json:"armed"`       // operations that could take effect elsewhere
	MaxActions int      `json:"max_actions"` // how many requests could take effect there
	Actions    int      `json:"actions"`     // how many were sent that could; each is in the journal
}

// A LastLook is what was tried when all cases were done, because their answers left
// open whether the implementation had given them.
type LastLook struct {
	// a TLS handshake went through at the port, which had been asked in plain HTTP
	TLS bool `json:"tls,omitempty"`
	// the request that was sent by itself: "GET /", or "case#step" of one that had been answered before
	Asked    string `json:"asked,omitempty"`
	Answered bool   `json:"answered,omitempty"` // whether it got an answer of the implementation's own
	Got      string `json:"got,omitempty"`      // the status, or why there is none
}

// PaceInfo says how often a target asked to come back later.
type PaceInfo struct {
	Retries int           `json:"retries"`   // requests sent again after a 429, 502, 503 or 504
	Waited  time.Duration `json:"waited_ns"` // in all
}

// Totals counts cases by outcome. Total is the sum of the others but
// Requests and Findings.
type Totals struct {
	Total         int `json:"total"`
	Passed        int `json:"passed"`
	Deviated      int `json:"deviated"`
	Failed        int `json:"failed"`
	Errored       int `json:"errored"`
	Inconclusive  int `json:"inconclusive"`
	Skipped       int `json:"skipped"`
	NotApplicable int `json:"not_applicable"`
	Requests      int `json:"requests"` // exchanges made
	Findings      int `json:"findings"`
}

// A RequirementResult is a requirement and the worst outcome of the cases that
// were to prove it.
type RequirementResult struct {
	Requirement
	State    string  `json:"state"` // "declared" or "exercised"; a command may know better and say "proven"
	Outcome  Outcome `json:"outcome"`
	Cases    int     `json:"cases"`    // cases of this run that prove it and were judged
	Findings int     `json:"findings"` // findings against it, wherever they were made
}

// A CaseResult is the result of one case.
type CaseResult struct {
	ID        string           `json:"id"`
	Title     string           `json:"title"`
	Operation string           `json:"operation"`
	Proves    []string         `json:"proves"`
	Control   string           `json:"control,omitempty"`
	File      string           `json:"file"`
	Line      int              `json:"line"`
	Outcome   Outcome          `json:"outcome"`
	Reason    string           `json:"reason,omitempty"` // why it was skipped, not applicable, inconclusive or errored
	Findings  []Finding        `json:"findings"`         // sorted by step, check, place
	Exchanges []ExchangeResult `json:"exchanges"`        // in the order of the steps
	// further exchanges of a session, which showed nothing new and are not kept
	Dropped int `json:"dropped,omitzero"`
}

// Exchange returns the exchange of a step, as a [Finding] counts them, or nil
// where it did not come about.
func (c *CaseResult) Exchange(step int) *ExchangeResult {
	for i := range c.Exchanges {
		if c.Exchanges[i].Step == step {
			return &c.Exchanges[i]
		}
	}
	return nil
}

// An ExchangeResult is an exchange as a report keeps it.
type ExchangeResult struct {
	// of the case, counted through all its repetitions from 0; those that did not come about are missing
	Step      int       `json:"step"`
	Request   Request   `json:"request"`
	Response  *Response `json:"response"` // null where no answer came
	Error     string    `json:"error,omitempty"`
	ErrorKind WireKind  `json:"error_kind,omitempty"`
	// how often it was put off, by 429, 502, 503 or 504, and sent again
	Retries int    `json:"retries,omitempty"`
	Alone   string `json:"alone,omitempty"` // why it was sent once more, with no other under way
	// machine and file were made up, so that nothing could take effect
	Inert  bool `json:"inert,omitempty"`
	Leaked bool `json:"leaked,omitempty"` // the answer held a secret, which was struck out
	// the places of the answer that held a token, or a part of one: "body", "header X-More", "trailer
	// X-More", "status line", "interim answer", "connection"
	TokenIn []string `json:"token_in,omitempty"`
	// the action's id, in small letters, in an answer of which only the beginning is kept
	Action  string        `json:"action,omitempty"`
	Started time.Time     `json:"started"`
	Elapsed time.Duration `json:"elapsed_ns"`
	Source  *Source       `json:"source,omitempty"` // where it was read; nil where it was not
	Lacks   []Part        `json:"lacks,omitempty"`  // what the record that it was read from does not hold
}

// A Finding is one way in which an answer breaks one requirement.
type Finding struct {
	Key         string `json:"key"`  // stable identity without prose: "check case#step place"
	Case        string `json:"case"` // ID of the case
	Step        int    `json:"step"` // which of the case's exchanges: see [CaseResult.Exchange]
	Check       string `json:"check"`
	Requirement string `json:"requirement"`
	Level       Level  `json:"level"`
	// "status", "header Content-Type", "body", "connection", or a JSON pointer such as "/fileInstances/0/status"
	Place string `json:"place"`
	Want  string `json:"want"`
	Got   string `json:"got"`
	Known *Known `json:"known,omitempty"` // the entry of the baseline that accepts it, or nil
	// where its exchange was read; nil where it was not
	Source *Source `json:"source,omitempty"`
	// how many exchanges it stands for: its own, and those of a record that are not kept, since they show
	// nothing more; 0 for its own alone
	Times int `json:"times,omitempty"`
}

// Count returns how many exchanges the finding stands for.
func (f Finding) Count() int { return max(f.Times, 1) }

// Known says who accepted a finding, and why.
type Known struct {
	Reason  string `json:"reason"`
	Owner   string `json:"owner"`
	Expires string `json:"expires,omitempty"` // the last day on which it is accepted, as 2006-01-02
	Line    int    `json:"line"`              // of the entry in the baseline's file
}

// A BaselineResult is how the findings of a run stand to those that are accepted.
type BaselineResult struct {
	File     string            `json:"file"`
	Entries  int               `json:"entries"`          // in the file
	Known    int               `json:"known"`            // findings that an entry accepts
	Verdict  Verdict           `json:"verdict"`          // of the run and the file, apart from what is known
	Reason   string            `json:"reason,omitempty"` // why that verdict is not plain
	Problems []BaselineProblem `json:"problems"`         // by kind, then by key
}

// A BaselineProblem is one way in which a run and its baseline do not agree.
type BaselineProblem struct {
	Kind string `json:"kind"` // "new", "vanished", "expired" or "unmatched"
	Key  string `json:"key"`
	Line int    `json:"line"` // of the entry in the baseline's file; 0 for a new finding
	Text string `json:"text"` // what is wrong and what to do, one sentence
}

// A Panic is a panic of a handler that was judged in memory. net/http hides it
// behind a closed connection, which tells nobody what is wrong.
type Panic struct {
	Value    string   `json:"value"`    // of the panic; others with its stack may have had others
	Stack    []string `json:"stack"`    // of the handler, "function file:line", from the panic outwards
	Requests int      `json:"requests"` // that met it
	Case     string   `json:"case"`     // of them, the first in the order of ids
}

// InMemory is the URL that a report gives for a handler: nobody can send there.
const InMemory = "http://in-memory"
