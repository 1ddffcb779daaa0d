package decode

import (
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/hugepage"
)

// answer is a query of the last timeout that has its response: what a repetition of either is known by.
type answer struct {
	key  uint64 // hash of endpoints, ID and question; 0 in a free slot
	hash uint32 // of the response's bytes; transfer if more messages may follow
	time uint32 // of the query's first transmission or last repetition, in ticks
}

// transfer marks the answer to AXFR or IXFR over TCP: a response of several messages (RFC 5936 section 2.2, RFC 1995 section 4).
const transfer = 1 << 31

// group is how many slots an answer can be in: two neighbouring cache lines.
const group = 8

// answered remembers answered queries. An answer is in one of the slots of its group; those whose time is over are free again, and nothing else
// removes them: a transaction costs one cache miss, when its query looks for its repetition.
type answered struct {
	slots []answer
	shift uint // 64 - log2(number of groups)
	limit int  // of slots
	// A tick is 1<<tick ns, about a millionth of the timeout. Ticks wrap; sweep keeps old times from looking young.
	tick    uint
	timeout uint32 // in ticks
	swept   int64  // ns
	warmed  uint32
}

// newAnswered returns a table for answers of the last timeout, in ns; limit bounds its slots.
func newAnswered(limit int, timeout int64) answered {
	t := answered{limit: max(limit, 16*group), tick: uint(min(max(bits.Len64(uint64(timeout))-21, 0), 32))}
	t.timeout = uint32(timeout >> t.tick)
	t.resize(16 * group)
	return t
}

func (t *answered) ticks(now int64) uint32 { return uint32(now >> t.tick) }

// young says whether a is of the last timeout, or as much later: captures are not strictly in order.
func (t *answered) young(a *answer, now uint32) bool {
	return a.key != 0 && now-a.time+t.timeout <= 2*t.timeout
}

func (t *answered) group(key uint64) []answer {
	i := int(key>>t.shift) * group
	return t.slots[i : i+group : i+group]
}

// warm asks memory for a group. What it reads has to go somewhere, or the compiler leaves it out.
func (t *answered) warm(key uint64) {
	g := t.group(key)
	t.warmed += g[0].time + g[group-1].time
}

// find returns the answered query with that key, or nil.
func (t *answered) find(key uint64, now int64) *answer {
	g := t.group(key)
	for i := range g {
		if g[i].key == key && t.young(&g[i], t.ticks(now)) {
			return &g[i]
		}
	}
	return nil
}

// repeat notes that an answered query was sent again.
func (t *answered) repeat(a *answer, now int64) { a.time = t.ticks(now) }

// add remembers an answered query. It returns false where another, not yet old, had to go.
func (t *answered) add(key uint64, first, now int64, hash uint32) bool {
	a := answer{key: key, hash: hash, time: t.ticks(first)}
	ticks := t.ticks(now)
	for {
		g := t.group(key)
		oldest := 0
		for i := range g {
			if !t.young(&g[i], ticks) {
				g[i] = a
				return true
			}
			if ticks-g[i].time > ticks-g[oldest].time {
				oldest = i
			}
		}
		if 2*len(t.slots) > t.limit {
			g[oldest] = a
			return false
		}
		t.grow(ticks)
	}
}

// resize makes an empty table of n slots, a power of two.
func (t *answered) resize(n int) {
	t.slots = hugepage.Make[answer](n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n/group)))
}

// grow doubles the table. A group becomes two, so that all find room.
func (t *answered) grow(now uint32) {
	old := t.slots
	t.resize(2 * len(old))
	for i := range old {
		if !t.young(&old[i], now) {
			continue
		}
		g := t.group(old[i].key)
		for j := range g {
			if g[j].key == 0 {
				g[j] = old[i]
				break
			}
		}
	}
}

// sweep frees what is old, from time to time: ticks wrap, and an old time would look young again.
func (t *answered) sweep(now int64) {
	if span := int64(1) << 30 << t.tick; now-t.swept < span && t.swept-now < span {
		return
	}
	t.swept = now
	for i := range t.slots {
		if !t.young(&t.slots[i], t.ticks(now)) {
			t.slots[i] = answer{}
		}
	}
}
