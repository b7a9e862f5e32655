//go:build unix

package wire

import "syscall"

// peeks reports whether a socket shows what is there to read.
const peeks = true

// nothingToRead reports whether a socket is open and has nothing to read: no byte, no end, no
// error.
func nothingToRead(socket syscall.RawConn) bool {
	var err error
	failed := socket.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		return true // do not wait
	})
	return failed == nil && (err == syscall.EAGAIN || err == syscall.EWOULDBLOCK)
}
