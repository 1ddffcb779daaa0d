// Package zone guesses who runs a name.
package zone

import (
	"golang.org/x/net/publicsuffix"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// Finder finds the zone of a name: its registrable domain by the public suffix list, which is the best guess at who runs it that can be
// made without asking. A name that is itself a public suffix, or the root, is its own zone. It is for one goroutine at a time.
type Finder struct {
	// ends remembers for a parent name how many octets at its end are the zone; 0 where it is a public suffix.
	ends  map[string]uint8
	bytes int
	limit int
}

// parentBytes is what an entry takes in the map besides its text, at most.
const parentBytes = 64

// NewFinder returns a finder whose memory of parent names is bounded to limit bytes; beyond, it begins anew.
func NewFinder(limit int) *Finder { return &Finder{ends: make(map[string]uint8), limit: limit} }

// Of returns the part of a lower-case wire name that is its zone.
func (z *Finder) Of(name []byte) []byte {
	if len(name) < 2 {
		return name
	}
	parent := name[1+int(name[0]):]
	n, ok := z.ends[string(parent)]
	if !ok {
		if z.bytes += parentBytes + len(parent); z.bytes > z.limit {
			clear(z.ends)
			z.bytes = parentBytes + len(parent)
		}
		n = zoneLen(parent)
		z.ends[string(parent)] = n
	}
	if n == 0 {
		return name
	}
	return name[len(name)-int(n):]
}

// zoneLen returns the length of a name's zone in octets, or 0 where the name is a public suffix.
func zoneLen(name []byte) uint8 {
	if len(name) < 2 {
		return 0
	}
	// The list is of host names: no label in it needs an escape, so one that does matches no rule.
	text := string(wire.AppendName(nil, name))
	text = text[:len(text)-1]
	suffix, _ := publicsuffix.PublicSuffix(text)
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
