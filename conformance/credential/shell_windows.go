package credential

import (
	"context"
	"os/exec"
	"syscall"
)

// command runs a line. It is not quoted like an argument, because cmd.exe has different rules.
func command(ctx context.Context, line string) *exec.Cmd {
	c := exec.CommandContext(ctx, "cmd")
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /d /s /c "` + line + `"`}
	return c
}
