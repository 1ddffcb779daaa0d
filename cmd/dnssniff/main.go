// Command dnssniff analyzes DNS traffic and never sends a packet.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// Nearly all memory is in tables that live as long as the program and hold no pointers. Collecting early is cheap and leaves little over when a
// table grows; but each collection looks through the program's own data, so there should be few while there is little to gain. The
// ballast, never touched and so no memory, has the collector begin at about its size.
const (
	gcPercent = 20
	ballast   = 32 << 20 // bytes
)

func main() {
	weight := make([]byte, ballast)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, grace: 500 * time.Millisecond})
	stop()
	runtime.KeepAlive(weight)
	os.Exit(code)
}
