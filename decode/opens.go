package decode

import (
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// open is a query without a response yet.
type open struct {
	Query
	keys
	client, server         packet.Addr
	clientPort, serverPort uint16
	proto                  Proto
	ipVersion              uint8
	spell                  uint32 // tells one spelling of the name from another
	prev, next             uint32 // in the order of arrival
}

// opens holds the open queries of a shard: by client hash, and in the order of their arrival. There are few of them at any time, so that they
// stay in the cache.
type opens struct {
	list  []open // number 0 is the head of the ring that prev and next make
	free  []uint32
	slots []uint32 // open addressing, linear probing; 0 is empty
	shift uint     // 64 - log2(len(slots))
	n     int
	limit int
}

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

// next returns the number of the next query with that client hash at or after slot i, and the slot to go on from; 0 after the last.
func (t *opens) next(client, i uint64) (uint32, uint64) {
	mask := uint64(len(t.slots) - 1)
	for ; ; i++ {
		n := t.slots[i&mask]
		if n == 0 || t.list[n].keys.client == client {
			return n, i + 1
		}
	}
}

func (t *opens) home(client uint64) uint64 { return client >> t.shift }

// add makes a place for a query with these keys, as the youngest, and returns it. The caller fills the rest; its Name has the memory of
// an earlier one.
func (t *opens) add(k keys) *open {
	n := uint32(len(t.list))
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.list = append(t.list, open{})
	}
	t.n++
	if 2*t.n > len(t.slots) {
		t.index(2 * len(t.slots))
	}
	o := &t.list[n]
	o.keys, o.next, o.prev = k, 0, t.list[0].prev
	t.list[o.prev].next, t.list[0].prev = n, n
	t.link(n)
	return o
}

func (t *opens) link(n uint32) {
	mask := uint64(len(t.slots) - 1)
	i := t.home(t.list[n].keys.client)
	for t.slots[i&mask] != 0 {
		i++
	}
	t.slots[i&mask] = n
}

// remove forgets a query. Its record stays as it is until the next add.
func (t *opens) remove(n uint32) {
	o := &t.list[n]
	t.list[o.prev].next, t.list[o.next].prev = o.next, o.prev
	t.free = append(t.free, n)
	t.n--
	mask := uint64(len(t.slots) - 1)
	hole := t.home(o.keys.client) & mask
	for t.slots[hole] != n {
		hole = (hole + 1) & mask
	}
	// What follows moves back, so that no probe ends early.
	for i := (hole + 1) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		home := t.home(t.list[t.slots[i]].keys.client)
		if (i-home)&mask >= (i-hole)&mask {
			t.slots[hole], hole = t.slots[i], i
		}
	}
	t.slots[hole] = 0
}

// index makes an index of n slots, a power of two.
func (t *opens) index(n int) {
	t.slots = make([]uint32, n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := t.oldest(); i != 0; i = t.list[i].next {
		t.link(i)
	}
}
