package packet

import (
	"encoding/binary"
	"math"
)

// ICMP types that are errors (IANA).
const (
	icmpUnreachable   = 3
	icmpQuench        = 4
	icmpRedirect      = 5
	icmpTimeExceeded  = 11
	icmpParameter     = 12
	icmpFragNeeded    = 4 // a code of icmpUnreachable
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
	icmp6Parameter    = 4
	icmpHeaderLen     = 8
)

// icmp4 reads an ICMP error (RFC 792); other messages are KindOther.
func icmp4(t *Transport, b []byte) {
	if len(b) < 2 {
		return
	}
	switch b[0] {
	case icmpUnreachable, icmpQuench, icmpRedirect, icmpTimeExceeded, icmpParameter:
		q := icmpError(t, b)
		if len(b) >= icmpHeaderLen && b[0] == icmpUnreachable && b[1] == icmpFragNeeded {
			q.MTU = uint32(be16(b[6:]))
		}
	}
}

// icmp6 reads an ICMPv6 error (RFC 4443); other messages are KindOther.
func icmp6(t *Transport, b []byte) {
	if len(b) < 2 {
		return
	}
	switch b[0] {
	case icmp6Unreachable, icmp6TooBig, icmp6TimeExceeded, icmp6Parameter:
		q := icmpError(t, b)
		if len(b) >= icmpHeaderLen && b[0] == icmp6TooBig {
			q.MTU = binary.BigEndian.Uint32(b[4:])
		}
	}
}

// icmpError reads what the two versions share: type, code, and from byte 8 on the packet that it quotes, however little of it.
func icmpError(t *Transport, b []byte) *Quote {
	t.Kind = KindICMP
	q := &t.Quote
	q.Type, q.Code = b[0], b[1]
	if len(b) > icmpHeaderLen {
		switch b = b[icmpHeaderLen:]; b[0] >> 4 {
		case 4:
			q.ipv4(b)
		case 6:
			q.ipv6(b)
		}
	}
	return q
}

func (q *Quote) ipv4(b []byte) {
	size := int(b[0]&15) * 4
	if len(b) < ipv4Len || size < ipv4Len {
		return
	}
	q.IPVersion, q.Proto = 4, b[9]
	mapIPv4(&q.Src, b[12:])
	mapIPv4(&q.Dst, b[16:])
	if total := be16(b[2:]); total >= size { // below it, a router's own byte order
		b, q.Length = b[:min(total, len(b))], uint16(total)
	}
	if size <= len(b) && be16(b[6:])&0x1fff == 0 {
		q.transport(b[size:])
	}
}

// ipv6 walks the extension headers as far as they are quoted.
func (q *Quote) ipv6(b []byte) {
	if len(b) < ipv6Len {
		return
	}
	q.IPVersion, q.Proto = 6, b[6]
	q.Src, q.Dst = Addr(b[8:24]), Addr(b[24:40])
	if n := be16(b[4:]); n > 0 {
		b, q.Length = b[:min(ipv6Len+n, len(b))], uint16(min(ipv6Len+n, math.MaxUint16))
	}
	b = b[ipv6Len:]
	for range maxHeaders {
		size := extensionLen(b, q.Proto)
		switch q.Proto {
		case protoHopByHop, protoRouting, protoDestOpts, protoAH, protoMobility, protoHIP, protoShim6:
		case protoFragment:
			size = fragmentLen
		default:
			q.transport(b)
			return
		}
		if len(b) < size {
			return
		}
		later := q.Proto == protoFragment && be16(b[2:])&^7 != 0
		q.Proto, b = b[0], b[size:]
		if later {
			return
		}
	}
}

// transport reads the ports, and what follows the header where that is quoted whole.
func (q *Quote) transport(b []byte) {
	if (q.Proto != protoUDP && q.Proto != protoTCP) || len(b) < 4 {
		return
	}
	q.SrcPort, q.DstPort, q.HasPorts = uint16(be16(b)), uint16(be16(b[2:])), true
	size := udpLen
	if q.Proto == protoTCP {
		if len(b) < tcpLen {
			return
		}
		size = max(tcpLen, int(b[12]>>4)*4)
	}
	if len(b) > size {
		q.Payload = b[size:]
	}
}

// TooBig says that the packet was too big for a link on its way (RFC 1191, RFC 4443 section 3.2).
func (i *ICMP) TooBig() bool {
	if i.IPVersion == 6 {
		return i.Type == icmp6TooBig
	}
	return i.Type == icmpUnreachable && i.Code == icmpFragNeeded
}

// Unreachable says that the host, its network or the port was out of reach, or closed to the sender.
func (i *ICMP) Unreachable() bool {
	if i.IPVersion == 6 {
		return i.Type == icmp6Unreachable
	}
	return i.Type == icmpUnreachable && i.Code != icmpFragNeeded
}

// Incomplete says that its receiver has waited too long for the packet's other fragments.
func (i *ICMP) Incomplete() bool {
	if i.IPVersion == 6 {
		return i.Type == icmp6TimeExceeded && i.Code == 1
	}
	return i.Type == icmpTimeExceeded && i.Code == 1
}

// Undelivered says that the packet did not arrive, for another reason than its size.
func (i *ICMP) Undelivered() bool {
	if i.IPVersion == 6 {
		return i.Type != icmp6TooBig
	}
	return i.Type != icmpQuench && i.Type != icmpRedirect && !i.TooBig()
}
