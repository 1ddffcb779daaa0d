package diagnose

import (
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// clientZone is a key.
type clientZone struct {
	client, server addr
	zone           string
}

// byUpdated is by the zone that an UPDATE names, which its question holds.
func byUpdated(r *row) clientZone {
	zone := r.Zone
	if name := r.Samples[0].Name; name != "" {
		zone = name
	}
	return clientZone{r.Client, r.Server, zone}
}

// primaryOf is the name that a zone's SOA records give as its primary (MNAME), "" where none was seen.
func (c *caseFile) primaryOf(zone string) string {
	for i := range c.Facts.Serials {
		if s := &c.Facts.Serials[i]; s.Zone == zone && s.Primary != "" {
			return s.Primary
		}
	}
	return ""
}

// updateWrongServer looks for updates of zones that go to a server which does not keep them, or takes no updates at all.
func updateWrongServer(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: updates, also: func(r *row) bool { return uint64(r.Malformed)*2 <= r.Count }}, byUpdated, evidence.RCODE(notAuth), evidence.RCODE(notImp)) {
		k := g.key
		taken := c.count(where{kind: updates, also: func(r *row) bool { return r.Server == k.server && r.Client != k.client }}, evidence.RCODE(0))
		elsewhere := c.count(where{kind: updates, also: func(r *row) bool { return r.Server != k.server && r.Samples[0].Name == k.zone }}, evidence.RCODE(0))
		if g.Seen < 2 {
			continue
		}
		none := c.count(where{client: k.client, server: k.server, kind: updates}, evidence.RCODE(notImp))
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s sends updates of %s to %s, which is not the zone's server", k.client, bare(k.zone), k.server),
			Cause: "An UPDATE belongs at the zone's primary server, whose name is in the SOA record (MNAME). This server does not have the zone, or is a secondary that " +
				"does not forward: the client was given the wrong server, or the MNAME is wrong.",
			Confidence: sure(0.96, g.Seen),
			Scope:      Scope{Client: k.client.String(), Server: k.server.String(), Zone: k.zone},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.opcode == 5", addressFilter(k.client), addressFilter(k.server)),
			Next: []string{
				command("dig %s SOA +short", k.zone) + "   # the first word is the primary",
				command("dig @%s %s SOA +norecurse", k.server, k.zone) + "   # does this server have the zone at all?",
			},
			Against: []string{"a primary that does not have the zone for an error in its file answers NOTAUTH too: ask it for the SOA"},
		}
		if none*2 > g.Count {
			f.Title = fmt.Sprintf("%s sends updates of %s to %s, which takes none", k.client, bare(k.zone), k.server)
			f.Cause = "The server answers NOTIMP: it is a resolver, or was built or configured without dynamic update. An UPDATE belongs at the zone's primary server (MNAME of the SOA record)."
		}
		f.say(fmt.Sprintf("%s: %d NOTAUTH, %d NOTIMP", plural(g.Count, "update"), g.Count-min(none, g.Count), none))
		if primary := c.primaryOf(k.zone); primary != "" {
			f.say(fmt.Sprintf("the SOA of %s seen here names %s as its primary", bare(k.zone), bare(primary)))
			f.Next = slices.Insert(f.Next, 1, command(`printf 'server %%s\nzone %%s\nshow\n' %s %s | nsupdate`, bare(primary), bare(k.zone))+"   # the server to send updates to")
		}
		f.say(fmt.Sprintf("other servers took %s of the zone, this one %s of other clients", plural(elsewhere, "update"), number(taken)))
		f.seen(&g.Tally)
		f.Clients = 1
		for _, r := range g.rows {
			r.claimed = true
		}
		c.claim(where{client: k.client, server: k.server, kind: updates}, anomalyOf('U', 4), anomalyOf('U', 12))
		all = append(all, f)
	}
	return all
}

// updateWrongZone looks for updates of names that are not in the zone that the update names.
func updateWrongZone(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: updates}, byUpdated, evidence.RCODE(notZone)) {
		k := g.key
		fine := c.count(where{client: k.client, server: k.server, kind: updates}, evidence.RCODE(0))
		others := c.count(where{server: k.server, kind: updates, also: func(r *row) bool { return r.Client != k.client }}, evidence.RCODE(0))
		if g.Seen < 2 {
			continue
		}
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s updates names in %s that are not in that zone", k.client, bare(k.zone)),
			Cause: "The names to be changed lie outside the zone that the UPDATE says it is for: a wrong domain or suffix in the client's or the DHCP server's " +
				"configuration, or a zone cut between the two.",
			Confidence: sure(0.97, g.Seen),
			Scope:      Scope{Client: k.client.String(), Server: k.server.String(), Zone: k.zone},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.opcode == 5", "dns.flags.rcode == 10", addressFilter(k.client)),
			Next: []string{
				command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # the zone section, and the names below it",
				command("dig %s SOA", k.zone) + "   # for the name that is to be changed, too: which zone is it in?",
			},
			Against: []string{"a subzone that was delegated lately takes its names out of the parent: the client may have been right yesterday"},
		}
		f.say(plural(g.Count, "update")+" answered NOTZONE (10)",
			fmt.Sprintf("%d of its updates at this server went well, and %d of other clients'", fine, others))
		f.seen(&g.Tally)
		f.Clients = 1
		for _, r := range g.rows {
			r.claimed = true
		}
		c.claim(where{client: k.client, server: k.server, kind: updates}, anomalyOf('U', 9), anomalyOf('U', 7))
		all = append(all, f)
	}
	return all
}

// updatePrerequisite looks for updates whose conditions did not hold: their codes look like errors about names.
func updatePrerequisite(c *caseFile) (all []Finding) {
	codes := []evidence.Symptom{evidence.RCODE(nxDomain), evidence.RCODE(yxDomain), evidence.RCODE(yxDomain + 1), evidence.RCODE(nxRRSet)}
	for _, g := range groupBy(c, where{kind: updates}, byServer, codes...) {
		if g.Seen < 2 {
			continue
		}
		fine := c.count(where{server: g.key, kind: updates}, evidence.RCODE(0))
		f := Finding{
			Severity: Info,
			Title:    fmt.Sprintf("%s at %s did not meet their own conditions: no error of names", plural(g.Count, "update"), g.key),
			Cause: "An UPDATE can ask that a name or a record exists, or does not, before anything is changed. NXDOMAIN, YXDOMAIN, YXRRSET and NXRRSET say that it is " +
				"otherwise. DHCP servers learn in this way who has a name: the next update differs.",
			Confidence: sure(0.97, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.opcode == 5", "dns.flags.rcode in {3, 6, 7, 8}", addressFilter(g.key)),
			Next:       []string{command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # what was the condition?"},
			Against:    []string{"a client whose updates never succeed has wrong conditions, or two clients claim one name"},
		}
		for _, s := range codes {
			if n := c.count(where{server: g.key, kind: updates}, s); n > 0 {
				code, _ := s.IsRCODE()
				f.say(fmt.Sprintf("%s with %s, for %s", plural(n, "update"), mnemonic.RCODE(code), some(bares(g.zones), 3)))
			}
		}
		f.say(plural(fine, "update") + " at the same server went well")
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: updates}, append(codes, anomalyOf('U', 8))...)
		all = append(all, f)
	}
	return all
}
