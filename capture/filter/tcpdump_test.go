package filter

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

// expressions people write, and corners of the grammar; compared with libpcap on every link type.
var expressions = []string{
	"", "ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6", "vlan", "vlan 10", "vlan 0", "vlan 4095", "vlan (10)",
	"udp port 53", "tcp port 53", "port 53", "port domain", "port domain-s", "port 0", "port 65535", "port 0x35", "port (53)", "port ((53))",
	"src port 53", "dst port 53", "src or dst port 53", "dst or src port 53", "src and dst port 53", "dst and src port 53", "udp src port 53", "tcp dst port 53",
	"udp src and dst port 53", "port 53 or 5353", "port (53 or 5353 or 5355)", "port 53 or 5353 and udp", "udp and port (53 or 853)", "port not 53", "not port 53", "! port 53",
	"portrange 53-853", "portrange 853-53", "portrange 53", "udp portrange 5353-5355", "src portrange 1-1023", "portrange 0-65535", "portrange 53-53", "tcp src and dst portrange 0-1023",
	"host 10.1.2.3", "src 10.1.2.3", "dst 192.0.2.53", "src host 10.1.2.3", "src host 10.1.2.3 or 192.0.2.53", "host 10.1.2.3 and 192.0.2.53", "src and dst 10.1.2.3",
	"ip host 10.1.2.3", "arp host 10.1.2.3", "arp src 10.1.2.3", "arp dst host 10.1.2.4", "ip src or dst 10.1.2.3", "host (10.1.2.3 or 192.0.2.53)", "host not 10.1.2.3",
	"host 2001:db8::1", "src 2001:db8::1", "ip6 host 2001:db8::53", "ip6 dst 2001:db8::53", "host ::", "host ::1", "host ::ffff:10.1.2.3", "host 2001:db8::1/128",
	"src and dst host 2001:db8::1", "net 2001:db8::/32", "net 2001:db8::/33", "net 2001:db8::/64", "net 2001:db8::/127", "net 2001:db8::1", "net ::/0", "src net fe80::/10", "ip6 net 2000::/3",
	"net 10", "net 10.1", "net 10.1.2", "net 10.1.2.3", "net 10.0.0.0", "net 10.0.0.0/8", "net 10.0.0.0 mask 255.0.0.0", "net 10.0.2.2 mask 255.0.255.254", "net 10.1 mask 255.255.0",
	"net 0.0.0.0/0", "net 0.0/16", "net 128.0.0.0/1", "src net 192.0.2.0/24", "dst net 10", "arp net 10.0.0.0/8", "ip net 10.1.2.0/25", "net 10 or 192", "net 10.1.2.3/32",
	"proto 17", "ip proto 17", "ip6 proto 17", "proto \\tcp", "ip proto \\icmp", "ip6 proto \\udp", "proto ipv6-icmp", "ip6 proto ipv6-frag", "proto 0", "proto 255", "proto 0x11", "proto 1 or 6",
	"proto gre", "proto \\sctp", "proto \\gre", "ip6 proto 44", "ip6 proto 0",
	"udp and not port 53", "not udp and not tcp", "not (udp or tcp)", "not not udp", "udp or tcp and port 53", "udp or (tcp and port 53)", "(udp or tcp) and port 53",
	"udp&&port 53", "udp || tcp", "udp && ! port 53", "!udp", "!(udp||tcp)", "  udp\tand\nport 53 ", "udp and (port 53)", "((udp))",
	"host 10.1.2.3 or not 192.0.2.53", "host 10.1.2.3 or (port 53) or 192.0.2.53", "not host 10.1.2.3 or 192.0.2.53", "port 53 or (tcp and port 853) or 5353",
	"host 10.1.2.3 or not (port 53) or 192.0.2.53", "host 10.1.2.3 or (192.0.2.53 and 10.1.2.4)", "host 10.1.2.3 and not (192.0.2.53 or 10.1.2.4)", "port 53 and (host 10.1.2.3 or 192.0.2.53)",
	"udp or not udp", "udp and not udp", "ip and ip6", "ip or not ip", "tcp and udp", "port 53 and port 53", "port 53 and not port 53", "ip and arp", "not arp", "ip or arp or ip6",
	"port 53 and udp and ip", "ip and udp and port 53 and src net 10 and dst host 192.0.2.53", "icmp or icmp6", "icmp and host 10.1.2.3", "not icmp6",
}

// vlanExpressions are for Ethernet.
var vlanExpressions = []string{
	"vlan and ip", "vlan and udp port 53", "vlan 10 and udp port 53", "vlan and vlan", "vlan 20 and vlan 10 and udp", "vlan and vlan and port 53", "vlan and vlan and vlan and udp",
	"udp port 53 or vlan and udp port 53", "udp port 53 or (vlan and udp port 53)", "(udp port 53) or (vlan and (udp port 53)) or (vlan and udp port 53)", "not vlan", "not vlan and udp",
	"ip or vlan", "vlan or ip", "vlan and host 10.1.2.3", "vlan and net 2001:db8::/32", "vlan and arp", "vlan and arp host 10.1.2.3", "vlan 10 or vlan 20", "vlan and not port 53",
	"vlan and proto 17", "vlan and icmp6", "not (vlan and ip) and ip6", "udp and vlan and tcp", "vlan and (host 10.1.2.3 or 192.0.2.53)", "vlan 20 and vlan 10 and port 53 or 853",
}

func TestTableAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	all := samples(t, 4)
	compareAll(t, func(yield func(expr string, links []int)) {
		every := make([]int, len(tcpdumpLinks))
		for i := range every {
			every[i] = i
		}
		for _, e := range expressions {
			yield(e, every)
		}
		for _, e := range vlanExpressions {
			yield(e, []int{0, 1, 3})
		}
	}, all)
}

func TestRandomAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	n := 600
	if testing.Short() {
		n = 60
	}
	all := samples(t, 4)
	rng := rand.New(rand.NewPCG(1, 2))
	compareAll(t, func(yield func(expr string, links []int)) {
		for range n {
			w := &writer{rng: rng, vlans: rng.IntN(4) == 0}
			expr := w.expr(3)
			link := 0
			if !w.usedVLAN && rng.IntN(2) == 0 {
				link = rng.IntN(len(tcpdumpLinks))
			}
			yield(expr, []int{link})
		}
	}, all)
}

// compareAll compares expressions on link types, given by index in tcpdumpLinks, with libpcap.
func compareAll(t *testing.T, each func(yield func(expr string, links []int)), all []carried) {
	t.Helper()
	var frames [numLayouts][][]byte
	rng := rand.New(rand.NewPCG(3, 4))
	for i, l := range tcpdumpLinks {
		frames[i] = framesFor(rng, l.link, all)
	}
	var lock sync.Mutex
	var sum tally
	programs, telling := 0, 0
	t.Run("expressions", func(t *testing.T) {
		each(func(expr string, links []int) {
			for _, i := range links {
				name, link := tcpdumpLinks[i].name, tcpdumpLinks[i].link
				t.Run(name+" "+expr, func(t *testing.T) {
					t.Parallel()
					if strings.Contains(expr, "vlan") && link != linkEthernet {
						bothRefuse(t, expr, name, link)
						return
					}
					n := agree(t, compileOurs(t, mustParse(t, expr), link), compileLibpcap(t, name, expr), frames[i])
					lock.Lock()
					defer lock.Unlock()
					programs++
					sum.frames += n.frames
					sum.kept += n.kept
					sum.undecided += n.undecided
					if n.kept > 0 && n.kept < n.frames {
						telling++
					}
				})
			}
		})
	})
	t.Logf("%d programs on %d frames each: %d verdicts, %d kept, %d where libpcap's optimiser decides; %d programs told frames apart",
		programs, len(frames[0]), sum.frames, sum.kept, sum.undecided, telling)
}

// bothRefuse checks that neither side can compile an expression for a link type.
func bothRefuse(t *testing.T, expr, name string, link capture.LinkType) {
	t.Helper()
	if _, err := tcpdump(name, expr); err == nil {
		t.Errorf("tcpdump takes %q on %s", expr, name)
	}
	if err := mustParse(t, expr).Supports(link); err == nil {
		t.Errorf("we take %q on %s", expr, name)
	}
}
