package stream

import (
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// discard is a handler that only counts.
type discard struct{ messages, bytes int }

func (d *discard) TCPEvent(*Event) {}

func (d *discard) TCPMessage(m *Message) {
	d.messages++
	d.bytes += len(m.Data)
}

// traffic plays connections without end, in a fixed number of segment records.
type traffic struct {
	a     *Assembler
	now   int64
	seg   Segment
	conn  uint32
	query []byte
	reply []byte
}

func newTraffic(h Handler) *traffic {
	return &traffic{a: New(Limits{}, h), query: message(0xa1, 45), reply: message(0xa2, 300)}
}

func (tr *traffic) send(fromClient bool, flags uint8, seq, ack uint32, payload []byte) {
	tr.now += int64(20 * time.Microsecond)
	s := &tr.seg
	*s = Segment{Time: tr.now, Number: s.Number + 1, Src: addr(1), Dst: addr(2), SrcPort: uint16(tr.conn), DstPort: 53, Seq: seq, Ack: ack,
		Flags: flags, Payload: payload, PayloadLen: len(payload)}
	s.Src[12] = byte(tr.conn >> 16)
	if !fromClient {
		s.Src, s.Dst, s.SrcPort, s.DstPort = s.Dst, s.Src, s.DstPort, s.SrcPort
	}
	tr.a.Segment(s)
}

// connection is SYN to FIN with n queries: 7 + 3n segments.
func (tr *traffic) connection(n int, split int) {
	tr.conn++
	c, s := tr.conn*7919, tr.conn*104729
	tr.send(true, packet.FlagSYN, c, 0, nil)
	tr.send(false, packet.FlagSYN|packet.FlagACK, s, c+1, nil)
	c, s = c+1, s+1
	tr.send(true, packet.FlagACK, c, s, nil)
	for range n {
		if split > 0 {
			tr.send(true, packet.FlagACK, c, s, tr.query[:split])
		}
		tr.send(true, packet.FlagACK|packet.FlagPSH, c+uint32(split), s, tr.query[split:])
		c += uint32(len(tr.query))
		tr.send(false, packet.FlagACK|packet.FlagPSH, s, c, tr.reply)
		s += uint32(len(tr.reply))
		tr.send(true, packet.FlagACK, c, s, nil)
	}
	tr.send(true, packet.FlagFIN|packet.FlagACK, c, s, nil)
	tr.send(false, packet.FlagACK, s, c+1, nil)
	tr.send(false, packet.FlagFIN|packet.FlagACK, s, c+1, nil)
	tr.send(true, packet.FlagACK, c+1, s+1, nil)
}

// reordered is a connection whose response comes in two segments, the second first.
func (tr *traffic) reordered() {
	tr.conn++
	tr.send(false, packet.FlagSYN|packet.FlagACK, 0, 0, nil)
	tr.send(false, packet.FlagACK, 101, 0, tr.reply[100:])
	tr.send(false, packet.FlagACK, 1, 0, tr.reply[:100])
	tr.send(false, packet.FlagRST, 301, 0, nil)
}

func TestNoAllocation(t *testing.T) {
	tests := []struct {
		name     string
		messages int
		play     func(*traffic)
	}{
		{"a_query_per_connection", 2, func(tr *traffic) { tr.connection(1, 0) }},
		{"ten_queries_per_connection", 20, func(tr *traffic) { tr.connection(10, 0) }},
		{"prefix_apart", 2, func(tr *traffic) { tr.connection(1, 2) }},
		{"message_split", 2, func(tr *traffic) { tr.connection(1, 20) }},
		{"reordered", 1, (*traffic).reordered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &discard{}
			tr := newTraffic(d)
			for range 30_000 { // until the closed connections that are kept for a while are as many as they get
				tt.play(tr)
			}
			d.messages = 0
			const runs = 1000
			if n := testing.AllocsPerRun(runs, func() { tt.play(tr) }); n != 0 {
				t.Errorf("%v allocations per connection", n)
			}
			if want := (runs + 1) * tt.messages; d.messages != want {
				t.Errorf("%d messages, want %d", d.messages, want)
			}
		})
	}
}

func benchmark(b *testing.B, play func(*traffic)) {
	tr := newTraffic(&discard{})
	for range 30_000 {
		play(tr)
	}
	first := tr.seg.Number
	b.ReportAllocs()
	for b.Loop() {
		play(tr)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(tr.seg.Number-first), "ns/segment")
}

func BenchmarkOneQuery(b *testing.B)   { benchmark(b, func(tr *traffic) { tr.connection(1, 0) }) }
func BenchmarkTenQueries(b *testing.B) { benchmark(b, func(tr *traffic) { tr.connection(10, 0) }) }
func BenchmarkSplit(b *testing.B)      { benchmark(b, func(tr *traffic) { tr.connection(1, 20) }) }
func BenchmarkReordered(b *testing.B)  { benchmark(b, (*traffic).reordered) }

// BenchmarkInStream is the least: one message per segment on a connection that stays.
func BenchmarkInStream(b *testing.B) {
	tr := newTraffic(&discard{})
	tr.conn = 1
	seq := uint32(1)
	tr.send(true, packet.FlagSYN, 0, 0, nil)
	b.ReportAllocs()
	for b.Loop() {
		tr.send(true, packet.FlagACK, seq, 0, tr.query)
		seq += uint32(len(tr.query))
	}
}

// BenchmarkPureACK is a segment that carries nothing.
func BenchmarkPureACK(b *testing.B) {
	tr := newTraffic(&discard{})
	b.ReportAllocs()
	for b.Loop() {
		tr.send(true, packet.FlagACK, 1, 0, nil)
	}
}
