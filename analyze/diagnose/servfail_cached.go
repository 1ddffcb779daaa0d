package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// servfailCached tells of failures that were answered from memory: of zones that have no others, and where nothing else is found about them.
func servfailCached(c *caseFile) []Finding {
	return append(servfailRemembered(c), servfailRepeated(c)...)
}

func servfailRepeated(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: front, kind: anyKind}, byServer, anomalyOf('S', 13), evidence.EDE(ednsCachedError)) {
		if g.Seen < 2 || g.key == (addr{}) {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s remembers failures: repeated queries get SERVFAIL at once, without a new try", g.key),
			Cause:      "A resolver keeps a failure for a while, 1 s to 5 min, so as not to ask broken servers again and again. Clients get the error until then, also if the cause is gone.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 2", addressFilter(g.key)),
			Next: []string{
				command("rndc flushname %s; unbound-control flush %s; rec_control wipe-cache %s", g.zone(), g.zone(), g.zone()) + "   # whichever it is, once the cause is gone",
				"servfail-ttl 1;   # named.conf: how many seconds a failure is kept; recursor.conf: packetcache-servfail-ttl; in Unbound it is 5 s",
			},
			Against: []string{"a fast SERVFAIL can be a fresh one, if a server near by answered with it"},
		}
		f.say(fmt.Sprintf("%s for %s came from memory", plural(g.Count, "failure"), some(bares(g.zones), 3)))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		all = append(all, f)
	}
	return all
}

// fewMilliseconds is the first bucket of answer times (2 ms and more) in which an answer need not have come from memory.
const fewMilliseconds = 4

// remembered says that a zone's failures all came at once while the resolver, whose upstream side is in the capture, had no trouble with the zone's servers: the
// trouble was before.
func (c *caseFile) remembered(g *group[serverZone]) bool {
	trouble := append(failures(), evidence.RCODE(refused), evidence.RCODE(formErr), evidence.RCODE(notImp), evidence.RCODE(notAuth))
	upstream := c.upstreamOf(g.key.server)
	if g.key.zone == "" || g.Seen < 5 || upstream.Seen < 5 || upstream.First > g.Last || upstream.Last < g.First || c.count(where{side: back, zone: g.key.zone}, trouble...) > 0 {
		return false
	}
	fast, timed := atOnceOf(&g.Tally)
	if c.count(where{server: g.key.server, zone: g.key.zone, side: front}, evidence.Unanswered, evidence.Late) > 0 {
		return false
	}
	return timed > 0 && fast*20 >= timed*19 // else some came after a try, and the reason is elsewhere
}

// upstreamOf is what a resolver was answered well.
func (c *caseFile) upstreamOf(resolver addr) evidence.Tally {
	return c.total(where{side: back, client: resolver}, evidence.RCODE(0), evidence.RCODE(nxDomain))
}

// atOnceOf counts answers that can have come from memory, and all whose time is known.
func atOnceOf(t *evidence.Tally) (fast, timed uint64) {
	for i, n := range t.RTT {
		if timed += uint64(n); i < fewMilliseconds {
			fast += uint64(n)
		}
	}
	return fast, timed
}

// servfailRemembered looks for zones that clients get SERVFAIL for out of memory alone.
func servfailRemembered(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: front, also: wellFormed}, byServerZone, evidence.RCODE(servFail)) {
		if !c.remembered(g) {
			continue
		}
		server, zone := g.key.server, g.key.zone
		fast, timed := atOnceOf(&g.Tally)
		upstream := c.upstreamOf(server)
		own := c.zoneFine(server, zone)
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s answers SERVFAIL for %s out of its memory, and does not try again", server, bare(zone)),
			Cause:      "The resolver remembers that these names could not be resolved, 1 s to 5 min, and does not ask the zone's servers meanwhile. What was wrong with them may be mended by now: it was before the capture begins.",
			Confidence: sure(0.9, g.Seen),
			Scope:      Scope{Zone: zone, Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 2", nameFilter(zone)),
			Next: []string{
				command("rndc flushtree %s; unbound-control flush_zone %s; rec_control wipe-cache %s", zone, zone, bare(zone)+"$") + "   # whichever it is",
				command("dig @%s %s; dig %s +trace", server, nameOf(&g.Tally, zone), nameOf(&g.Tally, zone)) + "   # SERVFAIL, and well: the servers are mended",
				"servfail-ttl 1;   # named.conf: how many seconds a failure is kept; recursor.conf: packetcache-servfail-ttl; in Unbound it is 5 s",
			},
			Against: []string{"a zone whose signatures failed before is remembered as well: ask with +cd", "the resolver asks the zone's servers from another address, which is not captured"},
		}
		f.say(fmt.Sprintf("%s for %s got SERVFAIL, %s of them within 2 ms", plural(g.Count, "query"), bare(zone), share(fast, timed)),
			fmt.Sprintf("no query upstream for the zone failed, of %s in all", plural(upstream.Count, "good answer")))
		if own.Count > 0 {
			f.say(plural(own.Count, "query")+" for other names of it, or later, were answered", c.words(where{server: server, zone: zone, side: front}))
		}
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		w := where{server: server, zone: zone, side: front, kind: anyKind}
		c.claim(w, append(append(failures(), echoes()...), evidence.EDE(ednsCachedError))...)
		all = append(all, f)
	}
	return all
}
