//go:build linux

package stage

import (
	"fmt"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// Zones are those of the world: root, com, net, org, example, example.com (signed, BIND), example.net (NSD), example.org (signed with NSEC3,
// Knot), corp.example (PowerDNS), and the clients' reverse zone (BIND).
func Zones() zone.Tree {
	at := func(host string) []zone.Server { return []zone.Server{NameServer(host)} }
	return zone.Tree{
		{Name: ".", Servers: at("root"), Signing: zone.Signed, Records: addresses(NameServer("tld"))},
		{Name: "com.", Servers: at("tld"), Signing: zone.Signed},
		{Name: "net.", Servers: at("tld"), Signing: zone.Signed},
		{Name: "org.", Servers: at("tld"), Signing: zone.Opaque},
		{Name: "example.", Servers: at("tld"), Signing: zone.Signed},
		{Name: "example.com.", Servers: at("bind"), Signing: zone.Signed, Records: machines(100) + comRecords + large()},
		{Name: "example.net.", Servers: at("nsd"), Records: machines(120) + netRecords},
		{Name: "example.org.", Servers: at("knot"), Signing: zone.Opaque, Records: machines(140) + orgRecords},
		{Name: "corp.example.", Servers: at("powerdns"), Records: machines(160) + corpRecords},
		{Name: "53.10.in-addr.arpa.", Servers: at("bind"), Records: reverse()},
	}
}

// addresses are a server's own records, where no zone of its own has them.
func addresses(s zone.Server) string {
	var b strings.Builder
	for _, a := range s.Addrs {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		fmt.Fprintf(&b, "%s %s %s\n", s.Name, kind, a)
	}
	return b.String()
}

// machines are thirty hosts, most of them with an IPv6 address.
func machines(from int) string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "host%02d A 203.0.113.%d\n", i, from+i)
		if i%3 != 0 {
			fmt.Fprintf(&b, "host%02d AAAA 2001:db8:113::%d\n", i, from+i)
		}
	}
	return b.String()
}

// large does not fit into a datagram of 1232 bytes.
func large() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "big TXT \"record %02d: a text of some length, so that the answer does not fit into a datagram\"\n", i)
	}
	return b.String()
}

func reverse() string {
	var b strings.Builder
	b.WriteString("53.0 PTR resolver.corp.example.\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%d.1 PTR desk%02d.corp.example.\n", 11+i, i)
	}
	return b.String()
}

const comRecords = `@ A 203.0.113.10
@ AAAA 2001:db8:113::10
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.example.org"
_dmarc TXT "v=DMARC1; p=reject"
www A 203.0.113.10
www AAAA 2001:db8:113::10
www HTTPS 1 . alpn="h2,h3" ipv4hint=203.0.113.10
api CNAME host07
mail A 203.0.113.25
mail AAAA 2001:db8:113::25
*.app A 203.0.113.77
medium TXT "a text of two hundred characters and a few, as domain verification likes to leave them behind in zones for years"
`

const netRecords = `@ A 203.0.113.20
@ MX 10 mail
www CNAME host03
cdn CNAME edge.cdn
edge.cdn A 203.0.113.60
edge.cdn A 203.0.113.61
edge.cdn AAAA 2001:db8:113::60
mail A 203.0.113.26
`

const orgRecords = `@ A 203.0.113.30
@ AAAA 2001:db8:113::30
@ MX 10 mail
www A 203.0.113.30
www AAAA 2001:db8:113::30
www HTTPS 1 . alpn="h2"
old CNAME www.example.com.
mail A 203.0.113.27
`

const corpRecords = `@ A 203.0.113.40
intranet CNAME host04
wiki A 203.0.113.41
printer A 203.0.113.90
_ldap._tcp SRV 0 100 389 ldap1
_ldap._tcp SRV 10 100 389 ldap2
ldap1 A 203.0.113.42
ldap2 A 203.0.113.43
_sip._udp NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.sip
`
