//go:build !unix || aix || solaris

package journal

import "os"

// lock keeps nobody out: an entry is one write at the end of the file, which is
// good enough where there is no simple lock.
func lock(*os.File) error { return nil }

// syncFolder does nothing: a folder cannot be asked for it here.
func syncFolder(string) error { return nil }
