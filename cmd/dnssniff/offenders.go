package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/text"
)

type offendersOptions struct {
	reportOptions
	rules   rulesetList
	packets string // where the packets go
}

func offendersCommand(std streams) *cobra.Command {
	o := offendersOptions{reportOptions: reportOptions{std: std}}
	cmd := &cobra.Command{
		Use:   "offenders FILE...",
		Short: "Clients that send malformed queries: who, what, how, and rules",
		Long: `offenders ranks the clients whose queries are malformed or break a rule of an
RFC, and says of each all that is known: how many and what share of its queries,
what is wrong with them, when, how it asks (its fingerprint), and the commands
that show samples byte by byte. A few bad ones among many good queries are those
of a resolver for many; all bad ones are a broken program, or a scan.

--rules adds lines to act on those shown: ` + strings.Join(text.Rulesets(), ", ") + `. They
are printed, never applied.

-w writes the packets of all offending queries, not only of the samples and of
the clients shown, as pcapng, with all segments and fragments of a message. It
reads the files a second time. Up to ` + fmt.Sprint(maxLogged>>20) + ` Mi packets are written, and of one client
up to ` + fmt.Sprint(maxLogged/decode.Shards>>10) + ` Ki; what is left out is counted.

The JSON form has the schema ` + text.OffendersSchema + `: its fields are added, never
renamed.`,
		Example: `  dnssniff offenders capture.pcap
  dnssniff offenders -w offenders.pcapng monday.pcap.gz tuesday.pcap.gz
  dnssniff offenders --format json --rules bind x.pcap | jq -r .rules.bind`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.Lookup("top").Usage = fmt.Sprintf("`N` clients (text %d, json %d)", topText, topJSON)
	f.Var(&o.rules, "rules", "print lines to act on them with `PROGRAM` (repeatable)")
	f.StringVarP(&o.packets, "write", "w", "", "write the packets of their offending queries to `FILE`")
	return cmd
}

// rulesetList is a flag of rulesets: repeatable, and each value may be a list with commas.
type rulesetList []text.Ruleset

func (l *rulesetList) String() string { return strings.Trim(fmt.Sprint([]text.Ruleset(*l)), "[]") }

// Type names the value in the help text.
func (l *rulesetList) Type() string { return "program" }

// Set adds the rulesets of one value, each once.
func (l *rulesetList) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		r, err := text.ParseRuleset(word)
		if err != nil {
			return err
		}
		if !slices.Contains(*l, r) {
			*l = append(*l, r)
		}
	}
	return nil
}

func (o *offendersOptions) run(ctx context.Context, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.checkSource(args); err != nil {
		return err
	}
	return o.source.with(ctx, args, o.output, o.std, func(ctx context.Context, conf decode.Config, x exchange) error {
		return o.toPackets(func(packets io.Writer) error { return o.show(ctx, x.in, conf, x.out, packets) })
	})
}

// checkSource judges what is read and where it is written.
func (o *offendersOptions) checkSource(args []string) error {
	if o.source.live.iface != "" {
		if o.packets != "" {
			return usageError{errors.New("-w reads the capture twice, and an interface can be read once: dnssniff report -i IFACE -w FILE keeps the packets; read that")}
		}
		return nil
	}
	files, err := o.source.paths(args)
	if err != nil {
		return err
	}
	return o.checkOutputs(files)
}

// toPackets calls do with what -w names, nil where it names nothing.
func (o *offendersOptions) toPackets(do func(packets io.Writer) error) error {
	switch o.packets {
	case "":
		return do(nil)
	case "-":
		return do(o.std.out)
	}
	packets, done, err := openOutput(o.packets, o.std)
	if err != nil {
		return err
	}
	return errors.Join(do(packets), done())
}

// show reads the capture, writes the packets if they are wanted, and prints.
func (o *offendersOptions) show(ctx context.Context, in packetInput, conf decode.Config, w, packets io.Writer) error {
	told := announce(in, o.std.err)
	r, log, err := o.read(ctx, in, conf, packets != nil)
	told()
	ended(in, o.std.err)
	if err != nil {
		return err
	}
	count(r, in)
	warn(o.std.err, r.Source.Faults)
	look := text.OffendersOptions{Options: o.look(w), Rules: o.rules}
	if packets != nil {
		written, err := o.writePackets(in.Files(), log, packets)
		if err != nil {
			return err
		}
		look.Written = &text.Written{File: o.packets, Packets: written, LeftOut: log.lost}
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	show := text.Offenders
	if o.format == "json" {
		show = text.OffendersJSON
	}
	if err := show(buf, r, look); err != nil {
		return err
	}
	return buf.Flush()
}

// offenderShard counts, and where asked to logs which packets offend.
type offenderShard struct {
	*analyze.Summary
	log *packetLog // nil: not asked
}

// Message takes a message from the decoder.
func (s *offenderShard) Message(m *decode.Message) {
	if s.log != nil && analyze.Offends(m) {
		s.log.add(m)
	}
	s.Summary.Message(m)
}

// read makes the report, and the log of the packets where it is wanted.
func (o *offendersOptions) read(ctx context.Context, in packetInput, conf decode.Config, wanted bool) (*analyze.Report, *packetLog, error) {
	limits := analyze.DefaultLimits()
	summaries, logs := make([]*analyze.Summary, decode.Shards), make([]*packetLog, decode.Shards)
	for i := range summaries {
		summaries[i] = analyze.NewSummary(&conf, limits)
		if wanted {
			logs[i] = newPacketLog(maxLogged/decode.Shards, maxSpans/decode.Shards)
		}
	}
	handler := func(i int) decode.Handler { return &offenderShard{summaries[i], logs[i]} }
	stats, err := o.source.decode(ctx, in, conf, o.source.workers, o.std.err, handler)
	if err != nil {
		return nil, nil, err
	}
	src := sourceOf(ctx, in)
	src.Settings = analyze.SettingsOf(&conf)
	r := analyze.Build(summaries, &stats, src, analyze.Options{Top: o.rows(), Workers: o.source.workers})
	if !wanted {
		return r, nil, nil
	}
	return r, joined(logs), nil
}

// checkOutputs refuses outputs that are read, or the same, and inputs that cannot be read twice where they would be.
func (o *offendersOptions) checkOutputs(files []string) error {
	if err := checkOutput(o.output, files, o.std); err != nil || o.packets == "" {
		return err
	}
	if o.packets == "-" {
		if o.output == "" {
			return usageError{errors.New("-w - and the report would both go to standard output: give -o FILE, too")}
		}
		if err := checkOutput("", files, o.std); err != nil {
			return err
		}
	} else {
		if err := checkOutput(o.packets, files, o.std); err != nil {
			return err
		}
		if sameOutput(o.packets, o.output, o.std) {
			return usageError{fmt.Errorf("the report and the packets would both go to %s: give two names", o.packets)}
		}
	}
	if isLive(files, o.std.in) || slices.Contains(files, "-") {
		return usageError{errors.New("-w reads the capture twice, and a pipe or standard input can be read once: save it to a file (tcpdump -w FILE), and read that")}
	}
	return nil
}
