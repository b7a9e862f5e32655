package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// targetURLs sets variables with other spellings of the server's URL.
func targetURLs(e *testscript.Env, c *counter) {
	e.Setenv("UPPER_URL", strings.Replace(c.URL, "http:", "HTTP:", 1)+"/")
	e.Setenv("TO_BOOKS_PORT", "BÜCHER.example:8081:"+c.Listener.Addr().String())
	e.Setenv("TO_BOOKS", "bücher.example:80:"+c.Listener.Addr().String())
}

// faultless has the server at $URL keep the contract again: honest
func faultless(ts *testscript.TestScript, _ bool, _ []string) {
	h := honest()
	ts.Value("counter").(*counter).handler.Store(&h)
}
