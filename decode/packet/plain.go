package packet

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/capture"
)

// ParseFlow is [Parser.Parse] for a packet of which Peek has told the flow. It reads a datagram that is all there, and on whose length all
// headers agree, in half the time: the layers' decoders fill in more than is asked for. Anything else goes to Parse.
func (p *Parser) ParseFlow(pkt *capture.Packet, f Flow, t *Transport) {
	b := pkt.Data[f.ip:]
	untagged := pkt.Link != linkEthernet || f.ip == ethernetLen
	if f.Proto == protoUDP && untagged && int(pkt.Length) <= len(pkt.Data) {
		if v4 := b[0]>>4 == 4; v4 && plainUDP4(t, f, b) || !v4 && plainUDP6(t, f, b) {
			return
		}
	}
	p.Parse(pkt, t)
}

// plainUDP4 reads what Peek has found to be IPv4 without options, not fragmented, with a UDP header.
func plainUDP4(t *Transport, f Flow, b []byte) bool {
	n := be16(b[2:])
	if n > len(b) || be16(b[ipv4Len+4:]) != n-ipv4Len {
		return false
	}
	*t = Transport{Kind: KindUDP, IPVersion: 4, HopLimit: b[8], Proto: protoUDP, IPID: uint32(be16(b[4:])), SrcPort: f.SrcPort, DstPort: f.DstPort,
		Payload: b[ipv4Len+udpLen : n], PayloadLen: n - ipv4Len - udpLen, IPCheck: verdict(sum20(b))}
	mapIPv4(&t.Src, b[12:])
	mapIPv4(&t.Dst, b[16:])
	addresses := binary.LittleEndian.Uint64(b[12:])
	t.checkUDP(b[ipv4Len:n], addresses>>32+addresses&0xffffffff)
	return true
}

// plainUDP6 reads what Peek has found to be IPv6 without extension headers, with a UDP header.
func plainUDP6(t *Transport, f Flow, b []byte) bool {
	n := be16(b[4:])
	if n > len(b)-ipv6Len || be16(b[ipv6Len+4:]) != n {
		return false
	}
	b = b[:ipv6Len+n]
	*t = Transport{Kind: KindUDP, IPVersion: 6, HopLimit: b[7], Proto: protoUDP, Src: Addr(b[8:]), Dst: Addr(b[24:]), SrcPort: f.SrcPort,
		DstPort: f.DstPort, Payload: b[ipv6Len+udpLen:], PayloadLen: n - udpLen}
	t.checkUDP(b[ipv6Len:], sum(b[8:ipv6Len], 0))
	return true
}

// checkUDP verifies the checksum of a whole datagram, if it has one. acc is the sum of the addresses.
func (t *Transport) checkUDP(b []byte, acc uint64) {
	if b[6]|b[7] != 0 {
		pseudo := fold32(acc) + uint64(bits.ReverseBytes16(uint16(len(b)))) + protoUDP<<8
		if t.L4Check = verdict(sum(b, pseudo)); t.L4Check == CheckBad {
			t.L4Check = unlessOffloaded(pseudo, b[6:])
		}
	}
}

// sum20 is sum for the first 20 bytes of b.
func sum20(b []byte) uint64 {
	acc, c := bits.Add64(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), 0)
	acc, c = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(b[16:])), c)
	return acc + c
}

// fold32 brings a sum to 33 bits, so that small numbers can be added without a carry.
func fold32(acc uint64) uint64 { return acc>>32 + acc&0xffffffff }
