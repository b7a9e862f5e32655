package conformance

import (
	"fmt"
	"strconv"

	"fmaspec/conformance/internal/pace"
)

// unrepeated is what is said of answers that a run asks for once more, and that a
// record has without that.
const unrepeated = "why an answer of a state that passes was not asked for once more"

// passingStates notes the answers 502, 503 and 504 that a run asks for once more by
// itself, and that are not recorded as such: only that distinguishes a failure from a
// temporary state.
func (v *verifier) passingStates(jobs []*job) {
	some, unanswered := false, map[kind]int{}
	for _, j := range jobs {
		for _, x := range j.exchanges {
			some = some || x.own()
			if x.Alone != "" && (x.busy() || x.late()) {
				unanswered[kindOf(j.c, x.Step)]++
			}
		}
	}
	if !some {
		return
	}
	for _, j := range jobs {
		for _, x := range j.exchanges {
			if x.busy() && x.Alone == "" && !j.c.Steps[x.Step].Abort && unanswered[kindOf(j.c, x.Step)] < endurance &&
				x.Round == 0 && v.binding.repeatable(j.steps[x.Step].sending) {
				v.exception(unrepeated, fmt.Sprintf("%s#%d", j.c.ID, x.step()))
			}
		}
	}
}

// lastLook refutes that something was tried which this run does not try.
func (v *verifier) lastLook(jobs []*job) {
	look := v.recorded.LastLook
	if look == nil {
		return
	}
	if !look.Answered && look.Asked != "" { // the request and its answer are in no record
		v.exception("what was tried last, which got no answer", look.Asked+": "+look.Got)
	}
	text := fmt.Sprintf("%+v", *look)
	if look.TLS {
		v.refute(look.Asked != "" || look.Answered || look.Got != "", "last_look", text, "a handshake of TLS, and no "+
			"request")
		return
	}
	status, err := strconv.Atoi(look.Got)
	v.refute(err == nil && look.Answered == pace.Unavailable(status), "last_look", text,
		"an answer of the implementation's own, or none")
	some, known := false, false
	for _, j := range jobs {
		for _, x := range j.exchanges {
			some = some || x.own()
			known = known || x.own() && !j.c.Steps[x.Step].Abort && fmt.Sprintf("%s#%d", j.c.ID, x.step()) == look.Asked
		}
	}
	v.refute(!known && (look.Asked != "GET /" || some), "last_look", text, "a request that the target had answered, "+
		"or GET / where it had answered none")
}
