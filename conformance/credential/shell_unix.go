//go:build unix

package credential

import (
	"context"
	"os/exec"
	"syscall"
)

// command runs a line in a process group of its own, so that with the shell ends
// what it started.
func command(ctx context.Context, line string) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	return c
}
