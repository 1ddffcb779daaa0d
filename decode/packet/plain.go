package packet

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/capture"
)

// ParseFlow is [Parser.Parse] for a packet of which Peek has told the flow, but that t.Quote is left as it is. It reads a datagram or segment that is
// all there, and on whose length all headers agree, in a third of the time: the layers' decoders fill in more than is asked for. Anything else
// goes to Parse.
func (p *Parser) ParseFlow(pkt *capture.Packet, f Flow, t *Transport) {
	b := pkt.Data[f.ip():]
	if int(pkt.Length) > len(pkt.Data) || !t.plainIP(f, b) {
		p.Parse(pkt, t)
		return
	}
	t.Fault, t.Depth, t.VLAN, t.Cut, t.LengthMismatch, t.Fragments = FaultNone, 0, 0, false, false, 0
	if pkt.Link == linkEthernet && f.ip() != ethernetLen {
		t.VLAN = outerVLAN(pkt.Data[ethernetLen:f.ip()])
	}
}

func (t *Transport) plainIP(f Flow, b []byte) bool {
	if b[0]>>4 == 4 {
		return t.plain4(f, b)
	}
	return t.plain6(f, b)
}

// outerVLAN returns the first identifier of VLAN tags that is not 0.
func outerVLAN(tags []byte) (id uint16) {
	for ; len(tags) >= vlanLen && id == 0; tags = tags[vlanLen:] {
		id = uint16(be16(tags)) & 0xfff
	}
	return id
}

// plain4 reads what Peek has found to be IPv4 without options, not fragmented. Fields of a header are read from an array of its size: one check is enough.
func (t *Transport) plain4(f Flow, b []byte) bool {
	h := (*[ipv4Len]byte)(b)
	n := be16(h[2:])
	if n > len(b) {
		return false
	}
	t.IPVersion, t.HopLimit, t.IPID, t.IPCheck = 4, h[8], uint32(be16(h[4:])), verdict(sum20(h))
	mapIPv4(&t.Src, h[12:])
	mapIPv4(&t.Dst, h[16:])
	return t.plain(f, b[ipv4Len:n], uint64(binary.LittleEndian.Uint32(h[12:]))+uint64(binary.LittleEndian.Uint32(h[16:])))
}

// plain6 reads what Peek has found to be IPv6 without extension headers.
func (t *Transport) plain6(f Flow, b []byte) bool {
	h := (*[ipv6Len]byte)(b)
	n := ipv6Len + be16(h[4:])
	if n > len(b) {
		return false
	}
	t.IPVersion, t.HopLimit, t.IPID, t.IPCheck = 6, h[7], 0, CheckUnverified
	t.Src, t.Dst = Addr(h[8:]), Addr(h[24:])
	return t.plain(f, b[ipv6Len:n], fold32(sum32((*[32]byte)(h[8:]))))
}

// plain reads a whole datagram or segment. addresses is the sum of the IP header's, of 33 bits at most.
func (t *Transport) plain(f Flow, b []byte, addresses uint64) bool {
	t.Proto, t.SrcPort, t.DstPort = f.proto(), f.SrcPort(), f.DstPort()
	pseudo := addresses + uint64(bits.ReverseBytes16(uint16(len(b)))) + uint64(f.proto())<<8
	if f.TCP() {
		return t.plainTCP(b, pseudo)
	}
	h := (*[udpLen]byte)(b)
	if be16(h[4:]) != len(b) {
		return false
	}
	t.Kind, t.Payload, t.PayloadLen = KindUDP, b[udpLen:], len(b)-udpLen
	t.Seq, t.Ack, t.Flags, t.L4Check = 0, 0, 0, CheckUnverified
	if binary.LittleEndian.Uint16(h[6:]) != 0 {
		t.L4Check = judge(b, pseudo, 6)
	}
	return true
}

// plainTCP reads a segment whose header Peek has found to fit.
func (t *Transport) plainTCP(b []byte, pseudo uint64) bool {
	size := int(b[12]>>4) * 4
	if size > len(b) {
		return false
	}
	t.Kind, t.Payload, t.PayloadLen = KindTCP, b[size:], len(b)-size
	t.Seq, t.Ack, t.Flags = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), b[13]
	t.L4Check = judge(b, pseudo, 16)
	return true
}

// fold32 brings a sum to 33 bits, so that small numbers can be added without a carry.
func fold32(acc uint64) uint64 { return acc>>32 + acc&0xffffffff }
