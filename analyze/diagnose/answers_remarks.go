package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// nodataConfusion looks for clients that ask again and again for what a name does not have.
func nodataConfusion(c *caseFile) (all []Finding) {
	known := where{also: func(r *row) bool { return r.Client != addr{} }}
	again, peers := c.count(known, evidence.AskedInVain), c.count(known, evidence.NoData)
	for _, g := range groupBy(c, where{also: func(r *row) bool { return r.Client != addr{} && !r.back }}, byClient, evidence.AskedInVain) {
		if g.Seen < 5 {
			continue
		}
		told := c.total(where{client: g.key}, evidence.NoData)
		again, peers := again-g.Count, peers-told.Count
		k := contrast(g.Count, told.Count, again, peers)
		if g.Count*3 < told.Count || k < 0.7 {
			continue
		}
		s := g.Samples[0]
		typ := mnemonic.Type(s.Type)
		f := Finding{
			Severity: Info,
			Title:    fmt.Sprintf("%s keeps asking for %s of %s, which exists and has none", g.key, typ, bare(nameOf(&g.Tally, "."))),
			Cause: "NOERROR without an answer means that the name exists and has no record of that type (NODATA). The client seems to take it for a failure, or does not " +
				"remember it, and asks again at once. Nothing is wrong with the server or the zone.",
			Confidence: sure(0.9, g.Seen) * k,
			Scope:      Scope{Client: g.key.String(), Name: nameOf(&g.Tally, "")},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 0 && dns.count.answers == 0 && dns.flags.response == 1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s %s; dig @%s %s A", g.server(), nameOf(&g.Tally, "."), typ, g.server(), nameOf(&g.Tally, ".")) + "   # the same name, two types",
				"systemctl is-active systemd-resolved nscd   # on " + g.key.String() + ": does it have a cache at all?",
			},
			Against: []string{"a host without a cache asks for each connection anew, and takes the answer well: then the A record is asked for as often"},
		}
		f.say(fmt.Sprintf("%d of its %s came within 3 s of the same answer", g.Count, plural(told.Count, "question")+" without records"),
			fmt.Sprintf("with the other clients it is %d of %d", again, peers))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key}, evidence.AskedInVain)
		all = append(all, f)
	}
	return all
}

// answersChange looks for questions whose answer is another one from some time on.
func answersChange(c *caseFile) (all []Finding) {
	done := make(map[string]bool)
	for x := range c.comparable {
		for _, sets := range byServerOf(x) {
			if len(sets) != 2 || done[x.Zone] {
				continue
			}
			old, later := sets[0], sets[1]
			if old.First > later.First {
				old, later = later, old
			}
			if old.Last >= later.First || old.Count < often || later.Count < often || old.Authority < old.Count || later.Authority < later.Count {
				continue
			}
			done[x.Zone] = true
			f := Finding{
				Severity:   Info,
				Title:      fmt.Sprintf("the answer for %s changes during the capture: %s, then %s", bare(x.Name), contents(x, old), contents(x, later)),
				Cause:      "The zone was changed, or a balancer took a server out. Caches go on with the old answer for up to its TTL: for as long, users see both.",
				Confidence: sure(0.9, min(old.Count, later.Count)),
				Scope:      Scope{Server: old.Server.String(), Zone: x.Zone, Name: x.Name},
				Packets:    []uint64{frameOf(old), frameOf(later)},
				Wireshark:  both(answerFilter(x), addressFilter(old.Server)),
				Next:       []string{command("dig @%s ", old.Server) + question(x) + " +norecurse", command("dig @%s %s SOA +short +norecurse", old.Server, x.Zone)},
				Against:    []string{"a content network gives another answer each time, back and forth: then it is no change"},
			}
			f.say(fmt.Sprintf("%s in %s, the last %s before the first of %s with %s", contents(x, old), plural(old.Count, "answer"), span(later.First-old.Last),
				plural(later.Count, "answer"), contents(x, later)), fmt.Sprintf("the old one had a TTL of %d s", old.TTLHigh))
			f.Affected = old.Count + later.Count
			f.during(old, later)
			all = append(all, f)
		}
	}
	return atMost(all, 5)
}

// privateAnswers looks for public names with addresses that mean nothing on the Internet.
func privateAnswers(c *caseFile) (all []Finding) {
	byZone := make(map[string][]*evidence.Answer)
	var zones []string
	for i := range c.Facts.Answers {
		x := &c.Facts.Answers[i]
		if private := slices.IndexFunc(x.Sets, func(s evidence.AnswerSet) bool { return s.Private && s.Count >= often }); private >= 0 && x.More == 0 && public(x.Name) && !outsideToo(x) {
			if byZone[x.Zone] == nil {
				zones = append(zones, x.Zone)
			}
			byZone[x.Zone] = append(byZone[x.Zone], x)
		}
	}
	for _, zone := range zones {
		all = append(all, c.privateIn(zone, byZone[zone]))
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(b.Affected, a.Affected) })
	return atMost(all, 5)
}

// outsideToo says that others got another answer, or the same at other times: which has a finding of its own.
func outsideToo(x *evidence.Answer) bool {
	for _, sets := range byServerOf(x) {
		if _, _, ok := takesTurns(sets); ok || apart(sets) {
			return true
		}
	}
	return false
}

func (c *caseFile) privateIn(zone string, list []*evidence.Answer) Finding {
	x := list[0]
	s := &x.Sets[slices.IndexFunc(x.Sets, func(s evidence.AnswerSet) bool { return s.Private && s.Count >= often })]
	n := uint64(0)
	var sets []*evidence.AnswerSet
	for _, x := range list {
		for i := range x.Sets {
			if s := &x.Sets[i]; s.Private {
				n += s.Count
				sets = append(sets, s)
			}
		}
	}
	f := Finding{
		Severity: Info,
		Title:    fmt.Sprintf("%s, a public name, has the address %s", bare(x.Name), s.Example),
		Cause: "The address is of a private network. As a rule that is meant so: a view for inside hosts (split horizon), or a name that a filter points to nowhere. " +
			"From elsewhere the name leads to nothing, or to a stranger's host.",
		Confidence: sure(0.95, n),
		Scope:      Scope{Zone: zone, Name: x.Name, Server: s.Server.String()},
		Packets:    []uint64{frameOf(s)},
		Wireshark:  both(answerFilter(x), addressFilter(s.Server)),
		Next: []string{
			command("dig @%s ", s.Server) + question(x) + "; dig " + question(x) + " +trace   # here, and by the zone's own servers",
			command("whois %s", bare(zone)) + "   # is the zone yours?",
		},
		Against: []string{"an internal zone below a public name is no fault; a stranger's zone that points into your network is: see dns-rebinding"},
	}
	if ip := s.Example.Netip(); ip.IsLoopback() || ip.IsUnspecified() {
		f.Title = fmt.Sprintf("%s is pointed to %s: blocked by a filter, as a rule", bare(x.Name), ip)
	}
	f.say(fmt.Sprintf("%s with a private address from %s, for %s below %s", plural(n, "answer"), s.Server, plural(uint64(len(list)), "question"), bare(zone)))
	if said := c.count(where{kind: anyKind, zone: zone}, anomalyOf('S', 15)); said > 0 {
		f.say("the resolver says that policy made the answer: EDE 15 to 18 in " + plural(said, "response"))
	}
	f.Affected = n
	f.during(sets...)
	return f
}
