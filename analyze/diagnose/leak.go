package diagnose

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

func leakRules() []rule {
	return []rule{
		{"private-reverse-leak", remarks, reverseLeak, []string{"RFC 6303 sections 3 and 4", "RFC 7534", "RFC 1918 section 5"}},
		{"internal-names-leak", remarks, internalLeak, []string{"RFC 6762 section 22.1", "RFC 8375 section 4", "RFC 6761 section 6"}},
		{"browser-probes", remarks, browserProbes, []string{"RFC 8806 section 1"}},
	}
}

// publicAddress says that a server's address is of the public Internet.
func publicAddress(a addr) bool {
	ip := a.Netip()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}

// Bits of an address that a site has in common: of IPv6 a /48 (RFC 6177 section 2), of IPv4 the most that most organisations have in one piece.
const (
	siteBits4 = 16
	siteBits6 = 48
)

// sameSite says that two addresses are of one network, as far as their bits tell.
func sameSite(a, b addr) bool {
	x, y := a.Netip(), b.Netip()
	bits := siteBits6
	if x.Is4() {
		bits = siteBits4
	}
	p, err := x.Prefix(bits)
	return err == nil && a != addr{} && p.Contains(y)
}

// outside says that a server is one of the public Internet, and not the client's own resolver: that has a public address, too, wherever hosts have them,
// as with IPv6 they do. Where the client is not known, it is a server that is no resolver.
func (c *caseFile) outside(r *row) bool {
	if r.Client == (addr{}) && c.resolver(r.Server) {
		return false
	}
	return publicAddress(r.Server) && !sameSite(r.Client, r.Server)
}

// internal says that a name is of a top-level domain which is not of the public name space.
func internal(name string) bool {
	for _, top := range []string{"local.", "lan.", "internal.", "intranet.", "private.", "corp.", "home.", "localdomain.", "home.arpa.", "onion."} {
		if within(name, top) {
			return true
		}
	}
	return false
}

func reverseLeak(c *caseFile) []Finding {
	isReverse := func(r *row) bool {
		return strings.HasSuffix(r.Zone, ".arpa.") && !internal(r.Zone) && c.outside(r)
	}
	g, n := c.leak(isReverse)
	if n < 3 {
		return nil
	}
	zone := g.zones[0]
	f := Finding{
		Title:      fmt.Sprintf("reverse lookups of private addresses go to public servers: %s", some(bares(g.zones), 3)),
		Cause:      "Nobody outside knows these addresses. A resolver ought to answer for them itself, with an empty zone or with the real one; what leaks tells others how the network inside is numbered, and costs time.",
		Confidence: sure(0.97, n),
		Scope:      Scope{Zone: zone},
		Wireshark:  both("dns.qry.type == 12", nameFilter(zone)),
		Next: []string{
			"empty-zones-enable yes;   # named.conf, the default; unbound.conf: unblock-lan-zones: no; recursor.conf: serve-rfc1918=yes",
			command("unbound-control local_zones | grep %s; rndc zonestatus %s", bare(zone), zone) + "   # on the resolver: does it serve the zone?",
			command("dig @%s -x %s", g.server(), "192.168.0.1") + "   # what comes back",
		},
		Against: []string{"a public address can be that of your own resolver, captured between it and its clients: then only what it asks upstream leaks"},
	}
	f.say(fmt.Sprintf("%s for names below %s without data in answer", plural(g.Count, "query"), some(bares(g.zones), 4)))
	c.fillLeak(&f, g)
	return []Finding{f}
}

func internalLeak(c *caseFile) []Finding {
	g, n := c.leak(func(r *row) bool { return internal(r.Zone) && c.outside(r) })
	if n < 3 {
		return nil
	}
	top := g.zones[0]
	f := Finding{
		Title:      fmt.Sprintf("internal names (%s) are asked of public servers", some(bares(g.zones), 3)),
		Cause:      "These names mean something inside a network only, and no public server has them. Who sees the queries learns what is inside; and should the top-level domain ever exist, somebody else answers.",
		Confidence: sure(0.96, n),
		Scope:      Scope{Suffix: top},
		Wireshark:  both("dns.flags.rcode == 3", nameFilter(top)),
		Next: []string{
			command("local-zone: %s static", `"`+bare(top)+`"`) + "   # unbound.conf of the resolver; named.conf: a zone of that name, or a response policy",
			"cat /etc/resolv.conf; resolvectl domain; scutil --dns   # on a client: which search list adds it?",
			command("dnssniff print %s --where %s", c.file(), fmt.Sprintf(`name endsWith "%s"`, bare(top))) + "   # which names, from whom",
		},
		Against: []string{"a public address can be that of your own resolver, captured between it and its clients: then only what it asks upstream leaks",
			".local is of mDNS: a program that knows this does not ask DNS for it"},
	}
	f.say(fmt.Sprintf("%s for names below %s", plural(g.Count, "query"), some(bares(g.zones), 4)))
	c.fillLeak(&f, g)
	return []Finding{f}
}

// leak adds up the names of special-use zones that were asked of some servers.
func (c *caseFile) leak(also func(*row) bool) (*group[bool], uint64) {
	list := groupBy(c, where{also: func(r *row) bool { return also(r) && !c.has(r.Server, r.Zone) }}, func(*row) bool { return true }, evidence.Leaked)
	if len(list) == 0 {
		return nil, 0
	}
	return list[0], list[0].Seen
}

// has says that a server gives answers below a special-use zone at other times.
func (c *caseFile) has(server addr, zone string) bool {
	for r := range c.of(where{server: server}, evidence.ZoneFine) {
		if within(r.Zone, zone) || within(zone, r.Zone) && strings.HasSuffix(r.Zone, ".arpa.") {
			return true
		}
	}
	return false
}

// server writes one of a group's servers into a command, where one is known.
func (g *group[K]) server() string {
	for _, r := range g.rows {
		if r.Server != (addr{}) {
			return r.Server.String()
		}
	}
	return "SERVER"
}

func (c *caseFile) fillLeak(f *Finding, g *group[bool]) {
	var servers []addr
	for _, r := range g.rows {
		servers = addTo(servers, r.Server)
	}
	f.Severity = Info
	f.Packets = packetsOf(&g.Tally)
	f.say(fmt.Sprintf("asked by %s, such as %s, of %s", plural(uint64(len(g.clients)), "client"), some(addresses(g.clients), 2), some(addresses(servers), 3)))
	if name := nameOf(&g.Tally, ""); name != "" {
		f.say("such as " + bare(name))
	}
	f.seen(&g.Tally)
	f.Clients = len(g.clients)
}

// browserProbes looks for random names of one label, by which browsers find out whether somebody answers for names that do not exist.
func browserProbes(c *caseFile) []Finding {
	probe := func(r *row) bool {
		label := strings.TrimSuffix(r.Zone, ".")
		return len(label) >= 7 && len(label) <= 15 && strings.IndexFunc(label, func(x rune) bool { return x < 'a' || x > 'z' }) < 0 && !internal(r.Zone)
	}
	list := groupBy(c, where{side: c.floodSide(), also: probe}, func(*row) bool { return true }, evidence.RCODE(nxDomain))
	if len(list) == 0 || len(list[0].zones) < 3 || uint64(list[0].Random)*2 < list[0].Count {
		return nil
	}
	g := list[0]
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("browsers probe for false answers with %d random names without a dot: harmless", len(g.zones)),
		Cause:      "Chromium and its kin ask for three such names when they start or the network changes: an answer with data would show that somebody answers for names that do not exist. NXDOMAIN is what ought to come.",
		Confidence: sure(0.93, uint64(len(g.zones))),
		Packets:    packetsOf(&g.Tally),
		Wireshark:  "dns.flags.rcode == 3 && dns.qry.name matches \"^[a-z]{7,15}$\"",
		Next:       []string{"nothing is to be done; newer versions ask less (policy DNSInterceptionChecksEnabled)"},
		Against:    []string{"names with a dot, or of many domains, are another matter: see generated-names"},
	}
	f.say(fmt.Sprintf("%s for %d names, such as %s, from %s", plural(g.Count, "NXDOMAIN answer"), len(g.zones), some(bares(g.zones), 3), plural(uint64(len(g.clients)), "client")))
	f.seen(&g.Tally)
	f.Clients = len(g.clients)
	c.claim(where{also: probe}, evidence.RCODE(nxDomain))
	return []Finding{f}
}
