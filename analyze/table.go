package analyze

import (
	"cmp"
	"math"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// inlineRCODEs is the number of RCODEs counted in a row itself: NOERROR to REFUSED. The others are rare and counted aside.
const inlineRCODEs = 6

// counts are what is counted of a client, server, name or zone. They stop at their maximum instead of wrapping.
type counts struct {
	queries, responses, malformed, unanswered uint32
	names                                     uint32 // of a zone, where it is made of names
	rcodes                                    [inlineRCODEs]uint32
}

func inc(n *uint32) { addTo(n, 1) }

func addTo(n *uint32, by uint32) {
	if sum := *n + by; sum >= *n {
		*n = sum
	} else {
		*n = math.MaxUint32
	}
}

func (c *counts) add(o *counts) {
	addTo(&c.queries, o.queries)
	addTo(&c.responses, o.responses)
	addTo(&c.malformed, o.malformed)
	addTo(&c.unanswered, o.unanswered)
	addTo(&c.names, o.names)
	for i := range c.rcodes {
		addTo(&c.rcodes[i], o.rcodes[i])
	}
}

// weight is what decides which rows stay when room is short.
func (c *counts) weight() uint32 { return max(c.queries, c.responses) }

// row is a line of a table.
type row struct {
	hash uint64
	key  ref
	counts
}

// rare is where a row's other RCODEs are counted.
type rare struct {
	hash  uint64
	rcode uint16
}

// maxRare bounds the rare RCODEs of a table (about 40 bytes each): a row's further ones are not told apart.
const maxRare = 1 << 13

// table counts by key: exactly up to its limit of rows. When it is full the lighter half goes, and weightLost rises by the weight of the
// heaviest that went: any count can be too low by at most that, and rows of at most that weight can be missing. A row takes about
// 80 bytes and its key.
//
// Rows are found by a 64-bit keyed hash alone: two keys in a million-row table share one with a chance of 1 in 30 million.
type table struct {
	limit      int
	slots      []uint64 // upper half of the hash, and row number plus one; open addressing, linear probing
	shift      uint
	rows       []row
	keys       arena
	rare       map[rare]uint32
	weightLost uint32
	seen       *hyperloglog.Sketch // of all keys ever; nil while nothing was lost
	// lost takes the rows that go, or is nil.
	lost func(key []byte, c *counts)
}

const minRows = 1 << 6

func newTable(limit int) *table {
	t := &table{limit: max(limit, minRows), rare: make(map[rare]uint32)}
	t.index(minRows * 2)
	return t
}

// find returns the row of a hash, or nil.
func (t *table) find(hash uint64) *row {
	mask := uint64(len(t.slots) - 1)
	for i := hash >> t.shift; ; i++ {
		s := t.slots[i&mask]
		if s == 0 {
			return nil
		}
		if (s^hash)>>32 == 0 {
			if r := &t.rows[uint32(s)-1]; r.hash == hash {
				return r
			}
		}
	}
}

// insert adds a row that find has not found. Its key is copied. The row is valid until the next insert.
func (t *table) insert(hash uint64, key []byte) *row {
	if len(t.rows) >= t.limit {
		t.purge()
	}
	if 2*len(t.rows) >= len(t.slots) {
		t.index(2 * len(t.slots))
	}
	if t.seen != nil {
		t.seen.Insert(key)
	}
	t.rows = append(t.rows, row{hash: hash, key: t.keys.put(key)})
	t.link(len(t.rows) - 1)
	return &t.rows[len(t.rows)-1]
}

func (t *table) link(n int) {
	hash := t.rows[n].hash
	mask := uint64(len(t.slots) - 1)
	i := hash >> t.shift
	for t.slots[i&mask] != 0 {
		i++
	}
	t.slots[i&mask] = hash&^0xffffffff | uint64(n+1)
}

// index makes an index of n slots, a power of two.
func (t *table) index(n int) {
	t.slots = make([]uint64, n)
	t.shift = 64
	for ; n > 1; n >>= 1 {
		t.shift--
	}
	for i := range t.rows {
		t.link(i)
	}
}

// response counts a response's RCODE in its row.
func (t *table) response(r *row, rcode uint16) {
	inc(&r.responses)
	if rcode < inlineRCODEs {
		inc(&r.rcodes[rcode])
		return
	}
	k := rare{r.hash, rcode}
	if _, ok := t.rare[k]; ok || len(t.rare) < maxRare {
		t.countRare(k, 1)
	}
}

func (t *table) countRare(k rare, n uint32) {
	old := t.rare[k]
	addTo(&old, n)
	t.rare[k] = old
}

// purge drops the lighter half of the rows.
func (t *table) purge() {
	t.watch()
	weights := make([]uint32, len(t.rows))
	for i := range t.rows {
		weights[i] = t.rows[i].weight()
	}
	slices.Sort(weights)
	limit := weights[len(weights)/2]
	t.weightLost += limit
	old := t.keys
	t.keys = arena{}
	kept := t.rows[:0]
	for _, r := range t.rows {
		key := old.get(r.key)
		if r.weight() > limit {
			r.key = t.keys.put(key)
			kept = append(kept, r)
		} else if t.lost != nil {
			t.lost(key, &r.counts)
		}
	}
	t.rows = kept
	t.index(len(t.slots))
	for k := range t.rare {
		if t.find(k.hash) == nil {
			delete(t.rare, k)
		}
	}
}

// merge adds the rows of another table with the same hash key.
func (t *table) merge(o *table) {
	if o.seen != nil {
		t.watch()
		_ = t.seen.Merge(o.seen) // fails only for another precision
	}
	t.weightLost += o.weightLost
	for i := range o.rows {
		or := &o.rows[i]
		r := t.find(or.hash)
		if r == nil {
			r = t.insert(or.hash, o.keys.get(or.key))
		}
		r.add(&or.counts)
	}
	for k, n := range o.rare {
		t.countRare(k, n)
	}
}

// watch begins to estimate the number of keys, with a hash of its own: the estimate is the same in each run.
func (t *table) watch() {
	if t.seen != nil {
		return
	}
	t.seen = hyperloglog.New14()
	for i := range t.rows {
		t.seen.Insert(t.keys.get(t.rows[i].key))
	}
}

// distinct returns the number of keys with queries (or, with any, all keys) and whether it is exact.
func (t *table) distinct(any bool) (uint64, bool) {
	if t.seen != nil {
		return t.seen.Estimate(), false
	}
	n := uint64(0)
	for i := range t.rows {
		if any || t.rows[i].queries > 0 {
			n++
		}
	}
	return n, true
}

// top returns the n heaviest rows: by queries, then responses, then key. It is meant for an n far below the number of rows.
func (t *table) top(n int) []*row {
	order := func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.queries, a.queries), cmp.Compare(b.responses, a.responses),
			slices.Compare(t.keys.get(a.key), t.keys.get(b.key)))
	}
	best := make([]*row, 0, min(n, len(t.rows))+1)
	for i := range t.rows {
		r := &t.rows[i]
		if len(best) == n && (n == 0 || order(r, best[n-1]) >= 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, r, order)
		best = slices.Insert(best, at, r)
		best = best[:min(len(best), n)]
	}
	return best
}
