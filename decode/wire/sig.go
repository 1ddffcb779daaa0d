package wire

import "encoding/binary"

// classANY is the class of TSIG and TKEY records (RFC 8945 section 4.2).
const classANY = 255

// tsig takes in a TSIG record whose RDATA has its shape.
func (m *Message) tsig(r *Record) {
	if m.HasTSIG {
		return
	}
	off, _, _ := readName(m.Data, int(r.Data), int(r.Data)+int(r.Len))
	d := m.Data
	t := &m.TSIG
	t.Off, t.Algorithm = r.Off, r.Data
	t.Time = uint64(binary.BigEndian.Uint16(d[off:]))<<32 | uint64(binary.BigEndian.Uint32(d[off+2:]))
	t.Fudge = binary.BigEndian.Uint16(d[off+6:])
	t.MACLen = binary.BigEndian.Uint16(d[off+8:])
	off += 10 + int(t.MACLen)
	t.OriginalID = binary.BigEndian.Uint16(d[off:])
	t.Error = binary.BigEndian.Uint16(d[off+2:])
	t.OtherLen = binary.BigEndian.Uint16(d[off+4:])
	t.OtherData = uint16(off + 6)
	m.HasTSIG = true
}

// tkey takes in a TKEY record whose RDATA has its shape.
func (m *Message) tkey(r *Record) {
	if m.HasTKEY {
		return
	}
	off, _, _ := readName(m.Data, int(r.Data), int(r.Data)+int(r.Len))
	d := m.Data
	m.TKEY = TKEY{
		Off:        r.Off,
		Inception:  binary.BigEndian.Uint32(d[off:]),
		Expiration: binary.BigEndian.Uint32(d[off+4:]),
		Mode:       binary.BigEndian.Uint16(d[off+8:]),
		Error:      binary.BigEndian.Uint16(d[off+10:]),
	}
	m.HasTKEY = true
}

// tsigPlace notes the first TSIG record that is one too many, and the first that is not the last record of the additional section
// (RFC 8945 section 5.2). Each is noted once: inserting thousands would be slow. Where counts are wrong, the section says nothing.
func (m *Message) tsigPlace(whole bool) {
	count, misplaced := 0, false
	for i := range m.Records {
		r := &m.Records[i]
		if r.Type != typeTSIG {
			continue
		}
		at, length := int(r.Off), int(r.Data-r.Off)+int(r.Len)
		if count++; count == 2 {
			m.insert(fault{tsigMultiple, at, length})
		}
		followed := i+1 < len(m.Records) && m.Records[i+1].Type != typeTSIG
		if !misplaced && (followed || whole && r.Section != SectionAdditional) {
			misplaced = true
			m.insert(fault{tsigMisplaced, at, length})
		}
	}
}
