package diagnose

import (
	"fmt"
	"net/netip"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// corruptedPath looks for networks whose queries arrive damaged: each in another way, or with wrong checksums, while most arrive whole.
func corruptedPath(c *caseFile) (all []Finding) {
	checksum, faults := anomalyOf('X', 12), c.malformed()
	bySubnet := func(r *row) netip.Prefix { return subnetOf(r.Client) }
	for _, g := range groupBy(c, where{kind: anyKind, also: func(r *row) bool { return r.Client != addr{} }}, bySubnet, append(faults, checksum)...) {
		if g.Seen < 3 {
			continue
		}
		w := where{subnet: g.key, kind: anyKind}
		own, bad := c.fine(where{subnet: g.key}), c.total(w, checksum)
		ways := 0
		for _, s := range faults {
			if c.count(w, s) > 0 {
				ways++
			}
		}
		refused := c.total(where{subnet: g.key, kind: anyKind, also: func(r *row) bool { return r.Malformed > 0 }}, evidence.RCODE(formErr))
		rest := where{kind: anyKind, also: func(r *row) bool { return !g.key.Contains(r.Client.Netip()) }}
		others, othersBad := c.fine(rest), c.count(rest, append(faults, checksum)...)
		k := contrast(g.Count, g.Count+own.Count, othersBad, othersBad+others.Count)
		damaged := bad.Seen >= 3 || len(g.clients) > 1 && ways >= 3 && refused.Seen >= 3
		if !damaged || own.Count < g.Count || k < 0.6 {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("queries from %s arrive damaged", g.key),
			Cause:      "Bytes change on the way from this network: a bad interface, cable or memory, or a device that rewrites packets wrongly. The clients and the server are innocent.",
			Confidence: sure(0.94, bad.Seen+refused.Seen) * k,
			Scope:      Scope{Subnet: g.key.String()},
			Packets:    packetsOf(&g.Tally, &refused),
			Wireshark:  both("dns", subnetFilter(g.key)),
			Next: []string{
				"ethtool -S eth0 | grep -Ei 'err|crc|csum'   # on this host, and on switches and routers towards " + g.key.String(),
				command("mtr -n -r -c 100 -s 1400 %s", g.clients[0]) + "   # loss with large packets?",
				command("tshark -r %s -o udp.check_checksum:TRUE -Y %s", c.file(), "udp.checksum.status == 0 && "+subnetFilter(g.key)) + "   # the damaged ones",
				"tcpdump -ni eth0 -w near.pcap port 53   # at the client: are the same queries whole there?",
			},
			Against: []string{"checksums that the sender's own network card fills in are wrong in a capture on the sender, and only there", "one client alone with the same fault each time has a bug of its own"},
		}
		if len(g.clients) == 1 {
			f.Scope.Client = g.clients[0].String()
			f.Title = fmt.Sprintf("queries from %s arrive damaged", g.clients[0])
		}
		if ways >= 3 {
			f.Title += ", each in another way"
		}
		if bad.Count > 0 {
			f.say(plural(bad.Count, "packet") + " with a wrong checksum: what was sent is not what arrived")
		}
		if refused.Count > 0 {
			f.say(fmt.Sprintf("%s got FORMERR, for %d different faults of %s", plural(refused.Count, "query"), ways, plural(uint64(len(g.clients)), "client")))
		}
		f.say(plural(own.Count, "query")+" from there arrived whole and were answered", fmt.Sprintf("elsewhere %s of %s have such a fault", number(othersBad), plural(othersBad+others.Count, "transaction")))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(w, append(faults, checksum, evidence.RCODE(formErr), evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))...)
		c.claim(where{subnet: g.key, kind: anyKind, also: func(r *row) bool { return bad.Count > 0 || r.Malformed > 0 }}, evidence.Unanswered)
		all = append(all, f)
	}
	return all
}

// formerrMiddlebox looks for FORMERR that does not look like its server's other answers.
func formerrMiddlebox(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{also: wellFormed}, byServer, evidence.RCODE(formErr)) {
		if g.Seen < 3 || g.key == (addr{}) {
			continue
		}
		fine := c.fine(where{server: g.key})
		if fine.Seen < 3 {
			continue
		}
		k, signs := otherHand(&g.Tally, &fine)
		if k == 0 || k < 0.9 && culprits(&g.Tally, &fine) != 0 {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("FORMERR in the name of %s does not come from it, as it seems", g.key),
			Cause:      "A firewall, load balancer or DNS proxy before the server answers some queries in its place, and does not understand them. The server would.",
			Confidence: sure(k, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally, &fine),
			Wireshark:  both("dns.flags.response == 1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse; dig @%s %s SOA +norecurse +noedns; dig @%s %s SOA +norecurse +tcp", g.key, g.zone(), g.key, g.zone(), g.key, g.zone()),
				command("traceroute -U -p 53 %s", g.key) + "   # and compare the TTLs of both sorts of answers",
				"tcpdump -ni eth0 -w there.pcap port 53   # at the server: the queries do not arrive, or it does not answer FORMERR",
			},
			Against: []string{"several servers behind one address (anycast, a load balancer) differ in the same way among themselves"},
		}
		f.say(fmt.Sprintf("%s of well-formed queries with FORMERR, besides %s", plural(g.Count, "response"), plural(fine.Count, "good answer")))
		f.say(signs...)
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, also: wellFormed}, evidence.RCODE(formErr))
		c.claim(where{server: g.key, kind: anyKind}, anomalyOf('O', 29), anomalyOf('O', 30), anomalyOf('O', 38), anomalyOf('X', 17), evidence.Rescued(withoutEDNS))
		all = append(all, f)
	}
	return all
}

// otherHand compares error responses with the good ones of the same server: how sure it is that another wrote them, and why.
func otherHand(bad, good *evidence.Tally) (k float64, signs []string) {
	if bad.MinHop <= bad.MaxHop && good.MinHop <= good.MaxHop && (bad.MaxHop < good.MinHop || bad.MinHop > good.MaxHop) {
		k = 0.93
		signs = append(signs, fmt.Sprintf("hop limit %s in these, %s in its good answers: they have come another way", hops(bad), hops(good)))
	}
	if uint64(bad.Echoes)*2 > bad.Count {
		k = max(k, 0.7)
		signs = append(signs, fmt.Sprintf("%s of them are the query with its options sent back as it was, which no current server does", share(uint64(bad.Echoes), bad.Count)))
	}
	if k > 0 && uint64(bad.EDNS) == bad.Count && bad.OPT == 0 && good.EDNS > 2 && good.OPT == good.EDNS {
		signs = append(signs, fmt.Sprintf("none has an OPT record, all %d good answers to queries with EDNS have one", good.OPT))
	}
	return k, signs
}

func hops(t *evidence.Tally) string {
	if t.MinHop == t.MaxHop {
		return fmt.Sprint(t.MinHop)
	}
	return fmt.Sprintf("%d to %d", t.MinHop, t.MaxHop)
}

// culprits are the options that all bad ones had, and none of the good.
func culprits(bad, good *evidence.Tally) uint32 {
	return bad.AllOptions & bad.AnyOptions &^ good.AnyOptions
}
