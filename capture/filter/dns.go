package filter

import (
	"slices"
	"strconv"
	"strings"
)

// defaultPorts are those of DNS, DNS over TLS and QUIC, mDNS and LLMNR.
var defaultPorts = [...]uint16{53, 853, 5353, 5355}

// maxTags is how many VLAN tags a DNS frame may have, beside one that the kernel has taken off.
const maxTags = 2

// IPv6 extension headers that may stand before UDP (RFC 8200, section 4).
const (
	ip6HopByHop    = 0
	ip6Routing     = 43
	ip6Destination = 60
)

// DNS returns the filter for what dnssniff analyses, on every link type that filters know, and on links with an ethertype with up to two
// VLAN tags: UDP and TCP from or to ports 53, 853, 5353, 5355 and the given ones; every IPv4 and IPv6 fragment after the first, since only
// the first has the ports; ICMP and ICMPv6 errors; and, since a filter cannot look behind them, IPv6 packets whose header is followed by
// hop-by-hop, routing or destination options. Messages in tunnels, PPPoE and MPLS are not found.
//
// Where extra is not nil, the result keeps only what extra keeps too; note that "port 53" there would drop the fragments again.
// It returns [ErrTooLong] where there are too many ports.
func DNS(ports []uint16, extra *Filter) (*Filter, error) {
	d := newDNSTraffic(ports)
	f := &Filter{text: d.String(), parts: []part{d}}
	if extra != nil {
		return f.And(extra)
	}
	return f, f.compile()
}

// dnsTraffic is the part that [DNS] makes.
type dnsTraffic struct {
	ports []uint16 // sorted, each once
}

func newDNSTraffic(ports []uint16) dnsTraffic {
	d := dnsTraffic{ports: append(defaultPorts[:len(defaultPorts):len(defaultPorts)], ports...)}
	slices.Sort(d.ports)
	d.ports = slices.Compact(d.ports)
	return d
}

func (d dnsTraffic) asksVLAN() bool { return false }

func (d dnsTraffic) String() string {
	texts := make([]string, len(d.ports))
	for i, p := range d.ports {
		texts[i] = strconv.Itoa(int(p))
	}
	return "DNS on ports " + strings.Join(texts, " ")
}

func (d dnsTraffic) cond(l lowering) *cond { return d.behindTags(l, 0) }

func (d dnsTraffic) behindTags(l lowering, vlans int) *cond {
	ip := l.at(vlans)
	c := or(and(l.carries(vlans, etherIPv4), d.ip4(ip)), and(l.carries(vlans, etherIPv6), d.ip6(ip)))
	if l.typing == byEthertype && vlans < maxTags {
		c = or(c, and(l.tagged(vlans), d.behindTags(l, vlans+1)))
	}
	return c
}

func (d dnsTraffic) ip4(ip uint32) *cond {
	icmpType := behind(ip)
	icmpType.size, icmpType.mask = 1, 0xff
	proto := byteAt(ip + ip4Proto)
	return anyOf(
		check(halfAt(ip+ip4Fragment), anyBitSet, ip4OffsetSet),
		and(oneOf(proto, ipUDP, ipTCP), d.portsAt(behind(ip))),
		and(is(proto, ipICMP), oneOf(icmpType, 3, 4, 5, 11, 12))) // the errors of RFC 792
}

func (d dnsTraffic) ip6(ip uint32) *cond {
	const fragmentLen, offsetSet = 8, 0xfff8 // RFC 8200, section 4.5
	next, fragment := byteAt(ip+ip6Next), ip+ip6Len
	return or(d.upper(next, fragment),
		and(is(next, ipFragment),
			or(check(halfAt(fragment+2), anyBitSet, offsetSet), d.upper(byteAt(fragment), fragment+fragmentLen))))
}

// upper judges what a next-header field announces and byte at begins.
func (d dnsTraffic) upper(next load, at uint32) *cond {
	return anyOf(
		and(oneOf(next, ipUDP, ipTCP), d.portsAt(halfAt(at))),
		and(is(next, ipICMPv6), within(byteAt(at), 1, 4)), // the errors of RFC 4443
		oneOf(next, ip6HopByHop, ip6Routing, ip6Destination))
}

// portsAt is true where one of the two ports is of DNS.
func (d dnsTraffic) portsAt(src load) *cond {
	dst := src
	dst.off += 2
	return or(d.port(src), d.port(dst))
}

func (d dnsTraffic) port(at load) *cond {
	c := never
	for i := 0; i < len(d.ports); {
		last := i
		for last+1 < len(d.ports) && d.ports[last+1] == d.ports[last]+1 {
			last++
		}
		c = or(c, within(at, uint32(d.ports[i]), uint32(d.ports[last])))
		i = last + 1
	}
	return c
}
