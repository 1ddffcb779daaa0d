package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/ui/app"
)

// counted counts what a capture holds.
func counted(t *testing.T, path string) (*analyze.Report, []record.Record) {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames, conf.KeepData = true, true
	var shards []*analyze.Summary
	for range decode.Shards {
		shards = append(shards, analyze.NewSummary(&conf, analyze.DefaultLimits()))
	}
	var all []record.Record
	var stats decode.Stats
	err = withFiles(t.Context(), []string{path}, func(src capture.Source) error {
		stats, err = decode.Run(t.Context(), []capture.Source{src}, conf, func(i int) decode.Handler { return recorder{shards[i], &all} })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return analyze.Build(shards, &stats, analyze.Source{}, analyze.Options{Top: 10, Workers: 1}), all
}

type recorder struct {
	*analyze.Summary
	all *[]record.Record
}

func (r recorder) Transaction(x *decode.Transaction) {
	r.Summary.Transaction(x)
	*r.all = append(*r.all, record.Of(x, 1<<16))
}

func TestSavePackets(t *testing.T) {
	const office = "../../pcaps/office.pcap"
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := counted(t, office)
	for _, code := range []string{"FORMERR", "NXDOMAIN", "SERVFAIL"} {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		e, err := where.Parse(`rcode == "` + code + `"`)
		if err != nil {
			t.Fatal(err)
		}
		said, err := savePackets(t.Context(), out, []string{office}, conf, nil, app.Selection{Where: e})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := counted(t, out)
		if got.RCODEs[code] != whole.RCODEs[code] || len(got.RCODEs) != 1 {
			t.Errorf("%s: %v, want %d: %s", code, got.RCODEs, whole.RCODEs[code], said)
		}
		if _, err := savePackets(t.Context(), out, []string{office}, conf, nil, app.Selection{}); err == nil {
			t.Error("a file was written over")
		}
	}
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, err := savePackets(t.Context(), out, []string{office}, conf, nil, app.Selection{}); err != nil {
		t.Fatal(err)
	}
	if got, _ := counted(t, out); got.Transactions.Answered != whole.Transactions.Answered || got.Messages.TCP == 0 {
		t.Errorf("%d answered, want %d", got.Transactions.Answered, whole.Transactions.Answered)
	}
	late := app.Selection{From: time.Now().AddDate(100, 0, 0)}
	if said, err := savePackets(t.Context(), filepath.Join(t.TempDir(), "none"), []string{office}, conf, nil, late); err != nil || !strings.HasPrefix(said, "0 packets of 0") {
		t.Errorf("%s, %v", said, err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	broken := filepath.Join(t.TempDir(), "broken")
	if _, err := savePackets(stopped, broken, []string{office}, conf, nil, app.Selection{}); err == nil {
		t.Error("an interrupted writing is no failure")
	} else if _, err := os.Stat(broken); err == nil {
		t.Error("half a capture is left")
	}
}

// Packets made anew give the same transactions.
func TestSaveRecords(t *testing.T) {
	for _, name := range []string{"office.pcap", "edns.pcap", "fragments.pcap", "hostile-bind.pcap"} {
		path := filepath.Join("../../pcaps", name)
		_, want := counted(t, path)
		codes := map[string]uint64{}
		var records []*record.Record
		for i := range want {
			if want[i].Status == decode.Answered && want[i].Proto == decode.UDP {
				records = append(records, &want[i])
				codes[mnemonic.RCODE(want[i].RCODE)]++
			}
		}
		out := filepath.Join(t.TempDir(), "out.pcapng")
		if _, err := saveRecords(createNew, out, records); err != nil {
			t.Fatal(err)
		}
		got, _ := counted(t, out)
		if n := got.Packets.Read; n != uint64(2*len(records)) {
			t.Errorf("%s: %d packets of %d transactions", name, n, len(records))
		}
		if !maps.Equal(got.RCODEs, codes) {
			t.Errorf("%s: %v, want %v", name, got.RCODEs, codes)
		}
		if got.Packets.Undecodable > 0 || got.Packets.BadL4Checksum > 0 || got.Packets.BadIPChecksum > 0 {
			t.Errorf("%s: %+v", name, got.Packets)
		}
	}
}

func TestRemade(t *testing.T) {
	r := record.Record{Time: time.Unix(10, 0), HasQuery: true, Proto: decode.TCP, Client: netip.MustParseAddrPort("[2001:db8::1]:4000"),
		Server: netip.MustParseAddrPort("[2001:db8::53]:53"), Query: []byte("twelve bytes"), QueryLength: 40}
	got := remade(&r)
	if len(got) != 1 || int(got[0].Length)-len(got[0].Data) != 28 {
		t.Errorf("%+v", got)
	}
	r.Server = netip.MustParseAddrPort("192.0.2.53:53")
	if got := remade(&r); len(got) != 0 {
		t.Errorf("a packet from IPv6 to IPv4: %+v", got)
	}
}

func TestWriteReport(t *testing.T) {
	r, _ := counted(t, "../../pcaps/office.pcap")
	dir := t.TempDir()
	if _, err := writeReport(createNew, filepath.Join(dir, "x.json"), r); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x.json"))
	if err != nil || !json.Valid(b) {
		t.Errorf("no JSON: %v", err)
	}
	if _, err := writeReport(createNew, filepath.Join(dir, "x.txt"), r); err != nil {
		t.Fatal(err)
	}
	b, _ = os.ReadFile(filepath.Join(dir, "x.txt"))
	if !strings.Contains(string(b), "Response codes") {
		t.Errorf("no report:\n%s", b)
	}
	if _, err := writeReport(createNew, filepath.Join(dir, "x.txt"), r); err == nil {
		t.Error("a file was written over")
	}
}

func TestRedrawIsBounded(t *testing.T) {
	for d, ok := range map[time.Duration]bool{0: false, time.Millisecond: false, 50 * time.Millisecond: true, time.Minute: true, time.Hour: false} {
		if err := (&appOptions{redraw: d}).check(); (err == nil) != ok {
			t.Errorf("%s: %v", d, err)
		}
	}
}
