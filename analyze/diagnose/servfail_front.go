package diagnose

import (
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// resolverOverloaded looks for resolvers that fail, or do not answer, for zones of all sorts that they do answer for at other times, when there is much to do.
func resolverOverloaded(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: front}, byServer, failures()...) {
		if !c.resolver(g.key) || g.Seen < 10 || len(g.clients) < 3 || len(g.zones) < 3 {
			continue
		}
		w := where{server: g.key, side: front}
		fine := c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain))
		failed, silent := c.count(w, evidence.RCODE(servFail)), c.count(w, evidence.Unanswered)
		mixed := 0 // zones that fail and do not
		for _, z := range g.zones {
			if c.zoneFine(g.key, z).Count > 0 {
				mixed++
			}
		}
		times, peaks := c.busy()
		slow, timed := slowOf(&fine)
		if mixed*2 < len(g.zones) || g.Count*20 < fine.Count || times < 1.5 {
			continue
		}
		trouble := c.count(where{side: back}, evidence.RCODE(refused), evidence.RCODE(servFail), evidence.Unanswered)
		if (silent < 3 || failed < 3) && (times < 3 || peaks < 2 || trouble*4 > g.Count) {
			continue // some say SERVFAIL to all that is too much, others nothing: so do upstream trouble and loss, but hardly at each peak anew
		}
		f := Finding{
			Severity:   Critical,
			Title:      fmt.Sprintf("%s is overloaded: it fails or is silent for names of %d zones, at times of most load", g.key, len(g.zones)),
			Cause:      "The resolver has more to do than it can: no threads, sockets or recursive slots are left, so that it drops queries, or gives up on them. The zones are not the reason.",
			Confidence: sure(0.85, g.Seen/4) * min(1, 0.75+0.1*times),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns", addressFilter(g.key)),
			Next: []string{
				"rndc status; unbound-control stats_noreset; rec_control get-all   # recursive clients, requestlist.exceeded, concurrent-queries",
				"ss -uanm 'sport = :53'; nstat -az UdpRcvbufErrors; top -H   # on the resolver: full socket buffers, busy threads",
				command("dnssniff report %s --format json | jq .clients", c.file()) + "   # who asks so much?",
			},
			Against: []string{"loss on the way leaves silence, and no SERVFAIL", "a line to the Internet that is full makes all lookups slow that are not cached: look at the resolver's upstream side"},
		}
		f.say(fmt.Sprintf("%s of %s failed: %d SERVFAIL, %d unanswered, from %s", number(g.Count), plural(g.Count+fine.Count, "query"), failed, silent, plural(uint64(len(g.clients)), "client")),
			fmt.Sprintf("when they fail there are %.1f times as many queries a second as at other times", times),
			fmt.Sprintf("%d of the %d zones were answered at other times", mixed, len(g.zones)))
		if peaks > 1 {
			f.say(fmt.Sprintf("it has done so at %d peaks, and was well between them", peaks))
		}
		if slow > 0 {
			f.say(fmt.Sprintf("%s of its %s came after half a second or later", share(slow, timed), plural(timed, "good answer")))
		}
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(w, failures()...)
		c.claim(where{server: g.key, side: front, kind: anyKind}, echoes()...)
		all = append(all, f)
	}
	return all
}

// stretches is into how many at most a capture is cut to see when it fails: in shorter ones few queries are chance.
const stretches = 60

// busy says how many times as many queries there are when a tenth or more of them fail as there are at other times, and how many such times there are, with
// others between; 0 where that cannot be said.
func (c *caseFile) busy() (times float64, peaks int) {
	var good, bad, goodN, badN float64
	failing := false
	for some := range slices.Chunk(c.Load, len(c.Load)/stretches+1) {
		var l Load
		for _, x := range some {
			l.Queries, l.ServFail, l.Unanswered = l.Queries+x.Queries, l.ServFail+x.ServFail, l.Unanswered+x.Unanswered
		}
		switch q, failed := float64(l.Queries), l.ServFail+l.Unanswered; {
		case l.Queries < 5 && failed > 0:
		case l.Queries >= 5 && failed*10 >= l.Queries:
			bad, badN = bad+q, badN+1
			if !failing {
				peaks++
			}
			failing = true
		default:
			good, goodN = good+q, goodN+1
			failing = failing && l.Queries < 5 // of few all may have been in the cache
		}
	}
	if badN < 2 || goodN < 3 {
		return 0, 0
	}
	return bad / badN * goodN / good, peaks
}

// resolverFails looks for resolvers that answer SERVFAIL, or nothing, to nearly all, whatever the zone, where the capture does not have their upstream side.
func resolverFails(c *caseFile) []Finding { return append(resolverErrs(c), resolverSilent(c)...) }

func resolverErrs(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: front, also: wellFormed}, byServer, evidence.RCODE(servFail)) {
		if g.Seen < 5 || len(g.zones) < 3 || g.key == (addr{}) {
			continue
		}
		w := where{server: g.key, side: front}
		fine := c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain))
		later := uint64(0) // good answers since, as far as rows tell: what is in the cache goes on
		if fine.Count > 0 && fine.Last > g.First {
			later = c.since(w, g.First)
		}
		if later > g.Count || len(g.clients) < 2 && (g.Seen < 10 || len(g.zones) < 8) {
			continue
		}
		f := Finding{
			Severity:   Critical,
			Title:      fmt.Sprintf("%s answers SERVFAIL for names of all zones", g.key),
			Cause:      "The resolver cannot resolve anything: it does not get out to the Internet or to its forwarders, validation fails for all (a wrong clock, an old trust anchor), or its cache is all that is left.",
			Confidence: sure(0.85, g.Seen) * min(1, 0.6+0.1*float64(len(g.zones))),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 2", addressFilter(g.key)),
			Next: []string{
				command("dig @%s . NS; dig @%s . NS +cd; dig @%s example.com", g.key, g.key, g.key) + "   # with CD it works: validation",
				"date -u; dig @198.41.0.4 . NS +norecurse +tries=1   # on the resolver: its clock, and whether it gets out at all",
				"tcpdump -ni any -c 50 port 53   # on the resolver: the upstream side",
			},
			Against: []string{"if some zones are answered that nobody had asked for before, it does get out: then these zones have something in common"},
		}
		f.say(fmt.Sprintf("%s for %d zones got SERVFAIL, of %s", plural(g.Count, "query"), len(g.zones), plural(uint64(len(g.clients)), "client")),
			fmt.Sprintf("%s were given in the whole capture", plural(fine.Count, "good answer")), c.began(&g.Tally), c.words(w))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(w, evidence.RCODE(servFail))
		c.claim(where{server: g.key, side: front, kind: anyKind}, echoes()...)
		all = append(all, f)
	}
	return all
}

// resolverSilent looks for resolvers that leave nearly all without an answer, whatever the zone, but not all, and what is repeated no less: what they still answer
// is what they have.
func resolverSilent(c *caseFile) (all []Finding) {
	if c.seenFrom != Clients && c.seenFrom != Stub {
		return nil // the upstream side tells more
	}
	for _, g := range groupBy(c, where{side: front, also: wellFormed}, byServer, evidence.Unanswered) {
		w := where{server: g.key, side: front}
		fine := c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain))
		if !c.resolver(g.key) || g.Seen < 10 || len(g.clients) < 2 || len(g.zones) < 3 || fine.Last < g.First || c.since(w, g.First) > g.Count || !c.hopeless(w) {
			continue
		}
		f := Finding{
			Severity:   Critical,
			Title:      fmt.Sprintf("%s does not answer for names of all zones, but for a few", g.key),
			Cause:      "The resolver lives, and cannot resolve anything: it does not get out to the Internet or to its forwarders, and what it answers is what its cache still has. It tries longer than its clients wait.",
			Confidence: sure(0.8, g.Seen) * min(1, 0.6+0.1*float64(len(g.zones))),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.response == 0 && !dns.response_in", addressFilter(g.key)),
			Next: []string{
				"dig @198.41.0.4 . NS +norecurse +tries=1   # on the resolver: does it get out at all?",
				command("dig @%s %s +norecurse; dig @%s example.com", g.key, nameOf(&fine, "."), g.key) + "   # what it has, and what it has not",
				"tcpdump -ni any -c 50 port 53   # on the resolver: the upstream side",
			},
			Against: []string{"loss of nearly all packets on the way to it: then some of what is repeated is answered", "a rate limit: then clients that ask little are answered"},
		}
		f.say(fmt.Sprintf("%s for %d zones stayed without an answer, of %s", plural(g.Count, "query"), len(g.zones), plural(uint64(len(g.clients)), "client")),
			fmt.Sprintf("%s were given in the whole capture, about %d of them since", plural(fine.Count, "good answer"), c.since(w, g.First)),
			fmt.Sprintf("%s failed after all tries", plural(c.count(w, evidence.LookupFailed), "lookup")), c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(w, evidence.Unanswered)
		c.claim(where{server: g.key, side: front, kind: anyKind}, append(echoes(), evidence.Late)...)
		all = append(all, f)
	}
	return all
}

// since guesses how many good answers came after a time.
func (c *caseFile) since(w where, from int64) (n uint64) {
	for r := range c.of(w, evidence.RCODE(0), evidence.RCODE(nxDomain)) {
		n += r.after(from)
	}
	return n
}

// zoneFails looks for zones of which clients get SERVFAIL, unlike of the others, where nothing shows why. It is the last to speak about SERVFAIL.
func zoneFails(c *caseFile) (all []Finding) {
	list := groupBy(c, where{side: front, also: wellFormed}, byServerZone, failures()...)
	for _, g := range list {
		server, zone := g.key.server, g.key.zone
		if zone == "" || g.Seen < 3 {
			continue
		}
		failed := c.total(where{server: server, zone: zone, side: front}, evidence.RCODE(servFail))
		if failed.Seen < 3 && !c.hopeless(where{server: server, zone: zone, side: front}) {
			continue // silence alone is loss, if what is repeated is answered
		}
		own := c.zoneFine(server, zone)
		rest := where{server: server, side: front, also: func(r *row) bool { return r.Zone != zone }}
		others, othersFail := c.fine(where{server: server, side: front}), c.count(rest, failures()...)
		k := contrast(g.Count, g.Count+own.Count, othersFail, othersFail+others.Count)
		chance := byChance(g.Seen, g.Seen+own.Seen, othersFail, othersFail+others.Count) * float64(len(list)+len(c.rows[evidence.ZoneFine])) // about as many zones were looked at
		if own.Count > g.Count || k < 0.5 || chance > 0.01 || own.Count+c.unseen(server) > g.Count || c.remembered(g) {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s gets SERVFAIL from %s, other names do not", bare(zone), server),
			Cause:      "The resolver gets no usable answer for this zone: its servers are down or not reachable from there, are lame, or validation fails. The upstream side, which would show which, is not in the capture.",
			Confidence: sure(0.88, g.Seen) * k,
			Scope:      Scope{Zone: zone, Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 2", nameFilter(zone)),
			Next: []string{
				command("dig @%s %s SOA; dig @%s %s SOA +cd", server, zone, server, zone) + "   # an answer with CD only: validation",
				command("dig %s NS +trace", zone) + "   # from the resolver's host: which server does not answer?",
				command("unbound-control dump_infra; unbound-control lookup %s; rndc dumpdb -bad", zone) + "   # what the resolver knows of the zone's servers",
			},
			Against: []string{"if the zone's servers answer from elsewhere, the trouble is on the way from the resolver to them"},
		}
		silent := ""
		if n := c.count(where{server: server, zone: zone, side: front}, evidence.Unanswered); n > 0 {
			silent = fmt.Sprintf(", %s no answer in time", number(n))
		}
		f.say(fmt.Sprintf("%s for %s got SERVFAIL%s, %d were answered", plural(failed.Count, "query"), bare(zone), silent, own.Count),
			fmt.Sprintf("of all other names %s failed so and %s were answered", plural(othersFail, "query"), number(others.Count-min(others.Count, own.Count))),
			c.words(where{server: server, zone: zone, side: front}), slowness(&failed), c.began(&g.Tally))
		if own.Count == 0 && len(g.clients) > 1 {
			f.Severity = Critical
		}
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		w := where{server: server, zone: zone, side: front, kind: anyKind}
		c.claim(w, slices.Concat(failures(), echoes())...)
		all = append(all, f)
	}
	return all
}

// slowness says whether failures took so long that timeouts are behind them.
func slowness(t *evidence.Tally) string {
	slow, timed := slowOf(t)
	switch {
	case timed < 3:
		return ""
	case slow*3 >= timed:
		return fmt.Sprintf("%s of the failures took half a second or longer: the resolver waited for servers that do not answer", share(slow, timed))
	}
	return fmt.Sprintf("%s of the failures came within half a second: somebody said no, nobody was waited for", share(timed-slow, timed))
}
