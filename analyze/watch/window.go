package watch

import (
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
)

// part is what a shard counted from since up to until, in packet time (ns).
type part struct {
	shard        int
	since, until int64
	sum          *analyze.Summary
	records      []byte
	missed       uint64       // records that found no room
	stats        decode.Stats // what was counted by the decoder in that time
}

// slot is what all shards counted in a stretch of time.
type slot struct {
	start int64 // ns
	sum   *analyze.Summary
	stats decode.Stats
	moved bool // it is in a slot of the next level, too
}

// level is a row of slots of one width, the oldest first.
type level struct {
	width, keep int64 // ns
	limits      analyze.Limits
	seed        uint64
	slots       []*slot
	spare       []*slot
}

// at returns the slot for counts that began at a time.
func (l *level) at(since int64) *slot {
	start := since - mod(since, l.width)
	i := len(l.slots)
	for i > 0 && l.slots[i-1].start >= start {
		i--
	}
	for i < len(l.slots) && l.slots[i].moved { // it comes too late
		i++
		start = l.slots[i-1].start + l.width
	}
	if i == len(l.slots) || l.slots[i].start != start {
		l.slots = slices.Insert(l.slots, i, l.fresh(start))
	}
	return l.slots[i]
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

func (l *level) fresh(start int64) *slot {
	if n := len(l.spare); n > 0 {
		s := l.spare[n-1]
		l.spare = l.spare[:n-1]
		s.sum.Reset()
		*s = slot{start: start, sum: s.sum}
		return s
	}
	return &slot{start: start, sum: analyze.NewSum(l.seed, l.limits)}
}

// within returns the slots that reach over a time or lie after it.
func (l *level) within(since int64) []*slot {
	for i, s := range l.slots {
		if s.start+l.width > since {
			return l.slots[i:]
		}
	}
	return nil
}

// expire gives up the slots that are over before a time and have moved on, or have nowhere to go.
func (l *level) expire(now int64, last bool) {
	n := 0
	for n < len(l.slots) && l.slots[n].start+l.width <= now-l.keep && (last || l.slots[n].moved) {
		n++
	}
	l.spare = append(l.spare, l.slots[:n]...)
	l.spare = l.spare[:min(len(l.spare), mostSpare)]
	l.slots = append(l.slots[:0], l.slots[n:]...)
}

// mostSpare bounds the slots that a level keeps for use again.
const mostSpare = 8

// windows hold the whole, and the last minutes in slots that become wider the older they are.
type windows struct {
	all    *analyze.Summary
	stats  decode.Stats // of all
	levels [3]level     // for the last 1, 5 and 15 minutes
	first  int64        // when it all began (ns); valid iff any
	any    bool
}

// slotNames is how many names a slot, or a part, counts exactly.
const slotNames = 1 << 14 * 4 / 5

// slotEvidence is how many rows of evidence a slot or a part has.
const slotEvidence = 1 << 10

// slotLimits bounds the tables of a slot or a part with so many names.
func slotLimits(rows int) analyze.Limits {
	return analyze.Limits{Clients: rows / 2, Servers: rows / 8, Names: rows, Zones: rows / 4, Lookups: 1, Evidence: slotEvidence}
}

func fifths(n int) int { return n * 4 / 5 } // tables like four fifths of a power of two

func newWindows(seed uint64, whole analyze.Limits) *windows {
	w := &windows{all: analyze.NewSum(seed, whole)}
	for i, l := range [...]struct {
		width, keep time.Duration
	}{{5 * time.Second, time.Minute}, {30 * time.Second, 5 * time.Minute}, {time.Minute, 15 * time.Minute}} {
		w.levels[i] = level{width: int64(l.width), keep: int64(l.keep), limits: slotLimits(slotNames), seed: seed}
	}
	return w
}

// maxTime bounds packet times (ns, the year 2116), as sums of them with widths of slots must not overflow.
const maxTime = 1 << 62

// take adds a part to the whole and to its slot.
func (w *windows) take(p *part) {
	since := min(max(p.since, 0), maxTime)
	if !w.any {
		w.first, w.any = since, true
	}
	w.first = min(w.first, since)
	w.all.Merge(p.sum)
	s := w.levels[0].at(since)
	s.sum.Merge(p.sum)
	w.stats.Add(&p.stats)
	s.stats.Add(&p.stats)
}

// move puts slots that are complete into those of the next level. All parts that began before a time have been taken.
func (w *windows) move(before int64) {
	for i := range w.levels[:len(w.levels)-1] {
		l, next := &w.levels[i], &w.levels[i+1]
		complete := before
		for _, s := range l.slots {
			if s.moved {
				continue
			}
			if s.start+l.width > complete {
				before = min(before, s.start)
				break
			}
			to := next.at(s.start)
			to.sum.Merge(s.sum)
			to.stats.Add(&s.stats)
			s.moved = true
		}
	}
}

// expire forgets what no span reaches at a packet time.
func (w *windows) expire(now int64) {
	for i := range w.levels {
		w.levels[i].expire(now, i == len(w.levels)-1)
	}
}

// span returns what lies in a span before now, and the time from which it counts.
func (w *windows) span(s Span, now int64) (sums []*analyze.Summary, stats decode.Stats, from int64) {
	if s == All || !w.any {
		return []*analyze.Summary{w.all}, w.stats, w.first
	}
	since := now - s.Duration().Nanoseconds()
	from = now
	add := func(x *slot) {
		sums = append(sums, x.sum)
		stats.Add(&x.stats)
		from = min(from, x.start)
	}
	at := int(s - Minute)
	for i := at; i >= 0; i-- {
		for _, x := range w.levels[i].within(since) {
			if i == at || !x.moved {
				add(x)
			}
		}
	}
	if len(sums) == 0 {
		return []*analyze.Summary{analyze.NewSum(w.levels[0].seed, slotLimits(0))}, stats, max(since, w.first)
	}
	return sums, stats, max(min(from, since), w.first)
}

// recent returns what lies in at least a time before now, or in the newest slot, and the times between which it was counted.
func (w *windows) recent(now, over int64) (sums []*analyze.Summary, stats decode.Stats, from, to int64) {
	l := &w.levels[0]
	for _, x := range l.within(now - over) {
		if x.start >= now { // of shards that are ahead
			break
		}
		if len(sums) == 0 {
			from = max(x.start, w.first)
		}
		sums = append(sums, x.sum)
		stats.Add(&x.stats)
		to = min(now, x.start+l.width)
	}
	return sums, stats, from, to
}
