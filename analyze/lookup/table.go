package lookup

import "math/bits"

// entry is a lookup under way: its only step, or where its story is kept. It fills a cache line.
type entry struct {
	key        uint64
	last       int64 // the last change, ns since the epoch
	time       int64 // of the first query, as are the fields to bits
	number     uint64
	server     uint64
	port       uint32
	options    uint32
	size       uint16
	bits       uint8
	prev, next uint32
	story      uint32 // number of its Lookup, 0 where the one step says all
}

// table holds the lookups under way: by key, and in the order of their last change. There are few of them at any time on sound traffic, so that they
// stay in the cache.
type table struct {
	list  []entry // number 0 is the head of the ring that prev and next make
	free  []uint32
	slots []slot // open addressing, linear probing
	shift uint   // 64 - log2(len(slots))
	n     int
	limit int
}

// slot is a lookup's number and the upper half of its key, so that others need not be looked at; 0 is empty.
type slot uint64

func (s slot) number() uint32 { return uint32(s) }

// is says that the slot may be that of a key: the upper halves are equal.
func (s slot) is(key uint64) bool { return uint64(s)>>32 == key>>32 }

const minRoom = 1 << 6

func newTable(limit int) table {
	t := table{list: make([]entry, 1, minRoom), limit: max(limit, minRoom)}
	t.index(2 * minRoom)
	return t
}

// find returns the number of the lookup with that key, 0 if there is none.
func (t *table) find(key uint64) uint32 { return t.slots[t.slot(key)].number() }

// slot returns the slot of a key, or the empty one where it would be.
func (t *table) slot(key uint64) uint64 {
	mask := uint64(len(t.slots) - 1)
	for i := key >> t.shift; ; i++ {
		if s := t.slots[i&mask]; s == 0 || s.is(key) && t.list[s.number()].key == key {
			return i & mask
		}
	}
}

func (t *table) full() bool { return t.n >= t.limit }

// oldest and youngest return the numbers of the lookups changed longest ago and last, 0 if there are none.
func (t *table) oldest() uint32   { return t.list[0].next }
func (t *table) youngest() uint32 { return t.list[0].prev }

// add makes a place for a lookup that find has not found. The caller fills all but the key and the links.
func (t *table) add(key uint64) uint32 {
	n := uint32(len(t.list))
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.list = append(t.list, entry{})
	}
	if t.n++; 2*t.n > len(t.slots) {
		t.index(2 * len(t.slots))
	}
	t.list[n].key = key
	t.push(n)
	t.slots[t.slot(key)] = slot(key>>32<<32 | uint64(n))
	return n
}

// touch makes a lookup the youngest.
func (t *table) touch(n uint32) {
	if t.list[0].prev != n {
		t.unlink(n)
		t.push(n)
	}
}

func (t *table) push(n uint32) {
	l := &t.list[n]
	l.next, l.prev = 0, t.list[0].prev
	t.list[l.prev].next, t.list[0].prev = n, n
}

func (t *table) unlink(n uint32) {
	l := &t.list[n]
	t.list[l.prev].next, t.list[l.next].prev = l.next, l.prev
}

// remove forgets a lookup. Its record stays as it is until the next add.
func (t *table) remove(n uint32) {
	t.unlink(n)
	t.free = append(t.free, n)
	t.n--
	mask := uint64(len(t.slots) - 1)
	hole := t.slot(t.list[n].key)
	t.slots[hole] = 0
	for i := (hole + 1) & mask; t.slots[i] != 0; i = (i + 1) & mask { // no probe may end early
		home := uint64(t.slots[i]) >> t.shift
		if (i-home)&mask >= (i-hole)&mask {
			t.slots[hole], hole = t.slots[i], i
			t.slots[hole] = 0
		}
	}
}

// index makes an index of n slots, a power of two.
func (t *table) index(n int) {
	t.slots = make([]slot, n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := t.oldest(); i != 0; i = t.list[i].next {
		key := t.list[i].key
		t.slots[t.slot(key)] = slot(key>>32<<32 | uint64(i))
	}
}
