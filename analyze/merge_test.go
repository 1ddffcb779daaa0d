package analyze

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// shardsOf decodes a synthetic capture with n workers and returns the shards' summaries.
func shardsOf(t *testing.T, n int, l Limits, o synth.Options) ([]*Summary, decode.Stats) {
	t.Helper()
	var pcap bytes.Buffer
	if _, err := synth.Write(&pcap, o); err != nil {
		t.Fatal(err)
	}
	in, err := capture.Open([]string{"-"}, capture.Options{Stdin: &pcap})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	shards := make([]*Summary, decode.Shards)
	for i := range shards {
		shards[i] = NewSummary(&conf, l)
	}
	stats, err := decode.Run(context.Background(), in.Sources(n), conf, func(i int) decode.Handler { return shards[i] })
	if err != nil {
		t.Fatal(err)
	}
	return shards, stats
}

func reportJSON(t *testing.T, s *Summary, st *decode.Stats) string {
	t.Helper()
	return builtJSON(t, []*Summary{s}, st, 1)
}

func builtJSON(t *testing.T, all []*Summary, st *decode.Stats, workers int) string {
	t.Helper()
	out, err := json.MarshalIndent(Build(all, st, Source{}, Options{Top: 50, Workers: workers}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestMergeInAnyOrderAndGrouping checks that Merge is associative and commutative.
func TestMergeInAnyOrderAndGrouping(t *testing.T) {
	shards, stats := shardsOf(t, 1, DefaultLimits(), synth.Options{Packets: 30000, Seed: 3})
	want := reportJSON(t, merged(shards), &stats)
	for try := range uint64(20) {
		r := rand.New(rand.NewPCG(try, 0))
		// Take two summaries, put their union back, until one is left.
		pool := append([]*Summary{}, shards...)
		for len(pool) > 1 {
			r.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
			pool = append(pool[2:], merged(pool[:2]))
		}
		if got := reportJSON(t, pool[0], &stats); got != want {
			t.Fatalf("try %d: another report\n%s", try, firstDifference(got, want))
		}
	}
}

// merged returns a new summary of all, which stay as they are.
func merged(all []*Summary) *Summary {
	sum := NewSummary(&decode.Config{Seed: all[0].seed, Timeout: decode.DefaultTimeout}, Limits{1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 10, 1 << 16})
	for _, s := range all {
		sum.Merge(s)
	}
	return sum
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "got  ..." + a[max(i-60, 0):min(i+60, len(a))] + "\nwant ..." + b[max(i-60, 0):min(i+60, len(b))]
		}
	}
	return "one is longer"
}

// TestReportOfManyIsThatOfTheirSum has tables of many parts and of one.
func TestReportOfManyIsThatOfTheirSum(t *testing.T) {
	for _, o := range []synth.Options{{Packets: 60000, Seed: 5, Names: 30000, Clients: 9000}, {Packets: 300, Seed: 6}} {
		shards, stats := shardsOf(t, 1, DefaultLimits(), o)
		want := reportJSON(t, merged(shards), &stats)
		for _, workers := range []int{0, 1, 2, 5, 100} {
			if got := builtJSON(t, shards, &stats, workers); got != want {
				t.Errorf("%d packets, %d workers: another report\n%s", o.Packets, workers, firstDifference(got, want))
			}
		}
	}
}

// TestReportIsTheSameWithAnyWorkers runs with tables so small that rows are lost: what is lost may not depend on the workers either.
func TestReportIsTheSameWithAnyWorkers(t *testing.T) {
	for _, l := range []Limits{DefaultLimits(), {Clients: 64, Servers: 64, Names: 100, Zones: 64}} {
		var want string
		for _, workers := range []int{1, 2, 3, 8} {
			shards, stats := shardsOf(t, workers, l, synth.Options{Packets: 20000, Seed: 9})
			got := builtJSON(t, shards, &stats, workers)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("limits %+v, %d workers: another report\n%s", l, workers, firstDifference(got, want))
			}
		}
	}
}

func TestReportSaysWhatItForgot(t *testing.T) {
	l := Limits{Clients: 64, Servers: 64, Names: 64, Zones: 64}
	shards, stats := shardsOf(t, 1, l, synth.Options{Packets: 50000, Seed: 4, Clients: 5000, Names: 20000})
	r := Build(shards, &stats, Source{}, Options{Top: 10, Workers: 2})
	if r.Limits.ClientsError == 0 || r.Limits.NamesError == 0 {
		t.Errorf("limits %+v: no error bound", r.Limits)
	}
	if len(r.Distinct.Approximate) < 3 {
		t.Errorf("approximate: %v", r.Distinct.Approximate)
	}
	if r.Distinct.Clients < 3500 || r.Distinct.Clients > 5500 {
		t.Errorf("%d distinct clients, 5000 were made", r.Distinct.Clients)
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	c := collect(t)
	s := newTestSummary(7)
	turn := func() {
		for i := range c.messages {
			s.Message(&c.messages[i])
		}
	}
	turn()
	if n := testing.AllocsPerRun(20, turn); n != 0 {
		t.Errorf("%v allocations for %d messages", n, len(c.messages))
	}
}

func BenchmarkMessage(b *testing.B) {
	c := collect(b)
	s := newTestSummary(7)
	b.ReportAllocs()
	for i := range b.N {
		s.Message(&c.messages[i%len(c.messages)])
	}
}
