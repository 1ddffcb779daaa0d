package filter

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

func benchFilters(tb testing.TB) map[string]*Filter {
	tb.Helper()
	return map[string]*Filter{
		"udp_port_53": mustParse(tb, "udp port 53"),
		"port_53":     mustParse(tb, "port 53"),
		"hosts":       mustParse(tb, "port 53 and (host 10.1.2.3 or 10.1.2.4 or 192.0.2.53) or net 2001:db8::/32"),
		"dns":         mustDNS(tb, nil, nil),
		"dns_host":    mustDNS(tb, nil, mustParse(tb, "host 10.1.2.3")),
	}
}

func benchPackets() map[string]capture.Packet {
	return map[string]capture.Packet{
		"dns":   {Link: linkEthernet, Data: dress(linkEthernet, ip4(17, 0, 0, 40000, 53))},
		"dns6":  {Link: linkEthernet, Data: dress(linkEthernet, ip6(17, transport(40000, 53)))},
		"qinq":  {Link: linkEthernet, Data: dress(linkEthernet, tag(etherQinQ, 1, tag(etherVLAN, 2, ip4(17, 0, 0, 53, 40000))))},
		"web":   {Link: linkEthernet, Data: dress(linkEthernet, ip4(6, 0, 0, 40000, 443))},
		"web6":  {Link: linkEthernet, Data: dress(linkEthernet, ip6(6, transport(40000, 443)))},
		"short": {Link: linkEthernet, Data: make([]byte, 13)},
	}
}

func BenchmarkMatch(b *testing.B) {
	for name, f := range benchFilters(b) {
		for kind, p := range benchPackets() {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.Match(&p)
				}
			})
		}
	}
}

// BenchmarkVM runs the same program in the interpreter of golang.org/x/net, to compare.
func BenchmarkVM(b *testing.B) {
	o := compileOurs(b, mustDNS(b, nil, nil), linkEthernet)
	for kind, p := range benchPackets() {
		b.Run("dns/"+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.vm.Run(p.Data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, expr := range map[string]string{
		"short": "udp port 53",
		"long":  "port 53 and (host 10.1.2.3 or 10.1.2.4 or 192.0.2.53) or net 2001:db8::/32",
		"worst": worst(b),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(expr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDNS(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DNS(nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// worst returns one of the largest expressions that still compile.
func worst(tb testing.TB) string {
	tb.Helper()
	expr, good := "udp src port 1", ""
	for p := 2; ; p++ {
		if p%50 == 0 {
			if _, err := Parse(expr); err != nil {
				return good
			}
			good = expr
		}
		expr = fmt.Sprintf("%s or %d", expr, p)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	filters := benchFilters(t)
	filters["program"] = mustDDD(t, fromTcpdump(t, "EN10MB", full), linkEthernet)
	for name, f := range filters {
		for kind, p := range benchPackets() {
			if n := testing.AllocsPerRun(100, func() { f.Match(&p) }); n != 0 {
				t.Errorf("%s on %s: %v allocations", name, kind, n)
			}
		}
	}
}

// TestLength compares the length of our programs with libpcap's.
func TestLength(t *testing.T) {
	needTcpdump(t)
	ours, theirs := 0, 0
	rng := rand.New(rand.NewPCG(19, 20))
	for range 100 {
		expr := (&writer{rng: rng}).expr(2)
		code, err := mustParse(t, expr).Program(linkEthernet, 0)
		if err != nil {
			t.Fatal(err)
		}
		pcap, err := tcpdump("EN10MB", expr)
		if err != nil {
			t.Fatal(err)
		}
		ours += len(code)
		theirs += len(pcap)
	}
	t.Logf("%d instructions, libpcap's optimiser %d", ours, theirs)
	if ours > 2*theirs {
		t.Errorf("%d instructions, more than twice libpcap's %d", ours, theirs)
	}
}
