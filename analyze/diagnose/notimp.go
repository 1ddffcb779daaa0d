package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// opcodeNotImplemented looks for messages of opcodes that servers do not have.
func opcodeNotImplemented(c *caseFile) (all []Finding) {
	other := func(r *row) bool { return r.Kind == evidence.Other || r.Kind == evidence.Notify }
	for _, g := range groupBy(c, where{kind: anyKind, also: other}, byClient, evidence.RCODE(notImp)) {
		if g.Seen < 2 || g.key == (addr{}) || g.Low > g.High {
			continue
		}
		what := "opcode " + mnemonic.Opcode(uint8(g.Low))
		if g.High != g.Low {
			what = fmt.Sprintf("opcodes from %s to %s", mnemonic.Opcode(uint8(g.Low)), mnemonic.Opcode(uint8(g.High)))
		}
		own := c.fine(where{client: g.key})
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s sends messages of %s, which no server has to know", g.key, what),
			Cause:      "NOTIMP is the right answer to an opcode that a server does not implement. Such messages come from scanners, tests of conformance, or very old software.",
			Confidence: sure(0.95, g.Seen),
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.opcode != 0", addressFilter(g.key)),
			Next: []string{
				command("dig @%s +opcode=%s %s", g.server(), mnemonic.Opcode(uint8(g.Low)), nameOf(&g.Tally, ".")),
				command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)),
			},
			Against: []string{"bytes that are no DNS at all show any opcode: are the messages malformed, too?"},
		}
		f.say(fmt.Sprintf("%s of %s answered NOTIMP", plural(g.Count, "message"), what), fmt.Sprintf("%s of it of opcode QUERY were answered well", plural(own.Count, "query")))
		f.seen(&g.Tally)
		f.Clients = 1
		for _, r := range g.rows {
			r.claimed = true
		}
		all = append(all, f)
	}
	return all
}

// Types from TKEY to ANY are for queries of a special sort (RFC 6895 section 3.1).
const (
	firstMeta = 128
	lastMeta  = 255
)

// typeNotImplemented looks for servers that answer NOTIMP to types which they do not know: they ought to answer as for any other type (RFC 3597).
func typeNotImplemented(c *caseFile) (all []Finding) {
	sound := func(r *row) bool { return uint64(r.Malformed)*2 <= r.Count && r.Zone != "" }
	for _, g := range groupBy(c, where{also: sound}, byServer, evidence.RCODE(notImp)) {
		fine := c.fine(where{server: g.key})
		if g.Seen < 2 || g.Low > g.High || fine.Count == 0 {
			continue
		}
		what := mnemonic.Type(uint16(g.Low))
		if g.High != g.Low {
			what = fmt.Sprintf("types from %s to %s", what, mnemonic.Type(uint16(g.High)))
		}
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s answers NOTIMP for %s", g.key, what),
			Cause: "A server answers for types that it does not know as for all others: with the records, or with none (RFC 3597). This one, or a balancer or firewall " +
				"before it, refuses them. Resolvers take that for a broken server and try the next one, or fail.",
			Confidence: sure(0.93, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode == 4", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s %s +norecurse", g.key, nameOf(&g.Tally, "."), mnemonic.Type(uint16(g.Low))),
				command("dig @%s %s TYPE65280 +norecurse", g.key, nameOf(&g.Tally, ".")) + "   # a type that nobody has: NOERROR without an answer is right",
			},
			Against: []string{"if the same type is answered without EDNS or in class IN, it is those that the server does not know"},
		}
		if g.Low >= firstMeta && g.High <= lastMeta {
			f.Severity = Info
			f.Cause = "The types are for special queries (ANY, transfers, keys), which a server may leave out. Nothing depends on them but abuse and tests."
		}
		f.say(fmt.Sprintf("%s for %s answered NOTIMP", plural(g.Count, "query"), what), fmt.Sprintf("%s for others from the same server", plural(fine.Count, "good answer")))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		for _, r := range g.rows {
			r.claimed = true
		}
		all = append(all, f)
	}
	return all
}

// ednsVersion looks for BADVERS: to queries of a later version of EDNS it is right, to those of version 0 it is wrong.
func ednsVersion(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, evidence.RCODE(badVers)) {
		if g.Seen < 2 || g.Low > g.High {
			continue
		}
		fine := c.fine(where{server: g.key})
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s is asked in EDNS version %d, and says that it knows version 0", g.key, g.High),
			Cause:      "No version of EDNS but 0 is defined. Only tests ask for others, and BADVERS is the right answer.",
			Confidence: sure(0.97, g.Seen),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.resp.edns0_version == 1 || dns.resp.ext_rcode == 1", addressFilter(g.key)),
			Next:       []string{command("dig @%s %s SOA +edns=1 +noednsnegotiation", g.key, nameOf(&g.Tally, ".")), command("dig @%s %s SOA +edns=0", g.key, nameOf(&g.Tally, "."))},
			Against:    []string{"a client that wants version 1 in earnest is broken: does it ask again in version 0?"},
		}
		f.Wireshark = both("(dns.resp.edns0_version > 0 || dns.resp.ext_rcode == 1)", addressFilter(g.key))
		if len(g.clients) == 1 {
			f.Scope.Client = g.clients[0].String()
		}
		if g.Low == 0 {
			f.Severity = Warning
			f.Title = fmt.Sprintf("%s answers BADVERS to EDNS version 0", g.key)
			f.Cause = "The server, or a box before it, refuses the one version of EDNS that there is: it takes an unknown option or flag for another version. Resolvers ask again without EDNS, or fail."
			f.Against = []string{"queries without options may be answered well: compare, to find the option that it does not take"}
		}
		f.say(fmt.Sprintf("%s with BADVERS, to queries of EDNS versions %d to %d", plural(g.Count, "response"), g.Low, g.High),
			fmt.Sprintf("%s from the same server, %d of them with EDNS", plural(fine.Count, "good answer"), fine.EDNS))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind}, evidence.RCODE(badVers), anomalyOf('O', 4), anomalyOf('O', 5))
		all = append(all, f)
	}
	return all
}
