package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// streams are the standard streams of a run.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// grace is how long a live input is read on after an interrupt. Ctrl-C reaches all programs of a pipeline, and tcpdump, on its way out,
	// writes what it still holds.
	grace time.Duration
}

// usageError is a call that cannot be understood; the message says what to do.
type usageError struct{ error }

// run runs the command with its arguments and returns the exit code. Errors are printed here and nowhere else, in one line.
func run(ctx context.Context, args []string, std streams) int {
	root := rootCommand(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(std.err, "dnssniff: %s (see dnssniff --help)\n", oneLine(err))
		return exitUsage
	default:
		fmt.Fprintf(std.err, "dnssniff: %s\n", oneLine(err))
		return exitFailed
	}
}

// oneLine makes an error fit to be shown: it can hold file names and bytes of a file.
func oneLine(err error) string {
	return sanitize.String(strings.ReplaceAll(err.Error(), "\n", "; "))
}

func rootCommand(std streams) *cobra.Command {
	o := reportOptions{std: std}
	var look appOptions
	var list bool
	cmd := &cobra.Command{
		Use:   "dnssniff [FILE...]",
		Short: "Passive DNS analyzer: what is going on, who it is, and why",
		Long: `dnssniff reads capture files, pairs each DNS query with its response, and shows
what is going on: response codes, clients, servers, names, latency, and what is
wrong with the messages. It never sends a packet.

With files and no command it opens the application: tables down to the bytes of
a message; ? shows the keys. Where standard output is no terminal, or a flag of
the report is given, it prints the report. Exit codes: 0 done, also where a file
is damaged, which gets a warning; 1 failed; 2 wrong call.`,
		Example: `  dnssniff capture.pcap
  dnssniff report --format json capture.pcapng.gz
  tcpdump -U -i eth0 -w - port 53 | dnssniff print -`,
		Version:       version(),
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2, // how many letters a mistyped command may be off, for a hint

		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return listInterfaces(std.out)
			}
			if len(args) == 0 && len(o.source.files) == 0 && o.source.live.iface == "" {
				return cmd.Help()
			}
			if wantsApp(cmd, std) {
				return orCommand(cmd, args, o.runScreen(cmd.Context(), args, look))
			}
			if look.where != "" {
				return usageError{errors.New("--where is for the application, which wants a terminal, and for print and inspect")}
			}
			if o.source.live.iface != "" && !cmd.Flags().Changed("format") { // a report would come at the end only
				lines := printOptions{std: std, source: o.source, output: o.output, time: "clock"}
				return lines.run(cmd.Context(), args)
			}
			return orCommand(cmd, args, o.run(cmd.Context(), args))
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	o.flags(cmd)
	o.source.live.write.flags(cmd.Flags())
	look.flags(cmd)
	cmd.Flags().BoolVarP(&list, "list-interfaces", "D", false, "list the interfaces to capture from")
	cmd.AddCommand(reportCommand(std), demoCommand(std), printCommand(std), inspectCommand(std), interfacesCommand(std), offendersCommand(std), explainCommand(std), createFilesCommand())
	return cmd
}

// orCommand says what was meant by a lone word that is neither a file nor a command.
func orCommand(cmd *cobra.Command, args []string, err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) || !errors.Is(err, fs.ErrNotExist) || len(args) == 0 || path.Path != args[0] || strings.ContainsAny(args[0], `./\`) {
		return err
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("%s: no such file, and no such command%s", args[0], hint)}
}

// isTerminal says whether a stream is a terminal, and with what number of columns.
func isTerminal(w any) (int, bool) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, false
	}
	return terminalWidth(f)
}
