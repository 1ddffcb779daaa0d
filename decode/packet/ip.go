package packet

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// IP protocol numbers (IANA), and IPv6 extension headers among them.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
	protoEtherIP  = 97
	protoMobility = 135
	protoMPLS     = 137
	protoHIP      = 139
	protoShim6    = 140
)

// Lengths of fixed headers in bytes.
const (
	ipv4Len     = 20
	ipv6Len     = 40
	fragmentLen = 8
	udpLen      = 8
	tcpLen      = 20
)

// ip reads a packet whose version only its first byte tells.
func (p *Parser) ip(t *Transport, b []byte) {
	switch {
	case len(b) == 0:
		p.short(t)
	case b[0]>>4 == 4:
		p.ipv4(t, b)
	case b[0]>>4 == 6:
		p.ipv6(t, b)
	default:
		p.bad(t, FaultHeader)
	}
}

// startIP forgets what was found of the carrier.
func (p *Parser) startIP(t *Transport) {
	t.IPVersion, t.IPCheck, t.L4Check, t.LengthMismatch = 0, CheckUnverified, CheckUnverified, false
	p.guessed, p.rerouted = false, false
}

// ipv4 reads an IPv4 packet (RFC 791). Some writers announce IPv6 as IPv4; the version tells, as it does in Wireshark.
func (p *Parser) ipv4(t *Transport, b []byte) {
	if len(b) > 0 && b[0]>>4 == 6 {
		p.ipv6(t, b)
		return
	}
	p.startIP(t)
	if len(b) < ipv4Len {
		p.short(t)
		return
	}
	size, total := int(b[0]&15)*4, be16(b[2:])
	switch {
	case b[0]>>4 != 4 || size < ipv4Len || (total != 0 && total < size):
		p.bad(t, FaultHeader)
		return
	case size > len(b):
		p.short(t)
		return
	}
	p.decodeIPv4(t, b, size)
	if p.guessed = total == 0; p.guessed { // segmentation offload on the capturing host: the length was still to be filled in
		total = len(b) + p.missing
	}
	b = p.clip(b, total)[size:]
	if ff := p.ip4.FragOffset; ff != 0 || p.ip4.Flags&layers.IPv4MoreFragments != 0 {
		p.fragment(t, b, total-size, piece{offset: int(ff) * 8, more: p.ip4.Flags&layers.IPv4MoreFragments != 0, proto: t.Proto})
		return
	}
	p.protocol(t, b, total-size, t.Proto)
}

// decodeIPv4 has the layer read the header's fixed part into t. Where there are options, or no length, the layer gets a plain copy: it
// fails, and allocates, on broken ones. The caller has checked all else that it fails on.
func (p *Parser) decodeIPv4(t *Transport, b []byte, size int) {
	t.IPCheck = verdict(sum(b[:size], 0))
	if size != ipv4Len || b[2]|b[3] == 0 {
		copy(p.fixed[:ipv4Len], b)
		p.fixed[0], p.fixed[2], p.fixed[3] = 0x45, 0, ipv4Len
		b = p.fixed[:ipv4Len]
	}
	_ = p.ip4.DecodeFromBytes(b, feedback)
	h := &p.ip4
	t.IPVersion, t.HopLimit, t.Proto, t.IPID = 4, h.TTL, uint8(h.Protocol), uint32(h.Id)
	mapIPv4(&t.Src, h.SrcIP)
	mapIPv4(&t.Dst, h.DstIP)
}

// mapIPv4 sets a to the IPv4-mapped form of ip, of at least 4 bytes.
func mapIPv4(a *Addr, ip []byte) {
	binary.LittleEndian.PutUint64(a[:], 0)
	binary.LittleEndian.PutUint64(a[8:], 0xffff<<16|uint64(binary.LittleEndian.Uint32(ip))<<32)
}

// ipv6 reads an IPv6 packet (RFC 8200).
func (p *Parser) ipv6(t *Transport, b []byte) {
	p.startIP(t)
	switch {
	case len(b) < ipv6Len:
		p.short(t)
		return
	case b[0]>>4 != 6:
		p.bad(t, FaultHeader)
		return
	}
	p.decodeIPv6(t, b)
	n := be16(b[4:])
	b = b[ipv6Len:]
	if p.guessed = n == 0; p.guessed { // a jumbogram (RFC 2675): no link that carries one pads it
		n = len(b) + p.missing
	}
	p.protocol(t, p.clip(b, n), n, t.Proto)
}

// decodeIPv6 has the layer read the header into t. Where it would go on to a hop-by-hop header, which it allocates for, or would fail
// for want of a length, the layer gets a plain copy.
func (p *Parser) decodeIPv6(t *Transport, b []byte) {
	next := b[6]
	if next == protoHopByHop || b[4]|b[5] == 0 {
		const noNextHeader = 59
		copy(p.fixed[:], b)
		p.fixed[5], p.fixed[6] = 1, noNextHeader
		b = p.fixed[:]
	}
	_ = p.ip6.DecodeFromBytes(b, feedback)
	h := &p.ip6
	t.IPVersion, t.HopLimit, t.Proto, t.IPID = 6, h.HopLimit, next, 0
	t.Src, t.Dst = Addr(h.SrcIP), Addr(h.DstIP)
}

// protocol reads what an IP protocol number announces. b is what there is of the n bytes that the headers claim.
func (p *Parser) protocol(t *Transport, b []byte, n int, proto uint8) {
	t.Proto = proto
	switch proto {
	case protoUDP:
		p.parseUDP(t, b, n)
	case protoTCP:
		p.parseTCP(t, b, n)
	case protoICMP:
		if t.IPVersion == 4 {
			icmp4(t, b)
		}
	case protoICMPv6:
		if t.IPVersion == 6 {
			icmp6(t, b)
		}
	case protoIPv4, protoIPv6, protoGRE, protoEtherIP, protoMPLS:
		p.ipCarrier(t, b, proto)
	case protoAH, protoHopByHop, protoRouting, protoDestOpts, protoMobility, protoHIP, protoShim6:
		if proto == protoAH || t.IPVersion == 6 {
			p.extension(t, b, n, proto)
		}
	case protoFragment:
		if t.IPVersion == 6 {
			p.fragment6(t, b, n)
		}
	}
}

// extension skips an IPv6 extension header, or the authentication header (RFC 4302) of either version.
func (p *Parser) extension(t *Transport, b []byte, n int, proto uint8) {
	if !p.header(t) {
		return
	}
	size := extensionLen(b, proto)
	if size > n {
		p.bad(t, FaultHeader)
		return
	}
	if len(b) < size {
		p.short(t)
		return
	}
	if proto == protoRouting && b[3] != 0 {
		p.rerouted = true
	}
	p.protocol(t, b[size:], n-size, b[0])
}

// extensionLen returns the length in bytes of an extension header, at least 8.
func extensionLen(b []byte, proto uint8) int {
	switch {
	case len(b) < 2:
		return 8
	case proto == protoAH:
		return max(8, (int(b[1])+2)*4)
	}
	return (int(b[1]) + 1) * 8
}

// fragment6 reads a fragment header (RFC 8200 section 4.5).
func (p *Parser) fragment6(t *Transport, b []byte, n int) {
	if !p.header(t) {
		return
	}
	if n < fragmentLen {
		p.bad(t, FaultHeader)
		return
	}
	if len(b) < fragmentLen {
		p.short(t)
		return
	}
	t.IPID = binary.BigEndian.Uint32(b[4:])
	field := be16(b[2:])
	f := piece{offset: field &^ 7, more: field&1 != 0, proto: b[0]}
	b, n = b[fragmentLen:], n-fragmentLen
	if f.offset == 0 && !f.more { // atomic (RFC 6946): whole
		p.protocol(t, b, n, f.proto)
		return
	}
	t.Proto = f.proto
	p.fragment(t, b, n, f)
}
