package diagnose

import (
	"fmt"
	"net/netip"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// signsOfLoss are what lost packets leave between a client and its resolver: queries without a response, and questions that come again though they were
// answered. A resolver asks again also for other reasons: there it is signsUpstream.
func signsOfLoss() []evidence.Symptom { return append(signsUpstream(), evidence.AskedAgain) }

func signsUpstream() []evidence.Symptom {
	return []evidence.Symptom{evidence.Unanswered, evidence.Duplicate, evidence.Conflicting}
}

// polled says that questions which came again after having been answered are of a program that asks for a few names at fixed times, such as a health check:
// after loss a question comes again once or twice, and then the answer has arrived.
func polled(r *row) bool {
	return r.Symptom == evidence.AskedAgain && r.Count > 4*uint64(max(r.Names.Estimate(), 1))
}

// packetLoss looks for servers, and for subnets of clients, with some of whom packets are lost while with the others they are not, and for loss everywhere.
func packetLoss(c *caseFile) []Finding {
	all := append(c.lossToServers(), c.lossUpstream()...)
	all = append(all, c.lossEverywhere()...)
	return append(all, c.lossToSubnets()...)
}

func (c *caseFile) lossToServers() (all []Finding) {
	for _, g := range groupBy(c, where{side: back}, byServer, signsUpstream()...) {
		if g.Seen < 4 || c.choosy(g) {
			continue
		}
		own := c.fine(where{server: g.key})
		rest := where{side: back, also: func(r *row) bool { return r.Server != g.key }}
		peers, peerSigns := c.fine(rest), c.total(rest, signsUpstream()...)
		k := contrast(g.Count, own.Count+g.Count, peerSigns.Count, peers.Count)
		if own.Count < g.Count/4 || own.Last < g.First || g.Last < own.First || k < 0.6 || !beyond(g.Seen, g.Count, own.Count+g.Count, peerSigns.Count, peers.Count) || g.Count*33 < own.Count {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("packets to or from %s are lost", g.key),
			Cause:      "Some queries to this server get no response and the same ones do when they are repeated: packets are lost on the way, in one direction or both.",
			Confidence: sure(0.95, g.Seen) * k,
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns", addressFilter(g.key)),
			Next: []string{
				command("mtr -n -r -c 100 -u -P 53 %s", g.key) + "   # where the loss begins",
				"ip -s link; ethtool -S eth0 | grep -Ei 'drop|err'   # errors of this host's own interface",
			},
			Against: []string{"loss in the capture itself leaves the same marks: see kernel_dropped, and TCP gaps, in the report", "a rate limit of the server, if it begins with a number of queries a second"},
		}
		f.say(fmt.Sprintf("%s of %s to it stayed without an answer or had to be repeated", number(g.Count), plural(own.Count+g.Count, "query")),
			fmt.Sprintf("with the other servers it is %s", share(peerSigns.Count, peers.Count+peerSigns.Count)))
		f.seen(&g.Tally)
		hurt := c.felt(func(m *evidence.Event) bool { return m.Server == g.key })
		hurt.onClients(&f)
		c.claim(where{server: g.key, kind: anyKind}, append(signsOfLoss(), evidence.Late, evidence.LookupFailed, evidence.LookupRetried, evidence.Rescued(otherServer), anomalyOf('P', 4))...)
		all = append(all, f)
	}
	return all
}

// choosy says that a server leaves queries for some zones or of some type without a response, and answers all others: loss does not choose. There are servers
// that drop what they do not know, above all AAAA (RFC 4074 section 4.1).
func (c *caseFile) choosy(g *group[addr]) bool {
	silent, byZone := uint64(0), make(map[string]uint64)
	for _, r := range g.rows {
		if r.Symptom == evidence.Unanswered {
			silent += r.Count
			byZone[r.Zone] += r.Count
		}
	}
	never := uint64(0) // for zones of which several queries were in vain, and none was not
	least := max(3, c.unseen(g.key)+1)
	for zone, n := range byZone {
		if n >= least && c.zoneFine(g.key, zone).Count == 0 {
			never += n
		}
	}
	return silent*2 > g.Count && (never*4 > silent*3 || c.sideType(g.key))
}

// Types that hardly anybody asks for without asking for A, too.
const (
	typeAAAA  = 28
	typeHTTPS = 65
)

// sideType says that all queries that a server left without a response, as far as they are kept, are of one type that goes along with A.
func (c *caseFile) sideType(server addr) bool {
	n, typ := 0, uint16(0)
	for i := range c.Facts.Moments {
		m := &c.Facts.Moments[i]
		if m.Server != server || m.Symptom != evidence.Unanswered {
			continue
		}
		if n++; n > 1 && m.Type != typ || m.Type != typeAAAA && m.Type != typeHTTPS {
			return false
		}
		typ = m.Type
	}
	return n >= 6
}

// subnetOf is the network of a client that people would name: a /24, or a /64.
func subnetOf(a packet.Addr) netip.Prefix {
	bits := 64
	if a.Netip().Is4() {
		bits = 24
	}
	p, err := a.Netip().Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

func (c *caseFile) lossToSubnets() (all []Finding) {
	bySubnet := func(r *row) netip.Prefix { return subnetOf(r.Client) }
	for _, g := range groupBy(c, where{side: front, also: func(r *row) bool { return r.Client != packet.Addr{} && !polled(r) }}, bySubnet, signsOfLoss()...) {
		if g.Seen < 5 || len(g.clients) < 2 || len(g.zones) < 2 {
			continue
		}
		own := c.total(where{subnet: g.key, side: front}, evidence.RCODE(0), evidence.RCODE(nxDomain))
		rest := where{side: front, also: func(r *row) bool { return !g.key.Contains(r.Client.Netip()) }}
		peers, peerSigns := c.total(rest, evidence.RCODE(0), evidence.RCODE(nxDomain)), c.total(rest, signsOfLoss()...)
		theirs := where{subnet: g.key, side: front, also: func(r *row) bool { return !polled(r) }}
		silent := c.countLeft(theirs, evidence.Unanswered)
		asked := chance(c.countLeft(theirs, evidence.AskedAgain), uint64(own.Soon))
		k := contrast(g.Count, own.Count+g.Count, peerSigns.Count, peers.Count)
		if silent+asked < 5 || c.hopeless(where{subnet: g.key, side: front}) || own.Count < g.Count/4 || k < 0.6 || !beyond(g.Seen, g.Count, own.Count+g.Count, peerSigns.Count, peers.Count) || g.Count*50 < own.Count {
			continue
		}
		again := c.countLeft(theirs, evidence.AskedAgain, evidence.Duplicate, evidence.Conflicting)
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("packets to and from clients in %s are lost", g.key),
			Cause:      "These clients repeat questions that have been answered: what is sent to them does not all arrive. Of what is lost on the way here only the retry is seen.",
			Confidence: sure(0.95, g.Seen) * k,
			Scope:      Scope{Subnet: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns", subnetFilter(g.key)),
			Next: []string{
				command("mtr -n -r -c 100 %s", g.clients[0]) + "   # from here to one of them",
				"ip -s link   # errors and drops of this host's interfaces",
			},
			Against: []string{"a duplicating switch port or capture (\"-i any\") shows duplicates too, but no repeated questions after whole seconds"},
		}
		if again == 0 {
			f.Cause = "Queries of these clients get no response, those of others do: packets are lost between here and the server, or the server drops what comes from there."
		}
		f.say(fmt.Sprintf("of %s %s came again after having been answered, and %s stayed without an answer", plural(uint64(len(g.clients)), "client"),
			plural(again, "question"), number(silent)),
			fmt.Sprintf("that is %s of their %s; of the other clients' it is %s", share(g.Count, own.Count+g.Count), plural(own.Count+g.Count, "transaction"), share(peerSigns.Count, peers.Count+peerSigns.Count)),
			"servers and names are no different from those of the other clients")
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{subnet: g.key, side: front, kind: anyKind}, append(signsOfLoss(), evidence.Late, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4), anomalyOf('P', 6), anomalyOf('P', 5))...)
		all = append(all, f)
	}
	return all
}
