package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"
)

const benchPackets = 400_000

func benchFile(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("DNSSNIFF_BENCH_PCAP"); path != "" {
		return path
	}
	records := frames(7, 4000)
	var all []record
	for range benchPackets / len(records) {
		all = append(all, records...)
	}
	return writeFile(b, "bench.pcap", pcapFile(binary.LittleEndian, magicMicro, 1, all...))
}

// walkAll counts what a Source hands out.
func walkAll(b *testing.B, src Source) int {
	batch := make([]Packet, 256)
	total := 0
	for {
		n, err := src.ReadBatch(batch)
		total += n
		if errors.Is(err, io.EOF) {
			return total
		}
		if err != nil {
			b.Error(err)
			return total
		}
	}
}

func benchInput(b *testing.B, paths []string, opts func() Options, n int) {
	b.ReportAllocs()
	total := 0
	for b.Loop() {
		in, err := Open(paths, opts())
		if err != nil {
			b.Fatal(err)
		}
		var wg sync.WaitGroup
		counts := make([]int, n)
		for i, src := range in.Sources(n) {
			wg.Go(func() { counts[i] = walkAll(b, src) })
		}
		wg.Wait()
		in.Close()
		total += counts[0]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(total), "ns/packet")
	b.ReportMetric(float64(total)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
}

func BenchmarkFile(b *testing.B) {
	path := benchFile(b)
	for _, n := range []int{1, 2} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			benchInput(b, []string{path}, func() Options { return Options{} }, n)
		})
	}
}

func BenchmarkPipe(b *testing.B) {
	data, err := os.ReadFile(benchFile(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 2} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			benchInput(b, []string{"-"}, func() Options {
				r, w, err := os.Pipe()
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					io.Copy(w, bytes.NewReader(data))
					w.Close()
				}()
				return Options{Stdin: r}
			}, n)
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	path := benchFile(b)
	benchInput(b, []string{path, path}, func() Options { return Options{} }, 1)
}
