package packet

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

// clothing is one way to dress the innermost datagram.
type clothing struct {
	name  string
	link  capture.LinkType
	data  []byte
	depth uint8
	vlan  uint16
	v6    bool
}

// wardrobe has each link type and carrier once or more, around udp4 or udp6.
func wardrobe(tb testing.TB) []clothing {
	u4, u6 := udp4(tb), udp6(tb)
	e4, e6 := ethernet(tb, 0x0800, u4), ethernet(tb, 0x86dd, u6)
	eth := func(ip []byte) []byte { return ethernet(tb, 0x0800, ip) }
	hx := func(parts ...any) []byte { return join(tb, parts...) }
	le16 := func(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
	be := func(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
	const addr3 = "020000000001 020000000002 020000000003 1000" // three addresses, sequence control
	const snap = "aaaa03 000000"
	return []clothing{
		{"ethernet", 1, e4, 0, 0, false},
		{"ethernet_ip6", 1, e6, 0, 0, true},
		{"ethernet_padded", 1, hx(e4, "000000000000"), 0, 0, false},
		{"vlan", 1, ethernet(tb, 0x8100, hx("2064 0800", u4)), 0, 100, false},
		{"qinq_88a8", 1, ethernet(tb, 0x88a8, hx("0064 8100 0065 86dd", u6)), 0, 100, true},
		{"qinq_9100_three_tags", 1, ethernet(tb, 0x9100, hx("0064 8100 0065 8100 0066 0800", u4)), 0, 100, false},
		{"vntag", 1, ethernet(tb, 0x8926, hx("0000 0033 0800", u4)), 0, 0, false},
		{"llc_snap", 1, ethernet(tb, uint16(8+len(u4)), hx(snap, "0800", u4)), 0, 0, false},
		{"llc_ip_sap", 1, ethernet(tb, uint16(3+len(u4)), hx("060603", u4)), 0, 0, false},
		{"raw", 101, u4, 0, 0, false},
		{"raw_ip6", 101, u6, 0, 0, true},
		{"raw_bsd", 12, u4, 0, 0, false},
		{"raw_openbsd", 14, u6, 0, 0, true},
		{"ipv4", 228, u4, 0, 0, false},
		{"ipv6", 229, u6, 0, 0, true},
		{"ipv6_said_to_be_ipv4", 228, u6, 0, 0, true},
		{"null_little", 0, hx("02000000", u4), 0, 0, false},
		{"null_big", 0, hx("00000002", u4), 0, 0, false},
		{"null_freebsd_ip6", 0, hx("1c000000", u6), 0, 0, true},
		{"null_macos_ip6", 0, hx("1e000000", u6), 0, 0, true},
		{"null_ethertype", 0, hx("0f000800", u4), 0, 0, false},
		{"loop", 108, hx("00000018", u6), 0, 0, true},
		{"sll", 113, hx("0000 0001 0006 020000000001 0000 0800", u4), 0, 0, false},
		{"sll_address_length_lies", 113, hx("0000 0001 ffff 020000000001 0000 86dd", u6), 0, 0, true},
		{"sll_llc", 113, hx("0000 0001 0006 020000000001 0000 0004", snap, "0800", u4), 0, 0, false},
		{"sll2", 276, hx("0800 0000 00000002 0001 00 06 020000000001 0000", u4), 0, 0, false},
		{"sll2_vlan", 276, hx("8100 0000 00000002 0001 00 06 020000000001 0000 0007 86dd", u6), 0, 7, true},
		{"ppp", 9, hx("ff03 0021", u4), 0, 0, false},
		{"ppp_compressed", 9, hx("21", u4), 0, 0, false},
		{"ppp_serial_ip6", 50, hx("ff03 0057", u6), 0, 0, true},
		{"ppp_serial_cisco", 50, hx("0f00 0800", u4), 0, 0, false},
		{"chdlc", 104, hx("0f00 0800", u4), 0, 0, false},
		{"frame_relay", 107, hx("1841 03cc", u4), 0, 0, false},
		{"frame_relay_snap", 107, hx("1841 0380 000000 86dd", u6), 0, 0, true},
		{"frame_relay_cisco", 107, hx("1841 0800", u4), 0, 0, false},
		{"pppoe_link", 51, hx("1100 0001", be(2+len(u4)), "0021", u4), 0, 0, false},
		{"pppoe", 1, ethernet(tb, 0x8864, hx("1100 0001", be(2+len(u4)), "0021", u4)), 1, 0, false},
		{"arcnet_rfc1201", 129, hx("be50 0000 d4 00 0166", u4), 0, 0, false},
		{"arcnet_rfc1051", 129, hx("be50 0000 f0", u4), 0, 0, false},
		{"nflog", 239, hx("02 00 0014", "0800 0100 08000127", "0500 0a00 00000000", le16(4+len(u4)), "0900", u4), 0, 0, false},
		{"netlink_queue", 253, hx("0004 0338 0000 0000 0000 0000 0000 000c", le16(20+12+4+len(u6)), "0000 0003 0000 00000000 00000000 0a00 0000 0b00 0100 00000058 86dd 03 00", le16(4+len(u6)), "0a00", u6), 0, 0, true},
		{"netlink_log", 253, hx("0004 0338 0000 0000 0000 0000 0000 000c", le16(20+4+len(u4)), "0000 0004 0000 00000000 00000000 0200 0000", le16(4+len(u4)), "0900", u4), 0, 0, false},
		{"pktap", 258, hx("6c000000 01000000 01000000", make([]byte, 96), e4), 0, 0, false},
		{"user2_pktap", 149, hx("6c000000 01000000 01000000", make([]byte, 96), e4), 0, 0, false},
		{"ppi", 192, hx("00 00 0800 69000000", "0800 0000", addr3, snap, "0800", u4), 0, 0, false},
		{"wlan", 105, hx("0800 0000", addr3, snap, "0800", u4), 0, 0, false},
		{"wlan_qos", 105, hx("8801 0000", addr3, "0000", snap, "86dd", u6), 0, 0, true},
		{"wlan_qos_order", 105, hx("8881 0000", addr3, "0000 00000000", snap, "0800", u4), 0, 0, false},
		{"wlan_four_addresses", 105, hx("0803 0000", addr3, "020000000004", snap, "0800", u4), 0, 0, false},
		{"radiotap", 127, hx("00 00 0800 00000000", "0800 0000", addr3, snap, "0800", u4), 0, 0, false},
		{"radiotap_padded", 127, hx("00 00 1100 03000000 0000000000000000 20", "8800 0000", addr3, "0000", "0000", snap, "0800", u4), 0, 0, false},
		{"radiotap_two_words", 127, hx("00 00 0d00 02000080 00000000 00", "0800 0000", addr3, snap, "0800", u4), 0, 0, false},
		{"prism", 119, hx("44000000 90000000", make([]byte, 136), "0800 0000", addr3, snap, "0800", u4), 0, 0, false},
		{"prism_avs", 119, hx("80211001 00000040", make([]byte, 56), "0800 0000", addr3, snap, "0800", u4), 0, 0, false},

		{"mpls", 1, ethernet(tb, 0x8847, hx("00010040 00011140", u4)), 0, 0, false},
		{"mpls_ip6", 1, ethernet(tb, 0x8848, hx("00011140", u6)), 0, 0, true},
		{"mpls_pseudowire", 1, ethernet(tb, 0x8847, hx("00011140 00000000 000c29000001 000c29000002 0800", u4)), 1, 0, false},
		{"mpls_pseudowire_no_control_word", 1, ethernet(tb, 0x8847, hx("00011140", "a4badb000001 000c29000002 0800", u4)), 1, 0, false},
		{"mpls_in_ip", 1, eth(in4(tb, 137, hx("00011140", u4))), 1, 0, false},
		{"ip_in_ip", 1, eth(in4(tb, 4, u4)), 1, 0, false},
		{"6in4", 1, eth(in4(tb, 41, u6)), 1, 0, true},
		{"4in6", 229, in6(tb, 4, u4), 1, 0, false},
		{"6in6", 229, in6(tb, 41, u6), 1, 0, true},
		{"etherip", 1, eth(in4(tb, 97, hx("3000", e4))), 1, 0, false},
		{"ah", 1, eth(in4(tb, 51, hx("04 04 0000 00000001 00000001 000000000000000000000000", u4))), 1, 0, false},
		{"gre", 1, eth(in4(tb, 47, hx("0000 0800", u4))), 1, 0, false},
		{"gre_all_flags", 1, eth(in4(tb, 47, hx("f000 86dd 00000000 00000001 00000002", "0800 0004 c0000201 0000 0000", u6))), 1, 0, true},
		{"gre_key", 1, eth(in4(tb, 47, hx("2000 0800 00000001", u4))), 1, 0, false},
		{"gre_teb", 1, eth(in4(tb, 47, hx("0000 6558", e6))), 1, 0, true},
		{"nvgre", 1, eth(in4(tb, 47, hx("2000 6558 00000100", e4))), 1, 0, false},
		{"gre_pptp", 1, eth(in4(tb, 47, hx("3081 880b", be(4+len(u4)), "0001 00000001 00000002 ff03 0021", u4))), 1, 0, false},
		{"gre_mpls", 1, eth(in4(tb, 47, hx("0000 8847 00011140", u4))), 1, 0, false},
		{"erspan_1", 1, eth(in4(tb, 47, hx("0000 88be", e4))), 1, 0, false},
		{"erspan_2", 1, eth(in4(tb, 47, hx("1000 88be 00000001 10000001 00000000", e4))), 1, 0, false},
		{"erspan_3", 1, eth(in4(tb, 47, hx("1000 22eb 00000001 20000001 00000000 00000000", e6))), 1, 0, true},
		{"erspan_3_subheader", 1, eth(in4(tb, 47, hx("1000 22eb 00000001 20000001 00000000 00000001 0000000000000000", e4))), 1, 0, false},
		{"vxlan", 1, eth(inUDP(tb, 55555, 4789, hx("08000000 00002a00", e4))), 1, 0, false},
		{"vxlan_policy_old_port", 1, eth(inUDP(tb, 55555, 8472, hx("88000001 00002a00", e6))), 1, 0, true},
		{"geneve_ethernet", 1, eth(inUDP(tb, 55555, 6081, hx("0100 6558 00002a00 00000000", e4))), 1, 0, false},
		{"geneve_ip", 1, eth(inUDP(tb, 55555, 6081, hx("0000 0800 00002a00", u4))), 1, 0, false},
		{"gtpu", 1, eth(inUDP(tb, 2152, 2152, hx("30ff", be(len(u4)), "00000001", u4))), 1, 0, false},
		{"gtpu_extension", 1, eth(inUDP(tb, 2152, 2152, hx("34ff", be(8+len(u6)), "00000001 0000 00 85 01 0000 00", u6))), 1, 0, true},
		{"gtpu_sequence", 1, eth(inUDP(tb, 2152, 2152, hx("32ff", be(4+len(u4)), "00000001 0001 00 00", u4))), 1, 0, false},
		{"teredo", 1, eth(inUDP(tb, 55555, 3544, u6)), 1, 0, true},
		{"teredo_indications", 1, eth(inUDP(tb, 3544, 55555, hx("0001 00 00 0000000000000000 00 0000 9999 c0000201", u6))), 1, 0, true},
		{"l2tp", 1, eth(inUDP(tb, 1701, 1701, hx("0002 0001 0001 ff03 0021", u4))), 1, 0, false},
		{"l2tp_all_fields", 1, eth(inUDP(tb, 1701, 1701, hx("4a02", be(18+len(u6)), "0001 0001 0000 0000 0002 0000 0057", u6))), 1, 0, true},
		{"vxlan_in_gre_in_ip6", 229, in6(tb, 47, hx("0000 0800", inUDP(tb, 55555, 4789, hx("08000000 00002a00", e4)))), 2, 0, false},

		{"ip6_all_extension_headers", 229, in6ext(tb, "hop dest routing ah", udpOnly(tb, u6)), 0, 0, true},
		{"ip6_mobility_with_payload", 229, in6ext(tb, "mobility", udpOnly(tb, u6)), 0, 0, true},
		{"ip6_atomic_fragment", 229, in6ext(tb, "hop atomic dest", udpOnly(tb, u6)), 0, 0, true},
	}
}

// udpOnly returns what follows the header of an IPv6 packet.
func udpOnly(tb testing.TB, ip []byte) []byte {
	tb.Helper()
	return ip[40:]
}

// in6ext puts b, a datagram, behind extension headers.
func in6ext(tb testing.TB, names string, b []byte) []byte {
	tb.Helper()
	type header struct {
		number byte
		hex    string // without its first byte, the next header
	}
	known := map[string]header{
		"hop":      {0, "00 0104 00000000"},
		"routing":  {43, "00 03 00 00000000"},
		"dest":     {60, "01 010c 000000000000 000000000000"},
		"ah":       {51, "04 0000 00000001 00000001 000000000000000000000000"},
		"mobility": {135, "00 0000 0000 0000"},
		"atomic":   {44, "00 0000 00001234"},
	}
	next := byte(17)
	fields := bytes.Fields([]byte(names))
	for i := len(fields) - 1; i >= 0; i-- {
		h := known[string(fields[i])]
		b = join(tb, []byte{next}, h.hex, b)
		next = h.number
	}
	head := join(tb, "60000000", binary.BigEndian.AppendUint16(nil, uint16(len(b))), []byte{next, 64}, []byte(testSrc6), []byte(testDst6))
	return append(head, b...)
}

func TestClothing(t *testing.T) {
	payload := unhex(t, dnsQuery)
	for _, c := range wardrobe(t) {
		t.Run(c.name, func(t *testing.T) {
			tr := parse(frame(c.link, c.data))
			if tr.Kind != KindUDP || tr.Fault != FaultNone || tr.SrcPort != 4242 || tr.DstPort != 53 || !bytes.Equal(tr.Payload, payload) {
				t.Fatalf("got %+v", tr)
			}
			src, version, check := "10.1.1.1", uint8(4), CheckGood
			if c.v6 {
				src, version, check = "fd00::1", 6, CheckUnverified
			}
			if tr.Src.String() != src || tr.IPVersion != version || tr.HopLimit != 64 || tr.Proto != 17 {
				t.Errorf("IP header: %+v", tr)
			}
			if tr.IPCheck != check || tr.L4Check != CheckGood {
				t.Errorf("checksums: IP %d, UDP %d", tr.IPCheck, tr.L4Check)
			}
			if tr.Depth != c.depth || tr.VLAN != c.vlan || tr.Cut || tr.LengthMismatch || tr.PayloadLen != len(payload) {
				t.Errorf("depth %d, VLAN %d, cut %v, mismatch %v, length %d", tr.Depth, tr.VLAN, tr.Cut, tr.LengthMismatch, tr.PayloadLen)
			}
		})
	}
}

// TestClothingCut cuts each frame at each length: it must never be called malformed, and what is left of the payload must be right.
func TestClothingCut(t *testing.T) {
	payload := unhex(t, dnsQuery)
	for _, c := range wardrobe(t) {
		if c.name == "ethernet_padded" || c.name == "user2_pktap" {
			continue // lose padding first; unknown without its header
		}
		t.Run(c.name, func(t *testing.T) {
			seen := false
			for n := range c.data {
				tr := parse(cut(frame(c.link, c.data), n))
				if tr.Fault != FaultNone && tr.Fault != FaultCut {
					t.Fatalf("cut to %d bytes: fault %d", n, tr.Fault)
				}
				if tr.Kind == KindUDP && tr.DstPort == 53 {
					seen = true
					if !tr.Cut || tr.PayloadLen != len(payload) || !bytes.HasPrefix(payload, tr.Payload) || tr.L4Check != CheckUnverified {
						t.Fatalf("cut to %d bytes: %+v", n, tr)
					}
				}
			}
			if !seen {
				t.Error("never read with its payload cut")
			}
		})
	}
}

// TestNotACarrier has datagrams whose port suggests a carrier and whose bytes do not.
func TestNotACarrier(t *testing.T) {
	for _, c := range []struct {
		name     string
		src, dst int
		payload  string
	}{
		{"dns_response_to_vxlan_port", 53, 4789, "0812 8180 0001 0000 0000 0000 00 0001 0001 000000000000"},
		{"dns_response_to_geneve_port", 53, 6081, "0012 8180 0001 0000 0000 0000 00 0001 0001"},
		{"dns_query_from_gtp_port", 2152, 53, "30ff 0100 0001 0000 0000 0000 00 0001 0001"},
		{"dns_response_to_teredo_port", 53, 3544, "6012 8180 0001 0000 0000 0000 00 0001 0001"},
		{"dns_response_to_l2tp_port", 53, 1701, "0002 8180 0001 0000 0000 0000 00 0001 0001"},
		{"l2tp_control", 1701, 1701, "c802 0014 0000 0000 0000 0000"},
		{"l2tp_offset_past_end", 1701, 1701, "0202 0001 0001 ffff 0021 45"},
		{"gtpu_echo", 2152, 2152, "3201 0004 00000000 0000 0000"},
		{"gtpu_extension_of_length_0", 2152, 2152, "34ff 0008 00000001 0000 00 85 00 0000 00"},
		{"gtpu_extension_past_end", 2152, 2152, "34ff 0008 00000001 0000 00 85 ff 0000 00"},
		{"vxlan_short", 5555, 4789, "08000000 0000"},
		{"geneve_options_past_end", 5555, 6081, "3f00 0800 00000000"},
		{"geneve_unknown_protocol", 5555, 6081, "0000 1234 00000000 00000000"},
		{"teredo_auth_past_end", 5555, 3544, "0001 ffff 00"},
		{"vxlan_from_the_port", 4789, 5555, "08000000 00000100 020000000001 020000000002 0800"},
		{"empty", 2152, 2152, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := parse(frame(101, inUDP(t, c.src, c.dst, unhex(t, c.payload))))
			if tr.Kind != KindUDP || int(tr.SrcPort) != c.src || int(tr.DstPort) != c.dst || tr.Depth != 0 || tr.L4Check == CheckBad {
				t.Errorf("got %+v", tr)
			}
		})
	}
}

// TestDepth nests carriers and tags to the bounds and beyond.
func TestDepth(t *testing.T) {
	nest := func(n int) []byte {
		b := udp4(t)
		for range n {
			b = in4(t, 4, b)
		}
		return b
	}
	if tr := parse(frame(101, nest(8))); tr.Kind != KindUDP || tr.Depth != 8 {
		t.Errorf("8 carriers: %+v", tr)
	}
	if tr := parse(frame(101, nest(9))); tr.Kind != KindBad || tr.Fault != FaultDepth {
		t.Errorf("9 carriers: %+v", tr)
	}
	var one Transport
	NewParser(Limits{Depth: 1}).Parse(frame(101, nest(2)), &one)
	if one.Fault != FaultDepth {
		t.Errorf("2 carriers, limit 1: %+v", one)
	}
	for tags, fault := range map[int]Fault{32: FaultNone, 33: FaultDepth} {
		b := udp4(t)
		typ := uint16(0x0800)
		for range tags {
			b = join(t, "0001", binary.BigEndian.AppendUint16(nil, typ), b)
			typ = 0x8100
		}
		if tr := parse(frame(1, ethernet(t, typ, b))); tr.Fault != fault {
			t.Errorf("%d tags: fault %d, want %d", tags, tr.Fault, fault)
		}
	}
}
