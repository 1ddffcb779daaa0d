package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze/family"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

type inspectOptions struct {
	std    streams
	source sourceOptions
	packet uint64
	where  string
	format string
	output string
	width  int
}

func inspectCommand(std streams) *cobra.Command {
	o := inspectOptions{std: std}
	cmd := &cobra.Command{
		Use:   "inspect FILE -n PACKET | -i IFACE --where EXPR",
		Short: "A message's fields beside its bytes, and what is wrong with it",
		Long: `inspect shows the DNS message of a packet field by field, beside its bytes, with
the query or the response that belongs to it: what is odd about them, at which
byte, what an RFC says of it, and what was answered and when. A packet that is
an IP fragment or a TCP segment shows the messages that it helps to complete.

Packet numbers are those of Wireshark. Bytes at fault stand in brackets: [47]
breaks a rule, (47) is odd but legal. From 120 columns on, query and response
stand side by side. All times are in UTC.

With -i it waits for the first transaction on an interface that matches --where,
shows it, and ends.

The JSON form has the schema ` + inspect.Schema + `: its fields are added, never
renamed, and its leaves cover each byte of the message once.

` + whereHelp(),
		Example: `  dnssniff inspect capture.pcap -n 456
  dnssniff inspect capture.pcap --where 'malformed && client == "192.0.2.12"'
  dnssniff inspect -i eth0 --where 'rcode == "FORMERR"'
  dnssniff inspect capture.pcap -n 456 --format json | jq .exchanges[].anomalies`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.source.flags(cmd)
	o.source.live.flags(cmd)
	f := cmd.Flags()
	_ = f.MarkHidden("workers") // packets in order take one
	f.Uint64VarP(&o.packet, "packet", "n", 0, "show the message of packet `N` of the file")
	whereFlag(cmd, &o.where)
	f.StringVar(&o.format, "format", "text", "`FORM` of the output: text or json")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVar(&o.width, "width", 0, "`N` columns of text, 80 or more (terminal's, or 80)")
	return cmd
}

// check judges the flags.
func (o *inspectOptions) check() error {
	switch {
	case o.format != "text" && o.format != "json":
		return usageError{fmt.Errorf("--format is text or json, not %q", o.format)}
	case o.width < 0 || o.width > widthMost:
		return usageError{fmt.Errorf("--width is %d to %d, not %d", widthLeast, widthMost, o.width)}
	case o.packet == 0 && o.where == "":
		return usageError{errors.New("which packet? give its number, as in -n 456, or --where")}
	case o.packet != 0 && o.where != "":
		return usageError{errors.New("either -n or --where, not both")}
	case o.packet != 0 && o.source.live.iface != "":
		return usageError{errors.New("-n is a packet of a file: for an interface give --where")}
	}
	return nil
}

func (o *inspectOptions) run(ctx context.Context, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.source.live.iface != "" {
		return o.runLive(ctx, args)
	}
	files, err := o.source.paths(args)
	if err != nil {
		return err
	}
	if len(files) > 1 {
		return usageError{errors.New("-n counts the packets of one file: give one")}
	}
	expr, err := whereOf(o.where)
	if err != nil {
		return err
	}
	if err := errors.Join(o.source.live.check(), checkOutput(o.output, files, o.std)); err != nil {
		return err
	}
	conf, err := o.source.config()
	if err != nil {
		return err
	}
	found, err := o.exchanges(ctx, files, conf, expr)
	if err != nil {
		return err
	}
	w, done, err := openOutput(o.output, o.std) // it is not opened, and so not emptied, before there is something to put into it
	if err != nil {
		return err
	}
	return errors.Join(o.show(w, found), done())
}

func (o *inspectOptions) show(w io.Writer, found []inspect.Exchange) error {
	var text bytes.Buffer
	if err := o.render(&text, lookOf(w), found); err != nil {
		return err
	}
	_, err := text.WriteTo(w)
	return err
}

// exchanges returns the messages of the packet, or of those that match the expression.
func (o *inspectOptions) exchanges(ctx context.Context, files []string, conf decode.Config, e *where.Expr) (found []inspect.Exchange, err error) {
	packets := []uint64{o.packet}
	if e != nil {
		if isLive(files, o.std.in) {
			return nil, usageError{errors.New("--where reads the file several times: give a plain file")}
		}
		var more bool
		if packets, more, err = o.choose(ctx, files, conf, e); err != nil {
			return nil, err
		}
		if len(packets) == 0 {
			return nil, errors.New("no transaction matches --where")
		}
		if more {
			fmt.Fprintf(o.std.err, "dnssniff: only the first %d that match are shown\n", mostInspected)
		}
	}
	for _, packet := range packets {
		in, err := openInput(ctx, files, o.std)
		if err != nil {
			return nil, err
		}
		one, err := o.find(ctx, in, conf, packet)
		_ = in.Close()
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
	}
	return found, nil
}

// find reads until it has the messages and what belongs to them.
func (o *inspectOptions) find(ctx context.Context, in *capture.Input, conf decode.Config, packet uint64) ([]inspect.Exchange, error) {
	within, cancel := linger(ctx, isLive(in.Files(), o.std.in), o.std.grace)
	defer cancel()
	enough, stop := context.WithCancel(within)
	defer stop()
	f := newFinder(packet, &conf, in.Files()[0], stop)
	done := showProgress(in, o.std.err)
	wake := context.AfterFunc(enough, func() { _ = in.Close() }) // wakes a reader that waits for a stream
	conf.InOrder, conf.AfterBatch = true, f.check
	sources, err := o.source.sources(in, 1)
	if err != nil {
		return nil, err
	}
	f.Source = sources[0]
	_, err = decode.Run(enough, []capture.Source{f}, conf, func(int) decode.Handler { return f })
	wake()
	done()
	if err != nil {
		return nil, err
	}
	if !f.done {
		warn(o.std.err, sourceOf(ctx, in).Faults)
	}
	return f.exchanges(ctx.Err() != nil)
}

func (o *inspectOptions) render(w io.Writer, seen look, found []inspect.Exchange) error {
	width := widthLeast
	if seen.terminal {
		width = seen.width
	}
	if o.width > 0 {
		width = o.width
	}
	out := inspect.Options{Width: width, Color: seen.color, ASCII: seen.ascii, Answers: measuredAnswers}
	buf := bufio.NewWriterSize(w, 1<<16)
	show := inspect.Text
	if o.format == "json" {
		show = inspect.JSON
	}
	if err := show(buf, found, out); err != nil {
		return err
	}
	return buf.Flush()
}

// measuredAnswers is what real servers were seen to answer to queries with an anomaly.
func measuredAnswers(id anomaly.ID) []inspect.Answer {
	var all []inspect.Answer
	for _, a := range family.Answers(id) {
		all = append(all, inspect.Answer{Server: a.Server.String(), Does: a.Does})
	}
	return all
}
