package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// toldOf decodes a capture as a live line would, at the time of its packets, with lines and what watches beside each other.
func toldOf(t *testing.T, o *printOptions) (lines, errs string) {
	t.Helper()
	in, err := capture.Open([]string{"../../pcaps/incident-lame-delegation.pcap"}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	conf.KeepNames, conf.InOrder = true, true
	p := o.printer(&out, &conf, true)
	p.stop = func() {}
	p.watcher = watch.New(&conf, watch.Options{Clock: func() int64 { return 0 }, Limits: analyze.Limits{Evidence: 1},
		Events: func(e diagnose.Event) { p.finding(&e, o.told.findings, &serial{w: &said}) }})
	p.out = bufio.NewWriter(&out)
	stats, err := decode.Run(t.Context(), in.Sources(1), conf, func(i int) decode.Handler { return p.with(i, p) })
	if err != nil {
		t.Fatal(err)
	}
	p.toldAll(stats)
	return out.String(), said.String()
}

// Findings are told on standard error, and lines are what they are without.
func TestFindingsAreTold(t *testing.T) {
	lines, said := toldOf(t, &printOptions{})
	if n := strings.Count(lines, "\n"); n != 969 || strings.Contains(lines, "finding") {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(said, "198.51.100.66 does not serve travel.example") || !strings.Contains(said, " finding started: ") || strings.Count(said, "\n") != strings.Count(said, " finding ") {
		t.Errorf("told: %s", said)
	}
}

// With --json --findings they are objects among those of the transactions.
func TestFindingsAmongObjects(t *testing.T) {
	lines, said := toldOf(t, &printOptions{json: true, told: tellOptions{findings: true}})
	if said != "" {
		t.Errorf("told: %s", said)
	}
	transactions, findings := 0, 0
	for l := range strings.Lines(lines) {
		var x struct {
			Finding *diagnose.Finding
			Client  string
		}
		if err := json.Unmarshal([]byte(l), &x); err != nil {
			t.Fatal(err, l)
		}
		switch {
		case x.Finding != nil && x.Client == "":
			findings++
		case x.Finding == nil && x.Client != "":
			transactions++
		}
	}
	if transactions != 969 || findings == 0 || transactions+findings != strings.Count(lines, "\n") {
		t.Errorf("%d transactions, %d findings", transactions, findings)
	}
}

func TestFindingsFlagWantsALiveLine(t *testing.T) {
	for _, args := range [][]string{{"--findings"}, {"--findings", "--json"}} {
		r := end(t, start(t.Context(), nil, nil, append([]string{"print", "../../pcaps/office.pcap"}, args...)...))
		if r.code != exitUsage || !strings.Contains(r.errs, "--findings goes with -i and --json") {
			t.Error(fmt.Sprint(args), r.code, r.errs)
		}
	}
}
