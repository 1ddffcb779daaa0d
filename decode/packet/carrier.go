package packet

// ipCarrier reads what an IP packet carries that is a packet or frame itself.
func (p *Parser) ipCarrier(t *Transport, b []byte, proto uint8) {
	if !p.carrier(t) {
		return
	}
	switch proto {
	case protoIPv4:
		p.ipv4(t, b)
	case protoIPv6:
		p.ipv6(t, b)
	case protoGRE:
		p.gre(t, b)
	case protoMPLS: // RFC 4023
		p.mpls(t, b)
	case protoEtherIP: // RFC 3378
		const size, version = 2, 3
		if len(b) < size {
			p.short(t)
		} else if b[0]>>4 == version {
			p.ethernet(t, b[size:])
		}
	}
}

// GRE flags (RFC 2784, RFC 2890, RFC 2637).
const (
	greChecksum = 1 << 15
	greRouting  = 1 << 14
	greKey      = 1 << 13
	greSequence = 1 << 12
	greAck      = 1 << 7
	greVersion  = 7
)

// gre reads a GRE header of version 0 or 1, the latter being PPTP's. Its layer runs past the end of a short one.
func (p *Parser) gre(t *Transport, b []byte) {
	if len(b) < 4 {
		p.short(t)
		return
	}
	flags, typ := be16(b), be16(b[2:])
	size := greLen(flags)
	if flags&greRouting != 0 {
		size = greRoutingEnd(b, size)
	}
	switch {
	case flags&greVersion > 1:
		return
	case size > len(b):
		p.short(t)
		return
	}
	b = b[size:]
	switch typ {
	case etherERSPAN:
		p.erspan(t, b, flags)
	case etherERSPAN3:
		p.erspan3(t, b)
	case etherTEB: // the carrier is counted already
		p.ethernet(t, b)
	default:
		p.etherType(t, b, typ)
	}
}

// greLen returns the length in bytes of a GRE header with the given flags, source routes not counted.
func greLen(flags int) int {
	size := 4
	for _, f := range [...]int{greChecksum | greRouting, greKey, greSequence} {
		if flags&f != 0 {
			size += 4
		}
	}
	if flags&greAck != 0 && flags&greVersion == 1 {
		size += 4
	}
	return size
}

// greRoutingEnd returns the offset after the source routes that start at off (RFC 1701), or one past the end of b where they do not end.
func greRoutingEnd(b []byte, off int) int {
	const size = 4
	for off+size <= len(b) {
		n := int(b[off+3])
		last := n == 0 && be16(b[off:]) == 0
		if off += size + n; last {
			return off
		}
	}
	return len(b) + 1
}

// erspan reads ERSPAN: type I has no header, type II, told by GRE's sequence number, one of 8 bytes.
func (p *Parser) erspan(t *Transport, b []byte, flags int) {
	size := 0
	if flags&greSequence != 0 {
		size = 8
	}
	if len(b) < size {
		p.short(t)
		return
	}
	p.ethernet(t, b[size:])
}

// erspan3 reads ERSPAN type III, which can say that it carries an IP packet instead of a frame.
func (p *Parser) erspan3(t *Transport, b []byte) {
	const fixed, sub, optional = 12, 8, 1
	size := fixed
	if len(b) >= fixed && b[fixed-1]&optional != 0 {
		size += sub
	}
	if len(b) < size {
		p.short(t)
		return
	}
	const ethernetFrame, ipPacket = 0, 2
	switch b[10] >> 2 & 0x1f {
	case ethernetFrame:
		p.ethernet(t, b[size:])
	case ipPacket:
		p.ip(t, b[size:])
	}
}

// mpls reads a label stack (RFC 3032). What is below it only the routers know: IP, or a pseudowire's frame with a control word (RFC 4448)
// or without.
func (p *Parser) mpls(t *Transport, b []byte) {
	const size, controlWord, channel = 4, 4, 1 // a pseudowire's associated channel (RFC 4385) talks about it
	for bottom := false; !bottom; b = b[size:] {
		if !p.header(t) {
			return
		}
		if len(b) < size {
			p.short(t)
			return
		}
		bottom = b[2]&1 != 0
	}
	switch {
	case looksIP(b):
		p.ip(t, b)
	case len(b) < controlWord:
		p.short(t)
	case b[0]>>4 == channel || !p.carrier(t):
	case b[0]>>4 == 0:
		p.ethernet(t, b[controlWord:])
	default:
		p.ethernet(t, b)
	}
}

// looksIP says whether b can be an IP packet, so far as there is enough of it to say. It guards guesses.
func looksIP(b []byte) bool {
	if len(b) < ipv4Len {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		size, total := int(b[0]&15)*4, be16(b[2:])
		return size >= ipv4Len && (total == 0 || total >= size)
	case 6:
		return len(b) >= ipv6Len
	}
	return false
}

// UDP ports of carriers (IANA service names).
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portTeredo   = 3544
	portVXLAN    = 4789
	portGENEVE   = 6081
	portVXLANOld = 8472 // Linux before there was a number
)

// portDNS is that of DNS (RFC 1035 section 4.2.1). A datagram from or to it is no carrier: a resolver that takes its ports at random meets all
// of the carriers' in time, and a message with a fitting ID then looks like what they carry.
const portDNS = 53

// isCarrier says whether a datagram between these ports can be a carrier's.
func isCarrier(src, dst uint16) bool {
	return src != portDNS && dst != portDNS && (isCarrierPort(src) || isCarrierPort(dst))
}

func isCarrierPort(port uint16) bool {
	switch port {
	case portL2TP, portGTPU, portTeredo, portVXLAN, portGENEVE, portVXLANOld:
		return true
	}
	return false
}

// udpCarrier reads b as what its ports suggest, if it fits. False: it is a datagram like any other. A client may well have such a port
// and ask a DNS server, so b has to fit exactly.
func (p *Parser) udpCarrier(t *Transport, b []byte, src, dst uint16) bool {
	if !isCarrier(src, dst) {
		return false
	}
	switch {
	case dst == portVXLAN || dst == portVXLANOld:
		return p.vxlan(t, b)
	case dst == portGENEVE:
		return p.geneve(t, b)
	case dst == portGTPU || src == portGTPU:
		return p.inner(t, b, gtpuLen(b))
	case dst == portTeredo || src == portTeredo:
		return p.inner(t, b, teredoLen(b))
	case dst == portL2TP || src == portL2TP:
		return p.inner(t, b, l2tpLen(b))
	}
	return false
}

// inner reads the IP packet after n bytes of carrier header, if there is one; n is negative where the header did not fit.
func (p *Parser) inner(t *Transport, b []byte, n int) bool {
	if n < 0 || n > len(b) || !looksIP(b[n:]) {
		return false
	}
	if p.carrier(t) {
		p.ip(t, b[n:])
	}
	return true
}

// vxlan reads VXLAN (RFC 7348), with the group policy extension. Reserved bits must be 0: a DNS header that looks like this has no flag and
// no question.
func (p *Parser) vxlan(t *Transport, b []byte) bool {
	const size, valid, policy = 8, 0x08, 0x80
	if len(b) < size+ethernetLen || b[0]&^policy != valid || b[7] != 0 {
		return false
	}
	if b[0]&policy == 0 && b[1]|b[2]|b[3] != 0 {
		return false
	}
	if p.carrier(t) {
		p.ethernet(t, b[size:])
	}
	return true
}

// geneve reads GENEVE (RFC 8926). Its layer allocates each option.
func (p *Parser) geneve(t *Transport, b []byte) bool {
	const fixed = 8
	if len(b) < fixed || b[0]>>6 != 0 || b[1]&0x3f != 0 || b[7] != 0 {
		return false
	}
	size, typ := fixed+int(b[0]&0x3f)*4, be16(b[2:])
	if size > len(b) {
		return false
	}
	b = b[size:]
	switch typ {
	case etherTEB, etherIPv4, etherIPv6, etherMPLS:
	default:
		return false
	}
	switch {
	case typ == etherTEB:
		p.etherType(t, b, typ)
	case p.carrier(t):
		p.etherType(t, b, typ)
	}
	return true
}

// gtpuLen returns the length of a GTPv1-U header (3GPP TS 29.281 section 5) with its extensions, or -1 where b holds no user packet.
func gtpuLen(b []byte) int {
	const fixed, optional, userPacket = 8, 4, 255
	if len(b) < fixed || b[0]>>4 != 3 || b[1] != userPacket {
		return -1
	}
	if b[0]&7 == 0 {
		return fixed
	}
	const extended = 4
	n := fixed + optional
	if b[0]&extended == 0 {
		return n
	}
	for n <= len(b) && b[n-1] != 0 {
		if n == len(b) || b[n] == 0 {
			return -1
		}
		n += int(b[n]) * 4
	}
	return n
}

// teredoLen returns the length of the indications that Teredo (RFC 4380 section 5.1.1) puts before its IPv6 packet, or -1 where there can
// be no such packet.
func teredoLen(b []byte) int {
	const authFixed, nonceAndConfirm, origin = 4, 9, 8
	n := 0
	if len(b) >= authFixed && b[0] == 0 && b[1] == 1 {
		n = authFixed + int(b[2]) + int(b[3]) + nonceAndConfirm
	}
	if n+2 <= len(b) && b[n] == 0 && b[n+1] == 0 {
		n += origin
	}
	if n >= len(b) || b[n]>>4 != 6 {
		return -1
	}
	return n
}

// l2tpLen returns the length of the headers of an L2TPv2 data message (RFC 2661 section 3.1) and of PPP in it, or -1 where b holds no IP
// packet in such.
func l2tpLen(b []byte) int {
	const control, length, sequence, offset, reserved, version = 0x8000, 0x4000, 0x0800, 0x0200, 0x34f0, 2
	if len(b) < 2 {
		return -1
	}
	flags, n := be16(b), 6
	if flags&(control|reserved) != 0 || flags&0xf != version {
		return -1
	}
	if flags&length != 0 {
		n += 2
	}
	if flags&sequence != 0 {
		n += 4
	}
	if flags&offset != 0 {
		if n += 2; n > len(b) {
			return -1
		}
		n += be16(b[n-2:])
	}
	if n+2 <= len(b) && b[n] == 0xff && b[n+1] == 0x03 {
		n += 2
	}
	if n > len(b) {
		return -1
	}
	proto, rest, _ := pppProtocol(b[n:])
	if proto != pppIPv4 && proto != pppIPv6 {
		return -1
	}
	return len(b) - len(rest)
}
