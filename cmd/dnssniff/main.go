// Command dnssniff analyzes DNS traffic and never sends a packet.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// gcPercent keeps the garbage small: nearly all memory is in tables that live as long as the program and hold no pointers, so that collecting
// costs next to nothing, and what is left over when a table grows is used again at once.
const gcPercent = 25

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, grace: 500 * time.Millisecond})
	stop()
	os.Exit(code)
}
