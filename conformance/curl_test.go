package conformance_test

import "fmaspec/conformance"

// command is the curl command of an exchange, or "".
func command(r *conformance.Report, x *conformance.ExchangeResult) string {
	line, _ := conformance.Curl(r, x)
	return line
}
