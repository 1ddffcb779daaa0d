package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// sourceOptions are the flags that say what is read, and how it is decoded. All views share them.
type sourceOptions struct {
	files   []string
	ports   []uint16
	timeout time.Duration
	packets uint64
	workers int
	dedup   bool
}

func (o *sourceOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "read", "r", nil, "read packets from `FILE` (repeatable; - is standard input)")
	f.Var((*portList)(&o.ports), "port", "also take this UDP and TCP `PORT` as DNS (repeatable)")
	f.DurationVar(&o.timeout, "timeout", decode.DefaultTimeout, "a query without a response for that long is unanswered, in packet time")
	f.Uint64VarP(&o.packets, "count", "c", 0, "stop after `N` packets")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), fmt.Sprintf("decode on `N` cores (1 to %d)", decode.Shards))
	f.BoolVar(&o.dedup, "dedup", false, "analyse once a packet that was captured twice within 1 ms (mirror ports, -i any)")
}

// config returns the decoder's configuration.
func (o *sourceOptions) config() (decode.Config, error) {
	if o.timeout <= 0 {
		return decode.Config{}, usageError{fmt.Errorf("--timeout must be above 0, not %s", o.timeout)}
	}
	if o.workers < 1 {
		return decode.Config{}, usageError{fmt.Errorf("--workers must be 1 or more, not %d", o.workers)}
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

// open opens the files named by arguments and by -r.
func (o *sourceOptions) open(args []string, std streams) (*capture.Input, error) {
	files := append(append([]string{}, o.files...), args...)
	if len(files) == 0 {
		return nil, usageError{fmt.Errorf("no capture file given; - reads standard input")}
	}
	return capture.Open(files, capture.Options{Stdin: std.in})
}

// decodeAll decodes an input to its end, or to the end of the context, with a progress line while it works.
func decodeAll(ctx context.Context, in *capture.Input, c decode.Config, workers int, std streams, h func(int) decode.Handler) (decode.Stats, error) {
	done := showProgress(in, std.err)
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = in.Close() }) // wakes readers that wait for a stream
	defer stop()
	return decode.Run(ctx, in.Sources(min(workers, decode.Shards)), c, h)
}
