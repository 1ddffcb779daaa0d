package diagnose

import (
	"fmt"
	"math"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// burst is a rate, in queries a second, below which nobody limits a client.
const burst = 5

// limited is what a client that is limited has of a server.
type limited struct {
	answers, silent, refused evidence.Tally
	slips, whole             uint64 // truncated responses without records; responses over UDP with records
	rate                     float64
	// Of the seconds in which it asked little, and in which it asked much: valid iff byRate.
	calm, busy evidence.Rate
	byRate     bool
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
	x.calm, x.busy, x.byRate = byRate(c.quota(client, server))
	return x
}

// quota is how a server treats a client by its rate, nil where it does not refuse it.
func (c *caseFile) quota(client, server addr) *evidence.Quota {
	for i := range c.Facts.Quotas {
		if q := &c.Facts.Quotas[i]; q.Client == client && q.Server == server {
			return q
		}
	}
	return nil
}

// byRate says that a server refuses a client the more the more it asks in a second: next to nothing up to some rate, and far more beyond it. An access list,
// a policy for names or types, and one of several servers behind an address refuse as large a part of few as of many.
func byRate(q *evidence.Quota) (calm, busy evidence.Rate, ok bool) {
	if q == nil {
		return calm, busy, false
	}
	best := 0.0
	for i := 1; i < len(q.ByRate); i++ {
		low, high := sumOf(q.ByRate[:i]), sumOf(q.ByRate[i:])
		if low.Seconds < 3 || low.Queries < 6 || high.Seconds < 2 || high.Refused < 10 || high.Queries < burst*high.Seconds {
			continue
		}
		a, b := float64(low.Refused)/float64(low.Queries), float64(high.Refused)/float64(high.Queries)
		expected := b * float64(low.Queries)
		if b-a > best && a <= 0.25 && b-a >= 0.3 && float64(low.Refused) < expected-3*math.Sqrt(expected*(1-b)) {
			best, calm, busy, ok = b-a, low, high, true
		}
	}
	return calm, busy, ok
}

func sumOf(list []evidence.Rate) (sum evidence.Rate) {
	for _, r := range list {
		sum.Seconds += r.Seconds
		sum.Queries += r.Queries
		sum.Refused += r.Refused
	}
	return sum
}

// slipping says that some queries of a burst are dropped and some get a truncated response without records, while the same server answered before.
func (x *limited) slipping() bool {
	return x.slips >= 3 && x.silent.Seen >= 3 && uint64(x.silent.Malformed)*2 <= x.silent.Count && x.whole > 0
}

// perSecond is how many a second were answered while others were refused: the limit, as a rule.
func (x *limited) perSecond() uint64 {
	return max(uint64(float64(x.busy.Queries-x.busy.Refused)/float64(max(x.busy.Seconds, 1))+0.5), 1)
}

// rateLimited looks for servers that answer a client only so often.
func rateLimited(c *caseFile) []Finding {
	var all []limit
	for _, g := range groupBy(c, where{}, byClientServer, evidence.Unanswered, evidence.RCODE(refused)) {
		client, server := g.key.client, g.key.server
		if g.Seen < 3 || perSecond(&g.Tally) < 1 && c.quota(client, server) == nil { // so that few are looked at more closely
			continue
		}
		x := c.limitedBy(client, server)
		var f Finding
		switch {
		case x.rate >= burst && x.slipping():
			f = c.limitedBySlips(g, &x)
		case x.byRate && c.answeredToo(g)*2 >= x.refused.Count:
			f = c.limitedByRefusal(g, &x)
		default:
			continue
		}
		rest := where{server: server, also: func(r *row) bool { return r.Client != client }}
		others, othersBad := c.fine(rest), c.total(rest, evidence.Unanswered, evidence.RCODE(refused))
		f.Confidence = sure(0.95, x.silent.Seen/2+x.refused.Seen/2) * max(0.6, contrast(g.Count, g.Count+x.answers.Count, othersBad.Count, others.Count))
		f.Scope = Scope{Client: client.String(), Server: server.String()}
		f.Packets = packetsOf(&x.silent, &x.refused)
		if others.Count+othersBad.Count > 0 {
			f.say(fmt.Sprintf("other clients of the server: %s, %d without one or refused", plural(others.Count, "answer"), othersBad.Count))
		}
		f.say(c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Severity, f.Clients = Warning, 1
		if c.back(client) {
			hurt := c.felt(func(m *evidence.Event) bool { return m.Client == client && m.Server == server })
			f.Severity = hurt.severity()
			hurt.onClients(&f)
		}
		c.claim(where{client: client, server: server, kind: anyKind}, evidence.Unanswered, evidence.RCODE(refused), evidence.Late, evidence.LookupFailed, evidence.LookupRetried,
			evidence.AskedAgain, evidence.Rescued(overTCP), anomalyOf('P', 4), anomalyOf('Q', 13), anomalyOf('O', 33), anomalyOf('S', 10), evidence.EDE(ednsProhibited))
		all = append(all, limit{server, f})
	}
	return byServerLimited(all)
}

// limitedBySlips is the finding about a server that drops, and truncates.
func (c *caseFile) limitedBySlips(g *group[clientServer], x *limited) Finding {
	client, server := g.key.client, g.key.server
	f := Finding{
		Title: fmt.Sprintf("%s limits the rate of its answers to %s", server, client),
		Cause: "The server answers a client so many times a second, and drops what is beyond, but for some truncated answers that ask a real client to come over " +
			"TCP (response rate limiting). If the client's address is forged, it is a victim that the limit protects.",
		Wireshark: both("dns", addressFilter(client), addressFilter(server)),
		Next: []string{
			command("dig @%s %s +tcp", server, nameOf(&g.Tally, ".")) + "   # over TCP there is no limit",
			"rndc stats; grep -A2 -i rate /var/cache/bind/named.stats   # on the server: responses dropped and truncated; nsd-control stats, knotc stats mod-rrl",
			"named-checkconf -p | grep -A8 rate-limit   # responses-per-second, slip, exempt-clients; nsd.conf: rrl-ratelimit; knot.conf: mod-rrl",
		},
		Against: []string{"a link that is full loses packets too, but sends no truncated answers without records", "is the client one that ought to have a cache, or many hosts behind one address?"},
	}
	f.say(fmt.Sprintf("%.0f queries a second from it: %d without an answer, %d truncated without records, %d REFUSED, %d answered", x.rate, x.silent.Count, x.slips, x.refused.Count,
		x.answers.Count-x.slips))
	if x.answers.TCP > 0 {
		f.say(plural(uint64(x.answers.TCP), "query") + " of it over TCP answered")
	}
	return f
}

// limitedByRefusal is the finding about a server that refuses what is above some rate. That is none of the name servers' response rate limiting, which drops
// and truncates, and it holds for TCP, too.
func (c *caseFile) limitedByRefusal(g *group[clientServer], x *limited) Finding {
	client, server := g.key.client, g.key.server
	f := Finding{
		Title:     fmt.Sprintf("%s refuses what %s asks it beyond about %d queries a second", server, client, x.perSecond()),
		Cause:     "The server answers the client so many times a second, and refuses what is beyond: a limit of queries per client, as resolvers and balancers have. The names are not the reason, and each is answered at another time.",
		Wireshark: both("dns.flags.rcode == 5", addressFilter(client), addressFilter(server)),
		Next: []string{
			command("dig @%s %s +tries=1", server, nameOf(&g.Tally, ".")) + "   # from the client, at a quiet moment: answered",
			"dnsdist -e 'showRules() showDynBlocks()'   # on the server: MaxQPSIPRule, and who is blocked for a while; in unbound.conf: ip-ratelimit",
			command("dnssniff print %s --where %s", c.file(), fmt.Sprintf("client == %q && server == %q", client, server)) + "   # what does it ask so much?",
		},
		Against: []string{"a policy for names, or one of several servers behind the address that refuses, does so at low rates as well", "is the client one that ought to have a cache, or many hosts behind one address?"},
	}
	f.say(fmt.Sprintf("in %s with about %.0f queries from it, %s of %s were refused", plural(uint64(x.busy.Seconds), "second"), float64(x.busy.Queries)/float64(x.busy.Seconds),
		number(uint64(x.busy.Refused)), number(uint64(x.busy.Queries))),
		fmt.Sprintf("in %s with about %.0f, %s of %s", plural(uint64(x.calm.Seconds), "second"), float64(x.calm.Queries)/float64(x.calm.Seconds), number(uint64(x.calm.Refused)), number(uint64(x.calm.Queries))),
		fmt.Sprintf("%s of the %s refused are for zones that it answers for at other times", share(c.answeredToo(g), x.refused.Count), number(x.refused.Count)))
	return f
}

// answeredToo counts the queries of a group that were refused though the server has answered for the zone since the first refusal.
func (c *caseFile) answeredToo(g *group[clientServer]) (n uint64) {
	for _, r := range g.rows {
		if r.Symptom != evidence.RCODE(refused) {
			continue
		}
		if fine := c.zoneFine(g.key.server, r.Zone); fine.Count > 0 && fine.Last > g.First+int64(patience)/5 {
			n += r.Count
		}
	}
	return n
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
		if f.Scope.Client != "" {
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
