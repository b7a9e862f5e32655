//go:build unix

package main

import (
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// planted reports whether another user can have put a file into a folder in which anybody may
// write, such as the one for temporary files.
func planted(file, folder fs.FileInfo) bool {
	owner, known := file.Sys().(*syscall.Stat_t)
	return known && openToAll(folder) && !slices.Contains([]int{0, os.Geteuid()}, int(owner.Uid))
}

// openToAll reports whether any user may write into a folder.
func openToAll(folder fs.FileInfo) bool { return folder.Mode().Perm()&0o002 != 0 }
