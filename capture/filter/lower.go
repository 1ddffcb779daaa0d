package filter

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// IP protocol numbers (IANA).
const (
	ipICMP     = 1
	ipTCP      = 6
	ipUDP      = 17
	ipFragment = 44
	ipICMPv6   = 58
	ipSCTP     = 132
)

// Offsets in IP and ARP headers (RFC 791, RFC 8200, RFC 826).
const (
	ip4Fragment  = 6
	ip4Proto     = 9
	ip4Src       = 12
	ip4Dst       = 16
	ip4OffsetSet = 0x1fff // not the first fragment
	ip6Next      = 6
	ip6Src       = 8
	ip6Dst       = 24
	ip6Len       = 40
	arpSrc       = 14
	arpDst       = 24
)

// lowering turns an expression into a condition on the frames of a layout.
type lowering struct {
	*layout
	// stripped is set where the kernel has taken the outermost VLAN tag off the frame.
	stripped bool
}

func (l lowering) node(n *node) *cond {
	switch n.op {
	case opAnd:
		return and(l.node(n.left), l.node(n.right))
	case opOr:
		return or(l.node(n.left), l.node(n.right))
	case opNot:
		return not(l.node(n.left))
	case opAll:
		return always
	}
	return l.primitive(&n.prim)
}

func (l lowering) primitive(p *primitive) *cond {
	vlans := p.vlans
	if l.stripped && vlans > 0 {
		vlans--
	}
	switch p.kind {
	case primProtocol:
		return l.protocol(p.head.proto, vlans)
	case primAddr4:
		return l.addr4(p, vlans)
	case primAddr6:
		return l.addr6(p, vlans)
	case primPorts:
		return l.ports(p, vlans)
	case primIPProto:
		return l.ipProto(p.head.proto, p.low, vlans)
	}
	if l.stripped && p.vlans == 0 {
		return strippedTag(p)
	}
	tag := l.tagged(vlans)
	if p.kind == primVLANID {
		tag = and(tag, is(halfAt(l.at(vlans)).masked(0x0fff), p.low))
	}
	return tag
}

// tagged is true where a VLAN tag follows a number of them (IEEE 802.1Q, 802.1ad, and Q-in-Q before it).
func (l *layout) tagged(vlans int) *cond {
	return anyOf(l.carries(vlans, etherVLAN), l.carries(vlans, etherQinQ), l.carries(vlans, etherQinQOld))
}

// strippedTag judges the tag that the kernel holds beside the frame, which is known to be there.
func strippedTag(p *primitive) *cond {
	if p.kind == primVLAN {
		return always
	}
	return is(load{base: kernelField, off: uint32(bpf.ExtVLANTag), size: 4, mask: 0x0fff}, p.low)
}

func (l lowering) protocol(proto protocol, vlans int) *cond {
	switch proto {
	case protoIP:
		return l.carries(vlans, etherIPv4)
	case protoIP6:
		return l.carries(vlans, etherIPv6)
	case protoARP:
		return l.carries(vlans, etherARP)
	case protoTCP:
		return l.ipProto(protoAny, ipTCP, vlans)
	case protoUDP:
		return l.ipProto(protoAny, ipUDP, vlans)
	case protoICMP:
		return l.ipProto(protoIP, ipICMP, vlans)
	}
	return l.ipProto(protoIP6, ipICMPv6, vlans)
}

// ipProto looks at the IP protocol; in IPv6 behind one fragment header too.
func (l lowering) ipProto(version protocol, number uint32, vlans int) *cond {
	ip := l.at(vlans)
	c := never
	if version != protoIP6 {
		c = and(l.carries(vlans, etherIPv4), is(byteAt(ip+ip4Proto), number))
	}
	if version != protoIP {
		next := or(is(byteAt(ip+ip6Next), number),
			and(is(byteAt(ip+ip6Next), ipFragment), is(byteAt(ip+ip6Len), number)))
		c = or(c, and(l.carries(vlans, etherIPv6), next))
	}
	return c
}

// directed joins what is asked of the source and of the destination.
func directed(dir direction, src, dst *cond) *cond {
	switch dir {
	case dirSrc:
		return src
	case dirDst:
		return dst
	case dirBoth:
		return and(src, dst)
	}
	return or(src, dst)
}

func (l lowering) addr4(p *primitive, vlans int) *cond {
	mask := binary.BigEndian.Uint32(p.mask[:])
	addr := binary.BigEndian.Uint32(p.addr[:])
	in := func(ethertype, src, dst uint32) *cond {
		at := l.at(vlans)
		return and(l.carries(vlans, ethertype),
			directed(p.head.dir, is(wordAt(at+src).masked(mask), addr), is(wordAt(at+dst).masked(mask), addr)))
	}
	ip, arp := in(etherIPv4, ip4Src, ip4Dst), in(etherARP, arpSrc, arpDst)
	switch p.head.proto {
	case protoIP:
		return ip
	case protoARP:
		return arp
	}
	return anyOf(ip, arp, in(etherRARP, arpSrc, arpDst))
}

func (l lowering) addr6(p *primitive, vlans int) *cond {
	in := func(off uint32) *cond {
		c := always
		for i := 0; i < 16; i += 4 {
			word := wordAt(l.at(vlans) + off + uint32(i)).masked(binary.BigEndian.Uint32(p.mask[i:]))
			c = and(c, is(word, binary.BigEndian.Uint32(p.addr[i:])))
		}
		return c
	}
	return and(l.carries(vlans, etherIPv6), directed(p.head.dir, in(ip6Src), in(ip6Dst)))
}

func (l lowering) ports(p *primitive, vlans int) *cond {
	protos := []uint32{ipTCP, ipUDP, ipSCTP}
	switch p.head.proto {
	case protoTCP:
		protos = protos[:1]
	case protoUDP:
		protos = protos[1:2]
	}
	ip := l.at(vlans)
	ports := func(at load) *cond {
		src, dst := at, at
		dst.off += 2
		return directed(p.head.dir, within(src, p.low, p.high), within(dst, p.low, p.high))
	}
	ip6 := and(oneOf(byteAt(ip+ip6Next), protos...), ports(halfAt(ip+ip6Len)))
	ip4 := and(oneOf(byteAt(ip+ip4Proto), protos...),
		and(not(check(halfAt(ip+ip4Fragment), anyBitSet, ip4OffsetSet)), ports(behind(ip))))
	return or(and(l.carries(vlans, etherIPv6), ip6), and(l.carries(vlans, etherIPv4), ip4))
}

// behind is the first half-word after the IPv4 header at ip.
func behind(ip uint32) load { return load{base: behindIPv4, size: 2, off: ip, ip: ip, mask: 0xffff} }
