package filter

import (
	"math/rand/v2"
	"testing"
)

// What a capture file says of its filter has to mean the same to libpcap.
func TestTextAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	all := samples(t, 4)
	rng := rand.New(rand.NewPCG(5, 6))
	ports := []uint16{5300, 8053}
	for _, l := range tcpdumpLinks {
		if l.link == linkSLL || l.link == linkSLL2 {
			continue // there libpcap sees nothing behind tags: below
		}
		for _, extra := range []string{"", "host 10.1.2.3 or udp", "not net 2001:db8::/32"} {
			x := mustParse(t, extra)
			text := Text(ports, x, l.link)
			n := agree(t, compileOurs(t, mustDNS(t, ports, x), l.link), compileLibpcap(t, l.name, text), framesFor(rng, l.link, all))
			if n.kept == 0 || n.kept == n.frames {
				t.Errorf("%s %q tells no frames apart: %d of %d", l.name, extra, n.kept, n.frames)
			}
		}
	}
	for _, link := range []string{"LINUX_SLL", "LINUX_SLL2", "EN10MB"} {
		if _, err := tcpdump(link, Text(nil, nil, linkSLL2)); err != nil {
			t.Error(err)
		}
	}
}
