package wire

import (
	"github.com/miekg/dns"
)

// oddResponse looks at a response that is not a plain answer: an error, an empty one, a truncated one, or of another opcode.
func (m *Message) oddResponse(whole bool, counts uint64) {
	if m.Flags&oddAnywhere != 0 {
		m.oddFlags()
	}
	switch m.Opcode() {
	case opcodeNotify:
		m.notify()
		return
	case opcodeDSO:
		m.dso()
		return
	case opcodeQuery:
	default:
		return
	}
	if counts&anyQuestions != oneQuestion {
		m.oddQuestionCount(counts)
	}
	if m.Truncated() && (counts&anyAnswers != 0 || counts&anyQuestions == 0) {
		m.insert(fault{truncatedData, 2, 2})
	}
	switch rc := m.RCODE(); {
	case rc == dns.RcodeSuccess:
		m.noData(whole, counts)
	case rc == dns.RcodeNameError:
		m.nameError(whole, counts)
	case rc >= 12:
		if rc < dns.RcodeBadVers || rc > dns.RcodeBadCookie && rc < privateRCODE {
			m.insert(fault{rcodeUnassigned, 2, 2})
		}
	case rc == dns.RcodeServerFailure && m.HasOPT && m.EDNS.Has&(1<<optionEDE) != 0:
		if o, ok := m.EDNS.Option(optionEDE); ok {
			m.insert(fault{explainedFailure, int(o.Off), 4 + len(o.Data)})
		}
	}
}

// privateRCODE is the first of those for private use (RFC 6895 section 2.3).
const privateRCODE = 3841

func (m *Message) oddQuestionCount(counts uint64) {
	if counts&anyQuestions > oneQuestion {
		m.insert(fault{qdcountMany, 4, 2})
	}
	if m.lacksQuestion() {
		m.saw |= sawOnCarrier
	}
}

// lacksQuestion says that a response repeats no question, though it is no error about one that could not be read, and no answer to a query
// for a cookie alone.
func (m *Message) lacksQuestion() bool {
	rc := m.Flags & rcodeBits
	return m.Response() && m.Opcode() == opcodeQuery && len(m.Data) >= HeaderLen && m.Counts[SectionQuestion] == 0 &&
		rc != dns.RcodeFormatError && rc != dns.RcodeNotImplemented && m.saw&sawExtRCODE == 0 && !m.hasCookie() && !m.Cut
}

// noData looks at NOERROR: an answer comes with authority or recursion; without one, a negative answer needs an SOA record (RFC 2308 section 2.2), a referral has NS records and is not
// authoritative.
func (m *Message) noData(whole bool, counts uint64) {
	if counts&anyAnswers != 0 {
		if m.Flags&(FlagAA|FlagRA) == 0 {
			m.insert(fault{aaOdd, 2, 2})
		}
		return
	}
	if counts&anyQuestions != oneQuestion || !whole || m.Truncated() {
		return
	}
	soa, ns := m.authority()
	switch {
	case soa != nil || m.HasTKEY:
	case ns == nil:
		m.insert(fault{nodataNoSOA, 8, 2})
	case m.Flags&FlagAA != 0:
		m.insert(fault{aaOdd, 2, 2})
	}
}

// nameError looks at NXDOMAIN: with an answer it is about the last name of a chain (RFC 6604 section 3), and it needs an SOA record (RFC 2308 section 2.1).
func (m *Message) nameError(whole bool, counts uint64) {
	if counts&anyAnswers != 0 {
		m.insert(fault{nxdomainAnswer, 6, 2})
	}
	if !whole || m.Truncated() || counts&anyQuestions != oneQuestion {
		return
	}
	if soa, _ := m.authority(); soa == nil {
		m.insert(fault{nxdomainNoSOA, 8, 2})
	}
}

// authority returns the first SOA and the first NS record of the authority section.
func (m *Message) authority() (soa, ns *Record) {
	for i := int(m.Parsed[SectionAnswer]); i < len(m.Records); i++ {
		r := &m.Records[i]
		switch {
		case r.Section > SectionAuthority:
			return nil, ns
		case r.Type == typeSOA:
			return r, ns
		case r.Type == typeNS && ns == nil:
			ns = r
		}
	}
	return nil, ns
}
