package wire

import "github.com/dnssniff/dnssniff/decode/anomaly"

const (
	maxName = 255 // octets of an uncompressed name with its root (RFC 1035 section 2.3.4)
	maxHops = 127 // pointers in one name: a name of 255 octets has at most 127 labels before each of which one can stand
)

// fault is an anomaly at a place that fits no uint16 yet; the zero value is no fault.
type fault struct {
	id          anomaly.ID
	off, length int
}

// readName reads the name at data[off:end]; what its pointers lead to may stand anywhere before it. It returns the offset after the
// name where it stands and its uncompressed length with the root. With a fault, next > end says that the name itself runs past end.
func readName(data []byte, off, end int) (next, n int, f fault) {
	start := off
	limit := min(end, start+maxName)
	for off < limit {
		c := int(data[off])
		if c == 0 {
			return off + 1, off + 1 - start, fault{}
		}
		if c > 63 {
			return followName(data, start, off, end)
		}
		off += c + 1
	}
	f = unended(data, start, start, end, 0)
	if f.id == nameTooLong {
		return end, 0, f
	}
	return end + 1, 0, f
}

// followName finishes a name that starts at start and has at data[at] the first byte that is no label length.
func followName(data []byte, start, at, end int) (next, n int, f fault) {
	next, n = at+2, at-start
	floor := start // where the run of labels started that ends in the pointer
	for hops := 1; ; hops++ {
		if c := data[at]; c < 0xc0 {
			return next, 0, labelType(c, at)
		}
		if at+2 > end {
			return end + 1, 0, fault{ptrCut, at, 1}
		}
		target := int(data[at]&0x3f)<<8 | int(data[at+1])
		if target >= floor || target < HeaderLen || hops > maxHops {
			id := pointerFault(data, target, floor)
			if id == chainDepth { // no pointer is wrong by itself: the name is
				at = next - 2
			}
			return next, 0, fault{id, at, 2}
		}
		end = len(data)
		p, limit := target, min(end, target+maxName-n)
		for p < limit && data[p]-1 < 63 {
			p += int(data[p]) + 1
		}
		if p >= limit {
			f := unended(data, start, target, end, n)
			if f.id == nameTooLong {
				f.length = next - start
			}
			return next, 0, f
		}
		n += p - target
		if data[p] == 0 {
			return next, n + 1, fault{}
		}
		at, floor = p, target
	}
}

// labelType returns the fault of a label whose length byte starts with bits 01 or 10.
func labelType(c byte, at int) fault {
	if c < 0x80 {
		return fault{labelType01, at, 1}
	}
	return fault{labelType10, at, 1}
}

// pointerFault says what is wrong with a pointer that does not lead to before floor, leads into the header, or is one too many.
func pointerFault(data []byte, target, floor int) anomaly.ID {
	switch {
	case target >= len(data):
		return ptrOutside
	case target < HeaderLen:
		return ptrHeader
	case target < floor:
		return chainDepth
	case endless(data, target):
		return ptrLoop
	}
	return ptrForward
}

// endless follows a name in any direction and says whether it never ends. More steps than a valid name can have count as never.
func endless(data []byte, start int) bool {
	off := start
	for i := range maxName + maxHops {
		switch {
		case off == start && i > 0:
			return true
		case off >= len(data) || data[off] == 0:
			return false
		case data[off] < 64:
			off += int(data[off]) + 1
		case data[off] < 0xc0 || off+1 == len(data):
			return false
		default:
			off = int(data[off]&0x3f)<<8 | int(data[off+1])
		}
	}
	return true
}

// unended says why the labels from off have no root before end, n octets of the name that starts at start being read already.
func unended(data []byte, start, off, end, n int) fault {
	last, from := off, off
	for off < end && off-from+n < maxName {
		last = off
		off += int(data[off]) + 1
	}
	switch {
	case off > end:
		return fault{labelPastEnd, last, 1}
	case off-from+n >= maxName:
		return fault{nameTooLong, start, max(off-start, 0)}
	}
	return fault{noRoot, end, 0}
}

// AppendWireName appends the name at offset off of the message to dst, uncompressed and with its root, in the case it was sent.
// It returns dst as it was and false where there is no valid name.
func (m *Message) AppendWireName(dst []byte, off int) ([]byte, bool) {
	if off < 0 || off >= len(m.Data) {
		return dst, false
	}
	if _, _, f := readName(m.Data, off, len(m.Data)); f.id != 0 {
		return dst, false
	}
	return appendWire(dst, m.Data, off), true
}

// appendWire appends the name at off, which readName found valid.
func appendWire(dst, data []byte, off int) []byte {
	for {
		c := int(data[off])
		switch {
		case c == 0:
			return append(dst, 0)
		case c > 63:
			off = c&0x3f<<8 | int(data[off+1])
		default:
			dst = append(dst, data[off:off+c+1]...)
			off += c + 1
		}
	}
}
