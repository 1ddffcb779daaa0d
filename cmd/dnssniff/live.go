package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/capture/filter"
	"github.com/dnssniff/dnssniff/capture/live"
	"github.com/dnssniff/dnssniff/capture/live/privilege"
	"github.com/dnssniff/dnssniff/decode"
)

// packetInput is where packets come from: capture files, or an interface.
type packetInput interface {
	Sources(n int) []capture.Source
	Files() []string
	Faults() []*capture.Fault
	Progress() (read, total int64)
	Close() error
}

// liveOptions are the flags about interfaces.
type liveOptions struct {
	iface   string
	filter  string
	snaplen int
	private bool // not promiscuous
	buffer  int  // MiB
	stop    string
	clock   string
	keep    bool // the rights of the user
	write   keepOptions
	screen  bool // it is for the application
	saveDir string
}

func (o *liveOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.iface, "interface", "i", "", "capture from `IFACE`, or from any")
	f.StringVarP(&o.filter, "filter", "f", "", "take packets that match `EXPR` (as tcpdump)")
	f.IntVarP(&o.snaplen, "snaplen", "s", live.DefaultSnaplen, "capture `N` bytes of a frame")
	f.BoolVarP(&o.private, "no-promiscuous", "p", false, "see only what is for this machine")
	f.IntVarP(&o.buffer, "buffer-size", "B", live.DefaultBuffer>>20, "`MIB` of memory for packets")
	f.StringVarP(&o.stop, "autostop", "a", "", "stop after `LIMIT`, as duration:30")
	f.StringVarP(&o.clock, "time-stamp-type", "j", "host", "clock of times, `T`: host or adapter")
	f.BoolVar(&o.keep, "keep-rights", false, "do not give up rights once capturing")
}

// duration returns after how long a capture ends by itself; 0 for never.
func (o *liveOptions) duration() (time.Duration, error) {
	if o.stop == "" {
		return 0, nil
	}
	seconds, ok := strings.CutPrefix(o.stop, "duration:")
	d, err := time.ParseDuration(seconds + "s")
	if !ok || err != nil || d <= 0 {
		return 0, usageError{fmt.Errorf("-a is duration:SECONDS, such as duration:30, not %q", o.stop)}
	}
	return d, nil
}

// expression returns the filter of -f, nil without one.
func (o *liveOptions) expression() (*filter.Filter, error) {
	if o.filter == "" {
		return nil, nil
	}
	f, err := filter.Parse(o.filter)
	if err != nil {
		return nil, usageError{fmt.Errorf("-f %q: %w", o.filter, err)}
	}
	return f, nil
}

// check judges the flags that need no look at the system.
func (o *liveOptions) check() error {
	if _, err := o.duration(); err != nil {
		return err
	}
	if _, err := o.expression(); err != nil {
		return err
	}
	if o.clock != "" && o.clock != "host" && o.clock != "adapter" {
		return usageError{fmt.Errorf("--time-stamp-type is host or adapter, not %q", o.clock)}
	}
	return o.write.check(o.iface != "")
}

// open opens the interface, and gives up the rights that this took. What is written from then on has to be open already, or is opened by
// another process. At most so many packets are taken, 0 for no bound.
func (o *liveOptions) open(ports []uint16, packets uint64) (*liveInput, error) {
	link, err := linkOf(o.iface)
	if err != nil {
		return nil, err
	}
	program, err := o.program(link, ports)
	if err != nil {
		return nil, err
	}
	self, _ := os.Executable() // only for the text of an error
	c, err := live.Open(live.Options{Interface: o.iface, Filter: program, Snaplen: o.snaplen, NotPromiscuous: o.private, Buffer: o.buffer << 20,
		AdapterTime: o.clock == "adapter", Program: self})
	if errors.Is(err, live.ErrAdapterTime) {
		err = fmt.Errorf("%w: --time-stamp-type host takes times from this machine", err)
	}
	if err != nil {
		return nil, err
	}
	in := &liveInput{Capture: c, name: o.iface}
	if err := o.prepare(in, ports, packets); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

// prepare opens what is written to, and gives up the rights.
func (o *liveOptions) prepare(in *liveInput, ports []uint16, packets uint64) error {
	if o.write.path != "" {
		extra, err := o.expression()
		if err != nil {
			return err
		}
		about := capture.Interface{Name: o.iface, Link: in.Link(), Snaplen: uint32(o.snaplen), Filter: filter.Text(ports, extra, in.Link())}
		end := in.Stop
		if o.screen {
			end = func() { in.full.Store(true) } // the tables go on
		}
		if in.keep, err = o.write.keep(about, packets, o.keep, end); err != nil {
			return err
		}
	}
	if o.screen {
		in.save = newSaver(o.saveDir, o.keep)
	}
	if in.rights = "kept"; o.keep {
		return nil
	}
	given, err := privilege.Drop(privilege.Plan{Read: []string{"/usr/share/zoneinfo"}, Write: []string{"/dev/tty"}})
	in.rights = given.String()
	return err
}

// linkOf returns the link type of an interface.
func linkOf(name string) (capture.LinkType, error) {
	all, err := live.Interfaces()
	if err != nil {
		return 0, err
	}
	var names []string
	for _, i := range all {
		if i.Name == name {
			return i.Link, i.Err
		}
		names = append(names, i.Name)
	}
	return 0, fmt.Errorf("no interface %q; there are: %s", name, strings.Join(names, ", "))
}

// program compiles what the kernel is to let through: DNS, and of it what -f says.
func (o *liveOptions) program(link capture.LinkType, ports []uint16) ([]bpf.RawInstruction, error) {
	extra, err := o.expression()
	if err != nil {
		return nil, err
	}
	f, err := filter.DNS(ports, extra)
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	code, err := f.KernelProgram(link, uint32(o.snaplen))
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	return bpf.Assemble(code)
}

// open opens what the flags and arguments name: an interface, or capture files; and says whether packets come as they are sent.
func (o *sourceOptions) open(ctx context.Context, args []string, std streams) (packetInput, bool, error) {
	if o.live.iface == "" {
		files, err := o.paths(args)
		if err != nil {
			return nil, false, err
		}
		in, err := openInput(ctx, files, std)
		if err != nil {
			return nil, false, err
		}
		return in, isLive(files, std.in), nil
	}
	if len(o.files)+len(args) > 0 {
		return nil, false, usageError{errors.New("either -i or capture files, not both")}
	}
	l, err := o.live.open(o.ports, o.packets)
	if err != nil {
		return nil, false, err
	}
	return l, true, nil
}

// exchange is what a view reads and where it writes.
type exchange struct {
	in   packetInput
	live bool // packets come as they are sent
	out  io.Writer
	done func() error // closes out; its error is that of the last writes
}

// exchange opens input and output. A capture gives up the right to write files, so its output comes first; else the input does, so that a mistyped name
// empties no file. A wrong name of either is known before the work.
func (o *sourceOptions) exchange(ctx context.Context, args []string, output string, std streams) (x exchange, err error) {
	if err := o.live.check(); err != nil {
		return x, err
	}
	if w := o.live.write.path; w != "" && sameOutput(w, output, std) {
		return x, usageError{fmt.Errorf("the packets and the rest would both go to %s: give two names", w)}
	}
	if o.live.iface != "" {
		if x.out, x.done, err = openOutput(output, std); err != nil {
			return x, err
		}
		if x.in, x.live, err = o.open(ctx, args, std); err != nil {
			err = errors.Join(err, x.done())
		}
		return x, err
	}
	if x.in, x.live, err = o.open(ctx, args, std); err != nil {
		return x, err
	}
	if x.out, x.done, err = openOutput(output, std); err != nil {
		_ = x.in.Close()
	}
	return x, err
}

// with opens input and output, hands them over with a context that is done when the reading is to end, and closes them. Its error is all that went
// wrong.
func (o *sourceOptions) with(ctx context.Context, args []string, output string, std streams, do func(context.Context, decode.Config, exchange) error) error {
	conf, err := o.config()
	if err != nil {
		return err
	}
	x, err := o.exchange(ctx, args, output, std)
	if err != nil {
		return err
	}
	defer x.in.Close()
	ctx, cancel := o.until(ctx, x.live, std)
	defer cancel()
	return errors.Join(do(ctx, conf, x), x.done())
}

// until returns a context for reading an input: done with ctx, for pipes the grace after it, and at the end of -a.
func (o *sourceOptions) until(ctx context.Context, live bool, std streams) (context.Context, context.CancelFunc) {
	d, _ := o.live.duration() // exchange has looked at it
	switch {
	case o.live.iface == "":
		return linger(ctx, live, std.grace)
	case d > 0:
		return context.WithTimeout(ctx, d)
	}
	return context.WithCancel(ctx)
}

// filtered is a source of the packets that a filter lets through; they keep their numbers.
type filtered struct {
	capture.Source
	filter *filter.Filter
}

// ReadBatch implements [capture.Source].
func (f *filtered) ReadBatch(batch []capture.Packet) (int, error) {
	n, err := f.Source.ReadBatch(batch)
	kept := 0
	for i := range batch[:n] {
		if f.filter.Match(&batch[i]) {
			batch[kept] = batch[i]
			kept++
		}
	}
	return kept, err
}

// sources returns an input's sources, behind the filter of -f where the kernel has not applied it.
func (o *sourceOptions) sources(in packetInput, n int) ([]capture.Source, error) {
	sources := in.Sources(n)
	if o.live.iface != "" {
		return sources, nil
	}
	f, err := o.live.expression()
	if err != nil || f == nil {
		return sources, err
	}
	for i := range sources {
		sources[i] = &filtered{sources[i], f}
	}
	return sources, nil
}

// stoppable is an input whose reading can be ended so that what came until then is still handed out.
type stoppable interface {
	Stop()
	finish() // when all is decoded
}

// decode decodes an input to its end, or to the end of the context, with a progress line on screen while it works.
func (o *sourceOptions) decode(ctx context.Context, in packetInput, c decode.Config, workers int, screen io.Writer, h func(int) decode.Handler) (decode.Stats, error) {
	sources, err := o.sources(in, workers)
	if err != nil {
		return decode.Stats{}, err
	}
	end := func() { _ = in.Close() } // wakes readers that wait for a stream
	reading := ctx
	if l, ok := in.(stoppable); ok {
		end, reading = l.Stop, context.WithoutCancel(ctx)
		c.Now = func() int64 { return time.Now().UnixNano() }
	} else {
		defer showProgress(in, screen)()
	}
	stop := context.AfterFunc(ctx, end)
	defer stop()
	stats, err := decode.Run(reading, sources, c, h)
	if l, ok := in.(stoppable); ok {
		l.finish()
	}
	return stats, err
}
