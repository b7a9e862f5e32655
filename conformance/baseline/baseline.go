// Package baseline keeps the findings that somebody has accepted, and holds a
// run against them: what is new counts, and so does an entry that nothing
// speaks for any more.
//
// A file of accepted findings is plain text:
//
//	# The mock of the team next door.
//
//	# It knows no words for a status yet.
//	types requestSample/valid/accepts-other-order#0 /fileInstances/0/status
//	types requestSample/valid/accepts-plain-request#0 /fileInstances/0/status
//	  reason: the mock sends numbers until its next release
//	  owner: mocks@team.example
//	  expires: 2027-01-31
//
// Keys begin in the first column, one a line, each as [record.Finding] has
// it. What follows them with a blank before it belongs to all keys directly
// above: the reason, the owner, and the last day, which may be left out. An
// empty line ends an entry. Lines that begin with # are comments.
package baseline

import (
	"cmp"
	"slices"
)

// A Baseline is a file of accepted findings. The zero value accepts none.
type Baseline struct {
	name   string
	header []string // comments above the first entry, apart from it; "" for an empty line between
	blocks []*block // by their first key
	footer []string // comments below the last entry
}

// A block is some keys with what is said of all of them.
type block struct {
	comments []string
	keys     []key // sorted
	said     said
}

type key struct {
	text string
	line int
}

// said is what the file says of a block.
type said struct{ reason, owner, expires string }

// unsaid stands for a reason or an owner that somebody has yet to give.
const unsaid = "?"

// explained tells that somebody has said why it is accepted, and who answers for it.
func (e Entry) explained() bool { return e.Reason != unsaid && e.Owner != unsaid }

// New returns a baseline without entries, to be written into a file of that name.
func New(name string) *Baseline { return &Baseline{name: name} }

// An Entry accepts the findings of one key.
type Entry struct {
	Key           string
	Reason, Owner string // "?" where nobody has said it yet
	Expires       string // the last day, as 2006-01-02, or "" for none
	Line          int    // of the key in the file
}

// Entries returns all entries, sorted by key.
func (b *Baseline) Entries() (out []Entry) {
	for _, k := range b.blocks {
		for _, key := range k.keys {
			out = append(out, Entry{Key: key.text, Reason: k.said.reason, Owner: k.said.owner, Expires: k.said.expires, Line: key.line})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// sort orders the keys of each block, and the blocks by their first key. Blocks
// are not split: what shares a reason was decided at once.
func (b *Baseline) sort() {
	for _, k := range b.blocks {
		slices.SortFunc(k.keys, func(a, b key) int { return cmp.Compare(a.text, b.text) })
	}
	slices.SortFunc(b.blocks, func(a, b *block) int { return cmp.Compare(a.keys[0].text, b.keys[0].text) })
}
