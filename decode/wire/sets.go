package wire

import (
	"encoding/binary"
	"slices"
)

const (
	maxCompared = 128 // records of a message that are put into RRsets, the first ones: the bound of what a hostile message costs
	maxChain    = 16  // aliases in a row that resolvers follow at most (BIND: 11, Unbound: 11, Knot: 10)
	setsSeed    = 0x9e3779b97f4a7c15
)

// sets looks for what is wrong between records: RRsets whose TTLs differ, records that are there twice or may be there once only, and answers
// to another question. Most messages are settled by one pass that compares each record with the one before it; only where that gives reason
// are names compared. So the same record twice is found where the two follow one another, or the message has other records to be compared.
func (m *Message) sets() {
	if m.Opcode() != opcodeQuery || m.Parsed[SectionQuestion] == 0 {
		return
	}
	if t := m.Question.Type; t == typeAXFR || t == typeIXFR { // several versions of a zone, SOA twice
		return
	}
	if m.alike() {
		m.compare()
	}
	if m.saw&sawStray != 0 && m.Parsed[SectionAnswer] > 0 && m.Response() {
		m.reach()
	}
}

// alike says whether two records that follow one another could be of one RRset and wrong in it.
func (m *Message) alike() bool {
	rs, data := m.Records, m.Data
	for i := 1; i < len(rs); i++ {
		a, b := &rs[i-1], &rs[i]
		switch {
		case a.Type != b.Type:
		case a.Type == typeA && a.Len == 4 && b.Len == 4: // the most common pair by far
			if a.TTL != b.TTL || string(data[a.Data:][:4]) == string(data[b.Data:][:4]) {
				return true
			}
		case m.suspect(a, b):
			return true
		}
	}
	return false
}

// suspect is alike for two records of one type.
func (m *Message) suspect(a, b *Record) bool {
	switch {
	case a.Type == typeOPT || a.Type == typeTSIG:
		return false
	case a.Type == typeCNAME || a.Type == typeSOA || a.Type == typeDNAME:
		return binary.BigEndian.Uint16(m.Data[a.Off:]) == binary.BigEndian.Uint16(m.Data[b.Off:])
	case a.TTL != b.TTL && a.Type != typeRRSIG:
		return true
	case b.Len == 2 && binary.BigEndian.Uint16(m.Data[b.Data:]) == 0xc000|a.Data: // the name before
		return true
	}
	return a.Len == b.Len && a.Len >= 4 && binary.BigEndian.Uint32(m.Data[a.Data+a.Len-4:]) == binary.BigEndian.Uint32(m.Data[b.Data+b.Len-4:])
}

// rrset is what compare knows of a record: hashes of its owner, type and class, and of these and its RDATA.
type rrset struct {
	set, data uint64
}

// compare puts the records into RRsets. Work is at most the square of maxCompared in comparisons of numbers.
func (m *Message) compare() {
	var room [maxCompared]rrset
	n := min(len(m.Records), maxCompared)
	var ttl, single, twice bool
	for i := range m.Records[:n] {
		r := &m.Records[i]
		if r.Type == typeOPT || r.Type >= typeTKEY && r.Type <= typeANY {
			continue
		}
		room[i] = m.hashRecord(r)
		if !twice && m.isThere(room[:i], room[i], r.Section) {
			twice = true
			m.insert(fault{recordTwice, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
		}
		j := slices.IndexFunc(room[:i], func(x rrset) bool { return x.set == room[i].set })
		if j < 0 {
			continue
		}
		if !single && room[j].data != room[i].data && (r.Type == typeCNAME || r.Type == typeSOA || r.Type == typeDNAME) {
			single = true
			m.insert(fault{singletonTwice, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
		}
		if !ttl && m.Records[j].TTL != r.TTL {
			ttl = true
			m.insert(fault{ttlMismatch, int(r.Data) - 6, 4})
		}
	}
}

// isThere says whether one of the records before is the same and in that section. An RRset may be in the answer and the authority section as well.
func (m *Message) isThere(before []rrset, h rrset, s Section) bool {
	for j, x := range before {
		if x == h && m.Records[j].Section == s {
			return true
		}
	}
	return false
}

// hashRecord hashes the owner without regard to case, type and class, and then the RDATA, of which names are uncompressed. Signatures over different
// types are different RRsets.
func (m *Message) hashRecord(r *Record) (h rrset) {
	var room [maxName]byte
	h.set = HashName(setsSeed^uint64(r.Type)<<16^uint64(r.Class), appendWire(room[:0], m.Data, int(r.Off)))
	if r.Type == typeRRSIG && r.Len >= 2 {
		h.set ^= uint64(binary.BigEndian.Uint16(m.Data[r.Data:])) * mix0
	}
	h.data = m.hashRDATA(r)
	return h
}

func (m *Message) hashRDATA(r *Record) uint64 {
	off, end := int(r.Data), int(r.Data)+int(r.Len)
	h := uint64(setsSeed)
	for _, f := range shape(r.Type, r.Class) {
		if f != cname && f != name {
			next, bad := m.field(f, off, end)
			if bad.id != 0 {
				break
			}
			h = hashRaw(h, m.Data[off:next])
			off = next
			continue
		}
		next, _, bad := readName(m.Data, off, end)
		if bad.id != 0 {
			break
		}
		var room [maxName]byte
		h = HashName(h, appendWire(room[:0], m.Data, off))
		off = next
	}
	return hashRaw(h, m.Data[off:end])
}

// hashRaw hashes bytes in which case matters.
func hashRaw(h uint64, b []byte) uint64 {
	n := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = multiply(binary.LittleEndian.Uint64(b)^mix1, h^mix2)
	}
	return multiply(tail(b)^mix1, h^n)
}

// alias keeps where an alias leads, as the owner of the next answer will point to it: to the RDATA, or where that is a pointer itself, to the same place.
func (m *Message) alias(r *Record) {
	m.target = 0xc000 | r.Data
	if m.aliases++; m.aliases > maxChain {
		m.saw |= sawStray
	}
	if r.Len != 2 {
		return
	}
	m.written = binary.BigEndian.Uint16(m.Data[r.Data:])
	if m.written == 0xc000|HeaderLen || m.written >= 0xc000|m.Question.End { // back to a name that led here
		m.saw |= sawStray
	}
}

// reach follows the aliases of the answer from the question's name, and notes the first answer that they do not lead to, and aliases in a circle or
// very many of them. It looks at the first maxCompared answers.
func (m *Message) reach() {
	var owners [maxCompared]uint64
	n := 0
	for i := range m.Records[:min(len(m.Records), maxCompared)] {
		r := &m.Records[i]
		if r.Section != SectionAnswer {
			break
		}
		owners[i] = m.hashName(int(r.Off))
		n++
	}
	var names [maxChain + 2]uint64
	names[0] = HashName(setsSeed, m.Question.Name)
	known := m.follow(owners[:n], &names)
	for i, h := range owners[:n] {
		r := &m.Records[i]
		if !contains(names[:known], h) && !m.beside(r) {
			m.insert(fault{unrelated, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
			return
		}
	}
}

func contains(all []uint64, h uint64) bool {
	for _, x := range all {
		if x == h {
			return true
		}
	}
	return false
}

// follow adds to names the targets of the chain of CNAME records that begins at names[0], and returns how many there are then.
func (m *Message) follow(owners []uint64, names *[maxChain + 2]uint64) int {
	for known := 1; ; known++ {
		r := m.aliasOf(owners, names[known-1])
		if r == nil || r.Len == 0 {
			return known
		}
		target := m.hashName(int(r.Data))
		if contains(names[:known], target) || known > maxChain {
			m.insert(fault{aliasLoop, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
			return known
		}
		names[known] = target
	}
}

// aliasOf returns the CNAME record at a name.
func (m *Message) aliasOf(owners []uint64, name uint64) *Record {
	for i, h := range owners {
		if h == name && m.Records[i].Type == typeCNAME {
			return &m.Records[i]
		}
	}
	return nil
}

// beside says that a record of the answer is not about the name asked for: a signature of the message, or of a DNAME, whose owner is above the
// names that it redirects (RFC 6672 section 3.1).
func (m *Message) beside(r *Record) bool {
	switch r.Type {
	case typeDNAME, typeOPT, typeSIG, typeTSIG, typeTKEY:
		return true
	case typeRRSIG:
		return r.Len >= 2 && binary.BigEndian.Uint16(m.Data[r.Data:]) == typeDNAME
	}
	return false
}

// hashName hashes the name at off, which may be none.
func (m *Message) hashName(off int) uint64 {
	var room [maxName]byte
	name, ok := m.AppendWireName(room[:0], off)
	if !ok {
		return 0
	}
	return HashName(setsSeed, name)
}
