package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// ednsIntolerant looks for servers that answer queries without EDNS and none with it: by silence, or by FORMERR, NOTIMP or SERVFAIL.
func ednsIntolerant(c *caseFile) (all []Finding) {
	symptoms := []evidence.Symptom{evidence.Unanswered, evidence.RCODE(formErr), evidence.RCODE(notImp), evidence.RCODE(servFail)}
	onlyEDNS := func(r *row) bool { return uint64(r.EDNS) == r.Count }
	for _, g := range groupBy(c, where{also: onlyEDNS}, byServer, symptoms...) {
		w := where{server: g.key}
		fine := c.fine(w)
		plain := fine.Count - min(uint64(fine.EDNS), fine.Count)
		without := c.total(where{server: g.key, also: func(r *row) bool { return r.EDNS == 0 }}, symptoms...)
		if plain == 0 || fine.EDNS > 0 || without.Count > plain || g.Seen < 2 || c.resolver(g.key) && g.Seen < 5 {
			continue
		}
		formerr := c.count(w, evidence.RCODE(formErr))
		f := Finding{
			Title:      fmt.Sprintf("%s does not answer queries with EDNS", g.key),
			Cause:      "The server, or a firewall before it, drops queries that have an OPT record. Resolvers ask with EDNS, wait for their timeout, and may never try without it.",
			Confidence: sure(0.97, min(g.Seen, plain*3)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally, &fine),
			Wireshark:  both("dns", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s SOA +norecurse +edns", g.key, g.zone()),
				command("dig @%s %s SOA +norecurse +noedns", g.key, g.zone()) + "   # answered, where the other one is not",
				command("dig @%s %s SOA +norecurse +edns=0 +nocookie", g.key, g.zone()) + "   # is it EDNS, or an option?",
			},
			Against: []string{"if EDNS over TCP works, a firewall on the way inspects UDP port 53, and the server is innocent"},
		}
		if formerr > 0 {
			f.Title = fmt.Sprintf("%s answers FORMERR to EDNS", g.key)
			f.Cause = "The server does not know EDNS (RFC 6891), or an old firewall before it answers for it. Resolvers ask again without, and remember it: each new start costs time, and DNSSEC is impossible."
		}
		f.say(fmt.Sprintf("with EDNS: %s without a good answer (%d FORMERR, %s unanswered), none with one", plural(g.Count, "query"), formerr, number(c.count(w, evidence.Unanswered))),
			fmt.Sprintf("without EDNS: %s", plural(plain, "good answer")))
		if n := c.count(w, evidence.Rescued(withoutEDNS)); n > 0 {
			f.say(plural(n, "lookup") + " went on without EDNS, and were answered")
		}
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		f.Severity = hurt.severity()
		hurt.onClients(&f)
		c.claim(where{server: g.key, kind: anyKind}, append(symptoms, evidence.LookupFailed, evidence.LookupRetried, evidence.Rescued(withoutEDNS), evidence.Late,
			evidence.AskedAgain, anomalyOf('P', 4), anomalyOf('O', 29), anomalyOf('O', 38), anomalyOf('O', 30), anomalyOf('O', 37))...)
		all = append(all, f)
	}
	return all
}

// zone is one of the zones of a group.
func (g *group[K]) zone() string {
	if len(g.zones) == 0 {
		return "."
	}
	return g.zones[0]
}
