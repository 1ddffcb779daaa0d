package filter

import "encoding/binary"

// match walks the graph over a frame's captured bytes.
func (g *graph) match(frame []byte) bool {
	var value uint32
	i := g.entry
	for i >= 0 {
		v := &g.nodes[i]
		if !v.loaded {
			var ok bool
			if value, ok = v.load.of(frame); !ok {
				return false
			}
		}
		if v.holds(value) {
			i = v.yes
		} else {
			i = v.no
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
