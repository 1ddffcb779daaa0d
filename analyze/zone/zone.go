// Package zone guesses who runs a name.
package zone

import (
	"math/bits"
	"math/rand/v2"

	"golang.org/x/net/publicsuffix"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// Finder finds the zone of a name: its registrable domain by the public suffix list, which is the best guess at who runs it that can be
// made without asking. A name that is itself a public suffix, or the root, is its own zone. It is for one goroutine at a time.
type Finder struct {
	seed uint64
	// known remembers for parent names how many octets at their end are the zone, 0 where the parent is a public suffix: in the lowest octet, below the
	// upper 56 bits of the parent's hash, whose first bits are the place. Who comes to another's place takes it.
	known []uint64
	shift uint // 64 - log2(len(known))
	used  int
	most  int // places
}

const (
	placeBytes = 8
	fewPlaces  = 1 << 8
)

// NewFinder returns a finder whose memory of parent names is bounded to limit bytes, to which it grows.
func NewFinder(limit int) *Finder {
	z := &Finder{seed: rand.Uint64(), most: 1 << (bits.Len(uint(max(limit/placeBytes, 1))) - 1)}
	z.grow(min(fewPlaces, z.most))
	return z
}

// grow makes room for n parent names, a power of two.
func (z *Finder) grow(n int) {
	old := z.known
	z.known, z.shift = make([]uint64, n), uint(64-bits.TrailingZeros(uint(n)))
	for _, k := range old {
		if k != 0 {
			z.known[k>>z.shift] = k
		}
	}
}

// Of returns the part of a lower-case wire name that is its zone.
func (z *Finder) Of(name []byte) []byte {
	if len(name) < 2 {
		return name
	}
	parent := name[1+int(name[0]):]
	hash := wire.HashName(z.seed, parent)
	k := z.known[hash>>z.shift]
	if (k^hash)>>8 != 0 || k == 0 {
		k = z.learn(hash, parent)
	}
	if n := int(k & 0xff); n > 0 {
		return name[len(name)-n:]
	}
	return name
}

// learn looks a parent name up, and remembers what it found.
func (z *Finder) learn(hash uint64, parent []byte) uint64 {
	if z.used > len(z.known)/2 && len(z.known) < z.most {
		z.grow(2 * len(z.known))
	}
	p := &z.known[hash>>z.shift]
	if *p == 0 {
		z.used++
	}
	*p = hash&^0xff | uint64(zoneLen(parent))
	return *p
}

// zoneLen returns the length of a name's zone in octets, or 0 where the name is a public suffix.
func zoneLen(name []byte) uint8 {
	if len(name) < 2 {
		return 0
	}
	// The list is of host names: no label in it needs an escape, so one that does matches no rule.
	var room [256]byte // as long as a name without escapes
	text := wire.AppendName(room[:0], name)
	suffix, _ := publicsuffix.PublicSuffix(string(text[:len(text)-1]))
	want := labels(suffix) + 1
	for rest := name; len(rest) > 1; rest = rest[1+int(rest[0]):] {
		if wire.Labels(rest) == want {
			return uint8(len(rest))
		}
	}
	return 0
}

// labels counts the labels of a suffix of the list.
func labels(suffix string) int {
	n := 1
	for i := range len(suffix) {
		if suffix[i] == '.' {
			n++
		}
	}
	return n
}
