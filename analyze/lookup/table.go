package lookup

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
	rcode      uint8  // of the response, valid iff bitError; that came at the last change
	prev, next uint16 // numbers of entries
	file       uint16 // of the first query
	story      uint32 // number of its Lookup, 0 where the one step says all
}

// table holds the lookups under way: by key, and in the order of their last change. There are few of them at any time on sound traffic, so that they
// stay in the cache.
type table struct {
	list  []entry // number 0 is the head of the ring that prev and next make
	free  []uint32
	index index
	limit int
}

const minRoom = 1 << 6

func newTable(limit int) table {
	return table{list: make([]entry, 1, minRoom), index: newIndex(minRoom / groupRoom), limit: min(max(limit, minRoom), maxNumber)}
}

// find returns the number of the lookup with that key, and where the index has it; 0 if there is none.
func (t *table) find(key uint64) (n uint32, at place) { return t.index.find(t.list, key) }

func (t *table) full() bool { return t.index.n >= t.limit }

// oldest and youngest return the numbers of the lookups changed longest ago and last, 0 if there are none.
func (t *table) oldest() uint32   { return uint32(t.list[0].next) }
func (t *table) youngest() uint32 { return uint32(t.list[0].prev) }

// add makes a place for a lookup that find has not found. The caller fills all but the key and the links.
func (t *table) add(key uint64) *entry {
	n := uint32(len(t.list))
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.list = append(t.list, entry{})
	}
	t.index.add(t.list, key, n)
	e := &t.list[n]
	e.key = key
	t.push(n)
	return e
}

// touch makes a lookup the youngest.
func (t *table) touch(n uint32) {
	if uint32(t.list[0].prev) != n {
		t.unlink(n)
		t.push(n)
	}
}

func (t *table) push(n uint32) {
	l := &t.list[n]
	l.next, l.prev = 0, t.list[0].prev
	t.list[l.prev].next, t.list[0].prev = uint16(n), uint16(n)
}

func (t *table) unlink(n uint32) {
	l := &t.list[n]
	t.list[l.prev].next, t.list[l.next].prev = l.next, l.prev
}

// remove forgets a lookup that is at that place of the index. Its record stays as it is until the next add.
func (t *table) remove(n uint32, at place) {
	t.unlink(n)
	t.free = append(t.free, n)
	t.index.remove(t.list[n].key, at)
}

// warm asks memory for the place of a key.
func (t *table) warm(key uint64) uint32 { return uint32(t.index.groups[key>>t.index.shift].tags) }
