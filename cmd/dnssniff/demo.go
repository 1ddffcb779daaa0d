package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps"
)

// demoDefault is the capture that demo plays without a name.
const demoDefault = "incident-broken-client"

// fastest is the highest speed that demo takes; 0 does not wait at all.
const fastest = 1e6

type demoOptions struct {
	report reportOptions
	list   bool
	speed  float64
}

func demoCommand(std streams) *cobra.Command {
	o := demoOptions{report: reportOptions{std: std}}
	cmd := &cobra.Command{
		Use:   "demo [NAME]",
		Short: "Play a capture that is part of the program",
		Long: `demo needs nothing but the program: it reads a capture of real servers that is
embedded in it. On a terminal it opens the application over it; elsewhere, and
with a flag about the report, it says what was played and shows the report. With
--speed things happen at that multiple of the capture's own pace: in the
application, or as lines before the report.`,
		Example: `  dnssniff demo
  dnssniff demo --list
  dnssniff demo dnssec-expired --speed 5`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return pcaps.Embedded(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, !o.list && wantsApp(cmd, std))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.list, "list", false, "list the embedded captures")
	f.Float64Var(&o.speed, "speed", 0, "play at `N` times the capture's pace; 0 is at once")
	f.StringVar(&o.report.format, "format", "text", "`FORM` of the report: text or json")
	f.IntVar(&o.report.top, "top", 0, fmt.Sprintf("`N` rows in each table (text %d, json %d)", topText, topJSON))
	f.IntVar(&o.report.width, "width", 0, "`N` columns of text, 80 or more (terminal's, or 80)")
	return cmd
}

func (o *demoOptions) run(ctx context.Context, args []string, screen bool) error {
	if err := o.report.check(); err != nil {
		return err
	}
	if !(o.speed >= 0 && o.speed <= fastest) {
		return usageError{fmt.Errorf("--speed is 0 to %d, not %g", int(fastest), o.speed)}
	}
	if o.list {
		return listDemos(o.report.std.out)
	}
	name := demoDefault
	if len(args) > 0 {
		name = args[0]
	}
	name, err := demoNamed(name)
	if err != nil {
		return err
	}
	b, d, err := pcaps.Open(name)
	if err != nil {
		return err
	}
	if screen {
		return o.show(ctx, b, d)
	}
	if o.report.format == "text" {
		fmt.Fprintf(o.report.std.out, "%s: %s\n\n", d.Name, d.Title)
	}
	return o.play(ctx, b, d)
}

// demoNamed returns the embedded capture of that name, which may lack its first word.
func demoNamed(name string) (string, error) {
	all := pcaps.Embedded()
	for _, n := range []string{name, "incident-" + name} {
		if slices.Contains(all, n) {
			return n, nil
		}
	}
	return "", usageError{fmt.Errorf("no embedded capture %q; there are: %s", name, strings.Join(all, ", "))}
}

func listDemos(w io.Writer) error {
	for _, name := range pcaps.Embedded() {
		_, d, err := pcaps.Open(name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%-28s %s\n", name, d.Title); err != nil {
			return err
		}
	}
	return nil
}

// show opens the application over a capture.
func (o *demoOptions) show(ctx context.Context, b []byte, d pcaps.Description) error {
	in, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(b)})
	if err != nil {
		return err
	}
	defer in.Close()
	source := sourceOptions{timeout: decode.DefaultTimeout, workers: 1}
	conf, err := source.config()
	if err != nil {
		return err
	}
	playing := &embedded{Input: in, ctx: ctx, file: d.File, speed: o.speed}
	return runApp(ctx, source.appOver(playing, true, conf, o.report.std), appOptions{redraw: redrawDefault}, o.report.std)
}

// embedded is an embedded capture as an input, at a pace.
type embedded struct {
	*capture.Input
	ctx   context.Context
	file  string
	speed float64 // 0: none
}

// Files implements packetInput.
func (e *embedded) Files() []string { return []string{e.file + " (embedded)"} }

// Sources implements packetInput.
func (e *embedded) Sources(n int) []capture.Source {
	sources := e.Input.Sources(n)
	for i := range sources {
		if e.speed > 0 {
			sources[i] = &paced{Source: sources[i], ctx: e.ctx, speed: e.speed}
		}
	}
	return sources
}

// play decodes a capture at the speed asked for, and shows its report.
func (o *demoOptions) play(ctx context.Context, b []byte, d pcaps.Description) error {
	in, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(b)})
	if err != nil {
		return err
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		return err
	}
	all := make([]*analyze.Summary, decode.Shards)
	for i := range all {
		all[i] = analyze.NewSummary(&conf, analyze.DefaultLimits())
	}
	sources := in.Sources(1)
	handler := func(i int) decode.Handler { return all[i] }
	if o.speed > 0 {
		sources[0] = &paced{Source: sources[0], ctx: ctx, speed: o.speed}
		p := (&printOptions{std: o.report.std}).printer(o.report.std.out, &conf, true)
		p.stop, conf.KeepNames, conf.InOrder = func() {}, true, true
		handler = func(i int) decode.Handler { return played{all[i], p} }
		defer p.flush()
	}
	stats, err := decode.Run(ctx, sources, conf, handler)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if o.speed > 0 {
		fmt.Fprintln(o.report.std.out)
	}
	src := analyze.Source{Files: []string{d.File + " (embedded)"}, Interrupted: ctx.Err() != nil, Settings: analyze.SettingsOf(&conf)}
	return o.report.render(o.report.std.out, analyze.Build(all, &stats, src, analyze.Options{Top: o.report.rows(), Workers: 1}))
}

// played counts what happens, and prints it.
type played struct {
	*analyze.Summary
	lines *printer
}

// Message implements [decode.Handler].
func (p played) Message(m *decode.Message) {
	p.Summary.Message(m)
	p.lines.Message(m)
}

// Transaction implements [decode.Handler].
func (p played) Transaction(t *decode.Transaction) {
	p.Summary.Transaction(t)
	p.lines.Transaction(t)
	p.lines.flush()
}

// paced is a source that hands out packets no sooner than they came, at a multiple of their pace.
type paced struct {
	capture.Source
	ctx     context.Context
	speed   float64
	began   time.Time // when the first packet was handed out
	first   int64     // its time, ns
	holding []capture.Packet
}

// ReadBatch implements [capture.Source]: it waits for the first packet, and hands out those that are due.
func (p *paced) ReadBatch(batch []capture.Packet) (int, error) {
	if len(p.holding) == 0 {
		n, err := p.Source.ReadBatch(batch)
		if err != nil || n == 0 {
			return n, err
		}
		p.holding = append(p.holding[:0], batch[:n]...)
	}
	if p.began.IsZero() {
		p.began, p.first = time.Now(), p.holding[0].Time
	}
	if !p.wait(p.due(&p.holding[0])) {
		return 0, io.EOF
	}
	n := 1
	for n < len(p.holding) && p.due(&p.holding[n]) <= 0 {
		n++
	}
	n = copy(batch, p.holding[:n])
	p.holding = p.holding[n:]
	return n, nil
}

// due returns how long it is until a packet comes.
func (p *paced) due(packet *capture.Packet) time.Duration {
	after := float64(packet.Time-p.first) / p.speed
	return time.Until(p.began.Add(time.Duration(min(after, math.MaxInt64/4))))
}

// wait says whether the time has come; false where nobody waits any more.
func (p *paced) wait(d time.Duration) bool {
	if d <= 0 {
		return p.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}
