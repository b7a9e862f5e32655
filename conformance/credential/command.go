package credential

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The limits of a command.
const (
	commandLimit = time.Minute
	pipeGrace    = 2 * time.Second // for background processes that keep its output open
	outputLimit  = 64 << 10        // bytes
	saidLimit    = 4 << 10         // bytes of stderr that are kept
	saidShown    = 300             // characters of them that an error shows
)

// Command returns a source that runs a line in the system's shell and reads the token from its
// output: the bare token, or a JSON object with access_token or accessToken, as printed for
// OAuth 2.0 and by "az account get-access-token". The member expires_on (seconds since 1970)
// or expires_in (seconds from now) is its expiry. The member expiresOn is ignored: it is a
// local time without a zone. Errors do not contain the line, because it may have a secret.
func Command(line, from string, environment []string, now func() time.Time) Source {
	return shell{line, from, environment, now, commandLimit, pipeGrace}.token
}

// A shell runs one line.
type shell struct {
	line, from   string
	environment  []string
	now          func() time.Time
	limit, grace time.Duration
}

func (s shell) token(ctx context.Context) (Token, error) {
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	out, said := &head{full: cancel}, &tail{}
	c := command(limited, s.line)
	c.Env = append([]string{}, s.environment...) // nil would mean the environment of this process
	c.WaitDelay = s.grace
	c.Stdout, c.Stderr = out, said
	err := c.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it succeeded; a background process does not matter
	}
	tail := said.text(out.words()...)
	var ended *exec.ExitError
	switch {
	case out.over:
		return Token{}, fmt.Errorf("%s: the command printed more than %d KiB; let it print only the token", s.from,
			outputLimit>>10)
	case ctx.Err() != nil:
		return Token{}, fmt.Errorf("%s: the command was stopped: %w; run it again", s.from, context.Cause(ctx))
	case limited.Err() != nil:
		return Token{}, fmt.Errorf("%s: the command did not end within %v%s; run it in a shell to see why it waits",
			s.from, s.limit, tail)
	case errors.As(err, &ended):
		return Token{}, fmt.Errorf("%s: the command ended with %v%s; run it in a shell and correct it", s.from, ended,
			tail)
	case err != nil:
		return Token{}, fmt.Errorf("%s: the shell that runs the command cannot be started: %w; name a file that "+
			"holds the token instead", s.from, err)
	}
	value, expiry, err := parse(out.kept, s.now())
	if err != nil {
		return Token{}, fmt.Errorf("%s: the command %w%s", s.from, err, tail)
	}
	return Token{value, expiry, s.from}, nil
}

// The errors for output of a command that is not a token.
var (
	errSilent  = errors.New("printed nothing; let it print the token")
	errNotJSON = errors.New("printed malformed JSON; let it print the bare token, or an object with access_token")
	errNoToken = errors.New("printed JSON without access_token or accessToken; let it print one of them, or the " +
		"bare token")
	errNotBare = errors.New("printed a blank, a line break or another character that is not allowed in a bearer " +
		"token; let it print only the token")
)

// parse parses the output of a command. Its errors contain no part of it.
func parse(out []byte, now time.Time) (value string, expiry time.Time, err error) {
	out = bytes.TrimSpace(bytes.TrimPrefix(out, []byte("\ufeff")))
	switch {
	case len(out) == 0:
		return "", time.Time{}, errSilent
	case out[0] == '"':
		if json.Unmarshal(out, &value) != nil {
			return "", time.Time{}, errNotJSON
		}
	case out[0] == '{':
		var answer map[string]json.RawMessage
		if json.Unmarshal(out, &answer) != nil {
			return "", time.Time{}, errNotJSON
		}
		if value = cmp.Or(text(answer["access_token"]), text(answer["accessToken"])); value == "" {
			return "", time.Time{}, errNoToken
		}
		expiry = instant(number(answer["expires_on"]))
		if life := number(answer["expires_in"]); expiry.IsZero() && life >= 1 && life <= math.MaxInt32 {
			expiry = now.Add(time.Duration(life) * time.Second)
		}
	default:
		value = string(out)
	}
	if Bare(value) != nil {
		return "", time.Time{}, errNotBare
	}
	return value, expiry, nil
}

// number parses a number, or a string with a number, or returns 0.
func number(raw json.RawMessage) float64 {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil {
		return 0
	}
	return n
}

// A head keeps the first outputLimit bytes written to it, and then calls full. It does not
// embed bytes.Buffer, whose ReadFrom has no limit.
type head struct {
	kept []byte
	full func()
	over bool
}

func (h *head) Write(p []byte) (int, error) {
	if len(h.kept)+len(p) > outputLimit {
		h.over = true
		h.full()
		return 0, errors.New("too much")
	}
	h.kept = append(h.kept, p...)
	return len(p), nil
}

// words returns texts that may be or contain the token.
func (h *head) words() (out []string) {
	for _, w := range strings.FieldsFunc(string(h.kept), func(r rune) bool { return r <= ' ' || r == '"' }) {
		if len(w) >= shortSecret {
			out = append(out, w)
		}
	}
	return out
}

// A tail keeps the last bytes written to it.
type tail struct {
	kept []byte
	cut  bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - saidLimit; over > 0 {
		t.kept, t.cut = append([]byte(nil), t.kept[over:]...), true
	}
	return len(p), nil
}

// text returns the end of the output, with secrets redacted, as the continuation of a sentence.
func (t *tail) text(secrets ...string) string {
	said := string(t.kept)
	if t.cut {
		_, said, _ = strings.Cut(said, " ") // the first word may be the end of a secret
	}
	runes := []rune(cleaned(struck(said, secrets...), saidLimit))
	if len(runes) == 0 {
		return ""
	}
	if len(runes) > saidShown {
		runes = append([]rune("…"), runes[len(runes)-saidShown:]...)
	}
	return ", saying: " + string(runes)
}
