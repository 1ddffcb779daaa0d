package decode

import (
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/stream"
)

// TCPEvent takes what the assembler has seen of a connection.
func (s *shard) TCPEvent(x *stream.Event) {
	g := x.Segment
	r := s.conf.Ports.role(g.SrcPort, g.DstPort, true)
	fromServer := r.srcServer()
	if r.symmetric() {
		fromServer = x.Opener == stream.Destination
	}
	m := Message{Time: g.Time, Number: g.Number, File: g.File, Proto: TCP, Client: g.Src, Server: g.Dst, ClientPort: g.SrcPort, ServerPort: g.DstPort}
	if fromServer {
		m.Client, m.Server, m.ClientPort, m.ServerPort = g.Dst, g.Src, g.DstPort, g.SrcPort
	}
	switch x.Kind {
	case stream.Foreign, stream.Bare, stream.Short:
		s.tellOf([...]anomaly.ID{stream.Foreign: foreignOnPort, stream.Bare: noPrefix, stream.Short: unitCutByFIN}[x.Kind], &m)
	case stream.Reset:
		s.reset(x, &m, fromServer)
	default:
		if fromServer == (x.Opener == stream.Destination) { // a connection that begins at a DNS port leads to none
			s.handshake(x, &m)
		}
	}
}

// reset tells of a RST. It counts as an anomaly where a query waits for its answer.
func (s *shard) reset(x *stream.Event, m *Message, fromServer bool) {
	e := s.begin(KindReset, m)
	if e == nil {
		return
	}
	if s.pairs.waitsOn(x.Conn) {
		e.ID = resetWhileOpen
	}
	e.FromServer, e.Bytes, e.Finished = fromServer, x.Bytes, x.Finished
	s.watcher.Event(e)
}

// handshake tells how a handshake ended.
func (s *shard) handshake(x *stream.Event, m *Message) {
	e := s.begin([...]Kind{stream.Opened: KindOpened, stream.HalfOpen: KindHalfOpen, stream.Unanswered: KindUnanswered, stream.Refused: KindUnanswered}[x.Kind], m)
	if e == nil {
		return
	}
	e.First, e.RTT, e.Tries, e.ICMP = x.First, x.RTT, x.Tries, x.ICMP
	switch {
	case x.Kind == stream.Refused:
		e.ID, e.Refusal = TCPRefused, RefusedByRST
	case x.ICMP.Seen:
		e.Refusal = RefusedByICMP
	}
	s.watcher.Event(e)
}

// quoted tells of an ICMP error that quotes the packet of m.
func (s *shard) quoted(m *Message, q *packet.Quote, icmp ICMP) {
	if m.Proto == TCP && icmp.Undelivered() {
		s.streams.Quoted(&q.Src, &q.Dst, q.SrcPort, q.DstPort, icmp)
	}
	e := s.begin(KindICMP, m)
	if e == nil {
		return
	}
	if m.Proto == UDP {
		e.ID = icmpError
	}
	e.FromServer, e.ICMP, e.Length = q.SrcPort == m.ServerPort && q.Src == m.Server, icmp, uint32(q.Length)
	s.watcher.Event(e)
}

// tellLost tells the shards of what was lost. All workers find the same, and the one that has the shard tells.
func (w *worker) tellLost(packets []capture.Packet) {
	for i := range w.lost {
		l := &w.lost[i]
		r, shard := w.roleOf(l)
		if r.dns() && w.shards[shard] != nil {
			w.serve(packets, shard) // what waits is earlier
			w.shards[shard].fragmentsLost(l, r)
		}
	}
	w.lost = w.lost[:0]
}

// roleOf says what lost fragments are of, and whose. Without the first one it is taken for a response over UDP, since those are large.
func (w *worker) roleOf(l *packet.Lost) (role, uint8) {
	switch {
	case l.HasPorts:
		r := w.conf.Ports.role(l.SrcPort, l.DstPort, l.Proto == protoTCP)
		return r, r.shard(&l.Src, &l.Dst)
	case l.FirstFragment || l.Proto != protoUDP:
		return 0, 0
	}
	return srcServer, srcServer.shard(&l.Src, &l.Dst)
}

// fragmentsLost tells of a datagram that was not put together.
func (s *shard) fragmentsLost(l *packet.Lost, r role) {
	var m Message
	s.orient(&m, &l.Src, &l.Dst, l.SrcPort, l.DstPort, r)
	m.Time, m.Number, m.File, m.Proto = l.Time, l.Number, l.File, r.proto()
	e := s.begin(KindFragmentsLost, &m)
	if e == nil {
		return
	}
	e.FromServer, e.First, e.Bytes, e.Length = r.srcServer() && !r.symmetric(), l.First, uint64(l.Bytes), uint32(l.Length)
	e.Fragments, e.FirstFragment, e.Contradicted = clamp16(l.Fragments), l.FirstFragment, l.Contradicted
	s.watcher.Event(e)
}
