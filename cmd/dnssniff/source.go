package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// longestTimeout bounds --timeout: a longer one only fills the tables.
const longestTimeout = 24 * time.Hour

// sourceOptions are the flags that say what is read, and how it is decoded. All views share them.
type sourceOptions struct {
	files   []string
	ports   []uint16
	timeout time.Duration
	packets uint64
	workers int
	dedup   bool
	live    liveOptions
}

func (o *sourceOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "read", "r", nil, "read packets from `FILE` (repeatable; - is stdin)")
	f.Var((*portList)(&o.ports), "port", "take this UDP and TCP `PORT` as DNS too (repeatable)")
	f.DurationVar(&o.timeout, "timeout", decode.DefaultTimeout, "`TIME` after which a query is unanswered")
	f.Uint64VarP(&o.packets, "count", "c", 0, "stop after `N` packets")
	f.IntVar(&o.workers, "workers", min(runtime.GOMAXPROCS(0), decode.Shards), fmt.Sprintf("decode on `N` cores, 1 to %d", decode.Shards))
	f.BoolVar(&o.dedup, "dedup", false, "analyse once a packet captured twice within 1 ms")
}

// config returns the decoder's configuration.
func (o *sourceOptions) config() (decode.Config, error) {
	if o.timeout <= 0 || o.timeout > longestTimeout {
		return decode.Config{}, usageError{fmt.Errorf("--timeout must be above 0 and at most 24h, not %s", o.timeout)}
	}
	if o.workers < 1 || o.workers > decode.Shards {
		return decode.Config{}, usageError{fmt.Errorf("--workers must be 1 to %d, not %d", decode.Shards, o.workers)}
	}
	c, err := decode.DefaultConfig()
	if err != nil {
		return c, err
	}
	for _, p := range o.ports {
		c.Ports.Add(p)
	}
	c.Timeout, c.MaxPackets, c.Dedup = o.timeout, o.packets, o.dedup
	return c, nil
}

// paths are the files named by -r and by arguments.
func (o *sourceOptions) paths(args []string) ([]string, error) {
	files := slices.Concat(o.files, args)
	if len(files) == 0 {
		return nil, usageError{errors.New("no capture file given; - reads standard input")}
	}
	return files, nil
}

var errInterrupted = errors.New("interrupted before a capture began")

// openInput opens captures, which can wait for somebody to write the first bytes: until the context is done.
func openInput(ctx context.Context, files []string, std streams) (*capture.Input, error) {
	type opened struct {
		in  *capture.Input
		err error
	}
	done := make(chan opened, 1)
	go func() {
		in, err := capture.Open(files, capture.Options{Stdin: std.in})
		done <- opened{in, err}
	}()
	late, cancel := linger(ctx, isLive(files, std.in), std.grace)
	defer cancel()
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return nil, errInterrupted // what wrote to the pipe was interrupted too, so it ended early
		}
		return o.in, o.err
	case <-late.Done():
		// Where nothing interrupts the wait, its goroutine lives until the process ends or the bytes come.
		go func() {
			if o := <-done; o.err == nil {
				_ = o.in.Close()
			}
		}()
		return nil, errInterrupted
	}
}

// isLive says whether some input is no plain file, so that reading it can wait for whoever writes it.
func isLive(files []string, stdin io.Reader) bool {
	return slices.ContainsFunc(files, func(path string) bool {
		info := statInput(path, stdin)
		return info == nil || !info.Mode().IsRegular()
	})
}

// linger returns a context that is done when ctx is; for a live input, the grace after that.
func linger(ctx context.Context, live bool, grace time.Duration) (context.Context, context.CancelFunc) {
	if !live {
		return context.WithCancel(ctx)
	}
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}
