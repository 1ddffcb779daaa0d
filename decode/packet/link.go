package packet

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// Link types of the tcpdump.org registry, and what BSDs use beside them.
const (
	linkNull      capture.LinkType = 0
	linkEthernet  capture.LinkType = 1
	linkPPP       capture.LinkType = 9
	linkRawBSD    capture.LinkType = 12
	linkRawOBSD   capture.LinkType = 14
	linkPPPSerial capture.LinkType = 50
	linkPPPoE     capture.LinkType = 51
	linkRaw       capture.LinkType = 101
	linkCHDLC     capture.LinkType = 104
	linkWLAN      capture.LinkType = 105
	linkFrame     capture.LinkType = 107
	linkLoop      capture.LinkType = 108
	linkSLL       capture.LinkType = 113
	linkPrism     capture.LinkType = 119
	linkRadiotap  capture.LinkType = 127
	linkARCNET    capture.LinkType = 129
	linkUser2     capture.LinkType = 149
	linkAVS       capture.LinkType = 163
	linkPPI       capture.LinkType = 192
	linkMPLS      capture.LinkType = 219
	linkIPv4      capture.LinkType = 228
	linkIPv6      capture.LinkType = 229
	linkNFLOG     capture.LinkType = 239
	linkNetlink   capture.LinkType = 253
	linkPKTAP     capture.LinkType = 258
	linkSLL2      capture.LinkType = 276
)

// Ethertypes (IANA IEEE 802 numbers).
const (
	etherIPv4     = 0x0800
	etherVLAN     = 0x8100
	etherTEB      = 0x6558 // transparent Ethernet bridging: a frame in GRE or GENEVE
	etherIPv6     = 0x86dd
	etherPPP      = 0x880b
	etherMPLS     = 0x8847
	etherMPLSUp   = 0x8848 // with upstream-assigned label
	etherPPPoEDis = 0x8863
	etherPPPoE    = 0x8864
	etherQinQ     = 0x88a8
	etherERSPAN   = 0x88be
	etherVNTag    = 0x8926
	etherERSPAN3  = 0x22eb
	etherQinQOld  = 0x9100
	etherMinType  = 0x0600 // below it, the field is a length (IEEE 802.3)
)

// Lengths of fixed link headers in bytes.
const (
	ethernetLen = 14
	vlanLen     = 4
	nullLen     = 4
	sllLen      = 16
	sll2Len     = 20
)

func isVLAN(typ int) bool { return typ == etherVLAN || typ == etherQinQ || typ == etherQinQOld }

// link reads the link-layer header.
func (p *Parser) link(t *Transport, b []byte, link capture.LinkType) {
	switch link {
	case linkEthernet:
		p.ethernet(t, b)
	case linkRaw, linkRawBSD, linkRawOBSD:
		p.ip(t, b)
	case linkIPv4:
		p.ipv4(t, b)
	case linkIPv6:
		p.ipv6(t, b)
	case linkNull, linkLoop:
		p.null(t, b)
	case linkSLL:
		p.typed(t, b, 14, sllLen)
	case linkSLL2:
		p.typed(t, b, 0, sll2Len)
	case linkCHDLC:
		p.typed(t, b, 2, 4)
	case linkPPP, linkPPPSerial:
		p.ppp(t, b)
	case linkPPPoE:
		p.pppoe(t, b)
	case linkMPLS:
		p.mpls(t, b)
	default:
		p.rareLink(t, b, link)
	}
}

// ethernet reads an Ethernet frame: of the link itself, or of a carrier.
func (p *Parser) ethernet(t *Transport, b []byte) {
	if len(b) < ethernetLen {
		p.short(t)
		return
	}
	_ = p.eth.DecodeFromBytes(b, feedback) // fails on short frames only
	typ := int(p.eth.EthernetType)
	if p.eth.EthernetType == layers.EthernetTypeLLC {
		typ = int(p.eth.Length)
	}
	p.etherType(t, b[ethernetLen:], typ)
}

// typed reads a header of n bytes that has its ethertype at byte at, and nothing else of use. SLL's layer panics on its address
// length, and SLL2 has none.
func (p *Parser) typed(t *Transport, b []byte, at, n int) {
	if len(b) < n {
		p.short(t)
		return
	}
	p.etherType(t, b[n:], be16(b[at:]))
}

// etherType reads what an ethertype, or IEEE 802.3 length, announces.
func (p *Parser) etherType(t *Transport, b []byte, typ int) {
	switch typ {
	case etherIPv4:
		p.ipv4(t, b)
	case etherIPv6:
		p.ipv6(t, b)
	case etherVLAN, etherQinQ, etherQinQOld:
		p.vlan(t, b)
	case etherMPLS, etherMPLSUp:
		p.mpls(t, b)
	case etherPPPoE, etherPPPoEDis:
		if p.carrier(t) {
			p.pppoe(t, b)
		}
	case etherVNTag:
		if p.header(t) {
			p.typed(t, b, 4, 6)
		}
	case etherTEB:
		if p.carrier(t) {
			p.ethernet(t, b)
		}
	case etherPPP:
		if p.header(t) {
			p.ppp(t, b)
		}
	default:
		if typ < etherMinType {
			p.ieee8023(t, b, typ)
		}
	}
}

func (p *Parser) vlan(t *Transport, b []byte) {
	if !p.header(t) {
		return
	}
	if len(b) < vlanLen {
		p.short(t)
		return
	}
	_ = p.dot1q.DecodeFromBytes(b, feedback) // fails on short tags only
	if t.VLAN == 0 {
		t.VLAN = p.dot1q.VLANIdentifier
	}
	p.etherType(t, b[vlanLen:], int(p.dot1q.Type))
}

// ieee8023 reads what follows a length instead of an ethertype. Linux cooked captures put 1 (no LLC) and 4 (LLC) there.
func (p *Parser) ieee8023(t *Transport, b []byte, n int) {
	const sllLLC = 4
	if n > sllLLC {
		b = p.clip(b, n)
	}
	p.llc(t, b)
}

// llc reads an LLC header (IEEE 802.2), with or without SNAP.
func (p *Parser) llc(t *Transport, b []byte) {
	const sapSNAP, sapIP, snapLen, llcLen, unnumbered = 0xaa, 0x06, 8, 3, 0x03
	switch {
	case !p.header(t):
	case len(b) >= llcLen && b[0] == sapIP && b[1] == sapIP && b[2] == unnumbered:
		p.ip(t, b[llcLen:])
	case len(b) < snapLen:
		if p.missing > 0 {
			p.short(t)
		}
	case b[0] == sapSNAP && b[1] == sapSNAP && b[2] == unnumbered && isSNAPOUI(b[3:6]):
		if typ := be16(b[6:]); typ >= etherMinType {
			p.etherType(t, b[snapLen:], typ)
		}
	}
}

// isSNAPOUI knows the two organisations whose SNAP protocol is an ethertype: RFC 1042 and IEEE 802.1H.
func isSNAPOUI(oui []byte) bool { return oui[0] == 0 && oui[1] == 0 && (oui[2] == 0 || oui[2] == 0xf8) }

// null reads the address family that a BSD loopback puts before a packet, in the byte order of whatever machine captured it.
func (p *Parser) null(t *Transport, b []byte) {
	if len(b) < nullLen {
		p.short(t)
		return
	}
	switch nullFamily(b) {
	case afINET:
		p.ipv4(t, b[nullLen:])
	case afINET6:
		p.ipv6(t, b[nullLen:])
	default: // an ethertype, as some writers have it
		if typ := be16(b[2:]); typ >= etherMinType {
			p.etherType(t, b[nullLen:], typ)
		}
	}
}

// Address families, as nullFamily and netfilter give them.
const (
	afINET  = 2
	afINET6 = 10
)

// nullFamily returns afINET, afINET6 or 0. IPv6 has had a number of its own on each system.
func nullFamily(b []byte) int {
	family := binary.BigEndian.Uint32(b)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(b)
	}
	switch family {
	case 2:
		return afINET
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; macOS
		return afINET6
	}
	return 0
}

// ppp reads a PPP frame (RFC 1661), with or without its HDLC-like header (RFC 1662), its protocol compressed or not.
func (p *Parser) ppp(t *Transport, b []byte) {
	if len(b) >= 2 {
		switch be16(b) {
		case pppHDLC:
			b = b[2:]
		case ciscoUnicast, ciscoMulticast: // Cisco HDLC on a link said to be PPP
			p.typed(t, b, 2, 4)
			return
		}
	}
	proto, b, ok := pppProtocol(b)
	if !ok {
		p.short(t)
		return
	}
	switch proto {
	case pppIPv4:
		p.ipv4(t, b)
	case pppIPv6:
		p.ipv6(t, b)
	case pppMPLS:
		p.mpls(t, b)
	}
}

// PPP protocol numbers (IANA).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// What stands in address and control byte of PPP in HDLC-like framing, and of Cisco HDLC.
const (
	pppHDLC        = 0xff03
	ciscoUnicast   = 0x0f00
	ciscoMulticast = 0x8f00
)

func pppProtocol(b []byte) (proto int, rest []byte, ok bool) {
	if len(b) >= 1 && b[0]&1 != 0 {
		return int(b[0]), b[1:], true
	}
	if len(b) < 2 {
		return 0, b, false
	}
	return be16(b), b[2:], true
}

// pppoe reads a PPPoE session packet (RFC 2516); discovery carries none.
func (p *Parser) pppoe(t *Transport, b []byte) {
	const size = 6
	if len(b) < size {
		p.short(t)
		return
	}
	if b[0] != 0x11 || b[1] != 0 {
		return
	}
	p.ppp(t, p.clip(b[size:], be16(b[4:])))
}
