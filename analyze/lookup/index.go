package lookup

import (
	"math"
	"math/bits"
)

// index finds entries by key. A key's place is in the group that its upper bits name or, where that is full, in one of the next. Seven keys are compared at
// once, so that there is hardly a branch in it that cannot be foretold.
type index struct {
	groups []group
	shift  uint // 64 - log2(len(groups))
	n      int
}

// group has seven places. Byte i of tags is of place i, 0 where it is empty; the last byte counts the keys that found no place here and went on.
type group struct {
	tags    uint64
	numbers [places]uint16
}

// place is a group's number and, in the lower three bits, that of a place in it.
type place uint32

const (
	places    = 7
	groupRoom = 2 // entries of a group, on average, before the index grows
	maxNumber = math.MaxUint16
	passed    = uint64(1) << 56       // one key that went on
	lowBits   = uint64(1<<56-1) / 255 // of each tag
	highBits  = lowBits << 7
)

// tagOf returns what groups keep of a key: bits that do not tell which group it is.
func tagOf(key uint64) uint64 { return key&0xff | 0x80 }

// zeros returns the highest bit of each tag that is 0, and maybe that of some above the first of them.
func zeros(tags uint64) uint64 { return (tags - lowBits) &^ tags & highBits }

// newIndex returns an index of n groups, a power of two.
func newIndex(n int) index {
	return index{groups: make([]group, n), shift: uint(64 - bits.TrailingZeros(uint(n)))}
}

// find returns the number of the entry with that key, and its place; 0 if there is none.
func (x *index) find(list []entry, key uint64) (n uint32, at place) {
	tags, mask, home := tagOf(key)*lowBits, uint64(len(x.groups)-1), key>>x.shift
	for i := home; ; i++ {
		g := &x.groups[i&mask]
		for m := zeros(g.tags ^ tags); m != 0; m &= m - 1 {
			p := bits.TrailingZeros64(m) / 8
			if n := uint32(g.numbers[p%places]); list[n].key == key {
				return n, place(i&mask)<<3 | place(p)
			}
		}
		if g.tags < passed || i-home == mask {
			return 0, 0
		}
	}
}

// add notes the number of an entry of a key that is not there.
func (x *index) add(list []entry, key uint64, n uint32) {
	if x.n++; x.n > groupRoom*len(x.groups) {
		x.grow(list)
	}
	x.put(key, n)
}

func (x *index) put(key uint64, n uint32) {
	mask := uint64(len(x.groups) - 1)
	for i := key >> x.shift; ; i++ {
		g := &x.groups[i&mask]
		if m := zeros(g.tags); m != 0 {
			p := bits.TrailingZeros64(m) / 8
			g.tags |= tagOf(key) << (8 * p)
			g.numbers[p%places] = uint16(n)
			return
		}
		g.tags = max(g.tags, g.tags+passed) // once it is at its maximum it is never less
	}
}

// remove forgets the key at a place.
func (x *index) remove(key uint64, at place) {
	x.n--
	x.groups[at>>3].tags &^= 0xff << (at & 7 * 8)
	mask := uint64(len(x.groups) - 1)
	for i := key >> x.shift; i != uint64(at>>3); i = (i + 1) & mask {
		if g := &x.groups[i]; g.tags>>56 != math.MaxUint8 {
			g.tags -= passed
		}
	}
}

// grow doubles the groups.
func (x *index) grow(list []entry) {
	old := x.groups
	x.groups = make([]group, 2*len(old))
	x.shift--
	for i := range old {
		g := &old[i]
		for p, n := range g.numbers {
			if g.tags>>(8*p)&0xff != 0 {
				x.put(list[n].key, uint32(n))
			}
		}
	}
}
