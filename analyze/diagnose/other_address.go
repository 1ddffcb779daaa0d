package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// otherAddress looks for a server whose responses come from another address than the one that was asked: no resolver takes them. One response of that sort is
// an accident or a forgery; here the server hardly ever answers from the right one.
func otherAddress(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, anomalyOf('P', 8)) {
		w := where{server: g.key}
		good := c.fine(w)
		if g.Seen < 3 || good.Count >= g.Count {
			continue
		}
		other := g.Other.String()
		f := Finding{
			Title:      fmt.Sprintf("%s answers from %s, and nobody accepts that", g.key, other),
			Cause:      fmt.Sprintf("The server at %s has several addresses and sends its responses from %s. A resolver drops a response from an address that it has not asked.", g.key, other),
			Confidence: sure(0.98, g.Seen) * contrast(g.Count, g.Count+good.Count, 0, 0),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns", fmt.Sprintf("(%s || %s)", addressFilter(g.key), addressFilter(g.Other))),
			Next: []string{
				command("dig @%s %s SOA +norecurse", g.key, nameOf(&g.Tally, ".")) + "   # \"reply from unexpected source\"",
				"ss -lunp 'sport = :53'   # on the server: 0.0.0.0:53 answers from the address of the route; listen on each address",
			},
			Against: []string{"a NAT or load balancer on the way that forgets to translate the answer looks the same: capture at the server itself"},
		}
		f.say(fmt.Sprintf("%s to queries that went to %s came from %s", plural(g.Count, "response"), g.key, other),
			fmt.Sprintf("%s came from the address that was asked", plural(good.Count, "good answer")))
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(where{server: g.key, kind: anyKind}, evidence.Unanswered, evidence.Mismatched, evidence.Unsolicited, evidence.Late, evidence.LookupFailed, evidence.LookupRetried,
			evidence.ICMPPort+evidence.Returned, anomalyOf('P', 4), anomalyOf('P', 8))
		c.claim(where{server: g.Other, kind: anyKind}, evidence.Unsolicited, evidence.Mismatched, evidence.ICMPPort+evidence.Returned)
		all = append(all, f)
	}
	return all
}
