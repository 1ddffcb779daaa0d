package packet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

func BenchmarkParse(b *testing.B) {
	picked := []string{"ethernet", "vlan", "ethernet_ip6", "sll2", "vxlan", "gre_teb", "ip6_all_extension_headers"}
	for _, name := range picked {
		for _, c := range wardrobe(b) {
			if c.name == name {
				b.Run(name, func(b *testing.B) { benchmarkParse(b, frame(c.link, c.data)) })
			}
		}
	}
	b.Run("vlan_ip6", func(b *testing.B) {
		benchmarkParse(b, frame(1, ethernet(b, 0x8100, join(b, "0064 86dd", udp6(b)))))
	})
	b.Run("ethernet_1400_bytes", func(b *testing.B) {
		benchmarkParse(b, frame(1, ethernet(b, 0x0800, udpIn(b, ip4Header(17), 53, 4242, payloadOf(1400)))))
	})
}

func benchmarkParse(b *testing.B, pkt *capture.Packet) {
	p := NewParser(Limits{})
	var t Transport
	b.SetBytes(int64(len(pkt.Data)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(pkt, &t)
	}
	if t.Kind != KindUDP || t.L4Check != CheckGood {
		b.Fatalf("%+v", t)
	}
}

// BenchmarkFragments has a datagram of three fragments, the time being that of one fragment.
func BenchmarkFragments(b *testing.B) {
	for _, version := range []int{4, 6} {
		b.Run(fmt.Sprint("ip", version), func(b *testing.B) {
			frags := fragmentsOf(b, version, 7, 4000, 1480)
			p := NewParser(Limits{})
			var t Transport
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Parse(frame(101, frags[i%3]), &t)
			}
		})
	}
}

// BenchmarkFragmentFlood has first fragments of datagrams that never complete, the tables being full.
func BenchmarkFragmentFlood(b *testing.B) {
	f := rawFragment(b, 6, 0, 0, true, payloadOf(1480))
	pkt := frame(101, f)
	p := NewParser(Limits{})
	var t Transport
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f[44], f[45], f[46], f[47] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
		p.Parse(pkt, &t)
	}
}

// BenchmarkParseFlow has what Peek knows, in lengths that are hard to foretell.
func BenchmarkParseFlow(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	tcp := tcpIn(b, ip4Header(layers.IPProtocolTCP), nil, payloadOf(100))
	pkts := make([]*capture.Packet, 4096)
	for i := range pkts {
		ip := udpIn(b, ip4Header(layers.IPProtocolUDP), 53, 4242, payloadOf(30+r.IntN(200)))
		if i%10 == 0 {
			ip = tcp
		}
		pkts[i] = frame(1, ethernet(b, 0x0800, ip))
	}
	p := NewParser(Limits{})
	var t Transport
	b.ReportAllocs()
	for b.Loop() {
		pkt := pkts[r.IntN(len(pkts))]
		if f, ok := Peek(pkt); ok {
			p.ParseFlow(pkt, f, &t)
		}
		if t.L4Check != CheckGood {
			b.Fatalf("%+v", t)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	for _, pkt := range []*capture.Packet{
		frame(1, ethernet(b, 0x0800, udp4(b))),
		frame(1, ethernet(b, 0x86dd, udp6(b))),
		frame(1, ethernet(b, 0x8100, join(b, "0064 86dd", udp6(b)))),
		frame(276, join(b, "0800 0000 00000002 0001 00 06 020000000001 0000", udp4(b))),
	} {
		b.Run(fmt.Sprint(pkt.Link, "_", len(pkt.Data)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f, ok := Peek(pkt); !ok || !f.ToDNS() {
					b.Fatal("unknown")
				}
			}
		})
	}
}
