package synth

import "encoding/binary"

// flow is one conversation.
type flow struct {
	client int
	c      *client
	server *[16]byte
	port   uint16 // the client's
	v6     bool
	tcp    bool
}

const (
	protoTCP = 6
	protoUDP = 17
	// firstPart is what fits into a fragment, in bytes: a multiple of eight.
	firstPart = 1448
)

// udp sends a datagram with payload; toServer says in which direction.
func (g *generator) udp(time int64, f *flow, toServer bool, payload []byte) {
	src, dst := f.port, uint16(53)
	if !toServer {
		src, dst = dst, src
	}
	b := g.l4[:0]
	b = binary.BigEndian.AppendUint16(b, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(append(b, 0, 0), payload...)
	g.l4 = b
	sum := f.checksum(protoUDP, b)
	if sum == 0 {
		sum = 0xffff // RFC 768: zero would say that there is none
	}
	binary.BigEndian.PutUint16(b[6:], sum)
	g.send(time, f, toServer, protoUDP, b)
}

// segment sends a TCP segment.
func (g *generator) segment(time int64, f *flow, toServer bool, flags byte, seq, ack uint32, payload []byte) {
	src, dst := f.port, uint16(53)
	if !toServer {
		src, dst = dst, src
	}
	b := g.l4[:0]
	b = binary.BigEndian.AppendUint16(b, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 5<<4, flags, 0xfa, 0xf0, 0, 0, 0, 0)
	b = append(b, payload...)
	g.l4 = b
	binary.BigEndian.PutUint16(b[16:], f.checksum(protoTCP, b))
	g.send(time, f, toServer, protoTCP, b)
}

// send puts a datagram or segment into one frame, or into fragments, a few of them out of order.
func (g *generator) send(time int64, f *flow, toServer bool, proto byte, l4 []byte) {
	g.ipid++
	if len(l4) <= firstPart {
		g.ip(time, f, toServer, proto, 0, false, false, l4)
		return
	}
	swap := int64(0)
	if g.chance(0.05) {
		swap = 40
	}
	for off := 0; off < len(l4); off += firstPart {
		end := min(off+firstPart, len(l4))
		g.ip(time+swap, f, toServer, proto, off, end < len(l4), true, l4[off:end])
		g.truth.Packets.IPFragments++
		time, swap = time+3, 0
	}
}

// ip makes a frame around part of a datagram; off is where the part stands in it.
func (g *generator) ip(time int64, f *flow, toServer bool, proto byte, off int, more, fragment bool, part []byte) {
	b := g.queue.buffer()
	near, far := []byte{2, 0x53, 0, 0, 0, 1}, []byte{2, 0x53, 0, 0, 0, 2}
	src, dst, hops := f.c.addr[:], f.server[:], 64-f.c.hops
	if !toServer {
		near, far = far, near
		src, dst, hops = dst, src, 64
	}
	b = append(append(b, near...), far...)
	if f.c.vlan != 0 {
		b = append(b, 0x81, 0)
		b = binary.BigEndian.AppendUint16(b, f.c.vlan)
	}
	offset := uint16(off)
	if !f.v6 {
		b = append(b, 8, 0)
		b = appendIPv4(b, src[12:], dst[12:], hops, proto, g.ipid, offset/8|pick[uint16](more, 0x2000, 0), len(part))
	} else {
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(part)+pick(fragment, 8, 0)))
		b = append(b, pick(fragment, 44, proto), hops)
		b = append(append(b, src...), dst...)
		if fragment {
			b = append(b, proto, 0)
			b = binary.BigEndian.AppendUint16(b, offset|pick[uint16](more, 1, 0))
			b = binary.BigEndian.AppendUint32(b, uint32(g.ipid)|0xd5<<24)
		}
	}
	g.queue.push(time, append(b, part...))
}

func appendIPv4(b, src, dst []byte, ttl, proto byte, id, frag uint16, payload int) []byte {
	h := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+payload))
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, frag)
	b = append(b, ttl, proto, 0, 0)
	b = append(append(b, src...), dst...)
	binary.BigEndian.PutUint16(b[h+10:], fold(sum(0, b[h:])))
	return b
}

// checksum is that of a datagram or segment whose own checksum is zero, with its pseudo-header (RFC 9293 section 3.1, RFC 8200
// section 8.1). The leading zeros of an IPv4 address add nothing.
func (f *flow) checksum(proto byte, l4 []byte) uint16 {
	s := sum(sum(uint64(proto)+uint64(len(l4)), f.c.addr[:]), f.server[:])
	return fold(sum(s, l4))
}

// sum adds b to s as big-endian 16-bit words, four bytes at a time: carries are folded in the end.
func sum(s uint64, b []byte) uint64 {
	for len(b) >= 4 {
		s += uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

func fold(s uint64) uint16 {
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}

// arp sends a who-has of one server for the other.
func (g *generator) arp(time int64) {
	b := append(g.queue.buffer(), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0x53, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	b = append(b, 2, 0x53, 0, 0, 0, 1, 10, 0, 0, 53, 0, 0, 0, 0, 0, 0, 10, 0, 1, 53)
	g.queue.push(time, b)
}
