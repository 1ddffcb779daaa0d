package decode

import (
	"encoding/binary"
	"time"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Further entries of the catalogue that a query and its response decide together, or a response and the time.
var (
	outOfOrder     = anomaly.Make('P', 15)
	failedInSteps  = anomaly.Make('P', 16)
	outOfBailiwick = anomaly.Make('S', 17)
	signatureTime  = anomaly.Make('S', 20)
	transferNoSOA  = anomaly.Make('U', 18)
	idleTooLong    = anomaly.Make('X', 9)
)

const (
	hasKeepalive  = 1 << 11 // bit of EDNS.Has (RFC 7828)
	keepaliveUnit = int64(100 * time.Millisecond)
	// Where the server waited in vain, a failure took at least this long, and a multiple of retryStep: hardly less, as timers run late and then the
	// answer is on its way. Of random times 14 % are so near to one, however long they are.
	slowestFailure = int64(1900 * time.Millisecond)
	retryStep      = int64(500 * time.Millisecond)
	retryEarly     = int64(10 * time.Millisecond)
	retryLate      = int64(60 * time.Millisecond)
)

// rare judges what few responses have: signatures, an authority section, a failure after a long time, the start of a zone transfer.
func (f *found) rare(t *Transaction) {
	q, m := t.Query, t.Response
	if inception, expiration, from, to, ok := m.RRSIGWindow(); ok {
		now := uint32(m.Time / int64(time.Second))
		if int32(now-inception) < 0 {
			f.add(signatureTime, int(from.Data)+12, 4)
		}
		if int32(expiration-now) < 0 {
			f.add(signatureTime, int(to.Data)+8, 4)
		}
	}
	if m.Parsed[wire.SectionAuthority] > 0 && m.Opcode() == dns.OpcodeQuery {
		f.bailiwick(m)
	}
	if m.RCODE() == dns.RcodeServerFailure && t.RTT > slowestFailure && inSteps(t.RTT) {
		f.add(failedInSteps, 3, 1)
	}
	// A message without question may be a later one, the first of which was not captured.
	if q.Type == dns.TypeAXFR && m.Parsed[wire.SectionQuestion] > 0 && m.Parsed[wire.SectionAnswer] > 0 && !m.Malformed && m.Records[0].Type != dns.TypeSOA {
		f.add(transferNoSOA, int(m.Records[0].Off), 0)
	}
}

// inSteps says that a time is a multiple of what resolvers wait for a server before they ask again.
func inSteps(rtt int64) bool {
	return (rtt+retryEarly)%retryStep <= retryEarly+retryLate
}

// bailiwick notes the first record of the authority section that is at no name above the one asked for. Behind an alias it may be above its target.
func (f *found) bailiwick(m *Message) {
	if m.Parsed[wire.SectionQuestion] == 0 || m.Malformed {
		return
	}
	for i := range m.Records {
		r := &m.Records[i]
		switch {
		case r.Section == wire.SectionAnswer && (r.Type == dns.TypeCNAME || r.Type == dns.TypeDNAME):
			return
		case r.Section == wire.SectionAuthority && r.Type != dns.TypeNSEC && r.Type != dns.TypeNSEC3 && r.Type != dns.TypeRRSIG && !above(m, r):
			f.add(outOfBailiwick, int(r.Off), int(r.Data-r.Off)-10)
			return
		}
	}
}

// above says that a record's owner is the name asked for, or one above it.
func above(m *Message, r *wire.Record) bool {
	owner := m.Data[r.Off:]
	if owner[0] == 0 {
		return true
	}
	q := &m.Question
	if len(owner) > 1 && owner[0]&0xc0 == 0xc0 {
		if at := int(binary.BigEndian.Uint16(owner)) & 0x3fff; at >= int(q.Off) && at < int(q.End)-4 {
			return true
		}
	}
	var room [256]byte
	name, ok := m.AppendWireName(room[:0], int(r.Off))
	if !ok || len(name) > len(q.Name) {
		return !ok
	}
	return wire.EqualFold(q.Name[len(q.Name)-len(name):], name)
}

// overtakes says that a TCP response comes before that of an older query of its connection.
func (p *pairer) overtakes(n uint32) bool {
	o := &p.opens.list[n]
	at := o.prev
	for range otherPortReach {
		if at == 0 {
			return false
		}
		x := &p.opens.list[at]
		if x.proto == TCP && x.conn == o.conn && x.client == o.client {
			return true
		}
		at = x.prev
	}
	return false
}

// idleConns remembers the TCP connections to which a server granted an idle time (RFC 7828), the last ones.
type idleConns struct {
	ring [64]idleConn
	next int
	any  bool
}

type idleConn struct {
	conn    uint64
	last    int64 // of its messages, ns
	granted int64 // ns
}

// message takes a TCP message, and says whether it is a query after the time that the server granted.
func (c *idleConns) message(m *Message) (late bool) {
	granted := int64(-1)
	if m.Response() && m.HasOPT && m.EDNS.Has&hasKeepalive != 0 {
		if o, _ := m.EDNS.Option(dns.EDNS0TCPKEEPALIVE); len(o.Data) == 2 {
			granted = int64(binary.BigEndian.Uint16(o.Data)) * keepaliveUnit
		}
	}
	if granted < 0 && !c.any {
		return false
	}
	for i := range c.ring {
		x := &c.ring[i]
		if x.conn != m.conn || x.granted == 0 {
			continue
		}
		late = !m.Response() && m.Time-x.last > x.granted
		x.last = m.Time
		if granted >= 0 {
			x.granted = max(granted, 1)
		}
		return late
	}
	if granted >= 0 {
		c.any = true
		c.ring[c.next] = idleConn{m.conn, m.Time, max(granted, 1)}
		c.next = (c.next + 1) % len(c.ring)
	}
	return false
}
