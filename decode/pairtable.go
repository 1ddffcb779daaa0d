package decode

// entry is a query of the last timeout, open or answered. Entries stand in a ring in the order of their arrival.
type entry struct {
	client uint64 // hash of client address, client port, transport and ID: what any response to it shares
	server uint64 // hash of server address, server port and TCP connection
	quest  uint64 // hash of name, type and class; 0 where the question could not be read
	time   int64  // of the first transmission
	answer uint64 // hash of the response's bytes; valid iff detail is none
	spell  uint32 // hash of the name as spelled
	detail uint32 // index of the open query, or none
}

const none = ^uint32(0)

// pairTable finds entries by their client hash: a ring of entries, and an open-addressing index of it with linear probing. Slots hold the
// upper half of the hash and the entry's position plus one, so that a probe rarely leaves the index.
type pairTable struct {
	ring       []entry // length is a power of two
	head, tail uint64  // positions of the next entry and of the oldest; the entry of position p is ring[p & mask]
	slots      []uint64
	shift      uint // 64 - log2(len(slots))
	limit      int
}

const minPairs = 1 << 8

func newPairTable(limit int) pairTable {
	t := pairTable{limit: max(limit, minPairs)}
	t.resize(minPairs)
	return t
}

func (t *pairTable) len() int { return int(t.head - t.tail) }

func (t *pairTable) at(pos uint64) *entry { return &t.ring[pos&uint64(len(t.ring)-1)] }

func (t *pairTable) home(client uint64) uint64 { return client >> t.shift }

func slotOf(client, pos uint64) uint64 { return client&^0xffffffff | uint64(uint32(pos)) + 1 }

// candidates returns the next entry with that client hash at or after slot i, and the slot to go on from; nil after the last.
func (t *pairTable) next(client, i uint64) (*entry, uint64) {
	mask := uint64(len(t.slots) - 1)
	for ; ; i++ {
		s := t.slots[i&mask]
		if s == 0 {
			return nil, 0
		}
		if (s^client)>>32 != 0 {
			continue
		}
		if e := t.at(s&0xffffffff - 1); e.client == client {
			return e, i + 1
		}
	}
}

// push adds an entry and returns its place; the caller has made room (see full).
func (t *pairTable) push(e entry) *entry {
	if t.len() == len(t.ring) {
		t.resize(2 * len(t.ring))
	}
	p := t.at(t.head)
	*p = e
	t.insert(e.client, t.head)
	t.head++
	return p
}

// full says that an entry must go before another can come.
func (t *pairTable) full() bool { return t.len() >= t.limit }

// pop forgets the oldest entry.
func (t *pairTable) pop() {
	t.remove(t.at(t.tail).client, t.tail)
	t.tail++
}

func (t *pairTable) insert(client, pos uint64) {
	mask := uint64(len(t.slots) - 1)
	i := t.home(client)
	for t.slots[i&mask] != 0 {
		i++
	}
	t.slots[i&mask] = slotOf(client, pos)
}

// remove deletes by shifting back what follows, so that no probe ends early and no tombstones gather.
func (t *pairTable) remove(client, pos uint64) {
	mask := uint64(len(t.slots) - 1)
	want := slotOf(client, pos)
	i := t.home(client)
	for t.slots[i&mask] != want {
		i++
	}
	hole := i & mask
	for j := (hole + 1) & mask; t.slots[j] != 0; j = (j + 1) & mask {
		home := (t.slots[j] >> t.shift) & mask
		if (j-home)&mask >= (j-hole)&mask {
			t.slots[hole], hole = t.slots[j], j
		}
	}
	t.slots[hole] = 0
}

// resize moves to a ring of n entries and an index of twice as many slots.
func (t *pairTable) resize(n int) {
	ring := make([]entry, n)
	old := *t
	t.ring, t.slots = ring, make([]uint64, 2*n)
	t.shift = 64
	for s := 2 * n; s > 1; s >>= 1 {
		t.shift--
	}
	for pos := old.tail; pos != old.head; pos++ {
		e := old.at(pos)
		*t.at(pos) = *e
		t.insert(e.client, pos)
	}
}
