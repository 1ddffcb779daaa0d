package stream

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// flow returns a segment of the n-th client.
func flow(n int, flags uint8, seq uint32, payload []byte, at time.Duration) *Segment {
	s := &Segment{Time: int64(at), Number: uint64(n) + 1, Src: addr(1), Dst: addr(2), SrcPort: uint16(n), DstPort: 53, Seq: seq, Flags: flags,
		Payload: payload, PayloadLen: len(payload)}
	binary.BigEndian.PutUint32(s.Src[12:], uint32(n>>16))
	return s
}

func TestStreamsBound(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Streams: 4}, r)
	for i := range 6 { // each within a message: the two oldest are broken off
		a.Segment(flow(i, packet.FlagSYN, 0, a1[:20], time.Duration(i)))
		check(t, a)
	}
	if got, want := lines(r.all), "1:a1 ended 18/38, 2:a1 ended 18/38"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s := a.Stats(); s.Evicted != 2 || s.Streams != 4 {
		t.Errorf("evicted %d, followed %d; want 2 4", s.Evicted, s.Streams)
	}
	r.all = nil
	a.Close()
	if got, want := lines(r.all), "3:a1 ended 18/38, 4:a1 ended 18/38, 5:a1 ended 18/38, 6:a1 ended 18/38"; got != want {
		t.Errorf("Close gave %s, want %s", got, want)
	}
}

func TestSYNFloodLeavesStreams(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Streams: 100}, r)
	for i := range 50 {
		a.Segment(flow(i, 0, 1, a1, 0))
	}
	for i := range 10_000 {
		a.Segment(flow(1000+i, packet.FlagSYN, 0, nil, 1))
	}
	for i := range 50 {
		a.Segment(flow(i, 0, 41, a2[:30], 2))
		a.Segment(flow(i, 0, 71, a2[30:], 2))
	}
	check(t, a)
	if len(r.all) != 100 || a.Stats().Midstream != 50 {
		t.Errorf("%d messages, %d midstream; want 100 50", len(r.all), a.Stats().Midstream)
	}
}

func TestClosedGoFirst(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Streams: 2}, r)
	a.Segment(flow(1, packet.FlagSYN, 0, a1[:20], 0))
	a.Segment(flow(2, packet.FlagSYN|packet.FlagFIN, 0, a1, 0))
	a.Segment(flow(3, packet.FlagSYN, 0, nil, 0))
	a.Segment(flow(1, 0, 21, a1[20:], 0))
	if got, want := lines(r.all), "3:a1, 2:a1"; got != want || a.Stats().Evicted != 0 {
		t.Errorf("got %s, evicted %d; want %s, 0", got, a.Stats().Evicted, want)
	}
}

// TestBytesBound lets more directions wait than there is memory for, each for a message of the greatest length.
func TestBytesBound(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Bytes: 1 << 20}, r)
	big := message(0xbb, 65535+2)
	for i := range 100 {
		a.Segment(flow(i, packet.FlagSYN, 0, big[:40_000], 0))
		check(t, a)
	}
	s := a.Stats()
	if s.Starved == 0 || s.Ended != s.Starved {
		t.Errorf("starved %d, ended %d", s.Starved, s.Ended)
	}
	a.Segment(flow(99, 0, 40_001, big[40_000:], 0))
	if last := r.all[len(r.all)-1]; last.length != 65535 || len(last.data) != 65535 || last.ended {
		t.Errorf("the last message: %v", last)
	}
	a.Segment(flow(0, 0, 40_001, big[40_000:], 0)) // starved: the rest of its message is passed over
	a.Segment(flow(0, 0, 65_538, a1, 0))
	if last := r.all[len(r.all)-1]; last.String() != "1:a1" {
		t.Errorf("after starving: %v", last)
	}
}

func TestBytesBoundOutOfOrder(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Bytes: 1}, r)
	for i := range 2000 {
		a.Segment(flow(i%40, 0, uint32(1+i/40*3), a1[:2], 0))
		a.Segment(flow(i%40, packet.FlagSYN, 0, nil, 0))
		a.Segment(flow(i%40, 0, uint32(5000+i/40*60), a3, 0))
		check(t, a)
	}
	if a.Stats().Starved == 0 {
		t.Error("nothing was starved")
	}
	a.Close()
	check(t, a)
}

// TestOneDirectionOverBytes has nobody else to take buffers from.
func TestOneDirectionOverBytes(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Bytes: 1, OutOfOrder: 1 << 20}, r)
	big := message(0xbb, 60_000)
	a.Segment(flow(1, packet.FlagSYN, 0, nil, 0))
	for i := range 200 {
		a.Segment(flow(1, 0, uint32(2000+i*2000), big[:1800], 0)) // the first of them within the message
		check(t, a)
	}
	dropped := a.Stats().Dropped
	if dropped == 0 {
		t.Error("all was kept")
	}
	a.Segment(flow(1, 0, 1, big[:1500], 0)) // no room for it either: broken off
	if got := lines(r.all); got != "" {
		t.Errorf("got %s", got)
	}
	if s := a.Stats(); s.LostMessages != 1 {
		t.Errorf("%+v", s)
	}
	a.Close()
	check(t, a)
}

func TestOutOfOrderBound(t *testing.T) {
	r := &recorder{}
	a := New(Limits{OutOfOrder: 4096}, r)
	a.Segment(flow(1, packet.FlagSYN, 0, nil, 0))
	for i := range 16 { // 256-byte buffers
		a.Segment(flow(1, 0, uint32(41+i*50), a2, 0))
	}
	if len(r.all) != 0 {
		t.Fatalf("%d messages before the bound is reached", len(r.all))
	}
	a.Segment(flow(1, 0, uint32(41+16*50), a2, 0))
	if len(r.all) != 17 || a.Stats().Gaps != 1 {
		t.Errorf("%d messages, %d gaps; want 17 1", len(r.all), a.Stats().Gaps)
	}
	check(t, a)
}

// TestLargeSegment is of offloaded captures: segments over 64 KiB, in order and not.
func TestLargeSegment(t *testing.T) {
	big := join(message(1, 65537), message(2, 65537), message(3, 65537))
	for _, script := range [][]step{
		{syn, {from: 'c', data: big}},
		{syn, {from: 'c', seq: 1000, data: big[1000:]}, {from: 'c', data: big[:1000]}},
	} {
		all, stats := run(t, Limits{}, script)
		if len(all) != 3 || stats.Ended != 0 {
			t.Errorf("got %s", lines(all))
		}
	}
}

// TestPayloadOverTheWindow is no TCP segment; it is cut to the window and does no harm.
func TestPayloadOverTheWindow(t *testing.T) {
	all, _ := run(t, Limits{}, []step{syn, {from: 'c', data: make([]byte, window+10)}, {from: 'c', seq: window, data: a1}})
	if last := all[len(all)-1]; len(all) != window/prefixLen+1 || last.String() != "3:a1" {
		t.Errorf("%d messages, the last %v", len(all), last)
	}
}

// TestSameBytesTwice reads the same capture twice with one Assembler.
func TestSameBytesTwice(t *testing.T) {
	r := &recorder{}
	a := New(Limits{}, r)
	var first string
	for i := range 2 {
		r.all = nil
		for n, s := range []step{syn, {from: 'c', data: a1}, {from: 'c', seq: 90, data: a3}, {from: 's', data: b1[:30]}} {
			a.Segment(s.segment(uint64(n + 1)))
		}
		a.Close()
		if i == 0 {
			first = lines(r.all)
		}
	}
	if got := lines(r.all); got != first || !strings.Contains(got, "4:b1 ended") {
		t.Errorf("first %s, then %s", first, got)
	}
}

func TestTimeBackLeavesOthersDue(t *testing.T) {
	r := &recorder{}
	a := New(Limits{}, r)
	a.Segment(flow(1, packet.FlagSYN, 0, nil, time.Hour))
	a.Segment(flow(1, 0, 41, a2, time.Hour)) // waits, in the future
	a.Segment(flow(2, packet.FlagSYN, 0, nil, 0))
	a.Segment(flow(2, 0, 41, a3, 0))
	a.Segment(flow(3, packet.FlagSYN, 0, nil, 3*time.Second))
	a.Segment(flow(3, packet.FlagACK, 1, nil, 3*time.Second))
	if got := lines(r.all); got != "3:a3" {
		t.Errorf("got %s, want 3:a3", got)
	}
}

func TestIdleBehindTheFuture(t *testing.T) {
	r := &recorder{}
	a := New(Limits{}, r)
	a.Segment(flow(1, 0, 1, a1[30:], time.Hour)) // the head of the list, not idle
	a.Segment(flow(2, packet.FlagSYN, 0, a1[:20], 0))
	a.Segment(flow(2, 0, 41, a2, 121*time.Second))
	if got := lines(r.all); got != "3:a1 ended 18/38, 3:a2" || a.Stats().Idle != 1 {
		t.Errorf("got %s, idle %d", got, a.Stats().Idle)
	}
}

func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	table := newTable([2]uint64{1, 2})
	conns := map[key]*conn{}
	for range 200_000 {
		k, _ := keyOf(flow(r.IntN(3000), 0, 0, nil, 0))
		hash := k.hash(table.seed) & 0xff0f // so that entries crowd
		have := table.find(&k, hash)
		if have != conns[k] {
			t.Fatalf("found %p, want %p", have, conns[k])
		}
		if have == nil {
			c := &conn{key: k, hash: hash}
			conns[k] = c
			table.insert(c)
		} else if r.IntN(3) > 0 {
			table.remove(have)
			delete(conns, k)
		}
		if table.n != len(conns) {
			t.Fatalf("%d entries, want %d", table.n, len(conns))
		}
	}
	table.remove(&conn{hash: 5}) // not there: nothing happens
}

func TestKeyIsTheSameBothWays(t *testing.T) {
	s := Segment{Src: addr(9), Dst: addr(3), SrcPort: 53, DstPort: 1000}
	k1, d1 := keyOf(&s)
	s.Src, s.Dst, s.SrcPort, s.DstPort = s.Dst, s.Src, s.DstPort, s.SrcPort
	k2, d2 := keyOf(&s)
	if k1 != k2 || d1 == d2 {
		t.Errorf("%v %d, %v %d", k1, d1, k2, d2)
	}
	s.Dst = s.Src // one host talking to itself
	k1, d1 = keyOf(&s)
	s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
	k2, d2 = keyOf(&s)
	if k1 != k2 || d1 == d2 {
		t.Errorf("%v %d, %v %d", k1, d1, k2, d2)
	}
}

func TestPlausible(t *testing.T) {
	mod := func(f func(b []byte)) []byte {
		b := message(0xa1, 40)
		f(b)
		return b
	}
	tests := []struct {
		name string
		b    []byte
		want bool
	}{
		{"query", a1, true},
		{"two_queries", join(a1, a2), true},
		{"query_then_rubbish", join(a1, evil(20)), false},
		{"query_then_short_length", join(a1, []byte{0, 5}), false},
		{"length_below_counts", mod(func(b []byte) { b[1] = 16 }), false},
		{"opcode_9", mod(func(b []byte) { b[4] |= 9 << 3 }), false},
		{"z_bit", mod(func(b []byte) { b[5] |= 0x40 }), false},
		{"query_with_rcode", mod(func(b []byte) { b[5] |= 2 }), false},
		{"query_with_answer", mod(func(b []byte) { b[9] = 1 }), false},
		{"two_questions", mod(func(b []byte) { b[7] = 2 }), false},
		{"response_nxdomain", mod(func(b []byte) { b[4] |= 0x80; b[5] |= 3 }), true},
		{"response_rcode_15", mod(func(b []byte) { b[4] |= 0x80; b[5] |= 15 }), false},
		{"label_of_64", mod(func(b []byte) { b[14] = 64 }), false},
		{"second_label_of_200", mod(func(b []byte) { b[22] = 200 }), false},
		{"axfr_continued", mod(func(b []byte) { b[4] |= 0x80; b[7] = 0; b[9] = 1 }), true},
		{"dso_empty", []byte{0, 12, 0, 1, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true},
		{"too_many_records", mod(func(b []byte) { b[12], b[13] = 255, 255 }), false},
	}
	for _, tt := range tests {
		if got := plausible(tt.b); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
