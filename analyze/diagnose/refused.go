package diagnose

import (
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

func refusalRules() []rule {
	return []rule{
		{"rate-limited", marked, rateLimited, []string{"RFC 2181 section 9", "RFC 5358 section 4"}},
		{"transfer-attempts", marked, transferAttempts, []string{"RFC 5936 section 5"}},
		{"transfer-denied", marked, transferDenied, []string{"RFC 5936 section 5", "RFC 1995 section 4"}},
		{"recursion-at-authoritative", marked, recursionAtAuthoritative, []string{"RFC 1034 section 4.3.1", "RFC 5358 section 4"}},
		{"acl-client", atServer, refusedClient, []string{"RFC 8914 section 4.19", "RFC 5358 section 4"}},
		{"zone-not-served", atServer, zoneNotServed, []string{"RFC 1034 section 4.2.1", "RFC 8914 section 4.21"}},
		{"update-wrong-server", marked, updateWrongServer, []string{"RFC 2136 sections 3.1.2 and 4.3", "RFC 4697 section 2.8"}},
		{"update-wrong-zone", marked, updateWrongZone, []string{"RFC 2136 sections 3.2 and 3.4.1"}},
		{"update-prerequisite", remarks, updatePrerequisite, []string{"RFC 2136 section 3.2"}},
		{"opcode-not-implemented", remarks, opcodeNotImplemented, []string{"RFC 1035 section 4.1.1", "RFC 8906 section 3.1.4"}},
		{"type-not-implemented", general, typeNotImplemented, []string{"RFC 3597 section 3", "RFC 8906 section 3.1.2"}},
		{"edns-version", marked, ednsVersion, []string{"RFC 6891 section 6.1.3", "RFC 8906 section 3.2.2"}},
	}
}

// authoritative says that a server answers with authority, and offers recursion to nobody.
func (c *caseFile) authoritative(server addr) bool {
	x := c.serving[server]
	return x != nil && x.aa > 0 && x.ra == 0
}

// recursionAtAuthoritative looks for clients that use a name server as their resolver.
func recursionAtAuthoritative(c *caseFile) (all []Finding) {
	served := c.servedZones()
	foreign := func(r *row) bool {
		return uint64(r.RD) == r.Count && r.RA == 0 && r.AA == 0 && r.Answers == 0 && c.authoritative(r.Server) && served[byServerZone(r)].authority == 0
	}
	w := where{side: front, also: foreign}
	for _, g := range groupBy(c, w, byServer, evidence.RCODE(refused), anomalyOf('S', 9)) {
		no := c.count(where{server: g.key, side: front, also: foreign}, evidence.RCODE(refused))
		away := g.Count - min(g.Count, 2*no) // S09 counts the refusals, too
		if g.Seen < 3 || no+away < 3 || len(g.zones) < 3 {
			continue
		}
		fine := c.fine(where{server: g.key})
		f := Finding{
			Severity: Critical,
			Title:    fmt.Sprintf("%s is asked to resolve names, and is an authoritative server only", g.key),
			Cause: "The clients have the address of a name server where they ought to have a resolver's. It answers for its own zones, and refuses all others " +
				"or refers the client elsewhere: it offers no recursion (RA=0).",
			Confidence: sure(0.96, min(no+away, g.Seen)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.recdesired == 1 && dns.flags.recavail == 0 && dns.flags.response == 1", addressFilter(g.key)),
			Next: []string{
				"cat /etc/resolv.conf; resolvectl dns   # on " + some(addresses(g.clients), 3),
				command("dig @%s %s", g.key, nameOf(&g.Tally, ".")) + "   # \"recursion requested but not available\"",
			},
			Against: []string{"a resolver whose access list has not these clients refuses in the same way: then it answers others for all zones, with ra"},
		}
		if len(g.clients) == 1 {
			f.Scope.Client, f.Severity = g.clients[0].String(), Warning
		}
		if !asksForSeveral(g.rows) {
			f.Severity = Info
			f.Title = fmt.Sprintf("%s is asked by strangers to resolve names, and does not", g.key)
			f.Cause = "Nobody asks it for more than one name or zone: that is nobody's resolver, but scanners that look for open ones, or somebody's forged address. It refuses them, as it should."
		}
		f.say(fmt.Sprintf("%s with RD for %d zones that it does not have: %d REFUSED, %d with a referral or nothing", plural(no+away, "query"), len(g.zones), no, away),
			fmt.Sprintf("for its own zones it gave %s, with authority; it offered recursion in none", plural(fine.Count, "good answer")),
			"asked by "+some(addresses(g.clients), 3))
		f.seen(&g.Tally)
		f.Affected, f.Clients = no+away, len(g.clients)
		c.claim(w.at(g.key), evidence.RCODE(refused), anomalyOf('S', 9), anomalyOf('S', 7))
		ours := where{server: g.key, side: front, kind: anyKind, also: func(r *row) bool { return slices.Contains(g.clients, r.Client) }}
		c.claim(ours, evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain, evidence.Duplicate, anomalyOf('P', 4), anomalyOf('P', 5), anomalyOf('S', 10),
			evidence.EDE(ednsNotAuth), evidence.EDE(ednsProhibited))
		all = append(all, f)
	}
	return all
}

// asksForSeveral says that one client of some rows asks for two zones or more, as hosts do that use a server as their resolver.
func asksForSeveral(rows []*row) bool {
	first := make(map[addr]string)
	for _, r := range rows {
		if zone, ok := first[r.Client]; ok && zone != r.Zone && r.Client != (addr{}) {
			return true
		}
		first[r.Client] = r.Zone
	}
	return false
}

// at narrows to a server.
func (w where) at(server addr) where {
	w.server = server
	return w
}

// said is what a server answered about a zone: all that was fine, and how much of it with authority.
type said struct{ fine, authority uint64 }

// servedZones sums up what each server said of each zone.
func (c *caseFile) servedZones() map[serverZone]said {
	m := make(map[serverZone]said)
	for _, s := range []evidence.Symptom{evidence.ZoneFine, evidence.RCODE(nxDomain)} {
		for _, r := range c.rows[s] {
			x := m[byServerZone(r)]
			m[byServerZone(r)] = said{x.fine + r.Count, x.authority + uint64(r.AA)}
		}
	}
	return m
}

// zoneNotServed looks for zones that a server is asked for by those who configured it so, and does not have.
func zoneNotServed(c *caseFile) (all []Finding) {
	served := c.servedZones()
	notOurs := func(r *row) bool {
		return r.Zone != "" && r.Samples[0].Type != typeTKEY && r.RA == 0 && r.AA == 0 && uint64(r.Malformed)*2 <= r.Count && (!r.back || uint64(r.RD)*2 > r.Count)
	}
	for _, g := range groupBy(c, where{also: notOurs}, byServerZone, evidence.RCODE(refused), evidence.RCODE(notAuth)) {
		server, zone := g.key.server, g.key.zone
		if role := c.serving[server]; g.Seen < 3 || g.Count <= c.unseen(server) || served[g.key].fine > 0 || role == nil || role.aa == 0 || c.resolver(server) {
			continue
		}
		fine := c.fine(where{server: server})
		others := c.peersOf(server, zone)
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s is asked for %s and does not have that zone", server, bare(zone)),
			Cause: "The server answers for other zones. Somebody has it in a configuration for this one (a forwarder, a stub zone, a monitor), or the zone was taken " +
				"from it: removed, expired, or not loaded for an error.",
			Confidence: sure(0.9, g.Seen),
			Scope:      Scope{Server: server.String(), Zone: zone},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both(nameFilter(zone), addressFilter(server), "dns.flags.rcode in {5, 9}"),
			Next: []string{
				command("dig @%s %s SOA +norecurse", server, zone) + "   # REFUSED: it does not have the zone; answered: an access list is in the way",
				command("dig %s NS +short", zone) + "   # who has it",
				command("rndc zonestatus %s", zone) + "   # on the server: was it loaded? nsd-control zonestatus, knotc zone-status elsewhere",
			},
			Against: []string{"an access list that keeps these clients out looks the same: then the server has the zone, and answers others for it"},
		}
		if g.Count < 3*uint64(len(g.clients)) || len(g.clients) == 0 {
			f.Severity = Info
			f.Cause = "The server answers for other zones. Each of those who ask for this one does so once or twice: they are scanners, as a rule. Who has it in a configuration asks again and again."
		}
		f.say(fmt.Sprintf("%s of %s for %s refused (%s)", plural(g.Count, "query"), plural(uint64(len(g.clients)), "client"), bare(zone), c.lameWords(g)),
			fmt.Sprintf("for other zones it gave %s, %d with authority; for this one none", plural(fine.Count, "good answer"), fine.AA))
		if n := c.count(where{server: server, zone: zone, kind: anyKind}, evidence.EDE(ednsNotAuth)); n > 0 {
			f.say(fmt.Sprintf("it says so itself: EDE 20 (Not Authoritative) in %s", plural(n, "response")))
		}
		if others > 0 {
			f.say(plural(uint64(others), "other server") + " answered for the zone")
		}
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: server, zone: zone, kind: anyKind}, evidence.RCODE(refused), evidence.RCODE(notAuth), evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain,
			evidence.Duplicate, evidence.EDE(ednsNotAuth), evidence.EDE(ednsProhibited), anomalyOf('P', 4), anomalyOf('P', 5), anomalyOf('S', 9), anomalyOf('S', 10))
		all = append(all, f)
	}
	return all
}

// clientServer is a key.
type clientServer struct{ client, server addr }

func byClientServer(r *row) clientServer { return clientServer{r.Client, r.Server} }

// transferDenied looks for clients that are not given the zones that they want to copy.
func transferDenied(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: transfers, also: func(r *row) bool { return r.Client != addr{} }}, byClientServer, evidence.RCODE(refused), evidence.RCODE(notAuth)) {
		client, server := g.key.client, g.key.server
		notified := c.count(where{client: server, server: client, kind: anyKind, also: func(r *row) bool { return r.Kind == evidence.Notify }}, evidence.RCODE(0), evidence.Unanswered)
		copied := c.count(where{server: server, kind: transfers, also: func(r *row) bool { return r.Client != client }}, evidence.RCODE(0))
		own := c.count(where{client: client, server: server, kind: transfers}, evidence.RCODE(0))
		if g.Seen < 2 && notified == 0 && own == 0 {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s does not let %s copy %s", server, client, some(bares(g.zones), 2)),
			Cause:      "A stranger that asks for whole zones is refused, as it should be.",
			Confidence: sure(0.96, g.Seen+notified),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.qry.type in {251, 252}", addressFilter(client)),
			Next: []string{
				command("dig @%s %s AXFR", server, g.zone()) + "   # on " + client.String() + ", with -y ALGORITHM:KEY:SECRET if transfers need a key",
				"named-checkconf -p | grep -A3 allow-transfer   # on the server; nsd.conf: provide-xfr, knot.conf: acl, pdns.conf: allow-axfr-ips",
			},
			Against: []string{"a secondary whose key or address has changed, and a stranger, look the same here: do you know the client?"},
		}
		if notified > 0 || own > 0 {
			f.Severity = Warning
			f.Cause = "The client is a secondary of the zone, and the server does not give it the zone (any more): its copy ages, and is given up when the SOA's expire time is over."
			if notified == 0 {
				f.Cause = "The client was given zones by this server, and this time it was not: another zone, another key or none, or another address. If it is a secondary, its copy ages."
			}
		}
		f.say(fmt.Sprintf("%s of it refused (%s)", plural(g.Count, "transfer"), c.denialWords(client, server)))
		if notified > 0 {
			f.say(fmt.Sprintf("the server sends it %s: it has it for a secondary", plural(notified, "NOTIFY")))
		}
		if own > 0 {
			f.say(plural(own, "transfer") + " of the same client went well")
		}
		f.say(plural(copied, "transfer") + " of other clients went well")
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: transfers}, evidence.RCODE(refused), evidence.RCODE(notAuth), anomalyOf('U', 17), evidence.EDE(ednsProhibited), anomalyOf('S', 15),
			evidence.EDE(ednsNotAuth))
		all = append(all, f)
	}
	return all
}

func (c *caseFile) denialWords(client, server addr) string {
	w := where{client: client, server: server, kind: transfers}
	return fmt.Sprintf("REFUSED %d, NOTAUTH %d", c.count(w, evidence.RCODE(refused)), c.count(w, evidence.RCODE(notAuth)))
}
