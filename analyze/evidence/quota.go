package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
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

// Streak is a number of refusals in a row, and the times of the first and the last response (ns since the epoch).
type Streak struct {
	Count    uint32
	From, To int64
}

func (s *Streak) longer(o *Streak) bool {
	return s.Count > 0 && (o.Count == 0 || s.To-s.From > o.To-o.From || s.To-s.From == o.To-o.From && s.From < o.From)
}

// Rate sums up seconds with a like number of queries.
type Rate struct{ Seconds, Queries, Refused uint32 }

const (
	quotaRates = 12
	knocks     = 4 // refusals after which a client has a quota
)

type pair struct{ client, server packet.Addr }

// quotas are the first pairs of a client and a server that had refusals often enough, 300 bytes each.
type quotas struct {
	limit  int
	by     map[pair]*quota
	filter [16]uint64 // bits of clients that have one
	lost   uint64
}

type quota struct {
	pair
	second           int64 // since the epoch, the one that is under way
	queries, refused uint32
	rates            [quotaRates]Rate
	now, longest     Streak
}

func newQuotas(limit int) quotas { return quotas{limit: limit, by: make(map[pair]*quota)} }

// bitOf does not depend on the seed, as nothing here does.
func bitOf(client *packet.Addr) uint64 {
	return (binary.LittleEndian.Uint64(client[8:]) ^ binary.LittleEndian.Uint64(client[:])) * spreading >> 54
}

// may says that a client can have a quota: hardly any other has that bit.
func (q *quotas) may(client *packet.Addr) bool {
	bit := bitOf(client)
	return q.filter[bit>>6&15]>>(bit&63)&1 != 0
}

// at returns a pair's quota, new if need be and if there is room, else nil.
func (q *quotas) at(p pair, isNew bool) *quota {
	x := q.by[p]
	if x == nil && isNew {
		if len(q.by) >= q.limit {
			q.lost++
			return nil
		}
		x = &quota{pair: p}
		q.by[p] = x
		bit := bitOf(&p.client)
		q.filter[bit>>6] |= 1 << (bit & 63)
	}
	return x
}

// knocked counts refusals of pairs that have no quota yet. Slots are taken over by whoever comes last.
type knocked [1 << 7]struct {
	pair
	n uint32
}

func (k *knocked) enough(p pair) bool {
	s := &k[(bitOf(&p.client)^bitOf(&p.server)*5)%uint64(len(k))]
	if s.pair != p {
		s.pair, s.n = p, 0
	}
	s.n++
	return s.n >= knocks
}

// meter takes an answered query of a client that may have a quota, or that was refused.
func (c *Collector) meter(t *decode.Transaction, refused bool) {
	if t.Query.Flags>>11&15 != 0 {
		return
	}
	p := pair{t.Client, t.Server}
	q := c.quotas.at(p, false)
	if q == nil && refused && c.knocked.enough(p) {
		q = c.quotas.at(p, true)
	}
	if q != nil {
		q.add(t.Response.Time, refused)
	}
}

func (q *quota) add(now int64, refused bool) {
	if second := now / 1e9; second > q.second {
		q.endSecond()
		q.second = second
	}
	addTo(&q.queries, 1)
	if !refused {
		q.endStreak()
		return
	}
	addTo(&q.refused, 1)
	if q.now.Count == 0 {
		q.now.From = now
	}
	addTo(&q.now.Count, 1)
	q.now.To = now
}

// endSecond puts the second that is under way to its like.
func (q *quota) endSecond() {
	if q.queries == 0 {
		return
	}
	r := &q.rates[min(bits.Len32(q.queries)-1, quotaRates-1)]
	r.add(&Rate{1, q.queries, q.refused})
	q.queries, q.refused = 0, 0
}

func (q *quota) endStreak() {
	if q.now.longer(&q.longest) {
		q.longest = q.now
	}
	q.now = Streak{}
}

// done is a copy without anything that is under way.
func (q *quota) done() quota {
	x := *q
	x.endSecond()
	x.endStreak()
	return x
}

func (r *Rate) add(o *Rate) {
	addTo(&r.Seconds, o.Seconds)
	addTo(&r.Queries, o.Queries)
	addTo(&r.Refused, o.Refused)
}

// merge adds quotas of other times, or of other clients.
func (q *quotas) merge(o *quotas) {
	q.lost += o.lost
	for _, x := range o.sorted() {
		to := q.at(x.pair, true)
		if to == nil {
			continue
		}
		done := x.done()
		for i := range done.rates {
			to.rates[i].add(&done.rates[i])
		}
		if done.longest.longer(&to.longest) {
			to.longest = done.longest
		}
	}
}

func (q *quotas) sorted() []*quota {
	list := make([]*quota, 0, len(q.by))
	for _, x := range q.by {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b *quota) int {
		return cmp.Or(bytes.Compare(a.client[:], b.client[:]), bytes.Compare(a.server[:], b.server[:]))
	})
	return list
}

func (q *quotas) reset() {
	clear(q.by)
	q.filter, q.lost = [len(q.filter)]uint64{}, 0
}

func (f *Facts) quotas(q *quotas) {
	for _, x := range q.sorted() {
		done := x.done()
		f.Quotas = append(f.Quotas, Quota{Client: x.client, Server: x.server, ByRate: done.rates, Streak: done.longest})
	}
}
