package analyze

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/axiomhq/hyperloglog"
)

// partRows is about how many rows of a union are put together at a time: so few that they stay in a core's cache.
const partRows = 1 << 12

// union is the sum of several tables: the rows of one key are one row. It is gone through in parts, by the first bits of the hash, so that the
// sum is never in memory as a whole and several cores can work at it. The tables may not change meanwhile.
type union struct {
	tables     []*table
	prefix     int // bits of the hash that tell a part
	rare       map[rare]uint32
	rares      map[uint64][]rare // by hash
	weightLost uint32
	estimate   *uint64 // of the keys there ever were; nil while no table has lost any
}

func newUnion(tables []*table) *union {
	u := &union{tables: tables, rare: make(map[rare]uint32), estimate: estimated(tables)}
	rows, shortest := 0, math.MaxInt
	for _, t := range tables {
		addTo(&u.weightLost, t.weightLost)
		rows += len(t.rows)
		shortest = min(shortest, len(t.index))
		for k, n := range t.rare {
			sum := u.rare[k]
			addTo(&sum, n)
			u.rare[k] = sum
		}
	}
	u.prefix = bits.Len(uint(min(rows/partRows, shortest-1)))
	u.rares = make(map[uint64][]rare, len(u.rare))
	for k := range u.rare {
		u.rares[k.hash] = append(u.rares[k.hash], k)
	}
	return u
}

// unionOf returns the union of one of the tables of all summaries.
func unionOf(all []*Summary, which func(*Summary) *table) *union {
	tables := make([]*table, len(all))
	for i, s := range all {
		tables[i] = which(s)
	}
	return newUnion(tables)
}

// part fills sum, in place of what it held, with the rows whose hash begins with the bits of i. Their hashes there are turned by these bits, and their
// keys stay where they are: see key.
func (u *union) part(sum *table, i int) {
	sum.reset()
	for n, t := range u.tables {
		sum.read += t.touch(u.prefix, i)
		for r := range t.prefixed(u.prefix, i) {
			hash := bits.RotateLeft64(r.hash, u.prefix)
			s := sum.find(hash)
			if s == nil {
				s = sum.add(row{hash: hash, key: r.key, flags: uint8(n), more: uint8(n >> 8), hopOdd: uint8(n >> 16)})
			}
			s.add(&r.counts)
		}
	}
}

// hash returns the hash of a row that part has made.
func (u *union) hash(r *row) uint64 { return bits.RotateLeft64(r.hash, -u.prefix) }

// key returns the key of a row that part has made; it is that of the table that the row tells.
func (u *union) key(r *row) []byte {
	return u.tables[int(r.flags)|int(r.more)<<8|int(r.hopOdd)<<16].keys.get(r.key)
}

// each puts all parts together and calls f for each, in up to n goroutines, which have ended when it returns. The table is f's during the call.
func (u *union) each(n int, f func(worker int, part *table)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for w := range min(n, 1<<u.prefix) {
		wg.Go(func() {
			sum := newTable(math.MaxInt / keyBytes)
			for i := int(next.Add(1)) - 1; i < 1<<u.prefix; i = int(next.Add(1)) - 1 {
				u.part(sum, i)
				f(w, sum)
			}
		})
	}
	wg.Wait()
}

// distinct returns how many keys there were, of which the rows hold n.
func (u *union) distinct(n uint64) uint64 {
	if u.estimate != nil {
		return *u.estimate
	}
	return n
}

// estimated returns about how many keys the tables ever had, or nil where none has lost any.
func estimated(tables []*table) *uint64 {
	lost := func(t *table) bool { return t.seen != nil }
	if !slices.ContainsFunc(tables, lost) {
		return nil
	}
	all := hyperloglog.New14()
	for _, t := range tables {
		if lost(t) {
			_ = all.Merge(t.seen) // fails only for another precision
			continue
		}
		for r := range t.all {
			all.Insert(t.keys.get(r.key))
		}
	}
	n := all.Estimate()
	return &n
}

// prefixed yields the rows whose hash begins with the bits of i. Their places in the index lie together, but for those that found theirs taken.
func (t *table) prefixed(prefix, i int) func(yield func(*row) bool) {
	return func(yield func(*row) bool) {
		mask := len(t.index) - 1
		first, after := t.places(prefix, i)
		for at := first; at < first+len(t.index); at++ {
			s := t.index[at&mask]
			if s == 0 {
				if at >= after {
					return
				}
				continue
			}
			r := &t.rows[int(s)&mask-1]
			if int(r.hash>>(64-prefix)) == i && !yield(r) {
				return
			}
		}
	}
}

// places returns where in the index the hashes belong that begin with the bits of i.
func (t *table) places(prefix, i int) (first, after int) {
	return i * len(t.index) >> prefix, (i + 1) * len(t.index) >> prefix
}

// touch reads from the rows that prefixed will yield: the waits for them, which lie apart, overlap.
func (t *table) touch(prefix, i int) (read uint32) {
	mask := len(t.index) - 1
	first, after := t.places(prefix, i)
	for _, s := range t.index[first:after] {
		if s != 0 {
			read += t.rows[int(s)&mask-1].queries
		}
	}
	return read
}

// reset makes a table empty; its room stays.
func (t *table) reset() {
	clear(t.index)
	t.keys.rewind()
	t.rows = t.rows[:0]
}
