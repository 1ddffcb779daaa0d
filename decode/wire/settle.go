package wire

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Opcodes (RFC 1035 section 4.1.1, RFC 2136, RFC 8490).
const (
	opcodeQuery  = 0
	opcodeUpdate = 5
	opcodeDSO    = 6
)

// Header bits that are odd in any message, and in a query.
const (
	rcodeBits   = 15
	opcodeBits  = 15 << 11
	oddAnywhere = FlagZ | opcodeBits
	oddInQuery  = oddAnywhere | FlagAA | FlagTC | FlagRA | rcodeBits
)

// settle notes what only the whole message shows. whole says that every record that the counts promise was read.
func (m *Message) settle(whole bool) {
	if m.sawTSIG {
		m.tsigPlace(whole)
	}
	if whole {
		if m.HasOPT && m.EDNS.Section != SectionAdditional {
			m.insert(fault{optMisplaced, int(m.EDNS.Off), int(m.EDNS.OptOff) - int(m.EDNS.Off)})
		}
		if m.End < len(m.Data) {
			m.trailing()
		}
	}
	m.header()
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

// header notes odd header fields.
func (m *Message) header() {
	if m.Response() {
		if m.Flags&oddAnywhere != 0 {
			m.oddFlags()
		}
		if m.Counts[SectionQuestion] > 1 && m.Opcode() == opcodeQuery {
			m.insert(fault{qdcountMany, 4, 2})
		}
		return
	}
	if m.Flags&oddInQuery != 0 {
		m.oddFlags()
	}
	c := &m.Counts
	if m.Opcode() == opcodeQuery && (c[0] != 1 || c[1]|c[2] != 0) {
		m.oddCounts()
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
	add(query && m.Flags&rcodeBits != 0, rcodeInQuery)
	add(query && m.Flags&FlagTC != 0, tcInQuery)
	add(query && m.Flags&FlagRA != 0 || query && m.Flags&FlagAA != 0 && op == opcodeQuery, aaRAInQuery)
}

// oddCounts notes counts that a plain query does not have. None is wrong in mDNS (RFC 6762), which the walk does not know.
func (m *Message) oddCounts() {
	switch qd := m.Counts[SectionQuestion]; {
	case qd > 1:
		m.insert(fault{qdcountMany, 4, 2})
	case qd == 0 && !m.hasCookie && !m.Cut: // a query for a cookie alone is legal (RFC 7873 section 5.4)
		m.insert(fault{qdcountZero, 4, 2})
	}
	if m.Counts[SectionAnswer] > 0 {
		m.insert(fault{answerInQuery, 6, 2})
	}
	ixfr := m.Parsed[SectionQuestion] > 0 && m.Question.Type == typeIXFR
	if m.Counts[SectionAuthority] > 0 && !ixfr {
		m.insert(fault{authInQuery, 8, 2})
	}
}
