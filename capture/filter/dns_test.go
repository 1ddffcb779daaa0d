package filter

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

func mustDNS(tb testing.TB, ports []uint16, extra *Filter) *Filter {
	tb.Helper()
	f, err := DNS(ports, extra)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestDNS(t *testing.T) {
	tests := []struct {
		name string
		c    carried
		want bool
	}{
		{"udp_query", ip4(17, 0, 0, 40000, 53), true},
		{"udp_response", ip4(17, 0x4000, 0, 53, 40000), true},
		{"tcp", ip4(6, 0, 0, 40000, 53), true},
		{"dot", ip4(6, 0, 0, 40000, 853), true},
		{"doq", ip4(17, 0, 0, 853, 40000), true},
		{"mdns", ip4(17, 0, 0, 5353, 5353), true},
		{"llmnr", ip4(17, 0, 0, 40000, 5355), true},
		{"added_port", ip4(17, 0, 0, 40000, 5300), true},
		{"added_range", ip4(6, 0, 0, 8053, 40000), true},
		{"port_between_those_added", ip4(6, 0, 0, 8056, 40000), false},
		{"ip_options", ip4(17, 0, 10, 40000, 53), true},
		{"web", ip4(6, 0, 0, 40000, 443), false},
		{"port_between_mdns_and_llmnr", ip4(17, 0, 0, 40000, 5354), false},
		{"sctp", ip4(132, 0, 0, 40000, 53), false},
		{"first_fragment_of_dns", ip4(17, 0x2000, 0, 53, 40000), true},
		{"first_fragment_of_other", ip4(17, 0x2000, 0, 443, 40000), false},
		{"second_fragment", ip4(17, 0x2001, 0, 1, 2), true},
		{"last_fragment", ip4(17, 0x1fff, 0, 1, 2), true},
		{"icmp_unreachable", ip4(1, 0, 0, 0x0303, 0), true},
		{"icmp_quench", ip4(1, 0, 0, 0x0400, 0), true},
		{"icmp_redirect", ip4(1, 0, 0, 0x0500, 0), true},
		{"icmp_time_exceeded", ip4(1, 0, 0, 0x0b00, 0), true},
		{"icmp_parameter", ip4(1, 0, 1, 0x0c00, 0), true},
		{"ping", ip4(1, 0, 0, 0x0800, 0), false},
		{"arp", arp(etherARP), false},
		{"udp6", ip6(17, transport(53, 40000)), true},
		{"tcp6", ip6(6, transport(40000, 53)), true},
		{"web6", ip6(6, transport(40000, 443)), false},
		{"first_fragment6_of_dns", ip6(44, fragment6(17, 1, transport(53, 40000))), true},
		{"first_fragment6_of_other", ip6(44, fragment6(17, 1, transport(443, 40000))), false},
		{"second_fragment6", ip6(44, fragment6(17, 0x9, transport(1, 2))), true},
		{"last_fragment6", ip6(44, fragment6(17, 0x8, transport(1, 2))), true},
		{"reserved_bits_of_fragment6", ip6(44, fragment6(17, 0x6, transport(443, 2))), false},
		{"options_in_fragment6", ip6(44, fragment6(60, 1, transport(1, 2))), true},
		{"hop_by_hop", ip6(0, transport(1, 2)), true},
		{"routing", ip6(43, transport(1, 2)), true},
		{"destination_options", ip6(60, transport(1, 2)), true},
		{"icmp6_too_big", ip6(58, []byte{2, 0}), true},
		{"icmp6_unreachable", ip6(58, []byte{1, 4}), true},
		{"icmp6_parameter", ip6(58, []byte{4, 0}), true},
		{"ping6", ip6(58, []byte{128, 0}), false},
		{"neighbour_solicitation", ip6(58, []byte{135, 0}), false},
	}
	f := mustDNS(t, []uint16{5300, 8055, 8053, 8054, 53}, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, l := range tcpdumpLinks {
				want := tt.want
				if l.link == linkIPv4 && tt.c.ethertype != etherIPv4 || l.link == linkIPv6 && tt.c.ethertype != etherIPv6 {
					continue // the bytes of one version read as the other mean nothing
				}
				if layouts[layoutOf(l.link)].typing != byEthertype && tt.c.ethertype == etherARP {
					continue
				}
				if got := compileOurs(t, f, l.link).verdict(t, dress(l.link, tt.c)); got != want {
					t.Errorf("%s: got %v", l.name, got)
				}
			}
		})
		t.Run(tt.name+"_tagged", func(t *testing.T) {
			one := tag(etherVLAN, 7, tt.c)
			two := tag(etherQinQ, 8, one)
			three := tag(etherQinQOld, 9, two)
			for _, link := range []capture.LinkType{linkEthernet, linkSLL, linkSLL2} {
				o := compileOurs(t, f, link)
				if o.verdict(t, dress(link, one)) != tt.want || o.verdict(t, dress(link, two)) != tt.want {
					t.Errorf("%s: another verdict behind tags", link)
				}
				if o.verdict(t, dress(link, three)) {
					t.Errorf("%s: three tags are too many", link)
				}
			}
		})
	}
}

// TestDNSSize holds the default programs far below the kernel's limit.
func TestDNSSize(t *testing.T) {
	f := mustDNS(t, nil, nil)
	for _, l := range tcpdumpLinks {
		code, err := f.Program(l.link, 0)
		if err != nil {
			t.Fatal(err)
		}
		kernel, err := f.KernelProgram(l.link, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d instructions, %d for the kernel", l.name, len(code), len(kernel))
		if len(code) > 250 || len(kernel) > 250 {
			t.Errorf("%s: %d instructions, %d for the kernel; want at most 250", l.name, len(code), len(kernel))
		}
	}
}

func TestDNSWithTooManyPorts(t *testing.T) {
	var ports []uint16
	for p := uint16(10001); p < 30000; p += 2 {
		ports = append(ports, p)
	}
	if _, err := DNS(ports, nil); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
	many := mustDNS(t, ports[:80], nil)
	o := compileOurs(t, many, linkEthernet) // with jumps over more than 255 instructions
	rng := rand.New(rand.NewPCG(7, 8))
	for _, frame := range framesFor(rng, linkEthernet, crafted()) {
		o.verdict(t, frame)
	}
	for i, p := range ports[:82] {
		if got := o.verdict(t, dress(linkEthernet, ip4(6, 0, 0, 1, p))); got != (i < 80) {
			t.Errorf("port %d: got %v", p, got)
		}
	}
}

func TestDNSWithExpression(t *testing.T) {
	f := mustDNS(t, nil, mustParse(t, "host 10.1.2.3 and not tcp"))
	if want := "(DNS on ports 53 853 5353 5355) and (host 10.1.2.3 and not tcp)"; f.String() != want {
		t.Errorf("got %q, want %q", f, want)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	parts := [2]*Filter{mustDNS(t, nil, nil), mustParse(t, "host 10.1.2.3 and not tcp")}
	for _, l := range tcpdumpLinks {
		o := compileOurs(t, f, l.link)
		kept := 0
		for _, frame := range framesFor(rng, l.link, samples(t, 2)) {
			p := capture.Packet{Link: l.link, Data: frame}
			want := parts[0].Match(&p) && parts[1].Match(&p)
			if o.verdict(t, frame) != want {
				t.Fatalf("%s: not both of %x", l.name, frame)
			}
			if want {
				kept++
			}
		}
		if kept == 0 && l.link != linkIPv6 {
			t.Errorf("%s: nothing kept", l.name)
		}
	}
}

// TestDNSShiftedByExpression checks that a "vlan" shifts nothing of the default filter.
func TestDNSShiftedByExpression(t *testing.T) {
	f := mustDNS(t, nil, mustParse(t, "vlan 7"))
	o := compileOurs(t, f, linkEthernet)
	c := ip4(17, 0, 0, 40000, 53)
	if o.verdict(t, dress(linkEthernet, c)) || !o.verdict(t, dress(linkEthernet, tag(etherVLAN, 7, c))) {
		t.Error("want the tagged frame, and not the other")
	}
}

// dnsExpression says in the whole of pcap-filter, of which we have a part only, what [DNS] keeps of untagged frames.
const dnsExpression = `(ip[6:2] & 0x1fff != 0 or tcp port 53 or tcp port 853 or tcp port 5353 or tcp port 5355
	or udp port 53 or udp port 853 or udp port 5353 or udp port 5355
	or icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = 12
	or (ip6[6] = 58 and ip6[40] >= 1 and ip6[40] <= 4) or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60
	or (ip6[6] = 44 and (ip6[42:2] & 0xfff8 != 0 or ip6[40] = 0 or ip6[40] = 43 or ip6[40] = 60
		or (ip6[40] = 58 and ip6[48] >= 1 and ip6[48] <= 4)
		or ((ip6[40] = 6 or ip6[40] = 17) and (ip6[48:2] = 53 or ip6[48:2] = 853 or ip6[48:2] = 5353 or ip6[48:2] = 5355
			or ip6[50:2] = 53 or ip6[50:2] = 853 or ip6[50:2] = 5353 or ip6[50:2] = 5355)))))`

func TestDNSAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	f := mustDNS(t, nil, nil)
	all := samples(t, 40)
	rng := rand.New(rand.NewPCG(11, 12))
	for _, l := range tcpdumpLinks {
		expr := dnsExpression
		if l.link == linkEthernet {
			expr = dnsExpression + " or (vlan and " + dnsExpression + ") or (vlan and " + dnsExpression + ")"
		}
		frames := framesFor(rng, l.link, all)
		for i := range frames { // whole frames only: the two load in another order
			frames[i] = append(frames[i][:len(frames[i]):len(frames[i])], make([]byte, whole)...)
		}
		frames = slices.DeleteFunc(frames, func(frame []byte) bool { return isTagged(l.link, frame) })
		n := agree(t, compileOurs(t, f, l.link), compileLibpcap(t, l.name, expr), frames)
		t.Logf("%s: %d of %d frames kept", l.name, n.kept, n.frames)
	}
}

// isTagged reports whether a frame has a tag behind a link header that libpcap knows no tags behind.
func isTagged(link capture.LinkType, frame []byte) bool {
	l := &layouts[layoutOf(link)]
	if link == linkEthernet || l.typing != byEthertype {
		return false
	}
	typ, _ := l.typ.of(frame)
	return typ == etherVLAN || typ == etherQinQ || typ == etherQinQOld
}
