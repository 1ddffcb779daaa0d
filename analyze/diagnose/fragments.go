package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// fragmentsDropped looks for servers whose large responses do not come whole, while the small ones do.
func fragmentsDropped(c *caseFile) (all []Finding) {
	lost := []evidence.Symptom{evidence.FragmentsLost + evidence.Returned, evidence.ICMPReassembly + evidence.Returned}
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, append(lost, anomalyOf('O', 37))...) {
		w := where{server: g.key}
		gone := c.total(where{server: g.key, kind: anyKind}, lost...)
		ladder := c.count(where{server: g.key, kind: anyKind}, evidence.Rescued(smallerSize))
		silent := c.total(w, evidence.Unanswered, evidence.Late)
		fine := c.fine(w)
		if silent.Count == 0 || gone.Count == 0 || gone.Seen < 2 && ladder < 2 || fine.Count == 0 && gone.Seen < 5 {
			continue
		}
		if ladder < 2 && silent.Count > 8*gone.Count {
			continue // most has another cause
		}
		f := Finding{
			Title:      fmt.Sprintf("fragments of %s's large responses are dropped on the way", g.key),
			Cause:      "Responses that do not fit into one packet are sent in fragments, and a firewall or NAT drops all or some of these. Small answers pass, so that only some names fail.",
			Confidence: sure(0.97, gone.Seen+ladder/2),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&gone, &silent),
			Wireshark:  both("(dns || ip.flags.mf == 1 || ip.frag_offset > 0 || icmp)", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s %s +norecurse +dnssec +bufsize=4096 +ignore", g.key, nameOf(&silent, g.zone()), "TXT") + "   # waits in vain",
				command("dig @%s %s %s +norecurse +dnssec +bufsize=1232", g.key, nameOf(&silent, g.zone()), "TXT") + "   # truncated, then TCP: answered",
				"edns-udp-size 1232; max-udp-size 1232;   # named.conf of the resolver; unbound.conf: edns-buffer-size: 1232",
			},
			Against: []string{"a capture filter such as \"port 53\" loses all fragments but the first, and then only the capture is wrong: filter by host"},
		}
		f.say(fmt.Sprintf("%s from %s lack fragments%s", plural(gone.Count, "datagram"), g.key, sizes(&gone)),
			fmt.Sprintf("%s unanswered; %s of other names from the same server came, none of them fragmented away", plural(silent.Count, "query"), plural(fine.Count, "good answer")))
		if ladder > 0 {
			f.say(plural(ladder, "lookup") + " went down the sizes: the same question with a smaller EDNS size each time")
		}
		f.say(c.began(&gone))
		f.seen(&gone)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key && m.From >= gone.First-patience })
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(where{server: g.key, kind: anyKind}, append(lost, evidence.Unanswered, evidence.Late, evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain,
			evidence.Rescued(smallerSize), evidence.Rescued(overTCP), anomalyOf('P', 4), anomalyOf('O', 37), anomalyOf('O', 36))...)
		all = append(all, f)
	}
	return all
}

// sizes writes down how long the datagrams are that were lost.
func sizes(t *evidence.Tally) string {
	if t.Low > t.High || t.High == 0 {
		return ""
	}
	return fmt.Sprintf(", of %d to %d bytes where the length is known", t.Low, t.High)
}
