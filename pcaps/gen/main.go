// Command gen writes a large capture of plausible DNS traffic, and its exact truth beside it.
//
//	go run ./pcaps/gen -n 10000000 -seed 1 -o /tmp/large.pcap     writes /tmp/large.pcap and /tmp/large.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps/synth"
)

func main() {
	var o synth.Options
	flag.IntVar(&o.Packets, "n", 200_000, "packets, at least")
	flag.Uint64Var(&o.Seed, "seed", 1, "seed: the same one gives the same bytes")
	flag.IntVar(&o.Names, "names", 0, "names to ask for (default: by the number of packets)")
	flag.IntVar(&o.Clients, "clients", 0, "clients (default: by the number of packets)")
	flag.IntVar(&o.Rate, "rate", 0, "queries per second of capture time (default 20000)")
	out := flag.String("o", "synth.pcap", "capture to write; the truth goes beside it, with .json for its suffix")
	flag.Parse()
	if err := run(*out, o); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string, o synth.Options) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close() // closed for good below; here for the ways out before
	truth, err := synth.Write(f, o)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(truth, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(out, filepath.Ext(out))+".json", append(b, '\n'), 0o644)
}
