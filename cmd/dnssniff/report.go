package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/capture"
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
		Short: "Response codes, clients, servers, names, latency and health of a capture",
		Example: `  dnssniff report capture.pcap
  dnssniff report --format json -o report.json monday.pcap.gz tuesday.pcap.gz`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.flags(cmd)
	return cmd
}

func (o *reportOptions) flags(cmd *cobra.Command) {
	o.source.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "`text` or json")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVar(&o.top, "top", 0, fmt.Sprintf("rows of each table (text %d, json %d)", topText, topJSON))
	f.IntVar(&o.width, "width", 0, "columns of the text (the terminal's, or 80)")
}

func (o *reportOptions) run(ctx context.Context, args []string) error {
	if o.format != "text" && o.format != "json" {
		return usageError{fmt.Errorf("--format is text or json, not %q", o.format)}
	}
	if o.top < 0 || o.top > topMost {
		return usageError{fmt.Errorf("--top is 1 to %d, not %d", topMost, o.top)}
	}
	r, err := o.read(ctx, args)
	if err != nil {
		return err
	}
	warn(o.std.err, r.Source.Faults)
	return o.write(r)
}

// read makes the report.
func (o *reportOptions) read(ctx context.Context, args []string) (*analyze.Report, error) {
	conf, err := o.source.config()
	if err != nil {
		return nil, err
	}
	in, err := o.source.open(args, o.std)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	limits := analyze.DefaultLimits()
	shards := make([]*analyze.Summary, decode.Shards)
	for i := range shards {
		shards[i] = analyze.NewSummary(conf.Seed, limits)
	}
	stats, err := decodeAll(ctx, in, conf, o.source.workers, o.std, func(i int) decode.Handler { return shards[i] })
	if err != nil {
		return nil, err
	}
	return analyze.Build(analyze.Merged(shards, limits), &stats, sourceOf(ctx, in), o.rows()), nil
}

// warn prints what was wrong with the files.
func warn(w io.Writer, faults []string) {
	for _, f := range faults {
		fmt.Fprintf(w, "dnssniff: warning: %s\n", sanitize.String(f))
	}
}

func sourceOf(ctx context.Context, in *capture.Input) analyze.Source {
	src := analyze.Source{Files: in.Files(), Interrupted: ctx.Err() != nil}
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

func (o *reportOptions) write(r *analyze.Report) error {
	if o.output == "" {
		return o.render(o.std.out, r)
	}
	f, err := os.Create(o.output)
	if err != nil {
		return err
	}
	if err := o.render(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
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

// look decides on width, colour and character set by what is written to, and by the environment.
func (o *reportOptions) look(w io.Writer) text.Options {
	width, terminal := isTerminal(w)
	look := text.Options{Width: 80, Top: o.rows(), Color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", ASCII: !utf8Locale()}
	if terminal {
		look.Width = max(width, 80)
	}
	if o.width > 0 {
		look.Width = max(o.width, 80)
	}
	return look
}

// utf8Locale says whether the environment's character set is UTF-8; where nothing is set it is taken to be.
func utf8Locale() bool {
	names := []string{os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")}
	i := slices.IndexFunc(names, func(s string) bool { return s != "" })
	if i < 0 {
		return true
	}
	up := strings.ToUpper(names[i])
	return strings.Contains(up, "UTF-8") || strings.Contains(up, "UTF8")
}
