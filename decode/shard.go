package decode

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/stream"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// role is what a transport's ports make of it.
type role struct {
	proto     Proto
	srcServer bool // the source has the service's port
	dstServer bool
	encrypted bool
	of        bool // it is DNS, mDNS or LLMNR
}

// shard decodes the packets of its clients.
type shard struct {
	conf    *Config
	out     Handler
	stats   Stats
	pairs   *pairer
	streams *stream.Assembler
	recent  recent
	wire    wire.Message
	msg     Message
	seg     stream.Segment
	// of the TCP segment in work, for the messages that it completes
	hop      uint8
	badCheck bool
}

func newShard(c *Config, out Handler) *shard {
	s := &shard{conf: c, out: out}
	s.pairs = newPairer(c, out, &s.stats)
	s.streams = stream.New(c.Stream, s)
	return s
}

// transport takes a UDP datagram or TCP segment of the shard.
func (s *shard) transport(p *capture.Packet, t *packet.Transport, r role) {
	if t.IPCheck == packet.CheckBad {
		s.stats.BadIPChecksum++
	}
	if t.L4Check == packet.CheckBad {
		s.stats.BadL4Checksum++
	}
	if s.recent.seen(s.identity(t), p.Time) {
		s.stats.Duplicate++
		if s.conf.Dedup {
			return
		}
	}
	if t.Kind == packet.KindTCP {
		s.segment(p, t)
		return
	}
	s.datagram(p, t, r)
}

// identity hashes what is the same in two captures of one IP packet: hop limit, VLAN and carriers may differ. Of the payload the ends
// do: the DNS header with its ID, and the last bytes.
func (s *shard) identity(t *packet.Transport) uint64 {
	b := t.Payload
	n := uint64(len(b))
	h := s.conf.Seed ^ uint64(t.SrcPort)<<48 ^ uint64(t.DstPort)<<32 ^ uint64(t.IPID)
	if len(b) >= 16 {
		h = fold(h^binary.LittleEndian.Uint64(b), k1^n^binary.LittleEndian.Uint64(b[len(b)-8:]))
	} else {
		h = fold(h^k2, hashBytes(k1^n, b))
	}
	if t.Kind == packet.KindTCP {
		h = fold(h^uint64(t.Seq)<<32^uint64(t.Ack), k2^uint64(t.Flags))
	}
	return fold(HashAddr(h, &t.Src)^k0, HashAddr(h, &t.Dst))
}

func (s *shard) datagram(p *capture.Packet, t *packet.Transport, r role) {
	if !s.readable(len(t.Payload), t.PayloadLen) {
		return
	}
	s.wire.Parse(t.Payload, t.Cut)
	m := s.message(p.Time, p.Number, p.File)
	m.Proto, m.IPVersion, m.HopLimit = r.proto, t.IPVersion, t.HopLimit
	m.Length = clamp16(t.PayloadLen)
	m.Fragments = t.Fragments
	m.BadChecksum = t.L4Check == packet.CheckBad
	if r.proto == MDNS {
		s.wire.Anomalies = slices.DeleteFunc(s.wire.Anomalies, legalInMDNS)
	}
	s.orient(m, t.Src, t.Dst, t.SrcPort, t.DstPort, r)
	s.deliver(m)
}

// legalInMDNS says whether an anomaly is none in multicast DNS: no or many questions, known answers in a query, TC for more of them, and
// compressed names in any RDATA (RFC 6762 sections 6, 7.1, 7.2, 8.1 and 18.14).
func legalInMDNS(a anomaly.Seen) bool {
	switch a.ID {
	case anomaly.Make('H', 8), anomaly.Make('H', 9), anomaly.Make('H', 11), anomaly.Make('H', 12), anomaly.Make('H', 16), anomaly.Make('R', 9):
		return true
	}
	return false
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

// orient says who is client and who server: the service's port tells, or where both or none have it, the QR bit.
func (s *shard) orient(m *Message, src, dst packet.Addr, sport, dport uint16, r role) {
	fromServer := r.srcServer
	if r.srcServer == r.dstServer {
		fromServer = m.Response()
	}
	if fromServer {
		src, dst, sport, dport = dst, src, dport, sport
	}
	m.Client, m.Server, m.ClientPort, m.ServerPort = src, dst, sport, dport
}

// message starts a message from what is parsed.
func (s *shard) message(time int64, number uint64, file uint16) *Message {
	s.msg = Message{Message: &s.wire, Time: time, FirstTime: time, Number: number, File: file}
	if s.wire.Parsed[0] > 0 {
		s.msg.NameHash = wire.HashName(s.conf.Seed, s.wire.Question.Name)
	}
	return &s.msg
}

func (s *shard) deliver(m *Message) {
	s.out.Message(m)
	if m.Proto == UDP || m.Proto == TCP {
		s.pairs.Message(m)
	}
}

func (s *shard) segment(p *capture.Packet, t *packet.Transport) {
	s.seg = stream.Segment{Time: p.Time, Number: p.Number, File: p.File, Src: t.Src, Dst: t.Dst, SrcPort: t.SrcPort, DstPort: t.DstPort,
		Seq: t.Seq, Ack: t.Ack, Flags: t.Flags, Payload: t.Payload, PayloadLen: t.PayloadLen}
	s.hop, s.badCheck = t.HopLimit, t.L4Check == packet.CheckBad
	s.streams.Segment(&s.seg)
}

// TCPMessage takes a message from the assembler.
func (s *shard) TCPMessage(t *stream.Message) {
	if !s.readable(len(t.Data), t.Length) {
		return
	}
	g := t.Segment
	s.wire.Parse(t.Data, t.Cut || t.Ended)
	m := s.message(g.Time, g.Number, g.File)
	m.FirstTime = t.FirstTime
	m.Proto, m.IPVersion, m.HopLimit = TCP, ipVersion(&g.Src), s.hop
	m.Length = clamp16(t.Length)
	m.BadChecksum = s.badCheck
	m.conn = t.Conn
	s.orient(m, g.Src, g.Dst, g.SrcPort, g.DstPort, s.conf.Ports.role(g.SrcPort, g.DstPort, true))
	s.deliver(m)
}

// quote ties an ICMP error to the query it quotes.
func (s *shard) quote(p *capture.Packet, t *packet.Transport, r role) {
	s.stats.ICMPErrors++
	q := &t.Quote
	if r.proto != UDP || q.Proto != protoUDP || len(q.Payload) < wire.HeaderLen {
		return
	}
	s.wire.Parse(q.Payload, true)
	m := s.message(p.Time, p.Number, p.File)
	s.orient(m, q.Src, q.Dst, q.SrcPort, q.DstPort, r)
	if !m.Response() {
		s.pairs.Quoted(m, ICMP{Seen: true, Type: q.Type, Code: q.Code, IPVersion: t.IPVersion, From: t.Src})
	}
}

// close gives out what is still held; last is the time of the capture's last packet.
func (s *shard) close(last int64) {
	s.streams.Close()
	s.pairs.Close(last)
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
