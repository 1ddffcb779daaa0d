package stream

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// key names a connection: both ends, the lower one first.
type key struct {
	addr [2]packet.Addr
	port [2]uint16
}

// keyOf returns the key of a segment's connection and which end sent it.
func keyOf(s *Segment) (k key, dir int) {
	if lower(&s.Dst, s.DstPort, &s.Src, s.SrcPort) {
		return key{[2]packet.Addr{s.Dst, s.Src}, [2]uint16{s.DstPort, s.SrcPort}}, 1
	}
	return key{[2]packet.Addr{s.Src, s.Dst}, [2]uint16{s.SrcPort, s.DstPort}}, 0
}

func lower(a *packet.Addr, ap uint16, b *packet.Addr, bp uint16) bool {
	ah, bh := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])
	if ah != bh {
		return ah < bh
	}
	al, bl := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	if al != bl {
		return al < bl
	}
	return ap < bp
}

// hash mixes 64 bits at a time with a secret seed, so that nobody can choose addresses that collide.
func (k *key) hash(seed [2]uint64) uint64 {
	h := mix(seed[0]^binary.LittleEndian.Uint64(k.addr[0][:8]), seed[1]^binary.LittleEndian.Uint64(k.addr[0][8:]))
	h = mix(h^binary.LittleEndian.Uint64(k.addr[1][:8]), seed[0]^binary.LittleEndian.Uint64(k.addr[1][8:]))
	return mix(h^uint64(k.port[0])<<16^uint64(k.port[1]), seed[1])
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// slot is an entry of a table; the hash spares looking into connections that are not meant.
type slot struct {
	hash uint64
	conn *conn
}

// table finds connections by key: open addressing, linear probing, no tombstones. It grows with the number of connections.
type table struct {
	slots []slot // length a power of two, at least a quarter free
	n     int
	seed  [2]uint64
}

const minSlots = 256

func newTable(seed [2]uint64) table {
	return table{slots: make([]slot, minSlots), seed: seed}
}

func (t *table) find(k *key, hash uint64) *conn {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.conn == nil || s.hash == hash && s.conn.key == *k {
			return s.conn
		}
	}
}

// insert adds c, whose key must not be there yet.
func (t *table) insert(c *conn) {
	if (t.n+1)*4 > len(t.slots)*3 {
		t.grow()
	}
	t.put(slot{c.hash, c})
	t.n++
}

func (t *table) put(s slot) {
	mask := uint64(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].conn != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.conn != nil {
			t.put(s)
		}
	}
}

// remove takes c out and moves up the entries that probing passed over it.
func (t *table) remove(c *conn) {
	mask := uint64(len(t.slots) - 1)
	i := c.hash & mask
	for t.slots[i].conn != c {
		if t.slots[i].conn == nil {
			return
		}
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; t.slots[j].conn != nil; j = (j + 1) & mask {
		if (j-t.slots[j].hash)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot{}
	t.n--
}
