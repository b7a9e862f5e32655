//go:build !unix

package wire

import "syscall"

// peeks reports whether a socket shows what is there to read.
const peeks = false

func nothingToRead(syscall.RawConn) bool { return false }
