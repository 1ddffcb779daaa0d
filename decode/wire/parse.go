package wire

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

const (
	maxMessage = 65535     // bytes (RFC 1035 section 4.2.2)
	rrFixed    = 10        // bytes between a record's owner and its RDATA
	maxTTL     = 1<<31 - 1 // seconds (RFC 2181 section 8)
	longTTL    = 7 * 86400 // seconds: resolvers keep nothing for longer (RFC 8767 section 4)
)

// Parse walks data as one DNS message and overwrites m with what it read. It is total: where a fault stops the walk, what stands before
// it is kept and the fault is noted. cut says that the capture lacks the message's end. Data is kept, not copied; bytes past 65535 are
// left out. Records and Anomalies grow with what was read, never with what is claimed: a record takes at least 11 bytes and has at most
// five anomalies, so the worst message leaves m with about 350 KiB.
func (m *Message) Parse(data []byte, cut bool) {
	m.reset(data[:min(len(data), maxMessage)], cut)
	if len(data) < HeaderLen {
		m.short()
		return
	}
	m.ID = binary.BigEndian.Uint16(data)
	m.Flags = binary.BigEndian.Uint16(data[2:])
	counts := binary.BigEndian.Uint64(data[4:])
	m.Counts = [4]uint16{uint16(counts >> 48), uint16(counts >> 32), uint16(counts >> 16), uint16(counts)}
	m.End = HeaderLen
	whole := m.questions() && (counts<<16 == 0 || m.records())
	m.settle(whole, counts)
}

// reset empties m. Question, EDNS, TSIG and TKEY are left: the validity bits cover them.
func (m *Message) reset(data []byte, cut bool) {
	m.Data = data
	m.Counts, m.Parsed = [4]uint16{}, [4]uint16{}
	m.Records = m.Records[:0]
	m.Anomalies = m.Anomalies[:0]
	m.HasOPT, m.HasTSIG, m.HasTKEY, m.HasSIG0 = false, false, false, false
	m.Malformed, m.Broken, m.Cut = false, false, cut
	m.saw, m.owner, m.target, m.written, m.aliases = 0, 0, 0, 0, 0
}

// short keeps what there is of a header and notes H01.
func (m *Message) short() {
	var h [HeaderLen]byte
	n := copy(h[:], m.Data)
	m.ID, m.Flags = 0, 0
	if n >= 2 {
		m.ID = binary.BigEndian.Uint16(h[:])
	}
	if n >= 4 {
		m.Flags = binary.BigEndian.Uint16(h[2:])
	}
	for i := 0; 6+2*i <= n; i++ {
		m.Counts[i] = binary.BigEndian.Uint16(h[4+2*i:])
	}
	m.End = n
	m.missing(fault{msgTooShort, n, 0})
}

// questions reads the question section and says whether it is whole.
func (m *Message) questions() bool {
	data := m.Data
	for i := range m.Counts[SectionQuestion] {
		off := m.End
		if off == len(data) {
			return m.ended(SectionQuestion)
		}
		next, n, f := readName(data, off, len(data))
		if f.id != 0 || i > 0 {
			m.compressed(off, next, n, f)
		}
		if f.id != 0 {
			return m.stop(f)
		}
		if next+4 > len(data) {
			return m.missing(fault{questionCut, next, len(data) - next})
		}
		m.End = next + 4
		m.Parsed[SectionQuestion]++
		if i > 0 {
			continue
		}
		q := &m.Question
		q.Off, q.End = uint16(off), uint16(m.End)
		q.Type, q.Class = binary.BigEndian.Uint16(data[next:]), binary.BigEndian.Uint16(data[next+2:])
		q.Name = data[off:next:next]
		if rareQuestion(q.Type, q.Class) {
			m.saw |= sawRareQuestion
			if q.Class&^mdnsBit != classIN {
				m.saw |= sawOtherClass
			}
		}
	}
	return true
}

// MoreQuestions yields the type and class of the questions after the first, as far as they were read whole. Their names are not kept.
func (m *Message) MoreQuestions(yield func(typ, class uint16) bool) {
	off := int(m.Question.End)
	for range max(m.Parsed[SectionQuestion], 1) - 1 {
		next, _, f := readName(m.Data, off, len(m.Data))
		if f.id != 0 || next+4 > len(m.Data) { // as questions has read them, they are there
			return
		}
		if !yield(binary.BigEndian.Uint16(m.Data[next:]), binary.BigEndian.Uint16(m.Data[next+2:])) {
			return
		}
		off = next + 4
	}
}

// records reads the three other sections and says whether they are whole.
func (m *Message) records() bool {
	for s := SectionAnswer; s <= SectionAdditional; s++ {
		for i := range m.Counts[s] {
			if !m.record(s) {
				m.Parsed[s] = i
				return false
			}
		}
		m.Parsed[s] = m.Counts[s]
	}
	return true
}

// record reads the record at End, in section s, and says whether it is whole.
func (m *Message) record(s Section) bool {
	data, off := m.Data, m.End
	if off == len(data) {
		return m.ended(s)
	}
	next, n := off+2, len(m.Question.Name)
	toQ := false
	switch first := uint16(data[off]) << 8; {
	case first == 0:
		next, n = off+1, 1
		if s == SectionAnswer {
			m.saw |= sawStray
		}
	case off+1 < len(data) && first|uint16(data[off+1]) == 0xc000|HeaderLen && m.Parsed[SectionQuestion] > 0:
		toQ = true
	case off+1 < len(data) && first|uint16(data[off+1]) == m.owner: // as the record before
		n = int(m.ownerLen)
	default:
		var f fault
		if next, n, f = m.ownerName(off, s); f.id != 0 {
			return m.stop(f)
		}
	}
	if next+rrFixed > len(data) {
		return m.missing(fault{rrHeaderCut, next, len(data) - next})
	}
	fixed := data[next : next+rrFixed]
	length := binary.BigEndian.Uint16(fixed[8:])
	rdata := next + rrFixed
	if rdata+int(length) > len(data) {
		return m.missing(fault{rdlenOverrun, rdata - 2, 2})
	}
	typ, class, ttl := binary.BigEndian.Uint16(fixed), binary.BigEndian.Uint16(fixed[2:]), binary.BigEndian.Uint32(fixed[4:])
	r := m.next()
	// Each field is set by itself: a literal would be made elsewhere and copied.
	r.Off, r.Data, r.Len, r.Type, r.Class, r.TTL = uint16(off), uint16(rdata), length, typ, class, ttl
	r.Section, r.NameLen, r.OwnerIsPtrToQ = s, uint8(n), toQ
	m.End = rdata + int(length)
	if class != classIN || ttl-1 >= longTTL || !(typ == typeA && length == 4 || typ == typeAAAA && length == 16) {
		m.check(r)
	}
	return true
}

// next returns the place for the next record.
func (m *Message) next() *Record {
	n := len(m.Records)
	if n < cap(m.Records) {
		m.Records = m.Records[:n+1]
	} else {
		m.Records = append(m.Records, Record{})
	}
	return &m.Records[n]
}

// ownerName reads the owner of a record where it is no pointer that was seen before.
func (m *Message) ownerName(off int, s Section) (next, n int, f fault) {
	next, n, f = readName(m.Data, off, len(m.Data))
	if f.id != 0 {
		return next, n, f
	}
	m.saw |= sawOtherOwner
	p := binary.BigEndian.Uint16(m.Data[off:])
	if p >= 0xc000 {
		m.owner, m.ownerLen = p, uint8(n)
	}
	if s == SectionAnswer && p != m.target && p != m.written {
		m.saw |= sawStray
	}
	return next, n, f
}

// check looks into a whole record; sound addresses, the most common, need no look.
func (m *Message) check(r *Record) {
	if r.Type == typeOPT {
		m.opt(r)
		return
	}
	if r.TTL-1 >= longTTL {
		m.oddTTL(r)
	}
	if r.Class != classIN || r.Type-1 >= typeTKEY-1 {
		m.oddRecord(r)
	}
	if r.Len == 0 {
		m.emptyRDATA(r)
		return
	}
	if !m.rdata(r) {
		return
	}
	if r.Type >= typeTKEY || readTypes>>(r.Type&63)&1 != 0 {
		m.read(r)
	}
}

// ended notes that the bytes end where the count of a section promises more: no anomaly in a truncated message (catalogue C10).
func (m *Message) ended(s Section) bool {
	if !m.Truncated() && !m.Cut {
		m.insert(fault{countOverrun, 4 + 2*int(s), 2})
	}
	return false
}

// missing notes a fault that is the lack of bytes, unless the capture is to blame. It returns false: the walk ends.
func (m *Message) missing(f fault) bool {
	if !m.Cut {
		m.note(f)
	}
	return false
}

// stop notes a name's fault that ends the walk, and returns false.
func (m *Message) stop(f fault) bool {
	switch f.id {
	case ptrCut, labelPastEnd, noRoot:
		return m.missing(f)
	}
	m.note(f)
	return false
}

// note appends an anomaly. A pointer to bytes that the capture cut off is a forward one.
func (m *Message) note(f fault) {
	if f.id == ptrOutside && m.Cut {
		f.id = ptrForward
	}
	m.Anomalies = append(m.Anomalies, f.seen())
	if f.id.Severity() == anomaly.Malformed {
		m.Malformed = true
		m.Broken = m.Broken || f.id.Group() != 'U' && f.id != qdcountMany
	}
}

// insert is note for what is seen after the walk: it keeps the order of offsets.
func (m *Message) insert(f fault) {
	m.note(f)
	a := m.Anomalies
	for i := len(a) - 1; i > 0 && a[i-1].Offset > a[i].Offset; i-- {
		a[i-1], a[i] = a[i], a[i-1]
	}
}

func (f fault) seen() anomaly.Seen {
	return anomaly.Seen{ID: f.id, Offset: uint16(f.off), Length: uint16(f.length)}
}
