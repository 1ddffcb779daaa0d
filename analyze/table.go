package analyze

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/axiomhq/hyperloglog"

	"github.com/dnssniff/dnssniff/decode/hugepage"
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
func (c *counts) weight() uint32 { return max(c.queries, c.responses, c.unanswered) }

// row is a line of a table. It fills a cache line: a lookup costs one miss.
type row struct {
	hash uint64
	key  ref
	used bool
	// Room that would be lost; sums of tables do not have it. Flags are what a client, a server or a name has shown; more is a server's hop limit, of
	// a name what is odd about it, and of a client with hopOdd its place among the offenders. hopOdd counts a server's odd hop limits; of a name it is the
	// tag of the server that its flags are of.
	flags, more, hopOdd uint8
	counts
}

// rare is where a row's other RCODEs are counted.
type rare struct {
	hash  uint64
	rcode uint16
}

// maxRare bounds the rare RCODEs of a table (about 50 bytes each): a row's further ones are not told apart, see otherRCODE.
const maxRare = 1 << 13

// keyBytes is the room for keys in a table, per row of its limit: 4 MiB for the names of a shard by default.
const keyBytes = 40

// table counts by key: exactly up to its limit of rows, and of bytes of keys. When it is full the lighter half goes, and weightLost rises by
// the weight of the heaviest that went: any count can be too low by at most that, and rows of at most that weight can be missing. A row takes
// 64 bytes and its key; up to half of the rows that there is room for are free, or a fifth at the limit. While it purges, a table at its limit
// takes 48 bytes more per row: keys are moved where they are.
//
// Rows are found by a 64-bit keyed hash alone: two keys in a million-row table share one with a chance of 1 in 30 million.
type table struct {
	limit      int
	keyLimit   int // bytes
	n          int
	rows       []row // open addressing, linear probing; the length is a power of two
	shift      uint  // 64 - log2(len(rows))
	keys       arena
	rare       map[rare]uint32
	weightLost uint32
	seen       *hyperloglog.Sketch // of all keys ever; nil while nothing was lost
	// lost takes the rows that go, or is nil.
	lost func(key []byte, c *counts)
}

const minRows = 1 << 6

// newTable returns a table for at most limit rows; at least minRows.
func newTable(limit int) *table {
	limit = max(limit, minRows)
	t := &table{limit: limit, keyLimit: max(keyBytes*limit, chunk), rare: make(map[rare]uint32)}
	t.resize(2 * minRows)
	return t
}

// find returns the row of a hash, or nil. It is valid until the next insert.
func (t *table) find(hash uint64) *row {
	mask := uint64(len(t.rows) - 1)
	for i := hash >> t.shift; ; i++ {
		r := &t.rows[i&mask]
		if r.hash == hash && r.used {
			return r
		}
		if !r.used {
			return nil
		}
	}
}

// warm reads from where the row of a hash should be.
func (t *table) warm(hash uint64) uint32 { return t.rows[hash>>t.shift].queries }

// insert adds a row that find has not found. Its key is copied. The row is valid until the next insert.
func (t *table) insert(hash uint64, key []byte) *row {
	if t.n >= t.limit || t.keys.bytes+1+len(key) > t.keyLimit {
		t.purge()
	}
	// Up to four fifths are used at the limit, so that the last doubling is not for a few rows.
	if 4*t.n >= 3*len(t.rows) && (t.limit > len(t.rows)*4/5 || 5*t.n >= 4*len(t.rows)) {
		t.resize(2 * len(t.rows))
	}
	if t.seen != nil {
		t.seen.Insert(key)
	}
	t.n++
	r := t.free(hash)
	*r = row{hash: hash, key: t.keys.put(key), used: true}
	return r
}

// free returns the place for a new row.
func (t *table) free(hash uint64) *row {
	mask := uint64(len(t.rows) - 1)
	i := hash >> t.shift
	for t.rows[i&mask].used {
		i++
	}
	return &t.rows[i&mask]
}

// resize makes room for n rows, a power of two.
func (t *table) resize(n int) {
	old := t.rows
	t.rows = hugepage.Make[row](n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := range old {
		if old[i].used {
			*t.free(old[i].hash) = old[i]
		}
	}
}

// all yields the rows, in no order that means anything.
func (t *table) all(yield func(*row) bool) {
	for i := range t.rows {
		if t.rows[i].used && !yield(&t.rows[i]) {
			return
		}
	}
}

// scattered yields the rows far from the order of their hashes: a table that grows while it takes rows in that order fills from one end,
// and its probes become long.
func (t *table) scattered(yield func(*row) bool) {
	mask := len(t.rows) - 1
	step := len(t.rows)*5/8 | 1 // odd, so that each place comes once
	for i, at := 0, 0; i <= mask; i, at = i+1, (at+step)&mask {
		if t.rows[at].used && !yield(&t.rows[at]) {
			return
		}
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

// purge drops the lighter half of the rows, or more, so that they and their keys take at most half of their limits. It goes through them in the
// order of their keys' places, which is that of their first use: the order of the hashes is another in each run.
func (t *table) purge() {
	limit := t.cut()
	if limit > 0 { // else only rows go whose counts were turned over
		t.watch()
	}
	t.weightLost += limit
	order := make([]uint64, 0, t.n)
	for i := range t.rows {
		if t.rows[i].used {
			order = append(order, uint64(t.rows[i].key)<<32|uint64(i))
		}
	}
	slices.Sort(order)
	kept := make([]row, 0, t.n/2)
	t.keys.rewind()
	for _, o := range order {
		r := &t.rows[uint32(o)]
		key := t.keys.get(r.key)
		if r.weight() > limit {
			r.key = t.keys.put(key)
			kept = append(kept, *r)
		} else if t.lost != nil && r.counts != (counts{}) {
			t.lost(key, &r.counts)
		}
	}
	clear(t.rows)
	for i := range kept {
		*t.free(kept[i].hash) = kept[i]
	}
	t.n = len(kept)
	for k := range t.rare {
		if t.find(k.hash) == nil {
			delete(t.rare, k)
		}
	}
}

// cut returns the weight of the heaviest row that a purge drops.
func (t *table) cut() uint32 {
	rows := make([]uint64, 0, t.n) // weight and length of key
	for r := range t.all {
		rows = append(rows, uint64(r.weight())<<32|uint64(len(t.keys.get(r.key))))
	}
	slices.SortFunc(rows, func(a, b uint64) int { return cmp.Compare(b, a) })
	bytes := 0
	for i, r := range rows {
		bytes += 1 + int(uint32(r))
		if i >= len(rows)/2 || bytes > t.keyLimit/2 {
			return uint32(r >> 32)
		}
	}
	return 0
}

// merge adds the rows of another table with the same hash key.
func (t *table) merge(o *table) {
	if o.seen != nil {
		t.watch()
		_ = t.seen.Merge(o.seen) // fails only for another precision
	}
	t.weightLost += o.weightLost
	rows := o.scattered
	if 4*(t.n+o.n) <= 3*len(t.rows) { // no need to grow: in the order of hashes both tables are gone through once
		rows = o.all
	}
	for or := range rows {
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
	for r := range t.all {
		t.seen.Insert(t.keys.get(r.key))
	}
}
