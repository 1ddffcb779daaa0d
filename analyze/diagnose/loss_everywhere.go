package diagnose

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// lossOf is what lost packets leave on one side of a resolver.
type lossOf struct {
	silent  evidence.Tally // without an answer, of servers that do answer
	fine    evidence.Tally
	again   uint64 // asked again though answered, beyond chance
	servers []addr
	hit     int // of clients with some traffic, those with signs; of is all of these
	of      int
	each    []int // queries of each of these
}

// signs counts what was lost, as far as it is known, of tries.
func (l *lossOf) signs() (signs, tries uint64) {
	signs = l.silent.Count + uint64(l.silent.Retransmitted) + uint64(l.fine.Retransmitted) + l.again
	return signs, l.fine.Count + l.silent.Count + uint64(l.silent.Retransmitted) + uint64(l.fine.Retransmitted)
}

// even says how near the number of those with signs is to what loss that all share would leave: a client with few queries can have luck.
func (l *lossOf) even() float64 {
	signs, tries := l.signs()
	expected := 0.0
	slices.Sort(l.each)
	for _, n := range l.each {
		expected += 1 - math.Pow(1-float64(signs)/float64(max(tries, 1)), float64(n))
	}
	return min(1, float64(l.hit)/max(expected, 1))
}

// chance takes from a number of questions that came again after a retry timer's time those that do so by chance.
func chance(again, soon uint64) uint64 {
	return again - min(again, soon*16/100)
}

// lossSeen adds up what lost packets leave.
func (c *caseFile) lossSeen(s side, client func(*row) addr) lossOf {
	l := lossOf{silent: evidence.NewTally(), fine: evidence.NewTally()}
	type sums struct{ signs, all uint64 }
	by := make(map[addr]*sums)
	alive := make(map[addr]bool)
	for r := range c.each(where{side: s}, evidence.RCODE(0), evidence.RCODE(nxDomain)) {
		l.fine.Merge(&r.Tally)
		alive[r.Server] = r.Server != addr{}
		x := by[client(r)]
		if x == nil {
			x = new(sums)
			by[client(r)] = x
		}
		x.all += r.Count
		x.signs += uint64(r.Retransmitted)
		l.servers = addTo(l.servers, r.Server)
	}
	for r := range c.each(where{side: s}, evidence.Unanswered, evidence.AskedAgain) {
		x := by[client(r)]
		if !alive[r.Server] || x == nil || polled(r) {
			continue
		}
		x.signs += r.Count
		if r.Symptom == evidence.AskedAgain {
			l.again += r.Count
			continue
		}
		x.all += r.Count
		l.silent.Merge(&r.Tally)
	}
	l.again = chance(l.again, uint64(l.fine.Soon))
	for a, x := range by {
		if a == (addr{}) || x.all < 4 {
			continue
		}
		l.of++
		l.each = append(l.each, int(x.all))
		if x.signs > 0 {
			l.hit++
		}
	}
	return l
}

// lossEverywhere looks for loss that has no healthy peers to be compared with: nearly all who ask much have it, and what was lost is answered when it is
// repeated.
func (c *caseFile) lossEverywhere() (all []Finding) {
	l := c.lossSeen(front, byClient)
	signs, tries := l.signs()
	stepped, slow := c.clientSteps()
	fast := uint64(0)
	for i := range slowBucket {
		fast += uint64(l.fine.RTT[i])
	}
	switch {
	case signs < 10 || signs*50 < tries || l.of == 0 || len(l.servers) == 0 || l.even() < 0.7 || l.fine.Count < signs/4:
		return nil
	case l.silent.Count > 0 && (l.fine.Last < l.silent.First || l.silent.Last < l.fine.First), fast*5 < l.fine.Count:
		return nil // one after the other, or a server that is slow
	case c.hopeless(where{side: front}):
		return nil
	case stepped*5 < slow*3, uint64(l.silent.Dubious)*2 > l.silent.Count && signs < 2*l.silent.Count:
		return nil
	case l.silent.Count+uint64(l.silent.Retransmitted)+uint64(l.fine.Retransmitted) < 5 && l.of < 3:
		return nil // a program that asks each second repeats what was answered, too
	}
	f := Finding{
		Severity:   Warning,
		Title:      fmt.Sprintf("packets between clients and %s are lost, all over: about %s", some(addresses(l.servers), 2), share(signs, tries)),
		Cause:      "Queries of nearly all clients have to be repeated, and are answered then: packets are lost on a way that all share, such as the server's own line, interface or firewall.",
		Confidence: sure(0.93, signs/2) * (0.5 + l.even()/2),
		Packets:    packetsOf(&l.silent),
		Wireshark:  "dns.retransmission || dns.retransmit_request || (dns.flags.response == 0 && !dns.response_in)",
		Next: []string{
			command("mtr -n -r -c 100 %s", l.servers[0]) + "   # where the loss begins, from a client",
			"ip -s link; ethtool -S eth0 | grep -Ei 'drop|err'; nstat -az | grep -E 'UdpRcvbufErrors|UdpInErrors'   # on the server: does its own socket overflow?",
		},
		Against: []string{"an overloaded server drops what its socket does not hold: UdpRcvbufErrors counts it, and its answers become slow before",
			"loss in the capture itself looks the same, but then clients do not repeat anything"},
	}
	if len(l.servers) == 1 {
		f.Scope.Server = l.servers[0].String()
	}
	f.say(fmt.Sprintf("of %s %s are repetitions or stayed without an answer", plural(tries, "query"), number(signs)),
		fmt.Sprintf("%d of %d clients with four queries or more have it", l.hit, l.of), l.where(),
		fmt.Sprintf("what is not lost is answered in %s", brief(c.median(&l.fine))))
	if stepped > 0 {
		f.say(fmt.Sprintf("%d of %d slow answers came right after a repetition, at whole seconds", stepped, slow))
	}
	f.seen(&l.fine)
	f.Affected, f.Clients = signs, l.hit
	c.claim(where{side: front, kind: anyKind}, append(signsOfLoss(), evidence.Late, evidence.LookupFailed, evidence.LookupRetried, anomalyOf('P', 4), anomalyOf('P', 5), anomalyOf('P', 6))...)
	return []Finding{f}
}

// hopeless says that lookups which fail at first fail for good: loss would let some through when they are repeated.
func (c *caseFile) hopeless(w where) bool {
	failed := c.total(w, evidence.LookupFailed)
	return failed.Seen >= 10 && c.count(w, evidence.Rescued(sameAgain), evidence.Rescued(otherServer), evidence.Rescued(smallerSize), evidence.Rescued(withoutEDNS),
		evidence.Rescued(overTCP))*8 < failed.Count
}

// where says on which side of the capture the packets are lost.
func (l *lossOf) where() string {
	unseen := l.silent.Count + uint64(l.silent.Retransmitted) + uint64(l.fine.Retransmitted)
	switch {
	case l.again*4 > unseen*3:
		return "the answers were captured, and the questions came again: it is lost between here and the clients, on the way to them"
	case l.again*4 < unseen:
		return "no answer was captured: it is lost between here and the servers, in either direction"
	}
	return "some answers were captured, and some were not: it is lost on both sides of where this was captured, or in both directions"
}

// clientSteps counts the slow answers to clients, and those of them that took a whole number of seconds and a little: a client's own retry timer.
func (c *caseFile) clientSteps() (stepped, slow int) {
	for i := range c.Facts.Moments {
		m := &c.Facts.Moments[i]
		if m.Symptom != evidence.Slow || c.back(m.Client) || m.To-m.From < 900e6 {
			continue
		}
		slow++
		if rest := (m.To - m.From) % 1e9; rest < 250e6 || rest > 980e6 {
			stepped++
		}
	}
	return stepped, slow
}

// median is about half of the answer times, in ns.
func (c *caseFile) median(t *evidence.Tally) int64 {
	b, _ := quantile(&t.RTT, 0.4)
	return bucketTime(b)
}

// lossUpstream looks for loss between a resolver and all the servers that it asks.
func (c *caseFile) lossUpstream() (all []Finding) {
	l := c.lossSeen(back, byServer)
	signs, tries := l.silent.Count+uint64(l.fine.Retransmitted), l.fine.Count+l.silent.Count+uint64(l.fine.Retransmitted)
	if len(l.servers) == 0 || l.of < 3 || l.hit < 3 || l.even() < 0.7 || signs < 10 || signs*33 < tries || l.silent.First > l.silent.Last || l.fine.Last < l.silent.First || l.silent.Last < l.fine.First ||
		l.fine.Count < signs {
		return nil
	}
	f := Finding{
		Severity:   Warning,
		Title:      fmt.Sprintf("packets between the resolver and all servers that it asks are lost: about %s", share(signs, tries)),
		Cause:      "Servers of all sorts leave queries without an answer, and answer the next one: the loss is on what they have in common, the resolver's own line to the world.",
		Confidence: sure(0.93, signs/2) * (0.5 + l.even()/2),
		Packets:    packetsOf(&l.silent),
		Wireshark:  "dns.flags.response == 0 && !dns.response_in",
		Next: []string{
			command("mtr -n -r -c 100 -u -P 53 %s", l.servers[0]) + "   # where the loss begins",
			"ip -s link; ethtool -S eth0 | grep -Ei 'drop|err'; conntrack -S   # errors of the resolver's own interface, or a full connection table",
		},
		Against: []string{"loss in the capture itself leaves the same marks: see kernel_dropped, and TCP gaps, in the report"},
	}
	f.Scope.Client = c.busiestResolver().String()
	f.say(fmt.Sprintf("%s of %s stayed without an answer or had to be repeated", number(signs), plural(tries, "query")),
		fmt.Sprintf("%d of %d servers with four queries or more have it, and each of them answers others", l.hit, l.of), l.where())
	f.seen(&l.silent)
	hurt := c.felt(func(*evidence.Event) bool { return true })
	hurt.onClients(&f)
	c.claim(where{side: back, kind: anyKind}, append(signsOfLoss(), evidence.Late, evidence.LookupFailed, evidence.LookupRetried, evidence.Rescued(otherServer), anomalyOf('P', 4))...)
	return []Finding{f}
}

// busiestResolver is the address that asks the most for others.
func (c *caseFile) busiestResolver() (a addr) {
	most := uint64(0)
	for client, x := range c.asking {
		if c.back(client) && (x.total > most || x.total == most && bytes.Compare(client[:], a[:]) < 0) {
			a, most = client, x.total
		}
	}
	return a
}
