package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// blackHole looks for servers whose large packets vanish whole: none is fragmented, and the small ones arrive. A router says that they are too big, or it is
// silent about it, and what is asked for again with a smaller size is answered.
func blackHole(c *caseFile) (all []Finding) {
	tooBig := []evidence.Symptom{evidence.ICMPTooBig, evidence.ICMPTooBig + evidence.Returned}
	ladder := []evidence.Symptom{anomalyOf('O', 37), evidence.Rescued(smallerSize)}
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, append(append(tooBig, ladder...), evidence.LargeAnswer)...) {
		w := where{server: g.key, kind: anyKind}
		said, steps := c.total(w, tooBig...), max(c.count(w, evidence.Rescued(smallerSize)), c.count(w, anomalyOf('O', 37)))
		again := c.count(w, evidence.Rescued(sameAgain)) // of the same size: loss
		fragments := c.count(w, evidence.FragmentsLost, evidence.FragmentsLost+evidence.Returned, evidence.ICMPReassembly, evidence.ICMPReassembly+evidence.Returned, anomalyOf('O', 36))
		fine, large := c.fine(where{server: g.key}), c.total(w, evidence.LargeAnswer)
		silent := c.total(where{server: g.key}, evidence.Unanswered, evidence.Late, evidence.AskedAgain)
		ended := large.Seen >= 2 && silent.Seen >= 5 && large.Last < silent.First && large.Last < fine.Last-2*int64(patience) && silent.First < fine.Last-int64(patience) &&
			again*10 <= c.count(w, evidence.LookupRetried)
		switch {
		case said.Seen >= 2 && silent.Count+steps == 0 && said.Count*20 < fine.Count:
			continue // it is told, learns it, and nobody is hurt
		case said.Seen >= 2:
		case (silent.Count-uint64(silent.EDNS))*4 > silent.Count:
			continue // without EDNS an answer has 512 bytes at most, and those are missing, too
		case ended && fragments == 0:
		case steps < 2 || again*4 > steps || fragments > 0 || silent.Seen < 2 || fine.EDNS < 3 || large.Count > 0:
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("large answers of %s vanish on the way, whole: the path's MTU is smaller than it believes", g.key),
			Cause:      "A tunnel, a VPN or PPPoE on the way takes smaller packets than the server sends, and they may not be fragmented there. Where the ICMP errors that say so are filtered, the server never learns it.",
			Confidence: sure(0.93, said.Seen+steps+silent.Seen/4),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&said, &silent),
			Wireshark:  both("(dns || icmp.code == 4 || icmpv6.type == 2)", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s TXT +norecurse +dnssec +bufsize=4096 +ignore", g.key, nameOf(&silent, c.zoneAt(g.key))) + "   # waits in vain",
				command("dig @%s %s TXT +norecurse +dnssec +bufsize=1232", g.key, nameOf(&silent, c.zoneAt(g.key))) + "   # answered, or truncated and then over TCP",
				command("tracepath -n %s", g.key) + "   # \"pmtu\" where it becomes smaller",
				"max-udp-size 1232;   # named.conf of the server; nsd.conf: ipv4-edns-size and ipv6-edns-size, unbound.conf: max-udp-size",
			},
			Against: []string{"fragments that are dropped: then some of the datagrams arrive in part (fragments-dropped)", "a rate limit that drops whatever the size: then small answers fail, too"},
		}
		if said.Count > 0 {
			f.say(plural(said.Count, "ICMP error") + " said that a packet is too big" + mtu(&said))
		}
		if steps > 0 {
			f.say(plural(steps, "lookup") + " went down the sizes: what was silent with a large EDNS size was answered with a smaller one")
		}
		if ended {
			f.say(fmt.Sprintf("%s of more than %d bytes came over UDP before, none since the first query in vain", plural(large.Count, "answer"), safeResponseSize), c.began(&silent))
		}
		f.say(fmt.Sprintf("%s without an answer, or asked again, for %s; %s of it arrived", plural(silent.Count, "query"), aboutNames(uint64(silent.Names.Estimate())), plural(fine.Count, "good answer")),
			"no fragments of it were lost or seen")
		if fragments > 0 {
			f.Evidence[len(f.Evidence)-1] = plural(fragments, "fragmented answer") + " of it"
		}
		if silent.Count == 0 {
			f.Severity = Info
			f.Title = fmt.Sprintf("packets of %s are too big for the path, and it is told so", g.key)
		}
		f.seen(&silent)
		f.Affected = max(f.Affected, said.Count)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		if hurt.Count > 0 {
			f.Severity = Critical
		}
		hurt.onClients(&f)
		c.claim(w, append(append(tooBig, ladder...), evidence.Unanswered, evidence.Late, evidence.AskedAgain, evidence.LookupFailed, evidence.LookupRetried,
			evidence.Rescued(overTCP), evidence.Rescued(withoutEDNS), anomalyOf('P', 4), anomalyOf('X', 15), anomalyOf('O', 36))...)
		all = append(all, f)
	}
	return all
}

// mtu writes down the MTU that ICMP errors tell.
func mtu(t *evidence.Tally) string {
	switch {
	case t.Low > t.High || t.High <= 0:
		return ", without the MTU"
	case t.Low == t.High:
		return fmt.Sprintf(" for the next link's MTU of %d bytes", t.High)
	}
	return fmt.Sprintf(" for the next link's MTU, %d to %d bytes", max(t.Low, 0), t.High)
}
