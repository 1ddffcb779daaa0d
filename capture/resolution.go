package capture

import (
	"math/bits"
)

// maxTime bounds timestamps to 146 years around the epoch, so that adding a timeout to one cannot overflow.
const maxTime = 1 << 62

// resolution turns an interface's 64-bit timestamps into nanoseconds (pcapng, if_tsresol and if_tsoffset).
type resolution struct {
	times  uint64 // ns = ts*times, unless 0
	over   uint64 // ns = ts/over, unless 0
	shift  uint8  // else ns = ts*1e9 >> shift
	offset int64  // ns added
}

// microseconds is the resolution of an interface that gives none.
var microseconds = resolution{times: 1000}

// newResolution reads the if_tsresol byte: a power of ten, or of two when the top bit is set.
func newResolution(tsresol byte) resolution {
	exponent := tsresol & 0x7f
	switch {
	case tsresol&0x80 != 0:
		return resolution{shift: exponent}
	case exponent <= 9:
		return resolution{times: pow10(9 - exponent)}
	case exponent <= 28:
		return resolution{over: pow10(exponent - 9)}
	}
	// 64 bits of such units are less than a nanosecond.
	return resolution{over: 1<<64 - 1}
}

func pow10(n byte) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// addOffset applies if_tsoffset, in seconds.
func (r *resolution) addOffset(seconds int64) {
	const limit = maxTime / 1_000_000_000
	r.offset = min(max(seconds, -limit), limit) * 1_000_000_000
}

// nanoseconds converts a timestamp. What lies outside maxTime is cut to it.
func (r *resolution) nanoseconds(ts uint64) int64 {
	var hi, ns uint64
	switch {
	case r.times != 0:
		hi, ns = bits.Mul64(ts, r.times)
	case r.over != 0:
		ns = ts / r.over
	default:
		hi, ns = bits.Mul64(ts, 1_000_000_000)
		hi, ns = shiftRight(hi, ns, uint(r.shift))
	}
	if hi != 0 || ns > maxTime {
		ns = maxTime
	}
	// Both lie within ±2^62: the sum fits.
	return min(max(int64(ns)+r.offset, -maxTime), maxTime)
}

// shiftRight shifts a 128-bit value.
func shiftRight(hi, lo uint64, n uint) (uint64, uint64) {
	if n >= 64 {
		return 0, hi >> (n - 64)
	}
	return hi >> n, lo>>n | hi<<(64-n)
}
