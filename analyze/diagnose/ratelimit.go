package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// burst is a rate, in queries a second, below which nobody limits a client.
const burst = 5

// limited is what a client that is limited has of a server.
type limited struct {
	answers, silent, refused evidence.Tally
	slips, whole             uint64 // truncated responses without records; responses over UDP with records
	rate                     float64
}

func (c *caseFile) limitedBy(client, server addr) (x limited) {
	w := where{client: client, server: server}
	x.answers, x.silent, x.refused = c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain)), c.total(w, evidence.Unanswered), c.total(w, evidence.RCODE(refused))
	x.slips = min(uint64(x.answers.TC), x.answers.Count-min(x.answers.Count, uint64(x.answers.Answers)))
	x.whole = uint64(x.answers.Answers) - min(uint64(x.answers.Answers), uint64(x.answers.TCP))
	all := evidence.NewTally()
	for _, t := range []*evidence.Tally{&x.answers, &x.silent, &x.refused} {
		all.Merge(t)
	}
	if all.Count > 0 {
		x.rate = float64(all.Count) / max(float64(all.Last-all.First)/1e9, 1)
	}
	return x
}

// slipping says that some queries of a burst are dropped and some get a truncated response without records, while the same server answered before.
func (x *limited) slipping() bool {
	return x.slips >= 3 && x.silent.Seen >= 3 && uint64(x.silent.Malformed)*2 <= x.silent.Count && x.whole > 0
}

// turnedAway says that a server which answers the client refuses it at times: not now and then, but as often as comes of a limit.
func (x *limited) turnedAway() bool {
	return x.refused.Seen >= 10 && x.refused.Count*4 > x.answers.Count && x.answers.Count >= 3 && x.answers.First <= x.refused.First && x.answers.Last > x.refused.First+int64(patience)/5
}

// rateLimited looks for servers that answer a client only so often.
func rateLimited(c *caseFile) []Finding {
	var all []limit
	known := func(r *row) bool { return r.Client != addr{} }
	for _, g := range groupBy(c, where{also: known}, byClientServer, evidence.Unanswered, evidence.RCODE(refused)) {
		client, server := g.key.client, g.key.server
		if g.Seen < 3 || perSecond(&g.Tally) < 1 { // so that few are looked at more closely
			continue
		}
		x := c.limitedBy(client, server)
		names := max(x.answers.Names.Estimate(), 1)
		if x.rate < burst || !x.slipping() && (!x.turnedAway() || names*3 > int(x.answers.Count+x.refused.Count) || c.otherZones(g)) {
			continue
		}
		rest := where{server: server, also: func(r *row) bool { return r.Client != client }}
		others, othersSilent := c.fine(rest), c.total(rest, evidence.Unanswered, evidence.RCODE(refused))
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s limits the rate of its answers to %s", server, client),
			Cause: "The server answers a client so many times a second, and drops what is beyond, but for some truncated answers that ask a real client to come over " +
				"TCP (response rate limiting). If the client's address is forged, it is a victim that the limit protects.",
			Confidence: sure(0.95, x.silent.Seen/2+x.refused.Seen/2) * max(0.6, contrast(g.Count, g.Count+x.answers.Count, othersSilent.Count, others.Count)),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&x.silent, &x.refused),
			Wireshark:  both("dns", addressFilter(client), addressFilter(server)),
			Next: []string{
				command("dig @%s %s +tcp", server, nameOf(&g.Tally, ".")) + "   # over TCP there is no limit",
				"rndc stats; grep -A2 -i rate /var/cache/bind/named.stats   # on the server: responses dropped and truncated; nsd-control stats, knotc stats mod-rrl",
				"named-checkconf -p | grep -A8 rate-limit   # responses-per-second, slip, exempt-clients; nsd.conf: rrl-ratelimit; knot.conf: mod-rrl",
			},
			Against: []string{"a link that is full loses packets too, but sends no truncated answers without records", "is the client one that ought to have a cache, or many hosts behind one address?"},
		}
		if x.slips == 0 {
			f.Cause = "The server answers the client so many times a second, and refuses what is beyond: a limit of queries per client, as resolvers and balancers have."
			f.Wireshark = both("dns.flags.rcode == 5", addressFilter(client))
			f.Against[0] = "a policy for names refuses the same names always: here they are answered at other times"
		}
		f.say(fmt.Sprintf("%.0f queries a second from it: %d without an answer, %d truncated without records, %d REFUSED, %d answered", x.rate, x.silent.Count, x.slips, x.refused.Count,
			x.answers.Count-x.slips))
		if x.answers.TCP > 0 {
			f.say(plural(uint64(x.answers.TCP), "query") + " of it over TCP answered")
		}
		if others.Count+othersSilent.Count > 0 {
			f.say(fmt.Sprintf("other clients of the server: %s, %d without one or refused", plural(others.Count, "answer"), othersSilent.Count))
		}
		f.say(c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: anyKind}, evidence.Unanswered, evidence.RCODE(refused), evidence.Late, evidence.LookupFailed, evidence.LookupRetried,
			evidence.AskedAgain, evidence.Rescued(overTCP), anomalyOf('P', 4), anomalyOf('Q', 13), anomalyOf('O', 33), anomalyOf('S', 10), evidence.EDE(ednsProhibited))
		all = append(all, limit{server, f})
	}
	return byServerLimited(all)
}

// otherZones says that none of the zones that are refused is answered meanwhile.
func (c *caseFile) otherZones(g *group[clientServer]) bool {
	for _, zone := range g.zones {
		if fine := c.zoneFine(g.key.server, zone); fine.Count > 0 && fine.Last > g.First+int64(patience)/5 {
			return false
		}
	}
	return true
}

// limit is a finding about a server and one of its clients.
type limit struct {
	server addr
	Finding
}

// byServerLimited makes one finding of those about one server with many clients.
func byServerLimited(list []limit) (all []Finding) {
	index := make(map[addr]int)
	for _, l := range list {
		i, ok := index[l.server]
		if !ok {
			index[l.server] = len(all)
			all = append(all, l.Finding)
			continue
		}
		f := &all[i]
		if f.Clients == 1 {
			f.Evidence[0] = f.Scope.Client + ": " + f.Evidence[0]
			f.Scope.Client, f.Wireshark = "", both("dns", addressFilter(l.server))
		}
		f.Clients++
		f.Affected += l.Affected
		f.Confidence = max(f.Confidence, l.Confidence)
		f.Title = fmt.Sprintf("%s limits the rate of its answers to each of %d clients", l.server, f.Clients)
		if l.First.Before(f.First) {
			f.First = l.First
		}
		if l.Last.After(f.Last) {
			f.Last = l.Last
		}
	}
	return all
}
