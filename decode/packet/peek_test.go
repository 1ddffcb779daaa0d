package packet

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// checkPeek fails if Peek and Parse disagree about a packet, and returns whether Peek knew it.
func checkPeek(tb testing.TB, pkt *capture.Packet, tr *Transport) bool {
	tb.Helper()
	f, ok := Peek(pkt)
	checkStart(tb, pkt, f, ok)
	if !ok {
		return false
	}
	kind := map[bool]Kind{false: KindUDP, true: KindTCP}[f.TCP()]
	if tr.Kind != kind || tr.Proto != f.proto() || tr.SrcPort != f.SrcPort() || tr.DstPort != f.DstPort() || f.FromDNS() != (tr.SrcPort == 53) || f.ToDNS() != (tr.DstPort == 53) ||
		tr.Src != f.Src(pkt) || tr.Dst != f.Dst(pkt) || tr.Depth != 0 || tr.Fragments != 0 {
		tb.Fatalf("link %d: Peek %+v %v > %v, Parse %+v, of %x", pkt.Link, f, f.Src(pkt), f.Dst(pkt), *tr, pkt.Data)
	}
	for i, a := range []Addr{f.Src(pkt), f.Dst(pkt)} {
		if lo, hi := f.Words(pkt, i == 1); lo != binary.LittleEndian.Uint64(a[:]) || hi != binary.LittleEndian.Uint64(a[8:]) {
			tb.Fatalf("link %d: words %x %x of %v", pkt.Link, lo, hi, a)
		}
	}
	short := used
	NewParser(Limits{}).ParseFlow(pkt, f, &short)
	if short.Quote = tr.Quote; !reflect.DeepEqual(short, *tr) {
		tb.Fatalf("link %d: ParseFlow %+v, Parse %+v, of %x", pkt.Link, short, *tr, pkt.Data)
	}
	return true
}

// clientOf returns what the start of a frame of DNS tells, if it does.
func clientOf(pkt *capture.Packet) (f Flow, lo, hi uint64, ok bool) {
	s := StartOf(pkt)
	switch {
	case s == nil:
	case s.UDP4():
		f, lo, hi = s.Client4()
	case s.UDP6():
		f, lo, hi = s.Client6()
	}
	return f, lo, hi, f.FromDNS() != f.ToDNS()
}

// checkStart fails if the start of a frame tells what Peek does not. f and ok are what Peek says.
func checkStart(tb testing.TB, pkt *capture.Packet, f Flow, ok bool) {
	tb.Helper()
	g, lo, hi, told := clientOf(pkt)
	if !told {
		return
	}
	if !ok || g != f {
		tb.Fatalf("start %x, Peek %x %v, of %x", g, f, ok, pkt.Data)
	}
	if l, h := f.Words(pkt, f.FromDNS()); lo != l || hi != h {
		tb.Fatalf("start %x %x, Words %x %x, of %x", lo, hi, l, h, pkt.Data)
	}
}

// TestStart says for each clothing whether the start of a frame has to be enough.
func TestStart(t *testing.T) {
	plain := map[string]bool{"ethernet": true, "ethernet_ip6": true, "ethernet_padded": true}
	for _, c := range wardrobe(t) {
		if _, _, _, ok := clientOf(frame(c.link, c.data)); ok != plain[c.name] {
			t.Errorf("%s: %v", c.name, ok)
		}
	}
}

// used has something in each field, as a Transport that another packet was read into.
var used = Transport{Kind: KindBad, Fault: FaultDepth, Src: Addr{1}, Dst: Addr{2}, IPVersion: 9, HopLimit: 9, Proto: 9, IPID: 9, Depth: 9, VLAN: 9, SrcPort: 9,
	DstPort: 9, Payload: []byte{9}, PayloadLen: 9, Cut: true, LengthMismatch: true, Seq: 9, Ack: 9, Flags: 9, Fragments: 9, IPCheck: CheckBad,
	L4Check: CheckBad, Quote: Quote{Type: 9}}

// TestPeek says for each clothing whether Peek has to know it.
func TestPeek(t *testing.T) {
	plain := map[string]bool{
		"ethernet": true, "ethernet_ip6": true, "ethernet_padded": true, "vlan": true, "qinq_88a8": true, "raw": true, "raw_ip6": true, "raw_bsd": true,
		"raw_openbsd": true, "ipv4": true, "ipv6": true, "null_little": true, "null_big": true, "null_freebsd_ip6": true, "null_macos_ip6": true,
		"loop": true, "sll": true, "sll_address_length_lies": true, "sll2": true,
	}
	for _, c := range wardrobe(t) {
		for n := 0; n <= len(c.data); n++ {
			pkt := cut(frame(c.link, c.data), n)
			tr := parse(pkt)
			if ok := checkPeek(t, pkt, &tr); n == len(c.data) && ok != plain[c.name] {
				t.Errorf("%s: %v", c.name, ok)
			}
		}
	}
	tcp := tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, []byte("x"))
	for n := range tcp {
		pkt := cut(frame(101, tcp), n)
		tr := parse(pkt)
		if ok := checkPeek(t, pkt, &tr); ok != (n >= 40) {
			t.Errorf("TCP cut to %d: %v", n, ok)
		}
	}
	for name, b := range map[string][]byte{
		"fragment": rawFragment(t, 4, 1, 0, true, make([]byte, 64)), "fragment_6": rawFragment(t, 6, 1, 0, true, make([]byte, 64)),
		"ip4_total_0": patch(t, udp4(t), 2, "0000"), "ip6_length_0": patch(t, udp6(t), 4, "0000"), "tcp_offset": patch(t, tcp, 32, "10"),
	} {
		if _, ok := Peek(frame(101, b)); ok {
			t.Errorf("%s: Peek is content", name)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Peek(frame(101, tcp)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
