package packet

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/capture"
)

// Start is the first bytes of an Ethernet frame, as far as the ports of UDP in IPv6: enough to tell whose nearly all frames of DNS are. If one, and only one, of its
// ports is 53, [Peek] and [Parser.Parse] find the same. Its methods compare words as they lie in the packet, and are small enough to be inlined: each
// worker looks at all frames.
type Start [ethernetLen + ipv6Len + udpLen]byte

// StartOf returns the start of a frame, or nil if it is shorter, or not Ethernet.
func StartOf(pkt *capture.Packet) *Start {
	if pkt.Link != linkEthernet || len(pkt.Data) < len(Start{}) {
		return nil
	}
	return (*Start)(pkt.Data)
}

// UDP4 says that it is UDP right in IPv4, without options and not fragmented.
func (s *Start) UDP4() bool {
	return binary.LittleEndian.Uint32(s[12:])&0xffffff == 0x450008 && // ethertype, version and header length
		binary.LittleEndian.Uint32(s[20:])&0xff00ff3f == protoUDP<<24 && // flags and offset of fragments, protocol
		binary.BigEndian.Uint16(s[16:]) >= ipv4Len+udpLen
}

// UDP6 says that it is UDP right in IPv6.
func (s *Start) UDP6() bool {
	return binary.LittleEndian.Uint32(s[12:])&0xf0ffff == 0x60dd86 && s[20] == protoUDP && binary.BigEndian.Uint16(s[18:]) >= udpLen
}

// Client4 returns the flow of what UDP4 says yes to, and the words, as [Flow.Words] has them, of the destination if the source has port 53, or else of the source.
func (s *Start) Client4() (f Flow, lo, hi uint64) {
	ports := binary.LittleEndian.Uint32(s[34:])
	client, dst := binary.LittleEndian.Uint32(s[26:]), binary.LittleEndian.Uint32(s[30:])
	if uint16(ports) == wireDNS {
		client = dst
	}
	return Flow(ports) | protoUDP<<flowProto | ethernetLen<<flowIP, 0, 0xffff<<16 | uint64(client)<<32
}

// Client6 is Client4 for what UDP6 says yes to.
func (s *Start) Client6() (f Flow, lo, hi uint64) {
	ports := binary.LittleEndian.Uint32(s[54:])
	lo, hi = binary.LittleEndian.Uint64(s[22:]), binary.LittleEndian.Uint64(s[30:])
	dlo, dhi := binary.LittleEndian.Uint64(s[38:]), binary.LittleEndian.Uint64(s[46:])
	if uint16(ports) == wireDNS {
		lo, hi = dlo, dhi
	}
	return Flow(ports) | protoUDP<<flowProto | ethernetLen<<flowIP, lo, hi
}

// FromDNS says that the source has port 53.
func (f Flow) FromDNS() bool { return uint16(f) == wireDNS }

// ToDNS says that the destination has port 53.
func (f Flow) ToDNS() bool { return uint16(f>>16) == wireDNS }

// wireDNS is portDNS as a little-endian word has it.
const wireDNS = portDNS << 8
