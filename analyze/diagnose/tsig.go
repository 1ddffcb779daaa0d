package diagnose

import (
	"fmt"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// Errors of TSIG and TKEY (RFC 8945 section 3, RFC 2930 section 2.6).
const (
	badSig   = 16
	badKey   = 17
	badMode  = 19
	badTrunc = 22
)

func signatureRules() []rule {
	return []rule{
		{"tsig-bad-signature", marked, tsigBadSignature, []string{"RFC 8945 section 5.2.2"}},
		{"tsig-unknown-key", marked, tsigUnknownKey, []string{"RFC 8945 section 5.2.1"}},
		{"tsig-truncated", marked, tsigTruncated, []string{"RFC 8945 sections 5.2.2.1 and 5.2.4"}},
		{"tsig-refused", marked, tsigRefused, []string{"RFC 8945 sections 5.2 and 5.3.2", "RFC 3007 section 3"}},
		{"tkey-failed", marked, tkeyFailed, []string{"RFC 2930 sections 2.5 and 2.6", "RFC 3645 section 4"}},
		{"cookie-replayed", marked, cookieReplayed, []string{"RFC 7873 section 5.3"}},
		{"cookie-secret-differs", marked, cookieSecretDiffers, []string{"RFC 7873 sections 5.2.4 and 6", "RFC 9018 section 4"}},
		{"cookie-loop", marked, cookieLoop, []string{"RFC 7873 sections 5.2.3 and 5.3"}},
	}
}

// refusedKey is what findings about one error of TSIG have in common.
type refusedKey struct {
	*group[clientServer]
	name   string // of the key
	signed uint64 // messages of other clients at the server that were refused for the same
	fine   uint64 // updates and transfers of other clients at the server that went well
	own    uint64 // of this one
}

// refusedKeys groups the responses with an error of TSIG by client and server.
func (c *caseFile) refusedKeys(code uint16) (list []refusedKey) {
	for _, g := range groupBy(c, where{kind: anyKind, also: func(r *row) bool { return r.Client != addr{} }}, byClientServer, evidence.TSIGError(code)) {
		if g.Seen < 2 {
			continue
		}
		special := func(r *row) bool { return r.Kind == evidence.Update || r.Kind == evidence.Transfer }
		others := where{server: g.key.server, kind: anyKind, also: func(r *row) bool { return r.Client != g.key.client }}
		x := refusedKey{group: g, name: strings.TrimSuffix(g.Key, "."), signed: c.count(others, evidence.TSIGError(code))}
		others.also = func(r *row) bool { return r.Client != g.key.client && special(r) }
		x.fine = c.count(others, evidence.RCODE(0))
		x.own = c.count(where{client: g.key.client, server: g.key.server, kind: anyKind, also: special}, evidence.RCODE(0))
		list = append(list, x)
	}
	return list
}

// finding fills in what all have in common, and claims what belongs to it.
func (x *refusedKey) finding(c *caseFile, code uint16, f Finding) Finding {
	client, server := x.key.client, x.key.server
	f.Severity = Critical
	f.Confidence = sure(0.97, x.Seen)
	f.Scope = Scope{Client: client.String(), Server: server.String()}
	f.Packets = packetsOf(&x.Tally)
	f.Wireshark = both(fmt.Sprintf("dns.tsig.error == %d", code), addressFilter(client))
	f.say(fmt.Sprintf("%s with %s from %s, for the key %s", plural(x.Count, "response"), mnemonic.TSIGError(code), server, x.name),
		fmt.Sprintf("other clients at the same server: %s well, %d refused for the same", plural(x.fine, "update or transfer"), x.signed))
	if x.own > 0 {
		f.Severity = Warning
		f.say(plural(x.own, "update or transfer") + " of this client went well, unsigned or with another key")
	}
	f.seen(&x.Tally)
	f.Clients = 1
	c.claim(where{client: client, server: server, kind: anyKind}, evidence.TSIGError(code), anomalyOf('T', 6+int(order(code))), anomalyOf('T', 4), anomalyOf('T', 5), anomalyOf('T', 13))
	return f
}

// order is that of the errors' entries in the catalogue, from T06 on.
func order(code uint16) uint16 {
	switch code {
	case badSig:
		return 1
	case badTrunc:
		return 3
	}
	return 0
}

// tsigBadSignature looks for clients whose secret differs from the server's.
func tsigBadSignature(c *caseFile) (all []Finding) {
	for _, x := range c.refusedKeys(badSig) {
		all = append(all, x.finding(c, badSig, Finding{
			Title: fmt.Sprintf("%s signs with key %s, and %s finds the signatures wrong", x.key.client, x.name, x.key.server),
			Cause: "The server knows a key of that name, and its secret or algorithm is not the client's: one side was changed, or a secret was copied with an error. " +
				"A box on the way that changes messages has the same effect.",
			Next: []string{
				"named-checkconf -px | grep -A3 " + command("%s", "key \""+x.name+"\"") + "   # on both sides: algorithm and secret, byte by byte",
				command("dig @%s %s SOA -y hmac-sha256:%s:SECRET", x.key.server, x.zone(), x.name) + "   # with the client's secret, from another host",
			},
			Against: []string{"if all keys of all clients fail at once, a middlebox rewrites messages (IDs, case, EDNS): capture on both sides of it and compare"},
		}))
	}
	return all
}

// tsigUnknownKey looks for clients that sign with a key that the server does not have.
func tsigUnknownKey(c *caseFile) (all []Finding) {
	for _, x := range c.refusedKeys(badKey) {
		all = append(all, x.finding(c, badKey, Finding{
			Title: fmt.Sprintf("%s signs with key %s, which %s does not know", x.key.client, x.name, x.key.server),
			Cause: "The key's name is part of the key: another spelling, a missing suffix or a key that was removed is an unknown one. Some servers say the same of an " +
				"algorithm that they do not have, or that is not the key's.",
			Next: []string{
				"rndc tsig-list   # on the server: the names of its keys; nsd-control print_tsig, keymgr tsig elsewhere",
				command("dig @%s %s SOA -y hmac-sha256:%s:SECRET", x.key.server, x.zone(), x.name),
			},
			Against: []string{"a server that was restarted without its key file knows none of its keys: then others are refused for the same"},
		}))
	}
	return all
}

// tsigTruncated looks for clients whose signatures are shorter than the server wants.
func tsigTruncated(c *caseFile) (all []Finding) {
	for _, x := range c.refusedKeys(badTrunc) {
		all = append(all, x.finding(c, badTrunc, Finding{
			Title: fmt.Sprintf("%s sends signatures that are cut too short for %s", x.key.client, x.key.server),
			Cause: "The signature is right as far as it goes, and the server's policy wants more of its bytes: the two sides have different lengths for the key's algorithm " +
				"(hmac-sha256-128 against hmac-sha256).",
			Next: []string{
				command("dig @%s %s SOA -y hmac-sha256:%s:SECRET", x.key.server, x.zone(), x.name) + "   # whole; -y hmac-sha256-128:... is cut to 128 bits",
				"named-checkconf -px | grep -A3 " + command("%s", "key \""+x.name+"\"") + "   # the algorithm on both sides",
			},
			Against: []string{"below half of the hash, or 10 bytes, no server may take it: then the client's code is wrong, not the policy"},
		}))
	}
	return all
}

// tsigRefused looks for signed messages that are refused without a word about the signature, as PowerDNS does.
func tsigRefused(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind, also: func(r *row) bool { return r.Client != addr{} }}, byClientServer, evidence.KeyRefused) {
		client, server := g.key.client, g.key.server
		own := c.count(where{client: client, server: server, kind: updates}, evidence.RCODE(0))
		others := c.count(where{server: server, kind: updates, also: func(r *row) bool { return r.Client != client }}, evidence.RCODE(0))
		if g.Seen < 2 {
			continue
		}
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s refuses what %s signs, and does not say why", server, client),
			Cause: "The server answers NOTAUTH or REFUSED to signed messages, without a TSIG record that would name the fault (some servers never send one). The key's name, " +
				"secret, algorithm or time is wrong, or the key may not do this.",
			Confidence: sure(0.9, g.Seen),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode in {5, 9}", addressFilter(client), addressFilter(server)),
			Next: []string{
				command("dig @%s %s SOA -y hmac-sha256:KEY:SECRET", server, g.zone()) + "   # with the client's key: answered and signed, or refused too?",
				"journalctl -u pdns -u named -u knot | grep -i tsig   # on the server: the log has the reason",
				command("pdnsutil list-tsig-keys; pdnsutil get-meta %s TSIG-ALLOW-DNSUPDATE", g.zone()) + "   # PowerDNS",
			},
			Against: []string{"if unsigned queries for the same zone are refused too, the zone is not there, and the key is innocent"},
		}
		f.say(fmt.Sprintf("%s of it refused, for %s", plural(g.Count, "signed message"), some(bares(g.zones), 3)),
			fmt.Sprintf("%s of this client went well, and %d of others", plural(own, "update"), others))
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: anyKind}, evidence.KeyRefused, anomalyOf('T', 13), anomalyOf('T', 14), anomalyOf('U', 4), anomalyOf('U', 13))
		all = append(all, f)
	}
	return all
}

// tkeyFailed looks for key exchanges that end in an error.
func tkeyFailed(c *caseFile) (all []Finding) {
	var errors []evidence.Symptom
	for code := uint16(1); code <= badTrunc; code++ {
		errors = append(errors, evidence.TKEYError(code))
	}
	for _, g := range groupBy(c, where{kind: anyKind}, byClientServer, errors...) {
		if g.Seen < 2 {
			continue
		}
		client, server := g.key.client, g.key.server
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s cannot agree on a key with %s: TKEY fails", client, server),
			Cause: "The client wants to make a shared key (GSS-TSIG of Active Directory, as a rule), and the server refuses the mode, the name or the algorithm. Its " +
				"secure dynamic updates do not work then.",
			Confidence: sure(0.96, g.Seen),
			Scope:      Scope{Client: client.String(), Server: server.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.qry.type == 249", addressFilter(client)),
			Next: []string{
				"klist; kinit -k HOST$   # on the client: has it a ticket, and for the server's DNS/ principal?",
				"named-checkconf -p | grep -E 'tkey|gssapi'   # on the server",
				command("date -u; chronyc tracking") + "   # Kerberos fails beyond five minutes of skew",
			},
			Against: []string{"a server that does no TKEY at all answers REFUSED or NOTIMP without an error in the TKEY record"},
		}
		for _, s := range errors {
			if n := c.count(where{client: client, server: server, kind: anyKind}, s); n > 0 {
				f.say(plural(n, "response") + " with " + s.String() + " in the TKEY record, the key name being " + bare(g.Key))
			}
		}
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: client, server: server, kind: anyKind}, append(errors, anomalyOf('T', 10))...)
		c.claim(where{client: client, server: server, kind: anyKind, also: func(r *row) bool { return r.Samples[0].Type == typeTKEY }}, evidence.RCODE(refused), evidence.RCODE(notAuth))
		all = append(all, f)
	}
	return all
}

const typeTKEY = 249 // RFC 2930 section 2
