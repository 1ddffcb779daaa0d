package decode

import (
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/hugepage"
)

// answer is a query of the last timeout that has its response: what a repetition of either is known by.
type answer struct {
	client uint32 // the client hash's upper 32 bits, the last being 1; 0 in a free slot
	server uint16 // bits of the other hashes
	quest  uint16 // 0 without a question
	hash   uint32 // of the response's bytes
	time   uint32 // of the query's first transmission, in ticks
}

// group is how many slots an answer can be in: two neighbouring cache lines.
const group = 8

// answered remembers answered queries. An answer is in one of the slots of its group; those whose time is over are free again, and nothing else
// removes them: a transaction costs one cache miss, when its query looks for its repetition.
type answered struct {
	slots []answer
	shift uint // 32 - log2(number of groups)
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
	return a.client != 0 && now-a.time+t.timeout <= 2*t.timeout
}

func (t *answered) group(client uint32) []answer {
	i := int(client>>t.shift) * group
	return t.slots[i : i+group : i+group]
}

// warm asks memory for a group. What it reads has to go somewhere, or the compiler leaves it out.
func (t *answered) warm(k *keys) {
	g := t.group(uint32(k.client>>32) | 1)
	t.warmed += g[0].time + g[group-1].time
}

func shorten(k *keys) answer {
	return answer{client: uint32(k.client>>32) | 1, server: uint16(k.server), quest: uint16(k.quest)}
}

// find returns the answered query that k repeats or, where k is a response's without a question, could belong to; else the one that it
// nearly does, with near set; else nil.
func (t *answered) find(k *keys, now int64) (a *answer, near bool) {
	want, ticks := shorten(k), t.ticks(now)
	g := t.group(want.client)
	for i := range g {
		s := &g[i]
		if s.client != want.client || !t.young(s, ticks) {
			continue
		}
		switch {
		case s.server == want.server && (s.quest == want.quest || s.quest == 0 || want.quest == 0):
			return s, false
		case s.server == want.server || s.quest == want.quest && want.quest != 0:
			a, near = s, true
		}
	}
	return a, near
}

// add remembers an answered query. It returns false where another, not yet old, had to go.
func (t *answered) add(k *keys, first, now int64, hash uint32) bool {
	a := shorten(k)
	a.hash, a.time = hash, t.ticks(first)
	ticks := t.ticks(now)
	for {
		g := t.group(a.client)
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
	t.shift = uint(32 - bits.TrailingZeros(uint(n/group)))
}

// grow doubles the table. A group becomes two, so that all find room.
func (t *answered) grow(now uint32) {
	old := t.slots
	t.resize(2 * len(old))
	for i := range old {
		if !t.young(&old[i], now) {
			continue
		}
		g := t.group(old[i].client)
		for j := range g {
			if g[j].client == 0 {
				g[j] = old[i]
				break
			}
		}
	}
}

// sweep frees what is old, from time to time: ticks wrap, and an old time would look young again.
func (t *answered) sweep(now int64) {
	if now-t.swept < 1<<30<<t.tick && now >= t.swept {
		return
	}
	t.swept = now
	for i := range t.slots {
		if !t.young(&t.slots[i], t.ticks(now)) {
			t.slots[i] = answer{}
		}
	}
}
