package reference

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// relationFaults give actions values that do not agree with those of other actions.
func relationFaults() []Fault {
	return []Fault{
		{Name: "answers-first-machine-id", Says: "gives every action the machineId of the first one",
			Breaks: ids("action.machine-differs", "state.isolated"), Wrap: keepFirst("machineId")},
		{Name: "answers-machine-id-of-connection", Says: "gives all actions of a connection the machineId of the first",
			Breaks: ids("action.machine-differs", "action.machine-same", "state.isolated"),
			Wrap:   keepFirstOf(perConnection, "machineId")},
		{Name: "mixes-machine-ids-in-parallel", Says: "gives the machineId of the action that it answered last, " +
			"while others are under way",
			Breaks:       ids("action.machine-same", "action.machine-differs", "state.isolated"),
			Intermittent: true, Wrap: mixMachines},
		{Name: "answers-machine-id-of-call", Says: "gives another machineId for each Sha1",
			Breaks: ids("action.machine-same"), Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("machineId", hashOf([]byte(machineOf(q)+fileOf(q)))))
			})},
		{Name: "answers-machine-id-of-operation", Says: "gives another machineId by each operation",
			Breaks: ids("action.machine-same"), Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("machineId", hashOf([]byte(machineOf(q)+q.operationOf()))))
			})},
		{Name: "answers-machine-id-of-half-the-path", Says: "makes the machineId of the first digit of the id in the " +
			"path",
			Breaks: ids("action.machine-differs"), Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("machineId", hashOf([]byte(upTo(machineOf(q), 1)))))
			})},
		{Name: "refuses-long-machine-id", Says: "answers 404 to a machine id of 40 digits",
			Breaks: ids("response.created"),
			Wrap: refuseIf(refusal{status: http.StatusNotFound, code: "ResourceNotFound",
				message: "The machine was not found."}, func(q *asked) bool { return len(machineOf(q)) == 40 })},
		{Name: "refuses-other-machine-id", Says: "answers 400 to a machine id that begins with other digits than " +
			"the first one", Breaks: ids("response.created"), Wrap: refuseOtherMachines},

		{Name: "reuses-id-on-other-machine", Says: "gives actions on one file by one operation the same id on every " +
			"machine", Breaks: ids("action.id"),
			Wrap: idOf(func(q *asked) string { return q.operationOf() + fileOf(q) })},
		{Name: "reuses-id-by-other-operation", Says: "gives actions on one file and machine the same id by both " +
			"operations", Breaks: ids("action.id"),
			Wrap: idOf(func(q *asked) string { return machineOf(q) + fileOf(q) })},
		{Name: "reuses-id-of-file", Says: "makes the id of the Sha1 alone", Breaks: ids("action.id"),
			Wrap: idOf(fileOf)},
		{Name: "answers-action-of-file", Says: "answers a call with the first action that the file had, whatever was " +
			"asked for", Breaks: ids("action.id", "action.type", "action.machine-same", "action.machine-differs"),
			Wrap: stale(fileOf)},

		{Name: "turns-clock-back", Says: "gives every third action a creation of a minute before",
			Breaks: ids("time.monotone"), Wrap: clock(func(n int, _ *asked) time.Duration {
				return map[bool]time.Duration{true: -time.Minute}[n%3 == 0]
			})},
		{Name: "counts-time-down", Says: "creates each action three seconds before the one that came before it",
			Breaks: ids("time.monotone"), Wrap: clock(func(n int, _ *asked) time.Duration {
				return time.Duration(-3*n) * time.Second
			})},
		{Name: "has-clocks-six-seconds-apart", Says: "answers by two servers in turn, the clock of one of which is " +
			"six seconds slow", Breaks: ids("time.monotone"), Wrap: clock(func(n int, _ *asked) time.Duration {
			return map[bool]time.Duration{true: -6 * time.Second}[n%2 == 0]
		})},
		{Name: "answers-local-time-by-one-operation", Says: "gives requestSample times of a zone eight hours behind " +
			"as if they were UTC", Breaks: ids("time.monotone"), Wrap: clock(func(_ int, q *asked) time.Duration {
			return map[bool]time.Duration{true: -8 * time.Hour}[q.operationOf() == "requestSample"]
		})},
		{Name: "has-two-clocks", Says: "answers by two servers in turn, the clock of one of which is ten seconds slow",
			Breaks: ids("time.monotone"), Wrap: clock(func(n int, _ *asked) time.Duration {
				return map[bool]time.Duration{true: -10 * time.Second}[n%2 == 0]
			})},

		{Name: "answers-requestor-of-call", Says: "gives each action a requestor of its own",
			Breaks: ids("action.requestor-same"), Wrap: onCount(func(n int, a *answer, _ *asked) {
				a.edit(set("requestor", fmt.Sprintf("analyst-%d@contoso.com", n)))
			})},
		{Name: "answers-previous-requestor", Says: "gives the requestor of the request before",
			Breaks: ids("action.requestor-same", "state.isolated"), Intermittent: true, Wrap: carry("requestor", 1)},
		{Name: "answers-requestor-by-operation", Says: "names the operation as the requestor",
			Breaks: ids("action.requestor-same"), Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("requestor", q.operationOf()))
			})},
		{Name: "answers-requestor-of-machine", Says: "names the machine of the path as the requestor",
			Breaks: ids("action.requestor-same"), Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("requestor", machineOf(q)))
			})},
	}
}

// fileOf returns the file that a request names, in small letters.
func fileOf(q *asked) string { return strings.ToLower(memberText(q, "Sha1")) }

// idOf makes the id of an action of what the request has.
func idOf(of func(*asked) string) wrap {
	return onAccepted(func(a *answer, q *asked) { a.edit(set("id", uuidOf(of(q)))) })
}

// clock shifts both times of the nth action, from 1.
func clock(shift func(n int, q *asked) time.Duration) wrap {
	return onCount(func(n int, a *answer, q *asked) {
		by := shift(n, q)
		for _, name := range times {
			a.edit(alterText(name, func(s string) string {
				t, err := time.Parse(time.RFC3339Nano, s)
				if err != nil {
					return s
				}
				return t.Add(by).Format(timeLayout)
			}))
		}
	})
}

// keepFirstOf gives every action of a kind a member of the first one.
func keepFirstOf(kind func(*asked) string, name string) wrap {
	return func(h http.Handler) http.Handler {
		var first sync.Map
		return onAccepted(func(a *answer, q *asked) {
			o, _ := parseObject(a.body)
			value, _ := first.LoadOrStore(kind(q), o.Get(name))
			a.edit(set(name, value))
		})(h)
	}
}

// mixMachines keeps the machineId of the request that it is about in one place for all,
// and takes a while before it writes it.
func mixMachines(h http.Handler) http.Handler {
	var mu sync.Mutex
	var last any
	return onAccepted(func(a *answer, _ *asked) {
		o, _ := parseObject(a.body)
		mu.Lock()
		last = o.Get("machineId")
		mu.Unlock()
		time.Sleep(meeting / 4)
		mu.Lock()
		defer mu.Unlock()
		a.edit(set("machineId", last))
	})(h)
}

// refuseOtherMachines knows the machines alone whose id begins as that of the first request.
func refuseOtherMachines(h http.Handler) http.Handler {
	var mu sync.Mutex
	known := ""
	return onAccepted(func(a *answer, q *asked) {
		mu.Lock()
		defer mu.Unlock()
		if known == "" {
			known = upTo(machineOf(q), 2)
		}
		if !strings.HasPrefix(machineOf(q), known) {
			a.replace(badBody("InvalidMachineId", "The machine id is incorrect.").answer())
		}
	})(h)
}

// relationVariants agree between answers in another way.
func relationVariants() []variant {
	return []variant{
		{"two-clocks", "answers by two servers in turn, whose clocks are 300 ms apart",
			clock(func(n int, _ *asked) time.Duration {
				return map[bool]time.Duration{true: -300 * time.Millisecond}[n%2 == 0]
			})},
		{"two-clocks-in-whole-seconds", "answers by two servers in turn, whose clocks are 900 ms apart and one of " +
			"which gives whole seconds", onCount(func(n int, a *answer, _ *asked) {
			if n%2 == 1 {
				return
			}
			for _, name := range times {
				a.edit(alterText(name, func(s string) string {
					t, _ := time.Parse(time.RFC3339Nano, s)
					return t.Add(-900 * time.Millisecond).Format("2006-01-02T15:04:05Z")
				}))
			}
		})},
		{"standing-clock", "gives every action the same times",
			reform(fixed("2020-03-14T15:09:26.2106524Z"), times...)},
		{"first-requestor", "names everyone by the first requestor, as a service does that calls for its users",
			keepFirst("requestor")},
		{"machine-id-in-either-case", "gives every second machineId in upper case",
			onCount(func(n int, a *answer, _ *asked) {
				if n%2 == 0 {
					a.edit(alterText("machineId", strings.ToUpper))
				}
			})},
		{"machine-id-as-uuid-digits", "gives the machineId of a store that counts its machines, in 32 digits",
			countMachines},
		{"refuses-file-under-way", "answers 400 ActiveRequestAlreadyExists to a further call for a file, on whatever " +
			"machine and by whatever operation", refuseFiles},
		{"earlier-action-for-same-call", "answers a call that it had before with the same action, whose status has " +
			"gone on", earlierAction},
	}
}

// countMachines gives each machine a number as its id.
func countMachines(h http.Handler) http.Handler {
	var mu sync.Mutex
	known := map[string]string{}
	return onAccepted(func(a *answer, q *asked) {
		mu.Lock()
		id := known[machineOf(q)]
		if id == "" {
			id = fmt.Sprintf("%032x", len(known)+1)
			known[machineOf(q)] = id
		}
		mu.Unlock()
		a.edit(set("machineId", id))
	})(h)
}

// refuseFiles remembers every file that is being acted on anywhere, for good.
func refuseFiles(h http.Handler) http.Handler {
	var running sync.Map
	no := badBody("ActiveRequestAlreadyExists", "Action is already in progress")
	return onAccepted(func(a *answer, q *asked) {
		if _, loaded := running.LoadOrStore(fileOf(q), true); loaded {
			a.replace(no.answer())
		}
	})(h)
}

// earlierAction answers a call for an action that is there with this action, and its
// number of answers as the comment.
func earlierAction(h http.Handler) http.Handler {
	var mu sync.Mutex
	first := map[string][]byte{}
	n := map[string]int{}
	return onAccepted(func(a *answer, q *asked) {
		mu.Lock()
		defer mu.Unlock()
		key := strings.ToLower(q.URL.Path) + fileOf(q)
		if n[key]++; n[key] == 1 {
			first[key] = a.body
			return
		}
		a.body = first[key]
		a.edit(set("status", "Succeeded"), set("requestorComment", strconv.Itoa(n[key])))
	})(h)
}
