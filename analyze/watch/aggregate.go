package watch

import (
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode"
)

// tick is how often the aggregator looks what there is to do while nothing comes.
const tick = 50 * time.Millisecond

// patience is how old, in time of the wall, what a quiet shard of a live line has counted may become.
const patience = time.Second

// lead is how far a shard of a file may be ahead of the last one (ns of packet time). It is more than a part is long.
const lead = int64(60 * time.Second)

// aggregator puts the parts together and makes snapshots, all in one goroutine.
type aggregator struct {
	w        *Watcher
	seed     uint64
	windows  windows
	ring     *ring
	trends   trends
	missed   uint64
	until    int64   // latest packet time of a part
	behind   int64   // all parts that began before have been taken
	ahead    []*part // empty ones of shards of a file that are too far ahead to have them back
	heard    [decode.Shards]time.Time
	finished bool
	builder  builder
	findings diagnoser
}

func newAggregator(w *Watcher, conf *decode.Config) *aggregator {
	a := &aggregator{w: w, seed: conf.Seed, windows: *newWindows(conf.Seed, w.options.Limits), ring: newRing(w.options.Bytes), trends: trends{}}
	a.builder.a = a
	a.findings.took = time.Since
	return a
}

func (a *aggregator) run() {
	t := time.NewTicker(tick)
	defer t.Stop()
	var last time.Time
	for {
		select {
		case p := <-a.w.parts:
			wall := time.Now()
			a.take(p, wall)
			if wall.Sub(last) < tick {
				continue
			}
		case <-t.C:
		case <-a.w.wake:
		case <-a.w.done:
			if a.w.options.Events != nil && a.w.final.Load() != nil {
				a.step(time.Now()) // nothing is left untold
			}
			return
		}
		last = time.Now()
		a.step(last)
	}
}

// step does what there is to do at a time of the wall.
func (a *aggregator) step(wall time.Time) {
	// What is sent after this may begin earlier than what has been taken, but not before then.
	behind := a.slowest()
	final := a.w.final.Load()
	a.drain(wall)
	if a.w.options.Clock != nil && !a.finished {
		a.collect(wall)
		behind = a.slowest()
	}
	if final != nil && !a.finished {
		a.finish(final)
		behind = a.until
	}
	a.advance(behind)
	if a.w.options.Clock != nil && a.w.options.Where == nil {
		a.findings.step(a, wall)
	}
	a.builder.step(wall)
}

// drain takes all parts that have been sent.
func (a *aggregator) drain(wall time.Time) {
	for {
		select {
		case p := <-a.w.parts:
			a.take(p, wall)
		default:
			return
		}
	}
}

// slowest returns the packet time up to which all shards have handed over what they counted.
func (a *aggregator) slowest() int64 {
	least := int64(maxTime)
	for _, h := range a.w.handlers {
		least = min(least, h.since.Load())
	}
	return least
}

// take adds a part, and gives it back.
func (a *aggregator) take(p *part, wall time.Time) {
	a.add(p)
	a.heard[p.shard] = wall
	p.sum.Reset()
	a.ahead = append(a.ahead, p)
	a.release()
}

// release gives parts back: those of a file once they are not too far ahead.
func (a *aggregator) release() {
	slowest := a.slowest()
	a.ahead = slices.DeleteFunc(a.ahead, func(p *part) bool {
		if a.w.options.Clock == nil && p.since-lead > slowest {
			return false
		}
		a.w.handlers[p.shard].spare <- p // has room for it
		return true
	})
}

func (a *aggregator) add(p *part) {
	a.windows.take(p)
	a.trends.take(p)
	a.ring.take(p.shard, p.records)
	a.missed += p.missed
	a.until = max(a.until, min(p.until, maxTime))
}

// advance moves on to the packet time up to which all is there.
func (a *aggregator) advance(behind int64) {
	if behind <= a.behind {
		return
	}
	a.behind = behind
	a.windows.move(behind)
	a.windows.expire(a.now())
	a.release()
}

// now returns the packet time up to which snapshots count.
func (a *aggregator) now() int64 {
	switch {
	case a.finished:
		return a.until
	case a.w.options.Clock != nil:
		return max(a.until, a.w.options.Clock())
	}
	return min(a.behind, a.until)
}

// collect takes what quiet shards of a live line have counted: they hand nothing over while no packet comes.
func (a *aggregator) collect(wall time.Time) {
	for i, h := range a.w.handlers {
		if wall.Sub(a.heard[i]) < patience || !h.mu.TryLock() {
			continue
		}
		a.heard[i] = wall
		a.collectFrom(h)
		h.mu.Unlock()
	}
}

// collectFrom takes what a shard has counted, while its lock is held.
func (a *aggregator) collectFrom(h *handler) {
	now := max(a.w.options.Clock(), h.since.Load())
	if !h.idle() {
		select {
		case p := <-h.spare:
			h.fill(p, now)
			a.add(p)
			p.sum.Reset()
			h.spare <- p
		default:
			return // its part is on the way
		}
	}
	h.now = max(h.now, now)
	h.since.Store(now)
}

// finish takes what the shards still have: with it, lookups that never were settled.
func (a *aggregator) finish(st *decode.Stats) {
	for _, h := range a.w.handlers {
		h.mu.Lock()
		p := &part{shard: h.shard, since: h.since.Load(), until: h.now, sum: h.sum, records: h.records, missed: h.missed, stats: h.delta()}
		if h.counted > 0 || h.now > 0 {
			a.add(p)
		}
		h.mu.Unlock()
	}
	a.windows.stats = *st
	if st.Packets > 0 {
		a.until = max(a.until, min(st.Last, maxTime))
	}
	a.finished = true
}

// trends counts the responses of each code over the last seconds. There are at most 4096 codes of 0.6 KiB.
type trends map[uint16]*trend

type trend struct {
	last   int64 // packet time of the newest response, to a second
	second int64 // of the newest point
	points [TrendPoints]uint64
}

func (t trends) take(p *part) {
	if t == nil {
		return
	}
	first, last := p.sum.Times()
	if first > last {
		return
	}
	at := min(max(last, p.since, 0), max(p.until, p.since))
	for code, n := range p.sum.Responses {
		x := t[code]
		if x == nil {
			x = new(trend)
			t[code] = x
		}
		x.last = max(x.last, at)
		x.add(max(p.since, 0)/1e9, n)
	}
}

// add counts responses in a second.
func (x *trend) add(second int64, n uint64) {
	x.roll(second)
	if age := x.second - second; age < TrendPoints {
		x.points[second%TrendPoints] += n
	}
}

// roll makes a second the newest, unless it is older.
func (x *trend) roll(second int64) {
	for s := max(x.second, second-TrendPoints); s < second; s++ {
		x.points[(s+1)%TrendPoints] = 0
	}
	x.second = max(x.second, second)
}

// until returns the points that end with a second, newest last.
func (x *trend) until(second int64) []uint64 {
	out := make([]uint64, TrendPoints)
	for i := range out {
		s := second - TrendPoints + 1 + int64(i)
		if s >= 0 && s <= x.second && s > x.second-TrendPoints {
			out[i] = x.points[s%TrendPoints]
		}
	}
	return out
}
