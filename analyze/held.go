package analyze

import (
	"math/bits"
	"net/netip"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Record counts a transaction that is held as a record, as its messages would have been counted, with what a record tells: anomalies and malformed are of
// transactions then, not of messages, and nothing is known of EDNS versions, of TSIG and TKEY errors, of lookups, offenders and reasons for FORMERR.
func (s *Summary) Record(r *record.Record) {
	if n := s.tx.of(r.Status); n != nil {
		*n++
	}
	for _, id := range r.Anomalies {
		s.anomaly.inc(uint16(id))
	}
	if r.Malformed {
		s.messages.Malformed++
	}
	client, server := packet.AddrFrom(unmapped(r.Client)), packet.AddrFrom(unmapped(r.Server))
	c, v := address(s.clients, decode.HashAddr(s.seed, &client), &client), address(s.servers, decode.HashAddr(s.seed, &server), &server)
	rows := held{clients: c, servers: v, names: s.heldName(r)}
	if r.HasQuery && ownQuery(r.Status) {
		s.heldQuery(r, &rows)
	}
	if r.HasResponse {
		s.heldResponse(r, &rows)
	}
	rows.count(r)
}

// held are the rows of a record. There is no row of a name without a question.
type held struct{ clients, servers, names *row }

// count counts what is of the transaction as a whole.
func (h *held) count(r *record.Record) {
	for _, x := range [...]*row{h.clients, h.servers, h.names} {
		if x == nil {
			continue
		}
		if r.Malformed {
			inc(&x.malformed)
		}
		if r.Status == decode.Unanswered {
			inc(&x.unanswered)
		}
	}
}

func unmapped(a netip.AddrPort) netip.Addr {
	if !a.Addr().IsValid() {
		return netip.IPv6Unspecified()
	}
	return a.Addr()
}

// ownQuery says that the query of a transaction is in no other one.
func ownQuery(st decode.Status) bool {
	return st == decode.Answered || st == decode.Unanswered || st == decode.Pending
}

// heldName returns the row of the question's name, nil without one.
func (s *Summary) heldName(r *record.Record) *row {
	if !r.HasQuestion {
		return nil
	}
	var room [maxName]byte
	name, ok := appendWire(room[:0], r.Name)
	if !ok {
		return nil
	}
	return s.names.row(wire.HashName(s.seed, name), appendLower(name[:0], name))
}

// heldMessage counts one of the transaction's messages, at a time in ns.
func (s *Summary) heldMessage(r *record.Record, at int64) {
	s.first, s.last = min(s.first, at), max(s.last, at)
	n := &s.messages
	n.Total++
	if r.Proto == decode.TCP {
		n.TCP++
	} else {
		n.UDP++
	}
	if r.IPVersion == 4 {
		n.IPv4++
	} else {
		n.IPv6++
	}
}

func (s *Summary) heldQuery(r *record.Record, rows *held) {
	at := r.Time.UnixNano()
	s.heldMessage(r, at)
	s.messages.Queries++
	b := s.series.at(at)
	b.queries++
	if r.Status == decode.Unanswered {
		b.unanswered++
	}
	s.opcodes[r.Opcode&15]++
	inc(&rows.clients.queries)
	inc(&rows.servers.queries)
	if r.HasQuestion {
		s.qtypes.inc(r.Type)
	} else {
		s.messages.NoQuestion++
	}
	if rows.names != nil {
		inc(&rows.names.queries)
	}
	if r.EDNS {
		s.heldEDNS(r)
	}
}

func (s *Summary) heldEDNS(r *record.Record) {
	e := &s.edns
	e.queries++
	if r.DO {
		e.do++
	}
	e.sizes.inc(r.UDPSize)
	for set := r.Options &^ 1; set != 0; set &= set - 1 {
		e.options.inc(uint16(bits.TrailingZeros32(set)))
	}
}

func (s *Summary) heldResponse(r *record.Record, rows *held) {
	at := r.Time.UnixNano()
	if r.HasQuery {
		at += int64(r.RTT)
	}
	s.heldMessage(r, at)
	s.messages.Responses++
	s.rcodes.inc(r.RCODE)
	b := s.series.at(at)
	b.responses++
	b.rcodes[min(r.RCODE, seriesRCODEs)]++
	if r.ResponseFlags&wire.FlagTC != 0 {
		s.tc++
	}
	for _, code := range r.EDE {
		s.ede.inc(code)
	}
	s.clients.response(rows.clients, r.RCODE)
	s.servers.response(rows.servers, r.RCODE)
	if rows.names != nil {
		s.names.response(rows.names, r.RCODE)
	}
	if r.Status == decode.Answered {
		s.measured(int64(r.RTT))
	}
}

// appendWire appends a name in wire form, from the text that [wire.AppendName] makes of one. It is false for any other text.
func appendWire(dst []byte, text string) ([]byte, bool) {
	if text == "." {
		return append(dst, 0), true
	}
	start := len(dst)
	for i := 0; i < len(text); {
		at := len(dst)
		dst = append(dst, 0)
		for ; i < len(text) && text[i] != '.'; i++ {
			c := text[i]
			if c == '\\' {
				var n int
				if c, n = unescaped(text[i+1:]); n == 0 {
					return dst, false
				}
				i += n
			}
			dst = append(dst, c)
		}
		if n := len(dst) - at - 1; n == 0 || n > 63 || i == len(text) || len(dst)-start >= maxName {
			return dst, false
		}
		dst[at] = byte(len(dst) - at - 1)
		i++
	}
	return append(dst, 0), len(dst) > start
}

// unescaped returns the octet that follows a backslash, and how many characters it takes; 0 where it is no escape.
func unescaped(s string) (c byte, n int) {
	if len(s) > 0 && (s[0] < '0' || s[0] > '9') {
		return s[0], 1
	}
	if len(s) < 3 {
		return 0, 0
	}
	v := 0
	for i := range 3 {
		if s[i] < '0' || s[i] > '9' {
			return 0, 0
		}
		v = 10*v + int(s[i]-'0')
	}
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}
