package wire

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Opcodes (RFC 1035 section 4.1.1, RFC 1996, RFC 2136, RFC 8490).
const (
	opcodeQuery  = 0
	opcodeNotify = 4
	opcodeUpdate = 5
	opcodeDSO    = 6
)

// Header bits that are odd in any message, in a query, and in a response. AD in a query is not odd: half of the clients set it (RFC 6840 section 5.7).
const (
	rcodeNameError = 3
	rcodeBits      = 15
	opcodeBits     = 15 << 11
	oddAnywhere    = FlagZ | opcodeBits
	oddInQuery     = oddAnywhere | FlagAA | FlagTC | FlagRA | FlagCD | rcodeBits
	oddInResponse  = oddAnywhere | FlagTC | rcodeBits
)

// Header counts as one word.
const (
	oneQuestion   = 1 << 48
	anyAdditional = 1<<16 - 1
	anyQuestions  = anyAdditional << 48
	anyAnswers    = anyAdditional << 32
)

// settle notes what only the whole message shows. whole says that every record that the counts promise was read.
func (m *Message) settle(whole bool, counts uint64) {
	if m.saw&(sawTSIG|sawSIG0|sawMisplacedOPT|sawOtherClass) != 0 {
		m.places(whole)
	}
	if whole && m.End < len(m.Data) && (m.Opcode() != opcodeDSO || counts != 0) { // DSO has its data there
		m.trailing()
	}
	if m.Response() {
		if !m.plainResponse(counts) {
			m.oddResponse(whole, counts)
		}
	} else if m.Flags&oddInQuery != 0 || counts&^1 != oneQuestion || m.saw&(sawRareQuestion|sawOtherOwner) != 0 {
		m.oddQuery(counts)
	}
	if len(m.Records) > 1 || m.saw&sawStray != 0 {
		m.sets()
	}
	if m.Malformed {
		m.explain()
	}
}

// plainResponse says that there is nothing to look for in the header of a response: one question and answers, or none and the SOA record for it.
func (m *Message) plainResponse(counts uint64) bool {
	if counts&anyQuestions != oneQuestion || m.saw&sawExtRCODE != 0 {
		return false
	}
	odd := m.Flags & oddInResponse
	if counts&anyAnswers != 0 {
		return odd == 0 && m.Flags&(FlagAA|FlagRA) != 0
	}
	return (odd == 0 || odd == rcodeNameError) && len(m.Records) > 0 && m.Records[0].Type == typeSOA && m.Records[0].Section == SectionAuthority
}

// places looks at where the records are that have one place only, and which are not of the class of a rare question.
func (m *Message) places(whole bool) {
	if whole && m.saw&sawMisplacedOPT != 0 {
		m.insert(fault{optMisplaced, int(m.EDNS.Off), int(m.EDNS.OptOff) - int(m.EDNS.Off)})
	}
	if m.saw&sawTSIG != 0 {
		m.tsigPlace(whole)
	}
	if m.saw&sawSIG0 != 0 {
		m.sig0Place(whole)
	}
	if m.saw&sawOtherClass != 0 {
		m.innerClass()
	}
}

// trailing notes the bytes after the last record, and an OPT among them that the sender forgot to count.
func (m *Message) trailing() {
	rest := m.Data[m.End:]
	m.note(fault{trailingBytes, m.End, len(rest)})
	if len(rest) < 1+rrFixed || rest[0] != 0 || binary.BigEndian.Uint16(rest[1:]) != typeOPT {
		return
	}
	if n := 1 + rrFixed + int(binary.BigEndian.Uint16(rest[9:])); n <= len(rest) {
		m.note(fault{trailingOPT, m.End, n})
	}
}

// oddQuery looks at a query whose header or question is not the usual.
func (m *Message) oddQuery(counts uint64) {
	if m.Flags&oddInQuery != 0 {
		m.oddFlags()
	}
	switch m.Opcode() {
	case opcodeQuery:
		if counts&^1 != oneQuestion {
			m.oddCounts()
		}
		if m.saw&sawRareQuestion != 0 {
			m.oddQuestion()
		}
	case opcodeNotify:
		m.notify()
	case opcodeUpdate:
		m.update()
	case opcodeDSO:
		m.dso()
	}
	if len(m.Records) > 1 || m.saw&sawOtherOwner != 0 {
		m.midLabel()
	}
}

// oddFlags notes what the second 16 bits of the header should not hold.
func (m *Message) oddFlags() {
	add := func(odd bool, id anomaly.ID) {
		if odd {
			m.insert(fault{id, 2, 2})
		}
	}
	query := !m.Response()
	op := m.Opcode()
	add(op == 1, opcodeIQuery)
	add(op == 2, opcodeStatus)
	add(op == 3 || op > opcodeDSO, opcodeUnknown)
	add(m.Flags&FlagZ != 0, zBit)
	if !query {
		return
	}
	add(m.Flags&rcodeBits != 0, rcodeInQuery)
	add(m.Flags&FlagTC != 0, tcInQuery)
	add(m.Flags&FlagRA != 0 || m.Flags&FlagAA != 0 && op == opcodeQuery, aaRAInQuery)
	add(m.Flags&FlagCD != 0 && (!m.HasOPT || m.EDNS.Flags&EDNSFlagDO == 0) && op == opcodeQuery, cdWithoutDO)
}

// oddCounts notes counts that a plain query does not have. None is wrong in mDNS (RFC 6762), which the walk does not know.
func (m *Message) oddCounts() {
	c := &m.Counts
	switch qd := c[SectionQuestion]; {
	case qd > 1:
		m.insert(fault{qdcountMany, 4, 2})
	case qd == 0 && !m.hasCookie() && !m.Cut: // a query for a cookie alone is legal (RFC 7873 section 5.4)
		m.insert(fault{qdcountZero, 4, 2})
	}
	if c[SectionAnswer] > 0 {
		m.insert(fault{answerInQuery, 6, 2})
	}
	if c[SectionAuthority] > 0 && !m.asksFor(typeIXFR) {
		m.insert(fault{authInQuery, 8, 2})
	}
	if c[SectionAdditional] > 1 {
		m.insert(fault{additionalMany, 10, 2})
	}
}

// explain looks closer at a malformed message: a pointer into the middle of a label, and what else than DNS it may be.
func (m *Message) explain() {
	if m.Parsed[SectionQuestion] > 0 && m.badName() {
		m.midLabel()
	}
	if id, ok := Foreign(m.Data); ok {
		m.insert(fault{id, 0, len(m.Data)})
	}
}

// badName says that a name is among what is wrong.
func (m *Message) badName() bool {
	for _, a := range m.Anomalies {
		if a.ID.Group() == 'N' {
			return true
		}
	}
	return false
}
