package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// forgedAnswers looks for second answers that contradict the first one: somebody between client and server answered before it.
func forgedAnswers(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, evidence.OtherAnswer) {
		hops := c.count(where{server: g.key, kind: anyKind}, evidence.OtherHops)
		fast := c.count(where{server: g.key, kind: anyKind}, anomalyOf('P', 14))
		good := c.fine(where{server: g.key})
		if g.Seen < 2 || hops == 0 && g.Seen < 3 {
			continue
		}
		f := Finding{
			Severity: Critical,
			Title:    fmt.Sprintf("queries to %s get two answers that contradict each other: one is forged", g.key),
			Cause: "Something on the way answers in the server's name, and faster than it can. The client takes the first answer, and the server's own one comes " +
				"too late: a censor's or provider's injector, a hijacking router, or an attacker on the network.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.response == 1 && udp", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s +tcp", g.key, nameOf(&g.Tally, ".")) + "   # the server's own answer: injectors race over UDP only, as a rule",
				command("kdig @%s %s +tls", g.key, nameOf(&g.Tally, ".")) + "   # from where nobody can answer for it",
				command("delv @%s %s", g.key, nameOf(&g.Tally, ".")) + "   # a forged answer for a signed name fails validation",
			},
			Against: []string{"a server that sends two answers of its own (load balancer, two answering processes): both then come over the same number of routers"},
		}
		if hops == 0 {
			f.Confidence *= 0.7
		}
		f.say(fmt.Sprintf("%s got a second answer with other records, %s to %s after the first, for %s", plural(g.Count, "query"), span(g.Low), span(g.High), some(bares(g.zones), 3)))
		if hops > 0 {
			f.say(fmt.Sprintf("in %d of them the hop limit (TTL) of the two differs: they come from two places", hops))
		}
		if fast > 0 {
			f.say(plural(fast, "answer") + " came faster than the server's distance allows")
		}
		f.say(fmt.Sprintf("%s from that address in all", plural(good.Count, "answer")))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind}, evidence.OtherAnswer, evidence.OtherHops, evidence.Conflicting, anomalyOf('P', 6), anomalyOf('P', 14))
		all = append(all, f)
	}
	return all
}

// turns are the answers to a question, inside and outside in turns.
type turns struct {
	*evidence.Answer
	inside, outside *evidence.AnswerSet
}

func (t *turns) count() uint64 { return t.inside.Count + t.outside.Count }

// rebinding looks for public names that have a public address at one moment and a private one at the next.
func rebinding(c *caseFile) (all []Finding) {
	byZone := make(map[string][]turns)
	var zones []string
	for i := range c.Facts.Answers {
		x := &c.Facts.Answers[i]
		if x.More > 0 || !public(x.Name) {
			continue
		}
		for _, sets := range byServerOf(x) {
			inside, outside, ok := takesTurns(sets)
			if !ok {
				continue
			}
			if byZone[x.Zone] == nil {
				zones = append(zones, x.Zone)
			}
			byZone[x.Zone] = append(byZone[x.Zone], turns{x, inside, outside})
		}
	}
	for _, zone := range zones {
		all = append(all, rebound(zone, byZone[zone]))
	}
	return all
}

// takesTurns finds the answers, inside and outside, that one network gets of one server in turns.
func takesTurns(sets []*evidence.AnswerSet) (inside, outside *evidence.AnswerSet, ok bool) {
	const short = 60 // seconds: who rebinds needs the client to ask again soon
	inside, outside = firstOf(sets, true), firstOf(sets, false)
	return inside, outside, inside != nil && outside != nil && inside.TTLLow <= short && outside.TTLLow <= short && inside.Count+outside.Count >= 3 && !disjoint(inside, outside)
}

// rebound is the finding about a zone's names that take turns: whoever rebinds makes a name up for each victim.
func rebound(zone string, list []turns) Finding {
	slices.SortStableFunc(list, func(a, b turns) int { return cmp.Compare(b.count(), a.count()) })
	x := list[0]
	inside, outside := x.inside, x.outside
	f := Finding{
		Severity: Warning,
		Title:    fmt.Sprintf("%s changes between a public and a private address: DNS rebinding", bare(x.Name)),
		Cause: "A web page's name that points to the attacker's server first and to an address inside the network next makes a browser talk to inside hosts in " +
			"the page's name. The TTL is short so that it asks again.",
		Scope:     Scope{Server: inside.Server.String(), Zone: zone, Name: x.Name},
		Packets:   []uint64{min(frameOf(inside), frameOf(outside)), max(frameOf(inside), frameOf(outside))},
		Wireshark: answerFilter(x.Answer),
		Next: []string{
			command("dig @%s ", inside.Server) + question(x.Answer) + "   # several times: do the addresses take turns?",
			"private-address: 10.0.0.0/8   # unbound.conf, for each private network; named.conf: deny-answer-addresses; dnsmasq: stop-dns-rebind",
		},
		Against: []string{"a name of your own that is answered inside and outside in different ways (split horizon) takes turns with the place, and not with the time"},
	}
	in, out := uint64(0), uint64(0)
	var sets []*evidence.AnswerSet
	var names []string
	for _, t := range list {
		in, out, sets, names = in+t.inside.Count, out+t.outside.Count, append(sets, t.inside, t.outside), addTo(names, t.Name)
	}
	f.Confidence = sure(0.85, min(in, out))
	f.say(fmt.Sprintf("%s in %s with a TTL of %d s, %s in %s with %d s, from the same server to the same network", inside.Example, plural(inside.Count, "answer"), inside.TTLLow,
		outside.Example, plural(outside.Count, "answer"), outside.TTLLow))
	if len(names) > 1 {
		f.Scope.Name = ""
		f.say(fmt.Sprintf("the same with %s below %s", plural(uint64(len(names)-1), "other name"), bare(zone)))
	}
	f.Affected = in + out
	f.during(sets...)
	return f
}

// firstOf returns the first answer with a private address, or with public ones only.
func firstOf(sets []*evidence.AnswerSet, private bool) *evidence.AnswerSet {
	for _, s := range sets {
		if s.Kind == evidence.Data && (s.Private || s.Public) && s.Private == private {
			return s
		}
	}
	return nil
}

// disjoint says that two answers went to different networks.
func disjoint(a, b *evidence.AnswerSet) bool {
	for _, p := range a.Subnets {
		if slices.Contains(b.Subnets, p) {
			return false
		}
	}
	return true
}

// staleAnswers looks for resolvers that say that their answers have expired.
func staleAnswers(c *caseFile) (all []Finding) {
	served := func(r *row) bool { return r.Answers > 0 || r.Symptom == evidence.EDE(ednsStaleDenial) } // Unbound says it of a SERVFAIL, too
	for _, g := range groupBy(c, where{kind: anyKind, also: served}, byServer, evidence.EDE(ednsStale), evidence.EDE(ednsStaleDenial)) {
		if g.Seen < 2 {
			continue
		}
		fresh := c.fine(where{server: g.key})
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s serves expired answers for %s, since it cannot get new ones", g.key, some(bares(g.zones), 2)),
			Cause:      "The resolver keeps answers beyond their TTL for when no server of the zone answers (serve-stale). Users do not notice yet; they will when names change, or the stale ones are too old as well.",
			Confidence: sure(0.97, g.Seen+2),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.opt.ext_error.info_code in {3, 19}", addressFilter(g.key)),
			Next: []string{
				command("dig %s NS +trace +nodnssec", g.zone()) + "   # do the zone's servers answer?",
				command("unbound-control dump_infra | grep -F %s", g.zone()) + "   # named: rndc dumpdb -adb; what the resolver knows of them",
			},
			Against: []string{"resolvers that prefer speed answer stale first and ask behind it (client timeout 0): then the zone's servers are well"},
		}
		if len(g.zones) == 1 {
			f.Scope.Zone = g.zones[0]
		}
		f.say(fmt.Sprintf("%s with EDE 3 or 19, for %s", plural(g.Count, "answer"), aboutNames(uint64(g.Names.Estimate()))),
			fmt.Sprintf("%s from it in all, to %s", plural(fresh.Count, "answer"), plural(uint64(len(g.clients)), "client")), c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind}, evidence.EDE(ednsStale), evidence.EDE(ednsStaleDenial), anomalyOf('S', 14))
		all = append(all, f)
	}
	return all
}

// ttlZero looks for names that nobody may cache and everybody asks for.
func ttlZero(c *caseFile) (all []Finding) {
	byZone := make(map[string][]*evidence.Answer)
	var zones []string
	for i := range c.Facts.Answers {
		if x := &c.Facts.Answers[i]; x.More == 0 && zeroes(x) >= 3 {
			if byZone[x.Zone] == nil {
				zones = append(zones, x.Zone)
			}
			byZone[x.Zone] = append(byZone[x.Zone], x)
		}
	}
	for _, zone := range zones {
		list := byZone[zone]
		n := uint64(0)
		var sets []*evidence.AnswerSet
		for _, x := range list {
			n += zeroes(x)
			for i := range x.Sets {
				sets = append(sets, &x.Sets[i])
			}
		}
		first := list[0]
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s is answered with TTL 0: no cache may keep it, and each use asks again", bare(first.Name)),
			Cause:      "The zone, or a balancer or resolver before it, gives the records a TTL of 0. Each lookup goes all the way, and fails as soon as the server does.",
			Confidence: sure(0.95, n),
			Scope:      Scope{Zone: zone, Name: first.Name, Server: first.Sets[0].Server.String()},
			Packets:    []uint64{frameOf(&first.Sets[0])},
			Wireshark:  both(answerFilter(first), "dns.resp.ttl == 0"),
			Next:       []string{command("dig @%s ", first.Sets[0].Server) + question(first) + "   # the second column"},
			Against:    []string{"a cache whose copy ends in this second says 0 as well: then other answers to the same question have more"},
		}
		f.say(fmt.Sprintf("%s with TTL 0, for %s below %s", plural(n, "answer"), plural(uint64(len(list)), "question"), bare(zone)))
		f.Affected = n
		f.during(sets...)
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(b.Affected, a.Affected) })
	return atMost(all, 3)
}

// zeroes counts the answers of a question none of which had a TTL above 0.
func zeroes(x *evidence.Answer) (n uint64) {
	for i := range x.Sets {
		if s := &x.Sets[i]; s.Kind == evidence.Data && s.TTLHigh > 0 {
			return 0
		} else if s.Kind == evidence.Data {
			n += s.Count
		}
	}
	return n
}
