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
	pipeGrace    = 2 * time.Second // for what it left behind and still holds its output
	outputLimit  = 64 << 10        // bytes
	saidLimit    = 4 << 10         // bytes of stderr that are kept
	saidShown    = 300             // characters of them that an error shows
)

// Command returns a source that runs a line of the system's shell, and takes what
// it prints for the token: the bare token, or a JSON object with access_token or
// accessToken, as OAuth 2.0 and "az account get-access-token" have it. Of the
// object, expires_on (seconds since 1970) or expires_in (seconds from now) say when
// the token ends. Its expiresOn is not read: it is a local time without a zone.
//
// The line itself is no part of an error, for it may hold a secret.
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
	c.Env = append([]string{}, s.environment...) // nil would be the environment of this process
	c.WaitDelay = s.grace
	c.Stdout, c.Stderr = out, said
	err := c.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and left something behind that does not matter here
	}
	tail := said.text(out.words()...)
	var ended *exec.ExitError
	switch {
	case out.over:
		return Token{}, fmt.Errorf("%s: the command printed more than %d KiB; have it print the token alone", s.from, outputLimit>>10)
	case ctx.Err() != nil:
		return Token{}, fmt.Errorf("%s: the command was stopped: %w; run it again", s.from, context.Cause(ctx))
	case limited.Err() != nil:
		return Token{}, fmt.Errorf("%s: the command did not end within %v%s; run it by itself to see what it waits for", s.from, s.limit, tail)
	case errors.As(err, &ended):
		return Token{}, fmt.Errorf("%s: the command ended with %v%s; run it by itself and mend it", s.from, ended, tail)
	case err != nil:
		return Token{}, fmt.Errorf("%s: the shell that runs the command cannot be started: %w; name a file that holds the token instead", s.from, err)
	}
	value, expiry, err := parse(out.kept, s.now())
	if err != nil {
		return Token{}, fmt.Errorf("%s: the command %w%s", s.from, err, tail)
	}
	return Token{value, expiry, s.from}, nil
}

// The ways in which what a command printed is no token.
var (
	errSilent  = errors.New("printed nothing; have it print the token")
	errNotJSON = errors.New("printed JSON that cannot be read; have it print the bare token, or an object with access_token")
	errNoToken = errors.New("printed JSON without access_token or accessToken; have it print one of them, or the bare token")
	errNotBare = errors.New("printed a blank, a line break or another character that no bearer token has; have it print the token alone")
)

// parse reads the output of a command. Its errors hold none of it.
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

// number reads a number, or one that is written as a text, or returns 0.
func number(raw json.RawMessage) float64 {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil {
		return 0
	}
	return n
}

// A head keeps what is written up to outputLimit, and then calls full. It embeds no
// bytes.Buffer, whose ReadFrom would read without a limit.
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

// words returns what may be the token, or hold it.
func (h *head) words() (out []string) {
	for _, w := range strings.FieldsFunc(string(h.kept), func(r rune) bool { return r <= ' ' || r == '"' }) {
		if len(w) >= shortSecret {
			out = append(out, w)
		}
	}
	return out
}

// A tail keeps the end of what is written.
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

// text returns the last that was written, secrets struck, as the continuation of a
// sentence.
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
