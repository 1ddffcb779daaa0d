package packet

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/capture"
)

// Flow says between whom a packet goes: what decides which worker owns it. The addresses stay in the packet until they are asked for. It is one
// word, which stays in a register: from the lowest bits on the ports as the packet has them, the IP protocol number, and the offset of the IP
// header.
type Flow uint64

const (
	flowProto = 32
	flowIP    = 40
)

// SrcPort returns the source port.
func (f Flow) SrcPort() uint16 { return bits.ReverseBytes16(uint16(f)) }

// DstPort returns the destination port.
func (f Flow) DstPort() uint16 { return bits.ReverseBytes16(uint16(f >> 16)) }

// TCP says that it is of TCP; otherwise it is of UDP.
func (f Flow) TCP() bool { return f.proto() == protoTCP }

func (f Flow) proto() uint8 { return uint8(f >> flowProto) }

// ip returns the offset of the IP header.
func (f Flow) ip() int { return int(f >> flowIP) }

// Src returns the source address. pkt is the packet that the flow is of.
func (f Flow) Src(pkt *capture.Packet) Addr { return f.addr(pkt.Data[f.ip():], 0) }

// Dst returns the destination address. pkt is the packet that the flow is of.
func (f Flow) Dst(pkt *capture.Packet) Addr { return f.addr(pkt.Data[f.ip():], 1) }

// addr returns address number i of an IP header.
func (f Flow) addr(b []byte, i int) (a Addr) {
	if b[0]>>4 == 6 {
		return Addr(b[8+16*i:])
	}
	mapIPv4(&a, b[12+4*i:])
	return a
}

// Words returns the source address, or with dst the destination's, as the two little-endian words of its Addr: in registers, where an
// array would go through memory. pkt is the packet that the flow is of.
func (f Flow) Words(pkt *capture.Packet, dst bool) (lo, hi uint64) {
	b := pkt.Data[f.ip():]
	i := 0
	if dst {
		i = 1
	}
	if b[0]>>4 == 6 {
		b = b[8+16*i : 24+16*i]
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	}
	return wordsIPv4(binary.LittleEndian.Uint32(b[12+4*i:]))
}

// wordsIPv4 returns the words of an IPv4 address, of which ip is the four bytes in little-endian order.
func wordsIPv4(ip uint32) (lo, hi uint64) { return 0, 0xffff<<16 | uint64(ip)<<32 }

// Peek reads a plain packet's flow without the rest: whole or cut, but unfragmented TCP or UDP right in IPv4 without options or IPv6 without
// extension headers, on Ethernet with up to two tags, SLL, SLL2, raw IP or NULL. Wherever it says ok, [Parser.Parse] finds the same
// addresses and ports. False says nothing of the packet but that only Parse can tell.
func Peek(pkt *capture.Packet) (f Flow, ok bool) {
	b := pkt.Data
	if pkt.Link == linkEthernet && len(b) >= ethernetLen && be16(b[12:]) == etherIPv4 {
		return peek4(b, ethernetLen)
	}
	off, typ := peekLink(b, pkt.Link)
	switch typ {
	case etherIPv4:
		return peek4(b, off)
	case etherIPv6:
		return peek6(b, off)
	}
	return 0, false
}

// peekLink returns the length of the link header and the ethertype it ends with, 0 for one that is not plain.
func peekLink(b []byte, link capture.LinkType) (n, typ int) {
	switch link {
	case linkEthernet:
		if len(b) < ethernetLen {
			return 0, 0
		}
		n, typ = ethernetLen, be16(b[12:])
		for range 2 {
			if !isVLAN(typ) || len(b) < n+vlanLen {
				break
			}
			typ = be16(b[n+2:])
			n += vlanLen
		}
		return n, typ
	case linkSLL:
		if len(b) >= sllLen {
			return sllLen, be16(b[14:])
		}
	case linkSLL2:
		if len(b) >= sll2Len {
			return sll2Len, be16(b)
		}
	case linkNull, linkLoop:
		if len(b) >= nullLen {
			return nullLen, peekFamily(nullFamily(b))
		}
	case linkRaw, linkRawBSD, linkRawOBSD, linkIPv4, linkIPv6:
		return 0, peekRaw(b, link)
	}
	return 0, 0
}

func peekFamily(family int) int {
	switch family {
	case afINET:
		return etherIPv4
	case afINET6:
		return etherIPv6
	}
	return 0
}

func peekRaw(b []byte, link capture.LinkType) int {
	switch {
	case link == linkIPv4:
		return etherIPv4
	case link == linkIPv6:
		return etherIPv6
	case len(b) > 0 && b[0]>>4 == 4:
		return etherIPv4
	case len(b) > 0 && b[0]>>4 == 6:
		return etherIPv6
	}
	return 0
}

// peek4 reads a packet of IPv4 without options, not fragmented, from offset off.
func peek4(frame []byte, off int) (f Flow, ok bool) {
	b := frame[off:]
	if len(b) < ipv4Len+udpLen || b[0] != 0x45 || b[6]&0x3f|b[7] != 0 {
		return 0, false
	}
	n := be16(b[2:])
	if n < ipv4Len+udpLen {
		return 0, false
	}
	return peekPorts(b[ipv4Len:], n-ipv4Len, b[9], off)
}

// peek6 reads a packet of IPv6 without extension headers, from offset off.
func peek6(frame []byte, off int) (f Flow, ok bool) {
	b := frame[off:]
	if len(b) < ipv6Len+udpLen || b[0]>>4 != 6 {
		return 0, false
	}
	n := be16(b[4:])
	if n < udpLen {
		return 0, false
	}
	return peekPorts(b[ipv6Len:], n, b[6], off)
}

// peekPorts reads the transport header: b has at least udpLen bytes of the n that the IP header, at offset off, claims.
func peekPorts(b []byte, n int, proto uint8, off int) (f Flow, ok bool) {
	f = Flow(binary.LittleEndian.Uint32(b)) | Flow(proto)<<flowProto | Flow(off)<<flowIP
	switch proto {
	case protoUDP:
		return f, !isCarrier(f.SrcPort(), f.DstPort())
	case protoTCP:
		return f, len(b) >= tcpLen && n >= tcpLen && b[12]>>4 >= tcpLen/4 && int(b[12]>>4)*4 <= n
	}
	return f, false
}
