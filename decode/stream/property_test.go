package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestAnySegmentation cuts, repeats and reorders the same stream in many ways: the same messages come out.
func TestAnySegmentation(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		messages, stream := randomStream(r)
		script := scatter(r, stream)
		all, stats := run(t, Limits{}, script)
		if stats.Gaps != 0 || stats.Ended != 0 || stats.Dropped != 0 {
			t.Fatalf("seed %d: %+v", seed, stats)
		}
		wantMessages(t, fmt.Sprintf("seed %d", seed), all, messages)
	}
}

func randomStream(r *rand.Rand) (messages [][]byte, stream []byte) {
	for range 1 + r.IntN(12) {
		size := 31 + r.IntN(200)
		switch r.IntN(8) {
		case 0:
			size = 31 + r.IntN(9000)
		case 1:
			size = 2 + r.IntN(20) // length 0 and below 12 among them
		}
		m := message(uint16(r.Uint32()), size)
		binary.BigEndian.PutUint16(m, uint16(size-prefixLen))
		messages = append(messages, m[prefixLen:])
		stream = append(stream, m...)
	}
	return messages, stream
}

// scatter returns a script that carries the whole stream in pieces, some again, some overlapping, in an order that strays a little.
func scatter(r *rand.Rand, stream []byte) []step {
	var steps []step
	for off := 0; off < len(stream); {
		n := min(1+r.IntN(1+r.IntN(1500)), len(stream)-off)
		from, to := off, off+n
		if r.IntN(4) == 0 {
			from = max(0, off-r.IntN(300))
		}
		if r.IntN(4) == 0 {
			to = min(len(stream), to+r.IntN(300))
		}
		steps = append(steps, step{from: 'c', seq: from, data: stream[from:to]})
		off += n
	}
	for range r.IntN(5) {
		steps = append(steps, steps[r.IntN(len(steps))])
	}
	for range r.IntN(len(steps)) {
		i := r.IntN(len(steps))
		j := min(len(steps)-1, i+r.IntN(10))
		steps[i], steps[j] = steps[j], steps[i]
	}
	if r.IntN(2) == 0 {
		steps = append(steps, step{from: 'c', flags: "F", seq: len(stream)})
	}
	return append([]step{{from: 'c', flags: "S"}}, steps...)
}

func wantMessages(t *testing.T, what string, all []got, want [][]byte) {
	t.Helper()
	if len(all) != len(want) {
		t.Fatalf("%s: %d messages, want %d", what, len(all), len(want))
	}
	for i, g := range all {
		if !bytes.Equal(g.data, want[i]) || g.cut || g.ended || g.length != len(want[i]) {
			t.Fatalf("%s: message %d: %v of %d bytes, want %d", what, i, g, len(g.data), len(want[i]))
		}
		if g.number < g.first && g.segments == 1 {
			t.Fatalf("%s: message %d in one segment, but first %d and last %d", what, i, g.first, g.number)
		}
	}
}

// TestDirectionsApart plays two directions in turns: each gives what it gives alone.
func TestDirectionsApart(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		cm, cs := randomStream(r)
		sm, ss := randomStream(r)
		a, b := scatter(r, cs), scatter(r, ss)
		script, a := a[:1:1], a[1:] // the client's SYN is first
		for len(a)+len(b) > 0 {
			if len(b) == 0 || len(a) > 0 && r.IntN(2) == 0 {
				script, a = append(script, a[0]), a[1:]
				continue
			}
			s := b[0]
			s.from = 's'
			if s.flags == "S" {
				s.flags = "SA"
			}
			script, b = append(script, s), b[1:]
		}
		all, _ := run(t, Limits{}, script)
		var c, s []got
		for _, g := range all {
			if g.fromServer {
				s = append(s, g)
			} else {
				c = append(c, g)
			}
		}
		wantMessages(t, fmt.Sprintf("seed %d client", seed), c, cm)
		wantMessages(t, fmt.Sprintf("seed %d server", seed), s, sm)
	}
}
