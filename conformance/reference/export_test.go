package reference

// Unchanged wraps a server in what all faults are made of, and changes nothing.
var Unchanged = rewrite(func(*answer, *asked) {})

// ByHand wraps a server in what the faults of the wire are made of, and writes
// what the server would have written.
var ByHand = onWire(say(func(a *answer) string { return a.head(a.length(0)) + string(a.body) }))

// Broken is the handler that New returns if the embedded document cannot be read.
var Broken broken
