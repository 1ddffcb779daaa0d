package diagnose

import (
	"fmt"
	"math"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

func servfailRules() []rule {
	return []rule{
		{"upstream-refuses", upstream, upstreamRefuses, []string{"RFC 1035 section 4.1.1", "RFC 9499 section 3"}},
		{"upstream-servfail", upstream, upstreamServFail, []string{"RFC 2308 section 7.1", "RFC 1035 section 4.1.1"}},
		{"resolver-overloaded", atServer, resolverOverloaded, []string{"RFC 9520 section 2.1", "RFC 8767"}},
		{"resolver-fails", general, resolverFails, []string{"RFC 1035 section 4.1.1", "RFC 8914 section 4.23"}},
		{"zone-fails", general, zoneFails, []string{"RFC 2308 section 7.1", "RFC 8914 section 4"}},
		{"servfail-cached", remarks, servfailCached, []string{"RFC 9520 section 3.2", "RFC 2308 section 7.1"}},
	}
}

// upstreamRefuses looks for servers that refuse a resolver whatever zone it asks for.
func upstreamRefuses(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: back, also: wellFormed}, byServer, evidence.RCODE(refused)) {
		if g.Seen < 3 || len(g.zones) < 2 {
			continue
		}
		w := where{server: g.key}
		fine := c.total(where{server: g.key, side: back}, evidence.RCODE(0), evidence.RCODE(nxDomain))
		if fine.Count > 0 && fine.Last > g.First+1e9 {
			if f, ok := c.refusedAtTimes(g); ok {
				all = append(all, f)
			}
			continue
		}
		who := some(addresses(g.clients), 2)
		f := Finding{
			Title:      fmt.Sprintf("%s refuses all that %s asks it", g.key, who),
			Cause:      "The server has a list of who may ask it, and this resolver is not on it: its address has changed, the list has, or a rate limit or block list has caught it.",
			Confidence: sure(0.92, g.Seen) * min(1, 0.8+0.1*float64(len(g.zones)-1)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 5", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse", g.key, g.zone()) + "   # from the resolver, and from elsewhere",
				command("dig @%s %s SOA +norecurse -b %s", g.key, g.zone(), g.clients[0]) + "   # from each address that the resolver sends from",
				"named-checkconf -p | grep -A5 -E 'allow-(query|recursion)|blackhole'   # on the server",
			},
			Against: []string{"a server that has none of these zones refuses everybody: ask from another address, then it is a lame delegation"},
		}
		f.say(fmt.Sprintf("%s for %s answered with REFUSED", plural(g.Count, "query"), some(bares(g.zones), 3)))
		if fine.Count > 0 {
			f.Confidence = sure(0.96, g.Seen)
			f.say(plural(fine.Count, "query")+" had been answered before; none since", c.began(&g.Tally))
		} else {
			f.say("it gave this resolver no good answer")
		}
		if others := c.fine(where{server: g.key, also: func(r *row) bool { return !slices.Contains(g.clients, r.Client) }}); others.Count > 0 {
			f.say(plural(others.Count, "good answer") + " it gave to others")
		}
		if n := c.count(w, evidence.EDE(ednsProhibited)); n > 0 {
			f.say(fmt.Sprintf("it says so: EDE 18 (Prohibited) in %s", plural(n, "response")))
		}
		c.refusedAll(&f, g)
		all = append(all, f)
	}
	return all
}

// refusedAll fills in what clients had of a server's refusals, and claims it.
func (c *caseFile) refusedAll(f *Finding, g *group[addr]) {
	f.seen(&g.Tally)
	hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
	f.Severity = hurt.severity()
	hurt.onClients(f)
	c.claim(where{server: g.key, side: back, kind: anyKind}, evidence.RCODE(refused), evidence.LookupFailed, evidence.LookupRetried, evidence.Rescued(otherServer),
		evidence.EDE(ednsProhibited), evidence.EDE(ednsNotAuth), evidence.AskedAgain, anomalyOf('P', 4), anomalyOf('S', 7), anomalyOf('S', 10))
}

// blocked is how long (ns) a resolver must be refused whatever it asks before that is more than a burst above a limit.
const blocked = 5e9

// refusedAtTimes looks at a server that refuses a resolver and answers it, for the same zones: it did so for a while, or at all times.
func (c *caseFile) refusedAtTimes(g *group[addr]) (f Finding, ok bool) {
	pairs := groupBy(c, where{server: g.key, side: back, also: wellFormed}, byClientServer, evidence.RCODE(refused))
	if len(pairs) != 1 {
		return f, false
	}
	client, too, q := pairs[0].key.client, c.answeredToo(pairs[0]), c.quota(pairs[0].key.client, g.key)
	if q == nil || g.Seen < 10 || too*2 < g.Count {
		return f, false
	}
	sum := sumOf(q.ByRate[:])
	f = Finding{
		Confidence: sure(0.92, g.Seen/3),
		Scope:      Scope{Server: g.key.String()},
		Packets:    packetsOf(&g.Tally),
		Wireshark:  both("dns.flags.rcode == 5", addressFilter(g.key)),
		Next: []string{
			command("for i in 1 2 3 4 5 6 7 8 9; do dig @%s %s | grep status; done", g.key, nameOf(&g.Tally, ".")) + "   # from the resolver: always the same?",
			"dnsdist -e 'showDynBlocks() showServers()'   # on the server, if it is a balancer: who is blocked for a while, and which servers it asks",
			"named-checkconf -p | grep -A5 -E 'allow-(query|recursion)|blackhole'   # on each of the servers behind the address",
		},
		Against: []string{"a server that lacks some zones refuses these and answers others: here most are of zones that it answers for, too"},
	}
	switch s := &q.Streak; {
	case s.To-s.From >= blocked && s.Count >= 10 && uint64(s.Count)*2 >= uint64(sum.Refused):
		f.Title = fmt.Sprintf("%s refused all that %s asked it, for %s", g.key, client, span(s.To-s.From))
		f.Cause = "The server did not want to talk to this resolver for a while: it blocks who asks too much or makes too many errors, for a minute as a rule, or another access list was in force."
		f.say(fmt.Sprintf("%s in a row were refused within %s; otherwise it answered the resolver", plural(uint64(s.Count), "query"), span(s.To-s.From)))
	case sum.Refused*3 >= sum.Queries && sum.Refused < sum.Queries && steady(q):
		f.Title = fmt.Sprintf("%s refuses %s of what %s asks it, whatever it is", g.key, share(uint64(sum.Refused), uint64(sum.Queries)), client)
		f.Cause = "The same zones are refused and answered in turns, at any rate: of several servers behind this address one has another access list or lacks the zones, or a policy refuses some types of queries."
		f.Confidence *= 0.9
		f.say(fmt.Sprintf("%s of %s were refused, at low rates as at high ones", number(uint64(sum.Refused)), plural(uint64(sum.Queries), "query")))
	default:
		return f, false
	}
	f.say(fmt.Sprintf("%s of the %s refused are for zones that it answers for at other times: %s", share(too, g.Count), number(g.Count), some(bares(g.zones), 3)))
	c.refusedAll(&f, g)
	return f, true
}

// steady says that a server refuses about the same part of a client's queries whatever their rate.
func steady(q *evidence.Quota) bool {
	all := sumOf(q.ByRate[:])
	part := float64(all.Refused) / float64(max(all.Queries, 1))
	for i := 1; i < len(q.ByRate); i++ {
		for _, r := range []evidence.Rate{sumOf(q.ByRate[:i]), sumOf(q.ByRate[i:])} {
			expected := part * float64(r.Queries)
			if math.Abs(float64(r.Refused)-expected) > 3*math.Sqrt(expected*(1-part))+1 {
				return false
			}
		}
	}
	return true
}

// upstreamServFail looks for servers that answer a resolver's queries with SERVFAIL themselves.
func upstreamServFail(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: back, also: wellFormed}, byServer, evidence.RCODE(servFail)) {
		if g.Seen < 2 || len(g.zones) == 0 {
			continue
		}
		zone := g.zones[0]
		own := c.total(where{server: g.key, also: func(r *row) bool { return slices.Contains(g.zones, r.Zone) }}, evidence.ZoneFine, evidence.RCODE(nxDomain))
		switch fine := own.Count > g.Count*2; {
		case fine && own.Last > g.First+int64(patience), !fine && own.Count+c.unseen(g.key) > g.Count*2:
			continue
		}
		peers, answers := c.peersFor(g.key, g.zones)
		f := Finding{
			Title:      fmt.Sprintf("%s answers SERVFAIL for %s", g.key, some(bares(g.zones), 2)),
			Cause:      "The server itself fails: it could not load the zone, the zone has expired on this secondary, or the database behind it is away. Its log says which.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 2", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse", g.key, zone),
				command("dig %s SOA +nssearch", zone) + "   # what do its other servers say?",
				command("rndc zonestatus %s; named-checkzone %s FILE; journalctl -u named -n 50", zone, zone) + "   # on the server; pdnsutil check-zone, knotc zone-status elsewhere",
			},
			Against: []string{"a server that forwards fails when those do that it asks"},
		}
		if len(g.zones) == 1 {
			f.Scope.Zone = zone
		}
		if c.resolver(g.key) {
			f.Cause = "The resolver that this one forwards to fails: it cannot reach the zone's servers, or its validation fails. Its own upstream traffic is not in the capture."
			f.Confidence *= 0.95
			f.Against = []string{"if only these zones fail, it is the zones: ask another resolver for them"}
		}
		f.say(fmt.Sprintf("%s for %s answered with SERVFAIL", plural(g.Count, "query"), some(bares(g.zones), 3)))
		switch {
		case own.Count > 0:
			f.say(plural(own.Count, "query")+" for the same had been answered well", c.began(&g.Tally))
		case peers > 0:
			f.say(fmt.Sprintf("%s gave %s for the same", plural(uint64(peers), "other server"), plural(answers, "good answer")))
		default:
			f.say("no server seen here answered for it")
		}
		if rest := c.fine(where{server: g.key, also: func(r *row) bool { return !slices.Contains(g.zones, r.Zone) }}); rest.Count > own.Count {
			f.say("for other zones it gave " + plural(rest.Count, "good answer"))
		}
		f.say(c.words(where{server: g.key, side: back}))
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key && m.Symptom == evidence.RCODE(servFail) })
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(where{server: g.key, side: back, kind: anyKind}, append(echoes(), evidence.RCODE(servFail), evidence.Rescued(otherServer))...)
		all = append(all, f)
	}
	return all
}

// words are the extended errors that responses had.
func (c *caseFile) words(w where) string {
	w.kind = anyKind
	var list []string
	for code := range uint16(32) {
		if n := c.count(w, evidence.EDE(code)); n > 0 {
			list = append(list, fmt.Sprintf("EDE %d (%s) in %s", code, mnemonic.EDE(code), plural(n, "response")))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "it says why: " + some(list, 3)
}
