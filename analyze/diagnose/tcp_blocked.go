package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// tcpBlocked looks for servers that truncate and then do not answer over TCP.
func tcpBlocked(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, evidence.TCPUnanswered, evidence.TCPRefused, evidence.TCPHalfOpen) {
		w := where{server: g.key, kind: anyKind}
		udp := c.fine(w)
		tc := uint64(udp.TC)
		opened := c.total(w, evidence.TCPOpened)
		fine := udp.Count - min(udp.Count, uint64(udp.TCP))
		if g.Seen < 2 || fine == 0 || opened.Count > 0 && opened.Last > g.First+int64(patience) && opened.Count*4 > g.Count {
			continue
		}
		silent, refused := c.count(w, evidence.TCPUnanswered), c.count(w, evidence.TCPRefused)
		f := Finding{
			Title:      fmt.Sprintf("TCP to %s port 53 does not get through, so truncated answers are never completed", g.key),
			Cause:      "A firewall lets DNS over UDP pass and drops TCP, or the server does not listen on TCP. What does not fit into a UDP response cannot be resolved.",
			Confidence: sure(0.97, g.Seen+tc/2),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("tcp.port == 53 && tcp.flags.syn == 1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse +tcp", g.key, c.zoneAt(g.key)),
				command("nft list ruleset | grep -n 53; ss -ltn 'sport = :53'") + "   # on the server",
				command("traceroute -T -p 53 %s", g.key),
			},
			Against: []string{"a server whose TCP slots are all taken (tcp-clients, so-tcp-backlog) looks the same for a while"},
		}
		if tc == 0 {
			f.Title = fmt.Sprintf("TCP to %s port 53 does not get through", g.key)
			f.Cause = "A firewall lets DNS over UDP pass and drops TCP, or the server does not listen on TCP. No answer was truncated here: what does not fit into a UDP response could not be resolved."
		}
		f.say(fmt.Sprintf("%s to %s got no answer, %d were refused, %d opened", plural(silent, "TCP connection"), g.key, refused, opened.Count),
			fmt.Sprintf("%s from it came over UDP, %d of them truncated", plural(fine, "answer"), tc), c.began(&g.Tally))
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool {
			return m.Server == g.key && m.Truncated && m.To >= g.First-int64(patience)
		})
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(w, evidence.TCPUnanswered, evidence.TCPRefused, evidence.TCPHalfOpen, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('O', 33), anomalyOf('O', 34),
			anomalyOf('P', 4), evidence.AskedAgain)
		all = append(all, f)
	}
	return all
}

// zoneAt is a zone that a server has answered for.
func (c *caseFile) zoneAt(server addr) string {
	best, most := ".", uint64(0)
	for _, r := range c.rows[evidence.ZoneFine] {
		if r.Server == server && r.Zone != "" && r.Count > most {
			best, most = r.Zone, r.Count
		}
	}
	return best
}
