package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// loadRules are about load and abuse.
func loadRules() []rule {
	return []rule{
		{"tunnelling", marked, tunnels, []string{"RFC 1035 section 2.3.4"}},
		{"deliberate-drops", marked, deliberateDrops, []string{"RFC 8906 section 2", "RFC 1035 section 4.1.1"}},
		{"any-abuse", abuse, anyAbuse, []string{"RFC 8482 section 4"}},
		{"txt-abuse", abuse, txtAbuse, []string{"RFC 5358"}},
		{"client-flood", general, clientFlood, []string{"RFC 4732"}},
		{"retry-storm", general, retryStorm, []string{"RFC 9520 section 3.1", "RFC 4697 section 2.1"}},
	}
}

// perSecond is how often something came, over the time that it was seen; at least over a second.
func perSecond(t *evidence.Tally) float64 {
	return float64(t.Count) / max(float64(t.Last-t.First)/1e9, 1)
}

// reflections looks for hosts that get many responses that they did not ask for: somebody wrote their address into queries elsewhere.
func reflections(c *caseFile) (all []Finding) {
	key := func(r *row) addr { return r.Client }
	for _, g := range groupBy(c, where{kind: anyKind, also: func(r *row) bool { return r.Client != addr{} }}, key, evidence.Unsolicited) {
		own := c.total(where{client: g.key, kind: anyKind}, evidence.RCODE(0), evidence.RCODE(nxDomain), evidence.Unanswered)
		servers := map[addr]bool{}
		for _, r := range g.rows {
			servers[r.Server] = true
		}
		size := g.ResponseBytes / max(g.Count, 1)
		names := uint64(g.Names.Estimate())
		busy := own.Count*10 > g.Count // it asks for itself as well: then what it did not ask for has to be little else than one large answer
		if g.Seen < 20 || busy && (names > 5 || size < 512) || size < 200 || names*5 > g.Seen && names > 5 || perSecond(&g.Tally) < 1 {
			continue
		}
		back := c.total(where{client: g.key, kind: anyKind}, evidence.ICMPPort+evidence.Returned)
		f := Finding{
			Severity: Warning,
			Title:    fmt.Sprintf("%s is the victim of a reflection attack: %.1f kB/s of answers that it has not asked for", g.key, perSecond(&g.Tally)*float64(size)/1000),
			Cause: fmt.Sprintf("Somebody sends queries with the source address %s to open servers elsewhere, and their answers arrive here. The servers are abused themselves; "+
				"the sender is not in the capture.", g.key),
			Confidence: sure(0.94, g.Seen/5),
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.response == 1", addressFilter(g.key)),
			Next: []string{
				command("nft add rule inet filter input ip daddr %s udp sport 53 ct state new drop", g.key) + "   # before the line is full: at the provider",
				command("tshark -r %s -Y %s -T fields -e ip.src -e dns.qry.name -e frame.len", c.file(), "dns.flags.response == 1 && "+addressFilter(g.key)),
				"whois ADDRESS   # of the servers: their operators can close them, and see who really asks",
			},
			Against: []string{"a capture of one direction shows answers without queries, too: then names are many and answers small",
				"answers that come after their query was forgotten are few, and of many names"},
		}
		f.say(fmt.Sprintf("%s from %s, %d bytes each, for %s; the host itself sent %s", plural(g.Count, "unsolicited response"),
			plural(uint64(len(servers)), "server"), size, aboutNames(names), plural(own.Count, "query")))
		if back.Count > 0 {
			f.say(plural(back.Count, "response") + " came back as ICMP port unreachable: nobody there had asked")
		}
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key, kind: anyKind}, evidence.Unsolicited, evidence.Duplicate, evidence.Conflicting, evidence.ICMPPort+evidence.Returned,
			anomalyOf('P', 2), anomalyOf('P', 5), anomalyOf('P', 6), anomalyOf('P', 7), anomalyOf('X', 15))
		all = append(all, f)
	}
	return all
}

// outcomes are the ends of ordinary queries.
func outcomes() []evidence.Symptom {
	return []evidence.Symptom{evidence.RCODE(0), evidence.RCODE(formErr), evidence.RCODE(servFail), evidence.RCODE(nxDomain), evidence.RCODE(notImp), evidence.RCODE(refused), evidence.Unanswered}
}

// clientFlood looks for a client that asks far more than all others.
func clientFlood(c *caseFile) (all []Finding) {
	known := func(r *row) bool { return r.Client != addr{} }
	groups := groupBy(c, where{side: front, also: known}, byClient, outcomes()...)
	total, most, second := uint64(0), (*group[addr])(nil), uint64(0)
	for _, g := range groups {
		total += g.Count
		switch {
		case most == nil || g.Count > most.Count:
			if most != nil {
				second = most.Count
			}
			most = g
		case g.Count > second:
			second = g.Count
		}
	}
	if len(groups) < 4 || most.Seen < 300 || most.Count < 10*second || most.Count*2 < total || perSecond(&most.Tally) < 20 {
		return nil
	}
	g := most
	others := where{side: front, also: func(r *row) bool { return r.Client != g.key }}
	fine, bad := c.fine(others), c.total(others, evidence.Unanswered, evidence.RCODE(servFail))
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("%s alone asks %.0f questions a second, %s of all", g.key, perSecond(&g.Tally), share(g.Count, total)),
		Cause:      "One client loads the server more than all others together: a loop in a program, a scan, a test, a mail or log server that looks up each line, or many hosts behind one address (NAT, a forwarder).",
		Confidence: sure(0.92, g.Seen/50) * (1 - float64(second)/float64(g.Count)),
		Scope:      Scope{Client: g.key.String()},
		Packets:    packetsOf(&g.Tally),
		Wireshark:  both("dns.flags.response == 0", addressFilter(g.key)),
		Next: []string{
			command("dnssniff print %s --where %s", c.file(), fmt.Sprintf("client == %q", g.key)) + "   # what does it ask?",
			"ss -unp | grep ':53'   # on that client: which program?",
			command("nft add rule inet filter input ip saddr %s udp dport 53 limit rate over 100/second drop", g.key),
		},
		Against: []string{"a forwarder or a NAT with many hosts behind it asks for all of them: many names, and many answers that differ"},
	}
	f.say(fmt.Sprintf("%s from it, %s from the next busiest of %s", plural(g.Count, "query"), number(second), plural(uint64(len(groups)), "client")),
		fmt.Sprintf("%s different names, %d source ports", about(uint64(g.Names.Estimate())), g.Ports.Estimate()), c.began(&g.Tally))
	if bad.Count*20 > fine.Count && bad.Count >= 3 {
		f.Severity = Warning
		f.say(fmt.Sprintf("the other clients suffer: %s of theirs failed or stayed without an answer, %s were answered", plural(bad.Count, "query"), number(fine.Count)))
	} else if perSecond(&g.Tally) >= 200 {
		f.Severity = Warning
	}
	if n := c.claim(where{client: g.key, kind: anyKind}, anomalyOf('H', 19), anomalyOf('P', 12)); n.Count > 0 {
		f.say("its ports or message IDs are constant or count up: one program with few sockets, not a crowd")
	}
	f.seen(&g.Tally)
	f.Clients = 1
	return append(all, f)
}

// anyAbuse looks for clients that ask for ANY all the time, txtAbuse for those that ask for the same large texts. With a forged source it is amplification,
// which has been looked for before.
func anyAbuse(c *caseFile) []Finding {
	return c.typeAbuse("ANY", func(t *evidence.Tally) uint64 { return uint64(t.ANY) },
		"All types at once are of no use to a resolver or a browser: it is a scan, an old mail server (qmail), or the rehearsal of an amplification attack.")
}

func txtAbuse(c *caseFile) []Finding {
	return c.typeAbuse("TXT or NULL", func(t *evidence.Tally) uint64 { return uint64(t.Bulky) },
		"The same texts are asked for again and again, long before their TTL is over: a program without a cache, something that is controlled by TXT records, or the rehearsal of an amplification attack.")
}

func (c *caseFile) typeAbuse(types string, of func(*evidence.Tally) uint64, cause string) (all []Finding) {
	good := append(outcomes(), anomalyOf('Q', 4))
	for _, g := range groupBy(c, where{also: func(r *row) bool { return r.Client != addr{} && !r.back }}, byClient, outcomes()...) {
		n, names := of(&g.Tally), uint64(g.Names.Estimate())
		if n < 20 || g.Seen < 20 || n*10 < g.Count*8 || perSecond(&g.Tally) < 0.5 || types != "ANY" && (names*10 > g.Count || names >= 1000) {
			continue
		}
		back := c.count(where{client: g.key, kind: anyKind}, evidence.ICMPPort+evidence.Returned)
		others := c.total(where{also: func(r *row) bool { return r.Client != g.key }}, outcomes()...)
		factor := float64(g.ResponseBytes) / float64(max(g.QueryBytes, 1))
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s asks for %s all the time: %.1f a second", g.key, types, perSecond(&g.Tally)),
			Cause:      cause,
			Confidence: sure(0.88, min(n, g.Seen)/4) * contrast(n, g.Count, of(&others), others.Count),
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("(dns.qry.type == 255 || dns.qry.type == 16 || dns.qry.type == 10)", addressFilter(g.key)),
			Next: []string{
				command("dnssniff print %s --where %s | head", c.file(), fmt.Sprintf("client == %q", g.key)),
				"minimal-any yes; rate-limit { responses-per-second 5; };   # named.conf; deny-any: yes in unbound.conf, refuse-any: yes in nsd.conf",
			},
			Against: []string{"a monitor of your own that asks for these on purpose"},
		}
		if factor >= 4 || perSecond(&g.Tally) >= 20 {
			f.Severity = Warning
		}
		f.say(fmt.Sprintf("%s of its %s are for %s, of %s", share(n, g.Count), plural(g.Count, "query"), types, aboutNames(names)),
			fmt.Sprintf("each byte asked for got %.1f bytes; of other clients' queries %s are of that sort", factor, share(of(&others), others.Count)))
		if back == 0 {
			f.say("no answer to it came back as unreachable: it seems to ask for itself")
		}
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key}, good...)
		all = append(all, f)
	}
	return all
}

// transferAttempts looks for strangers that ask for whole zones and do not get them.
func transferAttempts(c *caseFile) (all []Finding) {
	denied := []evidence.Symptom{evidence.RCODE(refused), evidence.RCODE(notAuth), evidence.RCODE(formErr), evidence.RCODE(servFail), evidence.RCODE(notImp), evidence.Unanswered, anomalyOf('Q', 6)}
	known := func(r *row) bool {
		return r.Client != addr{} && c.count(where{client: r.Client, kind: transfers}, evidence.RCODE(0)) == 0 &&
			c.count(where{client: r.Server, server: r.Client, kind: anyKind, also: func(r *row) bool { return r.Kind == evidence.Notify }}, evidence.RCODE(0), evidence.Unanswered) == 0
	}
	for _, g := range groupBy(c, where{kind: transfers, also: known}, byServer, denied...) {
		if g.Seen < 3 || len(g.clients) < 3 && len(g.zones) < 3 {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s tried to transfer %s from %s, and got none", plural(uint64(len(g.clients)), "stranger"), plural(uint64(len(g.zones)), "zone"), g.key),
			Cause:      "Somebody looks for servers that hand out whole zones, to learn the names in them. These attempts were denied.",
			Confidence: sure(0.9, g.Seen) * min(1, 0.7+0.1*float64(len(g.zones)+len(g.clients)-2)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.qry.type == 252 || dns.qry.type == 251", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s AXFR", g.key, g.zone()) + "   # from a host that is no secondary: it must be refused",
				"allow-transfer { key xfr; };   # named.conf: by key rather than by address; nsd.conf: provide-xfr",
			},
			Against: []string{"a secondary that lost its key or its place in the access list: then it is one client, for the zones that it serves, at the refresh interval"},
		}
		if len(g.clients) == 1 {
			f.Title = fmt.Sprintf("%s tried to transfer %s from %s, and got none", g.clients[0], plural(uint64(len(g.zones)), "zone"), g.key)
			f.Scope.Client = g.clients[0].String()
		}
		f.say(fmt.Sprintf("%s for %s by %s, none of which ever got one", plural(g.Count, "attempt"), some(bares(g.zones), 4), some(addresses(g.clients), 4)))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: transfers, also: known}, denied...)
		all = append(all, f)
	}
	return all
}

// retryStorm looks for clients that ask at once again when they get an error, or the same over and over.
func retryStorm(c *caseFile) (all []Finding) {
	storm := anomalyOf('Q', 13)
	for _, g := range groupBy(c, where{kind: anyKind, also: func(r *row) bool { return r.Client != addr{} }}, byClient, evidence.ErrorAgain, storm) {
		w := where{client: g.key, kind: anyKind}
		again, storms := c.total(w, evidence.ErrorAgain), c.count(w, storm)
		names := uint64(max(again.Names.Estimate(), 1))
		sent := c.total(w, outcomes()...)
		stormy := again.Seen >= 20 && again.Seen >= 3*names && uint64(again.Dubious)*2 < again.Count
		if !stormy && storms < 2 || uint64(sent.Dubious)*2 > sent.Count {
			continue
		}
		others := c.total(where{kind: anyKind, also: func(r *row) bool { return r.Client != g.key }}, evidence.ErrorAgain)
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s asks again at once when it gets an error: %s for %s", g.key, plural(again.Count, "time"), aboutNames(names)),
			Cause:      "The client takes the error for an accident and repeats the question without a pause. The error stays, and the load grows with each client that does so.",
			Confidence: sure(0.93, again.Seen/4+5*storms),
			Scope:      Scope{Client: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.flags.rcode != 0 || dns.retransmit_request", addressFilter(g.key)),
			Next: []string{
				command("dnssniff print %s --where %s | head -40", c.file(), fmt.Sprintf("client == %q && rcode != \"NOERROR\"", g.key)),
				"servfail-ttl 5;   # named.conf: answers of the cache at least; unbound.conf: cache-max-negative-ttl, and ratelimit",
				command("nft add rule inet filter input ip saddr %s udp dport 53 limit rate over 50/second drop", g.key),
			},
			Against: []string{"a search for names over several servers or types sends like questions, not the same ones"},
		}
		if !stormy {
			f.Title = fmt.Sprintf("%s asks the same question over and over, 20 times a second and more", g.key)
			f.Cause = "The client has no cache and no pause, or does not see the answers: a loop in a program, a health check, or a load test with one name."
			f.say(fmt.Sprintf("in %s it asked one question 20 times or more", plural(storms, "second")))
		} else {
			f.say(fmt.Sprintf("%s within a second of an error response to the same question, for %s: %s", plural(again.Count, "query"), aboutNames(names), some(bares(g.zones), 3)),
				fmt.Sprintf("all other clients together: %s", number(others.Count)))
		}
		if storms > 0 || perSecond(&again) >= 10 {
			f.Severity = Warning
		}
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(w, evidence.ErrorAgain, storm)
		all = append(all, f)
	}
	return all
}

// tunnel is a key.
type tunnel struct{ client, server addr }

// tunnels looks for data in names: ever new long ones, of one client.
func tunnels(c *caseFile) (all []Finding) {
	key := func(r *row) tunnel { return tunnel{r.Client, r.Server} }
	for _, g := range groupBy(c, where{also: func(r *row) bool { return r.Client != addr{} }}, key, evidence.LongName) {
		names := uint64(g.Names.Estimate())
		zone, inZone := g.mainZone()
		least := uint64(25)
		if uint64(g.Bulky)*10 >= g.Count*8 {
			least = 10
		}
		if g.Seen < least || names < 1000 && names*2 < g.Seen || perSecond(&g.Tally) < 0.2 {
			continue
		}
		w := where{server: g.key.server, also: func(r *row) bool { return zone == "" || within(r.Zone, zone) }}
		there := c.count(w, evidence.ZoneFine, evidence.RCODE(nxDomain), evidence.RCODE(servFail), evidence.Unanswered)
		if inZone*10 < g.Count*8 {
			zone = ""
		} else if inZone*6 < there && (uint64(g.Bulky)*10 < g.Count*8 || inZone*10 < there) {
			continue
		}
		own := g.QueryBytes / g.Count
		answer := g.ResponseBytes / g.Count
		twoWay := answer > own+own/4+24 || g.Bulky > 0
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s carries data in names below %s: a DNS tunnel", g.key.client, bare(zone)),
			Cause:      "Each query has a long label that was never asked for before, so that it reaches the zone's server through any resolver: a tunnel (iodine, dnscat2, dns2tcp) or stolen data on its way out.",
			Confidence: sure(0.7, g.Seen/10),
			Scope:      Scope{Client: g.key.client.String(), Zone: zone},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both(nameFilter(zone), addressFilter(g.key.client)),
			Next: []string{
				command("dnssniff print %s --where %s | head", c.file(), fmt.Sprintf("client == %q", g.key.client)) + "   # are the labels random, base32 or hex?",
				"ss -unp | grep ':53'   # on that client: which program?",
				command("unbound-control local_zone %s refuse", bareOr(zone)) + "   # to stop it; response-policy in named.conf",
			},
			Against: []string{"virus scanners, block lists and telemetry look hashes up in names: then answers are short addresses, and the zone is their vendor's",
				"names of cloud services are long too, and asked for again"},
		}
		if twoWay {
			f.Confidence = sure(0.93, g.Seen/8)
		}
		if zone == "" {
			f.Title = fmt.Sprintf("%s carries data in names of %s: a DNS tunnel", g.key.client, g.key.server)
			f.Wireshark = both("dns.qry.name.len > 60", addressFilter(g.key.client))
			f.say(fmt.Sprintf("the names have no zone in common: the client talks with %s directly", g.key.server))
		}
		f.say(fmt.Sprintf("%s with a label of 30 characters or more, %s of them different", plural(g.Count, "query"), about(names)),
			fmt.Sprintf("%d bytes a query, %d bytes an answer; %s of the answers to TXT or NULL", own, answer, share(uint64(g.Bulky), g.Count)),
			fmt.Sprintf("%s bytes out and %s bytes in, over %s", number(g.QueryBytes), number(g.ResponseBytes), span(g.Last-g.First)))
		if zone != "" {
			f.say(fmt.Sprintf("of all that is asked below %s they are %s", bare(zone), share(inZone, max(there, inZone))))
		}
		f.seen(&g.Tally)
		f.Clients = 1
		c.claim(where{client: g.key.client, server: g.key.server}, evidence.LongName)
		if zone != "" {
			c.claim(where{client: g.key.client, zone: zone, kind: anyKind}, evidence.RCODE(nxDomain), evidence.RCODE(servFail), evidence.Unanswered, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))
		}
		all = append(all, f)
	}
	return all
}

func bareOr(zone string) string {
	if zone == "" {
		return "ZONE"
	}
	return zone
}

// mainZone is the zone with the most of a group, and how many it has.
func (g *group[K]) mainZone() (zone string, n uint64) {
	sums := make(map[string]uint64)
	for _, r := range g.rows {
		sums[r.Zone] += r.Count
		if s := sums[r.Zone]; s > n || s == n && r.Zone < zone {
			zone, n = r.Zone, s
		}
	}
	return zone, n
}

// unanswerable says that a query is of a sort that servers leave without a response.
func (c *caseFile) unanswerable(r *row) bool {
	if uint64(r.Dubious)*10 >= r.Count*9 || r.Kind == evidence.Update || r.Kind == evidence.Notify {
		return true
	}
	ports := c.count(where{client: r.Client, server: r.Server, kind: anyKind}, anomalyOf('X', 13), anomalyOf('X', 14))
	return r.Client != addr{} && ports*10 >= r.Count*9
}

// errorsLimited looks for servers that answer some of what is wrong with an error, and drop the rest on purpose.
func errorsLimited(c *caseFile) (all []Finding) {
	odd := func(r *row) bool { return c.unanswerable(r) && r.Kind != evidence.Update && r.Kind != evidence.Notify }
	for _, g := range groupBy(c, where{kind: anyKind, also: odd}, byServer, evidence.Unanswered) {
		w := where{server: g.key, kind: anyKind}
		errors := c.total(w, evidence.RCODE(formErr), evidence.RCODE(notImp))
		fine := c.fine(where{server: g.key})
		k := contrast(g.Count, g.Count+errors.Count, c.ordinarySilence(g.key), fine.Count)
		often := errors.Count > 2*g.Count // as many as a limit lets through, if there are many; else some sorts are dropped always
		if g.Seen < 5 || errors.Seen < 3 || often && perSecond(&errors) < 50 || k < 0.5 || fine.Count == 0 || fine.Last < g.First {
			continue
		}
		if len(g.clients) == 1 && c.apart(g, &errors) {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s answers only some malformed queries, %s of %s, with an error", g.key, number(errors.Count), number(errors.Count+g.Count)),
			Cause:      "Servers limit how many error responses they send (Unbound and NSD 100 a second, BIND one for an ID within two seconds), lest two of them answer each other for ever. What is above is dropped: no packet is lost.",
			Confidence: sure(0.85, min(g.Seen, errors.Seen)),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally, &errors),
			Wireshark:  both("dns.flags.rcode == 1 || _ws.malformed", addressFilter(g.key)),
			Next: []string{
				command("dnssniff offenders %s", c.file()) + "   # who sends them, and what is wrong",
				command("dig @%s %s SOA", g.key, c.zoneAt(g.key)) + "   # an ordinary query is answered",
			},
			Against: []string{"if ordinary queries stay without an answer as well, packets are lost or the server is overloaded"},
		}
		f.say(fmt.Sprintf("%s with FORMERR or NOTIMP, at most %.0f a second; %s of the same sort without a response", plural(errors.Count, "query"), perSecond(&errors), number(g.Count)),
			fmt.Sprintf("ordinary queries: %s answered, %s not", number(fine.Count), number(c.ordinarySilence(g.key))))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind, also: odd}, evidence.Unanswered, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4))
		all = append(all, f)
	}
	return all
}

// apart says that errors and silence do not overlap in time.
func (c *caseFile) apart(g *group[addr], errors *evidence.Tally) bool {
	return errors.Last < g.First || g.Last < errors.First
}

// ordinarySilence counts the ordinary queries that a server left without a response.
func (c *caseFile) ordinarySilence(server addr) uint64 {
	return c.count(where{server: server, also: func(r *row) bool { return !c.unanswerable(r) }}, evidence.Unanswered)
}

// deliberateDrops looks for queries that no server answers, to servers that answer all others.
func deliberateDrops(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind, also: c.unanswerable}, byServer, evidence.Unanswered) {
		fine := c.fine(where{server: g.key})
		ordinary := c.ordinarySilence(g.key)
		if g.Seen < 3 || fine.Count < 3 || ordinary*4 > g.Count || ordinary*10 > fine.Count || fine.Last < g.First {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s leaves %s of a sort without a response that servers drop on purpose", g.key, plural(g.Count, "query")),
			Cause:      "It is no loss: what is not answered is malformed, or comes from ports and with opcodes that servers do not answer, so that nobody can abuse them. All ordinary queries are answered.",
			Confidence: sure(0.9, g.Seen) * contrast(g.Count, g.Count+ordinary, ordinary, fine.Count+ordinary),
			Scope:      Scope{Server: g.key.String()},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns && !dns.response_in", addressFilter(g.key)),
			Next: []string{
				command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # what is wrong with it, and which server answers it how",
				command("dnssniff offenders %s", c.file()) + "   # who sends such queries",
			},
			Against: []string{"a firewall that takes such queries for an attack drops them too, on the way: compare a capture at the server"},
		}
		f.say(fmt.Sprintf("%s without a response: %s", plural(g.Count, "query"), c.sorts(g)),
			fmt.Sprintf("ordinary queries: %s answered, %s not", number(fine.Count), number(ordinary)),
			"sent by "+some(addresses(g.clients), 3))
		f.seen(&g.Tally)
		f.Clients = len(g.clients)
		c.claim(where{server: g.key, kind: anyKind, also: c.unanswerable}, evidence.Unanswered, evidence.LookupFailed)
		all = append(all, f)
	}
	return all
}

// sorts says of what sort the queries of a group are.
func (c *caseFile) sorts(g *group[addr]) string {
	var malformed, updates, notifies, rest uint64
	for _, r := range g.rows {
		switch {
		case r.Malformed > 0:
			malformed += r.Count
		case r.Kind == evidence.Update:
			updates += r.Count
		case r.Kind == evidence.Notify:
			notifies += r.Count
		default:
			rest += r.Count
		}
	}
	var list []string
	for _, x := range []struct {
		n    uint64
		word string
	}{{malformed, "malformed"}, {updates, "UPDATE"}, {notifies, "NOTIFY"}, {rest, "odd opcode, flags, question or source port"}} {
		if x.n > 0 {
			list = append(list, number(x.n)+" "+x.word)
		}
	}
	for _, a := range g.clients {
		if what := c.faults(a); what != "" {
			list = append(list, what)
			break
		}
	}
	return some(list, 6)
}
