package analyze

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"
)

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// spread makes a hash of a small number.
func spread(n uint64) uint64 { return (n + 1) * 0x9e3779b97f4a7c15 }

func count(t *table, n uint64, queries uint32) {
	addTo(&t.row(spread(n), key(n)).queries, queries)
}

func TestTableAgainstMap(t *testing.T) {
	table, model := newTable(1<<14), map[uint64]uint32{}
	state := uint64(1)
	for range 50000 {
		state = state*6364136223846793005 + 1442695040888963407
		n := state >> 33 % 9000
		count(table, n, 1)
		model[n]++
	}
	if len(table.rows) != len(model) {
		t.Fatalf("%d rows, want %d", len(table.rows), len(model))
	}
	for n, want := range model {
		r := table.find(spread(n))
		if r == nil || r.queries != want || !slices.Equal(table.keys.get(r.key), key(n)) {
			t.Fatalf("key %d: row %+v, want %d queries", n, r, want)
		}
	}
	if table.find(spread(9001)) != nil {
		t.Error("found a key that was never counted")
	}
}

// TestPurgeKeepsHeavyRows floods a table: the heavy keys stay, the error bound holds for each, and nothing is lost on the way to lost.
func TestPurgeKeepsHeavyRows(t *testing.T) {
	const limit, heavy, flood = 256, 20, 100000
	table := newTable(limit)
	lost := uint64(0)
	table.lost = func(_ []byte, c *counts) { lost += uint64(c.queries) }
	for n := range uint64(flood) {
		count(table, 1000+n, 1)
		if n%10 == 0 {
			count(table, n/10%heavy, 5)
		}
	}
	if len(table.rows) > limit {
		t.Errorf("%d rows, limit %d", len(table.rows), limit)
	}
	kept := uint64(0)
	for r := range table.all {
		kept += uint64(r.queries)
	}
	if kept+lost != flood+flood/10*5 {
		t.Errorf("%d kept and %d lost, of %d", kept, lost, flood+flood/10*5)
	}
	const exact = flood / 10 * 5 / heavy
	for n := range uint64(heavy) {
		r := table.find(spread(n))
		if r == nil {
			t.Fatalf("heavy key %d is gone", n)
		}
		if r.queries > exact || r.queries+table.weightLost < exact {
			t.Errorf("key %d: %d queries and an error of %d, exact %d", n, r.queries, table.weightLost, exact)
		}
	}
	n := estimatedOf(table)
	if n == nil || math.Abs(float64(*n)-(flood+heavy)) > 0.03*flood {
		t.Errorf("%v distinct, want about %d", n, flood+heavy)
	}
}

// TestPurgeMovesKeysWithTheirRows purges where rows and keys are: a key may only go to where no later one is, so rows have to stay in their keys' order.
func TestPurgeMovesKeysWithTheirRows(t *testing.T) {
	table := newTable(256)
	long := make([]byte, 200)
	for n := range uint64(20000) {
		k := append(key(n), long[:n*7919%200]...)
		addTo(&table.row(spread(n), k).queries, uint32(n*104729%50))
		if n%97 != 0 {
			continue
		}
		last := ref(0)
		for i := range table.rows {
			r := &table.rows[i]
			got := binary.BigEndian.Uint64(table.keys.get(r.key))
			if r.hash != spread(got) || i > 0 && r.key <= last || table.find(r.hash) != r {
				t.Fatalf("after %d keys, row %d: key %d at %x, after one at %x", n, i, got, r.key, last)
			}
			last = r.key
		}
	}
	if table.weightLost == 0 {
		t.Error("no purge")
	}
}

func TestCountsDoNotWrap(t *testing.T) {
	n := uint32(math.MaxUint32 - 1)
	addTo(&n, 5)
	if n != math.MaxUint32 {
		t.Errorf("got %d", n)
	}
	inc(&n)
	if n != math.MaxUint32 {
		t.Errorf("wrapped to %d", n)
	}
}

func TestRareRCODEsAreBounded(t *testing.T) {
	table := newTable(1 << 15)
	for n := range uint64(2 * maxRare) {
		table.response(table.row(spread(n), key(n)), 4095)
	}
	if len(table.rare) != maxRare {
		t.Errorf("%d, limit %d", len(table.rare), maxRare)
	}
	if r := table.find(spread(2*maxRare - 1)); r.responses != 1 {
		t.Errorf("responses not counted: %+v", r)
	}
}

func TestSeriesMergesLikeOne(t *testing.T) {
	starts := []int64{0, 1767225600e9, math.MaxInt64, -5}
	for _, start := range starts {
		for _, step := range []int64{1e3, 1e6, 37e6, 1e9, 86400e9} {
			t.Run(fmt.Sprint(start, step), func(t *testing.T) {
				whole, even, odd := newSeries(), newSeries(), newSeries()
				for i := range int64(5000) {
					at := start + i*step*7919%(step*5000)
					whole.at(at).queries++
					part := even
					if i%2 == 1 {
						part = odd
					}
					part.at(at).queries++
				}
				odd.merge(even)
				sameSeries(t, whole, odd)
			})
		}
	}
}

func sameSeries(t *testing.T, a, b *series) {
	t.Helper()
	if a.level != b.level || a.first != b.first || !slices.Equal(a.buckets, b.buckets) {
		t.Errorf("merged: level %d first %d, %d buckets; one: level %d first %d, %d buckets", b.level, b.first, len(b.buckets), a.level, a.first, len(a.buckets))
	}
	if len(a.buckets) > seriesBuckets {
		t.Errorf("%d buckets", len(a.buckets))
	}
	n := uint64(0)
	for i := range a.buckets {
		n += a.buckets[i].queries
	}
	if n != 5000 {
		t.Errorf("%d queries counted, want 5000", n)
	}
}

// wireName returns the wire form of a name given without its final dot.
func wireName(s string) []byte {
	var out []byte
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] != '.' {
			n++
		}
		out = append(append(out, byte(n)), s[:n]...)
		s = s[min(n+1, len(s)):]
	}
	return append(out, 0)
}

func TestRowFillsACacheLine(t *testing.T) {
	if n := unsafe.Sizeof(row{}); n != 64 {
		t.Errorf("%d bytes", n)
	}
}

func estimatedOf(t *table) *uint64 { return estimated([]*table{t}) }
