package analyze

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// testSeed is the seed of the tests' summaries.
const testSeed = 7

// longName writes a wire name of 250 octets with a number in its first label.
func longName(name *[250]byte, n uint32) {
	label := func(at, length int) {
		name[at] = byte(length)
		for i := range length {
			name[at+1+i] = 'a'
		}
	}
	label(0, 63)
	label(64, 63)
	label(128, 63)
	label(192, 56)
	name[249] = 0
	for i := range 8 { // as letters
		name[1+i] = 'a' + byte(n>>(4*i)&15)
	}
	for i := range 4 { // many zones
		name[193+i] = 'a' + byte(n>>(4*i)&15)
	}
}

// TestLongNamesAreBounded counts 300 thousand names of 250 octets in 65 thousand zones, some of them often.
func TestLongNamesAreBounded(t *testing.T) {
	const most = 4 << 20
	s := newTestSummary(testSeed)
	var name [250]byte
	total := uint64(0)
	countName := func(n uint32) {
		longName(&name, n)
		inc(&s.names.row(wire.HashName(testSeed, name[:]), name[:]).queries)
		total++
	}
	for n := range uint32(300_000) {
		countName(n)
		if n%3 == 0 {
			countName(n % 3000)
		}
		if n%1000 != 0 {
			continue
		}
		if used, room := s.names.keys.bytes, len(s.names.keys.chunks)*chunk; used > most || room > most+most/200+chunk {
			t.Fatalf("after %d names: %d bytes of keys in %d", n, used, room)
		}
	}
	if s.zones.keys.bytes > keyBytes*s.zones.limit || len(s.names.rows) > s.names.limit || s.names.weightLost == 0 {
		t.Errorf("%d bytes of zones, %d names, %d lost", s.zones.keys.bytes, len(s.names.rows), s.names.weightLost)
	}
	kept := uint64(0)
	for r := range s.names.all {
		kept += uint64(r.queries)
		if key := s.names.keys.get(r.key); wire.HashName(testSeed, key) != r.hash {
			t.Fatalf("key %q has moved from its row", key)
		}
	}
	for r := range s.zones.all {
		kept += uint64(r.queries)
	}
	if lost := total - kept; lost > 0 && s.zones.weightLost == 0 {
		t.Errorf("%d of %d queries are in no row", lost, total)
	}
	for n := uint32(0); n < 3000; n += 3 {
		longName(&name, n)
		if s.names.find(wire.HashName(testSeed, name[:])) == nil {
			t.Fatalf("name %d, asked for 100 times, is gone", n)
		}
	}
}

// TestArenaMovesKeysDown keeps every second, third, ... key.
func TestArenaMovesKeysDown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for step := 1; step < 9; step++ {
		var a arena
		var refs []ref
		var keys [][]byte
		for n := range uint32(3000) {
			key := make([]byte, 4+random.IntN(252))
			binary.BigEndian.PutUint32(key, n)
			refs, keys = append(refs, a.put(key)), append(keys, key)
		}
		chunks := len(a.chunks)
		a.rewind()
		for i := 0; i < len(refs); i += step {
			r := a.put(a.get(refs[i]))
			if r > refs[i] {
				t.Fatalf("step %d: key %d moved up", step, i)
			}
			refs[i] = r
		}
		for i := 0; i < len(refs); i += step {
			if !slices.Equal(a.get(refs[i]), keys[i]) {
				t.Fatalf("step %d: key %d is another", step, i)
			}
		}
		if len(a.chunks) != chunks {
			t.Errorf("step %d: %d chunks, had %d", step, len(a.chunks), chunks)
		}
	}
}

func TestCounterCountsEveryCode(t *testing.T) {
	var c, sum counter
	for code := range 1 << 16 {
		c.inc(uint16(code))
	}
	sum.merge(&c)
	sum.merge(&c)
	seen := 0
	for code, n := range sum.all {
		if int(code) != seen || n != 2 {
			t.Fatalf("code %d: %d at place %d", code, n, seen)
		}
		seen++
	}
	if seen != 1<<16 {
		t.Errorf("%d codes", seen)
	}
	if got := sum.named(decimal)["65535"]; got != 2 {
		t.Errorf("code 65535: %d", got)
	}
}

// TestPurgeFreesHalfTheBytes has few heavy rows with long keys and many light ones with short keys.
func TestPurgeFreesHalfTheBytes(t *testing.T) {
	table := newTable(4096)
	var name [250]byte
	for n := range uint32(500) {
		longName(&name, n)
		table.row(spread(uint64(n)), name[:]).queries = 10 + n
	}
	for n := uint64(500); len(table.rows) < table.limit; n++ {
		count(table, n, 1)
	}
	if table.weightLost != 0 {
		t.Fatal("lost rows below the limit")
	}
	table.purge()
	if table.keys.bytes > table.keyLimit/2 || len(table.rows) == 0 {
		t.Errorf("%d bytes of keys in %d rows, limit %d", table.keys.bytes, len(table.rows), table.keyLimit)
	}
	if table.find(spread(499)) == nil {
		t.Error("the heaviest row is gone")
	}
}

// TestZonesOfLongNamesAreExact has names whose zones take more than the usual room for keys.
func TestZonesOfLongNamesAreExact(t *testing.T) {
	const n = 3000
	s := newTestSummary(testSeed)
	for i := range n {
		name := wireName(fmt.Sprintf("%063d.com", i))
		inc(&s.names.row(wire.HashName(testSeed, name), name).queries)
	}
	if r := Build([]*Summary{s}, &decode.Stats{}, Source{}, Options{Top: 10}); r.Distinct.Zones != n || len(r.Distinct.Approximate) > 0 {
		t.Errorf("%d zones (estimated: %v), want %d", r.Distinct.Zones, r.Distinct.Approximate, n)
	}
}
