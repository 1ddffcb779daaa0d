package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// cookieLoop looks for clients that are sent BADCOOKIE again and again, and never come to an answer.
func cookieLoop(c *caseFile) (all []Finding) {
	settled := c.settled()
	for _, g := range groupBy(c, where{also: func(r *row) bool { return r.Client != addr{} }}, byClientServer, evidence.RCODE(badCookie)) {
		client, server, answered := g.key.client, g.key.server, settled[g.key]
		if g.Seen < 3 || answered*2 > g.Count {
			continue // one BADCOOKIE, and the answer to the same question with the cookie that came with it: so it should be
		}
		own := c.fine(where{client: client, server: server})
		rest := where{server: server, also: func(r *row) bool { return r.Client != client }}
		others, othersBad := c.fine(rest), c.count(rest, evidence.RCODE(badCookie))
		withOld := c.count(where{client: client, server: server}, anomalyOf('O', 15))
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s gets BADCOOKIE from %s again and again", client, server),
			Cause: "The server wants its own cookie in the query before it answers over UDP, and sends one with each refusal. The client does not bring it back: it does " +
				"not keep cookies, or a box on the way takes them out.",
			Confidence: sure(0.94, g.Seen),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.opt.cookie.client", addressFilter(client), addressFilter(server)),
			Next: []string{
				command("dig @%s %s +cookie +nobadcookie", server, nameOf(&g.Tally, ".")) + "   # BADCOOKIE with a cookie; without +nobadcookie dig tries again with it",
				command("dig @%s %s +tcp", server, nameOf(&g.Tally, ".")) + "   # over TCP no cookie is wanted",
				"named-checkconf -p | grep require-server-cookie   # unbound.conf: access-control ... allow_cookie; knot.conf: mod-cookies",
			},
			Against: []string{"a client whose address changes between queries (NAT pools, privacy addresses) brings back a cookie that is no longer right: see cookie-secret-differs"},
		}
		if withOld*2 > g.Count {
			f.Cause = "The client does bring back a cookie, and the server does not take it: the client's address changes between queries, its copy is too old, or the server changes its secret."
		}
		f.say(fmt.Sprintf("%s with BADCOOKIE, %d of them to queries that had a server cookie; %d answered over UDP, %d over TCP", plural(g.Count, "response"), withOld, answered, own.TCP),
			fmt.Sprintf("other clients of the server: %s, %d BADCOOKIE", plural(others.Count, "answer"), othersBad))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: anyKind}, evidence.RCODE(badCookie), anomalyOf('O', 15), evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))
		all = append(all, f)
	}
	return all
}

// settled counts what each server said to each client over UDP, but for BADCOOKIE.
func (c *caseFile) settled() map[clientServer]uint64 {
	m := make(map[clientServer]uint64)
	if len(c.rows[evidence.RCODE(badCookie)]) == 0 {
		return m
	}
	for _, r := range c.all {
		if code, ok := r.Symptom.IsRCODE(); ok && code != badCookie && r.Kind == evidence.Query {
			m[byClientServer(r)] += r.Count - min(r.Count, uint64(r.TCP))
		}
	}
	return m
}

// cookieSecretDiffers looks for servers that take their own cookies at some times and not at others: several machines behind one address.
func cookieSecretDiffers(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, anomalyOf('O', 15)) {
		w := where{server: g.key}
		fine := c.fine(w)
		taken := uint64(fine.EDNS) - min(uint64(fine.EDNS), uint64(fine.TCP))
		if g.Seen < 3 || len(g.clients) < 2 && g.Seen < 4 || taken < 3 || g.Count*20 < taken || fine.First > g.Last || fine.Last < g.First {
			continue
		}
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s takes its own cookies only at times: its machines have different secrets", g.key),
			Cause: "Queries bring back a cookie that came from this address, and some are refused with BADCOOKIE while others are answered. Several machines share the " +
				"address (anycast, a balancer) and each has a secret of its own. Each refusal costs a round trip, and some clients give up.",
			Confidence: sure(0.85, min(g.Seen, taken)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.opt.cookie.server", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s +cookie=COOKIE +nobadcookie", g.key, nameOf(&g.Tally, ".")) + "   # several times with the cookie of an answer: always taken?",
				command("dig @%s id.server TXT CH +nsid", g.key) + "   # does another machine answer each time?",
				"cookie-secret \"...\";   # the same one in each named.conf; unbound.conf: cookie-secret; knot.conf: mod-cookies secret",
			},
			Against: []string{"one client only: its address changes between queries (NAT pool); with several it is the server", "a secret that was changed once refuses all old cookies for some minutes, and then none"},
		}
		if len(g.clients) == 1 {
			f.Confidence *= 0.8
		}
		f.say(fmt.Sprintf("%s with a server cookie refused, of %s", plural(g.Count, "query"), plural(uint64(len(g.clients)), "client")),
			fmt.Sprintf("in the same time %s with EDNS answered over UDP", plural(taken, "query")))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind}, evidence.RCODE(badCookie), anomalyOf('O', 15))
		all = append(all, f)
	}
	return all
}

// cookieReplayed looks for responses with somebody else's client cookie, which clients have to throw away.
func cookieReplayed(c *caseFile) (all []Finding) {
	mismatch := anomalyOf('O', 16)
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, mismatch) {
		fine := c.fine(where{server: g.key})
		rest := where{also: func(r *row) bool { return r.Server != g.key }}
		others, peers := c.count(rest, mismatch), c.fine(rest)
		k := 1.0                              // no sound server does it, however seldom
		if others > 0 && len(g.clients) < 2 { // a client that mixes its cookies up has it with all servers
			k = contrast(g.Count, max(uint64(fine.EDNS), g.Count), others, uint64(peers.EDNS))
		}
		if g.Seen < 3 || k < 0.5 {
			continue
		}
		f := Finding{
			Severity: Critical,
			Title:    fmt.Sprintf("responses from %s have a client cookie that nobody sent: clients discard them", g.key),
			Cause: "A response has to repeat the client cookie of its query. Here it has another one: a box on the way keeps answers with their OPT record and gives them " +
				"to others (cheap routers do), or somebody forges answers.",
			Confidence: sure(0.95, g.Seen) * k,
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.opt.cookie.client && dns.flags.response == 1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s +cookie", g.key, nameOf(&g.Tally, ".")) + "   # \"Warning: Client COOKIE mismatch\"",
				command("dig @%s %s +nocookie", g.key, nameOf(&g.Tally, ".")) + "   # is it answered without?",
				"send-cookie no;   # named.conf of the resolver behind the box, until the box is replaced",
			},
			Against: []string{"forged answers have wrong cookies, too, and then a second, right answer follows (P06)"},
		}
		f.say(fmt.Sprintf("%s with another client cookie than the query's, of %s with EDNS answered by it", plural(g.Count, "response"), plural(max(uint64(fine.EDNS), g.Count), "query")),
			fmt.Sprintf("from other servers: %d", others))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind}, mismatch)
		all = append(all, f)
	}
	return all
}
