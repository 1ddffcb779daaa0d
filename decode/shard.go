package decode

import (
	"hash/maphash"
	"math"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/stream"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// ahead is how many packets of a shard are prepared before the first is counted.
const ahead = 32

// prepared is a UDP message that is parsed, or a TCP segment.
type prepared struct {
	msg     Message
	wire    wire.Message
	keys    keys
	tcp     bool
	segment stream.Segment
	check   packet.CheckState // of the segment
	hop     uint8
}

// shard decodes the packets of its clients. It works in two steps: packets are prepared, up to ahead of them, then all are settled and counted. In
// between the tables' lines for all of them are asked for, so that the waits for memory overlap.
type shard struct {
	conf     *Config
	out      Handler
	warmer   Warmer  // out, if it is one
	watcher  Watcher // likewise
	ticker   Ticker
	batcher  Batcher
	idle     idleConns
	event    Event
	stats    Stats
	bytes    maphash.Seed // of the hashes of whole messages
	pairs    *pairer
	streams  *stream.Assembler
	recent   recent
	prepared *[ahead]prepared // shared by a worker's shards: empty between their turns
	n        int              // in use
	segment  *prepared        // the TCP segment in work
	wire     wire.Message     // of a message from a stream or a quote
	msg      Message
}

func newShard(c *Config, out Handler, p *[ahead]prepared) *shard {
	s := &shard{conf: c, out: out, bytes: maphash.MakeSeed(), prepared: p}
	s.warmer, _ = out.(Warmer)
	s.watcher, _ = out.(Watcher)
	s.ticker, _ = out.(Ticker)
	s.batcher, _ = out.(Batcher)
	s.pairs = newPairer(c, out, &s.stats)
	limits := c.Stream
	if limits.Opening <= 0 {
		limits.Opening = c.Timeout
	}
	s.streams = stream.New(limits, s)
	return s
}

// next returns the next place for a packet.
func (s *shard) next() *prepared {
	if s.n == ahead {
		s.flush()
	}
	s.n++
	return &s.prepared[s.n-1]
}

// flush settles and counts what is prepared.
func (s *shard) flush() {
	for i := range s.prepared[:s.n] {
		if x := &s.prepared[i]; !x.tcp {
			s.pairs.answered.warm(x.keys.all)
			if s.warmer != nil {
				s.warmer.Warm(&x.msg)
			}
		}
	}
	for i := range s.prepared[:s.n] {
		x := &s.prepared[i]
		if x.tcp {
			s.segment = x
			s.streams.Segment(&x.segment)
			continue
		}
		s.settle(&x.msg, &x.keys)
	}
	s.n = 0
}

// settle counts and pairs a message.
func (s *shard) settle(m *Message, k *keys) {
	s.out.Message(m)
	if m.Proto > TCP {
		return
	}
	if m.backwards {
		s.wrongWay(m, k)
	}
	s.pairs.Message(m, k)
	if s.pairs.reused {
		s.pairs.reused = false
		s.tellOf(idReused, m)
	}
	if m.Proto == TCP && s.idle.message(m) {
		s.tellOf(idleTooLong, m)
	}
	if m.ClientPort < oddPorts {
		s.oddPort(m)
	}
	if m.BadChecksum {
		s.tellOf(badChecksum, m)
	}
}

// transport takes a UDP datagram or TCP segment of the shard.
func (s *shard) transport(p *capture.Packet, t *packet.Transport, r role) {
	if t.IPCheck == packet.CheckBad {
		s.stats.BadIPChecksum++
	}
	if t.L4Check == packet.CheckBad {
		s.stats.BadL4Checksum++
	}
	if t.Kind == packet.KindTCP {
		s.segmentOf(p, t)
		return
	}
	s.datagram(p, t, r)
}

// twice counts a packet that was captured before within a millisecond, and says whether it is to be left out. Its hash is of what is the
// same in all captures of an IP packet: hop limit, VLAN and carriers may differ.
func (s *shard) twice(hash uint64, now int64) bool {
	if !s.recent.seen(hash, now) {
		return false
	}
	s.stats.Duplicate++
	return s.conf.Dedup
}

func (s *shard) segmentOf(p *capture.Packet, t *packet.Transport) {
	h := fold(HashAddr(s.conf.Seed^uint64(t.SrcPort)<<32, &t.Src)^uint64(t.Seq)<<32^uint64(t.Ack), HashAddr(uint64(t.DstPort)<<32, &t.Dst)^k0)
	if s.twice(fold(h^uint64(t.IPID)<<16^uint64(t.Flags), maphash.Bytes(s.bytes, t.Payload)), p.Time) {
		return
	}
	x := s.next()
	x.tcp, x.hop, x.check = true, t.HopLimit, t.L4Check
	g := &x.segment
	g.Time, g.Number, g.File, g.Seq, g.Ack, g.Flags = p.Time, p.Number, p.File, t.Seq, t.Ack, t.Flags
	g.Src, g.Dst, g.SrcPort, g.DstPort, g.Payload, g.PayloadLen = t.Src, t.Dst, t.SrcPort, t.DstPort, t.Payload, t.PayloadLen
}

func (s *shard) datagram(p *capture.Packet, t *packet.Transport, r role) {
	if !s.readable(len(t.Payload), t.PayloadLen) {
		s.shortDatagram(p, t, r)
		return
	}
	x, proto := s.next(), r.proto()
	x.tcp = false
	x.wire.Parse(t.Payload, t.Cut)
	x.wire.Over(wire.Carrier(proto))
	// Each field is set by itself: a literal would be made elsewhere and copied. m.Message is set once and for all.
	m := &x.msg
	m.Time, m.FirstTime, m.Number, m.File, m.Proto = p.Time, p.Time, p.Number, p.File, proto
	m.Frame, m.Link, m.VLAN = p.Data, p.Link, t.VLAN
	m.IPVersion, m.HopLimit, m.Fragments, m.conn = t.IPVersion, t.HopLimit, t.Fragments, 0
	m.Length, m.BadChecksum = clamp16(t.PayloadLen), t.L4Check == packet.CheckBad
	m.backwards = goesBackwards(&x.wire, r)
	s.orient(m, &t.Src, &t.Dst, t.SrcPort, t.DstPort, r)
	s.hash(m)
	x.keys = keysOf(m)
	if s.twice(fold(x.keys.client^uint64(t.IPID)<<16^uint64(m.Flags>>15), x.keys.server^uint64(m.body)), p.Time) {
		s.n--
		return
	}
	if t.LengthMismatch {
		s.tellOf(lengthMismatch, m)
	}
}

// hash computes what the tables know a message by.
func (s *shard) hash(m *Message) {
	seed := s.conf.Seed
	m.NameHash, m.spelling = 0, 0
	if m.Parsed[0] > 0 {
		m.NameHash, m.spelling = wire.HashSpelling(seed, m.Question.Name)
	}
	m.ClientHash, m.ServerHash = HashAddr(seed, &m.Client), HashAddr(seed, &m.Server)
	m.body = uint32(maphash.Bytes(s.bytes, m.Data))
}

// shortDatagram notes a payload that is too short for a header.
func (s *shard) shortDatagram(p *capture.Packet, t *packet.Transport, r role) {
	if t.PayloadLen >= wire.HeaderLen {
		return // cut by the snaplen
	}
	var m Message
	s.orient(&m, &t.Src, &t.Dst, t.SrcPort, t.DstPort, r)
	s.tell(shortMessage, p.Time, p.Number, p.File, r.proto(), &endpoints{m.Client, m.Server, m.ClientPort, m.ServerPort})
}

// flagsEnd is how much of a header must be there to say whether it is of a query or a response.
const flagsEnd = 4

// readable says whether n bytes, of a length as sent, are a message: it has a whole header as sent, and its flags are in the capture.
func (s *shard) readable(n, length int) bool {
	if length < wire.HeaderLen {
		s.stats.ShortDNS++
		return false
	}
	return n >= flagsEnd
}

// orient says who is client and who server: the service's port tells, or where both or none have it, the QR bit, if there is a message.
func (s *shard) orient(m *Message, src, dst *packet.Addr, sport, dport uint16, r role) {
	fromServer := r.srcServer()
	if r.symmetric() {
		fromServer = m.Message != nil && m.Response()
	}
	if fromServer {
		src, dst, sport, dport = dst, src, dport, sport
	}
	m.Client, m.Server, m.ClientPort, m.ServerPort = *src, *dst, sport, dport
}

// TCPMessage takes a message from the assembler.
func (s *shard) TCPMessage(t *stream.Message) {
	if !s.readable(len(t.Data), t.Length) {
		s.shortUnit(t)
		return
	}
	g, from := t.Segment, s.segment
	s.wire.Parse(t.Data, t.Cut || t.Ended)
	s.wire.Over(wire.OverTCP)
	m := &s.msg
	*m = Message{Message: &s.wire, Time: g.Time, FirstTime: t.FirstTime, Number: g.Number, File: g.File, Proto: TCP, IPVersion: ipVersion(&g.Src),
		Length: clamp16(t.Length), conn: t.Conn, FirstNumber: t.FirstNumber, Seq: t.Seq, Segments: t.Segments}
	if from != nil && g == &from.segment {
		m.HopLimit, m.BadChecksum = from.hop, from.check == packet.CheckBad
	}
	r := s.conf.Ports.role(g.SrcPort, g.DstPort, true)
	m.backwards = goesBackwards(&s.wire, r)
	s.orient(m, &g.Src, &g.Dst, g.SrcPort, g.DstPort, r)
	s.hash(m)
	k := keysOf(m)
	s.settle(m, &k)
	if t.SplitPrefix {
		s.tellOf(splitPrefix, m)
	}
	if t.Later {
		s.tellOf(manyInSegment, m)
	}
}

// shortUnit notes a length prefix that announces no message.
func (s *shard) shortUnit(t *stream.Message) {
	if t.Length >= wire.HeaderLen {
		return
	}
	g, id := t.Segment, shortUnit
	if t.Length == 0 {
		id = emptyUnit
	}
	var m Message
	s.orient(&m, &g.Src, &g.Dst, g.SrcPort, g.DstPort, s.conf.Ports.role(g.SrcPort, g.DstPort, true))
	e := &endpoints{m.Client, m.Server, m.ClientPort, m.ServerPort}
	s.tell(id, g.Time, g.Number, g.File, TCP, e)
	s.tell(shortMessage, g.Time, g.Number, g.File, TCP, e)
}

// quote tells of an ICMP error, and ties it to the query it quotes.
func (s *shard) quote(p *capture.Packet, t *packet.Transport, r role) {
	s.stats.ICMPErrors++
	q := &t.Quote
	icmp := ICMP{Seen: true, Type: q.Type, Code: q.Code, IPVersion: t.IPVersion, From: t.Src, MTU: q.MTU}
	m := &s.msg
	*m = Message{Time: p.Time, FirstTime: p.Time, Number: p.Number, File: p.File, Proto: r.proto()}
	udp := m.Proto == UDP && q.Proto == protoUDP
	whole := udp && len(q.Payload) >= wire.HeaderLen
	if whole {
		s.wire.Parse(q.Payload, true)
		m.Message = &s.wire
	}
	s.orient(m, &q.Src, &q.Dst, q.SrcPort, q.DstPort, r)
	s.quoted(m, q, icmp)
	switch {
	case !udp:
	case !whole:
		s.pairs.QuotedPorts(p.Time, q, icmp)
	case !m.Response():
		s.hash(m)
		s.pairs.Quoted(m, icmp)
	}
}

// advance moves the shard on to a packet time.
func (s *shard) advance(now int64) {
	s.pairs.advance(now)
	s.streams.Advance(now)
	if s.ticker != nil {
		s.ticker.Tick(now)
	}
}

// close gives out what is still held; last is the time of the capture's last packet.
func (s *shard) close(last int64) {
	s.streams.Advance(last)
	s.streams.Close()
	s.pairs.Close(last)
	if s.ticker != nil {
		s.ticker.Tick(last)
	}
	st := s.streams.Stats()
	s.stats.TCPStreams, s.stats.TCPGaps = st.Connections, st.Gaps
	s.stats.TCPNotDNS, s.stats.StreamsEvicted = st.NotDNS, st.Evicted+st.Starved
}

func ipVersion(a *packet.Addr) uint8 {
	if a.Netip().Is4() {
		return 4
	}
	return 6
}

func clamp16(n int) uint16 { return uint16(min(max(n, 0), math.MaxUint16)) }
