// Command fmaspec judges implementations of the Windows Defender ATP preview
// actions "Stop and quarantine file" and "Request sample". "fmaspec help" says
// what it can do.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log.SetOutput(io.Discard) // the standard library's HTTP/2 tells there of servers that break it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a second signal kills
	os.Exit(run(ctx, &env{os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ(), terminal}))
}
