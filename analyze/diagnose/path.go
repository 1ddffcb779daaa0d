package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// pathRules are about what happens to packets between clients and servers, and to the capture itself.
func pathRules() []rule {
	return []rule{
		{"reflection-victim", marked, reflections, []string{"RFC 5358", "RFC 2827 (BCP 38)"}},
		{"one-way-capture", marked, oneWay, nil}, // what is left: unasked, and no attack
		{"capture-loss", marked, captureLoss, nil},
		{"mtu-black-hole", marked, blackHole, []string{"RFC 8201 section 4", "RFC 1191 section 3", "RFC 9715 section 3.1"}},
		{"tcp-resets", marked, tcpResets, []string{"RFC 7766 section 6.2", "RFC 9293 section 3.5.2"}},
		{"predictable-source", remarks, predictable, []string{"RFC 5452 section 9.2"}},
	}
}

// oneWay looks for servers of which the capture has one direction only: nothing comes back, and no client minds.
func oneWay(c *caseFile) (all []Finding) {
	if c.OneWay == "responses" {
		return c.onlyResponses()
	}
	for _, g := range groupBy(c, where{kind: anyKind}, byServer, evidence.Unanswered) {
		if g.Seen < 5 || uint64(g.Retransmitted)*20 > g.Count {
			continue
		}
		w := where{server: g.key, kind: anyKind}
		again := uint64(g.Retransmitted) + c.count(w, evidence.LookupRetried, evidence.AskedAgain, anomalyOf('P', 4))
		silent := g.Count
		if ip := g.key.Netip(); !ip.IsValid() || ip.IsMulticast() || again*20 > silent || g.Names.Estimate() < 3 {
			continue
		}
		if c.answeredAtAll(g.key) || uint64(g.Dubious)*2 > silent || c.count(w, evidence.ICMPPort, evidence.ICMPHost, evidence.ICMPForbidden) > 0 {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("the capture has no packet from %s, and its clients do not miss any", g.key),
			Cause:      "The queries were captured, and the responses took a way on which they were not: another interface, another route, one direction of a mirror port. They did arrive, for nobody asked again.",
			Confidence: sure(0.9, g.Seen/2),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns", addressFilter(g.key)),
			Next: []string{
				command("dnssniff -i any -f %s", "host "+g.key.String()) + "   # both directions, whatever the interface",
				command("ip route get %s; ip rule", g.key) + "   # on the server: does the answer leave by another interface?",
			},
			Against: []string{"senders that never wait for an answer (scanners, load tests, forged sources) do not ask again either"},
		}
		f.say(fmt.Sprintf("%s to it and not one response", plural(silent, "query")), fmt.Sprintf("%s of them came again", number(again)),
			fmt.Sprintf("sent by %s, for %s", plural(uint64(len(g.clients)), "client"), aboutNames(uint64(g.Names.Estimate()))))
		f.seen(&g.Tally)
		c.claim(w, evidence.Unanswered, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))
		all = append(all, f)
	}
	return all
}

// answeredAtAll says that something came back from a server.
func (c *caseFile) answeredAtAll(server addr) bool {
	signs := []evidence.Symptom{evidence.TCPOpened, evidence.Late, evidence.Mismatched}
	for code := range uint16(notZone + 1) {
		signs = append(signs, evidence.RCODE(code))
	}
	return c.count(where{server: server, kind: anyKind}, signs...) > 0
}

// onlyResponses is for a capture without queries.
func (c *caseFile) onlyResponses() []Finding {
	c.claim(where{kind: anyKind}, anomalyOf('P', 2))
	t := c.claim(where{kind: anyKind}, evidence.Unsolicited)
	if t.Seen < 5 {
		return nil
	}
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("the capture has responses only: %s, no query", number(t.Count)),
		Cause:      "One direction of the traffic was captured. Answer times, retries and what stayed without an answer cannot be told from it.",
		Confidence: sure(0.95, t.Seen/2),
		Packets:    packetsOf(&t),
		Wireshark:  "dns.flags.response == 1",
		Next:       []string{"dnssniff -i any -f 'port 53'   # both directions, whatever the interface"},
		Against:    []string{"responses that nobody has asked for, all large and to one address, are a reflection attack"},
	}
	f.say(fmt.Sprintf("%s for %s, and no query at all", plural(t.Count, "response"), aboutNames(uint64(t.Names.Estimate()))))
	f.seen(&t)
	return []Finding{f}
}

// captureLoss looks for what the capture itself lost.
func captureLoss(c *caseFile) []Finding {
	p := &c.Capture
	f := Finding{Severity: Info, Confidence: 0.95, Wireshark: "tcp.analysis.lost_segment && tcp.port == 53", Affected: p.Dropped + p.TCPGaps,
		Against: []string{"gaps in TCP streams are also left by loss before the point of the capture: then the segments come again"},
		Next:    []string{"dnssniff -i eth0 -s 512 -w dns.pcap   # shorter packets, and dig the trouble out of the file later", "ethtool -S eth0 | grep -Ei 'drop|miss|fifo'; ethtool -g eth0   # the card's own ring"}}
	f.First, f.Last = timeOf(c.First), timeOf(c.Last)
	switch {
	case p.Dropped > 0:
		f.Title = fmt.Sprintf("the capture lost %s of its packets, %s", number(p.Dropped), share(p.Dropped, p.Dropped+p.Read))
		f.Cause = "The kernel had more packets than were taken from it in time. What is missing looks like queries without an answer and answers without a query: do not believe small numbers of these."
		if p.Dropped*100 > p.Read {
			f.Severity = Warning
		}
		f.say(fmt.Sprintf("%s were dropped by the kernel, %s were read", plural(p.Dropped, "packet"), number(p.Read)))
	case p.TCPGaps >= 3 && p.TCPGaps*20 > p.TCPStreams:
		f.Title = fmt.Sprintf("the capture has holes: bytes are missing in %s places of %s", number(p.TCPGaps), plural(p.TCPStreams, "TCP connection"))
		f.Cause = "Segments were acknowledged by their receiver, and are not in the capture: it lost packets, of UDP too. Queries without an answer can be its fault."
		f.Confidence = sure(0.9, p.TCPGaps)
		f.say(fmt.Sprintf("%s in %s", plural(p.TCPGaps, "gap"), plural(p.TCPStreams, "connection")))
	case p.Fragments > 10 && p.LaterFragments == 0 && p.FragmentsLost*10 >= p.Fragments*9:
		return append([]Finding(nil), c.filteredFragments()...)
	default:
		return nil
	}
	f.say(fmt.Sprintf("unanswered in this capture: %s; unsolicited: %s", number(c.count(where{kind: anyKind}, evidence.Unanswered)), number(c.count(where{kind: anyKind}, evidence.Unsolicited))))
	return []Finding{f}
}

// filteredFragments is for a capture filter on ports, which lets the first fragments through and no other. Where clients suffer it is the network.
func (c *caseFile) filteredFragments() []Finding {
	lost := c.total(where{kind: anyKind}, evidence.FragmentsLost, evidence.FragmentsLost+evidence.Returned)
	hurt := c.count(where{kind: anyKind}, evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain, anomalyOf('O', 37))
	if lost.Seen < 5 || hurt*10 > lost.Count {
		return nil
	}
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("the capture filter lets first fragments through and no others: %s are not whole", plural(lost.Count, "datagram")),
		Cause:      "Fragments behind the first have no port numbers, so a filter on port 53 drops them. The network delivers them: nobody asks again.",
		Confidence: sure(0.93, lost.Seen),
		Packets:    packetsOf(&lost),
		Wireshark:  "ip.flags.mf == 1 || ip.frag_offset > 0",
		Next:       []string{"dnssniff -i any -f 'port 53 or ip[6:2] & 0x1fff != 0 or ip6[6] = 44'"},
		Against:    []string{"a firewall that drops fragments: then clients ask again, with smaller sizes or over TCP"},
	}
	f.say(fmt.Sprintf("of %s none is a later one", plural(c.Capture.Fragments, "fragment")), fmt.Sprintf("%s came again", plural(hurt, "question")))
	f.seen(&lost)
	c.claim(where{kind: anyKind}, evidence.FragmentsLost, evidence.FragmentsLost+evidence.Returned)
	return []Finding{f}
}

// predictable looks for clients whose ports or message IDs can be guessed.
func predictable(c *caseFile) (all []Finding) {
	ids, ports := anomalyOf('H', 19), anomalyOf('P', 12)
	for _, g := range groupBy(c, where{kind: anyKind}, byClient, ids, ports) {
		own := c.total(where{client: g.key}, evidence.RCODE(0), evidence.RCODE(nxDomain), evidence.RCODE(servFail), evidence.Unanswered)
		what := "the source ports"
		hasIDs, hasPorts := c.count(where{client: g.key, kind: anyKind}, ids) > 0, c.count(where{client: g.key, kind: anyKind}, ports) > 0
		if hasIDs {
			what = "the message IDs"
		}
		if hasIDs && hasPorts {
			what = "the source ports and message IDs"
		}
		resolver := c.back(g.key)
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s of %s can be guessed", what, g.key),
			Cause:      "Who wants to forge answers has to guess the port and the ID of a query. Here they are constant or count up: an old program, one socket for all queries, or a NAT that takes the next port each time.",
			Confidence: 0.9,
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.response == 0", addressFilter(g.key)),
			Next: []string{
				command("tshark -r %s -Y %s -T fields -e udp.srcport -e dns.id", c.file(), "dns.flags.response == 0 && "+addressFilter(g.key)),
				"grep -rn 'query-source\\|outgoing-port\\|outgoing-interface' /etc/bind /etc/unbound   # \"port 53\" there pins it",
				command("dig @%s porttest.dns-oarc.net TXT +short", g.key) + "   # from outside, behind the NAT",
			},
			Against: []string{"a test program, a tunnel, or a monitor that keeps one socket: forged answers to it do no harm", "the same seen before the NAT, where ports are random, says that the NAT is to blame"},
		}
		if resolver {
			f.Severity = Warning
			f.Title = fmt.Sprintf("%s of the resolver %s can be guessed: its cache can be poisoned", what, g.key)
		}
		f.say("of 64 queries in a row nine of ten had the same or the next number")
		if hasPorts && own.Count > 0 {
			f.say(fmt.Sprintf("about %d source ports in %s", own.Ports.Estimate(), plural(own.Count, "query")))
		}
		if n := c.count(where{client: g.key, kind: anyKind}, anomalyOf('P', 11)); n > 0 {
			f.say(plural(n, "query") + " had the ID of another one that was under way")
		}
		if n := c.count(where{client: g.key, kind: anyKind}, anomalyOf('P', 7), evidence.Conflicting, evidence.Mismatched); n > 0 {
			f.say(plural(n, "response") + " to it did not match, or came twice with other contents: somebody may be trying")
		}
		f.seen(&g.Tally)
		f.Affected = own.Count
		c.claim(where{client: g.key, kind: anyKind}, ids, ports, anomalyOf('P', 11))
		all = append(all, f)
	}
	return all
}
