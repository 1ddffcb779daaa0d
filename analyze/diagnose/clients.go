package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// brokenClient looks for clients whose own queries are malformed.
func brokenClient(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byClient, evidence.RCODE(formErr)) {
		if g.key == (packet.Addr{}) || g.Seen < 3 || uint64(g.Malformed)*2 < g.Count {
			continue
		}
		others := c.total(where{kind: anyKind, also: func(r *row) bool { return r.Client != g.key }}, evidence.RCODE(formErr))
		own := c.fine(where{client: g.key})
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s sends malformed queries", g.key),
			Cause:      "The client's own DNS code writes wrong messages. The server is right to answer FORMERR: retrying, or another server, changes nothing.",
			Confidence: sure(0.97, uint64(g.Malformed)),
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("(dns.flags.rcode == 1 || _ws.malformed)", addressFilter(g.key)),
			Next: []string{
				command("dnssniff offenders %s", c.file()),
				command("dnssniff inspect %s -n %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # the byte at fault",
			},
			Against: []string{"if other clients on the same path have it, too, a middlebox changes what they send: compare a capture at the client"},
		}
		f.say(fmt.Sprintf("%s of its %s with FORMERR were malformed", number(uint64(g.Malformed)), plural(g.Count, "query")))
		if what := c.faults(g.key); what != "" {
			f.say("what is wrong: " + what)
		}
		f.say(fmt.Sprintf("%s of its queries were answered well", number(own.Count)),
			fmt.Sprintf("of all other clients together %s got FORMERR", plural(others.Count, "query")))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key, kind: anyKind}, evidence.RCODE(formErr))
		c.claim(where{client: g.key, kind: anyKind, also: func(r *row) bool { return uint64(r.Malformed)*2 > r.Count }}, evidence.Unanswered, evidence.LookupFailed)
		all = append(all, f)
	}
	return all
}

func (c *caseFile) file() string {
	if c.File == "" {
		return "FILE"
	}
	return c.File
}

func firstPacket(t *evidence.Tally) uint64 { return t.Samples[0].Packet }

// fileOf is the file of the first packet.
func (c *caseFile) fileOf(t *evidence.Tally) string {
	if i := int(t.Samples[0].File); i < len(c.Files) && c.Files[i] != "-" {
		return c.Files[i]
	}
	return c.file()
}

// bySubnetAt is a key.
type subnetAt struct {
	server addr
	subnet netip.Prefix
}

// accessList looks for subnets whose clients are all refused by a server that answers others.
func accessList(c *caseFile) (all []Finding) {
	key := func(r *row) subnetAt { return subnetAt{r.Server, subnetOf(r.Client)} }
	for _, g := range groupBy(c, where{side: front, also: func(r *row) bool { return r.Client != packet.Addr{} }}, key, evidence.RCODE(refused)) {
		server, subnet := g.key.server, g.key.subnet
		if g.Seen < 3 || uint64(g.RA)*2 > g.Count {
			continue
		}
		own := c.total(where{server: server, subnet: subnet, side: front}, evidence.RCODE(0), evidence.RCODE(nxDomain))
		if own.Count > 0 && own.Last > g.First+int64(patience) {
			continue
		}
		rest := c.total(where{server: server, also: func(r *row) bool { return !subnet.Contains(r.Client.Netip()) }}, evidence.RCODE(0), evidence.RCODE(nxDomain))
		if rest.Count == 0 || c.authoritative(server) && !c.serves(server, g.zones) {
			continue // it has none of the names, and refuses everybody
		}
		f := Finding{
			Severity:   Critical,
			Title:      fmt.Sprintf("%s refuses all clients in %s", server, subnet),
			Cause:      "The server's access list does not have (any more) the network that these clients are in. Others are answered as before.",
			Confidence: sure(0.97, g.Seen*uint64(len(g.clients))/2),
			Scope:      Scope{Subnet: subnet.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 5", subnetFilter(subnet)),
			Next: []string{
				command("dig @%s %s -b %s", server, nameOf(&g.Tally, "."), g.clients[0]) + "   # on that client, or from an address of its network",
				"named-checkconf -p | grep -A5 -E 'allow-(query|recursion)'   # unbound-control get_option access-control, rec_control get-parameter elsewhere",
			},
			Against: []string{"a rate limit or a policy for names refuses some clients or some names, not all"},
		}
		if len(g.clients) == 1 {
			f.Title, f.Scope.Client = fmt.Sprintf("%s refuses %s", server, g.clients[0]), g.clients[0].String()
			f.Scope.Subnet, f.Severity = "", Warning
		}
		if own.Count == 0 && publicAddress(g.clients[0]) && !asksForSeveral(g.rows) && !c.neighbours(server, g.clients[0]) {
			f.Severity = Info
			f.Cause = "They ask for one name or zone each, and nobody near them is answered: these are strangers who look for open resolvers, as they do all day wherever the Internet reaches, " +
				"and are refused as they should be. If the network is yours, the server's access list does not have it."
		}
		f.say(fmt.Sprintf("%s of %s in the network were refused, for %s", plural(g.Count, "query"), plural(uint64(len(g.clients)), "client"), plural(uint64(len(g.zones)), "zone")))
		if own.Count > 0 {
			f.say(fmt.Sprintf("%s of theirs were answered before; none since", plural(own.Count, "query")), c.began(&g.Tally))
		}
		f.say(fmt.Sprintf("clients elsewhere got %s from the same server", plural(rest.Count, "good answer")))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: server, subnet: subnet, kind: anyKind}, evidence.RCODE(refused), evidence.Duplicate, evidence.LookupFailed, evidence.LookupRetried, evidence.EDE(ednsProhibited),
			evidence.AskedAgain, anomalyOf('P', 4), anomalyOf('P', 5), anomalyOf('S', 10), anomalyOf('S', 9))
		all = append(all, f)
	}
	return all
}

// serves says that a server gave good answers for one of some zones.
func (c *caseFile) serves(server addr, zones []string) bool {
	return slices.ContainsFunc(zones, func(zone string) bool { return c.zoneFine(server, zone).Count > 0 })
}

// neighbours says that a server answers others of a client's site.
func (c *caseFile) neighbours(server, client addr) bool {
	for r := range c.of(where{server: server}, evidence.RCODE(0), evidence.RCODE(nxDomain)) {
		if r.Client != client && sameSite(r.Client, client) {
			return true
		}
	}
	return false
}

// faults lists the malformed entries of the catalogue that a client's queries have.
func (c *caseFile) faults(client addr) string {
	var list []string
	for s, rows := range c.rows {
		id, ok := s.IsAnomaly()
		if !ok || id.Severity() != anomaly.Malformed {
			continue
		}
		n := uint64(0)
		for _, r := range rows {
			if r.Client == client {
				n += r.Count
			}
		}
		if n > 0 {
			list = append(list, fmt.Sprintf("%s %s", id, id.Name()))
		}
	}
	slices.Sort(list)
	return some(list, 3)
}
