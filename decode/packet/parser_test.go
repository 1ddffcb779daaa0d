package packet

import (
	"bytes"
	"net"
	"reflect"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// patch returns a copy of b with the bytes of hex at an offset.
func patch(tb testing.TB, b []byte, at int, hex string) []byte {
	tb.Helper()
	b = append([]byte(nil), b...)
	copy(b[at:], unhex(tb, hex))
	return b
}

// TestFaults has frames that end in a fault, or in nothing of interest.
func TestFaults(t *testing.T) {
	u4, u6, tcp := udp4(t), udp6(t), tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, nil)
	eth := func(typ uint16, hex string) []byte { return ethernet(t, typ, unhex(t, hex)) }
	ip := func(proto layers.IPProtocol, hex string) []byte { return in4(t, proto, unhex(t, hex)) }
	ip6 := func(proto layers.IPProtocol, hex string) []byte { return in6(t, proto, unhex(t, hex)) }
	for _, c := range []struct {
		name  string
		link  capture.LinkType
		data  []byte
		kind  Kind
		fault Fault
	}{
		{"unknown_link_type", 9999, u4, KindBad, FaultLink},
		{"user2_that_is_not_pktap", 149, bytes.Repeat([]byte{1}, 200), KindBad, FaultLink},
		{"pktap_header_too_small", 258, make([]byte, 200), KindBad, FaultHeader},
		{"pktap_header_past_end", 258, join(t, "ff000000 01000000 01000000", make([]byte, 100)), KindBad, FaultHeader},
		{"pktap_not_a_packet", 258, join(t, "6c000000 00000000 01000000", make([]byte, 100)), KindOther, FaultNone},
		{"ppi_of_unknown_link", 192, unhex(t, "00 00 0800 ffffff7f 00"), KindBad, FaultLink},
		{"ppi_length_too_small", 192, unhex(t, "00 00 0700 01000000"), KindBad, FaultHeader},
		{"ppi_in_ppi_for_ever", 192, bytes.Repeat(unhex(t, "00 00 0800 c0000000"), 100), KindBad, FaultDepth},
		{"radiotap_version", 127, unhex(t, "01 00 0800 00000000 0800"), KindBad, FaultHeader},
		{"radiotap_present_words_past_end", 127, unhex(t, "00 00 0800 ffffffff 4000"), KindOther, FaultNone},
		{"prism_length", 119, unhex(t, "44000000 00000000"), KindBad, FaultHeader},
		{"wlan_encrypted", 105, unhex(t, "0841 0000"), KindOther, FaultNone},
		{"wlan_beacon", 105, unhex(t, "8000 0000"), KindOther, FaultNone},
		{"nflog_attribute_length_0", 239, unhex(t, "02 00 0014 0000 0100"), KindBad, FaultHeader},
		{"nflog_no_payload", 239, unhex(t, "02 00 0014 0800 0100 08000127"), KindOther, FaultNone},
		{"netlink_route", 253, unhex(t, "0004 0338 0000 0000 0000 0000 0000 0000"), KindOther, FaultNone},
		{"netlink_message_length_0", 253, unhex(t, "0004 0338 0000 0000 0000 0000 0000 000c 00000000 0003 0000 00000000 00000000 02000000"), KindOther, FaultNone},
		{"empty_frame", 1, nil, KindBad, FaultHeader},
		{"empty_raw", 101, nil, KindBad, FaultHeader},
		{"raw_of_unknown_version", 101, unhex(t, "55"), KindBad, FaultHeader},
		{"ethernet_runt", 1, u4[:13], KindBad, FaultHeader},
		{"arp", 1, eth(0x0806, "0001"), KindOther, FaultNone},
		{"vlan_runt", 1, eth(0x8100, "0001"), KindBad, FaultHeader},
		{"spanning_tree", 1, eth(0x0026, "424203 0000000000"), KindOther, FaultNone},
		{"snap_of_cisco", 1, eth(0x0008, "aaaa03 00000c 2000"), KindOther, FaultNone},
		{"pppoe_discovery", 1, eth(0x8863, "1109 0000 0000"), KindOther, FaultNone},
		{"ppp_lcp", 9, unhex(t, "ff03 c021 01"), KindOther, FaultNone},
		{"ip4_header_20_claimed_16", 101, patch(t, u4, 0, "44"), KindBad, FaultHeader},
		{"ip4_header_longer_than_packet", 101, patch(t, u4, 2, "0013"), KindBad, FaultHeader},
		{"ip4_short", 228, u4[:19], KindBad, FaultHeader},
		{"ip4_version_5", 228, patch(t, u4, 0, "55"), KindBad, FaultHeader},
		{"ip6_short", 229, u6[:39], KindBad, FaultHeader},
		{"ip6_version_4", 229, patch(t, u6, 0, "40"), KindBad, FaultHeader},
		{"udp_7_bytes", 101, ip(17, "1092 0035 0007 00"), KindBad, FaultHeader},
		{"tcp_data_offset_4", 101, patch(t, tcp, 20+12, "40"), KindBad, FaultHeader},
		{"tcp_data_offset_past_end", 101, patch(t, tcp, 20+12, "f0"), KindBad, FaultHeader},
		{"tcp_19_bytes", 101, ip(6, "1092 0035 00000000 00000000 5000 0000 0000 00"), KindBad, FaultHeader},
		{"ospf", 101, ip(89, "0201"), KindOther, FaultNone},
		{"esp", 101, ip(50, "00000001"), KindOther, FaultNone},
		{"icmp_echo", 101, ip(1, "0800 0000 0000 0000"), KindOther, FaultNone},
		{"icmp_1_byte", 101, ip(1, "03"), KindOther, FaultNone},
		{"icmp6_in_ip4", 101, ip(58, "0100 0000 00000000"), KindOther, FaultNone},
		{"icmp_in_ip6", 101, ip6(1, "0300 0000 00000000"), KindOther, FaultNone},
		{"hop_by_hop_in_ip4", 101, ip(0, "1100 0000 00000000"), KindOther, FaultNone},
		{"fragment_header_in_ip4", 101, ip(44, "1100 0000 00000000"), KindOther, FaultNone},
		{"ip6_no_next_header", 101, ip6(59, "00"), KindOther, FaultNone},
		{"ip6_extension_past_end", 101, ip6(60, "11 01 0000 00000000"), KindBad, FaultHeader},
		{"ip6_fragment_header_short", 101, ip6(44, "11 00 0000"), KindBad, FaultHeader},
		{"ip6_extensions_for_ever", 101, ip6(60, string(bytes.Repeat([]byte("3c00010400000000"), 100))), KindBad, FaultDepth},
		{"gre_short", 101, ip(47, "0000"), KindBad, FaultHeader},
		{"gre_key_missing", 101, ip(47, "2000 0800"), KindBad, FaultHeader},
		{"gre_routing_for_ever", 101, ip(47, "4000 0800 00000000 0001 0000 0001 0000"), KindBad, FaultHeader},
		{"gre_routing_past_end", 101, ip(47, "4000 0800 00000000 0001 00ff"), KindBad, FaultHeader},
		{"gre_version_7", 101, ip(47, "0007 0800 45"), KindOther, FaultNone},
		{"erspan_2_short", 101, ip(47, "1000 88be 00000001 1000"), KindBad, FaultHeader},
		{"erspan_3_unknown_frame", 101, ip(47, "1000 22eb 00000001 20000001 00000000 00007c00"), KindOther, FaultNone},
		{"etherip_version", 101, ip(97, "0000"), KindOther, FaultNone},
		{"mpls_no_bottom", 1, eth(0x8847, "00010040"), KindBad, FaultHeader},
		{"mpls_labels_for_ever", 1, eth(0x8847, string(bytes.Repeat([]byte("00010040"), 100))), KindBad, FaultDepth},
		{"pseudowire_channel", 1, eth(0x8847, "00011140 10000021 4500"), KindOther, FaultNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			pkt := frame(c.link, c.data)
			tr := parse(pkt)
			if tr.Kind != c.kind || tr.Fault != c.fault {
				t.Errorf("kind %d fault %d, want %d and %d", tr.Kind, tr.Fault, c.kind, c.fault)
			}
			if _, ok := Peek(pkt); ok {
				t.Error("Peek is content")
			}
		})
	}
}

// TestUDPLength has the ways in which the lengths of IP and UDP disagree.
func TestUDPLength(t *testing.T) {
	u4, u6 := udp4(t), udp6(t)
	const size = 33 // of the payload
	noSum := func(b []byte) []byte { return patch(t, b, 26, "0000") }
	for _, c := range []struct {
		name       string
		data       []byte
		mismatch   bool
		have, want int
		check      CheckState
	}{
		{"equal", u4, false, size, size, CheckGood},
		{"udp_length_0", patch(t, u4, 24, "0000"), true, size, size, CheckUnverified},
		{"udp_length_7", patch(t, u4, 24, "0007"), true, size, size, CheckUnverified},
		{"udp_length_1_less", patch(t, u4, 24, "0028"), true, size - 1, size - 1, CheckBad},
		{"udp_length_1_more", patch(t, u4, 24, "002a"), true, size, size + 1, CheckUnverified},
		{"udp_length_8", noSum(patch(t, u4, 24, "0008")), true, 0, 0, CheckUnverified},
		{"no_checksum", noSum(u4), false, size, size, CheckUnverified},
		{"wrong_checksum", patch(t, u4, 26, "0001"), false, size, size, CheckBad},
		{"ip6_no_checksum", patch(t, u6, 46, "0000"), false, size, size, CheckUnverified},
		{"ip6_wrong_payload", patch(t, u6, 50, "ffff"), false, size, size, CheckBad},
		{"ip4_total_length_0", patch(t, u4, 2, "0000"), false, size, size, CheckGood},
		{"ip6_length_0", patch(t, u6, 4, "0000"), false, size, size, CheckGood},
		{"ip4_longer_than_the_frame", patch(t, u4, 2, "0100"), true, size, size, CheckGood},
		{"both_longer_than_the_frame", patch(t, patch(t, u4, 2, "0100"), 24, "00ec"), false, size, 0xec - 8, CheckUnverified},
		{"ip4_total_length_before_the_end", patch(t, u4, 2, "0024"), true, 8, size, CheckUnverified},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := parse(frame(101, c.data))
			if tr.Kind != KindUDP || tr.LengthMismatch != c.mismatch || len(tr.Payload) != c.have || tr.PayloadLen != c.want || tr.L4Check != c.check || tr.Cut != (c.name == "both_longer_than_the_frame") {
				t.Errorf("kind %d, mismatch %v, %d of %d bytes, check %d, cut %v", tr.Kind, tr.LengthMismatch, len(tr.Payload), tr.PayloadLen, tr.L4Check, tr.Cut)
			}
		})
	}
}

func TestIPHeader(t *testing.T) {
	options := ip4Header(layers.IPProtocolUDP)
	options.Options = []layers.IPv4Option{{OptionType: 7, OptionLength: 7, OptionData: make([]byte, 5)}}
	b := udpIn(t, options, 4242, 53, unhex(t, dnsQuery))
	for name, b := range map[string][]byte{"options": b, "broken_options": patch(t, b, 20, "07ff")} {
		tr := parse(frame(101, b))
		if tr.Kind != KindUDP || tr.Src.String() != "10.1.1.1" || tr.Dst.String() != "10.1.1.2" || tr.IPID != 0x1111 || tr.L4Check != CheckGood {
			t.Errorf("%s: %+v", name, tr)
		}
		if (tr.IPCheck == CheckGood) != (name == "options") {
			t.Errorf("%s: IP checksum %d", name, tr.IPCheck)
		}
	}
	if tr := parse(frame(101, patch(t, udp4(t), 8, "01"))); tr.IPCheck != CheckBad || tr.HopLimit != 1 {
		t.Errorf("changed TTL: %+v", tr)
	}
}

// TestRoutingHeader checks that a checksum over another address than the header's is not called wrong.
func TestRoutingHeader(t *testing.T) {
	b := in6(t, 43, join(t, "11 02 04 01 00000000 fd000000000000000000000000000099", udpOnly(t, udp6(t))))
	tr := parse(frame(101, b))
	if tr.Kind != KindUDP || tr.L4Check != CheckUnverified {
		t.Errorf("%+v", tr)
	}
}

func TestTCP(t *testing.T) {
	opts := []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}}}
	payload := []byte("\x00\x02hi")
	plain := tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, payload)
	opt6 := tcpIn(t, ip6Header(layers.IPProtocolTCP), opts, payload)
	for _, c := range []struct {
		name  string
		data  []byte
		check CheckState
	}{
		{"plain", plain, CheckGood},
		{"options_ip6", opt6, CheckGood},
		{"broken_options", patch(t, opt6, 40+20, "02ff"), CheckBad},
		{"wrong_checksum", patch(t, plain, 20+16, "0102"), CheckBad},
		{"ip4_total_length_0", patch(t, plain, 2, "0000"), CheckUnverified},
	} {
		tr := parse(frame(101, c.data))
		if tr.Kind != KindTCP || tr.SrcPort != 4242 || tr.DstPort != 53 || tr.Seq != 0x01020304 || tr.Ack != 0x05060708 ||
			tr.Flags != FlagPSH|FlagACK || !bytes.Equal(tr.Payload, payload) || tr.PayloadLen != len(payload) || tr.L4Check != c.check {
			t.Errorf("%s: %+v", c.name, tr)
		}
	}
	for n := 40 + 20; n < len(opt6); n++ { // the snaplen in the options, then in the payload
		tr := parse(cut(frame(101, opt6), n))
		if tr.Kind != KindTCP || !tr.Cut || tr.PayloadLen != len(payload) || len(tr.Payload) != max(0, n-64) || tr.L4Check != CheckUnverified {
			t.Errorf("cut to %d: %+v", n, tr)
		}
	}
}

// TestJumbogram has a UDP jumbogram (RFC 2675), and one of 100 bytes that is none.
func TestJumbogram(t *testing.T) {
	head := join(t, "60000000 0000 00 40", []byte(testSrc6), []byte(testDst6))
	for _, n := range []int{70000, 100} {
		b := join(t, head, "11 00 c204 00011180", "1092 0035 0000 0000", make([]byte, n))
		tr := parse(frame(229, b))
		if tr.Kind != KindUDP || len(tr.Payload) != n || tr.PayloadLen != n || tr.LengthMismatch != (n == 100) {
			t.Errorf("%d: kind %d, %d of %d bytes, mismatch %v", n, tr.Kind, len(tr.Payload), tr.PayloadLen, tr.LengthMismatch)
		}
	}
}

// TestStale checks that nothing of one packet is left in the next.
func TestStale(t *testing.T) {
	p := NewParser(Limits{})
	for _, c := range wardrobe(t) {
		var fresh, used Transport
		p.Parse(frame(1, ethernet(t, 0x8100, join(t, "0fff 0800", in4(t, 1, join(t, "0304 0000 0000 05dc", udp4(t)))))), &used)
		p.Parse(frame(c.link, c.data), &used)
		NewParser(Limits{}).Parse(frame(c.link, c.data), &fresh)
		fresh.Payload, used.Payload = nil, nil
		fresh.Quote.Payload, used.Quote.Payload = nil, nil
		if !equalTransport(&fresh, &used) {
			t.Errorf("%s: %+v, fresh %+v", c.name, used, fresh)
		}
	}
}

func equalTransport(a, b *Transport) bool {
	x, y := *a, *b
	x.Payload, y.Payload, x.Quote.Payload, y.Quote.Payload = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && bytes.Equal(a.Payload, b.Payload) && bytes.Equal(a.Quote.Payload, b.Quote.Payload)
}

func TestAllocations(t *testing.T) {
	p := NewParser(Limits{})
	var tr Transport
	pkts := []*capture.Packet{
		frame(101, patch(t, tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, nil), 32, "40")), // broken headers
		frame(101, patch(t, udp4(t), 24, "0003")),
		frame(1, nil),
	}
	for _, c := range wardrobe(t) {
		pkts = append(pkts, frame(c.link, c.data), cut(frame(c.link, c.data), len(c.data)/2))
	}
	for _, f := range fragmentsOf(t, 4, 7, 3000, 1480) {
		pkts = append(pkts, frame(101, f))
	}
	for _, pkt := range pkts {
		p.Parse(pkt, &tr)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, pkt := range pkts {
			p.Parse(pkt, &tr)
		}
	}); n != 0 {
		t.Errorf("%v allocations for %d packets", n, len(pkts))
	}
}

func TestAddr(t *testing.T) {
	tr := parse(frame(101, udp4(t)))
	if tr.Src != AddrFrom(tr.Src.Netip()) || !tr.Src.Netip().Is4() || tr.Src.String() != "10.1.1.1" {
		t.Errorf("%v", tr.Src)
	}
}

// TestGopacketAgrees compares headers with what gopacket's own decoder makes of them.
func TestGopacketAgrees(t *testing.T) {
	for _, b := range [][]byte{udp4(t), udp6(t), tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, []byte("x")), tcpIn(t, ip6Header(layers.IPProtocolTCP), nil, nil)} {
		first := layers.LayerTypeIPv4
		if b[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
		g := gopacket.NewPacket(b, first, gopacket.Default)
		tr := parse(frame(101, b))
		src, dst := g.NetworkLayer().NetworkFlow().Endpoints()
		if !net.IP(src.Raw()).Equal(net.IP(tr.Src[:])) || !net.IP(dst.Raw()).Equal(net.IP(tr.Dst[:])) {
			t.Errorf("addresses %v %v, gopacket %v %v", tr.Src, tr.Dst, src, dst)
		}
		if !bytes.Equal(tr.Payload, g.TransportLayer().LayerPayload()) {
			t.Errorf("payload %x", tr.Payload)
		}
	}
}

// TestPaddingCut has a snaplen that takes nothing but padding: nothing is missing, and a header that lies is not excused.
func TestPaddingCut(t *testing.T) {
	const padding = "000000000000"
	whole := join(t, udp4(t), padding)
	if tr := parse(cut(frame(101, whole), len(whole)-3)); tr.Cut || tr.L4Check != CheckGood || tr.PayloadLen != len(tr.Payload) {
		t.Errorf("padding cut: %+v", tr)
	}
	lie := patch(t, whole, 24, "00ff")
	if tr := parse(cut(frame(101, lie), len(lie)-3)); tr.Cut || !tr.LengthMismatch || tr.PayloadLen <= len(tr.Payload) {
		t.Errorf("UDP length lies: %+v", tr)
	}
	short := join(t, in4(t, 17, unhex(t, "1092 0035 00")), padding)
	if tr := parse(cut(frame(101, short), len(short)-3)); tr.Fault != FaultHeader {
		t.Errorf("UDP header too short: %+v", tr)
	}
}
