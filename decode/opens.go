package decode

import (
	"math"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// open is a query without a response yet.
type open struct {
	keys
	Query
	client, server         packet.Addr
	clientPort, serverPort uint16
	proto                  Proto
	ipVersion              uint8
	conn                   uint64 // TCP connection
	spell                  uint32 // tells one spelling of the name from another
	prev, next             uint32 // in the order of arrival
	before, after          uint32 // among those with the same client hash, the youngest first; 0 at the ends
}

// maxSame bounds the open queries of one client endpoint with one ID, which a response without a question has to choose from.
const maxSame = 64

// opens holds the open queries of a shard: by client hash, and in the order of their arrival. There are few of them at any time, so that they
// stay in the cache.
type opens struct {
	list  []open // number 0 is the head of the ring that prev and next make
	free  []uint32
	slots []slot // the youngest query of a client hash; open addressing, linear probing
	shift uint   // 64 - log2(len(slots))
	n     int
	limit int
	// The client hash that was looked for last, and its slot: most are looked for again at once, to be linked or removed.
	client uint64
	found  uint64 // noSlot where things have moved since
}

const noSlot = math.MaxUint64

// slot is a query's number and the upper half of its client hash, so that others need not be looked at; 0 is empty.
type slot uint64

func slotOf(client uint64, n uint32) slot { return slot(client>>32<<32 | uint64(n)) }

func (s slot) number() uint32 { return uint32(s) }

const minOpens = 1 << 6

func newOpens(limit int) opens {
	t := opens{list: make([]open, 1, minOpens), limit: max(limit, minOpens)}
	t.index(2 * minOpens)
	return t
}

// oldest returns the number of the oldest query, 0 if there is none.
func (t *opens) oldest() uint32 { return t.list[0].next }

// full says that a query must go before another can come.
func (t *opens) full() bool { return t.n >= t.limit }

// slot returns the slot of a client hash, or the empty one where it would be.
func (t *opens) slot(client uint64) uint64 {
	if client != t.client || t.found == noSlot {
		t.client, t.found = client, t.probe(client)
	}
	return t.found
}

func (t *opens) probe(client uint64) uint64 {
	mask := uint64(len(t.slots) - 1)
	for i := client >> (t.shift & 63); ; i++ {
		if s := t.slots[i&mask]; s == 0 || uint64(s)^client < 1<<32 && t.list[s.number()].keys.client == client {
			return i & mask
		}
	}
}

// first returns the number of the youngest query with that client hash, 0 if there is none; after leads on.
func (t *opens) first(client uint64) uint32 { return t.slots[t.slot(client)].number() }

// add makes a place for a query with these keys, as the youngest, and returns it. The caller fills the rest; its Name has the memory of
// an earlier one.
func (t *opens) add(k *keys) *open {
	n := uint32(len(t.list))
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.list = append(t.list, open{})
	}
	if t.n++; 2*t.n > len(t.slots) {
		t.index(2 * len(t.slots))
	}
	o := &t.list[n]
	o.keys, o.next, o.prev = *k, 0, t.list[0].prev
	t.list[o.prev].next, t.list[0].prev = n, n
	t.link(n)
	return o
}

// link puts a query in front of those with its client hash.
func (t *opens) link(n uint32) {
	client := t.list[n].keys.client
	i := t.slot(client)
	head := t.slots[i].number()
	t.list[n].before, t.list[n].after = 0, head
	if head != 0 {
		t.list[head].before = n
	}
	t.slots[i] = slotOf(client, n)
}

// remove forgets a query. Its record stays as it is until the next add.
func (t *opens) remove(n uint32) {
	o := &t.list[n]
	t.list[o.prev].next, t.list[o.next].prev = o.next, o.prev
	t.free = append(t.free, n)
	t.n--
	if o.after != 0 {
		t.list[o.after].before = o.before
	}
	if o.before != 0 {
		t.list[o.before].after = o.after
		return
	}
	i := t.slot(o.keys.client)
	if o.after == 0 {
		t.slots[i] = 0
		t.close(i)
		return
	}
	t.slots[i] = slotOf(o.keys.client, o.after)
}

// close moves back what follows an emptied slot, so that no probe ends early.
func (t *opens) close(hole uint64) {
	t.found = noSlot
	mask := uint64(len(t.slots) - 1)
	for i := (hole + 1) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		home := uint64(t.slots[i]) >> t.shift
		if (i-home)&mask >= (i-hole)&mask {
			t.slots[hole], hole = t.slots[i], i
			t.slots[hole] = 0
		}
	}
}

// index makes an index of n slots, a power of two.
func (t *opens) index(n int) {
	t.slots, t.found = make([]slot, n), noSlot
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := t.oldest(); i != 0; i = t.list[i].next {
		t.link(i)
	}
}
