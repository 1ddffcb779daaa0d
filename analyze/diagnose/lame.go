package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// lameDelegation looks for servers that were asked for a zone, since somebody delegates it to them, and do not serve it.
func lameDelegation(c *caseFile) (all []Finding) {
	lame := anomalyOf('S', 7)
	for _, g := range groupBy(c, where{side: back, also: wellFormed}, byServerZone, evidence.RCODE(refused), lame, evidence.RCODE(notAuth)) {
		server, zone := g.key.server, g.key.zone
		if g.Seen < 2 || zone == "" || c.resolver(server) {
			continue
		}
		served := c.zoneFine(server, zone)
		if served.Count > 0 && served.Last > g.First+int64(patience) && served.Count > g.Count/4 {
			continue // it does serve it, to some or at times
		}
		elsewhere := c.fine(where{server: server, also: func(r *row) bool { return r.Zone != zone }})
		peers := c.peersOf(server, zone)
		f := Finding{
			Title:      fmt.Sprintf("%s does not serve %s, which is delegated to it", server, bare(zone)),
			Cause:      "The delegation names a server that has no such zone: the zone was removed or never configured there, has expired on the secondary, or the NS records at the parent are old.",
			Confidence: sure(0.96, g.Seen),
			Scope:      Scope{Server: server.String(), Zone: zone},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both(nameFilter(zone), addressFilter(server)),
			Next: []string{
				command("dig @%s %s SOA +norecurse", server, zone) + "   # REFUSED, or no aa flag: it does not have the zone",
				command("dig %s NS +trace +nodnssec", zone) + "   # who is named by the parent, and by the zone itself",
				command("rndc zonestatus %s", zone) + "   # on the server; nsd-control zonestatus, knotc zone-status elsewhere",
			},
			Against: []string{"an access list that keeps this resolver out looks the same: then all zones of the server are refused"},
		}
		f.say(fmt.Sprintf("%s for %s answered with %s", plural(g.Count, "query"), bare(zone), c.lameWords(g)))
		switch {
		case served.Count > 0:
			f.say(fmt.Sprintf("until then it had answered %s for that zone", plural(served.Count, "query")), c.began(&g.Tally))
		case elsewhere.Count == 0:
			f.Confidence *= 0.93
		}
		if elsewhere.Count > 0 {
			f.say("for other zones it gave " + plural(elsewhere.Count, "good answer"))
		}
		if peers > 0 {
			f.say(plural(uint64(peers), "other server") + " answered for the zone")
		}
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == server && m.ZoneName == zone })
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(where{server: server, zone: zone, kind: anyKind}, evidence.RCODE(refused), evidence.RCODE(notAuth), lame, evidence.LookupFailed, evidence.LookupRetried,
			evidence.Rescued(otherServer), anomalyOf('P', 4), anomalyOf('S', 10), evidence.AskedAgain, evidence.EDE(ednsNotAuth), evidence.EDE(ednsProhibited))
		all = append(all, f)
	}
	return all
}

func (c *caseFile) lameWords(g *group[serverZone]) string {
	w := where{server: g.key.server, zone: g.key.zone}
	if c.count(w, evidence.RCODE(refused)) > 0 {
		return "REFUSED"
	}
	if c.count(w, evidence.RCODE(notAuth)) > 0 {
		return "NOTAUTH"
	}
	return "a referral away from it"
}

// zoneFine adds up the good answers of a server for a zone.
func (c *caseFile) zoneFine(server addr, zone string) evidence.Tally {
	return c.total(where{server: server, also: func(r *row) bool { return r.Zone == zone }}, evidence.ZoneFine, evidence.RCODE(nxDomain))
}

// unseen is how many good answers of a server for one zone can be missing in the rows: of many answers one in 128 is looked at, so that three times as many can
// go by unseen, and the rows of zones that are asked for little are put together.
func (c *caseFile) unseen(server addr) uint64 {
	n, fine := uint64(0), c.fine(where{server: server})
	if each := fine.Count / max(fine.Seen, 1); each >= 2 {
		n = 3 * each
	}
	const zones = 200 // that are in such a row at least
	return max(n, c.count(where{server: server, also: func(r *row) bool { return r.Zone == "" }}, evidence.ZoneFine)/zones)
}

// peersOf counts the other servers that answered with authority for a zone.
func (c *caseFile) peersOf(server addr, zone string) int {
	var list []addr
	for _, s := range []evidence.Symptom{evidence.ZoneFine, evidence.RCODE(nxDomain)} {
		for _, r := range c.rows[s] {
			if r.Zone == zone && r.Server != server && uint64(r.AA)*2 > r.Count {
				list = addTo(list, r.Server)
			}
		}
	}
	return len(list)
}
