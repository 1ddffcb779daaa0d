package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// amplification looks for "clients" that ask again and again for what has a large answer: somebody else writes their address into the queries. A whole subnet
// can be the victim.
func amplification(c *caseFile) []Finding {
	return append(c.victims(func(a addr) netip.Prefix { return subnetOf(a) }, 3), c.victims(func(a addr) netip.Prefix { return netip.PrefixFrom(a.Netip(), a.Netip().BitLen()) }, 1)...)
}

// flood is how many queries a second somebody who forges sources sends at least.
const flood = 8

// victims looks for amplification to subnets with so many addresses at least.
func (c *caseFile) victims(subnet func(addr) netip.Prefix, addrs int) (all []Finding) {
	hit := make(map[netip.Prefix]bool)
	var groups []*group[netip.Prefix]
	for _, g := range groupBy(c, where{also: func(r *row) bool { return r.Client != addr{} }}, func(r *row) netip.Prefix { return subnet(r.Client) }, evidence.RCODE(0)) {
		bulky := uint64(g.ANY) + uint64(g.Bulky)
		factor := float64(g.ResponseBytes) / float64(max(g.QueryBytes, 1))
		if len(g.clients) < addrs || bulky < 20 || g.Seen < 20 || bulky*10 < g.Count*8 || factor < 8 || g.Names.Estimate()*10 > int(g.Count) {
			continue
		}
		if addrs == 1 && perSecond(&g.Tally) < flood && c.count(where{subnet: g.key, kind: anyKind}, evidence.ICMPPort+evidence.Returned) == 0 {
			continue // nobody forges sources for that little: a program of the client's own
		}
		hit[g.key] = true
		groups = append(groups, g)
	}
	others := c.total(where{also: func(r *row) bool { return r.Client != addr{} && !hit[subnet(r.Client)] }}, evidence.RCODE(0))
	for _, g := range groups {
		all = append(all, c.amplified(g, &others))
	}
	return all
}

// amplified is the finding about a victim.
func (c *caseFile) amplified(g *group[netip.Prefix], others *evidence.Tally) Finding {
	bulky := uint64(g.ANY) + uint64(g.Bulky)
	factor := float64(g.ResponseBytes) / float64(max(g.QueryBytes, 1))
	victim, whom, filter := g.clients[0].String(), Scope{Client: g.clients[0].String()}, addressFilter(g.clients[0])
	if !g.key.IsSingleIP() {
		victim, whom, filter = g.key.String(), Scope{Subnet: g.key.String()}, subnetFilter(g.key)
	}
	back := c.total(where{subnet: g.key, kind: anyKind}, evidence.ICMPPort+evidence.Returned)
	f := Finding{
		Severity: Warning,
		Title:    fmt.Sprintf("%s is flooded by way of this server: %.1f kB/s of answers that it did not ask for", victim, float64(g.ResponseBytes)/max(float64(g.Last-g.First)/1e9, 1)/1000),
		Cause: fmt.Sprintf("Somebody sends queries with %s as their source, for names with large answers: each byte asked for makes %.0f bytes for the victim. "+
			"The server answers the whole world, or its network lets forged sources out.", victim, factor),
		Confidence: sure(0.96, min(bulky, g.Seen)/4+back.Seen) * contrast(bulky, g.Count, uint64(others.ANY)+uint64(others.Bulky), others.Count),
		Scope:      whom,
		Packets:    packetsOf(&g.Tally, &back),
		Wireshark:  both("dns", filter),
		Next: []string{
			"allow-recursion { localnets; };   # named.conf; unbound.conf: access-control; and rate-limit { responses-per-second 5; }; for an authoritative server",
			command("nft add rule inet filter input ip saddr %s udp dport 53 drop", victim) + "   # the victim, for the moment",
			command("dig @%s %s ANY +norecurse", g.server(), nameOf(&g.Tally, ".")) + "   # how large is the answer?",
		},
		Against: []string{"a monitoring host that asks for large records all day: is the address one of your own?"},
	}
	f.say(fmt.Sprintf("%s from it, %s of them for ANY, TXT or NULL, of %s", plural(g.Count, "query"), share(bulky, g.Count), aboutNames(uint64(g.Names.Estimate()))),
		fmt.Sprintf("%s bytes asked, %s bytes answered", number(g.QueryBytes), number(g.ResponseBytes)))
	if back.Count > 0 {
		f.say(plural(back.Count, "answer") + " to it came back as ICMP port unreachable: it had asked nothing")
	}
	if len(g.clients) > 1 {
		f.say(plural(uint64(len(g.clients)), "address") + " of the network in turn, which keeps limits by address from counting")
	}
	f.seen(&g.Tally)
	c.claim(where{subnet: g.key, kind: anyKind}, evidence.ICMPPort+evidence.Returned, evidence.RCODE(0), anomalyOf('X', 15), anomalyOf('Q', 4), anomalyOf('Q', 13))
	return f
}

// searchSuffix looks for names that are denied with a suffix and found without: a search list.
func searchSuffix(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byZone, evidence.Suffixed) {
		denied := c.total(where{side: front, zone: g.key}, evidence.RCODE(nxDomain)) // none, where the suffix is below its registrable domain
		good := c.count(where{zone: g.key, side: front}, evidence.ZoneFine)
		if g.Seen < 3 || g.key == "" || good > max(denied.Count, g.Count) || good > 0 && c.fine(where{zone: g.key}).Answers > 0 && good*4 > denied.Count {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("a search list appends %s to names, and each is denied first", bare(g.key)),
			Cause:      "The clients' resolver configuration has a search suffix under which these names do not exist: mistyped, outdated, or with ndots set high. Each lookup costs one or more in vain, and internal names leak.",
			Confidence: sure(0.97, g.Seen),
			Scope:      Scope{Suffix: g.key},
			Packets:    packetsOf(&g.Tally, &denied),
			Wireshark:  both(nameFilter(g.key), "dns.flags.rcode == 3"),
			Next: []string{
				"cat /etc/resolv.conf; resolvectl domain   # on " + some(addresses(g.clients), 2),
				"dhcp-option 119 / option domain-search   # in the DHCP server of these clients; ndots in Kubernetes pods' dnsConfig",
			},
			Against: []string{"names that are asked for with the suffix alone, and never without, are somebody's typing"},
		}
		f.say(fmt.Sprintf("%s of %s without it, within 5 s after the same client was denied the name below %s", plural(g.Count, "good answer"), aboutNames(uint64(g.Names.Estimate())), bare(g.key)),
			"asked by "+plural(uint64(len(g.clients)), "client"), c.began(&g.Tally))
		if denied.Count > 0 {
			f.say(fmt.Sprintf("%s below it, for %s", plural(denied.Count, "NXDOMAIN answer"), aboutNames(uint64(denied.Names.Estimate()))))
		}
		f.seen(&g.Tally)
		f.Affected, f.Clients = max(denied.Count, g.Count), len(g.clients)
		if all := c.count(where{side: front}, outcomes()...); f.Affected*100 < all {
			f.Severity = Info
			f.say(fmt.Sprintf("that is %s of all %s: as much as a search list costs that somebody wants", share(f.Affected, all), plural(all, "query")))
		}
		c.claim(where{zone: g.key, kind: anyKind}, evidence.RCODE(nxDomain), evidence.Suffixed)
		all = append(all, f)
	}
	return all
}

// randomSubdomains looks for zones of which ever new names are asked for that do not exist, or for which nothing comes back any more.
func randomSubdomains(c *caseFile) (all []Finding) {
	failed := []evidence.Symptom{evidence.RCODE(nxDomain), evidence.RCODE(servFail), evidence.Unanswered}
	for _, g := range groupBy(c, where{side: c.floodSide()}, byZone, failed...) {
		names := uint64(g.Names.Estimate())
		if g.key == "" || names < 40 || names < 1000 && names*3 < g.Seen*2 || within(g.key, "arpa.") || ofAddresses(g) {
			continue
		}
		w := where{side: c.floodSide(), also: func(r *row) bool { return r.Zone == g.key }}
		fine, denied := c.total(w, evidence.ZoneFine), c.countLeft(w, evidence.RCODE(nxDomain))
		rest := c.total(where{side: c.floodSide(), also: func(r *row) bool { return r.Zone != g.key && r.Zone != "" }}, failed...)
		rate := perSecond(&g.Tally)
		if g.Count < rest.Count || g.Count*4 < fine.Count || rate < 2 {
			continue
		}
		if denied*2 < g.Count && (names < 200 || rate < 20 || fine.Count*20 > g.Count) {
			continue // a zone that fails, with whatever is asked for in it
		}
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("a flood of random names below %s: %.0f a second, none of which exists", bare(g.key), rate),
			Cause: "Infected or abused hosts ask for ever new labels, so that no cache helps: the load is meant for the zone's servers, and the resolver between " +
				"is hurt, too (water torture).",
			Confidence: sure(0.96, names/8),
			Scope:      Scope{Zone: g.key},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both(nameFilter(g.key), "dns.flags.rcode == 3"),
			Next: []string{
				command("dnssniff print %s --where %s", c.file(), "zone == \""+bare(g.key)+"\"") + "   # its clients",
				command("unbound-control ratelimit_list; unbound-control local_zone %s refuse", g.key) + "   # at a resolver, until it is over; named: response-policy or fetches-per-zone",
				"synth-from-dnssec yes;   # aggressive-nsec: yes: a signed zone's NSEC records answer for the cache (RFC 8198)",
			},
			Against: []string{"lists of domains or addresses that are looked up in a block list, or a CDN's random names, exist or are asked again"},
		}
		if denied*2 < g.Count {
			f.Title = fmt.Sprintf("a flood of random names below %s: %.0f a second, and its servers no longer answer", bare(g.key), rate)
			f.Wireshark = nameFilter(g.key)
			f.Confidence *= 0.95
		}
		f.say(fmt.Sprintf("%s below %s, for %s different names", plural(denied, "NXDOMAIN answer"), bare(g.key), about(names)))
		if rest := g.Count - min(denied, g.Count); rest > 0 {
			f.say(plural(rest, "query") + " below it got SERVFAIL or no answer")
		}
		f.say(fmt.Sprintf("names that exist there: %s; failures elsewhere: %s", plural(fine.Count, "answer"), plural(rest.Count, "answer")),
			fmt.Sprintf("asked by %s, such as %s", plural(uint64(len(g.clients)), "client"), some(addresses(c.busiest(g)), 5)), c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{zone: g.key, kind: anyKind}, append(failed, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))...)
		all = append(all, f)
	}
	return all
}

// ofAddresses says that most names that are known of a group are addresses, as block lists of senders are asked for them (RFC 5782 section 2): each mail has
// another, and next to none is listed.
func ofAddresses(g *group[string]) bool {
	n, all := 0, 0
	for _, r := range g.rows {
		for _, s := range r.Samples {
			if s.Name != "" {
				all++
			}
			if hasAddress(s.Name) {
				n++
			}
		}
	}
	return n*2 > all
}

// hasAddress says that a name begins with an address, backwards: four numbers, or the 32 digits of IPv6.
func hasAddress(name string) bool {
	labels := strings.Split(name, ".")
	digits := 0
	for digits < len(labels) && len(labels[digits]) == 1 && strings.Contains("0123456789abcdef", labels[digits]) {
		digits++
	}
	if digits >= 32 {
		return true
	}
	for i := range 4 {
		if i >= len(labels) {
			return false
		}
		if _, err := strconv.ParseUint(labels[i], 10, 8); err != nil {
			return false
		}
	}
	return true
}

// floodSide is the side of clients, if there are any, else that of resolvers.
func (c *caseFile) floodSide() side {
	if c.seenFrom == Authoritative || c.seenFrom == Upstream {
		return anySide
	}
	return front
}

// busiest returns the clients of a group by their numbers, the largest first.
func (c *caseFile) busiest(g *group[string]) []addr {
	n := make(map[addr]uint64)
	for _, r := range g.rows {
		n[r.Client] += r.Count
	}
	list := slices.Clone(g.clients)
	slices.SortStableFunc(list, func(a, b addr) int { return cmp.Compare(n[b], n[a]) })
	return list
}
