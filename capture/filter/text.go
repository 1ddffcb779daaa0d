package filter

import (
	"fmt"
	"strings"

	"github.com/dnssniff/dnssniff/capture"
)

// Text returns the filter that [DNS] makes of the same ports and extra in tcpdump's syntax, for the description of a capture file: what passes
// one on whole frames of a link type passes the other. An extra that asks for "vlan" shifts what follows it there, and not here.
func Text(ports []uint16, extra *Filter, link capture.LinkType) string {
	d := newDNSTraffic(ports)
	text := d.text()
	if i := layoutOf(link); i >= 0 && layouts[i].vlan { // else libpcap knows no tags
		text = fmt.Sprintf("%s or (vlan and (%s or (vlan and (%s))))", text, text, text)
	}
	if extra == nil || extra.text == "" {
		return text
	}
	return "(" + extra.text + ") and (" + text + ")"
}

// text is what is asked of a frame without a VLAN tag.
func (d dnsTraffic) text() string {
	fragment := each(" or ", d.ports, "ip6[48:2] = %[1]d or ip6[50:2] = %[1]d")
	return strings.Join([]string{
		"(ip and ip[6:2] & 0x1fff != 0)",
		"((udp or tcp) and (" + each(" or ", d.ports, "port %d") + "))",
		"(icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = 12))",
		"(ip6 and ip6[6] = 58 and ip6[40] >= 1 and ip6[40] <= 4)",
		"(ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60))",
		"(ip6 and ip6[6] = 44 and (ip6[42:2] & 0xfff8 != 0 or ip6[40] = 0 or ip6[40] = 43 or ip6[40] = 60" +
			" or (ip6[40] = 58 and ip6[48] >= 1 and ip6[48] <= 4) or ((ip6[40] = 6 or ip6[40] = 17) and (" + fragment + "))))",
	}, " or ")
}

func each(between string, ports []uint16, form string) string {
	all := make([]string, len(ports))
	for i, p := range ports {
		all[i] = fmt.Sprintf(form, p)
	}
	return strings.Join(all, between)
}
