package wire

import (
	"slices"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Carrier is what carried a message. The values are those of decode.Proto.
type Carrier uint8

// The carriers: DNS over UDP and TCP, multicast DNS (RFC 6762) and LLMNR (RFC 4795).
const (
	OverUDP Carrier = iota
	OverTCP
	OverMDNS
	OverLLMNR
)

// Over completes the anomalies with what depends on the carrier, which Parse does not know: call it once after Parse. Most messages cost it
// one test.
func (m *Message) Over(c Carrier) {
	if m.saw&sawOnCarrier != 0 || c > OverTCP {
		m.over(c)
	}
}

func (m *Message) over(c Carrier) {
	switch c {
	case OverUDP:
		m.overUDP()
	case OverMDNS:
		m.drop(legalInMDNS)
	case OverLLMNR:
		m.drop(legalInLLMNR)
	}
	if c <= OverTCP && m.lacksQuestion() && (c == OverUDP || m.Counts[SectionAnswer] == 0) { // AXFR goes on without (RFC 5936 section 2.2.1)
		m.insert(fault{noQuestion, 4, 2})
	}
}

// overUDP notes what is for TCP alone: DSO (RFC 8490 section 5.1), the keepalive option (RFC 7828 section 3.2.1), AXFR (RFC 5936 section 4.2).
func (m *Message) overUDP() {
	if m.Opcode() == opcodeDSO && len(m.Data) >= HeaderLen && m.Counts == [4]uint16{} {
		m.insert(fault{dsoMisused, 2, 2})
	}
	if m.HasOPT && m.EDNS.Has&(1<<optionKeepalive) != 0 {
		if o, ok := m.EDNS.Option(optionKeepalive); ok {
			m.insert(fault{keepaliveUDP, int(o.Off), 4 + len(o.Data)})
		}
	}
	if m.asksFor(typeAXFR) && !m.Response() {
		m.insert(fault{axfrUDP, int(m.Question.End) - 4, 2})
	}
}

// asksFor says that the message is about a question of that type.
func (m *Message) asksFor(typ uint16) bool {
	return m.Opcode() == opcodeQuery && m.Parsed[SectionQuestion] > 0 && m.Question.Type == typ
}

// drop removes anomalies that are none on this carrier.
func (m *Message) drop(legal func(anomaly.Seen) bool) {
	if len(m.Anomalies) == 0 {
		return
	}
	m.Anomalies = slices.DeleteFunc(m.Anomalies, legal)
	m.Malformed = slices.ContainsFunc(m.Anomalies, func(a anomaly.Seen) bool { return a.ID.Severity() == anomaly.Malformed })
}

// legalInMDNS says whether an anomaly is none in multicast DNS: any number of questions, with a bit of their class for a unicast answer, known
// answers in a query, TC for more of them, no question and no negative answer in a response, a bit of a record's class that flushes caches,
// TTL 0 for a goodbye, and compressed names in questions and any RDATA (RFC 6762 sections 5.4, 6, 7.1, 7.2, 8.1, 10.1, 10.2 and 18.14).
func legalInMDNS(a anomaly.Seen) bool {
	switch a.ID {
	case qdcountZero, qdcountMany, answerInQuery, authInQuery, additionalMany, tcInQuery, qnameCompressed, ptrForbidden, classMismatch,
		misplaced, ttlMismatch, unrelated, ttlExtreme, nodataNoSOA, truncatedData, qclassOther, qclassAny, mdnsElsewhere, qtypeAny, paddingOdd:
		return true
	}
	return false
}

// legalInLLMNR says whether an anomaly is none in LLMNR, whose bits for conflict and tentative are those of AA and RD, and which has no negative
// answers (RFC 4795 section 2.1.1).
func legalInLLMNR(a anomaly.Seen) bool {
	return a.ID == aaRAInQuery || a.ID == nodataNoSOA || a.ID == nxdomainNoSOA
}
