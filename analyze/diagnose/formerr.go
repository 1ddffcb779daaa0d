package diagnose

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

func formerrRules() []rule {
	return []rule{
		{"formerr-corrupted-path", marked, corruptedPath, []string{"RFC 768", "RFC 1035 section 4.1.1"}},
		{"formerr-middlebox", marked, formerrMiddlebox, []string{"RFC 5625 section 3", "RFC 6891 section 7"}},
		{"option-intolerant-server", marked, optionIntolerant, []string{"RFC 6891 section 6.1.2", "RFC 8906 section 3.2.3"}},
		{"formerr-server-bug", general, formerrServerBug, []string{"RFC 1035 section 4.1.1", "RFC 8906 section 3"}},
	}
}

// wellFormed says of a row that no server has a reason to take offence at any of its queries.
func wellFormed(r *row) bool { return r.Malformed == 0 && r.Odd == 0 }

// malformed are the entries of the catalogue that say so, which some row has.
func (c *caseFile) malformed() (list []evidence.Symptom) {
	for s := range c.rows {
		if id, ok := s.IsAnomaly(); ok && id.Severity() == anomaly.Malformed {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

// optionIntolerant looks for servers that punish an EDNS option, which they ought to ignore, while EDNS without it is fine.
func optionIntolerant(c *caseFile) (all []Finding) {
	const badVers = 16
	errs := []evidence.Symptom{evidence.RCODE(formErr), evidence.RCODE(badVers), evidence.RCODE(notImp), evidence.RCODE(refused), evidence.Unanswered}
	guilty := func(r *row) bool { return wellFormed(r) && r.AllOptions&r.AnyOptions != 0 }
	for _, g := range groupBy(c, where{also: guilty}, byServer, errs...) {
		if g.Seen < 2 || g.key == (addr{}) {
			continue
		}
		fine := c.fine(where{server: g.key})
		options := culprits(&g.Tally, &fine)
		without := c.count(where{server: g.key, also: func(r *row) bool { return r.AnyOptions&options == 0 }}, errs...)
		said := c.count(where{server: g.key, also: guilty}, evidence.RCODE(formErr), evidence.RCODE(badVers))
		if options == 0 || fine.EDNS < 2 || without*4 > g.Count || said == 0 && !c.bothWays(g.key, g.clients) {
			continue
		}
		name := optionNames(options)
		silent := c.count(where{server: g.key, also: guilty}, evidence.Unanswered)
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s does not stand the EDNS option %s", g.key, name),
			Cause:      "A server has to ignore options that it does not know. This one, or a firewall before it, fails each query with the option, and answers EDNS without.",
			Confidence: sure(0.95, min(g.Seen, uint64(fine.EDNS))),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally, &fine),
			Wireshark:  both("dns.opt.code", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse +edns=0 +nocookie", g.key, g.zone()) + "   # answered",
				command("dig @%s %s SOA +norecurse +nocookie %s", g.key, g.zone(), digOption(options)) + "   # not answered so",
				command("server %s { send-cookie no; };", g.key) + "   # named.conf, if it is the cookie; unbound has no such switch: it sends none",
			},
			Against: []string{"if the same query over TCP is answered, a firewall that inspects UDP is to blame"},
		}
		f.say(fmt.Sprintf("with the option: %s failed (%d unanswered), none was answered well", plural(g.Count, "query"), silent),
			fmt.Sprintf("with EDNS and without the option: %s", plural(uint64(fine.EDNS), "good answer")))
		if n := c.count(where{server: g.key, kind: anyKind}, anomalyOf('O', 38)); n > 0 {
			f.say(plural(n, "lookup") + " left the option out in the end, and got an answer")
		}
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		if hurt.Count > 0 {
			f.Severity = Critical
		}
		hurt.onClients(&f)
		c.claim(where{server: g.key, also: guilty}, errs...)
		c.claim(where{server: g.key, kind: anyKind}, anomalyOf('O', 29), anomalyOf('O', 30), anomalyOf('O', 38), evidence.Rescued(withoutEDNS), evidence.LookupRetried,
			evidence.LookupFailed, evidence.AskedAgain, evidence.Late, anomalyOf('P', 4))
		all = append(all, f)
	}
	return all
}

// bothWays says that one of some clients was answered by a server with EDNS, too: silence or REFUSED for others can be meant for them.
func (c *caseFile) bothWays(server addr, clients []addr) bool {
	for _, client := range clients {
		if t := c.fine(where{server: server, client: client}); t.EDNS > 0 {
			return true
		}
	}
	return false
}

// optionNames are those of a set of options, as in [wire.EDNS.Has].
func optionNames(set uint32) string {
	var list []string
	for ; set != 0; set &= set - 1 {
		if code := bits.TrailingZeros32(set); code == 0 {
			list = append(list, "of a code above 31")
		} else {
			list = append(list, mnemonic.Option(uint16(code)))
		}
	}
	return some(list, 2)
}

// digOption makes dig send the first of a set of options.
func digOption(set uint32) string {
	const cookie, clientSubnet, nsid, padding = 10, 8, 3, 12
	switch code := bits.TrailingZeros32(set); code {
	case cookie:
		return "+cookie"
	case clientSubnet:
		return "+subnet=192.0.2.0/24"
	case nsid:
		return "+nsid"
	case padding:
		return "+padding=128"
	case 0:
		return "+ednsopt=65001"
	default:
		return fmt.Sprintf("+ednsopt=%d", code)
	}
}

// formerrServerBug looks for servers that answer FORMERR to well-formed queries of many, which others answer.
func formerrServerBug(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{also: wellFormed}, byServer, evidence.RCODE(formErr)) {
		if g.Seen < 3 || g.key == (addr{}) {
			continue
		}
		fine := c.fine(where{server: g.key})
		peers, answered := c.peersFor(g.key, g.zones)
		names := g.Names.Estimate()
		if len(g.clients) < 2 && names < 3 || peers == 0 && fine.Count < g.Count {
			continue
		}
		others := where{also: func(r *row) bool { return r.Server != g.key }}
		elsewhere := c.count(others, evidence.RCODE(formErr))
		k := contrast(g.Count, g.Count+fine.Count, elsewhere, elsewhere+c.fine(others).Count)
		if k < 0.5 {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s answers FORMERR to well-formed queries", g.key),
			Cause:      "Nothing is wrong with the queries as captured. The server's parser fails on something that it should take: a bug, or a very old program.",
			Confidence: sure(0.85, g.Seen) * k,
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 1", addressFilter(g.key)),
			Next: []string{
				command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # what such a query has",
				command("dig @%s %s +norecurse +noedns +nocookie", g.key, nameOf(&g.Tally, g.zone())) + "   # add one thing after the other: +edns, +cookie, +dnssec, +adflag",
				command("dig @%s version.bind TXT CH", g.key) + "   # what it is",
			},
			Against: []string{"a middlebox before the server that answers for it: compare with a capture there"},
		}
		if fine.Count == 0 {
			f.Severity = Critical
		}
		f.say(fmt.Sprintf("%s from %s, for %s, got FORMERR though they are well formed", plural(g.Count, "query"), plural(uint64(len(g.clients)), "client"), aboutNames(uint64(names))))
		if peers > 0 {
			f.say(fmt.Sprintf("%s gave %s for the same zones", plural(uint64(peers), "other server"), plural(answered, "good answer")))
		}
		f.say(plural(fine.Count, "other query") + " it answered well")
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, also: wellFormed}, evidence.RCODE(formErr))
		all = append(all, f)
	}
	return all
}

// peersFor counts the other servers that answered with authority for some zones, and their answers.
func (c *caseFile) peersFor(server addr, zones []string) (n int, answers uint64) {
	var list []addr
	for _, s := range []evidence.Symptom{evidence.ZoneFine, evidence.RCODE(nxDomain)} {
		for _, r := range c.rows[s] {
			if r.Server != server && uint64(r.AA)*2 > r.Count && slices.Contains(zones, r.Zone) {
				list, answers = addTo(list, r.Server), answers+r.Count
			}
		}
	}
	return len(list), answers
}
