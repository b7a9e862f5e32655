//go:build !unix

package main

import "io/fs"

// planted reports whether another user can have put a file into a folder in which anybody may
// write. It is not known here.
func planted(_, _ fs.FileInfo) bool { return false }

// openToAll reports whether any user may write into a folder. It is not known here.
func openToAll(fs.FileInfo) bool { return false }
