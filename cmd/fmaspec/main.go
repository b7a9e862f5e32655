// Command fmaspec judges implementations of the Windows Defender ATP preview
// actions "Stop and quarantine file" and "Request sample". "fmaspec help" describes it.
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
	log.SetOutput(io.Discard) // net/http logs protocol errors of HTTP/2 servers there
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	os.Exit(run(ctx, &env{os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ(), terminal}))
}
