package analyze

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// turning counts into a summary that is turned over after so many calls, and puts the parts together.
type turning struct {
	*Summary
	every, n int
	part     *Summary
	sum      *Summary
	turns    int
}

func (x *turning) Message(m *decode.Message) {
	x.turn()
	x.Summary.Message(m)
}

func (x *turning) Transaction(t *decode.Transaction) {
	x.turn()
	x.Summary.Transaction(t)
}

func (x *turning) turn() {
	if x.n++; x.n%x.every != 0 {
		return
	}
	x.part.Reset()
	x.Turn(x.part)
	x.sum.Merge(x.part)
	x.turns++
}

// turned decodes a capture and returns the report of whole summaries, and that of turned ones.
func turned(t *testing.T, open func() *capture.Input, every int, l Limits) (whole, parts string, turns int) {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	run := func(handler func(int) decode.Handler) decode.Stats {
		in := open()
		defer in.Close()
		stats, err := decode.Run(context.Background(), in.Sources(1), conf, handler)
		if err != nil {
			t.Fatal(err)
		}
		return stats
	}
	shards := make([]*Summary, decode.Shards)
	stats := run(func(i int) decode.Handler {
		shards[i] = NewSummary(&conf, l)
		return shards[i]
	})
	all := make([]*Summary, 0, 2*decode.Shards)
	handlers := make([]*turning, decode.Shards)
	run(func(i int) decode.Handler {
		handlers[i] = &turning{Summary: NewSummary(&conf, l), every: every, part: NewSum(conf.Seed, l), sum: NewSum(conf.Seed, l)}
		return handlers[i]
	})
	for _, h := range handlers {
		all = append(all, h.sum, h.Summary)
		turns += h.turns
	}
	return builtJSON(t, shards, &stats, 1), builtJSON(t, all, &stats, 2), turns
}

// ample are limits that the samples' evidence does not reach: beyond, what is put together depends on where the parts begin.
func ample() Limits {
	l := DefaultLimits()
	l.Evidence = 1 << 15
	return l
}

func synthetic(t *testing.T, o synth.Options) func() *capture.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "synth.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := synth.Write(f, o); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return opened(t, path)
}

func opened(t *testing.T, paths ...string) func() *capture.Input {
	return func() *capture.Input {
		in, err := capture.Open(paths, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
}

// TestTurnedPartsAreTheWhole turns summaries often and seldom: the sum of the parts has to be what was counted in one piece.
func TestTurnedPartsAreTheWhole(t *testing.T) {
	captures, err := filepath.Glob("../pcaps/*.pcap*")
	if err != nil || len(captures) < 2 {
		t.Fatalf("%d captures: %v", len(captures), err)
	}
	for _, c := range []struct {
		name  string
		open  func() *capture.Input
		every int
	}{
		{"synth seldom", synthetic(t, synth.Options{Packets: 30000, Seed: 5, Names: 9000, Clients: 3000}), 700},
		{"synth often", synthetic(t, synth.Options{Packets: 5000, Seed: 6}), 7},
		{"office", opened(t, "../pcaps/office.pcap"), 3},
		{"all", opened(t, captures...), 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, parts, turns := turned(t, c.open, c.every, ample())
			if parts != whole {
				t.Errorf("another report after %d turns\n%s", turns, firstDifference(parts, whole))
			}
			if turns < 20 {
				t.Errorf("%d turns", turns)
			}
		})
	}
}

// TestTurnedRowsMakeRoom has tables that are full of rows without counts: nothing is lost when those go.
func TestTurnedRowsMakeRoom(t *testing.T) {
	l := Limits{Clients: 1 << 12, Servers: 1 << 10, Names: 1000, Zones: 1 << 12, Lookups: 1 << 10}
	o := synth.Options{Packets: 40000, Seed: 7, Names: 20000, Clients: 500}
	open := synthetic(t, o)
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	in := open()
	defer in.Close()
	var parts []*Summary
	stats, err := decode.Run(context.Background(), in.Sources(1), conf, func(i int) decode.Handler {
		h := &turning{Summary: NewSummary(&conf, l), every: 500, part: NewSum(conf.Seed, l), sum: NewSum(conf.Seed, DefaultLimits())}
		parts = append(parts, h.sum, h.Summary)
		return h
	})
	if err != nil {
		t.Fatal(err)
	}
	r := Build(parts, &stats, Source{}, Options{Top: 10, Workers: 1})
	shards, stats := shardsOf(t, 1, DefaultLimits(), o)
	want := Build(shards, &stats, Source{}, Options{Top: 10, Workers: 1})
	if r.Limits.NamesError != 0 || len(r.Distinct.Approximate) > 0 || r.Distinct.Names != want.Distinct.Names || want.Distinct.Names < 6000 {
		t.Errorf("%+v, %+v, want %+v", r.Limits, r.Distinct, want.Distinct)
	}
}

// TestTurnSaysWhatItLost has more names in one part than there is room for.
func TestTurnSaysWhatItLost(t *testing.T) {
	l := Limits{Clients: 64, Servers: 64, Names: 64, Zones: 64}
	shards, stats := shardsOf(t, 1, l, synth.Options{Packets: 20000, Seed: 4, Clients: 2000, Names: 20000})
	var parts []*Summary
	for _, s := range shards {
		part := NewSum(s.seed, l)
		s.Turn(part)
		parts = append(parts, part)
	}
	r := Build(parts, &stats, Source{}, Options{Top: 10, Workers: 1})
	if r.Limits.NamesError == 0 || len(r.Distinct.Approximate) == 0 {
		t.Errorf("%+v, %+v", r.Limits, r.Distinct)
	}
	if r := Build(shards, &stats, Source{}, Options{Top: 10, Workers: 1}); r.Messages.Total != 0 || len(r.Names) > 0 && r.Names[0].Queries > 0 || r.Limits.NamesError != 0 {
		t.Errorf("what is left: %+v, %+v", r.Messages, r.Limits)
	}
}

func TestTablesOfAnEarlierReport(t *testing.T) {
	shards, stats := shardsOf(t, 1, DefaultLimits(), synth.Options{Packets: 3000, Seed: 4})
	first := Build(shards, &stats, Source{}, Options{Top: 10, Workers: 1})
	second := Build(shards, &stats, Source{}, Options{Top: 10, Workers: 1, Tables: first})
	if &second.Names[0] != &first.Names[0] || second.Distinct.Names != first.Distinct.Names || second.Messages != first.Messages {
		t.Error("the tables are others")
	}
}

func BenchmarkTurn(b *testing.B) {
	c := collect(b)
	s := newTestSummary(7)
	part := NewSum(7, DefaultLimits())
	b.ReportAllocs()
	for range b.N {
		for i := range c.messages[:256] {
			s.Message(&c.messages[i])
		}
		part.Reset()
		s.Turn(part)
	}
}

// TestResetIsEmpty fills a summary, empties it, and compares it with one that never held anything.
func TestResetIsEmpty(t *testing.T) {
	shards, stats := shardsOf(t, 1, DefaultLimits(), synth.Options{Packets: 5000, Seed: 8})
	s := NewSum(shards[0].seed, DefaultLimits())
	for range 2 {
		for _, x := range shards {
			s.Merge(x)
		}
		if s.Total() == 0 {
			t.Fatal("nothing was counted")
		}
		s.Reset()
		if got, want := reportJSON(t, s, &stats), reportJSON(t, NewSum(s.seed, DefaultLimits()), &stats); got != want {
			t.Error(firstDifference(got, want))
		}
	}
	if first, last := s.Times(); first <= last {
		t.Errorf("times %d to %d", first, last)
	}
	for code := range s.Responses {
		t.Errorf("response code %d", code)
	}
}
