package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Quota is how a server that refuses a client treats it by how much it asks: a limit of queries a second refuses the more the more are asked, and an access
// list, or one of several servers behind an address that refuses, as many of few as of many. Counted from the fourth refusal or so on.
type Quota struct {
	Client, Server packet.Addr
	// ByRate has the seconds of packet time in which it asked 1<<i up to 2<<i - 1 queries that were answered in any way; the last all above.
	ByRate [quotaRates]Rate
	// Streak is the longest time in which it was refused whatever it asked.
	Streak Streak
}

// Rate sums up seconds with a like number of queries.
type Rate struct{ Seconds, Queries, Refused uint32 }

// Streak is a number of refusals in a row, and the times of the first and the last response (ns since the epoch).
type Streak struct {
	Count    uint32
	From, To int64
}

const (
	quotaRates = 12
	knocks     = 4 // refusals after which a client has a meter
)

type pair struct{ client, server packet.Addr }

func comparePairs(a, b pair) int {
	return cmp.Or(bytes.Compare(a.client[:], b.client[:]), bytes.Compare(a.server[:], b.server[:]))
}

// quotas is bounded: pairs beyond are not noted.
type quotas struct {
	limit int
	by    map[pair]*Quota
	lost  uint64
}

func newQuotas(limit int) quotas { return quotas{limit: limit, by: make(map[pair]*Quota)} }

// at returns a pair's quota, nil where there is no room.
func (q *quotas) at(p pair) *Quota {
	x := q.by[p]
	if x == nil && len(q.by) < q.limit {
		x = &Quota{Client: p.client, Server: p.server}
		q.by[p] = x
	}
	if x == nil {
		q.lost++
	}
	return x
}

func (q *quotas) merge(o *quotas) {
	q.lost += o.lost + mergeInto(q.by, o.by, slices.SortedFunc(maps.Keys(o.by), comparePairs), q.limit, (*Quota).merge)
}

func (q *quotas) reset() {
	clear(q.by)
	q.lost = 0
}

func (q *Quota) merge(o *Quota) {
	for i := range q.ByRate {
		q.ByRate[i].add(&o.ByRate[i])
	}
	q.streak(o.Streak)
}

// streak takes one that has ended.
func (q *Quota) streak(s Streak) {
	have := &q.Streak
	if s.Count > 0 && (have.Count == 0 || cmp.Or(cmp.Compare(s.To-s.From, have.To-have.From), cmp.Compare(have.From, s.From)) > 0) {
		*have = s
	}
}

func (r *Rate) add(o *Rate) {
	addTo(&r.Seconds, o.Seconds)
	addTo(&r.Queries, o.Queries)
	addTo(&r.Refused, o.Refused)
}

// meter is what of a pair is under way: a second, and refusals in a row.
type meter struct {
	second           int64 // since the epoch
	queries, refused uint32
	streak           Streak
}

// endSecond puts the second that is under way to its like.
func (m *meter) endSecond(q *Quota) {
	if m.queries > 0 && q != nil {
		q.ByRate[min(bits.Len32(m.queries)-1, quotaRates-1)].add(&Rate{1, m.queries, m.refused})
	}
	m.queries, m.refused = 0, 0
}

func (m *meter) endStreak(q *Quota) {
	if q != nil {
		q.streak(m.streak)
	}
	m.streak = Streak{}
}

// meters are of the first pairs that had refusals often enough, as many as quotas has room for: 250 bytes each, with their quotas. They stay when what was
// gathered is handed over.
type meters struct {
	by     map[pair]*meter
	filter [16]uint64 // bits of clients that have one
	knocks [1 << 7]struct {
		pair
		n uint32
	} // refusals of pairs that have none yet; slots are taken over by whoever comes last
}

// bitOf does not depend on the seed, as nothing here does.
func bitOf(a *packet.Addr) uint64 {
	return (binary.LittleEndian.Uint64(a[8:]) ^ binary.LittleEndian.Uint64(a[:])) * spreading >> 54
}

// may says that a client can have a meter: hardly any other has that bit.
func (m *meters) may(client *packet.Addr) bool {
	bit := bitOf(client)
	return m.filter[bit>>6&15]>>(bit&63)&1 != 0
}

// knocked counts a refusal of a pair that has no meter, and says that it is to have one.
func (m *meters) knocked(p pair) bool {
	s := &m.knocks[(bitOf(&p.client)^bitOf(&p.server)*5)%uint64(len(m.knocks))]
	if s.pair != p {
		s.pair, s.n = p, 0
	}
	s.n++
	return s.n >= knocks
}

func (m *meters) add(p pair) *meter {
	if m.by == nil {
		m.by = make(map[pair]*meter)
	}
	x := new(meter)
	m.by[p] = x
	bit := bitOf(&p.client)
	m.filter[bit>>6] |= 1 << (bit & 63)
	return x
}

// meter takes an answered query of a client that may have a meter, or that was refused.
func (c *Collector) meter(t *decode.Transaction, refused bool) {
	if t.Query.Flags>>11&15 != 0 {
		return
	}
	p := pair{t.Client, t.Server}
	m := c.meters.by[p]
	if m == nil {
		if !refused || !c.meters.knocked(p) {
			return
		}
		if len(c.meters.by) >= c.quotas.limit {
			c.quotas.lost++
			return
		}
		m = c.meters.add(p)
	}
	if second := t.Response.Time / 1e9; second > m.second {
		if m.queries > 0 {
			m.endSecond(c.quotas.at(p))
		}
		m.second = second
	}
	addTo(&m.queries, 1)
	switch {
	case refused:
		if m.streak.Count == 0 {
			m.streak.From = t.Response.Time
		}
		addTo(&m.refused, 1)
		addTo(&m.streak.Count, 1)
		m.streak.To = t.Response.Time
	case m.streak.Count > 0:
		m.endStreak(c.quotas.at(p))
	}
}

// underWay adds what a collector's meters have under way, which stay as they are.
func (q *quotas) underWay(m *meters) {
	for _, p := range slices.SortedFunc(maps.Keys(m.by), comparePairs) {
		if x := *m.by[p]; x.queries > 0 || x.streak.Count > 0 {
			to := q.at(p)
			x.endSecond(to)
			x.endStreak(to)
		}
	}
}

func (f *Facts) quotas(q *quotas) {
	for _, p := range slices.SortedFunc(maps.Keys(q.by), comparePairs) {
		f.Quotas = append(f.Quotas, *q.by[p])
	}
}
