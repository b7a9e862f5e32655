// Package baseline reads and writes files of accepted findings, and compares runs with them:
// new findings fail a run, and so do entries whose finding no longer occurs.
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
// Keys begin in the first column, one per line, as in [record.Finding]. Indented lines
// belong to all keys directly above: the reason, the owner, and the last day, which is
// optional. An empty line ends an entry. Lines that begin with # are comments.
package baseline

import (
	"cmp"
	"slices"
)

// A Baseline is a file of accepted findings. The zero value accepts none.
type Baseline struct {
	name   string
	header []string // comments above the first entry, separated by an empty line; "" for an empty line between
	blocks []*block // by their first key
	footer []string // comments below the last entry
}

// A block is a group of keys with one reason, owner and last day.
type block struct {
	comments []string
	keys     []key // sorted
	said     said
}

type key struct {
	text string
	line int
}

// said holds the fields of a block.
type said struct{ reason, owner, expires string }

// unsaid is the placeholder for a missing reason or owner.
const unsaid = "?"

// explained reports whether the entry has a reason and an owner.
func (e Entry) explained() bool { return e.Reason != unsaid && e.Owner != unsaid }

// New returns an empty baseline for a file of that name.
func New(name string) *Baseline { return &Baseline{name: name} }

// An Entry accepts the findings of one key.
type Entry struct {
	Key           string
	Reason, Owner string // "?" if missing
	Expires       string // the last day, as 2006-01-02, or "" for none
	Line          int    // of the key in the file
}

// Entries returns all entries, sorted by key.
func (b *Baseline) Entries() (out []Entry) {
	for _, k := range b.blocks {
		for _, key := range k.keys {
			out = append(out, Entry{Key: key.text, Reason: k.said.reason, Owner: k.said.owner, Expires: k.said.expires,
				Line: key.line})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// sort orders the keys of each block, and the blocks by their first key. Blocks are not split:
// their keys were accepted together.
func (b *Baseline) sort() {
	for _, k := range b.blocks {
		slices.SortFunc(k.keys, func(a, b key) int { return cmp.Compare(a.text, b.text) })
	}
	slices.SortFunc(b.blocks, func(a, b *block) int { return cmp.Compare(a.keys[0].text, b.keys[0].text) })
}
