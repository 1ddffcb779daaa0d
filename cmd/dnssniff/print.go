package main

import (
	"bufio"
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/text"
)

type printOptions struct {
	std    streams
	source sourceOptions
	json   bool
	output string
}

func printCommand(std streams) *cobra.Command {
	o := printOptions{std: std}
	cmd := &cobra.Command{
		Use:   "print FILE...",
		Short: "One line per transaction: query and response, or what became of the query",
		Long: `print shows one line per transaction, in the order in which they are settled: an
answered one when its response comes, an unanswered one when its time is over.`,
		Example: `  dnssniff print capture.pcap
  dnssniff print --json capture.pcap | jq 'select(.rcode == "SERVFAIL")'`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.source.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "one JSON object per line")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	return cmd
}

func (o *printOptions) run(ctx context.Context, args []string) error {
	conf, err := o.source.config()
	if err != nil {
		return err
	}
	conf.KeepNames, conf.InOrder = true, true
	in, err := o.source.open(args, o.std)
	if err != nil {
		return err
	}
	defer in.Close()
	w := o.std.out
	if o.output != "" {
		f, err := os.Create(o.output)
		if err != nil {
			return err
		}
		defer f.Close()
		w = f
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &printer{out: bufio.NewWriterSize(w, 1<<16), stop: cancel, json: o.json, timeout: conf.Timeout}
	// One worker, so that lines come in the order of the capture.
	if _, err := decodeAll(ctx, in, conf, 1, o.std, func(int) decode.Handler { return p }); err != nil {
		return err
	}
	p.flush()
	warn(o.std.err, sourceOf(ctx, in).Faults)
	return p.err
}

// printer writes a line for each transaction.
type printer struct {
	out     *bufio.Writer
	stop    context.CancelFunc // of the reading, when nobody reads the lines any more
	json    bool
	timeout time.Duration
	line    []byte
	err     error
}

// Message is not shown by itself.
func (p *printer) Message(*decode.Message) {}

// Transaction writes a line.
func (p *printer) Transaction(t *decode.Transaction) {
	if p.err != nil {
		return
	}
	if p.json {
		p.line = text.JSON(p.line[:0], t)
	} else {
		p.line = text.Line(p.line[:0], t, text.LineOptions{Timeout: p.timeout})
	}
	_, err := p.out.Write(p.line)
	p.fail(err)
}

func (p *printer) flush() { p.fail(p.out.Flush()) }

func (p *printer) fail(err error) {
	if err != nil && p.err == nil {
		p.err = err
		p.stop()
	}
}
