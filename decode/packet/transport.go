package packet

// parseUDP reads a UDP datagram (RFC 768) of n bytes by the IP header, and goes on where it is a carrier's.
func (p *Parser) parseUDP(t *Transport, b []byte, n int) {
	if len(b) < udpLen {
		p.short(t)
		return
	}
	length := p.udpLength(t, b, n)
	lacks := len(b) < min(n, length)
	_ = p.udp.DecodeFromBytes(p.udpHeader(b), feedback)
	b = p.clip(b, length)
	if p.udpCarrier(t, b[udpLen:], uint16(p.udp.SrcPort), uint16(p.udp.DstPort)) {
		return
	}
	t.Kind, t.SrcPort, t.DstPort = KindUDP, uint16(p.udp.SrcPort), uint16(p.udp.DstPort)
	t.Payload, t.PayloadLen = b[udpLen:], length-udpLen
	t.Cut = p.missing > 0 || lacks
	if p.udp.Checksum != 0 && !p.rerouted && len(b) == length && be16(b[4:]) == length {
		t.L4Check = transportCheck(t, b, 6)
	}
}

// udpLength returns the datagram's length in bytes: what the UDP header says, or where that cannot be, the IP header.
func (p *Parser) udpLength(t *Transport, b []byte, n int) int {
	length := be16(b[4:])
	if length == 0 && n > 0xffff { // a jumbogram's (RFC 2675 section 4)
		return n
	}
	t.LengthMismatch = length != n && !(p.guessed && length >= udpLen)
	if length < udpLen {
		return n
	}
	return length
}

// udpHeader returns b, or where its length is impossible, which the layer fails and allocates on, a copy of its header without one.
func (p *Parser) udpHeader(b []byte) []byte {
	if length := be16(b[4:]); length == 0 || length >= udpLen {
		return b
	}
	copy(p.fixed[:udpLen], b)
	p.fixed[4], p.fixed[5] = 0, 0
	return p.fixed[:udpLen]
}

// parseTCP reads a TCP segment (RFC 9293) of n bytes by the IP header.
func (p *Parser) parseTCP(t *Transport, b []byte, n int) {
	if len(b) < tcpLen {
		p.short(t)
		return
	}
	size := int(b[12]>>4) * 4
	if size < tcpLen || size > n {
		p.bad(t, FaultHeader)
		return
	}
	p.decodeTCP(t, b)
	t.Kind, t.PayloadLen = KindTCP, n-size
	t.Payload = b[min(size, len(b)):]
	t.Cut = p.missing > 0 || len(b) < n
	if len(b) == n && !p.guessed && !p.rerouted {
		t.L4Check = transportCheck(t, b, 16)
	}
}

// decodeTCP has the layer read the fixed header. It does not get to see options, which it fails and allocates on where they are broken.
func (p *Parser) decodeTCP(t *Transport, b []byte) {
	if b[12]>>4 != tcpLen/4 {
		copy(p.fixed[:tcpLen], b)
		p.fixed[12] = tcpLen / 4 << 4
		b = p.fixed[:tcpLen]
	}
	_ = p.tcp.DecodeFromBytes(b, feedback)
	t.SrcPort, t.DstPort = uint16(p.tcp.SrcPort), uint16(p.tcp.DstPort)
	t.Seq, t.Ack, t.Flags = p.tcp.Seq, p.tcp.Ack, b[13]
}
