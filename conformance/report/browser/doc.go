// Package browser tests the HTML report in a real browser.
package browser
