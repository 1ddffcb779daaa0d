package wire

import "encoding/binary"

const classIN = 1

// rdata checks the RDATA of a record with the shape of its type and says whether it is sound. A fault does not stop the walk.
func (m *Message) rdata(r *Record) bool {
	off, end := int(r.Data), int(r.Data)+int(r.Len)
	fields := shape(r.Type, r.Class)
	if fields == nil {
		return true
	}
	for _, f := range fields {
		var bad fault
		if off, bad = m.field(f, off, end); bad.id != 0 {
			m.rdataFault(r, bad)
			return false
		}
	}
	if off < end {
		bad := fault{rdataMismatch, off, end - off}
		if fields[len(fields)-1] < cname && len(fields) <= 2 && fields[0] < cname {
			bad.id = rdataSize
		}
		m.rdataFault(r, bad)
		return false
	}
	return true
}

// rdataFault notes a fault in the RDATA of r under the name that its type gives it.
func (m *Message) rdataFault(r *Record, f fault) {
	short := f.id == rdataSize || f.id == rdataMismatch
	switch {
	case r.Type == typeSOA && short && f.length == 0:
		f.id = soaShort
	case r.Type == typeTSIG && short:
		f.id = tsigRDATA
	}
	m.stop(f)
}

// field checks one field at off and returns the offset after it.
func (m *Message) field(f field, off, end int) (int, fault) {
	switch f {
	case cname, name:
		return m.rdataName(f, off, end)
	case str:
		return charString(m.Data, off, end)
	case strs:
		return charStrings(m.Data, off, end)
	case sized:
		if off+2 > end {
			return off, fault{rdataSize, end, 0}
		}
		n := int(binary.BigEndian.Uint16(m.Data[off:]))
		if off+2+n > end {
			return off, fault{rdataMismatch, off, 2}
		}
		return off + 2 + n, fault{}
	case bitmap, bitmap0:
		return typeBitmap(m.Data, off, end, f == bitmap)
	case params:
		return svcParams(m.Data, off, end)
	case rest:
		return end, fault{}
	}
	if off+int(f) > end {
		return off, fault{rdataSize, end, 0}
	}
	return off + int(f), fault{}
}

// rdataName checks a name within RDATA. A name that runs past RDLENGTH is R06, whatever follows it in the message.
func (m *Message) rdataName(f field, off, end int) (int, fault) {
	next, n, bad := readName(m.Data, off, end)
	if next > end {
		return off, fault{rdataMismatch, end, 0}
	}
	if bad.id != 0 {
		return off, bad
	}
	if f == name && n != next-off {
		m.note(fault{ptrForbidden, next - 2, 2})
	}
	return next, fault{}
}

// charString checks a <character-string> (RFC 1035 section 3.3).
func charString(data []byte, off, end int) (int, fault) {
	if off >= end {
		return off, fault{stringOverrun, end, 0}
	}
	next := off + 1 + int(data[off])
	if next > end {
		return off, fault{stringOverrun, off, 1}
	}
	return next, fault{}
}

// charStrings checks one or more character-strings to the end.
func charStrings(data []byte, off, end int) (next int, f fault) {
	for next = off; next < end && f.id == 0; {
		next, f = charString(data, next, end)
	}
	return next, f
}

// typeBitmap checks the windows of a type bit map: their numbers rise, each has 1 to 32 bytes, and they end with the RDATA.
func typeBitmap(data []byte, off, end int, need bool) (int, fault) {
	if off == end && need {
		return off, fault{bitmapBad, off, 0}
	}
	for last := -1; off < end; {
		if off+2 > end {
			return off, fault{bitmapBad, off, end - off}
		}
		window, n := int(data[off]), int(data[off+1])
		if window <= last || n == 0 || n > 32 || off+2+n > end {
			return off, fault{bitmapBad, off, 2}
		}
		last = window
		off += 2 + n
	}
	return off, fault{}
}

// svcParams checks that keys rise, that values end with the RDATA, and the formats of RFC 9460 section 7 that have a size.
func svcParams(data []byte, off, end int) (int, fault) {
	for last := -1; off < end; {
		if off+4 > end {
			return off, fault{svcbBad, off, end - off}
		}
		key, n := int(binary.BigEndian.Uint16(data[off:])), int(binary.BigEndian.Uint16(data[off+2:]))
		if key <= last {
			return off, fault{svcbBad, off, 2}
		}
		if off+4+n > end || !svcParamSize(key, n) {
			return off, fault{svcbBad, off + 2, 2}
		}
		last = key
		off += 4 + n
	}
	return off, fault{}
}

// svcParamSize says whether a value of n bytes can be one of the key (RFC 9460 sections 7 and 8).
func svcParamSize(key, n int) bool {
	switch key {
	case 0: // mandatory
		return n > 0 && n%2 == 0
	case 1: // alpn
		return n > 0
	case 2: // no-default-alpn
		return n == 0
	case 3: // port
		return n == 2
	case 4: // ipv4hint
		return n > 0 && n%4 == 0
	case 6: // ipv6hint
		return n > 0 && n%16 == 0
	}
	return true
}
