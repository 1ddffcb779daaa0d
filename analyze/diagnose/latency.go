package diagnose

import (
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// latencyRules are about answers that come late.
func latencyRules() []rule {
	return []rule{
		{"server-slow", atServer, serverSlow, []string{"RFC 1035 section 7.2"}},
		{"timeout-steps", remarks, timeoutSteps, []string{"RFC 1035 section 7.2", "RFC 9520 section 3.1"}},
		{"latency-spike", remarks, latencySpike, nil},
		{"cache-misses", remarks, cacheMisses, []string{"RFC 1034 section 5.3.3"}},
	}
}

// quantile is the bucket of answer times below which a share of the answers lies, and how many there are.
func quantile(rtt *[evidence.RTTBuckets]uint32, q float64) (bucket int, n uint64) {
	for _, k := range rtt {
		n += uint64(k)
	}
	below := uint64(0)
	for i, k := range rtt {
		if below += uint64(k); n > 0 && float64(below) >= q*float64(n) {
			return i, n
		}
	}
	return 0, n
}

// brief writes a short time, in ns.
func brief(ns int64) string {
	if ns < 10e6 {
		return fmt.Sprintf("%.3g ms", float64(ns)/1e6)
	}
	return span(ns)
}

// bucketTime is the upper end of a bucket of answer times, in ns.
func bucketTime(bucket int) int64 { return 250_000 << bucket }

// serverSlow looks for servers that clients ask and that answer slowly, unlike the others that they ask.
func serverSlow(c *caseFile) (all []Finding) {
	answers := []evidence.Symptom{evidence.RCODE(0), evidence.RCODE(nxDomain), evidence.Late}
	for _, g := range groupBy(c, where{side: front}, byServer, answers...) {
		slow, timed := slowOf(&g.Tally)
		half, _ := quantile(&g.RTT, 0.5)
		if timed < 10 || slow < 5 && half < 8 {
			continue
		}
		rest := c.total(where{side: front, also: func(r *row) bool { return r.Server != g.key && r.Server != addr{} }}, answers...)
		peerSlow, peerTimed := slowOf(&rest)
		peerHalf, _ := quantile(&rest.RTT, 0.5)
		k := contrast(slow, timed, peerSlow, peerTimed)
		late := c.countLeft(where{server: g.key, side: front}, evidence.Late)
		tooLate := late >= 5 && late*2 >= timed // that is slow without any peers
		often := slow >= 5 && slow*10 >= timed && k >= 0.7 || tooLate
		far := half >= peerHalf+5 && half >= 8
		if peerTimed < 10 && !tooLate || !often && !far || !tooLate && g.Retransmitted*2 > g.RTT[slowBucket]+g.RTT[slowBucket+1]+g.RTT[slowBucket+2]+g.RTT[slowBucket+3]+4 {
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s is slow for its clients: half of its answers take %s or more, those of others %s or less", g.key, brief(bucketTime(half-1)), brief(bucketTime(peerHalf))),
			Cause:      "The way to this server is longer, or it is overloaded, or it has to ask others for what its peers have in their caches. Clients that prefer the other servers do not feel it.",
			Confidence: sure(0.9, timed/4),
			Scope:      Scope{Server: g.key.String()},
			Packets:    c.slowPackets(g.key),
			Wireshark:  both("dns.time > 0.1", addressFilter(g.key)),
			Next: []string{
				command("dig @%s %s +tries=1", g.key, nameOf(&g.Tally, ".")) + "   # \"Query time\", twice: the second answer comes from the cache",
				command("mtr -n -r -c 20 %s", g.key),
				"rndc status; unbound-control stats_noreset | grep -E 'recursion.time|requestlist'   # on the server: is it busy?",
			},
			Against: []string{"if the first answer for a name is slow and the next is fast, it is its cache that is cold, not the way to it"},
		}
		if often {
			f.Severity = Warning
			f.Title = fmt.Sprintf("%s answers its clients slowly: %s of its answers take half a second or longer", g.key, share(slow, timed))
			f.Confidence = sure(0.93, slow) * k
		}
		if tooLate {
			f.Title = fmt.Sprintf("%s answers its clients too late: %s of its answers come when their queries have been given up", g.key, share(late, timed))
			f.Cause = "The server is overloaded, or waits itself for somebody. Nobody is left to take the answers when they come, so that it is as if there were none."
			f.Packets = packetsOf(&g.Tally)
		}
		f.say(fmt.Sprintf("%s of %s from it came after 512 ms or more", number(slow), plural(timed, "answer")))
		if peerTimed > 0 {
			f.say(fmt.Sprintf("of the other servers' it is %s of %s", share(peerSlow, peerTimed), number(peerTimed)),
				fmt.Sprintf("the median is between %s and %s; of the others it is below %s", brief(bucketTime(half-1)), brief(bucketTime(half)), brief(bucketTime(peerHalf))))
		}
		f.say(c.began(&g.Tally))
		f.seen(&g.Tally)
		f.Affected, f.Clients = max(slow, timed/2), len(g.clients)
		if often {
			c.claim(where{server: g.key, side: front}, evidence.Late, evidence.AskedAgain, evidence.LookupRetried, anomalyOf('P', 4))
		}
		all = append(all, f)
	}
	return all
}

// cacheMisses says that a resolver's slow answers are those for questions that it has not heard before.
func cacheMisses(c *caseFile) (all []Finding) {
	for _, r := range c.rows[evidence.AskedFirst] {
		before := c.total(where{server: r.Server}, evidence.AskedBefore)
		late, n := quantile(&r.RTT, 0.75)
		hit, m := quantile(&before.RTT, 0.5)
		if r.Server == (addr{}) || n < 20 || m < 20 || late < hit+4 || late < 9 { // 64 ms: what nobody feels needs no words
			continue
		}
		third, _ := quantile(&before.RTT, 0.9)
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("first answers of %s take up to %s, repeated ones %s: its cache works", r.Server, brief(bucketTime(late)), brief(bucketTime(hit))),
			Cause:      "The resolver has to ask others for a name that is not in its cache. Its own speed shows in the answers that it has ready.",
			Confidence: sure(0.92, min(n, m)/4),
			Scope:      Scope{Server: r.Server.String()},
			Packets:    packetsOf(&r.Tally),
			Wireshark:  both("dns.time > 0.02", addressFilter(r.Server)),
			Next: []string{
				"rndc stats; unbound-control stats_noreset | grep -E 'num.cachehits|num.cachemiss'",
				"prefetch 2 9;   # named.conf; unbound.conf: prefetch: yes, serve-expired: yes, if the first answers have to be faster",
			},
			Against: []string{"if repeated answers become slow as well, the resolver or the way to it is"},
		}
		f.say(fmt.Sprintf("of %s not heard before in this capture, a quarter took %s or more", plural(n, "question"), brief(bucketTime(late-1))),
			fmt.Sprintf("of %s heard before, half took less than %s, nine of ten less than %s", plural(m, "question"), brief(bucketTime(hit)), brief(bucketTime(third))))
		f.seen(&r.Tally)
		all = append(all, f)
	}
	return all
}

// step is a time at which many slow answers come.
type step struct {
	at int64 // ns, the middle
	n  int
}

// stepsOf finds the times at which the durations cluster, the most frequent first, within 3 % and at least 15 ms, and how many are in them.
func stepsOf(list []int64) (steps []step, in int) {
	slices.Sort(list)
	left := slices.Clone(list)
	for len(left) > 0 && len(steps) < 4 {
		from, n := 0, 0
		for i, at := 0, 0; i < len(left); i++ {
			for at < len(left) && left[at]-left[i] <= max(left[i]*3/100, 15e6) {
				at++
			}
			if at-i > n {
				from, n = i, at-i
			}
		}
		if n < 4 {
			break
		}
		steps, in = append(steps, step{left[from+n/2], n}), in+n
		left = slices.Delete(left, from, from+n)
	}
	return steps, in
}

// timeoutSteps looks for slow answers that take the same times again and again: the resolver waits for somebody until its timer fires.
func timeoutSteps(c *caseFile) (all []Finding) {
	slow := make(map[addr][]int64)
	var servers []addr
	var packets = make(map[addr][]uint64)
	for i := range c.Facts.Moments {
		m := &c.Facts.Moments[i]
		if c.back(m.Client) || m.Symptom != evidence.Slow && m.Symptom != evidence.RCODE(servFail) || m.To-m.From < slowest {
			continue
		}
		servers = addTo(servers, m.Server)
		slow[m.Server] = append(slow[m.Server], m.To-m.From)
		if len(packets[m.Server]) < 4 {
			packets[m.Server] = append(packets[m.Server], frame(m.File, m.Packet))
		}
	}
	for _, server := range servers {
		n := len(slow[server])
		steps, in := stepsOf(slow[server])
		w := where{server: server, side: front}
		repeated := c.total(w, evidence.RCODE(0), evidence.RCODE(nxDomain), evidence.RCODE(servFail))
		tunnel := c.count(where{server: server}, evidence.LongName) >= 5 // its far end waits for data
		if tunnel || n < 8 || in*3 < n*2 || len(steps) > 3 && in*10 < n*9 || int(repeated.Retransmitted)*2 > n {
			continue
		}
		known := c.count(where{side: back, also: func(r *row) bool { return r.claimed }}, evidence.Unanswered, evidence.Late) > 0
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("slow answers of %s come in steps, at %s: a timer of the resolver", server, span(steps[0].at)),
			Cause:      "The resolver waits for a server that does not answer until its retry timer fires, and asks the next one then. The steps are that timer, not the time of the network.",
			Confidence: sure(0.85, uint64(in)/2),
			Scope:      Scope{Server: server.String()},
			Packets:    packets[server],
			Wireshark:  both("dns.time > 0.4", addressFilter(server)),
			Next: []string{
				"rndc dumpdb -adb; unbound-control dump_infra   # which servers does it hold for slow or dead?",
				"dnssniff -i any -f 'port 53'   # on the resolver, both sides: whom does it wait for?",
			},
			Against: []string{"clients that repeat a lost query after whole seconds leave steps, too: then queries are retransmitted"},
		}
		if !known {
			f.Severity = Warning
		}
		for _, s := range steps {
			f.say(fmt.Sprintf("%d of %d slow answers took %s, within 3%%", s.n, n, span(s.at)))
		}
		f.say(fmt.Sprintf("%s of its answers in all, %d queries sent again", number(repeated.Count), repeated.Retransmitted))
		f.seen(&repeated)
		f.Affected = uint64(in)
		all = append(all, f)
	}
	return all
}

// slowest is the time from which on answers are held against each other (ns).
const slowest = 350e6

// latencySpike looks for a short time in which answers were slow, with fast ones before and after, and nothing failed.
func latencySpike(c *caseFile) []Finding {
	p := &c.Facts.Paces[1]
	if len(p.Buckets) == 0 {
		p = &c.Facts.Paces[0]
	}
	from, to, in, out := spikeOf(p)
	if to <= from {
		return nil
	}
	begin, end := (p.First+int64(from))*p.Width, (p.First+int64(to))*p.Width
	for i := range c.Facts.Moments {
		if m := &c.Facts.Moments[i]; !c.back(m.Client) && m.To >= begin && m.From <= end && m.Symptom != evidence.Slow && m.Symptom != evidence.RCODE(0) {
			return nil // something failed
		}
	}
	half, n := quantile((*[evidence.RTTBuckets]uint32)(&in), 0.5)
	before, m := quantile((*[evidence.RTTBuckets]uint32)(&out), 0.5)
	rate := float64(n) / (float64(end-begin) / 1e9)
	usual := float64(m) / max((float64(int64(len(p.Buckets))*p.Width)-float64(end-begin))/1e9, 1)
	f := Finding{
		Severity:   Info,
		Title:      fmt.Sprintf("for %s answers were slow, %s instead of %s; before and after nothing is wrong", span(end-begin), brief(bucketTime(half)), brief(bucketTime(before))),
		Cause:      "A spike: many questions at once whose answers were not in the cache, or a short stall. Nothing failed, and it was over by itself.",
		Confidence: sure(0.88, n/8),
		Wireshark:  fmt.Sprintf("dns.time > %.3f", float64(bucketTime(half-1))/1e9),
		Next:       []string{command("dnssniff print %s --where %s", c.file(), fmt.Sprintf("rtt > %s", spanLiteral(bucketTime(half-1)))) + "   # which names, which clients?"},
		Against:    []string{"if it comes back at regular times, something makes it: a job, a cache that is flushed, a link that fills up"},
		First:      timeOf(begin), Last: timeOf(end), Affected: n,
	}
	f.say(fmt.Sprintf("%s in %s, %.0f a second; otherwise %.0f a second", plural(n, "answer"), span(end-begin), rate, usual),
		fmt.Sprintf("half of them took %s or more; of the other %s half took less than %s", brief(bucketTime(half-1)), plural(m, "answer"), brief(bucketTime(before))),
		fmt.Sprintf("it began %s after the first answer; no lookup failed meanwhile", span(int64(from)*p.Width)))
	return []Finding{f}
}

// spanLiteral writes a time as a --where expression takes it.
func spanLiteral(ns int64) string { return fmt.Sprintf("%dms", ns/1e6) }

// spikeOf finds the run of buckets in which answers were slow, unlike in all others, and sums both up. Slow is eight times the usual median, and 16 ms at the
// least. The run lasts a fifth of the time at most.
func spikeOf(p *evidence.Pace) (from, to int, in, out evidence.PaceBucket) {
	var halves []int
	total := uint64(0)
	for i := range p.Buckets {
		if half, n := quantile((*[evidence.RTTBuckets]uint32)(&p.Buckets[i]), 0.5); n > 0 {
			halves, total = append(halves, half), total+n
		}
	}
	if len(halves) < 20 || total < 100 {
		return 0, 0, in, out
	}
	slices.Sort(halves)
	least := max(halves[len(halves)/2]+3, 7)
	best, next := uint64(0), uint64(0)
	for i := range p.Buckets {
		if !mostly(&p.Buckets[i], least) {
			continue
		}
		j, n, gap := i, uint64(0), 0
		for ; j < len(p.Buckets) && gap < 2; j++ {
			if mostly(&p.Buckets[j], least) {
				n, gap = n+above(&p.Buckets[j], least), 0
			} else {
				gap++
			}
		}
		if j -= gap; n > best {
			best, next, from, to = n, best, i, j
		} else if i >= to {
			next = max(next, n)
		}
	}
	if best < 20 || best < 4*next || (to-from)*5 > len(p.Buckets) || from < 3 || to > len(p.Buckets)-3 {
		return 0, 0, in, out
	}
	for i := range p.Buckets {
		if i >= from && i < to {
			addUp(&in, &p.Buckets[i])
		} else {
			addUp(&out, &p.Buckets[i])
		}
	}
	_, rest := quantile((*[evidence.RTTBuckets]uint32)(&out), 0.5)
	if slow := above(&out, least); slow*5 > rest || rest < 50 {
		return 0, 0, in, out // slow at other times, too
	}
	return from, to, in, out
}

func addUp(to, b *evidence.PaceBucket) {
	for i, n := range b {
		to[i] += n
	}
}

// above counts the answers in a bucket of answer times, or above it.
func above(b *evidence.PaceBucket, bucket int) (n uint64) {
	for _, k := range b[min(bucket, len(b)):] {
		n += uint64(k)
	}
	return n
}

// mostly says that half of some answers are that slow.
func mostly(b *evidence.PaceBucket, bucket int) bool {
	n := above(b, bucket)
	return n >= 2 && n*2 >= above(b, 0)
}
