package decode

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// The entries of the catalogue that a query and its response decide together.
var (
	headerEcho         = anomaly.Make('H', 20)
	badversForVersion0 = anomaly.Make('O', 5)
	doNotEchoed        = anomaly.Make('O', 10)
	cookieRefused      = anomaly.Make('O', 15)
	cookieMismatch     = anomaly.Make('O', 16)
	cookieEchoed       = anomaly.Make('O', 17)
	cookieGratuitous   = anomaly.Make('O', 19)
	subnetMismatch     = anomaly.Make('O', 22)
	optMissing         = anomaly.Make('O', 27)
	optGratuitous      = anomaly.Make('O', 28)
	formerrNoOPT       = anomaly.Make('O', 29)
	formerrWithOPT     = anomaly.Make('O', 30)
	sizeExceeded       = anomaly.Make('O', 32)
	fragmented         = anomaly.Make('O', 36)
	noResponse         = anomaly.Make('P', 1)
	orphanResponse     = anomaly.Make('P', 2)
	sameAgain          = anomaly.Make('P', 5)
	otherAgain         = anomaly.Make('P', 6)
	otherAddress       = anomaly.Make('P', 8)
	otherPort          = anomaly.Make('P', 9)
	otherQuestion      = anomaly.Make('P', 10)
	negativeLatency    = anomaly.Make('P', 13)
	tooFast            = anomaly.Make('P', 14)
	caseDiffers        = anomaly.Make('Q', 12)
	transferFromOther  = anomaly.Make('Q', 6)
	upwardReferral     = anomaly.Make('S', 7)
	noRecursion        = anomaly.Make('S', 9)
	adUnasked          = anomaly.Make('S', 19)
	tsigBadKey         = anomaly.Make('T', 6)
	tsigBadSig         = anomaly.Make('T', 7)
	tsigBadTime        = anomaly.Make('T', 8)
	tsigBadTrunc       = anomaly.Make('T', 9)
	tkeyError          = anomaly.Make('T', 10)
	unsignedReply      = anomaly.Make('T', 13)
	refusedSigned      = anomaly.Make('T', 14)
	updateNotAuth      = anomaly.Make('U', 4)
	prerequisite       = anomaly.Make('U', 8)
	updateNotImp       = anomaly.Make('U', 12)
	updateRefused      = anomaly.Make('U', 13)
	transferDenied     = anomaly.Make('U', 17)
)

// Bits of EDNS.Has.
const (
	hasSubnet = 1 << 8  // RFC 7871
	hasCookie = 1 << 10 // RFC 7873
)

const (
	cookieLen   = 8   // bytes of a client cookie (RFC 7873 section 4)
	plainSize   = 512 // bytes that a client without EDNS takes over UDP (RFC 1035 section 4.2.1)
	subnetFixed = 4   // bytes of an ECS option before the address (RFC 7871 section 6)
)

// found collects the anomalies of a transaction.
type found struct {
	room [12]anomaly.Seen
	n    int
}

func (f *found) add(id anomaly.ID, off, length int) {
	if f.n < len(f.room) {
		f.room[f.n] = anomaly.Seen{ID: id, Offset: uint16(off), Length: uint16(length)}
		f.n++
	}
}

// all returns what was collected, valid until the next transaction.
func (f *found) all() []anomaly.Seen { return f.room[:f.n] }

// status names what the status itself is in the catalogue, if anything.
func (f *found) status(t *Transaction) []anomaly.Seen {
	f.n = 0
	switch t.Status {
	case Unanswered:
		f.add(noResponse, 0, 0)
	case Unsolicited:
		f.add(orphanResponse, 0, 0)
	case Duplicate:
		f.add(sameAgain, 0, 0)
	case Conflicting:
		f.add(otherAgain, 0, 0)
	case Mismatched:
		switch {
		case t.Response.Server != t.Server:
			f.add(otherAddress, 0, 0)
		case t.Response.ServerPort != t.ServerPort:
			f.add(otherPort, 0, 0)
		default:
			f.add(otherQuestion, int(t.Response.Question.Off), int(t.Response.Question.End-t.Response.Question.Off))
		}
	}
	return f.all()
}

// judge notes what a query and its response show together, at offsets in the response. Sound pairs cost a few comparisons.
func (f *found) judge(t *Transaction) []anomaly.Seen {
	q, m := t.Query, t.Response
	f.n = 0
	if q.HasOPT || m.HasOPT {
		f.edns(q, m)
	}
	if m.Proto == UDP {
		f.size(q, m)
	}
	if rcode := m.RCODE(); rcode != 0 || m.Opcode() != 0 || m.HasTKEY { // the RCODE of a response that refuses a key is 0 (RFC 2930 section 2.6)
		f.outcome(q, m, rcode)
	}
	if q.Flags&wire.FlagRD != 0 && m.Flags&(wire.FlagRA|0xf<<11) == 0 && !m.Malformed {
		f.recursion(m)
	}
	if m.Flags&(wire.FlagAA|wire.FlagRA|15) == 0 && m.Counts[wire.SectionAnswer] == 0 {
		f.referral(m)
	}
	if m.Flags&wire.FlagAD != 0 && q.Flags&wire.FlagAD == 0 && (q.HasOPT && q.EDNSFlags&wire.EDNSFlagDO == 0 || !q.HasOPT && !q.partial()) {
		f.add(adUnasked, 3, 1)
	}
	if q.TSIG && !m.HasTSIG && !m.Cut && !m.Malformed && !q.Malformed && (m.RCODE() != dns.RcodeFormatError || q.harmless()) {
		f.unsigned(m)
	}
	if t.RTT < tooFastBelow {
		f.speed(t.RTT, m)
	}
	if t.CaseDiffers {
		f.add(caseDiffers, int(m.Question.Off), len(m.Question.Name))
	}
	if m.Flags == q.Flags|wire.FlagQR && m.Length == q.Length && q.HasQuestion {
		f.echo(m)
	}
	f.rare(t)
	return f.all()
}

// edns compares the OPT records. What a capture or a fault has cut off is not missing.
func (f *found) edns(q *Query, m *Message) {
	rcode := m.RCODE()
	at, end := int(m.EDNS.Off), int(m.EDNS.OptOff)+len(m.EDNS.Options)
	switch {
	case !m.HasOPT:
		if m.Cut || m.Malformed || q.Malformed { // where the query's OPT is at fault, it may not have been read
			return
		}
		switch rcode {
		case dns.RcodeFormatError:
			if q.harmless() {
				f.add(formerrNoOPT, 3, 1)
			}
		case dns.RcodeSuccess, dns.RcodeNameError:
			f.add(optMissing, 10, 2)
		}
		return
	case !q.HasOPT:
		if !q.partial() {
			f.add(optGratuitous, at, end-at)
		}
		return
	case rcode == dns.RcodeBadVers && q.EDNSVersion == 0:
		f.add(badversForVersion0, int(m.EDNS.OptOff)-6, 1)
	case rcode == dns.RcodeFormatError && !q.Malformed && q.harmless():
		f.add(formerrWithOPT, at, end-at)
	}
	if q.EDNSFlags&^m.EDNS.Flags&wire.EDNSFlagDO != 0 && (rcode == dns.RcodeSuccess || rcode == dns.RcodeNameError) {
		f.add(doNotEchoed, int(m.EDNS.OptOff)-4, 2)
	}
	if m.EDNS.Has&hasCookie != 0 {
		f.cookie(q, m)
	}
	if m.EDNS.Has&hasSubnet != 0 {
		f.subnet(q, m)
	}
}

// partial says that an OPT may stand behind a fault of the query, or behind what the capture has of it.
func (q *Query) partial() bool { return q.Malformed || q.Cut }

// harmless says that nothing about the query is worse than worth knowing: not what a server would answer FORMERR to.
func (q *Query) harmless() bool {
	for _, a := range q.Anomalies[:q.NAnomalies] {
		if a.ID.Severity() > anomaly.Info {
			return false
		}
	}
	return true
}

func (f *found) cookie(q *Query, m *Message) {
	o, _ := m.EDNS.Option(dns.EDNS0COOKIE)
	at, n := int(o.Off)+4, len(o.Data)
	switch {
	case q.CookieLen == 0:
		f.add(cookieGratuitous, at, n)
	case n < cookieLen, q.CookieLen < cookieLen: // O14
	case binary.LittleEndian.Uint64(o.Data) != q.Cookie:
		f.add(cookieMismatch, at, cookieLen)
	case n == cookieLen:
		f.add(cookieEchoed, at, n)
	}
}

func (f *found) subnet(q *Query, m *Message) {
	o, _ := m.EDNS.Option(dns.EDNS0SUBNET)
	if len(o.Data) >= subnetFixed && (q.Options&hasSubnet == 0 || subnetOf(o.Data) != q.Subnet && q.harmless()) { // servers may mend a bad one
		f.add(subnetMismatch, int(o.Off)+4, len(o.Data))
	}
}

// subnetOf sums up what a response has to repeat of an ECS option: all but the scope (RFC 7871 section 7.3).
func subnetOf(option []byte) uint32 {
	var fixed [subnetFixed]byte
	copy(fixed[:], option)
	fixed[3] = 0
	return crc32.Update(crc32.ChecksumIEEE(fixed[:]), crc32.IEEETable, option[min(subnetFixed, len(option)):])
}

// size notes a datagram larger than the client has said it takes, and one that came in fragments.
func (f *found) size(q *Query, m *Message) {
	limit := plainSize
	if q.HasOPT {
		limit = max(plainSize, int(q.UDPSize))
	}
	if int(m.Length) > limit && (q.HasOPT || !q.partial()) {
		f.add(sizeExceeded, limit, int(m.Length)-limit)
	}
	if m.Fragments > 0 {
		f.add(fragmented, 0, 0)
	}
}

// outcome names what an RCODE says of signatures, cookies, UPDATE and zone transfers.
func (f *found) outcome(q *Query, m *Message, rcode uint16) {
	keys := m.HasTSIG && m.TSIG.Error != 0
	if keys || m.HasTKEY && m.TKEY.Error != 0 {
		f.keys(m)
	}
	switch {
	case keys: // NOTAUTH is about the key then, not about the zone (RFC 8945 section 5.2)
	case rcode == dns.RcodeBadCookie && q.CookieLen > cookieLen: // to a client's part alone it is how a server hands out its own
		f.add(cookieRefused, int(m.EDNS.OptOff)-6, 1)
	case m.Opcode() == dns.OpcodeUpdate:
		switch rcode {
		case dns.RcodeNotAuth:
			f.add(updateNotAuth, 3, 1)
		case dns.RcodeNameError, dns.RcodeYXDomain, dns.RcodeYXRrset, dns.RcodeNXRrset:
			f.add(prerequisite, 3, 1)
		case dns.RcodeNotImplemented:
			f.add(updateNotImp, 3, 1)
		case dns.RcodeRefused:
			f.add(updateRefused, 3, 1)
			if q.Signed && !(m.HasTSIG && m.TSIG.MACLen > 0) { // who signs a refusal has found the query's signature good
				f.add(refusedSigned, 3, 1)
			}
		}
	case q.HasQuestion && (q.Type == dns.TypeAXFR || q.Type == dns.TypeIXFR):
		f.transfer(m, rcode)
	}
}

// transfer notes why a zone transfer is not had. A server that offers recursion may well have the zone that it refuses.
func (f *found) transfer(m *Message, rcode uint16) {
	if rcode == dns.RcodeNotAuth || rcode == dns.RcodeRefused {
		f.add(transferDenied, 3, 1)
	}
	if rcode != dns.RcodeRefused && m.Flags&(wire.FlagAA|wire.FlagRA) == wire.FlagRA {
		f.add(transferFromOther, 2, 2)
	}
}

// referral notes one to the root, from a server that was asked about something below: it does not have what was delegated to it. Referrals to its
// own zone look like others to who does not know the zone.
func (f *found) referral(m *Message) {
	if len(m.Records) == 0 || m.Parsed[wire.SectionQuestion] == 0 || len(m.Question.Name) == 1 {
		return
	}
	if r := &m.Records[0]; r.Type == dns.TypeNS && r.NameLen == 1 && r.Section == wire.SectionAuthority {
		f.add(upwardReferral, int(r.Off), int(r.Data-r.Off)+int(r.Len))
	}
}

// keys names the errors of TSIG and TKEY (RFC 8945 section 5.2, RFC 2930 section 2.6), which are not the header's RCODE.
func (f *found) keys(m *Message) {
	if m.HasTSIG {
		at := int(m.TSIG.OtherData) - 4 // before Other Len
		switch m.TSIG.Error {
		case dns.RcodeBadKey:
			f.add(tsigBadKey, at, 2)
		case dns.RcodeBadSig:
			f.add(tsigBadSig, at, 2)
		case dns.RcodeBadTime:
			f.add(tsigBadTime, at, 2)
		case dns.RcodeBadTrunc:
			f.add(tsigBadTrunc, at, 2)
		}
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		f.add(tkeyError, tkeyErrorAt(m), 2)
	}
}

// tkeyErrorAt is the offset of the error field of a TKEY record: after the name of the algorithm, two times and the mode.
func tkeyErrorAt(m *Message) int {
	for i := range m.Records {
		if r := &m.Records[i]; r.Type == dns.TypeTKEY {
			off := int(r.Data)
			for off < len(m.Data) && m.Data[off] != 0 && m.Data[off] < 0xc0 {
				off += 1 + int(m.Data[off])
			}
			if off < len(m.Data) && m.Data[off] != 0 { // a pointer
				off++
			}
			return off + 1 + 4 + 4 + 2
		}
	}
	return 0
}

// recursion notes that a server does not offer the recursion that was asked for. An error has other reasons.
func (f *found) recursion(m *Message) {
	switch m.RCODE() {
	case dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeRefused:
		f.add(noRecursion, 3, 1)
	}
}

// unsigned notes an answer without the signature that its query had (RFC 8945 section 5.3). A response to a query whose signature failed is unsigned, but
// has a TSIG record all the same. What answers a malformed query may not have found the record, and SIG(0) need not be answered in kind.
func (f *found) unsigned(m *Message) { f.add(unsignedReply, len(m.Data), 0) }

// tooFastBelow and farHops: a response that came over that many routers was not this fast (ns).
const (
	tooFastBelow = 50_000
	farHops      = 3
)

// speed notes an answer that came before its query, or faster than from where its hop limit says that it came.
func (f *found) speed(rtt int64, m *Message) {
	if rtt < 0 {
		f.add(negativeLatency, 0, 0)
		return
	}
	for _, first := range [...]uint8{64, 128, 255} { // what systems send with
		if m.HopLimit <= first {
			if first-m.HopLimit >= farHops && m.HopLimit > 0 {
				f.add(tooFast, 0, 0)
			}
			return
		}
	}
}

// echo notes a response that is its query but for the QR bit, of which the flags and the length have told already. BADVERS looks like that but for
// its upper bits.
func (f *found) echo(m *Message) {
	if m.Counts[wire.SectionAnswer]|m.Counts[wire.SectionAuthority] == 0 && m.Opcode() == dns.OpcodeQuery && !m.HasTSIG && m.RCODE() == m.Flags&15 {
		f.add(headerEcho, 2, 2)
	}
}

// keepOptions keeps what judge will ask of a query's options.
func (q *Query) keepOptions(e *wire.EDNS) {
	if e.Has&hasCookie != 0 {
		o, _ := e.Option(dns.EDNS0COOKIE)
		q.CookieLen = uint8(min(len(o.Data), math.MaxUint8))
		if len(o.Data) >= cookieLen {
			q.Cookie = binary.LittleEndian.Uint64(o.Data)
		} else {
			q.Options &^= hasCookie
		}
	}
	if e.Has&hasSubnet != 0 {
		o, _ := e.Option(dns.EDNS0SUBNET)
		q.Subnet = subnetOf(o.Data)
	}
}
