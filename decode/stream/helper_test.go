package stream

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// got is what a test keeps of a message.
type got struct {
	data                                  []byte
	length                                int
	conn, number, first                   uint64
	segments                              uint16
	cut, ended, split                     bool
	fromServer                            bool
	completedTime, firstTime, deliveredAt int64
}

type recorder struct {
	all    []got
	events []string // kind@packet
	now    int64
	once   map[ending]bool
	twice  []ending
}

// ending is what a connection is told of once.
type ending struct {
	conn uint64
	kind Kind // one for all that have not opened
}

func (r *recorder) TCPEvent(e *Event) {
	names := [...]string{Foreign: "foreign", Bare: "bare", Short: "short", Reset: "reset", Refused: "refused", Opened: "opened", Unanswered: "unanswered", HalfOpen: "half-open"}
	line := fmt.Sprintf("%s@%d", names[e.Kind], e.Segment.Number)
	switch e.Kind {
	case Opened, Refused, Unanswered, HalfOpen:
		line += fmt.Sprintf(" tries %d from %d ms", e.Tries, e.First/1e6)
		if e.Kind == Opened {
			line += fmt.Sprintf(" rtt %d", e.RTT/1e6)
		}
		if e.ICMP.Seen {
			line += fmt.Sprintf(" icmp %d", e.ICMP.Code)
		}
	case Reset:
		line += fmt.Sprintf(" bytes %d", e.Bytes)
		if e.Finished {
			line += " finished"
		}
	}
	r.events = append(r.events, line)
	r.count(e)
}

// count notes what is told twice.
func (r *recorder) count(e *Event) {
	k := ending{e.Conn, e.Kind}
	switch e.Kind {
	case Foreign, Bare, Short:
		return
	case Refused, HalfOpen:
		k.kind = Unanswered
	case Reset, Opened, Unanswered:
	}
	if r.once[k] {
		r.twice = append(r.twice, k)
	}
	if r.once == nil {
		r.once = map[ending]bool{}
	}
	r.once[k] = true
}

func (r *recorder) TCPMessage(m *Message) {
	r.all = append(r.all, got{
		data: append([]byte(nil), m.Data...), length: m.Length, conn: m.Conn, number: m.Segment.Number, first: m.FirstNumber,
		segments: m.Segments, cut: m.Cut, ended: m.Ended, split: m.SplitPrefix, fromServer: m.Segment.SrcPort == 53,
		completedTime: m.Segment.Time, firstTime: m.FirstTime, deliveredAt: r.now,
	})
}

// String is "packet:ID" with whatever is not ordinary: "7:a2 ended 20/33" has 20 bytes of 33.
func (g got) String() string {
	id := "-"
	if len(g.data) >= 2 {
		id = fmt.Sprintf("%x", binary.BigEndian.Uint16(g.data))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d:%s", g.number, id)
	if g.cut {
		b.WriteString(" cut")
	}
	if g.ended {
		b.WriteString(" ended")
	}
	if len(g.data) != g.length || g.length < headerLen {
		fmt.Fprintf(&b, " %d/%d", len(g.data), g.length)
	}
	return b.String()
}

// message returns a query with its length prefix, whole bytes in all (at least 31).
func message(id uint16, size int) []byte {
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint16(b, uint16(size-prefixLen))
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x01, 0x00 /* RD */, 0, 1, 0, 0, 0, 0, 0, 0)
	b = append(b, "\x07example\x03com\x00\x00\x01\x00\x01"...)
	for len(b) < size {
		b = append(b, byte(id)+byte(len(b)))
	}
	return b[:size]
}

func join(bs ...[]byte) []byte {
	var all []byte
	for _, b := range bs {
		all = append(all, b...)
	}
	return all
}

// step is a segment of a script. seq counts from the first byte of data.
type step struct {
	from  byte   // 'c' or 's'
	flags string // of S A F R
	seq   int
	data  []byte
	cut   int // bytes that the snaplen took off the end of data
	ack   int // relative to the other side's first byte
	at    int // ms
	isn   uint32
}

const (
	clientISN = 0xffffff80 // wraps after 127 bytes
	serverISN = 0x20000000
)

func (s step) segment(number uint64) *Segment {
	seg := &Segment{Time: int64(s.at) * int64(time.Millisecond), Number: number, Src: addr(1), Dst: addr(2), SrcPort: 4000, DstPort: 53,
		Seq: clientISN + 1 + uint32(s.seq), Ack: serverISN + 1 + uint32(s.ack), PayloadLen: len(s.data), Payload: s.data[:len(s.data)-s.cut]}
	if s.from == 's' {
		seg.Src, seg.Dst, seg.SrcPort, seg.DstPort = seg.Dst, seg.Src, seg.DstPort, seg.SrcPort
		seg.Seq, seg.Ack = serverISN+1+uint32(s.seq), clientISN+1+uint32(s.ack)
	}
	seg.Seq += s.isn
	for _, f := range s.flags {
		switch f {
		case 'S':
			seg.Flags |= packet.FlagSYN
			seg.Seq--
		case 'A':
			seg.Flags |= packet.FlagACK
		case 'F':
			seg.Flags |= packet.FlagFIN
		case 'R':
			seg.Flags |= packet.FlagRST
		}
	}
	return seg
}

func addr(n byte) (a packet.Addr) {
	copy(a[10:], []byte{0xff, 0xff, 192, 0, 2, n})
	return a
}

// run plays a script, packets numbered from 1, and returns what came out.
func run(t *testing.T, limits Limits, script []step) ([]got, Stats) {
	t.Helper()
	r := &recorder{}
	a := New(limits, r)
	for i, s := range script {
		r.now = int64(s.at)
		a.Segment(s.segment(uint64(i + 1)))
		check(t, a)
	}
	r.now = -1
	a.Advance(1 << 62)
	a.Close()
	if len(r.twice) > 0 {
		t.Errorf("told twice: %v", r.twice)
	}
	check(t, a)
	if s := a.Stats(); s.Streams != 0 || a.holding.n != 0 || a.waiting.n != 0 || a.opening.n != 0 {
		t.Errorf("after Close: %d streams, %d holding, %d waiting, %d opening", s.Streams, a.holding.n, a.waiting.n, a.opening.n)
	}
	return r.all, a.Stats()
}

// check verifies what must hold between two segments.
func check(t *testing.T, a *Assembler) {
	t.Helper()
	if a.table.n != a.young.n+a.active.n+a.closed.n {
		t.Fatalf("table holds %d connections, the lists %d+%d+%d", a.table.n, a.young.n, a.active.n, a.closed.n)
	}
	if a.table.n > a.limits.Streams {
		t.Fatalf("%d connections, limit %d", a.table.n, a.limits.Streams)
	}
	for n := a.opening.first; n != nil; n = n.next {
		if st := n.conn.shake.stage; st != asked && st != answered {
			t.Fatalf("a connection at stage %d is in the list of those that open", st)
		}
	}
	slack := 1024 // records are counted after the buffer they belong to
	if a.pool.held > a.limits.Bytes+slack {
		t.Fatalf("%d bytes held, limit %d", a.pool.held, a.limits.Bytes)
	}
	for n := a.holding.first; n != nil; n = n.next {
		checkHalf(t, a, n.half)
	}
	for n := a.waiting.first; n != nil; n = n.next {
		if n.half.head == nil {
			t.Fatal("a direction is in the waiting list without a segment")
		}
	}
}

func checkHalf(t *testing.T, a *Assembler, h *half) {
	t.Helper()
	queued, last := 0, (*piece)(nil)
	for p := h.head; p != nil; last, p = p, p.next {
		queued += cap(p.data)
		if last != nil && ahead(p.seq, last.end()) < 0 {
			t.Fatalf("pieces overlap: %d after %d", p.seq, last.end())
		}
	}
	if queued != h.queued || h.tail != last {
		t.Fatalf("queue holds %d, says %d", queued, h.queued)
	}
	if queued > a.limits.OutOfOrder {
		t.Fatalf("%d bytes queued, limit %d", queued, a.limits.OutOfOrder)
	}
	if h.head == nil && h.partial == nil {
		t.Fatal("a direction is in the holding list without buffers")
	}
}

func lines(all []got) string {
	var b strings.Builder
	for i, g := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(g.String())
	}
	return b.String()
}
