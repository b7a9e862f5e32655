package reference

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// againFaults keep something of a file, or of a machine, that the next request for it
// should not meet.
func againFaults() []Fault {
	server := ids("refusal.no-server-error", "state.isolated")
	mixed := ids("action.sha1", "action.id", "action.file-id", "state.isolated")
	anyone := ids("auth.required", "refusal.status-auth", "refusal.challenge", "refusal.no-action", "state.isolated")
	role := ids("auth.role", "refusal.status-role", "refusal.no-action", "state.isolated")
	return []Fault{
		{Name: "remembers-refused-file", Says: "answers 400 to a good request for a file whose request was " +
			"refused before",
			Breaks: ids("state.isolated"), Phase: Coverage,
			Wrap: remembering(func(past map[string]int, q *asked, a *answer) bool {
				file := fileOf(q)
				known := past[file] > 0
				if file != "" && a.status != http.StatusCreated {
					past[file]++
				}
				return known
			}, refuse(http.StatusBadRequest))},
		{Name: "creates-action-again", Says: "gives the same id to the same call, and another creation",
			Breaks: ids("time.creation-same"), Wrap: idOf(func(q *asked) string {
				return machineOf(q) + q.operationOf() + fileOf(q)
			})},
		{Name: "takes-end-back", Says: "gives the same action to the same call, and another status once it had ended",
			Breaks: ids("action.progress"), Wrap: sameAgain(func(a *answer) { a.edit(set("status", "InProgress")) },
				func(a *answer) { a.edit(set("status", "Succeeded")) })},
		{Name: "updates-backwards", Says: "gives the same action to the same call, created and last updated a " +
			"minute before", Breaks: ids("time.creation-same", "action.progress"),
			Wrap: sameAgain(earlier, func(*answer) {})},
		{Name: "mistypes-status-for-machine-of-letters", Says: "gives the action on a machine whose id is of " +
			"letters alone a status that is a number",
			Breaks: ids("action.types"), Wrap: onAccepted(func(a *answer, q *asked) {
				if !strings.ContainsFunc(machineOf(q), func(r rune) bool { return r < 'a' || r > 'z' }) {
					a.edit(set("status", 1))
				}
			})},
		{Name: "answers-200-to-nul-character", Says: "answers 200 to a good request with U+0000 in its Comment",
			Breaks: ids("response.created"), Wrap: onAccepted(func(a *answer, q *asked) {
				if strings.Contains(memberText(q, "Comment"), "\x00") {
					a.status = http.StatusOK
				}
			})},
		{Name: "answers-known-file-first", Says: "answers a request for a file that it knows with the action of this " +
			"file, before it looks for a Comment",
			Breaks: ids("request.comment-required", "refusal.status-body", "refusal.no-action", "state.isolated"),
			Wrap:   knowsFileFirst},
		{Name: "finds-by-first-32-digits", Says: "takes hashes that begin with the same 32 digits for one file, " +
			"and gives " +
			"the first answer again", Breaks: mixed, Phase: Coverage,
			Wrap: stale(func(q *asked) string { return q.URL.Path + fileOf(q)[:32] })},
		{Name: "finds-by-last-32-digits", Says: "takes hashes that end in the same 32 digits for one file, and " +
			"gives the " +
			"first answer again", Breaks: mixed, Phase: Coverage,
			Wrap: stale(func(q *asked) string { return q.URL.Path + fileOf(q)[8:] })},
		{Name: "refuses-file-of-other-machine", Says: "answers 409 to a request for a file that was asked for on " +
			"another " +
			"machine", Breaks: ids("state.isolated"), Phase: Coverage,
			Wrap: remembering(func(past map[string]int, q *asked, _ *answer) bool {
				file := q.operationOf() + fileOf(q)
				past[file+machineOf(q)]++
				past[file]++
				return past[file] > past[file+machineOf(q)]
			}, refuse(http.StatusConflict))},
		{Name: "crashes-on-third-request-for-file", Says: "answers 500 to the third request for a file", Breaks: server,
			Phase: Coverage, Wrap: remembering(func(past map[string]int, q *asked, _ *answer) bool {
				past[q.URL.Path+fileOf(q)]++
				return past[q.URL.Path+fileOf(q)] == 3
			}, crash)},
		{Name: "crashes-on-file-in-other-case", Says: "answers 500 to a file that was asked for in another " +
			"letter case " +
			"before", Breaks: server, Phase: Coverage,
			Wrap: remembering(func(past map[string]int, q *asked, _ *answer) bool {
				written, file := q.URL.Path+memberText(q, "Sha1"), q.URL.Path+fileOf(q)
				past["as "+written]++
				past[file]++
				return past[file] > past["as "+written]
			}, crash)},
		{Name: "remembers-user-of-file", Says: "accepts a request without Authorization for a file of a good request " +
			"before", Breaks: anyone, Phase: Coverage, Wrap: rememberUser(fileOf)},
		{Name: "remembers-role-of-file", Says: "accepts a user without the role for a file of a good request before",
			Breaks: role, Phase: Coverage, Wrap: rememberRole},

		{Name: "trusts-on-long-machine-id", Says: "accepts a request without Authorization for a machine whose id " +
			"has 40 " +
			"digits", Breaks: anyone, Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
			return onLongID(q) && len(q.Header.Values("Authorization")) == 0 && trusts(q)
		})},
		{Name: "permits-on-long-machine-id", Says: "accepts a user without the role for a machine whose id has " +
			"40 digits",
			Breaks: role, Wrap: excuse(http.StatusForbidden, func(q *asked) bool { return onLongID(q) && trusts(q) })},
		{Name: "permits-old-version", Says: "accepts a user without the role in HTTP/1.0", Breaks: role,
			Phase: Coverage,
			Wrap:  excuse(http.StatusForbidden, func(q *asked) bool { return oldVersion(q) && trusts(q) })},
		{Name: "permits-who-claims-a-role", Says: "accepts a user without the role who says in X-Role that he has it",
			Breaks: role, Phase: Coverage, Wrap: excuse(http.StatusForbidden, func(q *asked) bool {
				return len(q.Header.Values("X-Role")) > 0 && trusts(q)
			})},
		{Name: "crashes-on-equal-requests-at-once", Says: "answers 500 to a request while another for the same " +
			"file is served", Breaks: server, Intermittent: true, Wrap: failEqual},
		{Name: "answers-200-to-chunks", Says: "answers 200 to a body in chunks", Breaks: ids("response.created"),
			Phase: Coverage,
			Wrap: onAccepted(func(a *answer, q *asked) {
				if chunky(q) {
					a.status = http.StatusOK
				}
			})},
	}
}

// sameAgain answers a call for a known file by the action that is there. The first answer about
// it is changed by first, and all others by again.
func sameAgain(again, first func(*answer)) wrap {
	return func(h http.Handler) http.Handler {
		known := stale(func(q *asked) string { return q.URL.Path + fileOf(q) })(
			onAccepted(func(a *answer, _ *asked) { first(a) })(h))
		return remembering(func(past map[string]int, q *asked, a *answer) bool {
			if a.status != http.StatusCreated {
				return false
			}
			past[q.URL.Path+fileOf(q)]++
			return past[q.URL.Path+fileOf(q)] > 1
		}, func(a *answer, _ *asked) { again(a) })(known)
	}
}

// earlier puts both times of an answer back by a minute.
func earlier(a *answer) {
	for _, name := range times {
		a.edit(alterText(name, func(s string) string {
			t, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				return s
			}
			return t.Add(-time.Minute).Format(timeLayout)
		}))
	}
}

// memberText returns a member of the body that is a string, "" where it cannot be read.
func memberText(q *asked, name string) string {
	o, _ := parseObject(q.body)
	text, _ := o.Get(name).(string)
	return text
}

func onLongID(q *asked) bool { return len(machineOf(q)) == 40 }

// rememberRole accepts a user without the role for files that were accepted before.
func rememberRole(h http.Handler) http.Handler {
	var known sync.Map
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		switch a.status {
		case http.StatusCreated:
			known.Store(fileOf(q), true)
		case http.StatusForbidden:
			if _, is := known.Load(fileOf(q)); is {
				mended := q.clone()
				trusts(mended)
				a = mended.serve(h)
			}
		}
		a.write(w)
	})(h)
}

// failEqual answers 500 to a good request while another for the same file is served.
func failEqual(h http.Handler) http.Handler {
	var busy sync.Map
	return onAccepted(func(a *answer, q *asked) {
		key := q.URL.Path + fileOf(q)
		if _, is := busy.LoadOrStore(key, true); is {
			crash(a, q)
			return
		}
		time.Sleep(meeting / 4)
		busy.Delete(key)
	})(h)
}

// knowsFileFirst answers by the file alone once it has accepted a request for it.
func knowsFileFirst(h http.Handler) http.Handler {
	var known sync.Map
	return rewrite(func(a *answer, q *asked) {
		key := q.URL.Path + fileOf(q)
		if a.status == http.StatusCreated {
			known.LoadOrStore(key, a.body)
		} else if first, is := known.Load(key); is && a.status == http.StatusBadRequest {
			a.status, a.body = http.StatusCreated, first.([]byte)
		}
	})(h)
}
