//go:build unix

package credential

import (
	"context"
	"os/exec"
	"syscall"
)

// command runs a line in a new process group, so that the children of the shell end with it.
func command(ctx context.Context, line string) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	return c
}
