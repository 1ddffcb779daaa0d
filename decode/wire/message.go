// Package wire walks one DNS message and keeps what it read and where the fault is.
//
// Every byte string gives a [Message]: what stands before the fault, and the fault as an anomaly with its offset. Nothing is allocated
// in the steady state, nothing panics, and no byte is trusted (RFC 1035 section 4, RFC 6891, RFC 8945, RFC 2930, RFC 2931, RFC 8914).
package wire

import "github.com/dnssniff/dnssniff/decode/anomaly"

// HeaderLen is the length of a DNS header in bytes (RFC 1035 section 4.1.1).
const HeaderLen = 12

// Section is a section of a message.
type Section uint8

// The sections in their order on the wire. UPDATE calls them zone, prerequisite, update and additional (RFC 2136 section 2).
const (
	SectionQuestion Section = iota
	SectionAnswer
	SectionAuthority
	SectionAdditional
)

// Message is one decoded DNS message. It is meant to be reused: Parse overwrites it. All slices alias the caller's bytes or buffers of
// the Message, and are valid until the next Parse.
type Message struct {
	// Data is the whole message as given to Parse.
	Data []byte

	ID    uint16
	Flags uint16 // the 16 bits after the ID, as on the wire
	// Counts are QDCOUNT, ANCOUNT, NSCOUNT and ARCOUNT as claimed; Parsed is how many of each were read whole.
	Counts, Parsed [4]uint16

	// Question is the first question. Valid iff Parsed[SectionQuestion] > 0.
	Question Question

	// Records are the resource records read whole, in wire order, OPT and TSIG among them.
	Records []Record

	// EDNS is valid iff HasOPT: the first OPT found, in whatever section.
	EDNS   EDNS
	HasOPT bool

	// TSIG, TKEY are valid iff the bit is set: the first found.
	TSIG    TSIG
	TKEY    TKEY
	HasTSIG bool
	HasTKEY bool
	// HasSIG0 says that a SIG record covering type 0 is there (RFC 2931).
	HasSIG0 bool

	// Anomalies seen by the walk, in the order of their offsets where possible.
	Anomalies []anomaly.Seen
	// Malformed says that one of them has severity Malformed, and Broken that it is of the message's form: not of what an UPDATE says, nor one question
	// too many. What a broken message seems to hold may be chance.
	Malformed, Broken bool
	// Cut says that the capture, not the sender, cut the message (catalogue C01): what is missing at the end is then no anomaly.
	Cut bool
	// End is the offset after the last byte that was understood.
	End int

	saw saw
	// owner is the pointer that the last record's owner was, 0 if it was something else; ownerLen is the name's length.
	owner    uint16
	ownerLen uint8
	// target and written are the pointers that lead to the last alias's target: to where it stands, and what stands there.
	target, written uint16
	aliases         uint16
}

// saw has a bit for each rare thing that the walk met, so that what is to be done about it costs other messages one test.
type saw uint32

const (
	sawTSIG saw = 1 << iota
	sawSIG0
	sawRRSIG
	sawMisplacedOPT
	sawRareQuestion
	sawOtherClass // a question of another class than IN, with or without the bit of mDNS
	sawPointers   // pointers were looked at
	sawUnknowns   // several options of codes that have no bit of their own
	sawExtRCODE   // an upper half of the RCODE that is not 0
	sawOtherOwner // an owner that is neither the root nor a pointer to the question's name
	sawStray      // an answer to whose owner no alias led so far, or an alias that may lead back
	sawOnCarrier  // something that depends on what carried the message: see Over
	// What is noted once a message, however many records have it.
	notedTTL
	notedClass
	notedType
	notedCovers
	notedHash
	notedSection
)

// once says whether this is the first time for a bit, and sets it.
func (m *Message) once(bit saw) bool {
	first := m.saw&bit == 0
	m.saw |= bit
	return first
}

// Question is an entry of the question section.
type Question struct {
	// Name is the name in wire form with its root label, in the case it was sent. It aliases the message: the first name of a message
	// has nothing before it that a pointer could lead to.
	Name        []byte
	Off, End    uint16 // where the entry stands in the message
	Type, Class uint16
}

// Record is a resource record read whole.
type Record struct {
	Off           uint16 // of the owner name
	Data          uint16 // of the RDATA
	Len           uint16 // RDLENGTH
	Type, Class   uint16
	TTL           uint32
	Section       Section
	NameLen       uint8 // the owner name's uncompressed length, 1 to 255
	OwnerIsPtrToQ bool  // the owner is a lone pointer to the first question's name
}

// EDNS is an OPT record (RFC 6891 section 6.1).
type EDNS struct {
	Off      uint16 // of the owner name
	UDPSize  uint16 // requestor's or responder's UDP payload size, as sent
	ExtRCODE uint8  // upper 8 bits of the 12-bit RCODE
	Version  uint8
	Flags    uint16 // DO is 0x8000
	Options  []byte // RDATA, to the last whole option
	OptOff   uint16 // offset of Options in the message
	NOptions uint16
	Section  Section
	// Has has bit n set for a whole option of code n, 1 to 31; bit 0 is for any other code.
	Has uint32

	twice uint32 // likewise, for a code whose repetition was noted
}

// TSIG holds the fields of a TSIG record (RFC 8945 section 4.2).
type TSIG struct {
	Off                 uint16 // of the owner (key) name
	Algorithm           uint16 // offset of the algorithm name
	Time                uint64 // time signed, seconds since the epoch, 48 bits
	Fudge               uint16
	MACLen, OriginalID  uint16
	Error               uint16 // extended RCODE: BADSIG 16, BADKEY 17, BADTIME 18, BADTRUNC 22
	OtherLen, OtherData uint16 // OtherData is an offset
}

// TKEY holds the fields of a TKEY record (RFC 2930 section 2).
type TKEY struct {
	Off                   uint16
	Inception, Expiration uint32
	Mode, Error           uint16
}

// Bits of Message.Flags (RFC 1035 section 4.1.1, RFC 4035 sections 3.1.6 and 3.2.2).
const (
	FlagQR = 1 << 15
	FlagAA = 1 << 10
	FlagTC = 1 << 9
	FlagRD = 1 << 8
	FlagRA = 1 << 7
	FlagZ  = 1 << 6
	FlagAD = 1 << 5
	FlagCD = 1 << 4
)

// Response says that the QR bit is set.
func (m *Message) Response() bool { return m.Flags&FlagQR != 0 }

// Opcode returns the 4-bit opcode.
func (m *Message) Opcode() uint8 { return uint8(m.Flags >> 11 & 15) }

// Truncated says that the TC bit is set.
func (m *Message) Truncated() bool { return m.Flags&FlagTC != 0 }

// RCODE returns the 12-bit response code: four bits of the header and, where there is an OPT, eight of it (RFC 6891 section 6.1.3).
func (m *Message) RCODE() uint16 {
	rc := m.Flags & 15
	if m.HasOPT {
		rc |= uint16(m.EDNS.ExtRCODE) << 4
	}
	return rc
}
