package text

import (
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Record types and opcodes that decide what an answer is.
const (
	typeNS, typeCNAME, typeSOA, typeDNAME = 2, 5, 6, 39
	typeIXFR, typeANY                     = 251, 255 // and AXFR, MAILB, MAILA between
	opcodeQuery                           = 0
)

var statusWords = [...]string{
	decode.Answered: "answered", decode.Unanswered: "unanswered", decode.Pending: "pending", decode.Unsolicited: "unsolicited",
	decode.Duplicate: "duplicate", decode.Conflicting: "conflicting", decode.Mismatched: "mismatched", decode.Late: "late",
}

var protoWords = [...]string{decode.UDP: "udp", decode.TCP: "tcp", decode.MDNS: "mdns", decode.LLMNR: "llmnr"}

// word returns the entry of a table of words, "unknown" where there is none.
func word[T ~uint8](words []string, n T) string {
	if int(n) < len(words) {
		return words[n]
	}
	return "unknown"
}

func statusWord(s decode.Status) string { return word(statusWords[:], s) }
func protoWord(p decode.Proto) string   { return word(protoWords[:], p) }

// facts are what the query and the response share, from whichever is there.
type facts struct {
	time        int64
	number      uint64 // packet
	file        uint16
	id, flags   uint16
	question    bool // the next three are valid
	name        []byte
	typ, class  uint16
	hasOPT      bool // the next two are valid
	size        uint16
	ednsFlags   uint16
	opcode      uint8
	queryIsOdd  bool
	retransmits uint16
}

// factsOf takes the query's word before the response's.
func factsOf(t *decode.Transaction) (f facts) {
	if q := t.Query; q != nil {
		f = facts{time: q.Time, number: q.Number, file: q.File, id: q.ID, flags: q.Flags, opcode: uint8(q.Flags >> 11 & 15),
			question: q.HasQuestion, name: q.Name, typ: q.Type, class: q.Class, hasOPT: q.HasOPT, size: q.UDPSize, ednsFlags: q.EDNSFlags,
			queryIsOdd: q.Malformed, retransmits: q.Retransmissions}
	} else if m := t.Response; m != nil {
		f = facts{time: m.Time, number: m.Number, file: m.File, id: m.ID, flags: m.Flags, opcode: m.Opcode(), hasOPT: m.HasOPT,
			size: m.EDNS.UDPSize, ednsFlags: m.EDNS.Flags}
	}
	if m := t.Response; m != nil && m.Parsed[wire.SectionQuestion] > 0 && len(f.name) == 0 {
		f.name = m.Question.Name
		if !f.question {
			f.question, f.typ, f.class = true, m.Question.Type, m.Question.Class
		}
	}
	return f
}

// emptiness says in which way a NOERROR response to a query gives none of the records asked for (RFC 2308 section 2.2): "no data",
// "referral" or "alias only"; "" where it gives some, or where that cannot be told.
func emptiness(t *decode.Transaction, f facts) string {
	m := t.Response
	if m.RCODE() != 0 || t.Status == decode.Mismatched || f.opcode != opcodeQuery || !f.question || m.Truncated() || m.Malformed || m.Cut {
		return ""
	}
	var alias, ns, soa bool
	for _, r := range m.Records {
		switch {
		case r.Section == wire.SectionAnswer && (r.Type == f.typ || f.typ >= typeIXFR && f.typ <= typeANY):
			return ""
		case r.Section == wire.SectionAnswer:
			alias = alias || r.Type == typeCNAME || r.Type == typeDNAME
		case r.Section == wire.SectionAuthority:
			ns, soa = ns || r.Type == typeNS, soa || r.Type == typeSOA
		}
	}
	switch {
	case alias:
		return "alias only"
	case ns && !soa && m.Flags&wire.FlagAA == 0:
		return "referral"
	}
	return "no data"
}
