package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/credential"
)

// clockSkew is the tolerance for a token that is not valid yet: clocks differ.
const clockSkew = 5 * time.Minute

// valid returns an error if a token that is to be accepted is known to have expired, or not to
// be valid yet. Requests with it would prove nothing.
func (c credentials) valid(ctx context.Context, now time.Time) error {
	for _, row := range []struct {
		name   string
		source credential.Source
	}{{privilegedName, c.token}, {unprivilegedName, c.unprivileged}, {securityAdminName, c.securityAdmin},
		{globalAdminName, c.globalAdmin}} {
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

// valid returns an error if a token has expired, or is not valid yet.
func valid(token credential.Token, name string, now time.Time) error {
	claims, _ := credential.Describe(token.Value)
	switch ends := token.Ends(); {
	case !ends.IsZero() && !now.Before(ends):
		return &exit{exitUnjudged, fmt.Sprintf("the %s of %s expired at %s; get another; nothing was sent", name,
			token.From, moment(ends, now))}
	case now.Add(clockSkew).Before(claims.NotBefore):
		return &exit{exitUnjudged, fmt.Sprintf("the %s of %s is not valid before %s; wait, or set the clock of this "+
			"machine; nothing was sent", name, token.From, moment(claims.NotBefore, now))}
	}
	return nil
}

// audience returns a message about the audience of the token if it is not one that servers of
// this contract are known to use, or "".
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
	return fmt.Sprintf("the audience of the token is %s; the server may require another one",
		strings.Join(claims.Audience, " and "))
}
