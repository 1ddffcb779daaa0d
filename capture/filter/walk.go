package filter

import "encoding/binary"

// fetch says how a step gets its value.
type fetch uint8

const (
	fetchNothing fetch = iota // it is at hand
	fetchByte
	fetchHalf
	fetchWord
	fetchBehind // as load.of does it, which is slower
)

// step is a vertex as the predicate walks it: small, so that a filter stays in the cache.
type step struct {
	off, mask, val uint32
	yes, no        int32
	fetch          fetch
	cmp            comparison
}

// steps returns the graph to be walked.
func (g *graph) steps() []step {
	steps := make([]step, len(g.nodes))
	for i, v := range g.nodes {
		steps[i] = step{off: v.load.off, mask: v.load.mask, val: v.val, yes: v.yes, no: v.no, cmp: v.cmp}
		switch {
		case v.loaded:
		case v.load.base == behindIPv4:
			steps[i].fetch = fetchBehind
		case v.load.size == 1:
			steps[i].fetch = fetchByte
		case v.load.size == 2:
			steps[i].fetch = fetchHalf
		default:
			steps[i].fetch = fetchWord
		}
	}
	return steps
}

// match walks the graph over a frame's captured bytes.
func (g *graph) match(frame []byte) bool {
	var value uint32
	i := g.entry
	for uint(i) < uint(len(g.walk)) {
		s := &g.walk[i]
		at := uint(s.off)
		switch s.fetch {
		case fetchHalf:
			if at+2 > uint(len(frame)) {
				return false
			}
			value = uint32(binary.BigEndian.Uint16(frame[at:])) & s.mask
		case fetchByte:
			if at >= uint(len(frame)) {
				return false
			}
			value = uint32(frame[at]) & s.mask
		case fetchWord:
			if at+4 > uint(len(frame)) {
				return false
			}
			value = binary.BigEndian.Uint32(frame[at:]) & s.mask
		case fetchBehind:
			var ok bool
			if value, ok = g.nodes[i].load.of(frame); !ok {
				return false
			}
		}
		var outcome bool
		switch s.cmp {
		case equal:
			outcome = value == s.val
		case greater:
			outcome = value > s.val
		case atLeast:
			outcome = value >= s.val
		default:
			outcome = value&s.val != 0
		}
		i = s.no
		if outcome {
			i = s.yes
		}
	}
	return i == accept
}

// of returns the load's value in a frame, and whether the frame has it. Offsets of filters are small: no sum overflows 32 bits.
func (l *load) of(frame []byte) (uint32, bool) {
	at := uint(l.off)
	if l.base == behindIPv4 {
		if uint(l.ip) >= uint(len(frame)) {
			return 0, false
		}
		at += 4 * uint(frame[l.ip]&15)
	}
	if at+uint(l.size) > uint(len(frame)) {
		return 0, false
	}
	b := frame[at:]
	switch l.size {
	case 1:
		return uint32(b[0]) & l.mask, true
	case 2:
		return uint32(binary.BigEndian.Uint16(b)) & l.mask, true
	}
	return binary.BigEndian.Uint32(b) & l.mask, true
}
