package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/credential"
)

// earlyBy is how much sooner than it says a token is taken for valid: clocks differ.
const earlyBy = 5 * time.Minute

// valid says of the tokens that are to be accepted that one has expired, or is not
// valid yet, as far as that is known. Requests with it would say nothing.
func (c credentials) valid(ctx context.Context, now time.Time) error {
	for _, row := range []struct {
		name   string
		source credential.Source
	}{{privilegedName, c.token}, {unprivilegedName, c.unprivileged}, {securityAdminName, c.securityAdmin}, {globalAdminName, c.globalAdmin}} {
		if row.source == nil {
			continue
		}
		token, err := row.source(ctx)
		if err != nil {
			return &exit{exitUnjudged, err.Error()}
		}
		if err := valid(token, row.name, now); err != nil {
			return err
		}
	}
	return nil
}

// valid says that a token has expired, or is not valid yet.
func valid(token credential.Token, name string, now time.Time) error {
	claims, _ := credential.Describe(token.Value)
	switch ends := token.Ends(); {
	case !ends.IsZero() && !now.Before(ends):
		return &exit{exitUnjudged, fmt.Sprintf("the %s of %s expired at %s; get another; nothing was sent", name, token.From, moment(ends, now))}
	case now.Add(earlyBy).Before(claims.NotBefore):
		return &exit{exitUnjudged, fmt.Sprintf("the %s of %s is not valid before %s; wait, or set the clock of this machine; nothing was sent", name, token.From, moment(claims.NotBefore, now))}
	}
	return nil
}

// audience says for whom the token is, where it says so and it is none of those that
// servers of this contract are known by, or "".
func (c credentials) audience(ctx context.Context) string {
	if c.token == nil {
		return ""
	}
	token, err := c.token(ctx)
	if err != nil {
		return ""
	}
	claims, _ := credential.Describe(token.Value)
	if len(claims.Audience) == 0 || slices.ContainsFunc(claims.Audience, knownAudience) {
		return ""
	}
	return fmt.Sprintf("the token is for %s, as it says itself; a server may want one for itself", strings.Join(claims.Audience, " and "))
}
