package analyze

import (
	"math"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/analyze/zone"
)

// NewSum returns an empty summary that takes what others have counted, by Merge, by their Turn, or by Record. It follows no lookups and no habits:
// messages and transactions are not for it.
func NewSum(seed uint64, l Limits) *Summary {
	s := newSummary(seed)
	s.clients, s.servers, s.names, s.zones = newTable(l.Clients), newTable(l.Servers), newTable(l.Names), newTable(l.Zones)
	s.evidence = evidence.NewSum(l.Evidence)
	z := zone.NewFinder(min(16*l.Names, shardZoneBytes))
	s.names.lost = func(name []byte, c *counts) { s.zone(z.Of(name)).add(c) }
	return s
}

// Reset makes a summary of NewSum empty. Its room stays, up to its limits.
func (s *Summary) Reset() {
	s.tally.reset()
	s.offenders.reset()
	s.evidence.Reset()
	for _, t := range s.tables() {
		t.reset()
		clear(t.rare)
		t.weightLost, t.seen = 0, nil
	}
}

func (t *tally) reset() {
	for _, c := range t.counters() {
		c.reset()
	}
	t.latency.Reset()
	t.series.reset()
	clear(t.formErrs.counts)
	t.formErrs.lost = 0
	t.messages, t.tx, t.settled, t.opcodes = Messages{}, Transactions{}, lookup.Counts{}, [len(t.opcodes)]uint64{}
	t.transit = Transport{}
	t.first, t.last, t.tc, t.slowest, t.total = math.MaxInt64, math.MinInt64, 0, 0, 0
	t.edns.queries, t.edns.responses, t.edns.do = 0, 0, 0
}

// Turn hands over all that was counted to an empty summary of NewSum with the same seed and limits: it is what was counted since the turn before. What s
// remembers of clients, servers, names and lookups goes on, so that the sum of all turns and of s is what s would have counted without them; only lookups
// that are not settled are in s alone. It takes time in proportion to the tables' sizes, a millisecond for 100,000 rows.
func (s *Summary) Turn(to *Summary) {
	s.tally, to.tally = to.tally, s.tally
	if s.lookups != nil {
		c := s.lookups.Take()
		to.settled.Add(&c)
	}
	for i, t := range s.tables() {
		t.turn(to.tables()[i])
	}
	s.offenders.turn(to.offenders)
	s.evidence.Turn(to.evidence)
}

// turn hands over the counts of a table. Its rows stay, without counts, for what else they remember: they are the first to go when room is short.
func (t *table) turn(to *table) {
	for r := range t.all {
		if r.counts == (counts{}) {
			continue
		}
		to.insert(r.hash, t.keys.get(r.key)).counts = r.counts
		r.counts = counts{}
	}
	t.rare, to.rare = to.rare, t.rare
	t.weightLost, to.weightLost = 0, t.weightLost
	t.seen, to.seen = nil, t.seen
}

// turn hands over the counts of the offenders. Their fingerprints go on: of each the last is the whole.
func (t *offenders) turn(to *offenders) {
	for i := range t.list {
		o := &t.list[i]
		if o.queries == 0 && o.weight() == 0 {
			continue
		}
		*to.add(&o.client) = *o
		*o = offender{client: o.client, first: math.MaxInt64, last: math.MinInt64, prints: o.prints}
	}
	t.lost, to.lost = 0, t.lost
}

func (t *offenders) reset() {
	t.list, t.lost = t.list[:0], 0
	clear(t.index)
}

// Responses yields the response codes and how many responses have them.
func (s *Summary) Responses(yield func(rcode uint16, n uint64) bool) { s.rcodes.all(yield) }

// Total returns the number of messages, those of mDNS and LLMNR among them.
func (s *Summary) Total() uint64 { return s.messages.Total + s.messages.MDNS + s.messages.LLMNR }

// Times returns the earliest and the latest time of a message in ns; first is above last where there is none.
func (s *Summary) Times() (first, last int64) { return s.first, s.last }
