package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// tcpResets looks for servers that reset TCP connections before they are done with, more than others do.
func tcpResets(c *caseFile) (all []Finding) {
	reset := evidence.TCPReset + evidence.Returned
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, reset) {
		w := where{server: g.key, kind: anyKind}
		opened := c.count(w, evidence.TCPOpened)
		others := where{kind: anyKind, also: func(r *row) bool { return r.Server != g.key }}
		k := contrast(g.Count, max(opened, g.Count), c.count(others, reset), c.count(others, evidence.TCPOpened))
		overTCP := where{server: g.key, kind: anyKind, also: func(r *row) bool { return r.TCP > 0 && uint64(r.TCP)*2 >= r.Count }}
		unanswered := max(c.count(w, anomalyOf('X', 8)), c.count(overTCP, evidence.Unanswered))
		if g.Seen < 3 || g.Count*4 < opened || k < 0.5 {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s resets TCP connections: %d of %d that had opened", g.key, g.Count, max(opened, g.Count)),
			Cause:      "A RST ended the connections before either side had finished. The server closes what it has no room for (TCP clients, idle time), has died meanwhile, or a firewall between forges the RST.",
			Confidence: sure(0.92, g.Seen) * k,
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("tcp.port == 53 && tcp.flags.reset == 1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +tcp +tries=1", g.key, c.zoneAt(g.key)),
				"rndc status | grep 'tcp clients'; ss -tan 'sport = :53' | awk '{print $1}' | sort | uniq -c   # on the server: are its slots taken?",
				command("tshark -r %s -Y %s -T fields -e ip.ttl -e tcp.seq", c.file(), "tcp.flags.reset == 1 && "+addressFilter(g.key)) + "   # a TTL unlike the server's is a forger's",
			},
			Against: []string{"a RST after the last answer, instead of a FIN, is how some servers and load balancers close idle connections: nobody is hurt"},
		}
		if unanswered > 0 {
			f.Severity = Warning
			f.say(plural(unanswered, "query") + " under way in them never had an answer")
		}
		f.say(fmt.Sprintf("%s reset by it, %s opened; with other servers %s of %s", plural(g.Count, "connection"), number(opened), number(c.count(others, reset)), number(c.count(others, evidence.TCPOpened))),
			c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(w, reset, anomalyOf('X', 8))
		c.claim(overTCP, evidence.Unanswered, evidence.LookupFailed)
		all = append(all, f)
	}
	return all
}
