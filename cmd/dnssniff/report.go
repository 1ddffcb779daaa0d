package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// Rows of a table, where --top does not say.
const (
	topText = 10
	topJSON = 100
	topMost = 10000
)

// Columns of the text.
const (
	widthLeast = 80
	widthMost  = 10000
)

type reportOptions struct {
	std    streams
	source sourceOptions
	format string
	output string
	top    int
	width  int
}

func reportCommand(std streams) *cobra.Command {
	o := reportOptions{std: std}
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Response codes, clients, servers, names, latency and health",
		Long: `report reads captures to their end and shows tables: response codes,
transactions, latency, types, EDNS, anomalies, activity, clients, servers, names
and zones, after what makes the numbers less than the whole truth. All times are
those of the capture.

With -i the findings are of all that was captured; dnssniff print -i tells of
them as they begin, change and end.

Ctrl-C ends the reading and shows the report of what was read; a second one ends
the program. Where no capture has begun yet, the first one fails, with exit code
1.`,
		Example: `  dnssniff report capture.pcap
  dnssniff report --format json -o report.json monday.pcap.gz tuesday.pcap.gz`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.flags(cmd)
	o.source.live.write.flags(cmd.Flags())
	return cmd
}

func (o *reportOptions) flags(cmd *cobra.Command) {
	o.source.flags(cmd)
	o.source.live.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "`FORM` of the report: text or json")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVar(&o.top, "top", 0, fmt.Sprintf("`N` rows in each table (text %d, json %d)", topText, topJSON))
	f.IntVar(&o.width, "width", 0, "`N` columns of text, 80 or more (terminal's, or 80)")
}

func (o *reportOptions) run(ctx context.Context, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := checkOutput(o.output, slices.Concat(o.source.files, args), o.std); err != nil {
		return err
	}
	return o.source.with(ctx, args, o.output, o.std, o.report)
}

// report reads the input and writes what it shows.
func (o *reportOptions) report(ctx context.Context, conf decode.Config, x exchange) error {
	told := announce(x.in, o.std.err)
	r, err := o.read(ctx, x.in, conf)
	told()
	ended(x.in, o.std.err)
	if err != nil {
		return err
	}
	count(r, x.in)
	warn(o.std.err, r.Source.Faults)
	return o.render(x.out, r)
}

// check judges the flags.
func (o *reportOptions) check() error {
	switch {
	case o.format != "text" && o.format != "json":
		return usageError{fmt.Errorf("--format is text or json, not %q", o.format)}
	case o.top < 0 || o.top > topMost:
		return usageError{fmt.Errorf("--top is 1 to %d, not %d", topMost, o.top)}
	case o.width < 0 || o.width > widthMost:
		return usageError{fmt.Errorf("--width is %d to %d, not %d", widthLeast, widthMost, o.width)}
	}
	return nil
}

// read makes the report.
func (o *reportOptions) read(ctx context.Context, in packetInput, conf decode.Config) (*analyze.Report, error) {
	limits := analyze.DefaultLimits()
	shards := make([]*analyze.Summary, decode.Shards)
	for i := range shards {
		shards[i] = analyze.NewSummary(&conf, limits)
	}
	stats, err := o.source.decode(ctx, in, conf, o.source.workers, o.std.err, func(i int) decode.Handler { return shards[i] })
	if err != nil {
		return nil, err
	}
	src := sourceOf(ctx, in)
	src.Settings = analyze.SettingsOf(&conf)
	return analyze.Build(shards, &stats, src, analyze.Options{Top: o.rows(), Workers: o.source.workers, KernelDropped: kernelDropped(in)}), nil
}

// warn prints what was wrong with the files.
func warn(w io.Writer, faults []string) {
	for _, f := range faults {
		fmt.Fprintf(w, "dnssniff: warning: %s\n", sanitize.String(f))
	}
}

func sourceOf(ctx context.Context, in packetInput) analyze.Source {
	_, live := in.(*liveInput) // its end is always somebody's wish
	src := analyze.Source{Files: in.Files(), Interrupted: ctx.Err() != nil && !live}
	for _, f := range in.Faults() {
		src.Faults = append(src.Faults, f.Error())
	}
	return src
}

func (o *reportOptions) rows() int {
	switch {
	case o.top > 0:
		return o.top
	case o.format == "json":
		return topJSON
	default:
		return topText
	}
}

func (o *reportOptions) render(w io.Writer, r *analyze.Report) error {
	buf := bufio.NewWriterSize(w, 1<<16)
	if o.format == "json" {
		enc := json.NewEncoder(buf)
		enc.SetIndent("", " ")
		if err := enc.Encode(r); err != nil {
			return err
		}
	} else if err := text.Report(buf, r, o.look(w)); err != nil {
		return err
	}
	return buf.Flush()
}

// look decides how the text looks.
func (o *reportOptions) look(w io.Writer) text.Options {
	seen := lookOf(w)
	width := widthLeast
	if seen.terminal {
		width = seen.width
	}
	if o.width > 0 {
		width = o.width
	}
	return text.Options{Width: max(width, widthLeast), Top: o.rows(), Color: seen.color, ASCII: seen.ascii}
}
