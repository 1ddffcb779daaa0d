package wire

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// Classes that no record of data has, besides classANY (RFC 6895 section 3.2, RFC 2136 section 2.4).
const (
	classReserved = 0
	classCH       = 3
	classNONE     = 254
)

// readTypes has a bit for each type below 64 whose RDATA are read.
const readTypes = 1<<typeCNAME | 1<<typeSOA | 1<<typeNULL | 1<<typeSIG | 1<<typeRRSIG | 1<<typeNSEC3

// read looks at what sound RDATA say.
func (m *Message) read(r *Record) {
	switch r.Type {
	case typeCNAME:
		m.alias(r)
	case typeSOA:
		if r.Section == SectionAnswer {
			m.soaInAnswer(r)
		}
	case typeNULL:
		m.oddRecord(r)
	case typeSIG, typeTSIG, typeTKEY:
		m.signature(r)
	case typeRRSIG:
		m.saw |= sawRRSIG
		m.covers(r)
	case typeNSEC3:
		m.hashedOwner(r)
	}
}

// oddTTL notes a TTL whose highest bit is set, and in an answer one of 0 or of more than a week.
func (m *Message) oddTTL(r *Record) {
	at := int(r.Data) - 6
	if r.TTL > maxTTL {
		m.note(fault{ttlMSB, at, 4})
		return
	}
	if r.Section == SectionAnswer && m.Response() && m.Opcode() == opcodeQuery && r.Type < typeTKEY && r.Type != typeSIG && m.once(notedTTL) {
		m.note(fault{ttlExtreme, at, 4})
	}
}

// oddRecord looks at a record of another class than IN, or of a type that is not for data.
func (m *Message) oddRecord(r *Record) {
	typeAt, classAt := int(r.Data)-10, int(r.Data)-8
	switch {
	case r.Type == typeTSIG:
		m.saw |= sawTSIG
		m.signatureFrame(r)
		return
	case r.Type == typeTKEY || r.Type == typeSIG && r.Class == classANY || m.Opcode() == opcodeUpdate:
		return
	case r.Type > typeTSIG && r.Type <= typeANY:
		m.note(fault{questionTypeRR, typeAt, 2})
	case r.Type == 0 || r.Type == typeNULL:
		if m.once(notedType) {
			m.note(fault{typeNoData, typeAt, 2})
		}
	}
	switch {
	case r.Class == classIN:
	case r.Class == classReserved || r.Class == classANY:
		if m.once(notedType) {
			m.note(fault{typeNoData, classAt, 2})
		}
	default:
		m.foreignClass(r)
	}
}

// foreignClass notes a record of another class than the question's, which may be any.
func (m *Message) foreignClass(r *Record) {
	if m.Parsed[SectionQuestion] > 0 && m.Question.Class != r.Class && m.Question.Class != classANY && m.Opcode() == opcodeQuery && m.once(notedClass) {
		m.insert(fault{classMismatch, int(r.Data) - 8, 2})
	}
}

// innerClass notes the first record of class IN of a message that asks for another one. The walk passes over those that look sound.
func (m *Message) innerClass() {
	for i := range m.Records {
		if r := &m.Records[i]; r.Class == classIN && r.Type != typeOPT && r.Type != typeTSIG && r.Type != typeTKEY {
			m.foreignClass(r)
			return
		}
	}
}

// soaInAnswer notes an SOA record in the answer to a question for another type: it belongs into the authority section (RFC 2308 section 2).
func (m *Message) soaInAnswer(r *Record) {
	if m.Opcode() != opcodeQuery || m.Parsed[SectionQuestion] == 0 {
		return
	}
	switch m.Question.Type {
	case typeSOA, typeANY, dns.TypeAXFR, typeIXFR:
		return
	}
	if m.once(notedSection) {
		m.note(fault{misplaced, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
	}
}

// covers notes an RRSIG record over what nobody signs: signatures, types of questions, 0 (RFC 4034 section 3.1.1, RFC 4035 section 2.2).
func (m *Message) covers(r *Record) {
	switch t := binary.BigEndian.Uint16(m.Data[r.Data:]); {
	case t == 0 || t == typeOPT || t == typeRRSIG || t >= 128 && t <= typeANY:
		if m.once(notedCovers) {
			m.note(fault{rrsigMeta, int(r.Data), 2})
		}
	}
}

// hashedLen is the length of a SHA-1 hash in base32hex, the only hash that NSEC3 has (RFC 5155 sections 3.3 and 11).
const hashedLen = 32

// hashedOwner notes an NSEC3 record whose owner does not begin with a hash in base32hex (RFC 5155 section 3).
func (m *Message) hashedOwner(r *Record) {
	d, off := m.Data, int(r.Off)
	for d[off] >= 0xc0 { // readName found it valid: it ends
		off = int(binary.BigEndian.Uint16(d[off:]) & 0x3fff)
	}
	if d[off] == hashedLen && base32hex(d[off+1:off+1+hashedLen]) {
		return
	}
	if m.once(notedHash) {
		m.note(fault{nsec3Owner, int(r.Off), int(r.Data-r.Off) - rrFixed})
	}
}

func base32hex(s []byte) bool {
	for _, c := range s {
		if c-'0' > 9 && c|0x20-'a' > 'v'-'a' {
			return false
		}
	}
	return true
}

// emptyRDATA notes RDLENGTH 0 where the type needs RDATA. In UPDATE, classes ANY and NONE do without (RFC 2136 sections 2.4 and 2.5).
func (m *Message) emptyRDATA(r *Record) {
	if r.Type == typeNULL {
		m.oddRecord(r)
	}
	s := shape(r.Type, r.Class)
	if len(s) == 0 || s[0] == rest || m.Opcode() == opcodeUpdate && r.Class >= classNONE {
		return
	}
	if r.Type == typeTSIG {
		m.note(fault{tsigRDATA, int(r.Data) - 2, 2})
		return
	}
	m.note(fault{rdlenZero, int(r.Data) - 2, 2})
}
