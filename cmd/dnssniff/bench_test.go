package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// BenchmarkReport is the whole main job. Its profile is what the compiler optimises the program by (default.pgo); to renew it:
//
//	go test ./cmd/dnssniff -run '^$' -bench Report -benchtime 20x -cpuprofile cmd/dnssniff/default.pgo
func BenchmarkReport(b *testing.B) {
	file := filepath.Join(b.TempDir(), "synth.pcap")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	truth, err := synth.Write(f, synth.Options{Packets: 1_000_000, Seed: 1, Rate: 50_000})
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		args := []string{"report", "--format", "json", file}
		if code := run(context.Background(), args, streams{out: io.Discard, err: io.Discard}); code != exitDone {
			b.Fatalf("exit code %d", code)
		}
	}
	b.ReportMetric(float64(truth.Packets.Read)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
}
