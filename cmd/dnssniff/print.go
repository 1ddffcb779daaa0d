package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/text"
)

type printOptions struct {
	where  string
	std    streams
	source sourceOptions
	json   bool
	output string
	time   string
	told   tellOptions
	// lookups asks for lines of lookups instead of transactions.
	lookups bool
}

// timeFormats are the values of --time.
var timeFormats = map[string]text.TimeFormat{"clock": text.Clock, "full": text.Full, "relative": text.Relative}

func printCommand(std streams) *cobra.Command {
	o := printOptions{std: std}
	cmd := &cobra.Command{
		Use:   "print FILE...",
		Short: "One line per transaction: query, response, or why there is none",
		Long: `print shows one line per transaction, in the order in which they are settled: an
answered one when its response comes, an unanswered one when its time is over.
From a pipe, and on a terminal, a line is shown as soon as it is settled.

Times are in UTC: the clock, full with the date, or relative to the first DNS
message in seconds. Ctrl-C ends the reading: queries still open are shown as
such.

With -i it tells on standard error what is behind what is wrong, as it begins,
changes and ends: findings of the last five minutes. --quiet leaves that out;
--findings has it among the objects of --json, known by their member finding.

With --lookups a line is what one client tried for one question, over retries,
servers, EDNS sizes and TCP: what it had in the end, after how many tries and
how long, by what change, and each try.

` + whereHelp(),
		Example: `  dnssniff print capture.pcap
  dnssniff print --where 'rcode == "SERVFAIL" && rtt > 500ms' capture.pcap
  dnssniff print --lookups capture.pcap | grep failed
  dnssniff print --json capture.pcap | jq 'select(.rcode == "SERVFAIL")'
  tcpdump -U -i eth0 -w - port 53 | dnssniff print -`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	o.source.flags(cmd)
	o.source.live.flags(cmd)
	o.source.live.write.flags(f)
	_ = f.MarkHidden("workers") // lines in order take one
	whereFlag(cmd, &o.where)
	f.BoolVar(&o.json, "json", false, "one JSON object per line")
	f.BoolVar(&o.lookups, "lookups", false, "one line per lookup: tries for one question")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.StringVar(&o.time, "time", "clock", "time `FORM`: clock, full, relative")
	o.told.flags(f)
	return cmd
}

func (o *printOptions) run(ctx context.Context, args []string) error {
	form, ok := timeFormats[o.time]
	if !ok {
		return usageError{fmt.Errorf("--time is clock, full or relative, not %q", o.time)}
	}
	if o.lookups && o.where != "" {
		return usageError{errors.New("--where is for transactions: it does not go with --lookups")}
	}
	if err := o.told.check(o.source.live.iface != "", o.json); err != nil {
		return err
	}
	expr, err := whereOf(o.where)
	if err != nil {
		return err
	}
	if err := checkOutput(o.output, slices.Concat(o.source.files, args), o.std); err != nil {
		return err
	}
	return o.source.with(ctx, args, o.output, o.std, func(ctx context.Context, conf decode.Config, x exchange) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		conf.KeepNames, conf.InOrder = true, true
		p := o.printer(x.out, &conf, x.live)
		p.look.Time, p.stop, p.where = form, cancel, expr
		return o.print(ctx, conf, x, p)
	})
}

// print prints, and says at the end what was amiss.
func (o *printOptions) print(ctx context.Context, conf decode.Config, x exchange, p *printer) error {
	errs := &serial{w: o.std.err}
	o.tell(x.in, &conf, p, errs)
	told := announce(x.in, errs)
	stats, err := o.lines(ctx, x.in, conf, p)
	p.toldAll(stats)
	told()
	ended(x.in, o.std.err)
	if err := errors.Join(err, p.err); err != nil {
		return err
	}
	warn(o.std.err, sourceOf(ctx, x.in).Faults)
	p.close(o.std.err, stats.Packets)
	return nil
}

// printer makes the printer to w. Lines that somebody waits for are not held back.
func (o *printOptions) printer(w io.Writer, conf *decode.Config, live bool) *printer {
	seen := lookOf(w)
	p := &printer{out: bufio.NewWriterSize(w, 1<<16), json: o.json, terminal: seen.terminal}
	p.look = text.LineOptions{Timeout: conf.Timeout, Color: seen.color, ASCII: seen.ascii}
	if live || seen.terminal {
		conf.AfterBatch = p.flush
	}
	return p
}

// lines prints. One worker does it, so that lines come in the order of the capture.
func (o *printOptions) lines(ctx context.Context, in packetInput, conf decode.Config, p *printer) (decode.Stats, error) {
	screen := o.std.err
	if p.terminal {
		screen = io.Discard // a progress line would stand among the others
	}
	if o.lookups {
		return o.lookupLines(ctx, in, conf, p, screen)
	}
	stats, err := o.source.decode(ctx, in, conf, 1, screen, func(i int) decode.Handler { return p.with(i, p) })
	p.flush()
	return stats, err
}

// printer writes a line for each transaction.
type printer struct {
	out   *bufio.Writer
	stop  context.CancelFunc // of the reading, when nobody reads the lines any more
	json  bool
	look  text.LineOptions
	where *where.Expr // nil: all
	line  []byte
	err   error
	mu    sync.Mutex // of out: findings are told by another goroutine
	// watcher finds what is behind what is wrong on an interface; nil where nobody is told.
	watcher *watch.Watcher

	terminal              bool
	messages, mdns, llmnr uint64
}

// Message counts what no line shows, and takes the time of the first message.
func (p *printer) Message(m *decode.Message) {
	if p.messages == 0 {
		p.look.Start = m.FirstTime
	}
	p.messages++
	switch m.Proto {
	case decode.MDNS:
		p.mdns++
	case decode.LLMNR:
		p.llmnr++
	}
}

// Transaction writes a line.
func (p *printer) Transaction(t *decode.Transaction) {
	if p.err != nil {
		return
	}
	if p.where != nil {
		if r := record.Of(t, 0); !p.where.Match(&r) {
			return
		}
	}
	if p.json {
		p.line = text.JSON(p.line[:0], t)
	} else {
		p.line = text.Line(p.line[:0], t, p.look)
	}
	p.write()
}

// write writes the line.
func (p *printer) write() {
	p.mu.Lock()
	_, err := p.out.Write(p.line)
	p.mu.Unlock()
	p.fail(err)
}

func (p *printer) flush() {
	p.mu.Lock()
	err := p.out.Flush()
	p.mu.Unlock()
	p.fail(err)
}

func (p *printer) fail(err error) {
	if err != nil && p.err == nil {
		p.err = err
		p.stop()
	}
}

// close says on w what no line has said.
func (p *printer) close(w io.Writer, packets uint64) {
	switch {
	case p.mdns+p.llmnr > 0:
		fmt.Fprintf(w, "dnssniff: %d mDNS and %d LLMNR messages are counted, not paired: see dnssniff report\n", p.mdns, p.llmnr)
	case p.messages == 0:
		fmt.Fprintf(w, "dnssniff: no DNS messages in the capture (packets read: %d): see dnssniff report\n", packets)
	}
}
