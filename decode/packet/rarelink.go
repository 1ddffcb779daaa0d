package packet

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/capture"
)

// rareLink reads the link types that are metadata around another, and those that few links have.
func (p *Parser) rareLink(t *Transport, b []byte, link capture.LinkType) {
	switch link {
	case linkWLAN:
		p.wlan(t, b)
	case linkRadiotap:
		p.radiotap(t, b)
	case linkPrism, linkAVS:
		p.prism(t, b)
	case linkPPI:
		p.ppi(t, b)
	case linkPKTAP, linkUser2:
		p.pktap(t, b, link)
	case linkNFLOG:
		p.nflog(t, b)
	case linkNetlink:
		p.netlink(t, b)
	case linkARCNET:
		p.arcnet(t, b)
	case linkFrame:
		p.frameRelay(t, b)
	default:
		p.bad(t, FaultLink)
	}
}

// wrapped reads a frame of another link type after n bytes of metadata.
func (p *Parser) wrapped(t *Transport, b []byte, n int, link uint32) {
	switch {
	case n > len(b):
		p.short(t)
	case link > 0xffff:
		p.bad(t, FaultLink)
	case p.header(t):
		p.link(t, b[n:], capture.LinkType(link))
	}
}

// ppi reads Per-Packet Information (CACE PPI header format 1.0.10): little-endian whatever the machine.
func (p *Parser) ppi(t *Transport, b []byte) {
	const fixed = 8
	if len(b) < fixed {
		p.short(t)
		return
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < fixed {
		p.bad(t, FaultHeader)
		return
	}
	p.wrapped(t, b, n, binary.LittleEndian.Uint32(b[4:]))
}

// pktap reads Apple's PKTAP, once written under a number that anybody may use (USER2): its fields have to make sense then.
func (p *Parser) pktap(t *Transport, b []byte, link capture.LinkType) {
	const fixed, typePacket = 108, 1
	if len(b) < fixed {
		p.short(t)
		return
	}
	n, typ := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	switch {
	case n >= fixed && n <= uint32(len(b)) && typ == typePacket:
		p.wrapped(t, b, int(n), binary.LittleEndian.Uint32(b[8:]))
	case link == linkUser2:
		p.bad(t, FaultLink)
	case n < fixed:
		p.bad(t, FaultHeader)
	case n > uint32(len(b)):
		p.short(t)
	}
}

// Netfilter attributes that hold a packet (linux/netfilter/nfnetlink_log.h and nfnetlink_queue.h).
const (
	attrLogPayload   = 9
	attrQueuePayload = 10
)

// nflog reads a netfilter log message (LINKTYPE_NFLOG).
func (p *Parser) nflog(t *Transport, b []byte) {
	const fixed = 4
	if len(b) < fixed {
		p.short(t)
		return
	}
	p.attributes(t, b[fixed:], b[0], attrLogPayload)
}

// netlink reads a netlink message in its cooked header (LINKTYPE_NETLINK): netfilter's log and queue hold packets.
func (p *Parser) netlink(t *Transport, b []byte) {
	const cooked, header, general, familyNetfilter = 16, 16, 4, 12
	if len(b) < cooked {
		p.short(t)
		return
	}
	if be16(b[14:]) != familyNetfilter {
		return
	}
	if b = b[cooked:]; len(b) < header+general {
		p.short(t)
		return
	}
	const queued, logged = 3 << 8, 4 << 8 // subsystem and message
	typ, family := binary.LittleEndian.Uint16(b[4:]), b[header]
	b = p.clip(b, max(header+general, int(min(binary.LittleEndian.Uint32(b), 1<<30))))
	switch typ {
	case queued:
		p.attributes(t, b[header+general:], family, attrQueuePayload)
	case logged:
		p.attributes(t, b[header+general:], family, attrLogPayload)
	}
}

// attributes looks through netlink attributes for the one that is a packet, of the given address family. Lengths are in the order of the
// capturing machine: little-endian on all that matter.
func (p *Parser) attributes(t *Transport, b []byte, family, want uint8) {
	const size = 4
	for len(b) >= size {
		n, typ := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])&0x7fff
		if n < size {
			p.bad(t, FaultHeader)
			return
		}
		if typ == uint16(want) {
			p.family(t, p.clip(b[size:], n-size), family)
			return
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	if p.missing > 0 {
		p.short(t)
	}
}

func (p *Parser) family(t *Transport, b []byte, family uint8) {
	switch family {
	case afINET:
		p.ipv4(t, b)
	case afINET6:
		p.ipv6(t, b)
	}
}

// arcnet reads an ARCNET frame as Linux gives it: with the offset field, and for RFC 1201 the split flag and sequence number.
func (p *Parser) arcnet(t *Transport, b []byte) {
	const short, long = 5, 8
	const ipOld, ipv4, ipv6 = 240, 212, 196 // RFC 1051, RFC 1201, RFC 2497
	if len(b) < long {
		p.short(t)
		return
	}
	switch b[4] {
	case ipOld:
		p.ipv4(t, b[short:])
	case ipv4:
		p.ipv4(t, b[long:])
	case ipv6:
		p.ipv6(t, b[long:])
	}
}

// frameRelay reads a frame with a Q.922 address and a network layer protocol identifier (RFC 2427), or Cisco's ethertype.
func (p *Parser) frameRelay(t *Transport, b []byte) {
	const address, unnumbered, nlpidIPv4, nlpidIPv6, nlpidSNAP = 2, 0x03, 0xcc, 0x8e, 0x80
	if len(b) < address+2 {
		p.short(t)
		return
	}
	b = b[address:]
	if b[0] != unnumbered {
		p.etherType(t, b[2:], be16(b))
		return
	}
	switch b[1] {
	case nlpidIPv4:
		p.ipv4(t, b[2:])
	case nlpidIPv6:
		p.ipv6(t, b[2:])
	case nlpidSNAP:
		if len(b) >= 7 && isSNAPOUI(b[2:5]) {
			p.etherType(t, b[7:], be16(b[5:]))
		}
	}
}
