package synth

import "encoding/binary"

// query is a query to be sent.
type query struct {
	name    int    // index in world.names
	wire    []byte // the name as sent, in the case it was sent
	qtype   uint16
	id      uint16
	opcode  uint8
	version uint8 // of EDNS
	edns    bool
	do      bool
	cookie  bool
	size    uint16 // UDP payload size that EDNS announces
}

// answer is what a response to a query holds.
type answer struct {
	rcode     uint16
	records   int  // in the answer section
	big       bool // large ones
	tc        bool
	opt       bool
	malformed bool
}

const (
	headerLen = 12
	flagQR    = 1 << 15
	flagTC    = 1 << 9
	flagRD    = 1 << 8
	flagRA    = 1 << 7
	ptrQName  = 0xc000 | headerLen // the name of the question
)

func appendHeader(b []byte, id, flags uint16, counts ...uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, flags)
	for _, c := range counts {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	return b
}

func appendQuestion(b []byte, q *query) []byte {
	b = append(b, q.wire...)
	b = binary.BigEndian.AppendUint16(b, q.qtype)
	return append(b, 0, 1)
}

// appendOPT appends an OPT record (RFC 6891 section 6.1.2) with extended RCODE bits and, where asked for, a client cookie (RFC 7873).
func appendOPT(b []byte, q *query, size uint16, high, version uint8) []byte {
	b = append(b, 0, 0, 41)
	b = binary.BigEndian.AppendUint16(b, size)
	b = append(b, high, version, pick[byte](q.do, 0x80, 0), 0)
	if !q.cookie {
		return append(b, 0, 0)
	}
	b = append(b, 0, 12, 0, 10, 0, 8)
	return binary.BigEndian.AppendUint64(b, uint64(q.name)*0x9e3779b97f4a7c15)
}

func appendQuery(b []byte, q *query) []byte {
	b = appendHeader(b, q.id, uint16(q.opcode)<<11|flagRD, 1, 0, 0, pick[uint16](q.edns, 1, 0))
	b = appendQuestion(b, q)
	if q.edns {
		b = appendOPT(b, q, q.size, 0, q.version)
	}
	return b
}

// appendResponse appends a response of at most limit bytes: what does not fit is left out and TC set (RFC 2181 section 9).
func appendResponse(b []byte, q *query, a *answer, limit int) []byte {
	from := len(b)
	a.opt = q.edns && a.rcode != 1 && a.rcode != 4
	b = appendHeader(b, q.id, flagQR|uint16(q.opcode)<<11|flagRD|flagRA|a.rcode&15, 1, 0, 0, pick[uint16](a.opt, 1, 0))
	b = appendQuestion(b, q)
	bare := len(b)
	var answers, authority uint16
	for range a.records {
		b = appendRecord(b, q, a.big, int(answers))
		answers++
		if q.do && answers == 1 {
			b = appendSignature(b, q.qtype)
			answers++
		}
	}
	if a.records == 0 && (a.rcode == 0 || a.rcode == 3) {
		b = appendSOA(b)
		authority = 1
	}
	if optLen := 11 + 12; len(b)-from+optLen > limit {
		b, answers, authority, a.tc = b[:bare], 0, 0, true
		binary.BigEndian.PutUint16(b[from+2:], binary.BigEndian.Uint16(b[from+2:])|flagTC)
	}
	binary.BigEndian.PutUint16(b[from+6:], answers)
	binary.BigEndian.PutUint16(b[from+8:], authority)
	if a.opt {
		b = appendOPT(b, q, 1232, uint8(a.rcode>>4), 0)
	}
	return b
}

func appendRR(b []byte, rrtype uint16, ttl uint32, rdlen int) []byte {
	b = binary.BigEndian.AppendUint16(b, ptrQName)
	b = binary.BigEndian.AppendUint16(b, rrtype)
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint32(b, ttl)
	return binary.BigEndian.AppendUint16(b, uint16(rdlen))
}

// rdata are examples of record data by type; names in them end in a pointer to the question's name.
var rdata = map[uint16][]byte{
	1:   {203, 0, 113, 7},
	2:   {3, 'n', 's', '1', 0xc0, headerLen},
	12:  {4, 'h', 'o', 's', 't', 0xc0, headerLen},
	15:  {0, 10, 4, 'm', 'a', 'i', 'l', 0xc0, headerLen},
	16:  []byte("\x16v=spf1 mx a:mail1 -all"),
	28:  {0x20, 0x01, 0x0d, 0xb8, 15: 7},
	33:  {0, 0, 0, 100, 1, 0x85, 4, 'l', 'd', 'a', 'p', 0xc0, headerLen},
	43:  {0x4f, 0x66, 13, 2, 35: 9},
	48:  {1, 1, 3, 13, 67: 9},
	65:  {0, 1, 0, 0, 1, 0, 6, 2, 'h', '2', 2, 'h', '3'},
	257: []byte("\x00\x05issueca.example"),
}

// appendRecord appends the n-th record of an answer: a TXT of 200 bytes where it is to be large or of no type known here.
func appendRecord(b []byte, q *query, big bool, n int) []byte {
	data, ok := rdata[q.qtype]
	switch {
	case q.qtype == 6:
		return appendSOA(b)
	case !ok || big && q.qtype == 16:
		b = appendRR(b, 16, 300, 201)
		b = append(b, 200)
		for i := range 200 {
			b = append(b, 'a'+byte((i+n)%26))
		}
		return b
	}
	b = append(appendRR(b, q.qtype, 300, len(data)), data...)
	if q.qtype == 1 || q.qtype == 28 {
		b[len(b)-1] += byte(n)
	}
	return b
}

func appendSOA(b []byte) []byte {
	b = appendRR(b, 6, 900, 5+2+20)
	b = append(b, 2, 'n', 's', 0xc0, headerLen, 0xc0, headerLen)
	return append(b, 0x78, 0xc5, 0, 1, 0, 0, 0x1c, 0x20, 0, 0, 3, 0x84, 0, 0x12, 0x75, 0, 0, 0, 1, 0x2c)
}

// appendSignature appends an RRSIG over type covered (RFC 4034 section 3.1), signed with nothing.
func appendSignature(b []byte, covered uint16) []byte {
	b = appendRR(b, 46, 300, 18+1+64)
	b = binary.BigEndian.AppendUint16(b, covered)
	b = append(b, 13, 2, 0, 0, 1, 0x2c, 0x6a, 0, 0, 0, 0x69, 0, 0, 0, 0x4f, 0x66, 0)
	return append(b, rdata[48][4:]...)[:len(b)+64]
}
