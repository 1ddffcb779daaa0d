package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// refusedClient looks for a client that is refused whatever it asks while its neighbours are answered.
func refusedClient(c *caseFile) (all []Finding) {
	known := func(r *row) bool { return r.Client != addr{} && uint64(r.RA)*2 <= r.Count }
	for _, g := range groupBy(c, where{side: front, also: known}, byClientServer, evidence.RCODE(refused)) {
		client, server := g.key.client, g.key.server
		if g.Seen < 4 || len(g.zones) < 2 {
			continue
		}
		w := where{client: client, server: server}
		if own := c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain)); own.Count > 0 {
			continue
		}
		subnet := subnetOf(client)
		near := c.total(where{server: server, subnet: subnet, side: front, also: func(r *row) bool { return r.Client != client }}, evidence.RCODE(0), evidence.RCODE(nxDomain))
		if near.Seen < 4 || uint64(near.RA)*2 < near.Count {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s refuses all that %s asks, and answers its neighbours", server, client),
			Cause:      "The server's access list leaves this one client out, or blocks it: it has an address outside the allowed range, or somebody put it on a list of the blocked.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 5", addressFilter(client)),
			Next: []string{
				command("dig @%s %s -b %s", server, nameOf(&g.Tally, "."), client) + "   # on that client",
				"unbound-control get_option access-control   # at the server; named-checkconf -p | grep -A5 -E 'allow-(query|recursion)|blackhole', rec_control get-parameter allow-from",
			},
			Against: []string{"a policy for names refuses some names to all clients; a rate limit refuses some queries and answers others"},
		}
		f.say(fmt.Sprintf("%s of it refused, for %s; none answered", plural(g.Count, "query"), plural(uint64(len(g.zones)), "zone")),
			fmt.Sprintf("other clients in %s got %s from the same server", subnet, plural(near.Count, "good answer")))
		if n := c.count(where{client: client, server: server, kind: anyKind}, evidence.EDE(ednsProhibited)); n > 0 {
			f.say("the server says so itself: EDE 18 (Prohibited) in " + plural(n, "response"))
		}
		f.say(c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: anyKind}, evidence.RCODE(refused), evidence.Duplicate, evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain,
			evidence.EDE(ednsProhibited), anomalyOf('P', 4), anomalyOf('P', 5), anomalyOf('S', 9), anomalyOf('S', 10))
		all = append(all, f)
	}
	return all
}
