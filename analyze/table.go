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

// row is a line of a table. It fills a cache line.
type row struct {
	hash uint64
	key  ref
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
// 64 bytes, its key and 5 to 11 bytes of the index; there is room for up to four times as many rows, which takes no memory until it is used.
//
// Rows are found by a 64-bit keyed hash alone: two keys in a million-row table share one with a chance of 1 in 30 million.
type table struct {
	limit      int
	keyLimit   int   // bytes
	rows       []row // in the order in which they were added, as are their keys
	index      []slot
	shift      uint // 64 - log2(len(index))
	keys       arena
	rare       map[rare]uint32
	weightLost uint32
	seen       *hyperloglog.Sketch // of all keys ever; nil while nothing was lost
	read       uint32              // where what is read only to be near goes
	// lost takes the rows that go, or is nil.
	lost func(key []byte, c *counts)
}

// slot is a place of a table's index: open addressing, linear probing from the upper bits of the hash, the length being a power of two. Its lower bits, as
// many as tell places apart, are the row's number from 1 on, and those above them are the hash's, so that few other rows are looked at; 0 is empty.
type slot uint32

const minRows = 1 << 6

// newTable returns a table for at most limit rows; at least minRows.
func newTable(limit int) *table {
	limit = max(limit, minRows)
	t := &table{limit: limit, keyLimit: max(keyBytes*limit, chunk), rare: make(map[rare]uint32)}
	t.rows = make([]row, 0, minRows)
	t.reindex(2 * minRows)
	return t
}

// find returns the row of a hash, or nil. It is valid until the next insert.
func (t *table) find(hash uint64) *row {
	mask := slot(len(t.index) - 1)
	for i := slot(hash >> t.shift); ; i++ {
		s := t.index[i&mask]
		if s == 0 {
			return nil
		}
		if (s^slot(hash))&^mask == 0 {
			if r := &t.rows[s&mask-1]; r.hash == hash {
				return r
			}
		}
	}
}

// warm reads from where the index leads to the row of a hash.
func (t *table) warm(hash uint64) uint32 { return uint32(t.index[hash>>t.shift]) }

// insert adds a row that find has not found. Its key is copied. The row is valid until the next insert.
func (t *table) insert(hash uint64, key []byte) *row {
	if len(t.rows) >= t.limit || t.keys.bytes+1+len(key) > t.keyLimit {
		t.purge()
	}
	if t.seen != nil {
		t.seen.Insert(key)
	}
	return t.add(row{hash: hash, key: t.keys.put(key)})
}

// add adds a row as it is.
func (t *table) add(r row) *row {
	n := len(t.rows)
	// Up to four fifths are used at the limit, so that the last doubling is not for a few rows.
	if 4*n >= 3*len(t.index) && (t.limit > len(t.index)*4/5 || 5*n >= 4*len(t.index)) {
		t.reindex(2 * len(t.index))
	}
	if n == cap(t.rows) {
		t.rows = append(hugepage.Make[row](t.room())[:0], t.rows...)
	}
	t.rows = append(t.rows, r)
	t.place(r.hash, n)
	return &t.rows[n]
}

// room returns for how many rows there should be room now that there is none: for up to four times as many while they are few, in steps that end at
// the limit. What is not used yet is not touched.
func (t *table) room() int {
	n := t.limit
	for n > 4*len(t.rows) {
		n = (n + 3) / 4
	}
	return min(n, max(2*len(t.rows), fewRows))
}

// fewRows is up to where a table grows by four.
const fewRows = 1 << 17

// place notes in the index where the row of a hash is.
func (t *table) place(hash uint64, n int) {
	mask := slot(len(t.index) - 1)
	i := slot(hash >> t.shift)
	for t.index[i&mask] != 0 {
		i++
	}
	t.index[i&mask] = slot(hash)&^mask | slot(n+1)
}

// reindex makes an index of n places, a power of two.
func (t *table) reindex(n int) {
	if n != len(t.index) {
		t.index = hugepage.Make[slot](n)
	} else {
		clear(t.index)
	}
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := range t.rows {
		t.place(t.rows[i].hash, i)
	}
}

// all yields the rows, in the order in which they were added.
func (t *table) all(yield func(*row) bool) {
	for i := range t.rows {
		if !yield(&t.rows[i]) {
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

// purge drops the lighter half of the rows, or more, so that they and their keys take at most half of their limits.
func (t *table) purge() {
	limit := t.cut()
	if limit > 0 { // else only rows go whose counts were turned over
		t.watch()
	}
	t.weightLost += limit
	kept := t.rows[:0]
	t.keys.rewind()
	for i := range t.rows {
		r := &t.rows[i]
		key := t.keys.get(r.key)
		if r.weight() > limit {
			r.key = t.keys.put(key)
			kept = append(kept, *r)
		} else if t.lost != nil && r.counts != (counts{}) {
			t.lost(key, &r.counts)
		}
	}
	t.rows = kept
	t.reindex(len(t.index))
	for k := range t.rare {
		if t.find(k.hash) == nil {
			delete(t.rare, k)
		}
	}
}

// cut returns the weight of the heaviest row that a purge drops.
func (t *table) cut() uint32 {
	rows := make([]uint64, 0, len(t.rows)) // weight and length of key
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
	for or := range o.all {
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
