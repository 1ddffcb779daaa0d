package wire

import "encoding/binary"

// labels is a set of the offsets at which a label of a name stands, the root among them.
type labels []uint64

// Words of a set for a message of the usual size, and for any.
const (
	usualWords = 1 << 11 / 64
	allWords   = (maxMessage + 63) / 64
)

func (l labels) has(off int) bool { return l[off>>6]>>(off&63)&1 != 0 }

// add puts the labels of the name at off into the set, to its root or pointer.
func (l labels) add(data []byte, off int) {
	for off < len(data) && data[off] < 64 {
		l[off>>6] |= 1 << (off & 63)
		if data[off] == 0 {
			return
		}
		off += int(data[off]) + 1
	}
	if off < len(data) {
		l[off>>6] |= 1 << (off & 63) // a pointer to a pointer
	}
}

// midLabel notes the first pointer that leads to where no name has a label. Such a name reads as one that nobody wrote; as the bytes of text are
// no lengths of labels, most have other faults too: only messages with an anomaly, and queries, are looked at.
func (m *Message) midLabel() {
	if !m.once(sawPointers) {
		return
	}
	if len(m.Data) <= usualWords*64 {
		var set [usualWords]uint64
		m.midLabels(set[:])
		return
	}
	var set [allWords]uint64
	m.midLabels(set[:])
}

func (m *Message) midLabels(set labels) {
	off := HeaderLen
	for range m.Parsed[SectionQuestion] {
		next, ok := m.leads(set, off)
		if !ok {
			return
		}
		off = next + 4
	}
	for i := range m.Records {
		r := &m.Records[i]
		if _, ok := m.leads(set, int(r.Off)); !ok {
			return
		}
		if !m.targetsWithin(set, r) {
			return
		}
	}
	if m.End < len(m.Data) && m.Parsed != m.Counts {
		m.leads(set, m.End)
	}
}

// leads adds the name at off to the set, checks where its pointer leads, and returns the offset after it.
func (m *Message) leads(set labels, off int) (next int, ok bool) {
	d, at := m.Data, off
	for at < len(d) && d[at]-1 < 63 {
		at += int(d[at]) + 1
	}
	if at+1 >= len(d) || d[at] < 0xc0 {
		set.add(d, off)
		return at + 1, true
	}
	to := int(binary.BigEndian.Uint16(d[at:]) & 0x3fff)
	if to < off && to >= HeaderLen && !set.has(to) {
		m.insert(fault{ptrMidLabel, at, 2})
		return at + 2, false
	}
	set.add(d, off)
	return at + 2, true
}

// targetsWithin does the same for the names within RDATA.
func (m *Message) targetsWithin(set labels, r *Record) bool {
	off, end := int(r.Data), int(r.Data)+int(r.Len)
	for _, f := range shape(r.Type, r.Class) {
		if f == cname || f == name {
			next, ok := m.leads(set, off)
			if !ok || next > end {
				return ok
			}
			off = next
			continue
		}
		next, bad := m.field(f, off, end)
		if bad.id != 0 {
			return true
		}
		off = next
	}
	return true
}
