package diagnose

import (
	"fmt"
	"net/netip"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// upstreamUnreachable looks for servers that do not answer any more, or at all: after the first query in vain next to nothing comes.
func upstreamUnreachable(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{}, byServer, evidence.Unanswered) {
		if g.Seen < 3 || uint64(g.Dubious)*2 > g.Count { // what servers leave without a response says nothing
			continue
		}
		fine := c.total(where{server: g.key, kind: anyKind}, responses()...)
		icmp := c.total(where{server: g.key, kind: anyKind}, evidence.ICMPPort, evidence.ICMPHost, evidence.ICMPForbidden)
		if ip := g.key.Netip(); ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			continue
		}
		if fine.Count > 0 && fine.Last > g.First+int64(patience) {
			continue
		}
		f := Finding{
			Title:      fmt.Sprintf("%s does not answer", g.key),
			Cause:      "Nothing comes back from the server: the host is down, the route to it is gone, or a firewall drops the packets.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally, &icmp),
			Wireshark:  both("(dns || icmp || icmpv6)", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse +tries=1", g.key, g.zone()),
				command("mtr -n -r -c 20 %s", g.key),
				command("nft list ruleset; ip route get %s", g.key),
			},
			Against: []string{"a server that limits rates or drops queries of a kind answers others: compare with an ordinary query from elsewhere"},
		}
		if icmp.Count > 0 {
			words, cause := c.icmpWords(g.key)
			f.Cause = cause + " ICMP errors are limited by rate, so not each query gets one."
			f.Confidence = sure(0.97, g.Seen+icmp.Count)
			f.say(plural(icmp.Count, "ICMP error") + " for queries to it: " + words)
		}
		f.say(plural(g.Count, "query") + " unanswered" + forZones(g.zones))
		if fine.Count > 0 {
			f.Title = fmt.Sprintf("%s does not answer any more", g.key)
			f.say(plural(fine.Count, "query")+" had been answered before; none since", c.began(&g.Tally))
		}
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		f.Severity = hurt.severity()
		if !g.rows[0].back {
			f.Severity, f.Clients = c.without(&f, g.key), len(g.clients)
		}
		hurt.onClients(&f)
		for _, r := range g.rows {
			if !r.back {
				f.harm += r.Count // theirs as well
			}
		}
		c.claim(where{server: g.key, kind: anyKind}, evidence.Unanswered, evidence.Late, evidence.ICMPPort, evidence.ICMPHost, evidence.ICMPForbidden, evidence.LookupFailed,
			evidence.LookupRetried, evidence.TCPRefused, evidence.TCPUnanswered, evidence.AskedAgain, evidence.Rescued(otherServer), anomalyOf('P', 4), anomalyOf('O', 37),
			anomalyOf('X', 15))
		all = append(all, f)
	}
	return all
}

// responses are all that comes back from a server that lives, whatever it says.
func responses() []evidence.Symptom {
	all := []evidence.Symptom{evidence.Late, evidence.KeyRefused}
	for code := range uint16(badCookie + 1) {
		all = append(all, evidence.RCODE(code))
	}
	return all
}

// without says how bad it is for clients that a server of theirs does not answer: most of them have another one.
func (c *caseFile) without(f *Finding, server addr) Severity {
	w := where{server: server, side: front, kind: anyKind}
	failed, rescued := c.count(w, evidence.LookupFailed), c.count(w, evidence.Rescued(otherServer))
	if rescued <= failed {
		return Critical
	}
	f.say(fmt.Sprintf("%s of clients were answered by another server then, %s by none", plural(rescued, "lookup"), number(failed)))
	return Warning
}

// forZones is the end of a sentence about queries.
func forZones(zones []string) string {
	if len(zones) == 0 {
		return ""
	}
	return ", for " + some(bares(zones), 3)
}

// icmpWords says what the ICMP errors about a server were, and what that means.
func (c *caseFile) icmpWords(server addr) (words, cause string) {
	for _, s := range []struct {
		symptom      evidence.Symptom
		words, cause string
	}{
		{evidence.ICMPPort, "port unreachable", "The host of the server lives and says that nobody listens on the port: the server's process has ended."},
		{evidence.ICMPForbidden, "administratively prohibited", "A firewall on the way, or of the server's host, says that it does not let these packets through."},
	} {
		if c.count(where{server: server, kind: anyKind}, s.symptom) > 0 {
			return s.words, s.cause
		}
	}
	return "host or network unreachable", "A router on the way says that it has no route to the server, or that the host does not answer in its network: it is down, or the line to it is."
}

// slowBucket is the first bucket of answer times above 512 ms.
const slowBucket = 12

// upstreamSlow looks for servers whose answers come after half a second and more, unlike those of the other servers.
func upstreamSlow(c *caseFile) (all []Finding) {
	answers := []evidence.Symptom{evidence.RCODE(0), evidence.RCODE(nxDomain), evidence.Late}
	for _, g := range groupBy(c, where{side: back}, byServer, answers...) {
		slow, timed := slowOf(&g.Tally)
		if slow < 5 || slow*10 < timed {
			continue
		}
		rest := c.total(where{side: back, also: func(r *row) bool { return r.Server != g.key }}, answers...)
		peerSlow, peerTimed := slowOf(&rest)
		silent := c.total(where{server: g.key}, evidence.Unanswered)
		if silent.Count > g.Count/2 || contrast(slow, timed, peerSlow, peerTimed) < 0.7 {
			continue
		}
		f := Finding{
			Title:      fmt.Sprintf("%s answers slowly: %s of its answers take half a second or longer", g.key, share(slow, timed)),
			Cause:      "The way to the server has become long or full, or the server is overloaded. It does answer; lookups of names that are not cached wait for it.",
			Confidence: sure(0.97, slow) * contrast(slow, timed, peerSlow, peerTimed),
			Scope:      Scope{Server: g.key.String()},
			Wireshark:  both("dns.time > 0.4", addressFilter(g.key)),
			Packets:    c.slowPackets(g.key),
			Next: []string{
				command("dig @%s %s SOA +norecurse +tries=1 +time=5", g.key, c.zoneAt(g.key)) + "   # \"Query time\", several times",
				command("mtr -n -r -c 20 %s", g.key) + "   # where the time is spent",
			},
			Against: []string{"if all servers behind one line are slow, it is the line"},
		}
		f.say(fmt.Sprintf("%s of %s from it came after 512 ms or more; of the other servers' %s", number(slow), plural(timed, "answer"), share(peerSlow, peerTimed)),
			fmt.Sprintf("%s of it stayed without an answer", plural(silent.Count, "query")))
		f.Affected = slow
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		f.seen(&hurt.Tally)
		f.Severity = Warning
		hurt.onClients(&f)
		c.claim(where{server: g.key, kind: anyKind}, evidence.Unanswered, evidence.Late, evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain, evidence.Duplicate,
			evidence.Conflicting, evidence.Unsolicited, evidence.ICMPPort+evidence.Returned, anomalyOf('P', 4), anomalyOf('O', 37), anomalyOf('X', 15))
		all = append(all, f)
	}
	return all
}

// slowOf counts answers after 512 ms or more, and all that were measured.
func slowOf(t *evidence.Tally) (slow, timed uint64) {
	for i, n := range t.RTT {
		timed += uint64(n)
		if i >= slowBucket {
			slow += uint64(n)
		}
	}
	return slow, timed
}

func (c *caseFile) slowPackets(server addr) (list []uint64) {
	for i := range c.Facts.Moments {
		if m := &c.Facts.Moments[i]; m.Server == server && m.Symptom == evidence.Slow && len(list) < 4 {
			list = append(list, frame(m.File, m.Packet))
		}
	}
	return list
}
