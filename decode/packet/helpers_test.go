package packet

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// unhex reads hex in which everything from a # to the end of its line is a remark.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	var digits strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// join concatenates hex and bytes.
func join(tb testing.TB, parts ...any) []byte {
	tb.Helper()
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, unhex(tb, p)...)
		case []byte:
			out = append(out, p...)
		default:
			tb.Fatalf("join: %T", p)
		}
	}
	return out
}

// The innermost datagram of most tests: 10.1.1.1:4242 > 10.1.1.2:53, or the same of fd00::/8, with dnsQuery in it.
var (
	testSrc4, testDst4 = net.IP{10, 1, 1, 1}, net.IP{10, 1, 1, 2}
	testSrc6, testDst6 = net.ParseIP("fd00::1"), net.ParseIP("fd00::2")
)

const dnsQuery = "1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001"

// serialize has gopacket write layers, lengths and checksums filled in.
func serialize(tb testing.TB, ls ...gopacket.SerializableLayer) []byte {
	tb.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		tb.Fatal(err)
	}
	return append([]byte(nil), buf.Bytes()...)
}

func ip4Header(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Id: 0x1111, Protocol: proto, SrcIP: testSrc4, DstIP: testDst4}
}

func ip6Header(proto layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: testSrc6, DstIP: testDst6}
}

type networkLayer interface {
	gopacket.NetworkLayer
	gopacket.SerializableLayer
}

func udpIn(tb testing.TB, ip networkLayer, src, dst int, payload []byte) []byte {
	tb.Helper()
	u := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
	if err := u.SetNetworkLayerForChecksum(ip); err != nil {
		tb.Fatal(err)
	}
	return serialize(tb, ip, u, gopacket.Payload(payload))
}

func tcpIn(tb testing.TB, ip networkLayer, opts []layers.TCPOption, payload []byte) []byte {
	tb.Helper()
	c := &layers.TCP{SrcPort: 4242, DstPort: 53, Seq: 0x01020304, Ack: 0x05060708, PSH: true, ACK: true, Options: opts}
	if err := c.SetNetworkLayerForChecksum(ip); err != nil {
		tb.Fatal(err)
	}
	return serialize(tb, ip, c, gopacket.Payload(payload))
}

func udp4(tb testing.TB) []byte {
	return udpIn(tb, ip4Header(layers.IPProtocolUDP), 4242, 53, unhex(tb, dnsQuery))
}

func udp6(tb testing.TB) []byte {
	return udpIn(tb, ip6Header(layers.IPProtocolUDP), 4242, 53, unhex(tb, dnsQuery))
}

// in4 puts b into an outer IPv4 packet, 192.0.2.1 > 192.0.2.2.
func in4(tb testing.TB, proto layers.IPProtocol, b []byte) []byte {
	ip := ip4Header(proto)
	ip.SrcIP, ip.DstIP = net.IP{192, 0, 2, 1}, net.IP{192, 0, 2, 2}
	return serialize(tb, ip, gopacket.Payload(b))
}

// in6 puts b into an outer IPv6 packet.
func in6(tb testing.TB, proto layers.IPProtocol, b []byte) []byte {
	ip := ip6Header(proto)
	ip.SrcIP, ip.DstIP = net.ParseIP("2001:db8::1"), net.ParseIP("2001:db8::2")
	return serialize(tb, ip, gopacket.Payload(b))
}

// inUDP puts b into a datagram of an outer IPv4 packet.
func inUDP(tb testing.TB, src, dst int, b []byte) []byte {
	ip := ip4Header(layers.IPProtocolUDP)
	ip.SrcIP, ip.DstIP = net.IP{192, 0, 2, 1}, net.IP{192, 0, 2, 2}
	return udpIn(tb, ip, src, dst, b)
}

// ethernet puts b into a frame.
func ethernet(tb testing.TB, typ uint16, b []byte) []byte {
	return join(tb, "020000000001 020000000002", binary.BigEndian.AppendUint16(nil, typ), b)
}

func frame(link capture.LinkType, b []byte) *capture.Packet {
	return &capture.Packet{Data: b, Length: uint32(len(b)), Link: link}
}

// cut returns the packet as a snaplen of n would leave it.
func cut(pkt *capture.Packet, n int) *capture.Packet {
	c := *pkt
	c.Data = pkt.Data[:min(n, len(pkt.Data)):min(n, len(pkt.Data))]
	return &c
}

func parse(pkt *capture.Packet) Transport {
	var t Transport
	NewParser(Limits{}).Parse(pkt, &t)
	return t
}
