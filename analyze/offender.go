package analyze

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Bounds on what is kept of those who send malformed or violating queries, for each shard: 576 bytes a client.
const (
	maxOffenders   = 1 << 10
	offenderKinds  = 16 // further ones are counted together
	offenderSample = 8
)

// offends marks the row of a client that is, or was, among the offenders.
const offends = 1

// offender is a client that sends queries that are malformed or break a rule. What a query without fault needs fills its first three cache lines; the
// first of them tells whether the other two are needed.
type offender struct {
	client    packet.Addr
	queries   uint64 // from the first offence on
	first     int64  // ns
	last      int64
	malformed uint32 // messages, as is violating
	violating uint32 // and not malformed
	prints    fingerprint
	otherKind uint32 // anomalies that have no place in kinds
	nSamples  uint32
	kinds     [offenderKinds]kind
	samples   [offenderSample]sample
	_         [56]byte // makes it a multiple of a line
}

// kind counts the messages that have an anomaly.
type kind struct {
	id anomaly.ID
	n  uint32
}

// sample is a message to look at.
type sample struct {
	time   int64
	packet uint64
	file   uint16
	id     anomaly.ID
	off    uint16
}

// weight is what offenders are ranked by: malformed messages before violating ones.
func (o *offender) weight() uint64 { return uint64(o.malformed)<<32 | uint64(o.violating) }

// offenders holds the offenders of a shard. When it is full, the lighter half goes.
type offenders struct {
	list  []offender
	index map[packet.Addr]int
	lost  uint64 // clients that went
}

func newOffenders() *offenders { return &offenders{index: make(map[packet.Addr]int)} }

// of returns the offender whose place the client's row has noted, or finds it anew; nil where it had to go.
func (t *offenders) of(client *packet.Addr, r *row) *offender {
	i := int(r.more) | int(r.hopOdd)<<8
	if i < len(t.list) && t.list[i].client == *client {
		return &t.list[i]
	}
	i, ok := t.index[*client]
	if !ok {
		return nil
	}
	r.more, r.hopOdd = uint8(i), uint8(i>>8)
	return &t.list[i]
}

// warm reads from the lines of the offender whose place a client's row has noted.
func (t *offenders) warm(r *row) uint32 {
	i := int(r.more) | int(r.hopOdd)<<8
	if i >= len(t.list) {
		return 0
	}
	o := &t.list[i]
	return o.malformed + uint32(o.prints.tcp) + uint32(o.prints.last[0])
}

// find returns the offender of that address, or nil.
func (t *offenders) find(client *packet.Addr) *offender {
	i, ok := t.index[*client]
	if !ok {
		return nil
	}
	return &t.list[i]
}

// add returns the offender of that address, new if need be.
func (t *offenders) add(client *packet.Addr) *offender {
	if o := t.find(client); o != nil {
		return o
	}
	if len(t.list) == maxOffenders {
		t.purge()
	}
	t.index[*client] = len(t.list)
	t.list = append(t.list, offender{client: *client, first: math.MaxInt64, last: math.MinInt64})
	return &t.list[len(t.list)-1]
}

// purge drops the lighter half; among equals those that came last.
func (t *offenders) purge() {
	slices.SortStableFunc(t.list, func(a, b offender) int { return cmp.Compare(b.weight(), a.weight()) })
	keep := len(t.list) / 2
	t.lost += uint64(len(t.list) - keep)
	t.list = t.list[:keep]
	clear(t.index)
	for i := range t.list {
		t.index[t.list[i].client] = i
	}
}

// offence is what is wrong with a message: the worst that it shows.
func offence(all []anomaly.Seen) anomaly.Severity {
	worst := anomaly.Info
	for i := range all {
		worst = max(worst, all[i].ID.Severity())
	}
	return worst
}

// count takes in a message of the offender, whose worst anomaly is at least a violation.
func (o *offender) count(m *decode.Message, worst anomaly.Severity) {
	if worst == anomaly.Malformed {
		inc(&o.malformed)
	} else {
		inc(&o.violating)
	}
	o.first, o.last = min(o.first, m.Time), max(o.last, m.Time)
	var told [16]anomaly.ID
	ids := told[:0]
	for i := range m.Anomalies {
		a := &m.Anomalies[i]
		if a.ID.Severity() < anomaly.Violation || slices.Contains(ids, a.ID) {
			continue
		}
		ids = append(ids, a.ID)
		o.kind(a.ID, 1)
	}
	i := slices.IndexFunc(m.Anomalies, func(a anomaly.Seen) bool { return a.ID.Severity() == worst })
	o.sample(sample{m.Time, m.Number, m.File, m.Anomalies[i].ID, m.Anomalies[i].Offset})
}

func (o *offender) kind(id anomaly.ID, n uint32) {
	for i := range o.kinds {
		k := &o.kinds[i]
		if k.id == id || k.n == 0 {
			k.id = id
			addTo(&k.n, n)
			return
		}
	}
	addTo(&o.otherKind, n)
}

// sample keeps the first messages, and the first of each kind before the second of another.
func (o *offender) sample(s sample) {
	if int(o.nSamples) < len(o.samples) {
		o.samples[o.nSamples] = s
		o.nSamples++
		return
	}
	known := func(id anomaly.ID) (n, last int) {
		for i := range o.samples {
			if o.samples[i].id == id {
				n, last = n+1, i
			}
		}
		return n, last
	}
	if n, _ := known(s.id); n > 0 {
		return
	}
	for i := len(o.samples) - 1; i >= 0; i-- {
		if n, last := known(o.samples[i].id); n > 1 && last == i {
			o.samples[i] = s
			return
		}
	}
}

// merge adds what another summary knows of the same client. Of the fingerprints, that of more queries stays.
func (o *offender) merge(p *offender) {
	o.queries += p.queries
	addTo(&o.malformed, p.malformed)
	addTo(&o.violating, p.violating)
	addTo(&o.otherKind, p.otherKind)
	o.first, o.last = min(o.first, p.first), max(o.last, p.last)
	for _, k := range p.kinds {
		if k.n > 0 {
			o.kind(k.id, k.n)
		}
	}
	for _, s := range p.samples[:p.nSamples] {
		o.sample(s)
	}
	if p.prints.queries > o.prints.queries {
		o.prints = p.prints
	}
}

func (t *offenders) merge(o *offenders) {
	t.lost += o.lost
	for i := range o.list {
		t.add(&o.list[i].client).merge(&o.list[i])
	}
}

// Offends says whether a message counts against its client: a unicast query of the client's that is malformed or breaks a rule.
func Offends(m *decode.Message) bool {
	return len(m.Anomalies) > 0 && !m.Response() && !m.Backwards() && (m.Proto == decode.UDP || m.Proto == decode.TCP) &&
		offence(m.Anomalies) >= anomaly.Violation
}

// offended counts a query's offence, if it is one, and keeps the fingerprint of those who had any.
func (s *Summary) offended(m *decode.Message, c *row) {
	if m.Backwards() {
		return // the client got it
	}
	if Offends(m) {
		s.offenders.add(&m.Client).count(m, offence(m.Anomalies))
		c.flags |= offends
	}
	if c.flags&offends == 0 {
		return
	}
	o := s.offenders.of(&m.Client, c)
	if o == nil {
		c.flags &^= offends // it had to go
		return
	}
	o.queries++
	o.prints.observe(m)
}

// queriesOf returns how many queries the client tables of all summaries know of a client.
func queriesOf(all []*Summary, client *packet.Addr) (n uint64) {
	for _, s := range all {
		if r := s.clients.find(decode.HashAddr(s.seed, client)); r != nil {
			n += uint64(r.queries)
		}
	}
	return n
}

// report returns the n worst of the offenders of all summaries, worst first.
func (t *offenders) report(n int, all []*Summary) []Offender {
	order := make([]*offender, 0, len(t.list))
	for i := range t.list {
		if t.list[i].weight() > 0 { // in a window it may have none
			order = append(order, &t.list[i])
		}
	}
	slices.SortFunc(order, func(a, b *offender) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.first, b.first), slices.Compare(a.client[:], b.client[:]))
	})
	out := []Offender{}
	for _, o := range order[:min(n, len(order))] {
		r := o.report()
		r.AllQueries = max(queriesOf(all, &o.client), o.queries)
		out = append(out, r)
	}
	return out
}

func (o *offender) report() Offender {
	r := Offender{Address: o.client.String(), Malformed: uint64(o.malformed), Violating: uint64(o.violating), Queries: o.queries,
		First: time.Unix(0, o.first).UTC(), Last: time.Unix(0, o.last).UTC(), Kinds: map[string]uint64{},
		Samples: []Sample{}, Fingerprint: o.prints.report()}
	for _, s := range o.samples[:o.nSamples] {
		r.Samples = append(r.Samples, Sample{Packet: s.packet, File: s.file, Time: time.Unix(0, s.time).UTC(), Anomaly: s.id.String(), Offset: int(s.off)})
	}
	for _, k := range o.kinds {
		if k.n > 0 {
			r.Kinds[k.id.String()] = uint64(k.n)
		}
	}
	if o.otherKind > 0 {
		r.Kinds[otherRCODE] = uint64(o.otherKind)
	}
	slices.SortFunc(r.Samples, func(a, b Sample) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Packet, b.Packet)) })
	return r
}
