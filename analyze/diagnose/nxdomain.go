package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

func nxdomainRules() []rule {
	return []rule{
		{"generated-names", abuse, generatedNames, []string{"RFC 2308 section 2.1", "RFC 9499 section 3"}},
		{"zone-vanished", general, zoneVanished, []string{"RFC 2308 section 2.1", "RFC 8020 section 2"}},
		{"nxdomain-by-type", general, nxdomainByType, []string{"RFC 8020 section 2", "RFC 2308 section 2.2"}},
		{"typo-names", remarks, typoNames, []string{"RFC 2308 section 2.1"}},
	}
}

// generatedNames looks for clients that ask for many domains which do not exist and which a program has made up.
func generatedNames(c *caseFile) (all []Finding) {
	side := c.floodSide()
	for _, g := range groupBy(c, where{side: side, also: func(r *row) bool { return r.Client != addr{} }}, byClient, evidence.NoDomain) {
		domains := g.Names.Estimate()
		if domains < 12 || uint64(g.Random)*2 < g.Count || uint64(domains)*3 < g.Count {
			continue
		}
		rest := where{side: side, also: func(r *row) bool { return r.Client != g.key }}
		peers, peersFine := c.total(rest, evidence.NoDomain), c.fine(rest)
		own := c.fine(where{client: g.key})
		k := contrast(uint64(g.Random), g.Count+own.Count, uint64(peers.Random), peers.Count+peersFine.Count)
		if k < 0.5 {
			continue
		}
		examples := c.deniedDomains(g.key)
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s asks for %s domains that do not exist and look made up by a program", g.key, about(uint64(domains))),
			Cause: "Malware finds its master by trying domains that it computes from the date (a domain generation algorithm), most of which nobody has registered. " +
				"Treat the host as infected until it is known what asks.",
			Confidence: sure(0.95, g.Seen*uint64(g.Random)/g.Count/4) * k,
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 3", addressFilter(g.key)),
			Next: []string{
				command("dnssniff print %s --where %s", c.file(), fmt.Sprintf(`client == "%s" && rcode == "NXDOMAIN"`, g.key)) + "   # all of them",
				command("dnssniff print %s --where %s", c.file(), fmt.Sprintf(`client == "%s" && rcode == "NOERROR"`, g.key)) + "   # is one of the sort registered? That is the master",
				"ss -tunap; lsof -i UDP:53   # on the host: which process asks",
			},
			Against: []string{"a crawler, mail server or log analyser looks up what others wrote to it: is the host one?", "browsers try three random names without a dot when the network changes: those are not counted here"},
		}
		f.say(fmt.Sprintf("%s for %s domains whose parent says that they do not exist, each asked %.1f times", plural(g.Count, "NXDOMAIN answer"), about(uint64(domains)), float64(g.Count)/float64(max(domains, 1))),
			fmt.Sprintf("%s of them read like no words", share(uint64(g.Random), g.Count)))
		if len(examples) > 0 {
			f.say("such as " + some(bares(examples), 4))
		}
		f.say(fmt.Sprintf("%s were answered well; the other clients have %s of such answers among %s", plural(own.Count, "other query"), number(uint64(peers.Random)), number(peers.Count+peersFine.Count)), c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key, kind: anyKind}, evidence.NoDomain)
		c.claim(where{also: func(r *row) bool { return slices.Contains(examples, r.Zone) }}, evidence.RCODE(nxDomain))
		c.claim(where{side: back}, evidence.NoDomain) // what its resolver asked for it
		all = append(all, f)
	}
	return all
}

// deniedDomains are the domains that a client was told do not exist, and that look made up.
func (c *caseFile) deniedDomains(client addr) (list []string) {
	for _, r := range c.rows[evidence.RCODE(nxDomain)] {
		if r.Client == client && r.Zone != "" && r.Random > 0 && r.NoDomain > 0 {
			list = append(list, r.Zone)
		}
	}
	return list
}

// nxdomainByType looks for servers that deny a name for one type and have it for another.
func nxdomainByType(c *caseFile) (all []Finding) {
	byName := where{kind: anyKind}
	for _, resolvers := range []bool{false, true} { // what a zone's servers say explains what a resolver passes on
		byName.also = func(r *row) bool { return c.resolver(r.Server) == resolvers }
		filters := make(map[addr]bool)
		if resolvers {
			for _, g := range groupBy(c, byName, byServer, flip()) {
				filters[g.key] = len(g.zones) >= 3 && g.Seen >= 6
			}
		}
		for _, g := range groupBy(c, byName, func(r *row) serverZone {
			if filters[r.Server] {
				return serverZone{server: r.Server}
			}
			return byServerZone(r)
		}, flip()) {
			if zone := g.key.zone; zone == "" && !filters[g.key.server] || g.Names.Estimate() < 2 || g.Seen < 2 || zone != "" && c.vanished(zone) {
				continue
			}
			all = append(all, c.deniedByType(g))
			if !resolvers {
				c.claim(where{zone: g.key.zone, side: front, kind: anyKind}, flip())
			}
		}
	}
	return all
}

// flip is a name denied for one type and there for another, from one server.
func flip() evidence.Symptom { return anomalyOf('S', 3) }

// deniedByType is the finding about a server and a zone, or all zones.
func (c *caseFile) deniedByType(g *group[serverZone]) Finding {
	server, zone := g.key.server, g.key.zone
	what, names, fine := bare(zone), g.Names.Estimate(), c.zoneFine(server, zone)
	if zone == "" {
		what, fine = some(bares(g.zones), 3), c.fine(where{server: server})
	}
	f := Finding{
		Severity:   Warning,
		Title:      fmt.Sprintf("%s denies names of %s for one type and has them for another", server, what),
		Cause:      "NXDOMAIN means that a name has no records of any type. A load balancer or script that answers so for AAAA or HTTPS makes resolvers deny the name altogether, for as long as they remember it.",
		Confidence: sure(0.9, g.Seen),
		Scope:      Scope{Server: server.String(), Zone: zone},
		Packets:    packetsOf(&g.Tally),
		Wireshark:  both(nameFilter(zone), addressFilter(server)),
		Next: []string{
			command("for t in A AAAA HTTPS MX TXT; do dig @%s %s $t +norecurse | grep status; done", server, nameOf(&g.Tally, g.zone())) + "   # one status for all, is right",
			command("dig @%s %s SOA +norecurse", server, g.zone()) + "   # who runs it: the answer ought to be NOERROR without data",
		},
		Against: []string{"a name that was made or removed in the meantime: the same type then changes, too"},
	}
	if c.resolver(server) && zone != "" {
		f.Confidence *= 0.9
		f.Against = append(f.Against, "the server is a resolver: the fault is of the zone's servers, or of a filter in it that blocks one type")
	}
	if zone == "" {
		f.Cause = "NXDOMAIN means that a name has no records of any type. The server is a resolver, and does it for zones that have nothing in common: a filter in it, or before it, blocks a type so."
	}
	f.say(fmt.Sprintf("%s, such as %s, got NXDOMAIN for one type and NOERROR for another", plural(uint64(names), "name"), bare(nameOf(&g.Tally, g.zone()))),
		fmt.Sprintf("%s and %s from this server", plural(fine.Count, "answer"), plural(c.count(where{server: server, zone: zone}, evidence.RCODE(nxDomain)), "NXDOMAIN")))
	f.seen(&g.Tally)
	f.Clients = len(g.clients)
	c.claim(where{server: server, zone: zone, kind: anyKind}, flip())
	return f
}

// At most so many denied and so many good domains are compared with each other.
const maxTypos = 512

// typoNames looks for domains that do not exist and are one letter away from one that is often asked for.
func typoNames(c *caseFile) []Finding {
	good := c.popular()
	t := evidence.NewTally()
	var pairs, wrong []string
	for i, g := range groupBy(c, where{side: c.floodSide(), also: func(r *row) bool { return r.NoDomain > 0 && r.Random == 0 }}, byZone, evidence.RCODE(nxDomain)) {
		if i >= maxTypos || internal(g.key) || within(g.key, "arpa.") {
			continue
		}
		for _, have := range good {
			if nearly(g.key, have) {
				pairs, wrong = append(pairs, fmt.Sprintf("%s (%s)", bare(g.key), bare(have))), append(wrong, g.key)
				t.Merge(&g.Tally)
				break
			}
		}
	}
	if len(pairs) == 0 || t.Count < 2 {
		return nil
	}
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("mistyped names: %s", some(pairs, 2)),
		Cause:      "These domains do not exist, and differ by one letter from some that are much asked for. Mostly people's typing; in a configuration file it comes again and again.",
		Confidence: sure(0.85, t.Seen),
		Scope:      Scope{Zone: wrong[0]},
		Packets:    packetsOf(&t),
		Wireshark:  both("dns.flags.rcode == 3", nameFilter(wrong[0])),
		Next: []string{
			command("dnssniff print %s --where %s", c.file(), fmt.Sprintf(`zone == "%s"`, bare(wrong[0]))) + "   # who asks, and how regularly",
			command("whois %s", bare(wrong[0])) + "   # free to be registered by somebody who waits for your typos?",
		},
		Against: []string{"two brands can differ by one letter"},
	}
	f.say(fmt.Sprintf("%s for %s: %s", plural(t.Count, "NXDOMAIN answer"), plural(uint64(len(pairs)), "such domain"), some(pairs, 5)))
	f.seen(&t)
	c.claim(where{also: func(r *row) bool { return slices.Contains(wrong, r.Zone) }}, evidence.RCODE(nxDomain))
	return []Finding{f}
}

// popular are the domains that were answered for three times or more, with names long enough to be mistyped.
func (c *caseFile) popular() (list []string) {
	const atLeast, letters = 3, 8
	for _, g := range groupBy(c, where{}, byZone, evidence.ZoneFine) {
		if g.Count >= atLeast && len(g.key) > letters && strings.Count(g.key, ".") > 1 && len(list) < maxTypos {
			list = append(list, g.key)
		}
	}
	return list
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// nearly says that two names differ by one letter: changed, missing, too many, or two of them swapped.
func nearly(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if digit(b[i]) || i < len(a) && digit(a[i]) {
		return false // a row of names that are numbered
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
