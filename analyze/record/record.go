// Package record holds transactions as they are shown and asked for: by value, with their names as text, apart from the buffers that decoding
// uses.
package record

import (
	"net/netip"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Record is a transaction. It shares nothing with the decoder.
type Record struct {
	Time           time.Time // of the query, or of the response where there is no query
	Status         decode.Status
	Proto          decode.Proto
	IPVersion      uint8
	Client, Server netip.AddrPort // Server is the one that was asked
	ID             uint16
	Opcode         uint8

	// HasQuestion says that Name, Type and Class are known, from the query or else from the response.
	HasQuestion bool
	Name        string // absolute, in the case sent, unprintable octets as \DDD (RFC 1035 section 5.1); it can hold anything else that a name can
	Type, Class uint16

	HasQuery        bool
	QueryPacket     uint64 // number in its file
	QueryFile       uint16 // index of the input's files
	QueryFlags      uint16 // header flags as on the wire, as is ResponseFlags
	QueryLength     uint16 // bytes, as is ResponseLength
	Retransmissions uint16
	EDNS            bool // the query has an OPT, as is told by the next three
	UDPSize         uint16
	DO              bool
	Options         uint32 // a bit for each option code below 32; bit 0 for any other

	HasResponse    bool
	ResponsePacket uint64
	ResponseFile   uint16
	ResponseFlags  uint16
	ResponseLength uint16
	ResponseServer netip.AddrPort // who answered; another than Server is an anomaly
	RCODE          uint16         // 12 bits
	Answers        uint16         // records in the answer section, as far as they were read
	EDE            []uint16
	RTT            time.Duration // valid iff HasQuery and HasResponse

	// Anomalies are those of the query, of the response, and of both together, each ID once, in this order.
	Anomalies []anomaly.ID
	Malformed bool // one of them is malformed

	// Query and Response are the messages' bytes, as far as they are kept.
	Query, Response []byte
}

// Of returns a transaction as a record. The decoder must have had [decode.Config.KeepNames]; with KeepData the record has the query's bytes, and
// bytes are kept up to limit for each message.
func Of(t *decode.Transaction, limit int) Record {
	r := Record{Status: t.Status, Proto: t.Proto, IPVersion: t.IPVersion,
		Client: netip.AddrPortFrom(t.Client.Netip(), t.ClientPort), Server: netip.AddrPortFrom(t.Server.Netip(), t.ServerPort)}
	if t.Response != nil {
		r.response(t, limit)
	}
	if t.Query != nil {
		r.query(t.Query, limit)
	}
	for i := range t.Anomalies {
		r.add(t.Anomalies[i].ID)
	}
	if r.HasQuery && r.HasResponse {
		r.RTT = time.Duration(t.RTT)
	}
	return r
}

func (r *Record) response(t *decode.Transaction, limit int) {
	m := t.Response
	r.HasResponse, r.Time, r.ID, r.Opcode = true, time.Unix(0, m.Time).UTC(), m.ID, m.Opcode()
	r.ResponsePacket, r.ResponseFile, r.ResponseFlags, r.ResponseLength = m.Number, m.File, m.Flags, m.Length
	r.ResponseServer = netip.AddrPortFrom(m.Server.Netip(), m.ServerPort)
	r.RCODE, r.Answers, r.Malformed = m.RCODE(), m.Parsed[wire.SectionAnswer], m.Malformed
	for code := range m.ExtendedErrors {
		r.EDE = append(r.EDE, code)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		r.question(m.Question.Name, m.Question.Type, m.Question.Class)
	}
	for i := range m.Anomalies {
		r.add(m.Anomalies[i].ID)
	}
	r.Response = slices.Clone(m.Data[:min(len(m.Data), limit)])
}

func (r *Record) query(q *decode.Query, limit int) {
	r.HasQuery, r.Time, r.ID, r.Opcode = true, time.Unix(0, q.Time).UTC(), q.ID, uint8(q.Flags>>11&15)
	r.QueryPacket, r.QueryFile, r.QueryFlags, r.QueryLength, r.Retransmissions = q.Number, q.File, q.Flags, q.Length, q.Retransmissions
	r.Malformed = r.Malformed || q.Malformed
	if q.HasOPT {
		r.EDNS, r.UDPSize, r.DO, r.Options = true, q.UDPSize, q.EDNSFlags&wire.EDNSFlagDO != 0, q.Options
	}
	if q.HasQuestion {
		r.question(q.Name, q.Type, q.Class)
	}
	own := r.Anomalies
	r.Anomalies = nil
	for i := range q.Anomalies[:q.NAnomalies] {
		r.add(q.Anomalies[i].ID)
	}
	for _, id := range own {
		r.add(id)
	}
	r.Query = slices.Clone(q.Data[:min(len(q.Data), limit)])
}

func (r *Record) question(name []byte, typ, class uint16) {
	r.HasQuestion, r.Type, r.Class = true, typ, class
	r.Name = string(wire.AppendName(nil, name))
}

func (r *Record) add(id anomaly.ID) {
	if !slices.Contains(r.Anomalies, id) {
		r.Anomalies = append(r.Anomalies, id)
	}
}
