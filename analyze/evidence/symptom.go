package evidence

import (
	"strconv"

	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// Symptom is what was seen of a transaction, or of a packet. A transaction can have several.
type Symptom uint16

// The symptoms. Those below 0x1000 are responses by their RCODE (12 bits), NOERROR among them; those from 0x4000 on are anomalies.
const (
	// Unanswered and the next are ends of transactions: see [decode.Status]. A transaction that is late was counted as Unanswered before.
	Unanswered  Symptom = 0x1000 + Symptom(decode.Unanswered)
	Unsolicited Symptom = 0x1000 + Symptom(decode.Unsolicited)
	Duplicate   Symptom = 0x1000 + Symptom(decode.Duplicate)
	Conflicting Symptom = 0x1000 + Symptom(decode.Conflicting)
	Mismatched  Symptom = 0x1000 + Symptom(decode.Mismatched)
	Late        Symptom = 0x1000 + Symptom(decode.Late)

	// LongName is a question whose name is more likely data than a name: see longName.
	LongName Symptom = 0x10c0
	// AskedFirst and AskedBefore are questions that a resolver answered, by server only: those not heard before in the capture, and those that were. They are
	// counted while all transactions are, and where another question has taken a question's place, it counts as new.
	AskedFirst  Symptom = 0x10c1
	AskedBefore Symptom = 0x10c2
	// ErrorAgain is a question that came again within a second of an error response: neither a good answer nor NXDOMAIN.
	ErrorAgain Symptom = 0x10c3
	// LargeAnswer is an answer over UDP of more than 1232 bytes, by server only: when the last one came tells whether large ones still do.
	LargeAnswer Symptom = 0x10c4

	// ZoneFine is NOERROR by zone and server, whoever asked; NOERROR itself is by client and server, whatever the zone.
	ZoneFine Symptom = 0x1100
	// Suffixed is a name that was denied, and found by the same client without the labels at its end that are the zone.
	Suffixed Symptom = 0x1101
	// Slow is an answer after 400 ms or more.
	Slow Symptom = 0x1104
	// AskedAgain is a question that was answered, and came again after the time of a retry timer: 1 to 5 s.
	AskedAgain Symptom = 0x1105
	// NoDomain is a denial by a zone above the registrable domain of the name, by client and server, whatever the zone. Its Names are domains.
	NoDomain Symptom = 0x1106
	// Leaked is a name of a special-use zone that got no data: the row's zone is that zone, such as 168.192.in-addr.arpa. or local.
	Leaked Symptom = 0x1107
	// OtherAnswer is a second response to an answered query that says something else than the first: other records, or that there are none. It measures
	// the time between the two in ns. OtherHops is one of these that came over another number of routers.
	OtherAnswer Symptom = 0x1108
	OtherHops   Symptom = 0x1109
	// NoData is an answer that says that the name has no records of the type (RFC 2308 section 2.2). AskedInVain is a question of its client that
	// comes again within 3 s of such an answer.
	NoData      Symptom = 0x110a
	AskedInVain Symptom = 0x110b
	// KeyRefused is NOTAUTH to a signed message, or REFUSED to a signed UPDATE, without a word about the signature. It is not counted as that RCODE; nor is
	// NOTAUTH with a [TSIGError].
	KeyRefused Symptom = 0x110c
	// LookupFailed is a lookup that got no answer after all tries.
	LookupFailed Symptom = 0x1102
	// LookupRetried is a lookup of more than one transaction.
	LookupRetried Symptom = 0x1103
	// Ends of TCP connections to a DNS port: see [decode.Kind].
	TCPOpened     Symptom = 0x1110
	TCPUnanswered Symptom = 0x1111 // silence
	TCPRefused    Symptom = 0x1112 // by RST or ICMP
	TCPHalfOpen   Symptom = 0x1113
	TCPReset      Symptom = 0x1114 // before either side had ended it
	// FragmentsLost is a datagram of which fragments are missing. It measures the payload's length in bytes where that is known.
	FragmentsLost Symptom = 0x1118
	// ICMP errors by what they say of the packet that they quote: that nobody listens, that it could not be delivered, that somebody forbade it, that it is
	// too big (measures the MTU, 0 where it is not said), that its fragments did not come in time, that it went in circles. [Returned] is added where the
	// packet was the server's.
	ICMPPort       Symptom = 0x1120
	ICMPHost       Symptom = 0x1121
	ICMPForbidden  Symptom = 0x1122
	ICMPTooBig     Symptom = 0x1123
	ICMPReassembly Symptom = 0x1124
	ICMPExpired    Symptom = 0x1125
	ICMPOther      Symptom = 0x1126
	// Returned is added to the symptoms of ICMP and to FragmentsLost and TCPReset: the server had sent the packet.
	Returned Symptom = 0x40

	rescued   Symptom = 0x1200
	ede       Symptom = 0x2000
	tsigError Symptom = 0x3000
	tkeyError Symptom = 0x3800
)

// RCODE is a response with that code.
func RCODE(code uint16) Symptom { return Symptom(code & 0xfff) }

// Rescued is a lookup that was answered after a try had failed, by that change.
func Rescued(c lookup.Change) Symptom { return rescued + Symptom(c) }

// EDE is a response with that extended error (RFC 8914); codes of 4095 and above are one.
func EDE(code uint16) Symptom { return ede + Symptom(min(code, 0xfff)) }

// TSIGError is a response with that error in its TSIG record (RFC 8945 section 3), TKEYError in its TKEY record (RFC 2930 section 2.6). Errors of 2047 and
// above are one.
func TSIGError(code uint16) Symptom { return tsigError + Symptom(min(code, 0x7ff)) }

// TKEYError is a response with that error in its TKEY record.
func TKEYError(code uint16) Symptom { return tkeyError + Symptom(min(code, 0x7ff)) }

// Anomaly is a message or transaction with that entry of the catalogue.
func Anomaly(id anomaly.ID) Symptom { return Symptom(id) }

// IsRCODE says that the symptom is a response with any RCODE, and which.
func (s Symptom) IsRCODE() (code uint16, ok bool) { return uint16(s), s < 0x1000 }

// IsEDE says that the symptom is an extended error, and which.
func (s Symptom) IsEDE() (code uint16, ok bool) { return uint16(s - ede), s >= ede && s < tsigError }

// IsAnomaly says that the symptom is an entry of the catalogue, and which.
func (s Symptom) IsAnomaly() (id anomaly.ID, ok bool) { return anomaly.ID(s), s >= 0x4000 }

// common says that the symptom is of ordinary traffic: its rows are the first to be put together when room is short.
func (s Symptom) common() bool {
	return s == rcodeNoError || s == rcodeNXDomain || s == ZoneFine || s == NoData
}

// noted says that an anomaly has rows.
func noted(id anomaly.ID) bool {
	n := uint16(id) - 'A'<<8
	return n < 26<<8 && notedIDs[n>>6]>>(n&63)&1 != 0
}

// notedIDs has a bit for each group and number.
var notedIDs = func() (all [26 << 8 / 64]uint64) {
	for n := range uint16(26 << 8) {
		if notable(anomaly.ID(n + 'A'<<8)) {
			all[n>>6] |= 1 << (n & 63)
		}
	}
	return all
}()

// notable says that an anomaly is to be noted: those that are a sign of trouble, and some that are not until they are many.
func notable(id anomaly.ID) bool {
	if id.Severity() >= anomaly.Suspicious {
		return true
	}
	switch id {
	case queryRetransmit, clientRetry, servfailCached, fragmentedResponse, sizeLadder, stale, rebinding, icmpQuoted, anyQuery, cookieRefused:
		return true
	}
	return false
}

// Entries of the catalogue that are legal, and evidence.
var (
	queryRetransmit    = anomaly.Make('P', 3)
	clientRetry        = anomaly.Make('P', 4)
	fragmentedResponse = anomaly.Make('O', 36)
	sizeLadder         = anomaly.Make('O', 37)
	servfailCached     = anomaly.Make('S', 13)
	cookieRefused      = anomaly.Make('O', 15)
	stale              = anomaly.Make('S', 14)
	rebinding          = anomaly.Make('S', 15)
	icmpQuoted         = anomaly.Make('X', 15)
	anyQuery           = anomaly.Make('Q', 4)
	lame               = anomaly.Make('S', 7)
)

// RCODEs (IANA).
const (
	rcodeNoError  = 0
	rcodeNXDomain = 3
	rcodeNotImp   = 4
	rcodeYXDomain = 6
	rcodeNXRRSet  = 8
	rcodeRefused  = 5
	rcodeNotAuth  = 9
	rcodeBadVers  = 16
)

// String names a symptom: "SERVFAIL", "unanswered", "EDE 7", "TSIG BADTIME", "P03".
func (s Symptom) String() string {
	switch {
	case s < 0x1000:
		return mnemonic.RCODE(uint16(s))
	case s >= 0x4000:
		return anomaly.ID(s).String()
	case s >= tkeyError:
		return "TKEY " + mnemonic.TKEYError(uint16(s-tkeyError))
	case s >= tsigError:
		return "TSIG " + mnemonic.TSIGError(uint16(s-tsigError))
	case s >= ede:
		return "EDE " + strconv.Itoa(int(s-ede))
	case s >= rescued:
		return "rescued by " + lookup.Change(s-rescued).String()
	}
	return s.word()
}

func (s Symptom) word() string {
	if s >= TCPOpened && s < rescued {
		return s.packetWord()
	}
	switch s {
	case LongName:
		return "long name"
	case AskedFirst:
		return "asked first"
	case AskedBefore:
		return "asked before"
	case ErrorAgain:
		return "error again"
	case LargeAnswer:
		return "large answer"
	case Unanswered:
		return "unanswered"
	case Unsolicited:
		return "unsolicited"
	case Duplicate:
		return "duplicate"
	case Conflicting:
		return "conflicting"
	case Mismatched:
		return "mismatched"
	case Late:
		return "late"
	case ZoneFine:
		return "zone fine"
	case Suffixed:
		return "suffixed"
	case Slow:
		return "slow"
	case AskedAgain:
		return "asked again"
	case NoDomain:
		return "no domain"
	case Leaked:
		return "leaked"
	case LookupFailed:
		return "lookup failed"
	case LookupRetried:
		return "lookup retried"
	case OtherAnswer:
		return "other answer"
	case OtherHops:
		return "other hops"
	case NoData:
		return "no data"
	case AskedInVain:
		return "asked in vain"
	case KeyRefused:
		return "key refused"
	}
	return "unknown"
}

// packetWord names what packets and flows show.
func (s Symptom) packetWord() string {
	from := ""
	if s&Returned != 0 {
		from = ", server's packet"
	}
	switch s &^ Returned {
	case TCPOpened:
		return "TCP opened"
	case TCPUnanswered:
		return "TCP unanswered"
	case TCPRefused:
		return "TCP refused"
	case TCPHalfOpen:
		return "TCP half open"
	case TCPReset:
		return "TCP reset" + from
	case FragmentsLost:
		return "fragments lost" + from
	case ICMPPort:
		return "ICMP port unreachable" + from
	case ICMPHost:
		return "ICMP unreachable" + from
	case ICMPForbidden:
		return "ICMP forbidden" + from
	case ICMPTooBig:
		return "ICMP too big" + from
	case ICMPReassembly:
		return "ICMP reassembly" + from
	case ICMPExpired:
		return "ICMP expired" + from
	}
	return "ICMP" + from
}
