//go:build linux

// Lab makes the sample captures: it plays scenarios on real servers in network namespaces and describes what it recorded.
//
//	pcaps/lab/run [-o DIR] [-keep] SCENARIO...|all
//	pcaps/lab/run [-o DIR] matrix
//
// Without a scenario it lists them. matrix reads the captures of hostile queries in DIR, with tshark alone, writes DIR/matrix.yaml and says where
// servers do not what the catalogue expects. It needs root on Linux and the Debian packages that it names if they are missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
	"github.com/dnssniff/dnssniff/pcaps/lab/scenario"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	dir := flags.String("o", "pcaps", "directory of captures and descriptions")
	keep := flags.Bool("keep", false, "keep logs and configurations")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return list(out)
	}
	if flags.Arg(0) == "matrix" {
		return matrix(ctx, *dir, out)
	}
	chosen, err := choose(scenario.All(), flags.Args())
	if err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return errors.New("needs root, for network namespaces")
	}
	if err := missing(exec.LookPath); err != nil {
		return err
	}
	var errs []error
	for _, s := range chosen {
		o := stage.Options{Out: *dir, Counts: filepath.Join("pcaps", "counts.sh"), Keep: *keep, Log: out}
		if o.Counts, err = filepath.Abs(o.Counts); err != nil {
			return err
		}
		if err := stage.Perform(ctx, s, o); err != nil {
			errs = append(errs, err)
			fmt.Fprintln(out, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%d of %d scenarios failed", len(errs), len(chosen))
	}
	return nil
}

// matrix measures what servers answered to hostile queries from the captures in dir, and says where that is not what the catalogue expects.
func matrix(ctx context.Context, dir string, out io.Writer) error {
	m, err := hostile.Measure(ctx, dir)
	if err != nil {
		return err
	}
	hostile.Print(out, m)
	return hostile.Write(filepath.Join(dir, "matrix.yaml"), m)
}

func list(out io.Writer) error {
	fmt.Fprintln(out, "pcaps/lab/run [-o DIR] [-keep] SCENARIO...|all")
	for _, s := range scenario.All() {
		fmt.Fprintf(out, "  %-26s %s\n", s.Name, s.Title)
	}
	return nil
}

// choose picks scenarios by name, or by a pattern of the shell's.
func choose(all []stage.Scenario, names []string) ([]stage.Scenario, error) {
	if slices.Equal(names, []string{"all"}) {
		return all, nil
	}
	var out []stage.Scenario
	for _, name := range names {
		before := len(out)
		for _, s := range all {
			if ok, err := filepath.Match(name, s.Name); err != nil {
				return nil, err
			} else if ok {
				out = append(out, s)
			}
		}
		if len(out) == before {
			return nil, fmt.Errorf("no scenario %s", name)
		}
	}
	return out, nil
}

// missing says which Debian packages have to be installed.
func missing(find func(string) (string, error)) error {
	var packages []string
	for _, p := range programs {
		program, pkg, _ := strings.Cut(p, " ")
		if _, err := find(program); err != nil && !slices.Contains(packages, pkg) {
			packages = append(packages, pkg)
		}
	}
	if len(packages) > 0 {
		return fmt.Errorf("programs are missing; on Debian: apt-get install %s", strings.Join(packages, " "))
	}
	return nil
}

// programs and the packages that they are in.
var programs = []string{
	"named bind9", "dnssec-signzone bind9-utils", "dig bind9-dnsutils", "unbound unbound", "nsd nsd", "knotd knot", "kdig knot-dnsutils",
	"pdns_server pdns-server", "pdnsutil pdns-server", "pdns_recursor pdns-recursor", "dnsmasq dnsmasq-base", "dnsperf dnsperf", "ip iproute2", "nft nftables",
	"faketime faketime", "tcpdump tcpdump", "tshark tshark", "dumpcap wireshark-common", "ethtool ethtool", "nsenter util-linux", "python3 python3",
}
