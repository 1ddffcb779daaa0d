package evidence

import (
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Pace is how fast answers came, over time: bucket i covers the times (ns since the epoch) from (First+i)*Width on.
type Pace struct {
	First, Width int64
	Buckets      []PaceBucket
}

// PaceBucket counts the answers of a stretch of time as [Tally.RTT] does.
type PaceBucket [RTTBuckets]uint32

// Pace has paceBuckets at most, of 1<<paceShift ns (134 ms) or, for want of room, a power of two of that: 16 KiB.
const (
	paceBuckets = 256
	paceShift   = 27
)

type pace struct {
	shift uint8 // the width is 1<<shift ns
	first int64
	n     int
	list  [paceBuckets]PaceBucket
}

// at returns the bucket of a time.
func (p *pace) at(t int64) *PaceBucket {
	p.cover(t, t)
	return &p.list[t>>p.shift-p.first]
}

// cover makes buckets for the times from a to b, wider ones if there is no room.
func (p *pace) cover(a, b int64) {
	p.shift = max(p.shift, paceShift)
	for {
		lo, hi := a>>p.shift, b>>p.shift
		if p.n > 0 {
			lo, hi = min(lo, p.first), max(hi, p.first+int64(p.n)-1)
		}
		if hi-lo < paceBuckets {
			p.reach(lo, int(hi-lo)+1)
			return
		}
		p.coarsen()
	}
}

// reach makes the buckets n from lo on.
func (p *pace) reach(lo int64, n int) {
	if p.n > 0 && lo < p.first {
		by := int(p.first - lo)
		copy(p.list[by:], p.list[:p.n])
		clear(p.list[:by])
	}
	p.first, p.n = lo, n
}

// coarsen doubles the width.
func (p *pace) coarsen() {
	first := p.first >> 1
	for i := range p.n {
		b := p.list[i]
		p.list[i] = PaceBucket{}
		p.list[(p.first+int64(i))>>1-first].add(&b)
	}
	if p.n > 0 {
		p.n = int((p.first+int64(p.n)-1)>>1-first) + 1
	}
	p.first, p.shift = first, p.shift+1
}

func (b *PaceBucket) add(o *PaceBucket) {
	for i := range b {
		addTo(&b[i], o[i])
	}
}

func (p *pace) merge(o *pace) {
	if o.n == 0 {
		return
	}
	p.shift = max(p.shift, paceShift)
	for p.shift < o.shift {
		p.coarsen()
	}
	p.cover(o.first<<o.shift, (o.first+int64(o.n))<<o.shift-1)
	for i := range o.n {
		p.list[(o.first+int64(i))<<o.shift>>p.shift-p.first].add(&o.list[i])
	}
}

func (p *pace) reset() { *p = pace{} }

// facts returns a copy without its empty ends.
func (p *pace) facts() Pace {
	return Pace{First: p.first, Width: 1 << p.shift, Buckets: append([]PaceBucket(nil), p.list[:p.n]...)}
}

// keepPace notes how long an answer took: those of resolvers apart.
func (c *Collector) keepPace(t *decode.Transaction, weight uint32) {
	p := c.pace[0]
	if t.Response.Flags&wire.FlagRA != 0 {
		p = c.pace[1]
	}
	if t.Query.Time >= 0 && bits.Len64(uint64(t.Query.Time)) < 63 {
		addTo(&p.at(t.Query.Time)[RTTBucket(t.RTT)], weight)
	}
}
