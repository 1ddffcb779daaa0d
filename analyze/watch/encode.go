package watch

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Transactions are held as bytes: a head of fixed places, little-endian, then extended errors, anomalies, the name in wire form, query and response.
// So they take little room, no pointers, and no allocation.
const (
	atLength  = 0  // of all, u32
	atTime    = 4  // ns, i64
	atRTT     = 12 // ns, i64
	atStatus  = 20 // u8, as are the next three
	atProto   = 21
	atVersion = 22
	atOpcode  = 23
	atBits    = 24 // u16, as are the next three
	atID      = 26
	atType    = 28
	atClass   = 30
	atQuery   = 32 // packet u64; then u16: file, flags, length, retransmissions
	atUDPSize = 48
	atRCODE   = 50
	atOptions = 52 // u32
	atReply   = 56 // packet u64; then u16: file, flags, length, answers
	atClient  = 72 // address and port, as are the next two
	atServer  = 90
	atReplier = 108
	atCounts  = 126 // u8: extended errors, anomalies, octets of the name
	atSizes   = 130 // u16: bytes of the query, of the response
	headSize  = 136
)

// Bits of a record.
const (
	bitQuestion = 1 << iota
	bitQuery
	bitResponse
	bitEDNS
	bitDO
	bitMalformed
)

// Bounds on what a record holds; what is over is left out.
const (
	mostErrors    = 16
	mostAnomalies = 64
	mostData      = 1 << 14 // bytes of each message
	mostRecord    = headSize + 2*mostErrors + 2*mostAnomalies + 255 + 2*mostData
)

// encoder writes transactions as records.
type encoder struct {
	limit     int // bytes of each message
	anomalies [mostAnomalies]anomaly.ID
	n         int // of anomalies
	head      [headSize]byte
}

// append appends a transaction.
func (e *encoder) append(dst []byte, t *decode.Transaction) []byte {
	h := &e.head
	*h = [headSize]byte{atStatus: byte(t.Status), atProto: byte(t.Proto), atVersion: t.IPVersion}
	start := len(dst)
	dst = append(dst, h[:]...)
	putAddr(h[atClient:], &t.Client, t.ClientPort)
	putAddr(h[atServer:], &t.Server, t.ServerPort)
	var bits uint16
	var name, query, response []byte
	if m := t.Response; m != nil {
		bits |= e.response(m)
		dst = e.errors(dst, m)
		name, response = question(m), m.Data[:min(len(m.Data), e.limit)]
	}
	if q := t.Query; q != nil {
		bits |= e.query(q)
		query = q.Data[:min(len(q.Data), e.limit)]
		if q.HasQuestion {
			name = q.Name
		}
	}
	if t.Query != nil && t.Response != nil {
		binary.LittleEndian.PutUint64(h[atRTT:], uint64(t.RTT))
	}
	name = name[:min(len(name), 255)]
	dst = append(append(append(e.told(dst, t), name...), query...), response...)
	h[atCounts+1], h[atCounts+2] = byte(e.n), byte(len(name))
	binary.LittleEndian.PutUint16(h[atBits:], bits)
	binary.LittleEndian.PutUint16(h[atSizes:], uint16(len(query)))
	binary.LittleEndian.PutUint16(h[atSizes+2:], uint16(len(response)))
	binary.LittleEndian.PutUint32(h[atLength:], uint32(len(dst)-start))
	copy(dst[start:], h[:])
	return dst
}

// question returns the name of a message's question, nil without one.
func question(m *decode.Message) []byte {
	if m.Parsed[wire.SectionQuestion] == 0 {
		return nil
	}
	return m.Question.Name
}

func putAddr(b []byte, a *packet.Addr, port uint16) {
	copy(b, a[:])
	binary.LittleEndian.PutUint16(b[16:], port)
}

func (e *encoder) put(at int, values ...uint16) {
	for i, v := range values {
		binary.LittleEndian.PutUint16(e.head[at+2*i:], v)
	}
}

func (e *encoder) response(m *decode.Message) (bits uint16) {
	h := &e.head
	bits = bitResponse
	binary.LittleEndian.PutUint64(h[atTime:], uint64(m.Time))
	binary.LittleEndian.PutUint64(h[atReply:], m.Number)
	e.put(atReply+8, m.File, m.Flags, m.Length, m.Parsed[wire.SectionAnswer])
	e.put(atID, m.ID)
	e.put(atRCODE, m.RCODE())
	h[atOpcode] = m.Opcode()
	putAddr(h[atReplier:], &m.Server, m.ServerPort)
	if m.Parsed[wire.SectionQuestion] > 0 {
		bits |= bitQuestion
		e.put(atType, m.Question.Type, m.Question.Class)
	}
	if m.Malformed {
		bits |= bitMalformed
	}
	return bits
}

// errors appends the extended errors of a response.
func (e *encoder) errors(dst []byte, m *decode.Message) []byte {
	n := byte(0)
	for code := range m.ExtendedErrors {
		if n < mostErrors {
			n++
			dst = binary.LittleEndian.AppendUint16(dst, code)
		}
	}
	e.head[atCounts] = n
	return dst
}

func (e *encoder) query(q *decode.Query) (bits uint16) {
	h := &e.head
	bits = bitQuery
	binary.LittleEndian.PutUint64(h[atTime:], uint64(q.Time))
	binary.LittleEndian.PutUint64(h[atQuery:], q.Number)
	e.put(atQuery+8, q.File, q.Flags, q.Length, q.Retransmissions)
	e.put(atID, q.ID)
	h[atOpcode] = byte(q.Flags >> 11 & 15)
	if q.HasQuestion {
		bits |= bitQuestion
		e.put(atType, q.Type, q.Class)
	}
	if q.Malformed {
		bits |= bitMalformed
	}
	if q.HasOPT {
		bits |= bitEDNS
		if q.EDNSFlags&wire.EDNSFlagDO != 0 {
			bits |= bitDO
		}
		e.put(atUDPSize, q.UDPSize)
		binary.LittleEndian.PutUint32(h[atOptions:], q.Options)
	}
	return bits
}

// told appends the anomalies of the query, of the response and of both, each once.
func (e *encoder) told(dst []byte, t *decode.Transaction) []byte {
	e.n = 0
	if q := t.Query; q != nil {
		e.add(q.Anomalies[:q.NAnomalies])
	}
	if t.Response != nil {
		e.add(t.Response.Anomalies)
	}
	e.add(t.Anomalies)
	for _, id := range e.anomalies[:e.n] {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(id))
	}
	return dst
}

func (e *encoder) add(all []anomaly.Seen) {
	for i := range all {
		if e.n < mostAnomalies && !slices.Contains(e.anomalies[:e.n], all[i].ID) {
			e.anomalies[e.n] = all[i].ID
			e.n++
		}
	}
}

// held is a record as bytes.
type held []byte

func (b held) u16(at int) uint16     { return binary.LittleEndian.Uint16(b[at:]) }
func (b held) u64(at int) uint64     { return binary.LittleEndian.Uint64(b[at:]) }
func (b held) length() int           { return int(binary.LittleEndian.Uint32(b)) }
func (b held) time() int64           { return int64(b.u64(atTime)) }
func (b held) rtt() int64            { return int64(b.u64(atRTT)) }
func (b held) status() decode.Status { return decode.Status(b[atStatus]) }
func (b held) has(bit uint16) bool   { return b.u16(atBits)&bit != 0 }
func (b held) addr(at int) netip.AddrPort {
	return netip.AddrPortFrom(packet.Addr(b[at:at+16]).Netip(), b.u16(at+16))
}

// reader makes records of bytes, one at a time, without allocation but for names.
type reader struct {
	record record.Record
	name   []byte
}

// read returns the record. It is valid until the next, and its messages are those of b.
func (x *reader) read(b held) *record.Record {
	r := &x.record
	name := r.Name
	*r = record.Record{EDE: r.EDE[:0], Anomalies: r.Anomalies[:0], Time: time.Unix(0, b.time()).UTC(), Status: b.status(),
		Proto: decode.Proto(b[atProto]), IPVersion: b[atVersion], Opcode: b[atOpcode], ID: b.u16(atID), Client: b.addr(atClient), Server: b.addr(atServer),
		HasQuestion: b.has(bitQuestion), Type: b.u16(atType), Class: b.u16(atClass), Malformed: b.has(bitMalformed)}
	x.messages(b)
	rest := b[headSize:]
	for range b[atCounts] {
		r.EDE = append(r.EDE, rest.u16(0))
		rest = rest[2:]
	}
	for range b[atCounts+1] {
		r.Anomalies = append(r.Anomalies, anomaly.ID(rest.u16(0)))
		rest = rest[2:]
	}
	n, query := int(b[atCounts+2]), int(b.u16(atSizes))
	if r.HasQuestion {
		x.name = wire.AppendName(x.name[:0], rest[:n])
		if r.Name = name; string(x.name) != name { // the same question often comes again
			r.Name = string(x.name)
		}
	}
	r.Query, r.Response = rest[n:n+query:n+query], rest[n+query:b.length()-(len(b)-len(rest))]
	return r
}

func (x *reader) messages(b held) {
	r := &x.record
	if b.has(bitQuery) {
		r.HasQuery, r.QueryPacket, r.QueryFile, r.QueryFlags = true, b.u64(atQuery), b.u16(atQuery+8), b.u16(atQuery+10)
		r.QueryLength, r.Retransmissions = b.u16(atQuery+12), b.u16(atQuery+14)
	}
	if b.has(bitEDNS) {
		r.EDNS, r.DO, r.UDPSize, r.Options = true, b.has(bitDO), b.u16(atUDPSize), binary.LittleEndian.Uint32(b[atOptions:])
	}
	if b.has(bitResponse) {
		r.HasResponse, r.ResponsePacket, r.ResponseFile, r.ResponseFlags = true, b.u64(atReply), b.u16(atReply+8), b.u16(atReply+10)
		r.ResponseLength, r.Answers, r.RCODE, r.ResponseServer = b.u16(atReply+12), b.u16(atReply+14), b.u16(atRCODE), b.addr(atReplier)
	}
	if r.HasQuery && r.HasResponse {
		r.RTT = time.Duration(b.rtt())
	}
}

// copied returns a record of its own.
func (x *reader) copied(b held) *record.Record {
	r := *x.read(b)
	r.EDE, r.Anomalies, r.Query, r.Response = slices.Clone(r.EDE), slices.Clone(r.Anomalies), slices.Clone(r.Query), slices.Clone(r.Response)
	if len(r.EDE) == 0 {
		r.EDE = nil
	}
	if len(r.Anomalies) == 0 {
		r.Anomalies = nil
	}
	return &r
}
