// Package client calls the two operations as a careful consumer does. It uses the documents
// and nothing of this suite, so that the consumer contract is tested by realistic code.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer is the maximum size of an answer in bytes.
const maxAnswer = 4 << 20

// An operation is the name of an operation and the type of its action.
type operation struct{ name, action string }

// A Client calls one service as one user. It is safe for concurrent use.
type Client struct {
	URL   string       // scheme and host, and any prefix of the documented path
	HTTP  *http.Client // http.DefaultClient if nil; redirects are not followed
	Token string       // the bearer token, without "Bearer "
}

// StopAndQuarantineFile stops the file with the SHA-1 on the machine and quarantines it. If
// the answer cannot be used, the error is an [Error].
func (c *Client) StopAndQuarantineFile(ctx context.Context, machine, sha1, comment string) (*FileMachineAction, error) {
	return c.do(ctx, operation{"stopAndQuarantineFile", "StopAndQuarantineFile"}, machine, sha1, comment)
}

// RequestSample requests the file with the SHA-1 from the machine. If the answer cannot be
// used, the error is an [Error].
func (c *Client) RequestSample(ctx context.Context, machine, sha1, comment string) (*FileMachineAction, error) {
	return c.do(ctx, operation{"requestSample", "RequestSample"}, machine, sha1, comment)
}

func (c *Client) do(ctx context.Context, op operation, machine, sha1, comment string) (*FileMachineAction, error) {
	r, err := c.request(ctx, op, machine, sha1, comment)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.name, err)
	}
	response, err := c.http().Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; it is unknown whether the action was started", op.name,
			withoutToken{err, c.Token})
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		err = fmt.Errorf("the answer is incomplete: %w", err)
	case len(body) > maxAnswer:
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if response.StatusCode != http.StatusCreated {
		return nil, c.refusal(op, response.StatusCode, body)
	}
	action := new(FileMachineAction)
	if err == nil {
		if err = json.Unmarshal(body, action); err == nil {
			err = action.check(op, sha1)
		}
	}
	if err != nil {
		return nil, &Error{Operation: op.name, Status: response.StatusCode, Message: short(c.struck(err.Error()))}
	}
	return action, nil
}

func (c *Client) request(ctx context.Context, op operation, machine, sha1, comment string) (*http.Request, error) {
	switch {
	case c.Token == "":
		return nil, errors.New("there is no token; set Client.Token")
	case machine == "" || machine == "." || machine == "..":
		return nil, fmt.Errorf("the machine id %q would change the path; give the id of a machine", machine)
	}
	body, err := json.Marshal(struct{ Comment, Sha1 string }{comment, sha1})
	if err != nil {
		return nil, err
	}
	to := strings.TrimRight(c.URL, "/") + "/testwdatppreview/machines/" + url.PathEscape(machine) + "/" + op.name
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	return r, nil
}

// withoutToken is an error whose text does not show a token: the text of net/http repeats
// what a server sends in place of an answer.
type withoutToken struct {
	error
	token string
}

func (e withoutToken) Error() string { return strings.ReplaceAll(e.error.Error(), e.token, "…") }

func (e withoutToken) Unwrap() error { return e.error }

// http returns the user's client without redirects: following one would request an action
// elsewhere, with the token.
func (c *Client) http() *http.Client {
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// struck returns the text without the token, which a service may have echoed.
func (c *Client) struck(text string) string { return strings.ReplaceAll(text, c.Token, "***") }
